//! Whatever is killed, and whenever: what was acknowledged stays, the journal has no gap, held clients stay held, and an
//! ordered end leaves no process behind.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::demo::{Account, Demo, Options, until_full};
use crate::support::ews::{CONTENT_TYPE, Ews, PATH, basic, envelope};
use crate::support::http::Http;
use crate::support::lmtp::{Lmtp, try_deliver};
use crate::support::ops::{
    Subscription, events_of, events_request, folder_id, list, poll, save_request, save_simple, simple, subjects,
    subscribe, sync, sync_all,
};
use crate::support::xml::Node;
use crate::support::{message, process, wait};

crate::tests![
    keeps_its_data_over_a_restart,
    ends_under_load_and_leaves_nothing,
    survives_the_death_of_workers_under_load,
    survives_the_death_of_postgresql,
    survives_the_death_of_the_janitor,
    leaves_nothing_when_the_master_is_killed,
    retires_workers_unnoticed,
    reloads_unnoticed,
];

fn slay(pid: u32) {
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap_or_else(|e| panic!("kill -9 {pid}: {e}"));
}

/// Numbers in each mailbox's journal are those of its counter, without a gap but for those that were left out because they were lost.
pub fn assert_no_gap(server: &Demo) {
    let gaps = server.query(
        "select c.mailbox, c.seq, c.trimmed, count(j.seq) from counter c left join journal j using (mailbox), \
         lateral (select coalesce(sum(l.resumed - l.survived), 0) as left_out from lost l where l.mailbox = c.mailbox) l \
         group by 1, 2, 3, left_out having count(j.seq) <> c.seq - c.trimmed - left_out \
         or coalesce(max(j.seq), c.trimmed) <> c.seq and left_out = 0",
    );
    assert_eq!(gaps, Vec::<String>::new(), "mailbox|counter|trimmed|rows");
}

/// The counters of each folder are those of its items.
pub fn assert_folder_counters(server: &Demo) {
    let wrong = server.query(
        "select f.mailbox, f.name, f.total, count(i.item) from folder f left join item i using (mailbox, folder) \
         group by f.mailbox, f.folder having f.total <> count(i.item)",
    );
    assert_eq!(wrong, Vec::<String>::new(), "mailbox|folder|total|items");
}

/// Mailbox, subscription, sync state and a watermark outlive the server.
fn keeps_its_data_over_a_restart() {
    let server = Demo::start(Options::default());
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let id = save_simple(&mut ews, "inbox", "kept");
    let state = sync_all(&mut ews, "inbox");
    let inbox = folder_id(&mut ews, "inbox");
    let mut subscription = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
    crate::support::lmtp::deliver(server.lmtp(), &ews.account.address, &message::plain("before", "x"));
    let server = server.restart();
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    assert_eq!(subjects(&mut ews, "inbox"), ["before", "kept"]);
    assert_eq!(folder_id(&mut ews, "inbox"), inbox);
    crate::support::ops::get(&mut ews, &id, "<t:BaseShape>IdOnly</t:BaseShape>");
    assert_eq!(sync(&mut ews, "inbox", &state, 10).kinds(), ["Create"]);
    assert_eq!(poll(&mut ews, &mut subscription).kinds(), ["NewMail"], "nobody asked while it happened");
    assert_no_gap(&server);
}

/// Clients that save messages as fast as they can, in threads, and keep the subjects that were acknowledged.
struct Load {
    stop: AtomicBool,
    tries: AtomicUsize,
    failures: AtomicUsize,
    acknowledged: Mutex<HashSet<String>>,
}

