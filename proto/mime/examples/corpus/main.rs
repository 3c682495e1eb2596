//! Reads messages that lie around on a machine and compares with what two other readers make of them, Python's `email` and the
//! crate mail-parser: each difference is printed with both, unless a rule of `explain.rs` says why it is right, and what they come
//! to is counted at the end. `make corpus` fetches packages with messages first.
//!
//! `cargo run --example corpus -- INTO [FOLDER]...`: besides what is below the folders, the samples that Python and the crates of
//! this machine brought along, and those that are made (`tests/corpus/made.rs`). Each is written into the folder INTO.
#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod boundary;
mod explain;
mod gather;
#[path = "../../../../tests/corpus/made.rs"]
mod made;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use ewsd_mime::{Addresses, Message, choose, class};
use mail_parser::MimeHeaders;

const PYTHON: &str = r#"
import sys, email, email.utils, email.header, zlib
def esc(s): return ' '.join(s.split())
def dec(v):
    try: return str(email.header.make_header(email.header.decode_header(v)))
    except Exception: return str(v)
def leaves(m):
    if m.get_content_maintype() == 'multipart' and m.is_multipart():
        for p in m.get_payload():
            yield from leaves(p)
    else:
        yield m
for path in sys.stdin.read().split('\n'):
    if not path: continue
    print('path', path, sep='\t')
    try:
        m = email.message_from_bytes(open(path, 'rb').read())
        print('subject', esc(dec(m.get('subject', ''))), sep='\t')
        for name in ('from', 'to', 'cc'):
            found = email.utils.getaddresses([str(v) for v in m.get_all(name, [])])
            print(name, ' '.join(a for n, a in found if '@' in a), sep='\t')
        d = email.utils.parsedate_tz(str(m.get('date', '')))
        print('date', email.utils.mktime_tz(d) if d else '', sep='\t')
        for n, p in enumerate(leaves(m)):
            kind = p.get_content_type()
            if p.get_content_maintype() == 'message':
                print('part', n, kind, '', sep='\t')
                continue
            body = p.get_payload(decode=True) or b''
            body = body.replace(b'\r\n', b'\n').rstrip()
            print('part', n, kind, '%d %08x' % (len(body), zlib.adler32(body)), sep='\t')
    except Exception as e:
        print('error', repr(e), sep='\t')
"#;

fn main() {
    let mut places = std::env::args_os().skip(1).map(PathBuf::from);
    let into = places.next().expect("a folder to write the messages into");
    let counts = gather::gather(&places.chain(known()).collect::<Vec<_>>(), &into).expect("the messages are gathered");
    counts.iter().for_each(|(package, count)| println!("{package}: {count}"));
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&into).expect("the folder").flatten().map(|entry| entry.path()).collect();
    files.sort();
    let others = python(&files);
    let (mut same, mut differ, mut blank, mut over, mut unexplained) = (0, 0, 0, 0, 0);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut sums: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for file in &files {
        let Ok(octets) = std::fs::read(file) else { continue };
        let message = Message::read(&octets);
        let shown = choose(&message);
        let is_text = message.parts().any(|part| {
            let is_shown = !part.is_attachment() && part.file_name().is_none();
            part.content_type.is("text", "plain") && is_shown && !part.text().trim().is_empty()
        });
        over += usize::from(message.over().any());
        if is_text && shown.body(str::to_owned).trim().is_empty() {
            blank += 1;
            println!("{}: a text, but nothing is shown; class {}", file.display(), class(&message));
        }
        let Some(other) = others.get(file.as_path()) else { continue };
        let ours = record(&message);
        let third = by_crate(&octets);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let found: Vec<Found> = differences(&ours, other, &third, &mut sums);
        same += usize::from(found.is_empty());
        differ += usize::from(!found.is_empty());
        for Found { field, own, python, third } in &found {
            let difference = explain::Difference { name: &name, octets: &octets, field, own, python, third };
            match explain::why(&difference) {
                Some(why) => *reasons.entry(why).or_default() += 1,
                None => {
                    unexplained += 1;
                    println!("{name}\n    {field}: {own:?} Python: {python:?} mail-parser: {third:?}");
                }
            }
        }
    }
    for ((name, who), count) in &sums {
        println!("{name:>8}: {count:4} times {who}");
    }
    for (why, count) in &reasons {
        println!("{count:5} times: {why}");
    }
    println!(
        "{} messages: {same} the same, {differ} differ, {blank} without their text, {over} over a budget; {unexplained} unexplained",
        files.len()
    );
    if blank + unexplained > 0 {
        std::process::exit(1);
    }
}

/// Where samples lie: Python's own tests, and the sources of crates.
fn known() -> Vec<PathBuf> {
    let ask = "import test.test_email, os; print(os.path.join(os.path.dirname(test.test_email.__file__), 'data'))";
    let python = Command::new("python3").args(["-c", ask]).stderr(Stdio::null()).output().ok();
    let python = python.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let crates = std::fs::read_dir(home.unwrap_or_default().join("registry/src")).into_iter().flatten().flatten();
    python.into_iter().chain(crates.map(|entry| entry.path())).collect()
}

