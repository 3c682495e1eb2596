//! Free and busy time: digits, working hours, suggestions, zones of old requests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::recurrence::{DayOfWeek, Days};
use crate::timezone::ItemZone;
use jiff::civil::date;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn block(start: &str, end: &str, busy: BusyType) -> Block {
    Block { start: at(&format!("2026-07-14T{start}:00Z")), end: at(&format!("2026-07-14T{end}:00Z")), busy }
}

/// Each interval by what leaves one least free; the last one cut short counts. What ends where one begins is none of it.
#[test]
fn digits_of_a_window() {
    let (start, end) = (at("2026-07-14T09:00:00Z"), at("2026-07-14T11:40:00Z"));
    let blocks = [
        block("08:00", "09:00", BusyType::OOF),
        block("09:30", "10:00", BusyType::Busy),
        block("09:45", "09:46", BusyType::Tentative),
        block("10:10", "10:11", BusyType::WorkingElsewhere),
        block("10:59", "11:01", BusyType::OOF),
        block("11:39", "20:00", BusyType::NoData),
        block("10:40", "10:40", BusyType::Busy),
    ];
    assert_eq!(merged(start, end, 30, &blocks, Digits::Five), "024335");
    assert_eq!(merged(start, end, 30, &blocks, Digits::Four), "020334");
    assert_eq!(merged(start, end, 1440, &blocks, Digits::of(crate::Version::Exchange2016)), "5");
    assert_eq!(merged(start, start, 30, &blocks, Digits::Four), "");
    assert_eq!(merged(end, start, 30, &blocks, Digits::Four), "");
    let wild = [Block { start: Timestamp::MIN, end: Timestamp::MAX, busy: BusyType::Busy }];
    assert_eq!(merged(start, end, 60, &wild, Digits::Four), "222");
}

#[test]
fn working_hours() {
    let hours = WorkingHours::usual(ItemZone::named("W. Europe Standard Time").unwrap());
    // Tuesday in summer: eight is six.
    assert!(hours.cover(at("2026-07-14T06:00:00Z"), at("2026-07-14T07:00:00Z")));
    assert!(hours.cover(at("2026-07-14T14:00:00Z"), at("2026-07-14T15:00:00Z")));
    assert!(!hours.cover(at("2026-07-14T05:30:00Z"), at("2026-07-14T06:30:00Z")));
    assert!(!hours.cover(at("2026-07-14T14:30:00Z"), at("2026-07-14T15:30:00Z")));
    assert!(!hours.cover(at("2026-07-18T08:00:00Z"), at("2026-07-18T09:00:00Z")), "a Saturday");
    let night = WorkingPeriod { days: Days::of(&[DayOfWeek::Tuesday]), start: 1200, end: 1440 };
    let night = WorkingHours { zone: ItemZone::utc(), periods: vec![night] };
    assert!(night.cover(at("2026-07-14T23:00:00Z"), at("2026-07-15T00:00:00Z")));
    assert!(!night.cover(at("2026-07-14T23:00:00Z"), at("2026-07-15T00:01:00Z")));
}

#[test]
fn working_hours_as_people_write_them() {
    for (text, written) in [
        ("mo-fr 8-17", "mo-fr 8:00-17:00"),
        ("Monday-Thursday 8:00-17:00,  fri 8:00-13:30", "mo-th 8:00-17:00, fr 8:00-13:30"),
        ("mo+we 9:05-12", "mo+we 9:05-12:00"),
        ("sa-mo 0:00-24:00", "mo+sa-su 0:00-24:00"),
    ] {
        let periods = WorkingHours::periods_of(text).unwrap_or_else(|| panic!("{text}"));
        let hours = WorkingHours { zone: ItemZone::utc(), periods };
        assert_eq!(hours.periods_text(), written);
        assert_eq!(WorkingHours::periods_of(written), Some(hours.periods));
    }
    let long = vec!["mo 8-9"; 15].join(",");
    for wrong in
        ["", "mo", "mo 8", "mo 17-8", "m 8-17", "xx 8-17", "mo 8:60-17", "mo 8-25", "mo 8-24:01", "mo -1-8", &long]
    {
        assert_eq!(WorkingHours::periods_of(wrong), None, "{wrong}");
    }
    let usual = WorkingHours::usual(ItemZone::utc());
    assert_eq!(usual.periods_text(), "mo-fr 8:00-17:00");
}

