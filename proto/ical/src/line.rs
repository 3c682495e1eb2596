//! Content lines (RFC 5545 3.1): unfolded, and taken apart into a name, its parameters and a value.

use crate::component::{Parameter, Property};
use crate::limits::{Limits, Over};

/// The lines of a text, folds undone.
pub(crate) struct Lines<'a> {
    rest: &'a str,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Lines<'a> {
        Lines { rest: text.strip_prefix('\u{feff}').unwrap_or(text) }
    }

    /// A line as it stands, without its end.
    fn physical(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    fn is_folded(&self) -> bool {
        self.rest.starts_with([' ', '\t'])
    }
}

impl Iterator for Lines<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            let mut line = self.physical()?.to_owned();
            while self.is_folded() {
                line.push_str(self.physical()?.get(1..).unwrap_or_default());
            }
            if !line.trim().is_empty() {
                return Some(line);
            }
        }
    }
}

/// None for what is no content line.
pub(crate) fn property(line: &str, limits: &Limits) -> Result<Option<Property>, Over> {
    let Some((name, mut rest)) = line.find([':', ';']).and_then(|end| line.split_at_checked(end)) else {
        return Ok(None);
    };
    let name = name.trim().to_ascii_uppercase();
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
        return Ok(None);
    }
    // A group before the name is vCard's.
    let name = name.rsplit('.').next().unwrap_or_default().to_owned();
    let mut parameters = Vec::new();
    let mut budget = limits.parameters;
    while let Some(after) = rest.strip_prefix(';') {
        let Some((parameter, after)) = parameter(after, &mut budget)? else { return Ok(None) };
        if parameter.values.iter().any(|value| value.len() > limits.parameter_octets) {
            return Err(Over::ParameterOctets);
        }
        parameters.push(parameter);
        rest = after;
    }
    Ok(rest.strip_prefix(':').map(|value| Property { name, parameters, value: value.to_owned() }))
}

/// `NAME=value,"value"`, and what follows it. None: it does not end.
fn parameter<'a>(text: &'a str, budget: &mut usize) -> Result<Option<(Parameter, &'a str)>, Over> {
    let mut one_more = || {
        *budget = budget.checked_sub(1).ok_or(Over::Parameters)?;
        Ok(())
    };
    let end = text.find(['=', ';', ':']);
    let Some((name, rest)) = end.and_then(|end| text.split_at_checked(end)) else { return Ok(None) };
    let name = name.trim().to_ascii_uppercase();
    let mut values = Vec::new();
    one_more()?;
    // Without a value: old writers have such.
    let Some(mut rest) = rest.strip_prefix('=') else { return Ok(Some((Parameter { name, values }, rest))) };
    loop {
        let Some((value, after)) = value(rest) else { return Ok(None) };
        values.push(caret(value));
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(Some((Parameter { name, values }, after))),
        }
        one_more()?;
    }
}

/// A value, quoted or not, and what follows it; what stands behind a quoted string does not belong there.
fn value(text: &str) -> Option<(&str, &str)> {
    // A space before the quote is of a fold that was made wrongly.
    let (value, after) = match text.trim_start().strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => text.split_at_checked(text.find([',', ';', ':'])?)?,
    };
    Some((value, after.split_at_checked(after.find([',', ';', ':'])?)?.1))
}

/// Undoes the escapes of parameters (RFC 6868).
fn caret(text: &str) -> String {
    if !text.contains('^') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        // What follows one is one of three, else it is a sign as any other.
        let (told, taken) = match (c, rest.as_str().chars().next()) {
            ('^', Some('n')) => ('\n', true),
            ('^', Some('\'')) => ('"', true),
            ('^', Some('^')) => ('^', true),
            _ => (c, false),
        };
        plain.push(told);
        if taken {
            rest.next();
        }
    }
    plain
}
