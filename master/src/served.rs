//! Requests by operation and code, and how long they took: what workers say of them, kept for `/metrics` and for `ewsctl top`.
//!
//! The names are the workers' own; here they are labels of which no more is known than that they fit into the text. Both how many
//! there are and how long they are is bounded: a worker that makes some up fills nobody's memory.

use std::collections::BTreeMap;

use ewsd_ipc::message::{LATENCY_US, ServedRow};

use crate::json::{object, quote};
use crate::metrics::{describe, put};

/// Most operations that are told apart, and most codes of each.
const OPERATIONS: usize = 200;
const CODES: usize = 100;

/// Steps of the histogram, the last one without an end.
const STEPS: usize = LATENCY_US.len() + 1;

#[derive(Debug, Default)]
struct Operation {
    codes: BTreeMap<String, u64>,
    times: [u64; STEPS],
    micros: u64,
}

/// All requests that workers told of.
#[derive(Debug, Default)]
pub struct Served {
    operations: BTreeMap<String, Operation>,
}

impl Served {
    /// Adds what a worker says.
    ///
    /// # Errors
    /// A rule that it broke: a label that is none, a step that there is not.
    pub fn add(&mut self, row: &ServedRow) -> Result<(), String> {
        let (operation, code) = (label(&row.operation)?, label(&row.code)?);
        let known = self.operations.len() < OPERATIONS || self.operations.contains_key(operation);
        let found = self.operations.entry(if known { operation } else { "other" }.to_owned()).or_default();
        let step = found.times.get_mut(usize::from(row.bound)).ok_or("a step that there is not")?;
        *step = step.saturating_add(u64::from(row.n));
        found.micros = found.micros.saturating_add(row.micros);
        let known = found.codes.len() < CODES || found.codes.contains_key(code);
        let count = found.codes.entry(if known { code } else { "other" }.to_owned()).or_default();
        *count = count.saturating_add(u64::from(row.n));
        Ok(())
    }

    /// Appends the metrics.
    pub fn write(&self, out: &mut String) {
        describe(out, "requests_total", "Requests by operation and response code", "counter");
        for (name, operation) in &self.operations {
            for (code, n) in &operation.codes {
                put(out, format_args!("ewsd_requests_total{{operation=\"{name}\",code=\"{code}\"}} {n}"));
            }
        }
        describe(out, "request_seconds", "Time that a worker took over a request, by operation", "histogram");
        for (name, operation) in &self.operations {
            let mut sum = 0;
            for (bound, n) in LATENCY_US.iter().zip(&operation.times) {
                sum += n;
                let bound = *bound as f64 / 1e6;
                put(out, format_args!("ewsd_request_seconds_bucket{{operation=\"{name}\",le=\"{bound}\"}} {sum}"));
            }
            let all: u64 = operation.times.iter().sum();
            put(out, format_args!("ewsd_request_seconds_bucket{{operation=\"{name}\",le=\"+Inf\"}} {all}"));
            let seconds = operation.micros as f64 / 1e6;
            put(out, format_args!("ewsd_request_seconds_sum{{operation=\"{name}\"}} {seconds}"));
            put(out, format_args!("ewsd_request_seconds_count{{operation=\"{name}\"}} {all}"));
        }
    }

    /// For `ewsctl`: of each operation how many, how many of them with a code other than NoError, and their microseconds.
    pub fn json(&self) -> String {
        object(self.operations.iter().map(|(name, operation)| {
            let all: u64 = operation.times.iter().sum();
            let good = operation.codes.get("NoError").copied().unwrap_or(0);
            let codes = object(operation.codes.iter().map(|(code, n)| (code.as_str(), n.to_string())));
            let figures = [
                ("requests", all.to_string()),
                ("failed", all.saturating_sub(good).to_string()),
                ("micros", operation.micros.to_string()),
                ("codes", codes),
            ];
            (name.as_str(), object(figures))
        }))
    }
}

/// A label that needs no escapes in any text.
fn label(bytes: &[u8]) -> Result<&str, String> {
    let fits = !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let text = std::str::from_utf8(bytes).ok().filter(|_| fits);
    text.ok_or_else(|| format!("a label that is none: {}", quote(&String::from_utf8_lossy(bytes))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn row(operation: &str, code: &str, bound: u8, n: u32) -> ServedRow {
        ServedRow { operation: operation.into(), code: code.into(), bound, n, micros: 700 * u64::from(n) }
    }

    #[test]
    fn operations_and_codes_are_counted_apart() {
        let mut served = Served::default();
        for row in
            [row("GetItem", "NoError", 2, 3), row("GetItem", "ErrorItemNotFound", 0, 1), row("LMTP", "250", 14, 2)]
        {
            served.add(&row).unwrap();
        }
        let mut out = String::new();
        served.write(&mut out);
        for line in [
            "ewsd_requests_total{operation=\"GetItem\",code=\"ErrorItemNotFound\"} 1",
            "ewsd_request_seconds_bucket{operation=\"GetItem\",le=\"0.0005\"} 1",
            "ewsd_request_seconds_bucket{operation=\"GetItem\",le=\"0.001\"} 4",
            "ewsd_request_seconds_bucket{operation=\"LMTP\",le=\"300\"} 0",
            "ewsd_request_seconds_bucket{operation=\"LMTP\",le=\"+Inf\"} 2",
            "ewsd_request_seconds_sum{operation=\"GetItem\"} 0.0028",
            "ewsd_request_seconds_count{operation=\"GetItem\"} 4",
        ] {
            assert!(out.lines().any(|said| said == line), "{line} in\n{out}");
        }
        assert!(
            served.json().contains("\"GetItem\":{\"requests\":4,\"failed\":1,\"micros\":2800"),
            "{}",
            served.json()
        );
    }

    #[test]
    fn a_worker_that_makes_names_up_fills_nobodys_memory() {
        let mut served = Served::default();
        for n in 0..10_000 {
            served.add(&row(&format!("Op{n}"), "NoError", 0, 1)).unwrap();
            served.add(&row("GetItem", &format!("Code{n}"), 0, 1)).unwrap();
        }
        assert!(served.operations.len() <= OPERATIONS + 1);
        assert!(served.operations.values().all(|operation| operation.codes.len() <= CODES + 1));
        for (operation, code, bound) in [("a\"b", "c", 0), ("", "c", 0), ("a", "c\n", 0), ("a", "c", 15)] {
            assert!(served.add(&row(operation, code, bound, 1)).is_err(), "{operation} {code} {bound}");
        }
    }
}
