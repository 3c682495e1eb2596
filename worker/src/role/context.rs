//! What a connection keeps between two requests. It lies in the master, to which it is opaque (`ConnRecord::context`); its first
//! octet says whose it is. Empty: nothing yet.

use ewsd_lmtp::Session;
use ewsd_wire::form::Bytes;
use ewsd_wire::wire;

use crate::auth::Bound;

wire! {
    /// The first octet is part of the format: never given to another kind.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum ConnContext {
        /// An LMTP session between two groups of commands.
        16 Lmtp(session: Session)
        /// HTTP: what a scheme of authentication keeps.
        17 Login(bound: Bound)
        /// HTTP: the head of a request was looked at before its body was taken. The same head comes again with it, and is not asked
        /// twice who it is of: a proof that may be used once has been.
        18 Admitted {
            account: u64,
            /// Which head.
            head: Vec<u8> as Bytes<16>,
            /// What the answer says in `WWW-Authenticate`; empty: nothing.
            reply: Vec<u8> as Bytes<4096>,
            /// What its scheme keeps.
            bound: Option<Bound>,
        }
    }
}

impl ConnContext {
    /// None: empty, or written by another version of this program.
    pub fn read(context: &[u8]) -> Option<ConnContext> {
        ewsd_wire::from_bytes(context).ok()
    }

    pub fn write(&self) -> Vec<u8> {
        ewsd_wire::to_bytes(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_by_its_first_octet() {
        let login = ConnContext::Login(Bound { scheme: 2, state: b"pending".to_vec() });
        let lmtp = ConnContext::Lmtp(Session::default());
        assert_eq!((lmtp.write().first(), login.write().first()), (Some(&16), Some(&17)));
        for context in [login, lmtp] {
            assert_eq!(ConnContext::read(&context.write()), Some(context));
        }
        // Nothing yet; a session as it was written before there were kinds.
        for context in [&b""[..], b"\x01\0\0\0"] {
            assert_eq!(ConnContext::read(context), None);
        }
    }

    #[test]
    fn what_a_scheme_keeps_fits() {
        let login = |n: usize| ConnContext::Login(Bound { scheme: 2, state: vec![7; n] }).write();
        assert!(ConnContext::read(&login(2048)).is_some() && login(2048).len() <= ewsd_ipc::CONN_CONTEXT_MAX);
        assert_eq!(ConnContext::read(&login(2049)), None);
    }
}
