//! Everything that thinks: who is asking, what may be seen, what an operation does, how mail comes in.
//!
//! | question | file |
//! |---|---|
//! | what does a worker process do all day? | `role/request.rs`, and its neighbours for the other roles |
//! | where does a request go? | `front/route.rs` by path, `op/mod.rs` by operation |
//! | who is asking? | `auth/` |
//! | may they? | `gate.rs`, the only way to a mailbox |
//! | what does an operation do? | `op/<group>/<verb>.rs` |
//! | what is told when something goes wrong? | `error.rs` |
//! | how does mail get into a mailbox? | `deliver/` |
//! | how does it leave? | `courier/` |
//! | MIME, HTML, text | `convert/` |
//!
//! Clients' sockets come from the master and go back to it; only the courier makes connections of its own, to the smarthost. SQL is the store's,
//! element names are `ewsd-ews`'s.

pub mod auth;
mod clock;
pub mod compute;
pub mod convert;
mod courier;
pub mod deliver;
pub mod error;
mod front;
pub mod gate;
mod note;
pub mod op;
mod random;
mod role;
pub mod session;

pub use role::database::options as database_options;
pub use role::{Args, run, settings};
