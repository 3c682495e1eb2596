//! Clients that are slow, or hostile, cost descriptors and never a worker (`ewsload dribble` has its figures).

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::demo::{Demo, Options};
use crate::support::ews::{CONTENT_TYPE, Ews, PATH};
use crate::support::http::Http;
use crate::support::ops::{find_request, get_fields, get_folder, save, shape, simple};
use crate::support::wait;

crate::tests![
    serves_others_beside_slow_senders_and_readers,
    finishes_an_answer_that_is_read_slowly,
    frees_what_a_slow_reader_leaves,
    gives_up_on_a_slow_body,
];

/// Many that dribble heads and bodies, some that never read a 5 MB answer: GetFolder goes on over two workers.
fn serves_others_beside_slow_senders_and_readers() {
    let server = Demo::start(Options::default().set("limits.head_seconds", 600).set("limits.body_min_rate", 1));
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let big = save(&mut ews, "drafts", &simple("big", &"0123456789abcdef".repeat(330_000)));
    let get_big = crate::support::ops::get_request(&shape("IdOnly", &["item:Body"]), &[&big]);
    let mut readers: Vec<Ews> = (0..10).map(|_| ews.again()).collect();
    for reader in &mut readers {
        reader.send(&get_big, &[]);
    }
    wait::true_within("their answers drain", wait::LONG, || server.connections("draining") == 10);
    let authorization = ews.authorization();
    let body = ews.envelope(&find_request("inbox", &shape("IdOnly", &[]), "")).into_bytes();
    let request = crate::support::http::request("POST", PATH, &[CONTENT_TYPE, &authorization], &body);
    let mut senders: Vec<Http> = (0..100).map(|_| Http::connect(server.http())).collect();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // A byte each in turn: a third of them still in the head, others in the body. None ever ends.
            for at in 0..request.len() - 1 {
                for (n, sender) in senders.iter_mut().enumerate() {
                    let end = if n % 3 == 0 { at % 60 } else { at };
                    let _ = sender.stream.write_all(&request[end..end + 1]);
                }
                if stop.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        let mut other = Ews::connect(&server, &server.accounts[1]).unrecorded();
        let mut times: Vec<Duration> = (0..300)
            .map(|_| {
                let begun = Instant::now();
                get_folder(&mut other, "inbox", "Default", &[]);
                begun.elapsed()
            })
            .collect();
        times.sort();
        println!(
            "GetFolder beside 100 dribbling and 10 deaf clients on 2 workers: median {:?}, p99 {:?}",
            times[150], times[297]
        );
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(server.connections("draining"), 10, "the deaf ones wait in the master");
}

fn finishes_an_answer_that_is_read_slowly() {
    use std::io::Read;
    let server = Demo::start(Options::default());
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let text = "0123456789abcdef".repeat(330_000);
    let big = save(&mut ews, "drafts", &simple("big", &text));
    ews.send(&crate::support::ops::get_request(&shape("IdOnly", &["item:Body"]), &[&big]), &[]);
    wait::true_within("the answer drains", wait::LONG, || server.connections("draining") == 1);
    for pid in server.workers() {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), nix::sys::signal::Signal::SIGKILL).unwrap();
    }
    // In small sips, then whole.
    let mut start = Vec::new();
    let mut sip = [0; 1000];
    for _ in 0..200 {
        let n = ews.http.stream.read(&mut sip).unwrap();
        start.extend_from_slice(&sip[..n]);
    }
    let end = start.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8(start[..end].to_vec()).unwrap().to_ascii_lowercase();
    let length: usize = head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = start.split_off(end);
    let mut rest = vec![0; length - body.len()];
    ews.http.stream.read_exact(&mut rest).unwrap();
    body.extend(rest);
    assert!(String::from_utf8(body).unwrap().contains(&text), "all of it");
    get_fields(&mut ews, &big, &["item:Subject"]);
}

fn frees_what_a_slow_reader_leaves() {
    let server = Demo::start(Options::default());
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let big = save(&mut ews, "drafts", &simple("big", &"0123456789abcdef".repeat(330_000)));
    let mut readers: Vec<Ews> = (0..5).map(|_| ews.again()).collect();
    for reader in &mut readers {
        reader.send(&crate::support::ops::get_request(&shape("IdOnly", &["item:Body"]), &[&big]), &[]);
    }
    wait::true_within("their answers drain", wait::LONG, || server.connections("draining") == 5);
    drop(readers);
    wait::true_within("they are forgotten", wait::LONG, || server.connections("draining") == 0);
}

fn gives_up_on_a_slow_body() {
    let server = Demo::start(Options::default().set("limits.body_min_rate", 1_000_000).set("limits.head_seconds", 1));
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let authorization = ews.authorization();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: test\r\n{CONTENT_TYPE}\r\n{authorization}\r\nContent-Length: 1000\r\n\r\n<"
    );
    ews.http.send(head.as_bytes());
    let reply = ews.http.reply();
    assert_eq!(reply.status, 408);
    assert!(ews.http.closed());
}
