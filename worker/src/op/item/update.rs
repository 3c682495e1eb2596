//! UpdateItem (MS-OXWSCORE 3.1.4.9): properties set, appended to, deleted; all changes of one item or none.
//!
//! Conflicts are decided per property. With every property that an update changes, the item keeps the change number it had
//! before (member `~name` of its document): a client whose change key is no younger has not seen that change. Of one date of a
//! series the master keeps it (`~2026-12-01/name`), for each date by itself.

use ewsd_ews::reply::Updated;
use ewsd_ews::request::UpdateItem;
use ewsd_ews::word::{ConflictResolution, Disposition};
use ewsd_mailbox::calendar::series;
use ewsd_mailbox::convert::ask;
use ewsd_mailbox::convert::mime::Parsed;
use ewsd_mailbox::convert::table::Mail;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{GrantedItem, Part, Right};
use ewsd_mailbox::item::edit::Edit;
use ewsd_mailbox::item::{derive, load, replace};
use ewsd_mailbox::kind::task::series as series_of_tasks;
use ewsd_mailbox::property::Needs;
use ewsd_model::change::{Assignment, ItemChange, Update, mark};
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::Seq;
use ewsd_model::kind::RequiredWord;
use ewsd_model::path::Path;
use ewsd_model::property::alias::Alias;
use ewsd_model::property::{Column, InMime, Prop, Source, TABLE, bit};
use ewsd_model::{ItemKind, Kinds, PropId, Value};
use ewsd_store::{Area, ItemRef, ItemRow, ItemUpdate};
use jiff::civil::Date;

use super::relocate::id_view;
use super::{meeting, send};
use crate::op::Cx;

/// How often an update is made anew on what another session wrote meanwhile.
const ATTEMPTS: usize = 4;

mod occurrence;
mod task;

pub fn run(cx: &mut Cx<'_>, request: UpdateItem) -> Result<Vec<Outcome<Updated>>> {
    let named = request.changes.iter().flatten().map(|change| &change.id);
    let mut items = cx.gate.parts(named, Right::EditItems)?.into_iter();
    let mut outcomes = Vec::with_capacity(request.changes.len());
    for change in &request.changes {
        let done = match change {
            Ok(change) => match items.next() {
                Some(item) => item.and_then(|item| update_item(cx, &request, change, &item)),
                None => Err(Code::ErrorItemNotFound.into()),
            },
            Err(failure) => Err(failure.clone().into()),
        };
        outcomes.push(outcome(done)?);
    }
    Ok(outcomes)
}

