//! Calendar items as iCalendar tells them, and back (MS-OXCICAL): which member of an item is which part of an event. What an event
//! is, and how it is read and written, is `convert/ical/`.
//!
//! | question | file |
//! |---|---|
//! | what does a stored item say as iCalendar? | `out.rs` |
//! | how does an event become an item, a series with its exceptions? | `into.rs` |
//! | whole calendars of administrators | `transfer.rs` |

mod into;
mod out;
pub mod transfer;

pub use into::{EventItem, files, first, lay, lay_occurrence, settle};
pub use out::{Files, LINK, Source, method, of_message, of_row, part, text};
