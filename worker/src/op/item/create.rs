//! CreateItem (MS-OXWSCORE 3.1.4.2): items from fields, from MIME, or from both; saved, sent, or sent and saved.

use ewsd_ews::request::CreateItem;
use ewsd_ews::view::ItemView;
use ewsd_ews::word::{Disposition, SendInvitations};
use ewsd_mailbox::calendar::meeting::people;
use ewsd_mailbox::calendar::meeting::plan::Sending;
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_mailbox::gate::{Folder, Granted, Right};
use ewsd_mailbox::item::draft::{Draft, kind_of};
use ewsd_mailbox::item::{respond, submit};
use ewsd_mailbox::property::item::attachment_info;
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::object::{self, NewKind, ResponseKind};
use ewsd_model::property::bit;
use ewsd_model::target::TargetFolder;
use ewsd_model::{FolderKind, ItemKind, PropId, Value};
use ewsd_store::{ItemRef, Mailbox, NewItem};

use super::meeting;
use super::relocate::wire_id;
use super::send as sending;
use crate::op::Cx;

pub fn run(cx: &mut Cx<'_>, request: CreateItem) -> Result<Vec<Outcome<Vec<ItemView>>>> {
    let CreateItem { disposition, invitations, saved_folder, items } = request;
    // Asked for once: every item that goes there is told the same when it is not.
    let saved = match &saved_folder {
        Some(target) => Some(outcome(cx.gate.folder(target, Right::CreateItems))?),
        None => None,
    };
    let mut outcomes = Vec::with_capacity(items.len());
    for item in items {
        let made = match item {
            Ok(wanted) => create_item(cx, wanted, disposition, invitations, saved.as_ref()),
            Err(failure) => Err(failure.into()),
        };
        outcomes.push(outcome(made)?);
    }
    Ok(outcomes)
}

fn create_item(
    cx: &mut Cx<'_>,
    wanted: object::NewItem,
    disposition: Option<Disposition>,
    invitations: Option<SendInvitations>,
    saved: Option<&Outcome<Folder>>,
) -> Result<Vec<ItemView>> {
    let (wanted, answered) = match wanted.kind {
        NewKind::Item(_) => (wanted, None),
        NewKind::Response(kind) if is_of_meetings(kind) => {
            return meeting::respond(cx, wanted, kind, disposition);
        }
        NewKind::Response(ResponseKind::Forward) if meeting::forward(cx, &wanted, disposition)? => {
            return Ok(Vec::new());
        }
        NewKind::Response(kind) => match respond::message(cx, wanted, kind)? {
            Some((message, answered)) => (message, Some(answered)),
            // Done by what it did to the item it refers to.
            None => return Ok(Vec::new()),
        },
    };
    let kind = kind_of(&wanted)?;
    if kind == ItemKind::CalendarItem && invitations.is_none() {
        return Err(Code::ErrorSendMeetingInvitationsRequired.into());
    }
    let sends = kind.row().is_sent;
    let disposition = match (sends, disposition) {
        (true, None) => return Err(Code::ErrorMessageDispositionRequired.into()),
        (true, Some(disposition)) => disposition,
        // What cannot be sent is saved, whatever is said.
        (false, _) => Disposition::SaveOnly,
    };
    let folder = match disposition {
        Disposition::SendOnly => None,
        Disposition::SaveOnly => Some(target(cx, saved, kind.row().home)?),
        Disposition::SendAndSaveCopy => Some(target(cx, saved, "sentitems")?),
    };
    if let Some(folder) = &folder {
        check_folder(kind, folder)?;
        if disposition != Disposition::SaveOnly && !cx.gate.is_own(&folder.granted) {
            return Err(sending::not_from_here());
        }
    }
    let granted = folder.as_ref().map_or_else(|| cx.gate.own(), |folder| folder.granted);
    let draft = Draft::new(cx, kind, wanted)?;
    if let (Some(folder), true) = (&folder, kind == ItemKind::CalendarItem) {
        let sending = meeting::sending_to_all(invitations);
        if sending != Sending::NONE && !people::everybody(&draft.props).is_empty() {
            return meeting::invite(cx, draft, folder, sending);
        }
    }
    match disposition {
        Disposition::SaveOnly => save(cx, &draft, folder.as_ref()),
        Disposition::SendOnly | Disposition::SendAndSaveCopy => {
            send(cx, &granted, draft, folder.as_ref())?;
            answered.map_or(Ok(()), |answered| answered.remember(cx))?;
            Ok(Vec::new())
        }
    }
}

