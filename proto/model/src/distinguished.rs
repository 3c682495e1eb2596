//! The distinguished folders (MS-OXWSFOLD, DistinguishedFolderIdNameType): where each lives, what it is, what it is
//! called in English (`folder_name.rs` has the other languages), and which ones a mailbox starts with.

use crate::FolderKind;
use crate::FolderKind::{CalendarFolder, ContactsFolder, Folder, SearchFolder, TasksFolder};
use crate::code::Code;

/// Whether a mailbox has the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Made with the mailbox.
    Made,
    /// Made with the mailbox and hidden from clients that honour PidTagAttributeHidden.
    Hidden,
    /// Never there: archive mailboxes, public folders, and what exists online only.
    Refused(Code),
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distinguished {
    /// The name on the wire; of [`INNER`] folders, the name they are known by here.
    pub name: &'static str,
    /// The distinguished folder it lies in; empty for the root.
    pub parent: &'static str,
    pub kind: FolderKind,
    /// FolderClass; empty: the folder has none.
    pub class: &'static str,
    pub presence: Presence,
    /// The name shown in English.
    pub english: &'static str,
}

/// Where soft-deleted items and folders go: the dumpster.
pub const SOFT_DELETED: &str = "recoverableitemsdeletions";
/// Where what is deleted goes first.
pub const DELETED_ITEMS: &str = "deleteditems";

pub use crate::folder_name::{LANGUAGES, speaks};
use Presence::{Hidden, Made};
const ABSENT: Presence = Presence::Refused(Code::ErrorFolderNotFound);
const PUBLIC: Presence = Presence::Refused(Code::ErrorNoPublicFolderReplicaAvailable);

