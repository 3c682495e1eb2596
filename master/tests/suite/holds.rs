//! Held calls: woken, expired, left, raced, streamed, swept.

use std::time::Instant;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::server::{Server, number};

#[test]
fn a_change_wakes_exactly_its_watchers() {
    let server = Server::start(&[]);
    let mut one = server.connect();
    let mut two = server.connect();
    one.ask("/hold?mailbox=1&seen=4&deadline=60000");
    two.ask("/hold?mailbox=2&seen=4&deadline=60000");
    server.until_number("held", 2);
    // No worker has them: both are free.
    assert_eq!(server.number("serving"), 0);
    assert_eq!(server.get("/change?mailbox=1&seq=5&tell=yes").status, 200);
    assert_eq!(one.reply().text(), "event 5");
    server.until_number("held", 1);
    // The connection lives on, and so does the other hold.
    assert_eq!(one.get("/echo").status, 200);
    assert_eq!(server.get("/change?mailbox=2&seq=9&tell=yes").status, 200);
    assert_eq!(two.reply().text(), "event 9");
    server.stop();
}

#[test]
fn a_change_between_look_and_hold_is_not_lost() {
    let server = Server::start(&["workers=4"]);
    let mut client = server.connect();
    for seq in 1..200 {
        let reply = client.get(&format!("/hold?mailbox=7&seen={}&deadline=60000&late={seq}", seq - 1));
        assert_eq!(reply.text(), format!("event {seq}"));
    }
    server.stop();
}

#[test]
fn what_one_client_has_seen_is_news_to_another() {
    let server = Server::start(&[]);
    let mut behind = server.connect();
    behind.ask("/hold?mailbox=3&seen=1&deadline=60000");
    server.until_number("held", 1);
    server.get("/change?mailbox=3&seq=2");
    let mut ahead = server.connect();
    ahead.ask("/hold?mailbox=3&seen=2&deadline=60000");
    assert_eq!(behind.reply().text(), "event 2");
    server.until_number("held", 1);
    server.stop();
}

/// A client that reads a change before the master hears who made it takes nothing from the other nodes.
#[test]
fn what_a_client_has_seen_is_told_to_other_nodes_all_the_same() {
    let server = Server::start_with(&[], "others=1\n");
    server.until_number("other_nodes", 1);
    let mut ahead = server.connect();
    ahead.ask("/hold?mailbox=3&seen=2&deadline=60000");
    server.until_number("held", 1);
    for _ in 0..2 {
        server.get("/change?mailbox=3&seq=2&tell=yes");
    }
    server.get("/change?mailbox=4&seq=1&tell=yes");
    let told = || std::fs::read_to_string(server.dir.join("told")).unwrap_or_default();
    server.until("the last one is told", |_| told().contains("4 1\n"));
    assert_eq!(told(), "3 2\n4 1\n", "each of them once");
    server.stop();
}

#[test]
fn the_deadline_is_answered_without_a_worker() {
    let server = Server::start(&[]);
    let mut clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for (i, client) in clients.iter_mut().enumerate() {
        client.ask(&format!("/hold?mailbox=1&seen=0&deadline=60000&own={i}"));
    }
    server.until_number("held", 20);
    assert_eq!(server.number("renders"), 0);
    // What they would say alike is kept once for each length of what is their own.
    assert_eq!(server.number("shared_frames"), 2);
    let mut soon = server.connect();
    let started = Instant::now();
    assert_eq!(soon.get("/hold?mailbox=1&seen=0&deadline=120&own=me").text(), "deadline me");
    assert!(started.elapsed().as_millis() >= 119);
    assert_eq!(server.number("renders"), 0);
    assert_eq!(soon.get("/echo").status, 200);
    drop(clients);
    server.until_number("held", 0);
    assert_eq!(server.number("shared_frames"), 0);
    server.stop();
}

#[test]
fn without_a_ready_answer_a_worker_renders_the_deadline() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/hold?mailbox=1&deadline=1&ready=no").text(), "rendered at the deadline");
    server.stop();
}

#[test]
fn a_client_that_leaves_is_forgotten_at_once() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.ask("/hold?mailbox=1&deadline=60000");
    server.until_number("held", 1);
    assert_eq!(server.number("watched_mailboxes"), 1);
    drop(client);
    server.until_number("held", 0);
    assert_eq!(server.number("watched_mailboxes"), 0);
    assert_eq!(server.number("held_left"), 1);
    assert_eq!(server.number("total"), 0);
    server.stop();
}

