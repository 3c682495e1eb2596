//! MeetingTimeZone (MS-OXWSMTGS 2.2.4.24 TimeZoneType): the zone of an item as Exchange 2007 says it, by its name or by one
//! rule. As a value it is a definition like those of later versions.

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::property::Prop;
use ewsd_model::recurrence::RelativeYearly;
use ewsd_model::timezone::{Change, DayRule, Daylight, Definition, History, Rules};
use jiff::civil::Date;

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::record::{Write, attribute, record, value};
use crate::scalar::{FromText, Minutes, Reading, minutes_text};
use crate::writer::{T, Writer};

/// What is said.
struct ZoneElement {
    name: Option<String>,
    base: Option<Minutes>,
    standard: Option<TimeChange>,
    daylight: Option<TimeChange>,
}

record! {
    impl ZoneElement {
        attributes {
            "TimeZoneName" name: optional String => attribute;
        }
        elements {
            "BaseOffset" base: optional Minutes, value => offset_element;
            "Standard" standard: optional TimeChange, TimeChange::read => half_element;
            "Daylight" daylight: optional TimeChange, TimeChange::read => half_element;
        }
    }
}

/// One half of the year: TimeChangeType.
struct TimeChange {
    name: Option<String>,
    offset: Minutes,
    yearly: Option<RelativeYearly>,
    date: Option<Date>,
    time: Clock,
}

record! {
    impl TimeChange {
        attributes {
            "TimeZoneName" name: optional String => attribute;
        }
        elements {
            "Offset" offset: required Minutes, value => offset_element;
            "RelativeYearlyRecurrence" yearly: optional RelativeYearly, RelativeYearly::read => yearly_element;
            "AbsoluteDate" date: optional Date, value => super::recurrence::date_element;
            "Time" time: required Clock, value => clock_element;
        }
    }
}

/// xs:time of a change, in minutes; what stands behind the digits does not count.
struct Clock(i32);

impl FromText for Clock {
    const WHAT: &'static str = "a time of day";

    fn from_text(text: &str, _: &Reading) -> Option<Clock> {
        let part = |from: usize| text.get(from..from + 2)?.parse::<i32>().ok();
        let (hours, minutes) = (part(0)?, part(3)?);
        let all = hours * 60 + minutes;
        (text.get(2..3) == Some(":") && minutes < 60 && all <= 1440).then_some(Clock(all))
    }
}

/// None where a failure has been put down.
pub(super) fn read(c: &mut Cursor<'_>, element: &Element<'_>, row: &Prop) -> Result<Option<Box<Definition>>, Fault> {
    let said = ZoneElement::read(c, element)?;
    let name = said.name.clone().unwrap_or_default();
    match rules(&said) {
        Ok(None) => Ok(Some(Box::new(Definition { name: Some(name), ..Definition::default() }))),
        Ok(Some(rules)) => Ok(Some(Box::new(Definition::of(&name, &name, &History::always(rules))))),
        Err(code) => {
            c.fail(Failure::at(code, row.id));
            Ok(None)
        }
    }
}

/// None where nothing but a name is said.
fn rules(said: &ZoneElement) -> Result<Option<Rules>, Code> {
    let Some(Minutes(base)) = said.base else { return Ok(None) };
    let bias = |half: &TimeChange| base.checked_add(half.offset.0).ok_or(Code::ErrorCalendarInvalidTimeZone);
    match (&said.standard, &said.daylight) {
        (None, None) => Ok(Some(Rules::fixed(base))),
        (Some(standard), Some(daylight)) => {
            let ahead = Daylight { bias: bias(daylight)?, begins: change(daylight)?, ends: change(standard)? };
            Ok(Some(Rules { standard: bias(standard)?, daylight: Some(ahead) }.simple()))
        }
        _ => Err(Code::ErrorCalendarInvalidTimeZone),
    }
}

fn change(half: &TimeChange) -> Result<Change, Code> {
    let minutes = half.time.0;
    match (&half.yearly, half.date) {
        (Some(yearly), _) if !yearly.day.is_single() => Err(Code::ErrorCalendarInvalidDayForTimeChangePattern),
        (Some(yearly), _) => {
            let nth = match yearly.index as i8 {
                nth @ 0..=3 => nth + 1,
                _ => -1,
            };
            Ok(Change { month: yearly.month.number(), on: DayRule::Nth(yearly.day, nth), minutes })
        }
        (None, Some(date)) => Ok(Change { month: date.month(), on: DayRule::Day(date.day()), minutes }),
        (None, None) => Err(Code::ErrorCalendarInvalidTimeZone),
    }
}

/// By the newest of its rules.
pub(super) fn write(w: &mut Writer<'_>, element: &str, zone: &Definition) {
    let name = zone.id.clone().or_else(|| zone.name.clone());
    let history = zone.history().ok();
    let rules = history.as_ref().and_then(|history| history.rules().last()).map(|(_, rules)| rules);
    let half = |bias: i32, change: &Change| {
        let (yearly, date) = match change.index() {
            Some((day, index)) => {
                let month = ewsd_model::recurrence::Month::from_number(change.month)?;
                (Some(RelativeYearly { day, index, month }), None)
            }
            None => (None, Some(change.in_year(2000)?.date())),
        };
        let time = Clock(change.minutes.min(1439));
        Some(TimeChange { name: None, offset: Minutes(bias), yearly, date, time })
    };
    let (base, standard, daylight) = match rules {
        None => (None, None, None),
        Some(Rules { standard, daylight: None }) => (Some(Minutes(*standard)), None, None),
        Some(Rules { standard, daylight: Some(daylight) }) => {
            let ends = half(0, &daylight.ends);
            let begins = half(daylight.bias - standard, &daylight.begins);
            (Some(Minutes(*standard)), ends, begins)
        }
    };
    ZoneElement { name, base, standard, daylight }.write(w, element);
}

fn offset_element(w: &mut Writer<'_>, name: &str, Minutes(minutes): &Minutes) {
    w.text_element(T, name, &minutes_text(*minutes));
}

fn half_element(w: &mut Writer<'_>, name: &str, half: &TimeChange) {
    half.write(w, name);
}

fn yearly_element(w: &mut Writer<'_>, name: &str, yearly: &RelativeYearly) {
    yearly.write(w, name);
}

fn clock_element(w: &mut Writer<'_>, name: &str, Clock(minutes): &Clock) {
    w.text_element(T, name, &format!("{:02}:{:02}:00", minutes / 60, minutes % 60));
}
