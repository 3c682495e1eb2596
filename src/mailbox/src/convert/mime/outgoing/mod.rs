//! The head of a message that leaves, written anew (RFC 6409 section 8): what is sent is what was checked. Octets in, octets
//! out; nothing here knows of items, rights or sockets.
//!
//! | question | file |
//! |---|---|
//! | what does an outgoing head have? | `mod.rs` |
//! | where does a field end, whatever ends its lines? | `field.rs` |
//! | whom does a From name? | `address.rs` |
//! | is it so, read by somebody else? | `check.rs` |
//! | what if the next server takes seven bits only? | `seven.rs`; in heads: `ascii.rs` |
//! | what becomes of octets that are no lines? | `binary.rs` |
//!
//! - Exactly one From, all of whose addresses the caller may write as, in their own spelling. No groups, comments, routes.
//! - Sender where From is not the caller's primary address alone (RFC 5322 3.6.2); one that the client gave must be the caller's.
//! - None of what later stations write (Return-Path, Received, signatures, verdicts), no Bcc, no Resent-*.
//! - One valid Message-ID and Date: the client's, or those given here.
//! - All other fields keep their octets, folding included; only what two readers could read in two ways is settled: bare CR
//!   and LF, NUL, a blank before the colon, a folded line of blanks, a line longer than SMTP allows.
//! - In the body a bare CR or LF ends a line; what says that it is `binary` is encoded instead. What is signed or encrypted
//!   (RFC 1847) goes out octet by octet; a bare CR or LF there is refused, for the next server would change it.

mod address;
mod ascii;
mod binary;
mod check;
mod field;
mod seven;
#[cfg(test)]
mod tests;

use ewsd_mime::{ContentType, Cut, Limits};
use ewsd_wire::wire;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use address::Mailbox;
use binary::Body;
pub use check::check;
use field::{Field, Head};
pub(in crate::convert) use seven::seven_bit;

/// Who sends, and in whose name. Addresses are compared without regard to case.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The author of a message that names none, and Sender where one is needed.
    pub primary: &'a str,
    /// All of the sender's own addresses.
    pub own: &'a [String],
    /// Those of others in whose name they may write; Sender then tells who it was.
    pub others: &'a [String],
}

/// What is written where the message has none that is valid.
#[derive(Clone, Copy, Debug)]
pub struct Missing<'a> {
    /// With its angle brackets.
    pub message_id: &'a str,
    pub date: Timestamp,
}

wire! {
    /// Why a message does not leave.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Refused {
        /// From or Sender names somebody else, or cannot be read in one way only.
        0 Author
        /// The head has a line that is no field.
        1 Malformed
        /// What is signed or encrypted has a bare CR or LF.
        2 Lines
    }

    /// Where octets above 127 stand that may not be changed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Sealed {
        /// In what is signed or encrypted.
        0 Body
        /// In a head there, or in what ASCII cannot say: an address, the name of a field.
        1 Head
    }
}

/// Header and body of an entity whose lines end in CR LF; the empty line between them belongs to neither.
pub fn split(entity: &[u8]) -> (&[u8], &[u8]) {
    if let Some(body) = entity.strip_prefix(b"\r\n") {
        return (&[], body);
    }
    match entity.windows(4).position(|four| four == b"\r\n\r\n") {
        Some(at) => (entity.cut(..at + 2), entity.cut(at + 4..)),
        None => (entity, &[]),
    }
}

/// Octets of a line without its end (RFC 5322 2.1.1).
const LINE: usize = 998;
/// Longer names are nobody's.
const NAME: usize = 200;

/// Written by stations on the way, by the last one, or about an earlier sending: never by who submits.
const DROPPED: &[&str] = &[
    "apparently-to",
    "authentication-results",
    "bcc",
    "delivered-to",
    "dkim-signature",
    "domainkey-signature",
    "envelope-to",
    "received",
    "received-spf",
    "return-path",
    "x-authentication-results",
    "x-envelope-from",
    "x-envelope-to",
    "x-google-dkim-signature",
    "x-original-to",
    "x-received",
];
/// The same, as families of fields.
const DROPPED_FAMILIES: &[&str] = &["arc-", "resent-", "x-ms-exchange-forest-", "x-ms-exchange-organization-"];

fn is_dropped(name: &str) -> bool {
    DROPPED.contains(&name) || DROPPED_FAMILIES.iter().any(|family| name.starts_with(family))
}

