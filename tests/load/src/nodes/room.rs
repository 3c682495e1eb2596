//! Whether this machine has room for so many: descriptors, ports and memory, said before anything is started.

use std::fs;

use crate::error::{During as _, Error, Result};
use crate::memory;

/// What is to be held.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub nodes: usize,
    pub clients: usize,
    pub processes: usize,
    /// Of each master; 0: as many as there are processors.
    pub workers: usize,
}

/// Of a client, both ends, in the kernel, in a master and in the process that holds it.
const CLIENT: u64 = 12 << 10;
/// Of a master with its processes and its sessions of the database; and of the database by itself.
const NODE: u64 = 160 << 20;
const DATABASE: u64 = 512 << 20;
/// A master's descriptors besides clients: for itself and administrators, and for each worker.
const OWN: usize = 208;
const FOR_EACH_WORKER: usize = 8;

impl Wanted {
    /// Clients of one master. The kernel deals them out by a hash, so that one has more than its share: by no more than five standard
    /// deviations, in all likelihood.
    fn each(&self) -> usize {
        let share = self.clients as f64 / self.nodes.max(1) as f64;
        (share + 5.0 * share.sqrt() + 100.0) as usize
    }

    fn of_master(&self) -> usize {
        let processors = std::thread::available_parallelism().map_or(1, usize::from).max(2);
        let workers = if self.workers > 0 { self.workers } else { processors };
        self.each() + OWN + FOR_EACH_WORKER * workers
    }

    fn octets(&self) -> u64 {
        let of = |count: usize, octets: u64| u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(octets);
        of(self.clients, CLIENT).saturating_add(of(self.nodes, NODE)).saturating_add(DATABASE)
    }
}

/// Clients for which each master is to have places.
///
/// # Errors
/// There is no room, with what is wanted.
pub fn check(wanted: &Wanted) -> Result<usize> {
    let share = wanted.clients.div_ceil(wanted.processes.max(1));
    let of_process = memory::allow_connections(share).and_then(|()| memory::ports_for(share));
    of_process.during("a process that holds clients; or more --processes")?;
    memory::allow_connections(wanted.of_master()).during("a master; or more --nodes")?;
    suffices(available(), wanted.octets())?;
    Ok(wanted.each())
}

/// Octets that this machine can give.
fn available() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()).and_then(|n| n.parse::<u64>().ok());
    kilobytes.map_or(u64::MAX, |kilobytes| kilobytes << 10)
}

fn suffices(available: u64, wanted: u64) -> Result {
    if wanted <= available {
        return Ok(());
    }
    let [available, wanted] = [available, wanted].map(|octets| octets as f64 / 1e9);
    Err(Error::new(format!(
        "about {wanted:.1} GB of memory are needed, and {available:.1} can be had: fewer clients (-n)"
    )))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Wanted, available, check, suffices};

    #[test]
    fn what_does_not_suffice_is_said_with_what_would() {
        let wanted = |nodes, clients, processes| Wanted { nodes, clients, processes, workers: 2 };
        let said = |wanted: Wanted| check(&wanted).unwrap_err().to_string();
        let processes = said(wanted(6, 900_000_000, 6));
        assert!(processes.contains("descriptors") && processes.contains("more --processes"), "{processes}");
        let nodes = said(wanted(1, 900_000_000, 900_000));
        assert!(nodes.starts_with("a master; or more --nodes: "), "{nodes}");
        assert!(check(&wanted(2, 100, 1)).unwrap() >= 50);
        assert!(suffices(1 << 30, 2 << 30).unwrap_err().to_string().contains("2.1 GB") && available() > 0);
    }

    #[test]
    fn a_master_has_places_for_more_than_its_share() {
        let each = Wanted { nodes: 6, clients: 100_000, processes: 6, workers: 2 }.each();
        assert!((17_200..17_600).contains(&each), "{each}");
    }
}
