//! Workers: pulled jobs, retirement, death, disobedience, generations.

use std::collections::HashSet;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::server::{Server, number};

#[test]
fn whoever_is_free_takes_the_next_job() {
    let server = Server::start(&["workers=3"]);
    let fifo = server.dir.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o666)).unwrap();
    std::fs::set_permissions(&fifo, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    // Two are blocked; the third does all the rest, and nobody waits for the blocked ones.
    let mut blocked: Vec<_> = (0..2).map(|_| server.connect()).collect();
    for client in &mut blocked {
        client.ask(&format!("/wait?fifo={}", fifo.display()));
    }
    server.until("two are busy", |status| status.matches("\"busy\"").count() == 2);
    let pids: HashSet<String> = (0..50).map(|_| server.get("/echo").header("x-pid").to_owned()).collect();
    assert_eq!(pids.len(), 1);
    let _opened = std::fs::File::options().write(true).open(&fifo).unwrap();
    for client in &mut blocked {
        assert_eq!(client.reply().status, 200);
    }
    server.stop();
}

#[test]
fn a_dead_worker_takes_one_connection_with_it() {
    let server = Server::start(&["workers=1"]);
    let mut idle = server.connect();
    idle.get("/echo");
    let mut client = server.connect();
    client.ask("/die");
    assert!(client.closed());
    assert_eq!(idle.get("/echo").status, 200);
    server.until_number("total", 1);
    assert_eq!(server.number("jobs_lost"), 1);
    server.stop();
}

#[test]
fn workers_retire_and_nobody_notices() {
    let server = Server::start_with(&["workers=2"], "retire_after=5");
    let mut client = server.connect();
    let pids: HashSet<String> = (0..100)
        .map(|_| {
            let reply = client.get("/echo");
            assert_eq!(reply.status, 200);
            reply.header("x-pid").to_owned()
        })
        .collect();
    assert!(pids.len() >= 19, "{} workers", pids.len());
    assert_eq!(server.number("workers_died"), 0);
    server.stop();
}

#[test]
fn a_worker_that_breaks_the_rules_is_killed() {
    let server = Server::start(&["workers=1"]);
    let all = [
        "kind",
        "short",
        "long",
        "huge",
        "unknown-job",
        "too-many-fds",
        "no-fd",
        "other-socket",
        "file",
        "strange-twice",
        "wrong-answer",
        "twice",
        "no-watch",
        "hello-again",
    ];
    for (i, what) in all.iter().enumerate() {
        let mut client = server.connect();
        client.ask(&format!("/bad?what={what}"));
        server.until(what, |status| number(status, "workers_killed") == i as u64 + 1);
        assert!(client.closed(), "{what}");
        server
            .until(what, |status| status.contains("\"ready\":true") && number(status, "workers_died") == i as u64 + 1);
        assert_eq!(server.get("/echo").status, 200, "after {what}");
    }
    server.until_number("total", 0);
    server.stop();
}

#[test]
fn a_worker_that_takes_too_long_is_killed() {
    let server = Server::start(&["workers=1", "request=100"]);
    let fifo = server.dir.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o666)).unwrap();
    std::fs::set_permissions(&fifo, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let mut client = server.connect();
    client.ask(&format!("/wait?fifo={}", fifo.display()));
    assert!(client.closed());
    assert_eq!(server.number("workers_killed"), 1);
    server.stop();
}

