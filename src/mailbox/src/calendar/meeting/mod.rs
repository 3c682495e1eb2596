//! Meetings (MS-OXWSMTGS 3.1.4, MS-OXOCAL 3.1.4): who is told of what, and what that does to their calendars.
//!
//! | question | file |
//! |---|---|
//! | who is invited, who organizes? | `people.rs` |
//! | what does a request, a cancellation, an answer say? | `notice.rs` |
//! | what of an item does it take? | `members.rs`; of occurrences that differ from their series: `occurrences.rs` |
//! | who gets which after a change? | `plan.rs` |
//! | how does it get there? | `post.rs` |
//! | what does it do in the calendar of whoever gets it? | `attendant.rs` |
//! | answering, cancelling, removing | `respond.rs` |
//! | passing an invitation on | `forward.rs` |
//! | what do rooms and equipment do with it? | `resource.rs`; whether they can be had then: `booking.rs` |
//! | which other meetings is one in the way of? | `conflict.rs` |
//! | when is a meeting whose times name no zone? | `floating.rs` |
//!
//! People here get the message and the change of their calendar in the sender's own transaction.

pub mod attendant;
mod booking;
pub mod conflict;
mod floating;
pub mod forward;
pub mod mail;
mod members;
pub mod notice;
mod occurrences;
pub mod people;
pub mod plan;
pub mod post;
pub mod resource;
pub mod respond;
