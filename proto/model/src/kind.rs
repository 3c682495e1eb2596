//! The kinds of items and folders: one row each with all that is known of it, and sets of them (MS-OXWSCORE 2.2,
//! MS-OXWSFOLD 2.2).

use crate::code::Code;
use crate::object::ResponseKind;

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

/// What a request that updates or deletes an item must say besides, or is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MustSay {
    Nothing,
    /// `MessageDisposition`.
    Disposition,
    /// `SendMeetingInvitationsOrCancellations`.
    MeetingUpdates,
    /// `SendMeetingCancellations`.
    Cancellations,
    /// `AffectedTaskOccurrences`.
    AffectedTasks,
}

/// Whether CreateItem makes items of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creatable {
    Yes,
    /// Only the server makes them.
    Never,
    /// Not on this server yet, as this text says.
    NotYet(&'static str),
}

/// All facts of a kind of item that are no behaviour. What follows from an item's properties is `src/mailbox/src/kind/`.
#[derive(Clone, Copy, Debug)]
pub struct ItemKindRow {
    pub kind: ItemKind,
    /// In the types namespace.
    pub element: &'static str,
    /// Items of this class, or of one that continues it behind a dot, are of the kind.
    pub class: &'static str,
    /// Given to an item that was created without a class.
    pub default_class: &'static str,
    /// What change keys and StoreIds carry for the kind.
    pub number: i32,
    /// Mail folders hold it.
    pub is_mail: bool,
    /// Its items have a MIME form. That of others is left out where it is only one of many properties.
    pub has_mime: bool,
    pub creatable: Creatable,
    /// CreateItem may send it, and must say whether it does.
    pub is_sent: bool,
    /// The distinguished folder where a new one goes by itself.
    pub home: &'static str,
    /// The one kind of folder that takes it, and the code elsewhere. None: any folder but a search.
    pub folder: Option<(FolderKind, Code)>,
    pub update: MustSay,
    pub delete: MustSay,
    /// What can be answered to it, in schema order.
    pub answers: &'static [ResponseKind],
}

/// All facts of a kind of folder.
#[derive(Clone, Copy, Debug)]
pub struct FolderKindRow {
    pub kind: FolderKind,
    /// In the types namespace.
    pub element: &'static str,
    /// The container class of a folder made without one; empty: it has none.
    pub default_class: &'static str,
    /// What change keys and StoreIds carry for the kind.
    pub number: i32,
}

const fn item(kind: ItemKind, element: &'static str, class: &'static str, number: i32) -> ItemKindRow {
    ItemKindRow {
        kind,
        element,
        class,
        default_class: class,
        number,
        is_mail: false,
        has_mime: false,
        creatable: Creatable::Yes,
        is_sent: false,
        home: "drafts",
        folder: None,
        update: MustSay::Nothing,
        delete: MustSay::Nothing,
        answers: &[],
    }
}

/// The builders of the rows.
impl ItemKindRow {
    const fn default_class(mut self, class: &'static str) -> ItemKindRow {
        self.default_class = class;
        self
    }

    const fn mail(mut self) -> ItemKindRow {
        self.is_mail = true;
        self.mime()
    }

    const fn mime(mut self) -> ItemKindRow {
        self.has_mime = true;
        self
    }

    const fn not_created(mut self, creatable: Creatable) -> ItemKindRow {
        self.creatable = creatable;
        self
    }

    const fn sent(mut self) -> ItemKindRow {
        self.is_sent = true;
        self
    }

    const fn home(mut self, name: &'static str, kind: FolderKind, code: Code) -> ItemKindRow {
        self.home = name;
        self.folder = Some((kind, code));
        self
    }

    const fn must_say(mut self, update: MustSay, delete: MustSay) -> ItemKindRow {
        self.update = update;
        self.delete = delete;
        self
    }

    const fn answers(mut self, answers: &'static [ResponseKind]) -> ItemKindRow {
        self.answers = answers;
        self
    }
}

use ResponseKind::{Forward, ReplyAllTo, ReplyTo, SuppressReadReceipt};

