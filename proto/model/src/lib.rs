//! What a mailbox is, as tables and plain values. No sockets, no SQL, no XML.
//!
//! | question | file |
//! |---|---|
//! | what is `item:Subject`? | `property/table.rs`, one row |
//! | which values can a property hold? | `value.rs` |
//! | how is a property named in a request? | `path.rs` |
//! | what is to be made or changed? | `object.rs`, `change.rs`; which object: `target.rs` |
//! | what is told of what went wrong? | `failure.rs`, with a code of `code.rs` |
//! | what operations are there? | `operation.rs` |
//! | which folders does a mailbox start with, under which names? | `distinguished.rs` |
//! | what is MAPI property 0x0E07 here? | `property/alias.rs` |
//! | under which key is an extended property stored? | `property/mapi.rs` |
//! | how is an item's id made? | `id/mod.rs`; other formats: `id_format.rs` |
//! | what is a mail address? | `address.rs` |
//! | what may a Reviewer do? | `rights.rs` |
//! | what is "W. Europe Standard Time"? | `timezone/` |
//! | which days is a series on? | `recurrence/`; as MAPI octets `recurrence/blob.rs`, its zone `timezone/blob.rs` |
//! | how is a meeting known everywhere? | `global_id.rs` |
//! | how busy is somebody, when could many meet? | `availability/` |
//! | by which rules does a room answer? | `booking.rs` |

pub mod address;
pub mod availability;
pub mod booking;
pub mod calendar;
pub mod change;
pub mod code;
pub mod distinguished;
pub mod failure;
mod folder_name;
pub mod global_id;
pub mod id;
pub mod id_format;
pub mod kind;
pub mod object;
mod octets;
pub mod operation;
pub mod path;
pub mod property;
pub mod recurrence;
#[cfg(test)]
mod reference;
pub mod rights;
pub mod target;
pub mod timezone;
pub mod value;
pub mod version;

pub use code::Code;
pub use kind::{FolderKind, ItemKind, Kinds};
pub use operation::Op;
pub use property::{Prop, PropId};
pub use value::Value;
pub use version::Version;