#[test]
fn what_a_held_client_sends_waits_for_the_answer() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.ask("/hold?mailbox=1&deadline=60000");
    server.until_number("held", 1);
    client.ask("/echo");
    // Another request through the same event loop: the pipelined one was seen and left.
    server.get("/echo");
    assert_eq!(server.number("held"), 1);
    server.get("/change?mailbox=1&seq=1&tell=yes");
    assert_eq!(client.reply().text(), "event 1");
    assert_eq!(client.reply().header("x-served"), "1");
    server.stop();
}

#[test]
fn a_change_told_on_the_control_socket_wakes_too() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.ask("/hold?mailbox=11&deadline=60000");
    server.until_number("held", 1);
    server.get("/change?mailbox=11&seq=3");
    server.command("{\"cmd\":\"changed\",\"mailbox\":11,\"seq\":3}");
    assert_eq!(client.reply().text(), "event 3");
    server.stop();
}

#[test]
fn the_sweep_finds_what_nobody_told() {
    let server = Server::start(&["sweep=50"]);
    let mut client = server.connect();
    client.ask("/hold?mailbox=5&deadline=60000");
    server.until_number("held", 1);
    server.get("/change?mailbox=5&seq=1");
    assert_eq!(client.reply().text(), "event 1");
    server.stop();
}

/// A courier puts reports into mailboxes, and may die before it says so.
#[test]
fn a_couriers_unclean_end_is_followed_by_a_sweep() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.ask("/hold?mailbox=5&deadline=60000");
    server.until_number("held", 1);
    server.get("/change?mailbox=5&seq=1");
    server.until("the courier runs", |status| status.contains("\"role\":\"courier\""));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(server.pids("courier")[0]), nix::sys::signal::Signal::SIGKILL)
        .unwrap();
    assert_eq!(client.reply().text(), "event 1");
    server.stop();
}

#[test]
fn a_false_alarm_keeps_holding() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.ask("/hold?mailbox=5&deadline=60000");
    server.until_number("held", 1);
    // The journal says 0, so the worker has nothing to tell.
    server.command("{\"cmd\":\"changed\",\"mailbox\":5,\"seq\":0}");
    server.get("/echo");
    assert_eq!(server.number("held"), 1);
    server.get("/change?mailbox=5&seq=2&tell=yes");
    assert_eq!(client.reply().text(), "event 2");
    server.stop();
}

/// While no worker can look, whoever changed stays held, and one call in growing pauses finds out for all.
#[test]
fn calls_that_cannot_be_looked_at_stay_held() {
    const CLIENTS: u64 = 300;
    let server = Server::start(&[]);
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.ask("/hold?mailbox=1&deadline=60000");
    }
    server.until_number("held", CLIENTS);
    server.get("/away?is=yes");
    server.get("/change?mailbox=1&seq=1&tell=yes");
    server.until_number("put_off", CLIENTS);
    let first = server.number("looks_put_off");
    let started = Instant::now();
    server.until("five attempts are made", |status| number(status, "looks_put_off") >= first + 5);
    // 0.1 + 0.2 + 0.4 + 0.8 + 1.6 s, less what had begun.
    assert!(started.elapsed().as_millis() > 2000, "{:?}", started.elapsed());
    assert_eq!(server.number("held"), CLIENTS);
    // More changes of the same and of other mailboxes ask nobody.
    let before = server.number("renders");
    for seq in 2..20 {
        server.command(&format!("{{\"cmd\":\"changed\",\"mailbox\":1,\"seq\":{seq}}}"));
    }
    assert!(server.number("renders") <= before + 1);
    server.get("/away?is=no");
    // That a worker committed something says that the pause may end.
    server.get("/change?mailbox=1&seq=20&tell=yes");
    let started = Instant::now();
    for client in &mut clients {
        assert_eq!(client.reply().text(), "event 20");
    }
    assert!(started.elapsed().as_millis() < 1500, "{:?}", started.elapsed());
    assert_eq!(server.number("put_off"), 0);
    server.stop();
}

#[test]
fn the_end_of_the_trouble_is_found_by_asking() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.ask("/hold?mailbox=1&deadline=60000");
    let mut leaver = server.connect();
    leaver.ask("/hold?mailbox=1&deadline=60000");
    server.until_number("held", 2);
    server.get("/away?is=yes");
    server.get("/change?mailbox=1&seq=1&tell=yes");
    server.until_number("put_off", 2);
    drop(leaver);
    server.until_number("held", 1);
    // Workers that die over it are replaced, and it is asked again.
    for pid in server.pids("request") {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
    }
    server.until_number("workers_died", 2);
    server.get("/away?is=no");
    assert_eq!(client.reply().text(), "event 1");
    server.until_number("put_off", 0);
    server.stop();
}

