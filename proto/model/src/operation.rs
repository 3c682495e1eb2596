//! The operations of the protocol (services.wsdl), one row each: how they are asked, how they are answered, and for those
//! not built the polite refusal. Dispatch and `docs/operations.md` come out of these rows.
//!
//! A refusal is an error in the operation's own answer, never a fault: clients take faults of status 500 for a broken
//! server and come back, and some take the version codes (ErrorInvalidRequest and kin) as a reason to try every schema.
//!
//! An operation has six places (about a dozen files with its test and the page), none of which says again what another says:
//! 1. its row here: `.built()`, `.may_hold()` if a call of it may wait, `.own_only()` if it must not work in another's mailbox,
//!    `.writes()` if it puts something into the store. Its [`Shape`] is what the schema says, [`Shape::Messages`] for most.
//!    One that is in the schema and not in the WSDL stands at the end, and in `OF_SCHEMA` of `operation_tests.rs`;
//! 2. its line in `proto/ews/src/operations.rs`;
//! 3. its record, `proto/ews/src/request/<operation>.rs`;
//! 4. the writer of its answer, in `proto/ews/src/reply/<group>.rs`, unless another operation answers alike; an answer that
//!    is a type of its own is named in the `pub use` of `proto/ews/src/reply/mod.rs` (a new group has its `mod` line there, too);
//! 5. its line in `handlers!` of `worker/src/op/mod.rs`;
//! 6. its handler, `worker/src/op/<group>/<verb>.rs`, which its group declares (a new group: `worker/src/op/mod.rs`). Every
//!    account may call every operation: rights are asked where a handler opens something by `cx.gate`, and one that opens
//!    nothing needs none.
//!
//! Its sample answer in `built()` of `proto/ews/tests/replies.rs` is held against the schema; a test asks for it.
//!
//! From its second place on the compiler asks for the others; tests compare the rows that are built with the lines, and
//! those that may wait with the handlers that look again. `ewsctl operations --markdown`, built anew, prints the table that stands
//! between the marks of `docs/operations.md`; `cargo test -p ewsd --lib operations` compares.

use crate::Version;
use crate::Version::{
    Exchange2007 as E2007, Exchange2007Sp1 as E2007_SP1, Exchange2010 as E2010, Exchange2010Sp1 as E2010_SP1,
    Exchange2013 as E2013, Exchange2016 as E2016,
};
use crate::code::Code;
use Shape::*;
use std::fmt::Write;

/// Where in the answer an operation's response messages stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `m:ResponseMessages` with one [`Operation::message`] for each thing asked for.
    Messages,
    /// The response element is itself the response message.
    Whole,
    /// The response element holds one `m:ResponseMessage`.
    Inner,
    /// `m:FreeBusyResponseArray`, a `m:FreeBusyResponse` with its `m:ResponseMessage` for each mailbox.
    Availability,
    /// `m:ResponseMessages` for which the schema has no message: an error can only be a fault.
    Empty,
}

/// A row of the operations table.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub op: Op,
    pub name: &'static str,
    /// Child of the SOAP body, messages namespace.
    pub request: &'static str,
    pub response: &'static str,
    /// The response message's element where the shape is [`Shape::Messages`].
    pub message: &'static str,
    /// The last part of the SOAPAction, as the WSDL has it; in a request it is not looked at.
    pub action: &'static str,
    pub since: Version,
    pub shape: Shape,
    /// A call may be handed to the master to wait.
    pub may_hold: bool,
    /// It refuses what lies in another's mailbox, whatever rights its owner gave.
    pub own_only: bool,
    /// It puts something into the store. What takes something out goes on where there is little room.
    pub writes: bool,
    pub built: bool,
    /// What an operation that is not built answers.
    pub refusal: Code,
    /// Elements the schema demands even in an error, behind those of every response message, with their text.
    pub rest: &'static [(&'static str, &'static str)],
}

const ITEMS: &[(&str, &str)] = &[("Items", "")];

