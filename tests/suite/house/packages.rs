//! What is shipped beside the programs: alert rules and dashboard, unit, scripts, manual pages, samples. Tools of other people judge
//! where they are installed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::demo::ewsctl;
use crate::support::http::Http;
use crate::support::ops::get_folder;
use crate::support::{lmtp, message, shared, wait};

crate::tests![
    every_query_names_a_metric_and_labels_that_there_are,
    the_unit_is_locked_in,
    scripts_rules_and_pages_are_clean,
    every_sample_is_installed_and_named,
    the_image_is_built_of_what_the_package_is,
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn shipped(file: &str) -> String {
    fs::read_to_string(root().join("packaging").join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Runs a tool; none where it is not installed.
fn tool(name: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(name).args(arguments).current_dir(root()).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: {name} is not installed");
            None
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

#[track_caller]
fn satisfied(name: &str, arguments: &[&str]) {
    if let Some(output) = tool(name, arguments) {
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&said));
    }
}

/// Metrics with the labels that they have, as `/metrics` shows them.
fn metrics(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        found.entry(name.to_owned()).or_default().extend(label_names(labels));
    }
    found
}

/// The names in `a="b",c=~"d"}`.
fn label_names(labels: &str) -> Vec<String> {
    let names = labels.split('"').step_by(2);
    let name = |text: &str| text.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned();
    names.map(name).filter(|name| !name.is_empty()).collect()
}

/// The metrics that a query names, each with the labels that it is chosen by, and all labels that the query groups by.
fn selectors(query: &str) -> (Vec<(String, Vec<String>)>, Vec<String>) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut chosen = Vec::new();
    for (at, _) in query.match_indices("ewsd_") {
        let rest = &query[at..];
        let name: String = rest.chars().take_while(|c| is_name(*c)).collect();
        let labels = rest[name.len()..].strip_prefix('{').map(|rest| rest.split('}').next().unwrap());
        chosen.push((name, labels.map(label_names).unwrap_or_default()));
    }
    let groups = query.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
    (chosen, groups.flat_map(|list| list.split(',')).map(|name| name.trim().to_owned()).collect())
}

