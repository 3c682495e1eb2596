//! What serves stays readable: no file over 500 lines unless it is a table, no function over 60.

use std::path::Path;

use super::architecture::sources;
use crate::support::source::take_apart;

crate::tests![files_stay_short, functions_fit_a_screen];

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 60;

/// One row a line: they grow with the protocol and are read by searching.
const TABLES: &[&str] = &["proto/model/src/code.rs", "proto/model/src/property/table.rs"];

/// Path and text of each source that is built into a program; what tests it left out.
fn serving() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["src", "proto", "master/src", "worker/src"];
    let files = folders.iter().flat_map(|folder| sources(&root.join(folder)));
    let is_test = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        path.contains("/tests/") || path.contains("/examples/") || name.ends_with("tests.rs")
    };
    files
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            (path.strip_prefix(root).unwrap().display().to_string(), text)
        })
        .filter(|(path, _)| !is_test(path))
        .collect()
}

fn files_stay_short() {
    let files = serving();
    assert!(files.len() > 200, "only {} files serve", files.len());
    for table in TABLES {
        let text = files.iter().find(|(path, _)| path == table);
        let lines = text.map(|(_, text)| text.lines().count());
        assert!(lines.is_some_and(|lines| lines > FILE_LINES), "{table} needs no exception: {lines:?} lines");
    }
    let long: Vec<String> = files
        .iter()
        .filter(|(path, _)| !TABLES.contains(&path.as_str()))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "split these by what they do:\n{}", long.join("\n"));
}

/// Name and number of lines of each function that is longer than it may be, as rustfmt sets them.
fn long_functions(code: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut long = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = line.split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next()) else { continue };
        if line.contains("$") || line.trim_end().ends_with([';', '}']) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let closes = |line: &&str| line.len() == indent + 1 && line.ends_with('}');
        let length = lines[at..].iter().position(closes).unwrap_or(0) + 1;
        if length > FUNCTION_LINES {
            long.push((name.to_owned(), length));
        }
    }
    long
}

fn functions_fit_a_screen() {
    let long: Vec<String> = serving()
        .iter()
        .flat_map(|(path, text)| {
            let functions = long_functions(&take_apart(text).code);
            functions.into_iter().map(move |(name, lines)| format!("{path}: {name}, {lines} lines"))
        })
        .collect();
    assert!(long.is_empty(), "split these by what they do:\n{}", long.join("\n"));
    let body = "    let x = 1;\n".repeat(FUNCTION_LINES);
    assert_eq!(long_functions(&format!("fn f() {{\n{body}}}\n")), [("f".to_owned(), FUNCTION_LINES + 2)]);
}
