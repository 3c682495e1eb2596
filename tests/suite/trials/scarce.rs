//! A machine that has run out of something, seen by the processes that work: calls of theirs fail while clients work. Everyone
//! has an answer that says so or none that is wrong, mail is put off and never kept unread because of it, nobody who waits
//! notices, and afterwards all is as before. What the master's own calls come to is tested beside it (`master/tests`).

use std::ffi::c_long;

use nix::libc;

use super::database::{GET_INBOX, Held};
use crate::support::demo::{Demo, Options, until_full};
use crate::support::disk::Disk;
use crate::support::ews::{CONTENT_TYPE, Ews, PATH, basic, envelope};
use crate::support::http::Http;
use crate::support::lmtp::{Lmtp, try_deliver};
use crate::support::ops::{events_of, events_request, get_request, list, save, save_request, shape, simple, subscribe};
use crate::support::{message, process, wait};

crate::tests![
    workers_say_what_they_are_short_of,
    keeps_a_call_held_whose_answer_has_no_room,
    lives_on_when_no_octet_is_left,
];

/// In which role a call fails, which, with what, and whether the process may end over it: what it does then is a request's, and
/// the request's alone.
type Row = (&'static str, &'static str, c_long, i32, bool);

const FAULTS: &[Row] = &[
    ("request", "memfd_create", libc::SYS_memfd_create, libc::ENFILE, false),
    ("request", "socketpair", libc::SYS_socketpair, libc::EMFILE, false),
    ("request", "socket", libc::SYS_socket, libc::EMFILE, false),
    ("request", "epoll_create1", libc::SYS_epoll_create1, libc::ENFILE, false),
    ("request", "openat", libc::SYS_openat, libc::ENFILE, false),
    ("request", "mmap", libc::SYS_mmap, libc::ENOMEM, true),
    ("request", "sendmsg", libc::SYS_sendmsg, libc::ENOBUFS, true),
    ("request", "recvmsg", libc::SYS_recvmsg, libc::ENOMEM, true),
    // The file is there, and no room in it.
    ("request", "pwrite64", libc::SYS_pwrite64, libc::ENOSPC, false),
    ("converter", "pwrite64", libc::SYS_pwrite64, libc::ENOSPC, false),
    ("converter", "memfd_create", libc::SYS_memfd_create, libc::ENFILE, false),
    ("converter", "mmap", libc::SYS_mmap, libc::ENOMEM, true),
    ("converter", "sendmsg", libc::SYS_sendmsg, libc::ENOBUFS, true),
    ("converter", "recvmsg", libc::SYS_recvmsg, libc::ENOMEM, true),
];

/// How often a call fails: longer than anybody tries by himself.
const TIMES: u32 = 12;

fn workers_say_what_they_are_short_of() {
    let watched: Vec<c_long> = FAULTS.iter().map(|row| row.2).collect();
    let options = Options { workers: 1, ..Options::default() }.set("limits.request_seconds", 10);
    let (server, failing) = Demo::failing_at(options, &watched);
    let mut held = Held::start(&server, 3);
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let big = save(&mut ews, "drafts", &simple("big", &"0123456789abcdef".repeat(200_000)));
    let read_big = get_request(&shape("IdOnly", &["item:Body"]), &[&big]);
    let mut missed = Vec::new();
    for &(role, name, call, errno, may_end) in FAULTS {
        until_full(&server, 1);
        let pid = wait::until("it runs", wait::LONG, || process::workers(server.master(), role).pop());
        let what = format!("{name} of the {role} worker");
        failing.fail(pid, call, errno, TIMES);
        let lost = lives(&server, &what, &read_big);
        let failed = failing.failed();
        failing.relent();
        println!("{what}: {failed} failed, {lost} had no answer");
        if failed == 0 {
            missed.push(what.clone());
        }
        let ended = process::workers(server.master(), role).pop() != Some(pid);
        assert!(may_end || lost == 0 && !ended, "{what}: {lost} had no answer; ended: {ended}");
        is_well(&server, &what, &read_big);
    }
    held.wake(&server);
    assert!(missed.len() <= 2, "these calls are made no more: {missed:?}");
}

/// What became of a request: told well, or that it is busy, or nothing.
fn ask(server: &Demo, what: &str, operation: &str) -> Option<bool> {
    let account = &server.accounts[0];
    let body = envelope(Some("Exchange2013_SP1"), "", operation);
    let authorization = basic(&account.login, &account.password);
    let reply = Http::try_connect(server.http()).ok()?.try_post(PATH, &[CONTENT_TYPE, &authorization], body.as_bytes());
    let reply = reply.ok()?;
    let text = reply.text();
    if reply.status == 200 && text.contains(">NoError<") {
        return Some(true);
    }
    let polite = reply.status == 503
        || reply.status == 502
        || ["ErrorServerBusy", "ErrorInsufficientResources"].iter().any(|code| text.contains(&format!(">{code}<")));
    assert!(polite, "{what}: {} {text:.1000} to {operation:.200}", reply.status);
    Some(false)
}

