//! The kinds of items and folders: one row each with all that is known of it, and sets of them (MS-OXWSCORE 2.2,
//! MS-OXWSFOLD 2.2).
//!
//! A kind of items has two places, this row and its arm of `of` in `src/mailbox/src/kind/mod.rs`, which the compiler asks for:
//! `message::Plain`, or a file of its own beside it if it does anything that others do not. In the row, the number behind the
//! set is the next one (0 to 15; folders begin at 16), and the one behind the class any that no other row has. `.home(…)` is
//! asked when an item is created; its code is one of the schema's, the nearest if none is its own.
//!
//! Its properties are rows of `property/table.rs`. Those that all items have are told there, by `.default(…)` and `.all(…)`, in
//! which shapes the kind has them: see where `TASK` stands, which is like most. Where it has words and people of its own to be
//! looked for, if it has: `kind:` of query strings (`SearchKind` of `proto/aqs/`, `classes` in `worker/src/op/find/words.rs`), and
//! what MAPI names mean for it (`MEANINGS` of `src/mailbox/src/property/needs.rs`).

use crate::code::Code;
use crate::object::ResponseKind;

/// A set of item and folder kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(pub u32);

impl Kinds {
    pub const NONE: Kinds = Kinds(0);
    /// All meeting messages.
    pub const MEETINGS: Kinds = Self::MEETING_MESSAGE.or(Self::REQUEST).or(Self::RESPONSE).or(Self::CANCELLATION);
    /// Everything that derives from MessageType.
    pub const MESSAGES: Kinds = Self::MESSAGE.or(Self::MEETINGS);
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
pub enum RequiredWord {
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
    pub update: RequiredWord,
    pub delete: RequiredWord,
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

const fn item(kind: ItemKind, element: &'static str, (class, number): (&'static str, i32)) -> ItemKindRow {
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
        update: RequiredWord::Nothing,
        delete: RequiredWord::Nothing,
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

    const fn must_say(mut self, update: RequiredWord, delete: RequiredWord) -> ItemKindRow {
        self.update = update;
        self.delete = delete;
        self
    }

    const fn answers(mut self, answers: &'static [ResponseKind]) -> ItemKindRow {
        self.answers = answers;
        self
    }
}

use ResponseKind::{
    Accept, AddItemToMyCalendar, Decline, Forward, ProposeNewTime, Remove, ReplyAllTo, ReplyTo, SuppressReadReceipt,
    TentativelyAccept,
};

/// Makes the enum, the sets and the table out of one list: kind, its set, its number in the database, then class and number
/// of change keys, then what else there is to say of it.
macro_rules! item_kinds {
    ($($kind:ident $set:ident = $stored:literal, $row:tt $(.$fact:ident($($given:expr),*))*;)+) => {
        /// What element an item is on the wire. Stored with the item; the numbers are part of the database format.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum ItemKind {
            $($kind = $stored,)+
        }

        impl Kinds {
            $(pub const $set: Kinds = Kinds(1 << $stored);)+
            pub const ALL_ITEMS: Kinds = Kinds(0 $(| 1 << $stored)+);
        }

        /// In the order of [`ItemKind`].
        static ITEM_KINDS: &[ItemKindRow] = &[
            $(item(ItemKind::$kind, stringify!($kind), $row) $(.$fact($($given),*))*,)+
        ];
    };
}

item_kinds! {
    Item ITEM = 0, ("IPM", 24).default_class("IPM.Note").mail();
    Message MESSAGE = 1, ("IPM.Note", 9).mail().sent()
        .must_say(RequiredWord::Disposition, RequiredWord::Nothing)
        .answers(&[ReplyTo, ReplyAllTo, Forward, SuppressReadReceipt]);
    CalendarItem CALENDAR = 2, ("IPM.Appointment", 15).mime()
        .home("calendar", FolderKind::CalendarFolder, Code::ErrorCannotCreateCalendarItemInNonCalendarFolder)
        .must_say(RequiredWord::MeetingUpdates, RequiredWord::Cancellations)
        .answers(&[ReplyTo, ReplyAllTo, Forward]);
    Contact CONTACT = 3, ("IPM.Contact", 17)
        .home("contacts", FolderKind::ContactsFolder, Code::ErrorCannotCreateContactInNonContactFolder);
    DistributionList LIST = 4, ("IPM.DistList", 18)
        .home("contacts", FolderKind::ContactsFolder, Code::ErrorCannotCreateContactInNonContactFolder);
    MeetingMessage MEETING_MESSAGE = 5, ("IPM.Schedule.Meeting", 10).mime()
        .not_created(Creatable::Never)
        .must_say(RequiredWord::Disposition, RequiredWord::Nothing)
        .answers(&[ReplyTo, ReplyAllTo, Forward, SuppressReadReceipt]);
    MeetingRequest REQUEST = 6, ("IPM.Schedule.Meeting.Request", 11).mime()
        .not_created(Creatable::Never)
        .must_say(RequiredWord::Disposition, RequiredWord::Nothing)
        .answers(&[Accept, TentativelyAccept, Decline, ProposeNewTime, ReplyTo, ReplyAllTo, Forward, AddItemToMyCalendar]);
    MeetingResponse RESPONSE = 7, ("IPM.Schedule.Meeting.Resp", 12).mime()
        .not_created(Creatable::Never)
        .must_say(RequiredWord::Disposition, RequiredWord::Nothing)
        .answers(&[ReplyTo, ReplyAllTo, Forward]);
    MeetingCancellation CANCELLATION = 8, ("IPM.Schedule.Meeting.Canceled", 13).mime()
        .not_created(Creatable::Never)
        .must_say(RequiredWord::Disposition, RequiredWord::Nothing)
        .answers(&[Remove, ReplyTo, ReplyAllTo, Forward]);
    Task TASK = 9, ("IPM.Task", 19)
        .home("tasks", FolderKind::TasksFolder, Code::ErrorCannotCreateTaskInNonTaskFolder)
        .must_say(RequiredWord::Nothing, RequiredWord::AffectedTasks);
    PostItem POST = 10, ("IPM.Post", 22).mail()
        .home("inbox", FolderKind::Folder, Code::ErrorCannotCreatePostItemInNonMailFolder)
        .answers(&[ReplyTo, Forward]);
}

/// The same of folders: kind, its set, its number in the database, the class of one made without, the number of change keys.
macro_rules! folder_kinds {
    ($($kind:ident $set:ident = $stored:literal, $class:literal, $number:literal;)+) => {
        /// What element a folder is on the wire. Stored with the folder; the numbers are part of the database format.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum FolderKind {
            $($kind = $stored,)+
        }

        impl Kinds {
            $(pub const $set: Kinds = Kinds(1 << $stored);)+
            pub const ALL_FOLDERS: Kinds = Kinds(0 $(| 1 << $stored)+);
        }

        /// In the order of [`FolderKind`], which counts from [`FolderKind::Folder`].
        static FOLDER_KINDS: &[FolderKindRow] = &[
            $(FolderKindRow {
                kind: FolderKind::$kind,
                element: stringify!($kind),
                default_class: $class,
                number: $number,
            },)+
        ];
    };
}

folder_kinds! {
    Folder FOLDER = 16, "", 1;
    CalendarFolder CALENDAR_FOLDER = 17, "IPF.Appointment", 2;
    ContactsFolder CONTACTS_FOLDER = 18, "IPF.Contact", 3;
    SearchFolder SEARCH_FOLDER = 19, "IPF.Note", 7;
    TasksFolder TASKS_FOLDER = 20, "IPF.Task", 4;
}

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
        for row in FOLDER_KINDS {
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
