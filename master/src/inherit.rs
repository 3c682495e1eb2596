//! Descriptors across exec(2): kept open for the next program, and owned again by it. Besides `spawn.rs` the only `unsafe` of
//! this crate.

use std::collections::HashSet;
use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use crate::state::pack::{Unpack, Wrong};

/// Lets descriptors of this process stay open in the next program, or not.
///
/// # Errors
/// What fcntl(2) reports: one of them is not open.
pub fn keep_open(descriptors: &[RawFd], open: bool) -> io::Result<()> {
    let flags = if open { FdFlag::empty() } else { FdFlag::FD_CLOEXEC };
    for number in descriptors {
        // SAFETY: only for this call; a number that is not open makes it fail and nothing else.
        let borrowed = unsafe { BorrowedFd::borrow_raw(*number) };
        fcntl(borrowed, FcntlArg::F_SETFD(flags))?;
    }
    Ok(())
}

/// Lets them stay open in the next program; if one cannot, none of them is left to this program's children.
///
/// # Errors
/// As [`keep_open`].
pub fn all_or_none(descriptors: &[RawFd]) -> io::Result<()> {
    keep_open(descriptors, true).inspect_err(|_| {
        for number in descriptors {
            // The one that is not open is nobody's to inherit.
            let _ = keep_open(&[*number], false);
        }
    })
}

/// The descriptors that the former program left to this one.
#[derive(Debug, Default)]
pub struct Inheritance {
    taken: HashSet<u32>,
}

impl Unpack for Inheritance {
    fn own(&mut self, number: u32) -> Result<OwnedFd, Wrong> {
        let raw = RawFd::try_from(number).map_err(|_| format!("descriptor {number}"))?;
        // Standard input, output and error are everybody's.
        if raw <= 2 || !self.taken.insert(number) {
            return Err(format!("descriptor {number} is named twice, or is nobody's"));
        }
        // SAFETY: only borrowed for the call, which fails when it is not open.
        let borrowed = unsafe { BorrowedFd::borrow_raw(raw) };
        fcntl(borrowed, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))
            .map_err(|error| format!("descriptor {number}: {error}"))?;
        // SAFETY: it is open, the former program left it to this one for what the row says, and each number is given out once.
        Ok(unsafe { OwnedFd::from_raw_fd(raw) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::fs::File;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn children_inherit_nothing_of_an_upgrade_that_fails() {
        let files: Vec<File> = (0..2).map(|_| File::open("/dev/null").unwrap()).collect();
        let closes = |file: &File| fcntl(file, FcntlArg::F_GETFD).unwrap() & FdFlag::FD_CLOEXEC.bits() != 0;
        let [first, last] = [files[0].as_raw_fd(), files[1].as_raw_fd()];
        assert!(all_or_none(&[first, RawFd::MAX, last]).is_err());
        assert!(files.iter().all(closes));
        all_or_none(&[first, last]).unwrap();
        assert!(!files.iter().any(closes));
        keep_open(&[first, last], false).unwrap();
    }
}
