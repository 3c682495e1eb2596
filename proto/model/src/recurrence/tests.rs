//! Recurrences: what each pattern gives, where a series begins and ends, what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::Code;
use crate::reference;
use crate::timezone;
use jiff::Timestamp;
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;

fn range(start: Date, end: End) -> Range {
    Range { start, end }
}

fn daily(interval: i32) -> Pattern {
    Pattern::Daily(Every { interval })
}

fn weekly(interval: i32, days: &[DayOfWeek], first: DayOfWeek) -> Pattern {
    Pattern::Weekly(Weekly { interval, days: Days::of(days), first })
}

fn monthly(interval: i32, day: i32) -> Pattern {
    Pattern::AbsoluteMonthly(AbsoluteMonthly { interval, day })
}

fn series(pattern: Pattern, start: Date, end: End) -> Result<Series, Code> {
    Series::new(&Recurrence { pattern, range: range(start, end) })
}

fn days(series: &Series, count: usize) -> Vec<String> {
    series.from(Date::MIN).take(count).map(|(_, date)| date.to_string()).collect()
}

// ---- the reference's cases

/// `AbsoluteMonthlyRecurrence Interval=1 DayOfMonth=31`: what follows the sign, without quotes.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.split_once(&format!("{name}="))?.1;
    Some(match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split(' ').next()?,
    })
}

fn pattern_of(text: &str) -> Pattern {
    let number = |name| field(text, name).map_or(1, |text| text.parse().unwrap());
    let day = || DayOfWeek::from_word(field(text, "DaysOfWeek").unwrap()).unwrap();
    let index = || Index::from_word(field(text, "DayOfWeekIndex").unwrap()).unwrap();
    let month = || Month::from_word(field(text, " Month").unwrap()).unwrap();
    let interval = number("Interval");
    match text.split(' ').next().unwrap() {
        "DailyRecurrence" => daily(interval),
        "WeeklyRecurrence" => {
            let days: Vec<_> = field(text, "DaysOfWeek").unwrap().split(' ').map(DayOfWeek::from_word).collect();
            let days: Vec<_> = days.into_iter().map(Option::unwrap).collect();
            weekly(
                interval,
                &days,
                field(text, "FirstDayOfWeek").map_or(DayOfWeek::Sunday, |day| DayOfWeek::from_word(day).unwrap()),
            )
        }
        "AbsoluteMonthlyRecurrence" => monthly(interval, number("DayOfMonth")),
        "RelativeMonthlyRecurrence" => {
            Pattern::RelativeMonthly(RelativeMonthly { interval, day: day(), index: index() })
        }
        "AbsoluteYearlyRecurrence" => {
            Pattern::AbsoluteYearly(AbsoluteYearly { day: number("DayOfMonth"), month: month() })
        }
        "RelativeYearlyRecurrence" => {
            Pattern::RelativeYearly(RelativeYearly { day: day(), index: index(), month: month() })
        }
        other => panic!("{other}"),
    }
}

fn range_of(text: &str) -> Range {
    let start = field(text, "StartDate").unwrap().parse().unwrap();
    let end = match text.split(' ').next().unwrap() {
        "NoEndRecurrence" => End::Never,
        "EndDateRecurrence" => End::On(field(text, "EndDate").unwrap().parse().unwrap()),
        "NumberedRecurrence" => End::After(field(text, "NumberOfOccurrences").unwrap().parse().unwrap()),
        other => panic!("{other}"),
    };
    range(start, end)
}

/// All cases of the reference: days and instants, forwards, by number, by day, and by a window around each.
/// The numbers of a window are those of a walk through it.
#[test]
fn numbers_of_a_window() {
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let times = Times { zone, start: 30, end: 3000 };
    let every = |interval| Pattern::Daily(Every { interval });
    let ends = [End::Never, End::After(20), End::On(date(2026, 4, 30))];
    for (interval, end) in [1, 3, 7].into_iter().flat_map(|interval| ends.map(|end| (interval, end))) {
        let range = Range { start: date(2026, 3, 1), end };
        let series = Series::new(&Recurrence { pattern: every(interval), range }).unwrap();
        for hours in (-100..2000).step_by(37) {
            let since = jiff::Timestamp::from_second(1_772_323_200 + hours * 3600).unwrap();
            for length in [1, 3600, 86_400, 40 * 86_400] {
                let until = since + jiff::SignedDuration::from_secs(length);
                let mut walk = series.within(&times, since, until).map(|at| at.number);
                let first = walk.next();
                let wanted = first.map(|first| (first, walk.last().unwrap_or(first)));
                assert_eq!(series.numbers_within(&times, since, until), wanted, "{interval} {end:?} {since} {length}");
            }
        }
    }
}

