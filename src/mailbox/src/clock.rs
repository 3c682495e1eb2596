//! The one place where a worker reads the clock. Handlers take `session.now`, so that one request sees one time.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Wall-clock time, UTC.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Whole seconds since 1970, for headers and for the expiry of what all workers share.
pub fn unix() -> u64 {
    u64::try_from(now().as_second()).unwrap_or(0)
}

/// A clock that never goes back, for durations.
pub fn monotonic() -> Instant {
    Instant::now()
}

/// How long ago `start` was.
pub fn since(start: Instant) -> Duration {
    monotonic().saturating_duration_since(start)
}
