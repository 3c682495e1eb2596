//! ARCHITECTURE.md's walks name files and functions: each must be there.

use std::path::Path;

crate::tests![the_walks_match_the_code];

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
