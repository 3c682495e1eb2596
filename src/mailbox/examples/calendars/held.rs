//! Line by line: does what was written say what was told? What the model cannot hold stands here with its reason.

use ewsd_model::timezone::{ItemZone, instant};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use std::collections::BTreeSet;

use crate::text::{Event, Property, Said, squeezed, times};

/// What became of a line.
pub enum Fate {
    Held,
    /// It is not there any more, for a reason that is known.
    Explained(&'static str),
    Lost,
}

use Fate::{Explained, Held, Lost};

/// Lines that no member of a calendar item says.
const NO_MEMBER: &[(&str, &str)] = &[
    ("CREATED", "when an item was made is the server's to say"),
    ("LAST-MODIFIED", "when an item was changed is the server's to say"),
    ("RDATE", "a series has a pattern, and no days beside it"),
    ("EXRULE", "a series has one pattern"),
    ("GEO", "a place is a text"),
    ("URL", "no member"),
    ("COMMENT", "no member"),
    ("CONTACT", "no member"),
    ("RELATED-TO", "no member"),
    ("RESOURCES", "resources are invited: they have addresses"),
    ("REQUEST-STATUS", "of messages, never of items"),
    ("PERCENT-COMPLETE", "of tasks alone"),
    ("COMPLETED", "of tasks alone"),
    ("DUE", "of tasks alone"),
    ("COLOR", "categories have colours, events have none"),
    ("IMAGE", "no member"),
    ("CONFERENCE", "no member"),
    ("REFRESH-INTERVAL", "of calendars, never of events"),
    ("SOURCE", "of calendars, never of events"),
    ("NAME", "of calendars, never of events"),
    ("CONCEPT", "no member"),
    ("LINK", "no member"),
    ("REFID", "no member"),
    ("STRUCTURED-DATA", "no member"),
    ("STYLED-DESCRIPTION", "X-ALT-DESC is what says HTML"),
    ("PARTICIPANT-TYPE", "no member"),
    ("CALENDAR-ADDRESS", "no member"),
    ("LOCATION-TYPE", "a place is a text"),
    ("TZID", "of zones, never of events"),
];

const MAX: usize = 255;

/// Why an event may be left: it has no time that can be known. None: there is no reason.
pub fn left(told: &Event, zone: &ItemZone) -> Option<&'static str> {
    let case = Case { told, written: told, zone };
    let Some(start) = told.first("DTSTART") else { return Some("no start") };
    let of = |name: &str| told.first(name).map(times);
    if [Some(times(start)), of("DTEND")].into_iter().flatten().any(|times| times.is_none()) {
        return Some("a time that is none of RFC 5545");
    }
    let all = [start].into_iter().chain(told.first("DTEND")).filter_map(times).flatten();
    let is_unknown = |said: &Said| !is_day(said) && case.instant(said).is_none();
    all.into_iter().any(|said| is_unknown(&said)).then_some("a zone that nobody knows")
}

/// The fates of all lines of an event, each with what it says.
pub fn fates(told: &Event, written: &Event, zone: &ItemZone) -> Vec<(String, Fate)> {
    let case = Case { told, written, zone };
    let mut seen = BTreeSet::new();
    let of = told.properties.iter().map(|line| {
        let again = !seen.insert(line.name.as_str());
        (format!("{}:{}", line.name, line.value), case.line(line, again))
    });
    let mut all: Vec<(String, Fate)> = of.collect();
    all.extend(told.alarms.iter().enumerate().map(|(at, alarm)| (format!("VALARM {alarm:?}"), case.alarm(alarm, at))));
    all
}

/// Whether they tell of the same event.
pub fn is_of(told: &Event, written: &Event) -> bool {
    let same = |name: &str| {
        let text = |event: &Event| event.first(name).map(Property::text).unwrap_or_default();
        text(written).is_empty() || text(told).starts_with(&text(written))
    };
    let stamp = |event: &Event| event.first("DTSTAMP").and_then(times)?.first().map(clock);
    let same_stamp = stamp(told).is_none_or(|told| stamp(written) == Some(told));
    same("UID") && same("SUMMARY") && same_stamp && told.first("DTSTART").is_some()
}

