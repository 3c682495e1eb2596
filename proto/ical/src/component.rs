//! The tree of components (RFC 5545 3.4, 3.6).

use crate::limits::{Limits, Over};
use crate::line::{self, Lines};

/// Components inside each other.
const DEPTH: usize = 8;

/// What stands side by side in a calendar: where one begins, another that was left open has ended.
const SIBLINGS: [&str; 5] = ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// In upper case: `VEVENT`.
    pub name: String,
    pub properties: Vec<Property>,
    pub components: Vec<Component>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Property {
    /// In upper case: `DTSTART`.
    pub name: String,
    pub parameters: Vec<Parameter>,
    /// As it stands there, escapes and all.
    pub value: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameter {
    /// In upper case: `TZID`.
    pub name: String,
    pub values: Vec<String>,
}

impl Component {
    /// The first property of that name.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    pub fn properties_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties.iter().filter(move |property| property.name == name)
    }

    pub fn components_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Component> {
        self.components.iter().filter(move |component| component.name == name)
    }

    /// The text of the first property of that name, escapes undone; None where it is empty.
    pub fn text(&self, name: &str) -> Option<String> {
        self.property(name).map(|property| crate::text(&property.value)).filter(|text| !text.is_empty())
    }

    /// The word that the first property of that name holds, in upper case.
    pub fn word(&self, name: &str) -> Option<String> {
        self.property(name).map(|property| property.value.trim().to_ascii_uppercase()).filter(|word| !word.is_empty())
    }
}

impl Property {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let parameter = self.parameters.iter().find(|parameter| parameter.name == name)?;
        parameter.values.first().map(String::as_str)
    }

    /// Whether the parameter holds that word, whatever its case.
    pub fn says(&self, name: &str, word: &str) -> bool {
        self.parameter(name).is_some_and(|value| value.trim().eq_ignore_ascii_case(word))
    }
}

/// The calendars of a text. Lines that are none are left out; a component without an end ends with the text.
///
/// # Errors
/// The first budget that it is over.
pub fn read(text: &str, limits: &Limits) -> Result<Vec<Component>, Over> {
    if text.len() > limits.octets {
        return Err(Over::Octets);
    }
    let mut open: Vec<Component> = Vec::new();
    let mut done = Vec::new();
    let (mut components, mut properties) = (limits.components, limits.properties);
    // Below the deepest level nothing is kept.
    let mut beyond = 0_usize;
    for line in Lines::new(text) {
        let Some(property) = line::property(&line, limits)? else { continue };
        let (budget, over) = match property.name.as_str() {
            "BEGIN" | "END" => (&mut components, Over::Components),
            _ => (&mut properties, Over::Properties),
        };
        // An end belongs to its beginning; one that is alone is work as well.
        if property.name != "END" || open.is_empty() {
            *budget = budget.checked_sub(1).ok_or(over)?;
        }
        let name = || property.value.trim().to_ascii_uppercase();
        if property.name == "BEGIN" && beyond == 0 {
            let begins = name();
            // A calendar stands beside calendars.
            let is_beside = |open: &Component| match begins.as_str() {
                "VCALENDAR" => open.name == "VCALENDAR",
                begins => SIBLINGS.contains(&begins) && SIBLINGS.contains(&open.name.as_str()),
            };
            let first = open.iter().position(is_beside);
            while first.is_some_and(|first| open.len() > first) && close(&mut open, &mut done).is_some() {}
        }
        match property.name.as_str() {
            "BEGIN" if open.len() >= DEPTH => beyond += 1,
            "BEGIN" => open.push(Component { name: name(), ..Component::default() }),
            "END" if beyond > 0 => beyond -= 1,
            "END" => {
                let name = name();
                // One that was never begun ends nothing.
                if open.iter().any(|component| component.name == name) {
                    while close(&mut open, &mut done).is_some_and(|closed| closed != name) {}
                }
            }
            _ if beyond > 0 => {}
            _ => {
                if let Some(component) = open.last_mut() {
                    component.properties.push(property);
                }
            }
        }
    }
    while close(&mut open, &mut done).is_some() {}
    done.retain(|component: &Component| component.name == "VCALENDAR");
    Ok(done)
}

/// Puts the innermost component where it belongs, and says its name.
fn close(open: &mut Vec<Component>, done: &mut Vec<Component>) -> Option<String> {
    let component = open.pop()?;
    let name = component.name.clone();
    match open.last_mut() {
        Some(outer) => outer.components.push(component),
        None => done.push(component),
    }
    Some(name)
}
