//! Upgrades in place: clients in every state notice nothing, a new program that refuses leaves the old one running.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use nix::sys::signal::Signal;

use crate::server::{Client, PATIENCE, Server};

/// A server whose settings may be read again, with all of its workers: until then it takes no upgrade.
fn start(keys: &[&str]) -> Server {
    let server = Server::start(keys);
    fs::write(server.dir.join("reload.conf"), "").unwrap();
    server.until("all workers are there", |status| status.contains("\"reloading\":false"));
    server
}

/// Upgrades and waits until the workers of the new program serve.
fn upgrade(server: &Server) {
    let before = server.number("generation");
    let started = Instant::now();
    let answer = server.command("{\"cmd\":\"upgrade\"}");
    assert!(answer.starts_with("{\"ok\":true"), "{answer}{}", server.log());
    println!("upgraded after {:?}", started.elapsed());
    server.until("the new workers serve", |status| {
        !status.contains("\"reloading\":true") && crate::server::number(status, "generation") > before
    });
    assert_eq!(server.number("upgrades"), 1, "this program has taken over once");
}

/// As on a disk that is full: the file is for whoever wants to know, nobody who is served needs it.
#[test]
fn a_file_that_cannot_be_written_ends_nobody() {
    let server = start(&[]);
    let (pid, http, addresses) = (server.pid(), server.address("http"), server.dir.join("run/addresses.json"));
    let mut held = server.connect();
    held.ask("/hold?mailbox=1&seen=4&deadline=60000");
    server.until_number("held", 1);
    // Something else than what it is to say, in a place where nothing can be written.
    fs::write(&addresses, "{}").unwrap();
    fs::create_dir(server.dir.join("run/addresses.new")).unwrap();
    upgrade(&server);
    assert_eq!(server.pid(), pid);
    assert!(!addresses.exists(), "it would say what is not so");
    assert_eq!(Client::connect(&http).get("/change?mailbox=1&seq=5&tell=yes").status, 200);
    assert_eq!(held.reply().text(), "event 5");
    server.stop();
}

#[test]
fn held_calls_and_streams_go_on() {
    let server = start(&[]);
    let pid = server.pid();
    let mut held = server.connect();
    held.ask("/hold?mailbox=1&seen=4&deadline=60000");
    let mut ending = server.connect();
    ending.ask("/hold?mailbox=1&seen=9&deadline=1500&own=me");
    let mut stream = server.connect();
    stream.ask("/hold?mailbox=2&seen=4&deadline=60000&stream=yes&heartbeat=60000");
    stream.until("\r\n\r\n");
    server.until_number("held", 3);
    for round in 0..3 {
        let before = server.number("generation");
        let answer = server.command("{\"cmd\":\"upgrade\"}");
        assert!(answer.starts_with("{\"ok\":true"), "{round}: {answer}{}", server.log());
        server.until("the new workers serve", |status| {
            !status.contains("\"reloading\":true") && crate::server::number(status, "generation") > before
        });
        assert_eq!(server.number("held"), 3);
        assert_eq!(server.number("watched_mailboxes"), 2);
    }
    assert_eq!(server.pid(), pid);
    assert_eq!(ending.reply().text(), "deadline me", "its deadline is the old program's");
    assert_eq!(server.get("/change?mailbox=1&seq=5&tell=yes").status, 200);
    assert_eq!(held.reply().text(), "event 5");
    assert_eq!(held.get("/echo").status, 200, "the connection lives on");
    assert_eq!(server.get("/change?mailbox=2&seq=7&tell=yes").status, 200);
    stream.until("event 7");
    server.assert_deadlines();
    server.stop();
}

/// What was told before the upgrade is known after it: a call that comes late finds it.
#[test]
fn what_was_heard_is_not_forgotten() {
    let server = start(&[]);
    assert_eq!(server.get("/change?mailbox=1&seq=5&tell=yes").status, 200);
    upgrade(&server);
    assert_eq!(server.get("/hold?mailbox=1&seen=4&deadline=60000").text(), "event 5");
    server.stop();
}

#[test]
fn requests_go_on_wherever_they_are() {
    let server = start(&["workers=2", "lmtp=yes"]);
    // Served now: the worker of the old program has it.
    let fifo = server.dir.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o666)).unwrap();
    let mut served = server.connect();
    served.ask(&format!("/wait?fifo={}", fifo.display()));
    server.until_number("serving", 1);
    // Part of a head, of a small body, of chunks, of a large body; what was pipelined.
    let mut head = server.connect();
    head.send("GET /echo HTTP/1.1\r\nHo");
    let mut body = server.connect();
    body.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello");
    let mut chunks = server.connect();
    chunks.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1");
    let mut large = server.connect();
    let half = vec![b'x'; 150_000];
    large.send("POST /upload?limit=1000000 HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n").send(&half);
    server.until("all of them are on their way", |status| crate::server::number(status, "receiving") == 4);
    // A large answer that nobody reads yet, mail in the middle of its data, an idle connection.
    let mut slow = server.connect();
    slow.ask("/big?n=20000000");
    server.until_number("draining", 1);
    let mut idle = server.connect();
    assert_eq!(idle.get("/context?set=kept").status, 200);
    let mut mail = server.lmtp();
    mail.until("220");
    upgrade(&server);
    fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    assert_eq!(served.reply().status, 200, "its worker is of the old program");
    head.send("st: h\r\n\r\n");
    assert_eq!(head.reply().status, 200);
    body.send("world");
    assert_eq!(body.reply().text(), "helloworld");
    chunks.send("\r\n!\r\n0\r\n\r\n");
    assert_eq!(chunks.reply().text(), "hello!");
    large.send(&half);
    assert_eq!(large.reply().status, 200);
    assert_eq!(slow.reply().body.len(), 20_000_000);
    let again = idle.get("/echo");
    assert_eq!(again.status, 200);
    assert!(again.head.contains("kept"), "{}", again.head);
    server.stop();
}