#[test]
fn kill_in_a_loop_loses_no_slot() {
    let server = Server::start(&["workers=3"]);
    let address = server.address("http");
    let done = std::sync::atomic::AtomicBool::new(false);
    let served = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut served = 0;
                    while !done.load(std::sync::atomic::Ordering::Relaxed) {
                        let mut client = crate::server::Client::connect(&address);
                        for _ in 0..20 {
                            client.ask("/echo");
                            let mut first = [0; 1];
                            if client.stream.peek(&mut first).unwrap_or(0) == 0 {
                                break;
                            }
                            assert_eq!(client.reply().status, 200);
                            served += 1;
                        }
                    }
                    served
                })
            })
            .collect();
        for round in 1..=40 {
            for pid in server.pids("request").into_iter().take(1) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
            server.until("it died", |status| number(status, "workers_died") >= round);
            server.until("ready", |status| status.contains("\"ready\":true"));
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        clients.into_iter().map(|client| client.join().unwrap()).sum::<u32>()
    });
    assert!(served > 100, "{served}");
    server.until_number("total", 0);
    server.until_number("queue", 0);
    server.stop();
}

#[test]
fn jobs_that_nobody_can_take_come_back() {
    let server = Server::start(&["workers=1"]);
    let pid = Pid::from_raw(server.pids("request")[0]);
    // Frozen, it takes nothing; some jobs are in the socket when it dies.
    kill(pid, Signal::SIGSTOP).unwrap();
    let stopped = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") T ");
    while !stopped() {
        std::thread::yield_now();
    }
    let mut clients: Vec<_> = (0..40).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    }
    server.until_number("queue", 40);
    kill(pid, Signal::SIGKILL).unwrap();
    for client in &mut clients {
        assert_eq!(client.reply().text(), "abc");
    }
    assert_eq!(server.number("jobs_lost"), 0);
    server.stop();
}

#[test]
fn a_role_that_dies_at_start_is_throttled() {
    let server = Server::launch(&["workers=1"], "dies=janitor");
    server.until("ready", |status| status.contains("\"ready\":true"));
    server.until("two attempts", |_| server.log().matches("janitor worker in slot 0 did not last").count() == 2);
    let log = server.log();
    for pause in ["1 s", "2 s"] {
        assert!(log.contains(&format!("next attempt in {pause}")), "{log}");
    }
    assert_eq!(server.get("/echo").status, 200);
    server.stop();
}

#[test]
fn requests_wait_for_the_database() {
    let server = Server::launch(&["workers=1"], "dies=database");
    let mut client = server.connect();
    client.ask("/echo");
    server.until_number("queued", 1);
    assert!(server.pids("request").is_empty());
    std::fs::write(server.dir.join("reload.conf"), "").unwrap();
    std::fs::write(server.dir.join("worker.conf"), "").unwrap();
    server.signal(Signal::SIGHUP);
    assert_eq!(client.reply().status, 200);
    server.stop();
}

#[test]
fn a_database_that_will_never_be_ends_the_server_which_says_why() {
    let mut server = Server::launch(&["workers=1"], "dies=database");
    server.until("it is tried again", |_| server.log().contains("next attempt in 1 s"));
    let mut client = server.connect();
    client.ask("/echo");
    server.until_number("queued", 1);
    std::fs::write(server.dir.join("reload.conf"), "").unwrap();
    std::fs::write(server.dir.join("worker.conf"), "dies=database\nhopeless=yes").unwrap();
    server.signal(Signal::SIGHUP);
    let status = server.child.wait().unwrap();
    assert_eq!(status.code(), Some(i32::from(ewsd_ipc::fault::HOPELESS)), "{}", server.log());
    assert!(server.log().contains("switchboard: told to die at start"), "{}", server.log());
}

/// Whoever was served once is served again when the database comes back, whatever it says meanwhile.
#[test]
fn what_worked_once_is_tried_again() {
    let server = Server::start(&["workers=1"]);
    std::fs::write(server.dir.join("reload.conf"), "").unwrap();
    std::fs::write(server.dir.join("worker.conf"), "dies=database\nhopeless=yes").unwrap();
    server.signal(Signal::SIGHUP);
    server.until("reloaded", |status| number(status, "generation") == 2);
    kill(Pid::from_raw(server.pids("database")[0]), Signal::SIGKILL).unwrap();
    server.until("tried", |_| server.log().contains("database worker in slot 0 did not last"));
    assert_eq!(server.get("/echo").status, 200);
    server.stop();
}

