//! Rooms and equipment: mailboxes that answer meeting requests by themselves, and by which rules (the options and defaults are
//! those of Exchange's Set-CalendarProcessing). Nothing is read or judged here.

use serde_json::{Map, Value as Json};

/// What a mailbox is that nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Room,
    Equipment,
}

impl Resource {
    pub const ALL: [Resource; 2] = [Resource::Room, Resource::Equipment];

    /// As it is kept and as administrators write it.
    pub const fn word(self) -> &'static str {
        match self {
            Resource::Room => "room",
            Resource::Equipment => "equipment",
        }
    }

    pub fn from_word(word: &str) -> Option<Resource> {
        Resource::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// The value of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Switch(bool),
    Number(u32),
}

impl Setting {
    /// `yes`, `no` or digits; the kind of value is that of `like`, a number at most `most`.
    pub fn read(text: &str, like: Setting, most: u32) -> Option<Setting> {
        match (like, text) {
            (Setting::Switch(_), "yes" | "true") => Some(Setting::Switch(true)),
            (Setting::Switch(_), "no" | "false") => Some(Setting::Switch(false)),
            (Setting::Switch(_), _) => None,
            (Setting::Number(_), digits) => digits.parse().ok().filter(|n| *n <= most).map(Setting::Number),
        }
    }

    pub fn json(self) -> Json {
        match self {
            Setting::Switch(on) => on.into(),
            Setting::Number(number) => number.into(),
        }
    }

    fn of_json(json: &Json) -> Option<Setting> {
        match json {
            Json::Bool(on) => Some(Setting::Switch(*on)),
            number => number.as_u64().and_then(|n| u32::try_from(n).ok()).map(Setting::Number),
        }
    }
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Setting::Switch(true) => f.write_str("yes"),
            Setting::Switch(false) => f.write_str("no"),
            Setting::Number(number) => write!(f, "{number}"),
        }
    }
}

/// A type that options have.
trait Kind: Copy {
    fn setting(self) -> Setting;
    fn of(setting: Setting) -> Option<Self>;
}

impl Kind for bool {
    fn setting(self) -> Setting {
        Setting::Switch(self)
    }

    fn of(setting: Setting) -> Option<bool> {
        match setting {
            Setting::Switch(on) => Some(on),
            Setting::Number(_) => None,
        }
    }
}

impl Kind for u32 {
    fn setting(self) -> Setting {
        Setting::Number(self)
    }

    fn of(setting: Setting) -> Option<u32> {
        match setting {
            Setting::Number(number) => Some(number),
            Setting::Switch(_) => None,
        }
    }
}

/// One option.
pub struct Row {
    /// As administrators write it, and as it is kept.
    pub name: &'static str,
    /// The parameter of Set-CalendarProcessing.
    pub documented: &'static str,
    pub meaning: &'static str,
    pub default: Setting,
    /// Of numbers.
    pub most: u32,
    get: fn(&Booking) -> Setting,
    set: fn(&mut Booking, Setting),
}

macro_rules! booking {
    ($($name:ident: $ty:ident = $default:literal, most $most:literal, $documented:literal, $meaning:literal;)+) => {
        /// By which rules a resource answers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Booking {
            $(#[doc = $meaning] pub $name: $ty,)+
        }

        impl Default for Booking {
            fn default() -> Booking {
                Booking { $($name: $default),+ }
            }
        }

        /// All options, in the order in which they are told.
        pub const OPTIONS: &[Row] = &[$(Row {
            name: stringify!($name),
            documented: $documented,
            meaning: $meaning,
            default: booking!(@setting $ty, $default),
            most: $most,
            get: |booking| booking.$name.setting(),
            set: |booking, setting| if let Some(value) = <$ty as Kind>::of(setting) { booking.$name = value },
        }),+];
    };
    (@setting bool, $default:literal) => { Setting::Switch($default) };
    (@setting u32, $default:literal) => { Setting::Number($default) };
}