fn update_item(cx: &mut Cx<'_>, request: &UpdateItem, change: &ItemChange, item: &GrantedItem) -> Result<Updated> {
    cx.check_changes(change.updates.len())?;
    if request.conflicts != ConflictResolution::Always && item.change.is_none() {
        return Err(Code::ErrorChangeKeyRequired.into());
    }
    if let Part::Day(_) | Part::Index(_) = item.part {
        return occurrence::update(cx, request, change, item);
    }
    let (changed, row) = match read_state(request, change) {
        Some(read) if item.part == Part::Whole => (set_read(cx, item, request.conflicts, read)?, None),
        _ => write(cx, request, change, item)?,
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

fn set_read(cx: &mut Cx<'_>, item: &GrantedItem, conflicts: ConflictResolution, read: bool) -> Result<ItemRef> {
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
    item: &GrantedItem,
) -> Result<(ItemRef, Option<ItemRow>)> {
    let mut needs = needs(&change.updates);
    // All words of a calendar item are written anew.
    needs.plan.body |= request.meeting_updates.is_some();
    for attempt in 1.. {
        let row = load::row(cx, item, &needs.plan)?;
        series::resolve(&row, item.part)?;
        check_kind(request, &row)?;
        if sends(request, &row) && !cx.gate.is_own(&item.granted) {
            return Err(send::not_from_here());
        }
        if row.kind == ItemKind::Message && row.flags & bit::DRAFT == 0 {
            check_sent(&change.updates)?;
        }
        let mut edit = Edit::new(row.kind, Some(&row), cx.now).within(&cx.zone);
        let parsed = replace_whole(cx, &mut edit, &change.updates)?;
        change.updates.iter().try_for_each(|update| apply(&mut edit, update))?;
        edit.settle();
        check_conflict(request.conflicts, item.change, &row, None, &edit)?;
        match store(cx, request, item, (&row, edit), parsed.as_ref()) {
            // Somebody was faster: decide again on what is there now.
            Err(error) if attempt < ATTEMPTS && error.code() == Code::ErrorIrresolvableConflict => {}
            result => {
                let changed = result?;
                return Ok((changed, Some(row)));
            }
        }
    }
    Err(Code::ErrorIrresolvableConflict.into())
}

/// Writes what an item, as it was read, becomes: all of it or nothing, with what attendees are told, or with the next date of a
/// recurring task. ErrorIrresolvableConflict where it is another item by now.
fn store(
    cx: &mut Cx<'_>,
    request: &UpdateItem,
    item: &GrantedItem,
    (row, mut edit): (&ItemRow, Edit<'_>),
    parsed: Option<&Parsed<'_>>,
) -> Result<ItemRef> {
    let granted = item.granted;
    let post = meeting::updates(cx, request, &granted, row, &mut edit)?;
    let search = derive::complete(&mut edit)?;
    if let Some(post) = post {
        let update = update(cx, &edit, row, search.as_deref());
        let copies = meeting::sending_updates(request.meeting_updates).copies;
        return post.send(cx, copies, |mailbox| Ok(mailbox.update_item(item.item, &update, Some(row.change))?));
    }
    if let Some(next) = series_of_tasks::next(row, &edit) {
        return task::go_on(cx, item, row, &mut edit, next);
    }
    let update = update(cx, &edit, row, search.as_deref());
    let mut mailbox = cx.gate.open(&granted);
    Ok(match parsed {
        Some(parsed) => {
            mailbox.transaction(|mailbox| replace::write(mailbox, item.item, &update, row.change, parsed))?
        }
        None => mailbox.update_item(item.item, &update, Some(row.change))?,
    })
}

/// The message or the event that an update gives whole, if it does.
fn given(updates: &[Update]) -> Option<&[u8]> {
    updates.iter().find_map(|update| match update {
        Update::Set(Assignment::Prop(PropId::ItemMimeContent, Value::Mime(octets))) => Some(octets.as_slice()),
        _ => None,
    })
}

/// Lays that down, if there is one, as what the other changes change. Answers the message.
fn replace_whole(cx: &mut Cx<'_>, edit: &mut Edit<'_>, updates: &[Update]) -> Result<Option<Parsed<'static>>> {
    let Some(octets) = given(updates) else { return Ok(None) };
    if !edit.kind.row().has_mime {
        return Err(Failure::at(Code::ErrorUnsupportedMimeConversion, PropId::ItemMimeContent).into());
    }
    cx.check_size(octets.len(), Code::ErrorMessageSizeExceeded)?;
    if edit.kind == ItemKind::CalendarItem {
        return replace::event(cx, edit, octets).map(|()| None);
    }
    let parsed = ask(&Mail { now: cx.now }, octets)?;
    replace::overlay(edit, octets, &parsed);
    Ok(Some(parsed))
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
        RequiredWord::MeetingUpdates if request.meeting_updates.is_none() => {
            Err(Failure::new(Code::ErrorSendMeetingInvitationsOrCancellationsRequired))
        }
        RequiredWord::Disposition if request.disposition.is_none() => {
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
    if id.row().kinds.has_item(kind) { Ok(()) } else { Err(Failure::at(Code::ErrorInvalidPropertyRequest, id)) }
}

/// Names of what an edit changes. The read state is everybody's and never in conflict. A message that is given whole changes
/// all that it tells.
fn names<'e>(edit: &'e Edit<'_>) -> impl Iterator<Item = &'e str> {
    let whole = edit.changed.contains(&PropId::ItemMimeContent);
    let told = |row: &&Prop| match (row.in_mime, row.source) {
        (InMime::No, _) => matches!(row.id, PropId::ItemBody | PropId::ItemAttachments),
        // Where the message has no word of it, the item keeps its own.
        (InMime::Perhaps, Source::Column(column)) => edit.set.get(column).is_some(),
        _ => true,
    };
    let whole = whole.then(|| TABLE.iter().filter(told).map(|row| row.id)).into_iter().flatten();
    let props = edit.changed.iter().copied().chain(whole).filter(|id| *id != PropId::MessageIsRead);
    props.map(|id| id.row().element).chain(edit.touched_keys.iter().map(String::as_str))
}

/// Whether the client may change what it changes, after what it has not seen. `day`: the edit is of that date of the series `row`,
/// which shows what is changed of the whole series, too.
fn check_conflict(
    how: ConflictResolution,
    seen: Option<Seq>,
    row: &ItemRow,
    day: Option<Date>,
    edit: &Edit<'_>,
) -> Result<(), Failure> {
    let Some(seen) = seen.filter(|_| how != ConflictResolution::Always) else { return Ok(()) };
    if seen == row.change {
        return Ok(());
    }
    let later = |mark: String| {
        let before = row.props.as_ref().and_then(|props| props.get(&mark)).and_then(serde_json::Value::as_i64);
        before.is_some_and(|before| before >= seen.0)
    };
    let changed_since = |name: &str| later(mark(None, name)) || (day.is_some() && later(mark(day, name)));
    if how == ConflictResolution::Never || seen > row.change || names(edit).any(changed_since) {
        return Err(Failure::new(Code::ErrorIrresolvableConflict));
    }
    Ok(())
}

/// The edit as the store takes it.
pub(super) fn update<'e>(
    cx: &Cx<'_>,
    edit: &'e Edit<'_>,
    row: &ItemRow,
    search: Option<&'e [(Area, String)]>,
) -> ItemUpdate<'e> {
    let mut update = edit.to_update(search);
    for name in names(edit) {
        update.props.insert(mark(None, name), row.change.0.into());
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
        check_conflict(how, seen.map(Seq), &item, None, &edit).map_err(|failure| failure.code)
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