struct Case<'a> {
    told: &'a Event,
    written: &'a Event,
    /// That of times that name none.
    zone: &'a ItemZone,
}

fn held(is: bool) -> Fate {
    if is { Held } else { Lost }
}

impl Case<'_> {
    fn line(&self, line: &Property, again: bool) -> Fate {
        match line.name.as_str() {
            "EXDATE" | "X-MICROSOFT-EXDATE" => return self.deleted(line),
            "CATEGORIES" => {
                let kept: Vec<String> = self.written.all("CATEGORIES").flat_map(Property::texts).collect();
                return held(line.texts().iter().all(|one| kept.contains(&cut(one))));
            }
            "ATTENDEE" => return self.attendee(line),
            "ATTACH" => return self.attached(line),
            "X-ALT-DESC" => return self.html(line),
            name if name != "RDATE" && again => return Explained("one of each: the first counts"),
            _ => {}
        }
        match line.name.as_str() {
            "UID" => self.text(line, usize::MAX),
            "SUMMARY" | "LOCATION" => self.text(line, MAX),
            "DESCRIPTION" if self.written.first("X-ALT-DESC").is_some() => Explained("HTML counts before text"),
            "DESCRIPTION" => self.text(line, usize::MAX),
            "DTSTART" | "RECURRENCE-ID" | "X-EWSD-TIMEZONE" => self.time(line),
            "DTEND" => self.end(line),
            "DURATION" => self.lasts(line),
            "DTSTAMP" => self.stamp(line),
            "RRULE" => self.rule(line),
            "CLASS" => self.word(
                line,
                match line.value.trim().to_ascii_uppercase().as_str() {
                    "PRIVATE" => "PRIVATE",
                    "CONFIDENTIAL" => "CONFIDENTIAL",
                    "PERSONAL" | "X-PERSONAL" => "PERSONAL",
                    _ => "PUBLIC",
                },
            ),
            "PRIORITY" if self.told.first("X-MICROSOFT-CDO-IMPORTANCE").is_some() => {
                Explained("the importance says more")
            }
            "PRIORITY" => self.word(
                line,
                match line.value.trim() {
                    "1" | "2" | "3" | "4" => "1",
                    "6" | "7" | "8" | "9" => "9",
                    _ => "5",
                },
            ),
            "SEQUENCE" if self.told.first("X-MICROSOFT-CDO-APPT-SEQUENCE").is_some() => {
                Explained("the other one counts")
            }
            "SEQUENCE" | "X-MICROSOFT-CDO-APPT-SEQUENCE" => {
                let number: i32 = line.value.trim().parse().unwrap_or(0);
                self.word(line, &number.max(0).to_string())
            }
            "STATUS" => self.status(line),
            "TRANSP" => self.transparency(line),
            "X-MICROSOFT-CDO-ALLDAYEVENT" if self.written.word("DTSTART").len() == 8 => Held,
            "X-MICROSOFT-CDO-ALLDAYEVENT" => self.all_day(line),
            "X-MICROSOFT-CDO-BUSYSTATUS"
            | "X-MICROSOFT-CDO-IMPORTANCE"
            | "X-MICROSOFT-DISALLOW-COUNTER"
            | "X-MICROSOFT-CDO-INTENDEDSTATUS" => self.word(line, &line.value.trim().to_ascii_uppercase()),
            "X-MICROSOFT-CDO-INSTTYPE" => Explained("said by what the event is"),
            "ORGANIZER" => match self.written.first("ORGANIZER") {
                _ if !address(line).contains('@') => Explained("nobody has this address"),
                Some(kept) => held(same_person(line, kept)),
                None => Lost,
            },
            name => {
                let known = NO_MEMBER.iter().find(|(known, _)| *known == name);
                Explained(known.map_or("no member, and no name of RFC 5545", |(_, why)| why))
            }
        }
    }

    fn word(&self, line: &Property, wanted: &str) -> Fate {
        held(self.written.word(&line.name) == wanted)
    }

    fn text(&self, line: &Property, most: usize) -> Fate {
        let kept = self.written.first(&line.name).map(Property::text).unwrap_or_default();
        let told = line.text();
        if told.chars().count() > most && kept.len() > most / 2 && told.starts_with(&kept) {
            return Explained("a line of 255 characters");
        }
        held(kept == told)
    }

    fn html(&self, line: &Property) -> Fate {
        if line.says("FMTTYPE") != "TEXT/HTML" || line.text().is_empty() {
            return Explained("not HTML, or none");
        }
        held(self.written.all("X-ALT-DESC").any(|kept| kept.text() == line.text()))
    }

    /// The instant of a time, where it can be known without the calendar's own rules.
    fn instant(&self, said: &Said) -> Option<Timestamp> {
        let (local, zone) = match said {
            Said::Day(_) => return None,
            Said::Utc(time) => (*time, TimeZone::UTC),
            Said::Clock(time, None) => (*time, self.zone.time_zone()),
            // What a zone is called that the system knows; by the name of Exchange, that.
            Said::Clock(time, Some(id)) => {
                let known = TimeZone::get(id).ok().or_else(|| Some(ItemZone::named(id)?.time_zone()));
                (*time, known?)
            }
        };
        Some(instant(&zone, local))
    }

    fn is_same(&self, told: &Said, kept: &Said) -> bool {
        match (self.instant(told), self.instant(kept)) {
            (Some(told), Some(kept)) if told == kept => true,
            // A zone that the calendar defines, told as another one or in UTC: nobody here can tell.
            (None, Some(_)) | (Some(_), None) if !is_day(told) && !is_day(kept) => true,
            _ => clock(told) == clock(kept) && (is_day(told) || is_day(kept) || zone_of(told) == zone_of(kept)),
        }
    }

    fn one(&self, property: Option<&Property>) -> Option<Said> {
        times(property?)?.into_iter().next()
    }

    fn time(&self, line: &Property) -> Fate {
        if line.name == "X-EWSD-TIMEZONE" {
            return self.text(line, MAX);
        }
        match (self.one(Some(line)), self.one(self.written.first(&line.name))) {
            (None, Some(_)) => Explained("no time of RFC 5545, and read all the same"),
            (Some(told), Some(kept)) => held(self.is_same(&told, &kept)),
            _ => Lost,
        }
    }

    /// When it ends, on the clock of its start's zone, by what was written.
    fn ends(&self) -> Option<Said> {
        match self.written.first("DTEND") {
            Some(end) => self.one(Some(end)),
            None => lasting(&self.one(self.written.first("DTSTART"))?, &self.written.first("DURATION")?.value),
        }
    }

    fn end(&self, line: &Property) -> Fate {
        let Some(kept) = self.ends() else { return Lost };
        let Some(told) = self.one(Some(line)) else { return Explained("no time of RFC 5545, and read all the same") };
        let start = self.one(self.told.first("DTSTART"));
        let before = |start: &Said| match (self.instant(&told), self.instant(start)) {
            (Some(end), Some(start)) => end < start,
            _ => clock(&told) < clock(start),
        };
        match start {
            Some(start) if before(&start) => Explained("an end before the start is none"),
            Some(Said::Day(day)) if clock(&told) == day.at(0, 0, 0, 0) => Explained("a day is at least one"),
            Some(Said::Day(_)) if !is_day(&told) => Explained("whole days end with a day"),
            _ => held(self.is_same(&told, &kept)),
        }
    }

    fn lasts(&self, line: &Property) -> Fate {
        if self.told.first("DTEND").is_some() {
            return Explained("the end says it");
        }
        let (Some(start), Some(kept)) = (self.one(self.told.first("DTSTART")), self.ends()) else { return Lost };
        match lasting(&start, &line.value) {
            _ if is_day(&start) && line.value.contains('T') => Explained("whole days end with a day"),
            Some(told) => held(self.is_same(&told, &kept)),
            None => Explained("no duration"),
        }
    }

    fn stamp(&self, line: &Property) -> Fate {
        match (self.one(Some(line)), self.one(self.written.first("DTSTAMP"))) {
            (None, _) => Explained("no time"),
            // It is to be in UTC.
            (Some(told), Some(kept)) => held(clock(&told) == clock(&kept)),
            _ => Lost,
        }
    }

    fn deleted(&self, line: &Property) -> Fate {
        let kept: Vec<Said> = self.written.all("EXDATE").filter_map(times).flatten().collect();
        let Some(told) = times(line) else { return Explained("no times of RFC 5545") };
        let is_kept = |told: &Said| match told {
            Said::Day(day) => kept.iter().any(|kept| clock(kept).date() == *day),
            // What names no zone is of the event's.
            Said::Clock(time, None) if kept.iter().any(|kept| clock(kept) == *time) => true,
            told => kept.iter().any(|kept| match kept {
                Said::Day(day) => clock(told).date() == *day,
                kept => self.is_same(told, kept),
            }),
        };
        held(told.iter().all(is_kept))
    }

    fn rule(&self, line: &Property) -> Fate {
        match self.written.first("RRULE") {
            Some(kept) => {
                let part = |line: &Property, name: &str| {
                    let mut parts = line.value.split(';').filter_map(|part| part.trim().split_once('='));
                    parts.find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
                };
                let count = part(line, "COUNT").filter(|count| count.len() < 4);
                let bounded = ["COUNT", "UNTIL"].iter().any(|name| part(line, name).is_some());
                let is_bounded = ["COUNT", "UNTIL"].iter().any(|name| part(kept, name).is_some());
                held((count.is_none() || count == part(kept, "COUNT")) && bounded == is_bounded)
            }
            None => Explained("a rule that no pattern says: its first occurrence is kept"),
        }
    }

    fn status(&self, line: &Property) -> Fate {
        let busy = self.written.word("X-MICROSOFT-CDO-BUSYSTATUS");
        match line.value.trim().to_ascii_uppercase().as_str() {
            "CANCELLED" => held(self.written.word("STATUS") == "CANCELLED"),
            "TENTATIVE" if self.said_busy() || self.told.first("TRANSP").is_some() => {
                Explained("how busy one is says it")
            }
            "TENTATIVE" => held(busy == "TENTATIVE"),
            "CONFIRMED" => held(self.written.word("STATUS") == "CONFIRMED"),
            _ => Explained("no status of an event"),
        }
    }

    fn said_busy(&self) -> bool {
        ["CDO", "MSNCALENDAR"].iter().any(|who| self.told.first(&format!("X-MICROSOFT-{who}-BUSYSTATUS")).is_some())
    }

    fn transparency(&self, line: &Property) -> Fate {
        match line.value.trim().to_ascii_uppercase().as_str() {
            _ if self.said_busy() => Explained("how busy one is says it"),
            word @ ("OPAQUE" | "TRANSPARENT") => held(self.written.word("TRANSP") == word),
            _ => Explained("no such word"),
        }
    }

    fn all_day(&self, line: &Property) -> Fate {
        match line.value.trim().to_ascii_uppercase().as_str() {
            "TRUE" => Explained("no midnights: it is not of whole days"),
            _ => self.word(line, "FALSE"),
        }
    }

    fn attendee(&self, line: &Property) -> Fate {
        if !address(line).contains('@') {
            return Explained("nobody has this address");
        }
        let wanted = match line.says("PARTSTAT").as_str() {
            word @ ("ACCEPTED" | "TENTATIVE" | "DECLINED") => word.to_owned(),
            _ => "NEEDS-ACTION".to_owned(),
        };
        let role = match (line.says("CUTYPE").as_str(), line.says("ROLE").as_str()) {
            ("RESOURCE" | "ROOM", _) | (_, "NON-PARTICIPANT") => "NON-PARTICIPANT",
            (_, "OPT-PARTICIPANT") => "OPT-PARTICIPANT",
            _ => "REQ-PARTICIPANT",
        };
        let is =
            |kept: &Property| same_person(line, kept) && kept.says("PARTSTAT") == wanted && kept.says("ROLE") == role;
        held(self.written.all("ATTENDEE").any(is))
    }

    fn attached(&self, line: &Property) -> Fate {
        let binary = line.says("VALUE") == "BINARY" || line.says("ENCODING") == "BASE64";
        match line.octets() {
            None if binary => Explained("octets that are none"),
            Some(octets) => held(self.written.all("ATTACH").any(|kept| kept.octets().as_ref() == Some(&octets))),
            None => {
                held(self.written.all("ATTACH").any(|kept| kept.value.trim().eq_ignore_ascii_case(line.value.trim())))
            }
        }
    }

    fn alarm(&self, alarm: &[Property], at: usize) -> Fate {
        let Some(kept) = self.written.alarms.first() else { return Lost };
        if at > 0 {
            return Explained("one reminder: the first alarm");
        }
        let trigger = |alarm: &[Property]| alarm.iter().find(|line| line.name == "TRIGGER").cloned();
        let minutes = |line: &Property| {
            let span: Span = line.value.trim().trim_start_matches(['-', '+']).parse().ok()?;
            Some(span.total((jiff::Unit::Minute, jiff::SpanRelativeTo::days_are_24_hours())).ok()?.trunc())
        };
        let (Some(told), Some(kept)) = (trigger(alarm), trigger(kept)) else {
            return Explained("an alarm without a time");
        };
        match (minutes(&told), self.one(Some(&told))) {
            (Some(told), _) => held(Some(told) == minutes(&kept)),
            (None, Some(at)) => {
                let begins = self.one(self.told.first("DTSTART")).and_then(|start| self.instant(&start));
                let told = self
                    .instant(&at)
                    .zip(begins)
                    .map(|(at, begins)| (begins.duration_since(at).as_mins() as f64).abs());
                if told.is_none() { Explained("a time before a day") } else { held(told == minutes(&kept)) }
            }
            _ => Explained("no time"),
        }
    }
}

