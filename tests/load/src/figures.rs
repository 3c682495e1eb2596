//! Figures of a run in a file, for machines, and two such files compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::memory;

/// Compare the figures of two runs; the exit status is 1 if one became worse.
#[derive(Debug, Args)]
pub struct Options {
    /// What was measured before.
    before: PathBuf,
    /// What was measured after.
    after: PathBuf,
    /// Per cent by which a figure may be worse.
    #[arg(long, default_value_t = 10.0)]
    worse: f64,
}

/// What was measured, by name: milliseconds, octets. Less is better, but for names that end in `_per_s`.
#[derive(Debug, Default)]
pub struct Figures(BTreeMap<String, f64>);

impl Figures {
    pub fn put(&mut self, name: &str, value: f64) {
        self.0.insert(name.to_owned(), value);
    }

    /// Writes them with what was run.
    pub fn write(&self, file: &Path, scenario: &str, parameters: &Value) -> Result {
        let value = json!({
            "scenario": scenario, "parameters": parameters, "machine": memory::machine(), "figures": self.0,
        });
        std::fs::write(file, format!("{value:#}\n")).map_err(|error| Error::new(format!("{}: {error}", file.display())))
    }
}

/// Prints both with the change of each.
pub fn compare(options: &Options) -> Result {
    let (before, after) = (read(&options.before)?, read(&options.after)?);
    for name in ["scenario", "parameters"] {
        if before.get(name) != after.get(name) {
            return Err(Error::new(format!("the two are of different runs: their {name} differ")));
        }
    }
    println!("| figure | before | after | change |\n|---|---|---|---|");
    let mut worse = Vec::new();
    let figures = before.get("figures").and_then(Value::as_object).into_iter().flatten();
    for (name, was) in figures {
        let is = after.get("figures").and_then(|figures| figures.get(name));
        let (Some(was), Some(is)) = (was.as_f64(), is.and_then(Value::as_f64)) else { continue };
        let change = change(name, was, is);
        println!("| {name} | {was:.3} | {is:.3} | {change:+.1} % |");
        if change > options.worse {
            worse.push(name.as_str());
        }
    }
    if worse.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("worse by more than {} %: {}", options.worse, worse.join(", "))))
}

/// By how many per cent it became worse.
fn change(name: &str, was: f64, is: f64) -> f64 {
    if was == 0.0 {
        return 0.0;
    }
    let grown = (is - was) / was * 100.0;
    if name.ends_with("_per_s") { -grown } else { grown }
}

fn read(file: &Path) -> Result<Value> {
    let failed = |error: &dyn std::fmt::Display| Error::new(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    serde_json::from_str(&text).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::change;

    #[test]
    fn less_is_better_but_for_rates() {
        assert_eq!(change("wake_p50_ms", 10.0, 12.0), 20.0);
        assert_eq!(change("requests_per_s", 100.0, 80.0), 20.0);
        assert_eq!(change("requests_per_s", 100.0, 110.0), -10.0);
        assert_eq!(change("none", 0.0, 5.0), 0.0);
    }
}
