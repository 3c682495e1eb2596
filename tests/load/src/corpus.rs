//! Messages as other people's tests have them, delivered by LMTP and read back: every one must be taken, come back octet by
//! octet, have each of its attachments to be read, and show a body where the reader of mail finds one; and those that say in a
//! field which words must be found in them (`tests/corpus/made.rs`) have them in their body or their attachments.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use ewsd_mime::{Message, choose};

use crate::error::{Error, Result};
use crate::target::{Account, Server, Target};
use crate::{http, soap};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Files with a message each, and folders of such.
    #[arg(required = true)]
    places: Vec<PathBuf>,
}

/// The field in which a message says what is in it.
const SHOWS: &str = "X-Shows";

/// What became of all of them.
#[derive(Debug, Default)]
struct Sums {
    messages: usize,
    attachments: usize,
    /// Until the 250 of each.
    delivering: Duration,
    wrong: Vec<String>,
}

pub fn run(options: &Options) -> Result {
    let mut files = Vec::new();
    for place in &options.places {
        collect(place, &mut files);
    }
    files.sort();
    let target = Target::find(&options.server, 1, &[])?;
    let account = target.account(0)?.clone();
    let mut client = target.connect()?;
    let mut session = target.mail()?;
    let mut sums = Sums::default();
    let begun = Instant::now();
    for file in &files {
        let Ok(octets) = std::fs::read(file) else { continue };
        let octets = with_crlf(&octets);
        sums.messages += 1;
        let sent = Instant::now();
        let delivered = session.deliver_octets(&account.address, &octets);
        sums.delivering += sent.elapsed();
        if let Err(error) = delivered {
            sums.wrong.push(format!("{}: not taken: {error}", file.display()));
            session = target.mail()?;
            continue;
        }
        match read_back(&mut client, &account, &octets) {
            Ok(attachments) => sums.attachments += attachments,
            Err(error) => sums.wrong.push(format!("{}: {error}", file.display())),
        }
    }
    sums.wrong.iter().for_each(|line| println!("{line}"));
    println!(
        "{} messages delivered in {:.1} s and read back with {} attachments, in all {:.1} s: {} wrong",
        sums.messages,
        sums.delivering.as_secs_f64(),
        sums.attachments,
        begun.elapsed().as_secs_f64(),
        sums.wrong.len()
    );
    if sums.wrong.is_empty() { Ok(()) } else { Err(Error::new("not all of them are as they should be")) }
}

/// Reads the newest message; how many attachments it has.
fn read_back(client: &mut http::Client, account: &Account, octets: &[u8]) -> Result<usize> {
    let found = call(client, account, &soap::newest())?;
    let id = soap::attribute(&found, "ItemId", "Id").ok_or_else(|| Error::new("it is not listed"))?;
    let item = call(client, account, &soap::whole_item(&id))?;
    let mime = soap::element(&item, "t:MimeContent").unwrap_or_default();
    let mime = STANDARD.decode(mime).map_err(|error| Error::new(format!("its octets: {error}")))?;
    // A byte order mark goes: fields are written before it.
    if !mime.ends_with(octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets)) {
        return Err(Error::new("its octets are others"));
    }
    let body = soap::element(&item, "t:Body").unwrap_or_default();
    let mut found = body.to_owned();
    // A message that is attached has attachments itself.
    let mut ids = attachments(&item);
    let mut read = 0;
    while let Some(id) = ids.get(read).cloned() {
        let answer = call(client, account, &soap::get_attachment(&id))?;
        let within: Vec<String> = attachments(&answer).into_iter().filter(|id| !ids.contains(id)).collect();
        ids.extend(within);
        collect_texts(&answer, &mut found);
        read += 1;
    }
    let message = Message::read(octets);
    if body.trim().is_empty() && !choose(&message).body(str::to_owned).trim().is_empty() {
        return Err(Error::new("it shows nothing"));
    }
    let shows = message.head().text(SHOWS).unwrap_or_default();
    match shows.split_whitespace().find(|word| !found.contains(*word)) {
        Some(word) => Err(Error::new(format!("{word} is nowhere in it"))),
        None => Ok(ids.len()),
    }
}

fn attachments(answer: &str) -> Vec<String> {
    let rest = answer.split("<t:AttachmentId").skip(1);
    rest.filter_map(|rest| soap::attribute(&format!("x{rest}"), "x", "Id")).collect()
}

/// What is in an attachment: its octets, of a message its text and what is attached to it as it was sent.
fn collect_texts(answer: &str, found: &mut String) {
    for name in ["t:Content", "t:MimeContent"] {
        let octets = soap::element(answer, name).and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
        found.push_str(&String::from_utf8_lossy(&octets));
    }
    found.push_str(soap::element(answer, "t:Body").unwrap_or_default());
}

fn call(client: &mut http::Client, account: &Account, operation: &str) -> Result<String> {
    let reply = client.call(&account.request("", operation))?;
    reply.check()?;
    Ok(reply.text())
}

fn collect(place: &Path, files: &mut Vec<PathBuf>) {
    if place.is_dir() {
        for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
            collect(&entry.path(), files);
        }
    } else {
        files.push(place.to_owned());
    }
}

/// As it goes over the line: LMTP has no other line ends.
fn with_crlf(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + octets.len() / 32);
    let mut before = 0;
    for &octet in octets {
        if octet == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(octet);
        before = octet;
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}
