//! The time zones clients know by their Windows ids ("W. Europe Standard Time"), and the rules of each in a year, for
//! GetServerTimeZones (MS-OXWSGTZ) and for times that name a zone. The rules come out of the tz data that is built in.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use std::sync::OnceLock;

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Zone {
    /// The Windows id.
    pub id: &'static str,
    /// Its representative in the tz database.
    pub iana: &'static str,
    /// The places it is shown with.
    pub places: &'static str,
}

/// What a zone does in a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Minutes to add to local standard time to get UTC: -60 for Berlin.
    pub standard: i32,
    /// None: the zone keeps standard time all year.
    pub daylight: Option<Daylight>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daylight {
    /// Minutes to add to local daylight time to get UTC.
    pub bias: i32,
    pub begins: Change,
    pub ends: Change,
}

/// When the clocks are changed, by the time they show before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 4, or -1 for the last of the month.
    pub occurrence: i8,
    pub weekday: Weekday,
    /// Since midnight.
    pub minutes: i32,
}

impl Change {
    /// DayOfWeekType.
    pub fn day_name(&self) -> &'static str {
        match self.weekday {
            Weekday::Sunday => "Sunday",
            Weekday::Monday => "Monday",
            Weekday::Tuesday => "Tuesday",
            Weekday::Wednesday => "Wednesday",
            Weekday::Thursday => "Thursday",
            Weekday::Friday => "Friday",
            Weekday::Saturday => "Saturday",
        }
    }
}

fn database() -> &'static TimeZoneDatabase {
    static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
    DATABASE.get_or_init(TimeZoneDatabase::bundled)
}

/// The zone of a Windows id, without case.
pub fn find(id: &str) -> Option<&'static Zone> {
    ZONES.iter().find(|zone| zone.id.eq_ignore_ascii_case(id))
}

/// The zone that stands for a name of the tz database: its own row, or one with the same rules in this year.
pub fn from_iana(name: &str, year: i16) -> Option<&'static Zone> {
    if let Some(zone) = ZONES.iter().find(|zone| zone.iana == name) {
        return Some(zone);
    }
    let wanted = rules(&database().get(name).ok()?, year);
    ZONES.iter().find(|zone| zone.rules(year) == wanted)
}

impl Zone {
    /// The zone itself, with all its history.
    pub fn time_zone(&self) -> TimeZone {
        // A test has every row's name looked up.
        database().get(self.iana).unwrap_or(TimeZone::UTC)
    }

    pub fn rules(&self, year: i16) -> Rules {
        rules(&self.time_zone(), year)
    }

    /// The name shown to people: `(UTC+01:00) Amsterdam, Berlin, ...`.
    pub fn display_name(&self, year: i16) -> String {
        let east = -self.rules(year).standard;
        let sign = if east < 0 { '-' } else { '+' };
        let (hours, minutes) = (east.abs() / 60, east.abs() % 60);
        match east {
            0 => format!("(UTC) {}", self.places),
            _ => format!("(UTC{sign}{hours:02}:{minutes:02}) {}", self.places),
        }
    }
}

fn minutes(offset: Offset) -> i32 {
    offset.seconds() / 60
}

/// One change of the clocks: the local time before it, and the offsets on both sides.
struct Shift {
    at: DateTime,
    before: i32,
    after: i32,
}

/// The changes of a year, by the clock before each.
fn shifts(zone: &TimeZone, year: i16) -> Vec<Shift> {
    let Ok(first) = zone.to_timestamp(jiff::civil::date(year, 1, 1).at(0, 0, 0, 0)) else { return Vec::new() };
    let mut before = zone.to_offset(first);
    let mut shifts = Vec::new();
    for transition in zone.following(first) {
        let at = before.to_datetime(transition.timestamp());
        if at.year() != year {
            break;
        }
        if transition.offset() != before {
            shifts.push(Shift { at, before: minutes(before), after: minutes(transition.offset()) });
        }
        before = transition.offset();
    }
    shifts
}

