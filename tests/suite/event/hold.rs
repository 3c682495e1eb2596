//! Held GetEvents: the client waits in the master alone, is woken by what concerns it and by nothing else, and loses nothing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::ops::{
    ALL_EVENTS, Subscription, create_folder, events_of, events_request, poll, save_simple, set_field, subscribe,
};
use crate::support::{lmtp, message, process, shared, wait};

crate::tests![
    holds_in_the_master_alone_and_wakes_the_right_ones,
    answers_at_the_deadline,
    answers_whoever_closes_without_a_worker,
    does_not_wait_when_there_is_something_to_tell,
    keeps_holding_when_it_does_not_concern_the_client,
    is_woken_by_every_way_to_change_a_mailbox,
    forgets_a_client_that_leaves,
    keeps_what_a_held_client_sends,
    stays_held_when_workers_die,
    limits_the_wait,
    loses_and_doubles_nothing_in_a_race,
];

/// A client of its own connection and subscription.
struct Client {
    ews: Ews,
    subscription: Subscription,
}

impl Client {
    fn new(ews: Ews, events: &[&str]) -> Client {
        let mut ews = ews;
        let subscription = subscribe(&mut ews, &["inbox"], events);
        Client { ews, subscription }
    }

    /// Asks and leaves the answer for later.
    fn ask(&mut self, seconds: u32) {
        self.ews.send(&events_request(&self.subscription), &[&format!("Prefer: wait={seconds}")]);
    }

    /// The kinds of the answer's events.
    fn answer(&mut self) -> Vec<String> {
        let answer = self.ews.receive();
        let events = events_of(&answer);
        self.subscription.watermark = events.watermark();
        events.kinds()
    }
}

fn until_held(server: &Demo, clients: u64) {
    wait::true_within("all clients are held", wait::LONG, || server.connections("held") == clients);
}

fn alice(server: &Demo) -> Ews {
    Ews::connect(server, &server.accounts[0])
}

/// Two workers, 200 held; every held socket is in the master's descriptor table and in no worker's.
fn holds_in_the_master_alone_and_wakes_the_right_ones() {
    const EACH: usize = 100;
    let server = Demo::start(Options { workers: 2, ..Options::default() });
    let mut clients: Vec<(usize, Client)> = (0..2 * EACH)
        .map(|n| (n % 2, Client::new(Ews::connect(&server, &server.accounts[n % 2]).unrecorded(), &["NewMailEvent"])))
        .collect();
    for (_, client) in &mut clients {
        client.ask(120);
    }
    until_held(&server, 2 * EACH as u64);

    let masters = process::sockets(server.master());
    let workers: Vec<_> = server.workers().into_iter().map(|pid| (pid, process::sockets(pid))).collect();
    assert_eq!(workers.len(), 2);
    for (_, client) in &clients {
        let inode = process::server_end(server.http().port(), client.ews.http.port()).expect("the server's end");
        assert!(masters.contains(&inode), "a held socket is not in the master");
        for (pid, sockets) in &workers {
            assert!(!sockets.contains(&inode), "a held socket is in worker {pid}");
        }
    }

    let mut carol = Ews::connect(&server, &server.accounts[2]);
    let mut times: Vec<Duration> = (0..100)
        .map(|_| {
            let begun = Instant::now();
            crate::support::ops::get_folder(&mut carol, "inbox", "Default", &[]);
            begun.elapsed()
        })
        .collect();
    times.sort();
    println!("GetFolder beside {} held clients on 2 workers: median {:?}, worst {:?}", 2 * EACH, times[50], times[99]);

    let mut sender = lmtp::Lmtp::hello(server.lmtp());
    let replies = sender.deliver("a@elsewhere.test", &[&server.accounts[0].address], &message::plain("wake up", "x"));
    assert_eq!(replies[0].code, 250);
    let begun = Instant::now();
    for (account, client) in &mut clients {
        if *account == 0 {
            assert_eq!(client.answer(), ["NewMail"]);
        }
    }
    println!("{EACH} watchers had their answers {:?} after the delivery's 250", begun.elapsed());
    until_held(&server, EACH as u64);
    for (account, client) in &mut clients {
        if *account == 1 {
            assert!(client.ews.http.silent_for(Duration::from_millis(1)), "the other mailbox' watchers sleep on");
        }
    }
    drop(clients);
    until_held(&server, 0);
}

