//! The first part of the octets, RecurrencePattern (MS-OXOCAL 2.2.1.44.1).

use super::super::{
    AbsoluteMonthly, AbsoluteYearly, DayOfWeek, Days, End, Every, Index, Month, Pattern, Range, Recurrence,
    RelativeMonthly, RelativeYearly, Series, Unit, Weekly,
};
use super::{MOST, READER, day_of, minutes_of, month_of};
use crate::octets::Octets;
use jiff::civil::Date;

const DAILY: u16 = 0x200a;
const WEEKLY: u16 = 0x200b;
const MONTHLY: u16 = 0x200c;
const YEARLY: u16 = 0x200d;

const UNTIL: u32 = 0x2021;
const COUNT: u32 = 0x2022;
const NEVER: u32 = 0x2023;
const NEVER_TOO: u32 = 0xffff_ffff;

/// What stands for the last day where there is none, and for the number of occurrences.
const NO_END: u32 = 0x5ae9_80df;
const NO_COUNT: u32 = 10;

const DAY: u32 = 1440;

/// PatternType and PatternTypeSpecific.
enum Specific {
    Day,
    Week(u32),
    Month(u32),
    Nth(u32, u32),
}

/// The recurrence, and the original days of deleted and of changed occurrences.
pub(super) fn read(octets: &mut Octets<'_>) -> Option<(Recurrence, Vec<Date>)> {
    octets.u32()?;
    let frequency = octets.u16()?;
    let kind = octets.u16()?;
    let calendar = octets.u16()?;
    octets.u32()?;
    let period = octets.u32()?;
    let slides = octets.u32()? != 0;
    let specific = match kind {
        0 => Specific::Day,
        1 => Specific::Week(octets.u32()?),
        2 | 4 => Specific::Month(octets.u32()?),
        3 => Specific::Nth(octets.u32()?, octets.u32()?),
        _ => return None,
    };
    let end = octets.u32()?;
    let count = octets.u32()?;
    let first = octets.u32()?;
    let without = days(octets)?;
    days(octets)?;
    let start = day_of(octets.u32()?)?;
    let last = octets.u32()?;
    // Gregorian only.
    if calendar > 1 {
        return None;
    }
    let end = match end {
        NEVER | NEVER_TOO => End::Never,
        COUNT => End::After(i32::try_from(count).ok()?),
        UNTIL => End::On(day_of(last)?),
        _ => return None,
    };
    let pattern = pattern(frequency, specific, period, slides, first, start)?;
    Some((Recurrence { pattern, range: Range { start, end } }, without))
}

fn days(octets: &mut Octets<'_>) -> Option<Vec<Date>> {
    let count = octets.u32()?;
    if count > MOST {
        return None;
    }
    (0..count).map(|_| day_of(octets.u32()?)).collect()
}

fn pattern(frequency: u16, specific: Specific, period: u32, slides: bool, first: u32, start: Date) -> Option<Pattern> {
    let interval = i32::try_from(period).ok()?;
    if slides {
        let (unit, interval) = match frequency {
            DAILY => (Unit::Days, interval / DAY as i32),
            WEEKLY => (Unit::Weeks, interval),
            MONTHLY => (Unit::Months, interval),
            YEARLY => (Unit::Years, interval / 12),
            _ => return None,
        };
        return Some(Pattern::Regeneration(unit, Every { interval }));
    }
    let day = |bits| DayOfWeek::from_bits(bits);
    let index = |nth: u32| Index::ALL.get(usize::try_from(nth).ok()?.checked_sub(1)?).copied();
    let month = || Month::from_number(start.month());
    // Each year of so many has a pattern of its own; every other one is so many months.
    let yearly = frequency == YEARLY && period == 12;
    Some(match (frequency, specific) {
        (DAILY, Specific::Day) => Pattern::Daily(Every { interval: interval / DAY as i32 }),
        (DAILY | WEEKLY, Specific::Week(bits)) => {
            let first = usize::try_from(first).ok().and_then(|at| DayOfWeek::ALL.get(at)).copied();
            let days = Days::from_bits(u8::try_from(bits & 0x7f).ok()?);
            Pattern::Weekly(Weekly { interval, days, first: first.filter(|day| day.is_single()).unwrap_or_default() })
        }
        (YEARLY, Specific::Month(day)) if yearly => {
            Pattern::AbsoluteYearly(AbsoluteYearly { day: i32::try_from(day).ok()?, month: month()? })
        }
        (YEARLY, Specific::Nth(bits, nth)) if yearly => {
            Pattern::RelativeYearly(RelativeYearly { day: day(bits)?, index: index(nth)?, month: month()? })
        }
        (MONTHLY | YEARLY, Specific::Month(day)) => {
            Pattern::AbsoluteMonthly(AbsoluteMonthly { interval, day: i32::try_from(day).ok()? })
        }
        (MONTHLY | YEARLY, Specific::Nth(bits, nth)) => {
            Pattern::RelativeMonthly(RelativeMonthly { interval, day: day(bits)?, index: index(nth)? })
        }
        _ => return None,
    })
}

