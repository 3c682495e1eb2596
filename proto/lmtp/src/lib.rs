//! LMTP as a final delivery agent speaks it (RFC 2033, with the SMTP grammar of RFC 5321): bytes in, values out.
//!
//! | question | file |
//! |---|---|
//! | what can a client say? | `command.rs` |
//! | how is an address written? | `path.rs` |
//! | what is answered, with which code? | `reply.rs` |
//! | which command may follow which, what is remembered between two of them? | `session.rs` |
//! | how are the lines of a group and of a message told apart? | `line.rs` |
//!
//! No sockets, no directory: whoever runs a session resolves addresses and keeps the mail. A session is a small value that
//! can be written into bytes and read back (`proto/wire`), because it travels with its connection.

mod command;
mod line;
mod path;
mod reply;
mod session;

pub use command::{BodyKind, Command};
pub use line::{Lines, unstuff};
pub use path::Path;
pub use reply::Reply;
pub use session::{Limits, Session, Step, Transaction};
