//! Rights that a client gives on a folder (MS-OXWSFOLD 2.2.4.14), checked and put into the form in which they are kept.

use ewsd_mailbox::error::Result;
use ewsd_mailbox::gate::permission::kept;
use ewsd_model::FolderKind;
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::rights::Rights;
use ewsd_model::value::{Permission, PermissionUser};

use crate::op::Cx;

/// All entries that the folder is to have. People must be accounts of this server, each named once.
pub(super) fn encode(cx: &mut Cx<'_>, kind: FolderKind, wanted: Vec<Permission>) -> Result<serde_json::Value> {
    let calendar = kind == FolderKind::CalendarFolder;
    let mut entries: Vec<(Permission, Option<i64>)> = Vec::with_capacity(wanted.len());
    for mut permission in wanted {
        match (calendar, permission.calendar) {
            (false, true) => return Err(Code::ErrorCannotSetCalendarPermissionOnNonCalendarFolder.into()),
            (true, false) => return Err(Code::ErrorCannotSetNonCalendarPermissionOnCalendarFolder.into()),
            _ => {}
        }
        if !calendar && permission.rights.0 & Rights::FREE_BUSY.0 != 0 {
            return Err(Code::ErrorInvalidPermissionSettings.into());
        }
        let mut account = None;
        if let PermissionUser::Address { address, .. } = &permission.user {
            let Some(member) = cx.gate.member(address)? else {
                let text = format!("Nobody here has the address '{address}'.");
                return Err(Failure::with_text(Code::ErrorInvalidUserInfo, text).into());
            };
            account = Some(member.account);
            permission.user = PermissionUser::Address { name: member.name, address: member.address };
        }
        // Two addresses of one account.
        if entries.iter().any(|(_, known)| account.is_some() && *known == account) {
            return Err(Code::ErrorDuplicateUserIdsSpecified.into());
        }
        entries.push((permission, account));
    }
    Ok(kept(&entries))
}
