//! PostgreSQL goes away and comes back, as administrators and packages make it: nobody gets a wrong answer or none, what was
//! acknowledged is kept, workers live on, and held clients never notice.

use std::collections::HashSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::chaos::{assert_folder_counters, assert_no_gap};
use crate::support::demo::{Account, Demo, Options};
use crate::support::ews::{CONTENT_TYPE, Ews, PATH, basic, envelope};
use crate::support::http::{Http, Reply};
use crate::support::lmtp::Lmtp;
use crate::support::ops::{Subscription, events_of, events_request, save_request, simple, subjects, subscribe};
use crate::support::postgres::{Postgres, pg_ctl};
use crate::support::{message, process, wait};

crate::tests![
    starts_the_private_one_again_whoever_stops_it,
    lives_through_restarts_of_the_private_one,
    lives_through_restarts_of_another_one,
    looks_at_the_tables_again_when_its_session_is_lost,
    keeps_calls_held_that_are_woken_while_it_is_away,
    keeps_many_held_calls_quietly,
];

pub(super) const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

/// Clients that read and write without a pause and take nothing but an answer, or the word that the server is busy.
#[derive(Default)]
pub(super) struct Strict {
    pub(super) stop: AtomicBool,
    number: AtomicUsize,
    pub(super) busy: AtomicUsize,
    pub(super) acknowledged: Mutex<HashSet<String>>,
    pub(super) wrong: Mutex<Vec<String>>,
}

impl Strict {
    /// So many good answers in all.
    pub(super) fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    fn note(&self, wrong: String) {
        self.wrong.lock().unwrap().push(wrong);
    }

    /// Reads and saves in turn, on one connection.
    pub(super) fn soap(&self, address: SocketAddr, account: &Account) {
        let authorization = basic(&account.login, &account.password);
        let mut http = Http::connect(address);
        while !self.stop.load(Ordering::SeqCst) {
            let subject = format!("saved {}", self.number.fetch_add(1, Ordering::SeqCst));
            for operation in [GET_INBOX.to_owned(), save_request("inbox", &simple(&subject, "x"))] {
                let body = envelope(Some("Exchange2013_SP1"), "", &operation);
                match http.try_post(PATH, &[CONTENT_TYPE, &authorization], body.as_bytes()) {
                    Ok(reply) if is_good(&reply) => {
                        if operation.contains("CreateItem") {
                            self.acknowledged.lock().unwrap().insert(subject.clone());
                        }
                    }
                    Ok(reply) if is_busy(&reply) => {
                        self.busy.fetch_add(1, Ordering::SeqCst);
                        std::thread::park_timeout(Duration::from_millis(2));
                    }
                    Ok(reply) => self.note(format!("{} {}", reply.status, reply.text())),
                    Err(error) => {
                        self.note(format!("no answer: {error}"));
                        http = Http::connect(address);
                    }
                }
            }
        }
    }

    /// Delivers, on one connection.
    pub(super) fn mail(&self, address: SocketAddr, account: &Account) {
        let mut lmtp = Lmtp::hello(address);
        while !self.stop.load(Ordering::SeqCst) {
            let subject = format!("delivered {}", self.number.fetch_add(1, Ordering::SeqCst));
            let replies = lmtp.deliver("a@elsewhere.test", &[&account.address], &message::plain(&subject, "x"));
            match replies[0].code {
                250 => drop(self.acknowledged.lock().unwrap().insert(subject)),
                400..500 => {
                    self.busy.fetch_add(1, Ordering::SeqCst);
                    std::thread::park_timeout(Duration::from_millis(2));
                }
                _ => self.note(format!("{replies:?}")),
            }
        }
    }
}

fn is_good(reply: &Reply) -> bool {
    reply.status == 200 && reply.text().contains(">NoError<")
}

/// A fault that says so, and how long to stay away.
fn is_busy(reply: &Reply) -> bool {
    let text = reply.text();
    reply.status == 500
        && text.contains(">ErrorServerBusy<")
        && text.contains("Name=\"BackOffMilliseconds\"")
        && !reply.closes()
}

/// Runs `trouble` while clients work, who must all be served before and after; then everything must be as it should.
fn while_working(server: &Demo, trouble: impl FnOnce(&dyn Fn())) {
    let strict = Strict::default();
    let (workers, janitor) = (server.workers(), process::workers(server.master(), "janitor"));
    let mut held = Held::start(server, 20);
    std::thread::scope(|scope| {
        for account in &server.accounts[..2] {
            scope.spawn(|| strict.soap(server.http(), account));
            scope.spawn(|| strict.mail(server.lmtp(), account));
        }
        let served = || {
            let before = strict.count();
            wait::true_within("all are served", wait::LONG, || strict.count() > before + 40);
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            served();
            trouble(&served);
            served();
        }));
        strict.stop.store(true, Ordering::SeqCst);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
    let wrong = strict.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{} wrong answers: {:.3000}", wrong.len(), wrong.join("\n"));
    println!("{} changes acknowledged, {} times busy", strict.count(), strict.busy.load(Ordering::SeqCst));
    assert_eq!(server.workers(), workers, "no worker ended");
    assert_eq!(process::workers(server.master(), "janitor"), janitor);
    assert_eq!(server.connections("held"), 20, "held clients stay held");
    held.wake(server);
    let acknowledged = strict.acknowledged.lock().unwrap();
    let there = server.query("select subject from item where subject like 'saved %' or subject like 'delivered %'");
    let unique: HashSet<String> = there.iter().cloned().collect();
    let lost: Vec<&String> = acknowledged.difference(&unique).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:.5?}", lost.len(), acknowledged.len());
    assert_eq!(there.len(), unique.len(), "nothing is there twice");
    assert_no_gap(server);
    assert_folder_counters(server);
}