#[test]
fn an_external_database_needs_no_process() {
    let server = Server::start_with(&[], "database=external");
    server.until("gone", |status| !status.contains("\"role\":\"database\""));
    assert_eq!(server.number("workers_died"), 0);
    assert!(!server.log().contains("did not last"));
    server.stop();
}

#[test]
fn a_reload_brings_new_workers_and_drops_nobody() {
    let server = Server::start(&["workers=2"]);
    let mut held = server.connect();
    held.ask("/hold?mailbox=1&deadline=60000");
    server.until_number("held", 1);
    let mut idle = server.connect();
    let before = idle.get("/echo").header("x-pid").to_owned();
    std::fs::write(server.dir.join("reload.conf"), "workers=3\nidle=100000\n").unwrap();
    server.signal(Signal::SIGHUP);
    server.until("three new workers, no old ones", |status| {
        number(status, "generation") == 2
            && status.matches("\"generation\":2").count() == 4
            && !status.contains("\"generation\":1")
    });
    let after = idle.get("/echo");
    assert_ne!(after.header("x-pid"), before);
    // Accounts may have changed with the settings.
    assert_eq!(after.header("x-epoch"), "2");
    assert!(server.log().contains("server.http changed, but counts only after a restart"));
    server.get("/change?mailbox=1&seq=1&tell=yes");
    assert_eq!(held.reply().text(), "event 1");
    assert_eq!(server.number("workers_died"), 0);
    let answer = server.command("{\"cmd\":\"reload\"}");
    assert!(answer.contains("\"restart_needed\":[\"server.http\"]"), "{answer}");
    server.until("third generation", |status| number(status, "generation") == 3);
    std::fs::write(server.dir.join("reload.conf"), "nonsense").unwrap();
    let answer = server.command("{\"cmd\":\"reload\"}");
    assert!(answer.contains("not KEY=VALUE"), "{answer}");
    assert_eq!(server.get("/echo").status, 200);
    server.stop();
}

#[test]
fn a_generation_that_cannot_start_does_not_take_over() {
    let server = Server::start(&["workers=1"]);
    std::fs::write(server.dir.join("reload.conf"), "").unwrap();
    std::fs::write(server.dir.join("worker.conf"), "dies=request").unwrap();
    server.signal(Signal::SIGHUP);
    server.until("it failed", |_| server.log().contains("request worker in slot 0 did not last"));
    assert_eq!(server.get("/echo").status, 200);
    std::fs::write(server.dir.join("worker.conf"), "").unwrap();
    server.signal(Signal::SIGHUP);
    server.until("the next one took over", |status| number(status, "generation") == 3);
    assert_eq!(server.get("/echo").status, 200);
    server.stop();
}

/// Whether a process stands still, and whether it was told to end meanwhile.
fn stands_still(pid: i32) -> (bool, bool) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
    let pending = u64::from_str_radix(field("ShdPnd:"), 16).unwrap();
    (field("State:").starts_with('T'), pending >> (Signal::SIGTERM as i32 - 1) & 1 == 1)
}

/// Who does not stand yet is told to end by a reload. It may be ready by then, and says so when its heir has begun.
#[test]
fn whoever_was_told_to_end_ends_no_heir() {
    let server = Server::start_with(&["workers=1"], "waits=janitor");
    let waits = |pid: i32| server.until("it waits", |_| stands_still(pid).0);
    let go_on = |pid: i32| nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGCONT).unwrap();
    let first = server.pids("janitor")[0];
    waits(first);
    std::fs::write(server.dir.join("reload.conf"), "").unwrap();
    server.signal(Signal::SIGHUP);
    server.until("its heir begins", |_| server.pids("janitor").iter().any(|pid| *pid != first));
    let heir = *server.pids("janitor").iter().find(|pid| **pid != first).unwrap();
    waits(heir);
    assert!(stands_still(first).1);
    go_on(first);
    server.until("the first is gone", |_| server.pids("janitor") == [heir]);
    assert!(!stands_still(heir).1, "the heir is told to end");
    go_on(heir);
    server.until("the heir stands", |status| !status.contains("\"starting\""));
    assert_eq!(server.pids("janitor"), [heir]);
    server.stop();
}

