//! What CreateItem, UpdateItem and DeleteItem do about meetings: who is told, and the response objects (MS-OXWSMTGS 3.1.4).

use ewsd_ews::request::{DeleteItem, UpdateItem};
use ewsd_ews::view::ItemView;
use ewsd_ews::word::{Disposition, SendInvitations, SendUpdates};
use ewsd_mailbox::calendar::meeting::attendant::Meant;
use ewsd_mailbox::calendar::meeting::plan::{self, Audience, Sending};
use ewsd_mailbox::calendar::meeting::post::Post;
use ewsd_mailbox::calendar::meeting::respond::{self, Reply};
use ewsd_mailbox::calendar::meeting::{attendant, conflict, forward, people};
use ewsd_mailbox::error::Result;
use ewsd_mailbox::gate::{Folder, Granted, Right};
use ewsd_mailbox::item::derive;
use ewsd_mailbox::item::draft::Draft;
use ewsd_mailbox::item::edit::Edit;
use ewsd_mailbox::item::respond::LastVerb;
use ewsd_mailbox::property::item::{occurrences, wire_id};
use ewsd_model::code::Code;
use ewsd_model::id::{ChangeKey, OccurrenceId};
use ewsd_model::object::{NewItem, ResponseKind};
use ewsd_model::value::WireId;
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{ItemRef, ItemRow};
use jiff::civil::Date;

use super::create;
use super::send::not_from_here;
use crate::op::Cx;
use crate::op::shape::Shape;

/// Of CreateItem and DeleteItem.
pub fn sending_to_all(said: Option<SendInvitations>) -> Sending {
    match said {
        None | Some(SendInvitations::None) => Sending::NONE,
        Some(SendInvitations::OnlyToAll) => Sending { audience: Audience::Everybody, copies: false },
        Some(SendInvitations::ToAllAndSaveCopy) => Sending { audience: Audience::Everybody, copies: true },
    }
}

/// Of UpdateItem.
pub fn sending_updates(said: Option<SendUpdates>) -> Sending {
    let to = |audience, copies| Sending { audience, copies };
    match said {
        None | Some(SendUpdates::None) => Sending::NONE,
        Some(SendUpdates::OnlyToAll) => to(Audience::Everybody, false),
        Some(SendUpdates::OnlyToChanged) => to(Audience::Changed, false),
        Some(SendUpdates::ToAllAndSaveCopy) => to(Audience::Everybody, true),
        Some(SendUpdates::ToChangedAndSaveCopy) => to(Audience::Changed, true),
    }
}

/// Saves a new meeting and invites everybody.
pub fn invite(cx: &mut Cx<'_>, mut draft: Draft, folder: &Folder, sending: Sending) -> Result<Vec<ItemView>> {
    let granted = folder.granted;
    if !cx.gate.is_own(&granted) {
        return Err(not_from_here());
    }
    draft.props.insert(PropId::CalendarMeetingRequestWasSent.row().element.to_owned(), true.into());
    let row = draft.row(folder.row.folder);
    let post = plan::invite(cx, &granted, &row, draft.attachments.clone())?;
    post.send(cx, sending.copies, |mailbox| {
        let made = mailbox.create_item(&draft.item(folder.row.folder, draft.flags))?;
        create::created(mailbox, &draft, &granted, &made)
    })
}

/// Who is told what of an update of a meeting. None: nobody is told anything. The item then has the number of the message.
pub fn updates(
    cx: &mut Cx<'_>,
    request: &UpdateItem,
    granted: &Granted,
    before: &ItemRow,
    edit: &mut Edit<'_>,
) -> Result<Option<Post>> {
    let sending = sending_updates(request.meeting_updates);
    if sending == Sending::NONE || edit.kind != ItemKind::CalendarItem || !cx.gate.is_own(granted) {
        return Ok(None);
    }
    derive::complete(edit)?;
    let after = plan::applied(before, edit);
    if !plan::is_own_meeting(&after) && !plan::is_own_meeting(before) {
        return Ok(None);
    }
    if plan::is_deleted(cx, granted, before)? {
        return Err(Code::ErrorCalendarCannotUpdateDeletedItem.into());
    }
    number(before, edit);
    let after = plan::applied(before, edit);
    let post = plan::update(cx, granted, before, &after, sending.audience)?;
    Ok((!post.is_empty()).then_some(post))
}

/// The next number, unless nothing was sent before.
fn number(before: &ItemRow, edit: &mut Edit<'_>) {
    let (sequence, sent) = (PropId::CalendarAppointmentSequenceNumber, PropId::CalendarMeetingRequestWasSent);
    let props = before.props.as_ref();
    let was_sent = props.and_then(|props| props.get(sent.row().element)).and_then(serde_json::Value::as_bool);
    if was_sent == Some(true) {
        let number = props.map_or(0, |props| people::number(props, sequence)).saturating_add(1);
        edit.props.insert(sequence.row().element.to_owned(), number.into());
    }
    edit.props.insert(sent.row().element.to_owned(), true.into());
}

