//! Everything at once: processes are killed, stand still and are told to begin anew, PostgreSQL and its sessions too, the disk
//! fills up, the master dies, in random order, while clients create, change, move, delete, deliver, send, synchronise and
//! wait. At the end nothing that was acknowledged is lost, nothing is there twice, every copy is what the mailbox is, and
//! whoever waited was told of each message once.
//!
//! `EWSD_HAVOC_SECONDS` says how long, `EWSD_HAVOC_SEED` repeats a run's faults in their order. `havoc/clients.rs` are the
//! clients, with what they know; `havoc/faults.rs` is the table of what happens to the server.

mod clients;
mod faults;

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime};

use super::chaos::{assert_folder_counters, assert_no_gap};
use super::mirror::{Item, Random, contents, differences};
use crate::suite::door::ldap::{Heard, answer};
use crate::suite::door::pam::Service;
use crate::support::demo::{Demo, Options, until_full};
use crate::support::disk::Disk;
use crate::support::ews::Ews;
use crate::support::http::Http;
use crate::support::wait;
use clients::{Doors, Mirror, PLACES, State, Watcher, Writer};

crate::tests![loses_and_doubles_nothing_whatever_fails];

/// Below so many octets the server takes no more mail.
const MARK: u64 = 60 << 20;
/// Request workers.
const WORKERS: usize = 3;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Somebody else knows the passwords, so that there is somebody to ask, which is forgotten soon.
fn options(service: &Option<Service>) -> Options {
    let options = Options { workers: WORKERS, ..Options::default() }
        .set("limits.request_seconds", 4)
        .set("limits.queue_seconds", 4)
        .set("limits.convert_seconds", 2)
        .set("limits.changes_per_hour", 100_000_000)
        .set("limits.recipients_per_hour", 100_000_000)
        .set("process.retire_after", 1000)
        .set("server.min_free_bytes", MARK)
        .set("auth.login_seconds", 2)
        .set("auth.cache_seconds", 5);
    match service {
        Some(service) => service.known_to(options),
        None => options,
    }
}

/// Of no account the password is known here.
fn known_elsewhere(server: &Demo) {
    for account in &server.accounts {
        server.ewsctl(&["account", "password", &account.login, "--remove"]);
        assert_eq!(answer(server, &account.login, &account.password), Heard::Welcome, "{}", server.log_text());
    }
}

/// A server that everything happens to.
pub struct Stage {
    /// Another one after its master was killed.
    server: Option<Demo>,
    disk: Option<Disk>,
    doors: Doors,
    random: Random,
}

impl Stage {
    fn server(&self) -> &Demo {
        self.server.as_ref().expect("it runs")
    }
}

fn loses_and_doubles_nothing_whatever_fails() {
    let seconds = variable("EWSD_HAVOC_SECONDS").unwrap_or(20);
    let seed = variable("EWSD_HAVOC_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        u64::from(now.subsec_micros())
    });
    println!("EWSD_HAVOC_SEED={seed} EWSD_HAVOC_SECONDS={seconds} repeats these faults");
    let service = Service::new("havoc", "test -n \"$password\"");
    let disk = Disk::mount((500 << 20) + seconds * (1 << 20));
    let server = match &disk {
        Some(disk) => Demo::start_at(disk.folder.join("server"), options(&service)).unwrap_or_else(|e| panic!("{e}")),
        None => Demo::start(options(&service)),
    };
    if service.is_some() {
        known_elsewhere(&server);
    }
    let doors = Doors::new(&server);
    let random = Random(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let accounts = server.accounts.clone();
    let mut watchers: Vec<Watcher> = accounts.iter().map(|account| Watcher::new(&server, account)).collect();
    let mut mirrors: Vec<Mirror> = accounts.iter().map(|account| Mirror::new(account, seed)).collect();
    let mut writers: Vec<Writer> = (0..2 * accounts.len())
        .map(|n| Writer::new(&accounts[n / 2], &format!("w{n}"), seed.wrapping_add(1 + n as u64)))
        .collect();
    let mut stage = Stage { server: Some(server), disk, doors, random };
    run(&mut stage, Duration::from_secs(seconds), &mut writers, &mut mirrors, &mut watchers);
    let stage = stage;
    let wrong = stage.doors.wrong();
    assert!(wrong.is_empty(), "{} wrong answers: {:.4000}", wrong.len(), wrong.join("\n"));
    compare(&stage, &writers, &mut mirrors, &mut watchers);
    println!("{}", stage.doors.summary());
    settled(stage.server());
    drop(stage.server);
    drop(service);
}