/// A large mail; its answer.
fn deliver(server: &Demo, subject: &str) -> std::io::Result<u16> {
    let mail = message::plain(subject, &"many words of a long mail\r\n".repeat(8_000));
    try_deliver(server.lmtp(), &server.accounts[0].address, &mail, wait::LONG)
}

/// Requests and mail, short and long, with a session of PostgreSQL's that has to be made anew; how many had no answer.
fn lives(server: &Demo, what: &str, read_big: &str) -> usize {
    server.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ewsd request'");
    let large = save_request("drafts", &simple("large", &"words ".repeat(60_000)));
    let outcomes = [ask(server, what, GET_INBOX), ask(server, what, read_big), ask(server, what, &large)];
    let subject = format!("while {what} fails");
    let delivered = deliver(server, &subject);
    assert!(
        delivered.as_ref().is_ok_and(|code| [250, 421, 451, 452].contains(code)) || delivered.is_err(),
        "{delivered:?}"
    );
    outcomes.iter().filter(|outcome| outcome.is_none()).count() + usize::from(delivered.is_err())
}

/// Everything works, and everything that was taken was read.
fn is_well(server: &Demo, what: &str, read_big: &str) {
    for operation in [GET_INBOX, read_big] {
        wait::true_within("it serves again", wait::LONG, || ask(server, what, operation) == Some(true));
    }
    wait::true_within("mail is taken", wait::LONG, || deliver(server, "after").is_ok_and(|code| code == 250));
    let unread = server.query("select subject from item where flags & 8192 <> 0");
    assert!(unread.is_empty(), "{what}: mail was kept unread: {unread:?}");
    assert_eq!(server.connections("held"), 3, "{what}: who waits feels nothing of it");
}

/// What is too large for a message between processes has a file, which cannot be made: the call stays held and is answered later.
fn keeps_a_call_held_whose_answer_has_no_room() {
    const MANY: usize = 300;
    let options = Options { workers: 1, ..Options::default() }.set("notifications.events", 1000);
    let (server, failing) = Demo::failing_at(options, &[libc::SYS_memfd_create]);
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let mut held = ews.again();
    let subscription = subscribe(&mut ews, &["drafts"], &["CreatedEvent"]);
    held.send(&events_request(&subscription), &["Prefer: wait=300"]);
    wait::true_within("it is held", wait::LONG, || server.connections("held") == 1);
    failing.fail(server.workers()[0], libc::SYS_memfd_create, libc::ENFILE, 2);
    let many: String = (0..MANY).map(|n| simple(&format!("number {n}"), "x")).collect();
    assert_eq!(ews.ok(&save_request("drafts", &many)).len(), MANY);
    assert_eq!(events_of(&held.receive()).events.len(), MANY);
    assert_eq!(failing.failed(), 2, "the answer had to have a file");
}

/// Not one octet is left on the disk of the state directory, where PostgreSQL lies too: it may end over it.
fn lives_on_when_no_octet_is_left() {
    let Some(disk) = Disk::mount(500 << 20) else { return };
    let options = Options::default().set("limits.request_seconds", 4).set("process.retire_after", 10_000_000);
    let server = Demo::start_at(disk.folder.join("server"), options).unwrap();
    let mut held = Held::start(&server, 5);
    let workers = server.workers();
    let create = save_request("drafts", &simple("x", &"words ".repeat(10_000)));
    let filler = disk.fill(0);
    let mut taken = 0;
    // Until PostgreSQL has met the end of it.
    wait::true_within("it is full", wait::LONG, || {
        let answer = ask(&server, "a full disk", &create);
        taken += usize::from(answer == Some(true));
        answer == Some(false)
    });
    for _ in 0..20 {
        assert!(ask(&server, "a full disk", &create).is_some(), "everyone has an answer");
        assert!(ask(&server, "a full disk", GET_INBOX).is_some(), "everyone has an answer");
        let mut lmtp = Lmtp::hello(server.lmtp());
        let replies = lmtp.deliver("a@elsewhere.test", &[&server.accounts[0].address], &message::plain("x", "x"));
        assert!((400..500).contains(&replies[0].code), "{replies:?}");
    }
    drop(filler);
    wait::true_within("it serves again", wait::LONG, || ask(&server, "after it", &create) == Some(true));
    let drafts = list(&mut Ews::connect(&server, &server.accounts[0]).unrecorded(), "drafts").len();
    assert!(drafts > taken, "{drafts} are there, {taken} were taken while there was less and less room");
    assert_eq!(server.workers(), workers, "no worker ended over it");
    assert_eq!(server.connections("held"), 5);
    held.wake(&server);
    assert_eq!(Http::connect(server.admin()).get("/readyz", &[]).status, 200);
}
