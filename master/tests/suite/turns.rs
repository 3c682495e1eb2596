//! Turns and shares: an account that asks a lot waits behind itself, keeps some of the workers busy and no more, and a network
//! has so many connections.

use std::fs::File;
use std::path::{Path, PathBuf};

use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};

use crate::server::{Client, Reply, Server, number};

/// A request that has the account's credentials.
fn ask(client: &mut Client, account: u64, path: &str) {
    client.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {account}\r\n\r\n"));
}

fn answer(client: &mut Client, account: u64, path: &str) -> Reply {
    ask(client, account, path);
    client.reply()
}

/// Connections with a request each, which waits until [`open`].
fn waiting(server: &Server, account: u64, path: &str, n: usize) -> Vec<Client> {
    let mut clients: Vec<_> = (0..n).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(|client| ask(client, account, path));
    clients
}

fn fifo(server: &Server) -> PathBuf {
    let fifo = server.dir.join("fifo");
    nix::unistd::mkfifo(&fifo, Mode::empty()).unwrap();
    fchmodat(nix::fcntl::AT_FDCWD, &fifo, Mode::from_bits_truncate(0o666), FchmodatFlags::FollowSymlink).unwrap();
    fifo
}

fn open(fifo: &Path) -> File {
    File::options().write(true).open(fifo).unwrap()
}

#[test]
fn credentials_are_known_after_the_first_request() {
    let server = Server::start(&["workers=1", "proxies=192.0.2.0/24"]);
    let mut client = server.connect();
    assert_eq!(answer(&mut client, 7, "/echo").header("x-mailbox"), "0");
    assert_eq!(answer(&mut client, 7, "/echo").header("x-mailbox"), "7");
    assert_eq!(answer(&mut server.connect(), 7, "/echo").header("x-mailbox"), "7", "on any connection");
    assert_eq!(answer(&mut client, 8, "/echo").header("x-mailbox"), "0", "others are others");
    assert_eq!(client.get("/echo").header("x-mailbox"), "8", "the connection is nobody else's");
    server.command("{\"cmd\":\"forget\"}");
    assert_eq!(answer(&mut client, 7, "/echo").header("x-mailbox"), "0");
    server.stop();
    let server = Server::start(&["workers=1", "proxies=127.0.0.1"]);
    let mut client = server.connect();
    answer(&mut client, 7, "/echo");
    assert_eq!(client.get("/echo").header("x-mailbox"), "0", "a proxy's next request is another's");
    server.stop();
}

#[test]
fn who_asks_a_lot_waits_behind_itself() {
    let server = Server::start(&["workers=1"]);
    for account in [1, 2] {
        answer(&mut server.connect(), account, "/echo");
    }
    let fifo = fifo(&server);
    let mut blocking = server.connect();
    blocking.ask(&format!("/wait?fifo={}", fifo.display()));
    server.until("it is taken", |status| status.contains("\"busy\""));
    let mut many = waiting(&server, 1, "/echo", 50);
    server.until_number("queue", 50);
    let mut other = waiting(&server, 2, "/echo", 1);
    server.until_number("queue", 51);
    let _opened = open(&fifo);
    let job = |client: &mut Client| client.reply().header("x-job").parse::<u64>().unwrap();
    let other = job(&mut other[0]);
    let before = many.iter_mut().map(job).filter(|job| *job < other).count();
    // One lay in the socket already, one had its turn.
    assert!(before <= 2, "{before} of the others came first");
    server.stop();
}

#[test]
fn an_account_keeps_some_of_the_workers_busy() {
    let server = Server::start(&["workers=4", "workers_per_account=2"]);
    for account in [1, 2] {
        answer(&mut server.connect(), account, "/echo");
    }
    let fifo = fifo(&server);
    let mut many = waiting(&server, 1, &format!("/wait?fifo={}", fifo.display()), 6);
    let busy = |status: &str| status.matches("\"busy\"").count();
    server.until("two are at work", |status| busy(status) == 2 && number(status, "queued") == 4);
    assert_eq!(answer(&mut server.connect(), 2, "/echo").status, 200);
    server.until("two are at work still", |status| busy(status) == 2 && number(status, "queued") == 4);
    let _opened = open(&fifo);
    for client in &mut many {
        assert_eq!(client.reply().status, 200);
    }
    server.until_number("queue", 0);
    server.stop();
}

