//! Time zones: names and their rules, definitions of clients, times that are not there or there twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::Code;
use crate::recurrence::DayOfWeek;
use crate::reference;
use jiff::civil::date;
use std::collections::HashSet;
use std::sync::Arc;

const YEAR: i16 = 2025;

fn at(month: i8, nth: i8, day: DayOfWeek, minutes: i32) -> Change {
    Change { month, on: DayRule::Nth(day, nth), minutes }
}

fn berlin() -> &'static Zone {
    find("W. Europe Standard Time").unwrap()
}

/// Every zone is there, in bare systems too; where from is told.
#[test]
fn every_row_is_a_zone() {
    let mut ids = HashSet::new();
    let mut from = [0; 4];
    for zone in ZONES {
        assert!(ids.insert(zone.id), "{} twice", zone.id);
        let utc = zone.iana == "Etc/UTC";
        let (found, origin) = source::zone(zone);
        assert!(utc || found != TimeZone::UTC, "{}", zone.id);
        assert!(source::named(zone.iana).is_some() || origin == Origin::Row, "{}", zone.iana);
        assert!(zone.rules(YEAR).standard.abs() <= 14 * 60, "{}", zone.id);
        from[origin as usize] += 1;
    }
    eprintln!(
        "{} zones: {} of the system, {} of its alias, {} built in, {} of the row",
        ZONES.len(),
        from[0],
        from[1],
        from[2],
        from[3]
    );
    // What clients take for a full list.
    assert!((100..=160).contains(&ZONES.len()), "{}", ZONES.len());
    assert_eq!(find("w. europe standard time").unwrap().iana, "Europe/Berlin");
    assert_eq!(find("Europe/Berlin"), None);
}

/// The table says what the reference says, both ways.
#[test]
fn names_of_the_reference() {
    let Some(table) = reference::table("windows_zones.tsv") else { return };
    let mut names = 0;
    for line in table.lines() {
        let (id, territory) = (line.get("windows_id"), line.get("territory"));
        let zone = find(id).expect(id);
        assert_eq!(zone.name, line.get("display_name"));
        for name in line.get("iana_ids").split_whitespace() {
            assert_eq!(from_iana(name).map(|zone| zone.id), Some(id), "{name}");
            names += 1;
        }
        if !["001", "alias", "-"].contains(&territory) {
            assert_eq!(Some(zone.iana_in(territory)), line.get("iana_ids").split(' ').next());
        }
    }
    assert!(names > 700, "{names}");
    assert_eq!(berlin().iana_in("at"), "Europe/Vienna");
    assert_eq!(berlin().iana_in("JP"), "Europe/Berlin");
}

#[test]
fn known_rules() {
    use DayOfWeek::Sunday;
    let daylight = Daylight { bias: -120, begins: at(3, -1, Sunday, 120), ends: at(10, -1, Sunday, 180) };
    assert_eq!(berlin().rules(YEAR), Rules { standard: -60, daylight: Some(daylight) });

    // The year's own rule, and the one that explains all years.
    let new_york = find("Eastern Standard Time").unwrap().history(2000..=2040);
    let [(2000, old), (2007, new)] = new_york.rules() else { panic!("{new_york:?}") };
    let (old, new) = (old.daylight.clone().unwrap(), new.daylight.clone().unwrap());
    assert_eq!((old.begins, old.ends), (at(4, 1, Sunday, 120), at(10, -1, Sunday, 120)));
    assert_eq!((new.begins, new.ends), (at(3, 2, Sunday, 120), at(11, 1, Sunday, 120)));

    // The south: the year begins with daylight time.
    let sydney = find("AUS Eastern Standard Time").unwrap().rules(YEAR);
    let daylight = sydney.daylight.unwrap();
    assert_eq!((sydney.standard, daylight.bias), (-600, -660));
    assert_eq!((daylight.begins, daylight.ends), (at(10, 1, Sunday, 120), at(4, 1, Sunday, 180)));

    let tokyo = find("Tokyo Standard Time").unwrap();
    assert_eq!(tokyo.history(2000..=2040), History::always(Rules::fixed(-540)).since(2000));
}

