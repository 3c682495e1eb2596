//! RRULE (RFC 5545 3.3.10): its parts as they are said. What they mean together is not known here.

use crate::Moment;
use jiff::civil::Weekday;

/// Members of one list.
const MOST: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A day of the week, perhaps the n-th of its period, from the end if below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByDay {
    pub nth: Option<i32>,
    pub day: Weekday,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub frequency: Frequency,
    pub interval: i32,
    pub count: Option<i32>,
    pub until: Option<Moment>,
    pub by_day: Vec<ByDay>,
    pub by_month_day: Vec<i32>,
    pub by_month: Vec<i32>,
    pub by_position: Vec<i32>,
    pub week_start: Option<Weekday>,
    /// Parts of other names.
    pub others: bool,
}

impl Rule {
    /// None: it has no frequency that there is, or a part that says nothing.
    pub fn read(text: &str) -> Option<Rule> {
        let mut rule = Rule {
            frequency: Frequency::Secondly,
            interval: 1,
            count: None,
            until: None,
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_month: Vec::new(),
            by_position: Vec::new(),
            week_start: None,
            others: false,
        };
        let mut frequency = None;
        for part in text.trim().split(';').filter(|part| !part.trim().is_empty()) {
            let (name, value) = part.split_once('=')?;
            let value = value.trim();
            match name.trim().to_ascii_uppercase().as_str() {
                "FREQ" => frequency = Some(frequency_of(value)?),
                "INTERVAL" => rule.interval = value.parse().ok()?,
                "COUNT" => rule.count = Some(value.parse().ok()?),
                "UNTIL" => rule.until = Some(Moment::read(value)?),
                "BYDAY" => rule.by_day = members(value, by_day)?,
                "BYMONTHDAY" => rule.by_month_day = numbers(value)?,
                "BYMONTH" => rule.by_month = numbers(value)?,
                "BYSETPOS" => rule.by_position = numbers(value)?,
                "WKST" => rule.week_start = Some(weekday(value)?),
                _ => rule.others = true,
            }
        }
        rule.frequency = frequency?;
        Some(rule)
    }
}

fn members<V>(text: &str, read: fn(&str) -> Option<V>) -> Option<Vec<V>> {
    text.split(',').map(str::trim).filter(|member| !member.is_empty()).take(MOST).map(read).collect()
}

fn numbers(text: &str) -> Option<Vec<i32>> {
    members(text, |number| number.parse().ok())
}

fn frequency_of(word: &str) -> Option<Frequency> {
    Some(match word.to_ascii_uppercase().as_str() {
        "SECONDLY" => Frequency::Secondly,
        "MINUTELY" => Frequency::Minutely,
        "HOURLY" => Frequency::Hourly,
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        _ => return None,
    })
}

fn by_day(text: &str) -> Option<ByDay> {
    let (nth, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let nth = if nth.is_empty() { None } else { Some(nth.parse().ok()?) };
    Some(ByDay { nth, day: weekday(day)? })
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word.to_ascii_uppercase().as_str() {
        "SU" => Weekday::Sunday,
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        _ => return None,
    })
}
