//! Restrictions, sort orders and pages, as the store understands them.
//!
//! How they become SQL: `build.rs`; what a field is there: `field.rs`; where words begin and end: `words.rs`.

mod build;
mod cost;
mod field;
mod words;

pub(crate) use build::{condition, group, order};
pub(crate) use field::Table;

use crate::StoreError;
use crate::sql::int;
use ewsd_model::property::Column;
use ewsd_model::property::mapi::Scalar;

/// What a condition or an order looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    Column(Column),
    /// True when any bit of the mask is set in the item's flags.
    Bit(u32),
    /// A member of the `props` document, by element name.
    Json(&'static str, ScalarType),
    /// An extended property by its canonical key; `array`: any of its values meets the condition.
    Ext {
        key: String,
        ty: ScalarType,
        array: bool,
    },
    /// A header line by its name, without case, from `InternetMessageHeaders` in `props`.
    Header(String),
    /// A text of the table of contacts, by its key.
    Contact(String),
    /// The text of the body, without markup.
    Body,
    /// Names of the attachments.
    AttachmentName,
}

/// How a member of a document is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarType {
    Bool,
    Int,
    Real,
    Text,
    Time,
    Bytes,
    /// A list of texts: any of them.
    Texts,
    /// One mailbox or a list of them: any name or address.
    Mailboxes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cmp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainsMode {
    FullString,
    Prefixed,
    Substring,
    PrefixOnWords,
    ExactPhrase,
}

/// A restriction (MS-OXWSSRCH 2.2.4). A property that is not set meets no condition but `Ne` and `Excludes`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Filter {
    #[default]
    True,
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// Texts are compared without case.
    Compare(Field, Cmp, Scalar),
    CompareFields(Field, Cmp, Field),
    Contains {
        field: Field,
        mode: ContainsMode,
        ignore_case: bool,
        text: String,
    },
    Exists(Field),
    /// True when no bit of the mask is set.
    Excludes(Field, u32),
    /// Words that stand one after the other in a place, without regard to case. `whole`: the last one as it is; else it only
    /// begins so.
    Words {
        place: Place,
        text: String,
        whole: bool,
    },
}

/// Where words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In all of the following.
    Anywhere,
    /// Author and sender.
    From,
    To,
    Cc,
    Bcc,
    Subject,
    Body,
    /// To, Cc or Bcc.
    Recipients,
    /// From, To, Cc or Bcc.
    Participants,
    /// Names of attachments, and the texts of those that are texts.
    Attachment,
}

/// One column of a sort order. Where the property is not set comes first when ascending, last when descending; a list is
/// placed by its first text.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub field: Field,
    pub ascending: bool,
}

/// Rows in groups: those that have the same in one field. Groups are put in order by the smallest or largest that their rows
/// have in another; an order of the rows is one within each group.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouping {
    pub by: Field,
    pub on: Field,
    /// Of the values the largest, else the smallest.
    pub largest: bool,
    pub ascending: bool,
}

/// A window into the ordered rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Rows before the window, counted from the first, or from the last with `from_end`.
    pub offset: i64,
    pub limit: i64,
    pub from_end: bool,
}

impl Page {
    pub const fn first(limit: i64) -> Page {
        Page { offset: 0, limit, from_end: false }
    }
}

/// One page of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<T> {
    /// In the order asked for, also when counted from the end.
    pub rows: Vec<T>,
    /// Rows that meet the filter, on all pages.
    pub total: i64,
    /// Where the next page in the same direction starts (offset + rows, counted from the same end).
    pub offset: i64,
    /// Nothing lies beyond this page in its direction.
    pub last: bool,
}

impl<T> Found<T> {
    /// A page as it was read. With fewer rows than it has room for it is the last, whatever the total says: that is often told
    /// by something else, and who pages by it alone may never come to an end.
    pub(crate) fn of(page: Page, rows: Vec<T>, total: i64) -> Result<Found<T>, StoreError> {
        let read = int(rows.len())?;
        let offset = page.offset + read;
        Ok(Found { rows, total, offset, last: read < page.limit || offset >= total })
    }
}
