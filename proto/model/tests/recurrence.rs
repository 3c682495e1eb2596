//! Random recurrences against two expanders that share nothing with ours: a walk through the days one by one, and python-dateutil,
//! where it is installed, by an equal RRULE. `EWSD_RULES=100000` asks for more rules than a test run has time for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_model::recurrence::{
    AbsoluteMonthly, AbsoluteYearly, DayOfWeek, Days, End, Every, Index, Month, Pattern, Range, Recurrence,
    RelativeMonthly, RelativeYearly, Series, Weekly,
};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use std::io::Write;
use std::process::{Command, Stdio};

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, most: i32) -> i32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % most as u64) as i32
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as i32) as usize]
    }

    /// Small ones more often.
    fn interval(&mut self, most: i32) -> i32 {
        let most = self.of(&[2, 5, most]);
        1 + self.below(most)
    }

    fn recurrence(&mut self) -> Recurrence {
        let single = &DayOfWeek::ALL[..7];
        let pattern = match self.below(6) {
            0 => Pattern::Daily(Every { interval: self.interval(999) }),
            1 => {
                let days = (0..=self.below(4)).fold(Days::default(), |days, _| days.with(self.of(single)));
                Pattern::Weekly(Weekly { interval: self.interval(99), days, first: self.of(single) })
            }
            2 => Pattern::AbsoluteMonthly(AbsoluteMonthly { interval: self.interval(99), day: 1 + self.below(31) }),
            3 => Pattern::RelativeMonthly(RelativeMonthly {
                interval: self.interval(99),
                day: self.of(DayOfWeek::ALL),
                index: self.of(Index::ALL),
            }),
            4 => Pattern::AbsoluteYearly(AbsoluteYearly { day: 1 + self.below(31), month: self.of(Month::ALL) }),
            _ => Pattern::RelativeYearly(RelativeYearly {
                day: self.of(DayOfWeek::ALL),
                index: self.of(Index::ALL),
                month: self.of(Month::ALL),
            }),
        };
        let start = date(1990, 1, 1) + self.below(20_000).days();
        let end = match self.below(3) {
            0 => End::Never,
            1 => End::On(start + self.below(4_000).days()),
            _ => End::After(1 + self.below(40)),
        };
        Recurrence { pattern, range: Range { start, end } }
    }
}

fn rules(fewer: usize) -> usize {
    std::env::var("EWSD_RULES").ok().and_then(|text| text.parse().ok()).unwrap_or(fewer)
}

/// Occurrences that are compared of each rule.
const SEEN: usize = 12;

fn ours(recurrence: &Recurrence) -> Vec<Date> {
    Series::new(recurrence)
        .map_or(Vec::new(), |series| series.from(Date::MIN).take(SEEN).map(|(_, date)| date).collect())
}

// ---- day by day

fn means(day: DayOfWeek, date: Date) -> bool {
    day.bits() >> date.weekday().to_sunday_zero_offset() & 1 == 1
}

/// Whether the day is of the pattern, from what the day itself says.
fn matches(pattern: &Pattern, start: Date, date: Date) -> bool {
    let days = (date - start).get_days();
    let months =
        (i32::from(date.year()) - i32::from(start.year())) * 12 + i32::from(date.month()) - i32::from(start.month());
    let last = date.tomorrow().unwrap().month() != date.month();
    let number = |wanted: i32| i32::from(date.day()) == wanted || last && i32::from(date.day()) < wanted;
    let nth = |day: DayOfWeek, index: Index| {
        let of_month = |other: &Date| other.month() == date.month();
        let same = |other: &Date| means(day, *other);
        let before = date.series(-1.day()).skip(1).take_while(of_month).filter(same).count();
        let after = date.series(1.day()).skip(1).take_while(of_month).filter(same).count();
        means(day, date) && if index == Index::Last { after == 0 } else { before == index as usize }
    };
    match *pattern {
        Pattern::Daily(every) => days % every.interval == 0,
        Pattern::Weekly(weekly) => {
            let begins = start.series(-1.day()).find(|day| DayOfWeek::from(day.weekday()) == weekly.first).unwrap();
            weekly.days.has(date.weekday().into()) && (date - begins).get_days() / 7 % weekly.interval == 0
        }
        Pattern::AbsoluteMonthly(monthly) => months % monthly.interval == 0 && number(monthly.day),
        Pattern::RelativeMonthly(monthly) => months % monthly.interval == 0 && nth(monthly.day, monthly.index),
        Pattern::AbsoluteYearly(yearly) => date.month() == yearly.month.number() && number(yearly.day),
        Pattern::RelativeYearly(yearly) => date.month() == yearly.month.number() && nth(yearly.day, yearly.index),
        Pattern::Regeneration(..) => false,
    }
}

