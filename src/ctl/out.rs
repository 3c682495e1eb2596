//! What commands print: lines for people, or with the global `--json` one JSON value.

use serde_json::Value;

use super::Result;

/// How the results of a command are printed.
#[derive(Debug, Clone, Copy)]
pub struct Out {
    pub json: bool,
}

impl Out {
    /// Prints a result: `value`, or `line` for people.
    pub fn tell(self, value: &Value, line: &str) -> Result {
        if self.json { say!("{value:#}") } else { say!("{line}") }
    }
}
