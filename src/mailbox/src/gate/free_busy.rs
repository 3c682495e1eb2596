//! Whose free and busy time the caller may know, and how much of it (MS-OXWAVLS 3.1.4.1.1): by the rights on the calendar of a
//! mailbox, whose default for everybody is its owner's times. Nothing else of that mailbox is opened by it.

use ewsd_model::availability::WorkingHours;
use ewsd_model::id::{FolderNo, ItemNo, MailboxNo};
use ewsd_model::rights::Rights;
use ewsd_model::timezone::ItemZone;
use ewsd_store::Mailbox;

use super::{Gate, Granted, permission};
use crate::error::Result;

/// How much may be told of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FreeBusyAccess {
    Nothing,
    /// When its owner is busy.
    Times,
    /// Subject and place too, but of what is private.
    Details,
    /// All of it.
    Everything,
}

/// The calendar of somebody who was asked about.
#[derive(Clone, Debug)]
pub struct Calendar {
    granted: Granted,
    folder: FolderNo,
    pub told: FreeBusyAccess,
    /// As its owner was told to the server.
    pub hours: WorkingHours,
}

/// The calendars of a group's members.
#[derive(Clone, Debug)]
pub enum Group {
    Members(Vec<Calendar>),
    /// It has more members than anybody is told of.
    TooBig,
}

impl Calendar {
    /// For comparing: two addresses may be one mailbox's.
    pub fn mailbox(&self) -> MailboxNo {
        self.granted.mailbox
    }

    /// The entry id of an item in it.
    pub fn entry_id(&self, item: ItemNo) -> Vec<u8> {
        self.granted.item_id(self.folder, item).entry_id()
    }
}

impl Gate<'_> {
    /// The calendars of those of the addresses that are somebody's here, each with its address in lower case. `zone`: of those
    /// who have none of their own.
    pub fn calendars(&mut self, addresses: &[&str], zone: &ItemZone) -> Result<Vec<(String, Calendar)>> {
        let found = self.store.calendars(addresses)?;
        Ok(found.into_iter().map(|one| (one.address.clone(), self.calendar(one, zone))).collect())
    }

    /// The calendars of all members of the group with that address, at any depth. None: there is no such group.
    pub fn group_calendars(&mut self, address: &str, most: usize, zone: &ItemZone) -> Result<Option<Group>> {
        let Some(group) = self.store.group(address)? else { return Ok(None) };
        let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
        let found = self.store.group_calendars(group.group, limit)?;
        if found.len() > most {
            return Ok(Some(Group::TooBig));
        }
        Ok(Some(Group::Members(found.into_iter().map(|one| self.calendar(one, zone)).collect())))
    }

    fn calendar(&self, found: ewsd_store::Calendar, zone: &ItemZone) -> Calendar {
        let rights = if found.mailbox == self.caller.mailbox {
            Rights::OWNER
        } else {
            permission::of_calendar(Some(&found.rights), self.caller.account)
        };
        let zone = found.zone.as_deref().and_then(ItemZone::named).unwrap_or_else(|| zone.clone());
        let periods = found.working_hours.as_deref().and_then(WorkingHours::periods_of);
        let hours = match periods {
            Some(periods) => WorkingHours { zone, periods },
            None => WorkingHours::usual(zone),
        };
        let guest = (found.mailbox != self.caller.mailbox).then_some(self.caller.account);
        let granted = Granted { mailbox: found.mailbox, guid: found.guid, rights: Rights::NONE, guest };
        Calendar { granted, folder: found.folder, told: access_of(rights), hours }
    }

    /// The mailbox of a calendar that may be told of, and the calendar in it.
    pub(crate) fn open_calendar(&mut self, calendar: &Calendar) -> (Mailbox<'_>, FolderNo) {
        (self.store.mailbox(calendar.granted.mailbox), calendar.folder)
    }
}

fn access_of(rights: Rights) -> FreeBusyAccess {
    if rights.has(Rights::FOLDER_OWNER) {
        FreeBusyAccess::Everything
    } else if rights.has(Rights::READ_ANY) || rights.has(Rights::FREE_BUSY_DETAILS) {
        FreeBusyAccess::Details
    } else if rights.has(Rights::FREE_BUSY_TIME) {
        FreeBusyAccess::Times
    } else {
        FreeBusyAccess::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_rights_are_levels_of_telling() {
        for (rights, is) in [
            (Rights::NONE, FreeBusyAccess::Nothing),
            (Rights::CONTRIBUTOR, FreeBusyAccess::Nothing),
            (Rights::FREE_BUSY_TIME, FreeBusyAccess::Times),
            (Rights::FREE_BUSY, FreeBusyAccess::Details),
            (Rights::REVIEWER, FreeBusyAccess::Details),
            (Rights::PUBLISHING_EDITOR, FreeBusyAccess::Details),
            (Rights::OWNER, FreeBusyAccess::Everything),
        ] {
            assert_eq!(access_of(rights), is, "{rights:?}");
        }
    }
}
