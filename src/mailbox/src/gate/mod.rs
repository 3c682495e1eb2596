//! The authorization gate: the one place where ids and names from the wire become things of a mailbox.
//!
//! [`Granted`] can be made here only, and nobody gets at a mailbox without one: [`Gate::open`] gives the one it names and no
//! other. An account owns its own mailbox. Of another's it may use the folders on which the owner gave it rights, and what is
//! in them, in operations that are let in ([`Gate::share`]): all others refuse whoever names another mailbox. Delegates and
//! impersonation will be decided here as well.
//!
//! What a stranger is told: that a mailbox is there is no secret, the directory says so, but nothing in it is told apart from
//! what is not in it. Whatever may not be used, there or not, is ErrorAccessDenied. "Not found" is said of the caller's own
//! mailbox, of mailboxes that are not there, and of items that are gone from a folder that the caller may read.
//!
//! | question | file |
//! |---|---|
//! | which rights are enough for what? | `right.rs` |
//! | how are items and attachments let in? | `item.rs` |
//! | whose free and busy time may be known? | `free_busy.rs` |
//! | folders, mailboxes, people | here |

mod free_busy;
mod item;
pub mod permission;
mod right;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::id::{
    AttachmentId, AttachmentNo, AttachmentPath, ChangeKey, FolderId, FolderNo, Guid, ItemId, ItemNo, MailboxNo, Seq,
};
use ewsd_model::property::Column;
use ewsd_model::rights::Rights;
use ewsd_model::target::TargetFolder;
use ewsd_model::value::{EffectiveRights, Mailbox as Address};
use ewsd_model::{FolderKind, ItemKind, distinguished};
use ewsd_store::{Account, DirectoryEntry, Filter, FolderRow, Group, GroupMember, ItemRow, Mailbox, Map, Page, Store};

use crate::error::Result;
use crate::property::private::has_private_dates;

pub use free_busy::{Calendar, FreeBusyAccess, Group as CalendarGroup};
pub use item::{Attachment, GrantedItem, Part};
pub use right::Right;

use item::by_itself;
use right::covers;

/// PidTagSensitivity: private.
pub const PRIVATE: i64 = 2;

/// Leave to use one mailbox. Only the gate makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    mailbox: MailboxNo,
    guid: Guid,
    /// Those on the folder that was asked for; the owner's in the caller's own mailbox.
    rights: Rights,
    /// The account that asks, where the mailbox is not its own.
    guest: Option<i64>,
}

impl Granted {
    /// For tests of what is told of a mailbox.
    #[cfg(feature = "testing")]
    pub fn testing(mailbox: MailboxNo, guid: Guid) -> Granted {
        Granted { mailbox, guid, rights: Rights::OWNER, guest: None }
    }

    /// For comparing, and for whoever waits for its changes. What is done in it takes no number: [`Gate::open`].
    pub fn mailbox(&self) -> MailboxNo {
        self.mailbox
    }

    /// For making ids.
    pub fn guid(&self) -> Guid {
        self.guid
    }

    /// What the caller may do with the folder, as clients are told.
    pub fn on_folder(&self) -> EffectiveRights {
        self.rights.on_folder()
    }

    /// What the caller may do with an item in it. `creator`: as the store keeps it.
    pub fn on_item(&self, creator: Option<i64>) -> EffectiveRights {
        self.rights.on_item(self.made(creator))
    }

    /// For what is done with the folder besides.
    pub fn check(&self, right: Right) -> Result<()> {
        if covers(self.rights, right, false) { Ok(()) } else { Err(Code::ErrorAccessDenied.into()) }
    }

    /// What is to be kept as the creator of an item that the caller makes.
    pub fn creator(&self) -> Option<i64> {
        self.guest
    }

    /// Whether the caller made an item in another's mailbox. In the own one it does not matter.
    fn made(&self, creator: Option<i64>) -> bool {
        creator.is_some() && creator == self.guest
    }

    /// Whether what is private is hidden from the caller, who did not make it and does not own the folder.
    fn is_blind_to(&self, creator: Option<i64>) -> bool {
        self.guest.is_some() && !self.rights.has(Rights::FOLDER_OWNER) && !self.made(creator)
    }

    /// Whether nothing of a calendar item may be shown but when it is: it is private. The row must have its sensitivity.
    pub fn hides(&self, row: &ItemRow) -> bool {
        row.kind == ItemKind::CalendarItem
            && row.columns.number(Column::Sensitivity) == Some(PRIVATE)
            && self.is_blind_to(row.creator)
    }

    /// Whether single dates of a series that is open are hidden. The row must have its document.
    pub fn hides_dates_of(&self, row: &ItemRow) -> bool {
        row.kind == ItemKind::CalendarItem && self.is_blind_to(row.creator) && has_private_dates(row)
    }

