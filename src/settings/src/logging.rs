//! The log of the programs that run as services: lines on standard error, for a person or for journald.
//!
//! One line per message, nothing buffered, no colours. A message can carry text from the network, so control characters
//! never reach the log. Here the log's clock is read.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use log::{Level, LevelFilter, Metadata, Record};

use crate::table::Log;

struct Lines {
    /// journald takes `<N>` at the line's start and puts the time, the program and the pid to it by itself.
    journal: AtomicBool,
}

static LINES: Lines = Lines { journal: AtomicBool::new(false) };

/// Starts the log, or takes a changed `[log]` section when it runs already. `journald` says whether standard error leads to
/// journald (systemd sets JOURNAL_STREAM then); the program knows, this crate reads no environment.
pub fn start(settings: &Log, journald: bool) {
    let journal = match settings.target.as_str() {
        "journal" => true,
        "stderr" => false,
        _ => journald,
    };
    LINES.journal.store(journal, Ordering::Relaxed);
    log::set_max_level(match settings.level.as_str() {
        "error" => LevelFilter::Error,
        "warn" => LevelFilter::Warn,
        "debug" => LevelFilter::Debug,
        "trace" => LevelFilter::Trace,
        _ => LevelFilter::Info,
    });
    // Refused when a logger is there: it is this one, and the values above have reached it.
    let _already = log::set_logger(&LINES);
}

impl log::Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The PostgreSQL client tells every statement at debug level; that is not this server's log.
        let own = metadata.target().starts_with("ewsd");
        metadata.level() <= if own { log::max_level() } else { log::max_level().min(LevelFilter::Warn) }
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut line = String::with_capacity(160);
        head(&mut line, record.level());
        let start = line.len();
        let _ = write!(line, "{}", record.args());
        let mut line = printable(line, start);
        line.push('\n');
        // A log that cannot be written has nowhere to say so.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}

/// What stands before a message: its priority for journald, else time, process and level.
pub(crate) fn head(line: &mut String, level: Level) {
    if LINES.journal.load(Ordering::Relaxed) {
        let _ = write!(line, "<{}>", priority(level));
    } else {
        push_time(line, SystemTime::now());
        let _ = write!(line, " {} {level:5} ", std::process::id());
    }
}

/// Appends a time as [`timestamp`] writes it. Most lines are of the same second as the one before, so that its text is kept.
fn push_time(line: &mut String, now: SystemTime) {
    thread_local! {
        static LAST: RefCell<(u64, String)> = const { RefCell::new((u64::MAX, String::new())) };
    }
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    LAST.with_borrow_mut(|(second, text)| {
        if *second != since.as_secs() {
            *second = since.as_secs();
            *text = timestamp(UNIX_EPOCH + Duration::from_secs(*second));
            // Without `.000Z`.
            text.truncate(text.len().saturating_sub(5));
        }
        line.push_str(text);
    });
    let _ = write!(line, ".{:03}Z", since.subsec_millis());
}

/// The time of a line.
pub(crate) fn now() -> String {
    timestamp(SystemTime::now())
}

fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// The same line with every control character from `start` on made visible.
fn printable(line: String, start: usize) -> String {
    if !line.chars().skip(start).any(char::is_control) {
        return line;
    }
    line.chars().fold(String::with_capacity(line.len() + 8), |mut out, c| {
        if c.is_control() {
            out.extend(c.escape_default())
        } else {
            out.push(c)
        }
        out
    })
}

/// RFC 3339 in UTC with milliseconds.
fn timestamp(now: SystemTime) -> String {
    format!("{:.3}", Timestamp::try_from(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn lines_of_one_second_have_its_text() {
        for micros in [1_000, 1_999_999, 1_000_000, 2_007_000, 1_500_000, 4_107_542_400_123_456] {
            let at = UNIX_EPOCH + Duration::from_micros(micros);
            let mut line = String::from("> ");
            super::push_time(&mut line, at);
            assert_eq!(line, format!("> {}", super::timestamp(at)));
        }
    }

    #[test]
    fn timestamps_are_utc_and_know_leap_days() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199, "2024-02-29T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(super::timestamp(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
        assert_eq!(super::timestamp(UNIX_EPOCH + Duration::from_micros(1_999_999)), "1970-01-01T00:00:01.999Z");
    }

    #[test]
    fn a_message_cannot_forge_a_line() {
        assert_eq!(super::printable("<6>a\nb\u{1b}[2J".into(), 3), "<6>a\\nb\\u{1b}[2J");
        assert_eq!(super::printable("<6>Grüße".into(), 3), "<6>Grüße");
    }
}
