//! What all of it takes: memory and processor time by what a process is, the kernel's share apart; and whether that is there.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::Result;
use crate::memory;
use crate::processes::{clock, family, kernel, kind};

/// Processes of a kind.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entry {
    pub count: usize,
    pub pss: u64,
    pub cpu: Duration,
}

/// What was taken at some moment.
#[derive(Debug, Clone, Default)]
pub struct Bill {
    pub kinds: BTreeMap<String, Entry>,
    pub kernel: u64,
}

/// The name of those who make the load.
pub const LOAD: &str = "the clients";

impl Bill {
    /// Of these masters and all below them, and of those who make the load.
    pub fn of(masters: &[u32], load: &[u32]) -> Result<Bill> {
        // Who may not read that of others hears it here.
        masters.iter().try_for_each(|master| memory::pss(*master).map(drop))?;
        let below = masters.iter().flat_map(|master| family(*master)).map(|pid| (kind(pid), pid));
        let load = load.iter().map(|pid| (LOAD.to_owned(), *pid));
        let mut bill = Bill { kernel: kernel(), ..Bill::default() };
        for (kind, pid) in below.chain(load) {
            // It may have ended by now.
            let (Ok(pss), Some(cpu)) = (memory::pss(pid), clock(pid)) else { continue };
            let entry = bill.kinds.entry(kind).or_default();
            *entry = Entry { count: entry.count + 1, pss: entry.pss + pss, cpu: entry.cpu + cpu };
        }
        Ok(bill)
    }

    fn of_kind(&self, kind: &str) -> Entry {
        self.kinds.get(kind).copied().unwrap_or_default()
    }
}

/// What was taken at the beginning of a rest, and at its end.
pub type Rest = (Bill, Bill);

/// The table: what is taken when nobody is there, and when so many wait.
pub fn tell(nobody: &Rest, held: &Rest, clients: usize, seconds: f64) -> Vec<(String, f64)> {
    println!(
        "| process | how many | PSS MB, nobody there | PSS MB, {clients} held | octets a client | % of a core, nobody | held |"
    );
    println!("|---|---|---|---|---|---|---|");
    let share = |was: u64, is: u64| (is as f64 - was as f64) / clients.max(1) as f64;
    let percent = |rest: &Rest, kind: &str| {
        let (begun, ended) = (rest.0.of_kind(kind).cpu, rest.1.of_kind(kind).cpu);
        ended.saturating_sub(begun).as_secs_f64() / seconds * 100.0
    };
    let mut figures = Vec::new();
    for (kind, is) in &held.1.kinds {
        let was = nobody.1.of_kind(kind);
        let each = share(was.pss, is.pss);
        let [idle, busy] = [nobody, held].map(|rest| percent(rest, kind));
        println!(
            "| {kind} | {} | {:.1} | {:.1} | {each:.0} | {idle:.3} | {busy:.3} |",
            is.count,
            was.pss as f64 / 1e6,
            is.pss as f64 / 1e6
        );
        let name = kind.replace(' ', "_");
        figures.push((format!("{name}_pss_octets"), each));
        figures.push((format!("{name}_cpu_percent"), busy));
    }
    let [was, is] = [nobody, held].map(|rest| rest.1.kernel);
    let each = share(was, is);
    println!("| the kernel, both ends | | {:.1} | {:.1} | {each:.0} | | |", was as f64 / 1e6, is as f64 / 1e6);
    figures.push(("kernel_octets".to_owned(), each));
    figures
}