fn is_of_meetings(kind: ResponseKind) -> bool {
    use ResponseKind::{Accept, CancelCalendarItem, Decline, Remove, TentativelyAccept};
    matches!(kind, Accept | TentativelyAccept | Decline | CancelCalendarItem | Remove)
}

/// The folder asked for, or the one that such items go to by themselves.
fn target(cx: &mut Cx<'_>, saved: Option<&Outcome<Folder>>, default: &'static str) -> Result<Folder> {
    match saved {
        Some(Outcome::Success(folder)) => Ok(folder.clone()),
        Some(refused) => Err(refused.failure().cloned().unwrap_or_else(|| Code::ErrorFolderNotFound.into()).into()),
        None => {
            let target = TargetFolder::Distinguished { name: default, change_key: None, mailbox: None };
            cx.gate.folder(&target, Right::CreateItems)
        }
    }
}

/// Typed items go into folders of their kind only.
fn check_folder(kind: ItemKind, folder: &Folder) -> Result<(), Failure> {
    match kind.row().folder {
        Some((needed, code)) if !folder.is(needed) => Err(Failure::new(code)),
        None if folder.is(FolderKind::SearchFolder) => {
            Err(Failure::with_text(Code::ErrorInvalidOperation, "Items cannot be put into a search folder."))
        }
        _ => Ok(()),
    }
}

fn save(cx: &mut Cx<'_>, draft: &Draft, folder: Option<&Folder>) -> Result<Vec<ItemView>> {
    let folder = folder.ok_or(Error::from(Code::ErrorFolderNotFound))?;
    let granted = folder.granted;
    if draft.flags & bit::ASSOCIATED != 0 {
        granted.check(Right::CreateAssociated)?;
    }
    let item = NewItem { creator: granted.creator(), ..draft.item(folder.row.folder, draft.flags) };
    let mut mailbox = cx.gate.open(&granted);
    let made = mailbox.create_item(&item)?;
    created(&mut mailbox, draft, &granted, &made)
}

/// What is answered of an item that was made.
pub(super) fn created(
    mailbox: &mut Mailbox<'_>,
    draft: &Draft,
    granted: &Granted,
    made: &ItemRef,
) -> Result<Vec<ItemView>> {
    let mut props = vec![(PropId::ItemItemId, Value::ItemId(wire_id(granted, made)))];
    if !draft.attachments.is_empty() {
        // Clients of CreateItem with attachments expect their ids with the item's.
        let rows = mailbox.attachments(&[made.item])?;
        let ids = rows.iter().map(|row| attachment_info(granted, made.folder, row)).collect();
        props.push((PropId::ItemAttachments, Value::Attachments(ids)));
    }
    Ok(vec![ItemView { kind: made.kind, props, extended: Vec::new() }])
}

fn send(cx: &mut Cx<'_>, granted: &ewsd_mailbox::gate::Granted, draft: Draft, folder: Option<&Folder>) -> Result<()> {
    let envelope = submit::address(cx, granted, &draft.props)?;
    let message = submit::checked(cx, &draft.columns, &draft.outgoing()?)?;
    let flags = (draft.flags | bit::READ) & !bit::DRAFT;
    let copy = folder.map(|folder| draft.item(folder.row.folder, flags));
    envelope.send(cx, &message, |mailbox| {
        if let Some(copy) = &copy {
            mailbox.create_item(copy)?;
        }
        Ok(())
    })
}
