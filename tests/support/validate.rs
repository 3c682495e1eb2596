//! Holds every kept envelope against the reference schema, with the reference's own validator, when it is there.

use std::path::PathBuf;
use std::process::Command;

use super::{programs, record};

/// Validates and prints how many envelopes were valid; an error names the invalid ones.
pub fn run() -> Result<(), String> {
    let Some(validator) = reference().map(|r| r.join("validate.py")).filter(|p| p.is_file()) else {
        println!("validated nothing: no reference schema here (EWSD_REFERENCE names its folder)");
        return Ok(());
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(record::folder())
        .map_err(|e| format!("{}: {e}", record::folder().display()))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .collect();
    files.sort();
    if files.is_empty() {
        println!("validated nothing: no envelope was exchanged");
        return Ok(());
    }
    let Some(python) = programs::python()?.or_else(system_python) else {
        println!("validated nothing: real clients are switched off, and python3 here has no lxml");
        return Ok(());
    };
    let (mut requests, mut replies, mut invalid) = (0, 0, Vec::new());
    let schema_of = |file: &PathBuf| {
        let name = file.to_string_lossy();
        record::OTHERS.iter().find(|(kind, _)| name.ends_with(&format!(".{kind}.xml"))).map(|(_, schema)| *schema)
    };
    files.sort_by_key(schema_of);
    for batch in files.chunk_by(|one, next| schema_of(one) == schema_of(next)).flat_map(|same| same.chunks(200)) {
        let mut command = Command::new(&python);
        command.arg(&validator);
        if let Some(schema) = batch.first().and_then(schema_of) {
            command.arg("--xsd").arg(validator.with_file_name("schema/autodiscover").join(schema));
        }
        let output = command.args(batch).output().map_err(|e| e.to_string())?;
        if !matches!(output.status.code(), Some(0 | 1)) {
            return Err(format!("the validator does not run: {}", String::from_utf8_lossy(&output.stderr)));
        }
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            match line.split_once(": ok (") {
                Some((_, what)) if what.starts_with("request") => requests += 1,
                Some(_) => replies += 1,
                None => invalid.push(line.to_owned()),
            }
        }
    }
    println!("validated {requests} requests and {replies} replies against the reference schema");
    if invalid.is_empty() {
        return Ok(());
    }
    let shown = invalid.iter().take(40).cloned().collect::<Vec<_>>().join("\n  ");
    Err(format!("{} complaints of the schema:\n  {shown}", invalid.len()))
}

/// The system's own Python, if it has what the validator needs.
fn system_python() -> Option<PathBuf> {
    let lxml = Command::new("python3").args(["-c", "import lxml.etree"]).output();
    lxml.is_ok_and(|o| o.status.success()).then(|| PathBuf::from("python3"))
}

/// The reference kit: `EWSD_REFERENCE`, else beside the repository.
pub fn reference() -> Option<PathBuf> {
    let folder = std::env::var_os("EWSD_REFERENCE")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/reference"));
    folder.is_dir().then_some(folder)
}
