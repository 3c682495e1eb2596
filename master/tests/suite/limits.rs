//! Deadlines and caps.

use std::net::TcpStream;

use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};

use crate::server::{Client, Server};

#[test]
fn slow_heads_and_bodies_get_408() {
    let server = Server::start(&["head=100", "body_min_rate=1000000"]);
    let mut head = server.connect();
    head.send("GET /echo HT");
    let mut body = server.connect();
    body.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
    let mut large = server.connect();
    large.send("POST /upload?limit=1000000 HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nabc");
    let mut chunked = server.connect();
    chunked.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
    for client in [&mut head, &mut body, &mut large, &mut chunked] {
        assert_eq!(client.reply().status, 408);
        assert!(client.closed());
    }
    server.stop();
}

#[test]
fn idle_connections_are_closed_after_their_time() {
    let server = Server::start(&["idle=150"]);
    let mut fresh = server.connect();
    let mut used = server.connect();
    used.get("/echo");
    assert!(fresh.closed());
    assert!(used.closed());
    server.until_number("total", 0);
    server.stop();
}

#[test]
fn a_reader_that_takes_nothing_is_dropped() {
    let server = Server::start(&["idle=200"]);
    let mut client = server.connect();
    client.ask("/big?n=20000000");
    server.until_number("draining", 1);
    server.until_number("total", 0);
    drop(client);
    server.stop();
}

/// The time in which a client must take something of its answer begins with the answer, whatever was left of its wait.
#[test]
fn an_answer_has_its_own_time_to_be_read() {
    let server = Server::start(&[]);
    let mut deaf = server.connect();
    deaf.ask("/hold?mailbox=1&deadline=3000&big=yes");
    server.until_number("held", 1);
    server.get("/change?mailbox=1&seq=1&tell=yes");
    server.until_number("draining", 1);
    // It lives on when its wait would have been over.
    assert_eq!(server.get("/hold?mailbox=2&deadline=3000").text(), "deadline none");
    assert_eq!(server.number("draining"), 1);
    assert_eq!(deaf.reply().body.len(), 20_000_000, "all of it");
    assert_eq!(deaf.get("/echo").status, 200);
    server.stop();
}

/// What is left unread is counted and has a ceiling, four times `buffered_bytes`: of who leaves most the oldest goes, and nobody else.
#[test]
fn answers_that_nobody_reads_are_few() {
    const OCTETS: usize = 20_000_000;
    let server = Server::start(&["workers=2", "buffered_bytes=14000000"]);
    let ask = |account: u64, octets: usize| {
        let mut client = server.connect();
        client.send(format!("GET /drain?n={octets} HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {account}\r\n\r\n"));
        client
    };
    let mut other = ask(2, OCTETS);
    server.until_number("draining", 1);
    assert!(server.number("unread_bytes") >= OCTETS as u64, "{}", server.status());
    let mut first = ask(1, OCTETS);
    server.until_number("draining", 2);
    let mut second = ask(1, OCTETS);
    server.until_number("cut_off", 1);
    assert_eq!(server.number("draining"), 2);
    assert!(first.closed());
    for client in [&mut other, &mut second] {
        assert_eq!(client.reply().body.len(), OCTETS, "all of it");
        assert_eq!(client.get("/echo").status, 200);
    }
    server.until_number("unread_bytes", 0);
    // A large one alone is nobody's harm.
    let mut large = ask(1, 4 * OCTETS);
    server.until_number("draining", 1);
    assert_eq!(large.reply().body.len(), 4 * OCTETS);
    assert_eq!(server.number("cut_off"), 1);
    server.stop();
}

#[test]
fn connections_over_the_cap_get_503() {
    let server = Server::start(&["connections=3"]);
    let mut inside: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for client in &mut inside {
        assert_eq!(client.get("/echo").status, 200);
    }
    let mut outside = server.connect();
    let reply = outside.reply();
    assert_eq!((reply.status, reply.header("retry-after"), reply.header("connection")), (503, "5", "close"));
    assert!(outside.closed());
    drop(outside);
    inside.pop();
    server.until_number("total", 2);
    assert_eq!(server.get("/echo").status, 200);
    assert_eq!(server.number("refused_connections"), 1);
    server.stop();
}