/// One StatusEvent; the wait that was granted is told (RFC 7240).
fn answers_at_the_deadline() {
    let mut client = Client::new(shared::mailbox(), ALL_EVENTS);
    let begun = Instant::now();
    let answer = client.ews.call_with(&events_request(&client.subscription), &["Prefer: wait=1"]);
    assert!(begun.elapsed() >= Duration::from_millis(900), "answered after {:?}", begun.elapsed());
    assert_eq!(answer.reply.header("preference-applied"), Some("wait=1"));
    let events = events_of(&answer);
    assert_eq!(events.kinds(), ["Status"]);
    assert_eq!(events.previous, client.subscription.watermark);
    client.subscription.watermark = events.watermark();
    assert_eq!(poll(&mut client.ews, &mut client.subscription).kinds(), ["Status"], "the connection lives on");

    let begun = Instant::now();
    let plain = client.ews.call(&events_request(&client.subscription));
    assert_eq!(events_of(&plain).kinds(), ["Status"]);
    assert_eq!(plain.reply.header("preference-applied"), None);
    let (least, waited) = (Duration::from_millis(shared::PULL_WAIT * 1000 - 100), begun.elapsed());
    assert!(waited >= least, "an unmodified client is held for the setting's time, not {waited:?}");
}

fn answers_whoever_closes_without_a_worker() {
    let server = Demo::start(Options::default());
    let mut client = Client::new(alice(&server), ALL_EVENTS);
    let last = client.ews.call_with(&events_request(&client.subscription), &["Prefer: wait=1", "Connection: close"]);
    assert_eq!(events_of(&last).kinds(), ["Status"]);
    assert!(last.reply.closes());
    assert!(client.ews.http.closed());
    assert_eq!(server.status()["counters"]["renders"], 0);
}

fn does_not_wait_when_there_is_something_to_tell() {
    let mut client = Client::new(shared::mailbox(), &["NewMailEvent"]);
    lmtp::deliver(shared::server().lmtp(), &client.ews.account.address, &message::plain("already", "x"));
    let begun = Instant::now();
    client.ask(200);
    assert_eq!(client.answer(), ["NewMail"]);
    assert!(begun.elapsed() < Duration::from_secs(100));
}

fn keeps_holding_when_it_does_not_concern_the_client() {
    let mut client = Client::new(shared::mailbox(), &["DeletedEvent"]);
    let mut other = client.ews.again();
    client.ask(200);
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(save_simple(&mut other, "inbox", &format!("no deletion {n}")));
        lmtp::deliver(shared::server().lmtp(), &client.ews.account.address, &message::plain("no deletion", "x"));
    }
    assert!(client.ews.http.silent_for(Duration::from_millis(100)));
    crate::support::ops::delete(&mut other, "HardDelete", &ids[0]);
    assert_eq!(client.answer(), ["Deleted"]);
}

