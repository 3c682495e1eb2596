//! The converter: strangers' octets are read in a process that has no database, no network and no files, and is replaced when
//! it dies.
//!
//! | question | file |
//! |---|---|
//! | what is asked and answered, in octets? | `message.rs` |
//! | how does a process ask? | `asking.rs` |
//! | how is it answered? | `serve.rs` |
//! | how does `ewsctl` convert? | `child.rs` |
//! | what is given up before? | `confine.rs` |
//!
//! How the two meet is `../service/`. Whoever hears that a converter died over its question asks once more for one that has
//! converted nothing before.

mod asking;
mod child;
mod confine;
mod message;
mod serve;

pub use asking::ConverterClient;
pub(crate) use asking::take_deaths;
pub use child::{Child, be_child};
pub(crate) use confine::{Limits, shut_in};
pub(crate) use serve::Converter;
