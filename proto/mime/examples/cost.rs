//! What reading a message costs: processor time, and memory held at its peak besides the message, of four sizes; beside what the
//! crate mail-parser takes, which was the reader before this one. `cargo run --release -p ewsd-mime --example cost`
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../../../tests/growth/mod.rs"]
mod growth;

use std::hint::black_box;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_mime::{Message, choose};
use nix::time::{ClockId, clock_gettime};

#[global_allocator]
static ALLOCATOR: growth::Counting = growth::Counting;

/// Octets of a message, and how often it is read.
const SIZES: [(&str, usize, u32); 4] =
    [("1 KB", 1 << 10, 2_000), ("10 KB", 10 << 10, 1_000), ("1 MB", 1 << 20, 20), ("50 MB", 50 << 20, 3)];

fn main() {
    println!("{:>6}  {:>12} {:>10}   {:>12} {:>10}", "", "here", "memory", "mail-parser", "memory");
    for (name, octets, often) in SIZES {
        let mail = mail(octets);
        let here = || read(&mail);
        let other = || by_crate(&mail);
        let [here, other] = [(&here as &dyn Fn() -> usize), &other].map(|work| (each(often, work), growth::peak(work)));
        println!("{name:>6}  {:>12.1?} {:>9}K   {:>12.1?} {:>9}K", here.0, here.1 >> 10, other.0, other.1 >> 10);
    }
}

/// Some fields, a text in two forms, and a file that makes up the rest.
fn mail(octets: usize) -> Vec<u8> {
    let text =
        "The quick brown fox jumps over the lazy dog, =C3=BCber den Zaun.\r\n".repeat(octets.min(10 << 10) / 300);
    let file: String = STANDARD
        .encode((0..octets / 2).map(|at| ((at * 31) >> 3) as u8).collect::<Vec<u8>>())
        .as_bytes()
        .chunks(76)
        .map(|line| String::from_utf8_lossy(line).into_owned() + "\r\n")
        .collect();
    let quoted = "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    format!(
        "Received: from a.example.net by b.example.net; Mon, 17 Sep 2001 10:20:30 +0200\r\nFrom: Ann <ann@example.net>\r\n\
         To: Ben <ben@example.net>, \"C, D\" <c@example.net>\r\nSubject: =?utf-8?q?gr=C3=BCn?=\r\nDate: Mon, 17 Sep 2001 10:20:30 +0200\r\n\
         Message-ID: <1@example.net>\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\
         Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n{quoted}{text}\r\n\
         --b\r\nContent-Type: text/html; charset=utf-8\r\n{quoted}<p>{text}\r\n--b--\r\n--a\r\nContent-Type: application/pdf; name=a.pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{file}\r\n--a--\r\n"
    )
    .into_bytes()
}

/// Structure, fields, what is shown, all files decoded.
fn read(mail: &[u8]) -> usize {
    let message = Message::read(mail);
    let head = message.head();
    black_box((head.text("Subject"), head.addresses("To"), head.date("Date"), head.id("Message-ID")));
    let shown = choose(&message);
    black_box(shown.body(str::to_owned)).len() + shown.files.iter().map(|file| file.content.len()).sum::<usize>()
}

/// The same.
fn by_crate(mail: &[u8]) -> usize {
    let message = mail_parser::MessageParser::default().parse(mail).unwrap();
    black_box((message.subject(), message.to(), message.date(), message.message_id()));
    let body = message.body_html(0).unwrap_or_default().len();
    body + message.attachments().map(|part| part.contents().len()).sum::<usize>()
}

fn each(often: u32, work: &dyn Fn() -> usize) -> Duration {
    let clock = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let start = clock();
    (0..often).for_each(|_| {
        black_box(work());
    });
    (clock() - start) / often
}
