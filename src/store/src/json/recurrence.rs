//! Recurrences and time zones as members of documents: a database format.
//!
//! | value | JSON |
//! |---|---|
//! | recurrence | object of `pattern`, the pattern's numbers and words, `start`, and `until` or `count`; `clock` |
//! | clock | array of the minutes of [`Clock`], where the first occurrence does not tell them; else it is not there |
//! | zone of the table | string, its Windows id |
//! | zone of a client's own | object of `id`, `name`, `rules` |
//! | rules | array of objects of `from` (a year), `standard`, and `daylight`, `begins`, `ends` |
//! | change of the clocks | array of month, minutes since midnight, and the day, or day of the week and occurrence |

use ewsd_model::recurrence::{
    AbsoluteMonthly, AbsoluteYearly, Clock, DayOfWeek, Days, End, Every, Index, Month, Pattern, Range, Recurrence,
    RelativeMonthly, RelativeYearly, Unit, Weekly,
};
use ewsd_model::timezone::{Change, Custom, DayRule, Daylight, Definition, History, ItemZone, Rules, find};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

const UNITS: [(&str, Unit); 4] =
    [("Days", Unit::Days), ("Weeks", Unit::Weeks), ("Months", Unit::Months), ("Years", Unit::Years)];

pub fn encode(recurrence: &Recurrence) -> Json {
    let mut json = match &recurrence.pattern {
        Pattern::Daily(every) => json!({"pattern": "Daily", "interval": every.interval}),
        Pattern::Weekly(weekly) => {
            let days: Vec<&str> = weekly.days.iter().map(DayOfWeek::word).collect();
            json!({"pattern": "Weekly", "interval": weekly.interval, "days": days, "first": weekly.first.word()})
        }
        Pattern::AbsoluteMonthly(monthly) => {
            json!({"pattern": "AbsoluteMonthly", "interval": monthly.interval, "day": monthly.day})
        }
        Pattern::RelativeMonthly(monthly) => json!({
            "pattern": "RelativeMonthly",
            "interval": monthly.interval,
            "weekday": monthly.day.word(),
            "index": monthly.index.word(),
        }),
        Pattern::AbsoluteYearly(yearly) => {
            json!({"pattern": "AbsoluteYearly", "day": yearly.day, "month": yearly.month.word()})
        }
        Pattern::RelativeYearly(yearly) => json!({
            "pattern": "RelativeYearly",
            "weekday": yearly.day.word(),
            "index": yearly.index.word(),
            "month": yearly.month.word(),
        }),
        Pattern::Regeneration(unit, every) => {
            let unit = UNITS.iter().find(|(_, known)| known == unit).map(|(word, _)| *word);
            json!({"pattern": "Regeneration", "unit": unit, "interval": every.interval})
        }
    };
    if let Json::Object(members) = &mut json {
        members.insert("start".to_owned(), Json::from(recurrence.range.start.to_string()));
        match recurrence.range.end {
            End::Never => None,
            End::On(end) => members.insert("until".to_owned(), Json::from(end.to_string())),
            End::After(count) => members.insert("count".to_owned(), Json::from(count)),
        };
    }
    json
}

