//! Properties on the wire. What a property is comes from its row; no property is named here.
//!
//! A type of value has a line of `types!` below, and its reader and writer side by side on a page of its own.

pub(crate) mod attachment;
mod attendee;
mod body;
mod complete_name;
mod effective_rights;
mod enhanced_location;
pub(crate) mod entry;
mod flag;
mod id;
pub(crate) mod mailbox;
mod meeting_zone;
mod member;
mod occurrence;
mod permission;
mod postal_address;
pub(crate) mod recurrence;
mod text;
pub(crate) mod time_zone;

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::object::ResponseKind;
use ewsd_model::property::{Prop, Type};
use ewsd_model::{FolderKind, Value};
use jiff::Timestamp;

use crate::cursor::{self, Cursor, Element};
use crate::fault::Fault;
use crate::record::Write;
use crate::scalar::{self, FromText};
use crate::writer::{T, Writer};

/// Reads the element of a property of this row and leaves it. None when a failure has been put down instead.
type Reader<V> = fn(&mut Cursor<'_>, &Element<'_>, &Prop) -> Result<Option<V>, Fault>;

/// Writes an element of the types namespace.
type ValueWriter<V> = fn(&mut Writer<'_>, &str, &V);

/// A line has the type of a row, the value that it holds, and how that is read and written.
macro_rules! types {
    ($( $ty:ident => $value:ident, $read:expr, $write:expr; )+) => {
        /// Reads a property's element and leaves it. None when a failure has been put down instead.
        pub(crate) fn read(c: &mut Cursor<'_>, element: &Element<'_>, row: &Prop) -> Result<Option<Value>, Fault> {
            c.since(row.since, row.element)?;
            if row.is_local {
                return local_time(c, element).map(Some);
            }
            match row.ty {
                $( Type::$ty { .. } => {
                    let read: Reader<_> = $read;
                    Ok(read(c, element, row)?.map(Value::$value))
                } )+
                Type::Extended | Type::Unbuilt => refused(c, element, row),
            }
        }

        /// Writes a property's element; nothing for an unset text or an empty list, and for a value of another type than the
        /// property's. `folder` is the kind of folder whose property it is.
        pub(crate) fn write(w: &mut Writer<'_>, row: &Prop, value: &Value, folder: Option<FolderKind>) {
            match (row.ty, value) {
                (Type::Permissions, Value::Permissions(value)) if folder == Some(FolderKind::CalendarFolder) => {
                    permission::write_calendar(w, row.element, value);
                }
                $( (Type::$ty { .. }, Value::$value(value)) => {
                    let write: ValueWriter<_> = $write;
                    write(w, row.element, value);
                } )+
                // A whole number is one, whatever its width.
                (Type::Int, Value::Long(value)) => w.number_element(T, row.element, *value),
                (Type::Long, Value::Int(value)) => w.number_element(T, row.element, i64::from(*value)),
                _ => {}
            }
        }
    };
}

types! {
    Text => Text, text::read, text::write;
    Enum => Text, text::read_word, text::write;
    Texts => Texts, text::read_all, text::write_all;
    Bytes => Bytes, text::read_octets, text::write_octets;
    Mime => Mime, text::read_mime, text::write_mime;
    Bool => Bool, simple, |w, name, value| w.bool_element(T, name, *value);
    Int => Int, simple, |w, name, value| w.number_element(T, name, i64::from(*value));
    Long => Long, simple, |w, name, value| w.number_element(T, name, *value);
    Double => Double, simple, |w, name, value| w.double_element(T, name, *value);
    Time => Time, simple, |w, name, value| w.time_element(T, name, *value);
    SingleRecipient => Mailbox, mailbox::read_single, mailbox::write_single;
    Recipients => Mailboxes, mailbox::read_all, mailbox::write_all;
    Body => Body, record, write_record;
    Flag => Flag, flag::read, write_record;
    ItemId => ItemId, record, write_record;
    FolderId => FolderId, record, write_record;
    Headers => Headers, entry::read_headers, entry::write_headers;
    Entries => Entries, entry::read, entry::write;
    Addresses => Addresses, entry::read_addresses, entry::write_addresses;
    PostalAddresses => PostalAddresses, postal_address::read, postal_address::write;
    Members => Members, member::read, member::write;
    CompleteName => CompleteName, refused, write_record;
    Attachments => Attachments, refused, attachment::write;
    Rights => Rights, refused, write_record;
    Responses => Responses, refused, write_responses;
    Permissions => Permissions, permission::read, permission::write;
    Recurrence => Recurrence, recurrence::read, write_record;
    TaskRecurrence => Recurrence, recurrence::read_of_task, write_record;
    TimeZone => TimeZone, record, write_record;
    MeetingTimeZone => TimeZone, meeting_zone::read, |w, name, zone| meeting_zone::write(w, name, zone);
    Clock => Text, refused, text::write;
    Attendees => Attendees, attendee::read, attendee::write;
    EnhancedLocation => EnhancedLocation, record, write_record;
    Occurrence => Occurrence, refused, write_record;
    Occurrences => Occurrences, refused, |w, name, value| occurrence::write_all(w, name, value);
    DeletedOccurrences => DeletedOccurrences, refused, |w, name, value| occurrence::write_deleted(w, name, value);
    Items => Items, refused, |w, name, value| occurrence::write_items(w, name, value);
    ChangeHighlights => ChangeHighlights, refused, write_record;
}

/// A time of which the item decides in which zone it is, where it names none itself.
fn local_time(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Value, Fault> {
    let text = c.text()?;
    match scalar::zoned(text.trim_matches(cursor::is_space)) {
        Some(scalar::Zoned::At(time)) => Ok(Value::Time(time)),
        Some(scalar::Zoned::Local(time)) => Ok(Value::Local(time)),
        None => Err(c.wrong_value(element.at, element.local_name(), &text, Timestamp::WHAT)),
    }
}

/// A simple type of the schema.
fn simple<V: FromText>(c: &mut Cursor<'_>, element: &Element<'_>, _: &Prop) -> Result<Option<V>, Fault> {
    c.value(element).map(Some)
}

/// What is read the same wherever it stands.
fn record<V: cursor::Read>(c: &mut Cursor<'_>, element: &Element<'_>, _: &Prop) -> Result<Option<V>, Fault> {
    V::read(c, element).map(Some)
}

fn write_record<V: Write>(w: &mut Writer<'_>, name: &str, value: &V) {
    value.write(w, name);
}

/// ResponseObjects: nothing but their names, of those that the client's version has.
fn write_responses(w: &mut Writer<'_>, name: &str, kinds: &[ResponseKind]) {
    let version = w.form().version;
    let known: Vec<ResponseKind> = kinds.iter().copied().filter(|kind| kind.row().since <= version).collect();
    list(w, name, &known, |w, kind| w.empty(T, kind.row().element));
}

/// What the server alone says.
fn refused<V>(c: &mut Cursor<'_>, _: &Element<'_>, row: &Prop) -> Result<Option<V>, Fault> {
    c.skip()?;
    c.fail(Failure::at(Code::ErrorInvalidPropertySet, row.id));
    Ok(None)
}

/// An element with its members; nothing if there are none.
pub(crate) fn list<V>(w: &mut Writer<'_>, name: &str, members: &[V], mut write: impl FnMut(&mut Writer<'_>, &V)) {
    if members.is_empty() {
        return;
    }
    w.open(T, name);
    for member in members {
        write(w, member);
    }
    w.close(T, name);
}

#[cfg(test)]
mod tests;
