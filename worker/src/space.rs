//! Whether there is room left where the private PostgreSQL writes. Below a mark nothing new is taken in, so that reading goes on:
//! PostgreSQL itself stops altogether when it finds no room for its log.
//!
//! Each worker looks by itself, at most every two seconds: it is one system call, and nothing that must be handed round. Of a
//! database on another machine nothing is known here, and nothing is said.

use std::cell::Cell;
use std::time::{Duration, Instant};

use ewsd_mailbox::clock;
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use nix::sys::statvfs::statvfs;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// What PostgreSQL needs beside what is being written: its log, files it is about to recycle.
const BESIDE: u64 = 64 << 20;

thread_local! {
    /// When it was looked at last, and what was found.
    static LAST: Cell<Option<(Instant, bool)>> = const { Cell::new(None) };
}

/// There is less room than the mark. Where nothing can be found out there is room.
pub fn is_short(settings: &Settings) -> bool {
    if !settings.database.url.is_empty() {
        return false;
    }
    match LAST.get() {
        Some((at, short)) if clock::since(at) < LOOK => short,
        before => {
            let short = free(&settings.server.state_dir).is_some_and(|free| free < mark(settings));
            if short && !before.is_some_and(|(_, short)| short) {
                note!(Warn, "too little room in {}: nothing is taken in or written", settings.server.state_dir);
            }
            LAST.set(Some((clock::monotonic(), short)));
            short
        }
    }
}

/// Octets that are free below `server.state_dir`, and below how many nothing is taken any more; none: it cannot be found out.
#[must_use]
pub fn room(settings: &Settings) -> Option<(u64, u64)> {
    free(&settings.server.state_dir).map(|free| (free, mark(settings)))
}

/// Octets that must be free.
fn mark(settings: &Settings) -> u64 {
    match settings.server.min_free_bytes {
        0 => settings.limits.message_bytes.saturating_add(settings.limits.message_bytes / 2).saturating_add(BESIDE),
        octets => octets,
    }
}

/// Octets that whoever is not root may still write there.
fn free(directory: &str) -> Option<u64> {
    let found = statvfs(directory).ok()?;
    Some(found.blocks_available().saturating_mul(found.fragment_size()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_one_and_a_half_messages_unless_it_is_said() {
        let mut settings = Settings::default();
        settings.limits.message_bytes = 1000;
        assert_eq!(mark(&settings), 1500 + BESIDE);
        settings.server.min_free_bytes = 7;
        assert_eq!(mark(&settings), 7);
    }

    #[test]
    fn what_cannot_be_found_out_is_no_shortage() {
        assert_eq!(free("/no such directory"), None);
        assert!(free("/").is_some());
        let mut settings = Settings::default();
        settings.server.state_dir = "/no such directory".to_owned();
        assert!(!is_short(&settings));
    }
}