/// Who is told that a meeting, or one occurrence of it, is no more. `shown`: it, as it is shown.
pub fn cancellations(
    cx: &mut Cx<'_>,
    request: &DeleteItem,
    granted: &Granted,
    shown: &ItemRow,
) -> Result<Option<Post>> {
    let sending = sending_to_all(request.cancellations);
    if sending == Sending::NONE || !cx.gate.is_own(granted) || !plan::may_cancel(shown) {
        return Ok(None);
    }
    let post = plan::cancel(cx, granted, &plan::next(shown), None)?;
    Ok((!post.is_empty()).then_some(post))
}

/// Does what a response object says to the item that it refers to.
pub fn respond(
    cx: &mut Cx<'_>,
    mut wanted: NewItem,
    kind: ResponseKind,
    disposition: Option<Disposition>,
) -> Result<Vec<ItemView>> {
    let Some(reference) = wanted.reference.take() else {
        return Err(Code::ErrorMissingInformationReferenceItemId.into());
    };
    // Taking something away says nothing to anybody.
    let disposition = match (kind, disposition) {
        (ResponseKind::Remove, None) => Disposition::SaveOnly,
        (_, None) => return Err(Code::ErrorMessageDispositionRequired.into()),
        (_, Some(disposition)) => disposition,
    };
    let item = cx.gate.item_by_id(&reference.id, reference.change_key.as_deref(), Right::EditItems)?;
    let time = |id: PropId| match wanted.get(id) {
        Some(Value::Time(time)) => Some(*time),
        _ => None,
    };
    let body = match wanted.get(PropId::ItemBody) {
        Some(Value::Body(body)) => Some(body.clone()),
        _ => wanted.new_body.clone(),
    };
    let reply = Reply {
        body,
        proposed: [time(PropId::MeetingProposedStart), time(PropId::MeetingProposedEnd)],
        sends: disposition != Disposition::SaveOnly,
        copies: disposition == Disposition::SendAndSaveCopy,
    };
    let done = respond::respond(cx, &item, kind, reply)?;
    Ok(done.iter().map(|(changed, day)| view(&item.granted, changed, *day)).collect())
}

/// Passes an invitation on. False: what is passed on is no invitation, or not sent.
pub fn forward(cx: &mut Cx<'_>, wanted: &NewItem, disposition: Option<Disposition>) -> Result<bool> {
    let copies = match disposition {
        Some(Disposition::SendAndSaveCopy) => true,
        Some(Disposition::SendOnly) => false,
        Some(Disposition::SaveOnly) | None => return Ok(false),
    };
    let Some(reference) = &wanted.reference else { return Ok(false) };
    let item = cx.gate.item_by_id(&reference.id, reference.change_key.as_deref(), Right::Read)?;
    if !forward::forward(cx, &item, wanted, copies)? {
        return Ok(false);
    }
    LastVerb::of(item, ResponseKind::Forward).map_or(Ok(()), |verb| verb.remember(cx))?;
    Ok(true)
}

/// The id of an item, or of an occurrence, with its change key.
pub fn view(owner: &Granted, changed: &ItemRef, day: Option<Date>) -> ItemView {
    let item = owner.item_id(changed.folder, changed.item);
    let id = match day {
        Some(date) => OccurrenceId { master: item, date }.encode(),
        None => item.encode(),
    };
    let change_key = ChangeKey::new(changed.kind, changed.change).encode();
    ItemView::of_id(changed.kind, WireId { id, change_key: Some(change_key) })
}

/// What of a meeting or a message about one only the calendar knows, as far as the shape shows it.
pub fn seen_by_calendar(
    cx: &mut Cx<'_>,
    owner: &Granted,
    row: &ItemRow,
    shape: &Shape,
) -> Result<Vec<(PropId, Value)>> {
    const NEIGHBOURS: [PropId; 4] = [
        PropId::CalendarConflictingMeetingCount,
        PropId::CalendarAdjacentMeetingCount,
        PropId::CalendarConflictingMeetings,
        PropId::CalendarAdjacentMeetings,
    ];
    const OCCURRENCES: [PropId; 3] =
        [PropId::CalendarFirstOccurrence, PropId::CalendarLastOccurrence, PropId::CalendarModifiedOccurrences];
    let mut told = Vec::new();
    let id = PropId::MeetingAssociatedCalendarItemId;
    let shown = |id: &PropId| row.kind == ItemKind::MeetingRequest && shape.shows(row.kind, *id);
    if shape.shows(row.kind, id) || OCCURRENCES.iter().any(shown) {
        if let Some(props) = &row.props {
            if let Some(known) = attendant::associated(&mut cx.gate.open(owner), Meant::by(props))? {
                told.push((id, Value::ItemId(wire_id(owner, &known))));
                let those = OCCURRENCES.into_iter().filter(shown);
                told.extend(those.filter_map(|id| Some((id, occurrences(owner, row, &known, id)?))));
            }
        }
    }
    // Of another's calendar no more is told than what was asked for.
    if cx.gate.is_own(owner) && NEIGHBOURS.iter().any(|id| shape.shows(row.kind, *id)) {
        told.extend(conflict::properties(&mut cx.gate.open(owner), owner, row)?);
    }
    Ok(told)
}
