//! Rights on folders: the bits, the permission levels that name sets of them, and what they let a caller do
//! (MS-OXCPERM 2.2.7 PidTagMemberRights; MS-OXWSFOLD PermissionLevelType, CalendarPermissionLevelType).

use crate::value::EffectiveRights;

/// What a user may do in a folder. The numbers are those of PidTagMemberRights, and part of the database format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rights(pub u32);

impl Rights {
    pub const NONE: Rights = Rights(0);
    pub const READ_ANY: Rights = Rights(0x1);
    pub const CREATE: Rights = Rights(0x2);
    pub const EDIT_OWNED: Rights = Rights(0x8);
    pub const DELETE_OWNED: Rights = Rights(0x10);
    pub const EDIT_ANY: Rights = Rights(0x20);
    pub const DELETE_ANY: Rights = Rights(0x40);
    pub const CREATE_SUBFOLDER: Rights = Rights(0x80);
    /// May change the folder itself and the rights on it.
    pub const FOLDER_OWNER: Rights = Rights(0x100);
    /// Hears of what goes wrong in the folder.
    pub const FOLDER_CONTACT: Rights = Rights(0x200);
    pub const FOLDER_VISIBLE: Rights = Rights(0x400);
    /// Of a calendar: when its owner is busy.
    pub const FREE_BUSY_TIME: Rights = Rights(0x800);
    /// Of a calendar: subject and place too.
    pub const FREE_BUSY_DETAILS: Rights = Rights(0x1000);
    pub const FREE_BUSY: Rights = Self::FREE_BUSY_TIME.or(Self::FREE_BUSY_DETAILS);

    pub const OWNER: Rights = Rights(0x7fb);
    pub const PUBLISHING_EDITOR: Rights = Rights(0x4fb);
    pub const EDITOR: Rights = Rights(0x47b);
    pub const PUBLISHING_AUTHOR: Rights = Rights(0x49b);
    pub const AUTHOR: Rights = Rights(0x41b);
    pub const NONEDITING_AUTHOR: Rights = Rights(0x413);
    pub const REVIEWER: Rights = Rights(0x401);
    pub const CONTRIBUTOR: Rights = Rights(0x402);

    pub const fn or(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }

    pub const fn without(self, other: Rights) -> Rights {
        Rights(self.0 & !other.0)
    }

    /// Whether all the others are among them.
    pub const fn has(self, others: Rights) -> bool {
        self.0 & others.0 == others.0
    }

    /// The names of all levels, those of calendars too (PermissionLevelType, CalendarPermissionLevelType).
    pub fn levels() -> Vec<&'static str> {
        LEVELS.iter().chain(CALENDAR_LEVELS).map(|row| row.0).chain([CUSTOM]).collect()
    }

    /// The rights a level of any kind of folder names. None for `Custom` and unknown words.
    pub fn from_level(level: &str) -> Option<Rights> {
        LEVELS.iter().chain(CALENDAR_LEVELS).find(|row| row.0 == level).map(|row| row.1)
    }

    /// The level that names exactly these rights, else `Custom`. Rights to free/busy say nothing where items can be read;
    /// only a calendar has levels for them.
    pub fn level(self, calendar: bool) -> &'static str {
        let read = self.has(Rights::READ_ANY) || !calendar;
        let told = if read { self.without(Rights::FREE_BUSY) } else { self };
        let more: &[(&str, Rights)] = if calendar { CALENDAR_LEVELS } else { &[] };
        LEVELS.iter().chain(more).find(|row| row.1 == told).map_or(CUSTOM, |row| row.0)
    }

    /// `EditItems` of a permission: None, Owned, All.
    pub fn edit_items(self) -> &'static str {
        self.reach(Rights::EDIT_ANY, Rights::EDIT_OWNED)
    }

    /// `DeleteItems` of a permission: None, Owned, All.
    pub fn delete_items(self) -> &'static str {
        self.reach(Rights::DELETE_ANY, Rights::DELETE_OWNED)
    }

    fn reach(self, any: Rights, owned: Rights) -> &'static str {
        match (self.has(any), self.has(owned)) {
            (true, _) => "All",
            (false, true) => "Owned",
            (false, false) => "None",
        }
    }

    /// `ReadItems` of a permission.
    pub fn read_items(self, calendar: bool) -> &'static str {
        if self.has(Rights::READ_ANY) {
            "FullDetails"
        } else if calendar && self.has(Rights::FREE_BUSY_DETAILS) {
            "TimeAndSubjectAndLocation"
        } else if calendar && self.has(Rights::FREE_BUSY_TIME) {
            "TimeOnly"
        } else {
            "None"
        }
    }

    /// What the caller may do with the folder.
    pub fn on_folder(self) -> EffectiveRights {
        let owner = self.has(Rights::FOLDER_OWNER);
        EffectiveRights {
            create_associated: owner,
            create_contents: self.has(Rights::CREATE),
            create_hierarchy: self.has(Rights::CREATE_SUBFOLDER),
            delete: owner,
            modify: owner,
            read: self.has(Rights::READ_ANY),
            view_private: owner,
        }
    }

    /// What the caller may do with an item in the folder; `own`: the caller made it.
    pub fn on_item(self, own: bool) -> EffectiveRights {
        EffectiveRights {
            create_associated: false,
            create_contents: false,
            create_hierarchy: false,
            delete: self.has(Rights::DELETE_ANY) || own && self.has(Rights::DELETE_OWNED),
            modify: self.has(Rights::EDIT_ANY) || own && self.has(Rights::EDIT_OWNED),
            read: self.has(Rights::READ_ANY),
            view_private: self.has(Rights::FOLDER_OWNER),
        }
    }
}