impl Load {
    fn new() -> Load {
        Load {
            stop: AtomicBool::new(false),
            tries: AtomicUsize::new(0),
            failures: AtomicUsize::new(0),
            acknowledged: Mutex::new(HashSet::new()),
        }
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Saves until told to stop; every second one through LMTP. A broken connection is made anew.
    fn run(&self, http: std::net::SocketAddr, lmtp: std::net::SocketAddr, account: &Account, name: &str) {
        let authorization = basic(&account.login, &account.password);
        let mut connection = None;
        while !self.stop.load(Ordering::SeqCst) {
            let subject = format!("{name} {}", self.tries.fetch_add(1, Ordering::SeqCst));
            let done = if subject.len() % 2 == 0 {
                self.save(&mut connection, http, &authorization, &subject)
            } else {
                self.deliver(lmtp, &account.address, &subject)
            };
            if done == Some(true) {
                self.acknowledged.lock().unwrap().insert(subject);
            } else {
                self.failures.fetch_add(1, Ordering::SeqCst);
                connection = None;
                std::thread::park_timeout(Duration::from_millis(2));
            }
        }
    }

    fn save(
        &self,
        connection: &mut Option<Http>,
        http: std::net::SocketAddr,
        authorization: &str,
        subject: &str,
    ) -> Option<bool> {
        if connection.is_none() {
            *connection = Http::try_connect(http).ok();
        }
        let body = envelope(Some("Exchange2013_SP1"), "", &save_request("inbox", &simple(subject, "x")));
        let reply = connection.as_mut()?.try_post(PATH, &[CONTENT_TYPE, authorization], body.as_bytes()).ok()?;
        Some(reply.status == 200 && reply.text().contains(">NoError<"))
    }

    /// A delivery that may break off anywhere.
    fn deliver(&self, lmtp: std::net::SocketAddr, address: &str, subject: &str) -> Option<bool> {
        let code = try_deliver(lmtp, address, &message::plain(subject, "x"), wait::LONG);
        code.ok().map(|code| code == 250)
    }
}

/// Runs the load of four clients beside `chaos`, then stops it.
fn under_load(server: &Demo, chaos: impl FnOnce(&Load)) -> Load {
    let load = Load::new();
    let (http, lmtp) = (server.http(), server.lmtp());
    std::thread::scope(|scope| {
        for n in 0..4 {
            let (load, account) = (&load, server.accounts[n % 2].clone());
            scope.spawn(move || load.run(http, lmtp, &account, &format!("client {n}")));
        }
        // The clients end even when the chaos panics.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| chaos(&load)));
        load.stop.store(true, Ordering::SeqCst);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
    load
}

/// Every acknowledged message is there, and nothing is there that was not sent.
fn assert_kept(server: &Demo, load: &Load) {
    let mut there = HashSet::new();
    for account in &server.accounts[..2] {
        let mut ews = Ews::connect(server, account).unrecorded();
        let mut page = sync(&mut ews, "inbox", "", 512);
        let mut ids = page.changes.len();
        while !page.last {
            page = sync(&mut ews, "inbox", &page.state, 512);
            ids += page.changes.len();
        }
        let mut offset = 0;
        while offset < ids {
            let view = format!(
                "<m:IndexedPageItemView MaxEntriesReturned=\"1000\" Offset=\"{offset}\" BasePoint=\"Beginning\"/>"
            );
            let shape = crate::support::ops::shape("IdOnly", &["item:Subject"]);
            let root = crate::support::ops::find(&mut ews, "inbox", &shape, &view);
            let rows = root.all("t:Items/*");
            assert!(!rows.is_empty(), "FindItem and SyncFolderItems agree");
            offset += rows.len();
            there.extend(rows.into_iter().filter_map(|i| i.text("t:Subject").map(str::to_owned)));
        }
    }
    let acknowledged = load.acknowledged.lock().unwrap();
    let lost: Vec<&String> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged messages are lost: {lost:.5?}", lost.len(), acknowledged.len());
    println!(
        "{} messages acknowledged, {} attempts failed, none lost",
        acknowledged.len(),
        load.failures.load(Ordering::SeqCst)
    );
}

fn ends_under_load_and_leaves_nothing() {
    let server = Demo::start(Options::default());
    let load = under_load(&server, |load| {
        wait::true_within("some messages are saved", wait::LONG, || load.count() > 50);
        server.stop().unwrap_or_else(|e| panic!("{e}"));
    });
    let server = server.restart();
    assert_kept(&server, &load);
    assert_no_gap(&server);
}

/// `EWSD_KILLS` sets how often.
fn survives_the_death_of_workers_under_load() {
    let kills: usize = std::env::var("EWSD_KILLS").ok().and_then(|k| k.parse().ok()).unwrap_or(15);
    let server = Demo::start(Options { workers: 3, ..Options::default() });
    let carol = &server.accounts[2];
    let mut held: Vec<(Ews, Subscription)> = (0..20)
        .map(|_| {
            let mut ews = Ews::connect(&server, carol);
            let subscription = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
            ews.send(&events_request(&subscription), &["Prefer: wait=300"]);
            (ews, subscription)
        })
        .collect();
    wait::true_within("twenty are held", wait::LONG, || server.connections("held") == 20);
    let load = under_load(&server, |load| {
        for n in 0..kills {
            let before = load.count();
            wait::true_within("the load goes on", wait::LONG, || load.count() > before + 10);
            let workers = server.workers();
            if let Some(pid) = workers.get(n % workers.len().max(1)) {
                slay(*pid);
            }
        }
        let before = load.count();
        wait::true_within("the load goes on", wait::LONG, || load.count() > before + 50);
    });
    until_full(&server, 3);
    assert_eq!(server.connections("held"), 20, "held clients stay held");
    crate::support::lmtp::deliver(server.lmtp(), &carol.address, &message::plain("at last", "x"));
    for (ews, _) in &mut held {
        assert_eq!(events_of(&ews.receive()).kinds(), ["NewMail"]);
    }
    drop(held);
    assert_kept(&server, &load);
    assert_no_gap(&server);
    assert_folder_counters(&server);
    wait::true_within("no connection slot leaks", wait::LONG, || {
        let status = server.status();
        let busy = status["connections"]["serving"].as_u64().unwrap_or(1);
        let admitting = status["connections"]["admitting"].as_u64().unwrap_or(1);
        busy + admitting + status["queue"].as_u64().unwrap_or(1) == 0
    });
}

/// Workers reconnect with back-off; clients get ErrorServerBusy with BackOffMilliseconds meanwhile; held clients stay held.
fn survives_the_death_of_postgresql() {
    let server = Demo::start(Options::default());
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    save_simple(&mut ews, "inbox", "before");
    let mut held = Ews::connect(&server, &server.accounts[1]);
    let subscription = subscribe(&mut held, &["inbox"], &["NewMailEvent"]);
    held.send(&events_request(&subscription), &["Prefer: wait=300"]);
    wait::true_within("one is held", wait::LONG, || server.connections("held") == 1);

    let first = server.postmaster().expect("PostgreSQL runs");
    let keeper = process::workers(server.master(), "database")[0];
    // While its keeper is stopped nobody starts PostgreSQL again.
    kill(Pid::from_raw(keeper as i32), Signal::SIGSTOP).unwrap();
    slay(first);
    let get = "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds>\
        <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";
    // Its backends may answer once more before they notice.
    wait::true_within("PostgreSQL is gone", wait::LONG, || ews.call_with(get, &[]).codes() != ["NoError"]);
    let mut busy = 0;
    for _ in 0..6 {
        let answer = ews.call_with(get, &[]);
        assert_busy(&answer.envelope);
        busy += 1;
    }
    let mut sender = Lmtp::hello(server.lmtp());
    let replies = sender.deliver("a@elsewhere.test", &[&server.accounts[1].address], &message::plain("x", "x"));
    assert_eq!(replies[0].code / 100, 4, "mail is put off: {replies:?}");
    assert_eq!(server.connections("held"), 1);
    slay(keeper);
    // Each worker finds its own way back: a row of good answers is from all of them.
    let mut row = 0;
    wait::true_within("the server serves again", Duration::from_secs(120), || {
        let answer = ews.call_with(get, &[]);
        if answer.codes() == ["NoError"] {
            row += 1;
        } else {
            assert_busy(&answer.envelope);
            (row, busy) = (0, busy + 1);
        }
        row == 50
    });
    println!("{busy} answers were ErrorServerBusy while PostgreSQL was away");
    assert_ne!(server.postmaster(), Some(first));
    assert_eq!(subjects(&mut ews, "inbox"), ["before"]);
    save_simple(&mut ews, "inbox", "after");
    assert_eq!(server.connections("held"), 1);
    let replies = sender.deliver("a@elsewhere.test", &[&server.accounts[1].address], &message::plain("x", "x"));
    assert_eq!(replies[0].code, 250);
    assert_eq!(events_of(&held.receive()).kinds(), ["NewMail"]);
    assert_no_gap(&server);
}

/// In a fault or in a response message: the code, and how long to stay away.
fn assert_busy(envelope: &Node) {
    let code = envelope.find("e:ResponseCode").or(envelope.find("m:ResponseCode"));
    assert_eq!(code.map(|c| c.text.as_str()), Some("ErrorServerBusy"), "{envelope:#?}");
    let values = envelope.find_all("t:Value");
    let pause = values.iter().find(|v| v.attribute("Name") == Some("BackOffMilliseconds"));
    let pause = pause.unwrap_or_else(|| panic!("no BackOffMilliseconds in {envelope:#?}"));
    assert!(pause.text.parse::<u32>().is_ok_and(|ms| ms > 0), "{pause:?}");
}

fn survives_the_death_of_the_janitor() {
    let server = Demo::start(Options::default());
    let janitors = process::workers(server.master(), "janitor");
    assert_eq!(janitors.len(), 1);
    slay(janitors[0]);
    wait::true_within("another janitor runs", wait::LONG, || {
        let now = process::workers(server.master(), "janitor");
        now.len() == 1 && now != janitors
    });
}

/// kill -9 of the master: its children follow, PostgreSQL too, and the data are good.
fn leaves_nothing_when_the_master_is_killed() {
    let server = Demo::start(Options::default());
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    save_simple(&mut ews, "inbox", "kept");
    slay(server.master());
    wait::true_within("all its processes end", wait::LONG, || process::using(&server.folder).is_empty());
    server.has_crashed();
    let server = server.restart();
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    assert_eq!(subjects(&mut ews, "inbox"), ["kept"]);
    assert_no_gap(&server);
}

/// Workers are replaced by count, beside their work.
fn retires_workers_unnoticed() {
    let server = Demo::start(Options::default().set("process.retire_after", 20));
    let before = server.workers();
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    for n in 0..300 {
        save_simple(&mut ews, "drafts", &n.to_string());
    }
    assert_eq!(list(&mut ews, "drafts").len(), 300);
    wait::true_within("all workers are other ones", wait::LONG, || {
        let now = server.workers();
        now.len() == before.len() && now.iter().all(|pid| !before.contains(pid))
    });
}

/// SIGHUP takes what is reloadable with a new generation of workers, and drops nobody.
fn reloads_unnoticed() {
    let server = Demo::start(Options::default());
    let generation = |server: &Demo| server.status()["generation"].as_u64().unwrap();
    let mut held = Ews::connect(&server, &server.accounts[2]);
    let subscription = subscribe(&mut held, &["inbox"], &["NewMailEvent"]);
    held.send(&events_request(&subscription), &["Prefer: wait=300"]);
    wait::true_within("one is held", wait::LONG, || server.connections("held") == 1);
    let (first, before) = (generation(&server), server.workers());
    let load = under_load(&server, |load| {
        for _ in 0..3 {
            let count = load.count();
            wait::true_within("the load goes on", wait::LONG, || load.count() > count + 20);
            server.ewsctl(&["reload"]);
        }
        let count = load.count();
        wait::true_within("the load goes on", wait::LONG, || load.count() > count + 50);
    });
    assert_eq!(load.failures.load(Ordering::SeqCst), 0, "nobody notices");
    assert!(generation(&server) > first);
    wait::true_within("the old workers have gone", wait::LONG, || {
        server.workers().iter().all(|pid| !before.contains(pid))
    });
    assert_eq!(server.connections("held"), 1);
    crate::support::lmtp::deliver(server.lmtp(), &server.accounts[2].address, &message::plain("x", "x"));
    assert_eq!(events_of(&held.receive()).kinds(), ["NewMail"]);
}
