//! iCalendar, both ways (RFC 5545 as MS-OXCICAL narrows it): events as values that a calendar item can take, and back. The
//! syntax is `proto/ical`, patterns and zones are the model's. What reads octets is reached by `../table.rs` alone.
//!
//! | question | file |
//! |---|---|
//! | what is an event here? | `event.rs` |
//! | where in octets from a client or in a message is a calendar? | `find.rs` |
//! | how is one read? | `read.rs`, people and files in it `read/parts.rs` |
//! | how is one written? | `write.rs` |
//! | how much of one is read, why is one refused? | `limits.rs` |
//! | how does a converter answer one? | `answer.rs` |
//! | which RRULE is which pattern? | `rule.rs` |
//! | which VTIMEZONE is which zone? | `zone.rs` |

mod answer;
mod event;
mod find;
mod limits;
mod read;
mod rule;
#[cfg(test)]
mod tests;
mod write;
mod zone;

pub(super) use answer::Says;
pub use event::{Answer, Attachment, Attendee, Busy, Calendar, Content, Event, Importance, Left, Role, Sensitivity};
pub use find::Found;
pub(super) use find::{find, in_message};
pub use limits::{Budget, Limits, Unreadable};
use read::read;

pub use write::write;

/// Whose days the days of an event are: dates alone do not say it, and others do not mind the line.
const ZONE: &str = "X-EWSD-TIMEZONE";

/// What a link is called that has no name of its own.
fn last_of(link: &str) -> &str {
    link.rsplit('/').next().unwrap_or_default()
}
