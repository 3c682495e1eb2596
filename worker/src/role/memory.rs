//! How much memory this process keeps. Nothing else of it is measured here; `request.rs` retires a worker that keeps too much.

use nix::unistd::{SysconfVar, sysconf};

/// Bytes in memory that belong to this process alone, files and shared memory not counted. None where /proc does not say.
pub(super) fn kept() -> Option<u64> {
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten()?;
    of(&std::fs::read_to_string("/proc/self/statm").ok()?, u64::try_from(page).ok()?)
}

/// proc(5): size, resident, shared and more, in pages.
fn of(statm: &str, page: u64) -> Option<u64> {
    let mut fields = statm.split_ascii_whitespace().skip(1).map(|field| field.parse::<u64>().ok());
    let (resident, shared) = (fields.next()??, fields.next()??);
    resident.saturating_sub(shared).checked_mul(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_does_not_count() {
        assert_eq!(of("765 422 394 5 0 123 0\n", 4096), Some(28 * 4096));
        assert_eq!(of("765 422", 4096), None);
        assert!(kept().is_some_and(|bytes| bytes > 0));
    }
}
