//! Where a calendar is: clients give it as it is, or in a message; mail has it as a part.

use ewsd_mime::{Message, Part};
use ewsd_model::timezone::ItemZone;

use super::limits::{Limits, Unreadable};
use super::{Calendar, read};

/// The calendar of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub calendar: Calendar,
    /// In upper case; what the calendar itself says counts before what its part says.
    pub method: Option<String>,
}

/// Reads what a client gave as MIME of a calendar item: a calendar, or a message that holds one. `zone`: that of times that
/// name none.
pub(in crate::convert) fn find(octets: &[u8], zone: &ItemZone, limits: &Limits) -> Result<Calendar, Unreadable> {
    let bare = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets).trim_ascii_start();
    let begins = bare.get(..15).is_some_and(|head| head.eq_ignore_ascii_case(b"BEGIN:VCALENDAR"));
    if begins {
        return read(bare, zone, limits);
    }
    let message = Message::read(octets);
    let part = message.parts().find(|part| part.content_type.is("text", "calendar"));
    read(part.ok_or(Unreadable::Nothing)?.text().as_bytes(), zone, limits)
}

/// The calendar of a message that came in: its first part that is one and says what it is for. A file that somebody attached says
/// that by its type, else it is only a file.
pub(in crate::convert) fn in_message(octets: &[u8], zone: &ItemZone, limits: &Limits) -> Result<Found, Unreadable> {
    let message = Message::read(octets);
    let said = |part: &Part<'_>| part.content_type.parameters.get("method").map(str::to_ascii_uppercase);
    let is_calendar =
        |part: &&Part<'_>| part.content_type.is("text", "calendar") && (said(part).is_some() || !part.is_attachment());
    let part = message.parts().find(is_calendar).ok_or(Unreadable::Nothing)?;
    let calendar = read(part.text().as_bytes(), zone, limits)?;
    if let Some(left) = calendar.left.first() {
        return Err(left.why);
    }
    let method = calendar.method.clone().or_else(|| said(part));
    Ok(Found { calendar, method })
}
