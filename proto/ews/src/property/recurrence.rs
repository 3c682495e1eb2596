//! Recurrences of calendar items and of tasks (MS-OXWSCDATA RecurrenceType, MS-OXWSTASK TaskRecurrenceType).
//!
//! What is said is read whatever it is worth: which intervals, days and ranges there are, the model's check tells, with a code for
//! each violation.

use ewsd_model::Version;
use ewsd_model::property::Prop;
use ewsd_model::recurrence::{
    AbsoluteMonthly, AbsoluteYearly, DayOfWeek, Days, End, Every, Index, Month, Pattern, Range, Recurrence,
    RelativeMonthly, RelativeYearly, Unit, Weekly,
};
use jiff::civil::Date;

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::record::{Write, number_element, record, value};
use crate::scalar::{FromText, Reading};
use crate::writer::{T, Writer};

record! {
    impl Every {
        attributes {}
        elements { "Interval" interval: required i32, value => number_element; }
    }
}

record! {
    impl Weekly {
        attributes {}
        elements {
            "Interval" interval: required i32, value => number_element;
            "DaysOfWeek" days: required Days, value => days_element;
            "FirstDayOfWeek" first: default DayOfWeek, value => first_day_element;
        }
    }
}

record! {
    impl AbsoluteMonthly {
        attributes {}
        elements {
            "Interval" interval: required i32, value => number_element;
            "DayOfMonth" day: required i32, value => number_element;
        }
    }
}

record! {
    impl RelativeMonthly {
        attributes {}
        elements {
            "Interval" interval: required i32, value => number_element;
            "DaysOfWeek" day: required DayOfWeek, value => day_element;
            "DayOfWeekIndex" index: required Index, value => index_element;
        }
    }
}

record! {
    impl AbsoluteYearly {
        attributes {}
        elements {
            "DayOfMonth" day: required i32, value => number_element;
            "Month" month: required Month, value => month_element;
        }
    }
}

record! {
    impl RelativeYearly {
        attributes {}
        elements {
            "DaysOfWeek" day: required DayOfWeek, value => day_element;
            "DayOfWeekIndex" index: required Index, value => index_element;
            "Month" month: required Month, value => month_element;
        }
    }
}

/// What any of the three ranges holds.
struct RangeElement {
    start: Date,
    end: Option<Date>,
    count: Option<i32>,
}

record! {
    impl RangeElement {
        attributes {}
        elements {
            "StartDate" start: required Date, value => date_element;
            "EndDate" end: optional Date, value => date_element;
            "NumberOfOccurrences" count: optional i32, value => number_element;
        }
    }
}

impl FromText for DayOfWeek {
    const WHAT: &'static str = "a day of the week";

    fn from_text(text: &str, _: &Reading) -> Option<DayOfWeek> {
        DayOfWeek::from_word(text)
    }
}

impl FromText for Days {
    const WHAT: &'static str = "a list of days of the week";

    fn from_text(text: &str, _: &Reading) -> Option<Days> {
        text.split_whitespace().try_fold(Days::default(), |days, word| Some(days.with(DayOfWeek::from_word(word)?)))
    }
}

impl FromText for Index {
    const WHAT: &'static str = "First, Second, Third, Fourth or Last";

    fn from_text(text: &str, _: &Reading) -> Option<Index> {
        Index::from_word(text)
    }
}

impl FromText for Month {
    const WHAT: &'static str = "the name of a month";

    fn from_text(text: &str, _: &Reading) -> Option<Month> {
        Month::from_word(text)
    }
}

fn day_element(w: &mut Writer<'_>, name: &str, day: &DayOfWeek) {
    w.text_element(T, name, day.word());
}

/// Came with Exchange2010; programs of 2007 do not expect it.
fn first_day_element(w: &mut Writer<'_>, name: &str, day: &DayOfWeek) {
    if w.form().version >= Version::Exchange2010 {
        day_element(w, name, day);
    }
}

fn days_element(w: &mut Writer<'_>, name: &str, days: &Days) {
    let words: Vec<&str> = days.iter().map(DayOfWeek::word).collect();
    w.text_element(T, name, &words.join(" "));
}

fn index_element(w: &mut Writer<'_>, name: &str, index: &Index) {
    w.text_element(T, name, index.word());
}

fn month_element(w: &mut Writer<'_>, name: &str, month: &Month) {
    w.text_element(T, name, month.word());
}

/// xs:date without an offset.
pub(crate) fn date_element(w: &mut Writer<'_>, name: &str, date: &Date) {
    w.text_element(T, name, &date.to_string());
}