const fn op(since: Version, shape: Shape) -> Operation {
    Operation {
        op: Op::ResolveNames,
        name: "",
        request: "",
        response: "",
        message: "",
        action: "",
        since,
        shape,
        may_hold: false,
        own_only: false,
        writes: false,
        built: false,
        refusal: Code::ErrorInvalidOperation,
        rest: &[],
    }
}

/// The builders of the rows.
impl Operation {
    const fn named(mut self, op: Op, name: &'static str, response: &'static str, message: &'static str) -> Operation {
        self.op = op;
        self.name = name;
        if self.request.is_empty() {
            self.request = name;
        }
        if self.response.is_empty() {
            self.response = response;
        }
        if self.action.is_empty() {
            self.action = name;
        }
        if matches!(self.shape, Messages) {
            self.message = message;
        }
        self
    }

    const fn asked(mut self, request: &'static str) -> Operation {
        self.request = request;
        self
    }

    const fn answered(mut self, response: &'static str) -> Operation {
        self.response = response;
        self
    }

    const fn action(mut self, action: &'static str) -> Operation {
        self.action = action;
        self
    }

    const fn may_hold(mut self) -> Operation {
        self.may_hold = true;
        self
    }

    const fn own_only(mut self) -> Operation {
        self.own_only = true;
        self
    }

    const fn writes(mut self) -> Operation {
        self.writes = true;
        self
    }

    const fn with(mut self, rest: &'static [(&'static str, &'static str)]) -> Operation {
        self.rest = rest;
        self
    }

    const fn built(mut self) -> Operation {
        self.built = true;
        self
    }

    const fn refused(mut self, code: Code) -> Operation {
        self.refusal = code;
        self
    }
}

macro_rules! operations {
    ($($name:ident = $row:expr;)*) => {
        /// An operation: the number of its row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Op {
            $($name,)*
        }

        /// The rows, in the order of [`Op`].
        pub static OPERATIONS: &[Operation] = &[$($row.named(
            Op::$name,
            stringify!($name),
            concat!(stringify!($name), "Response"),
            concat!(stringify!($name), "ResponseMessage"),
        ),)*];
    };
}

