//! iCalendar as a syntax (RFC 5545): what is written in a text/calendar body, and writing one. What an event means is not known
//! here. Octets in, values out: no I/O, no clock, nothing that panics.
//!
//! | question | file |
//! |---|---|
//! | which components, properties, parameters are there? | `component.rs`, lines: `line.rs` |
//! | what does a value say: text, time, duration, offset? | `value.rs` |
//! | what does an RRULE say? | `rule.rs` |
//! | how is one written? | `write.rs` |
//! | how much is too much? | `limits.rs` |
//!
//! - What is odd is read as far as it can be: bare line feeds, lower case, a missing end. What is over a budget is refused.
//! - Work and memory grow with the octets.
//!
//! Why it is ours: the crates that read iCalendar bring chrono, which the tree of dependencies refuses.

mod component;
mod limits;
mod line;
mod rule;
mod value;
mod write;

pub use component::{Component, Parameter, Property, read};
pub use limits::{Limits, Over};
pub use rule::{ByDay, Frequency, Rule};
pub use value::{Moment, duration, duration_minutes, escape, list, offset_minutes, text};
pub use write::Writer;
