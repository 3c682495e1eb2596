//! One change in the journal, as the events that clients are told of it (MS-OXWSNTIF 3.1.4.1.3.1).
//!
//! The journal has one row for a change; a user's action makes several events: the item's own, then one for each folder
//! whose counters it moved. Which of them a subscription gets depends on its kinds of events and its folders.

use ewsd_ews::word::EventType;
use ewsd_model::id::{FolderNo, ItemNo};
use ewsd_store::{ChangeKind, Entry, Scope};
use jiff::Timestamp;

/// An event of a mailbox, in the mailbox's own numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub what: EventType,
    pub at: Timestamp,
    pub object: Object,
    /// The folder it is in; none for the root.
    pub parent: Option<FolderNo>,
    /// Where it was before (Moved) or what it is a copy of (Copied), and that one's folder.
    pub old: Option<(Object, Option<FolderNo>)>,
    /// Only of a folder's Modified.
    pub unread: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    Item(FolderNo, ItemNo),
    Folder(FolderNo),
}

/// What a subscription wants to hear of.
#[derive(Clone, Debug)]
pub struct Interest {
    pub scope: Scope,
    /// Bits by [`bit`].
    pub events: u32,
    /// Where soft-deleted items go: for whoever watches everything, an item that moves there is deleted, and what happens to
    /// it there is not told.
    pub dumpster: Option<FolderNo>,
    /// The mailbox is another's: what lies outside of the scope is not named, so that something that moves in was created, and
    /// something that moves away deleted.
    pub guest: bool,
}

/// The bit of a kind of event in a stored subscription. Part of the database format.
pub fn bit(event: EventType) -> u32 {
    1 << match event {
        EventType::Copied => 0,
        EventType::Created => 1,
        EventType::Deleted => 2,
        EventType::Modified => 3,
        EventType::Moved => 4,
        EventType::NewMail => 5,
        EventType::FreeBusyChanged => 6,
    }
}

impl Interest {
    fn folder(&self, folder: Option<FolderNo>) -> bool {
        match (&self.scope, folder) {
            (Scope::All, _) => true,
            (Scope::Folders(_), None) => false,
            (Scope::Folders(folders), Some(folder)) => folders.contains(&folder),
        }
    }

    fn kind(&self, what: EventType) -> bool {
        self.events & bit(what) != 0
    }

    /// The events of one change that this subscription is told, in order.
    pub fn events(&self, entry: &Entry) -> Vec<Event> {
        let mut told = Vec::with_capacity(4);
        match entry.item {
            Some(item) => self.of_item(entry, item, &mut told),
            None => self.of_folder(entry, &mut told),
        }
        told
    }

    fn of_item(&self, entry: &Entry, item: ItemNo, told: &mut Vec<Event>) {
        let object = Object::Item(entry.folder, item);
        let old = entry.old_item.zip(entry.old_folder).map(|(item, folder)| (Object::Item(folder, item), Some(folder)));
        let mut tell = |what, object, parent: FolderNo, old| {
            if self.kind(what) {
                told.push(Event { what, at: entry.at, object, parent: Some(parent), old, unread: None });
            }
        };
        let dumped = self.scope == Scope::All && self.dumpster == Some(entry.folder);
        let here = self.folder(Some(entry.folder)) && !dumped;
        let there = self.folder(entry.old_folder);
        match entry.kind {
            ChangeKind::ItemMoved if self.guest && here != there => match (here, old) {
                (true, _) => tell(EventType::Created, object, entry.folder, None),
                (false, Some((was, Some(left)))) => tell(EventType::Deleted, was, left, None),
                (false, _) => {}
            },
            ChangeKind::ItemMoved if here || there => match (&self.scope, old) {
                // The documents: Deleted for subscriptions to all folders, Moved where folders are named.
                (Scope::All, Some((was, Some(left)))) if dumped => {
                    if left != entry.folder {
                        tell(EventType::Deleted, was, left, None);
                    }
                }
                _ => tell(EventType::Moved, object, entry.folder, old),
            },
            ChangeKind::ItemCopied if here && self.guest && !there => {
                tell(EventType::Created, object, entry.folder, None);
            }
            ChangeKind::ItemCopied if here => tell(EventType::Copied, object, entry.folder, old),
            ChangeKind::ItemDeleted if here => tell(EventType::Deleted, object, entry.folder, None),
            ChangeKind::ItemModified | ChangeKind::ItemRead if here => {
                tell(EventType::Modified, object, entry.folder, None)
            }
            ChangeKind::ItemRescheduled if here => {
                tell(EventType::Modified, object, entry.folder, None);
                tell(EventType::FreeBusyChanged, object, entry.folder, None);
            }
            ChangeKind::ItemCreated if here => tell(EventType::Created, object, entry.folder, None),
            ChangeKind::ItemNewMail if here => {
                tell(EventType::Created, object, entry.folder, None);
                tell(EventType::NewMail, object, entry.folder, None);
            }
            _ => {}
        }
        if entry.counts {
            if entry.kind == ChangeKind::ItemMoved {
                self.folder_modified(entry, entry.old_folder, entry.old_unread, told);
            }
            self.folder_modified(entry, Some(entry.folder), entry.unread, told);
        }
    }

