//! Finding `initdb` and `postgres` of one version: where Debian, the RPMs of PostgreSQL and PATH put them.

use std::path::{Path, PathBuf};

/// The oldest version whose SQL the store speaks.
const OLDEST: u32 = 15;

/// The programs of one PostgreSQL.
pub struct Programs {
    pub initdb: PathBuf,
    pub postgres: PathBuf,
    /// Major version.
    pub version: u32,
}

/// The programs in `bin_dir` if one is set, else the ones of `version` (the cluster's), else the newest there are.
pub fn find(bin_dir: &str, version: Option<u32>) -> Result<Programs, String> {
    let candidates = match bin_dir {
        "" => installed(),
        one => vec![PathBuf::from(one)],
    };
    let mut found: Vec<Programs> = candidates.iter().filter_map(|directory| programs(directory)).collect();
    found.sort_by_key(|programs| std::cmp::Reverse(programs.version));
    let newest = found.first().map(|programs| programs.version);
    let fits = |programs: &Programs| version.map_or(programs.version >= OLDEST, |cluster| programs.version == cluster);
    match (found.into_iter().find(fits), version, newest) {
        (Some(programs), ..) => Ok(programs),
        (None, Some(cluster), Some(newest)) => Err(format!(
            "the private cluster was made by PostgreSQL {cluster}, which is not installed (found {newest}): install it, \
             or bring the cluster up with pg_upgrade"
        )),
        (None, None, Some(newest)) => Err(format!("PostgreSQL {newest} is too old: install {OLDEST} or newer")),
        (None, _, None) => Err(format!(
            "no PostgreSQL server found: install it (Debian: apt-get install postgresql), or set database.bin_dir to the \
             directory of initdb and postgres{}",
            if bin_dir.is_empty() { String::new() } else { format!(" ({bin_dir} has none)") }
        )),
    }
}

fn installed() -> Vec<PathBuf> {
    let below = |parent: &str, prefix: &str, tail: &str| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        named.map(|entry| entry.path().join(tail)).collect()
    };
    let mut all = below("/usr/lib/postgresql", "", "bin");
    all.extend(below("/usr", "pgsql-", "bin"));
    all.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    all
}

fn programs(directory: &Path) -> Option<Programs> {
    let (initdb, postgres) = (directory.join("initdb"), directory.join("postgres"));
    if !initdb.is_file() || !postgres.is_file() {
        return None;
    }
    let said = std::process::Command::new(&postgres).arg("--version").output().ok()?;
    // "postgres (PostgreSQL) 15.8 (Debian …)"
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let number = text.split_whitespace().nth(2)?.split(|c: char| !c.is_ascii_digit()).next()?;
    Some(Programs { initdb, postgres, version: number.parse().ok()? })
}