fn rules(zone: &TimeZone, year: i16) -> Rules {
    let shifts = shifts(zone, year);
    let begins = shifts.iter().find(|shift| shift.after > shift.before);
    let ends = shifts.iter().find(|shift| shift.after < shift.before);
    match (begins, ends) {
        (Some(begins), Some(ends)) => Rules {
            standard: -ends.after,
            daylight: Some(Daylight {
                bias: -begins.after,
                begins: change(zone, begins, true),
                ends: change(zone, ends, false),
            }),
        },
        // No change, or a change for good: the offset the year ends with.
        _ => {
            let end = jiff::civil::date(year, 12, 31).at(12, 0, 0, 0);
            let offset = zone.to_timestamp(end).map_or(Offset::UTC, |at: Timestamp| zone.to_offset(at));
            Rules { standard: -minutes(offset), daylight: None }
        }
    }
}

/// The weekday of a month that a change falls on. Whether the fourth or the last is meant only other years can tell; a
/// midnight that follows no such rule is tried as the end of the day before.
fn change(zone: &TimeZone, shift: &Shift, forward: bool) -> Change {
    let year = shift.at.year();
    let dates: Vec<Date> = (year..year.saturating_add(6))
        .filter_map(|year| {
            let shifts = shifts(zone, year);
            shifts.iter().find(|other| (other.after > other.before) == forward).map(|other| other.at.date())
        })
        .collect();
    let date = shift.at.date();
    let time = i32::from(shift.at.hour()) * 60 + i32::from(shift.at.minute());
    if let Some(occurrence) = rule(&dates) {
        return Change { month: date.month(), occurrence, weekday: date.weekday(), minutes: time };
    }
    let eves: Vec<Date> = dates.iter().filter_map(|date| date.checked_sub(1.day()).ok()).collect();
    if let (0, Some(occurrence), Some(eve)) = (time, rule(&eves), eves.first()) {
        return Change { month: eve.month(), occurrence, weekday: eve.weekday(), minutes: 23 * 60 + 59 };
    }
    // No rule at all: true of this year.
    Change { month: date.month(), occurrence: rule(&[date]).unwrap_or(-1), weekday: date.weekday(), minutes: time }
}

/// The occurrence of the weekday in the month that all dates share.
fn rule(dates: &[Date]) -> Option<i8> {
    let first = dates.first()?;
    let alike = dates.iter().all(|date| date.month() == first.month() && date.weekday() == first.weekday());
    let nth = |date: &Date| (date.day() - 1) / 7 + 1;
    let last = |date: &Date| date.day() + 7 > date.days_in_month();
    if !alike {
        None
    } else if dates.iter().all(last) {
        Some(-1)
    } else {
        dates.iter().all(|date| nth(date) == nth(first)).then(|| nth(first))
    }
}

macro_rules! zones {
    ($($id:literal $iana:literal $places:literal,)*) => {
        /// The rows, from west to east.
        pub static ZONES: &[Zone] = &[$(Zone { id: $id, iana: $iana, places: $places },)*];
    };
}