booking! {
    auto_accept: bool = true, most 0, "AutomateProcessing", "answer meeting requests; no: keep them like a person's";
    conflicts: bool = false, most 0, "AllowConflicts", "accept what overlaps other bookings";
    conflict_percentage: u32 = 0, most 100, "ConflictPercentageAllowed", "share of a series that may overlap other bookings and is declined by itself";
    conflict_instances: u32 = 0, most 1000, "MaximumConflictInstances", "occurrences of a series that may overlap other bookings and are declined by themselves";
    recurring: bool = true, most 0, "AllowRecurringMeetings", "accept series";
    window_days: u32 = 180, most 1080, "BookingWindowInDays", "days ahead that can be booked; 0: today";
    enforce_window: bool = true, most 0, "EnforceSchedulingHorizon", "decline series that go on beyond the window; no: book them as far as it";
    maximum_minutes: u32 = 1440, most 2_147_483, "MaximumDurationInMinutes", "the longest booking; 0: any";
    work_hours_only: bool = false, most 0, "ScheduleOnlyDuringWorkHours", "decline what is outside of the working hours";
    external: bool = false, most 0, "ProcessExternalMeetingMessages", "answer people elsewhere, too";
    delete_comments: bool = true, most 0, "DeleteComments", "leave the text of requests out of the calendar";
    delete_attachments: bool = true, most 0, "DeleteAttachments", "leave their attachments out of the calendar";
    delete_subject: bool = true, most 0, "DeleteSubject", "leave their subject out of the calendar";
    add_organizer: bool = true, most 0, "AddOrganizerToSubject", "show the organizer's name in the subject";
    remove_private: bool = true, most 0, "RemovePrivateProperty", "show private meetings like all others";
    delete_mail: bool = true, most 0, "DeleteNonCalendarItems", "put mail that is about no meeting into the deleted items";
    tell_organizers: bool = true, most 0, "OrganizerInfo", "tell whose bookings are in the way";
    tell_reasons: bool = true, most 0, "EnableResponseDetails", "tell why something is accepted or declined";
}

impl Row {
    pub fn of(name: &str) -> Option<&'static Row> {
        OPTIONS.iter().find(|row| row.name == name)
    }

    pub fn value(&self, booking: &Booking) -> Setting {
        (self.get)(booking)
    }

    /// The value that a text says, or what would fit.
    pub fn read(&self, text: &str) -> Result<Setting, String> {
        let fits = || match self.default {
            Setting::Switch(_) => "yes, no or default".to_owned(),
            Setting::Number(_) => format!("a number up to {}, or default", self.most),
        };
        Setting::read(text, self.default, self.most).ok_or_else(fits)
    }
}

impl Booking {
    /// As it is kept: the options that are not as usual. What is not understood is as usual.
    pub fn from_json(kept: &Map<String, Json>) -> Booking {
        let mut booking = Booking::default();
        for row in OPTIONS {
            let kept = kept.get(row.name).and_then(Setting::of_json);
            let fits = kept.filter(|setting| !matches!(setting, Setting::Number(n) if *n > row.most));
            if let Some(setting) = fits {
                (row.set)(&mut booking, setting);
            }
        }
        booking
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn options_are_the_documented_ones_unless_kept_otherwise() {
        let usual = Booking::default();
        assert_eq!(
            (usual.window_days, usual.maximum_minutes, usual.conflicts, usual.external),
            (180, 1440, false, false)
        );
        for row in OPTIONS {
            assert_eq!(row.value(&usual), row.default, "{}", row.name);
            assert_eq!(row.read(&row.default.to_string()).unwrap(), row.default, "{}", row.name);
        }
        let kept = serde_json::json!({ "window_days": 30, "conflicts": true, "recurring": 7, "maximum_minutes": 4e9, "other": 1 });
        let booking = Booking::from_json(kept.as_object().unwrap());
        assert_eq!(booking, Booking { window_days: 30, conflicts: true, ..usual });
    }

    #[test]
    fn values_are_what_fits() {
        let days = Row::of("window_days").unwrap();
        assert_eq!(days.read("1080"), Ok(Setting::Number(1080)));
        assert_eq!(days.read("1081").unwrap_err(), "a number up to 1080, or default");
        assert!(Row::of("conflicts").unwrap().read("maybe").unwrap_err().starts_with("yes, no"));
        assert!(Resource::ALL.iter().all(|one| Resource::from_word(one.word()) == Some(*one)));
    }
}
