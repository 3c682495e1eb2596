//! The closed word lists of requests (xs:enumeration types), each as an enum.

use ewsd_model::value::BodyFormat;

use crate::scalar::{FromText, Reading};

/// A word list: variants, their spelling, and both directions.
macro_rules! words {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$vdoc:meta])* $variant:ident = $word:literal ),+ $(,)? } )+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[$vdoc])* $variant ),+ }

        impl $name {
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }
        }

        impl crate::scalar::FromText for $name {
            const WHAT: &'static str = concat!("one of", $( " ", $word ),+);

            fn from_text(text: &str, _: &crate::scalar::Reading) -> Option<Self> {
                match text { $( $word => Some(Self::$variant), )+ _ => None }
            }
        }
    )+ };
}

words! {
    /// DefaultShapeNamesType.
    BaseShape { IdOnly = "IdOnly", Default = "Default", AllProperties = "AllProperties", People = "PcxPeopleSearch" }

    /// DisposalType.
    DeleteType { Hard = "HardDelete", Soft = "SoftDelete", ToDeletedItems = "MoveToDeletedItems" }

    /// MessageDispositionType.
    Disposition { SaveOnly = "SaveOnly", SendOnly = "SendOnly", SendAndSaveCopy = "SendAndSaveCopy" }

    /// CalendarItemCreateOrDeleteOperationType.
    SendInvitations { None = "SendToNone", OnlyToAll = "SendOnlyToAll", ToAllAndSaveCopy = "SendToAllAndSaveCopy" }

    /// CalendarItemUpdateOperationType.
    SendUpdates {
        None = "SendToNone",
        OnlyToAll = "SendOnlyToAll",
        OnlyToChanged = "SendOnlyToChanged",
        ToAllAndSaveCopy = "SendToAllAndSaveCopy",
        ToChangedAndSaveCopy = "SendToChangedAndSaveCopy",
    }

    /// ConflictResolutionType.
    ConflictResolution { Never = "NeverOverwrite", Auto = "AutoResolve", Always = "AlwaysOverwrite" }

    /// AffectedTaskOccurrencesType.
    AffectedTasks { All = "AllOccurrences", Specified = "SpecifiedOccurrenceOnly" }

    /// FolderQueryTraversalType.
    FolderTraversal { Shallow = "Shallow", Deep = "Deep", SoftDeleted = "SoftDeleted" }

    /// ItemQueryTraversalType. Associated lists the folder associated items instead of the normal ones.
    ItemTraversal { Shallow = "Shallow", SoftDeleted = "SoftDeleted", Associated = "Associated" }

    /// SyncFolderItemsScopeType.
    SyncScope { Normal = "NormalItems", NormalAndAssociated = "NormalAndAssociatedItems" }

    /// ResolveNamesSearchScopeType: where to look, and in which order.
    SearchScope {
        Directory = "ActiveDirectory",
        DirectoryContacts = "ActiveDirectoryContacts",
        Contacts = "Contacts",
        ContactsDirectory = "ContactsActiveDirectory",
    }

    /// NotificationEventTypeType.
    EventType {
        Copied = "CopiedEvent",
        Created = "CreatedEvent",
        Deleted = "DeletedEvent",
        Modified = "ModifiedEvent",
        Moved = "MovedEvent",
        NewMail = "NewMailEvent",
        FreeBusyChanged = "FreeBusyChangedEvent",
    }

    /// IndexBasePointType: the end that an offset is counted from.
    BasePoint { Beginning = "Beginning", End = "End" }

    /// SortDirectionType.
    Direction { Ascending = "Ascending", Descending = "Descending" }

    /// ContainmentModeType.
    ContainmentMode {
        FullString = "FullString",
        Prefixed = "Prefixed",
        Substring = "Substring",
        PrefixOnWords = "PrefixOnWords",
        ExactPhrase = "ExactPhrase",
    }

    /// ContainmentComparisonType.
    ContainmentComparison {
        Exact = "Exact",
        IgnoreCase = "IgnoreCase",
        IgnoreNonSpacing = "IgnoreNonSpacingCharacters",
        Loose = "Loose",
        IgnoreCaseAndNonSpacing = "IgnoreCaseAndNonSpacingCharacters",
        LooseAndIgnoreCase = "LooseAndIgnoreCase",
        LooseAndIgnoreNonSpace = "LooseAndIgnoreNonSpace",
        LooseAndIgnoreCaseAndNonSpace = "LooseAndIgnoreCaseAndIgnoreNonSpace",
    }

    /// AggregateType: which row of a group decides the group's place.
    Aggregate { Minimum = "Minimum", Maximum = "Maximum" }

    /// StandardGroupByType.
    StandardGroupBy { ConversationTopic = "ConversationTopic" }

    /// MeetingAttendeeType.
    AttendeeType {
        Organizer = "Organizer",
        Required = "Required",
        Optional = "Optional",
        Room = "Room",
        Resource = "Resource",
    }

    /// FreeBusyViewType, from what tells least to what tells most.
    FreeBusyViewType {
        None = "None",
        MergedOnly = "MergedOnly",
        FreeBusy = "FreeBusy",
        FreeBusyMerged = "FreeBusyMerged",
        Detailed = "Detailed",
        DetailedMerged = "DetailedMerged",
    }

    /// Which reminders GetReminders tells (its ReminderType).
    ReminderType { All = "All", Current = "Current", Old = "Old" }

    /// ReminderActionType.
    ReminderAction { Dismiss = "Dismiss", Snooze = "Snooze" }

    /// ConnectionStatusType of a streaming answer.
    ConnectionStatus { Ok = "OK", Closed = "Closed" }

    /// SubscriptionStatusType: what a subscriber answers to a notification.
    SubscriptionStatus { Ok = "OK", Unsubscribe = "Unsubscribe" }
}

impl ContainmentComparison {
    /// True where upper and lower case are the same.
    pub fn ignores_case(self) -> bool {
        !matches!(self, Self::Exact | Self::IgnoreNonSpacing)
    }
}

impl FromText for BodyFormat {
    const WHAT: &'static str = "one of Best HTML Text";

    fn from_text(text: &str, _: &Reading) -> Option<Self> {
        match text {
            "Best" => Some(Self::Best),
            "HTML" => Some(Self::Html),
            "Text" => Some(Self::Text),
            _ => None,
        }
    }
}
