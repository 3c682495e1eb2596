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
//! | how is an item's id made? | `id.rs`; other formats: `id_format.rs` |
//! | what is a mail address? | `address.rs` |
//! | what may a Reviewer do? | `rights.rs` |
//! | what is "W. Europe Standard Time"? | `timezone.rs` |

pub mod address;
pub mod change;
pub mod code;
pub mod distinguished;
pub mod failure;
pub mod id;
pub mod id_format;
pub mod kind;
pub mod object;
pub mod operation;
pub mod path;
pub mod property;
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
