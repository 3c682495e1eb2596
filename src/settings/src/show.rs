//! The texts that come out of the table: `etc/ewsd.toml`, `ewsctl config show`, the list in ewsd.toml(5), and what a reload
//! cannot take.

use std::fmt::Write as _;

use crate::table::{SECTIONS, Settings, Visitor};
use crate::value::{Check, Reader, Reload, Row, Value};

/// `etc/ewsd.toml`: every key with its meaning, commented out at its default.
#[must_use]
pub fn sample() -> String {
    let mut out = String::from(concat!(
        "# ewsd.toml: every setting of ewsd, at its default. Take away the # in front of a line to change it.\n",
        "# Written out of the settings table by `ewsctl config show --defaults`. See ewsd.toml(5).\n",
        "# Keys marked (restart) are taken when ewsd starts, all others also by `ewsctl reload`.\n",
    ));
    let defaults = values(&Settings::default());
    let mut defaults = defaults.iter();
    for section in SECTIONS {
        let _ = write!(out, "\n# {}\n[{}]\n", section.doc, section.name);
        for (row, default) in section.rows.iter().zip(&mut defaults) {
            let mark = if row.reload == Reload::Restart { " (restart)" } else { "" };
            out.push('\n');
            for line in wrap(&format!("{}{mark}", row.doc), 110) {
                let _ = writeln!(out, "# {line}");
            }
            let allowed = check_text(row.check);
            if !allowed.is_empty() {
                let _ = writeln!(out, "# {allowed}");
            }
            let _ = writeln!(out, "#{} = {}", name(row), default.1);
        }
    }
    out
}

/// What a check allows, in words; empty where every value of the type does.
#[must_use]
pub fn check_text(check: Check) -> String {
    match check {
        Check::Between(low, high) if high < 1 << 40 => format!("From {} to {}.", low.write(), high.write()),
        Check::Between(low, _) => format!("From {}.", low.write()),
        Check::OneOf(names) => format!("One of: {}.", names.join(", ")),
        _ => String::new(),
    }
}

/// Who reads a key, and when.
fn read_by(row: &Row) -> String {
    let reader = match row.reader {
        Reader::Master => "the master",
        Reader::Worker => "the workers",
        Reader::Both => "the master and the workers",
        Reader::Control => return "Read by ewsctl whenever it runs.".to_owned(),
    };
    let reload = match row.reload {
        Reload::Live => "taken by a reload",
        Reload::Restart => "needs a restart",
    };
    format!("Read by {reader}; {reload}.")
}

/// The list of settings for ewsd.toml(5), in roff.
#[must_use]
pub fn manual_roff() -> String {
    let mut out = String::new();
    let defaults = values(&Settings::default());
    let mut defaults = defaults.iter();
    for section in SECTIONS {
        let _ = writeln!(out, ".SS [{}]\n{}", section.name, roff(section.doc));
        for (row, default) in section.rows.iter().zip(&mut defaults) {
            let _ = writeln!(out, ".TP\n\\fB{}\\fR = {}\n{}", roff(name(row)), roff(&default.1), roff(row.doc));
            let allowed = check_text(row.check);
            let gap = if allowed.is_empty() { "" } else { " " };
            let _ = writeln!(out, "{}{gap}{}", roff(&allowed), read_by(row));
        }
    }
    out
}

impl Settings {
    /// All settings as a file that loads to the same; `only_changed` leaves out those that are at their default.
    #[must_use]
    pub fn show(&self, only_changed: bool) -> String {
        let defaults = values(&Self::default());
        let mut out = String::new();
        let mut section = "";
        for ((row, value), (_, default)) in values(self).iter().zip(&defaults) {
            if only_changed && value == default {
                continue;
            }
            let (in_section, name) = row.key.split_once('.').unwrap_or(("", row.key));
            if in_section != section {
                let gap = if out.is_empty() { "" } else { "\n" };
                let _ = writeln!(out, "{gap}[{in_section}]");
                section = in_section;
            }
            let _ = writeln!(out, "{name} = {value}");
        }
        out
    }

    /// One value, as the file writes it.
    #[must_use]
    pub fn value_of(&self, key: &str) -> Option<String> {
        values(self).into_iter().find(|(row, _)| row.key == key).map(|(_, value)| value)
    }

    /// The rows in which two settings differ.
    #[must_use]
    pub fn changes(&self, new: &Self) -> Vec<&'static Row> {
        let pairs = values(self).into_iter().zip(values(new));
        pairs.filter(|((_, old), (_, new))| old != new).map(|((row, _), _)| row).collect()
    }

    /// The changed keys that only a restart applies.
    #[must_use]
    pub fn not_reloadable(&self, new: &Self) -> Vec<&'static str> {
        self.changes(new).into_iter().filter(|row| row.reload == Reload::Restart).map(|row| row.key).collect()
    }

    /// What a reload makes of `new`: its values, but the running ones for keys that only a restart applies.
    #[must_use]
    pub fn reloaded(&self, new: &Self) -> Self {
        let mut merged = new.clone();
        for (row, value) in values(self) {
            if row.reload == Reload::Restart {
                // A value that was valid is valid again: `set` refuses none that `values` wrote.
                let kept = merged.set(&format!("{}={value}", row.key));
                debug_assert!(kept.is_ok(), "{kept:?}");
            }
        }
        merged
    }
}

fn name(row: &Row) -> &'static str {
    row.key.split_once('.').map_or(row.key, |(_, name)| name)
}

fn values(settings: &Settings) -> Vec<(&'static Row, String)> {
    struct Collect(Vec<(&'static Row, String)>);
    impl Visitor for Collect {
        fn field<V: Value>(&mut self, row: &'static Row, value: &mut V) {
            self.0.push((row, value.write()));
        }
    }
    let mut collect = Collect(Vec::new());
    settings.clone().visit(&mut collect);
    collect.0
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.len() + 1 + word.len() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// Text that roff leaves alone: no escapes, no hyphens for minus signs, no request at a line's start.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    match text.chars().next() {
        Some('.' | '\'') => format!("\\&{text}"),
        _ => text,
    }
}
