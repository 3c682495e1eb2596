//! UpdateItem (MS-OXWSCORE 3.1.4.9): properties set, appended to, deleted; all changes of one item or none.
//!
//! Conflicts are decided per property. With every property that an update changes, the item keeps the change number it had
//! before (member `~name` of its document): a client whose change key is no younger has not seen that change.

use ewsd_ews::reply::Updated;
use ewsd_ews::request::UpdateItem;
use ewsd_ews::word::{ConflictResolution, Disposition};
use ewsd_mailbox::convert::mime;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Item, Right};
use ewsd_mailbox::item::edit::Edit;
use ewsd_mailbox::item::{derive, load, replace};
use ewsd_mailbox::property::Needs;
use ewsd_model::change::{Assignment, ItemChange, Update};
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::Seq;
use ewsd_model::kind::MustSay;
use ewsd_model::path::Path;
use ewsd_model::property::alias::Alias;
use ewsd_model::property::{Column, bit};
use ewsd_model::{ItemKind, Kinds, PropId, Value};
use ewsd_store::{ItemRef, ItemRow, ItemUpdate, StoreError};

use super::relocate::id_view;
use super::send;
use crate::op::Cx;

/// How often an update is made anew on what another session wrote meanwhile.
const ATTEMPTS: usize = 4;

pub fn run(cx: &mut Cx<'_>, request: UpdateItem) -> Result<Vec<Outcome<Updated>>> {
    let named = request.changes.iter().flatten().map(|change| &change.id);
    let mut items = cx.gate.items(named, Right::EditItems)?.into_iter();
    let mut outcomes = Vec::with_capacity(request.changes.len());
    for change in &request.changes {
        let done = match change {
            Ok(change) => match items.next() {
                Some(item) => item.and_then(|item| one(cx, &request, change, &item)),
                None => Err(Code::ErrorItemNotFound.into()),
            },
            Err(failure) => Err(failure.clone().into()),
        };
        outcomes.push(outcome(done)?);
    }
    Ok(outcomes)
}

fn one(cx: &mut Cx<'_>, request: &UpdateItem, change: &ItemChange, item: &Item) -> Result<Updated> {
    cx.check_changes(change.updates.len())?;
    if request.conflicts != ConflictResolution::Always && item.change.is_none() {
        return Err(Code::ErrorChangeKeyRequired.into());
    }
    let (changed, row) = match read_state(request, change) {
        Some(read) => (set_read(cx, item, request.conflicts, read)?, None),
        None => write(cx, request, change, item)?,
    };
    if let Some(row) = row.filter(|row| sends(request, row)) {
        let saves = request.disposition == Some(Disposition::SendAndSaveCopy);
        let folder = if saves { Some(send::copy_folder(cx, request.saved_folder.as_ref())?) } else { None };
        send::submit(cx, &item.granted, row.item, Some(changed.change), folder.as_ref())?;
        return Ok(Updated { item: None, conflicts: 0 });
    }
    Ok(Updated { item: Some(id_view(&item.granted, &changed)), conflicts: 0 })
}

/// Whether the item goes out after the change. Only what was never sent is sent; clients say so of contacts, too.
fn sends(request: &UpdateItem, row: &ItemRow) -> bool {
    matches!(request.disposition, Some(Disposition::SendOnly | Disposition::SendAndSaveCopy))
        && row.kind == ItemKind::Message
        && row.flags & bit::DRAFT != 0
}

/// The new read state, where an update is nothing but that: it needs no look at the item.
fn read_state(request: &UpdateItem, change: &ItemChange) -> Option<bool> {
    match (request.disposition, change.updates.as_slice()) {
        (Some(Disposition::SaveOnly), [Update::Set(Assignment::Prop(PropId::MessageIsRead, Value::Bool(read)))]) => {
            Some(*read)
        }
        _ => None,
    }
}

fn set_read(cx: &mut Cx<'_>, item: &Item, conflicts: ConflictResolution, read: bool) -> Result<ItemRef> {
    let mut update = ItemUpdate::default();
    if read {
        update.set_flags = bit::READ;
    } else {
        update.clear_flags = bit::READ;
    }
    let expect = if conflicts == ConflictResolution::Never { item.change } else { None };
    let granted = item.granted;
    Ok(cx.gate.open(&granted).update_item(item.item, &update, expect)?)
}