#[test]
fn like_a_walk_through_the_days() {
    let mut random = Random(1);
    for _ in 0..rules(400) {
        let recurrence = random.recurrence();
        let Range { start, end } = recurrence.range;
        let until = start + 3_000.days();
        let last = if let End::On(end) = end { end.min(until) } else { until };
        let most = if let End::After(count) = end { SEEN.min(count as usize) } else { SEEN };
        let walked: Vec<Date> = start
            .series(1.day())
            .take_while(|day| *day <= last)
            .filter(|day| matches(&recurrence.pattern, start, *day))
            .take(most)
            .collect();
        let found: Vec<Date> = ours(&recurrence).into_iter().filter(|day| *day <= until).collect();
        assert_eq!(found, walked, "{recurrence:?}");
        // The same by jumping into the middle, by number and by day.
        let Ok(series) = Series::new(&recurrence) else { continue };
        for (at, day) in walked.iter().enumerate() {
            let number = at as u32 + 1;
            assert_eq!((series.date(number), series.number(*day)), (Some(*day), Some(number)), "{recurrence:?}");
            assert_eq!(series.from(*day).next(), Some((number, *day)), "{recurrence:?}");
            assert_eq!(series.until(*day), Some((number, *day)), "{recurrence:?}");
            let next = walked.get(at + 1).map(|next| (number + 1, *next));
            if next.is_some() {
                assert_eq!(series.from(*day + 1.day()).next(), next, "{recurrence:?}");
            }
        }
    }
}

// ---- python-dateutil

fn rrule(recurrence: &Recurrence) -> String {
    let short = |day: DayOfWeek| day.word()[..2].to_uppercase();
    let short_of = |day: DayOfWeek| -> String {
        let all: Vec<String> =
            DayOfWeek::ALL[..7].iter().filter(|one| day.bits() & one.bits() != 0).map(|one| short(*one)).collect();
        all.join(",")
    };
    let position = |index: Index| if index == Index::Last { -1 } else { index as i32 + 1 };
    // The last day of a shorter month is the last of those there are.
    let of_month = |day: i32| {
        let days: Vec<String> = (day.min(28)..=day).map(|day| day.to_string()).collect();
        format!("BYMONTHDAY={};BYSETPOS=-1", days.join(","))
    };
    let nth = |day, index| format!("BYDAY={};BYSETPOS={}", short_of(day), position(index));
    let rule = match &recurrence.pattern {
        Pattern::Daily(every) => format!("FREQ=DAILY;INTERVAL={}", every.interval),
        Pattern::Weekly(weekly) => {
            let days: Vec<String> = weekly.days.iter().map(short).collect();
            let first = short(weekly.first);
            format!("FREQ=WEEKLY;INTERVAL={};BYDAY={};WKST={first}", weekly.interval, days.join(","))
        }
        Pattern::AbsoluteMonthly(monthly) => {
            format!("FREQ=MONTHLY;INTERVAL={};{}", monthly.interval, of_month(monthly.day))
        }
        Pattern::RelativeMonthly(monthly) => {
            format!("FREQ=MONTHLY;INTERVAL={};{}", monthly.interval, nth(monthly.day, monthly.index))
        }
        Pattern::AbsoluteYearly(yearly) => {
            format!("FREQ=YEARLY;BYMONTH={};{}", yearly.month.number(), of_month(yearly.day))
        }
        Pattern::RelativeYearly(yearly) => {
            format!("FREQ=YEARLY;BYMONTH={};{}", yearly.month.number(), nth(yearly.day, yearly.index))
        }
        Pattern::Regeneration(..) => String::new(),
    };
    match recurrence.range.end {
        End::Never => rule,
        End::On(end) => format!("{rule};UNTIL={}T235959", end.strftime("%Y%m%d")),
        End::After(count) => format!("{rule};COUNT={count}"),
    }
}

const SCRIPT: &str = "
import sys, itertools, datetime
from dateutil.rrule import rrulestr
for line in sys.stdin:
    start, rule = line.split()
    rule = rrulestr(rule, dtstart=datetime.datetime.strptime(start, '%Y-%m-%d'))
    print(' '.join(d.strftime('%Y-%m-%d') for d in itertools.islice(rule, 12)))
";

#[test]
fn like_dateutil() {
    let there = Command::new("python3").args(["-c", "import dateutil"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        eprintln!("not compared: python-dateutil is not installed");
        return;
    }
    let mut random = Random(2);
    // dateutil's calendar ends with the year 9999, and it looks there for what never comes: rules of ours that end too late are out.
    let all: Vec<Recurrence> = (0..rules(500)).map(|_| random.recurrence()).collect();
    let lines: String = all.iter().map(|one| format!("{} {}\n", one.range.start, rrule(one))).collect();
    let mut python =
        Command::new("python3").args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), all.len());
    let mut late = 0;
    for (recurrence, line) in all.iter().zip(text.lines()) {
        let theirs: Vec<Date> = line.split_whitespace().map(|text| text.parse().unwrap()).collect();
        if Series::new(recurrence).is_err_and(|code| code.name() == "ErrorRecurrenceEndDateTooBig") {
            late += 1;
            continue;
        }
        assert_eq!(ours(recurrence), theirs, "{} {}", recurrence.range.start, rrule(recurrence));
    }
    eprintln!("{} rules alike, {late} that end after the last day there is", all.len() - late);
}