/// Carol's held calls.
pub(super) struct Held(Vec<(Ews, Subscription)>);

impl Held {
    pub(super) fn start(server: &Demo, clients: usize) -> Held {
        Held::start_for(server, clients, 300)
    }

    /// Held for so many seconds.
    pub(super) fn start_for(server: &Demo, clients: usize, seconds: u64) -> Held {
        let prefer = format!("Prefer: wait={seconds}");
        let already = server.connections("held");
        let held = (0..clients).map(|_| {
            let mut ews = Ews::connect(server, &server.accounts[2]).unrecorded();
            let subscription = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
            ews.send(&events_request(&subscription), &[&prefer]);
            (ews, subscription)
        });
        let held = Held(held.collect());
        wait::true_within("they are held", wait::LONG, || server.connections("held") == already + clients as u64);
        held
    }

    pub(super) fn wake(&mut self, server: &Demo) {
        // The worker that takes it may not have tried to connect again yet.
        let mut lmtp = Lmtp::hello(server.lmtp());
        let address = &server.accounts[2].address;
        wait::true_within("mail is taken", wait::LONG, || {
            let replies = lmtp.deliver("a@elsewhere.test", &[address], &message::plain("wake", "x"));
            assert!(matches!(replies[0].code, 250 | 451), "{replies:?}");
            replies[0].code == 250
        });
        self.told();
    }

    /// Each is answered that nothing happened, at its deadline.
    pub(super) fn have_nothing(&mut self) {
        for (ews, _) in &mut self.0 {
            assert_eq!(events_of(&ews.receive()).kinds(), ["Status"]);
        }
    }

    fn told(&mut self) {
        for (ews, _) in &mut self.0 {
            assert_eq!(events_of(&ews.receive()).kinds(), ["NewMail"]);
        }
    }
}

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), signal).unwrap_or_else(|e| panic!("{signal} to {pid}: {e}"));
}

/// Workers that retire are none that ended over it.
pub(super) fn settled() -> Options {
    Options::default().set("process.retire_after", 10_000_000)
}

/// The private PostgreSQL is another process than `before`, and takes sessions.
fn until_another(server: &Demo, before: u32) -> u32 {
    let another = wait::until("another PostgreSQL runs", wait::LONG, || {
        server.postmaster().filter(|pid| *pid != before && process::alive(*pid))
    });
    let mut ews = Ews::connect(server, &server.accounts[0]).unrecorded();
    wait::true_within("it serves", wait::LONG, || ews.call_with(GET_INBOX, &[]).codes() == ["NoError"]);
    another
}

/// Smart (which waits for sessions that never end by themselves), fast, immediate.
fn starts_the_private_one_again_whoever_stops_it() {
    let server = Demo::start(settled());
    while_working(&server, |served| {
        for how in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT] {
            let before = server.postmaster().expect("it runs");
            let started = Instant::now();
            signal(before, how);
            until_another(&server, before);
            println!("after {how} it served again in {} ms", started.elapsed().as_millis());
            served();
        }
    });
}

/// `pg_ctl restart` starts one of its own, which the server does not keep: its own follows.
fn lives_through_restarts_of_the_private_one() {
    let server = Demo::start(settled());
    let data = server.folder.join("state/pg");
    while_working(&server, |served| {
        let before = server.postmaster().expect("it runs");
        // It may find that the server was faster, and complain.
        pg_ctl(&data, &["-W", "-m", "fast", "restart"]);
        until_another(&server, before);
        served();
        let before = server.postmaster().expect("it runs");
        pg_ctl(&data, &["-m", "immediate", "stop"]);
        until_another(&server, before);
    });
    let keeper = process::workers(server.master(), "database");
    wait::true_within("the server's own runs", wait::LONG, || {
        server.postmaster().and_then(process::parent) == process::workers(server.master(), "database").first().copied()
    });
    assert_eq!(keeper.len(), 1);
}

fn with_another() -> (Postgres, Demo) {
    let postgres = Postgres::start();
    let server = Demo::start(settled().set("database.url", postgres.url()));
    (postgres, server)
}

fn lives_through_restarts_of_another_one() {
    let (postgres, server) = with_another();
    while_working(&server, |served| {
        postgres.pg_ctl(&["-m", "fast", "restart"]);
        served();
        for mode in ["fast", "immediate"] {
            postgres.pg_ctl(&["-m", mode, "stop"]);
            let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
            for _ in 0..20 {
                assert_eq!(ews.call_with(GET_INBOX, &[]).fault_code(), "ErrorServerBusy");
            }
            postgres.pg_ctl(&["start"]);
            served();
        }
    });
    drop(server);
}

