//! Days of a series as instants: wall-clock times of a zone. A time that does not exist is read with the offset before the gap, one
//! that exists twice is the first (RFC 5545 3.3.5): all readings go through [`instant`](crate::timezone::instant).

use super::Series;
use crate::timezone::instant;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// When occurrences begin and end, in minutes from the midnight that begins their day (MS-OXOCAL StartTimeOffset and
/// EndTimeOffset), on the clocks of a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    pub zone: TimeZone,
    /// 0 to 1439.
    pub start: i32,
    /// After `start`; beyond 1440 it ends on a later day.
    pub end: i32,
}

/// The clocks of [`Times`] without their zone, in the same minutes. What begins a series does not always tell them: in an hour that
/// is missing on its day the clocks show another time than on every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub start: i32,
    pub end: i32,
}

/// An occurrence by its pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// From 1.
    pub number: u32,
    /// Its day in the zone of the series.
    pub date: Date,
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Times {
    /// Those of an item of a series, by its two instants.
    pub fn of(zone: TimeZone, start: Timestamp, end: Timestamp) -> Times {
        let first = zone.to_datetime(start);
        let midnight = first.date().to_datetime(jiff::civil::Time::midnight());
        let minutes = |local: DateTime| i32::try_from(local.duration_since(midnight).as_mins()).unwrap_or(i32::MAX);
        let last = zone.to_datetime(end);
        Times { start: minutes(first), end: minutes(last).max(minutes(first)), zone }
    }

    /// Those whose occurrence is at these two instants when the clocks in the zone are meant to say `clock`. None: it is at others.
    pub fn fitting(zone: &TimeZone, clock: Clock, start: Timestamp, end: Timestamp) -> Option<Times> {
        if !(0..1440).contains(&clock.start) || clock.end <= clock.start {
            return None;
        }
        let times = Times { zone: zone.clone(), start: clock.start, end: clock.end };
        // A gap at the end of a day moves what begins in it to the next one.
        let date = zone.to_datetime(start).date();
        let days = [Some(date), date.yesterday().ok()].into_iter().flatten();
        days.map(|date| times.on(date)).any(|at| at == (start, end)).then_some(times)
    }

    pub fn clock(&self) -> Clock {
        Clock { start: self.start, end: self.end }
    }

    pub fn minutes(&self) -> i32 {
        self.end.saturating_sub(self.start)
    }

    /// Start and end of the occurrence on that day. The end is a wall-clock time as well; one that would not be after the start
    /// (both are in a gap) is the start with the usual length.
    pub fn on(&self, date: Date) -> (Timestamp, Timestamp) {
        let start = self.at(date, self.start);
        let end = self.at(date, self.end);
        if end > start || self.minutes() == 0 {
            return (start, end);
        }
        let length = SignedDuration::from_mins(i64::from(self.minutes()));
        (start, start.checked_add(length).unwrap_or(Timestamp::MAX))
    }

    fn at(&self, date: Date, minutes: i32) -> Timestamp {
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        let local = midnight.checked_add(SignedDuration::from_mins(i64::from(minutes)));
        instant(&self.zone, local.unwrap_or(DateTime::MAX))
    }
}

impl Series {
    /// The n-th occurrence.
    pub fn instance(&self, times: &Times, number: u32) -> Option<Instance> {
        self.date(number).map(|date| timed(times, (number, date)))
    }

    /// The occurrence that the pattern starts at that instant.
    pub fn starting(&self, times: &Times, start: Timestamp) -> Option<Instance> {
        // A gap may have moved it to the next day.
        let date = times.zone.to_datetime(start).date();
        let days = [Some(date), date.yesterday().ok()].into_iter().flatten();
        days.filter_map(|date| self.number(date))
            .filter_map(|number| self.instance(times, number))
            .find(|at| at.start == start)
    }

    /// Occurrences of which something lies in the window, as a CalendarView has it: they start before `until` and end at
    /// `since` or later. None before the window is looked at, so what it costs is what it gives.
    pub fn within<'a>(
        &'a self,
        times: &'a Times,
        since: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = Instance> + 'a {
        // The last day on which one that ends in the window can start, with a day for gaps.
        let days = i64::from(times.end.max(0)) / 1440 + 1;
        let day = times.zone.to_datetime(since).date();
        let first = day.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Date::MIN);
        self.from(first)
            .map(|day| timed(times, day))
            .take_while(move |at| at.start < until)
            .filter(move |at| at.end >= since)
    }
}

impl Series {
    /// The numbers of the first and the last occurrence that [`Series::within`] gives; None: it gives none. By arithmetic: what
    /// lies between them is not looked at.
    pub fn numbers_within(&self, times: &Times, since: Timestamp, until: Timestamp) -> Option<(u32, u32)> {
        let first = self.within(times, since, until).next()?.number;
        // The last of that day or before; some of those around it start too late.
        let day = times.zone.to_datetime(until).date();
        let (mut last, _) = self.until(day.tomorrow().unwrap_or(day))?;
        while last > first && self.instance(times, last).is_none_or(|at| at.start >= until) {
            last -= 1;
        }
        Some((first, last))
    }
}

fn timed(times: &Times, (number, date): (u32, Date)) -> Instance {
    let (start, end) = times.on(date);
    Instance { number, date, start, end }
}