operations! {
    ResolveNames                      = op(E2007, Messages).built();
    ExpandDL                          = op(E2007, Messages).built();
    GetServerTimeZones                = op(E2010, Messages).with(&[("TimeZoneDefinitions", "")]).built();
    FindFolder                        = op(E2007, Messages).built();
    FindItem                          = op(E2007, Messages).built();
    GetFolder                         = op(E2007, Messages).built();
    ConvertId                         = op(E2007_SP1, Messages).built();
    UploadItems                       = op(E2010_SP1, Messages);
    ExportItems                       = op(E2010_SP1, Messages);
    CreateFolderPath                  = op(E2013, Messages);
    CreateFolder                      = op(E2007, Messages).writes().built();
    DeleteFolder                      = op(E2007, Messages).built();
    EmptyFolder                       = op(E2010_SP1, Messages).built();
    UpdateFolder                      = op(E2007, Messages).writes().built();
    MoveFolder                        = op(E2007, Messages).writes().built();
    CopyFolder                        = op(E2007, Messages).writes().built();
    // A subscription would go on telling of a folder when the rights on it are gone.
    Subscribe                         = op(E2007, Messages).writes().built();
    Unsubscribe                       = op(E2007, Messages).built();
    GetEvents                         = op(E2007, Messages).may_hold().built();
    GetStreamingEvents                = op(E2010_SP1, Messages).action("GetEvents").may_hold().built();
    SyncFolderHierarchy               = op(E2007, Messages).built();
    SyncFolderItems                   = op(E2007, Messages).built();
    GetItem                           = op(E2007, Messages).with(ITEMS).built();
    CreateItem                        = op(E2007, Messages).with(ITEMS).writes().built();
    DeleteItem                        = op(E2007, Messages).built();
    UpdateItem                        = op(E2007, Messages).with(ITEMS).writes().built();
    UpdateItemInRecoverableItems      = op(E2013, Messages).with(ITEMS).refused(Code::ErrorAccessDenied);
    // Mail leaves from its sender's mailbox, in the sender's name: sending for others is a right of its own, not built.
    SendItem                          = op(E2007, Messages).own_only().writes().built();
    MoveItem                          = op(E2007, Messages).with(ITEMS).writes().built();
    CopyItem                          = op(E2007, Messages).with(ITEMS).writes().built();
    ArchiveItem                       = op(E2013, Messages).with(ITEMS);
    CreateAttachment                  = op(E2007, Messages).with(&[("Attachments", "")]).writes().built();
    DeleteAttachment                  = op(E2007, Messages).built();
    GetAttachment                     = op(E2007, Messages).with(&[("Attachments", "")]).built();
    GetClientAccessToken              = op(E2013, Messages).refused(Code::ErrorUnauthorizedClientAccessTokenRequest);
    CreateManagedFolder               = op(E2007, Messages).refused(Code::ErrorManagedFolderNotFound);
    GetDelegate                       = op(E2007_SP1, Whole).refused(Code::ErrorDelegateMissingConfiguration);
    AddDelegate                       = op(E2007_SP1, Whole).refused(Code::ErrorAddDelegatesFailed);
    RemoveDelegate                    = op(E2007_SP1, Whole).refused(Code::ErrorNotDelegate);
    UpdateDelegate                    = op(E2007_SP1, Whole).refused(Code::ErrorNotDelegate);
    CreateUserConfiguration           = op(E2010, Messages).refused(Code::ErrorItemSave);
    DeleteUserConfiguration           = op(E2010, Messages).refused(Code::ErrorItemNotFound);
    GetUserConfiguration              = op(E2010, Messages).refused(Code::ErrorItemNotFound);
    GetSpecificUserConfiguration      = op(E2016, Messages).refused(Code::ErrorItemNotFound);
    UpdateUserConfiguration           = op(E2010, Messages).refused(Code::ErrorItemNotFound);
    GetUserAvailability               = op(E2007, Availability).asked("GetUserAvailabilityRequest").built();
    GetUserOofSettings                = op(E2007, Inner).asked("GetUserOofSettingsRequest");
    SetUserOofSettings                = op(E2007, Inner).asked("SetUserOofSettingsRequest");
    GetServiceConfiguration           = op(E2010, Whole);
    GetMailTips                       = op(E2010, Whole).refused(Code::ErrorMailTipsDisabled);
    PlayOnPhone                       = op(E2010, Whole).refused(Code::ErrorUserNotUnifiedMessagingEnabled);
    GetPhoneCallInformation           = op(E2010, Whole).refused(Code::ErrorInvalidPhoneCallId);
    DisconnectPhoneCall               = op(E2010, Whole).refused(Code::ErrorInvalidPhoneCallId);
    GetSharingMetadata                = op(E2010, Whole).with(&[("EncryptedSharedFolderDataCollection", ""), ("InvalidRecipients", "")]).refused(Code::ErrorOrganizationNotFederated);
    RefreshSharingFolder              = op(E2010, Whole).refused(Code::ErrorSharingSynchronizationFailed);
    GetSharingFolder                  = op(E2010, Whole).refused(Code::ErrorFolderNotFound);
    SetTeamMailbox                    = op(E2013, Whole).refused(Code::ErrorTeamMailboxNotFound);
    UnpinTeamMailbox                  = op(E2013, Whole).refused(Code::ErrorTeamMailboxNotFound);
    GetRoomLists                      = op(E2010, Whole);
    GetRooms                          = op(E2010, Whole);
    FindMessageTrackingReport         = op(E2010, Whole).refused(Code::ErrorMessageTrackingPermanentError);
    GetMessageTrackingReport          = op(E2010, Whole).refused(Code::ErrorMessageTrackingPermanentError);
    FindConversation                  = op(E2010_SP1, Whole);
    ApplyConversationAction           = op(E2010_SP1, Messages).refused(Code::ErrorApplyConversationActionFailed);
    GetConversationItems              = op(E2013, Messages);
    FindPeople                        = op(E2013, Whole);
    FindTags                          = op(E2016, Whole);
    AddTag                            = op(E2016, Whole);
    HideTag                           = op(E2016, Whole);
    GetPersona                        = op(E2013, Whole).answered("GetPersonaResponseMessage").refused(Code::ErrorItemNotFound);
    GetInboxRules                     = op(E2010_SP1, Whole);
    UpdateInboxRules                  = op(E2010_SP1, Whole);
    GetPasswordExpirationDate         = op(E2010_SP1, Whole).with(&[("PasswordExpirationDate", "0001-01-01T00:00:00Z")]);
    GetDiscoverySearchConfiguration   = op(E2013, Whole).with(&[("DiscoverySearchConfigurations", "")]).refused(Code::ErrorAccessDenied);
    GetSearchableMailboxes            = op(E2013, Whole).with(&[("SearchableMailboxes", "")]).refused(Code::ErrorAccessDenied);
    SearchMailboxes                   = op(E2013, Messages).refused(Code::ErrorDiscoverySearchesDisabled);
    GetHoldOnMailboxes                = op(E2013, Whole).refused(Code::ErrorMailboxHoldNotFound);
    SetHoldOnMailboxes                = op(E2013, Whole).refused(Code::ErrorAccessDenied);
    GetNonIndexableItemStatistics     = op(E2013, Whole).refused(Code::ErrorAccessDenied);
    GetNonIndexableItemDetails        = op(E2013, Whole).refused(Code::ErrorAccessDenied);
    MarkAllItemsAsRead                = op(E2013, Messages).writes().built();
    MarkAsJunk                        = op(E2013, Messages);
    ReportMessage                     = op(E2016, Messages).refused(Code::ErrorInvalidReportMessageActionType);
    GetAppManifests                   = op(E2013, Whole).with(&[("Apps", "")]).refused(Code::ErrorExtensionsNotAuthorized);
    AddNewImContactToGroup            = op(E2013, Whole);
    AddNewTelUriContactToGroup        = op(E2013, Whole);
    AddImContactToGroup               = op(E2013, Whole);
    RemoveImContactFromGroup          = op(E2013, Whole).refused(Code::ErrorUnableToRemoveImContactFromGroup);
    AddImGroup                        = op(E2013, Whole);
    AddDistributionGroupToImList      = op(E2013, Whole).refused(Code::ErrorInvalidImDistributionGroupSmtpAddress);
    GetImItemList                     = op(E2013, Whole);
    GetImItems                        = op(E2013, Whole);
    RemoveContactFromImList           = op(E2013, Whole).refused(Code::ErrorInvalidImContactId);
    RemoveDistributionGroupFromImList = op(E2013, Whole).refused(Code::ErrorInvalidImGroupId);
    RemoveImGroup                     = op(E2013, Whole).refused(Code::ErrorInvalidImGroupId);
    SetImGroup                        = op(E2013, Whole).refused(Code::ErrorInvalidImGroupId);
    SetImListMigrationCompleted       = op(E2013, Whole);
    GetUserRetentionPolicyTags        = op(E2013, Whole).with(&[("RetentionPolicyTags", "")]).refused(Code::ErrorInvalidRetentionTagNone);
    DisableApp                        = op(E2013, Whole).refused(Code::ErrorExtensionNotFound);
    InstallApp                        = op(E2013, Whole).refused(Code::ErrorExtensionsNotAuthorized);
    UpdateExtensionUsage              = op(E2016, Whole).refused(Code::ErrorExtensionNotFound);
    UninstallApp                      = op(E2013, Whole).refused(Code::ErrorExtensionNotFound);
    GetAppMarketplaceUrl              = op(E2013, Whole).refused(Code::ErrorExtensionsNotAuthorized);
    FindAvailableMeetingTimes         = op(E2016, Whole);
    FindMeetingTimeCandidates         = op(E2016, Whole);
    GetUserPhoto                      = op(E2013, Whole).with(&[("HasChanged", "false")]).refused(Code::ErrorItemNotFound);
    SetUserPhoto                      = op(E2016, Empty);
    GetMeetingSpace                   = op(E2016, Whole).answered("GetMeetingSpaceResponseMessage");
    DeleteMeetingSpace                = op(E2016, Whole).answered("DeleteMeetingSpaceResponseMessage");
    UpdateMeetingSpace                = op(E2016, Whole).answered("UpdateMeetingSpaceResponseMessage");
    CreateMeetingSpace                = op(E2016, Whole).answered("CreateMeetingSpaceResponseMessage");
    FindMeetingSpaceByJoinUrl         = op(E2016, Whole).answered("FindMeetingSpaceByJoinUrlResponseMessage");
    GetMeetingInstance                = op(E2016, Whole).asked("GetMeetingInstanceRequest").action("GetMeetingInstanceRequest");
    DeleteMeetingInstance             = op(E2016, Whole).asked("DeleteMeetingInstanceRequest").action("DeleteMeetingInstanceRequest");
    UpdateMeetingInstance             = op(E2016, Whole).asked("UpdateMeetingInstanceRequest").action("UpdateMeetingInstanceRequest");
    CreateMeetingInstance             = op(E2016, Whole).asked("CreateMeetingInstanceRequest").action("CreateMeetingInstanceRequest");
    StartSearchSession                = op(E2016, Whole).refused(Code::ErrorInstantSearchFailed);
    ExecuteSearch                     = op(E2016, Whole).refused(Code::ErrorInstantSearchFailed);
    GetSearchSuggestions              = op(E2016, Whole).refused(Code::ErrorInstantSearchFailed);
    DeleteSearchSuggestion            = op(E2016, Whole).refused(Code::ErrorInstantSearchFailed);
    EndSearchSession                  = op(E2016, Whole).refused(Code::ErrorInstantSearchSessionExpired);
    GetLastPrivateCatalogUpdate       = op(E2016, Whole).with(&[("LastUpdate", "0001-01-01T00:00:00Z")]).refused(Code::ErrorExtensionsNotAuthorized);
    GetPrivateCatalogAddIns           = op(E2016, Whole).refused(Code::ErrorExtensionsNotAuthorized);
    // The schema has them, the WSDL has not.
    GetReminders                      = op(E2013, Whole).with(&[("Reminders", "")]).built();
    PerformReminderAction             = op(E2013, Whole).own_only().writes().built();
}

