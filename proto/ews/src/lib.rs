//! EWS on the wire: XML in, typed requests out; typed answers in, XML out. No sockets, no SQL, no mailbox.
//!
//! | question | file |
//! |---|---|
//! | how is a request taken apart? | `soap.rs` (envelope), `cursor.rs` (XML under `limits.rs`), `record.rs` |
//! | which operations are there? | `operations.rs`, one line each |
//! | what does an operation ask? | `request/<operation>.rs` |
//! | what does it answer? | `reply/<group>.rs` |
//! | how is a property read or written? | `property/mod.rs` has a line for each type of value, `property/<type>.rs` the rest |
//! | how are properties named? | `path.rs`, `extended.rs` |
//! | items, folders, attachments | in: `object.rs`, `change.rs`, `target.rs`; out: `view.rs` |
//! | free and busy time | in: `availability.rs`; out: `reply/availability.rs` |
//! | finds: restriction, order, pages | `restriction.rs`, `page.rs` |
//! | how does a client find the server? | `autodiscover/` |
//! | what is a subscriber sent, what does it answer? | `push.rs` |
//! | what goes wrong | `fault.rs`: a Fault ends a request, the model's Failure one response message |
//!
//! Nothing outside this crate and the model's tables spells an element name.

pub mod autodiscover;
pub mod availability;
mod change;
mod cursor;
pub mod extended;
pub mod fault;
pub mod limits;
mod object;
mod operations;
pub mod page;
mod path;
mod property;
pub mod push;
mod record;
pub mod reply;
pub mod request;
pub mod restriction;
pub mod scalar;
pub mod shape;
pub mod soap;
mod target;
pub mod view;
pub mod word;
mod writer;

pub use fault::{Fault, Violation};
pub use page::{FieldOrder, Grouping, Paging, QueryString};
pub use reply::{Reply, StreamDocument};
pub use request::{BUILT, Refused, Request};
pub use restriction::{Comparison, Operand, Restriction};
pub use shape::{AttachmentShape, FolderShape, ItemShape};
pub use soap::{CONTENT_TYPE, Envelope, Form, Headers, Impersonation, parse_envelope};
pub use view::{FolderView, ItemView};