    fn of_folder(&self, entry: &Entry, told: &mut Vec<Event>) {
        let object = Object::Folder(entry.folder);
        let watched = self.folder(Some(entry.folder)) || self.folder(entry.parent);
        let mut tell = |what, old| {
            if self.kind(what) {
                told.push(Event { what, at: entry.at, object, parent: entry.parent, old, unread: None });
            }
        };
        match entry.kind {
            ChangeKind::FolderCreated if watched => tell(EventType::Created, None),
            ChangeKind::FolderDeleted if watched => tell(EventType::Deleted, None),
            ChangeKind::FolderCopied if watched => {
                // The journal names what was copied, not where that lies: the caller fills it in.
                tell(EventType::Copied, entry.old_folder.map(|source| (Object::Folder(source), None)));
            }
            ChangeKind::FolderMoved if watched || self.folder(entry.old_folder) => {
                tell(EventType::Moved, Some((object, entry.old_folder)));
            }
            ChangeKind::FolderModified => {
                if watched && self.kind(EventType::Modified) {
                    // Whoever watches only the folder above is not told when the count changes, so not what it is.
                    let unread = entry.unread.filter(|_| self.folder(Some(entry.folder)));
                    let (what, parent) = (EventType::Modified, entry.parent);
                    told.push(Event { what, at: entry.at, object, parent, old: None, unread });
                }
                return;
            }
            _ => {}
        }
        if entry.kind == ChangeKind::FolderMoved {
            self.folder_modified(entry, entry.old_folder, None, told);
        }
        self.folder_modified(entry, entry.parent, None, told);
    }

