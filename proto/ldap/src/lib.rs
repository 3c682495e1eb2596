//! As much of LDAP version 3 (RFC 4511) as it takes to ask a directory whether a password is somebody's: bind, search, StartTLS.
//! Bytes in, values out; no sockets, no TLS, nothing of accounts.
//!
//! | question | file |
//! |---|---|
//! | what is asked and answered? | [`message`] |
//! | how is it laid out in octets? | `ber.rs` |
//! | what does a filter mean (RFC 4515)? | [`filter`] |
//! | how does a login get into a name or a filter? | [`template`] |
//!
//! Whatever a message with a password is put together in is wiped when it is let go of.

mod ber;
pub mod filter;
pub mod message;
pub mod template;

use std::fmt;

/// Octets that are no message, or a text that is no filter: what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}