pub fn decode(json: &Json) -> Option<Recurrence> {
    let number = |key: &str| json.get(key)?.as_i64().and_then(|number| i32::try_from(number).ok());
    let word = |key: &str| json.get(key)?.as_str();
    let weekday = || DayOfWeek::from_word(word("weekday")?);
    let index = || Index::from_word(word("index")?);
    let month = || Month::from_word(word("month")?);
    let pattern = match word("pattern")? {
        "Daily" => Pattern::Daily(Every { interval: number("interval")? }),
        "Weekly" => {
            let days = json.get("days")?.as_array()?.iter();
            let days = days.map(|day| DayOfWeek::from_word(day.as_str()?)).collect::<Option<Vec<_>>>()?;
            let first = DayOfWeek::from_word(word("first")?)?;
            Pattern::Weekly(Weekly { interval: number("interval")?, days: Days::of(&days), first })
        }
        "AbsoluteMonthly" => {
            Pattern::AbsoluteMonthly(AbsoluteMonthly { interval: number("interval")?, day: number("day")? })
        }
        "RelativeMonthly" => {
            let interval = number("interval")?;
            Pattern::RelativeMonthly(RelativeMonthly { interval, day: weekday()?, index: index()? })
        }
        "AbsoluteYearly" => Pattern::AbsoluteYearly(AbsoluteYearly { day: number("day")?, month: month()? }),
        "RelativeYearly" => {
            Pattern::RelativeYearly(RelativeYearly { day: weekday()?, index: index()?, month: month()? })
        }
        "Regeneration" => {
            let (_, unit) = UNITS.iter().find(|(known, _)| Some(*known) == word("unit"))?;
            Pattern::Regeneration(*unit, Every { interval: number("interval")? })
        }
        _ => return None,
    };
    let end = match (word("until"), number("count")) {
        (None, None) => End::Never,
        (Some(until), _) => End::On(until.parse().ok()?),
        (None, Some(count)) => End::After(count),
    };
    Some(Recurrence { pattern, range: Range { start: word("start")?.parse().ok()?, end } })
}

/// When occurrences of the recurrence are, where the first one does not tell it.
pub fn clock(json: &Json) -> Option<Clock> {
    match json.get("clock")?.as_array()?.as_slice() {
        [start, end] => {
            let number = |json: &Json| json.as_i64().and_then(|number| i32::try_from(number).ok());
            Some(Clock { start: number(start)?, end: number(end)? })
        }
        _ => None,
    }
}

/// Notes it with a recurrence that is encoded already.
pub fn put_clock(json: &mut Json, clock: Clock) {
    if let Json::Object(members) = json {
        members.insert("clock".to_owned(), json!([clock.start, clock.end]));
    }
}

pub fn encode_zone(zone: &ItemZone) -> Json {
    match zone {
        ItemZone::Known(zone) => Json::from(zone.id),
        ItemZone::Custom(zone) => named_rules(&zone.id, &zone.name, Some(&zone.history)),
    }
}

pub fn decode_zone(json: &Json) -> Option<ItemZone> {
    if let Some(id) = json.as_str() {
        return find(id).map(ItemZone::Known);
    }
    let text = |key: &str| json.get(key)?.as_str();
    let history = decode_rules(json.get("rules")?)?;
    Some(ItemZone::Custom(Arc::new(Custom::new(text("id")?, text("name")?, history))))
}

/// Of a definition what it says: how its periods and groups are called is not kept.
pub fn encode_definition(definition: &Definition) -> Json {
    let id = definition.id.as_deref().unwrap_or_default();
    let name = definition.name.as_deref().unwrap_or_default();
    named_rules(id, name, definition.history().ok().as_ref())
}

pub fn decode_definition(json: &Json) -> Option<Definition> {
    let text = |key: &str| json.get(key)?.as_str();
    let (id, name) = (text("id")?, text("name")?);
    match json.get("rules") {
        Some(rules) => Some(Definition::of(id, name, &decode_rules(rules)?)),
        None => Some(Definition::named(id, name)),
    }
}

fn named_rules(id: &str, name: &str, history: Option<&History>) -> Json {
    let mut members = Map::new();
    members.insert("id".to_owned(), Json::from(id));
    members.insert("name".to_owned(), Json::from(name));
    if let Some(history) = history {
        let rules = history.rules().iter().map(|(from, rules)| encode_rules(*from, rules)).collect();
        members.insert("rules".to_owned(), rules);
    }
    Json::Object(members)
}

fn encode_rules(from: i16, rules: &Rules) -> Json {
    match &rules.daylight {
        None => json!({"from": from, "standard": rules.standard}),
        Some(daylight) => json!({
            "from": from,
            "standard": rules.standard,
            "daylight": daylight.bias,
            "begins": encode_change(&daylight.begins),
            "ends": encode_change(&daylight.ends),
        }),
    }
}

