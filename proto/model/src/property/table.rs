//! The property table: one row for each FieldURI, in schema order (the order in which elements are written).
//!
//! `Name family:Element = row(type, kinds)...;` The family and the element make the FieldURI; `-` is the family of
//! elements that have none. A row without a source is a member of the JSON document. `unbuilt` rows are known to the
//! schema and to requests, left out of answers and refused when written.
//!
//! The plainest property, a text that all items have, that is set, found and sorted by, and that GetItem gives with
//! AllProperties: `ItemMood item:Mood = row(Text, ITEMS).can(WRITE | FIND).all(ITEMS);`. It needs no other place; where the reference is
//! at hand, a test names what no schema has (`sequences_are_the_schemas` of `table_tests.rs`). `.since(…)` keeps
//! it from clients of older versions; `.default(…)` and `.all(…)` say in which kinds' shapes it is (in a shape of lists a
//! member of the document costs the reading of the document); `.told()`, `.hinted()`, `.read_off()` and `.noted()` say what
//! it has to do with the message as octets. A row that no schema has stands at the end of its
//! family, behind its `unbuilt` ones.
//!
//! Where one kind's schema type has a row elsewhere than its neighbours say, [`MOVED`] tells. What the builders mean
//! is in `mod.rs`; names that MAPI clients use for things that are no row are in `alias.rs`.

use super::MapiType::{Binary, Boolean, Integer, String, SystemTime};
use super::Type::*;
use super::can::*;
use super::{Blob, Column, Prop, SetId, bit, row, unbuilt};
use crate::Kinds;
use crate::Version::{
    Exchange2010 as E2010, Exchange2010Sp1 as E2010_SP1, Exchange2010Sp2 as E2010_SP2, Exchange2013 as E2013,
    Exchange2013Sp1 as E2013_SP1, Exchange2015 as E2015, Exchange2016 as E2016,
};

const NONE: Kinds = Kinds::NONE;
const ITEMS: Kinds = Kinds::ALL_ITEMS;
const ITEM: Kinds = Kinds::ITEM;
const MESSAGES: Kinds = Kinds::MESSAGES;
const MAIL: Kinds = MESSAGES.or(ITEM);
const POST: Kinds = Kinds::POST;
const MEETINGS: Kinds = Kinds::MEETINGS;
const MEETING_MESSAGE: Kinds = Kinds::MEETING_MESSAGE;
const REQUEST: Kinds = Kinds::REQUEST;
const RESPONSE: Kinds = Kinds::RESPONSE;
const CANCELLATION: Kinds = Kinds::CANCELLATION;
const CALENDAR: Kinds = Kinds::CALENDAR;
const INVITES: Kinds = CALENDAR.or(REQUEST);
const EVENTS: Kinds = INVITES.or(RESPONSE).or(CANCELLATION);
const CONTACT: Kinds = Kinds::CONTACT;
const LIST: Kinds = Kinds::LIST;
const TASK: Kinds = Kinds::TASK;
const CONVERSATION: Kinds = Kinds::CONVERSATION;
const PERSONA: Kinds = Kinds::PERSONA;
const FOLDERS: Kinds = Kinds::ALL_FOLDERS;
const FOLDER: Kinds = Kinds::FOLDER;
const CALENDAR_FOLDER: Kinds = Kinds::CALENDAR_FOLDER;
const CONTACTS_FOLDER: Kinds = Kinds::CONTACTS_FOLDER;
const SEARCH_FOLDER: Kinds = Kinds::SEARCH_FOLDER;
const TASKS_FOLDER: Kinds = Kinds::TASKS_FOLDER;

/// For the kinds, the first row stands right behind the second.
pub(super) const MOVED: &[(Kinds, PropId, PropId)] = &[
    (POST, PropId::MessageSender, PropId::MessageReferences),
    (CALENDAR, PropId::MessageIsResponseRequested, PropId::CalendarMeetingRequestWasSent),
    (CALENDAR, PropId::MeetingRequestIntendedFreeBusyStatus, PropId::CalendarEndTimeZoneId),
    (CALENDAR, PropId::CalendarIsOrganizer, PropId::CalendarOnlineMeetingSettings),
    (RESPONSE.or(CANCELLATION), PropId::CalendarCalendarItemType, PropId::CalendarRecurrence),
    (LIST, PropId::ContactFileAs, PropId::ContactDisplayName),
];

/// Second FieldURIs of a row.
pub(super) const SYNONYMS: &[(&str, PropId)] = &[
    ("calendar:DoNotForwardMeeting", PropId::MeetingDoNotForwardMeeting),
    ("calendar:IsResponseRequested", PropId::MessageIsResponseRequested),
    ("contacts:Culture", PropId::ItemCulture),
];

macro_rules! table {
    ($($id:ident $family:tt:$element:ident = $row:expr;)*) => {
        /// A property: the number of its row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum PropId {
            $($id,)*
        }

        /// How many rows there are.
        pub const COUNT: usize = [$(PropId::$id,)*].len();

        /// The rows, in the order of [`PropId`].
        pub static TABLE: [Prop; COUNT] =
            [$($row.named(PropId::$id, concat!(stringify!($family), ":", stringify!($element)), stringify!($element)),)*];
    };
}

// Words of enumerations, in schema order. Where a row names an Integer MAPI property, a word's place is its number there,
// but for ICONS (see `icon.rs`).
const IMPORTANCE: &[&str] = &["Low", "Normal", "High"];
const SENSITIVITY: &[&str] = &["Normal", "Personal", "Private", "Confidential"];
#[rustfmt::skip]
pub(super) const ICONS: &[&str] = &[
    "Default", "PostItem", "MailRead", "MailUnread", "MailReplied", "MailForwarded", "MailEncrypted",
    "MailSmimeSigned", "MailEncryptedReplied", "MailSmimeSignedReplied", "MailEncryptedForwarded",
    "MailSmimeSignedForwarded", "MailEncryptedRead", "MailSmimeSignedRead", "MailIrm", "MailIrmForwarded",
    "MailIrmReplied", "SmsSubmitted", "SmsRoutedToDeliveryPoint", "SmsRoutedToExternalMessagingSystem", "SmsDelivered",
    "OutlookDefaultForContacts", "AppointmentItem", "AppointmentRecur", "AppointmentMeet", "AppointmentMeetRecur",
    "AppointmentMeetNY", "AppointmentMeetYes", "AppointmentMeetNo", "AppointmentMeetMaybe", "AppointmentMeetCancel",
    "AppointmentMeetInfo", "TaskItem", "TaskRecur", "TaskOwned", "TaskDelegated",
];
const ANSWER: &[&str] = &["Unknown", "Organizer", "Tentative", "Accept", "Decline", "NoResponseReceived"];
const FREE_BUSY: &[&str] = &["Free", "Tentative", "Busy", "OOF", "WorkingElsewhere", "NoData"];
const CALENDAR_ITEM: &[&str] = &["Single", "Occurrence", "Exception", "RecurringMaster"];
#[rustfmt::skip]
const MEETING_REQUEST: &[&str] = &[
    "None", "FullUpdate", "InformationalUpdate", "NewMeetingRequest", "Outdated", "SilentUpdate", "PrincipalWantsCopy",
];
const DELEGATION: &[&str] = &["NoMatch", "OwnNew", "Owned", "Accepted", "Declined", "Max"];
const TASK_STATUS: &[&str] = &["NotStarted", "InProgress", "Completed", "WaitingOnOthers", "Deferred"];
#[rustfmt::skip]
const FILE_AS: &[&str] = &[
    "None", "LastCommaFirst", "FirstSpaceLast", "Company", "LastCommaFirstCompany", "CompanyLastFirst", "LastFirst",
    "LastFirstCompany", "CompanyLastCommaFirst", "LastFirstSuffix", "LastSpaceFirstCompany", "CompanyLastSpaceFirst",
    "LastSpaceFirst", "DisplayName", "FirstName", "LastFirstMiddleSuffix", "LastName", "Empty",
];
const CONTACT_SOURCE: &[&str] = &["ActiveDirectory", "Store"];
const POSTAL_ADDRESS: &[&str] = &["None", "Home", "Business", "Other"];
#[rustfmt::skip]
const PHONES: &[&str] = &[
    "AssistantPhone", "BusinessFax", "BusinessPhone", "BusinessPhone2", "Callback", "CarPhone", "CompanyMainPhone",
    "HomeFax", "HomePhone", "HomePhone2", "Isdn", "MobilePhone", "OtherFax", "OtherTelephone", "Pager", "PrimaryPhone",
    "RadioPhone", "Telex", "TtyTddPhone", "BusinessMobile", "IPPhone", "Mms", "Msn",
];
const POSTAL: &[&str] = &["Home", "Business", "Other"];
const EMAILS: &[&str] = &["EmailAddress1", "EmailAddress2", "EmailAddress3"];
const IMS: &[&str] = &["ImAddress1", "ImAddress2", "ImAddress3"];