/// The end of what begins then: days by the clock, hours by time (RFC 5545 3.3.6).
fn lasting(start: &Said, duration: &str) -> Option<Said> {
    let span: Span = duration.trim().parse().ok()?;
    Some(match start {
        Said::Day(day) => Said::Day(day.checked_add(span).ok()?),
        Said::Utc(time) => Said::Utc(time.checked_add(span).ok()?),
        Said::Clock(time, zone) => Said::Clock(time.checked_add(span).ok()?, zone.clone()),
    })
}

fn is_day(said: &Said) -> bool {
    matches!(said, Said::Day(_))
}

fn zone_of(said: &Said) -> Option<&String> {
    if let Said::Clock(_, zone) = said { zone.as_ref() } else { None }
}

fn clock(said: &Said) -> DateTime {
    match said {
        Said::Day(day) => day.at(0, 0, 0, 0),
        Said::Utc(time) | Said::Clock(time, _) => *time,
    }
}

fn cut(text: &str) -> String {
    squeezed(&text.chars().take(MAX).collect::<String>())
}

fn address(line: &Property) -> String {
    let value = line.value.trim();
    let bare = match value.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto") => rest.to_owned(),
        Some(_) => line.parameters.get("EMAIL").cloned().unwrap_or_default(),
        None => value.to_owned(),
    };
    bare.split('?').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn same_person(told: &Property, kept: &Property) -> bool {
    let name = told.parameters.get("CN").map(|name| cut(&squeezed(name))).filter(|name| !name.is_empty());
    let named = |name: String| kept.parameters.get("CN").is_some_and(|kept| squeezed(kept) == name);
    address(told) == address(kept) && name.is_none_or(named)
}
