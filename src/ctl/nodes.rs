//! `ewsctl status --all-nodes`: the servers that work on the same database, each asked through it.

use std::path::Path;
use std::time::{Duration, Instant};

use ewsd_store::Node;
use serde_json::{Value, json};

use super::control::text_of;
use super::database::{away, open};
use super::status::span;
use super::{Exit, Out, Result};

/// A node that has not answered after so long does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks for answers.
const LOOK: Duration = Duration::from_millis(20);

pub fn run(config: &Path, out: Out) -> Result {
    let settings = super::load(config)?;
    let mut store = open(&settings)?;
    let failed = |error| away(&settings, &error);
    // Another one than whoever asks at the same time has.
    let question = jiff::Timestamp::now().as_microsecond() ^ i64::from(std::process::id()) << 44;
    store.ask_nodes(question).map_err(failed)?;
    let begun = Instant::now();
    let nodes = loop {
        let nodes = store.nodes(question).map_err(failed)?;
        if nodes.iter().all(|node| node.said.is_some()) || begun.elapsed() > PATIENCE {
            break nodes;
        }
        std::thread::sleep(LOOK);
    };
    let silent = nodes.iter().filter(|node| node.said.is_none()).count();
    if out.json {
        say!("{:#}", nodes.iter().map(value).collect::<Value>())?;
    } else {
        for node in &nodes {
            say!("{}", line(node))?;
        }
        say!("{}", total(&nodes))?;
    }
    match silent {
        0 => Ok(()),
        n => Err(Exit::Temporary.because(format!("{n} of {} nodes did not answer", nodes.len()))),
    }
}

fn value(node: &Node) -> Value {
    json!({
        "host": node.host, "pid": node.pid, "since": node.since.to_string(), "status": node.said,
    })
}

fn number(said: &Value, name: &str) -> u64 {
    said.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// One node for people.
fn line(node: &Node) -> String {
    let who = format!("{} {}", node.host, node.pid);
    let Some(said) = &node.said else { return format!("{who:24}  does not answer") };
    let ready = if said.get("ready").and_then(Value::as_bool) == Some(true) { "ready" } else { "not ready" };
    let addresses = said.get("addresses").and_then(|addresses| addresses.get("http")).and_then(Value::as_array);
    let addresses: Vec<&str> = addresses.into_iter().flatten().filter_map(Value::as_str).collect();
    let connections = said.get("connections").map_or(0, |connections| number(connections, "total"));
    format!(
        "{who:24}  ewsd {}, {ready}, up {}  {} workers, {connections} connections, {} held, {} streams  {}",
        text_of(said, "version").unwrap_or("?"),
        span(number(said, "uptime_s")),
        number(said, "workers"),
        number(said, "held"),
        number(said, "streams"),
        addresses.join(" "),
    )
}

fn total(nodes: &[Node]) -> String {
    let sum =
        |name: &str| nodes.iter().filter_map(|node| node.said.as_ref()).map(|said| number(said, name)).sum::<u64>();
    format!("{} nodes, {} held calls, {} of them streams", nodes.len(), sum("held"), sum("streams"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_a_line_and_a_silent_one_is_said_to_be() {
        let said = json!({
            "version": "1.2", "ready": true, "uptime_s": 61, "workers": 2, "held": 7, "streams": 3,
            "connections": {"total": 9}, "addresses": {"http": ["127.0.0.1:1"]},
        });
        let node =
            Node { instance: 1, host: "one".into(), pid: 5, since: jiff::Timestamp::UNIX_EPOCH, said: Some(said) };
        let silent = Node { host: "two".into(), said: None, ..node.clone() };
        let text = line(&node);
        for part in
            ["one 5", "ewsd 1.2, ready, up 1m 01s", "2 workers, 9 connections, 7 held, 3 streams", "127.0.0.1:1"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(line(&silent).contains("does not answer"));
        assert_eq!(total(&[node, silent]), "2 nodes, 7 held calls, 3 of them streams");
    }
}
