//! Events of a text, read without anything of ours: what is compared must not come from what is tried.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::{Date, DateTime};
use std::collections::BTreeMap;

/// A line.
#[derive(Clone, Debug, Default)]
pub struct Property {
    pub name: String,
    pub parameters: BTreeMap<String, String>,
    pub value: String,
}

/// A VEVENT with its alarms.
#[derive(Clone, Debug, Default)]
pub struct Event {
    pub properties: Vec<Property>,
    pub alarms: Vec<Vec<Property>>,
}

impl Event {
    pub fn first(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties.iter().filter(move |property| property.name == name)
    }

    /// The word that the first property of that name is.
    pub fn word(&self, name: &str) -> String {
        self.first(name).map(|property| property.value.trim().to_ascii_uppercase()).unwrap_or_default()
    }
}

impl Property {
    pub fn says(&self, parameter: &str) -> String {
        self.parameters.get(parameter).map(|value| value.trim().to_ascii_uppercase()).unwrap_or_default()
    }

    /// As a TEXT, each run of white space and signs that cannot be printed as one space.
    pub fn text(&self) -> String {
        squeezed(&unescaped(&self.value))
    }

    /// As a list of them.
    pub fn texts(&self) -> Vec<String> {
        let marked = self.value.replace("\\\\", "\u{1}").replace("\\,", "\u{2}");
        let members = marked.split(',').map(|one| one.replace('\u{2}', "\\,").replace('\u{1}', "\\\\"));
        members.map(|one| squeezed(&unescaped(&one))).filter(|one| !one.is_empty()).collect()
    }

    /// The octets that it holds.
    pub fn octets(&self) -> Option<Vec<u8>> {
        let binary = self.says("VALUE") == "BINARY" || self.says("ENCODING") == "BASE64";
        let letters: String = self.value.chars().filter(|c| !c.is_whitespace()).collect();
        binary.then(|| STANDARD.decode(letters).ok())?
    }
}

pub fn squeezed(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match (c, if c == '\\' { rest.next() } else { None }) {
            ('\\', Some('n' | 'N')) => text.push('\n'),
            ('\\', Some(other)) => text.push(other),
            (c, _) => text.push(c),
        }
    }
    text
}

const SIDE_BY_SIDE: [&str; 5] = ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"];

/// The events of all calendars of a text, in its order.
pub fn events(text: &str) -> Vec<Event> {
    let text = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let (mut all, mut within): (Vec<Event>, Vec<String>) = (Vec::new(), Vec::new());
    for line in text.lines().filter_map(property) {
        let inner = within.last().map(String::as_str);
        match (line.name.as_str(), inner) {
            ("BEGIN", _) => {
                let name = line.value.trim().to_ascii_uppercase();
                // What stands side by side ends what was left open.
                if SIDE_BY_SIDE.contains(&name.as_str()) && within.first().is_some_and(|open| open == "VCALENDAR") {
                    within.truncate(1);
                }
                if name == "VCALENDAR" {
                    within.clear();
                }
                match (name.as_str(), within.len(), all.last_mut()) {
                    ("VEVENT", 1, _) if within.first().is_some_and(|open| open == "VCALENDAR") => {
                        all.push(Event::default());
                    }
                    ("VALARM", 2, Some(event)) if within.last().is_some_and(|open| open == "VEVENT") => {
                        event.alarms.push(Vec::new());
                    }
                    _ => {}
                }
                within.push(name);
            }
            ("END", _) => {
                let name = line.value.trim().to_ascii_uppercase();
                if let Some(at) = within.iter().rposition(|open| *open == name) {
                    within.truncate(at);
                }
            }
            (_, Some("VEVENT")) if within.len() == 2 => {
                all.last_mut().into_iter().for_each(|event| event.properties.push(line.clone()))
            }
            (_, Some("VALARM")) if within.len() == 3 => {
                let alarm = all.last_mut().and_then(|event| event.alarms.last_mut());
                alarm.into_iter().for_each(|alarm| alarm.push(line.clone()));
            }
            _ => {}
        }
    }
    all
}

fn property(line: &str) -> Option<Property> {
    let mut quoted = false;
    let ends = |c: char, at: &[char], quoted: &mut bool| {
        *quoted ^= c == '"';
        !*quoted && at.contains(&c)
    };
    let colon = line.find(|c| ends(c, &[':'], &mut quoted))?;
    let (head, value) = line.split_at_checked(colon)?;
    quoted = false;
    let mut parts = head.split(|c| ends(c, &[';'], &mut quoted));
    let name = parts.next()?.trim().to_ascii_uppercase();
    let parameters = parts.filter_map(|part| part.split_once('=')).map(|(name, value)| {
        let value = value.trim().trim_matches('"');
        // RFC 6868, with a sign in between that no text has.
        let value = value.replace("^^", "\u{1}").replace("^n", "\n").replace("^'", "\"").replace('\u{1}', "^");
        (name.trim().to_ascii_uppercase(), value)
    });
    Some(Property { name, parameters: parameters.collect(), value: value.get(1..)?.to_owned() })
}

/// A time as it is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Day(Date),
    Utc(DateTime),
    /// In the zone of that id, or in none.
    Clock(DateTime, Option<String>),
}

/// What a list of times says. None: it is none of RFC 5545.
pub fn times(property: &Property) -> Option<Vec<Said>> {
    let zone = property.parameters.get("TZID").filter(|id| !id.is_empty());
    let one = |text: &str| {
        let text = text.trim();
        let (text, utc) = text.strip_suffix('Z').map_or((text, false), |text| (text, true));
        if let (8, Ok(date)) = (text.len(), Date::strptime("%Y%m%d", text)) {
            return Some(Said::Day(date));
        }
        let time = DateTime::strptime("%Y%m%dT%H%M%S", text).ok().filter(|_| text.len() == 15)?;
        Some(if utc { Said::Utc(time) } else { Said::Clock(time, zone.cloned()) })
    };
    property.value.split(',').map(one).collect()
}
