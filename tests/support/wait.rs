//! Waiting for a condition with a deadline: the only place of the suite where time passes on purpose.

use std::time::{Duration, Instant};

/// A deadline that only a hang reaches, however busy the machine is.
pub const LONG: Duration = Duration::from_secs(60);

/// Asks until `probe` has an answer; panics with `what` at the deadline.
pub fn until<T>(what: &str, deadline: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + deadline;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < end, "not within {deadline:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(3));
    }
}

/// [`until`] for a condition.
pub fn true_within(what: &str, deadline: Duration, mut probe: impl FnMut() -> bool) {
    until(what, deadline, || probe().then_some(()));
}
