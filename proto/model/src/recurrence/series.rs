//! The days of a recurrence, by arithmetic: a pattern has periods (so many days, weeks, months from its start), each with its
//! days in order, so the n-th day, the number of a day and the first day of a window are found without walking there.

use super::{DayOfWeek, End, Index, LAST_END, Pattern, Recurrence, Weekly};
use crate::Code;
use jiff::SignedDuration;
use jiff::civil::{Date, date};

/// A recurrence that is in order and has at least one occurrence. Occurrences are numbered from 1, deleted and moved ones
/// included (MS-OXWSCDATA, OccurrenceItemIdType).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    rule: Rule,
    /// Days of the first period that lie before the range's start.
    skipped: u32,
    /// None: it goes on until [`LAST_END`].
    count: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Days {
        first: i64,
        every: i64,
    },
    /// `first` begins the first week; the days of a week are distances from its beginning, ascending.
    Weeks {
        first: i64,
        every: i64,
        days: Vec<i64>,
    },
    /// Months are counted from January of the year 0.
    Months {
        first: i64,
        every: i64,
        day: InMonth,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InMonth {
    Number(i8),
    Nth(DayOfWeek, Index),
}

const EPOCH: Date = date(1601, 1, 1);

/// Days since the epoch.
fn day_number(date: Date) -> i64 {
    date.duration_since(EPOCH).as_hours() / 24
}

fn day_of(number: i64) -> Option<Date> {
    EPOCH.checked_add(SignedDuration::from_hours(number.checked_mul(24)?)).ok()
}

fn month_number(date: Date) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

impl Series {
    /// Fails with the code of what is wrong: see [`Recurrence::check`]; besides ErrorRecurrenceHasNoOccurrence, and
    /// ErrorRecurrenceEndDateTooBig if the last of a counted range would be too late.
    pub fn new(recurrence: &Recurrence) -> Result<Series, Code> {
        recurrence.check()?;
        let start = recurrence.range.start;
        let rule = Rule::of(&recurrence.pattern, start).ok_or(Code::ErrorUnsupportedRecurrence)?;
        let mut series = Series { rule, skipped: 0, count: None };
        series.skipped = series.rule.at_or_after(start);
        series.count = match recurrence.range.end {
            End::Never => None,
            End::On(end) => Some(series.count_until(end)),
            End::After(count) => {
                let count = u32::try_from(count).map_err(|_| Code::ErrorCalendarOutOfRange)?;
                series.date(count).ok_or(Code::ErrorRecurrenceEndDateTooBig)?;
                Some(count)
            }
        };
        match series.date(1) {
            Some(_) => Ok(series),
            None => Err(Code::ErrorRecurrenceHasNoOccurrence),
        }
    }

    /// Occurrences in all; None: there is no end.
    pub fn count(&self) -> Option<u32> {
        self.count
    }

    pub fn first(&self) -> Date {
        // There is one: `new` looked.
        self.date(1).unwrap_or(LAST_END)
    }

    /// None: there is no end.
    pub fn last(&self) -> Option<Date> {
        self.count.and_then(|count| self.date(count))
    }

    /// The day of the n-th occurrence; None beyond the last.
    pub fn date(&self, number: u32) -> Option<Date> {
        if number == 0 || self.count.is_some_and(|count| number > count) {
            return None;
        }
        let place = self.skipped.checked_add(number - 1)?;
        self.rule.date(place).filter(|date| *date <= LAST_END)
    }

    /// The number of the occurrence on that day.
    pub fn number(&self, day: Date) -> Option<u32> {
        let number = self.number_from(day);
        (self.date(number) == Some(day)).then_some(number)
    }

    /// Occurrences from that day on, each with its number.
    pub fn from(&self, day: Date) -> Dates<'_> {
        Dates { series: self, next: self.number_from(day) }
    }

    /// The last occurrence on that day or before.
    pub fn until(&self, day: Date) -> Option<(u32, Date)> {
        let after = day.tomorrow().map_or(u32::MAX, |day| self.number_from(day));
        let number = self.count.map_or(after - 1, |count| count.min(after - 1));
        Some((number, self.date(number)?))
    }

    /// Whether two series of weeks are on the same days, as far as both go: on which day weeks begin often makes no difference.
    pub fn is_in_step(&self, other: &Series) -> bool {
        // So many that every day of a week, and the week after, has come.
        const SEEN: usize = 16;
        let days = |series: &Series| series.from(series.first()).take(SEEN).map(|(_, day)| day).collect::<Vec<_>>();
        days(self).iter().zip(days(other)).all(|(one, two)| *one == two)
    }

    /// The shortest distance between two neighbours in days, which no occurrence may be longer than (MS-OXOCAL); None where
    /// there is but one.
    pub fn gap(&self) -> Option<i64> {
        // Days and weeks repeat at once; of months and years forty-eight steps have seen every length there is.
        const SEEN: usize = 48;
        let dates: Vec<Date> = self.from(self.first()).take(SEEN).map(|(_, date)| date).collect();
        dates.windows(2).filter_map(|pair| Some(day_number(*pair.last()?) - day_number(*pair.first()?))).min()
    }

    /// The number that the first occurrence on that day or after it has, or would have.
    fn number_from(&self, day: Date) -> u32 {
        self.rule.at_or_after(day).saturating_sub(self.skipped).saturating_add(1)
    }

    fn count_until(&self, end: Date) -> u32 {
        let end = end.min(LAST_END);
        end.tomorrow().map_or(0, |after| self.rule.at_or_after(after).saturating_sub(self.skipped))
    }
}

