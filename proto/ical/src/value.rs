//! Values of properties (RFC 5545 3.3).

use jiff::civil::{Date, DateTime, Time};

/// DATE and DATE-TIME: as written, whatever zone is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Date(Date),
    /// Floating, or in the zone that the parameter TZID names.
    Local(DateTime),
    Utc(DateTime),
}

impl Moment {
    /// `20260714`, `20260714T090000`, `20260714T090000Z`; some write hyphens and colons, or no seconds.
    pub fn read(text: &str) -> Option<Moment> {
        let text: String = text.trim().chars().filter(|c| !matches!(c, '-' | ':')).collect();
        let (text, utc) = match text.strip_suffix(['Z', 'z']) {
            Some(text) => (text, true),
            None => (text.as_str(), false),
        };
        let (date, time) = text.split_once(['T', 't']).map_or((text, None), |(date, time)| (date, Some(time)));
        let date = Date::new(number(date, 0..4)?, number(date, 4..6)?, number(date, 6..8)?)
            .ok()
            .filter(|_| date.len() == 8)?;
        let Some(time) = time else { return Some(Moment::Date(date)) };
        let seconds: i8 = if time.len() > 4 { number(time, 4..6)? } else { 0 };
        let time = match time.len() {
            4 | 6 => (number(time, 0..2)?, number(time, 2..4)?),
            _ => return None,
        };
        let local = match time {
            (24, 0) if seconds == 0 => date.tomorrow().ok()?.to_datetime(Time::midnight()),
            (hour, minute) => date.to_datetime(Time::new(hour, minute, seconds.min(59), 0).ok()?),
        };
        Some(if utc { Moment::Utc(local) } else { Moment::Local(local) })
    }

    pub fn write(&self) -> String {
        match self {
            Moment::Date(date) => date.strftime("%Y%m%d").to_string(),
            Moment::Local(time) => time.strftime("%Y%m%dT%H%M%S").to_string(),
            Moment::Utc(time) => time.strftime("%Y%m%dT%H%M%SZ").to_string(),
        }
    }

    pub fn date(&self) -> Date {
        match self {
            Moment::Date(date) => *date,
            Moment::Local(time) | Moment::Utc(time) => time.date(),
        }
    }
}

fn number<N: std::str::FromStr>(text: &str, places: std::ops::Range<usize>) -> Option<N> {
    let digits = text.get(places)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// A TEXT with its escapes undone.
pub fn text(value: &str) -> String {
    if !value.contains('\\') {
        return value.to_owned();
    }
    let mut text = String::with_capacity(value.len());
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(c) => text.push(c),
                None => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    text
}

/// The members of a list of texts, escapes undone.
pub fn list(value: &str) -> Vec<String> {
    let mut members = Vec::new();
    let (mut from, mut escaped) = (0, false);
    for (at, c) in value.char_indices() {
        if c == ',' && !escaped {
            members.extend(value.get(from..at).map(text));
            from = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    members.extend(value.get(from..).map(text));
    members.retain(|member| !member.trim().is_empty());
    members
}

/// A text as it is written in a TEXT.
pub fn escape(text: &str) -> String {
    let mut value = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' | ';' | ',' => value.extend(['\\', c]),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\r' | '\n' => value.push_str("\\n"),
            c if c.is_control() && c != '\t' => {}
            c => value.push(c),
        }
    }
    value
}

/// A DURATION in minutes, days of 24 hours.
pub fn duration_minutes(text: &str) -> Option<i64> {
    let (days, seconds) = duration(text)?;
    days.checked_mul(1440)?.checked_add(seconds / 60)
}

/// A DURATION, `-PT15M`, `P1D`, `P1W`: days by the clock, and seconds (RFC 5545 3.3.6). What is nothing but `P` is none at all: an
/// old server wrote it for zero.
pub fn duration(text: &str) -> Option<(i64, i64)> {
    let text = text.trim();
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut rest = rest.strip_prefix(['P', 'p'])?;
    let (mut days, mut seconds, mut in_time) = (0_i64, 0_i64, false);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(['T', 't']) {
            (in_time, rest) = (true, after);
            continue;
        }
        let (digits, after) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?;
        let (sum, unit) = match (after.chars().next()?.to_ascii_uppercase(), in_time) {
            ('W', _) => (&mut days, 7),
            ('D', _) => (&mut days, 1),
            ('H', true) => (&mut seconds, 3_600),
            ('M', true) => (&mut seconds, 60),
            ('S', true) => (&mut seconds, 1),
            _ => return None,
        };
        *sum = sum.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        rest = after.get(1..)?;
    }
    Some(if negative { (-days, -seconds) } else { (days, seconds) })
}

/// UTC-OFFSET in minutes east of UTC: `+0100`, `-053000`.
pub fn offset_minutes(text: &str) -> Option<i32> {
    let text = text.trim().replace(':', "");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    if digits.len() != 4 && digits.len() != 6 {
        return None;
    }
    let (hours, minutes): (i32, i32) = (number(digits, 0..2)?, number(digits, 2..4)?);
    let all = (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)?;
    Some(if negative { -all } else { all })
}
