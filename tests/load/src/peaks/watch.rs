//! What each process of a server holds by itself at most, sampled all the time: PSS less what lies in shared memory and memfds
//! (`Pss_Shmem`), which are counted apart.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::processes::{family, kind};

/// Between two looks at all processes.
const PAUSE: Duration = Duration::from_millis(2);
/// Between two looks for new ones.
const ANEW: Duration = Duration::from_millis(200);

/// The most by what a process is: `master`, a role, `postgres`.
pub type Peaks = BTreeMap<String, u64>;

/// Shared with the thread that looks.
#[derive(Debug, Default)]
pub struct Watch {
    peaks: Mutex<Peaks>,
    over: AtomicBool,
}

impl Watch {
    /// What was seen since this was asked last.
    pub fn take(&self) -> Peaks {
        std::mem::take(&mut self.peaks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn end(&self) {
        self.over.store(true, Ordering::Release);
    }

    /// Looks until it is to end.
    pub fn look(&self, master: u32) {
        let (mut known, mut looked): (Vec<(u32, String)>, Option<Instant>) = (Vec::new(), None);
        while !self.over.load(Ordering::Acquire) {
            if looked.is_none_or(|time| time.elapsed() >= ANEW) {
                known = family(master).into_iter().map(|pid| (pid, kind(pid))).collect();
                looked = Some(Instant::now());
            }
            for (pid, kind) in &known {
                let Some(octets) = private(*pid) else { continue };
                let mut peaks = self.peaks.lock().unwrap_or_else(PoisonError::into_inner);
                let peak = peaks.entry(kind.clone()).or_default();
                *peak = octets.max(*peak);
            }
            std::thread::park_timeout(PAUSE);
        }
    }
}

/// None: it has ended.
fn private(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let figure = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some((figure("Pss:")?.saturating_sub(figure("Pss_Shmem:")?)) << 10)
}
