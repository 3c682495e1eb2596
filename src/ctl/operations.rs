//! `ewsctl operations`: what this version answers, out of the operations table.

use ewsd_model::operation::{OPERATIONS, Operation, markdown};
use serde_json::{Value, json};

use super::{Out, Result};

/// List the operations of the protocol, and which of them are built.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ewsctl operations | grep -v refused\n  ewsctl operations --markdown   the table of docs/operations.md"
)]
pub struct Args {
    /// Print the support matrix in Markdown.
    #[arg(long)]
    markdown: bool,
}

pub fn run(args: &Args, out: Out) -> Result {
    if args.markdown {
        super::print(format_args!("{}", markdown()))?;
        return Ok(());
    }
    if out.json {
        let row = |row: &Operation| json!({"name": row.name, "since": row.since.name(), "built": row.built, "refusal": row.refusal.name()});
        return say!("{:#}", OPERATIONS.iter().map(row).collect::<Value>());
    }
    for row in OPERATIONS {
        let answer = if row.built { "built".to_owned() } else { format!("refused with {}", row.refusal.name()) };
        say!("{:32} since {:18} {answer}", row.name, row.since.name())?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    /// The comments between which the table stands.
    const MARKS: [&str; 2] = ["<!-- operations -->\n", "<!-- /operations -->\n"];

    #[test]
    fn the_page_shows_the_table() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md")).unwrap();
        let block = page.split_once(MARKS[0]).unwrap().1.split_once(MARKS[1]).unwrap().0;
        let table = ewsd_model::operation::markdown();
        assert!(
            block == table,
            "docs/operations.md differs: put the output of `ewsctl operations --markdown` between the marks"
        );
    }
}