    /// Whether it hides anything at all.
    pub fn may_hide(&self) -> bool {
        self.is_blind_to(None)
    }

    fn mailbox_ref(&self) -> MailboxRef {
        MailboxRef { mailbox: self.mailbox, guid: self.guid }
    }

    pub fn item_id(&self, folder: FolderNo, item: ItemNo) -> ItemId {
        ItemId { mailbox: self.guid, folder, item }
    }

    pub fn folder_id(&self, folder: FolderNo) -> FolderId {
        FolderId { mailbox: self.guid, folder }
    }

    pub fn attachment_id(&self, folder: FolderNo, item: ItemNo, attachment: AttachmentNo) -> AttachmentId {
        AttachmentId { item: self.item_id(folder, item), attachment, within: AttachmentPath::default() }
    }
}

/// A folder that is there and may be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Folder {
    pub granted: Granted,
    pub row: FolderRow,
    /// Of the change key that came with the id.
    pub change: Option<Seq>,
}

/// Somebody to whom rights can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub account: i64,
    pub name: String,
    /// The primary one.
    pub address: String,
}

/// Whose things the caller may use. Holds the store for the time of one request.
pub struct Gate<'a> {
    store: &'a mut Store,
    caller: Rc<Account>,
    shared: bool,
    /// Other mailboxes that the request has named.
    known: HashMap<Guid, Option<MailboxNo>>,
}

/// The mailbox that something lies in.
#[derive(Clone, Copy, PartialEq, Eq)]
struct MailboxRef {
    mailbox: MailboxNo,
    guid: Guid,
}

impl<'a> Gate<'a> {
    pub fn new(store: &'a mut Store, caller: Rc<Account>) -> Gate<'a> {
        Gate { store, caller, shared: false, known: HashMap::new() }
    }

    /// The mailbox that `granted` is a leave for. The only way in.
    pub fn open(&mut self, granted: &Granted) -> Mailbox<'_> {
        self.store.mailbox(granted.mailbox)
    }

    /// The store itself, for sending: mail goes into other mailboxes and into the queue.
    pub(crate) fn store(&mut self) -> &mut Store {
        self.store
    }

    /// Whom the directory knows by a name: every account may ask.
    pub fn resolve_names(&mut self, name: &str, most: i64) -> Result<Vec<DirectoryEntry>> {
        Ok(self.store.resolve_names(name, most)?)
    }

    /// The groups of the directory that are called so: every account may ask.
    pub fn groups(&mut self, name: &str) -> Result<Vec<Group>> {
        Ok(self.store.groups_named(name)?)
    }

    /// Who is in a group, one level of it: every account may ask.
    pub fn group_members(&mut self, group: &Group) -> Result<Vec<GroupMember>> {
        Ok(self.store.members(group.group)?)
    }

    /// The caller's own mailbox.
    pub fn own(&self) -> Granted {
        Granted { mailbox: self.caller.mailbox, guid: self.caller.guid, rights: Rights::OWNER, guest: None }
    }

    /// The leave to use subscriptions to a mailbox, of which each says whose it is. It is a leave for nothing else: what such a
    /// subscription tells goes by [`Gate::readable`]. None: there is no such mailbox.
    pub fn subscriber(&mut self, mailbox: Guid) -> Result<Option<Granted>> {
        if mailbox == self.caller.guid {
            return Ok(Some(self.own()));
        }
        let found = match self.known.get(&mailbox) {
            Some(found) => *found,
            None => {
                let found = self.store.mailbox_by_guid(mailbox)?;
                self.known.insert(mailbox, found);
                found
            }
        };
        let guest = Some(self.caller.account);
        Ok(found.map(|number| Granted { mailbox: number, guid: mailbox, rights: Rights::NONE, guest }))
    }

    /// Those of a mailbox's folders that the caller may read now.
    pub fn readable(&mut self, granted: &Granted, folders: &[FolderNo]) -> Result<Vec<FolderNo>> {
        if self.is_own(granted) {
            return Ok(folders.to_vec());
        }
        let whose = granted.mailbox_ref();
        let rows = self.store.mailbox(whose.mailbox).folders(folders, &[])?;
        Ok(rows.iter().filter(|row| self.grant(whose, row, Right::Read).is_ok()).map(|row| row.folder).collect())
    }

    /// Whether things of other mailboxes are let in, as far as their owners gave rights. Only for operations that take each
    /// thing's mailbox from its own [`Granted`].
    pub fn share(&mut self, shared: bool) {
        self.shared = shared;
    }

