//! Figures of a run in a file, for machines, or drawn; and two such files compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde_json::{Value, json};

use crate::error::{During as _, Error, Result};
use crate::stats::Times;
use crate::{memory, plot};

/// Where the figures go besides the table.
#[derive(Debug, Args)]
pub struct Out {
    /// Write the figures into this file, for `ewsload compare`.
    #[arg(long, value_name = "FILE", help_heading = "Figures")]
    json: Option<PathBuf>,
    /// Draw what was measured into this file (SVG).
    #[arg(long, value_name = "FILE", help_heading = "Figures")]
    plot: Option<PathBuf>,
}

impl Out {
    pub fn write(&self, figures: &Figures, scenario: &str, parameters: &Value) -> Result {
        if let Some(file) = &self.json {
            figures.write(file, scenario, parameters)?;
        }
        self.plot.as_ref().map_or(Ok(()), |file| plot::draw(file, &format!("ewsload {scenario}"), &figures.curves))
    }
}

/// Points of a curve.
pub type Curve = Vec<(f64, f64)>;

/// What was measured, by name: milliseconds, octets, percent. Less is better, but for names that end in `_per_s`.
#[derive(Debug, Default)]
pub struct Figures {
    values: BTreeMap<String, f64>,
    pub curves: plot::Curves,
}

impl Figures {
    pub fn put(&mut self, name: &str, value: f64) {
        self.values.insert(name.to_owned(), value);
    }

    /// The percentiles of these times, and their curve.
    pub fn put_times(&mut self, name: &str, times: &Times) {
        for (what, percent) in [("p50_ms", 50.0), ("p99_ms", 99.0), ("most_ms", 100.0)] {
            self.put(&format!("{name}_{what}"), times.percentile_ms(percent));
        }
        self.put_curve(name, times);
    }

    pub fn put_curve(&mut self, name: &str, times: &Times) {
        self.curves.kind = plot::Kind::Percentiles;
        self.curves.lines.push((name.to_owned(), times.curve()));
    }

    /// Writes them with what was run.
    pub fn write(&self, file: &Path, scenario: &str, parameters: &Value) -> Result {
        let curves: BTreeMap<&String, &Curve> = self.curves.lines.iter().map(|(name, points)| (name, points)).collect();
        let value = json!({
            "scenario": scenario, "parameters": parameters, "machine": memory::machine(), "figures": self.values, "curves": curves,
        });
        std::fs::write(file, format!("{value:#}\n")).during(file.display())
    }
}

/// Compare the figures of two runs; the exit status is 1 if one became worse.
#[derive(Debug, Args)]
pub struct Options {
    /// What was measured before.
    before: PathBuf,
    /// What was measured after.
    after: PathBuf,
    /// By how many per cent figures may be worse, all of them or one by its name; may be given more than once.
    #[arg(long, value_name = "[NAME=]PERCENT", default_value = "10")]
    worse: Vec<Limit>,
    /// What a figure must not be above whatever it was before (for names that end in _per_s: below); may be given more than once.
    #[arg(long, value_name = "NAME=VALUE")]
    limit: Vec<Limit>,
}

/// A number for a figure, or for all that have none of their own.
#[derive(Debug, Clone, PartialEq)]
struct Limit {
    name: Option<String>,
    value: f64,
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Limit, String> {
        let (name, value) = match text.rsplit_once('=') {
            Some((name, value)) => (Some(name.to_owned()), value),
            None => (None, text),
        };
        match value.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Limit { name, value }),
            _ => Err(format!("{value} is no number")),
        }
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
    if before.get("machine") != after.get("machine") {
        eprintln!("ewsload: the two are of different machines");
    }
    println!("| figure | before | after | change |\n|---|---|---|---|");
    let figures = |run: &Value| -> BTreeMap<String, f64> {
        let all = run.get("figures").and_then(Value::as_object).into_iter().flatten();
        all.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect()
    };
    let (before, after) = (figures(&before), figures(&after));
    for (name, was) in &before {
        match after.get(name) {
            Some(is) => println!("| {name} | {was:.3} | {is:.3} | {:+.1} % |", change(name, *was, *is)),
            None => println!("| {name} | {was:.3} | | |"),
        }
    }
    let wrong = judge(&before, &after, &options.worse, &options.limit);
    if wrong.is_empty() { Ok(()) } else { Err(Error::new(wrong.join("; "))) }
}