impl Op {
    pub fn row(self) -> &'static Operation {
        // The table has one row for each variant: the same macro made both.
        #[allow(clippy::indexing_slicing)]
        &OPERATIONS[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The number of its row, for formats of our own. It changes when a row comes in ahead.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// None for a number that no row has.
    pub fn from_number(number: u8) -> Option<Op> {
        OPERATIONS.get(usize::from(number)).map(|row| row.op)
    }

    /// By the request element, the child of the SOAP body.
    pub fn from_request(element: &str) -> Option<Op> {
        OPERATIONS.iter().find(|row| row.request == element).map(|row| row.op)
    }
}

impl std::fmt::Display for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The table of `docs/operations.md`: built operations first, each part by name.
pub fn markdown() -> String {
    let mut rows: Vec<&Operation> = OPERATIONS.iter().collect();
    rows.sort_by_key(|row| (!row.built, row.name));
    let built = rows.iter().filter(|row| row.built).count();
    let mut text =
        format!("{built} of {} operations are built. The others answer with the error given.\n\n", rows.len());
    text.push_str("| operation | since | answer |\n|---|---|---|\n");
    for row in rows {
        let since = row.since.name().trim_start_matches("Exchange").replace('_', " ");
        let answer = if row.built { "built" } else { row.refusal.name() };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} | {since} | {answer} |", row.name);
    }
    text
}

#[cfg(test)]
#[path = "operation_tests.rs"]
mod tests;
