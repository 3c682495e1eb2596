//! Calendars of a generator, the same in each run: all that an event can hold, written and read again, and nothing is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::super::*;
use ewsd_model::recurrence::{
    AbsoluteMonthly, AbsoluteYearly, Clock, DayOfWeek, Days, End, Every, Index, Month, Pattern, Range, Recurrence,
    RelativeMonthly, RelativeYearly, Weekly,
};
use ewsd_model::timezone::{ItemZone, instant};
use ewsd_model::value::{Body, BodyType, Mailbox};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, date};
use std::collections::BTreeMap;

/// Calendars, of one to four items each.
const FILES: usize = 200;

/// Those that the system knows, with a summer time and without, east, west, and at an odd hour.
const ZONES: [&str; 10] = [
    "W. Europe Standard Time",
    "Eastern Standard Time",
    "Tokyo Standard Time",
    "Egypt Standard Time",
    "UTC",
    "India Standard Time",
    "Cuba Standard Time",
    "AUS Eastern Standard Time",
    "Hawaiian Standard Time",
    "Newfoundland Standard Time",
];

/// What must not be touched on its way.
const TEXTS: [&str; 7] = [
    "Subject, with; signs \\ and a very long text that must be folded \u{e4}\u{f6}\u{fc}, again and again",
    "\\n is no line; \\\\, neither",
    "\u{65e5}\u{672c}\u{8a9e}\u{306e}\u{4e88}\u{5b9a}\u{3001}\u{9577}\u{3044}\u{984c}\u{540d}\u{306e}\u{4f1a}\u{8b70}",
    "\"quoted\": ^n and ^^ and ^'",
    "\u{1f600} smile",
    "BEGIN:VEVENT",
    "x",
];

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn chance(&mut self) -> bool {
        self.below(2) == 0
    }

    fn text(&mut self) -> Option<String> {
        self.chance().then(|| self.of(&TEXTS).to_owned())
    }

    fn zone(&mut self) -> ItemZone {
        if self.below(8) == 0 { own_zone() } else { ItemZone::named(self.of(&ZONES)).unwrap() }
    }

    fn event(&mut self, uid: &str) -> Event {
        let zone = self.zone();
        let all_day = self.below(4) == 0;
        let day = date(2026, 1, 1) + SignedDuration::from_hours(24 * self.below(700) as i64);
        let minute = self.of(&[0, 5, 30, 59]);
        let local = if all_day { day.at(0, 0, 0, 0) } else { day.at(5 + self.below(15) as i8, minute, 0, 0) };
        let start = instant(&zone.time_zone(), local);
        let length = if all_day { 24 * (1 + self.below(3) as i64) } else { self.below(50) as i64 };
        let end = instant(&zone.time_zone(), local + SignedDuration::from_hours(length));
        let mut event = Event::new(uid, zone, start, end);
        event.all_day = all_day;
        if !all_day && self.below(4) == 0 {
            event.end_zone = self.zone();
        }
        self.describe(&mut event);
        if self.chance() {
            self.people(&mut event);
        }
        for _ in 0..self.below(3) {
            let file = self.file();
            event.attachments.push(file);
        }
        event
    }

    fn describe(&mut self, event: &mut Event) {
        event.subject = self.text();
        event.location = self.text();
        let (text, html) = (self.of(&TEXTS), self.of(&TEXTS));
        event.body = self
            .of(&[
                None,
                Some((BodyType::Text, format!("{text}\r\n\r\nTwo\tlines"))),
                Some((BodyType::Html, format!("<p>Rich &amp; long</p>\n<pre>{html}</pre>"))),
            ])
            .map(|(body_type, text)| Body { body_type, text, truncated: None });
        for _ in 0..self.below(4) {
            event.categories.push(self.of(&TEXTS).to_owned());
        }
        let classes = [Sensitivity::Normal, Sensitivity::Personal, Sensitivity::Private, Sensitivity::Confidential];
        event.sensitivity = self.of(&classes);
        event.importance = self.of(&[Importance::Low, Importance::Normal, Importance::High]);
        let busy = [Busy::Free, Busy::Tentative, Busy::Busy, Busy::OOF, Busy::WorkingElsewhere];
        (event.busy, event.intended) = (self.of(&busy), Some(self.of(&busy)));
        event.reminder = self.of(&[None, Some(0), Some(15), Some(1080), Some(20_160)]);
        event.cancelled = self.below(5) == 0;
        event.sequence = self.below(4) as i32;
        event.stamp = self.of(&[None, Some("2026-01-02T03:04:05Z".parse().unwrap())]);
        event.allow_new_time = self.chance();
    }

    fn person(&mut self) -> Mailbox {
        Mailbox {
            name: Some(self.of(&TEXTS).to_owned()),
            address: Some(self.of(&["a.b@example.test", "o'neil+x@example.test", "r\u{e4}um@example.test"]).to_owned()),
            routing: Some("SMTP".to_owned()),
            ..Mailbox::default()
        }
    }

    fn people(&mut self, event: &mut Event) {
        event.organizer = Some(self.person());
        for _ in 0..1 + self.below(4) {
            let role = self.of(&[Role::Required, Role::Optional, Role::Resource]);
            let answer = self.of(&[Answer::NoResponseReceived, Answer::Accept, Answer::Decline, Answer::Tentative]);
            event.attendees.push(Attendee { mailbox: self.person(), role, answer });
        }
        event.response_requested = self.chance();
    }

    fn file(&mut self) -> Attachment {
        let (content, names): (Content, &[&str]) = match self.below(4) {
            0 => (Content::Octets((0..self.below(400)).map(|at| at as u8).collect()), &["x, y.bin", "^n.txt"]),
            1 => (Content::Part("a@b".to_owned()), &["attachment"]),
            2 => (Content::Link("https://example.test/b.pdf?a=1;b=2,3".to_owned()), &["Plan: the \"first\".pdf"]),
            _ => (Content::Link("https://example.test/b.pdf".to_owned()), &["b.pdf"]),
        };
        let content_type = self.of(&[None, Some("application/octet-stream".to_owned())]);
        Attachment { name: self.of(names).to_owned(), content_type, content }
    }

    fn pattern(&mut self) -> Pattern {
        let interval = 1 + self.below(4) as i32;
        let (day, index, month) = (self.of(&DayOfWeek::ALL[..7]), self.of(Index::ALL), self.of(Month::ALL));
        let set = self.of(&[DayOfWeek::Day, DayOfWeek::Weekday, DayOfWeek::WeekendDay, day]);
        let days: Vec<DayOfWeek> =
            DayOfWeek::ALL[..7].iter().copied().filter(|one| *one == day || self.chance()).collect();
        let (days, first) = (Days::of(&days), self.of(&DayOfWeek::ALL[..7]));
        let of_month = self.of(&[1, 15, 28, 29, 30, 31]);
        self.of(&[
            Pattern::Daily(Every { interval }),
            Pattern::Weekly(Weekly { interval, days, first }),
            Pattern::AbsoluteMonthly(AbsoluteMonthly { interval, day: of_month }),
            Pattern::RelativeMonthly(RelativeMonthly { interval, day: set, index }),
            Pattern::AbsoluteYearly(AbsoluteYearly { day: of_month, month }),
            Pattern::RelativeYearly(RelativeYearly { day: set, index, month }),
        ])
    }

    /// A series, with what is deleted and what differs in it.
    fn series(&mut self, event: &mut Event) -> Vec<Event> {
        let zone = event.zone.time_zone();
        let start = zone.to_datetime(event.start).date();
        let end = self.of(&[End::Never, End::After(7), End::On(start + SignedDuration::from_hours(24 * 900))]);
        event.recurrence = Some(Recurrence { pattern: self.pattern(), range: Range { start, end } });
        let time = if event.all_day { Time::midnight() } else { zone.to_datetime(event.start).time() };
        let later = |days: usize| {
            let day: Date = start + SignedDuration::from_hours(24 * days as i64);
            instant(&zone, DateTime::from_parts(day, time))
        };
        event.deleted = (0..self.below(4)).map(later).collect();
        let exceptions = 4..4 + self.below(4);
        exceptions
            .map(|days| {
                let mut exception = self.event(&event.uid);
                exception.recurrence_id = Some(later(days));
                exception
            })
            .collect()
    }

    /// A calendar.
    fn calendar(&mut self, number: usize) -> Calendar {
        let mut events = Vec::new();
        for item in 0..1 + self.below(4) {
            let mut event = self.event(&format!("uid-{number}-{item}, of; signs@example.test"));
            let exceptions = if self.chance() { self.series(&mut event) } else { Vec::new() };
            events.push(event);
            events.extend(exceptions);
        }
        let method = self.of(&["PUBLISH", "REQUEST", "CANCEL"]);
        Calendar { method: Some(method.to_owned()), events, left: Vec::new() }
    }
}

