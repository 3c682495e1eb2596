//! Operations on items, one file each; what several of them share is below.
//!
//! | question | file |
//! |---|---|
//! | how is a new item put together? | `draft.rs` |
//! | how does a property get into an item? | `edit.rs`, by its MAPI name `edit_mapi.rs` |
//! | what follows from an item's properties (preview, display names, words, size)? | `derive.rs` |
//! | how are rows and whole messages read? | `load.rs` |
//! | how is a message sent? | `submit.rs` |
//! | replies, forwards | `respond.rs` |
//! | a message replaced whole | `replace.rs` |
//! | what does a query string find? | `query_string.rs`, `find_words.rs` |

pub mod create;
pub mod delete;
mod derive;
pub mod draft;
mod edit;
mod edit_mapi;
pub mod find;
mod find_words;
pub mod get;
mod load;
pub mod mark_all_read;
mod query_string;
pub mod relocate;
mod replace;
mod respond;
pub mod send;
mod submit;
pub mod update;

#[cfg(test)]
mod tests;
