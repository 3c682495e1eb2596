//! Messages in RFC 5322 form to properties, and back. Reading mail is the crate `proto/mime`'s; what becomes of it is told here.
//!
//! | question | file |
//! |---|---|
//! | what becomes of a message that came in? | `parse.rs` |
//! | how is a message written from its properties? | `build.rs` |
//! | which conversation does it belong to? | `thread.rs` |
//! | which message ids does a text hold? | `id.rs` |
//! | what is in a winmail.dat? | `tnef.rs` |
//! | which words find it, and what is attached? | `words.rs` |
//! | how is a field folded and encoded? | `field.rs` |
//! | how are header lines listed, and added at delivery? | `header.rs` |
//! | what does the head of a message have that leaves? | `outgoing/` |
//! | what is kept of a message that the database would not take? | `plain.rs` |
//!
//! A message that came in is kept as it is beside its properties ([`Parsed`] is what is read off it, never instead of it).
//! Nothing here fails: what cannot be parsed is a message without properties whose body is its text. What reads octets is reached
//! by `../table.rs` alone.

mod answer;
mod build;
mod field;
mod header;
mod id;
pub mod outgoing;
mod parse;
mod plain;
#[cfg(test)]
mod tests;
mod thread;
mod tnef;
mod words;

pub use field::encoded_words;

use ewsd_model::ItemKind;
use ewsd_model::property::bit;
use ewsd_store::{Columns, Map};

use super::octets::Octets;

pub use build::{CalendarPart, Message, Part, build, mailboxes};
pub(super) use header::headers;
pub use header::{date, prepend};
pub use id::{id, ids};
pub(super) use parse::parse;
pub use parse::{describe, display, plain_text};
pub(super) use plain::plain;
pub use plain::unread;
pub use thread::{Thread, topic};
pub use words::{Lists, Texts};
pub(super) use words::{of_file, of_message};

/// Characters of the preview (MS-OXWSCORE: item:Preview).
pub const PREVIEW: usize = 256;

/// What is read off a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<'a> {
    pub kind: ItemKind,
    /// Bits of [`bit`]: attachments, receipts asked for.
    pub flags: u32,
    /// Everything that has a column, `Size`, `Preview` and `BodyType` too; no `Received`.
    pub columns: Columns,
    /// The properties of the JSON document, by element name.
    pub props: Map,
    /// Text or HTML (column `BodyType` says which), without the parts that are attachments.
    pub body: String,
    /// Of an HTML body the text without markup, in which searches look.
    pub plain: Option<String>,
    pub attachments: Vec<Attachment<'a>>,
    /// Texts that find it.
    pub search: Texts,
}

impl Parsed<'_> {
    pub fn has_attachments(&self) -> bool {
        self.flags & bit::HAS_ATTACHMENTS != 0
    }
}

impl Attachment<'_> {
    /// Its type without parameters.
    pub fn essence(&self) -> Option<&str> {
        self.content_type.as_deref().map(essence)
    }
}

/// A type without its parameters.
pub fn essence(content_type: &str) -> &str {
    content_type.split_once(';').map_or(content_type, |(essence, _)| essence).trim()
}

/// A part of a message that is not its body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attachment<'a> {
    pub name: String,
    /// `type/subtype`, and the parameters that tell how its octets are read.
    pub content_type: Option<String>,
    /// Without angle brackets.
    pub content_id: Option<String>,
    pub content_location: Option<String>,
    /// Shown within the body, which refers to it.
    pub inline: bool,
    /// Decoded. A message that is attached is its octets.
    pub content: Octets<'a>,
    /// Text whose words find it beside those of the name.
    pub words: String,
}
