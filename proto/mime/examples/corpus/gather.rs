//! Messages that lie among the files of packages, each written as a file of its own: mailboxes are cut, what is there twice is
//! taken once, and those that are made come besides.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use ewsd_mime::{Head, Limits};

use crate::made;

/// Files that say by their name that they are mail.
const ENDINGS: [&str; 6] = ["eml", "msg", "mbox", "email", "mail", "mai"];
/// What looks like mail and is none: templates, programs, what was expected of one.
const OTHERS: [&str; 12] = ["py", "pl", "t", "c", "h", "go", "js", "rs", "tt2", "md", "out", "headers"];
/// Fields of which mail has some.
const FIELDS: [&str; 12] = [
    "from",
    "to",
    "subject",
    "date",
    "received",
    "message-id",
    "mime-version",
    "content-type",
    "return-path",
    "delivered-to",
    "reply-to",
    "cc",
];
/// Octets of a file that is looked at.
const LARGEST: u64 = 64 << 20;

/// Writes all messages below places into a folder, and how many each package has.
pub fn gather(places: &[PathBuf], into: &Path) -> std::io::Result<BTreeMap<String, usize>> {
    let mut seen = HashSet::new();
    let mut counts = BTreeMap::new();
    let _ = std::fs::remove_dir_all(into);
    std::fs::create_dir_all(into)?;
    for place in places {
        let mut files = Vec::new();
        walk(place, into, &mut files);
        files.sort();
        for file in files {
            let name = file.strip_prefix(place).unwrap_or(&file).to_string_lossy().replace('/', "_");
            let package = name.split('_').next().unwrap_or_default().to_owned();
            let octets = std::fs::read(&file)?;
            let pieces = cut(&octets);
            let is_one = pieces.len() == 1;
            for (number, piece) in pieces.into_iter().enumerate() {
                let mut hasher = DefaultHasher::new();
                piece.trim_ascii().hash(&mut hasher);
                if !is_mail(piece, &file, is_one) || !seen.insert(hasher.finish()) {
                    continue;
                }
                let name: String = name.chars().rev().take(160).collect::<Vec<_>>().into_iter().rev().collect();
                let number = if is_one { String::new() } else { format!(".{number}") };
                std::fs::write(into.join(format!("{name}{number}")), piece)?;
                *counts.entry(package.clone()).or_default() += 1;
            }
        }
    }
    for message in made::messages() {
        std::fs::write(into.join(&message.name), &message.octets)?;
        *counts.entry(if message.is_damaged { "made, damaged" } else { "made" }.to_owned()).or_default() += 1;
    }
    Ok(counts)
}

fn walk(place: &Path, except: &Path, files: &mut Vec<PathBuf>) {
    let Ok(about) = std::fs::symlink_metadata(place) else { return };
    if about.is_dir() {
        // What was gathered before, packages as they came.
        if place == except || place.file_name().is_some_and(|name| name == "packages" || name == "apt") {
            return;
        }
        std::fs::read_dir(place).into_iter().flatten().flatten().for_each(|entry| walk(&entry.path(), except, files));
    } else if about.is_file() && about.len() <= LARGEST {
        files.push(place.to_owned());
    }
}

/// The messages of a file: of several those between the lines that begin with `From ` (RFC 4155).
fn cut(octets: &[u8]) -> Vec<&[u8]> {
    if !octets.starts_with(b"From ") {
        return vec![octets];
    }
    let is_delimiter = |line: &[u8]| {
        let line = line.trim_ascii_end();
        line.starts_with(b"From ") && line.ends_with_year()
    };
    let (mut pieces, mut begin, mut at, mut was_blank) = (Vec::new(), None, 0, true);
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        if was_blank && is_delimiter(line) {
            pieces.extend(begin.map(|begin| octets.get(begin..at).unwrap_or_default()));
            begin = Some(at + line.len());
        }
        at += line.len();
        was_blank = line.trim_ascii().is_empty();
    }
    pieces.extend(begin.map(|begin| octets.get(begin..).unwrap_or_default()));
    // One alone keeps its first line: mail comes with it, too.
    if pieces.len() < 2 { vec![octets] } else { pieces }
}

trait Year {
    /// A time as mailboxes have it ends with a year or a zone.
    fn ends_with_year(&self) -> bool;
}

impl Year for [u8] {
    fn ends_with_year(&self) -> bool {
        let words = self.rsplit(|octet| *octet == b' ').take(2);
        words.into_iter().any(|word| word.len() == 4 && word.iter().all(u8::is_ascii_digit))
    }
}

/// Whether it is mail: by its fields, of which a file that says so needs but one.
fn is_mail(octets: &[u8], file: &Path, is_one: bool) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    if OTHERS.contains(&ending.as_str()) && is_one || octets.trim_ascii().is_empty() {
        return false;
    }
    let begin = octets.get(..512).unwrap_or(octets);
    if begin.contains(&0) && !octets.starts_with(b"From") {
        return false;
    }
    let head = Head::read(octets, Limits::default());
    let known = FIELDS.iter().filter(|name| head.field(name).is_some()).count();
    let first = octets
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(octets)
        .split(|octet| *octet == b'\n')
        .next()
        .unwrap_or_default();
    let name = first.split(|octet| *octet == b':').next().unwrap_or_default();
    let is_field = name.len() < first.len() && name.iter().all(|octet| octet.is_ascii_graphic());
    let is_named = ENDINGS.contains(&ending.as_str());
    known >= 2 && (is_field || is_named || first.starts_with(b"From ")) || known == 1 && is_named
}
