//! For tests only: the tables of the protocol reference, read where they lie beside the repository.

use std::path::Path;

/// A tab-separated table with a header line.
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// One line of it.
pub struct Line<'a> {
    header: &'a [String],
    cells: &'a [String],
}

impl Table {
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.rows.iter().map(|cells| Line { header: &self.header, cells })
    }
}

impl<'a> Line<'a> {
    /// The cell below that heading, empty if the line is short.
    pub fn get(&self, heading: &str) -> &'a str {
        let at = self.header.iter().position(|name| name == heading);
        at.and_then(|at| self.cells.get(at)).map_or("", String::as_str)
    }
}

/// None, and a word on standard error, when the reference is not there.
pub fn table(file: &str) -> Option<Table> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("not compared: the reference table {file} is not present");
        return None;
    };
    let mut lines = text.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next()?;
    Some(Table { header, rows: lines.collect() })
}
