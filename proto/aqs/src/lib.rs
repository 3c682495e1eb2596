//! Advanced Query Syntax as EWS has it ("Perform an AQS search by using EWS in Exchange", QueryStringType): a text that people
//! type, as a tree. Text in, values out: no I/O, no clock, no word of what is searched.
//!
//! | question | file |
//! |---|---|
//! | what can a query ask for? | `query.rs` |
//! | which keywords are there, and what does each take? | `keyword.rs` |
//! | where does a word, a quoted text, a keyword end? | `token.rs` |
//! | what belongs to what? | `parser.rs` |
//! | what span of time is a date? | `date.rs`; months, days, spans by name: `date/name.rs` |
//! | how many octets is a size? | `size.rs` |
//!
//! ```
//! use ewsd_aqs::{Place, Query, parse};
//! let now = "2025-11-19T12:00:00Z[UTC]".parse()?;
//! let subject = |text: &str, whole| Query::Text { place: Place::Subject, text: text.into(), whole };
//! assert_eq!(parse("subject:\"project plan\"", &now)?, subject("project plan", true));
//! assert_eq!(parse("subject:proj -subject:old", &now)?,
//!     Query::And(vec![subject("proj", false), Query::Not(Box::new(subject("old", false)))]));
//! assert_eq!(parse("subjekt:x", &now).unwrap_err().to_string(),
//!     "\"subjekt:\" is no keyword that is known here; to search for it as text, put it between quotation marks");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is not understood is an error that says what: whoever is shown nothing believes that there is nothing.

mod date;
mod error;
mod keyword;
mod parser;
mod query;
mod size;
mod token;

pub use error::Error;
pub use parser::parse;
pub use query::{Flag, Level, Moment, Place, Query, SearchKind};