/// One that nobody knows: three hours and twenty minutes east, an hour more in summer, from odd days on.
fn own_zone() -> ItemZone {
    let text = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Our Own Time\nBEGIN:STANDARD\nDTSTART:16010101T033000\n\
        TZOFFSETFROM:+0420\nTZOFFSETTO:+0320\nRRULE:FREQ=YEARLY;BYDAY=2TU;BYMONTH=9\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
        DTSTART:16010101T013000\nTZOFFSETFROM:+0320\nTZOFFSETTO:+0420\nRRULE:FREQ=YEARLY;BYDAY=1WE;BYMONTH=5\n\
        END:DAYLIGHT\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Our Own Time:20260714T090000\nEND:VEVENT\nEND:VCALENDAR";
    read(text.as_bytes(), &ItemZone::utc(), &Limits::default()).unwrap().events.remove(0).zone
}

/// What is written is read as it was; and written again it is the same text.
#[test]
fn nothing_is_lost_on_the_way() {
    let mut random = Random(3);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for number in 0..FILES {
        let calendar = random.calendar(number);
        calendar.events.iter().for_each(|event| count(event, &mut seen));
        let text = write(&calendar).unwrap();
        assert!(text.ends_with("END:VCALENDAR\r\n") && text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        // Whoever reads it: no time here is without a zone.
        let zone = ItemZone::named(random.of(&ZONES)).unwrap();
        let again = read(text.as_bytes(), &zone, &Limits::default()).unwrap_or_else(|why| panic!("{why:?}: {text}"));
        for (again, event) in again.events.iter().zip(&calendar.events) {
            assert_eq!(again, event, "{text}");
        }
        assert_eq!(again, calendar, "{text}");
        assert_eq!(write(&again).unwrap(), text);
    }
    // Nothing that an event can say was left out.
    let words = "Daily Weekly AbsoluteMonthly RelativeMonthly AbsoluteYearly RelativeYearly Never After On days exception \
        deleted Free Tentative Busy OOF WorkingElsewhere Personal Private Confidential Low High Accept Decline Required \
        Optional Resource Octets Link Part Text Html own-zone two-zones reminder cancelled moved-days";
    let least = words.split_whitespace().map(|word| (seen.get(word).copied().unwrap_or_default(), word)).min().unwrap();
    assert!(least.0 > 20, "{least:?} of {seen:?}");
}

/// Which words an event has.
fn count(event: &Event, seen: &mut BTreeMap<String, usize>) {
    let debug =
        |value: &dyn std::fmt::Debug| format!("{value:?}").split(['(', ' ']).next().unwrap_or_default().to_owned();
    let mut words = vec![debug(&event.busy), debug(&event.sensitivity), debug(&event.importance)];
    if let Some(recurrence) = &event.recurrence {
        words.extend([debug(&recurrence.pattern), debug(&recurrence.range.end)]);
    }
    words.extend(event.attendees.iter().flat_map(|one| [debug(&one.role), debug(&one.answer)]));
    words.extend(event.attachments.iter().map(|file| debug(&file.content)));
    words.extend(event.body.iter().map(|body| debug(&body.body_type)));
    let more = [
        ("days", event.all_day),
        ("exception", event.recurrence_id.is_some()),
        ("moved-days", event.recurrence_id.is_some() && event.all_day),
        ("deleted", !event.deleted.is_empty()),
        ("own-zone", matches!(event.zone, ItemZone::Custom(_))),
        ("two-zones", event.zone != event.end_zone),
        ("reminder", event.reminder.is_some()),
        ("cancelled", event.cancelled),
    ];
    words.extend(more.iter().filter(|(_, is)| *is).map(|(word, _)| (*word).to_owned()));
    words.into_iter().for_each(|word| *seen.entry(word).or_default() += 1);
}

/// A series whose first occurrence has no such hour is said by its clock.
#[test]
fn a_clock_is_kept() {
    let zone = ItemZone::named(ZONES[0]).unwrap();
    for (hour, minute, length) in [(2, 30, 15), (2, 0, 30), (2, 59, 120)] {
        let local = date(2026, 3, 29).at(hour, minute, 0, 0);
        let start = instant(&zone.time_zone(), local);
        let mut event = Event::new("1", zone.clone(), start, start + SignedDuration::from_mins(length));
        let begins = i32::from(hour) * 60 + i32::from(minute);
        event.clock = Some(Clock { start: begins, end: begins + length as i32 });
        event.intended = Some(event.busy);
        let range = Range { start: local.date(), end: End::After(3) };
        event.recurrence = Some(Recurrence { pattern: Pattern::Daily(Every { interval: 1 }), range });
        let text = write(&Calendar { events: vec![event.clone()], ..Calendar::default() }).unwrap();
        let again = read(text.as_bytes(), &ItemZone::utc(), &Limits::default()).unwrap();
        assert_eq!(again.events[0].clock, event.clock, "{text}");
    }
}
