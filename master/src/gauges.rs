//! How many of what there are now: for `/metrics` and for `ewsctl status`.

use std::collections::BTreeMap;

use crate::master::Master;
use crate::state::State;

/// Counted off the tables at one moment.
#[derive(Debug, Default)]
pub struct Gauges {
    pub receiving: u64,
    pub admitting: u64,
    pub queued: u64,
    pub serving: u64,
    pub idle: u64,
    pub held: u64,
    /// Those of the held that are streams.
    pub streams: u64,
    pub draining: u64,
    pub total: u64,
    /// Waiting in the master's own queue, renders and sweeps included, and untaken in the socket.
    pub queue: u64,
    pub watched: u64,
    /// Held calls that changed and cannot be looked at now.
    pub put_off: u64,
    pub workers: BTreeMap<(&'static str, &'static str), u64>,
}

impl Gauges {
    /// Counts.
    pub fn of(master: &mut Master) -> Self {
        master.look();
        let mut gauges = Gauges::default();
        for conn in master.table.iter().filter(|conn| conn.kind.is_client()) {
            let count = match conn.state {
                State::Idle => &mut gauges.idle,
                State::Head(_) | State::SkipLine | State::Body(_) | State::Collect(_) | State::Discard(_) => {
                    &mut gauges.receiving
                }
                State::Queued(_) | State::Parked { .. } => &mut gauges.queued,
                State::Serve | State::Asking(_) => &mut gauges.serving,
                State::Admit(_) => &mut gauges.admitting,
                State::Held(_) => &mut gauges.held,
                State::Drain(_) | State::Linger(_) => &mut gauges.draining,
            };
            *count += 1;
            gauges.total += 1;
        }
        gauges.streams = master
            .table
            .iter()
            .filter(|conn| matches!(&conn.state, State::Held(held) if held.stream().is_some()))
            .count() as u64;
        gauges.queue = gauges.queued + master.dispatch.queue.own().len() as u64 + master.dispatch.untaken() as u64;
        gauges.watched = master.watchers.len() as u64;
        gauges.put_off = master.later.len() as u64;
        for worker in master.fleet.workers.values() {
            *gauges.workers.entry((worker.role.name(), worker.state())).or_insert(0) += 1;
        }
        gauges
    }

    /// The states of connections with their names.
    pub fn states(&self) -> [(&'static str, u64); 7] {
        [
            ("receiving", self.receiving),
            ("admitting", self.admitting),
            ("queued", self.queued),
            ("serving", self.serving),
            ("idle", self.idle),
            ("held", self.held),
            ("draining", self.draining),
        ]
    }
}
