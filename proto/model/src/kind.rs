//! The element kinds of items and folders, and sets of them (MS-OXWSCORE 2.2, MS-OXWSFOLD 2.2).

/// What element an item is on the wire. Stored with the item; the numbers are part of the database format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ItemKind {
    Item = 0,
    Message = 1,
    CalendarItem = 2,
    Contact = 3,
    DistributionList = 4,
    MeetingMessage = 5,
    MeetingRequest = 6,
    MeetingResponse = 7,
    MeetingCancellation = 8,
    Task = 9,
    PostItem = 10,
}

/// What element a folder is on the wire. Stored with the folder; the numbers are part of the database format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FolderKind {
    Folder = 16,
    CalendarFolder = 17,
    ContactsFolder = 18,
    SearchFolder = 19,
    TasksFolder = 20,
}

/// A set of item and folder kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(pub u32);

impl Kinds {
    pub const NONE: Kinds = Kinds(0);
    pub const ITEM: Kinds = Kinds(1 << ItemKind::Item as u8);
    pub const MESSAGE: Kinds = Kinds(1 << ItemKind::Message as u8);
    pub const CALENDAR: Kinds = Kinds(1 << ItemKind::CalendarItem as u8);
    pub const CONTACT: Kinds = Kinds(1 << ItemKind::Contact as u8);
    pub const LIST: Kinds = Kinds(1 << ItemKind::DistributionList as u8);
    pub const MEETING_MESSAGE: Kinds = Kinds(1 << ItemKind::MeetingMessage as u8);
    pub const REQUEST: Kinds = Kinds(1 << ItemKind::MeetingRequest as u8);
    pub const RESPONSE: Kinds = Kinds(1 << ItemKind::MeetingResponse as u8);
    pub const CANCELLATION: Kinds = Kinds(1 << ItemKind::MeetingCancellation as u8);
    pub const TASK: Kinds = Kinds(1 << ItemKind::Task as u8);
    pub const POST: Kinds = Kinds(1 << ItemKind::PostItem as u8);
    /// All meeting messages.
    pub const MEETINGS: Kinds = Self::MEETING_MESSAGE.or(Self::REQUEST).or(Self::RESPONSE).or(Self::CANCELLATION);
    /// Everything that derives from MessageType.
    pub const MESSAGES: Kinds = Self::MESSAGE.or(Self::MEETINGS);
    pub const ALL_ITEMS: Kinds = Kinds(0x07ff);
    pub const FOLDER: Kinds = Kinds(1 << FolderKind::Folder as u8);
    pub const CALENDAR_FOLDER: Kinds = Kinds(1 << FolderKind::CalendarFolder as u8);
    pub const CONTACTS_FOLDER: Kinds = Kinds(1 << FolderKind::ContactsFolder as u8);
    pub const SEARCH_FOLDER: Kinds = Kinds(1 << FolderKind::SearchFolder as u8);
    pub const TASKS_FOLDER: Kinds = Kinds(1 << FolderKind::TasksFolder as u8);
    pub const ALL_FOLDERS: Kinds = Kinds(0x1f << 16);
    /// Answers of FindConversation and FindPeople: neither items nor folders.
    pub const CONVERSATION: Kinds = Kinds(1 << 24);
    pub const PERSONA: Kinds = Kinds(1 << 25);

    pub const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Whether any kind is in both.
    pub const fn meets(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    pub const fn has_item(self, kind: ItemKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    pub const fn has_folder(self, kind: FolderKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }
}

/// Row of the kind table: element, stored number, item class that makes it.
const ITEM_KINDS: &[(ItemKind, &str, &str)] = &[
    (ItemKind::Item, "Item", "IPM"),
    (ItemKind::Message, "Message", "IPM.Note"),
    (ItemKind::CalendarItem, "CalendarItem", "IPM.Appointment"),
    (ItemKind::Contact, "Contact", "IPM.Contact"),
    (ItemKind::DistributionList, "DistributionList", "IPM.DistList"),
    (ItemKind::MeetingMessage, "MeetingMessage", "IPM.Schedule.Meeting"),
    (ItemKind::MeetingRequest, "MeetingRequest", "IPM.Schedule.Meeting.Request"),
    (ItemKind::MeetingResponse, "MeetingResponse", "IPM.Schedule.Meeting.Resp"),
    (ItemKind::MeetingCancellation, "MeetingCancellation", "IPM.Schedule.Meeting.Canceled"),
    (ItemKind::Task, "Task", "IPM.Task"),
    (ItemKind::PostItem, "PostItem", "IPM.Post"),
];

/// Row of the folder kind table: element, default container class.
const FOLDER_KINDS: &[(FolderKind, &str, &str)] = &[
    (FolderKind::Folder, "Folder", "IPF.Note"),
    (FolderKind::CalendarFolder, "CalendarFolder", "IPF.Appointment"),
    (FolderKind::ContactsFolder, "ContactsFolder", "IPF.Contact"),
    (FolderKind::SearchFolder, "SearchFolder", "IPF.Note"),
    (FolderKind::TasksFolder, "TasksFolder", "IPF.Task"),
];

impl ItemKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = ItemKind> {
        ITEM_KINDS.iter().map(|row| row.0)
    }

    pub const fn kinds(self) -> Kinds {
        Kinds(1 << self as u8)
    }

    pub fn element(self) -> &'static str {
        ITEM_KINDS.iter().find(|row| row.0 == self).map_or("Message", |row| row.1)
    }

