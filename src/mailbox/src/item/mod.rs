//! The item engine: how items are put together, changed, read whole and sent.
//!
//! | question | file |
//! |---|---|
//! | how is a new item put together? | `draft.rs` |
//! | how does a property get into an item? | `edit.rs`, by its MAPI name `edit_mapi.rs`, lists and long texts `edit_lists.rs`, by the server itself `edit_members.rs`, into the store `edit_update.rs`, of calendar items `edit_event.rs` |
//! | what follows from an item's properties (preview, display names, words, size)? | `derive.rs` |
//! | how are rows and whole messages read? | `load.rs` |
//! | how is a message sent? | `submit.rs` |
//! | replies, forwards | `respond.rs` |
//! | a message replaced whole | `replace.rs` |

pub mod derive;
pub mod draft;
pub mod edit;
mod edit_event;
mod edit_lists;
mod edit_mapi;
mod edit_members;
mod edit_update;
pub mod load;
pub mod replace;
pub mod respond;
pub mod submit;