#[test]
fn a_role_stands_until_its_heir_does() {
    let server = Server::start(&["workers=1"]);
    server.until("everybody stands", |status| !status.contains("\"starting\""));
    let janitor = server.pids("janitor");
    let courier = server.pids("courier");
    std::fs::write(server.dir.join("reload.conf"), "").unwrap();
    std::fs::write(server.dir.join("worker.conf"), "dies=janitor").unwrap();
    let answer = server.command("{\"cmd\":\"reload\"}");
    assert!(answer.contains("\"generation\":2"), "{answer}");
    let status = server.until("the heir failed", |status| status.contains("\"failing\":[{\"role\":\"janitor\""));
    assert!(status.contains("\"reloading\":true") && status.contains("told to die at start"), "{status}");
    assert_eq!(server.pids("janitor"), janitor, "the old one works on");
    server
        .until("the courier's heir stands", |_| server.pids("courier").len() == 1 && server.pids("courier") != courier);
    std::fs::write(server.dir.join("worker.conf"), "").unwrap();
    server.signal(Signal::SIGHUP);
    server.until("the heir stands", |status| {
        status.contains("\"reloading\":false") && status.contains("\"failing\":[]") && number(status, "generation") == 3
    });
    server.until("the old one went", |_| server.pids("janitor").len() == 1 && server.pids("janitor") != janitor);
    server.stop();
}

#[test]
fn workers_are_handed_the_settings_of_their_generation() {
    let server = Server::start_with(&["workers=1"], "word=old");
    std::fs::write(server.dir.join("reload.conf"), "").unwrap();
    std::fs::write(server.dir.join("worker.conf"), "word=new").unwrap();
    let replace = || {
        // After a reload the one before is named as well, until it went.
        server.until("one alone", |_| server.pids("request").len() == 1);
        let before = server.pids("request")[0];
        kill(Pid::from_raw(before), Signal::SIGKILL).unwrap();
        server.until("a new one", |status| {
            status.contains("\"ready\":true") && !status.contains(&format!("\"pid\":{before},"))
        });
    };
    assert_eq!(server.get("/echo").header("x-word"), "old");
    replace();
    assert_eq!(server.get("/echo").header("x-word"), "old", "whatever became of the file");
    server.signal(Signal::SIGHUP);
    server.until("reloaded", |status| number(status, "generation") == 2);
    assert_eq!(server.get("/echo").header("x-word"), "new");
    std::fs::remove_file(server.dir.join("worker.conf")).unwrap();
    let answer = server.command("{\"cmd\":\"reload\"}");
    assert!(answer.contains("\"ok\":false"), "{answer}");
    replace();
    assert_eq!(server.get("/echo").header("x-word"), "new");
    server.stop();
}

#[test]
fn a_worker_has_its_descriptors_and_the_standard_ones() {
    let server = Server::start(&["workers=1"]);
    let _held: Vec<_> = (0..10)
        .map(|_| {
            let mut client = server.connect();
            client.ask("/hold?mailbox=1&deadline=60000");
            client
        })
        .collect();
    server.until_number("held", 10);
    // One that was started while clients were held.
    kill(Pid::from_raw(server.pids("request")[0]), Signal::SIGKILL).unwrap();
    server.until("a new one", |status| number(status, "workers_died") == 1 && status.contains("\"ready\":true"));
    let pid = server.pids("request")[0];
    let mut fds: Vec<u32> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    fds.sort_unstable();
    // Descriptor 5 is mapped and closed again, 6 is read and closed. 7 and 8 are where converters and logins are asked.
    assert_eq!(fds, [0, 1, 2, 3, 4, 7, 8]);
    server.stop();
}