    pub fn from_element(name: &str) -> Option<ItemKind> {
        ITEM_KINDS.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The class given to an item created without one.
    pub fn default_class(self) -> &'static str {
        match self {
            ItemKind::Item => "IPM.Note",
            _ => ITEM_KINDS.iter().find(|row| row.0 == self).map_or("IPM.Note", |row| row.2),
        }
    }

    /// The kind an item class is shown as: longest known prefix on a dot boundary, without case;
    /// unknown classes are messages (2007 SP1 and later).
    pub fn from_class(class: &str) -> ItemKind {
        let matches = |prefix: &str| {
            class.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
                && matches!(class.as_bytes().get(prefix.len()), None | Some(b'.'))
        };
        ITEM_KINDS
            .iter()
            .filter(|row| row.0 != ItemKind::Item && matches(row.2))
            .max_by_key(|row| row.2.len())
            .map_or(ItemKind::Message, |row| row.0)
    }

    pub fn from_number(number: i16) -> Option<ItemKind> {
        ITEM_KINDS.iter().find(|row| row.0 as i16 == number).map(|row| row.0)
    }
}

impl FolderKind {
    pub const fn kinds(self) -> Kinds {
        Kinds(1 << self as u8)
    }

    pub fn element(self) -> &'static str {
        FOLDER_KINDS.iter().find(|row| row.0 == self).map_or("Folder", |row| row.1)
    }

    pub fn from_element(name: &str) -> Option<FolderKind> {
        FOLDER_KINDS.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    pub fn default_class(self) -> &'static str {
        FOLDER_KINDS.iter().find(|row| row.0 == self).map_or("IPF.Note", |row| row.2)
    }

    pub fn from_number(number: i16) -> Option<FolderKind> {
        FOLDER_KINDS.iter().find(|row| row.0 as i16 == number).map(|row| row.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_row() {
        let all = ItemKind::all().fold(Kinds::NONE, |all, kind| all.or(kind.kinds()));
        assert_eq!(all, Kinds::ALL_ITEMS);
    }

    #[test]
    fn classes_make_kinds() {
        for (class, kind) in [
            ("IPM.Note", ItemKind::Message),
            ("ipm.note.SMIME", ItemKind::Message),
            ("IPM.Custom", ItemKind::Message),
            ("", ItemKind::Message),
            ("IPM", ItemKind::Message),
            ("IPM.Appointment", ItemKind::CalendarItem),
            ("IPM.Appointments", ItemKind::Message),
            ("IPM.Contact.Card", ItemKind::Contact),
            ("IPM.DistList", ItemKind::DistributionList),
            ("IPM.Schedule.Meeting", ItemKind::MeetingMessage),
            ("IPM.Schedule.Meeting.Request", ItemKind::MeetingRequest),
            ("IPM.Schedule.Meeting.Resp.Pos", ItemKind::MeetingResponse),
            ("IPM.Schedule.Meeting.Canceled", ItemKind::MeetingCancellation),
            ("IPM.Task", ItemKind::Task),
            ("IPM.Post", ItemKind::PostItem),
            ("é", ItemKind::Message),
        ] {
            assert_eq!(ItemKind::from_class(class), kind, "{class}");
        }
    }

    #[test]
    fn elements_and_numbers_lead_back() {
        for (kind, element, _) in ITEM_KINDS {
            assert_eq!(ItemKind::from_element(element), Some(*kind));
            assert_eq!(ItemKind::from_number(*kind as i16), Some(*kind));
            assert!(Kinds::ALL_ITEMS.has_item(*kind) && !Kinds::ALL_FOLDERS.meets(kind.kinds()));
        }
        for (kind, element, _) in FOLDER_KINDS {
            assert_eq!(FolderKind::from_element(element), Some(*kind));
            assert_eq!(FolderKind::from_number(*kind as i16), Some(*kind));
            assert!(Kinds::ALL_FOLDERS.has_folder(*kind) && !Kinds::ALL_ITEMS.meets(kind.kinds()));
        }
        assert_eq!((ItemKind::from_number(16), FolderKind::from_number(0)), (None, None));
        assert_eq!(ItemKind::from_element("message"), None);
    }
}