fn is_woken_by_every_way_to_change_a_mailbox() {
    let mut client = Client::new(shared::mailbox(), ALL_EVENTS);
    let (mut other, server) = (client.ews.again(), shared::server());
    let address = client.ews.account.address.clone();
    let mut sender = shared::mailbox();
    let mut woken = |what: &str, change: &mut dyn FnMut()| {
        client.ask(200);
        change();
        let kinds = client.answer();
        assert!(!kinds.contains(&"Status".to_owned()), "{what}: {kinds:?}");
        // What came in two commits may come in two answers.
        crate::support::ops::drain(&mut client.ews, &mut client.subscription);
    };
    woken("LMTP", &mut || lmtp::deliver(server.lmtp(), &address, &message::plain("by LMTP", "x")));
    woken("ewsctl deliver", &mut || {
        let output = server.ewsctl_with(&["deliver", "--to", &address], &message::plain("by ewsctl", "x"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
    let mut id = None;
    woken("CreateItem", &mut || id = Some(save_simple(&mut other, "inbox", "by EWS")));
    woken("UpdateItem", &mut || {
        set_field(&mut other, id.as_ref().unwrap(), "item:Subject", "<t:Subject>changed</t:Subject>");
    });
    woken("another's SendOnly", &mut || {
        let item = format!(
            "<t:Message><t:Subject>by a peer</t:Subject><t:ToRecipients><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message>"
        );
        sender.one(&format!("<m:CreateItem MessageDisposition=\"SendOnly\"><m:Items>{item}</m:Items></m:CreateItem>"));
    });
    woken("DeleteItem", &mut || crate::support::ops::delete(&mut other, "MoveToDeletedItems", id.as_ref().unwrap()));
    woken("CreateFolder", &mut || {
        // A sub-folder changes its parent.
        create_folder(&mut other, "inbox", "child");
        save_simple(&mut other, "inbox", "and an item");
    });
}

fn forgets_a_client_that_leaves() {
    let server = Demo::start(Options::default());
    let mut clients: Vec<Client> = (0..10).map(|_| Client::new(alice(&server), &["NewMailEvent"])).collect();
    for client in &mut clients {
        client.ask(250);
    }
    until_held(&server, 10);
    let mut left = clients.split_off(4);
    drop(clients);
    until_held(&server, 6);
    lmtp::deliver(server.lmtp(), &server.accounts[0].address, &message::plain("the rest", "x"));
    for client in &mut left {
        assert_eq!(client.answer(), ["NewMail"]);
    }
    until_held(&server, 0);
}

/// A request sent behind a held one waits for its turn, and the hold goes on.
fn keeps_what_a_held_client_sends() {
    let server = Demo::start(Options::default());
    let mut client = Client::new(alice(&server), &["NewMailEvent"]);
    client.ask(250);
    until_held(&server, 1);
    let get = "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds>\
        <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";
    client.ews.send(get, &[]);
    assert!(client.ews.http.silent_for(Duration::from_millis(200)), "the first answer comes first");
    assert_eq!(server.connections("held"), 1);
    lmtp::deliver(server.lmtp(), &server.accounts[0].address, &message::plain("now", "x"));
    assert_eq!(client.answer(), ["NewMail"]);
    let second = client.ews.receive();
    assert_eq!(second.codes(), ["NoError"]);
    assert_eq!(second.messages[0].text("m:Folders/t:Folder/t:UnreadCount"), Some("1"));
}

/// kill -9 of any child never touches a held client.
fn stays_held_when_workers_die() {
    use nix::sys::signal::{Signal, kill};
    let server = Demo::start(Options::default());
    let mut clients: Vec<Client> = (0..20).map(|_| Client::new(alice(&server), &["NewMailEvent"])).collect();
    for client in &mut clients {
        client.ask(250);
    }
    until_held(&server, 20);
    let before = server.workers();
    for pid in &before {
        kill(nix::unistd::Pid::from_raw(*pid as i32), Signal::SIGKILL).unwrap();
    }
    wait::true_within("new workers run", wait::LONG, || {
        let now = server.workers();
        now.len() == before.len() && now.iter().all(|pid| !before.contains(pid))
    });
    assert_eq!(server.connections("held"), 20);
    lmtp::deliver(server.lmtp(), &server.accounts[0].address, &message::plain("still there", "x"));
    for client in &mut clients {
        assert_eq!(client.answer(), ["NewMail"]);
    }
}

fn limits_the_wait() {
    let server =
        Demo::start(Options::default().set("notifications.pull_wait_most", 1).set("notifications.pull_wait", 0));
    let mut client = Client::new(alice(&server), ALL_EVENTS);
    let answer = client.ews.call_with(&events_request(&client.subscription), &["Prefer: respond-async, wait=999999"]);
    assert_eq!(events_of(&answer).kinds(), ["Status"]);
    assert_eq!(answer.reply.header("preference-applied"), Some("wait=1"), "the wait that was granted");
    let begun = Instant::now();
    for preference in ["Prefer: wait=0", "Prefer: wait=soon", "Prefer: handling=lenient", "X-Nothing: 1"] {
        let answer = client.ews.call_with(&events_request(&client.subscription), &[preference]);
        assert_eq!(events_of(&answer).kinds(), ["Status"], "{preference}");
    }
    assert!(begun.elapsed() < Duration::from_secs(60));
}

/// Deliveries race with GetEvents: each message is told exactly once, whenever the poll looks, is held, or is woken.
/// `EWSD_RACE_ROUNDS` sets the number of rounds; the figure is 10,000.
fn loses_and_doubles_nothing_in_a_race() {
    let rounds: usize = std::env::var("EWSD_RACE_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(500);
    let server = Demo::start(Options { workers: 2, ..Options::default() });
    let (address, lmtp_address) = (server.accounts[0].address.clone(), server.lmtp());
    let (go, turn) = std::sync::mpsc::channel::<u64>();
    let deliveries = std::thread::spawn(move || {
        let mut sender = lmtp::Lmtp::hello(lmtp_address);
        while let Ok(spins) = turn.recv() {
            // The delivery comes at ever different moments of the poll.
            for _ in 0..spins {
                std::hint::spin_loop();
            }
            let replies = sender.deliver("race@elsewhere.test", &[&address], &message::plain("race", "x"));
            assert_eq!(replies[0].code, 250);
        }
    });
    let mut client = Client::new(alice(&server).unrecorded(), &["NewMailEvent"]);
    let mut told: HashMap<String, usize> = HashMap::new();
    for round in 0..rounds {
        go.send((round as u64).wrapping_mul(7919) % 200_000).unwrap();
        let answer = client.ews.call_with(&events_request(&client.subscription), &["Prefer: wait=60"]);
        let events = events_of(&answer);
        client.subscription.watermark = events.watermark();
        for (kind, event) in &events.events {
            assert_eq!(kind, "NewMailEvent", "round {round}: a delivery was slept through");
            *told.entry(event.want("t:ItemId").attribute("Id").unwrap().to_owned()).or_default() += 1;
        }
    }
    drop(go);
    deliveries.join().expect("the sender");
    assert_eq!(told.len(), rounds, "each delivery is told");
    assert!(told.values().all(|times| *times == 1), "and none twice");
    println!("{rounds} rounds of deliveries racing with GetEvents: none lost, none doubled");
}
