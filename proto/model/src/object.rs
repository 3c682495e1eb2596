//! Items, folders and attachments as they are to be made, whatever protocol they were given by. Changes to them are in
//! `change.rs`.

use crate::code::Code;
use crate::property::ExtendedPath;
use crate::property::mapi::ExtendedValue;
use crate::value::{Body, WireId};
use crate::{FolderKind, ItemKind, PropId, Value, Version};

/// What kind of thing an element in CreateItem's `Items` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewKind {
    Item(ItemKind),
    /// An answer to another item.
    Response(ResponseKind),
}

/// Response objects: what they do with the item they refer to. In schema order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseKind {
    Accept,
    TentativelyAccept,
    Decline,
    ReplyTo,
    Forward,
    ReplyAllTo,
    CancelCalendarItem,
    Remove,
    SuppressReadReceipt,
    PostReply,
    AcceptSharingInvitation,
    AddItemToMyCalendar,
    ProposeNewTime,
}

/// A row of the response objects.
#[derive(Clone, Copy, Debug)]
pub struct ResponseRow {
    pub kind: ResponseKind,
    /// In the types namespace.
    pub element: &'static str,
    /// What is remembered of the answered item: last verb (MS-OXOMSG 2.2.1.4) and the word of its icon.
    pub trace: Option<(i64, &'static str)>,
    /// Said where it does not fit the item.
    pub refusal: Code,
    /// The first version in which it is offered.
    pub since: Version,
    /// CreateItem has it (NonEmptyArrayOfAllItemsType); others are offered only, and done by those it has.
    pub sent: bool,
}

const fn row(kind: ResponseKind, element: &'static str, refusal: Code) -> ResponseRow {
    ResponseRow { kind, element, trace: None, refusal, since: Version::Exchange2007, sent: true }
}

const fn mail(kind: ResponseKind, element: &'static str, verb: i64, icon: &'static str) -> ResponseRow {
    ResponseRow { trace: Some((verb, icon)), ..row(kind, element, Code::ErrorInvalidOperation) }
}

/// Offered, never sent.
const fn offer(kind: ResponseKind, element: &'static str) -> ResponseRow {
    let since = Version::Exchange2013Sp1;
    ResponseRow { since, sent: false, ..row(kind, element, Code::ErrorInvalidOperation) }
}

static RESPONSES: [ResponseRow; 13] = [
    row(ResponseKind::Accept, "AcceptItem", Code::ErrorInvalidItemForOperationAcceptItem),
    row(ResponseKind::TentativelyAccept, "TentativelyAcceptItem", Code::ErrorInvalidItemForOperationTentative),
    row(ResponseKind::Decline, "DeclineItem", Code::ErrorInvalidItemForOperationDeclineItem),
    mail(ResponseKind::ReplyTo, "ReplyToItem", 102, "MailReplied"),
    mail(ResponseKind::Forward, "ForwardItem", 104, "MailForwarded"),
    mail(ResponseKind::ReplyAllTo, "ReplyAllToItem", 103, "MailReplied"),
    row(ResponseKind::CancelCalendarItem, "CancelCalendarItem", Code::ErrorInvalidItemForOperationCancelItem),
    row(ResponseKind::Remove, "RemoveItem", Code::ErrorInvalidItemForOperationRemoveItem),
    row(ResponseKind::SuppressReadReceipt, "SuppressReadReceipt", Code::ErrorInvalidOperation),
    row(ResponseKind::PostReply, "PostReplyItem", Code::ErrorInvalidOperation),
    row(ResponseKind::AcceptSharingInvitation, "AcceptSharingInvitation", Code::ErrorInvalidOperation),
    offer(ResponseKind::AddItemToMyCalendar, "AddItemToMyCalendar"),
    offer(ResponseKind::ProposeNewTime, "ProposeNewTime"),
];

impl ResponseKind {
    pub fn row(self) -> &'static ResponseRow {
        // The table has one row for each variant, in their order: a test compares.
        #[allow(clippy::indexing_slicing)]
        &RESPONSES[self as usize]
    }

    /// What CreateItem says by an element.
    pub fn from_element(name: &str) -> Option<ResponseKind> {
        RESPONSES.iter().find(|row| row.sent && row.element == name).map(|row| row.kind)
    }
}

/// An item to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct NewItem {
    pub kind: NewKind,
    /// In table order; each property at most once.
    pub props: Vec<(PropId, Value)>,
    pub extended: Vec<(ExtendedPath, ExtendedValue)>,
    pub attachments: Vec<NewAttachment>,
    /// Of a response object: the item it answers.
    pub reference: Option<WireId>,
    /// Of a response object: the text that goes before the quoted one.
    pub new_body: Option<Body>,
}

impl NewItem {
    /// The property's value, if it was given.
    pub fn get(&self, id: PropId) -> Option<&Value> {
        self.props.iter().find(|(known, _)| *known == id).map(|(_, value)| value)
    }

    /// Takes the property's value out.
    pub fn take(&mut self, id: PropId) -> Option<Value> {
        let place = self.props.iter().position(|(known, _)| *known == id)?;
        Some(self.props.remove(place).1)
    }
}

/// A folder to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFolder {
    pub kind: FolderKind,
    /// In table order; each property at most once.
    pub props: Vec<(PropId, Value)>,
    pub extended: Vec<(ExtendedPath, ExtendedValue)>,
}

/// An attachment to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAttachment {
    pub name: String,
    pub content_type: Option<String>,
    pub content_id: Option<String>,
    pub content_location: Option<String>,
    pub inline: bool,
    pub contact_photo: bool,
    pub content: NewContent,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NewContent {
    File(Vec<u8>),
    Item(Box<NewItem>),
    /// A message as octets (RFC 5322), to be shown as an item.
    Message(Vec<u8>),
    /// An attached item as it is stored already: it goes along with what it was attached to.
    Stored(Vec<u8>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_objects_are_found_by_kind_and_element() {
        for (at, row) in RESPONSES.iter().enumerate() {
            assert_eq!((row.kind as usize, row.kind.row().element), (at, row.element));
            assert_eq!(ResponseKind::from_element(row.element), row.sent.then_some(row.kind));
        }
    }
}
