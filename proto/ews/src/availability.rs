//! What asks for free and busy time and what tells of it (MS-OXWAVLS 2.2): mailboxes, windows, options, and the zone in the form
//! that is used there alone.

use ewsd_model::availability::Quality;
use ewsd_model::recurrence::DayOfWeek;
use ewsd_model::timezone::{SerializableTime, SerializableZone};

use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::record::{number_element, record, text, value};
use crate::scalar::{FromText, Reading, Zoned};
use crate::word::{AttendeeType, FreeBusyViewType};
use crate::writer::{T, Writer};

record! {
    /// Somebody who is asked about.
    MailboxData {
        attributes {}
        elements {
            "Email" email: required EmailAddress, EmailAddress::read;
            "AttendeeType" attendee: required AttendeeType, value;
            /// Conflicts of this one do not matter.
            "ExcludeConflicts" ignored: default bool, value;
        }
    }
}

record! {
    EmailAddress {
        attributes {}
        elements {
            "Name" name: optional String, text;
            "Address" address: required String, text;
            /// SMTP where nothing is said.
            "RoutingType" routing: optional String, text;
        }
    }
}

record! {
    /// A time between two others.
    Window {
        attributes {}
        elements {
            "StartTime" start: required Zoned, value;
            "EndTime" end: required Zoned, value;
        }
    }
}

record! {
    FreeBusyViewOptions {
        attributes {}
        elements {
            "TimeWindow" window: required Window, Window::read;
            /// Minutes; 30 where nothing is said.
            "MergedFreeBusyIntervalInMinutes" interval: optional i32, value;
            "RequestedView" view: optional FreeBusyViewType, value;
        }
    }
}

record! {
    /// Numbers are as they were said; whoever works by them checks them.
    SuggestionsViewOptions {
        attributes {}
        elements {
            "GoodThreshold" good: optional i32, value;
            "MaximumResultsByDay" most: optional i32, value;
            "MaximumNonWorkHourResultsByDay" most_outside: optional i32, value;
            /// Minutes.
            "MeetingDurationInMinutes" duration: optional i32, value;
            "MinimumSuggestionQuality" least: optional Quality, value;
            "DetailedSuggestionsWindow" window: required Window, Window::read;
            "CurrentMeetingTime" current: optional Zoned, value;
            /// Of a meeting that is to be moved: it is in nobody's way.
            "GlobalObjectId" meeting: optional String, text;
        }
    }
}

impl FromText for Quality {
    const WHAT: &'static str = "Excellent, Good, Fair or Poor";

    fn from_text(text: &str, _: &Reading) -> Option<Quality> {
        Quality::from_word(text)
    }
}

record! {
    impl SerializableZone {
        attributes {}
        elements {
            "Bias" bias: required i32, value => number_element;
            "StandardTime" standard: required SerializableTime, SerializableTime::read => time_element;
            "DaylightTime" daylight: required SerializableTime, SerializableTime::read => time_element;
        }
    }
}

record! {
    impl SerializableTime {
        attributes {}
        elements {
            "Bias" bias: required i32, value => number_element;
            "Time" minutes: required i32, clock => clock_element;
            "DayOrder" order: required i32, value => number_element;
            "Month" month: required i32, value => number_element;
            "DayOfWeek" day: required DayOfWeek, value => day_element;
            "Year" year: optional i32, value => number_element;
        }
    }
}

/// Minutes since midnight, as `hh:mm:ss`.
struct Clock(i32);

impl FromText for Clock {
    const WHAT: &'static str = "a time of day, hh:mm:ss";

    fn from_text(text: &str, _: &Reading) -> Option<Clock> {
        let text = text.split('.').next().unwrap_or(text);
        let mut parts = text.split(':').map(|part| part.parse::<u8>().ok().map(i32::from));
        let (hours, minutes) = (parts.next()??, parts.next()??);
        let seconds = parts.next().unwrap_or(Some(0))?;
        let all = hours * 60 + minutes;
        (minutes < 60 && seconds < 60 && all <= 1440 && parts.next().is_none()).then_some(Clock(all))
    }
}

fn clock(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<i32, Fault> {
    c.value(element).map(|Clock(minutes)| minutes)
}

fn time_element(w: &mut Writer<'_>, name: &str, time: &SerializableTime) {
    crate::record::Write::write(time, w, name);
}

fn clock_element(w: &mut Writer<'_>, name: &str, minutes: &i32) {
    w.text_element(T, name, &format!("{:02}:{:02}:00", minutes / 60, minutes % 60));
}

fn day_element(w: &mut Writer<'_>, name: &str, day: &DayOfWeek) {
    w.text_element(T, name, day.word());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        let minutes = |text: &str| Clock::from_text(text, &Reading::default()).map(|Clock(minutes)| minutes);
        for (text, is) in
            [("02:00:00", Some(120)), ("23:59:59.999", Some(1439)), ("24:00:00", Some(1440)), ("3:30", Some(210))]
        {
            assert_eq!(minutes(text), is, "{text}");
        }
        for wrong in ["", "2", "24:01:00", "02:60:00", "02:00:61", "02:00:00:00", "-1:00:00"] {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }
}
