//! The converter role: reads what strangers wrote, for whoever asks (`../convert/`). It has no database, no network, no files, and
//! of the settings only the limits.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use ewsd_ipc::role::Service;
use ewsd_ipc::{Count, Reply, WorkerEnd, worker_end};
use ewsd_settings::Settings;

use super::hears_within_all;
use super::request::Tally;
use super::serving::{ROUND, SLACK, turns, watch};
use crate::convert::{Converter, Limits, shut_in};
use crate::service::Turn;

pub(super) fn run(end: &WorkerEnd, settings: &Settings) -> Result<(), String> {
    let limits = Limits::of(settings);
    let socket = worker_end::desk(Service::Convert).map_err(|error| error.to_string())?;
    let epoll = watch(end, socket.as_fd()).map_err(|error| format!("epoll: {error}"))?;
    let mut server = shut_in(&limits)?;
    let mut told = Reported::default();
    let failed = |error: io::Error| format!("the converter: {error}");
    end.send(&Reply::Ready {}, &[]).map_err(failed)?;
    let mut left = settings.process.retire_after;
    let round = ROUND.min(limits.time);
    loop {
        hears_within_all(end, round + 4 * limits.time + SLACK).map_err(failed)?;
        let turn = turns(&epoll, &mut server, socket.as_fd(), round, &mut left).map_err(failed)?;
        told.tell(end, &server.serves).map_err(failed)?;
        match turn {
            Turn::End => return Ok(()),
            Turn::Worn => return end.send(&Reply::Retiring {}, &[]).map_err(failed),
            Turn::Nothing | Turn::Served => {}
        }
    }
}

/// What the master has heard of.
#[derive(Default)]
struct Reported {
    done: u64,
    took: Duration,
}

impl Reported {
    fn tell(&mut self, end: &WorkerEnd, converter: &Converter) -> io::Result<()> {
        let done = converter.done - self.done;
        let took = converter.took.saturating_sub(self.took).as_millis();
        let mut tally = Tally::default();
        tally.add(Count::Conversions, u32::try_from(done).unwrap_or(u32::MAX));
        tally.add(Count::ConversionMilliseconds, u32::try_from(took).unwrap_or(u32::MAX));
        self.done = converter.done;
        // What is less than a millisecond is told with the next ones.
        self.took += Duration::from_millis(u64::try_from(took).unwrap_or(u64::MAX));
        tally.tell(end)
    }
}
