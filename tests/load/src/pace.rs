//! Work at a rate that does not wait for answers: each piece has its time, and how long it took counts from there. A server that
//! stands still for a second is then late for all that were due in it, and not for one (coordinated omission).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Pieces of work, shared by whoever does them.
#[derive(Debug)]
pub struct Pace {
    begun: Instant,
    /// Nanoseconds from one to the next.
    each: u64,
    count: u64,
    next: AtomicU64,
}

impl Pace {
    /// So many a second, for so long.
    pub fn new(per_second: f64, time: Duration) -> Pace {
        let each = (1e9 / per_second.max(1e-6)) as u64;
        let count = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX) / each.max(1);
        Pace { begun: Instant::now(), each, count, next: AtomicU64::new(0) }
    }

    /// The next one's number and its time, when that is there; none: all are done.
    pub fn next(&self) -> Option<(u64, Instant)> {
        let (n, due) = self.take()?;
        while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
        Some((n, due))
    }

    fn take(&self) -> Option<(u64, Instant)> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        (n < self.count).then(|| (n, self.begun + Duration::from_nanos(n.saturating_mul(self.each))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pace;

    #[test]
    fn what_is_due_does_not_wait_for_what_was() {
        let pace = Pace::new(1000.0, Duration::from_millis(5));
        let all: Vec<_> = std::iter::from_fn(|| pace.take()).collect();
        let due: Vec<u128> = all.iter().map(|(_, due)| (*due - pace.begun).as_millis()).collect();
        assert_eq!(due, [0, 1, 2, 3, 4]);
        let pace = Pace::new(1000.0, Duration::from_millis(3));
        let late = std::iter::from_fn(|| pace.next()).last();
        assert!(late.is_some_and(|(n, due)| n == 2 && due.elapsed() < Duration::from_secs(60)));
    }
}