/// Makes the changes. Answers the item as it was read before, as well.
fn write(
    cx: &mut Cx<'_>,
    request: &UpdateItem,
    change: &ItemChange,
    item: &Item,
) -> Result<(ItemRef, Option<ItemRow>)> {
    let needs = needs(&change.updates);
    for attempt in 1.. {
        let row = load::row(cx, item, &needs.plan)?;
        check_kind(request, &row)?;
        if sends(request, &row) && !cx.gate.is_own(&item.granted) {
            return Err(send::not_from_here());
        }
        if row.kind == ItemKind::Message && row.flags & bit::DRAFT == 0 {
            check_sent(&change.updates)?;
        }
        let parsed = given(&change.updates, &row)?.map(|octets| (octets, mime::parse(octets, cx.now)));
        let mut edit = Edit::new(row.kind, Some(&row), cx.now);
        if let Some((octets, parsed)) = &parsed {
            replace::overlay(&mut edit, octets, parsed);
        }
        change.updates.iter().try_for_each(|update| apply(&mut edit, update))?;
        edit.settle();
        check_conflict(request.conflicts, item.change, &row, &edit)?;
        let search = derive::complete(&mut edit)?;
        let update = update(cx, &edit, &row, search.as_deref());
        let granted = item.granted;
        let mut mailbox = cx.gate.open(&granted);
        let written = match &parsed {
            Some((_, parsed)) => {
                mailbox.transaction(|mailbox| replace::write(mailbox, item.item, &update, row.change, parsed))
            }
            None => mailbox.update_item(item.item, &update, Some(row.change)),
        };
        match written {
            // Somebody was faster: decide again on what is there now.
            Err(StoreError::Conflict { .. }) if attempt < ATTEMPTS => {}
            result => {
                let changed = result?;
                return Ok((changed, Some(row)));
            }
        }
    }
    Err(Code::ErrorIrresolvableConflict.into())
}

/// The message that an update gives whole, if it does.
fn given<'u>(updates: &'u [Update], row: &ItemRow) -> Result<Option<&'u [u8]>, Failure> {
    let octets = updates.iter().find_map(|update| match update {
        Update::Set(Assignment::Prop(PropId::ItemMimeContent, Value::Mime(octets))) => Some(octets.as_slice()),
        _ => None,
    });
    match octets {
        Some(_) if !row.kind.row().has_mime => {
            Err(Failure::at(Code::ErrorUnsupportedMimeConversion, PropId::ItemMimeContent))
        }
        octets => Ok(octets),
    }
}

/// What must be read for the changes: everything of the row, and the body where its text matters.
fn needs(updates: &[Update]) -> Needs {
    let mut needs = Needs::of_message();
    needs.plan.mime = false;
    needs.plan.ext = false;
    needs.plan.body = updates.iter().any(|update| match update.path() {
        Path::Prop(id) => id.row().in_words,
        Path::Extended(path) => match path.alias(Kinds::ALL_ITEMS) {
            Some(Alias::Prop(id) | Alias::Part(id, _)) => id.row().in_words,
            Some(Alias::PlainBody | Alias::HtmlBody) => true,
            _ => false,
        },
        Path::Indexed(_) => false,
    });
    needs
}

/// What some kinds need to be told with their update.
fn check_kind(request: &UpdateItem, row: &ItemRow) -> Result<(), Failure> {
    match row.kind.row().update {
        MustSay::MeetingUpdates if request.meeting_updates.is_none() => {
            Err(Failure::new(Code::ErrorSendMeetingInvitationsOrCancellationsRequired))
        }
        MustSay::Disposition if request.disposition.is_none() => {
            Err(Failure::new(Code::ErrorMessageDispositionRequired))
        }
        _ => Ok(()),
    }
}

/// Who wrote to whom is history once a message was sent.
fn check_sent(updates: &[Update]) -> Result<(), Failure> {
    for update in updates {
        if let Path::Prop(id) = update.path() {
            if id.row().is_history && !matches!(update, Update::Delete(_)) {
                return Err(Failure::at(Code::ErrorInvalidPropertySet, id));
            }
        }
    }
    Ok(())
}

fn apply(edit: &mut Edit<'_>, update: &Update) -> Result<(), Failure> {
    match update {
        // Laid down first, as what the others change.
        Update::Set(Assignment::Prop(PropId::ItemMimeContent, _)) => Ok(()),
        Update::Set(Assignment::Prop(id, value)) => {
            check_has(edit.kind, *id)?;
            edit.set(*id, value.clone())
        }
        Update::Set(Assignment::Indexed(path, value)) => edit.set_entry(path, value.clone()),
        Update::Set(Assignment::Extended(path, value)) => edit.set_extended(path, value),
        Update::Append(Assignment::Prop(id, value)) => {
            check_has(edit.kind, *id)?;
            edit.append(*id, value.clone())
        }
        Update::Append(Assignment::Indexed(path, _)) => {
            Err(Failure::at(Code::ErrorInvalidPropertyAppend, Path::Indexed(path.clone())))
        }
        Update::Append(Assignment::Extended(path, _)) => {
            Err(Failure::at(Code::ErrorInvalidPropertyAppend, Path::Extended(path.clone())))
        }
        // What the kind does not have is not there to be deleted.
        Update::Delete(Path::Prop(id)) if !id.row().kinds.has_item(edit.kind) || !id.row().built() => Ok(()),
        Update::Delete(Path::Prop(id)) => edit.unset(*id),
        Update::Delete(Path::Indexed(path)) if path.prop().is_some_and(|id| !id.row().kinds.has_item(edit.kind)) => {
            Ok(())
        }
        Update::Delete(Path::Indexed(path)) => edit.unset_entry(path),
        Update::Delete(Path::Extended(path)) => edit.unset_extended(path),
    }
}

