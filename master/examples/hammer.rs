//! How fast is the switchboard, and how little does waiting cost? Prints figures; asserts nothing.
//!
//! `hammer [workers] [connections] [seconds] [held]`, in release mode, with the example `switchboard` built beside it:
//! `cargo build --release --examples -p ewsd-master && target/release/examples/hammer 1 64 3 9000`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

struct Server {
    child: Child,
    dir: PathBuf,
}

impl Server {
    fn start(workers: &str) -> Server {
        let dir = std::env::temp_dir().join(format!("ewsd-hammer-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let program = std::env::current_exe().unwrap().with_file_name("switchboard");
        let mut command = Command::new(program);
        command.arg(&dir).arg(format!("workers={workers}")).env("QUIET", "1").stdin(Stdio::null());
        let server = Server { child: command.spawn().unwrap(), dir };
        while !server.dir.join("run/control.sock").exists() || !server.status().contains("\"ready\":true") {
            std::thread::yield_now();
        }
        server
    }

    fn status(&self) -> String {
        let Ok(mut stream) = UnixStream::connect(self.dir.join("run/control.sock")) else {
            return String::new();
        };
        stream.write_all(b"{\"cmd\":\"status\"}\n").unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    }

    fn number(&self, name: &str) -> u64 {
        let status = self.status();
        let rest = status.split(&format!("\"{name}\":")).nth(1).unwrap();
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
    }

    fn address(&self) -> std::net::SocketAddr {
        let text = std::fs::read_to_string(self.dir.join("run/addresses.json")).unwrap();
        text.split("\"http\":[\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    }

    /// Private memory of the master in bytes.
    fn private(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id())).unwrap();
        let of = |name: &str| -> u64 {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
        };
        of("Private_Dirty") + of("Private_Clean")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

const REQUEST: &[u8] = b"GET /echo HTTP/1.1\r\nHost: h\r\n\r\n";

/// One request at a time on each of `n` connections; the latencies, and the seconds it took.
fn hammer(address: std::net::SocketAddr, n: usize, seconds: u64) -> (Vec<Duration>, f64) {
    let mut poll = Poll::new().unwrap();
    let mut clients: Vec<(TcpStream, Instant)> = (0..n)
        .map(|i| {
            let mut stream = TcpStream::from_std(std::net::TcpStream::connect(address).unwrap());
            poll.registry().register(&mut stream, Token(i), Interest::READABLE).unwrap();
            let _ = stream.set_nodelay(true);
            stream.write_all(REQUEST).unwrap();
            (stream, Instant::now())
        })
        .collect();
    let mut events = Events::with_capacity(1024);
    let mut buffer = [0; 4096];
    let mut latencies = Vec::new();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(seconds) {
        poll.poll(&mut events, Some(Duration::from_millis(100))).unwrap();
        for event in &events {
            let (stream, sent) = &mut clients[event.token().0];
            match stream.read(&mut buffer) {
                Ok(0) => panic!("closed"),
                Ok(_) => {
                    latencies.push(sent.elapsed());
                    *sent = Instant::now();
                    stream.write_all(REQUEST).unwrap();
                }
                Err(_) => {}
            }
        }
    }
    (latencies, started.elapsed().as_secs_f64())
}

fn percentile(sorted: &[Duration], p: usize) -> f64 {
    sorted.get((sorted.len() * p / 100).min(sorted.len().saturating_sub(1))).map_or(0.0, Duration::as_secs_f64) * 1000.0
}

/// Holds `n` calls, wakes half of them, and lets the others go.
fn hold(server: &Server, n: usize) {
    let address = server.address();
    let before = server.private();
    let mut poll = Poll::new().unwrap();
    let mut clients = HashMap::new();
    for i in 0..n {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let mailbox = i % 1000;
        let request = format!(
            "GET /hold?mailbox={mailbox}&seen=0&deadline=3600000&own=watermark-{i:030} HTTP/1.1\r\nHost: h\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(i), Interest::READABLE).unwrap();
        clients.insert(i, stream);
    }
    while server.number("held") < n as u64 {
        std::thread::yield_now();
    }
    let after = server.private();
    println!(
        "held {n}: {} bytes of private memory each ({} bytes of slot and hold)",
        (after - before) / n as u64,
        server.number("slot_bytes")
    );
    let mut events = Events::with_capacity(1024);
    let mut buffer = [0; 4096];
    let mut one = std::net::TcpStream::connect(address).unwrap();
    one.set_nodelay(true).unwrap();
    let mut latencies = Vec::new();
    for mailbox in 0..500 {
        let started = Instant::now();
        let request = format!("GET /change?mailbox={mailbox}&seq=1&tell=yes HTTP/1.1\r\nHost: h\r\n\r\n");
        one.write_all(request.as_bytes()).unwrap();
        let mut waiting = n / 1000;
        while waiting > 0 {
            poll.poll(&mut events, Some(Duration::from_secs(5))).unwrap();
            for event in &events {
                if clients.get_mut(&event.token().0).is_some_and(|stream| stream.read(&mut buffer).is_ok_and(|n| n > 0))
                {
                    waiting -= 1;
                }
            }
        }
        latencies.push(started.elapsed());
        let _ = one.read(&mut buffer).unwrap();
    }
    latencies.sort_unstable();
    println!(
        "a change reaches all {} watchers of a mailbox: p50 {:.3} ms, p99 {:.3} ms",
        n / 1000,
        percentile(&latencies, 50),
        percentile(&latencies, 99)
    );
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize, default: &str| words.get(at).cloned().unwrap_or(default.to_owned());
    let (workers, connections, seconds) = (word(0, "1"), word(1, "64"), word(2, "3"));
    let held: usize = word(3, "9000").parse().unwrap();
    let server = Server::start(&workers);
    for n in [1, connections.parse().unwrap()] {
        let (mut latencies, took) = hammer(server.address(), n, seconds.parse().unwrap());
        latencies.sort_unstable();
        println!(
            "{workers} workers, {n} connections: {:.0} requests/s, p50 {:.3} ms, p99 {:.3} ms",
            latencies.len() as f64 / took,
            percentile(&latencies, 50),
            percentile(&latencies, 99)
        );
    }
    if held > 0 {
        hold(&server, held);
    }
}
