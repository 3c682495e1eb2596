//! The only place where the master reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since the master started: every deadline is one of these.
pub type Millis = u64;

/// No deadline.
pub const NEVER: Millis = u64::MAX;

/// Monotonic time for deadlines, wall time for `Date`.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
    now: Millis,
}

impl Clock {
    /// Starts at 0.
    pub fn start() -> Self {
        Clock { start: Instant::now(), now: 0 }
    }

    /// Goes on from the time of a former program of this process.
    pub fn resume(now: Millis) -> Self {
        let start = Instant::now();
        let start = start.checked_sub(Duration::from_millis(now)).unwrap_or(start);
        Clock { start, now }
    }

    /// Reads the clock; called once per turn of the event loop.
    pub fn tick(&mut self) {
        self.now = millis(self.start.elapsed());
    }

    /// The time of the last [`Self::tick`].
    pub fn now(&self) -> Millis {
        self.now
    }

    /// The time `wait` from now.
    pub fn after(&self, wait: Duration) -> Millis {
        self.now.saturating_add(millis(wait))
    }

    /// Seconds since 1970.
    pub fn unix(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

/// Whole milliseconds of a duration.
pub fn millis(duration: Duration) -> Millis {
    u64::try_from(duration.as_millis()).unwrap_or(NEVER)
}
