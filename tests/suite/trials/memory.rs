//! Large messages cost a worker a small multiple of their size, and only while it is at work on them.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::http::Http;
use crate::support::lmtp::deliver;
use crate::support::ops::{Id, get_request, list, save_mime, save_simple, shape};
use crate::support::{process, wait};

crate::tests![gives_back_what_large_messages_took, replaces_a_worker_that_keeps_too_much];

/// Octets of the messages here.
const LARGE: usize = 24 << 20;

/// A figure of `/proc/PID/status`, in bytes.
fn figure(pid: u32, name: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.unwrap_or_else(|| panic!("{name} of process {pid}: {status}")) << 10
}

/// What the workers have had at most since the last call.
fn peak(workers: &[u32]) -> usize {
    let peak = workers.iter().map(|pid| figure(*pid, "VmHWM")).max().unwrap();
    for pid in workers {
        fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    }
    peak
}

/// A message with an attachment that compresses badly.
fn with_attachment() -> Vec<u8> {
    let octets: Vec<u8> = (0..LARGE * 3 / 4).map(|n| ((n as u32).wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let lines = STANDARD.encode(octets).into_bytes();
    let mut message = b"From: a@elsewhere.test\r\nSubject: large\r\nMIME-Version: 1.0\r\n\
        Content-Type: application/octet-stream; name=large.bin\r\nContent-Transfer-Encoding: base64\r\n\
        Content-Disposition: attachment; filename=large.bin\r\n\r\n"
        .to_vec();
    for line in lines.chunks(76) {
        message.extend_from_slice(line);
        message.extend_from_slice(b"\r\n");
    }
    message
}

fn as_text() -> Vec<u8> {
    let mut message = b"From: a@elsewhere.test\r\nSubject: large\r\n\r\n".to_vec();
    message.extend("the quick brown fox jumps over the lazy dog\r\n".bytes().cycle().take(LARGE));
    message
}

/// An octet of the request or the answer counts where it is mapped or written: 4/3 of the content as base64.
fn gives_back_what_large_messages_took() {
    let server = Demo::start(Options::default());
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    // What every worker has from its first requests is not what is looked at.
    for n in 0..20 {
        save_simple(&mut ews, "drafts", &n.to_string());
    }
    let workers = server.workers();
    peak(&workers);
    let resting = peak(&workers);
    let most = |what: &str, times: f64| {
        let took = peak(&workers).saturating_sub(resting) as f64 / LARGE as f64;
        println!("{what}: {took:.2} times the message");
        assert!(took <= times, "{what} took {took:.2} times the size of the message");
    };
    let mut given: Vec<Id> = Vec::new();
    for (what, message) in [("with an attachment", with_attachment()), ("of text", as_text())] {
        deliver(server.lmtp(), &server.accounts[0].address, &message);
        most(&format!("LMTP, {what}"), 4.5);
        given.push(save_mime(&mut ews, "drafts", &message));
        most(&format!("CreateItem, {what}"), 5.0);
    }
    given.extend(list(&mut ews, "inbox"));
    let show = format!("{}<t:IncludeMimeContent>true</t:IncludeMimeContent>", shape("IdOnly", &[]));
    for id in &given {
        ews.call(&get_request(&show, &[id]));
        most("GetItem with MimeContent", 3.8);
    }
    for id in &given[1..2] {
        ews.call(&get_request(&shape("IdOnly", &["item:Body"]), &[id]));
        most("GetItem with Body", 3.8);
    }
    for pid in &workers {
        let kept = figure(*pid, "RssAnon");
        assert!(kept < LARGE * 4 / 3, "a worker keeps {kept} bytes");
    }
    assert_eq!(server.workers(), workers, "none of them had to be replaced");
}

/// No call fails by it, and nobody calls it a crash.
fn replaces_a_worker_that_keeps_too_much() {
    let server = Demo::start(Options::default().set("process.retire_bytes", 4096));
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let mut seen: Vec<u32> = server.workers();
    let begun = seen.len();
    wait::true_within("workers are replaced", wait::LONG, || {
        save_simple(&mut ews, "drafts", "x");
        let now = server.workers();
        seen.extend(now.into_iter().filter(|pid| !seen.contains(pid)).collect::<Vec<_>>());
        seen.len() >= begun + 4
    });
    let figures = Http::connect(server.admin()).get("/metrics", &[]).text();
    let died = figures.lines().find_map(|line| line.strip_prefix("ewsd_workers_died_total "));
    assert_eq!(died, Some("0"), "{figures}");
    assert!(process::workers(server.master(), "request").len() <= 2 * begun);
}