/// The range's start becomes the first occurrence, which programs expect and which changes none.
pub(super) fn write(recurrence: &Recurrence, series: &Series, without: &[Date], moved: &[Date]) -> Option<Vec<u8>> {
    let start = series.first();
    let (frequency, period, first_day, specific) = match &recurrence.pattern {
        Pattern::Daily(every) => (DAILY, u32::try_from(every.interval).ok()? * DAY, DayOfWeek::Sunday, Specific::Day),
        Pattern::Weekly(weekly) => {
            let days = Specific::Week(u32::from(weekly.days.bits()));
            (WEEKLY, u32::try_from(weekly.interval).ok()?, weekly.first, days)
        }
        Pattern::AbsoluteMonthly(monthly) => months(MONTHLY, monthly.interval, of_day(monthly.day)?)?,
        Pattern::RelativeMonthly(monthly) => months(MONTHLY, monthly.interval, nth(monthly.day, monthly.index))?,
        Pattern::AbsoluteYearly(yearly) => months(YEARLY, 12, of_day(yearly.day)?)?,
        Pattern::RelativeYearly(yearly) => months(YEARLY, 12, nth(yearly.day, yearly.index))?,
        Pattern::Regeneration(..) => return None,
    };
    let mut octets = Vec::new();
    let mut put = |number: u32| octets.extend(number.to_le_bytes());
    let kind = match specific {
        Specific::Day => 0,
        Specific::Week(_) => 1,
        Specific::Month(_) => 2,
        Specific::Nth(..) => 3,
    };
    put(u32::from(READER) << 16 | u32::from(READER));
    put(kind << 16 | u32::from(frequency));
    // CalendarType is of two octets.
    let mut rest = Vec::new();
    let mut put = |number: u32| rest.extend(number.to_le_bytes());
    put(first_date_time(frequency, period, first_day, start));
    put(period);
    put(0);
    match specific {
        Specific::Day => {}
        Specific::Week(bits) | Specific::Month(bits) => put(bits),
        Specific::Nth(bits, nth) => [bits, nth].into_iter().for_each(&mut put),
    }
    let (end, last) = (series.count().unwrap_or(NO_COUNT), series.last().map_or(NO_END, minutes_of));
    let kind = match recurrence.range.end {
        End::Never => NEVER,
        End::On(_) => UNTIL,
        End::After(_) => COUNT,
    };
    [kind, end, first_day as u32].into_iter().for_each(&mut put);
    for days in [without, moved] {
        put(u32::try_from(days.len()).ok()?);
        days.iter().for_each(|day| put(minutes_of(*day)));
    }
    [minutes_of(start), last].into_iter().for_each(&mut put);
    octets.extend([0; 2]);
    octets.extend(rest);
    Some(octets)
}

fn months(frequency: u16, interval: i32, specific: Specific) -> Option<(u16, u32, DayOfWeek, Specific)> {
    Some((frequency, u32::try_from(interval).ok()?, DayOfWeek::Sunday, specific))
}

fn of_day(day: i32) -> Option<Specific> {
    u32::try_from(day).ok().map(Specific::Month)
}

fn nth(day: DayOfWeek, index: Index) -> Specific {
    Specific::Nth(u32::from(day.bits()), index as u32 + 1)
}

/// Where in its period the series begins (MS-OXOCAL 2.2.1.44.1, FirstDateTime).
fn first_date_time(frequency: u16, period: u32, first_day: DayOfWeek, start: Date) -> u32 {
    let begins = minutes_of(start);
    match frequency {
        DAILY => begins.checked_rem(period).unwrap_or(0),
        WEEKLY => {
            let into = (start.weekday().to_sunday_zero_offset() - first_day as i8).rem_euclid(7);
            let week = begins.saturating_sub(u32::from(into as u8) * DAY);
            week.checked_rem(7 * DAY * period).unwrap_or(0)
        }
        _ => {
            let months = (i32::from(start.year()) - 1601) * 12 + i32::from(start.month()) - 1;
            i32::try_from(period).map_or(0, |period| month_of(months.checked_rem(period).unwrap_or(0)))
        }
    }
}
