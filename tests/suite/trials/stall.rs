//! Processes that stand still: they are there, their sockets are open, and they say nothing. Nothing else happens on the server
//! meanwhile that would wake anybody. Everyone active is answered, held clients never notice, and all is well afterwards.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::database::{GET_INBOX, Held, Stopped};
use crate::suite::door::ldap::{Heard, answer, ask as password};
use crate::suite::door::pam::Service;
use crate::support::demo::{Demo, Options};
use crate::support::ews::{CONTENT_TYPE, Ews, PATH, envelope};
use crate::support::http::{Http, Reply, request};
use crate::support::lmtp::Lmtp;
use crate::support::ops::{save_request, simple, subjects};
use crate::support::{message, process, wait};

crate::tests![
    answers_while_postgresql_stands_still,
    keeps_everybody_while_postgresql_stands_still_for_long,
    lives_on_while_the_first_process_of_postgresql_stands_still,
    stops_while_postgresql_stands_still,
    replaces_sessions_that_stand_still,
    ends_what_a_killed_worker_had_asked_for,
    answers_for_each_recipient_when_the_time_is_over_in_between,
    replaces_workers_that_stand_still,
    replaces_roles_that_stand_still,
    calls_no_password_wrong_that_nobody_could_judge,
    writes_no_mail_into_logs,
];

fn quick() -> Options {
    Options::default()
        .set("process.retire_after", 10_000_000)
        .set("limits.request_seconds", 2)
        .set("limits.queue_seconds", 2)
}

/// A request of the first account on a connection of its own, not answered yet.
fn ask(server: &Demo) -> Http {
    let ews = Ews::connect(server, &server.accounts[0]).unrecorded();
    let body = envelope(Some("Exchange2013_SP1"), "", GET_INBOX);
    let mut http = Http::connect(server.http());
    http.send(&request("POST", PATH, &[CONTENT_TYPE, &ews.authorization()], body.as_bytes()));
    http
}

fn is_busy(reply: &Reply) -> bool {
    reply.status == 503 || reply.status == 500 && reply.text().contains(">ErrorServerBusy<")
}

fn is_good(reply: &Reply) -> bool {
    reply.status == 200 && reply.text().contains(">NoError<")
}

fn readiness(server: &Demo) -> u16 {
    Http::connect(server.admin()).get("/readyz", &[]).status
}

fn until_served(server: &Demo) {
    wait::true_within("it serves", wait::LONG, || is_good(&ask(server).reply()));
    wait::true_within("it says so", wait::LONG, || readiness(server) == 200);
}

fn counter(server: &Demo, name: &str) -> u64 {
    server.status()["counters"][name].as_u64().unwrap_or_else(|| panic!("no counter {name}"))
}

/// Of all that PostgreSQL is, the first process last.
fn postgresql(server: &Demo) -> Vec<u32> {
    let first = server.postmaster().expect("it runs");
    let mut all = process::children(first);
    all.push(first);
    all
}

fn answers_while_postgresql_stands_still() {
    let server = Demo::start(quick());
    let mut held = Held::start(&server, 5);
    let workers = server.workers();
    // Nobody calls for a look at held calls meanwhile.
    let stopped: Vec<Stopped> = postgresql(&server).into_iter().map(Stopped::new).collect();
    for round in 0..3 {
        let mut clients: Vec<Http> = (0..6).map(|_| ask(&server)).collect();
        for client in &mut clients {
            let reply = client.reply();
            assert!(is_busy(&reply), "round {round}: {} {}", reply.status, reply.text());
        }
    }
    assert_eq!(readiness(&server), 503);
    assert_eq!(Http::connect(server.admin()).get("/healthz", &[]).status, 200);
    let mut lmtp = Lmtp::hello(server.lmtp());
    let replies = lmtp.deliver("a@elsewhere.test", &[&server.accounts[0].address], &message::plain("x", "x"));
    assert!(matches!(replies[0].code, 421 | 451), "{replies:?}");
    assert_eq!(server.connections("held"), 5);
    assert_eq!(counter(&server, "workers_killed"), 0, "each worker answered before its time was over");
    drop(stopped);
    until_served(&server);
    assert_eq!(server.workers(), workers);
    assert_eq!(server.connections("held"), 5);
    held.wake(&server);
}

