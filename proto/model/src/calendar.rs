//! Values of calendar items and meeting messages beside times (MS-OXWSMTGS 2.2.4): attendees, places, occurrences told by
//! their master, what an update changed. Patterns of series are `recurrence`, zones `timezone`.

use jiff::Timestamp;

use crate::value::{Mailbox, WireId};
use crate::{ItemKind, PropId, Value};

/// What somebody answered to a meeting (ResponseTypeType). The numbers are those of PidLidResponseStatus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
pub enum Answer {
    #[default]
    Unknown = 0,
    Organizer = 1,
    Tentative = 2,
    Accept = 3,
    Decline = 4,
    NoResponseReceived = 5,
}

impl Answer {
    pub const ALL: [Answer; 6] = [
        Answer::Unknown,
        Answer::Organizer,
        Answer::Tentative,
        Answer::Accept,
        Answer::Decline,
        Answer::NoResponseReceived,
    ];

    /// The word of the schema.
    pub const fn name(self) -> &'static str {
        match self {
            Answer::Unknown => "Unknown",
            Answer::Organizer => "Organizer",
            Answer::Tentative => "Tentative",
            Answer::Accept => "Accept",
            Answer::Decline => "Decline",
            Answer::NoResponseReceived => "NoResponseReceived",
        }
    }

    pub fn from_name(name: &str) -> Option<Answer> {
        Answer::ALL.into_iter().find(|answer| answer.name() == name)
    }
}

/// Bits of PidLidAppointmentStateFlags, which is `calendar:AppointmentState`.
pub mod state {
    /// It has attendees, or came as a request.
    pub const MEETING: i32 = 1;
    /// It is the copy of somebody who was invited.
    pub const RECEIVED: i32 = 2;
    pub const CANCELLED: i32 = 4;
}

/// AttendeeType.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attendee {
    pub mailbox: Mailbox,
    pub response: Option<Answer>,
    pub last_response: Option<Timestamp>,
    pub proposed_start: Option<Timestamp>,
    pub proposed_end: Option<Timestamp>,
}

/// EnhancedLocationType.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnhancedLocation {
    pub display_name: String,
    pub annotation: Option<String>,
    /// PersonaPostalAddressType: elements of [`ADDRESS_PARTS`] in their order, each as it is written.
    pub address: Option<Vec<(String, String)>>,
}

/// The elements of PersonaPostalAddressType in schema order, and what each holds.
pub const ADDRESS_PARTS: &[(&str, AddressPart)] = &[
    ("Street", AddressPart::Text),
    ("City", AddressPart::Text),
    ("State", AddressPart::Text),
    ("Country", AddressPart::Text),
    ("PostalCode", AddressPart::Text),
    ("PostOfficeBox", AddressPart::Text),
    ("Type", AddressPart::Text),
    ("Latitude", AddressPart::Number),
    ("Longitude", AddressPart::Number),
    ("Accuracy", AddressPart::Number),
    ("Altitude", AddressPart::Number),
    ("AltitudeAccuracy", AddressPart::Number),
    ("FormattedAddress", AddressPart::Text),
    ("LocationUri", AddressPart::Text),
    ("LocationSource", AddressPart::Source),
];

/// LocationSourceType.
pub const LOCATION_SOURCES: &[&str] =
    &["None", "LocationServices", "PhonebookServices", "Device", "Contact", "Resource"];

/// What an element of an address holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPart {
    Text,
    Number,
    Source,
}

/// OccurrenceInfoType: an occurrence as its master tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OccurrenceInfo {
    pub id: WireId,
    pub start: Timestamp,
    pub end: Timestamp,
    /// Where the pattern has it.
    pub original: Timestamp,
}

/// ChangeHighlightsType: what an update of a meeting changed. The values are those before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeHighlights {
    pub location: Option<String>,
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
}

/// An item that is told inside another: its kind and some of its properties.
#[derive(Clone, Debug, PartialEq)]
pub struct InnerItem {
    pub kind: ItemKind,
    pub props: Vec<(PropId, Value)>,
}