table! {
    // Folders (MS-OXWSFOLD: BaseFolderType and what derives from it).
    FolderFolderId                 folder:FolderId                 = row(FolderId, FOLDERS).column(Column::Id).can(FIND).default(FOLDERS).all(FOLDERS);
    FolderParentFolderId           folder:ParentFolderId           = row(FolderId, FOLDERS).column(Column::Parent).can(FIND).all(FOLDERS);
    FolderFolderClass              folder:FolderClass              = row(Text, FOLDERS).column(Column::Class).can(CREATE | SET | FIND).all(FOLDERS).tag(0x3613, String);
    FolderDisplayName              folder:DisplayName              = row(Text, FOLDERS).column(Column::Name).can(WRITE | FIND).default(FOLDERS).all(FOLDERS).tag(0x3001, String);
    FolderTotalCount               folder:TotalCount               = row(Int, FOLDERS).column(Column::Total).can(FIND).default(FOLDER.or(CONTACTS_FOLDER).or(SEARCH_FOLDER).or(TASKS_FOLDER)).all(FOLDERS).tag(0x3602, Integer);
    FolderChildFolderCount         folder:ChildFolderCount         = row(Int, FOLDERS).column(Column::ChildCount).can(FIND).default(FOLDERS).all(FOLDERS).tag(0x6638, Integer);
    FolderExtended                 -:ExtendedProperty              = row(Extended, FOLDERS).children();
    FolderManagedFolderInformation folder:ManagedFolderInformation = unbuilt(FOLDERS).can(FIND);
    FolderEffectiveRights          folder:EffectiveRights          = row(Rights, FOLDERS).computed().all(FOLDERS);
    FolderDistinguishedFolderId    folder:DistinguishedFolderId    = row(Text, FOLDERS).since(E2013).column(Column::Distinguished).can(CREATE | FIND).all(FOLDERS);
    FolderPolicyTag                folder:PolicyTag                = unbuilt(FOLDERS).since(E2013).can(WRITE | FIND).tag(0x3019, Binary);
    FolderArchiveTag               folder:ArchiveTag               = unbuilt(FOLDERS).since(E2013).can(WRITE | FIND).tag(0x3018, Binary);
    FolderReplicaList              folder:ReplicaList              = unbuilt(FOLDERS).since(E2015).tag(0x6698, Binary);
    FolderSharingEffectiveRights   folder:SharingEffectiveRights   = unbuilt(CALENDAR_FOLDER.or(CONTACTS_FOLDER)).since(E2010);
    FolderPermissionSet            folder:PermissionSet            = row(Permissions, FOLDERS).computed().get_only().can(WRITE);
    ContactsFolderSourceId         -:SourceId                      = unbuilt(CONTACTS_FOLDER).since(E2016);
    ContactsFolderAccountName      -:AccountName                   = unbuilt(CONTACTS_FOLDER).since(E2016);
    FolderUnreadCount              folder:UnreadCount              = row(Int, FOLDER.or(SEARCH_FOLDER).or(TASKS_FOLDER)).column(Column::Unread).can(FIND).default(FOLDER.or(SEARCH_FOLDER).or(TASKS_FOLDER)).all(FOLDER.or(SEARCH_FOLDER).or(TASKS_FOLDER)).tag(0x3603, Integer);
    FolderSearchParameters         folder:SearchParameters         = unbuilt(SEARCH_FOLDER).can(CREATE | SET);

    // All items (MS-OXWSCORE: ItemType).
    ItemMimeContent                  item:MimeContent                  = row(Mime, ITEMS).blob(Blob::Mime).get_only().can(CREATE | SET);
    ItemItemId                       item:ItemId                       = row(ItemId, ITEMS).column(Column::Id).can(FIND).default(ITEMS).all(ITEMS);
    ItemParentFolderId               item:ParentFolderId               = row(FolderId, ITEMS).column(Column::Parent).can(FIND).all(ITEMS);
    ItemItemClass                    item:ItemClass                    = row(Text, ITEMS).column(Column::Class).can(CREATE | SET | FIND).all(ITEMS).tag(0x001a, String);
    ItemSubject                      item:Subject                      = row(Text, ITEMS).column(Column::Subject).can(WRITE | FIND).default(MAIL.or(CALENDAR).or(LIST).or(TASK)).all(MAIL.or(CALENDAR).or(CONTACT).or(LIST).or(TASK)).tag(0x0037, String).told().words();
    ItemSensitivity                  item:Sensitivity                  = row(Enum(SENSITIVITY), ITEMS).column(Column::Sensitivity).can(CREATE | SET | FIND).default(MAIL).all(ITEMS).tag(0x0036, Integer).hinted();
    ItemBody                         item:Body                         = row(Body, ITEMS).blob(Blob::Body).get_only().can(WRITE | APPEND | QUERY).default(MAIL).all(MAIL.or(CALENDAR).or(CONTACT).or(LIST).or(TASK)).told().words();
    ItemAttachments                  item:Attachments                  = row(Attachments, ITEMS).children().get_only().can(CREATE | QUERY);
    ItemDateTimeReceived             item:DateTimeReceived             = row(Time, ITEMS).column(Column::Received).can(FIND).all(ITEMS).tag(0x0e06, SystemTime);
    ItemSize                         item:Size                         = row(Int, ITEMS).column(Column::Size).can(FIND).default(MAIL).all(ITEMS).tag(0x0e08, Integer);
    ItemCategories                   item:Categories                   = row(Texts, ITEMS).column(Column::Categories).can(WRITE | FIND).all(MAIL.or(CALENDAR).or(TASK).or(POST)).names(SetId::PublicStrings, "Keywords", String).noted();
    ItemImportance                   item:Importance                   = row(Enum(IMPORTANCE), ITEMS).column(Column::Importance).can(CREATE | SET | FIND).all(ITEMS).tag(0x0017, Integer).hinted();
    ItemInReplyTo                    item:InReplyTo                    = row(Text, ITEMS).column(Column::InReplyTo).can(WRITE | FIND).all(ITEMS).tag(0x1042, String).told();
    ItemIsSubmitted                  item:IsSubmitted                  = row(Bool, ITEMS).bit(bit::SUBMITTED).can(FIND).all(ITEMS);
    ItemIsDraft                      item:IsDraft                      = row(Bool, ITEMS).bit(bit::DRAFT).can(FIND).all(ITEMS);
    ItemIsFromMe                     item:IsFromMe                     = row(Bool, ITEMS).bit(bit::FROM_ME).can(FIND).all(ITEMS);
    ItemIsResend                     item:IsResend                     = row(Bool, ITEMS).bit(bit::RESEND).can(FIND).all(ITEMS);
    ItemIsUnmodified                 item:IsUnmodified                 = row(Bool, ITEMS).bit(bit::UNMODIFIED).can(FIND).all(ITEMS);
    ItemInternetMessageHeaders       item:InternetMessageHeaders       = row(Headers, ITEMS).get_only().all(ITEMS).read_off();
    ItemDateTimeSent                 item:DateTimeSent                 = row(Time, ITEMS).column(Column::Sent).can(FIND).default(MAIL).all(ITEMS).tag(0x0039, SystemTime).told();
    ItemDateTimeCreated              item:DateTimeCreated              = row(Time, ITEMS).column(Column::Created).can(FIND).default(MAIL).all(ITEMS).tag(0x3007, SystemTime);
    ItemResponseObjects              item:ResponseObjects              = row(Responses, ITEMS).computed().get_only().default(MAIL.or(CALENDAR)).all(ITEMS);
    ItemReminderDueBy                item:ReminderDueBy                = row(Time, ITEMS).local().column(Column::ReminderDue).can(CREATE | SET | FIND).all(ITEMS).id(SetId::Common, 0x8502, SystemTime);
    ItemReminderIsSet                item:ReminderIsSet                = row(Bool, ITEMS).bit(bit::REMINDER_SET).can(CREATE | SET | FIND).all(ITEMS).id(SetId::Common, 0x8503, Boolean);
    ItemReminderNextTime             item:ReminderNextTime             = row(Time, ITEMS).since(E2013).id(SetId::Common, 0x8560, SystemTime);
    ItemReminderMinutesBeforeStart   item:ReminderMinutesBeforeStart   = row(Int, ITEMS).can(CREATE | SET | FIND).all(ITEMS).id(SetId::Common, 0x8501, Integer);
    ItemDisplayCc                    item:DisplayCc                    = row(Text, ITEMS).column(Column::DisplayCc).can(FIND).all(ITEMS).tag(0x0e03, String).read_off();
    ItemDisplayTo                    item:DisplayTo                    = row(Text, ITEMS).column(Column::DisplayTo).can(FIND).all(ITEMS).tag(0x0e04, String).read_off();
    ItemDisplayBcc                   item:DisplayBcc                   = row(Text, ITEMS).since(E2016).column(Column::DisplayBcc).tag(0x0e02, String).read_off();
    ItemHasAttachments               item:HasAttachments               = row(Bool, ITEMS).bit(bit::HAS_ATTACHMENTS).can(FIND).default(MAIL.or(CALENDAR).or(CONTACT).or(LIST).or(TASK)).all(ITEMS).tag(0x0e1b, Boolean).read_off();
    ItemExtended                     -:ExtendedProperty                = row(Extended, ITEMS).children();
    ItemCulture                      item:Culture                      = row(Text, ITEMS).column(Column::Culture).can(WRITE | FIND).all(ITEMS);
    ItemEffectiveRights              item:EffectiveRights              = row(Rights, ITEMS).computed().all(ITEMS);
    ItemLastModifiedName             item:LastModifiedName             = row(Text, ITEMS).column(Column::ModifiedBy).can(FIND).all(ITEMS).tag(0x3ffa, String);
    ItemLastModifiedTime             item:LastModifiedTime             = row(Time, ITEMS).column(Column::Modified).can(FIND).all(ITEMS).tag(0x3008, SystemTime);
    ItemIsAssociated                 item:IsAssociated                 = row(Bool, ITEMS).since(E2010).bit(bit::ASSOCIATED).can(CREATE | FIND).default(MAIL.or(CALENDAR)).all(ITEMS);
    ItemWebClientReadFormQueryString item:WebClientReadFormQueryString = unbuilt(ITEMS).since(E2010).can(FIND).all(ITEMS);
    ItemWebClientEditFormQueryString item:WebClientEditFormQueryString = unbuilt(ITEMS).since(E2010).can(FIND).all(ITEMS);
    ItemConversationId               item:ConversationId               = row(ItemId, ITEMS).since(E2010).column(Column::ConversationId).can(FIND).all(ITEMS).read_off();
    ItemUniqueBody                   item:UniqueBody                   = row(Body, ITEMS).since(E2010).computed().get_only();
    ItemFlag                         item:Flag                         = row(Flag, ITEMS).since(E2013).column(Column::FlagStatus).can(CREATE | SET | FIND);
    ItemStoreEntryId                 item:StoreEntryId                 = row(Bytes, ITEMS).since(E2010_SP2).computed();
    ItemInstanceKey                  item:InstanceKey                  = row(Bytes, ITEMS).since(E2013).computed();
    ItemNormalizedBody               item:NormalizedBody               = row(Body, ITEMS).since(E2013).computed().get_only();
    ItemEntityExtractionResult       item:EntityExtractionResult       = unbuilt(ITEMS).since(E2013);
    ItemPolicyTag                    item:PolicyTag                    = unbuilt(ITEMS).since(E2013).can(WRITE | FIND).tag(0x3019, Binary);
    ItemArchiveTag                   item:ArchiveTag                   = unbuilt(ITEMS).since(E2013).can(WRITE | FIND).tag(0x3018, Binary);
    ItemRetentionDate                item:RetentionDate                = unbuilt(ITEMS).since(E2013).can(FIND).tag(0x301c, SystemTime);
    ItemPreview                      item:Preview                      = row(Text, ITEMS).since(E2013).column(Column::Preview).can(FIND);
    ItemRightsManagementLicenseData  item:RightsManagementLicenseData  = unbuilt(ITEMS).since(E2013);
    ItemPredictedActionReasons       item:PredictedActionReasons       = unbuilt(ITEMS).since(E2013_SP1);
    ItemIsClutter                    item:IsClutter                    = unbuilt(ITEMS).since(E2013_SP1);
    ItemBlockStatus                  item:BlockStatus                  = unbuilt(ITEMS).since(E2013).tag(0x1096, Integer);
    ItemHasBlockedImages             item:HasBlockedImages             = unbuilt(ITEMS).since(E2013);
    ItemTextBody                     item:TextBody                     = row(Body, ITEMS).since(E2013).computed().get_only();
    ItemIconIndex                    item:IconIndex                    = row(Enum(ICONS), ITEMS).since(E2013).column(Column::IconIndex).can(FIND).tag(0x1080, Integer);
    ItemSearchKey                    -:SearchKey                       = unbuilt(ITEMS).since(E2016);
    ItemSortKey                      -:SortKey                         = unbuilt(ITEMS).since(E2016);
    ItemHashtags                     item:Hashtags                     = unbuilt(ITEMS).since(E2016).can(WRITE);
    ItemMentions                     item:Mentions                     = unbuilt(ITEMS).since(E2016).can(WRITE);
    ItemMentionedMe                  item:MentionedMe                  = unbuilt(ITEMS).since(E2016).can(FIND);
    ItemMentionsPreview              item:MentionsPreview              = unbuilt(ITEMS).since(E2016);
    ItemMentionsEx                   item:MentionsEx                   = unbuilt(ITEMS).since(E2016);
    ItemAppliedHashtags              item:AppliedHashtags              = unbuilt(ITEMS).since(E2016);
    ItemAppliedHashtagsPreview       item:AppliedHashtagsPreview       = unbuilt(ITEMS).since(E2016);
    ItemLikes                        item:Likes                        = unbuilt(ITEMS).since(E2016);
    ItemLikesPreview                 item:LikesPreview                 = unbuilt(ITEMS).since(E2016);
    ItemPendingSocialActivityTagIds  item:PendingSocialActivityTagIds  = unbuilt(ITEMS).since(E2016);
    ItemAtAllMention                 item:AtAllMention                 = unbuilt(ITEMS).since(E2016);
    ItemCanDelete                    item:CanDelete                    = unbuilt(ITEMS).since(E2016);
    ItemInferenceClassification      item:InferenceClassification      = unbuilt(ITEMS).since(E2016);
    ItemMimeContentUTF8              item:MimeContentUTF8              = unbuilt(NONE).since(E2013_SP1).can(CREATE | SET);
    ItemFirstBody                    item:FirstBody                    = unbuilt(NONE).since(E2016);

    // Messages and posts (MS-OXWSMSG: MessageType; MS-OXWSPOST: PostItemType).
    MessageSender                     message:Sender                      = row(SingleRecipient, MESSAGES.or(POST)).column(Column::Sender).can(CREATE | FIND).all(MESSAGES.or(POST)).told().words();
    MessageToRecipients               message:ToRecipients                = row(Recipients, MESSAGES).get_only().can(WRITE | APPEND).default(MESSAGES).all(MESSAGES).told().words().history();
    MessageCcRecipients               message:CcRecipients                = row(Recipients, MESSAGES).get_only().can(WRITE | APPEND).default(MESSAGES).all(MESSAGES).told().words().history();
    MessageBccRecipients              message:BccRecipients               = row(Recipients, MESSAGES).get_only().can(WRITE | APPEND).all(MESSAGES).told().words().history();
    MessageIsReadReceiptRequested     message:IsReadReceiptRequested      = row(Bool, MESSAGES).bit(bit::READ_RECEIPT).can(WRITE | FIND).default(MESSAGES).all(MESSAGES).tag(0x0029, Boolean).told().history();
    MessageIsDeliveryReceiptRequested message:IsDeliveryReceiptRequested  = row(Bool, MESSAGES).bit(bit::DELIVERY_RECEIPT).can(WRITE | FIND).default(MESSAGES).all(MESSAGES).tag(0x0023, Boolean).told().history();
    MessageConversationIndex          message:ConversationIndex           = row(Bytes, MESSAGES.or(POST)).column(Column::ConversationIndex).can(FIND).all(MESSAGES.or(POST)).tag(0x0071, Binary).read_off();
    MessageConversationTopic          message:ConversationTopic           = row(Text, MESSAGES.or(POST)).column(Column::ConversationTopic).can(FIND).all(MESSAGES.or(POST)).tag(0x0070, String).read_off();
    MessageFrom                       message:From                        = row(SingleRecipient, MESSAGES.or(POST)).column(Column::From).can(WRITE | FIND).default(MESSAGES).all(MESSAGES.or(POST)).told().words().history();
    MessageInternetMessageId          message:InternetMessageId           = row(Text, MESSAGES.or(POST)).column(Column::MessageId).can(CREATE | FIND).all(MESSAGES.or(POST)).tag(0x1035, String).told();
    MessageIsRead                     message:IsRead                      = row(Bool, MESSAGES.or(POST)).bit(bit::READ).can(CREATE | SET | FIND).default(MESSAGES).all(MESSAGES).tag(0x0e69, Boolean);
    PostPostedTime                    postitem:PostedTime                 = row(Time, POST).column(Column::Sent).can(FIND).all(POST).tag(0x0039, SystemTime);
    MessageIsResponseRequested        message:IsResponseRequested         = row(Bool, MESSAGES.or(CALENDAR)).bit(bit::RESPONSE_REQUESTED).can(WRITE | FIND).all(MESSAGES.or(CALENDAR)).tag(0x0063, Boolean).history();
    MessageReferences                 message:References                  = row(Text, MESSAGES.or(POST)).column(Column::References).can(WRITE | FIND).all(MESSAGES.or(POST)).tag(0x1039, String).told();
    MessageReplyTo                    message:ReplyTo                     = row(Recipients, MESSAGES).get_only().can(WRITE | APPEND).all(MESSAGES).told().history();
    MessageReceivedBy                 message:ReceivedBy                  = row(SingleRecipient, MESSAGES).can(FIND).all(MESSAGES);
    MessageReceivedRepresenting       message:ReceivedRepresenting        = row(SingleRecipient, MESSAGES).can(FIND).all(MESSAGES);
    MessageApprovalRequestData        message:ApprovalRequestData         = unbuilt(MESSAGES).since(E2013);
    MessageVotingInformation          message:VotingInformation           = unbuilt(MESSAGES).since(E2013);
    MessageReminderMessageData        message:ReminderMessageData         = unbuilt(MESSAGES).since(E2013_SP1);
    MessageMessageSafety              message:MessageSafety               = unbuilt(MESSAGES).since(E2016);
    MessageSenderSmtpAddress          -:SenderSMTPAddress                 = unbuilt(MESSAGES).since(E2016);
    MessageMailboxGuids               -:MailboxGuids                      = unbuilt(MESSAGES).since(E2016);
    MessagePublishedCalendarItemIcs   message:PublishedCalendarItemIcs    = unbuilt(MESSAGES).since(E2016);
    MessagePublishedCalendarItemName  message:PublishedCalendarItemName   = unbuilt(MESSAGES).since(E2016);
    SharingSharingMessageAction       sharingMessage:SharingMessageAction = unbuilt(NONE).since(E2016);

    // Meeting messages and calendar items (MS-OXWSMTGS).
    MeetingAssociatedCalendarItemId      meeting:AssociatedCalendarItemId      = row(ItemId, MEETINGS).computed().get_only();
    MeetingIsDelegated                   meeting:IsDelegated                   = row(Bool, MEETINGS).can(FIND);
    MeetingIsOutOfDate                   meeting:IsOutOfDate                   = row(Bool, MEETINGS);
    MeetingHasBeenProcessed              meeting:HasBeenProcessed              = row(Bool, MEETINGS).can(FIND).tag(0x7d01, Boolean);
    MeetingResponseType                  meeting:ResponseType                  = row(Enum(ANSWER), MEETINGS).can(FIND);
    CalendarUID                          calendar:UID                          = row(Text, EVENTS.or(MEETING_MESSAGE)).can(CREATE | SET | FIND);
    CalendarRecurrenceId                 calendar:RecurrenceId                 = row(Time, EVENTS.or(MEETING_MESSAGE)).can(FIND);
    CalendarDateTimeStamp                calendar:DateTimeStamp                = row(Time, EVENTS.or(MEETING_MESSAGE)).can(FIND).all(EVENTS).id(SetId::Meeting, 0x001a, SystemTime);
    CalendarIsOrganizer                  calendar:IsOrganizer                  = row(Bool, EVENTS.or(MEETING_MESSAGE)).since(E2013);
    MeetingRequestMeetingRequestType     meetingRequest:MeetingRequestType     = row(Enum(MEETING_REQUEST), REQUEST);
    MeetingRequestIntendedFreeBusyStatus meetingRequest:IntendedFreeBusyStatus = row(Enum(FREE_BUSY), INVITES).can(FIND).id(SetId::Appointment, 0x8224, Integer);
    CalendarStart                        calendar:Start                        = row(Time, EVENTS).local().can(CREATE | SET | FIND).default(EVENTS).all(EVENTS).id(SetId::Appointment, 0x820d, SystemTime);
    CalendarEnd                          calendar:End                          = row(Time, EVENTS).local().can(CREATE | SET | FIND).default(EVENTS).all(EVENTS).id(SetId::Appointment, 0x820e, SystemTime);
    CalendarOriginalStart                calendar:OriginalStart                = row(Time, INVITES).all(INVITES).id(SetId::Appointment, 0x8228, SystemTime);
    CalendarIsAllDayEvent                calendar:IsAllDayEvent                = row(Bool, INVITES).can(CREATE | SET | FIND).all(INVITES).id(SetId::Appointment, 0x8215, Boolean);
    CalendarLegacyFreeBusyStatus         calendar:LegacyFreeBusyStatus         = row(Enum(FREE_BUSY), INVITES).can(CREATE | SET | FIND).default(INVITES).all(INVITES).id(SetId::Appointment, 0x8205, Integer);
    CalendarLocation                     calendar:Location                     = row(Text, EVENTS).can(WRITE | FIND).default(EVENTS).all(EVENTS).id(SetId::Appointment, 0x8208, String);
    CalendarWhen                         calendar:When                         = row(Text, INVITES).can(WRITE | FIND);
    CalendarIsMeeting                    calendar:IsMeeting                    = row(Bool, INVITES).can(FIND).all(INVITES);
    CalendarIsCancelled                  calendar:IsCancelled                  = row(Bool, INVITES).can(FIND).all(INVITES);
    CalendarIsRecurring                  calendar:IsRecurring                  = row(Bool, INVITES).can(FIND).all(INVITES);
    CalendarMeetingRequestWasSent        calendar:MeetingRequestWasSent        = row(Bool, INVITES).can(FIND).all(INVITES).id(SetId::Appointment, 0x8229, Boolean);
    CalendarCalendarItemType             calendar:CalendarItemType             = row(Enum(CALENDAR_ITEM), EVENTS).can(FIND).default(EVENTS).all(EVENTS);
    CalendarMyResponseType               calendar:MyResponseType               = row(Enum(ANSWER), INVITES).can(CREATE | SET | FIND).all(INVITES).id(SetId::Appointment, 0x8218, Integer);
    CalendarOrganizer                    calendar:Organizer                    = row(SingleRecipient, INVITES).can(FIND).default(INVITES).all(INVITES);
    CalendarRequiredAttendees            calendar:RequiredAttendees            = row(Attendees, INVITES).get_only().can(WRITE | APPEND).all(INVITES);
    CalendarOptionalAttendees            calendar:OptionalAttendees            = row(Attendees, INVITES).get_only().can(WRITE | APPEND).all(INVITES);
    CalendarResources                    calendar:Resources                    = row(Attendees, INVITES).get_only().can(WRITE | APPEND).all(INVITES);
    CalendarInboxReminders               calendar:InboxReminders               = unbuilt(CALENDAR).since(E2016);
    CalendarConflictingMeetingCount      calendar:ConflictingMeetingCount      = row(Int, INVITES).computed().get_only().all(INVITES);
    CalendarAdjacentMeetingCount         calendar:AdjacentMeetingCount         = row(Int, INVITES).computed().get_only().all(INVITES);
    CalendarConflictingMeetings          calendar:ConflictingMeetings          = row(Items, INVITES).computed().get_only().all(INVITES);
    CalendarAdjacentMeetings             calendar:AdjacentMeetings             = row(Items, INVITES).computed().get_only().all(INVITES);
    CalendarDuration                     calendar:Duration                     = row(Text, INVITES).can(FIND).all(INVITES);
    CalendarTimeZone                     calendar:TimeZone                     = row(Text, INVITES).can(FIND).all(INVITES).id(SetId::Appointment, 0x8234, String);
    CalendarAppointmentReplyTime         calendar:AppointmentReplyTime         = row(Time, INVITES).can(FIND).all(INVITES).id(SetId::Appointment, 0x8220, SystemTime);
    CalendarAppointmentSequenceNumber    calendar:AppointmentSequenceNumber    = row(Int, INVITES).all(INVITES).id(SetId::Appointment, 0x8201, Integer);
    CalendarAppointmentState             calendar:AppointmentState             = row(Int, INVITES).can(FIND).all(INVITES).id(SetId::Appointment, 0x8217, Integer);
    CalendarRecurrence                   calendar:Recurrence                   = row(Recurrence, EVENTS).get_only().can(WRITE).all(EVENTS);
    CalendarFirstOccurrence              calendar:FirstOccurrence              = row(Occurrence, INVITES).computed().get_only().all(INVITES);
    CalendarLastOccurrence               calendar:LastOccurrence               = row(Occurrence, INVITES).computed().get_only().all(INVITES);
    CalendarModifiedOccurrences          calendar:ModifiedOccurrences          = row(Occurrences, INVITES).computed().get_only().all(INVITES);
    CalendarDeletedOccurrences           calendar:DeletedOccurrences           = row(DeletedOccurrences, INVITES).computed().get_only().all(INVITES);
    CalendarMeetingTimeZone              calendar:MeetingTimeZone              = row(MeetingTimeZone, INVITES).can(CREATE | SET).get_only().all(INVITES);
    CalendarStartTimeZone                calendar:StartTimeZone                = row(TimeZone, INVITES).since(E2010).can(CREATE | SET | FIND).all(INVITES);
    CalendarEndTimeZone                  calendar:EndTimeZone                  = row(TimeZone, INVITES).since(E2010).can(CREATE | SET | FIND).all(INVITES);
    CalendarConferenceType               calendar:ConferenceType               = row(Int, INVITES).can(CREATE | SET | FIND).all(INVITES).id(SetId::Appointment, 0x8241, Integer);
    CalendarAllowNewTimeProposal         calendar:AllowNewTimeProposal         = row(Bool, INVITES).can(CREATE | SET | FIND).all(INVITES);
    CalendarIsOnlineMeeting              calendar:IsOnlineMeeting              = row(Bool, INVITES).can(CREATE | SET | FIND).all(INVITES).id(SetId::Appointment, 0x8240, Boolean);
    CalendarMeetingWorkspaceUrl          calendar:MeetingWorkspaceUrl          = row(Text, INVITES).can(WRITE | FIND).all(INVITES).id(SetId::Appointment, 0x8209, String);
    CalendarNetShowUrl                   calendar:NetShowUrl                   = row(Text, INVITES).can(WRITE | FIND).all(INVITES).id(SetId::Appointment, 0x8248, String);
    MeetingProposedStart                 meeting:ProposedStart                 = row(Time, RESPONSE).since(E2013).can(FIND).id(SetId::Appointment, 0x8250, SystemTime);
    MeetingProposedEnd                   meeting:ProposedEnd                   = row(Time, RESPONSE).since(E2013).can(FIND).id(SetId::Appointment, 0x8251, SystemTime);
    CalendarEnhancedLocation             calendar:EnhancedLocation             = row(EnhancedLocation, EVENTS).since(E2013).can(WRITE | FIND);
    MeetingRequestChangeHighlights       meetingRequest:ChangeHighlights       = row(ChangeHighlights, REQUEST).since(E2013);
    CalendarStartWallClock               calendar:StartWallClock               = row(Clock, INVITES).since(E2013).computed();
    CalendarEndWallClock                 calendar:EndWallClock                 = row(Clock, INVITES).since(E2013).computed();
    CalendarStartTimeZoneId              calendar:StartTimeZoneId              = row(Text, INVITES).since(E2013).computed();
    CalendarEndTimeZoneId                calendar:EndTimeZoneId                = row(Text, INVITES).since(E2013).computed();
    CalendarJoinOnlineMeetingUrl         calendar:JoinOnlineMeetingUrl         = row(Text, CALENDAR).since(E2013).can(FIND);
    CalendarOnlineMeetingSettings        calendar:OnlineMeetingSettings        = unbuilt(CALENDAR).since(E2013).can(FIND);
    CalendarCalendarActivityData         calendar:CalendarActivityData         = unbuilt(CALENDAR).since(E2016);
    MeetingDoNotForwardMeeting           meeting:DoNotForwardMeeting           = row(Bool, INVITES.or(CANCELLATION)).since(E2016);

    // Tasks (MS-OXWSTASK: TaskType).
    TaskActualWork           task:ActualWork           = row(Int, TASK).can(WRITE | FIND).all(TASK).id(SetId::Task, 0x8110, Integer);
    TaskAssignedTime         task:AssignedTime         = row(Time, TASK).can(FIND).all(TASK);
    TaskBillingInformation   task:BillingInformation   = row(Text, TASK).can(WRITE | FIND).all(TASK).id(SetId::Common, 0x8535, String);
    TaskChangeCount          task:ChangeCount          = row(Int, TASK).can(FIND).all(TASK).id(SetId::Task, 0x8112, Integer);
    TaskCompanies            task:Companies            = row(Texts, TASK).can(WRITE | FIND).all(TASK).ids(SetId::Common, 0x8539, String);
    TaskCompleteDate         task:CompleteDate         = row(Time, TASK).can(WRITE | FIND).all(TASK).id(SetId::Task, 0x810f, SystemTime);
    TaskContacts             task:Contacts             = row(Texts, TASK).can(WRITE | FIND).all(TASK).ids(SetId::Common, 0x853a, String);
    TaskDelegationState      task:DelegationState      = row(Enum(DELEGATION), TASK).can(FIND).all(TASK);
    TaskDelegator            task:Delegator            = row(Text, TASK).can(FIND).all(TASK).id(SetId::Task, 0x8121, String);
    TaskDueDate              task:DueDate              = row(Time, TASK).can(WRITE | FIND).default(TASK).all(TASK).id(SetId::Task, 0x8105, SystemTime);
    TaskIsAssignmentEditable task:IsAssignmentEditable = row(Int, TASK).can(FIND);
    TaskIsComplete           task:IsComplete           = row(Bool, TASK).can(FIND).all(TASK).id(SetId::Task, 0x811c, Boolean);
    TaskIsRecurring          task:IsRecurring          = row(Bool, TASK).can(FIND).all(TASK).id(SetId::Task, 0x8126, Boolean);
    TaskIsTeamTask           task:IsTeamTask           = row(Bool, TASK).can(FIND).id(SetId::Task, 0x8103, Boolean);
    TaskMileage              task:Mileage              = row(Text, TASK).can(WRITE | FIND).all(TASK).id(SetId::Common, 0x8534, String);
    TaskOwner                task:Owner                = row(Text, TASK).can(FIND).all(TASK).id(SetId::Task, 0x811f, String);
    TaskPercentComplete      task:PercentComplete      = row(Double, TASK).can(CREATE | SET | FIND).default(TASK).all(TASK);
    TaskRecurrence           task:Recurrence           = row(TaskRecurrence, TASK).get_only().can(WRITE).all(TASK);
    TaskStartDate            task:StartDate            = row(Time, TASK).can(WRITE | FIND).default(TASK).all(TASK).id(SetId::Task, 0x8104, SystemTime);
    TaskStatus               task:Status               = row(Enum(TASK_STATUS), TASK).can(CREATE | SET | FIND).default(TASK).all(TASK).id(SetId::Task, 0x8101, Integer);
    TaskStatusDescription    task:StatusDescription    = row(Text, TASK).can(FIND).all(TASK);
    TaskTotalWork            task:TotalWork            = row(Int, TASK).can(WRITE | FIND).all(TASK).id(SetId::Task, 0x8111, Integer);

    // Contacts and lists (MS-OXWSCONT: ContactItemType; MS-OXWSDLIST: DistributionListType).
    ContactFileAs                          contacts:FileAs                          = row(Text, CONTACT.or(LIST)).can(WRITE | FIND).default(CONTACT.or(LIST)).all(CONTACT.or(LIST)).id(SetId::Address, 0x8005, String);
    ContactFileAsMapping                   contacts:FileAsMapping                   = row(Enum(FILE_AS), CONTACT).can(WRITE | FIND).all(CONTACT);
    ContactDisplayName                     contacts:DisplayName                     = row(Text, CONTACT.or(LIST)).can(WRITE | FIND).all(CONTACT.or(LIST)).tag(0x3001, String);
    ContactGivenName                       contacts:GivenName                       = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a06, String);
    ContactInitials                        contacts:Initials                        = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a0a, String);
    ContactMiddleName                      contacts:MiddleName                      = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a44, String);
    ContactNickname                        contacts:Nickname                        = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a4f, String);
    ContactCompleteName                    contacts:CompleteName                    = row(CompleteName, CONTACT).computed().default(CONTACT).all(CONTACT);
    ContactCompanyName                     contacts:CompanyName                     = row(Text, CONTACT).can(WRITE | FIND).default(CONTACT).tag(0x3a16, String);
    ContactEmailAddresses                  contacts:EmailAddresses                  = row(Addresses(EMAILS), CONTACT).can(CREATE | SET).default(CONTACT).all(CONTACT);
    ContactAbchEmailAddresses              contacts:AbchEmailAddresses              = unbuilt(CONTACT).since(E2015);
    ContactPhysicalAddresses               contacts:PhysicalAddresses               = row(PostalAddresses(POSTAL), CONTACT).can(CREATE | SET).default(CONTACT).all(CONTACT);
    ContactPhoneNumbers                    contacts:PhoneNumbers                    = row(Entries(PHONES), CONTACT).can(CREATE | SET).default(CONTACT).all(CONTACT);
    ContactAssistantName                   contacts:AssistantName                   = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a30, String);
    ContactBirthday                        contacts:Birthday                        = row(Time, CONTACT).can(WRITE | FIND).tag(0x3a42, SystemTime);
    ContactBusinessHomePage                contacts:BusinessHomePage                = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a51, String);
    ContactChildren                        contacts:Children                        = row(Texts, CONTACT).can(WRITE | FIND).all(CONTACT).tags(0x3a58, String);
    ContactCompanies                       contacts:Companies                       = row(Texts, CONTACT).can(WRITE | FIND).ids(SetId::Common, 0x8539, String);
    ContactContactSource                   contacts:ContactSource                   = row(Enum(CONTACT_SOURCE), CONTACT.or(LIST)).can(FIND).all(CONTACT.or(LIST));
    ListMembers                            distributionlist:Members                 = row(Members, LIST).since(E2010).get_only().can(WRITE | APPEND);
    ContactDepartment                      contacts:Department                      = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a18, String);
    ContactGeneration                      contacts:Generation                      = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a05, String);
    ContactImAddresses                     contacts:ImAddresses                     = row(Entries(IMS), CONTACT).can(CREATE | SET).default(CONTACT).all(CONTACT);
    ContactJobTitle                        contacts:JobTitle                        = row(Text, CONTACT).can(WRITE | FIND).default(CONTACT).all(CONTACT).tag(0x3a17, String);
    ContactManager                         contacts:Manager                         = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a4e, String);
    ContactMileage                         contacts:Mileage                         = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).id(SetId::Common, 0x8534, String);
    ContactOfficeLocation                  contacts:OfficeLocation                  = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a19, String);
    ContactPostalAddressIndex              contacts:PostalAddressIndex              = row(Enum(POSTAL_ADDRESS), CONTACT).can(WRITE | FIND).all(CONTACT).id(SetId::Address, 0x8022, Integer);
    ContactProfession                      contacts:Profession                      = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a46, String);
    ContactSpouseName                      contacts:SpouseName                      = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a48, String);
    ContactSurname                         contacts:Surname                         = row(Text, CONTACT).can(WRITE | FIND).all(CONTACT).tag(0x3a11, String);
    ContactWeddingAnniversary              contacts:WeddingAnniversary              = row(Time, CONTACT).can(WRITE | FIND).tag(0x3a41, SystemTime);
    ContactHasPicture                      contacts:HasPicture                      = row(Bool, CONTACT).since(E2010).computed().all(CONTACT).id(SetId::Address, 0x8015, Boolean);
    ContactPhoneticFullName                contacts:PhoneticFullName                = row(Text, CONTACT).since(E2010_SP2).can(FIND).all(CONTACT);
    ContactPhoneticFirstName               contacts:PhoneticFirstName               = row(Text, CONTACT).since(E2010_SP2).can(FIND).all(CONTACT).id(SetId::Address, 0x802c, String);
    ContactPhoneticLastName                contacts:PhoneticLastName                = row(Text, CONTACT).since(E2010_SP2).can(FIND).all(CONTACT).id(SetId::Address, 0x802d, String);
    ContactAlias                           contacts:Alias                           = row(Text, CONTACT).since(E2010_SP2).can(FIND).all(CONTACT).tag(0x3a00, String);
    ContactNotes                           contacts:Notes                           = row(Text, CONTACT).since(E2010_SP2).can(FIND).all(CONTACT);
    ContactPhoto                           contacts:Photo                           = unbuilt(CONTACT).since(E2010_SP2).can(FIND).all(CONTACT);
    ContactUserSMIMECertificate            contacts:UserSMIMECertificate            = unbuilt(CONTACT).since(E2010_SP2).can(FIND);
    ContactMSExchangeCertificate           contacts:MSExchangeCertificate           = unbuilt(CONTACT).since(E2010_SP2).can(FIND);
    ContactDirectoryId                     contacts:DirectoryId                     = row(Text, CONTACT).since(E2010_SP2).can(FIND).all(CONTACT);
    ContactManagerMailbox                  contacts:ManagerMailbox                  = unbuilt(CONTACT).since(E2010_SP2).can(FIND);
    ContactDirectReports                   contacts:DirectReports                   = unbuilt(CONTACT).since(E2010_SP2).can(FIND).all(CONTACT);
    ContactAccountName                     contacts:AccountName                     = row(Text, CONTACT).since(E2015);
    ContactIsAutoUpdateDisabled            contacts:IsAutoUpdateDisabled            = row(Bool, CONTACT).since(E2015);
    ContactIsMessengerEnabled              contacts:IsMessengerEnabled              = row(Bool, CONTACT).since(E2015);
    ContactComment                         contacts:Comment                         = row(Text, CONTACT).since(E2015);
    ContactContactShortId                  contacts:ContactShortId                  = row(Int, CONTACT).since(E2015);
    ContactContactType                     contacts:ContactType                     = row(Text, CONTACT).since(E2015);
    ContactGender                          contacts:Gender                          = row(Text, CONTACT).since(E2015);
    ContactIsHidden                        contacts:IsHidden                        = row(Bool, CONTACT).since(E2015);
    ContactObjectId                        contacts:ObjectId                        = row(Text, CONTACT).since(E2015);
    ContactPassportId                      contacts:PassportId                      = row(Long, CONTACT).since(E2015);
    ContactIsPrivate                       contacts:IsPrivate                       = row(Bool, CONTACT).since(E2015).id(SetId::Common, 0x8506, Boolean);
    ContactSourceId                        contacts:SourceId                        = row(Text, CONTACT).since(E2015);
    ContactTrustLevel                      contacts:TrustLevel                      = row(Int, CONTACT).since(E2015);
    ContactCreatedBy                       contacts:CreatedBy                       = row(Text, CONTACT).since(E2015);
    ContactUrls                            contacts:Urls                            = unbuilt(CONTACT).since(E2015);
    ContactCid                             contacts:Cid                             = row(Long, CONTACT).since(E2015);
    ContactSkypeAuthCertificate            contacts:SkypeAuthCertificate            = row(Text, CONTACT).since(E2015);
    ContactSkypeContext                    contacts:SkypeContext                    = row(Text, CONTACT).since(E2015);
    ContactSkypeId                         contacts:SkypeId                         = row(Text, CONTACT).since(E2015);
    ContactSkypeRelationship               contacts:SkypeRelationship               = row(Text, CONTACT).since(E2015);
    ContactYomiNickname                    contacts:YomiNickname                    = row(Text, CONTACT).since(E2015);
    ContactXboxLiveTag                     contacts:XboxLiveTag                     = row(Text, CONTACT).since(E2015);
    ContactInviteFree                      contacts:InviteFree                      = row(Bool, CONTACT).since(E2015);
    ContactHidePresenceAndProfile          contacts:HidePresenceAndProfile          = row(Bool, CONTACT).since(E2015);
    ContactIsPendingOutbound               contacts:IsPendingOutbound               = row(Bool, CONTACT).since(E2015);
    ContactSupportGroupFeeds               contacts:SupportGroupFeeds               = row(Bool, CONTACT).since(E2015);
    ContactUserTileHash                    contacts:UserTileHash                    = row(Text, CONTACT).since(E2015);
    ContactUnifiedInbox                    contacts:UnifiedInbox                    = row(Bool, CONTACT).since(E2015);
    ContactMris                            contacts:Mris                            = row(Texts, CONTACT).since(E2015);
    ContactWlid                            contacts:Wlid                            = row(Text, CONTACT).since(E2015);
    ContactAbchContactId                   contacts:AbchContactId                   = row(Text, CONTACT).since(E2015);
    ContactNotInBirthdayCalendar           contacts:NotInBirthdayCalendar           = row(Bool, CONTACT).since(E2015);
    ContactShellContactType                contacts:ShellContactType                = row(Text, CONTACT).since(E2015);
    ContactImMri                           contacts:ImMri                           = row(Text, CONTACT).since(E2015);
    ContactPresenceTrustLevel              contacts:PresenceTrustLevel              = row(Int, CONTACT).since(E2015);
    ContactOtherMri                        contacts:OtherMri                        = row(Text, CONTACT).since(E2015);
    ContactProfileLastChanged              contacts:ProfileLastChanged              = row(Text, CONTACT).since(E2015);
    ContactMobileIMEnabled                 contacts:MobileIMEnabled                 = row(Bool, CONTACT).since(E2015);
    ContactPartnerNetworkProfilePhotoUrl   contacts:PartnerNetworkProfilePhotoUrl   = row(Text, CONTACT).since(E2016);
    ContactPartnerNetworkThumbnailPhotoUrl contacts:PartnerNetworkThumbnailPhotoUrl = row(Text, CONTACT).since(E2016);
    ContactPersonId                        contacts:PersonId                        = row(Text, CONTACT).since(E2015);
    ContactConversationGuid                contacts:ConversationGuid                = row(Text, CONTACT).since(E2016);

    // Conversations (MS-OXWSCONV: ConversationType).
    ConversationConversationId            conversation:ConversationId            = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationConversationTopic         conversation:ConversationTopic         = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationUniqueRecipients          conversation:UniqueRecipients          = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalUniqueRecipients    conversation:GlobalUniqueRecipients    = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationUniqueUnreadSenders       conversation:UniqueUnreadSenders       = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalUniqueUnreadSenders conversation:GlobalUniqueUnreadSenders = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationUniqueSenders             conversation:UniqueSenders             = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalUniqueSenders       conversation:GlobalUniqueSenders       = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationLastDeliveryTime          conversation:LastDeliveryTime          = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalLastDeliveryTime    conversation:GlobalLastDeliveryTime    = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationCategories                conversation:Categories                = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalCategories          conversation:GlobalCategories          = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationFlagStatus                conversation:FlagStatus                = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalFlagStatus          conversation:GlobalFlagStatus          = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationHasAttachments            conversation:HasAttachments            = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalHasAttachments      conversation:GlobalHasAttachments      = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationMessageCount              conversation:MessageCount              = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalMessageCount        conversation:GlobalMessageCount        = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationUnreadCount               conversation:UnreadCount               = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalUnreadCount         conversation:GlobalUnreadCount         = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationSize                      conversation:Size                      = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalSize                conversation:GlobalSize                = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationItemClasses               conversation:ItemClasses               = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalItemClasses         conversation:GlobalItemClasses         = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationImportance                conversation:Importance                = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalImportance          conversation:GlobalImportance          = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationItemIds                   conversation:ItemIds                   = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationGlobalItemIds             conversation:GlobalItemIds             = unbuilt(CONVERSATION).since(E2010_SP1).can(FIND);
    ConversationLastModifiedTime          conversation:LastModifiedTime          = unbuilt(CONVERSATION).since(E2013).can(FIND);
    ConversationInstanceKey               conversation:InstanceKey               = unbuilt(CONVERSATION).since(E2013).can(FIND);
    ConversationPreview                   conversation:Preview                   = unbuilt(CONVERSATION).since(E2013).can(FIND);
    ConversationIconIndex                 conversation:IconIndex                 = unbuilt(CONVERSATION).since(E2013).can(FIND);
    ConversationGlobalIconIndex           conversation:GlobalIconIndex           = unbuilt(CONVERSATION).since(E2013).can(FIND);
    ConversationDraftItemIds              conversation:DraftItemIds              = unbuilt(CONVERSATION).since(E2013).can(FIND);
    ConversationHasIrm                    conversation:HasIrm                    = unbuilt(CONVERSATION).since(E2013).can(FIND);
    ConversationGlobalHasIrm              conversation:GlobalHasIrm              = unbuilt(CONVERSATION).since(E2013).can(FIND);
    ConversationMentionedMe               conversation:MentionedMe               = unbuilt(CONVERSATION).since(E2016);
    ConversationGlobalMentionedMe         conversation:GlobalMentionedMe         = unbuilt(CONVERSATION).since(E2016);
    ConversationAtAllMention              conversation:AtAllMention              = unbuilt(CONVERSATION).since(E2016);
    ConversationGlobalAtAllMention        conversation:GlobalAtAllMention        = unbuilt(CONVERSATION).since(E2016);
    ConversationHasClutter                conversation:HasClutter                = unbuilt(NONE).since(E2013);

    // Personas (MS-OXWSPERS: PersonaType).
    PersonaPersonaId                    persona:PersonaId                    = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaPersonaType                  persona:PersonaType                  = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaPersonaObjectStatus          persona:PersonaObjectStatus          = unbuilt(PERSONA).since(E2013);
    PersonaCreationTime                 persona:CreationTime                 = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaBodies                       persona:Bodies                       = unbuilt(PERSONA).since(E2013);
    PersonaDisplayName                  persona:DisplayName                  = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaFileAs                       persona:FileAs                       = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaFileAsId                     persona:FileAsId                     = unbuilt(PERSONA).since(E2013);
    PersonaDisplayNamePrefix            persona:DisplayNamePrefix            = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaGivenName                    persona:GivenName                    = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaSurname                      persona:Surname                      = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaYomiCompanyName              persona:YomiCompanyName              = unbuilt(PERSONA).since(E2013);
    PersonaYomiFirstName                persona:YomiFirstName                = unbuilt(PERSONA).since(E2013);
    PersonaYomiLastName                 persona:YomiLastName                 = unbuilt(PERSONA).since(E2013);
    PersonaTitle                        persona:Title                        = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaCompanyName                  persona:CompanyName                  = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaEmailAddress                 persona:EmailAddress                 = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaEmailAddresses               persona:EmailAddresses               = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaPhoneNumber                  persona:PhoneNumber                  = unbuilt(PERSONA).since(E2013);
    PersonaImAddress                    persona:ImAddress                    = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaHomeCity                     persona:HomeCity                     = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaWorkCity                     persona:WorkCity                     = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaRelevanceScore               persona:RelevanceScore               = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaFolderIds                    persona:FolderIds                    = unbuilt(PERSONA).since(E2013);
    PersonaAttributions                 persona:Attributions                 = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaDisplayNames                 persona:DisplayNames                 = unbuilt(PERSONA).since(E2013);
    PersonaFileAses                     persona:FileAses                     = unbuilt(PERSONA).since(E2013);
    PersonaFileAsIds                    persona:FileAsIds                    = unbuilt(PERSONA).since(E2013);
    PersonaDisplayNamePrefixes          persona:DisplayNamePrefixes          = unbuilt(PERSONA).since(E2013);
    PersonaGivenNames                   persona:GivenNames                   = unbuilt(PERSONA).since(E2013);
    PersonaMiddleNames                  persona:MiddleNames                  = unbuilt(PERSONA).since(E2013);
    PersonaSurnames                     persona:Surnames                     = unbuilt(PERSONA).since(E2013);
    PersonaGenerations                  persona:Generations                  = unbuilt(PERSONA).since(E2013);
    PersonaNicknames                    persona:Nicknames                    = unbuilt(PERSONA).since(E2013);
    PersonaInitials                     persona:Initials                     = unbuilt(PERSONA).since(E2013);
    PersonaYomiCompanyNames             persona:YomiCompanyNames             = unbuilt(PERSONA).since(E2013);
    PersonaYomiFirstNames               persona:YomiFirstNames               = unbuilt(PERSONA).since(E2013);
    PersonaYomiLastNames                persona:YomiLastNames                = unbuilt(PERSONA).since(E2013);
    PersonaBusinessPhoneNumbers         persona:BusinessPhoneNumbers         = unbuilt(PERSONA).since(E2013);
    PersonaBusinessPhoneNumbers2        persona:BusinessPhoneNumbers2        = unbuilt(PERSONA).since(E2013);
    PersonaHomePhones                   persona:HomePhones                   = unbuilt(PERSONA).since(E2013);
    PersonaHomePhones2                  persona:HomePhones2                  = unbuilt(PERSONA).since(E2013);
    PersonaMobilePhones                 persona:MobilePhones                 = unbuilt(PERSONA).since(E2013);
    PersonaMobilePhones2                persona:MobilePhones2                = unbuilt(PERSONA).since(E2013);
    PersonaAssistantPhoneNumbers        persona:AssistantPhoneNumbers        = unbuilt(PERSONA).since(E2013);
    PersonaCallbackPhones               persona:CallbackPhones               = unbuilt(PERSONA).since(E2013);
    PersonaCarPhones                    persona:CarPhones                    = unbuilt(PERSONA).since(E2013);
    PersonaHomeFaxes                    persona:HomeFaxes                    = unbuilt(PERSONA).since(E2013);
    PersonaOrganizationMainPhones       persona:OrganizationMainPhones       = unbuilt(PERSONA).since(E2013);
    PersonaOtherFaxes                   persona:OtherFaxes                   = unbuilt(PERSONA).since(E2013);
    PersonaOtherTelephones              persona:OtherTelephones              = unbuilt(PERSONA).since(E2013);
    PersonaOtherPhones2                 persona:OtherPhones2                 = unbuilt(PERSONA).since(E2013);
    PersonaPagers                       persona:Pagers                       = unbuilt(PERSONA).since(E2013);
    PersonaRadioPhones                  persona:RadioPhones                  = unbuilt(PERSONA).since(E2013);
    PersonaTelexNumbers                 persona:TelexNumbers                 = unbuilt(PERSONA).since(E2013);
    PersonaWorkFaxes                    persona:WorkFaxes                    = unbuilt(PERSONA).since(E2013);
    PersonaEmails1                      persona:Emails1                      = unbuilt(PERSONA).since(E2013);
    PersonaEmails2                      persona:Emails2                      = unbuilt(PERSONA).since(E2013);
    PersonaEmails3                      persona:Emails3                      = unbuilt(PERSONA).since(E2013);
    PersonaBusinessHomePages            persona:BusinessHomePages            = unbuilt(PERSONA).since(E2013);
    PersonaPersonalHomePages            persona:PersonalHomePages            = unbuilt(PERSONA).since(E2013);
    PersonaOfficeLocations              persona:OfficeLocations              = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaImAddresses                  persona:ImAddresses                  = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaImAddresses2                 persona:ImAddresses2                 = unbuilt(PERSONA).since(E2013);
    PersonaImAddresses3                 persona:ImAddresses3                 = unbuilt(PERSONA).since(E2013);
    PersonaBusinessAddresses            persona:BusinessAddresses            = unbuilt(PERSONA).since(E2013);
    PersonaHomeAddresses                persona:HomeAddresses                = unbuilt(PERSONA).since(E2013);
    PersonaOtherAddresses               persona:OtherAddresses               = unbuilt(PERSONA).since(E2013);
    PersonaTitles                       persona:Titles                       = unbuilt(PERSONA).since(E2013);
    PersonaDepartments                  persona:Departments                  = unbuilt(PERSONA).since(E2013_SP1).can(WRITE | FIND);
    PersonaCompanyNames                 persona:CompanyNames                 = unbuilt(PERSONA).since(E2013);
    PersonaManagers                     persona:Managers                     = unbuilt(PERSONA).since(E2013);
    PersonaAssistantNames               persona:AssistantNames               = unbuilt(PERSONA).since(E2013);
    PersonaProfessions                  persona:Professions                  = unbuilt(PERSONA).since(E2013);
    PersonaSpouseNames                  persona:SpouseNames                  = unbuilt(PERSONA).since(E2013);
    PersonaChildren                     persona:Children                     = unbuilt(PERSONA).since(E2013);
    PersonaHobbies                      persona:Hobbies                      = unbuilt(PERSONA).since(E2013);
    PersonaWeddingAnniversaries         persona:WeddingAnniversaries         = unbuilt(PERSONA).since(E2013);
    PersonaBirthdays                    persona:Birthdays                    = unbuilt(PERSONA).since(E2013);
    PersonaLocations                    persona:Locations                    = unbuilt(PERSONA).since(E2013);
    PersonaInlineLinks                  persona:InlineLinks                  = unbuilt(PERSONA).since(E2016);
    PersonaItemLinkIds                  persona:ItemLinkIds                  = unbuilt(PERSONA).since(E2016);
    PersonaHasActiveDeals               persona:HasActiveDeals               = unbuilt(PERSONA).since(E2016);
    PersonaIsBusinessContact            persona:IsBusinessContact            = unbuilt(PERSONA).since(E2016);
    PersonaAttributedHasActiveDeals     persona:AttributedHasActiveDeals     = unbuilt(PERSONA).since(E2016);
    PersonaAttributedIsBusinessContact  persona:AttributedIsBusinessContact  = unbuilt(PERSONA).since(E2016);
    PersonaSourceMailboxGuids           persona:SourceMailboxGuids           = unbuilt(PERSONA).since(E2016);
    PersonaLastContactedDate            persona:LastContactedDate            = unbuilt(PERSONA).since(E2016);
    PersonaExtendedProperties           persona:ExtendedProperties           = unbuilt(PERSONA).since(E2013);
    PersonaExternalDirectoryObjectId    persona:ExternalDirectoryObjectId    = unbuilt(PERSONA).since(E2016);
    PersonaMapiEntryId                  persona:MapiEntryId                  = unbuilt(PERSONA).since(E2016);
    PersonaMapiEmailAddress             persona:MapiEmailAddress             = unbuilt(PERSONA).since(E2016);
    PersonaMapiAddressType              persona:MapiAddressType              = unbuilt(PERSONA).since(E2016);
    PersonaMapiSearchKey                persona:MapiSearchKey                = unbuilt(PERSONA).since(E2016);
    PersonaMapiTransmittableDisplayName persona:MapiTransmittableDisplayName = unbuilt(PERSONA).since(E2016);
    PersonaMapiSendRichInfo             persona:MapiSendRichInfo             = unbuilt(PERSONA).since(E2016);
    PersonaRankingWeight                persona:RankingWeight                = unbuilt(NONE).since(E2015);
    PersonaSchool                       persona:School                       = unbuilt(NONE).since(E2013);
    PersonaPostalAddress                persona:PostalAddress                = unbuilt(NONE).since(E2013);
    PersonaIsFavorite                   persona:IsFavorite                   = unbuilt(NONE).since(E2016);
}