/// What is not as it may be.
fn judge(
    before: &BTreeMap<String, f64>,
    after: &BTreeMap<String, f64>,
    worse: &[Limit],
    limits: &[Limit],
) -> Vec<String> {
    let of = |name: &str| worse.iter().rfind(|limit| limit.name.as_deref() == Some(name));
    let of_all = worse.iter().rfind(|limit| limit.name.is_none()).map_or(10.0, |limit| limit.value);
    let mut wrong = Vec::new();
    for (name, was) in before {
        let allowed = of(name).map_or(of_all, |limit| limit.value);
        match after.get(name).map(|is| change(name, *was, *is)) {
            Some(change) if change > allowed => {
                wrong.push(format!("{name} is worse by {change:.1} %, and may be by {allowed} %"));
            }
            Some(_) => {}
            None => wrong.push(format!("{name} was not measured after")),
        }
    }
    for Limit { name, value } in limits {
        let name = name.as_deref().unwrap_or_default();
        match after.get(name) {
            Some(is) if name.ends_with("_per_s") && is < value => {
                wrong.push(format!("{name} is {is:.3}, below {value}"))
            }
            Some(is) if !name.ends_with("_per_s") && is > value => {
                wrong.push(format!("{name} is {is:.3}, above {value}"));
            }
            Some(_) => {}
            None => wrong.push(format!("{name}, which has a limit, was not measured")),
        }
    }
    let named = worse.iter().filter_map(|limit| limit.name.as_ref()).filter(|name| !before.contains_key(*name));
    wrong.extend(named.map(|name| format!("{name}, which may be worse, was not measured before")));
    wrong
}

/// By how many per cent it became worse.
fn change(name: &str, was: f64, is: f64) -> f64 {
    if was == 0.0 {
        return 0.0;
    }
    let grown = (is - was) / was.abs() * 100.0;
    if name.ends_with("_per_s") { -grown } else { grown }
}

fn read(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).during(file.display())?;
    serde_json::from_str(&text).during(file.display())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::{Limit, change, judge};

    #[test]
    fn less_is_better_but_for_rates() {
        assert_eq!(change("wake_p50_ms", 10.0, 12.0), 20.0);
        assert_eq!(change("requests_per_s", 100.0, 80.0), 20.0);
        assert_eq!(change("requests_per_s", 100.0, 110.0), -10.0);
        assert_eq!(change("none", 0.0, 5.0), 0.0);
        assert_eq!(change("octets", -100.0, -80.0), 20.0);
    }

    fn limits(texts: &[&str]) -> Vec<Limit> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn what_became_worse_or_is_above_its_limit_is_named() {
        let run = |p99: f64, rate: f64| BTreeMap::from([("a_p99_ms".to_owned(), p99), ("b_per_s".to_owned(), rate)]);
        let (before, after) = (run(1.0, 100.0), run(1.15, 80.0));
        let wrong = |worse: &[&str], most: &[&str]| judge(&before, &after, &limits(worse), &limits(most)).join("\n");
        assert!(wrong(&["10"], &[]).contains("a_p99_ms is worse by 15.0 %") && wrong(&["10"], &[]).contains("b_per_s"));
        assert_eq!(wrong(&["10", "a_p99_ms=20", "b_per_s=20"], &[]), "");
        assert_eq!(wrong(&["30"], &["a_p99_ms=1.2", "b_per_s=70"]), "");
        assert!(wrong(&["30"], &["a_p99_ms=1.1"]).contains("above 1.1"));
        assert!(wrong(&["30"], &["b_per_s=90"]).contains("below 90"));
        assert!(wrong(&["30"], &["c=1"]).contains("not measured") && wrong(&["30", "c=1"], &[]).contains("before"));
        let missing = judge(&before, &BTreeMap::new(), &limits(&["30"]), &[]);
        assert_eq!(missing.len(), 2, "{missing:?}");
        assert!("a=x".parse::<Limit>().is_err() && "".parse::<Limit>().is_err() && "NaN".parse::<Limit>().is_err());
    }
}
