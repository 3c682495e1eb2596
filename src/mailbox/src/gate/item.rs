//! Items and attachments by their ids.
//!
//! In the caller's own mailbox an id is decoded only: the handler's own query finds out whether the thing is there. In another's,
//! the rights are those on the folder that the id names, and the item must be in just that folder: an item's number is its place
//! in one folder, so an id that names another one was never given out. Whatever cannot be read is denied, there or not; what
//! can, and is not there, is missing. An attachment is reached through its item only: what reads or changes it is given
//! the numbers of both, and finds nothing where one does not hang on the other.

use std::collections::HashMap;

use ewsd_model::code::Code;
use ewsd_model::id::{
    AttachmentId, AttachmentNo, ChangeKey, FolderNo, IdError, ItemId, ItemNo, MailboxNo, Seq, Within,
};
use ewsd_model::target::BaseItemId;
use ewsd_store::ItemPlace;

use super::{Gate, Granted, Right, Whose, covers};
use crate::error::{Error, Result};

/// An item that may be used; in the caller's own mailbox: if it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is granted on its folder.
    pub granted: Granted,
    pub item: ItemNo,
    /// Where it was when the id was made.
    pub folder: FolderNo,
    /// Of the change key that came with the id.
    pub change: Option<Seq>,
    /// The caller made it, in another's mailbox.
    own: bool,
}

impl Item {
    /// For what is done besides, where it may be done.
    pub fn allows(&self, right: Right) -> bool {
        covers(self.granted.rights, right, self.own)
    }
}

/// An attachment that may be used, if it hangs on the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub item: Item,
    pub attachment: AttachmentNo,
    /// Where inside it, if it is a message.
    pub within: Within,
}

/// An id that was read.
struct Asked {
    whose: Whose,
    id: ItemId,
    change: Option<Seq>,
    /// Said when it is not there.
    missing: Code,
    /// Said when it is: no such thing is kept yet.
    refusal: Option<Code>,
}

type Places = HashMap<(MailboxNo, FolderNo, ItemNo), ItemPlace>;

impl Gate<'_> {
    /// One item. See [`Gate::items`].
    pub fn item(&mut self, target: &BaseItemId, right: Right) -> Result<Item> {
        self.items([target], right)?.pop().unwrap_or_else(|| Err(Code::ErrorItemNotFound.into()))
    }

    /// Items in the order asked for, each allowed or refused by itself, with one query for each mailbox that is not the
    /// caller's. Occurrences of series are not kept apart yet.
    pub fn items<'t>(
        &mut self,
        targets: impl IntoIterator<Item = &'t BaseItemId>,
        right: Right,
    ) -> Result<Vec<Result<Item>>> {
        let mut asked = Vec::new();
        for target in targets {
            asked.push(by_itself(self.target(target))?);
        }
        self.granted_items(asked, right)
    }

    pub fn item_by_id(&mut self, id: &str, change_key: Option<&str>, right: Right) -> Result<Item> {
        let asked = self.asked(id, change_key)?;
        self.granted_items(vec![Ok(asked)], right)?.pop().unwrap_or_else(|| Err(Code::ErrorItemNotFound.into()))
    }

    /// Attachments in the order asked for; as [`Gate::items`].
    pub fn attachments(&mut self, ids: &[String], right: Right) -> Result<Vec<Result<Attachment>>> {
        let read: Vec<Result<AttachmentId>> =
            ids.iter().map(|id| AttachmentId::decode(id).map_err(attachment_code)).collect();
        let mut asked = Vec::with_capacity(read.len());
        for id in read.iter().flatten() {
            let missing = Code::ErrorInvalidAttachmentId;
            let whose = by_itself(self.mailbox(id.item.mailbox, missing))?;
            asked.push(whose.map(|whose| Asked { whose, id: id.item, change: None, missing, refusal: None }));
        }
        let mut items = self.granted_items(asked, right)?.into_iter();
        let each = |id: Result<AttachmentId>| {
            let id = id?;
            let item = items.next().unwrap_or_else(|| Err(Code::ErrorInvalidAttachmentId.into()))?;
            Ok(Attachment { item, attachment: id.attachment, within: id.within })
        };
        Ok(read.into_iter().map(each).collect())
    }

    fn target(&mut self, target: &BaseItemId) -> Result<Asked> {
        let (id, change_key, refusal) = match target {
            BaseItemId::Item(id) | BaseItemId::MasterRanges { id, .. } => (&id.id, &id.change_key, None),
            BaseItemId::Occurrence { master, change_key, .. } => {
                (master, change_key, Some(Code::ErrorCalendarCannotUseIdForOccurrenceId))
            }
            BaseItemId::RecurringMaster { occurrence, change_key } => {
                (occurrence, change_key, Some(Code::ErrorCalendarCannotUseIdForRecurringMasterId))
            }
        };
        Ok(Asked { refusal, ..self.asked(id, change_key.as_deref())? })
    }

    fn asked(&mut self, id: &str, change_key: Option<&str>) -> Result<Asked> {
        let id = ItemId::decode(id)?;
        let change = change_key.filter(|key| !key.is_empty()).map(ChangeKey::of_item).transpose()?;
        let missing = Code::ErrorItemNotFound;
        Ok(Asked { whose: self.mailbox(id.mailbox, missing)?, id, change, missing, refusal: None })
    }

    fn granted_items(&mut self, asked: Vec<Result<Asked>>, right: Right) -> Result<Vec<Result<Item>>> {
        let mut others: HashMap<MailboxNo, Vec<(FolderNo, ItemNo)>> = HashMap::new();
        for one in asked.iter().flatten().filter(|one| !self.owns(one.whose)) {
            others.entry(one.whose.mailbox).or_default().push((one.id.folder, one.id.item));
        }
        let mut places = Places::new();
        for (mailbox, named) in others {
            let found = self.store.mailbox(mailbox).item_places(&named)?;
            places.extend(found.into_iter().map(|place| ((mailbox, place.folder, place.item), place)));
        }
        Ok(asked.into_iter().map(|one| one.and_then(|one| self.grant_item(&one, &places, right))).collect())
    }

    fn grant_item(&self, asked: &Asked, places: &Places, right: Right) -> Result<Item> {
        let Asked { whose, id, change, missing, refusal } = *asked;
        let mut item = Item { granted: self.own(), item: id.item, folder: id.folder, change, own: false };
        if !self.owns(whose) {
            let denied = || Error::from(Code::ErrorAccessDenied);
            let place = places.get(&(whose.mailbox, id.folder, id.item)).ok_or_else(denied)?;
            item.granted = self.granted(whose, &place.props);
            item.own = item.granted.made(place.creator);
            match place.there {
                true if item.allows(right) => {}
                false if item.allows(Right::Read) => return Err(missing.into()),
                _ => return Err(denied()),
            }
        }
        match refusal {
            Some(code) => Err(code.into()),
            None => Ok(item),
        }
    }
}

/// A failure is that of the one thing; a fault ends the request.
pub(super) fn by_itself<T>(result: Result<T>) -> Result<Result<T>> {
    match result {
        Err(fault @ Error::Fault(_)) => Err(fault),
        result => Ok(result),
    }
}

/// Whatever an id is that is none of an attachment, clients look for one code; what is no id at all is told as for items.
fn attachment_code(error: IdError) -> Error {
    match error {
        IdError::Empty | IdError::Malformed => error.into(),
        _ => Code::ErrorInvalidAttachmentId.into(),
    }
}