/// A worker gives them back, and they are handed out in their turn: in all as many as a quarter of the workers, whoever they are.
#[test]
fn strangers_whose_passwords_are_hashed_keep_a_quarter_busy() {
    let server = Server::start(&["workers=4", "proxies=127.0.0.1"]);
    let fifo = fifo(&server);
    let path = format!("/strange?fifo={}", fifo.display());
    let mut many: Vec<Client> = (0..6).map(|_| server.connect()).collect();
    for (n, client) in many.iter_mut().enumerate() {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.{n}.1\r\n\r\n"));
    }
    let busy = |status: &str| status.matches("\"busy\"").count();
    let one_of = |n: u64| move |status: &str| busy(status) == 1 && number(status, "queued") == n;
    server.until("one is at work", one_of(5));
    for _ in 0..20 {
        let reply = answer(&mut server.connect(), 1, "/echo");
        assert_eq!((reply.status, reply.header("x-hashes")), (200, "false"));
    }
    // Whoever does not wait for the answer is forgotten.
    drop(many.pop());
    server.until("one has left", one_of(4));
    server.until("one is at work still", one_of(4));
    let _opened = open(&fifo);
    for client in &mut many {
        let reply = client.reply();
        assert_eq!((reply.status, reply.header("x-hashes")), (200, "true"));
    }
    let reply = many[0].get("/echo");
    assert_eq!((reply.status, reply.header("x-hashes")), (200, "false"), "the next request is another matter");
    server.stop();
}

#[test]
fn a_network_has_its_share_of_the_connections() {
    let server = Server::start(&["proxy=yes", "connections_per_network=2"]);
    let from = |address: &str| {
        let mut client = server.connect();
        client.send(format!("PROXY TCP4 {address} 198.51.100.1 4711 443\r\nGET /echo HTTP/1.1\r\nHost: h\r\n\r\n"));
        client
    };
    let mut inside = vec![from("192.0.2.7"), from("192.0.2.8"), from("198.51.100.9")];
    for client in &mut inside {
        assert_eq!(client.reply().status, 200);
    }
    assert_eq!(from("192.0.2.9").reply().status, 503);
    // What has no share: the proxy itself, and whoever is here.
    for local in ["127.0.0.1", "127.0.0.2", "127.0.0.3"] {
        inside.push(from(local));
        assert_eq!(inside.last_mut().unwrap().reply().status, 200);
    }
    drop(inside);
    server.until_number("idle", 0);
    assert_eq!(from("192.0.2.9").reply().status, 200);
    server.stop();
}

#[test]
fn an_exempt_network_has_no_share() {
    let server = Server::start(&["proxy=yes", "connections_per_network=1", "exempt=192.0.2.0/25"]);
    let from = |address: &str| {
        let mut client = server.connect();
        client.send(format!("PROXY TCP4 {address} 198.51.100.1 4711 443\r\nGET /echo HTTP/1.1\r\nHost: h\r\n\r\n"));
        let status = client.reply().status;
        (client, status)
    };
    let clients = ["192.0.2.7", "192.0.2.8", "192.0.2.9", "192.0.2.200"].map(from);
    assert_eq!(clients.each_ref().map(|(_, status)| *status), [200, 200, 200, 503]);
    drop(clients);
    server.stop();
}

#[test]
fn an_account_has_so_many_calls_held() {
    let server = Server::start(&["held_per_account=2"]);
    let hold = |account: u64| {
        let mut client = server.connect();
        let path = "/hold?mailbox=1&seen=4&deadline=60000";
        client.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {account}\r\n\r\n"));
        client
    };
    let mut held = vec![hold(7), hold(7)];
    server.until_number("held", 2);
    assert_eq!(hold(7).reply().status, 503);
    // Others have their own, and whom no share binds has any number.
    held.extend([8, 1_007, 1_007, 1_007].map(hold));
    server.until_number("held", 6);
    drop(held.remove(0));
    server.until_number("held", 5);
    held.push(hold(7));
    server.until_number("held", 6);
    assert_eq!(server.get("/change?mailbox=1&seq=5&tell=yes").status, 200);
    for client in &mut held {
        assert_eq!(client.reply().text(), "event 5");
    }
    server.stop();
}