impl History {
    /// The same with the first year told.
    fn since(&self, year: i16) -> History {
        History::new(self.rules().iter().map(|(_, rules)| (year, rules.clone())).collect()).unwrap()
    }
}

/// A change at the end of a day that no weekday of the month tells.
#[test]
fn midnights() {
    let cairo = find("Egypt Standard Time").unwrap().history(2024..=2035).in_year(YEAR).daylight.clone().unwrap();
    assert_eq!(cairo.begins, at(4, -1, DayOfWeek::Friday, 0));
    assert_eq!(cairo.ends, at(10, -1, DayOfWeek::Thursday, 1440));
    assert_eq!(cairo.ends.in_year(2025).unwrap().to_string(), "2025-10-31T00:00:00");
}

/// The histories of all zones, read as zones again, say what the tz data say, in all years that have one pair of changes.
#[test]
fn histories_read_times_like_the_data() {
    let (mut compared, mut other) = (0, 0);
    for zone in ZONES {
        let (tz, rules) = (zone.time_zone(), zone.history(1996..=2040).time_zone());
        for year in 1996..=2040 {
            let whole = is_a_pair(&tz, year) && is_a_pair(&tz, year - 1);
            for day in (0..365).step_by(5) {
                let local = date(year, 1, 1).at(0, 0, 0, 0) + jiff::SignedDuration::from_hours(24 * day + 12);
                if instant(&tz, local) == instant(&rules, local) {
                    compared += 1;
                } else {
                    assert!(!whole, "{} {local}", zone.id);
                    other += 1;
                }
            }
        }
    }
    eprintln!("{compared} days alike, {other} in years that no pair of changes can tell");
    assert!(other * 100 < compared, "{other} of {compared}");
}

/// Whether the clocks were changed never or forth and back: an offset that changed for good, or clocks that changed more often,
/// are more than a rule can say.
fn is_a_pair(zone: &TimeZone, year: i16) -> bool {
    let (begin, end) = (date(year, 1, 1).at(0, 0, 0, 0), date(year + 1, 1, 1).at(0, 0, 0, 0));
    let first = zone.to_offset(instant(zone, begin) - jiff::SignedDuration::from_secs(1));
    let mut offsets = vec![first];
    let in_year = zone.following(instant(zone, begin) - jiff::SignedDuration::from_secs(1));
    offsets.extend(in_year.take_while(|shift| shift.timestamp() < instant(zone, end)).map(|shift| shift.offset()));
    offsets.dedup();
    offsets.len() == 1 || offsets.len() == 3 && offsets[0] == offsets[2]
}

#[test]
fn definitions_and_back() {
    for zone in ZONES {
        let history = zone.history(2000..=2030);
        let definition = Definition::of(zone.id, zone.name, &history);
        let read = definition.history().unwrap();
        for year in 2000..=2030 {
            assert_eq!(read.in_year(year), history.in_year(year), "{} {year}", zone.id);
        }
        // What clients insist on.
        assert_eq!(definition.groups.len(), definition.transitions.len());
        assert!(definition.transitions.iter().all(|transition| transition.to.kind == TargetKind::Group));
        assert!(definition.transitions.is_sorted_by_key(|transition| transition.to.id.clone()));
        assert_eq!(ItemZone::resolve(&definition, YEAR, None).unwrap(), ItemZone::Known(zone));
    }
}