#[test]
fn cases_of_the_reference() {
    let Some(table) = reference::table("recurrence_cases.tsv") else { return };
    let (mut finite, mut refused, mut compared) = (0, 0, 0);
    for line in table.lines() {
        let id = line.get("id");
        let recurrence = Recurrence { pattern: pattern_of(line.get("fields")), range: range_of(line.get("range")) };
        let starts: Vec<DateTime> = line.get("starts").split_whitespace().map(|text| text.parse().unwrap()).collect();
        let utc: Vec<Timestamp> =
            line.get("utc_starts").split_whitespace().map(|text| text.replace('Z', ":00Z").parse().unwrap()).collect();
        let series = match Series::new(&recurrence) {
            Err(code) => {
                assert!(starts.is_empty() && line.get("why").contains(code.name()), "{id}: {code:?}");
                refused += 1;
                continue;
            }
            Ok(series) => series,
        };
        if let Ok(total) = line.get("total").parse() {
            assert_eq!(series.count(), Some(total), "{id}");
            assert_eq!(series.from(Date::MIN).count(), total as usize, "{id}");
            finite += 1;
        } else {
            assert_eq!(series.count(), None, "{id}");
        }
        let found: Vec<Date> = series.from(Date::MIN).take(12).map(|(_, date)| date).collect();
        assert_eq!(found, starts.iter().map(|start| start.date()).collect::<Vec<_>>(), "{id}");

        let zone = timezone::find(line.get("zone")).expect(id).time_zone();
        let first: DateTime = line.get("start").parse().unwrap();
        let start = i32::from(first.hour()) * 60 + i32::from(first.minute());
        let times = Times { zone, start, end: start + 30 };
        for (at, (local, utc)) in starts.iter().zip(&utc).enumerate() {
            let number = at as u32 + 1;
            let instance = series.instance(&times, number).unwrap();
            assert_eq!((instance.date, instance.start), (local.date(), *utc), "{id} {number}");
            assert_eq!(series.number(local.date()), Some(number), "{id}");
            assert_eq!(series.starting(&times, *utc), Some(instance), "{id} {number}");
            let window: Vec<Instance> =
                series.within(&times, *utc, *utc + jiff::SignedDuration::from_mins(1)).collect();
            assert_eq!(window, [instance], "{id} {number}");
            compared += 1;
        }
    }
    eprintln!("{compared} occurrences, {finite} series with an end, {refused} refused");
    assert!(compared > 1000 && refused >= 4);
}

// ---- without it

#[test]
fn days_of_each_pattern() {
    let start = date(2026, 1, 31);
    let never = |pattern| days(&series(pattern, start, End::Never).unwrap(), 4);
    assert_eq!(never(daily(30)), ["2026-01-31", "2026-03-02", "2026-04-01", "2026-05-01"]);
    use DayOfWeek::{Day, Friday, Monday, Sunday, WeekendDay};
    // 2026-01-31 is a Saturday: weeks that begin on Monday have the Sunday still in the first, others in the second.
    assert_eq!(never(weekly(2, &[Sunday], Monday)), ["2026-02-01", "2026-02-15", "2026-03-01", "2026-03-15"]);
    assert_eq!(never(weekly(2, &[Sunday], Sunday)), ["2026-02-08", "2026-02-22", "2026-03-08", "2026-03-22"]);
    assert_eq!(never(weekly(1, &[Friday, Monday], Sunday)), ["2026-02-02", "2026-02-06", "2026-02-09", "2026-02-13"]);
    assert_eq!(never(monthly(1, 31)), ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]);
    assert_eq!(never(monthly(2, 30)), ["2026-03-30", "2026-05-30", "2026-07-30", "2026-09-30"]);
    let relative = |day, index| never(Pattern::RelativeMonthly(RelativeMonthly { interval: 1, day, index }));
    assert_eq!(relative(WeekendDay, Index::First), ["2026-02-01", "2026-03-01", "2026-04-04", "2026-05-02"]);
    assert_eq!(relative(Day, Index::Last), ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]);
    let yearly = Pattern::AbsoluteYearly(AbsoluteYearly { day: 29, month: Month::February });
    assert_eq!(never(yearly), ["2026-02-28", "2027-02-28", "2028-02-29", "2029-02-28"]);
    let yearly = RelativeYearly { day: Friday, index: Index::Fourth, month: Month::January };
    assert_eq!(never(Pattern::RelativeYearly(yearly)), ["2027-01-22", "2028-01-28", "2029-01-26", "2030-01-25"]);
}

