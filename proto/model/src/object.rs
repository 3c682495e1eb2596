//! Items, folders and attachments as they are to be made, whatever protocol they were given by. Changes to them are in
//! `change.rs`.

use crate::property::ExtendedPath;
use crate::property::mapi::ExtendedValue;
use crate::value::{Body, WireId};
use crate::{FolderKind, ItemKind, PropId, Value};

/// What kind of thing an element in CreateItem's `Items` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewKind {
    Item(ItemKind),
    /// An answer to another item.
    Response(ResponseKind),
}

/// Response objects: what they do with the item they refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseKind {
    ReplyTo,
    ReplyAllTo,
    Forward,
    Accept,
    TentativelyAccept,
    Decline,
    CancelCalendarItem,
    Remove,
    SuppressReadReceipt,
    PostReply,
    AcceptSharingInvitation,
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
}
