//! The settings: one table of keys, and everything that comes out of it.
//!
//! A row of [`table`] gives the key, its type and default, what values it takes, whether a reload applies it, which process
//! reads it and what it means. The typed [`Settings`], the reader of `ewsd.toml`, `etc/ewsd.toml` itself, `ewsctl config show`
//! and ewsd.toml(5) all come out of it, so a new setting is one new row.
//!
//! This crate may read the one file it is told to read and nothing else: no environment, no sockets, no defaults that depend
//! on the machine. Next: `table.rs` (the keys), `load.rs` (file and `--set`), `show.rs` (texts), `value.rs` (types and
//! checks), `listener.rs` (a listener's options), `directory.rs` (where a directory is), `logging.rs` and `access.rs` (`[log]` put to work).

pub mod access;
mod directory;
mod listener;
mod load;
pub mod logging;
mod show;
mod table;
mod value;

pub use directory::Directory;
pub use listener::{LOGIN_SCHEMES, Listener};
pub use load::Error;
pub use show::{check_text, manual_roff, sample};
pub use table::{
    Auth, Autodiscover, Courier, Database, Http, LANGUAGES, Limits, Log, Mail, Notifications, Process, SECTIONS,
    Server, Settings,
};
pub use value::{Check, Reader, Reload, Row, Section, Value, ValueKind};

/// Where the programs look when no `-c FILE` is given.
pub const DEFAULT_FILE: &str = "/etc/ewsd/ewsd.toml";
