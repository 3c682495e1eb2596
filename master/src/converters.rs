//! What the processes that read strangers' octets are given instead of what everybody else has, and the socket between the two.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use ewsd_ipc::seqpacket;

/// The converters' own share. Who they are is told by their rows (`converts` in `proto/ipc/src/role.rs`).
#[derive(Debug)]
pub struct Converters {
    /// Where everybody else asks.
    pub ask: OwnedFd,
    /// Where questions come. It stays open here, so that they wait for a converter that is just being started.
    pub answer: OwnedFd,
    /// In place of the memory that all workers share, which has a key in it.
    pub shared: File,
    /// In place of the settings, which have passwords in them.
    pub settings: File,
}

impl Converters {
    /// Made once; the settings are replaced by each reload.
    ///
    /// # Errors
    /// When there is no descriptor or memory left.
    pub fn new(settings: File) -> io::Result<Converters> {
        let (ask, answer) = seqpacket::pair()?;
        let shared = ewsd_ipc::shared::create(&[0; ewsd_ipc::shared::KEY_BYTES])?;
        Ok(Converters { ask, answer, shared, settings })
    }
}
