//! What a login costs the workers, by each scheme: processor time of all of them for a GetFolder on a new connection that says who it
//! is, beside one whose password the server remembers.
//!
//! All schemes are measured in each run, one after the other, so that what else the machine does falls on all of them alike.

mod realm;
pub mod tickets;
mod token;
mod way;

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use self::realm::Realm;
use self::token::Provider;
use self::way::{WAYS, Way, World};
use crate::error::{Error, Result};
use crate::figures::Figures;
use crate::memory;
use crate::stats::median;
use crate::target::{Server, Target};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// How often each figure is taken; the table shows the medians.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Logins by each scheme in a run, each on a new connection; a fiftieth of them where a password is hashed.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(50..=10_000))]
    logins: u32,
    /// Measure these only, beside what they are compared with.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(WAYS.iter().map(|way| way.key)))]
    only: Vec<String>,
    /// Write the figures into this file, for `ewsload compare`.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Accounts that log in, in turn.
const ACCOUNTS: usize = 4;
/// Logins ahead of all runs, so that each worker has seen each account.
const AHEAD: u32 = 100;

pub fn run(options: &Options) -> Result {
    options.server.own_only("logins are measured")?;
    let (realm, provider) = (Realm::start()?, Provider::make()?);
    let mut settings = vec![
        ("auth.ntlm", "true".to_owned()),
        ("auth.digest", "true".to_owned()),
        // Whose connections are a proxy's cannot be NTLM's.
        ("server.trusted_proxies", "[]".to_owned()),
        // A worker that begins anew would be counted with its start.
        ("process.retire_after", u32::MAX.to_string()),
    ];
    settings.extend(realm.iter().flat_map(Realm::settings));
    settings.extend(provider.iter().flat_map(Provider::settings));
    let target = Target::find(&options.server, ACCOUNTS, &settings)?;
    let world = World { target, realm, provider };
    println!("{}", memory::machine());
    println!(
        "medians of {} runs of {} logins each, microseconds of processor time for a login\n",
        options.runs, options.logins
    );
    let mut rows = Vec::new();
    let chosen = |key: &str| options.only.is_empty() || options.only.iter().any(|only| only == key);
    for (n, way) in WAYS.iter().enumerate() {
        if n > 0 && !chosen(way.key) {
            continue;
        }
        match way.missing(&world) {
            Some(what) => println!("{} is left out: {what}", way.name),
            None => rows.push(Row { way, took: Vec::new() }),
        }
    }
    for row in &rows {
        row.way.log_in(&world, AHEAD.min(row.way.count(options.logins)))?;
    }
    for _ in 0..options.runs {
        for row in &mut rows {
            row.took.push(row.way.measure(&world, row.way.count(options.logins))?);
        }
    }
    tell(options, &rows)
}

/// What was measured of one way, in each run.
struct Row {
    way: &'static Way,
    took: Vec<Took>,
}

/// Microseconds of processor time for a login.
#[derive(Debug, Clone, Copy, Default)]
pub struct Took {
    pub workers: f64,
    pub master: f64,
}

fn tell(options: &Options, rows: &[Row]) -> Result {
    let Some(least) = rows.first() else { return Err(Error::new("nothing was measured")) };
    let mut figures = Figures::default();
    println!(
        "| login by | requests | workers | above {} | least, most | master |\n|---|---|---|---|---|---|",
        least.way.name
    );
    for Row { way, took } in rows {
        let workers = median(took.iter().map(|took| took.workers).collect());
        // Of the same run: what disturbed one has disturbed the other.
        let mut above: Vec<f64> =
            took.iter().zip(&least.took).map(|(own, least)| own.workers - least.workers).collect();
        above.sort_unstable_by(f64::total_cmp);
        let [first, last] = [above.first(), above.last()].map(|figure| figure.copied().unwrap_or_default());
        let middle = median(above);
        let master = median(took.iter().map(|took| took.master).collect());
        println!(
            "| {} | {} | {workers:.0} | {middle:.0} | {first:.0}, {last:.0} | {master:.0} |",
            way.name, way.requests
        );
        figures.put(&format!("{}_worker_us", way.key), workers);
    }
    let parameters = json!({"runs": options.runs, "logins": options.logins, "workers": options.server.workers});
    options.json.as_ref().map_or(Ok(()), |file| figures.write(file, "login", &parameters))
}