impl Sender<'_> {
    fn spelling<'s>(addresses: &'s [String], address: &str) -> Option<&'s str> {
        addresses.iter().map(String::as_str).find(|one| one.eq_ignore_ascii_case(address))
    }

    /// An address that they may write as, in the spelling that it is known by.
    fn allowed(&self, address: &str) -> Option<&str> {
        self.own(address).or_else(|| Self::spelling(self.others, address))
    }

    fn own(&self, address: &str) -> Option<&str> {
        let primary = Some(self.primary).filter(|primary| primary.eq_ignore_ascii_case(address));
        primary.or_else(|| Self::spelling(self.own, address))
    }
}

/// The message as it leaves, with CRLF line ends.
pub(in crate::convert) fn write(
    message: &[u8],
    sender: &Sender<'_>,
    missing: &Missing<'_>,
) -> Result<Vec<u8>, Refused> {
    let mut kept = HeadFields::default();
    let mut head = Head::new(message);
    while let Some(field) = head.next_field() {
        kept.take(field.map_err(|_line| Refused::Malformed)?)?;
    }
    let mut out = Vec::with_capacity(message.len() + message.len() / 64 + 512);
    kept.write_people(sender, &mut out)?;
    if !kept.has_date {
        let date = super::date(missing.date);
        out.extend_from_slice(format!("Date: {date}\r\n").as_bytes());
    }
    if !kept.has_id {
        out.extend_from_slice(format!("Message-ID: {}\r\n", missing.message_id).as_bytes());
    }
    out.extend_from_slice(&kept.others);
    let (is_sealed, is_binary, body) = (kept.is_sealed, kept.is_binary == Some(true), head.body());
    let body = Body::new(kept.content_type, is_binary, body);
    if let Some(encoding) = body.encoding() {
        out.extend_from_slice(format!("Content-Transfer-Encoding: {encoding}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    match (is_sealed, head.body()) {
        (true, octets) if !has_whole_lines(octets) => return Err(Refused::Lines),
        (true, octets) => out.extend_from_slice(octets),
        (false, _) => body.write(&mut out)?,
    }
    Ok(out)
}

/// What a head has, as it is read.
#[derive(Default)]
struct HeadFields {
    from: Option<Vec<u8>>,
    sender: Option<Vec<u8>>,
    has_date: bool,
    has_id: bool,
    /// Signed or encrypted.
    is_sealed: bool,
    /// The first one that says.
    content_type: Option<ContentType>,
    /// What the first Content-Transfer-Encoding says; the others count for nobody.
    is_binary: Option<bool>,
    /// All fields that stay as they are, with their line ends.
    others: Vec<u8>,
}

impl HeadFields {
    fn take(&mut self, field: Field) -> Result<(), Refused> {
        let name = field.name().to_ascii_lowercase();
        if name.len() > NAME {
            return Err(Refused::Malformed);
        }
        let stays = match name.as_str() {
            "from" => return once(&mut self.from, &field),
            "sender" => return once(&mut self.sender, &field),
            "date" => first(&mut self.has_date, is_date(&field.value())),
            "message-id" => first(&mut self.has_id, is_message_id(&field.value())),
            "content-type" => {
                let value = field.value();
                self.is_sealed |= is_sealed(&value);
                self.content_type.get_or_insert_with(|| ContentType::read(&value, &Limits::default()));
                true
            }
            // `binary` is called by another name as the body is written.
            "content-transfer-encoding" => !*self.is_binary.get_or_insert_with(|| binary::is_binary(&field.value())),
            name => !is_dropped(name),
        };
        if stays {
            field.write(&mut self.others);
        }
        Ok(())
    }

    /// From, and Sender where it says something (RFC 5322 3.6.2).
    fn write_people(&self, sender: &Sender<'_>, out: &mut Vec<u8>) -> Result<(), Refused> {
        let own = || Mailbox { name: Vec::new(), address: sender.primary.to_owned() };
        let from = match &self.from {
            Some(value) => people(value, |address| sender.allowed(address))?,
            None => vec![own()],
        };
        let given = match &self.sender {
            Some(value) => people(value, |address| sender.own(address))?,
            None => vec![own()],
        };
        let ([given], authors) = (given.as_slice(), from.as_slice()) else { return Err(Refused::Author) };
        let is_author = |one: &Mailbox| matches!(authors, [only] if only.address == one.address);
        address::write("From", &from, out);
        // Where both are one it is left out, unless it is by another address that they are known.
        if !is_author(given) {
            address::write("Sender", std::slice::from_ref(given), out);
        } else if !is_author(&own()) {
            address::write("Sender", &[own()], out);
        }
        Ok(())
    }
}

/// Of several that should be one the first valid one stays.
fn first(seen: &mut bool, valid: bool) -> bool {
    let stays = valid && !*seen;
    *seen |= valid;
    stays
}

fn once(place: &mut Option<Vec<u8>>, field: &Field) -> Result<(), Refused> {
    match place.replace(field.value()) {
        Some(_) => Err(Refused::Author),
        None => Ok(()),
    }
}

/// The mailboxes of a field, each once, in the spelling by which they are allowed.
fn people<'s>(value: &[u8], allowed: impl Fn(&str) -> Option<&'s str>) -> Result<Vec<Mailbox>, Refused> {
    let mut people: Vec<Mailbox> = Vec::new();
    for one in address::list(value).ok_or(Refused::Author)? {
        let address = allowed(&one.address).ok_or(Refused::Author)?;
        if !people.iter().any(|known| known.address == address) {
            people.push(Mailbox { address: address.to_owned(), ..one });
        }
    }
    Ok(people)
}

/// A date that can be read (RFC 5322 3.3), its obsolete forms too.
fn is_date(value: &[u8]) -> bool {
    const PARSER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
    PARSER.parse_timestamp(value.trim_ascii()).is_ok_and(|time| time.as_second() > 0)
}

/// One id and nothing else (RFC 5322 3.6.4), whatever stands on both sides of its `@`.
pub fn is_message_id(value: &[u8]) -> bool {
    let inside = value.trim_ascii().strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
    inside.is_some_and(|id| {
        let halves = id.iter().position(|byte| *byte == b'@').is_some_and(|at| at > 0 && at + 1 < id.len());
        halves
            && id.len() <= LINE - 80
            && std::str::from_utf8(id).is_ok()
            && id.iter().all(|byte| *byte > 32 && *byte != 127 && !matches!(byte, b'<' | b'>'))
    })
}

/// multipart/signed and multipart/encrypted (RFC 1847).
fn is_sealed(value: &[u8]) -> bool {
    let bare = address::without_comments(value);
    let essence = bare.split(|byte| *byte == b';').next().unwrap_or_default();
    let essence: Vec<u8> = essence.iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
    [&b"multipart/signed"[..], b"multipart/encrypted"].iter().any(|sealed| essence.eq_ignore_ascii_case(sealed))
}

fn has_whole_lines(body: &[u8]) -> bool {
    let mut before = 0;
    let whole = body.iter().all(|byte| {
        let fits = (before == b'\r') == (*byte == b'\n');
        before = *byte;
        fits
    });
    whole && before != b'\r'
}

/// Every CR, LF and CRLF ends a line.
fn end_lines(body: &[u8], out: &mut Vec<u8>) {
    let mut rest = body;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        let (line, end) = rest.split_at(at);
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = end.strip_prefix(b"\r\n").or_else(|| end.get(1..)).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// The whole message with settled lines and nothing else changed: for messages that have been checked, wherever they lay since.
pub fn settle(message: &[u8], out: &mut Vec<u8>) {
    let mut head = Head::new(message);
    while let Some(field) = head.next_field() {
        match field {
            Ok(field) => field.write(out),
            Err(line) => {
                out.extend_from_slice(&line);
                out.extend_from_slice(b"\r\n");
            }
        }
    }
    if head.is_ended() {
        out.extend_from_slice(b"\r\n");
    }
    end_lines(head.body(), out);
}

/// A line, folded where it is longer than SMTP allows: before a blank if there is one (RFC 5322 2.2.3).
fn fold(line: &[u8], out: &mut Vec<u8>) {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut rest = if line.len() > LINE { line.trim_ascii_end() } else { line };
    // One less where the line begins with a blank that was put there.
    let mut room = LINE;
    while rest.len() > room {
        let reach = rest.cut(..room);
        // No line of blanks alone comes out.
        let begun = reach.iter().position(|byte| !is_blank(byte)).unwrap_or(room);
        let blank = reach.iter().rposition(is_blank).filter(|at| *at > begun);
        // A character is not cut: its further octets are 10xxxxxx.
        let whole = || (room - 3..=room).rev().find(|at| rest.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80));
        let (before, after) = rest.split_at(blank.or_else(whole).unwrap_or(room));
        if begun < room {
            out.extend_from_slice(before);
            out.extend_from_slice(b"\r\n");
        }
        let is_cut = blank.is_none() && begun < room;
        if is_cut {
            out.push(b' ');
        }
        room = if is_cut { LINE - 1 } else { LINE };
        rest = after;
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(b"\r\n");
}
