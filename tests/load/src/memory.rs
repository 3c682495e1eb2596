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

/// What this process opens besides connections.
const BESIDES: u64 = 64;

/// Lets this process open as many connections as the system allows, which must be so many.
///
/// # Errors
/// They are fewer, with what to do.
pub fn allow_connections(connections: usize) -> Result {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).during("the limit of open files")?;
    suffices(hard, connections)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).during("the limit of open files")
}

fn suffices(allowed: u64, connections: usize) -> Result {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(BESIDES);
    if wanted <= allowed {
        return Ok(());
    }
    Err(Error::new(format!(
        "{connections} connections need {wanted} descriptors, and {allowed} are allowed: as root `ulimit -n {wanted}` in the shell \
         before, for good `* hard nofile {wanted}` in /etc/security/limits.conf, or LimitNOFILE={wanted} in a unit"
    )))
}

/// Whether so many connections to one address can be open at a time from this machine's one.
///
/// # Errors
/// There are fewer ports, with what to do.
pub fn ports_for(connections: usize) -> Result {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut ends = range.split_whitespace().filter_map(|end| end.parse::<usize>().ok());
    let (Some(first), Some(last)) = (ends.next(), ends.next()) else { return Ok(()) };
    let ports = last.saturating_sub(first) + 1;
    if connections < ports {
        return Ok(());
    }
    Err(Error::new(format!(
        "{connections} connections to one address need as many ports, and there are {ports}: \
         sysctl net.ipv4.ip_local_port_range='1024 65535', or several ewsload on several machines"
    )))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    #[test]
    fn descriptors_that_do_not_suffice_are_said() {
        assert!(super::suffices(1024, 900).is_ok());
        let short = super::suffices(1024, 10_000).unwrap_err().to_string();
        assert!(short.contains("10064") && short.contains("ulimit -n"), "{short}");
        assert!(super::ports_for(100).is_ok() && super::ports_for(70_000).is_err());
    }
}
