//! How far a long command is, on standard error, where a person looks at it: one line that is written over. Into files and pipes
//! nothing of it goes.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Columns of the bar.
const WIDTH: usize = 40;

/// The line is written at most so often.
const PACE: Duration = Duration::from_millis(100);

/// A bar over so many steps.
pub struct Progress {
    what: &'static str,
    total: usize,
    done: usize,
    shown: bool,
    last: Option<Instant>,
}

impl Progress {
    /// `json`: who reads JSON looks at no bar.
    pub fn new(what: &'static str, total: usize, json: bool) -> Progress {
        let shown = !json && total > 0 && std::io::stderr().is_terminal();
        Progress { what, total, done: 0, shown, last: None }
    }

    /// One more is done.
    pub fn step(&mut self) {
        self.done += 1;
        let due = self.last.is_none_or(|last| last.elapsed() >= PACE) || self.done >= self.total;
        if self.shown && due {
            self.last = Some(Instant::now());
            // A terminal that went away is nobody's loss.
            let _ = write!(std::io::stderr(), "\r{}", line(self.what, self.done, self.total));
        }
    }

    /// Takes the line away, for what is to be said next.
    pub fn clear(&self) {
        if self.shown && self.last.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn line(what: &str, done: usize, total: usize) -> String {
    let done = done.min(total);
    let filled = (done * WIDTH).checked_div(total).unwrap_or(WIDTH);
    let rest = WIDTH - filled;
    format!("{what} [{}{}] {done}/{total}", "#".repeat(filled), ".".repeat(rest))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn it_fills() {
        assert_eq!(line("events", 0, 4), format!("events [{}] 0/4", ".".repeat(40)));
        assert_eq!(line("events", 1, 4), format!("events [{}{}] 1/4", "#".repeat(10), ".".repeat(30)));
        assert_eq!(line("events", 9, 4), format!("events [{}] 4/4", "#".repeat(40)));
    }
}
