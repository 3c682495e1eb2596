//! GetUserAvailability (MS-OXWAVLS 3.1.4.1).

use ewsd_model::timezone::SerializableZone;

use crate::availability::{FreeBusyViewOptions, MailboxData, SuggestionsViewOptions};
use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::record::{array, record};

record! {
    GetUserAvailability {
        attributes {}
        elements {
            /// Of times that name none; else TimeZoneContext says it.
            "TimeZone" zone: optional SerializableZone, SerializableZone::read;
            /// As many as were named, none as well.
            "MailboxDataArray" mailboxes: required Vec<MailboxData>, array(mailbox);
            "FreeBusyViewOptions" view: optional FreeBusyViewOptions, FreeBusyViewOptions::read;
            "SuggestionsViewOptions" suggestions: optional SuggestionsViewOptions, SuggestionsViewOptions::read;
        }
    }
}

fn mailbox(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<MailboxData, Fault> {
    match element.name() {
        "MailboxData" => MailboxData::read(c, element),
        _ => Err(c.unexpected(element)),
    }
}
