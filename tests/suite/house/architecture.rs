//! ARCHITECTURE.md's walks name files and functions, its table of processes the roles, the heads of sources (`//!`) name
//! files: each must be there.

use std::path::{Path, PathBuf};

use ewsd_ipc::role::{Processes, ROLES};

crate::tests![the_walks_match_the_code, the_roles_are_those_of_the_table, files_named_in_heads_are_there];

/// Pairs of a file and a function in backticks, `a/b.rs` `name`, and further functions of the same file after it.
fn named(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut file = None;
    for (at, word) in text.split('`').enumerate() {
        if at % 2 == 0 {
            continue;
        }
        if word.ends_with(".rs") && word.contains('/') {
            file = Some(word.to_owned());
        } else if let Some(file) = &file {
            if !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                pairs.push((file.clone(), word.to_owned()));
            }
        }
    }
    pairs
}

fn the_walks_match_the_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let walks = text.split("## Walk 1").nth(1).expect("the walks");
    let pairs = named(walks);
    assert!(pairs.len() > 40, "only {} functions are named", pairs.len());
    for (file, function) in pairs {
        let code = std::fs::read_to_string(root.join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let there = code.contains(&format!("fn {function}(")) || code.contains(&format!("fn {function}<"));
        assert!(there, "{file} has no function {function}");
    }
    for file in walks.split('`').filter(|word| word.ends_with(".rs") && word.contains('/')) {
        assert!(root.join(file).is_file(), "{file} is not there");
    }
}

/// The table of processes has a line for each role, with its number, and each role its file.
fn the_roles_are_those_of_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let table =
        text.split("Which processes are there?").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("it");
    let lines: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| role"))
        .map(|line| line.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    let names: Vec<&str> = lines.iter().map(|cells| cells[0]).collect();
    let expected: Vec<&str> = std::iter::once("master").chain(ROLES.iter().map(|row| row.name)).collect();
    assert_eq!(names, expected, "the lines of ARCHITECTURE.md and the rows of proto/ipc/src/role.rs, in their order");
    for (cells, row) in lines.iter().skip(1).zip(ROLES) {
        let [_, what, many, file] = cells[..] else { panic!("{cells:?}") };
        assert_eq!(what, row.what, "{}", row.name);
        match row.processes {
            Processes::One => assert!(many.starts_with('1'), "{}: {many}", row.name),
            Processes::Workers => assert_eq!(many, "`process.workers`", "{}", row.name),
            Processes::Logins => assert_eq!(many, "`process.logins`, or none", "{}", row.name),
        }
        assert_eq!(file, format!("`worker/src/role/{}.rs`", row.name));
        assert!(root.join(file.trim_matches('`')).is_file(), "{file}");
    }
}

/// Every Rust source below a folder.
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The files that a source's head names in backticks; `{a,b}.rs` is two, and `<verb>.rs` any.
fn named_in_head(text: &str) -> Vec<String> {
    let head: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let head = head.join("\n");
    let words = head.split('`').skip(1).step_by(2);
    let files = words.filter(|word| word.ends_with(".rs") && !word.contains(['<', ' ']));
    files
        .flat_map(|file| match file.split_once('{').zip(file.rsplit_once('}')) {
            Some(((before, _), (_, after))) => {
                let choices = &file[before.len() + 1..file.len() - after.len() - 1];
                choices.split(',').map(|choice| format!("{before}{choice}{after}")).collect()
            }
            None => vec![file.to_owned()],
        })
        .collect()
}

/// A name counts from the file's folder or any above it, or from such a folder's `src`.
fn files_named_in_heads_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = 0;
    let mut missing = Vec::new();
    for path in ["src", "proto", "master", "worker", "tests"].iter().flat_map(|folder| sources(&root.join(folder))) {
        let above: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| folder.starts_with(root)).collect();
        for name in named_in_head(&std::fs::read_to_string(&path).unwrap()) {
            names += 1;
            let is_there = |folder: &Path| folder.join(&name).is_file() || folder.join("src").join(&name).is_file();
            if !above.iter().any(|folder| is_there(folder)) {
                missing.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(names > 100, "only {names} files are named");
    assert!(missing.is_empty(), "heads name files that are not there:\n{}", missing.join("\n"));
}