zones! {
    "Dateline Standard Time"          "Etc/GMT+12"                     "International Date Line West",
    "UTC-11"                          "Etc/GMT+11"                     "Coordinated Universal Time-11",
    "Aleutian Standard Time"          "America/Adak"                   "Aleutian Islands",
    "Hawaiian Standard Time"          "Pacific/Honolulu"               "Hawaii",
    "Marquesas Standard Time"         "Pacific/Marquesas"              "Marquesas Islands",
    "Alaskan Standard Time"           "America/Anchorage"              "Alaska",
    "UTC-09"                          "Etc/GMT+9"                      "Coordinated Universal Time-09",
    "Pacific Standard Time (Mexico)"  "America/Tijuana"                "Baja California",
    "UTC-08"                          "Etc/GMT+8"                      "Coordinated Universal Time-08",
    "Pacific Standard Time"           "America/Los_Angeles"            "Pacific Time (US & Canada)",
    "US Mountain Standard Time"       "America/Phoenix"                "Arizona",
    "Mountain Standard Time (Mexico)" "America/Mazatlan"               "La Paz, Mazatlan",
    "Mountain Standard Time"          "America/Denver"                 "Mountain Time (US & Canada)",
    "Yukon Standard Time"             "America/Whitehorse"             "Yukon",
    "Central America Standard Time"   "America/Guatemala"              "Central America",
    "Central Standard Time"           "America/Chicago"                "Central Time (US & Canada)",
    "Easter Island Standard Time"     "Pacific/Easter"                 "Easter Island",
    "Central Standard Time (Mexico)"  "America/Mexico_City"            "Guadalajara, Mexico City, Monterrey",
    "Canada Central Standard Time"    "America/Regina"                 "Saskatchewan",
    "SA Pacific Standard Time"        "America/Bogota"                 "Bogota, Lima, Quito, Rio Branco",
    "Eastern Standard Time (Mexico)"  "America/Cancun"                 "Chetumal",
    "Eastern Standard Time"           "America/New_York"               "Eastern Time (US & Canada)",
    "Haiti Standard Time"             "America/Port-au-Prince"         "Haiti",
    "Cuba Standard Time"              "America/Havana"                 "Havana",
    "US Eastern Standard Time"        "America/Indiana/Indianapolis"   "Indiana (East)",
    "Turks And Caicos Standard Time"  "America/Grand_Turk"             "Turks and Caicos",
    "Paraguay Standard Time"          "America/Asuncion"               "Asuncion",
    "Atlantic Standard Time"          "America/Halifax"                "Atlantic Time (Canada)",
    "Venezuela Standard Time"         "America/Caracas"                "Caracas",
    "Central Brazilian Standard Time" "America/Cuiaba"                 "Cuiaba",
    "SA Western Standard Time"        "America/La_Paz"                 "Georgetown, La Paz, Manaus, San Juan",
    "Pacific SA Standard Time"        "America/Santiago"               "Santiago",
    "Newfoundland Standard Time"      "America/St_Johns"               "Newfoundland",
    "Tocantins Standard Time"         "America/Araguaina"              "Araguaina",
    "E. South America Standard Time"  "America/Sao_Paulo"              "Brasilia",
    "SA Eastern Standard Time"        "America/Cayenne"                "Cayenne, Fortaleza",
    "Argentina Standard Time"         "America/Argentina/Buenos_Aires" "City of Buenos Aires",
    "Greenland Standard Time"         "America/Nuuk"                   "Greenland",
    "Montevideo Standard Time"        "America/Montevideo"             "Montevideo",
    "Magallanes Standard Time"        "America/Punta_Arenas"           "Punta Arenas",
    "Saint Pierre Standard Time"      "America/Miquelon"               "Saint Pierre and Miquelon",
    "Bahia Standard Time"             "America/Bahia"                  "Salvador",
    "UTC-02"                          "Etc/GMT+2"                      "Coordinated Universal Time-02",
    "Azores Standard Time"            "Atlantic/Azores"                "Azores",
    "Cape Verde Standard Time"        "Atlantic/Cape_Verde"            "Cabo Verde Is.",
    "UTC"                             "Etc/UTC"                        "Coordinated Universal Time",
    "GMT Standard Time"               "Europe/London"                  "Dublin, Edinburgh, Lisbon, London",
    "Greenwich Standard Time"         "Atlantic/Reykjavik"             "Monrovia, Reykjavik",
    "Sao Tome Standard Time"          "Africa/Sao_Tome"                "Sao Tome",
    "Morocco Standard Time"           "Africa/Casablanca"              "Casablanca",
    "W. Europe Standard Time"         "Europe/Berlin"                  "Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
    "Central Europe Standard Time"    "Europe/Budapest"                "Belgrade, Bratislava, Budapest, Ljubljana, Prague",
    "Romance Standard Time"           "Europe/Paris"                   "Brussels, Copenhagen, Madrid, Paris",
    "Central European Standard Time"  "Europe/Warsaw"                  "Sarajevo, Skopje, Warsaw, Zagreb",
    "W. Central Africa Standard Time" "Africa/Lagos"                   "West Central Africa",
    "Jordan Standard Time"            "Asia/Amman"                     "Amman",
    "GTB Standard Time"               "Europe/Bucharest"               "Athens, Bucharest",
    "Middle East Standard Time"       "Asia/Beirut"                    "Beirut",
    "Egypt Standard Time"             "Africa/Cairo"                   "Cairo",
    "E. Europe Standard Time"         "Europe/Chisinau"                "Chisinau",
    "Syria Standard Time"             "Asia/Damascus"                  "Damascus",
    "West Bank Standard Time"         "Asia/Hebron"                    "Gaza, Hebron",
    "South Africa Standard Time"      "Africa/Johannesburg"            "Harare, Pretoria",
    "FLE Standard Time"               "Europe/Kyiv"                    "Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius",
    "Israel Standard Time"            "Asia/Jerusalem"                 "Jerusalem",
    "South Sudan Standard Time"       "Africa/Juba"                    "Juba",
    "Kaliningrad Standard Time"       "Europe/Kaliningrad"             "Kaliningrad",
    "Sudan Standard Time"             "Africa/Khartoum"                "Khartoum",
    "Libya Standard Time"             "Africa/Tripoli"                 "Tripoli",
    "Namibia Standard Time"           "Africa/Windhoek"                "Windhoek",
    "Arabic Standard Time"            "Asia/Baghdad"                   "Baghdad",
    "Turkey Standard Time"            "Europe/Istanbul"                "Istanbul",
    "Arab Standard Time"              "Asia/Riyadh"                    "Kuwait, Riyadh",
    "Belarus Standard Time"           "Europe/Minsk"                   "Minsk",
    "Russian Standard Time"           "Europe/Moscow"                  "Moscow, St. Petersburg",
    "E. Africa Standard Time"         "Africa/Nairobi"                 "Nairobi",
    "Volgograd Standard Time"         "Europe/Volgograd"               "Volgograd",
    "Iran Standard Time"              "Asia/Tehran"                    "Tehran",
    "Arabian Standard Time"           "Asia/Dubai"                     "Abu Dhabi, Muscat",
    "Astrakhan Standard Time"         "Europe/Astrakhan"               "Astrakhan, Ulyanovsk",
    "Azerbaijan Standard Time"        "Asia/Baku"                      "Baku",
    "Russia Time Zone 3"              "Europe/Samara"                  "Izhevsk, Samara",
    "Mauritius Standard Time"         "Indian/Mauritius"               "Port Louis",
    "Saratov Standard Time"           "Europe/Saratov"                 "Saratov",
    "Georgian Standard Time"          "Asia/Tbilisi"                   "Tbilisi",
    "Caucasus Standard Time"          "Asia/Yerevan"                   "Yerevan",
    "Afghanistan Standard Time"       "Asia/Kabul"                     "Kabul",
    "West Asia Standard Time"         "Asia/Tashkent"                  "Ashgabat, Tashkent",
    "Qyzylorda Standard Time"         "Asia/Qyzylorda"                 "Astana, Qyzylorda",
    "Ekaterinburg Standard Time"      "Asia/Yekaterinburg"             "Ekaterinburg",
    "Pakistan Standard Time"          "Asia/Karachi"                   "Islamabad, Karachi",
    "India Standard Time"             "Asia/Kolkata"                   "Chennai, Kolkata, Mumbai, New Delhi",
    "Sri Lanka Standard Time"         "Asia/Colombo"                   "Sri Jayawardenepura",
    "Nepal Standard Time"             "Asia/Kathmandu"                 "Kathmandu",
    "Central Asia Standard Time"      "Asia/Bishkek"                   "Bishkek",
    "Bangladesh Standard Time"        "Asia/Dhaka"                     "Dhaka",
    "Omsk Standard Time"              "Asia/Omsk"                      "Omsk",
    "Myanmar Standard Time"           "Asia/Yangon"                    "Yangon (Rangoon)",
    "SE Asia Standard Time"           "Asia/Bangkok"                   "Bangkok, Hanoi, Jakarta",
    "Altai Standard Time"             "Asia/Barnaul"                   "Barnaul, Gorno-Altaysk",
    "W. Mongolia Standard Time"       "Asia/Hovd"                      "Hovd",
    "North Asia Standard Time"        "Asia/Krasnoyarsk"               "Krasnoyarsk",
    "N. Central Asia Standard Time"   "Asia/Novosibirsk"               "Novosibirsk",
    "Tomsk Standard Time"             "Asia/Tomsk"                     "Tomsk",
    "China Standard Time"             "Asia/Shanghai"                  "Beijing, Chongqing, Hong Kong, Urumqi",
    "North Asia East Standard Time"   "Asia/Irkutsk"                   "Irkutsk",
    "Singapore Standard Time"         "Asia/Singapore"                 "Kuala Lumpur, Singapore",
    "W. Australia Standard Time"      "Australia/Perth"                "Perth",
    "Taipei Standard Time"            "Asia/Taipei"                    "Taipei",
    "Ulaanbaatar Standard Time"       "Asia/Ulaanbaatar"               "Ulaanbaatar",
    "Aus Central W. Standard Time"    "Australia/Eucla"                "Eucla",
    "Transbaikal Standard Time"       "Asia/Chita"                     "Chita",
    "Tokyo Standard Time"             "Asia/Tokyo"                     "Osaka, Sapporo, Tokyo",
    "North Korea Standard Time"       "Asia/Pyongyang"                 "Pyongyang",
    "Korea Standard Time"             "Asia/Seoul"                     "Seoul",
    "Yakutsk Standard Time"           "Asia/Yakutsk"                   "Yakutsk",
    "Cen. Australia Standard Time"    "Australia/Adelaide"             "Adelaide",
    "AUS Central Standard Time"       "Australia/Darwin"               "Darwin",
    "E. Australia Standard Time"      "Australia/Brisbane"             "Brisbane",
    "AUS Eastern Standard Time"       "Australia/Sydney"               "Canberra, Melbourne, Sydney",
    "West Pacific Standard Time"      "Pacific/Port_Moresby"           "Guam, Port Moresby",
    "Tasmania Standard Time"          "Australia/Hobart"               "Hobart",
    "Vladivostok Standard Time"       "Asia/Vladivostok"               "Vladivostok",
    "Lord Howe Standard Time"         "Australia/Lord_Howe"            "Lord Howe Island",
    "Bougainville Standard Time"      "Pacific/Bougainville"           "Bougainville Island",
    "Russia Time Zone 10"             "Asia/Srednekolymsk"             "Chokurdakh",
    "Magadan Standard Time"           "Asia/Magadan"                   "Magadan",
    "Norfolk Standard Time"           "Pacific/Norfolk"                "Norfolk Island",
    "Sakhalin Standard Time"          "Asia/Sakhalin"                  "Sakhalin",
    "Central Pacific Standard Time"   "Pacific/Guadalcanal"            "Solomon Is., New Caledonia",
    "Russia Time Zone 11"             "Asia/Kamchatka"                 "Anadyr, Petropavlovsk-Kamchatsky",
    "New Zealand Standard Time"       "Pacific/Auckland"               "Auckland, Wellington",
    "UTC+12"                          "Etc/GMT-12"                     "Coordinated Universal Time+12",
    "Fiji Standard Time"              "Pacific/Fiji"                   "Fiji",
    "Chatham Islands Standard Time"   "Pacific/Chatham"                "Chatham Islands",
    "UTC+13"                          "Etc/GMT-13"                     "Coordinated Universal Time+13",
    "Tonga Standard Time"             "Pacific/Tongatapu"              "Nuku'alofa",
    "Samoa Standard Time"             "Pacific/Apia"                   "Samoa",
    "Line Islands Standard Time"      "Pacific/Kiritimati"             "Kiritimati Island",
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;
    use std::collections::HashSet;

    const YEAR: i16 = 2025;

    fn at(month: i8, occurrence: i8, weekday: Weekday, minutes: i32) -> Change {
        Change { month, occurrence, weekday, minutes }
    }

    #[test]
    fn every_row_is_a_zone() {
        let (mut ids, mut names) = (HashSet::new(), HashSet::new());
        for zone in ZONES {
            assert!(database().get(zone.iana).is_ok(), "{}", zone.iana);
            assert!(ids.insert(zone.id) && names.insert(zone.iana), "{} twice", zone.id);
            let rules = zone.rules(YEAR);
            assert!(rules.standard.abs() <= 14 * 60, "{}", zone.id);
        }
        // What clients take for a full list.
        assert!((100..=160).contains(&ZONES.len()), "{}", ZONES.len());
        assert_eq!(find("w. europe standard time").unwrap().iana, "Europe/Berlin");
        assert_eq!(find("Europe/Berlin"), None);
    }

    #[test]
    fn known_rules() {
        let berlin = find("W. Europe Standard Time").unwrap();
        let daylight =
            Daylight { bias: -120, begins: at(3, -1, Weekday::Sunday, 120), ends: at(10, -1, Weekday::Sunday, 180) };
        assert_eq!(berlin.rules(YEAR), Rules { standard: -60, daylight: Some(daylight) });
        assert!(berlin.display_name(YEAR).starts_with("(UTC+01:00) Amsterdam"));

        let new_york = find("Eastern Standard Time").unwrap().rules(YEAR);
        let daylight = new_york.daylight.unwrap();
        assert_eq!((new_york.standard, daylight.bias), (300, 240));
        assert_eq!(daylight.begins, at(3, 2, Weekday::Sunday, 120));
        assert_eq!(daylight.ends, at(11, 1, Weekday::Sunday, 120));

        // The south: the year begins with daylight time.
        let sydney = find("AUS Eastern Standard Time").unwrap().rules(YEAR);
        let daylight = sydney.daylight.unwrap();
        assert_eq!((sydney.standard, daylight.bias), (-600, -660));
        assert_eq!(daylight.begins, at(10, 1, Weekday::Sunday, 120));
        assert_eq!(daylight.ends, at(4, 1, Weekday::Sunday, 180));

        let tokyo = find("Tokyo Standard Time").unwrap();
        assert_eq!(tokyo.rules(YEAR), Rules { standard: -540, daylight: None });
        assert_eq!(find("Newfoundland Standard Time").unwrap().display_name(YEAR), "(UTC-03:30) Newfoundland");
        assert_eq!(find("UTC").unwrap().display_name(YEAR), "(UTC) Coordinated Universal Time");
    }

    /// A change at the end of a day that no weekday of the month tells: the clock says 23:59 of the day before.
    #[test]
    fn midnights() {
        let cairo = find("Egypt Standard Time").unwrap().rules(YEAR).daylight.unwrap();
        assert_eq!(cairo.begins, at(4, -1, Weekday::Friday, 0));
        assert_eq!(cairo.ends, at(10, -1, Weekday::Thursday, 23 * 60 + 59));
        let santiago = find("Pacific SA Standard Time").unwrap().rules(YEAR).daylight.unwrap();
        assert_eq!(santiago.ends, at(4, 1, Weekday::Saturday, 23 * 60 + 59));
    }

    #[test]
    fn from_the_tz_database() {
        assert_eq!(from_iana("Europe/Berlin", YEAR).unwrap().id, "W. Europe Standard Time");
        let rome = from_iana("Europe/Rome", YEAR).unwrap();
        assert_eq!(rome.rules(YEAR), find("W. Europe Standard Time").unwrap().rules(YEAR));
        assert_eq!(from_iana("Middle/Earth", YEAR), None);
    }

    /// In every year: at most one pair of rules, a daylight time ahead of standard time.
    #[test]
    fn all_zones_all_years() {
        for year in 2000..2050 {
            for zone in ZONES {
                if let Some(daylight) = zone.rules(year).daylight {
                    assert!(daylight.bias < zone.rules(year).standard + 1, "{} {year}", zone.id);
                    assert!((0..1440).contains(&daylight.begins.minutes));
                }
            }
        }
    }
}