#[test]
fn numbers_and_jumps() {
    let endless = series(daily(1), date(2001, 1, 1), End::Never).unwrap();
    assert_eq!(endless.number(date(2026, 7, 14)), Some(9_326));
    assert_eq!(endless.date(9_326), Some(date(2026, 7, 14)));
    assert_eq!((endless.count(), endless.last(), endless.first()), (None, None, date(2001, 1, 1)));
    assert_eq!(endless.number(date(2000, 12, 31)), None);
    assert_eq!(endless.until(date(2000, 12, 31)), None);
    assert_eq!(endless.until(date(2001, 1, 2)), Some((2, date(2001, 1, 2))));
    // Nothing after the last day there is.
    assert_eq!(endless.from(LAST_END).count(), 1);

    let three = series(monthly(1, 15), date(2026, 1, 16), End::After(3)).unwrap();
    assert_eq!(days(&three, 9), ["2026-02-15", "2026-03-15", "2026-04-15"]);
    assert_eq!((three.last(), three.date(4), three.date(0)), (Some(date(2026, 4, 15)), None, None));
    assert_eq!(three.until(date(2030, 1, 1)), Some((3, date(2026, 4, 15))));
    assert_eq!((three.number(date(2026, 1, 15)), three.number(date(2026, 5, 15))), (None, None));
    assert_eq!(three.from(date(2026, 3, 16)).collect::<Vec<_>>(), [(3, date(2026, 4, 15))]);

    let until = series(daily(3), date(2026, 1, 1), End::On(date(2026, 1, 7))).unwrap();
    assert_eq!((until.count(), until.last()), (Some(3), Some(date(2026, 1, 7))));
}

#[test]
fn gaps_between_neighbours() {
    use DayOfWeek::{Friday, Monday, Sunday, Tuesday};
    let gap = |pattern| series(pattern, date(2026, 1, 1), End::Never).unwrap().gap();
    assert_eq!(gap(daily(3)), Some(3));
    assert_eq!(gap(weekly(1, &[Monday, Friday], Sunday)), Some(3));
    assert_eq!(gap(weekly(3, &[Tuesday], Sunday)), Some(21));
    assert_eq!(gap(monthly(1, 31)), Some(28));
    assert_eq!(series(daily(1), date(2026, 1, 1), End::After(1)).unwrap().gap(), None);
}

/// Each violation with its own code. MS-OXWSCDATA R1491 to R1493, R1504, R1509, R1514, R1519.
#[test]
fn violations() {
    use DayOfWeek::{Monday, Sunday, Weekday};
    let start = date(2026, 1, 5);
    let code = |pattern, start, end| series(pattern, start, end).err();
    for interval in [0, -1, 1000] {
        assert_eq!(code(daily(interval), start, End::Never), Some(Code::ErrorCalendarOutOfRange));
    }
    assert_eq!(code(daily(999), start, End::Never), None);
    assert_eq!(code(weekly(100, &[Monday], Sunday), start, End::Never), Some(Code::ErrorCalendarOutOfRange));
    assert_eq!(code(monthly(1, 32), start, End::Never), Some(Code::ErrorCalendarOutOfRange));
    assert_eq!(code(monthly(100, 1), start, End::Never), Some(Code::ErrorCalendarOutOfRange));
    let of_month = |day| Pattern::AbsoluteYearly(AbsoluteYearly { day, month: Month::May });
    assert_eq!(code(of_month(0), start, End::Never), Some(Code::ErrorCalendarOutOfRange));
    let set = Some(Code::ErrorCalendarInvalidDayForWeeklyRecurrence);
    assert_eq!(code(weekly(1, &[Monday, Weekday], Sunday), start, End::Never), set);
    assert_eq!(code(weekly(1, &[], Sunday), start, End::Never), Some(Code::ErrorCalendarInvalidRecurrence));
    assert_eq!(code(weekly(1, &[Monday], Weekday), start, End::Never), Some(Code::ErrorCalendarInvalidRecurrence));
    assert_eq!(code(daily(1), date(1601, 3, 31), End::Never), Some(Code::ErrorCalendarOutOfRange));
    assert_eq!(code(daily(1), FIRST_START, End::Never), None);
    assert_eq!(code(daily(1), start, End::On(date(4500, 9, 2))), Some(Code::ErrorRecurrenceEndDateTooBig));
    assert_eq!(code(daily(1), start, End::On(LAST_END)), None);
    assert_eq!(code(monthly(99, 1), start, End::After(999)), Some(Code::ErrorRecurrenceEndDateTooBig));
    assert_eq!(code(daily(1), start, End::On(date(2026, 1, 4))), Some(Code::ErrorRecurrenceHasNoOccurrence));
    let none = Some(Code::ErrorRecurrenceHasNoOccurrence);
    assert_eq!(code(weekly(1, &[Sunday], Sunday), start, End::On(date(2026, 1, 10))), none);
    for count in [0, 1000] {
        assert_eq!(code(daily(1), start, End::After(count)), Some(Code::ErrorCalendarOutOfRange));
    }
    let again = Pattern::Regeneration(Unit::Weeks, Every { interval: 2 });
    assert_eq!(code(again, start, End::Never), Some(Code::ErrorUnsupportedRecurrence));
    let task = |end| Recurrence { pattern: again, range: range(start, end) }.check_of_task();
    assert_eq!((task(End::Never), task(End::After(3))), (Ok(()), Ok(())));
    assert_eq!(task(End::On(date(2027, 1, 1))), Err(Code::ErrorUnsupportedRecurrence));
}

