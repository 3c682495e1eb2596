//! Tokens of an identity provider (JWT, RFC 7519; profile RFC 9068) on the side that takes them. Octets in, values and verdicts out:
//! no accounts, no clock, nobody who fetches keys.
//!
//! | question | file |
//! |---|---|
//! | what is in a token? | `token.rs` |
//! | which keys are in a set, did one of them sign? | `keys.rs` |
//! | is it for us and for now, whom does it name? | `claims.rs` |

mod claims;
mod keys;
mod token;

pub use claims::{Expected, bearer};
pub use keys::{Key, Public, Unproved, read_keys};
pub use token::{TOKEN_MAX, Token};

/// Why a token is not taken, for the log.
pub type Reason = &'static str;
