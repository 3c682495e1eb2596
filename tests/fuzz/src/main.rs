//! `ewsfuzz`: feeds what reads strangers' octets with octets that nobody thought of, in this process, for a given time. It
//! ends with a failure at the first finding: a panic, a broken promise, an input that takes too long; the input lies beside.
//!
//! | question | file |
//! |---|---|
//! | what is tried, out of what, and which promises must hold? | `target/` |
//! | how does an input become another one? | `mutate.rs` |
//! | did an input come to a new place of the program? | `coverage.rs` |
//!
//! `make fuzz` builds it with the compiler's own counters (`-C instrument-coverage`, any stable Rust), so that inputs that come
//! to new places are kept and changed further. Built without them it changes seeds blindly.
#![allow(clippy::expect_used)]

mod coverage;
mod mutate;
mod target;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Parser;

use mutate::Dice;
use target::{Target, targets};

/// An input that takes more of the processor is a finding: work must grow with the octets.
const SLOW: Duration = Duration::from_secs(5);
/// Octets of an input.
const LONGEST: usize = 4096;

/// Fuzzes what reads strangers' octets.
#[derive(Parser)]
struct Options {
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The same numbers give the same inputs.
    #[arg(long, default_value_t = 1)]
    start: u64,
    /// Where inputs are kept: those that came to new places, and findings.
    #[arg(long, default_value = "target/ewsd-fuzz")]
    dir: PathBuf,
    /// Which targets; all, if none is named.
    targets: Vec<String>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let unknown: Vec<&String> =
        options.targets.iter().filter(|name| !targets().any(|target| target.name == **name)).collect();
    if !unknown.is_empty() {
        let names: Vec<&str> = targets().map(|target| target.name).collect();
        eprintln!("no target is called {unknown:?}; there are {}", names.join(", "));
        return ExitCode::from(64);
    }
    // A finding is told by whoever caught it.
    std::panic::set_hook(Box::new(|_| {}));
    let wanted =
        |target: &&Target| options.targets.is_empty() || options.targets.iter().any(|name| name == target.name);
    for target in targets().filter(wanted) {
        if let Err(finding) = run(target, &options) {
            eprintln!("{}: {finding}", target.name);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// The input that is being tried, and since when: for whoever watches that it ends.
struct Current {
    input: Mutex<Vec<u8>>,
    /// Milliseconds since the start, and one; 0: nothing is being tried.
    since: AtomicU64,
}

fn run(target: &Target, options: &Options) -> Result<(), String> {
    let folder = options.dir.join(target.name);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let start = Instant::now();
    let current = Arc::new(Current { input: Mutex::default(), since: AtomicU64::new(0) });
    watch(target.name, folder.clone(), current.clone());
    let mut corpus: Vec<Vec<u8>> = target.seeds.iter().map(|seed| seed.to_vec()).collect();
    corpus.extend(kept(&folder));
    let mut seen = coverage::Seen::default();
    let mut dice = Dice::new(options.start);
    let mut tried = 0_u64;
    let mut queue: Vec<Vec<u8>> = corpus.clone();
    while start.elapsed() < Duration::from_secs(options.seconds) {
        let input = queue.pop().unwrap_or_else(|| mutate::another(&corpus, target.pieces, LONGEST, &mut dice));
        current.input.lock().expect("nobody panics with it").clone_from(&input);
        current.since.store(millis(start) + 1, Ordering::Relaxed);
        coverage::forget();
        let held = std::panic::catch_unwind(|| (target.run)(&input));
        current.since.store(0, Ordering::Relaxed);
        tried += 1;
        if let Err(panic) = held {
            let path = keep(&folder, "finding", &input);
            return Err(format!("{}: the input is {}", told(&*panic), path.display()));
        }
        if seen.is_new() {
            keep(&folder, "new", &input);
            corpus.push(input);
        }
    }
    println!("{}: {tried} inputs, {} kept, {} places, no finding", target.name, corpus.len(), seen.places());
    Ok(())
}

fn millis(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Ends the process when one input takes too long: by the processor's time, for others may have the processor.
fn watch(name: &'static str, folder: PathBuf, current: Arc<Current>) {
    std::thread::spawn(move || {
        // Which input is being tried, and what the process had taken when that was first seen.
        let mut seen = (0, Duration::ZERO);
        loop {
            std::thread::park_timeout(Duration::from_millis(500));
            let (since, taken) = (current.since.load(Ordering::Relaxed), processor_time());
            if since == 0 || since != seen.0 {
                seen = (since, taken);
            } else if taken.saturating_sub(seen.1) > SLOW {
                let input = current.input.lock().map(|input| input.clone()).unwrap_or_default();
                let path = keep(&folder, "slow", &input);
                eprintln!("{name}: an input takes more than {SLOW:?}: {}", path.display());
                std::process::exit(1);
            }
        }
    });
}

/// What the first thread of this process, which tries inputs, has taken so far (proc(5), schedstat).
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
}

fn told(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic").to_owned()
}

/// Writes an input, named by what is in it.
fn keep(folder: &Path, what: &str, input: &[u8]) -> PathBuf {
    let hash = input
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3));
    let path = folder.join(format!("{what}-{hash:016x}"));
    if let Err(error) = std::fs::write(&path, input) {
        eprintln!("{}: {error}", path.display());
    }
    path
}

/// Inputs of earlier runs.
fn kept(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}
