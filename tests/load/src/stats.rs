//! Figures out of many times: histograms, percentiles, medians.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Nanoseconds: what lies beyond is counted as the nearer of them.
const LEAST: u64 = 1_000;
const MOST: u64 = 3_600_000_000_000;
/// Digits that are kept.
const DIGITS: u8 = 3;

/// The times of many calls, as a histogram whose size does not grow with their number.
#[derive(Debug, Clone, Default)]
pub struct Times(Option<Histogram<u64>>);

impl Times {
    pub fn new(times: Vec<Duration>) -> Times {
        times.into_iter().collect()
    }

    pub fn add(&mut self, time: Duration) {
        // These bounds are good ones (a test records by them).
        let histogram = self.0.take().or_else(|| Histogram::new_with_bounds(LEAST, MOST, DIGITS).ok());
        self.0 = histogram.map(|mut histogram| {
            histogram.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(MOST));
            histogram
        });
    }

    /// Takes the times of another.
    pub fn merge(&mut self, other: &Times) {
        match (&mut self.0, &other.0) {
            // Of the same bounds.
            (Some(own), Some(other)) => {
                let _ = own.add(other);
            }
            (None, Some(_)) => *self = other.clone(),
            (_, None) => {}
        }
    }

    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |histogram| usize::try_from(histogram.len()).unwrap_or(usize::MAX))
    }

    /// The time below which so many percent lie; zero when there is none.
    pub fn percentile(&self, percent: f64) -> Duration {
        let at = |histogram: &Histogram<u64>| histogram.value_at_quantile(percent / 100.0).min(histogram.max());
        self.0.as_ref().map_or(Duration::ZERO, |histogram| Duration::from_nanos(at(histogram)))
    }

    /// The same in milliseconds, for files.
    pub fn percentile_ms(&self, percent: f64) -> f64 {
        self.percentile(percent).as_secs_f64() * 1000.0
    }

    /// Percent and milliseconds, ever more densely towards the greatest, as curves of times are drawn.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        let Some(histogram) = &self.0 else { return Vec::new() };
        let steps = histogram.iter_quantiles(5);
        steps
            .map(|step| (step.quantile() * 100.0, step.value_iterated_to().min(histogram.max()) as f64 / 1e6))
            .collect()
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Times {
        let mut all = Times::default();
        times.into_iter().for_each(|time| all.add(time));
        all
    }
}

/// A count, as one of things in memory.
pub fn to_usize(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// The middle of several figures; zero when there is none.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// Milliseconds with three digits.
pub fn ms(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Times, median};

    /// To the three digits that are kept.
    fn is_about(time: Duration, milliseconds: f64) -> bool {
        (time.as_secs_f64() * 1000.0 / milliseconds - 1.0).abs() < 0.001
    }

    #[test]
    fn percentiles_are_of_those_measured() {
        let times = Times::new((1..=200).rev().map(Duration::from_millis).collect());
        for (percent, milliseconds) in [(50.0, 100.0), (99.0, 198.0), (100.0, 200.0)] {
            assert!(is_about(times.percentile(percent), milliseconds), "{percent}: {:?}", times.percentile(percent));
        }
        assert_eq!((times.len(), Times::default().len()), (200, 0));
        assert_eq!(Times::default().percentile(50.0), Duration::ZERO);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }

    #[test]
    fn histograms_are_put_together() {
        let mut all = Times::default();
        all.merge(&Times::new(vec![Duration::from_millis(1); 99]));
        all.merge(&Times::new(vec![Duration::from_secs(7200)]));
        assert_eq!(all.len(), 100);
        assert!(is_about(all.percentile(99.0), 1.0) && is_about(all.percentile(100.0), 3_600_000.0));
        let curve = all.curve();
        assert!(curve.is_sorted_by(|one, next| one.0 <= next.0 && one.1 <= next.1), "{curve:?}");
        assert!(curve.last().is_some_and(|last| last.0 > 99.0));
    }
}
