//! What is asked of a login process, and what it answers.

use ewsd_wire::form::{Bytes, Text};
use ewsd_wire::wire;
use zeroize::Zeroize as _;

/// Octets of the longest login or password: more than a client can send of either.
pub(super) const LONGEST: usize = 4096;
/// Octets of the longest address.
const ADDRESS: usize = 64;
/// Octets of a message.
pub(super) const MESSAGE: usize = 2 * LONGEST + 2 * ADDRESS;

wire! {
    /// Whose password it is, as the account is called here, and the password.
    pub(super) struct Question version 1 {
        pub login: String as Text<LONGEST>,
        /// Where whoever logs in is.
        pub address: String as Text<ADDRESS>,
        pub password: Vec<u8> as Bytes<LONGEST>,
    }

    /// What is answered: that it is looked into, and then what came of it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) enum Answer version 1 {
        0 Taken
        1 Right
        2 Wrong
        /// Nobody could be asked, or nobody said anything.
        3 Unknown
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}
