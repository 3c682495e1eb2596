//! A machine that has run out of something: each system call that the master makes while it serves fails, once and several times.
//! Clients may hear so; afterwards everything is as before, nobody who waited has missed what they waited for, and nothing leaks.

use std::ffi::c_long;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::server::{Client, Server};

/// What a call is for, whose failure some connection feels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// One connection: that one may end.
    Connection,
    /// Something else: connections may be refused, those that wait feel nothing.
    Server,
}

/// A call, an error of it, and what it is for. Which of such errors it is makes no difference to the master.
const FAULTS: &[(&str, c_long, i32, Of)] = &[
    ("accept4", libc::SYS_accept4, libc::ENFILE, Of::Server),
    ("clone", libc::SYS_clone, libc::EAGAIN, Of::Server),
    ("epoll_ctl", libc::SYS_epoll_ctl, libc::ENOMEM, Of::Connection),
    ("fcntl", libc::SYS_fcntl, libc::EMFILE, Of::Server),
    ("memfd_create", libc::SYS_memfd_create, libc::ENFILE, Of::Server),
    ("newfstatat", libc::SYS_newfstatat, libc::ENOMEM, Of::Server),
    ("openat", libc::SYS_openat, libc::ENFILE, Of::Server),
    ("pwrite64", libc::SYS_pwrite64, libc::ENOSPC, Of::Server),
    ("recvfrom", libc::SYS_recvfrom, libc::ENOMEM, Of::Connection),
    ("recvmsg", libc::SYS_recvmsg, libc::ENOMEM, Of::Server),
    ("sendmsg", libc::SYS_sendmsg, libc::ENOBUFS, Of::Server),
    ("sendto", libc::SYS_sendto, libc::ENOBUFS, Of::Connection),
    ("socketpair", libc::SYS_socketpair, libc::ENFILE, Of::Server),
];

#[test]
fn a_call_that_fails_once_harms_nobody() {
    survive_all(1);
}

#[test]
fn a_call_that_fails_several_times_harms_nobody_for_long() {
    survive_all(4);
}

fn survive_all(times: u32) {
    for &(name, call, errno, of) in FAULTS {
        survives(name, call, errno, times, of);
    }
}

/// Asked at once again, it would fail as often as the processor can ask.
#[test]
fn what_goes_on_failing_is_asked_with_pauses() {
    let (server, failing) = Server::failing_at(libc::SYS_accept4, &["workers=1"]);
    let begun = Instant::now();
    failing.fail(server.pid().as_raw() as u32, libc::SYS_accept4, libc::ENFILE, u32::MAX);
    let mut client = server.connect();
    client.ask("/echo");
    while failing.failed() < 4 {
        std::thread::yield_now();
    }
    let took = begun.elapsed();
    failing.relent();
    assert!(took >= Duration::from_millis(500), "{took:?}");
    assert_eq!(client.reply().status, 200);
    server.stop();
}

fn survives(name: &str, call: c_long, errno: i32, times: u32, of: Of) {
    let (server, failing) = Server::failing_at(call, &["workers=2"]);
    let master = server.pid();
    let workers = server.until("all stand", settled).matches("\"pid\":").count();
    let descriptors = open_descriptors(master);
    let worker = server.pids("request")[0];
    let mut waiting: Vec<Client> = (0..4).map(|_| server.connect()).collect();
    for client in &mut waiting {
        client.ask("/hold?mailbox=1&seen=4&deadline=60000");
    }
    server.until_number("held", 4);

    failing.fail(master.as_raw() as u32, call, errno, times);
    lives(&server, worker);
    let failed = failing.relent();
    let what = format!("{name}, error {errno}, {failed} of {times} times");
    println!("{what}");

    assert_eq!(server.get("/change?mailbox=1&seq=6&tell=yes").status, 200, "{what}");
    let told = waiting.iter_mut().filter_map(Client::reply_or_end).map(|reply| reply.text());
    let told = told.inspect(|text| assert!(["event 5", "event 6"].contains(&text.as_str()), "{what}: {text}")).count();
    assert!(told == 4 || of == Of::Connection, "{what}: {told} of 4 were told\n{}", server.log());
    drop(waiting);
    assert_eq!(server.get("/echo").status, 200, "{what}");
    server.until_number("total", 0);
    server.until(&format!("{what}: as many workers"), |status| {
        settled(status) && status.matches("\"pid\":").count() == workers
    });
    server.until(&format!("{what}: as many descriptors as {descriptors}"), |_| open_descriptors(master) <= descriptors);
    server.stop();
}

/// Short and long requests, a change that somebody waits for, a worker that dies, a reload.
fn lives(server: &Server, worker: i32) {
    let short = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").into_bytes();
    let mut long = b"POST /upload?limit=1000000 HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n".to_vec();
    long.resize(long.len() + 300_000, b'x');
    let address = server.address("http");
    let asks = |request: &[u8]| {
        let reply = Client::connect(&address).tries(request);
        assert!(reply.is_none_or(|reply| [200, 502, 503].contains(&reply.status)));
    };
    asks(&long);
    asks(&short("/echo"));
    asks(&short("/big?n=200000"));
    asks(&short("/change?mailbox=1&seq=5&tell=yes"));
    let _ = kill(Pid::from_raw(worker), Signal::SIGKILL);
    asks(&short("/hold?mailbox=9&deadline=50"));
    std::fs::write(server.dir.join("reload.conf"), "").unwrap();
    server.signal(Signal::SIGHUP);
    asks(&short("/echo"));
}

fn settled(status: &str) -> bool {
    status.contains("\"ready\":true") && !status.contains("\"starting\"") && !status.contains("\"retiring\"")
}

fn open_descriptors(pid: Pid) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}