fn check_has(kind: ItemKind, id: PropId) -> Result<(), Failure> {
    match id.row().kinds.has_item(kind) {
        true => Ok(()),
        false => Err(Failure::at(Code::ErrorInvalidPropertyRequest, id)),
    }
}

/// The member that remembers when a property was changed last.
fn mark(name: &str) -> String {
    format!("~{name}")
}

/// Names of what an edit changes. The read state is everybody's and never in conflict.
fn names<'e>(edit: &'e Edit<'_>) -> impl Iterator<Item = &'e str> {
    let props = edit.changed.iter().filter(|id| **id != PropId::MessageIsRead).map(|id| id.row().element);
    props.chain(edit.touched_keys.iter().map(String::as_str))
}

/// Whether the client may change what it changes, after what it has not seen.
fn check_conflict(how: ConflictResolution, seen: Option<Seq>, row: &ItemRow, edit: &Edit<'_>) -> Result<(), Failure> {
    let Some(seen) = seen.filter(|_| how != ConflictResolution::Always) else { return Ok(()) };
    if seen == row.change {
        return Ok(());
    }
    let changed_since = |name: &str| {
        let before = row.props.as_ref().and_then(|props| props.get(&mark(name))).and_then(serde_json::Value::as_i64);
        before.is_some_and(|before| before >= seen.0)
    };
    if how == ConflictResolution::Never || seen > row.change || names(edit).any(changed_since) {
        return Err(Failure::new(Code::ErrorIrresolvableConflict));
    }
    Ok(())
}

/// The edit as the store takes it.
fn update<'e>(cx: &Cx<'_>, edit: &'e Edit<'_>, row: &ItemRow, search: Option<&'e str>) -> ItemUpdate<'e> {
    let mut update = ItemUpdate {
        set_flags: edit.set_flags,
        clear_flags: edit.clear_flags,
        set: edit.set.clone(),
        unset: edit.unset,
        props: edit.props.clone(),
        ext: edit.ext.clone(),
        body: edit.body.as_ref().map(|body| body.as_ref().map(|body| body.text.as_bytes())),
        mime: None,
        search,
        kind: None,
        contact: edit.contact_rows.as_deref(),
    };
    if let Some(octets) = &edit.mime {
        update.mime = Some(Some(octets));
    }
    for name in names(edit) {
        update.props.insert(mark(name), row.change.0.into());
    }
    let only_read = edit.touched.iter().all(|id| *id == PropId::MessageIsRead) && edit.touched_keys.is_empty();
    if !only_read {
        update.set.set(Column::ModifiedBy, Value::Text(cx.name().to_owned()));
        if update.set_flags & bit::UNMODIFIED == 0 {
            update.clear_flags |= bit::UNMODIFIED;
        }
    }
    update
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ewsd_mailbox::property::testing::row;
    use jiff::Timestamp;

    /// Whether an update of the subject may be made, seen from change 5, with the item at 9.
    fn decide(how: ConflictResolution, seen: Option<i64>, marks: serde_json::Value) -> Result<(), Code> {
        let mut item = row();
        item.change = Seq(9);
        item.props = marks.as_object().cloned();
        let mut edit = Edit::new(item.kind, Some(&item), Timestamp::UNIX_EPOCH);
        edit.set(PropId::ItemSubject, Value::Text("new".into())).unwrap();
        check_conflict(how, seen.map(Seq), &item, &edit).map_err(|failure| failure.code)
    }

    #[test]
    fn conflicts_are_decided_per_property() {
        use ConflictResolution::{Always, Auto, Never};
        let none = || serde_json::json!({});
        let conflict = Err(Code::ErrorIrresolvableConflict);
        assert_eq!(decide(Never, Some(9), none()), Ok(()));
        assert_eq!(decide(Never, Some(8), none()), conflict);
        assert_eq!(decide(Auto, Some(8), none()), Ok(()));
        assert_eq!(decide(Auto, Some(8), serde_json::json!({ "~Body": 8 })), Ok(()));
        assert_eq!(decide(Auto, Some(8), serde_json::json!({ "~Subject": 7 })), Ok(()));
        assert_eq!(decide(Auto, Some(7), serde_json::json!({ "~Subject": 7 })), conflict);
        assert_eq!(decide(Auto, Some(10), none()), conflict);
        assert_eq!(decide(Always, Some(1), serde_json::json!({ "~Subject": 7 })), Ok(()));
        assert_eq!(decide(Always, None, none()), Ok(()));
    }

    #[test]
    fn history_is_not_rewritten() {
        let to = Assignment::Prop(PropId::MessageToRecipients, Value::Mailboxes(Vec::new()));
        let subject = Assignment::Prop(PropId::ItemSubject, Value::Text("x".into()));
        assert_eq!(check_sent(&[Update::Set(to.clone())]).unwrap_err().code, Code::ErrorInvalidPropertySet);
        assert_eq!(check_sent(&[Update::Append(to)]).unwrap_err().code, Code::ErrorInvalidPropertySet);
        check_sent(&[Update::Set(subject)]).unwrap();
    }
}
