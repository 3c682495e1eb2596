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
    AttachmentId, AttachmentNo, AttachmentPath, ChangeKey, FolderNo, IdError, ItemId, ItemNo, MailboxNo, Seq,
};
use ewsd_model::target::BaseItemId;
use ewsd_model::value::WireId;
use ewsd_store::{ItemPlace, ItemRow};
use jiff::civil::Date;

use super::{Gate, Granted, MailboxRef, Right, covers};
use crate::error::{Error, Result};

/// What of an item is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Part {
    /// The item itself, of a series its master.
    #[default]
    Whole,
    /// The occurrence that the pattern has on a day.
    Day(Date),
    /// The occurrence of a number, from 1.
    Index(i32),
    /// The master, which was named by its occurrence of a day. None: by an id that is none of an occurrence.
    MasterOf(Option<Date>),
    /// The master with occurrences in ranges, which the request has.
    Ranges,
}

/// An item that may be used; in the caller's own mailbox: if it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantedItem {
    /// What is granted on its folder.
    pub granted: Granted,
    pub item: ItemNo,
    /// Where it was when the id was made.
    pub folder: FolderNo,
    /// Of the change key that came with the id.
    pub change: Option<Seq>,
    pub part: Part,
    /// The caller made it, in another's mailbox.
    own: bool,
    /// It is private, and the caller may see that it is there, and when, but nothing else of it.
    hidden: bool,
}

impl GrantedItem {
    /// One occurrence of the series that was named.
    pub fn on(self, day: Date) -> GrantedItem {
        GrantedItem { part: Part::Day(day), ..self }
    }

    /// The item itself, of which a part was named.
    pub fn whole(self) -> GrantedItem {
        GrantedItem { part: Part::Whole, ..self }
    }

    /// For what changes or tells one occurrence, as it is shown: it may be private where its series, which is all that the gate has
    /// seen, is open.
    pub fn check_shown(&self, shown: &ItemRow) -> Result<()> {
        if self.granted.hides(shown) { Err(Code::ErrorAccessDenied.into()) } else { Ok(()) }
    }

    /// For what is done besides, where it may be done. What is hidden can be looked at alone.
    pub fn allows(&self, right: Right) -> bool {
        covers(self.granted.rights, right, self.own) && !(self.hidden && right != Right::Read)
    }
}

/// An attachment that may be used, if it hangs on the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub item: GrantedItem,
    pub attachment: AttachmentNo,
    /// Where inside it, if it is a message.
    pub within: AttachmentPath,
}

/// An id that was read.
struct ItemKey {
    whose: MailboxRef,
    id: ItemId,
    change: Option<Seq>,
    part: Part,
    /// Said when it is not there.
    missing: Code,
}

type Places = HashMap<(MailboxNo, FolderNo, ItemNo), ItemPlace>;