/// In the order of [`ItemKind`].
#[rustfmt::skip]
static ITEM_KINDS: [ItemKindRow; 11] = [
    item(ItemKind::Item, "Item", "IPM", 24).default_class("IPM.Note").mail(),
    item(ItemKind::Message, "Message", "IPM.Note", 9).mail().sent()
        .must_say(MustSay::Disposition, MustSay::Nothing)
        .answers(&[ReplyTo, ReplyAllTo, Forward, SuppressReadReceipt]),
    item(ItemKind::CalendarItem, "CalendarItem", "IPM.Appointment", 15)
        .home("calendar", FolderKind::CalendarFolder, Code::ErrorCannotCreateCalendarItemInNonCalendarFolder)
        .not_created(Creatable::NotYet("Calendar items cannot be created on this server yet."))
        .must_say(MustSay::MeetingUpdates, MustSay::Cancellations),
    item(ItemKind::Contact, "Contact", "IPM.Contact", 17)
        .home("contacts", FolderKind::ContactsFolder, Code::ErrorCannotCreateContactInNonContactFolder),
    item(ItemKind::DistributionList, "DistributionList", "IPM.DistList", 18)
        .home("contacts", FolderKind::ContactsFolder, Code::ErrorCannotCreateContactInNonContactFolder),
    item(ItemKind::MeetingMessage, "MeetingMessage", "IPM.Schedule.Meeting", 10).mime()
        .not_created(Creatable::Never)
        .must_say(MustSay::Disposition, MustSay::Nothing)
        .answers(&[ReplyTo, ReplyAllTo, Forward, SuppressReadReceipt]),
    item(ItemKind::MeetingRequest, "MeetingRequest", "IPM.Schedule.Meeting.Request", 11).mime()
        .not_created(Creatable::Never)
        .must_say(MustSay::Disposition, MustSay::Nothing),
    item(ItemKind::MeetingResponse, "MeetingResponse", "IPM.Schedule.Meeting.Resp", 12).mime()
        .not_created(Creatable::Never)
        .must_say(MustSay::Disposition, MustSay::Nothing),
    item(ItemKind::MeetingCancellation, "MeetingCancellation", "IPM.Schedule.Meeting.Canceled", 13).mime()
        .not_created(Creatable::Never)
        .must_say(MustSay::Disposition, MustSay::Nothing),
    item(ItemKind::Task, "Task", "IPM.Task", 19)
        .home("tasks", FolderKind::TasksFolder, Code::ErrorCannotCreateTaskInNonTaskFolder)
        .must_say(MustSay::Nothing, MustSay::AffectedTasks),
    item(ItemKind::PostItem, "PostItem", "IPM.Post", 22).mail()
        .home("inbox", FolderKind::Folder, Code::ErrorCannotCreatePostItemInNonMailFolder)
        .answers(&[ReplyTo, Forward]),
];

const fn folder(kind: FolderKind, element: &'static str, default_class: &'static str, number: i32) -> FolderKindRow {
    FolderKindRow { kind, element, default_class, number }
}

/// In the order of [`FolderKind`], which counts from [`FolderKind::Folder`].
static FOLDER_KINDS: [FolderKindRow; 5] = [
    folder(FolderKind::Folder, "Folder", "", 1),
    folder(FolderKind::CalendarFolder, "CalendarFolder", "IPF.Appointment", 2),
    folder(FolderKind::ContactsFolder, "ContactsFolder", "IPF.Contact", 3),
    folder(FolderKind::SearchFolder, "SearchFolder", "IPF.Note", 7),
    folder(FolderKind::TasksFolder, "TasksFolder", "IPF.Task", 4),
];

/// Whether the class is this one, or continues it behind a dot; without case.
fn is_of_class(class: &str, prefix: &str) -> bool {
    class.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
        && matches!(class.as_bytes().get(prefix.len()), None | Some(b'.'))
}