fn queries() -> Vec<String> {
    let dashboard: serde_json::Value = serde_json::from_str(&shipped("grafana/ewsd.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let of_panels = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut all: Vec<String> = of_panels.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    let rules = shipped("prometheus/ewsd.yml");
    all.extend(rules.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).map(str::to_owned));
    all
}

fn every_query_names_a_metric_and_labels_that_there_are() {
    let (server, mut ews) = (shared::server(), shared::mailbox());
    get_folder(&mut ews, "inbox", "IdOnly", &[]);
    lmtp::deliver(server.lmtp(), &ews.account.address, &message::plain("counted", "x"));
    let there = || metrics(&Http::connect(server.admin()).get("/metrics", &[]).text());
    wait::true_within("requests are in the figures", wait::LONG, || there().contains_key("ewsd_requests_total"));
    let there = there();
    let queries = queries();
    assert!(queries.len() > 30, "{}", queries.len());
    // What Prometheus itself puts to every series.
    let given = ["job", "instance"];
    for query in &queries {
        let (chosen, groups) = selectors(query);
        for (name, labels) in &chosen {
            let known = there.get(name).unwrap_or_else(|| panic!("{query}: /metrics shows no {name}"));
            for label in labels.iter().filter(|label| !given.contains(&label.as_str())) {
                assert!(known.contains(label), "{query}: {name} has no label {label}, but {known:?}");
            }
        }
        for group in groups {
            let has = |(name, _): &(String, Vec<String>)| there[name].contains(&group);
            assert!(chosen.iter().all(has), "{query}: there is no label {group}");
        }
    }
    let (chosen, groups) = selectors("sum by (le, x) (rate(ewsd_a_bucket{job=\"j\",b!~\"1|2\"}[5m])) / ewsd_c");
    assert_eq!(chosen[0], ("ewsd_a_bucket".to_owned(), vec!["job".to_owned(), "b".to_owned()]));
    assert_eq!((chosen[1].0.as_str(), groups), ("ewsd_c", vec!["le".to_owned(), "x".to_owned()]));
}

fn the_unit_is_locked_in() {
    let folder = std::env::temp_dir().join(format!("ewsd-unit-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let unit = folder.join("ewsd.service");
    let text = shipped("systemd/ewsd.service");
    for line in ["WatchdogSec=", "OOMPolicy=continue", "ExecReload=@BINDIR@/ewsctl", "RuntimeDirectory=ewsd"] {
        assert!(text.contains(line), "{line}");
    }
    // Programs that are there, in place of ours, which are not installed.
    let lines = text.lines().map(|line| match line.split_once('=') {
        Some((key, _)) if key.starts_with("Exec") => format!("{key}=/bin/true\n"),
        Some(("Documentation", _)) => String::new(),
        _ => format!("{line}\n"),
    });
    fs::write(&unit, lines.collect::<String>()).unwrap();
    let unit = unit.to_string_lossy().into_owned();
    // 2.0 at most.
    satisfied("systemd-analyze", &["security", "--offline=true", "--no-pager", "--threshold=20", &unit]);
    if let Some(output) = tool("systemd-analyze", &["verify", "--man=no", &unit]) {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let of_ours: Vec<&str> = said.lines().filter(|line| line.contains("ewsd.service")).collect();
        assert!(of_ours.is_empty(), "{of_ours:?}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// Every file below `packaging/` that a shell runs.
fn scripts(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            scripts(&path, found);
            continue;
        }
        let text = fs::read(&path).unwrap();
        if ["#!/bin/sh", "#!/bin/bash", "# shellcheck shell="].iter().any(|sign| text.starts_with(sign.as_bytes())) {
            found.push(path.display().to_string());
        }
    }
}

fn scripts_rules_and_pages_are_clean() {
    let mut found = Vec::new();
    scripts(&root().join("packaging"), &mut found);
    assert!(found.len() > 6, "{found:?}");
    let arguments: Vec<&str> = found.iter().map(String::as_str).collect();
    satisfied("shellcheck", &arguments);
    satisfied("rpmlint", &["-c", "packaging/rpm/rpmlint.toml", "packaging/rpm/ewsd.spec"]);
    satisfied("promtool", &["check", "rules", "packaging/prometheus/ewsd.yml"]);
    let pages = std::env::temp_dir().join(format!("ewsd-pages-{}", std::process::id()));
    let written = Command::new(ewsctl()).args(["man", "--out"]).arg(&pages).output().unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let all: Vec<String> =
        fs::read_dir(&pages).unwrap().flatten().map(|page| page.path().display().to_string()).collect();
    let arguments =
        ["-T", "lint", "-W", "warning"].into_iter().chain(all.iter().map(String::as_str)).collect::<Vec<_>>();
    satisfied("mandoc", &arguments);
    fs::remove_dir_all(&pages).unwrap();
}

fn every_sample_is_installed_and_named() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let list = makefile.lines().find_map(|line| line.trim().strip_prefix("for kind in ")).unwrap();
    let installed: BTreeSet<&str> = list.split(';').next().unwrap().split(' ').collect();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    // What installs and builds, and is no sample.
    let own = ["debian", "rpm", "container", "systemd", "sysusers.d", "tmpfiles.d", "fail2ban", "trial"];
    for entry in fs::read_dir(root().join("packaging")).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !own.contains(&name.as_str()) {
            assert!(installed.contains(name.as_str()), "`make install` leaves packaging/{name} out");
            assert!(readme.contains(&format!("packaging/{name}/")), "README.md does not name packaging/{name}");
        }
    }
    let version = format!("%global ewsd_version {}}}", env!("CARGO_PKG_VERSION"));
    assert!(shipped("rpm/ewsd.spec").contains(&version), "the spec has another version than Cargo.toml");
    assert!(shipped("fail2ban/jail.conf").contains("filter = ewsd"));
}

/// One list of what building takes: the package's. Debhelper is its own.
fn the_image_is_built_of_what_the_package_is() {
    let control = shipped("debian/control");
    let needs = control.lines().find_map(|line| line.strip_prefix("Build-Depends: ")).expect("Build-Depends");
    let container = shipped("container/Containerfile");
    for need in needs.split(", ").filter(|need| !need.starts_with("debhelper")) {
        let name = need.split([' ', '(']).next().unwrap();
        assert!(container.split_whitespace().any(|word| word == name), "the image is built without {name}");
    }
}