#[test]
fn deadlines_and_heartbeats_are_not_put_off() {
    let server = Server::start(&[]);
    server.get("/away?is=yes");
    let mut ready = server.connect();
    ready.ask("/hold?mailbox=1&deadline=700&own=me");
    let mut rendered = server.connect();
    rendered.ask("/hold?mailbox=1&deadline=700&ready=no");
    let mut stream = server.connect();
    stream.ask("/hold?mailbox=1&deadline=60000&stream=yes&heartbeat=50");
    server.until_number("held", 3);
    server.get("/change?mailbox=1&seq=1&tell=yes");
    server.until("they are put off", |status| number(status, "looks_put_off") >= 3);
    for _ in 0..10 {
        assert!(!stream.until("beat\r\n").contains("event"));
    }
    assert_eq!(ready.reply().text(), "deadline me");
    assert_eq!(rendered.reply().text(), "rendered at the deadline");
    stream.until("beat\r\n");
    server.get("/away?is=no");
    assert!(stream.until("event 1\r\n").matches("event").count() == 1);
    server.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(stream.until("closed\r\n0\r\n\r\n").contains("closed"));
}

/// What an older program kept of a call may be nothing to this one: the client is told what its deadline would tell it.
#[test]
fn a_call_that_no_worker_can_read_ends_as_at_its_deadline() {
    let server = Server::start(&[]);
    let (mut poll, mut stream) = (server.connect(), server.connect());
    poll.ask("/hold?mailbox=1&deadline=60000&odd=yes&own=me");
    stream.ask("/hold?mailbox=1&deadline=60000&odd=yes&stream=yes");
    server.until_number("held", 2);
    server.get("/change?mailbox=1&seq=1&tell=yes");
    assert_eq!(poll.reply().text(), "deadline me");
    assert!(stream.until("closed\r\n0\r\n\r\n").ends_with("\r\n\r\n6\r\nclosed\r\n0\r\n\r\n"));
    for client in [&mut poll, &mut stream] {
        assert_eq!(client.get("/echo").status, 200);
    }
    server.stop();
}

#[test]
fn a_stream_gets_chunks_heartbeats_and_an_end() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.ask("/hold?mailbox=1&deadline=60000&stream=yes&heartbeat=100");
    assert!(client.until("\r\n\r\n").contains("Transfer-Encoding: chunked"));
    assert_eq!(client.until("beat\r\n"), "4\r\nbeat\r\n");
    for seq in 1..20 {
        server.get(&format!("/change?mailbox=1&seq={seq}&tell=yes"));
        let text = client.until(&format!("event {seq}\r\n"));
        assert_eq!(text.matches("event").count(), 1, "{text}");
    }
    assert_eq!(server.number("streams"), 1);
    server.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(client.until("closed\r\n0\r\n\r\n").contains("closed"));
    assert!(client.closed());
}

/// What happens while a client of a stream does not read is told when it does, once.
#[test]
fn a_stream_that_is_read_late_is_told_the_rest() {
    let server = Server::start(&["workers=1"]);
    let mut client = server.connect();
    client.ask("/hold?mailbox=1&deadline=60000&stream=yes&fat=yes");
    server.until_number("held", 1);
    let mut seq = 0;
    while server.number("buffered_bytes") == 0 {
        seq += 1;
        server.get(&format!("/change?mailbox=1&seq={seq}&tell=yes"));
    }
    server.get("/change?mailbox=1&seq=1000000&tell=yes");
    client.until("x\r\n0\r\n\r\n");
    server.until_number("held", 0);
    server.stop();
}

#[test]
fn a_ready_made_heartbeat_needs_no_worker() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.ask("/hold?mailbox=1&deadline=60000&stream=yes&heartbeat=30&beat=tick");
    client.until("\r\n\r\n");
    for _ in 0..5 {
        assert_eq!(client.until("tick\r\n"), "4\r\ntick\r\n");
    }
    assert_eq!(server.number("renders"), 0);
    assert!(server.number("heartbeats") >= 5);
    server.get("/change?mailbox=1&seq=1&tell=yes");
    client.until("event 1\r\n");
    drop(client);
    server.until_number("held", 0);
    assert_eq!(server.number("shared_frames"), 0);
    server.stop();
}

