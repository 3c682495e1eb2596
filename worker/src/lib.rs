//! Processes and protocols: the roles, HTTP and LMTP, who is asking, what an operation does, how mail leaves.
//! What a mailbox is and how it changes is `ewsd-mailbox`.
//!
//! | question | file |
//! |---|---|
//! | what does a worker process do all day? | `role/request.rs`, and its neighbours for the other roles |
//! | where does a request go? | `front/route.rs` by path, `op/mod.rs` by operation |
//! | who is asking? | `auth/` |
//! | what does an operation do? | `op/<group>/<verb>.rs` |
//! | how does it leave? | `courier/` |
//! | who reads what strangers wrote? | `convert/` |
//! | how do processes ask each other? | `service/` |
//! | who knows passwords that the accounts do not have? | `login/` |
//! | whom does TLS believe, how long is waited? | `tls.rs` |
//! | what does a process give up for good? | `sandbox.rs` |
//! | how do values of the model lie in bytes of our own? | `form.rs` |
//! | is there room to write? | `space.rs` |
//! | what does an administrator see of one account's requests? | `trace.rs` |
//!
//! Clients' sockets come from the master and go back to it; only the courier and the logins make connections of their own.
//! SQL is the store's, element names are `ewsd-ews`'s.

pub mod auth;
pub mod convert;
mod courier;
mod form;
mod front;
pub mod login;
pub mod op;
mod role;
mod sandbox;
mod service;
mod space;
mod tls;
pub mod trace;

/// One request to a web server and its answer, for whoever asks as a client.
pub mod web {
    pub use crate::courier::web::{Reply, exchange};
}

pub use ewsd_ipc::Fault;
pub use role::database::options as database_options;
pub use role::{Args, run, settings};
pub use space::room;