    fn folder_modified(&self, entry: &Entry, folder: Option<FolderNo>, unread: Option<i64>, told: &mut Vec<Event>) {
        let Some(number) = folder.filter(|_| self.folder(folder) && self.kind(EventType::Modified)) else { return };
        // The parent of a folder that only had its counters changed is not in the journal: the caller fills it in.
        let parent = (entry.item.is_none() && number == entry.folder).then_some(entry.parent).flatten();
        let object = Object::Folder(number);
        told.push(Event { what: EventType::Modified, at: entry.at, object, parent, old: None, unread });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use ewsd_model::id::Seq;

    const ALL: u32 = 0x7f;

    fn entry(kind: ChangeKind) -> Entry {
        Entry {
            seq: Seq(9),
            at: Timestamp::UNIX_EPOCH,
            kind,
            item: Some(ItemNo(9)),
            folder: FolderNo(2),
            old_item: None,
            old_folder: None,
            parent: None,
            associated: false,
            counts: true,
            unread: Some(3),
            old_unread: None,
        }
    }

    fn told(interest: &Interest, entry: &Entry) -> Vec<(EventType, Object)> {
        interest.events(entry).into_iter().map(|event| (event.what, event.object)).collect()
    }

    fn folders(numbers: &[i64]) -> Interest {
        let scope = Scope::Folders(numbers.iter().copied().map(FolderNo).collect());
        Interest { scope, events: ALL, dumpster: None, guest: false }
    }

    #[test]
    fn new_mail_is_created_then_new_mail_then_the_folder_with_its_unread_count() {
        let events = folders(&[2]).events(&entry(ChangeKind::ItemNewMail));
        let kinds: Vec<_> = events.iter().map(|event| event.what).collect();
        assert_eq!(kinds, [EventType::Created, EventType::NewMail, EventType::Modified]);
        assert_eq!(events[2].unread, Some(3));
        assert_eq!(events[2].object, Object::Folder(FolderNo(2)));
    }

    #[test]
    fn a_move_is_told_on_both_sides_and_modifies_only_watched_folders() {
        let moved = Entry { old_item: Some(ItemNo(4)), old_folder: Some(FolderNo(1)), ..entry(ChangeKind::ItemMoved) };
        let item = Object::Item(FolderNo(2), ItemNo(9));
        let (source, target) = (Object::Folder(FolderNo(1)), Object::Folder(FolderNo(2)));
        assert_eq!(told(&folders(&[1]), &moved), [(EventType::Moved, item), (EventType::Modified, source)]);
        assert_eq!(told(&folders(&[2]), &moved), [(EventType::Moved, item), (EventType::Modified, target)]);
        assert_eq!(told(&folders(&[1, 2]), &moved).len(), 3);
        assert_eq!(told(&folders(&[7]), &moved), []);
    }

    #[test]
    fn who_watches_everything_hears_of_a_soft_deletion_as_deletion() {
        let moved = Entry { old_item: Some(ItemNo(4)), old_folder: Some(FolderNo(1)), ..entry(ChangeKind::ItemMoved) };
        let all = Interest { scope: Scope::All, events: ALL, dumpster: Some(FolderNo(2)), guest: false };
        assert_eq!(told(&all, &moved)[0], (EventType::Deleted, Object::Item(FolderNo(1), ItemNo(4))));
    }

    #[test]
    fn what_lies_among_the_soft_deleted_is_not_told_to_who_watches_everything() {
        let all = Interest {
            scope: Scope::All,
            events: ALL & !bit(EventType::Modified),
            dumpster: Some(FolderNo(2)),
            guest: false,
        };
        for kind in [
            ChangeKind::ItemModified,
            ChangeKind::ItemRescheduled,
            ChangeKind::ItemRead,
            ChangeKind::ItemDeleted,
            ChangeKind::ItemCreated,
            ChangeKind::ItemCopied,
        ] {
            assert_eq!(told(&all, &entry(kind)), [], "{kind:?}");
        }
        let within = Entry { old_item: Some(ItemNo(4)), old_folder: Some(FolderNo(2)), ..entry(ChangeKind::ItemMoved) };
        assert_eq!(told(&all, &within), []);
        let back = Entry { folder: FolderNo(1), ..within };
        assert_eq!(told(&all, &back), [(EventType::Moved, Object::Item(FolderNo(1), ItemNo(9)))]);
    }

    #[test]
    fn who_watches_anothers_folders_is_told_of_no_others() {
        let guest =
            |numbers: &[i64]| Interest { guest: true, events: ALL & !bit(EventType::Modified), ..folders(numbers) };
        let moved = Entry { old_item: Some(ItemNo(4)), old_folder: Some(FolderNo(1)), ..entry(ChangeKind::ItemMoved) };
        let (item, was) = (Object::Item(FolderNo(2), ItemNo(9)), Object::Item(FolderNo(1), ItemNo(4)));
        assert_eq!(told(&guest(&[2]), &moved), [(EventType::Created, item)]);
        assert_eq!(told(&guest(&[1]), &moved), [(EventType::Deleted, was)]);
        assert_eq!(told(&guest(&[1, 2]), &moved), [(EventType::Moved, item)]);
        let copied = Entry { kind: ChangeKind::ItemCopied, ..moved };
        assert_eq!(told(&guest(&[2]), &copied), [(EventType::Created, item)]);
        assert_eq!(told(&guest(&[1, 2]), &copied), [(EventType::Copied, item)]);
        for interest in [guest(&[1]), guest(&[2])] {
            assert!(
                [&moved, &copied].iter().all(|entry| interest.events(entry).iter().all(|event| event.old.is_none()))
            );
        }
    }

    #[test]
    fn a_renamed_folder_is_told_to_who_watches_it_or_its_parent_once() {
        let renamed =
            Entry { item: None, folder: FolderNo(5), parent: Some(FolderNo(2)), ..entry(ChangeKind::FolderModified) };
        for watched in [&[2][..], &[5], &[2, 5]] {
            assert_eq!(told(&folders(watched), &renamed), [(EventType::Modified, Object::Folder(FolderNo(5)))]);
        }
        assert_eq!(told(&folders(&[7]), &renamed), []);
    }

    #[test]
    fn kinds_that_were_not_asked_for_are_left_out() {
        let only_new_mail = Interest { events: bit(EventType::NewMail), ..folders(&[2]) };
        assert_eq!(told(&only_new_mail, &entry(ChangeKind::ItemNewMail)).len(), 1);
        assert_eq!(told(&only_new_mail, &entry(ChangeKind::ItemModified)), []);
    }

    #[test]
    fn a_new_folder_is_told_to_who_watches_its_parent() {
        let made =
            Entry { item: None, folder: FolderNo(5), parent: Some(FolderNo(2)), ..entry(ChangeKind::FolderCreated) };
        let events = told(&folders(&[2]), &made);
        assert_eq!(events[0], (EventType::Created, Object::Folder(FolderNo(5))));
        assert_eq!(events[1], (EventType::Modified, Object::Folder(FolderNo(2))));
    }
}