fn definition_of(standard: i32, rules: Option<(Yearly, Yearly)>) -> Definition {
    let period = |name: &str, bias| Period { bias, name: name.to_owned(), id: name.to_owned() };
    let to = |kind, id: &str| Target { kind, id: id.to_owned() };
    let transitions = match rules {
        None => vec![Transition { to: to(TargetKind::Period, "Std"), when: TransitionTime::Always }],
        Some((begins, ends)) => vec![
            Transition { to: to(TargetKind::Period, "Dlt"), when: TransitionTime::Yearly(begins) },
            Transition { to: to(TargetKind::Period, "Std"), when: TransitionTime::Yearly(ends) },
        ],
    };
    Definition {
        id: Some("Our own".to_owned()),
        name: Some("Own".to_owned()),
        periods: vec![period("Std", standard), period("Dlt", standard - 60)],
        groups: vec![Group { id: "0".to_owned(), transitions }],
        transitions: vec![Transition { to: to(TargetKind::Group, "0"), when: TransitionTime::Always }],
    }
}

fn yearly(month: i32, day: DayOfWeek, nth: i32, minutes: i32) -> Yearly {
    Yearly { minutes, month, day: YearlyDay::Nth(day, nth) }
}

#[test]
fn what_clients_mean() {
    use DayOfWeek::{Sunday, Weekday};
    let known = |name: &str| ItemZone::named(name).map(|zone| zone.id().to_owned());
    assert_eq!(known("Europe/Vienna").as_deref(), Some("W. Europe Standard Time"));
    assert_eq!(known("us/eastern").as_deref(), Some("Eastern Standard Time"));
    assert_eq!(known("tzone://Microsoft/Utc").as_deref(), Some("UTC"));
    assert_eq!(known("(UTC+09:00) Osaka, Sapporo, Tokyo").as_deref(), Some("Tokyo Standard Time"));
    assert_eq!(known("Osaka, Sapporo, Tokyo").as_deref(), Some("Tokyo Standard Time"));
    assert_eq!(known("Middle/Earth"), None);
    assert_eq!(known("../../etc/passwd"), None);
    // Known to the tz database, not to Windows.
    assert_eq!(known("Antarctica/Troll").as_deref(), Some("Antarctica/Troll"));

    let resolve = |definition: &Definition, preferred| ItemZone::resolve(definition, YEAR, preferred);
    let europe = definition_of(-60, Some((yearly(3, Sunday, 5, 120), yearly(10, Sunday, -1, 180))));
    assert_eq!(resolve(&europe, None).unwrap().id(), berlin().id);
    let paris = find("Romance Standard Time");
    assert_eq!(resolve(&europe, paris).unwrap().id(), "Romance Standard Time");
    // Of several the first of the table.
    assert_eq!(resolve(&definition_of(-540, None), None).unwrap().id(), "Transbaikal Standard Time");
    let tokyo = find("Tokyo Standard Time");
    assert_eq!(resolve(&definition_of(-540, None), tokyo).unwrap().id(), "Tokyo Standard Time");

    let unknown = Definition { id: Some("Nowhere".to_owned()), ..Definition::default() };
    assert_eq!(resolve(&unknown, None), Err(Code::ErrorCalendarInvalidTimeZone));
    let set = definition_of(-60, Some((yearly(3, Weekday, -1, 120), yearly(10, Sunday, -1, 180))));
    assert_eq!(resolve(&set, None), Err(Code::ErrorCalendarInvalidDayForTimeChangePattern));
    let mut dangling = europe.clone();
    dangling.groups[0].transitions[0].to.id = "Nothing".to_owned();
    assert_eq!(resolve(&dangling, None), Err(Code::ErrorCalendarInvalidTimeZone));
    let wild = definition_of(5000, None);
    assert_eq!(resolve(&wild, None), Err(Code::ErrorCalendarInvalidTimeZone));
}

