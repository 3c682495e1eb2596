//! Stopping: requests are finished, held clients released, workers end before the database.

use nix::sys::signal::Signal;

use crate::server::{Client, Server};

#[test]
fn sigterm_finishes_requests_and_releases_held_clients() {
    let mut server = Server::start(&["workers=1"]);
    let fifo = server.dir.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o666)).unwrap();
    std::fs::set_permissions(&fifo, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let mut held = server.connect();
    held.ask("/hold?mailbox=1&deadline=60000&own=bye");
    server.until_number("held", 1);
    let mut slow = server.connect();
    slow.ask(&format!("/wait?fifo={}", fifo.display()));
    server.until("busy", |status| status.contains("\"busy\""));
    let mut idle = server.connect();
    idle.send("");
    server.until_number("total", 3);
    let address = server.address("http");
    assert!(server.listens_on(&address));
    server.signal(Signal::SIGTERM);
    assert_eq!(held.reply().text(), "deadline bye");
    assert!(held.closed());
    assert!(idle.closed());
    // Asking by connecting would say nothing: another server may have been given the port by now.
    assert!(!server.listens_on(&address));
    server.until("draining", |status| status.contains("\"phase\":\"draining\""));
    assert_eq!(Client::connect(&server.address("admin")).get("/readyz").status, 503);
    let _opened = std::fs::File::options().write(true).open(&fifo).unwrap();
    assert_eq!(slow.reply().status, 200);
    assert!(slow.closed());
    assert!(server.exits(), "{}", server.log());
    assert!(!server.control().exists());
    assert!(!server.dir.join("run/addresses.json").exists());
}

#[test]
fn the_database_goes_last() {
    let mut server = Server::start(&[]);
    let pids: Vec<i32> = ["database", "request", "janitor"].iter().flat_map(|role| server.pids(role)).collect();
    assert_eq!(pids.len(), 4);
    server.command("{\"cmd\":\"stop\"}");
    assert!(server.exits());
    let log = server.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(" worker ") && !line.contains("started")).collect();
    assert!(lines.last().unwrap().contains("database worker"), "{log}");
    for pid in pids {
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    }
}

/// A checkpoint takes longer than a worker may.
#[test]
fn the_database_has_more_time_than_workers() {
    let mut server = Server::start_with(&["workers=1"], "lingers=11");
    server.signal(Signal::SIGTERM);
    assert!(server.exits());
    let log = server.log();
    let ended = log.lines().find(|line| line.contains("database worker") && line.contains("exited with status 0"));
    assert!(ended.is_some() && !log.contains("killing it"), "{log}");
}

#[test]
fn what_is_not_finished_in_time_is_cut_off() {
    let mut server = Server::start(&["drain=100", "workers=1"]);
    let mut client = server.connect();
    client.ask("/big?n=20000000");
    server.until_number("draining", 1);
    server.signal(Signal::SIGTERM);
    assert!(server.exits());
    assert!(server.log().contains("1 connections are not finished after process.drain_seconds"), "{}", server.log());
}

#[test]
fn a_second_signal_does_not_wait() {
    let mut server = Server::start(&["drain=3600000", "workers=1"]);
    let mut client = server.connect();
    client.ask("/big?n=20000000");
    server.until_number("draining", 1);
    server.signal(Signal::SIGTERM);
    server.until("draining", |status| status.contains("\"phase\":\"draining\""));
    server.signal(Signal::SIGINT);
    assert!(server.exits());
}

#[test]
fn when_the_master_dies_its_workers_do() {
    let mut server = Server::start(&[]);
    let pids: Vec<i32> = ["database", "request", "janitor"].iter().flat_map(|role| server.pids(role)).collect();
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let started = std::time::Instant::now();
    let lives = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    while pids.iter().any(lives) {
        assert!(started.elapsed() < crate::server::PATIENCE);
        std::thread::yield_now();
    }
}

#[test]
fn a_second_master_on_the_same_directory_is_refused() {
    let server = Server::start(&[]);
    let second = std::process::Command::new(std::fs::read_link(format!("/proc/{}/exe", server.pid())).unwrap())
        .arg(&server.dir)
        .output()
        .unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("another server answers there"), "{said}");
    server.stop();
}
