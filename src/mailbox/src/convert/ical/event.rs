//! Events as iCalendar tells them and calendar items hold them.

use ewsd_model::recurrence::{Clock, Recurrence};
use ewsd_model::timezone::ItemZone;
use ewsd_model::value::{Body, Mailbox};
use ewsd_wire::form::{Maybe, Plain};
use ewsd_wire::{Reader, Refused, Wire, wire};
use jiff::Timestamp;

use super::answer::{Apart, Minutes, Says};
use super::limits::Unreadable;
use crate::convert::form::{Many, Number, Person, Text, Time};

/// A VCALENDAR.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calendar {
    /// In upper case: `REQUEST`. None: it is nobody's message.
    pub method: Option<String>,
    /// Single events, masters of series, and exceptions (which have a `recurrence_id`), in the order of the text.
    pub events: Vec<Event>,
    /// Events that cannot be read.
    pub left: Vec<Left>,
}

wire! {
    /// An event that is not here.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Left {
        /// What people know it by.
        pub name: String as Text,
        pub why: Unreadable,
    }
}

impl Calendar {
    /// The exceptions of a series.
    pub fn exceptions<'a>(&'a self, master: &'a Event) -> impl Iterator<Item = &'a Event> {
        self.events.iter().filter(|event| event.uid == master.uid && event.recurrence_id.is_some())
    }

    /// Events that are items of their own: single ones and masters, and exceptions whose series is not here.
    pub fn items(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| {
            event.recurrence_id.is_none()
                || !self.events.iter().any(|other| other.uid == event.uid && other.recurrence_id.is_none())
        })
    }
}

wire! {
    /// One VEVENT. Its zones are told once for all events (`answer.rs`).
    #[derive(Clone, Debug, PartialEq)]
    pub struct Event {
        pub uid: String as Text,
        /// Of an exception: when the pattern would have it begin.
        pub recurrence_id: Option<Timestamp> as Maybe<Time>,
        pub start: Timestamp as Time,
        /// Not before the start.
        pub end: Timestamp as Time,
        /// The zone of its start, in which a series recurs.
        pub zone: ItemZone as Apart,
        pub end_zone: ItemZone as Apart,
        /// Start and end are midnights of the zone.
        pub all_day: bool,
        pub recurrence: Option<Recurrence> as Maybe<Says>,
        /// Of a series whose first occurrence does not tell when the others are: its hour is missing on that day.
        pub clock: Option<Clock> as Maybe<Minutes>,
        /// Original starts of deleted occurrences.
        pub deleted: Vec<Timestamp> as Many<Time>,
        pub subject: Option<String> as Maybe<Text>,
        pub location: Option<String> as Maybe<Text>,
        pub body: Option<Body> as Maybe<Says>,
        pub categories: Vec<String> as Many<Text>,
        pub sensitivity: Sensitivity,
        pub importance: Importance,
        pub busy: Busy,
        /// What it is to be once it is accepted.
        pub intended: Option<Busy>,
        /// Minutes before the start.
        pub reminder: Option<i32> as Maybe<Number>,
        pub organizer: Option<Mailbox> as Maybe<Person>,
        pub attendees: Vec<Attendee> as Many<Plain>,
        pub cancelled: bool,
        pub sequence: i32 as Number,
        /// When it was last changed by who may.
        pub stamp: Option<Timestamp> as Maybe<Time>,
        /// Answers are wanted.
        pub response_requested: bool,
        pub allow_new_time: bool,
        pub attachments: Vec<Attachment> as Many<Plain>,
        /// There was a rule that no pattern says: only its first occurrence is here.
        pub rule_lost: bool,
        /// Its start names no zone: it is the same on the clocks of each zone, and was read in that of whoever asked.
        pub floats: bool,
    }
}

impl Event {
    pub fn new(uid: &str, zone: ItemZone, start: Timestamp, end: Timestamp) -> Event {
        Event {
            uid: uid.to_owned(),
            recurrence_id: None,
            start,
            end,
            end_zone: zone.clone(),
            zone,
            all_day: false,
            recurrence: None,
            clock: None,
            deleted: Vec::new(),
            subject: None,
            location: None,
            body: None,
            categories: Vec::new(),
            sensitivity: Sensitivity::Normal,
            importance: Importance::Normal,
            busy: Busy::Busy,
            intended: None,
            reminder: None,
            organizer: None,
            attendees: Vec::new(),
            cancelled: false,
            sequence: 0,
            stamp: None,
            response_requested: false,
            allow_new_time: true,
            attachments: Vec::new(),
            rule_lost: false,
            floats: false,
        }
    }
}

/// An enumeration with the words of EWS and of iCalendar for each.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($word:ident $ical:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($word,)+ }

        impl $name {
            /// As EWS says it.
            pub const fn word(self) -> &'static str {
                match self { $($name::$word => stringify!($word),)+ }
            }

            pub fn from_word(word: &str) -> Option<$name> {
                match word {
                    $(stringify!($word) => Some($name::$word),)+
                    _ => None,
                }
            }

            /// As iCalendar says it.
            pub(super) const fn ical(self) -> &'static str {
                match self { $($name::$word => $ical,)+ }
            }

            pub(super) fn from_ical(word: &str) -> Option<$name> {
                [$($name::$word),+].into_iter().find(|one| one.ical() == word)
            }
        }

        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(*self as u8);
            }
            fn get(reader: &mut Reader<'_>) -> Result<$name, Refused> {
                let number = u8::get(reader)?;
                let known = [$($name::$word),+].into_iter().find(|one| *one as u8 == number);
                known.ok_or(Refused::BadValue(stringify!($name)))
            }
        }
    };
}

words! {
    /// CLASS.
    Sensitivity { Normal "PUBLIC", Personal "PERSONAL", Private "PRIVATE", Confidential "CONFIDENTIAL" }
}

words! {
    /// PRIORITY, as it is written.
    Importance { Low "9", Normal "5", High "1" }
}

words! {
    /// X-MICROSOFT-CDO-BUSYSTATUS; LegacyFreeBusyType.
    Busy { Free "FREE", Tentative "TENTATIVE", Busy "BUSY", OOF "OOF", WorkingElsewhere "WORKINGELSEWHERE" }
}

words! {
    /// PARTSTAT; ResponseTypeType.
    Answer { NoResponseReceived "NEEDS-ACTION", Accept "ACCEPTED", Tentative "TENTATIVE", Decline "DECLINED" }
}

wire! {
    /// Which list an attendee stands in.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Role { 0 Required 1 Optional 2 Resource }

    #[derive(Clone, Debug, PartialEq)]
    pub struct Attendee {
        pub mailbox: Mailbox as Person,
        pub role: Role,
        pub answer: Answer,
    }

    #[derive(Clone, Debug, PartialEq)]
    pub struct Attachment {
        pub name: String as Text,
        pub content_type: Option<String> as Maybe<Text>,
        pub content: Content,
    }

    #[derive(Clone, Debug, PartialEq)]
    pub enum Content {
        0 Octets(octets: Vec<u8> as Text)
        /// Elsewhere.
        1 Link(link: String as Text)
        /// A part of the message that holds the calendar.
        2 Part(id: String as Text)
    }
}