    /// Whose address this is: every account may ask, as for names.
    pub fn member(&mut self, address: &str) -> Result<Option<Member>> {
        let found = self.store.account_by_address(address.trim())?;
        Ok(found.and_then(|account| {
            let address = account.primary_address?;
            Some(Member { account: account.account, name: account.display_name, address })
        }))
    }

    /// The mailbox that an id names. `missing` is said of ids that no mailbox here ever gave out.
    fn mailbox(&mut self, guid: Guid, missing: Code) -> Result<MailboxRef> {
        if guid == self.caller.guid {
            return Ok(self.own().mailbox_ref());
        }
        let found = match self.known.get(&guid) {
            Some(found) => *found,
            None => {
                let found = self.store.mailbox_by_guid(guid)?;
                self.known.insert(guid, found);
                found
            }
        };
        match found {
            Some(mailbox) if self.shared => Ok(MailboxRef { mailbox, guid }),
            Some(_) => Err(Code::ErrorAccessDenied.into()),
            None => Err(missing.into()),
        }
    }

    fn owns(&self, whose: MailboxRef) -> bool {
        whose.mailbox == self.caller.mailbox
    }

    /// What the caller may do with a folder of any mailbox, and with what is in it. `props`: the folder's.
    fn granted(&self, whose: MailboxRef, props: &Map) -> Granted {
        if self.owns(whose) {
            self.own()
        } else {
            let rights = permission::rights(props, self.caller.account);
            Granted { mailbox: whose.mailbox, guid: whose.guid, rights, guest: Some(self.caller.account) }
        }
    }

    /// The same, if it is `right` at least.
    fn grant(&self, whose: MailboxRef, row: &FolderRow, right: Right) -> Result<Granted> {
        let granted = self.granted(whose, &row.props);
        granted.check(right).map(|()| granted)
    }

    /// Whether this is the caller's own mailbox: all that is in it may be seen.
    pub fn is_own(&self, granted: &Granted) -> bool {
        self.owns(granted.mailbox_ref())
    }

    /// Of a folder that was found below another one: the leave to see it. None: it is to be left out.
    pub fn visible(&self, above: &Granted, row: &FolderRow) -> Option<Granted> {
        self.grant(above.mailbox_ref(), row, Right::Visible).ok()
    }

    /// Whether the caller may do the same with all folders below, which go with it.
    pub fn check_below(&mut self, folder: &Folder, right: Right) -> Result<()> {
        if self.is_own(&folder.granted) {
            return Ok(());
        }
        let (whose, top) = (folder.granted.mailbox_ref(), folder.row.folder);
        let below = self.store.mailbox(whose.mailbox).children(top, true, &Filter::True, &[], Page::first(i64::MAX))?;
        below.rows.iter().try_for_each(|row| self.grant(whose, row, right).map(drop))
    }