fn python(files: &[PathBuf]) -> BTreeMap<PathBuf, BTreeMap<String, String>> {
    let child =
        Command::new("python3").args(["-X", "utf8", "-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return BTreeMap::new() };
    let list: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
    let mut input = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || input.write_all(list.as_bytes()));
    let output = child.wait_with_output().expect("python3 ends");
    let _ = writer.join();
    let mut found: BTreeMap<PathBuf, BTreeMap<String, String>> = BTreeMap::new();
    let mut record = BTreeMap::new();
    let mut path = PathBuf::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (name, value) = line.split_once('\t').unwrap_or((line, ""));
        if name == "path" {
            found.insert(std::mem::replace(&mut path, value.into()), std::mem::take(&mut record));
        } else if name == "part" {
            let (number, rest) = value.split_once('\t').unwrap_or((value, ""));
            record.insert(format!("part {number:>3}"), rest.replace('\t', " "));
        } else {
            record.insert(name.to_owned(), value.to_owned());
        }
    }
    found.insert(path, record);
    found
}

fn record(message: &Message<'_>) -> BTreeMap<String, String> {
    let squeezed = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let addresses = |all: Addresses| all.mailboxes.into_iter().map(|one| one.address).collect::<Vec<_>>().join(" ");
    let head = message.head();
    let mut record = BTreeMap::new();
    record.insert("subject".to_owned(), squeezed(head.text("subject").unwrap_or_default()));
    for name in ["from", "to", "cc"] {
        record.insert(name.to_owned(), addresses(head.addresses(name)));
    }
    record.insert("date".to_owned(), head.date("date").map(|date| date.seconds.to_string()).unwrap_or_default());
    let leaves = message.parts().filter(|part| !part.content_type.is_multipart() || part.children.is_empty());
    for (number, part) in leaves.enumerate() {
        let kind = part.content_type.essence();
        let value = match part.content_type.main.as_str() {
            "message" => format!("{kind} "),
            _ => {
                let octets = part.decoded();
                let mut octets: Vec<u8> = octets
                    .iter()
                    .zip(octets.iter().skip(1).map(Some).chain([None]))
                    .filter(|(byte, next)| **byte != b'\r' || *next != Some(&b'\n'))
                    .map(|(byte, _)| *byte)
                    .collect();
                let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
                octets.truncate(octets.iter().rposition(|byte| !is_space(byte)).map_or(0, |last| last + 1));
                format!("{kind} {} {:08x}", octets.len(), adler(&octets))
            }
        };
        record.insert(format!("part {number:>3}"), value);
    }
    record
}

fn adler(octets: &[u8]) -> u32 {
    let (a, b) = octets.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}

/// The same fields by mail-parser.
fn by_crate(octets: &[u8]) -> BTreeMap<String, String> {
    let mut record = BTreeMap::new();
    let Some(message) = mail_parser::MessageParser::default().parse(octets) else { return record };
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    record.insert("subject".to_owned(), squeezed(message.subject().unwrap_or_default()));
    for (name, found) in [("from", message.from()), ("to", message.to()), ("cc", message.cc())] {
        let all = found.into_iter().flat_map(|list| list.iter()).filter_map(|one| one.address());
        record.insert(name.to_owned(), all.collect::<Vec<_>>().join(" "));
    }
    record.insert("date".to_owned(), message.date().map(|date| date.to_timestamp().to_string()).unwrap_or_default());
    let leaves = message.parts.iter().filter(|part| !part.is_multipart());
    for (number, part) in leaves.enumerate() {
        let kind = part.content_type().map_or("text/plain".to_owned(), |kind| {
            format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain")).to_ascii_lowercase()
        });
        record.insert(format!("part {number:>3}"), kind);
    }
    record
}

/// What a field is called in the sums: parts have numbers.
fn kind_of(name: &str) -> String {
    name.split_whitespace().next().unwrap_or_default().to_owned()
}

/// A field in which ours are not Python's, with what each reader makes of it.
struct Found {
    field: String,
    own: String,
    python: String,
    third: String,
}

/// All of a message; and who stands alone, counted. Of parts the third tells the type alone.
fn differences(
    ours: &BTreeMap<String, String>,
    python: &BTreeMap<String, String>,
    third: &BTreeMap<String, String>,
    sums: &mut BTreeMap<(String, &'static str), usize>,
) -> Vec<Found> {
    let names: std::collections::BTreeSet<&String> = ours.keys().chain(python.keys()).collect();
    let of =
        |record: &BTreeMap<String, String>, name: &String| record.get(name).cloned().unwrap_or_else(|| "-".to_owned());
    let mut found = Vec::new();
    for name in names {
        let (own, theirs, other) = (of(ours, name), of(python, name), of(third, name));
        let is_part = name.starts_with("part");
        let is_like = |a: &str, b: &str| a == b || (is_part && a.split(' ').next() == b.split(' ').next());
        let who = match (own == theirs, is_like(&own, &other), is_like(&theirs, &other)) {
            (true, true, _) => continue,
            (true, false, _) => "mail-parser alone",
            (false, true, true) => "Python's octets alone",
            (false, true, false) => "Python alone",
            (false, false, true) => "ours alone",
            (false, false, false) => "all three differ",
        };
        *sums.entry((kind_of(name), who)).or_default() += 1;
        if own != theirs {
            found.push(Found { field: name.clone(), own, python: theirs, third: other });
        }
    }
    found
}
