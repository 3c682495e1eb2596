//! What the processes that answer others are given instead of what everybody else has, and the sockets between the two.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use ewsd_ipc::role::Service;
use ewsd_ipc::seqpacket;

use crate::config::Handed;
use crate::start::hand_over;

/// A service's own share. Who answers and who may ask is told by the rows of the roles (`proto/ipc/src/role.rs`).
#[derive(Debug)]
pub struct Desk {
    /// Where others ask.
    pub ask: OwnedFd,
    /// Where questions come. It stays open here, so that they wait for a process that is just being started.
    pub answer: OwnedFd,
    /// In place of the memory that all workers share, which has a key in it.
    pub shared: File,
    /// In place of the settings, which have passwords in them.
    pub settings: File,
}

impl Desk {
    fn new(settings: &[u8]) -> io::Result<Desk> {
        let (ask, answer) = seqpacket::pair()?;
        let shared = ewsd_ipc::shared::create(&[0; ewsd_ipc::shared::KEY_BYTES])?;
        Ok(Desk { ask, answer, shared, settings: hand_over(settings)? })
    }
}

/// One for each service.
#[derive(Debug)]
pub struct Desks {
    pub convert: Desk,
    pub login: Desk,
}

impl Desks {
    /// Made once; the settings are replaced by each reload.
    ///
    /// # Errors
    /// When there is no descriptor or memory left.
    pub fn new(settings: &Handed) -> io::Result<Desks> {
        Ok(Desks { convert: Desk::new(&settings.converters)?, login: Desk::new(&settings.logins)? })
    }

    /// A service's.
    pub fn of(&self, service: Service) -> &Desk {
        match service {
            Service::Convert => &self.convert,
            Service::Login => &self.login,
        }
    }
}