fn encode_change(change: &Change) -> Json {
    match change.on {
        DayRule::Day(day) => json!([change.month, change.minutes, day]),
        DayRule::Nth(day, nth) => json!([change.month, change.minutes, day.word(), nth]),
    }
}

fn decode_rules(json: &Json) -> Option<History> {
    let rules = json.as_array()?.iter().map(|rules| {
        let number = |key: &str| rules.get(key)?.as_i64().and_then(|number| i32::try_from(number).ok());
        let change = |key: &str| decode_change(rules.get(key)?);
        let daylight = match number("daylight") {
            Some(bias) => Some(Daylight { bias, begins: change("begins")?, ends: change("ends")? }),
            None => None,
        };
        let from = i16::try_from(number("from")?).ok()?;
        Some((from, Rules { standard: number("standard")?, daylight }))
    });
    History::new(rules.collect::<Option<_>>()?)
}

fn decode_change(json: &Json) -> Option<Change> {
    let small = |json: &Json| json.as_i64().and_then(|number| i8::try_from(number).ok());
    let (month, minutes, on) = match json.as_array()?.as_slice() {
        [month, minutes, day] => (month, minutes, DayRule::Day(small(day)?)),
        [month, minutes, day, nth] => (month, minutes, DayRule::Nth(DayOfWeek::from_word(day.as_str()?)?, small(nth)?)),
        _ => return None,
    };
    Some(Change { month: small(month)?, on, minutes: i32::try_from(minutes.as_i64()?).ok()? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;
    use jiff::civil::date;

    #[test]
    fn recurrences_come_back_as_they_were() {
        let day = DayOfWeek::Weekday;
        let patterns = [
            Pattern::Daily(Every { interval: 3 }),
            Pattern::Weekly(Weekly { interval: 2, days: Days::from_bits(0x2a), first: DayOfWeek::Monday }),
            Pattern::AbsoluteMonthly(AbsoluteMonthly { interval: 1, day: 31 }),
            Pattern::RelativeMonthly(RelativeMonthly { interval: 1, day, index: Index::Last }),
            Pattern::AbsoluteYearly(AbsoluteYearly { day: 29, month: Month::February }),
            Pattern::RelativeYearly(RelativeYearly { day, index: Index::First, month: Month::May }),
            Pattern::Regeneration(Unit::Months, Every { interval: 6 }),
        ];
        for pattern in patterns {
            for end in [End::Never, End::On(date(2027, 1, 1)), End::After(7)] {
                let recurrence = Recurrence { pattern, range: Range { start: date(2026, 2, 28), end } };
                let (mut json, noted) = (encode(&recurrence), Clock { start: 150, end: 1500 });
                assert_eq!((decode(&json), clock(&json)), (Some(recurrence.clone()), None));
                put_clock(&mut json, noted);
                assert_eq!((decode(&json), clock(&json)), (Some(recurrence), Some(noted)));
            }
        }
        assert_eq!(decode(&json!({"pattern": "Daily", "start": "2026-01-01"})), None);
    }

    #[test]
    fn zones_come_back_as_they_were() {
        let berlin = ItemZone::named("Europe/Berlin").unwrap();
        assert_eq!(encode_zone(&berlin), json!("W. Europe Standard Time"));
        assert_eq!(decode_zone(&encode_zone(&berlin)), Some(berlin));
        for zone in ["Morocco Standard Time", "Eastern Standard Time", "Egypt Standard Time"] {
            let history = find(zone).unwrap().history(2000..=2030);
            let own = ItemZone::Custom(Arc::new(Custom::new("Own", "One's own", history)));
            assert_eq!(decode_zone(&encode_zone(&own)), Some(own.clone()));
            assert_eq!(decode_definition(&encode_definition(&own.definition())), Some(own.definition()));
        }
        let name = Definition::named("UTC", "(UTC)");
        assert_eq!(decode_definition(&encode_definition(&name)), Some(name));
        assert_eq!(decode_zone(&json!("Nowhere")), None);
    }
}