fn one(blocks: Vec<Block>, required: bool) -> Participant {
    let hours = Some(WorkingHours::usual(ItemZone::utc()));
    Participant { required, ignored: false, hours, schedule: Schedule::One(blocks) }
}

fn ask() -> Ask {
    let day = date(2026, 7, 14);
    Ask {
        zone: TimeZone::UTC,
        days: (day, day),
        duration: 60,
        good: 25,
        most: 100,
        most_outside: 100,
        least: Quality::Poor,
        current: None,
    }
}

use jiff::tz::TimeZone;

/// Four who are asked: all free is excellent, three good, two fair, one poor.
#[test]
fn qualities() {
    let busy = |end: &str| one(vec![block("09:00", end, BusyType::Busy)], true);
    let all = [busy("12:00"), busy("11:00"), busy("10:00"), one(vec![], true)];
    let [day] = &suggest(&ask(), &all)[..] else { panic!() };
    let quality = |time: &str| {
        let start = at(&format!("2026-07-14T{time}:00Z"));
        day.suggestions.iter().find(|candidate| candidate.start == start).unwrap().quality
    };
    assert_eq!(
        ["08:30", "09:30", "10:00", "11:30", "12:00"].map(quality).map(Quality::word),
        ["Poor", "Poor", "Fair", "Good", "Excellent"]
    );
    assert_eq!((day.date, day.quality, day.suggestions.len()), (date(2026, 7, 14), Quality::Excellent, 48));
    let first = &day.suggestions[0];
    assert_eq!((first.start, first.is_work_time), (at("2026-07-14T00:00:00Z"), false));
    assert_eq!(day.suggestions.iter().filter(|candidate| candidate.is_work_time).count(), 17);
    assert!(day.suggestions.is_sorted_by_key(|candidate| (candidate.quality, candidate.start)));
}

#[test]
fn whose_conflicts_count() {
    let busy = vec![block("00:00", "23:59", BusyType::Busy)];
    let tentative = vec![block("00:00", "23:59", BusyType::Tentative)];
    let elsewhere = vec![block("00:00", "23:59", BusyType::WorkingElsewhere)];
    let ignored = Participant { ignored: true, ..one(busy.clone(), true) };
    let group = Schedule::Group(vec![Some(busy.clone()), Some(vec![]), None]);
    let group = Participant { required: true, ignored: false, hours: None, schedule: group };
    let unknown = |schedule| Participant { schedule, ..one(vec![], true) };
    let best = |participants: &[Participant]| suggest(&ask(), participants)[0].quality;
    assert_eq!(best(&[one(elsewhere, true), one(busy.clone(), false), ignored]), Quality::Excellent);
    assert_eq!(best(&[unknown(Schedule::Unknown), unknown(Schedule::TooBigGroup)]), Quality::Excellent);
    let noon = Ask { current: Some(at("2026-07-14T12:10:00Z")), ..ask() };
    let days = suggest(&noon, &[one(tentative, true), group]);
    let at_noon = days[0].suggestions.iter().find(|one| one.start == at("2026-07-14T12:10:00Z")).unwrap();
    assert_eq!(
        at_noon.conflicts,
        [Conflict::One(BusyType::Tentative), Conflict::Group { members: 3, free: 1, busy: 1, unknown: 1 },]
    );
    // One of three of whom something is known.
    assert_eq!(at_noon.quality, Quality::Poor);
}

#[test]
fn how_many_are_told() {
    let few = Ask { most: 3, most_outside: 0, least: Quality::Fair, ..ask() };
    let days = suggest(&few, &[one(vec![block("08:00", "09:00", BusyType::Busy)], true)]);
    let starts: Vec<String> = days[0].suggestions.iter().map(|one| one.start.to_string()).collect();
    assert_eq!(starts, ["2026-07-14T09:00:00Z", "2026-07-14T09:30:00Z", "2026-07-14T10:00:00Z"]);
    // The night of the change has an hour less: a time that is missing is not tried twice.
    let zone = ItemZone::named("W. Europe Standard Time").unwrap().time_zone();
    let night = Ask { zone, days: (date(2026, 3, 29), date(2026, 3, 30)), ..ask() };
    let counts: Vec<usize> = suggest(&night, &[]).iter().map(|day| day.suggestions.len()).collect();
    assert_eq!(counts, [46, 48]);
}