/// A zone of nobody else's is kept and reads times, in the years of both of its rules.
#[test]
fn a_zone_of_ones_own() {
    use DayOfWeek::{Saturday, Sunday};
    let mut definition = definition_of(-75, Some((yearly(3, Saturday, 2, 120), yearly(11, Sunday, -2, 180))));
    let zone = ItemZone::resolve(&definition, YEAR, None).unwrap();
    assert_eq!((zone.id(), zone.name()), ("Our own", "Own"));
    let utc = |zone: &ItemZone, text: &str| instant(&zone.time_zone(), text.parse().unwrap()).to_string();
    assert_eq!(utc(&zone, "2026-01-10T09:00"), "2026-01-10T07:45:00Z");
    assert_eq!(utc(&zone, "2026-07-10T09:00"), "2026-07-10T06:45:00Z");
    // The second Saturday of March and the last Sunday but one of November 2026 are the 14th and the 22nd.
    assert_eq!(utc(&zone, "2026-03-14T02:30"), "2026-03-14T01:15:00Z");
    assert_eq!(utc(&zone, "2026-11-22T02:30"), "2026-11-22T00:15:00Z");
    assert_eq!(utc(&zone, "2026-11-22T03:30"), "2026-11-22T02:15:00Z");
    assert_eq!(
        zone.definition().history().unwrap(),
        *match &zone {
            ItemZone::Custom(zone) => &zone.history,
            ItemZone::Known(_) => panic!(),
        }
    );

    // From 2030 on without a daylight time; written as the midnight of UTC.
    definition.groups.push(Group {
        id: "1".to_owned(),
        transitions: vec![Transition {
            to: Target { kind: TargetKind::Period, id: "Std".to_owned() },
            when: TransitionTime::Always,
        }],
    });
    definition.transitions.push(Transition {
        to: Target { kind: TargetKind::Group, id: "1".to_owned() },
        when: TransitionTime::From(date(2029, 12, 31).at(22, 45, 0, 0)),
    });
    let zone = ItemZone::resolve(&definition, YEAR, None).unwrap();
    assert_eq!(utc(&zone, "2029-07-10T09:00"), "2029-07-10T06:45:00Z");
    assert_eq!(utc(&zone, "2030-07-10T09:00"), "2030-07-10T07:45:00Z");
    assert_eq!(utc(&zone, "2099-07-10T09:00"), "2099-07-10T07:45:00Z");
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().map(|b| char::from(b).to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// MAPI's forms of Berlin, and of a zone of one's own.
#[test]
fn zones_as_octets() {
    let single = "c4ffffff00000000c4ffffff000000000a00000005000300000000000000000000000300000005000200000000000000";
    assert_eq!(berlin().rules(YEAR).to_struct(), hex(single));
    assert_eq!(Rules::from_struct(&hex(single)), Some(berlin().rules(YEAR)));
    let definition = "020134000200170057002e0020004500750072006f007000650020005300740061006e00640061007200640020005400\
        69006d006500010002013e00030041060000000000000000000000000000c4ffffff00000000c4ffffff00000a0000000500030000000000\
        000000000300000005000200000000000000";
    let zone = ItemZone::Known(berlin());
    assert_eq!(zone.to_blob(YEAR, true), hex(definition));
    assert_eq!(ItemZone::from_blob(&hex(definition)), Some(zone));

    let history = find("Eastern Standard Time").unwrap().history(2000..=2030);
    let own = ItemZone::Custom(std::sync::Arc::new(Custom::new("Own", "Own", history)));
    let ItemZone::Custom(read) = ItemZone::from_blob(&own.to_blob(2006, false)).unwrap() else { panic!() };
    for year in 2000..2030 {
        assert_eq!(read.history.in_year(year), own.history(2000..=2030).in_year(year));
    }
    let whole = own.to_blob(2026, false);
    for cut in 0..whole.len() {
        assert_eq!(ItemZone::from_blob(&whole[..cut]), None, "{cut}");
    }
    // No daylight time, and one that does nothing.
    assert_eq!(Rules::from_struct(&Rules::fixed(-540).to_struct()), Some(Rules::fixed(-540)));
    let mut faked = berlin().rules(YEAR).to_struct();
    faked[8..12].fill(0);
    assert_eq!(Rules::from_struct(&faked), Some(Rules::fixed(-60)));
    faked[3] = 0x7f;
    assert_eq!(Rules::from_struct(&faked), None);
}

/// The form of free/busy requests, and how clients fake a zone without summer time in it.
#[test]
fn zones_of_free_busy() {
    let berlin = ItemZone::Known(berlin());
    let told = SerializableZone::of(&berlin, YEAR);
    assert_eq!((told.bias, told.standard.bias, told.daylight.bias), (-60, 0, -60));
    let change = |time: &SerializableTime| (time.month, time.order, time.day, time.minutes, time.year);
    assert_eq!(change(&told.daylight), (3, 5, DayOfWeek::Sunday, 120, None));
    assert_eq!(change(&told.standard), (10, 5, DayOfWeek::Sunday, 180, None));
    assert_eq!(told.zone(YEAR, None), Ok(berlin));
    let paris = find("Romance Standard Time").unwrap();
    assert_eq!(told.zone(YEAR, Some(paris)), Ok(ItemZone::Known(paris)));

    let time = |bias, order, month, day| SerializableTime { bias, minutes: 120, order, month, day, year: None };
    let fakes = [
        (time(0, 0, 0, DayOfWeek::Sunday), time(0, 0, 0, DayOfWeek::Sunday)),
        (time(0, 1, 10, DayOfWeek::Sunday), time(0, 1, 3, DayOfWeek::Sunday)),
        (time(0, 0, 0, DayOfWeek::Sunday), time(-60, 0, 0, DayOfWeek::Sunday)),
        (time(0, 1, 1, DayOfWeek::Monday), time(0, 5, 12, DayOfWeek::Sunday)),
    ];
    for (standard, daylight) in fakes {
        let zone = SerializableZone { bias: 0, standard, daylight };
        assert_eq!(zone.rules(), Ok(Rules::fixed(0)), "{zone:?}");
    }
    // With a year the order is the day of the month.
    let mut dated = told.clone();
    (dated.daylight.year, dated.daylight.order) = (Some(2025), 30);
    let rules = dated.rules().unwrap().daylight.unwrap();
    assert_eq!(rules.begins.in_year(2025).unwrap().to_string(), "2025-03-30T02:00:00");
    let mut wild = told.clone();
    wild.bias = i32::MAX;
    assert_eq!(wild.rules(), Err(Code::ErrorTimeZone));
    wild = told;
    wild.daylight.order = 6;
    assert_eq!(wild.rules(), Err(Code::ErrorTimeZone));
    // Every zone comes back with the rules of its year.
    for zone in ZONES {
        let told = SerializableZone::of(&ItemZone::Known(zone), YEAR);
        let (read, rules) = (told.rules().unwrap(), zone.history(YEAR - 3..=YEAR + 3).in_year(YEAR).clone());
        let times = |rules: &Rules| {
            let ends = |change: &Change| change.in_year(YEAR).map(|at| at.date());
            rules.daylight.as_ref().map(|daylight| (daylight.bias, ends(&daylight.ends).is_some()))
        };
        assert_eq!((read.standard, times(&read)), (rules.standard, times(&rules)), "{}", zone.id);
    }
}

/// Items lie in any year that a date has, and years that it has not stand in blobs.
#[test]
fn every_year_has_rules() {
    for zone in ZONES {
        for (far, near) in [(i16::MAX, 2300), (9999, 2300), (i16::MIN, 1)] {
            assert_eq!(zone.rules(far), zone.rules(near), "{} in {far}", zone.id);
        }
        let item = ItemZone::Known(zone);
        assert!(ItemZone::from_blob(&item.to_blob(9999, true)).is_some(), "{}", zone.id);
    }
    let rules = [(1, Rules::fixed(60)), (i16::MAX, Rules::fixed(0))];
    let history = History::new(rules.to_vec()).unwrap();
    let own = ItemZone::Custom(Arc::new(Custom::new("Own", "Own", history)));
    let read = ItemZone::from_blob(&own.to_blob(2026, false)).unwrap();
    assert_eq!(read.definition().history().unwrap().in_year(9998), &Rules::fixed(60));
}