/// See [`Series::from`].
#[derive(Clone, Debug)]
pub struct Dates<'a> {
    series: &'a Series,
    next: u32,
}

impl Iterator for Dates<'_> {
    type Item = (u32, Date);

    fn next(&mut self) -> Option<(u32, Date)> {
        let number = self.next;
        let date = self.series.date(number)?;
        self.next = number.saturating_add(1);
        Some((number, date))
    }
}

impl Rule {
    /// None for what regenerates: no day is known before the one before is done.
    fn of(pattern: &Pattern, start: Date) -> Option<Rule> {
        let months = |every: i32, day| Rule::Months { first: month_number(start), every: i64::from(every), day };
        let yearly = |month: super::Month, day| Rule::Months {
            first: i64::from(start.year()) * 12 + i64::from(month.number()) - 1,
            every: 12,
            day,
        };
        let number = |day: i32| i8::try_from(day).map(InMonth::Number).ok();
        Some(match pattern {
            Pattern::Daily(every) => Rule::Days { first: day_number(start), every: i64::from(every.interval) },
            Pattern::Weekly(weekly) => Rule::weeks(weekly, start),
            Pattern::AbsoluteMonthly(monthly) => months(monthly.interval, number(monthly.day)?),
            Pattern::RelativeMonthly(monthly) => months(monthly.interval, InMonth::Nth(monthly.day, monthly.index)),
            Pattern::AbsoluteYearly(yearly_) => yearly(yearly_.month, number(yearly_.day)?),
            Pattern::RelativeYearly(yearly_) => yearly(yearly_.month, InMonth::Nth(yearly_.day, yearly_.index)),
            Pattern::Regeneration(..) => return None,
        })
    }

    fn weeks(weekly: &Weekly, start: Date) -> Rule {
        let begins = weekly.first as i64;
        let into = |day: DayOfWeek| (day as i64 - begins).rem_euclid(7);
        let mut days: Vec<i64> = weekly.days.iter().filter(|day| day.is_single()).map(into).collect();
        days.sort_unstable();
        let first = day_number(start) - into(start.weekday().into());
        Rule::Weeks { first, every: 7 * i64::from(weekly.interval), days }
    }

    /// The day at a place, the first of the first period being 0.
    fn date(&self, place: u32) -> Option<Date> {
        let place = i64::from(place);
        match self {
            Rule::Days { first, every } => day_of(first + every * place),
            Rule::Weeks { first, every, days } => {
                let per_week = i64::try_from(days.len()).ok().filter(|count| *count > 0)?;
                let day = usize::try_from(place % per_week).ok().and_then(|at| days.get(at))?;
                day_of(first + every * (place / per_week) + day)
            }
            Rule::Months { first, every, day } => day.of(first + every * place),
        }
    }

    /// The first place whose day is that one or later; never less than 0.
    fn at_or_after(&self, day: Date) -> u32 {
        let (near, most) = match self {
            Rule::Days { first, every } => ((day_number(day) - first).div_euclid(*every), 2),
            Rule::Weeks { first, every, days } => {
                let per_week = days.len() as i64;
                ((day_number(day) - first).div_euclid(*every) * per_week, per_week + 1)
            }
            Rule::Months { first, every, .. } => ((month_number(day) - first).div_euclid(*every), 2),
        };
        let near = u32::try_from(near.max(0)).unwrap_or(u32::MAX);
        // No day before that place is late enough; it is the period itself or the next one.
        (0..most as u32)
            .map(|step| near.saturating_add(step))
            .find(|place| self.date(*place).is_none_or(|date| date >= day))
            .unwrap_or(u32::MAX)
    }
}

impl InMonth {
    fn of(self, month: i64) -> Option<Date> {
        let first = Date::new(i16::try_from(month.div_euclid(12)).ok()?, (month.rem_euclid(12) + 1) as i8, 1).ok()?;
        let days = first.days_in_month();
        let day = match self {
            InMonth::Number(day) => day.min(days),
            InMonth::Nth(day, index) => nth(first.weekday().into(), days, day, index)?,
        };
        Date::new(first.year(), first.month(), day).ok()
    }
}

/// The n-th of the days that `day` means, in a month of so many days that begins with `first`.
fn nth(first: DayOfWeek, days: i8, day: DayOfWeek, index: Index) -> Option<i8> {
    let matches = |number: &i8| day.bits() & 1 << ((first as i8 + number - 1) % 7) != 0;
    match index {
        Index::Last => (1..=days).rev().find(matches),
        _ => (1..=days).filter(matches).nth(index as usize),
    }
}
