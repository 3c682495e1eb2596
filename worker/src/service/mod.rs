//! What processes of one role ask those of another (`answers` and `asks` in `proto/ipc/src/role.rs`), whatever it is about.
//!
//! | question | file |
//! |---|---|
//! | how does a process ask? | `asking.rs` |
//! | how is it answered? | `serving.rs`; a role's turns at it, `../role/serving.rs` |
//!
//! All that ask share one socket, all that answer share its other end: the kernel gives a question to whichever is free. With each
//! question travels a socket for its answer alone, whose end says that whoever had the question died over it. One is
//! answered at a time, so whoever hears of a death knows what it was about.

pub(crate) mod asking;
pub(crate) mod serving;

pub(crate) use asking::{Desk, Unanswered};
pub(crate) use serving::{Serve, Server, Turn};
