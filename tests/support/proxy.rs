//! A relay between a real client and the server that keeps the envelopes of both directions for validation.
//! It passes bytes on untouched and takes the HTTP apart only when a connection has ended.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::record;

pub struct Relay {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
    connections: Arc<Mutex<Vec<JoinHandle<Exchanged>>>>,
}

/// The envelopes of both directions, those of one connection in their order.
#[derive(Default)]
pub struct Exchanged {
    pub requests: Vec<Vec<u8>>,
    pub replies: Vec<Vec<u8>>,
}

impl Relay {
    /// Listens on a free port and relays to the server; exchanges are kept under the running test's name. A client that
    /// breaks the schema itself has its requests not kept.
    pub fn start(server: SocketAddr, keep_requests: bool) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (stop, tag) = (Arc::new(AtomicBool::new(false)), record::tag());
        let connections = Arc::new(Mutex::new(Vec::new()));
        let (stopped, all) = (stop.clone(), connections.clone());
        let accepting = std::thread::spawn(move || {
            for client in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(client), Ok(upstream)) = (client, TcpStream::connect(server)) else {
                    continue;
                };
                let tag = tag.clone();
                all.lock().unwrap().push(std::thread::spawn(move || relay(client, upstream, &tag, keep_requests)));
            }
        });
        Relay { address, stop, accepting: Some(accepting), connections }
    }

    /// Ends when every client has left: call it when the client's process has ended. All that passed.
    pub fn finish(mut self) -> Exchanged {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("the relay");
        }
        let connections = std::mem::take(&mut *self.connections.lock().unwrap());
        let mut all = Exchanged::default();
        for connection in connections {
            let Exchanged { requests, replies } = connection.join().expect("a relayed connection");
            all.requests.extend(requests);
            all.replies.extend(replies);
        }
        all
    }
}

fn relay(client: TcpStream, server: TcpStream, tag: &str, keep_requests: bool) -> Exchanged {
    let (to_server, to_client) = (server.try_clone().expect("dup"), client.try_clone().expect("dup"));
    let upward = std::thread::spawn(move || copy(client, to_server));
    let replies = bodies(&copy(server, to_client), true);
    let requests = bodies(&upward.join().expect("the upward half"), false);
    if keep_requests {
        requests.iter().for_each(|body| record::request(tag, body));
    }
    replies.iter().for_each(|body| record::reply(tag, body));
    Exchanged { requests, replies }
}

/// Copies until the end and returns all that passed.
fn copy(mut from: TcpStream, mut to: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = [0; 65536];
    while let Ok(n) = from.read(&mut buffer) {
        if n == 0 || to.write_all(&buffer[..n]).is_err() {
            break;
        }
        all.extend_from_slice(&buffer[..n]);
    }
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
    all
}

/// The SOAP envelopes among the bodies of a stream of HTTP messages.
fn bodies(mut stream: &[u8], replies: bool) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Some(end) = stream.windows(4).position(|w| w == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&stream[..end]).to_ascii_lowercase();
        let rest = &stream[end + 4..];
        let value = |name: &str| {
            head.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':')).map(str::trim).map(str::to_owned)
        };
        let interim = replies && head.starts_with("http/1.1 1");
        let (body, used) = if interim {
            (Vec::new(), 0)
        } else if value("transfer-encoding").as_deref() == Some("chunked") {
            unchunked(rest)
        } else {
            let length = value("content-length").and_then(|l| l.parse().ok());
            let length = length.unwrap_or(if replies { rest.len() } else { 0 }).min(rest.len());
            (rest[..length].to_vec(), length)
        };
        let body = match value("content-encoding").as_deref() {
            Some("gzip") => {
                let mut plain = Vec::new();
                flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain).expect("gzip as announced");
                plain
            }
            _ => body,
        };
        found.extend(documents(&body).into_iter().filter(|one| one.ends_with(b"Envelope>")).map(<[u8]>::to_vec));
        stream = &rest[used..];
    }
    found
}

/// The documents of a body: a stream has one behind the other, and the last may be cut off.
fn documents(body: &[u8]) -> Vec<&[u8]> {
    const BEGIN: &[u8] = b"<?xml";
    let mut begins: Vec<usize> = (0..body.len()).filter(|at| body[*at..].starts_with(BEGIN)).collect();
    if begins.first() != Some(&0) {
        begins.insert(0, 0);
    }
    let ends = begins.iter().skip(1).copied().chain([body.len()]);
    begins.iter().zip(ends).map(|(begin, end)| body[*begin..end].trim_ascii_end()).collect()
}

/// A chunked body and how many bytes it took.
fn unchunked(stream: &[u8]) -> (Vec<u8>, usize) {
    let (mut body, mut at) = (Vec::new(), 0);
    while let Some(line) = stream[at..].windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(String::from_utf8_lossy(&stream[at..at + line]).trim(), 16).unwrap_or(0);
        at += line + 2;
        let end = (at + size).min(stream.len());
        body.extend_from_slice(&stream[at..end]);
        at = (end + 2).min(stream.len());
        if size == 0 {
            break;
        }
    }
    (body, at)
}