/// RecurrenceType: none of the patterns that regenerate.
pub(super) fn read(c: &mut Cursor<'_>, element: &Element<'_>, _: &Prop) -> Result<Option<Recurrence>, Fault> {
    recurrence(c, element, false).map(Some)
}

pub(super) fn read_of_task(c: &mut Cursor<'_>, element: &Element<'_>, _: &Prop) -> Result<Option<Recurrence>, Fault> {
    recurrence(c, element, true).map(Some)
}

/// A pattern, then a range.
fn recurrence(c: &mut Cursor<'_>, element: &Element<'_>, task: bool) -> Result<Recurrence, Fault> {
    let Some(child) = c.child()? else { return Err(c.missing(element, "DailyRecurrence")) };
    let pattern = pattern(c, &child, task)?;
    let Some(child) = c.child()? else { return Err(c.missing(element, "NoEndRecurrence")) };
    let range = range(c, &child)?;
    c.empty()?;
    Ok(Recurrence { pattern, range })
}

fn pattern(c: &mut Cursor<'_>, element: &Element<'_>, task: bool) -> Result<Pattern, Fault> {
    Ok(match element.name() {
        "DailyRecurrence" => Pattern::Daily(Every::read(c, element)?),
        "WeeklyRecurrence" => Pattern::Weekly(Weekly::read(c, element)?),
        "AbsoluteMonthlyRecurrence" => Pattern::AbsoluteMonthly(AbsoluteMonthly::read(c, element)?),
        "RelativeMonthlyRecurrence" => Pattern::RelativeMonthly(RelativeMonthly::read(c, element)?),
        "AbsoluteYearlyRecurrence" => Pattern::AbsoluteYearly(AbsoluteYearly::read(c, element)?),
        "RelativeYearlyRecurrence" => Pattern::RelativeYearly(RelativeYearly::read(c, element)?),
        name => match REGENERATIONS.iter().find(|(word, _)| *word == name) {
            Some((_, unit)) if task => Pattern::Regeneration(*unit, Every::read(c, element)?),
            _ => return Err(c.unexpected(element)),
        },
    })
}

const REGENERATIONS: [(&str, Unit); 4] = [
    ("DailyRegeneration", Unit::Days),
    ("WeeklyRegeneration", Unit::Weeks),
    ("MonthlyRegeneration", Unit::Months),
    ("YearlyRegeneration", Unit::Years),
];

fn range(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Range, Fault> {
    let RangeElement { start, end, count } = RangeElement::read(c, element)?;
    let end = match (element.name(), end, count) {
        ("NoEndRecurrence", None, None) => End::Never,
        ("EndDateRecurrence", Some(end), None) => End::On(end),
        ("NumberedRecurrence", None, Some(count)) => End::After(count),
        ("EndDateRecurrence", None, _) => return Err(c.missing(element, "EndDate")),
        ("NumberedRecurrence", _, None) => return Err(c.missing(element, "NumberOfOccurrences")),
        _ => return Err(c.unexpected(element)),
    };
    Ok(Range { start, end })
}

impl Write for Recurrence {
    fn write(&self, w: &mut Writer<'_>, name: &str) {
        w.open(T, name);
        write_pattern(w, &self.pattern);
        let Range { start, end } = self.range;
        let (range, end, count) = match end {
            End::Never => ("NoEndRecurrence", None, None),
            End::On(end) => ("EndDateRecurrence", Some(end), None),
            End::After(count) => ("NumberedRecurrence", None, Some(count)),
        };
        RangeElement { start, end, count }.write(w, range);
        w.close(T, name);
    }
}

fn write_pattern(w: &mut Writer<'_>, pattern: &Pattern) {
    match pattern {
        Pattern::Daily(every) => every.write(w, "DailyRecurrence"),
        Pattern::Weekly(weekly) => weekly.write(w, "WeeklyRecurrence"),
        Pattern::AbsoluteMonthly(monthly) => monthly.write(w, "AbsoluteMonthlyRecurrence"),
        Pattern::RelativeMonthly(monthly) => monthly.write(w, "RelativeMonthlyRecurrence"),
        Pattern::AbsoluteYearly(yearly) => yearly.write(w, "AbsoluteYearlyRecurrence"),
        Pattern::RelativeYearly(yearly) => yearly.write(w, "RelativeYearlyRecurrence"),
        Pattern::Regeneration(unit, every) => {
            let name = REGENERATIONS.iter().find(|(_, known)| known == unit).map_or("", |(name, _)| *name);
            every.write(w, name);
        }
    }
}