#[test]
fn killing_every_worker_touches_no_held_client() {
    let server = Server::start(&[]);
    let mut clients: Vec<_> = (0..50).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.ask("/hold?mailbox=1&deadline=60000");
    }
    server.until_number("held", 50);
    for pid in server.pids("request") {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
    }
    server.until_number("workers_died", 2);
    assert_eq!(server.number("held"), 50);
    server.get("/change?mailbox=1&seq=1&tell=yes");
    for client in &mut clients {
        assert_eq!(client.reply().text(), "event 1");
    }
    server.stop();
}

#[test]
fn a_held_call_that_kills_its_renderers_is_given_up() {
    let server = Server::start(&["workers=1"]);
    server.get("/die-rendering?mailbox=6");
    let mut client = server.connect();
    client.ask("/hold?mailbox=6&deadline=60000");
    let mut other = server.connect();
    other.ask("/hold?mailbox=8&deadline=60000");
    server.until_number("held", 2);
    server.get("/change?mailbox=6&seq=1&tell=yes");
    assert!(client.closed());
    assert_eq!(server.number("workers_died"), 3);
    server.until("ready", |status| status.contains("\"ready\":true"));
    server.get("/change?mailbox=8&seq=1&tell=yes");
    assert_eq!(other.reply().text(), "event 1");
    server.stop();
}

#[test]
fn a_worker_can_have_a_connection_end_with_its_hold() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    assert_eq!(client.get("/hold?mailbox=1&deadline=1&end=yes").text(), "deadline none");
    assert!(client.closed());
    server.stop();
}

#[test]
fn a_client_that_asked_to_close_is_closed_at_its_deadline() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.send("GET /hold?mailbox=1&deadline=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_eq!(client.reply().text(), "deadline none");
    assert!(client.closed());
    server.stop();
}

/// A stream whose client does not read is told no more, costs no worker, and is dropped when its time is over.
#[test]
fn a_stream_that_nobody_reads_is_dropped() {
    let server = Server::start(&["workers=1", "idle=700"]);
    let mut client = server.connect();
    nix::sys::socket::setsockopt(&client.stream, nix::sys::socket::sockopt::RcvBuf, &4096).unwrap();
    client.ask("/hold?mailbox=1&deadline=60000&stream=yes&fat=yes");
    server.until_number("held", 1);
    let mut seq = 0;
    while server.number("buffered_bytes") == 0 {
        seq += 1;
        assert!(seq < 1000);
        server.get(&format!("/change?mailbox=1&seq={seq}&tell=yes"));
    }
    let rendered = server.number("renders");
    for _ in 0..50 {
        seq += 1;
        server.get(&format!("/change?mailbox=1&seq={seq}&tell=yes"));
    }
    assert!(server.number("renders") <= rendered + 1, "nobody works for a client that does not read");
    server.until_number("held", 0);
    assert_eq!(server.number("held_left"), 1);
    assert_eq!(server.number("buffered_bytes"), 0);
    server.stop();
}

/// Requests that wait for a worker leave no holes between the records of those who are held, and these are small.
#[test]
fn held_clients_take_little_memory_even_if_all_ask_at_once() {
    const CLIENTS: usize = 3000;
    /// Octets of the master's own memory for each: a slot, a deadline, a record with its context, and what pages round up.
    const MOST: usize = 330;
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let server = Server::start(&["nofile=8192"]);
    let own = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
    };
    let crowd = |clients: usize| {
        let mut crowd: Vec<_> = (0..clients).map(|_| server.connect()).collect();
        // As long as a GetEvents with its head.
        let pad = "x".repeat(1400);
        let request = format!("GET /hold?mailbox=1&deadline=600000 HTTP/1.1\r\nHost: h\r\nX-Pad: {pad}\r\n\r\n");
        for client in &mut crowd {
            client.send(&request);
        }
        server.until_number("held", clients as u64);
        crowd
    };
    // What the master takes for its first ones is no client's.
    drop(crowd(100));
    server.until_number("held", 0);
    let before = own();
    let held = crowd(CLIENTS);
    let each = own().saturating_sub(before) / CLIENTS;
    println!("{each} octets for each of {CLIENTS} held clients");
    assert!(each <= MOST, "{each} octets for each of {CLIENTS} held clients");
    // Nobody waits for a worker: nothing is parked any more.
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap();
    let parked = open.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
    assert_eq!(parked.filter(|file| file.to_string_lossy().contains("ewsd-waiting")).count(), 0);
    drop(held);
    server.stop();
}
