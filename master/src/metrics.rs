//! What the master counts, and its text for Prometheus (exposition format 0.0.4). Gauges are read off the tables in `admin.rs`.

use std::fmt::Write as _;

use ewsd_ipc::Count;

use crate::served::Served;
use crate::state::Protocol;

macro_rules! counters {
    ($( $name:ident $help:literal )*) => {
        /// Counters since the master started.
        #[derive(Debug, Default)]
        pub struct Metrics {
            $( #[doc = $help] pub $name: u64, )*
            /// Answers in the master's own words, by status.
            refusals: [u64; REFUSALS.len()],
            /// Jobs by the time from sending to their end.
            times: [u64; BOUNDS_MS.len() + 1],
            times_ms: u64,
            /// What workers counted.
            tallies: [u64; Count::ALL.len()],
            /// Connections accepted, by listener.
            accepted: [u64; LISTENERS.len()],
            /// Requests, as workers told of them.
            pub operations: Served,
        }

        impl Metrics {
            /// Name and value of every counter of the master's own.
            pub fn counters(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
                [ $( (stringify!($name), $help, self.$name), )* ].into_iter()
            }
        }
    };
}

counters! {
    closed "Connections closed"
    refused_connections "Connections turned away over a cap"
    jobs "Jobs about connections handed to workers"
    renders "Render jobs handed to workers"
    sweeps "Sweeps over the watched mailboxes"
    drains "Replies that the master finished writing"
    cut_off "Connections closed because too many answers were not read"
    holds "Calls held"
    held_left "Held clients that left before their answer"
    answers "Held calls ended by an answer"
    deadlines "Held calls ended by their deadline"
    looks_put_off "Looks at held calls that a worker could not take because the database was away"
    streams_refused "Streams that ended at once because their owner had too many"
    chunks "Chunks written to held streams"
    heartbeats "Ready-made heartbeats written to held streams"
    changes "Changes heard of"
    jobs_lost "Jobs that died with a worker"
    workers_started "Workers started"
    workers_died "Workers that died without being asked to"
    workers_killed "Workers killed because they broke the protocol or took too long"
    reloads "Reloads"
    upgrades "Upgrades in place, of which this program is the last"
    upgrades_refused "Upgrades in place that the new program refused, or that failed"
}

/// The listeners by what is spoken there, with their names in labels.
const LISTENERS: [(Protocol, &str); 4] =
    [(Protocol::Http, "http"), (Protocol::Lmtp, "lmtp"), (Protocol::Admin, "admin"), (Protocol::Control, "control")];

const REFUSALS: [u16; 6] = [400, 408, 413, 417, 503, 505];

const BOUNDS_MS: [u64; 11] = [1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000, 30_000];

impl Metrics {
    /// A connection came in.
    pub fn accepted(&mut self, kind: Protocol) {
        for ((known, _), count) in LISTENERS.iter().zip(&mut self.accepted) {
            *count += u64::from(*known == kind);
        }
    }

    /// The master answered with an error of its own.
    pub fn refused(&mut self, status: u16) {
        if let Some(at) = REFUSALS.iter().position(|known| *known == status) {
            if let Some(count) = self.refusals.get_mut(at) {
                *count += 1;
            }
        }
    }

    /// A job took so many milliseconds.
    pub fn served(&mut self, ms: u64) {
        let at = BOUNDS_MS.iter().position(|bound| ms <= *bound).unwrap_or(BOUNDS_MS.len());
        if let Some(count) = self.times.get_mut(at) {
            *count += 1;
        }
        self.times_ms = self.times_ms.saturating_add(ms);
    }

    /// A worker counted something.
    pub fn tally(&mut self, what: Count, n: u32) {
        if let Some(count) = self.tallies.get_mut(what as usize) {
            *count = count.saturating_add(u64::from(n));
        }
    }

    /// Name and value of everything counted, workers' tallies included.
    pub fn all(&self) -> Vec<(&'static str, u64)> {
        let tallies = Count::ALL.iter().zip(&self.tallies).map(|(count, n)| (count.metric(), *n));
        let accepted = [("accepted", self.accepted.iter().sum())];
        self.counters().map(|(name, _, n)| (name, n)).chain(accepted).chain(tallies).collect()
    }

    /// Appends every counter.
    pub fn write(&self, out: &mut String) {
        for (name, help, n) in self.counters() {
            counter(out, name, help, n);
        }
        for (count, n) in Count::ALL.iter().zip(&self.tallies) {
            counter(out, count.metric(), count.help(), *n);
        }
        describe(out, "accepted_total", "Connections accepted, by listener", "counter");
        for ((_, name), n) in LISTENERS.iter().zip(&self.accepted) {
            put(out, format_args!("ewsd_accepted_total{{listener=\"{name}\"}} {n}"));
        }
        self.operations.write(out);
        describe(out, "refusals_total", "Answers in the master's own words", "counter");
        for (status, n) in REFUSALS.iter().zip(&self.refusals) {
            put(out, format_args!("ewsd_refusals_total{{status=\"{status}\"}} {n}"));
        }
        describe(out, "job_seconds", "Time from sending a job to its end", "histogram");
        let mut sum = 0;
        for (bound, n) in BOUNDS_MS.iter().zip(&self.times) {
            sum += n;
            put(out, format_args!("ewsd_job_seconds_bucket{{le=\"{}\"}} {sum}", *bound as f64 / 1000.0));
        }
        let all: u64 = self.times.iter().sum();
        put(out, format_args!("ewsd_job_seconds_bucket{{le=\"+Inf\"}} {all}"));
        put(out, format_args!("ewsd_job_seconds_sum {}", self.times_ms as f64 / 1000.0));
        put(out, format_args!("ewsd_job_seconds_count {all}"));
    }
}

fn counter(out: &mut String, name: &str, help: &str, n: u64) {
    describe(out, &format!("{name}_total"), help, "counter");
    put(out, format_args!("ewsd_{name}_total {n}"));
}

/// Appends the two lines that introduce a metric.
pub fn describe(out: &mut String, name: &str, help: &str, kind: &str) {
    put(out, format_args!("# HELP ewsd_{name} {help}.\n# TYPE ewsd_{name} {kind}"));
}

/// Appends a line.
pub fn put(out: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = writeln!(out, "{line}");
}
