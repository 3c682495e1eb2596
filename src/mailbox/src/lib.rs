//! What a mailbox is and how it changes. No XML, no socket, no operation of any protocol.
//!
//! | question | file |
//! |---|---|
//! | may they? | `gate/`, the only way to a mailbox |
//! | how is a new item put together? | `item/draft.rs` |
//! | how does a property get into an item, and what follows from it? | `item/edit.rs`, `item/derive.rs` |
//! | what does a kind of items do besides? | `kind/`, one file each |
//! | what is a property of an item, as clients see it? | `property/` |
//! | how is a message sent? | `item/submit.rs` |
//! | how does mail get into a mailbox? | `deliver/` |
//! | what is a series, a meeting, a free hour? | `calendar/` |
//! | MIME, HTML, text | `convert/` |
//! | what is told when something goes wrong? | `error.rs` |
//! | who asks, when, by which settings? | `session.rs` |
//!
//! EWS operations, delivery, the courier and administration stand on it; SQL is the store's, element names are `ewsd-ews`'s.

pub mod calendar;
pub mod clock;
pub mod convert;
pub mod deliver;
pub mod error;
pub mod gate;
pub mod item;
pub mod kind;
pub mod log;
pub mod property;
pub mod random;
pub mod session;
