//! Attachments: rows of their own, with their content among the blobs. Each change of them is a change of their item.

use crate::Map;
use ewsd_model::id::{AttachmentNo, ItemNo};
use jiff::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i16)]
pub enum AttachmentKind {
    File = 0,
    /// The content is the attached message as RFC 5322 octets.
    Item = 1,
}

#[derive(Clone, Debug)]
pub struct NewAttachment<'a> {
    pub kind: AttachmentKind,
    pub name: &'a str,
    pub content_type: Option<&'a str>,
    pub content_id: Option<&'a str>,
    pub content_location: Option<&'a str>,
    pub inline: bool,
    /// Now, if not said.
    pub modified: Option<Timestamp>,
    pub content: &'a [u8],
    /// Whatever else the worker keeps with it.
    pub props: Map,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AttachmentRow {
    pub attachment: AttachmentNo,
    pub item: ItemNo,
    pub kind: AttachmentKind,
    pub name: String,
    pub content_type: Option<String>,
    pub content_id: Option<String>,
    pub content_location: Option<String>,
    /// Octets of the content.
    pub size: i64,
    pub modified: Timestamp,
    pub inline: bool,
    pub props: Map,
    /// Only where asked for.
    pub content: Option<Vec<u8>>,
}