impl Gate<'_> {
    /// One item. See [`Gate::items`].
    pub fn item(&mut self, target: &BaseItemId, right: Right) -> Result<GrantedItem> {
        self.items([target], right)?.pop().unwrap_or_else(|| Err(Code::ErrorItemNotFound.into()))
    }

    /// Items in the order asked for, each allowed or refused by itself, with one query for each mailbox that is not the
    /// caller's. For what can be done with whole items only: occurrences of series are refused, and what is hidden.
    pub fn items<'t>(
        &mut self,
        targets: impl IntoIterator<Item = &'t BaseItemId>,
        right: Right,
    ) -> Result<Vec<Result<GrantedItem>>> {
        let whole = |item: GrantedItem| match item.part {
            _ if item.hidden => Err(Code::ErrorAccessDenied.into()),
            Part::Whole => Ok(item),
            _ => Err(Code::ErrorCalendarCannotMoveOrCopyOccurrence.into()),
        };
        Ok(self.parts(targets, right)?.into_iter().map(|item| item.and_then(whole)).collect())
    }

    /// The same for what is done with occurrences of series as well.
    pub fn parts<'t>(
        &mut self,
        targets: impl IntoIterator<Item = &'t BaseItemId>,
        right: Right,
    ) -> Result<Vec<Result<GrantedItem>>> {
        let mut asked = Vec::new();
        for target in targets {
            asked.push(by_itself(self.target(target))?);
        }
        self.granted_items(asked, right)
    }

    /// The item of an id as responses and attachments name it. An occurrence's is let through with its day.
    pub fn item_by_id(&mut self, id: &str, change_key: Option<&str>, right: Right) -> Result<GrantedItem> {
        let asked = self.parse_id(id, change_key)?;
        let item = self.granted_items(vec![Ok(asked)], right)?.pop();
        match item.unwrap_or_else(|| Err(Code::ErrorItemNotFound.into()))? {
            item if item.hidden => Err(Code::ErrorAccessDenied.into()),
            item => Ok(item),
        }
    }

    /// Attachments in the order asked for; as [`Gate::items`].
    pub fn attachments(&mut self, ids: &[String], right: Right) -> Result<Vec<Result<Attachment>>> {
        let read: Vec<Result<AttachmentId>> =
            ids.iter().map(|id| AttachmentId::decode(id).map_err(attachment_code)).collect();
        let mut asked = Vec::with_capacity(read.len());
        for id in read.iter().flatten() {
            let missing = Code::ErrorInvalidAttachmentId;
            let whose = by_itself(self.mailbox(id.item.mailbox, missing))?;
            asked.push(whose.map(|whose| ItemKey { whose, id: id.item, change: None, part: Part::Whole, missing }));
        }
        let mut items = self.granted_items(asked, right)?.into_iter();
        let each = |id: Result<AttachmentId>| {
            let id = id?;
            let item = items.next().unwrap_or_else(|| Err(Code::ErrorInvalidAttachmentId.into()))?;
            if item.hidden {
                return Err(Code::ErrorAccessDenied.into());
            }
            Ok(Attachment { item, attachment: id.attachment, within: id.within })
        };
        Ok(read.into_iter().map(each).collect())
    }

    fn target(&mut self, target: &BaseItemId) -> Result<ItemKey> {
        let key = |id: &WireId| id.change_key.clone();
        match target {
            BaseItemId::Item(id) => self.parse_id(&id.id, key(id).as_deref()),
            BaseItemId::MasterRanges { id, .. } => {
                Ok(ItemKey { part: Part::Ranges, ..self.parse_id(&id.id, key(id).as_deref())? })
            }
            BaseItemId::Occurrence { master, change_key, index } => {
                let asked = self.parse_id(master, change_key.as_deref())?;
                match asked.part {
                    Part::Whole => Ok(ItemKey { part: Part::Index(*index), ..asked }),
                    _ => Err(Code::ErrorCalendarCannotUseIdForOccurrenceId.into()),
                }
            }
            BaseItemId::RecurringMaster { occurrence, change_key } => {
                let asked = self.parse_id(occurrence, change_key.as_deref())?;
                let day = if let Part::Day(day) = asked.part { Some(day) } else { None };
                Ok(ItemKey { part: Part::MasterOf(day), ..asked })
            }
        }
    }

    fn parse_id(&mut self, id: &str, change_key: Option<&str>) -> Result<ItemKey> {
        let (id, day) = ItemId::decode_any(id)?;
        let change = change_key.filter(|key| !key.is_empty()).map(ChangeKey::of_item).transpose()?;
        let missing = Code::ErrorItemNotFound;
        let part = day.map_or(Part::Whole, Part::Day);
        Ok(ItemKey { whose: self.mailbox(id.mailbox, missing)?, id, change, part, missing })
    }

    fn granted_items(&mut self, asked: Vec<Result<ItemKey>>, right: Right) -> Result<Vec<Result<GrantedItem>>> {
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

    fn grant_item(&self, asked: &ItemKey, places: &Places, right: Right) -> Result<GrantedItem> {
        let ItemKey { whose, id, change, part, missing } = *asked;
        let granted = self.own();
        let mut item =
            GrantedItem { granted, item: id.item, folder: id.folder, change, part, own: false, hidden: false };
        if !self.owns(whose) {
            let denied = || Error::from(Code::ErrorAccessDenied);
            let place = places.get(&(whose.mailbox, id.folder, id.item)).ok_or_else(denied)?;
            item.granted = self.granted(whose, &place.props);
            item.own = item.granted.made(place.creator);
            item.hidden = place.private && item.granted.is_blind_to(place.creator);
            match place.there {
                true if item.allows(right) => {}
                false if item.allows(Right::Read) => return Err(missing.into()),
                _ => return Err(denied()),
            }
        }
        Ok(item)
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