/// How long PostgreSQL stands still: `EWSD_STALL_SECONDS=60` is the size that was asked for, a thousand held clients.
fn stall() -> (Duration, usize) {
    let seconds = std::env::var("EWSD_STALL_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let seconds: u64 = seconds.unwrap_or(4);
    (Duration::from_secs(seconds), if seconds < 60 { 50 } else { 1000 })
}

/// What an active client was told, and how long that took.
#[derive(Default)]
struct Told {
    busy: usize,
    good: usize,
    slowest: Duration,
    wrong: Vec<String>,
}

/// Asks without a pause until it is told to end; after `resumed` it ends with its first good answer, which comes so much later.
fn active(server: &Demo, resumed: &OnceLock<Instant>) -> (Told, Duration) {
    let mut told = Told::default();
    loop {
        // An answer to what was asked before says nothing of what is now.
        let after = resumed.get().copied();
        let begun = Instant::now();
        let reply = ask(server).reply();
        told.slowest = told.slowest.max(begun.elapsed());
        match after {
            Some(resumed) if is_good(&reply) => return (told, resumed.elapsed()),
            _ if is_busy(&reply) => told.busy += 1,
            _ if is_good(&reply) => told.good += 1,
            _ => told.wrong.push(format!("{} {}", reply.status, reply.text())),
        }
        // As clients do that are told to stay away for a while.
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

/// Processes that stand still, and since when they do no more.
struct Stalling<'t> {
    stopped: Vec<Stopped>,
    resumed: &'t OnceLock<Instant>,
}

impl Drop for Stalling<'_> {
    fn drop(&mut self) {
        self.stopped.clear();
        let _ = self.resumed.set(Instant::now());
    }
}

/// Clients that are held stay so, those whose deadline comes meanwhile have their answer from the master, and twenty that ask are
/// told in time that the server is busy, and served again as soon as it can be.
fn keeps_everybody_while_postgresql_stands_still_for_long() {
    const ACTIVE: usize = 20;
    let (stalled, clients) = stall();
    // A machine that is busy with many clients needs more than a moment for each.
    let seconds = if clients < 100 { 2 } else { 10 };
    let server = Demo::start(quick().set("limits.request_seconds", seconds).set("limits.queue_seconds", seconds));
    let mut held = Held::start_for(&server, clients, 120);
    let wait = stalled / 2 + Duration::from_secs(1);
    let mut short = Held::start_for(&server, clients / 10, wait.as_secs());
    let (workers, resumed) = (server.workers(), OnceLock::new());
    let stopped: Vec<Stopped> = postgresql(&server).into_iter().map(Stopped::new).collect();
    let begun = Instant::now();
    let outcomes: Vec<(Told, Duration)> = std::thread::scope(|scope| {
        // Whatever happens, it is dropped, and the threads end.
        let stalling = Stalling { stopped, resumed: &resumed };
        let threads: Vec<_> = (0..ACTIVE).map(|_| scope.spawn(|| active(&server, &resumed))).collect();
        short.have_nothing();
        assert!(begun.elapsed() < stalled, "their deadline was meanwhile");
        assert_eq!((readiness(&server), server.connections("held")), (503, clients as u64));
        wait::true_within("it has stood still long enough", 2 * stalled, || begun.elapsed() >= stalled);
        drop(stalling);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let wrong: Vec<&String> = outcomes.iter().flat_map(|(told, _)| &told.wrong).collect();
    assert!(wrong.is_empty(), "{} wrong answers: {:.3000}", wrong.len(), format!("{wrong:?}"));
    let slowest = outcomes.iter().map(|(told, _)| told.slowest).max().unwrap_or_default();
    let recovered = outcomes.iter().map(|(_, after)| *after).max().unwrap_or_default();
    let busy: usize = outcomes.iter().map(|(told, _)| told.busy).sum();
    println!(
        "PostgreSQL stood still for {stalled:?}: {clients} clients stayed held, {} were answered at their deadline; {busy} \
         answers to {ACTIVE} active ones said busy, the slowest after {slowest:?}; all were served {recovered:?} after it",
        clients / 10
    );
    assert!(outcomes.iter().all(|(told, _)| told.busy > 0), "each was told");
    // The few of the small size share a busy machine: the time in the queue may come first.
    let most = if clients < 100 { 2 * seconds } else { seconds };
    assert!(slowest < Duration::from_secs(most), "after {slowest:?}");
    until_served(&server);
    assert_eq!(server.workers(), workers);
    assert_eq!(server.connections("held"), clients as u64);
    held.wake(&server);
}

fn lives_on_while_the_first_process_of_postgresql_stands_still() {
    let server = Demo::start(quick());
    until_served(&server);
    let stopped = Stopped::new(server.postmaster().expect("it runs"));
    // There are sessions already.
    assert!(is_good(&ask(&server).reply()));
    // The successor gets none.
    let killed = server.workers();
    for pid in &killed {
        kill(Pid::from_raw(*pid as i32), Signal::SIGKILL).unwrap();
    }
    // One that is dying might take the request with it.
    wait::true_within("they are gone", wait::LONG, || !killed.iter().any(|pid| process::alive(*pid)));
    let reply = ask(&server).reply();
    assert!(is_busy(&reply), "{} {}", reply.status, reply.text());
    wait::true_within("it is not ready", wait::LONG, || readiness(&server) == 503);
    drop(stopped);
    until_served(&server);
}

fn stops_while_postgresql_stands_still() {
    let server = Demo::start(quick());
    until_served(&server);
    let first = server.postmaster().expect("it runs");
    kill(Pid::from_raw(first as i32), Signal::SIGSTOP).unwrap();
    server.stop().expect("nothing is left behind");
    let log = server.log_text();
    assert!(log.contains("stopping PostgreSQL, which takes no session"), "{log}");
    assert!(log.contains("it is told by SIGKILL") && !log.contains("does not exit, killing it"), "{log}");
}

fn replaces_sessions_that_stand_still() {
    let server = Demo::start(quick());
    until_served(&server);
    let sessions = server.query("select pid from pg_stat_activity where application_name = 'ewsd request'");
    let stopped: Vec<Stopped> = sessions.iter().map(|pid| Stopped::new(pid.parse().unwrap())).collect();
    assert!(!stopped.is_empty());
    let reply = ask(&server).reply();
    assert!(is_busy(&reply) || is_good(&reply), "{} {}", reply.status, reply.text());
    until_served(&server);
    assert_eq!(counter(&server, "workers_killed"), 0);
    drop(stopped);
    until_served(&server);
}

/// Mail to many for which the time is over in between: whoever has it is told so, and the others get it later, nobody twice: not
/// even the one whose turn it was then.
fn answers_for_each_recipient_when_the_time_is_over_in_between() {
    // Half a second is left for what is cancelled to end.
    let server = Demo::start(Options { accounts: 12, ..Options::default() }.set("limits.request_seconds", 10));
    until_served(&server);
    server.query(
        "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(1); return new; end'",
    );
    server.query("create trigger slow before insert on item for each row execute function slow()");
    let people: Vec<&str> = server.accounts.iter().map(|account| account.address.as_str()).collect();
    let mut lmtp = Lmtp::hello(server.lmtp());
    let mail = message::plain("once", "x");
    let codes: Vec<u16> = lmtp.deliver("a@elsewhere.test", &people, &mail).iter().map(|reply| reply.code).collect();
    let delivered = codes.iter().take_while(|code| **code == 250).count();
    assert!((1..people.len()).contains(&delivered), "{codes:?}");
    assert!(codes[delivered..].iter().all(|code| *code == 451), "{codes:?}");
    assert_eq!(counter(&server, "workers_killed"), 0);
    server.query("drop trigger slow on item");
    let replies = lmtp.deliver("a@elsewhere.test", &people[delivered..], &mail);
    assert!(replies.iter().all(|reply| reply.code == 250), "{replies:?}");
    for account in &server.accounts {
        assert_eq!(subjects(&mut Ews::connect(&server, account), "inbox"), ["once"]);
    }
}

/// A lock is waited for; the worker dies; its session must not wait on.
fn ends_what_a_killed_worker_had_asked_for() {
    let server = Demo::start(Options::default().set("limits.request_seconds", 600));
    let lock = std::process::Command::new("psql")
        .args(["-X", "-d", &format!("host={} user=ewsd dbname=ewsd", server.folder.join("state/pg-run").display())])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn();
    let mut lock = lock.expect("psql runs");
    use std::io::Write;
    lock.stdin.as_mut().unwrap().write_all(b"begin; lock table item;\n").unwrap();
    let waits = "select 1 from pg_stat_activity where application_name = 'ewsd request' and wait_event_type = 'Lock'";
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    wait::true_within("the lock is held", wait::LONG, || {
        !server.query("select 1 from pg_locks where mode = 'AccessExclusiveLock' and granted").is_empty()
    });
    ews.send(&save_request("drafts", &simple("behind a lock", "x")), &[]);
    wait::true_within("it is waited for", wait::LONG, || !server.query(waits).is_empty());
    for pid in server.workers() {
        kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
    }
    wait::true_within("nobody waits for it", wait::LONG, || server.query(waits).is_empty());
    lock.kill().unwrap();
    lock.wait().unwrap();
    until_served(&server);
}

fn replaces_workers_that_stand_still() {
    let server = Demo::start(quick());
    let mut held = Held::start(&server, 5);
    let frozen = server.workers();
    frozen.iter().for_each(|pid| std::mem::forget(Stopped::new(*pid)));
    let mut clients: Vec<Http> = (0..30).map(|_| ask(&server)).collect();
    for client in &mut clients {
        let reply = client.reply();
        assert!(is_busy(&reply) || is_good(&reply), "{} {}", reply.status, reply.text());
    }
    wait::true_within("others came", wait::LONG, || {
        let _ = ask(&server).try_reply();
        let now = server.workers();
        now.len() == 2 && now.iter().all(|pid| !frozen.contains(pid))
    });
    until_served(&server);
    assert_eq!(server.connections("held"), 5);
    held.wake(&server);
}

fn replaces_roles_that_stand_still() {
    let server = Demo::start(quick());
    until_served(&server);
    let running = |role| process::workers(server.master(), role);
    let before = ["janitor", "courier"].map(|role| (role, running(role)));
    let pids = || before.iter().flat_map(|(_, pids)| pids);
    pids().for_each(|pid| std::mem::forget(Stopped::new(*pid)));
    assert!(is_good(&ask(&server).reply()));
    for (role, before) in &before {
        wait::true_within("another one runs", wait::LONG, || {
            let now = running(role);
            !now.is_empty() && now.iter().all(|pid| !before.contains(pid))
        });
    }
    assert!(is_good(&ask(&server).reply()));
}

/// Whoever asks others about passwords stands still, and dies. People whose password is known here are served all the same; of the
/// others nobody hears that theirs is wrong.
fn calls_no_password_wrong_that_nobody_could_judge() {
    const SECRET: &str = "alice's secret";
    let Some(service) = Service::new("stall", &format!("test \"$password\" = \"{SECRET}\"")) else { return };
    let server = service.serve(|options| {
        options
            .set("limits.request_seconds", 4)
            .set("auth.login_seconds", 1)
            .set("auth.cache_seconds", 0)
            .set("auth.failure_delay_seconds", 0)
    });
    let [alice, bob, carol] = &server.accounts[..] else { panic!("three accounts") };
    let logins = || process::workers(server.master(), "login");
    assert_eq!(answer(&server, &alice.login, SECRET), Heard::Welcome, "{}", server.log_text());
    let frozen = logins();
    assert!(!frozen.is_empty());
    frozen.iter().for_each(|pid| std::mem::forget(Stopped::new(*pid)));
    assert_eq!(password(&server, &bob.login, SECRET), Heard::Busy);
    assert_eq!(password(&server, &carol.login, &carol.password), Heard::Welcome);
    wait::true_within("others came", wait::LONG, || {
        let now = logins();
        !now.is_empty() && now.iter().all(|pid| !frozen.contains(pid))
    });
    assert_eq!(answer(&server, &bob.login, SECRET), Heard::Welcome, "{}", server.log_text());
    for pid in logins() {
        kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
    }
    assert_ne!(password(&server, &bob.login, SECRET), Heard::Wrong);
    assert_eq!(password(&server, &carol.login, &carol.password), Heard::Welcome);
    assert_eq!(answer(&server, &alice.login, SECRET), Heard::Welcome, "{}", server.log_text());
    assert!(!server.log_text().contains("authentication failure"), "{}", server.log_text());
    assert_eq!(answer(&server, &alice.login, "another"), Heard::Wrong, "they are judged again");
}

/// Every statement counts as slow, and one fails with an error that quotes a row.
fn writes_no_mail_into_logs() {
    const SUBJECT: &str = "a subject that nobody else may read";
    const BODY: &str = "a body that nobody else may read";
    let server = Demo::start(Options::default().set("log.level", "debug"));
    let own = server.folder.join("state/pg/local.conf");
    // As where others run PostgreSQL, who may want to see values: what is asked here keeps them to itself.
    let theirs = "log_min_duration_statement = 0\nlog_parameter_max_length = -1\n\
        log_parameter_max_length_on_error = -1\nlog_error_verbosity = default\n";
    let text = std::fs::read_to_string(&own).unwrap() + theirs;
    std::fs::write(&own, text).unwrap();
    server.query("select pg_reload_conf()");
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    // Sessions hear of it with their next statement.
    wait::true_within("statements are logged", wait::LONG, || {
        ews.call_with(GET_INBOX, &[]);
        server.log_text().contains("ewsd request LOG:  duration")
    });
    assert_eq!(ews.call_with(&save_request("drafts", &simple(SUBJECT, BODY)), &[]).codes(), ["NoError"]);
    let mut lmtp = Lmtp::hello(server.lmtp());
    let address = server.accounts[0].address.clone();
    let replies = lmtp.deliver("a@elsewhere.test", &[&address], &message::plain(SUBJECT, BODY));
    assert_eq!(replies[0].code, 250);
    server.query(&format!(
        "alter table item add constraint picky check (length(subject) <> {}) not valid",
        SUBJECT.len()
    ));
    assert_ne!(ews.call_with(&save_request("drafts", &simple(SUBJECT, BODY)), &[]).codes(), ["NoError"]);
    lmtp.deliver("a@elsewhere.test", &[&address], &message::plain(SUBJECT, BODY));
    let wanted = ["insert into", "ERROR:  new row", "23514"];
    wait::true_within("all of it is logged", wait::LONG, || {
        let log = server.log_text();
        wanted.iter().all(|part| log.contains(part))
    });
    ews.call_with(GET_INBOX, &[]);
    let log = server.log_text();
    for secret in [SUBJECT, BODY] {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for line in log.lines() {
            assert!(!line.contains(secret) && !line.contains(&hex), "{line:.2000}");
        }
    }
}
