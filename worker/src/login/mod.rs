//! Passwords that somebody else knows: a request worker asks, a process of the role `login` finds out. It has no database and no
//! mailbox, and may wait: at most so many workers wait for it at a time as there are such processes, and none for longer than
//! `auth.login_seconds`.
//!
//! | question | file |
//! |---|---|
//! | what is asked and answered, in octets? | `message.rs` |
//! | how does a worker ask, and for how long does nobody when there was no answer? | `asking.rs` |
//! | how is it answered? | `serve.rs` |
//! | what does a directory say? | `ldap/` |
//! | what does PAM say? | `pam.rs` |
//!
//! How the two meet is `../service/`. Which account it is about is decided before, and nobody here knows of accounts.

mod asking;
pub mod ldap;
mod message;
pub mod pam;
mod serve;

pub(crate) use asking::{LoginClient, Unknown};
pub(crate) use serve::Login;

/// What whoever was asked says of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    Wrong,
}
