//! Why a process of the server ends before its time: the master reads it of a role, the service manager of the master.

use std::fmt;

/// The exit status of an error that may be gone at the next attempt.
pub const FAILED: u8 = 1;

/// EX_CONFIG of sysexits.h: no attempt goes well before somebody changes a setting. The unit's `RestartPreventExitStatus`.
pub const HOPELESS: u8 = 78;

/// A sentence for the administrator, and the status that the process exits with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub text: String,
    pub status: u8,
}

impl Fault {
    /// One that a change of settings alone cures.
    pub fn hopeless(text: impl Into<String>) -> Fault {
        Fault { text: text.into(), status: HOPELESS }
    }
}

impl From<String> for Fault {
    fn from(text: String) -> Fault {
        Fault { text, status: FAILED }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
