//! Pairs in `fixtures/`: a request and what is made of it; an answer as it is written. `EWSD_BLESS=1` writes the second
//! halves anew, to be looked at before they are kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::{Path, PathBuf};

use ewsd_ews::parse_envelope;

#[test]
fn requests_are_read_as_their_pair_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut pairs = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        let envelope = parse_envelope(&std::fs::read(&path).unwrap()).unwrap();
        compare(&path.with_extension("txt"), &format!("{envelope:#?}\n"));
        pairs += 1;
    }
    assert!(pairs >= 8);
}

fn compare(path: &Path, found: &str) {
    if std::env::var_os("EWSD_BLESS").is_some() {
        std::fs::write(path, found).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(expected == found, "{} differs; found:\n{found}", path.display());
}
