//! Recurrences as MAPI octets: there and back, limits, hostile octets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::recurrence::{
    AbsoluteMonthly, AbsoluteYearly, DayOfWeek, Days, End, Every, Index, Month, Pattern, Range, RelativeMonthly,
    RelativeYearly, Weekly,
};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().map(|b| char::from(b).to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn blob(pattern: Pattern, start: Date, end: End) -> RecurrenceBlob {
    let recurrence = Recurrence { pattern, range: Range { start, end } };
    RecurrenceBlob { recurrence, start: 540, end: 600, deleted: Vec::new(), exceptions: Vec::new() }
}

fn weekly() -> RecurrenceBlob {
    let days = Days::of(&[DayOfWeek::Monday, DayOfWeek::Wednesday]);
    let weekly = Weekly { interval: 2, days, first: DayOfWeek::Monday };
    let moved = Exception {
        subject: Some("Moved".to_owned()),
        ..Exception::new(
            date(2026, 1, 21).at(9, 0, 0, 0),
            date(2026, 1, 22).at(11, 0, 0, 0),
            date(2026, 1, 22).at(12, 0, 0, 0),
        )
    };
    RecurrenceBlob {
        deleted: vec![date(2026, 1, 19)],
        exceptions: vec![moved],
        ..blob(Pattern::Weekly(weekly), date(2026, 1, 5), End::After(5))
    }
}

const WEEKLY: &str = "043004300b20010000000000000002000000000000000a00000022200000050000000100000002000000c02a530d\
    0036530d01000000a03b530d00dc520d8079530d06300000093000001c020000580200000100343e530d703e530d1c38530d0100060005004d\
    6f76656400000000040000000000000000000000343e530d703e530d1c38530d05004d006f007600650064000000000000000000";

#[test]
fn a_weekly_series_with_exceptions() {
    assert_eq!(RecurrenceBlob::read(&hex(WEEKLY)), Some(weekly()));
    assert_eq!(weekly().write(), Some(hex(WEEKLY)));
}

#[test]
fn the_last_of_each_month() {
    let text = "043004300c20020000000000000001000000000000001f000000232000000a000000000000000000000000000000406e530d\
        df80e95a06300000093000001c0200003a02000000000000000000000000";
    let monthly = Pattern::AbsoluteMonthly(AbsoluteMonthly { interval: 1, day: 31 });
    let monthly = RecurrenceBlob { end: 570, ..blob(monthly, date(2026, 1, 31), End::Never) };
    assert_eq!(RecurrenceBlob::read(&hex(text)), Some(monthly.clone()));
    assert_eq!(monthly.write(), Some(hex(text)));
}

#[test]
fn a_day_of_each_year() {
    let text = "043004300d200300000000ae06000c000000000000001000000004000000232000000a0000000000000000000000000000\
        0020005a0ddf80e95a";
    let yearly = RelativeYearly { day: DayOfWeek::Thursday, index: Index::Fourth, month: Month::November };
    let octets = blob(Pattern::RelativeYearly(yearly), date(2026, 11, 26), End::Never).write().unwrap();
    assert_eq!(octets[..hex(text).len()], hex(text));
}

/// Every pattern, with everything an exception can have, as it was written.
#[test]
fn what_is_written_is_read_again() {
    let day = DayOfWeek::WeekendDay;
    let patterns = [
        Pattern::Daily(Every { interval: 3 }),
        Pattern::Weekly(Weekly { interval: 3, days: Days::from_bits(0x55), first: DayOfWeek::Wednesday }),
        Pattern::AbsoluteMonthly(AbsoluteMonthly { interval: 24, day: 30 }),
        Pattern::RelativeMonthly(RelativeMonthly { interval: 2, day, index: Index::Last }),
        Pattern::AbsoluteYearly(AbsoluteYearly { day: 29, month: Month::February }),
        Pattern::RelativeYearly(RelativeYearly { day, index: Index::First, month: Month::May }),
    ];
    for pattern in patterns {
        let start = Series::new(&blob(pattern, date(2026, 1, 1), End::Never).recurrence).unwrap().first();
        for end in [End::Never, End::After(7)] {
            let mut blob = blob(pattern, start, end);
            let at = start.at(9, 0, 0, 0);
            blob.exceptions = vec![Exception {
                subject: Some("Über – 会議".to_owned()),
                meeting: Some(1),
                reminder_delta: Some(15),
                reminder_set: Some(true),
                location: Some("Ort".to_owned()),
                busy: Some(3),
                attachment: Some(false),
                all_day: Some(true),
                colour: Some(7),
                body: true,
                ..Exception::new(at, at, at + SignedDuration::from_hours(1))
            }];
            let octets = blob.write().unwrap();
            assert_eq!(RecurrenceBlob::read(&octets), Some(blob), "{pattern:?}");
        }
    }
}

/// A pattern in the form that other programs have for it.
#[test]
fn other_forms_of_the_same() {
    // Every working day: daily, but of weeks.
    let mut octets = hex(WEEKLY);
    octets[4] = 0x0a;
    octets[22] = 0x3e;
    let read = RecurrenceBlob::read(&octets).unwrap();
    assert!(matches!(read.recurrence.pattern, Pattern::Weekly(weekly) if weekly.days.bits() == 0x3e));
    // Every second year is every twenty-four months.
    let yearly = Pattern::AbsoluteMonthly(AbsoluteMonthly { interval: 24, day: 14 });
    let yearly = blob(yearly, date(2026, 7, 14), End::Never);
    let mut octets = yearly.write().unwrap();
    octets[4] = 0x0d;
    assert_eq!(RecurrenceBlob::read(&octets), Some(yearly));
    // Times of day in what is a day.
    let mut octets = hex(WEEKLY);
    octets[42] += 9;
    assert_eq!(RecurrenceBlob::read(&octets), Some(weekly()));
}

/// Nothing that is cut short or turned round stops anybody.
#[test]
fn damaged_octets() {
    let whole = hex(WEEKLY);
    for cut in 0..whole.len() {
        // The texts in Unicode may be missing as a whole.
        let _ = RecurrenceBlob::read(&whole[..cut]);
        if cut < 88 {
            assert_eq!(RecurrenceBlob::read(&whole[..cut]), None, "{cut}");
        }
    }
    for at in 0..whole.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut octets = whole.clone();
            octets[at] = value;
            if let Some(read) = RecurrenceBlob::read(&octets) {
                let _ = read.write();
            }
        }
    }
}
