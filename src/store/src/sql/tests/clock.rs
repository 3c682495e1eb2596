//! Which statements go by the database's own clock, and why they may. Whatever is thrown away or told because of its age is judged by
//! a time that comes with the question, which is believed (`age.rs`).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const STAMP: &str = "says when it was stored; nothing is due by it";
const TOUCHED: &str = "says that a content is in use, or that it was said just now, which spares a write";
const HOUR: &str = "the hour in which changes are counted, by the clock of whoever counts them";
/// Nodes have clocks of their own, which differ.
const SHARED: &str =
    "set and asked by any node, by the one clock that all of them have; it is put off or given up, and nothing is lost";
const FETCHED: &str = "a copy of what lies elsewhere and is fetched again";
const COMPARED: &str = "told to whoever judges a clock";

const ALL: &[&str] = &[STAMP, TOUCHED, HOUR, SHARED, FETCHED, COMPARED];

/// A piece of a statement, with `$` for each value, and why it may go by that clock.
const BY_THE_DATABASE: &[(&str, &str)] = &[
    ("modified = now()", STAMP),
    ("touched = clock_timestamp()", STAMP),
    ("then now() else o.modified end", STAMP),
    ("coalesce({place}::timestamptz, now())", STAMP),
    ("coalesce(w.modified, now())", STAMP),
    ("applied timestamptz not null default now()", STAMP),
    ("since = now()", STAMP),
    ("set warned = now()", STAMP),
    ("last = now()", STAMP),
    ("tried = now()", STAMP),
    ("coalesce(first_failed, now())", STAMP),
    ("do update set touched = now()", TOUCHED),
    ("blob.touched < now() - interval '10 minutes'", TOUCHED),
    ("login_place.last < now() - make_interval(hours => 1)", TOUCHED),
    ("floor(extract(epoch from now()) / 3600)::int", HOUR),
    ("3600 - floor(extract(epoch from now()))::bigint % 3600", HOUR),
    ("ends > now()", SHARED),
    ("ends <= now()", SHARED),
    ("ends < now() + make_interval(secs => s.timeout * 0.9375)", SHARED),
    ("ends < now() + make_interval(secs => timeout * 0.9375)", SHARED),
    ("ends = now() + make_interval(secs => s.timeout)", SHARED),
    ("ends = now() + make_interval(secs => timeout)", SHARED),
    ("ends = now() + make_interval(secs => $::int + s.timeout)", SHARED),
    ("$::int, now() + make_interval(secs => $::int)", SHARED),
    ("extract(epoch from s.ends - now())", SHARED),
    ("{lease} <= now()", SHARED),
    ("next_at <= now()", SHARED),
    ("next_at = now()", SHARED),
    ("extract(epoch from next_at - now())", SHARED),
    ("then now() + make_interval(secs => frequency)", SHARED),
    ("p.due <= now()", SHARED),
    ("lease = now() + make_interval(secs => $::float8)", SHARED),
    ("extract(epoch from due - now())", SHARED),
    ("values ($, now() + make_interval(secs => $::float8))", SHARED),
    ("token_keys.due <= now()", SHARED),
    ("due = now()", SHARED),
    ("due > now()", SHARED),
    ("tried <= now() - make_interval(secs => $::float8)", SHARED),
    ("tried < now() - make_interval(days => 30)", FETCHED),
    ("select now(), c.at, c.since", COMPARED),
    ("('server_version_num')::int, clock_timestamp()", COMPARED),
];

/// Pages with a statement that deletes and goes by a clock, and why it may.
const DELETING: &[(&str, &str)] = &[("keep_token_keys", FETCHED)];

/// What PostgreSQL has for the time; `now()` of Rust stands behind a path.
const CLOCKS: &[&str] =
    &["now()", "clock_timestamp()", "statement_timestamp()", "current_timestamp", "localtimestamp", "current_date"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.ends_with("tests") || path.ends_with("tests.rs") => {}
            path if path.is_dir() => sources(&path, found),
            path if path.extension().is_some_and(|end| end == "rs") => found.push(path),
            _ => {}
        }
    }
}

/// What of a file may be in a statement: no comments, no tests, single blanks, `$` for each value.
fn statements(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).filter(|word| *word != "\\").collect();
    let text = words.join(" ").replace("::now()", "").replace("_now()", "").replace("fn now()", "");
    let mut pieces = text.split('$');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + "$" + piece.trim_start_matches(|digit: char| digit.is_ascii_digit()))
}

/// The clocks in a text that no piece with one of these reasons accounts for, with what stands around them; notes which pieces there are.
fn unaccounted(text: &str, reasons: &[&str], met: &mut BTreeSet<&'static str>) -> Vec<String> {
    let known = BY_THE_DATABASE.iter().filter(|(_, reason)| reasons.contains(reason));
    let mut pieces: Vec<&'static str> = known.map(|(piece, _)| *piece).collect();
    pieces.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
    let mut text = text.to_owned();
    for piece in pieces.into_iter().filter(|piece| text.contains(piece)).collect::<Vec<_>>() {
        // A longer one may have had it.
        if text.contains(piece) {
            met.insert(piece);
            text = text.replace(piece, "");
        }
    }
    let around = |at: usize| text.chars().skip(text[..at].chars().count().saturating_sub(60)).take(90).collect();
    CLOCKS
        .iter()
        .flat_map(|clock| text.match_indices(clock).map(|(at, _)| around(at)).collect::<Vec<String>>())
        .collect()
}

#[test]
fn statements_take_the_time_from_whoever_asks() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut met = BTreeSet::new();
    let mut complaints = Vec::new();
    for file in &files {
        let found = unaccounted(&statements(&fs::read_to_string(file).unwrap()), ALL, &mut met);
        complaints.extend(found.iter().map(|around| format!("{}: {around}", file.display())));
    }
    assert!(files.len() > 50);
    assert!(
        complaints.is_empty(),
        "let the time be a value, or say in BY_THE_DATABASE why not:\n{}",
        complaints.join("\n")
    );
    let unmet: Vec<_> = BY_THE_DATABASE.iter().filter(|(piece, _)| !met.contains(piece)).collect();
    assert!(unmet.is_empty(), "no statement says this any more: {unmet:?}");
}

#[test]
fn a_clock_is_found_wherever_it_stands() {
    let text =
        "// now()\nlet at = Timestamp::now();\n\"delete from x where at < now() \\\n - make_interval(days => $12)\"";
    let mut met = BTreeSet::new();
    let found = unaccounted(&statements(text), ALL, &mut met);
    assert!(found.len() == 1 && found[0].contains("at < now() - make_interval(days => $)"), "{found:?}");
    assert!(unaccounted(&statements("set modified = now(), x = $3"), ALL, &mut met).is_empty());
    assert!(met.contains("modified = now()"));
}

#[test]
fn nothing_is_deleted_by_a_clock_that_nobody_judges() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let text = fs::read_to_string(entry.path()).unwrap();
        let by_clock = |statement: &str| {
            let goes_by = || unaccounted(&statements(statement), &[STAMP, HOUR], &mut BTreeSet::new());
            statement.contains("delete from ") && !goes_by().is_empty()
        };
        if text.split(";\n").any(by_clock) {
            found.insert(entry.path().file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    let listed: BTreeSet<String> = DELETING.iter().map(|(page, _)| (*page).to_owned()).collect();
    assert_eq!(found, listed, "let the time be a Before, or say in DELETING why not");
}
