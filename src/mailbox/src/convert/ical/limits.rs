//! How much of a calendar is read, and why one is not. What is over a budget is refused as a whole: mail stays mail, a client is
//! told.

use std::fmt;

use ewsd_ical::Over;
use ewsd_settings::Settings;
use ewsd_wire::wire;

wire! {
    /// What settings say of calendars of strangers; what else is bounded stands below and in `proto/ical/src/limits.rs`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Limits {
        /// Octets of text.
        pub octets: u64,
        /// Occurrences of one series that differ, and deleted ones apart.
        pub exceptions: u64,
    }

    /// Why a calendar is not taken.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Unreadable {
        /// No calendar and no message with one.
        0 Nothing
        1 NoCalendar
        2 NoEvent
        3 NoStart
        4 BadTime
        5 UnknownZone
        6 TooMuch(of: Budget)
    }

    /// What there is too much of.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Budget {
        0 Octets
        1 Components
        2 Properties
        3 Parameters
        4 ParameterOctets
        5 Zones
        6 Exceptions
        7 Deleted
        8 Attendees
        9 Attachments
    }
}

/// Zones of one calendar, and parts of one zone.
pub(super) const ZONES: usize = 100;
pub(super) const ZONE_PARTS: usize = 100;
/// Attendees and attachments of one event.
pub(super) const ATTENDEES: usize = 5_000;
pub(super) const ATTACHMENTS: usize = 500;
/// Deleted occurrences of one event: those of a daily one in forty years.
pub(super) const DELETED: usize = 15_000;

impl Limits {
    pub fn of(settings: &Settings) -> Limits {
        let Settings { limits, .. } = settings;
        Limits { octets: limits.calendar_bytes, exceptions: limits.calendar_exceptions }
    }

    /// Of files that an administrator brings in: whole calendars, with the files of their events inside.
    pub fn of_files(settings: &Settings) -> Limits {
        Limits { octets: settings.limits.message_bytes.max(settings.limits.calendar_bytes), ..Limits::of(settings) }
    }

    pub(super) fn syntax(&self) -> ewsd_ical::Limits {
        ewsd_ical::Limits::of_octets(usize::try_from(self.octets).unwrap_or(usize::MAX))
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::of(&Settings::default())
    }
}

impl From<Over> for Unreadable {
    fn from(over: Over) -> Unreadable {
        Unreadable::TooMuch(match over {
            Over::Octets => Budget::Octets,
            Over::Components => Budget::Components,
            Over::Properties => Budget::Properties,
            Over::Parameters => Budget::Parameters,
            Over::ParameterOctets => Budget::ParameterOctets,
        })
    }
}

/// For people.
impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unreadable::Nothing => "There is neither a calendar nor a message with one in it.",
            Unreadable::NoCalendar => "There is no VCALENDAR in it.",
            Unreadable::NoEvent => "There is no event in it.",
            Unreadable::NoStart => "An event has no DTSTART.",
            Unreadable::BadTime => "A time cannot be read.",
            Unreadable::UnknownZone => "A TZID names a zone that is neither defined in the calendar nor known.",
            Unreadable::TooMuch(Budget::Octets) => "It is larger than limits.calendar_bytes.",
            Unreadable::TooMuch(Budget::Components) => "It has too many components.",
            Unreadable::TooMuch(Budget::Properties) => "It has too many properties.",
            Unreadable::TooMuch(Budget::Parameters) => "A property has too many parameters.",
            Unreadable::TooMuch(Budget::ParameterOctets) => "A parameter is too long.",
            Unreadable::TooMuch(Budget::Zones) => "It has too many time zones, or one of too many parts.",
            Unreadable::TooMuch(Budget::Exceptions) => {
                "A series has more occurrences that differ than limits.calendar_exceptions allows."
            }
            Unreadable::TooMuch(Budget::Deleted) => "A series has too many deleted occurrences.",
            Unreadable::TooMuch(Budget::Attendees) => "An event has too many attendees.",
            Unreadable::TooMuch(Budget::Attachments) => "An event has too many attachments.",
        })
    }
}
