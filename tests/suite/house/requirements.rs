//! Requirement ids that stand at the tests (`MS-OXWSMTGS_R314`): each is one of the reference's tables, where it is at hand; how many
//! of what can be tested have a test is printed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::architecture::sources;
use crate::support::validate::reference;

crate::tests![ids_at_the_tests_are_requirements];

/// The ids in a text.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("MS-OX").filter_map(|(at, _)| {
        let rest = &text[at..];
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(rest.len());
        let id = &rest[..length];
        let number = id.split_once("_R")?.1;
        (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(id)
    })
}

fn ids_at_the_tests_are_requirements() {
    let tests = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
    let texts: Vec<String> = tests.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let named: BTreeSet<&str> = texts.iter().flat_map(|text| ids(text)).collect();
    assert!(named.len() > 100, "only {} ids stand at the tests", named.len());
    let Some(folder) = reference().map(|kit| kit.join("requirements")).filter(|folder| folder.is_dir()) else {
        return println!("skipped: no requirement tables here (EWSD_REFERENCE names the folder of the reference)");
    };
    // Of each document: its ids, and those that somebody's test can prove of a server.
    let mut documents: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|ending| ending != "tsv") {
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines().skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            let (all, testable) = documents.entry(name.clone()).or_default();
            all.insert(cells[0].to_owned());
            if cells.get(5) == Some(&"test case") && cells.get(4) != Some(&"client") {
                testable.insert(cells[0].to_owned());
            }
        }
    }
    let known: BTreeSet<&String> = documents.values().flat_map(|(all, _)| all).collect();
    // Documents that the tables do not cover are named as well.
    let covered = |id: &str| documents.keys().any(|name| id.starts_with(&format!("{name}_R")));
    let wrong: Vec<&&str> = named.iter().filter(|id| covered(id) && !known.contains(&(**id).to_owned())).collect();
    assert!(wrong.is_empty(), "no such requirements: {wrong:?}");
    for (name, (all, testable)) in &documents {
        let of = |ids: &BTreeSet<String>| ids.iter().filter(|id| named.contains(id.as_str())).count();
        println!("{name}: {} ids stand at tests; of {} that can be tested {}", of(all), testable.len(), of(testable));
    }
}
