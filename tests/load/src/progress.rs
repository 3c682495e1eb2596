//! How far a long work is, on standard error, where a person looks at it; nothing of it goes into files and pipes.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that goes away with its end.
pub struct Progress(ProgressBar);

impl Progress {
    /// Over so many steps.
    pub fn new(what: &str, steps: usize) -> Progress {
        let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX));
        // One that is no good would be a bar as it comes.
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len}, {eta} left") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        Progress(bar)
    }

    pub fn step(&self) {
        self.0.inc(1);
    }

    /// Over some seconds of watching; `look` is asked again and again, and waits for a while by itself.
    ///
    /// # Errors
    /// What `look` says.
    pub fn over<E>(what: &str, time: Duration, mut look: impl FnMut(Duration) -> Result<(), E>) -> Result<(), E> {
        let seconds = usize::try_from(time.as_secs()).unwrap_or(usize::MAX);
        let progress = Progress::new(what, seconds);
        let begun = Instant::now();
        while let Some(left) = time.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
            progress.0.set_position(begun.elapsed().as_secs());
            look(left.min(Duration::from_secs(1)))?;
        }
        Ok(())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
