//! `ewsctl top`: what the server does, second by second.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::control::{self, text_of};
use super::status::span;
use super::{Out, Result};

/// Watch the running server: requests a second by operation, their times, connections, workers.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ewsctl top\n  ewsctl top --count 1 --every 10          what went on in ten seconds\n  \
    ewsctl top --count 60 --every 60 --json  a line a minute for an hour"
)]
pub struct Args {
    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
    /// End after so many; without it with Ctrl-C.
    #[arg(long, value_name = "N", value_parser = super::whole::<u64>)]
    count: Option<u64>,
}

/// How the screen is made empty (ECMA-48: CUP, ED).
const CLEAR: &str = "\x1b[H\x1b[2J";

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load_to_reach(config)?;
    let look = || control::require(&settings, &json!({"cmd": "status"}));
    let screen = !out.json && std::io::stdout().is_terminal();
    let (mut before, mut at) = (look()?, Instant::now());
    let mut shown = 0;
    while args.count.is_none_or(|count| shown < count) {
        let until = at + Duration::from_secs(args.every);
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            std::thread::park_timeout(left);
        }
        let (now, seconds) = (look()?, at.elapsed().as_secs_f64());
        at = Instant::now();
        let rates = rates(&before, &now, seconds);
        if out.json {
            say!("{}", describe_json(&now, &rates))?;
        } else {
            let clear = if screen { CLEAR } else { "" };
            super::print(format_args!("{clear}{}", describe(&now, &rates)))?;
        }
        before = now;
        shown += 1;
    }
    Ok(())
}

/// What happened to one operation between two looks.
#[derive(Debug, PartialEq)]
struct Rate {
    per_second: f64,
    failed_per_second: f64,
    /// Mean time of a request in milliseconds.
    mean_ms: f64,
}

fn rates(before: &Value, now: &Value, seconds: f64) -> BTreeMap<String, Rate> {
    let figure = |status: &Value, name: &str, figure: &str| {
        let operation = status.get("operations").and_then(|all| all.get(name));
        operation.and_then(|operation| operation.get(figure)).and_then(Value::as_f64).unwrap_or(0.0)
    };
    let names = now.get("operations").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name);
    let rate = |name: &String| {
        // A server that was started anew begins to count anew.
        let grown = |of: &str| (figure(now, name, of) - figure(before, name, of)).max(0.0);
        let requests = grown("requests");
        let rate = Rate {
            per_second: requests / seconds,
            failed_per_second: grown("failed") / seconds,
            mean_ms: grown("micros") / requests / 1000.0,
        };
        (requests > 0.0).then(|| (name.clone(), rate))
    };
    names.filter_map(rate).collect()
}

fn describe(status: &Value, rates: &BTreeMap<String, Rate>) -> String {
    let number = |name: &str| status.get(name).and_then(Value::as_u64).unwrap_or_default();
    let total = status.get("connections").and_then(|all| all.get("total")).and_then(Value::as_u64).unwrap_or_default();
    let workers = status.get("workers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let requests = workers.iter().filter(|worker| text_of(worker, "role") == Some("request"));
    let busy = requests.clone().filter(|worker| text_of(worker, "state") == Some("busy")).count();
    let all: f64 = rates.values().map(|rate| rate.per_second).sum();
    let mut out = String::new();
    let _ = writeln!(
        out,
        "ewsd {}, up {}: {all:.1} requests/s, {total} connections, {} held, {busy} of {} workers busy, {} waiting, {} mails out",
        text_of(status, "version").unwrap_or("?"),
        span(number("uptime_s")),
        number("held"),
        requests.count(),
        number("queue"),
        status.get("outbox").and_then(|outbox| outbox.get("queued")).and_then(Value::as_u64).unwrap_or_default(),
    );
    let _ = writeln!(out, "{:32} {:>10} {:>10} {:>10}", "operation", "per s", "failed", "mean ms");
    let mut rows: Vec<_> = rates.iter().collect();
    rows.sort_by(|a, b| b.1.per_second.total_cmp(&a.1.per_second));
    for (name, rate) in rows {
        let _ = writeln!(
            out,
            "{name:32} {:>10.1} {:>10.1} {:>10.2}",
            rate.per_second, rate.failed_per_second, rate.mean_ms
        );
    }
    out
}

fn describe_json(status: &Value, rates: &BTreeMap<String, Rate>) -> Value {
    let operations: Value = rates
        .iter()
        .map(|(name, rate)| {
            let figures = json!({
                "per_second": rate.per_second, "failed_per_second": rate.failed_per_second, "mean_ms": rate.mean_ms,
            });
            (name.clone(), figures)
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    json!({
        "uptime_s": status.get("uptime_s"), "connections": status.get("connections"), "held": status.get("held"),
        "queue": status.get("queue"), "operations": operations,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use serde_json::json;

    #[test]
    fn what_happened_between_two_looks_is_told() {
        let before = json!({"operations": {"GetItem": {"requests": 10, "failed": 1, "micros": 5000}}});
        let now = json!({
            "version": "0.1.0", "uptime_s": 75, "held": 3, "queue": 0, "connections": {"total": 9},
            "workers": [{"role": "request", "state": "busy"}, {"role": "courier", "state": "idle"}],
            "operations": {
                "GetItem": {"requests": 30, "failed": 3, "micros": 45_000},
                "FindItem": {"requests": 4, "failed": 0, "micros": 8_000},
                "Subscribe": {"requests": 0, "failed": 0, "micros": 0},
            },
        });
        let rates = super::rates(&before, &now, 2.0);
        assert_eq!(rates.len(), 2, "{rates:?}");
        let get = &rates["GetItem"];
        assert_eq!((get.per_second, get.failed_per_second, get.mean_ms), (10.0, 1.0, 2.0));
        let text = super::describe(&now, &rates);
        for part in ["up 1m 15s: 12.0 requests/s", "9 connections", "3 held", "1 of 1 workers busy"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        let order: Vec<&str> = text.lines().skip(2).filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(order, ["GetItem", "FindItem"]);
        assert!(super::rates(&now, &before, 2.0).is_empty(), "a server that was started anew");
    }
}