macro_rules! folders {
    ($(#[$doc:meta])* $table:ident: $($name:ident < $parent:tt $presence:ident $kind:ident $class:literal $english:literal,)*) => {
        $(#[$doc])*
        pub static $table: &[Distinguished] = &[$(Distinguished {
            name: stringify!($name),
            // The root's parent is written as a dash.
            parent: if stringify!($parent).len() == 1 { "" } else { stringify!($parent) },
            kind: $kind,
            class: $class,
            presence: $presence,
            english: $english,
        },)*];
    };
}

folders! {
    /// The rows; a parent stands before its children.
    DISTINGUISHED:
    root                             < -                    Made   Folder         ""                              "root",
    msgfolderroot                    < root                 Made   Folder         ""                              "Top of Information Store",
    inbox                            < msgfolderroot        Made   Folder         "IPF.Note"                      "Inbox",
    drafts                           < msgfolderroot        Made   Folder         "IPF.Note"                      "Drafts",
    sentitems                        < msgfolderroot        Made   Folder         "IPF.Note"                      "Sent Items",
    deleteditems                     < msgfolderroot        Made   Folder         "IPF.Note"                      "Deleted Items",
    outbox                           < msgfolderroot        Made   Folder         "IPF.Note"                      "Outbox",
    junkemail                        < msgfolderroot        Made   Folder         "IPF.Note"                      "Junk Email",
    archive                          < msgfolderroot        Made   Folder         "IPF.Note"                      "Archive",
    calendar                         < msgfolderroot        Made   CalendarFolder "IPF.Appointment"               "Calendar",
    contacts                         < msgfolderroot        Made   ContactsFolder "IPF.Contact"                   "Contacts",
    tasks                            < msgfolderroot        Made   TasksFolder    "IPF.Task"                      "Tasks",
    notes                            < msgfolderroot        Made   Folder         "IPF.StickyNote"                "Notes",
    journal                          < msgfolderroot        Made   Folder         "IPF.Journal"                   "Journal",
    conversationhistory              < msgfolderroot        Made   Folder         "IPF.Note"                      "Conversation History",
    syncissues                       < msgfolderroot        Hidden Folder         "IPF.Note"                      "Sync Issues",
    conflicts                        < syncissues           Hidden Folder         "IPF.Note"                      "Conflicts",
    localfailures                    < syncissues           Hidden Folder         "IPF.Note"                      "Local Failures",
    serverfailures                   < syncissues           Hidden Folder         "IPF.Note"                      "Server Failures",
    recipientcache                   < contacts             Hidden ContactsFolder "IPF.Contact.RecipientCache"    "Recipient Cache",
    quickcontacts                    < contacts             Hidden ContactsFolder "IPF.Contact.MOC.QuickContacts" "{06967759-274D-40B2-A3EB-D7F9E73727D7}",
    imcontactlist                    < contacts             Hidden ContactsFolder "IPF.Contact.MOC.ImContactList" "{A9E2BC46-B3A0-4243-B315-60D991004455}",
    directory                        < contacts             Hidden ContactsFolder "IPF.Contact.GalContacts"       "GAL Contacts",
    peopleconnect                    < root                 Hidden ContactsFolder "IPF.Contact"                   "PeopleConnect",
    searchfolders                    < root                 Made   Folder         ""                              "Finder",
    voicemail                        < searchfolders        Made   SearchFolder   "IPF.Note.Microsoft.Voicemail"  "Voice Mail",
    todosearch                       < root                 Made   SearchFolder   "IPF.Task"                      "To-Do Search",
    mycontacts                       < root                 Made   SearchFolder   "IPF.Note"                      "MyContacts",
    favorites                        < root                 Made   SearchFolder   "IPF.Note"                      "Favorites",
    recoverableitemsroot             < root                 Made   Folder         ""                              "Recoverable Items",
    recoverableitemsdeletions        < recoverableitemsroot Made   Folder         ""                              "Deletions",
    recoverableitemsversions         < recoverableitemsroot Made   Folder         ""                              "Versions",
    recoverableitemspurges           < recoverableitemsroot Made   Folder         ""                              "Purges",
    recoverableitemsdiscoveryholds   < recoverableitemsroot Made   Folder         ""                              "DiscoveryHolds",

    publicfoldersroot                < - PUBLIC Folder ""         "IPM_SUBTREE",

    archiveroot                           < -                           ABSENT Folder ""         "root",
    archivemsgfolderroot                  < archiveroot                 ABSENT Folder "IPF.Note" "Top of Information Store",
    archiveinbox                          < archivemsgfolderroot        ABSENT Folder "IPF.Note" "Inbox",
    archivedeleteditems                   < archivemsgfolderroot        ABSENT Folder "IPF.Note" "Deleted Items",
    archiverecoverableitemsroot           < archiveroot                 ABSENT Folder ""         "Recoverable Items",
    archiverecoverableitemsdeletions      < archiverecoverableitemsroot ABSENT Folder ""         "Deletions",
    archiverecoverableitemsversions       < archiverecoverableitemsroot ABSENT Folder ""         "Versions",
    archiverecoverableitemspurges         < archiverecoverableitemsroot ABSENT Folder ""         "Purges",
    archiverecoverableitemsdiscoveryholds < archiverecoverableitemsroot ABSENT Folder ""         "DiscoveryHolds",

    adminauditlogs      < root          ABSENT Folder         ""                 "AdminAuditLogs",
    mecontact           < root          ABSENT ContactsFolder "IPF.Contact"      "MeContact",
    personmetadata      < root          ABSENT Folder         "IPF.Contact"      "PersonMetadata",
    teamspaceactivity   < root          ABSENT Folder         ""                 "TeamSpaceActivity",
    teamspacemessaging  < root          ABSENT Folder         ""                 "TeamSpaceMessaging",
    teamspaceworkitems  < root          ABSENT Folder         ""                 "TeamSpaceWorkItems",
    scheduled           < msgfolderroot ABSENT Folder         "IPF.Note"         "Scheduled",
    orionnotes          < root          ABSENT Folder         ""                 "OrionNotes",
    tagitems            < root          ABSENT Folder         ""                 "TagItems",
    alltaggeditems      < root          ABSENT SearchFolder   ""                 "AllTaggedItems",
    allcategorizeditems < root          ABSENT SearchFolder   "IPF.Note"         "AllCategorizedItems",
    externalcontacts    < root          ABSENT ContactsFolder "IPF.Contact"      "ExternalContacts",
    teamchat            < root          ABSENT Folder         ""                 "TeamChat",
    teamchathistory     < root          ABSENT Folder         ""                 "TeamChatHistory",
    yammerdata          < root          ABSENT Folder         ""                 "YammerData",
    yammerroot          < msgfolderroot ABSENT Folder         ""                 "Yammer Root",
    yammerinbound       < yammerroot    ABSENT Folder         ""                 "Inbound",
    yammeroutbound      < yammerroot    ABSENT Folder         ""                 "Outbound",
    yammerfeeds         < yammerroot    ABSENT Folder         ""                 "Feeds",
    kaizaladata         < root          ABSENT Folder         ""                 "KaizalaData",
    messageingestion    < root          ABSENT Folder         ""                 "MessageIngestion",
    onedriveroot        < root          ABSENT Folder         ""                 "OneDriveRoot",
    onedriverecylebin   < onedriveroot  ABSENT Folder         ""                 "OneDriveRecycleBin",
    onedrivesystem      < onedriveroot  ABSENT Folder         ""                 "OneDriveSystem",
    onedrivevolume      < onedriveroot  ABSENT Folder         ""                 "OneDriveVolume",
    important           < root          ABSENT SearchFolder   "IPF.Note"         "Important",
    starred             < root          ABSENT SearchFolder   "IPF.Note"         "Starred",
}

folders! {
    /// Folders that the schema has no DistinguishedFolderId for: MAPI clients keep views, reminders and the like in them
    /// (MS-OXOSFLD), and look for some by name, which is the same in every language. They stand beside the folders that
    /// people see, hidden, and are made with the mailbox.
    INNER:
    commonviews         < root Hidden Folder       ""                 "Common Views",
    deferredaction      < root Hidden Folder       ""                 "Deferred Action",
    freebusydata        < root Hidden Folder       ""                 "Freebusy Data",
    mailboxassociations < root Hidden Folder       ""                 "MailboxAssociations",
    reminders           < root Hidden SearchFolder "Outlook.Reminder" "Reminders",
    schedule            < root Hidden Folder       ""                 "Schedule",
    sharing             < root Hidden Folder       "IPF.Note"         "Sharing",
    shortcuts           < root Hidden Folder       ""                 "Shortcuts",
    spoolerqueue        < root Hidden Folder       ""                 "Spooler Queue",
    views               < root Hidden Folder       ""                 "Views",
}

/// The row of that name, case-sensitive as in the schema.
pub fn find(name: &str) -> Option<&'static Distinguished> {
    DISTINGUISHED.iter().find(|row| row.name == name)
}

/// The table's own copy of a name. None: the schema knows no such folder.
pub fn name(text: &str) -> Option<&'static str> {
    find(text).map(|row| row.name)
}