#[test]
fn a_program_that_refuses_leaves_the_old_one_running() {
    let server = start(&[]);
    let mut held = server.connect();
    held.ask("/hold?mailbox=1&seen=4&deadline=60000");
    server.until_number("held", 1);
    let generation = server.number("generation");
    fs::write(server.dir.join("refuse-upgrade"), "it does not like this state").unwrap();
    let answer = server.command("{\"cmd\":\"upgrade\"}");
    assert!(answer.contains("\"ok\":false") && answer.contains("it does not like this state"), "{answer}");
    assert_eq!((server.number("generation"), server.number("upgrades_refused")), (generation, 1));
    assert_eq!(server.get("/change?mailbox=1&seq=5&tell=yes").status, 200);
    assert_eq!(held.reply().text(), "event 5");
    fs::remove_file(server.dir.join("refuse-upgrade")).unwrap();
    // By a signal as well, and a second one meanwhile is none.
    server.signal(Signal::SIGUSR2);
    server.until("the new workers serve", |status| {
        crate::server::number(status, "generation") > generation && !status.contains("\"reloading\":true")
    });
    server.stop();
}

/// Clients that ask all the time through three upgrades: every request is answered.
#[test]
fn nothing_fails_under_load() {
    let server = start(&["workers=2"]);
    let address = server.address("http");
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = crate::server::Client::connect(&address);
                    let (mut asked, mut longest) = (0u64, std::time::Duration::ZERO);
                    while !over.load(std::sync::atomic::Ordering::Relaxed) {
                        let started = Instant::now();
                        if asked % 10 == 9 {
                            client = crate::server::Client::connect(&address);
                        }
                        assert_eq!(client.get("/echo").status, 200);
                        longest = longest.max(started.elapsed());
                        asked += 1;
                    }
                    (asked, longest)
                })
            })
            .collect();
        let upgraded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..3 {
                let before = server.number("generation");
                let answer = server.command("{\"cmd\":\"upgrade\"}");
                assert!(answer.starts_with("{\"ok\":true"), "{answer}");
                server.until("the new workers serve", |status| {
                    crate::server::number(status, "generation") > before && !status.contains("\"reloading\":true")
                });
            }
        }));
        // The clients end before that is looked at: nobody would end them after a panic.
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        upgraded.unwrap();
        for client in clients {
            let (asked, longest) = client.join().unwrap();
            println!("{asked} requests through three upgrades, the longest took {longest:?}");
            assert!(asked > 0);
        }
    });
    server.stop();
}

/// Somebody asks for it twice at once, and goes away before it is done.
#[test]
fn one_at_a_time_whoever_listens() {
    let server = start(&[]);
    let generation = server.number("generation");
    let mut first = UnixStream::connect(server.control()).unwrap();
    first.set_read_timeout(Some(PATIENCE)).unwrap();
    first.write_all(b"{\"cmd\":\"upgrade\"}\n{\"cmd\":\"upgrade\"}\n").unwrap();
    let mut answers = BufReader::new(first.try_clone().unwrap()).lines();
    // The second may come while the first is under way, or while its workers start, or after it.
    let answers = [answers.next().unwrap().unwrap(), answers.next().unwrap().unwrap()];
    let fine = |answer: &&String| answer.starts_with("{\"ok\":true");
    assert!(answers.iter().any(|answer| fine(&answer)), "{answers:?}");
    assert!(answers.iter().all(|answer| fine(&answer) || answer.contains("is under way")), "{answers:?}");
    server.until("the new workers serve", |status| {
        crate::server::number(status, "generation") > generation && !status.contains("\"reloading\":true")
    });
    let mut gone = UnixStream::connect(server.control()).unwrap();
    gone.write_all(b"{\"cmd\":\"upgrade\"}\n").unwrap();
    drop(gone);
    server.until("the new workers serve", |status| {
        crate::server::number(status, "generation") > generation + 1 && !status.contains("\"reloading\":true")
    });
    server.stop();
}

#[test]
fn shares_are_counted_on() {
    let server = start(&["proxy=yes", "connections_per_network=2"]);
    let from = |address: &str| {
        let mut client = server.connect();
        client.send(format!("PROXY TCP4 {address} 198.51.100.1 4711 443\r\nGET /echo HTTP/1.1\r\nHost: h\r\n\r\n"));
        client
    };
    let mut inside = ["192.0.2.7", "192.0.2.8"].map(from);
    for client in &mut inside {
        assert_eq!(client.reply().status, 200);
    }
    upgrade(&server);
    assert_eq!(from("192.0.2.9").reply().status, 503, "the two are there still");
    drop(inside);
    server.until_number("idle", 0);
    assert_eq!(from("192.0.2.9").reply().status, 200);
    server.stop();
}