/// The level of rights that no other level stands for.
const CUSTOM: &str = "Custom";

/// PermissionLevelType, but for Custom.
const LEVELS: &[(&str, Rights)] = &[
    ("None", Rights::NONE),
    ("Owner", Rights::OWNER),
    ("PublishingEditor", Rights::PUBLISHING_EDITOR),
    ("Editor", Rights::EDITOR),
    ("PublishingAuthor", Rights::PUBLISHING_AUTHOR),
    ("Author", Rights::AUTHOR),
    ("NoneditingAuthor", Rights::NONEDITING_AUTHOR),
    ("Reviewer", Rights::REVIEWER),
    ("Contributor", Rights::CONTRIBUTOR),
];

/// What CalendarPermissionLevelType has besides.
const CALENDAR_LEVELS: &[(&str, Rights)] =
    &[("FreeBusyTimeOnly", Rights::FREE_BUSY_TIME), ("FreeBusyTimeAndSubjectAndLocation", Rights::FREE_BUSY)];

/// PidTagAccess of what these rights allow (MS-OXCPRPT 2.2.1.1).
pub fn access(rights: &EffectiveRights) -> i32 {
    let bits = [
        (rights.modify, 0x01),
        (rights.read, 0x02),
        (rights.delete, 0x04),
        (rights.create_hierarchy, 0x08),
        (rights.create_contents, 0x10),
        (rights.create_associated, 0x20),
    ];
    bits.iter().filter(|bit| bit.0).fold(0, |sum, bit| sum | bit.1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    #[test]
    fn levels_lead_back() {
        for (name, rights) in LEVELS {
            assert_eq!(Rights::from_level(name), Some(*rights));
            assert_eq!((rights.level(false), rights.level(true)), (*name, *name));
        }
        for (name, rights) in CALENDAR_LEVELS {
            assert_eq!(Rights::from_level(name), Some(*rights));
            assert_eq!(rights.level(true), *name);
            assert_eq!(rights.level(false), "None");
        }
        assert_eq!(Rights::from_level("Custom"), None);
        assert_eq!(Rights::OWNER.or(Rights::FREE_BUSY).level(true), "Owner");
        assert_eq!(Rights::READ_ANY.or(Rights::FOLDER_CONTACT).level(false), "Custom");
    }

    #[test]
    fn words_of_a_permission() {
        let author = Rights::AUTHOR;
        assert_eq!(
            (author.edit_items(), author.delete_items(), author.read_items(false)),
            ("Owned", "Owned", "FullDetails")
        );
        assert_eq!(Rights::NONEDITING_AUTHOR.edit_items(), "None");
        assert_eq!(Rights::EDITOR.delete_items(), "All");
        assert_eq!(Rights::FREE_BUSY_TIME.read_items(true), "TimeOnly");
        assert_eq!(Rights::FREE_BUSY_TIME.read_items(false), "None");
    }

    #[test]
    fn effects() {
        assert_eq!(Rights::OWNER.on_folder(), EffectiveRights::OWNER);
        assert_eq!(Rights::NONE.on_folder(), EffectiveRights::default());
        let reviewer = Rights::REVIEWER.on_folder();
        assert!(reviewer.read && !reviewer.modify && !reviewer.create_contents);
        assert!(Rights::AUTHOR.on_item(true).modify && !Rights::AUTHOR.on_item(false).modify);
        assert_eq!(access(&EffectiveRights::OWNER), 0x3f);
        assert_eq!(access(&EffectiveRights::default()), 0);
    }
}