/// Clients in threads, the faults in this one, until the time is over and all is well again.
fn run(stage: &mut Stage, time: Duration, writers: &mut [Writer], mirrors: &mut [Mirror], watchers: &mut [Watcher]) {
    let doors = &stage.doors.clone();
    std::thread::scope(|scope| {
        for writer in writers {
            scope.spawn(move || doors.work(|doors| writer.act(doors)));
        }
        for mirror in mirrors {
            scope.spawn(move || doors.work(|doors| mirror.act(doors)));
        }
        for watcher in watchers {
            scope.spawn(move || doors.work(|doors| watcher.act(doors, 5)));
        }
        // The clients end even when a fault panics.
        let outcome = catch_unwind(AssertUnwindSafe(|| faults::rage(stage, Instant::now() + time)));
        doors.close();
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Everybody's knowledge with what is there.
fn compare(stage: &Stage, writers: &[Writer], mirrors: &mut [Mirror], watchers: &mut [Watcher]) {
    let server = stage.server();
    for (n, account) in server.accounts.iter().enumerate() {
        let own = &writers[2 * n..2 * n + 2];
        let mut ews = Ews::connect(server, account).unrecorded();
        reports_come(&mut ews, own);
        let there: Vec<BTreeMap<String, Item>> = PLACES.iter().map(|place| contents(&mut ews, place, false)).collect();
        let mut found: HashMap<&str, Vec<State>> = HashMap::new();
        for (place, items) in there.iter().enumerate() {
            for [subject, ..] in items.values() {
                let (tag, version) = subject.split_once(" v").unwrap_or((subject.as_str(), "1"));
                found.entry(tag).or_default().push((place, version.parse().expect("a version")));
            }
        }
        for writer in own {
            writer.compare(&mut found);
        }
        assert!(found.is_empty(), "{}: nobody wrote {found:?}", account.address);
        for (place, items) in there.iter().enumerate() {
            let copy = mirrors[n].finish(&stage.doors, place);
            let wrong = differences(copy, items);
            assert!(wrong.is_empty(), "{}, {}: {wrong:#?}", account.address, PLACES[place]);
        }
        watchers[n].finish(&stage.doors);
        watchers[n].compare(&there);
    }
}

/// Each message that could not be sent comes back, once.
fn reports_come(ews: &mut Ews, writers: &[Writer]) {
    let wanted: usize = writers.iter().map(Writer::reports).sum();
    // The courier looks every half minute, should nobody tell it.
    wait::true_within("all reports are there", 2 * wait::LONG, || {
        let inbox = contents(ews, "inbox", false);
        inbox.values().filter(|[subject, ..]| subject.starts_with("Undeliverable: ")).count() >= wanted
    });
}

/// As many processes and connections as before, and a store that is whole.
fn settled(server: &Demo) {
    until_full(server, WORKERS);
    assert_eq!(Http::connect(server.admin()).get("/readyz", &[]).status, 200);
    wait::true_within("no connection slot leaks", wait::LONG, || {
        let status = server.status();
        let number = |value: &serde_json::Value| value.as_u64().unwrap_or(1);
        let connections = ["serving", "admitting", "held"].iter().map(|state| number(&status["connections"][state]));
        connections.sum::<u64>() + number(&status["queue"]) == 0
    });
    assert_no_gap(server);
    assert_folder_counters(server);
}
