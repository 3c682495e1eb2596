//! NTLM on the side that accepts ([MS-NLMP]), and the SPNEGO around it ([MS-SPNG], RFC 4178). Bytes and secrets in, bytes and
//! verdicts out: no accounts, no clock, no randomness.
//!
//! Only NTLMv2 is accepted; whatever else a client says (LM, NTLMv1, nobody at all) is refused. Every offset and length in a
//! message is checked against the message; nothing here can read beyond it.
//!
//! | question | file |
//! |---|---|
//! | what is in the three messages? | `message.rs`, their pairs in `pairs.rs` |
//! | is the client's proof right? | `accept.rs` |
//! | hashes, keys, signatures | `crypt.rs` |
//! | how does a token of Negotiate wrap all that? | `spnego.rs`, its encoding in `der.rs` |

mod accept;
mod crypt;
mod der;
mod message;
mod pairs;
mod spnego;

pub use accept::{Pending, Refused, Session, verify};
pub use crypt::{NtHash, nt_hash};
pub use message::{Authenticate, Names, Negotiate, challenge};
pub use spnego::{Mech, Token, accept_completed, accept_incomplete, request_mic};

/// What every message begins with.
pub const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// Octets of the longest message that is looked at.
pub const MESSAGE_MAX: usize = 8 * 1024;

/// Octets of the longest first message: it is kept until the last one, whose integrity code covers it.
pub const NEGOTIATE_MAX: usize = 256;

/// A message that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("malformed message")
    }
}

impl std::error::Error for Malformed {}
