//! Messages as other people's tests have them, delivered by LMTP and read back: every one must be taken, come back octet by
//! octet, have each of its attachments to be read, and show something.

use std::path::{Path, PathBuf};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;

use crate::error::{Error, Result};
use crate::lmtp::Session;
use crate::target::{Account, Target};
use crate::{Server, http, soap};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Folders and files with messages.
    #[arg(required = true)]
    places: Vec<PathBuf>,
}

/// What became of all of them.
#[derive(Debug, Default)]
struct Sums {
    messages: usize,
    attachments: usize,
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
    let mut session = Session::open(target.lmtp)?;
    let mut sums = Sums::default();
    let begun = Instant::now();
    for file in &files {
        let Ok(octets) = std::fs::read(file) else { continue };
        let octets = with_crlf(&octets);
        sums.messages += 1;
        if let Err(error) = session.deliver_octets(&account.address, &octets) {
            sums.wrong.push(format!("{}: not taken: {error}", file.display()));
            session = Session::open(target.lmtp)?;
            continue;
        }
        match read_back(&mut client, &account, &octets) {
            Ok(attachments) => sums.attachments += attachments,
            Err(error) => sums.wrong.push(format!("{}: {error}", file.display())),
        }
    }
    sums.wrong.iter().for_each(|line| println!("{line}"));
    println!(
        "{} messages delivered and read back with {} attachments in {:.1} s: {} wrong",
        sums.messages,
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
    if !mime.ends_with(octets) {
        return Err(Error::new("its octets are others"));
    }
    let ids: Vec<String> = item
        .split("<t:AttachmentId")
        .skip(1)
        .filter_map(|rest| soap::attribute(&format!("x{rest}"), "x", "Id"))
        .collect();
    for id in &ids {
        call(client, account, &soap::get_attachment(id))?;
    }
    let body = soap::element(&item, "t:Body").unwrap_or_default();
    let text = octets.windows(4).position(|window| window == b"\r\n\r\n").and_then(|at| octets.get(at..));
    let is_blank = text.unwrap_or_default().trim_ascii().is_empty();
    if body.trim().is_empty() && ids.is_empty() && !is_blank {
        return Err(Error::new("it shows nothing"));
    }
    Ok(ids.len())
}

fn call(client: &mut http::Client, account: &Account, operation: &str) -> Result<String> {
    let reply = client.call(&soap::request(&account.authorization, "", operation))?;
    reply.check()?;
    Ok(reply.text())
}

fn collect(place: &Path, files: &mut Vec<PathBuf>) {
    const ENDINGS: [&str; 5] = ["eml", "msg", "txt", "mbox", "email"];
    const FIELDS: [&str; 5] = ["from:", "to:", "subject:", "received:", "content-type:"];
    if place.is_dir() {
        for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
            collect(&entry.path(), files);
        }
    } else if place.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending)) {
        let octets = std::fs::read(place).unwrap_or_default();
        let start = String::from_utf8_lossy(octets.get(..4096).unwrap_or(&octets)).to_ascii_lowercase();
        // What lies among packages is mostly licences.
        if start.lines().take(20).any(|line| FIELDS.iter().any(|field| line.starts_with(field))) {
            files.push(place.to_owned());
        }
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
