//! Mail addresses with their names (EmailAddressType): one as the author of a message, several as its recipients.

use ewsd_model::property::Prop;
use ewsd_model::value::{Mailbox, WireId};

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::property::text::one_of;
use crate::record::{Write, record, text};
use crate::writer::{T, Writer};

/// The element of an address wherever one stands.
const ELEMENT: &str = "Mailbox";

/// MailboxTypeType.
pub(super) const TYPES: &[&str] = &[
    "Unknown",
    "OneOff",
    "Mailbox",
    "PublicDL",
    "PrivateDL",
    "Contact",
    "PublicFolder",
    "GroupMailbox",
    "ImplicitContact",
];

record! {
    impl Mailbox {
        attributes {}
        elements {
            "Name" name: filled String, text => text_element;
            "EmailAddress" address: filled String, trimmed => text_element;
            "RoutingType" routing: filled String, text => text_element;
            "MailboxType" kind: filled String, mailbox_type => text_element;
            "ItemId" item: optional Box<WireId>, Box::read => write_id;
        }
        ignored { "OriginalDisplayName" }
    }
}

pub(super) fn text_element(w: &mut Writer<'_>, name: &str, text: &str) {
    w.text_element(T, name, text);
}

fn trimmed(c: &mut Cursor<'_>, _: &Element<'_>) -> Result<String, Fault> {
    Ok(c.text()?.trim().to_owned())
}

fn write_id(w: &mut Writer<'_>, name: &str, id: &WireId) {
    id.write(w, name);
}

fn mailbox_type(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<String, Fault> {
    one_of(c, element, TYPES).map(str::to_owned)
}

/// Writes `t:Mailbox`.
pub(crate) fn write(w: &mut Writer<'_>, mailbox: &Mailbox) {
    mailbox.write(w, ELEMENT);
}

/// ArrayOfRecipientsType.
pub(super) fn read_all(c: &mut Cursor<'_>, _: &Element<'_>, _: &Prop) -> Result<Option<Vec<Mailbox>>, Fault> {
    let mut mailboxes = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != ELEMENT {
            return Err(c.unexpected(&child));
        }
        // The contact that the address was taken from; the address itself stands beside it.
        mailboxes.push(Mailbox { item: None, ..Mailbox::read(c, &child)? });
    }
    Ok(Some(mailboxes))
}

pub(super) fn write_all(w: &mut Writer<'_>, name: &str, mailboxes: &[Mailbox]) {
    super::list(w, name, mailboxes, write);
}

/// SingleRecipientType; of several the last counts.
pub(super) fn read_single(c: &mut Cursor<'_>, element: &Element<'_>, row: &Prop) -> Result<Option<Mailbox>, Fault> {
    match read_all(c, element, row)?.and_then(|mut mailboxes| mailboxes.pop()) {
        Some(mailbox) => Ok(Some(mailbox)),
        None => Err(c.missing(element, ELEMENT)),
    }
}

pub(super) fn write_single(w: &mut Writer<'_>, name: &str, mailbox: &Mailbox) {
    w.open(T, name);
    write(w, mailbox);
    w.close(T, name);
}
