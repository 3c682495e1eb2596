//! Finds: FindItem and FindFolder, and what their questions mean to the store.
//!
//! | question | file |
//! |---|---|
//! | restrictions and sort orders | `restriction.rs` |
//! | which rows, and where does the next page begin? | `page.rs` |
//! | what does a query string find? | `query_string.rs`, `words.rs` |

pub mod folders;
pub mod items;
mod page;
mod query_string;
pub mod restriction;
mod words;
