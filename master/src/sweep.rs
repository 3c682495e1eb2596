//! The safety net of notifications: asks a worker now and then whether watched mailboxes moved without anybody telling.

use ewsd_ipc::PAIRS_MAX;

use crate::dispatch::Waiting;
use crate::master::Master;
use crate::timers::Due;

/// The state of sweeping.
#[derive(Debug, Default)]
pub struct Sweeping {
    /// `Due::Sweep` is in the heap.
    armed: bool,
    /// Jobs of the present sweep that are not over.
    open: usize,
    /// A worker died during the present sweep: do another one after it.
    again: bool,
}

impl Sweeping {
    /// Goes on with so many jobs of a former program of this process.
    pub fn resume(&mut self, open: usize) {
        self.open = open;
    }
}

impl Master {
    /// Somebody watches: sweep in a while.
    pub fn want_sweep(&mut self) {
        if !self.sweeping.armed {
            self.sweeping.armed = true;
            self.timers.push(self.clock.after(self.config.sweep), Due::Sweep);
        }
    }

    /// The time came.
    pub fn sweep_due(&mut self) {
        self.sweeping.armed = false;
        if !self.watchers.is_empty() {
            self.sweep_now();
            self.want_sweep();
        }
    }

    /// Asks about every watched mailbox.
    pub fn sweep_now(&mut self) {
        if self.sweeping.open > 0 {
            self.sweeping.again = true;
            return;
        }
        let known = self.watchers.all();
        for batch in known.chunks(PAIRS_MAX) {
            self.sweeping.open += 1;
            self.submit_other(Waiting::Sweep(batch.to_vec()));
        }
        if !known.is_empty() {
            self.metrics.sweeps += 1;
        }
    }

    /// One job of the sweep is over, or died with its worker.
    pub fn sweep_over(&mut self) {
        self.sweeping.open = self.sweeping.open.saturating_sub(1);
        if self.sweeping.open == 0 && std::mem::take(&mut self.sweeping.again) {
            self.sweep_now();
        }
    }
}