/// The folders a mailbox starts with, parents first.
pub fn made() -> impl Iterator<Item = &'static Distinguished> {
    DISTINGUISHED.iter().chain(INNER).filter(|row| row.is_made())
}

impl Distinguished {
    pub fn is_made(&self) -> bool {
        self.refusal().is_none()
    }

    pub fn is_hidden(&self) -> bool {
        self.presence == Hidden
    }

    /// What to answer for a folder no mailbox has.
    pub fn refusal(&self) -> Option<Code> {
        match self.presence {
            Presence::Refused(code) => Some(code),
            Made | Hidden => None,
        }
    }

    /// The name in a language given as a tag (`de`, `de-AT`, `de_AT`); languages without names get English.
    pub fn display_name(&self, language: &str) -> &'static str {
        crate::folder_name::name(self.name, language).unwrap_or(self.english)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;
    use crate::reference;

    #[test]
    fn what_is_deleted_has_somewhere_to_go() {
        for name in [SOFT_DELETED, DELETED_ITEMS] {
            assert!(find(name).unwrap().is_made(), "{name}");
        }
    }

    #[test]
    fn parents_come_first_and_are_there() {
        for (at, row) in DISTINGUISHED.iter().enumerate() {
            let parent = DISTINGUISHED[..at].iter().find(|other| other.name == row.parent);
            assert!(parent.is_some() || row.parent.is_empty(), "{}", row.name);
            if row.is_made() {
                assert!(parent.is_none_or(Distinguished::is_made), "{}", row.name);
            }
            assert_eq!(DISTINGUISHED.iter().filter(|other| other.name == row.name).count(), 1, "{}", row.name);
        }
        assert_eq!(made().filter(|row| row.parent.is_empty()).map(|row| row.name).collect::<Vec<_>>(), ["root"]);
    }