    /// Has another's folders tell of those below them that the caller may see, and of no others.
    pub fn count_visible<'r>(
        &mut self,
        granted: &Granted,
        rows: impl IntoIterator<Item = &'r mut FolderRow>,
    ) -> Result<()> {
        self.count_below(granted.mailbox, rows)
    }

    fn count_below<'r>(&mut self, mailbox: MailboxNo, rows: impl IntoIterator<Item = &'r mut FolderRow>) -> Result<()> {
        if mailbox == self.caller.mailbox {
            return Ok(());
        }
        let mut above: Vec<&mut FolderRow> = rows.into_iter().filter(|row| row.child_count > 0).collect();
        if above.is_empty() {
            return Ok(());
        }
        let numbers: Vec<FolderNo> = above.iter().map(|row| row.folder).collect();
        let rights = self.store.mailbox(mailbox).child_rights(&numbers)?;
        for row in &mut above {
            let below = rights.iter().filter(|(parent, list)| *parent == row.folder && self.shows(list));
            row.child_count = i64::try_from(below.count()).unwrap_or(i64::MAX);
        }
        Ok(())
    }

    /// Whether a folder of another's with these rights may be seen.
    fn shows(&self, rights: &serde_json::Value) -> bool {
        covers(permission::rights_in(rights, self.caller.account), Right::Visible, false)
    }

    /// Those of `folders` that the caller could see at a place in the journal: a client that came so far knows them.
    pub fn seen(&mut self, granted: &Granted, folders: &[FolderNo], at: Seq) -> Result<HashSet<FolderNo>> {
        if self.is_own(granted) || folders.is_empty() {
            return Ok(folders.iter().copied().collect());
        }
        let rights = self.store.mailbox(granted.mailbox).folder_rights_at(folders, at)?;
        Ok(rights.iter().filter(|(_, list)| self.shows(list)).map(|(folder, _)| *folder).collect())
    }

    /// One folder. See [`Gate::folders`].
    pub fn folder(&mut self, target: &TargetFolder, right: Right) -> Result<Folder> {
        match self.folders(std::slice::from_ref(target), right)?.pop() {
            Some(folder) => folder,
            None => Err(Code::ErrorFolderNotFound.into()),
        }
    }

    /// Folders in the order asked for, each found or refused by itself, with one query for all of a mailbox.
    pub fn folders(&mut self, targets: &[TargetFolder], right: Right) -> Result<Vec<Result<Folder>>> {
        let mut wanted = Vec::with_capacity(targets.len());
        for target in targets {
            wanted.push(by_itself(self.place(target))?);
        }
        let mut mailboxes: Vec<MailboxNo> = Vec::with_capacity(1);
        for place in wanted.iter().flatten() {
            if !mailboxes.contains(&place.whose.mailbox) {
                mailboxes.push(place.whose.mailbox);
            }
        }
        let mut rows: Vec<(MailboxNo, FolderRow)> = Vec::with_capacity(wanted.len());
        for mailbox in mailboxes {
            let places = || wanted.iter().flatten().filter(|place| place.whose.mailbox == mailbox);
            let numbers: Vec<FolderNo> = places().filter_map(|place| place.number).collect();
            let names: Vec<&str> = places().filter_map(|place| place.name).collect();
            let mut found = self.store.mailbox(mailbox).folders(&numbers, &names)?;
            self.count_below(mailbox, &mut found)?;
            rows.extend(found.into_iter().map(|row| (mailbox, row)));
        }
        let find = |place: FolderKey| {
            let row = rows.iter().find(|(mailbox, row)| {
                *mailbox == place.whose.mailbox
                    && match (place.number, place.name) {
                        (Some(number), _) => row.folder == number,
                        (None, name) => row.distinguished.as_deref() == name,
                    }
            });
            let Some((_, row)) = row else {
                let own = self.owns(place.whose);
                return Err(if own { place.missing } else { Code::ErrorAccessDenied }.into());
            };
            Ok(Folder { granted: self.grant(place.whose, row, right)?, row: row.clone(), change: place.change })
        };
        Ok(wanted.into_iter().map(|place| place.and_then(find)).collect())
    }

    /// What a folder is to be looked up by.
    fn place(&mut self, target: &TargetFolder) -> Result<FolderKey> {
        match target {
            TargetFolder::Id(id) => {
                let change = id.change_key.as_deref().map(ChangeKey::of_folder).transpose()?;
                let folder = FolderId::decode(&id.id)?;
                let missing = Code::ErrorFolderNotFound;
                let whose = self.mailbox(folder.mailbox, missing)?;
                Ok(FolderKey { whose, number: Some(folder.folder), name: None, change, missing })
            }
            TargetFolder::Distinguished { name, change_key, mailbox } => {
                let change = change_key.as_deref().map(ChangeKey::of_folder).transpose()?;
                let whose = match mailbox {
                    Some(mailbox) => self.mailbox_of(mailbox)?,
                    None => self.own().mailbox_ref(),
                };
                let missing =
                    distinguished::find(name).and_then(|row| row.refusal()).unwrap_or(Code::ErrorFolderNotFound);
                Ok(FolderKey { whose, number: None, name: Some(name), change, missing })
            }
            TargetFolder::AddressList(_) => Err(Code::ErrorFolderNotFound.into()),
        }
    }

    /// The mailbox named by an address: the primary one of its owner.
    fn mailbox_of(&mut self, mailbox: &Address) -> Result<MailboxRef> {
        let address = mailbox.address.as_deref().unwrap_or_default().trim();
        if self.caller.primary_address.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(address)) {
            return Ok(self.own().mailbox_ref());
        }
        let Some(owner) = self.store.account_by_address(address)? else {
            return Err(Code::ErrorNonExistentMailbox.into());
        };
        match owner.primary_address {
            Some(primary) if !primary.eq_ignore_ascii_case(address) => {
                Err(Failure::new(Code::ErrorNonPrimarySmtpAddress).value("Primary", primary).into())
            }
            _ if owner.mailbox == self.caller.mailbox || self.shared => {
                Ok(MailboxRef { mailbox: owner.mailbox, guid: owner.guid })
            }
            _ => Err(Code::ErrorAccessDenied.into()),
        }
    }
}

/// What a folder is looked up by: a number or a DistinguishedFolderId.
#[derive(Clone, Copy)]
struct FolderKey {
    whose: MailboxRef,
    number: Option<FolderNo>,
    name: Option<&'static str>,
    change: Option<Seq>,
    /// Said when it is not there.
    missing: Code,
}

impl Folder {
    /// For handlers that take only folders of one kind.
    pub fn is(&self, kind: FolderKind) -> bool {
        self.row.kind == kind
    }
}

#[cfg(test)]
mod tests;
