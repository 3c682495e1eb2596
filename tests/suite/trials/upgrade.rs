//! `ewsctl upgrade` with the real programs: held clients, streams and requests go on through it; a program that cannot start, or does
//! not understand, leaves the old one running and says why.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::ops::{events_of, events_request, get_folder, save_simple, subscribe};
use crate::support::stream::{self, Stream};
use crate::support::{lmtp, message, process, wait};

crate::tests![
    clients_notice_nothing,
    nobodys_password_is_judged_again,
    a_broken_settings_file_refuses_the_upgrade,
    nothing_fails_while_it_happens
];

/// The herald's session, when it has asked what has changed.
const HERALD: &str = "select pid from pg_stat_activity where application_name = 'ewsd herald' and state = 'idle' \
                      and query like '%directory_epoch%'";

fn alice(server: &Demo) -> Ews {
    Ews::connect(server, &server.accounts[0])
}

fn clients_notice_nothing() {
    let server = Demo::start(Options::default());
    let mut held = alice(&server);
    let mut subscription = subscribe(&mut held, &["inbox"], &["NewMailEvent"]);
    held.send(&events_request(&subscription), &["Prefer: wait=300"]);
    let mut other = alice(&server);
    let id = stream::subscribe(&mut other, &["inbox"], &["NewMailEvent"]);
    let mut stream = Stream::open(&other, &[&id], 10);
    wait::true_within("both are held", wait::LONG, || server.connections("held") == 2);
    let mut idle = alice(&server);
    get_folder(&mut idle, "inbox", "IdOnly", &[]);
    let mut sender = lmtp::Lmtp::hello(server.lmtp());
    let master = server.master();
    let (workers, postmaster) = (server.workers(), server.postmaster());
    for round in 0..2 {
        let begun = Instant::now();
        let said = server.ewsctl(&["upgrade"]);
        println!("upgraded, workers and all, in {:?}: {}", begun.elapsed(), said.trim());
        assert!(process::alive(master), "the same process");
        assert_eq!(server.postmaster(), postmaster, "PostgreSQL goes on");
        assert_eq!(server.connections("held"), 2, "round {round}");
        wait::true_within("the old workers are gone", wait::LONG, || {
            server.workers().iter().all(|pid| !workers.contains(pid))
        });
        let replies = sender.deliver(
            "a@elsewhere.test",
            &[&server.accounts[0].address],
            &message::plain(&format!("round {round}"), "x"),
        );
        assert_eq!(replies[0].code, 250);
        let events = events_of(&held.receive());
        assert_eq!(events.kinds(), ["NewMail"]);
        subscription.watermark = events.watermark();
        held.send(&events_request(&subscription), &["Prefer: wait=300"]);
        assert_eq!(stream.kinds(), ["NewMail"]);
        get_folder(&mut idle, "inbox", "IdOnly", &[]);
        wait::true_within("both are held", wait::LONG, || server.connections("held") == 2);
    }
}

/// Nor when another herald asks what has changed: with thousands of clients each would wait for its turn to be hashed.
fn nobodys_password_is_judged_again() {
    let server = Demo::start(Options::default());
    let mut ews = alice(&server);
    get_folder(&mut ews, "inbox", "IdOnly", &[]);
    for _ in 0..2 {
        let (workers, herald) = (server.workers(), server.query(HERALD));
        upgrade(&server);
        wait::true_within("all are others", wait::LONG, || {
            let heralds = server.query(HERALD);
            server.workers().iter().all(|pid| !workers.contains(pid)) && heralds.len() == 1 && heralds != herald
        });
        // The trigger that tells of it does not see it: whoever is judged from now on does not get in.
        server.query("set session_replication_role = replica; update account set password = null");
        ews = ews.again();
        get_folder(&mut ews, "inbox", "IdOnly", &[]);
    }
}

fn a_broken_settings_file_refuses_the_upgrade() {
    let server = Demo::start(Options::default());
    let mut ews = alice(&server);
    let good = fs::read_to_string(server.config()).expect("the settings");
    fs::write(server.config(), "[limits]\nidle_seconds = \"soon\"\n").expect("written");
    let output = server.ewsctl_with(&["upgrade"], b"");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    fs::write(server.config(), &good).expect("written back");
    assert!(!output.status.success(), "{said}");
    save_simple(&mut ews, "inbox", "the old program serves");
    // A worker program that is not there.
    let gone = format!("{good}\n[process]\nworker = \"/nowhere/ewsd-worker\"\n");
    if !good.contains("[process]") {
        fs::write(server.config(), gone).expect("written");
        let output = server.ewsctl_with(&["upgrade"], b"");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("/nowhere/ewsd-worker"), "{said}");
        fs::write(server.config(), &good).expect("written back");
    }
    save_simple(&mut ews, "inbox", "and goes on");
    assert!(fs::metadata(server.config()).expect("it is there").permissions().mode() > 0);
    server.ewsctl(&["upgrade"]);
    save_simple(&mut ews, "inbox", "and so does the new one");
}

/// One after another: what the last one reloads may not be done.
fn upgrade(server: &Demo) {
    wait::true_within("the upgrade is taken", wait::LONG, || {
        let output = server.ewsctl_with(&["upgrade"], b"");
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || why.contains("a reload is under way"), "{why}");
        output.status.success()
    });
}

/// Requests all the time: none fails, and none waits long.
fn nothing_fails_while_it_happens() {
    let server = Demo::start(Options::default());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..3)
            .map(|n| {
                let (server, over) = (&server, &over);
                scope.spawn(move || {
                    let mut ews = Ews::connect(server, &server.accounts[n]).unrecorded();
                    let (mut count, mut longest) = (0, Duration::ZERO);
                    while !over.load(Ordering::Relaxed) {
                        let begun = Instant::now();
                        match count % 4 {
                            0 => drop(save_simple(&mut ews, "inbox", "x")),
                            1 => ews = ews.again(),
                            _ => drop(get_folder(&mut ews, "inbox", "Default", &[])),
                        }
                        longest = longest.max(begun.elapsed());
                        count += 1;
                    }
                    (count, longest)
                })
            })
            .collect();
        let upgraded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (0..3).for_each(|_| upgrade(&server))));
        // Whatever came of it, or they ask for ever.
        over.store(true, Ordering::Relaxed);
        upgraded.expect("it goes on as another program");
        for client in clients {
            let (count, longest) = client.join().expect("no request failed");
            println!("{count} requests through three upgrades, the longest took {longest:?}");
            assert!(count > 0);
        }
    });
}
