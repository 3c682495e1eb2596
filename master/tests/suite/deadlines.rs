//! Whatever is outstanding has a deadline. Every server of this suite is asked for that when it stops, too.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::server::{Server, number};

/// Stops a process and waits until it has.
fn freeze(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGSTOP).unwrap();
    while !std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") T ") {
        std::thread::yield_now();
    }
}

#[test]
fn jobs_that_lie_in_the_socket_are_refused_in_time_and_who_leaves_them_is_replaced() {
    let server = Server::start(&["workers=2", "queue=1500", "request=1500"]);
    let frozen = server.pids("request");
    frozen.iter().for_each(|pid| freeze(*pid));
    let mut clients: Vec<_> = (0..40).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    }
    for client in &mut clients {
        assert_eq!(client.reply().status, 503);
    }
    // Whoever had nothing to do all that time and took nothing goes; others come.
    server.until("they are replaced", |status| {
        number(status, "workers_killed") == 2
            && status.contains("\"ready\":true")
            && frozen.iter().all(|pid| !status.contains(&format!("\"pid\":{pid},")))
    });
    assert_eq!(server.get("/echo").status, 200);
    server.stop();
}

#[test]
fn a_quiet_server_kills_a_slow_worker() {
    let server = Server::start(&["workers=1", "request=200"]);
    let fifo = server.dir.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o666)).unwrap();
    std::fs::set_permissions(&fifo, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let mut client = server.connect();
    client.ask(&format!("/wait?fifo={}", fifo.display()));
    // Nobody asks the server anything meanwhile.
    assert!(client.closed());
    server.until("it is replaced", |status| number(status, "workers_killed") == 1 && status.contains("\"ready\":true"));
    server.stop();
}

#[test]
fn a_worker_that_does_not_get_ready_is_killed() {
    let server = Server::launch(&["workers=1", "request=1"], "says_nothing=yes");
    server.until("it is killed", |status| number(status, "workers_killed") >= 1);
    assert!(server.log().contains("it does not get ready"), "{}", server.log());
    server.stop();
}

#[test]
fn a_role_that_says_nothing_any_more_is_killed() {
    let server = Server::start_with(&["workers=1"], "step=200");
    server.until("both are killed", |_| {
        let log = server.log();
        ["janitor", "courier"].iter().all(|role| log.contains(&format!("killing {role} worker")))
    });
    assert!(server.log().contains("it says nothing any more"));
    assert_eq!(server.get("/echo").status, 200);
    server.stop();
}

#[test]
fn readiness_is_the_databases_and_health_the_masters() {
    let server = Server::start(&["workers=1", "request=60000"]);
    let mut admin = crate::server::Client::connect(&server.address("admin"));
    assert_eq!(admin.get("/readyz").status, 200);
    server.get("/away?is=yes");
    server.until("it is not ready", |_| admin.get("/readyz").status == 503);
    assert_eq!(admin.get("/healthz").status, 200);
    server.get("/away?is=no");
    server.until("it is ready", |_| admin.get("/readyz").status == 200);
    // No worker has time to look: bounded, and no.
    freeze(server.pids("request")[0]);
    server.until("it is not ready", |_| admin.get("/readyz").status == 503);
    assert_eq!(admin.get("/healthz").status, 200);
    kill(Pid::from_raw(server.pids("request")[0]), Signal::SIGCONT).unwrap();
    server.until("it is ready", |_| admin.get("/readyz").status == 200);
    server.stop();
}

/// An answer is taken, a little every few milliseconds, but more slowly than it must be.
#[test]
fn who_takes_an_answer_too_slowly_is_cut_off() {
    const OCTETS: usize = 60_000_000;
    let server = Server::start(&["workers=1", "idle=300", "body_min_rate=1000000000"]);
    let mut client = server.connect();
    client.ask(&format!("/drain?n={OCTETS}"));
    let (mut sip, mut taken) = (vec![0; 200_000], 0);
    loop {
        // Each sip is within the time that renewing for every octet would give.
        (0..20).for_each(|_| drop(server.status()));
        match std::io::Read::read(&mut &client.stream, &mut sip) {
            Ok(0) | Err(_) => break,
            Ok(n) => taken += n,
        }
    }
    assert!(taken < OCTETS, "all of it came");
    server.until_number("total", 0);
    server.stop();
}

#[test]
fn everything_outstanding_has_one() {
    let server = Server::start(&["workers=2", "lmtp=yes"]);
    let fifo = server.dir.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o666)).unwrap();
    std::fs::set_permissions(&fifo, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let idle = server.connect();
    let mut head = server.connect();
    head.send("GET /ec");
    let mut body = server.connect();
    body.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 300\r\n\r\nabc");
    let mut collected = server.connect();
    collected.send("POST /upload?limit=1000000 HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\nabc");
    let mut held = server.connect();
    held.ask("/hold?mailbox=1&deadline=60000");
    let mut streamed = server.connect();
    streamed.ask("/hold?mailbox=2&deadline=60000&stream=yes&heartbeat=50000");
    let mut drained = server.connect();
    drained.ask("/drain?n=60000000");
    let mail = server.lmtp();
    server.until("all are there", |status| number(status, "held") == 2 && number(status, "draining") == 1);
    server.assert_deadlines();
    let mut served: Vec<_> = (0..2).map(|_| server.connect()).collect();
    for client in &mut served {
        client.ask(&format!("/wait?fifo={}", fifo.display()));
    }
    server.until("both are busy", |status| status.matches("\"busy\"").count() == 2);
    let mut waiting: Vec<_> = (0..60).map(|_| server.connect()).collect();
    for client in &mut waiting {
        client.ask("/echo");
    }
    server.until("some lie in the socket, some in the queue", |status| number(status, "queue") == 60);
    server.assert_deadlines();
    std::fs::write(server.dir.join("reload.conf"), "").unwrap();
    server.signal(Signal::SIGHUP);
    server.until("the next generation serves", |status| number(status, "generation") == 2);
    server.assert_deadlines();
    kill(Pid::from_raw(server.pids("request")[0]), Signal::SIGKILL).unwrap();
    server.assert_deadlines();
    let _opened = std::fs::File::options().write(true).open(&fifo).unwrap();
    drop((idle, head, body, collected, held, streamed, drained, mail, served, waiting));
    server.until_number("total", 0);
    server.stop();
}