    #[test]
    fn names_by_language() {
        let inbox = find("inbox").unwrap();
        for (language, name) in [
            ("en", "Inbox"),
            ("en-GB", "Inbox"),
            ("", "Inbox"),
            ("xx", "Inbox"),
            ("de", "Posteingang"),
            ("de-AT", "Posteingang"),
            ("DE_ch", "Posteingang"),
            ("pt-BR", "Caixa de Entrada"),
            ("ja", "受信トレイ"),
        ] {
            assert_eq!(inbox.display_name(language), name, "{language}");
        }
        assert_eq!(find("root").unwrap().display_name("fr"), "root");
    }

    #[test]
    fn inner_folders_have_no_name_on_the_wire() {
        for row in INNER {
            assert_eq!((find(row.name), row.parent, row.is_hidden()), (None, "root", true), "{}", row.name);
            assert_eq!(row.display_name("de"), row.english);
        }
    }

    #[test]
    fn the_upper_folders_are_no_mail_folders() {
        for name in ["root", "msgfolderroot"] {
            assert_eq!(find(name).unwrap().class, "");
        }
    }

    /// Two folders of one parent never share a name, in any language.
    #[test]
    fn siblings_differ() {
        for language in LANGUAGES.iter().copied().chain(["en"]) {
            let mut seen = std::collections::HashSet::new();
            for row in made() {
                let name = row.display_name(language).to_lowercase();
                assert!(seen.insert((row.parent, name)), "{language} {}", row.name);
            }
        }
    }

    #[test]
    fn refusals() {
        assert_eq!(find("archiveroot").unwrap().refusal(), Some(Code::ErrorFolderNotFound));
        assert_eq!(find("publicfoldersroot").unwrap().refusal(), Some(Code::ErrorNoPublicFolderReplicaAvailable));
        assert_eq!((name("inbox"), name("Inbox"), name("nonsense")), (Some("inbox"), None, None));
    }

    #[test]
    fn same_as_reference() {
        let Some(table) = reference::table("distinguished_folders.tsv") else { return };
        let mut known = 0;
        for line in table.lines() {
            let row = find(line.get("Id")).expect("every name of the schema is a row");
            let agree = |ours: &str, theirs: &str| theirs.is_empty() || theirs.contains([' ', '(']) || ours == theirs;
            assert!(agree(row.parent, line.get("parent")), "{}: parent", row.name);
            assert!(agree(row.kind.row().element, line.get("ews_element")), "{}: kind", row.name);
            // exchangelib takes the first for a mail folder, and must not take the second for one.
            if !["mycontacts", "msgfolderroot"].contains(&row.name) {
                assert!(agree(row.class, line.get("folder_class")), "{}: class", row.name);
            }
            known += 1;
        }
        assert_eq!(known, DISTINGUISHED.len());
    }
}
