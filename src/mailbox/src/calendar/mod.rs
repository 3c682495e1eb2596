//! Calendars: what a calendar item is beside its properties. Patterns and zones are the model's; which handler asks is not known
//! here.
//!
//! | question | file |
//! |---|---|
//! | when is an item, in which zone, and may it be then? | `when.rs` |
//! | which occurrences has a series, and what is one as an item? | `series.rs` |
//! | how is an occurrence changed or taken out? | `change.rs` |
//! | which items touch a time? | `view.rs` |
//! | when is its owner busy? | `free_busy.rs` |
//! | what is its owner reminded of? | `reminder.rs` |
//! | what do MAPI clients read of it? | `mapi.rs`; as octets, also written: `blob.rs` |
//! | items as iCalendar, and back | `ical/` |
//! | invitations, answers, cancellations | `meeting/` |
//!
//! A series is one item: its master. Its document has the pattern (`Recurrence`), the occurrences that differ from it
//! (`ModifiedOccurrences`: an array of [`series::Exception`]) and the days of those that were deleted (`DeletedOccurrences`). An
//! occurrence is named by the day on which the pattern has it, in the zone of the series.

pub mod blob;
pub mod change;
pub mod free_busy;
pub mod ical;
pub mod mapi;
pub mod meeting;
pub mod reminder;
pub mod series;
pub mod view;
pub mod when;
