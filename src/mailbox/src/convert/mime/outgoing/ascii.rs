//! A field in ASCII, for a smarthost that takes no other (RFC 6531 section 3.4): encoded words in what people read (RFC 2047),
//! parameters as RFC 2231 has them, domains as RFC 5891 has them.

use ewsd_mime::{ContentType, Cut, Disposition, Head, Limits};
use ewsd_model::value::Mailbox;

use super::seven::is;
use crate::convert::mime::field::{Fields, encoded_words};

/// Fields of addresses; of others the text is encoded.
const PEOPLE: [&str; 12] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "Disposition-Notification-To",
    "Return-Receipt-To",
];

/// Writes a field with its line end. None where octets above 127 stand in what cannot say them: what is before the `@` of an
/// address, a field's name.
pub(super) fn field(field: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if field.is_ascii() {
        out.extend_from_slice(field);
        return Some(());
    }
    let colon = field.iter().position(|byte| *byte == b':')?;
    let name = std::str::from_utf8(field.cut(..colon)).ok()?.trim_end();
    let (value, limits) = (field.cut(colon + 1..), Limits::default());
    let mut fields = Fields::default();
    let head = Head::read(field, limits);
    if is(field, "Content-Type") {
        let kind = ContentType::read(value, &limits);
        fields.parameters(name, &kind.essence(), kind.parameters.iter());
    } else if is(field, "Content-Disposition") {
        let disposition = Disposition::read(value, &limits);
        let kind = Some(disposition.kind.as_str()).filter(|kind| !kind.is_empty()).unwrap_or("attachment");
        fields.parameters(name, kind, disposition.parameters.iter());
    } else if PEOPLE.iter().any(|people| is(field, people)) {
        return people(name, &head, out);
    } else {
        fields.text(name, &head.text(name)?);
    }
    let written = fields.into_octets();
    written.is_ascii().then(|| out.extend(written))
}

/// Mailboxes as they are; what names nobody who can be written to, the name of an empty group say, as the name of one.
fn people(name: &str, head: &Head<'_>, out: &mut Vec<u8>) -> Option<()> {
    let found = head.addresses(name);
    if found.over {
        return None;
    }
    let mailboxes: Vec<Mailbox> = found.mailboxes.into_iter().map(mailbox).collect::<Option<_>>()?;
    let (mut written, others) = if mailboxes.is_empty() {
        let text = head.text(name)?;
        (format!("{name}:").into_bytes(), text.trim_end_matches([' ', ':', ';']).to_owned())
    } else {
        let mut fields = Fields::default();
        fields.mailboxes(name, mailboxes.iter());
        let mut written = fields.into_octets();
        written.truncate(written.len().saturating_sub(2));
        (written, found.rest.join(", "))
    };
    if !others.is_empty() {
        let comma = if mailboxes.is_empty() { " " } else { ",\r\n " };
        written.extend(format!("{comma}{}:;", encoded_words(&others).join("\r\n ")).into_bytes());
    }
    written.extend_from_slice(b"\r\n");
    written.is_ascii().then(|| out.extend(written))
}

/// With a domain as the envelope has it (RFC 5891). None: no ASCII says what stands before the `@`.
fn mailbox(one: ewsd_mime::Mailbox) -> Option<Mailbox> {
    let address = if one.address.is_ascii() {
        one.address
    } else {
        let (local, domain) = one.address.rsplit_once('@').filter(|(local, _)| local.is_ascii())?;
        format!("{local}@{}", idna::domain_to_ascii(domain).ok()?)
    };
    Some(Mailbox { name: one.name, address: Some(address), ..Mailbox::default() })
}
