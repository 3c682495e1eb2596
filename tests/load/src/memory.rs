//! Memory of the server's processes: PSS, which counts shared pages by their share (`/proc/PID/smaps_rollup`).

use std::fs;

use crate::error::{During, Error, Result};

/// The proportional set size in bytes.
pub fn pss(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).during(format_args!("{path} (run as the server's user, or as root)"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes: Option<u64> = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse().ok());
    kilobytes.map(|n| n * 1024).ok_or_else(|| Error::new(format!("{path} has no Pss")))
}

/// The request workers of a master.
pub fn workers(master: u32) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|n| n.parse::<u32>().ok()) else {
            continue;
        };
        // A process may end between the listing and the reading.
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        if command.contains("--role request") && parent(pid) == Some(master) {
            found.push(pid);
        }
    }
    Ok(found)
}

fn parent(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// Lets this process open as many connections as the system allows.
pub fn allow_connections() -> Result {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).during("the limit of open files")?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).during("the limit of open files")
}

/// The machine's name for a table's heading: processors and memory.
pub fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .and_then(|l| l.split_once(": "))
        .map_or("unknown", |l| l.1);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes: u64 = memory
        .lines()
        .find_map(|l| l.strip_prefix("MemTotal:"))
        .and_then(|l| l.split_whitespace().next())
        .and_then(|n| n.parse().ok())
        .unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} processors, {} GB, Linux {}", kilobytes.div_ceil(1 << 20), kernel.trim())
}
