//! The directory: accounts, their addresses, groups, and who is meant by a name.

use ewsd_model::id::{Guid, MailboxNo};

mod account;
mod address;
mod group;
mod resolve;

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
    /// Reached by a group's address, not by one of its own.
    pub group: bool,
}

impl Recipient {
    /// An address at which this one is reached, and nobody else.
    pub fn own_address(&self) -> &str {
        if self.group { &self.primary_address } else { &self.address }
    }
}