impl ItemKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = ItemKind> {
        ITEM_KINDS.iter().map(|row| row.kind)
    }

    /// Its row of the kind table.
    pub fn row(self) -> &'static ItemKindRow {
        // The table has one row for each variant, in their order: a test compares.
        #[allow(clippy::indexing_slicing)]
        &ITEM_KINDS[self as usize]
    }

    pub const fn kinds(self) -> Kinds {
        Kinds(1 << self as u8)
    }

    pub fn from_element(name: &str) -> Option<ItemKind> {
        ITEM_KINDS.iter().find(|row| row.element == name).map(|row| row.kind)
    }

    /// The kind an item class is shown as: longest known prefix on a dot boundary, without case;
    /// unknown classes are messages (2007 SP1 and later).
    pub fn from_class(class: &str) -> ItemKind {
        ITEM_KINDS
            .iter()
            .filter(|row| row.kind != ItemKind::Item && is_of_class(class, row.class))
            .max_by_key(|row| row.class.len())
            .map_or(ItemKind::Message, |row| row.kind)
    }

    pub fn from_number(number: i16) -> Option<ItemKind> {
        ITEM_KINDS.iter().find(|row| row.kind as i16 == number).map(|row| row.kind)
    }
}

impl FolderKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = FolderKind> {
        FOLDER_KINDS.iter().map(|row| row.kind)
    }

    /// Its row of the kind table.
    pub fn row(self) -> &'static FolderKindRow {
        // The table has one row for each variant, in their order: a test compares.
        #[allow(clippy::indexing_slicing)]
        &FOLDER_KINDS[self as usize - FolderKind::Folder as usize]
    }

    pub const fn kinds(self) -> Kinds {
        Kinds(1 << self as u8)
    }

    pub fn from_element(name: &str) -> Option<FolderKind> {
        FOLDER_KINDS.iter().find(|row| row.element == name).map(|row| row.kind)
    }

    /// The kind of folder that a container class makes: a plain one, if it names no other.
    pub fn from_class(class: &str) -> FolderKind {
        let typed = |row: &&FolderKindRow| !matches!(row.kind, FolderKind::Folder | FolderKind::SearchFolder);
        let found = FOLDER_KINDS.iter().filter(typed).find(|row| is_of_class(class, row.default_class));
        found.map_or(FolderKind::Folder, |row| row.kind)
    }

    pub fn from_number(number: i16) -> Option<FolderKind> {
        FOLDER_KINDS.iter().find(|row| row.kind as i16 == number).map(|row| row.kind)
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
        for (at, row) in ITEM_KINDS.iter().enumerate() {
            let kind = row.kind;
            assert_eq!((kind as usize, kind.row().kind), (at, kind));
            assert_eq!(ItemKind::from_element(row.element), Some(kind));
            assert_eq!(ItemKind::from_number(kind as i16), Some(kind));
            assert!(Kinds::ALL_ITEMS.has_item(kind) && !Kinds::ALL_FOLDERS.meets(kind.kinds()));
            assert!(crate::distinguished::find(row.home).is_some(), "{}", row.home);
        }
        for row in &FOLDER_KINDS {
            let kind = row.kind;
            assert_eq!(kind.row().kind, kind);
            assert_eq!(FolderKind::from_element(row.element), Some(kind));
            assert_eq!(FolderKind::from_number(kind as i16), Some(kind));
            assert!(Kinds::ALL_FOLDERS.has_folder(kind) && !Kinds::ALL_ITEMS.meets(kind.kinds()));
        }
        assert_eq!((ItemKind::from_number(16), FolderKind::from_number(0)), (None, None));
        assert_eq!(ItemKind::from_element("message"), None);
    }

    #[test]
    fn container_classes_make_kinds_of_folders() {
        for (class, kind) in [
            ("IPF.Note", FolderKind::Folder),
            ("IPF.Contact.Recipients", FolderKind::ContactsFolder),
            ("ipf.appointment", FolderKind::CalendarFolder),
            ("IPF.Task", FolderKind::TasksFolder),
            ("IPF.Tasks", FolderKind::Folder),
            ("", FolderKind::Folder),
        ] {
            assert_eq!(FolderKind::from_class(class), kind, "{class}");
        }
    }

    #[test]
    fn no_two_kinds_share_a_number() {
        let mut numbers: Vec<i32> = ITEM_KINDS.iter().map(|row| row.number).collect();
        numbers.extend(FOLDER_KINDS.iter().map(|row| row.number));
        numbers.sort_unstable();
        let all = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), all);
    }
}