#[test]
fn what_regenerates() {
    let next = |unit, interval| Pattern::Regeneration(unit, Every { interval }).regenerated(date(2026, 1, 31));
    assert_eq!(next(Unit::Days, 3), Some(date(2026, 2, 3)));
    assert_eq!(next(Unit::Weeks, 2), Some(date(2026, 2, 14)));
    assert_eq!(next(Unit::Months, 1), Some(date(2026, 2, 28)));
    assert_eq!(next(Unit::Years, 1), Some(date(2027, 1, 31)));
    assert_eq!(daily(1).regenerated(date(2026, 1, 31)), None);
}

/// Wall clocks over the changes of the clocks, both ends.
#[test]
fn instants_over_changes_of_the_clocks() {
    let zone = timezone::find("W. Europe Standard Time").unwrap().time_zone();
    let on = |start, end, day: Date| {
        let (start, end) = Times { zone: zone.clone(), start, end }.on(day);
        format!("{start} {end}")
    };
    // The night of the change is an hour shorter or longer.
    assert_eq!(on(22 * 60, 30 * 60, date(2026, 3, 28)), "2026-03-28T21:00:00Z 2026-03-29T04:00:00Z");
    assert_eq!(on(22 * 60, 30 * 60, date(2026, 10, 24)), "2026-10-24T20:00:00Z 2026-10-25T05:00:00Z");
    // A start that is missing is an hour later; an end that would not be after it is the start and the length.
    assert_eq!(on(150, 180, date(2026, 3, 29)), "2026-03-29T01:30:00Z 2026-03-29T02:00:00Z");
    assert_eq!(on(120, 180, date(2026, 3, 29)), "2026-03-29T01:00:00Z 2026-03-29T02:00:00Z");
    // Twice: the first.
    assert_eq!(on(150, 240, date(2026, 10, 25)), "2026-10-25T00:30:00Z 2026-10-25T03:00:00Z");
    // A day of Havana whose midnight is missing begins at one.
    let havana = timezone::find("Cuba Standard Time").unwrap().time_zone();
    let (start, end) = Times { zone: havana, start: 0, end: 1440 }.on(date(2026, 3, 8));
    assert_eq!(format!("{start} {end}"), "2026-03-08T05:00:00Z 2026-03-09T04:00:00Z");

    let start: Timestamp = "2026-07-13T22:00:00Z".parse().unwrap();
    let end: Timestamp = "2026-07-14T22:00:00Z".parse().unwrap();
    assert_eq!(Times::of(zone.clone(), start, end), Times { zone, start: 0, end: 1440 });
}

/// A view has what starts before its end and ends at its beginning or later.
#[test]
fn windows() {
    let series = series(daily(1), date(2001, 1, 1), End::Never).unwrap();
    let times = Times { zone: TimeZone::UTC, start: 600, end: 600 + 3 * 1440 };
    let numbers = |since: &str, until: &str| -> Vec<String> {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        series.within(&times, at(since), at(until)).map(|at| at.date.to_string()).collect()
    };
    let all = ["2026-07-11", "2026-07-12", "2026-07-13", "2026-07-14"];
    assert_eq!(numbers("2026-07-14T10:00:00Z", "2026-07-15T10:00:00Z"), all);
    assert_eq!(numbers("2026-07-14T10:01:00Z", "2026-07-14T10:00:00Z"), all[1..3]);
    assert_eq!(numbers("2026-07-14T10:01:00Z", "2026-07-14T10:01:00Z"), all[1..]);
    assert_eq!(numbers("2000-01-01T00:00:00Z", "2001-01-01T10:00:00Z"), [""; 0]);
}

#[test]
fn words_and_bits() {
    assert_eq!(DayOfWeek::from_word("WeekendDay"), Some(DayOfWeek::WeekendDay));
    assert_eq!(DayOfWeek::Wednesday.word(), "Wednesday");
    assert_eq!(Month::from_number(12), Some(Month::December));
    assert_eq!((Month::from_number(0), Month::from_number(13)), (None, None));
    assert_eq!(Days::of(&[DayOfWeek::Sunday, DayOfWeek::Saturday]).bits(), 0x41);
    assert_eq!(Days::from_bits(0xbe).iter().count(), 5);
    assert_eq!(DayOfWeek::from_bits(0x3e), Some(DayOfWeek::Weekday));
    assert_eq!(DayOfWeek::from_bits(0x03), None);
}
