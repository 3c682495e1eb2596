//! `ewsctl status`: what the running server does at this moment, or with `--all-nodes` what all servers of its database do
//! (`nodes.rs`).

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::control::{self, text_of};
use super::{Out, Result, nodes};

/// Show the running server: workers by state, connections, held calls, queue, uptime.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ewsctl status\n  ewsctl status --json | jq .connections.held\n  ewsctl status --all-nodes\n\n\
    The exit status is 0 when the server answers, ready or not; with --all-nodes when the database does and no node is silent."
)]
pub struct Args {
    /// Ask every server that works on the same database, through that database.
    #[arg(long)]
    all_nodes: bool,
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    if args.all_nodes {
        return nodes::run(config, out);
    }
    let settings = super::load_to_reach(config)?;
    let status = control::require(&settings, &json!({"cmd": "status"}))?;
    if out.json {
        return say!("{status:#}");
    }
    super::print(format_args!("{}", describe(&status)))
}

fn describe(status: &Value) -> String {
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
    let mut out = String::new();
    let ready = if status.get("ready").and_then(Value::as_bool) == Some(true) { "ready" } else { "not ready" };
    let version = text_of(status, "version").unwrap_or("?");
    let _ = writeln!(out, "ewsd {version}, {ready}, up {}", span(number(status, "uptime_s")));
    let _ = writeln!(out, "generation   {}", number(status, "generation"));
    if let Some(connections) = status.get("connections").and_then(Value::as_object) {
        let parts: Vec<String> = connections
            .iter()
            .filter(|(name, _)| *name != "total")
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        let total = connections.get("total").and_then(Value::as_u64).unwrap_or_default();
        let _ = writeln!(out, "connections  {total}: {}", parts.join(", "));
    }
    let _ = writeln!(out, "held calls   {}", number(status, "held"));
    let _ = writeln!(out, "queue        {}", number(status, "queue"));
    if let Some(outbox) = status.get("outbox") {
        let _ = writeln!(out, "mail out     {}", outgoing(outbox, jiff::Timestamp::now().as_second()));
    }
    if let Some(waits) = status.get("clock").and_then(doubted) {
        let _ = writeln!(out, "CLOCK        {waits}");
    }
    for row in status.get("failing").and_then(Value::as_array).into_iter().flatten() {
        let (role, why) = (text_of(row, "role").unwrap_or("?"), text_of(row, "why").unwrap_or("?"));
        let (slot, failures) = (number(row, "slot"), number(row, "failures"));
        let _ = writeln!(
            out,
            "FAILING      {role} {slot} does not start ({failures} times, again in {}): {why}",
            span(number(row, "retry_s"))
        );
    }
    let workers = status.get("workers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let _ = writeln!(out, "workers      {}: {}", workers.len(), by_state(workers));
    for worker in workers {
        let _ = writeln!(
            out,
            "  {:9} {:>3}  pid {:<8} {:<9} {:>8} requests  {}",
            text_of(worker, "role").unwrap_or("?"),
            number(worker, "slot"),
            number(worker, "pid"),
            text_of(worker, "state").unwrap_or("?"),
            number(worker, "requests"),
            span(number(worker, "age_s")),
        );
    }
    if let Some(addresses) = status.get("addresses").and_then(Value::as_object) {
        for (name, list) in addresses {
            let list: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let _ = writeln!(out, "{name:12} {}", list.join(" "));
        }
    }
    out
}

/// How much mail waits to leave, at a time in seconds since 1970.
fn outgoing(outbox: &Value, now: i64) -> String {
    let number = |name: &str| outbox.get(name).and_then(Value::as_u64).unwrap_or_default();
    let oldest = outbox.get("oldest").and_then(Value::as_i64);
    match (number("queued"), number("deferred"), oldest) {
        (queued, 0, None) => format!("{queued} queued"),
        (queued, deferred, oldest) => {
            let age = oldest.map_or(0, |oldest| u64::try_from(now - oldest).unwrap_or_default());
            format!("{queued} queued, {deferred} of them tried in vain, the oldest {} ago", span(age))
        }
    }
}

/// Why nothing is thrown away by its age, unless the clock is believed.
fn doubted(clock: &Value) -> Option<String> {
    let left = clock.get("left_s").and_then(Value::as_u64).unwrap_or_default();
    Some(match text_of(clock, "state")? {
        "jumped" => {
            let left = span(left);
            format!(
                "it jumped, or no server ran: nothing is thrown away by its age for {left} more (limits.clock_seconds)"
            )
        }
        "apart" => "it is not the database's: nothing is thrown away by its age (ewsctl doctor)".to_owned(),
        _ => return None,
    })
}

fn by_state(workers: &[Value]) -> String {
    let mut states: Vec<(&str, usize)> = Vec::new();
    for state in workers.iter().filter_map(|worker| text_of(worker, "state")) {
        match states.iter_mut().find(|(name, _)| *name == state) {
            Some((_, count)) => *count += 1,
            None => states.push((state, 1)),
        }
    }
    let parts: Vec<String> = states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    parts.join(", ")
}

/// Seconds for a person: `3d 04h`, `2h 05m`, `1m 09s`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn outgoing_mail_is_told_with_its_age() {
        let text = |outbox| super::outgoing(&outbox, 1000);
        assert_eq!(text(json!({"queued": 0, "deferred": 0, "oldest": null})), "0 queued");
        let waiting = text(json!({"queued": 3, "deferred": 1, "oldest": 925}));
        assert_eq!(waiting, "3 queued, 1 of them tried in vain, the oldest 1m 15s ago");
    }

    #[test]
    fn a_clock_is_spoken_of_when_it_is_doubted() {
        let text = |clock| super::doubted(&clock).unwrap_or_default();
        assert_eq!(text(json!({"state": "believed", "left_s": 0})), "");
        assert!(text(json!({"state": "jumped", "left_s": 3600})).contains("for 1h 00m more"));
        assert!(text(json!({"state": "apart", "left_s": 0})).contains("not the database's"));
    }

    #[test]
    fn the_text_names_every_figure() {
        let text = super::describe(&json!({
            "ok": true, "version": "0.1.0", "uptime_s": 3720, "generation": 2, "ready": true, "queue": 4, "held": 7,
            "workers": [
                {"role": "request", "slot": 0, "pid": 11, "state": "idle", "requests": 5, "age_s": 61},
                {"role": "request", "slot": 1, "pid": 12, "state": "busy", "requests": 6, "age_s": 61},
            ],
            "failing": [{"role": "courier", "slot": 0, "failures": 3, "why": "no such user", "retry_s": 4}],
            "connections": {"held": 7, "idle": 1, "total": 8},
            "addresses": {"http": ["127.0.0.1:8080"]},
        }));
        for part in [
            "ewsd 0.1.0, ready, up 1h 02m",
            "8: 7 held, 1 idle",
            "queue        4",
            "2: 1 idle, 1 busy",
            "pid 12",
            "FAILING      courier 0 does not start (3 times, again in 4s): no such user",
            "6 requests  1m 01s",
            "127.0.0.1:8080",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
}