#[test]
fn one_address_may_not_take_all() {
    let server = Server::start(&["connections_per_address=2"]);
    let mut inside: Vec<_> = (0..2).map(|_| server.connect()).collect();
    for client in &mut inside {
        assert_eq!(client.get("/echo").status, 200);
    }
    assert_eq!(server.connect().reply().status, 503);
    server.stop();
}

#[test]
fn lmtp_clients_over_the_cap_hear_421() {
    let server = Server::start(&["connections=1", "lmtp=yes"]);
    let mut inside = server.lmtp();
    inside.until("220 scripted\r\n");
    assert!(server.lmtp().until("\r\n").starts_with("421 4.3.2 "));
    server.stop();
}

#[test]
fn requests_over_the_memory_cap_get_503() {
    let server = Server::start(&["buffered_bytes=50000"]);
    let mut big = server.connect();
    big.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n").send(vec![b'x'; 55_000]);
    let reply = big.reply();
    assert_eq!((reply.status, reply.header("retry-after")), (503, "5"));
    assert!(big.closed());
    server.until_number("total", 0);
    assert_eq!(server.number("buffered_bytes"), 0);
    assert_eq!(server.get("/echo").status, 200);
    server.stop();
}

#[test]
fn too_much_pipelined_is_refused() {
    let server = Server::start(&["pipelined_bytes=100"]);
    let mut client = server.connect();
    client.send(format!("GET /echo HTTP/1.1\r\nHost: h\r\n\r\nGET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(200)));
    assert_eq!(client.reply().status, 400);
    server.stop();
}

#[test]
fn a_request_that_no_worker_takes_gets_503() {
    let server = Server::launch(&["queue=150", "workers=1"], "dies=request");
    let mut client = server.connect();
    client.ask("/echo");
    let reply = client.reply();
    assert_eq!((reply.status, reply.header("retry-after")), (503, "5"));
    server.stop();
}

#[test]
fn the_queue_keeps_what_workers_cannot_take_yet() {
    let server = Server::start(&["workers=1", "queue=60000"]);
    let fifo = server.dir.join("fifo");
    nix::unistd::mkfifo(&fifo, Mode::from_bits_truncate(0o666)).unwrap();
    fchmodat(nix::fcntl::AT_FDCWD, &fifo, Mode::from_bits_truncate(0o666), FchmodatFlags::FollowSymlink).unwrap();
    let mut blocking = server.connect();
    blocking.ask(&format!("/wait?fifo={}", fifo.display()));
    server.until("busy", |status| status.contains("\"busy\""));
    let mut waiting: Vec<_> = (0..100).map(|_| server.connect()).collect();
    for client in &mut waiting {
        client.ask("/echo");
    }
    server.until_number("queue", 100);
    assert!(server.number("queued") >= 70, "{}", server.status());
    // One that leaves while it waits is not served.
    let left = waiting.pop().unwrap();
    leave(left);
    server.until_number("queue", 99);
    let _opened = std::fs::File::options().write(true).open(&fifo).unwrap();
    assert_eq!(blocking.reply().status, 200);
    for client in &mut waiting {
        assert_eq!(client.reply().status, 200);
    }
    server.stop();
}

/// So that closing is seen at once, with whatever was not read.
fn leave(client: Client) {
    setsockopt(&client.stream, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 0 }).unwrap();
}

#[test]
fn who_leaves_before_a_worker_is_there_leaves_nothing() {
    const ROUNDS: usize = 20;
    let server = Server::launch(&["workers=1", "queue=60000"], "dies=request");
    for _ in 0..ROUNDS {
        let clients: Vec<_> = (0..50)
            .map(|_| {
                let mut client = server.connect();
                client.ask("/echo");
                client
            })
            .collect();
        server.until_number("queued", 50);
        clients.into_iter().for_each(leave);
        server.until_number("total", 0);
    }
    let entries = server.command("{\"cmd\":\"jobs\"}").matches("\"what\":\"request\"").count();
    assert!(entries < 50 * ROUNDS / 2, "{entries} of {} are kept", 50 * ROUNDS);
    server.stop();
}

/// The lowest descriptor that the master may not have.
fn limit_descriptors(server: &Server, most: u64) {
    let limit = libc::rlimit { rlim_cur: most, rlim_max: libc::RLIM_INFINITY };
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both are plain values that live until it returns.
    let got = unsafe { libc::prlimit(server.pid().as_raw(), libc::RLIMIT_NOFILE, std::ptr::null(), &raw mut now) };
    assert_eq!(got, 0);
    let limit = libc::rlimit { rlim_max: now.rlim_max, ..limit };
    // SAFETY: as above.
    let set =
        unsafe { libc::prlimit(server.pid().as_raw(), libc::RLIMIT_NOFILE, &raw const limit, std::ptr::null_mut()) };
    assert_eq!(set, 0);
}

#[test]
fn a_socket_that_finds_no_descriptor_costs_its_connection_and_no_worker() {
    let server = Server::start(&["workers=1"]);
    let workers = server.pids("request");
    let fifo = server.dir.join("fifo");
    nix::unistd::mkfifo(&fifo, Mode::from_bits_truncate(0o666)).unwrap();
    fchmodat(nix::fcntl::AT_FDCWD, &fifo, Mode::from_bits_truncate(0o666), FchmodatFlags::FollowSymlink).unwrap();
    let mut idle = server.connect();
    assert_eq!(idle.get("/echo").status, 200);
    let mut asking = server.connect();
    asking.ask(&format!("/wait?fifo={}", fifo.display()));
    server.until("busy", |status| status.contains("\"busy\""));
    limit_descriptors(&server, 3);
    let _opened = std::fs::File::options().write(true).open(&fifo).unwrap();
    assert_eq!(asking.reply().status, 200, "its worker has written that");
    assert!(asking.closed(), "the socket was lost");
    limit_descriptors(&server, 1024);
    assert!(idle.closed(), "it made room");
    assert_eq!(server.get("/echo").status, 200);
    assert_eq!((server.pids("request"), server.number("workers_killed")), (workers, 0));
    server.stop();
}

#[test]
fn few_descriptors_are_few_clients_and_cost_no_worker() {
    let server = Server::start(&["workers=2", "nofile=256"]);
    assert!(server.log().contains("descriptors are enough for"), "{}", server.log());
    // Silent ones give way to who comes later.
    let silent: Vec<_> = (0..400).filter_map(|_| TcpStream::connect(server.address("http")).ok()).collect();
    assert_eq!(server.get("/echo").status, 200);
    drop(silent);
    server.until_number("total", 0);
    // Who has asked something stays; nobody is let in whom the master could not serve.
    let mut known = Vec::new();
    let refused = loop {
        let mut client = server.connect();
        client.ask("/echo");
        let mut first = [0; 1];
        if client.stream.peek(&mut first).unwrap_or(0) == 0 || client.reply().status == 503 {
            break known.len();
        }
        known.push(client);
    };
    assert!((100..200).contains(&refused), "{refused}");
    for client in &mut known {
        assert_eq!(client.get("/echo").status, 200);
    }
    assert_eq!(server.number("workers_killed"), 0);
    server.stop();
}

#[test]
fn administrators_do_not_keep_each_other_out() {
    let server = Server::start(&[]);
    let idle: Vec<_> = (0..140).map(|_| TcpStream::connect(server.address("admin")).unwrap()).collect();
    server.until("they are there", |status| status.contains("\"ready\":true"));
    assert_eq!(server.get("/echo").status, 200);
    drop(idle);
    server.stop();
}

#[test]
fn mail_has_places_that_http_cannot_take() {
    let server = Server::start(&["connections=32", "lmtp=yes"]);
    let mut inside: Vec<_> = (0..30).map(|_| server.connect()).collect();
    for client in &mut inside {
        assert_eq!(client.get("/echo").status, 200);
    }
    assert_eq!(server.connect().reply().status, 503);
    let mut mail = server.lmtp();
    mail.until("220 scripted\r\n");
    server.stop();
}

#[test]
fn who_says_nothing_goes_soon_and_first() {
    let server = Server::start(&["head=150", "connections=3"]);
    assert!(server.connect().closed());
    let mut used = server.connect();
    assert_eq!(used.get("/echo").status, 200);
    let mut silent: Vec<_> = (0..2).map(|_| server.connect()).collect();
    let mut late = server.connect();
    assert_eq!(late.get("/echo").status, 200);
    assert_eq!(used.get("/echo").status, 200);
    assert!(silent.remove(0).closed());
    server.stop();
}