/// A session that ends while a server starts says nothing of the tables: the same process looks again.
fn looks_at_the_tables_again_when_its_session_is_lost() {
    let (postgres, first) = with_another();
    let mut lock = Command::new("psql")
        .args(["-X", "-d", &postgres.url()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    lock.stdin.as_mut().unwrap().write_all(b"begin; lock table migration;\n").unwrap();
    wait::true_within("the lock is held", wait::LONG, || {
        !first.query("select 1 from pg_locks where mode = 'AccessExclusiveLock' and granted").is_empty()
    });
    let waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%from migration%'";
    let second = std::thread::scope(|scope| {
        let starts = scope.spawn(|| Demo::start(settled().set("database.url", postgres.url())));
        let pid = wait::until("it looks at the tables", wait::LONG, || first.query(waiting).pop());
        lock.stdin.as_mut().unwrap().write_all(format!("select pg_terminate_backend({pid});\n").as_bytes()).unwrap();
        wait::until("it looks again", wait::LONG, || first.query(waiting).pop().filter(|other| *other != pid));
        lock.kill().unwrap();
        lock.wait().unwrap();
        starts.join().unwrap()
    });
    let ended: Vec<String> =
        second.log_text().lines().filter(|l| l.contains("exited with status 1")).map(str::to_owned).collect();
    assert!(ended.is_empty(), "{ended:?}");
    drop((second, first));
}

/// What happened just before is told when PostgreSQL is back; a deadline is kept meanwhile.
fn keeps_calls_held_that_are_woken_while_it_is_away() {
    let (postgres, server) = with_another();
    let mut held = Held::start(&server, 5);
    let mut short = Ews::connect(&server, &server.accounts[2]);
    let subscription = subscribe(&mut short, &["inbox"], &["NewMailEvent"]);
    // The master hears of the change only when it can no longer be looked at.
    let master = Stopped::new(server.master());
    std::thread::scope(|scope| {
        let carol = &server.accounts[2].address;
        scope.spawn(|| server.ewsctl_with(&["deliver", "--to", carol], &message::plain("while away", "x")));
        let stored = "select 1 from item where subject = 'while away'";
        wait::true_within("it is stored", wait::LONG, || !server.query(stored).is_empty());
        postgres.pg_ctl(&["-m", "fast", "stop"]);
        drop(master);
    });
    wait::true_within("all are put off", wait::LONG, || server.status()["put_off"] == 5);
    assert_eq!(server.connections("held"), 5);
    assert_eq!(short.call_with(&events_request(&subscription), &["Prefer: wait=1"]).fault_code(), "ErrorServerBusy");
    let before = server.status()["counters"]["looks_put_off"].as_u64().unwrap();
    wait::true_within("they are asked about", wait::LONG, || {
        server.status()["counters"]["looks_put_off"].as_u64().unwrap() > before + 2
    });
    assert_eq!(server.connections("held"), 5);
    postgres.pg_ctl(&["start"]);
    held.told();
    assert_eq!(subjects(&mut short, "inbox"), ["while away"]);
    drop(server);
}

/// Many calls that changed cost no more than one while PostgreSQL is away; each of them is answered at its deadline.
fn keeps_many_held_calls_quietly() {
    const CLIENTS: u64 = 200;
    let (postgres, server) = with_another();
    let carol = server.accounts[2].clone();
    let mut clients: Vec<Ews> = (0..CLIENTS)
        .map(|_| {
            let mut ews = Ews::connect(&server, &carol).unrecorded();
            let subscription = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
            ews.send(&events_request(&subscription), &["Prefer: wait=12"]);
            ews
        })
        .collect();
    wait::true_within("all are held", wait::LONG, || server.connections("held") == CLIENTS);
    let master = Stopped::new(server.master());
    std::thread::scope(|scope| {
        scope.spawn(|| server.ewsctl_with(&["deliver", "--to", &carol.address], &message::plain("once", "x")));
        wait::true_within("it is stored", wait::LONG, || {
            !server.query("select 1 from item where subject = 'once'").is_empty()
        });
        postgres.pg_ctl(&["-m", "immediate", "stop"]);
        drop(master);
    });
    for ews in &mut clients {
        assert_eq!(events_of(&ews.receive()).kinds(), ["Status"], "the deadline's answer");
    }
    let status = server.status();
    let looks = status["counters"]["looks_put_off"].as_u64().unwrap();
    println!("{CLIENTS} calls that changed were looked at {looks} times in 12 s");
    assert!(looks < CLIENTS + 60, "{looks}");
    assert_eq!(status["counters"]["workers_died"], 0);
    drop(server);
}

/// A process that does nothing until this is dropped.
pub(in crate::suite) struct Stopped(u32);

impl Stopped {
    pub(in crate::suite) fn new(pid: u32) -> Stopped {
        signal(pid, Signal::SIGSTOP);
        Stopped(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        signal(self.0, Signal::SIGCONT);
    }
}
