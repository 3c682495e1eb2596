//! Times for a meeting (MS-OXWAVLS 2.2.4.25): what is asked, and who is to come.

use ewsd_ews::availability::{MailboxData, SuggestionsViewOptions};
use ewsd_ews::word::AttendeeType;
use ewsd_mailbox::calendar::mapi;
use ewsd_mailbox::error::Result;
use ewsd_mailbox::gate::Calendar;
use ewsd_model::availability::{Ask, Block, DaySuggestions, Participant, Quality, Schedule, suggest};
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::availability::Addressee;

/// The numbers of the options: what they are called, what they may be, what they are where nothing is said.
const GOOD: (&str, std::ops::RangeInclusive<i32>, i32) = ("GoodThreshold", 0..=50, 25);
const MOST: (&str, std::ops::RangeInclusive<i32>, i32) = ("MaximumResultsByDay", 0..=48, 10);
const MOST_OUTSIDE: (&str, std::ops::RangeInclusive<i32>, i32) = ("MaximumNonWorkHourResultsByDay", 0..=48, 0);
const DURATION: (&str, std::ops::RangeInclusive<i32>, i32) = ("MeetingDurationInMinutes", 30..=1440, 60);

/// What is to be suggested.
pub(super) struct Suggest {
    span: (Timestamp, Timestamp),
    /// What is wrong with the options is told where the suggestions would stand.
    ask: std::result::Result<Ask, Failure>,
    /// The UID of a meeting that is to be moved.
    meeting: Option<String>,
}

impl Suggest {
    /// `window`: of whole days, as far as they are touched.
    pub fn new(options: &SuggestionsViewOptions, window: (Timestamp, Timestamp), zone: &TimeZone) -> Suggest {
        let ask = ask(options, window, zone);
        let duration = ask.as_ref().map_or(0, |ask| ask.duration);
        let day = SignedDuration::from_hours(25);
        let from = window.0.checked_sub(day).unwrap_or(window.0);
        let to = window.1.checked_add(day + SignedDuration::from_mins(duration)).unwrap_or(window.1);
        let meeting = options.meeting.as_deref().map(str::trim).filter(|id| !id.is_empty()).map(mapi::named);
        Suggest { span: (from, to), ask, meeting }
    }

    /// The time in which it matters who is busy.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        self.span
    }

    /// Whether an item of that UID is the meeting that is asked about.
    pub fn is_itself(&self, uid: Option<&str>) -> bool {
        self.meeting.is_some() && self.meeting.as_deref() == uid
    }

    pub fn answer(&self, participants: &[Participant]) -> Outcome<Vec<DaySuggestions>> {
        match &self.ask {
            Ok(ask) => Outcome::Success(suggest(ask, participants)),
            Err(failure) => Outcome::Error(failure.clone()),
        }
    }
}

fn ask(
    options: &SuggestionsViewOptions,
    (from, to): (Timestamp, Timestamp),
    zone: &TimeZone,
) -> std::result::Result<Ask, Failure> {
    let number = |said: Option<i32>, (name, range, usual): (&str, std::ops::RangeInclusive<i32>, i32)| match said {
        None => Ok(usual),
        Some(number) if range.contains(&number) => Ok(number),
        Some(_) => {
            let text = format!("{name} must lie between {} and {}.", range.start(), range.end());
            Err(Failure::with_text(Code::ErrorInvalidArgument, text))
        }
    };
    let size = |number: i32| usize::try_from(number).unwrap_or(0);
    // The last day is the one that the window's end is the end of.
    let last = to.checked_sub(SignedDuration::from_secs(1)).unwrap_or(to);
    Ok(Ask {
        zone: zone.clone(),
        days: (zone.to_datetime(from).date(), zone.to_datetime(last).date()),
        duration: i64::from(number(options.duration, DURATION)?),
        good: i64::from(number(options.good, GOOD)?),
        most: size(number(options.most, MOST)?),
        most_outside: size(number(options.most_outside, MOST_OUTSIDE)?),
        least: options.least.unwrap_or(Quality::Fair),
        current: options.current.map(|current| current.within(zone)),
    })
}

/// Somebody who is to come. The hours of rooms and of things are nobody's; `blocks` says when somebody is not free, if that is
/// known.
pub(super) fn participant(
    data: &MailboxData,
    who: &Addressee,
    mut blocks: impl FnMut(&Calendar) -> Result<Option<Vec<Block>>>,
) -> Result<Participant> {
    let works = !matches!(data.attendee, AttendeeType::Room | AttendeeType::Resource);
    let (hours, schedule) = match who {
        Addressee::One(calendar) => {
            let hours = works.then(|| calendar.hours.clone());
            (hours, blocks(calendar)?.map_or(Schedule::Unknown, Schedule::One))
        }
        Addressee::Group(members) => {
            (None, Schedule::Group(members.iter().map(&mut blocks).collect::<Result<Vec<Option<Vec<Block>>>>>()?))
        }
        Addressee::TooBigGroup => (None, Schedule::TooBigGroup),
        Addressee::Nobody => (None, Schedule::Unknown),
    };
    let required = data.attendee != AttendeeType::Optional;
    Ok(Participant { required, ignored: data.ignored, hours, schedule })
}
