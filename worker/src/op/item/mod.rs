//! Operations on items, one file each; what several of them share is below.
//!
//! | question | file |
//! |---|---|
//! | how does a property get into an item? | `edit.rs` |
//! | what follows from an item's properties (preview, display names, words, size)? | `derive.rs` |
//! | how is a message sent? | `submit.rs` |
//! | how are rows read and shown? | `load.rs` |

pub mod query_string;
