//! The directory: accounts, their addresses, groups, and who is meant by a name.

use ewsd_model::booking::{Booking, Resource, Setting};
use ewsd_model::id::{Guid, MailboxNo};

pub use calendar::Calendar;
pub use impersonation::{Grant, Granted, ImpersonationTarget};
pub use place::LoginPlace;

mod account;
mod address;
mod calendar;
mod group;
mod impersonation;
mod place;
mod resolve;
mod secret;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub account: i64,
    pub mailbox: MailboxNo,
    pub guid: Guid,
    pub login: String,
    pub display_name: String,
    /// None between creation and the first address.
    pub primary_address: Option<String>,
    pub disabled: bool,
    /// PHC string; None: no password opens it.
    pub password_phc: Option<String>,
    /// Of the folder names (`de`).
    pub language: String,
    /// None: as the server is set; 0: none.
    pub quota_bytes: Option<i64>,
    /// As Windows or the tz database call it. None: as the server is set.
    pub zone: Option<String>,
    /// When its owner works, as people write it. None: the usual hours.
    pub working_hours: Option<String>,
    /// None: somebody's.
    pub resource: Option<Resource>,
    /// Counts for resources only.
    pub booking: Booking,
    /// Shares do not bind it (`limits.*_per_account`, `limits.*_per_hour`).
    pub exempt: bool,
}

#[derive(Clone, Debug, Default)]
pub struct NewAccount {
    /// Kept in lower case.
    pub login: String,
    pub display_name: String,
    pub password_phc: Option<String>,
    /// The first is the primary one. Kept in lower case.
    pub addresses: Vec<String>,
    pub language: String,
    pub quota_bytes: Option<i64>,
}

/// What can be changed of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChange<'a> {
    /// Kept in lower case.
    Login(&'a str),
    Name(&'a str),
    /// Of what is made from now on; folders keep the names that they have.
    Language(&'a str),
    /// In octets; None: as the server is set, 0: none.
    Quota(Option<i64>),
    /// None: as the server is set.
    Zone(Option<&'a str>),
    /// None: the usual hours.
    WorkingHours(Option<&'a str>),
    /// None: somebody's.
    Resource(Option<Resource>),
    /// Whether shares bind it.
    Exempt(bool),
    /// An option of [`ewsd_model::booking::OPTIONS`]; None: as it usually is.
    Booking(&'static str, Option<Setting>),
}

/// An address with the account that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedAddress {
    pub address: String,
    pub login: String,
    pub primary: bool,
}

/// Somebody whom ResolveNames found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Else an account.
    pub is_group: bool,
    pub display_name: String,
    /// The primary one.
    pub address: String,
}

/// A group of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub group: i64,
    pub address: String,
    pub display_name: String,
    /// How many, groups in it counted as one each.
    pub members: i64,
}

/// Who is in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupMember {
    Account { account: i64, name: String, address: String },
    Group { group: i64, name: String, address: String },
}

/// A local recipient of mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// As asked, in lower case.
    pub address: String,
    pub account: i64,
    pub mailbox: MailboxNo,
    pub primary_address: String,
    pub display_name: String,
    pub disabled: bool,
    pub quota_bytes: Option<i64>,
    /// It may answer meeting requests by itself ([`Account::resource`]).
    pub resource: bool,
    /// Reached by a group's address, not by one of its own.
    pub group: bool,
}

impl Recipient {
    /// An address at which this one is reached, and nobody else.
    pub fn own_address(&self) -> &str {
        if self.group { &self.primary_address } else { &self.address }
    }
}
