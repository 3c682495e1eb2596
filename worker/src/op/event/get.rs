//! GetEvents (MS-OXWSNTIF 3.1.4.1), at once and after a wait.
//!
//! The journal is read from the client's watermark on. If that brings nothing and the call may wait, it is left with
//! [`Cx::hold`]: the answer returned beside it (one StatusEvent) is sent at the deadline, and [`resume`] looks again
//! when the mailbox has moved. The place that was read up to goes into the hold, so a change between the look and the hold is
//! one that the master sees as newer than the hold.

use std::collections::HashMap;

use ewsd_ews::reply::{Event as Told, Notification, Object as Thing};
use ewsd_ews::request::GetEvents;
use ewsd_ipc::Why;
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_mailbox::gate::Granted;
use ewsd_model::code::Code;
use ewsd_model::distinguished::SOFT_DELETED;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{FolderNo, Seq};
use ewsd_model::value::WireId;
use ewsd_store::{Entry, Scope, StoreError, Subscription, SubscriptionKind};
use ewsd_wire::form::Text;
use ewsd_wire::{from_bytes, to_bytes, wire};

use super::expand::{Event, Interest, Object};
use super::find;
use super::token::Watermark;
use crate::op::folder::view::bare_id;
use crate::op::{Cx, Hold, Resumed};

pub fn run(cx: &mut Cx<'_>, request: GetEvents) -> Result<Vec<Outcome<Notification>>> {
    let answer = outcome(look(cx, &request))?;
    Ok(vec![match answer {
        Outcome::Success((notification, upto)) => {
            if notification.is_quiet() && !notification.goes_on() && !cx.wait.most.is_zero() {
                cx.hold = Some(hold(cx, &request, &notification.0, upto));
            }
            Outcome::Success(notification.0)
        }
        other => other.map(|(notification, _)| notification.0),
    }])
}

/// Looks again at a held call; at its deadline, that there is nothing is what it has to tell.
pub fn resume(cx: &mut Cx<'_>, context: &[u8], why: Why) -> Result<Resumed<Vec<Outcome<Notification>>>> {
    let Ok(Place { id, watermark }) = from_bytes(context) else {
        return Err(Error::internal("a held call's context is damaged"));
    };
    let request = GetEvents { id, watermark };
    Ok(match outcome(look(cx, &request))? {
        Outcome::Success((answer, upto)) if answer.is_quiet() && why != Why::Deadline => {
            Resumed::Still(hold(cx, &request, &answer.0, upto))
        }
        other => Resumed::Answer(vec![other.map(|(answer, _)| answer.0)]),
    })
}

/// A notification of this call; quiet if it tells of nothing.
struct Answer(Notification);

impl Answer {
    /// The journal was not read to its end: the client asks again, from where this look came to.
    fn goes_on(&self) -> bool {
        self.0.more_events == Some(true)
    }

    fn is_quiet(&self) -> bool {
        matches!(self.0.events.as_slice(), [Told::Status { .. }])
    }
}

fn hold(cx: &Cx<'_>, request: &GetEvents, notification: &Notification, upto: Seq) -> Hold {
    let mut own = vec![notification.subscription.clone()];
    own.extend(notification.previous_watermark.clone());
    if let [Told::Status { watermark: Some(watermark) }] = notification.events.as_slice() {
        own.push(watermark.clone());
    }
    let place = Place { id: request.id.trim().to_owned(), watermark: request.watermark.trim().to_owned() };
    Hold { watch: vec![(cx.caller.mailbox, upto)], wait: cx.wait.most, context: to_bytes(&place), own }
}

wire! {
    /// What a held call keeps of its request: as the client gave both, which the answer repeats.
    struct Place {
        id: String as Text<128>,
        watermark: String as Text<128>,
    }
}

/// What has happened since the watermark, and the number up to which the journal was read.
fn look(cx: &mut Cx<'_>, request: &GetEvents) -> Result<(Answer, Seq)> {
    let (granted, subscription) = find(cx, &request.id)?;
    if subscription.kind != SubscriptionKind::Pull {
        return Err(Code::ErrorInvalidPullSubscriptionId.into());
    }
    let mark = Watermark::decode(&request.watermark).filter(|mark| mark.mailbox == granted.guid());
    let Some(mark) = mark else { return Err(Code::ErrorInvalidWatermark.into()) };
    let most = usize::try_from(cx.settings.notifications.events).unwrap_or(usize::MAX);
    let batch = read(cx, &granted, &subscription, mark, most)?;
    let previous_watermark = Some(request.watermark.trim().to_owned());
    let events = match batch.events.is_empty() {
        true => vec![Told::Status { watermark: Some(Watermark::after(granted.guid(), batch.upto).encode()) }],
        false => tell(cx, &granted, batch.events)?,
    };
    let subscription = request.id.trim().to_owned();
    Ok((Answer(Notification { subscription, previous_watermark, more_events: Some(batch.more), events }), batch.upto))
}

/// Events with the watermark that stands behind each.
struct Batch {
    events: Vec<(Event, Watermark)>,
    /// Read up to here.
    upto: Seq,
    more: bool,
}

/// Rows of the journal read at a time: most changes make more than one event. More where there is nothing to tell.
const ROWS: usize = 200;
const ROWS_MOST: usize = 5_000;
/// Rows without anything to tell that one look goes through; the next one goes on from there.
const ROWS_IN_ALL: usize = 50_000;
/// So many of them are worth remembering.
const ROWS_REMEMBERED: usize = 1_000;

fn read(
    cx: &mut Cx<'_>,
    granted: &Granted,
    subscription: &Subscription,
    mark: Watermark,
    most: usize,
) -> Result<Batch> {
    let mut interest = Interest { scope: subscription.scope.clone(), events: subscription.events, dumpster: None };
    let mut batch = Batch { events: Vec::new(), upto: mark.read_after(), more: true };
    let quiet = subscription.quiet.filter(|(from, upto)| (*from..*upto).contains(&batch.upto));
    let begin = quiet.map_or(batch.upto, |(from, _)| from);
    batch.upto = quiet.map_or(batch.upto, |(_, upto)| upto);
    let (mut rows, mut in_all) = (ROWS, 0);
    while batch.more && batch.events.len() < most && in_all < ROWS_IN_ALL {
        let mut mailbox = cx.gate.open(granted);
        let read = mailbox.events(&subscription.scope, batch.upto, rows).map_err(|error| match error {
            StoreError::Trimmed => Failure::new(Code::ErrorEventNotFound).into(),
            other => Error::from(other),
        })?;
        if mark.seq > read.upto {
            // Nobody was ever given a place that is still to come: the database is an older one.
            return Err(Code::ErrorInvalidWatermark.into());
        }
        if interest.dumpster.is_none() && needs_dumpster(&subscription.scope, &read.entries) {
            interest.dumpster = match mailbox.folder_by_distinguished(SOFT_DELETED) {
                Ok(row) => Some(row.folder),
                Err(StoreError::NotFound(_)) => None,
                Err(error) => return Err(error.into()),
            };
        }
        batch.upto = read.upto;
        batch.more = read.more;
        in_all += read.entries.len();
        rows = if batch.events.is_empty() { (rows * 5).min(ROWS_MOST) } else { ROWS };
        for entry in &read.entries {
            let events = interest.events(entry);
            let count = events.len();
            for (place, event) in events.into_iter().enumerate().skip(mark.skip(entry.seq)) {
                if batch.events.len() == most {
                    batch.more = true;
                    return Ok(batch);
                }
                let told =
                    if place + 1 == count { Watermark::ALL } else { u8::try_from(place + 1).unwrap_or(Watermark::ALL) };
                batch.events.push((event, Watermark { mailbox: granted.guid(), seq: entry.seq, told }));
            }
        }
    }
    if batch.events.is_empty() && in_all >= ROWS_REMEMBERED {
        cx.gate.open(granted).note_quiet(subscription.id, begin, batch.upto)?;
    }
    Ok(batch)
}

fn needs_dumpster(scope: &Scope, entries: &[Entry]) -> bool {
    *scope == Scope::All && entries.iter().any(|entry| entry.item.is_some())
}

/// Numbers become ids. Parents of folders that the journal does not name are looked up, all in one query.
fn tell(cx: &mut Cx<'_>, granted: &Granted, events: Vec<(Event, Watermark)>) -> Result<Vec<Told>> {
    let orphan = |object: Object, parent: Option<FolderNo>| match (object, parent) {
        (Object::Folder(folder), None) => Some(folder),
        _ => None,
    };
    let lacking: Vec<FolderNo> = events
        .iter()
        .flat_map(|(event, _)| {
            let old = event.old.and_then(|(object, parent)| orphan(object, parent));
            orphan(event.object, event.parent).into_iter().chain(old)
        })
        .collect();
    let rows = match lacking.is_empty() {
        true => Vec::new(),
        false => cx.gate.open(granted).folders(&lacking, &[])?,
    };
    let mut parents: HashMap<FolderNo, FolderNo> =
        rows.iter().map(|row| (row.folder, row.parent.unwrap_or(row.folder))).collect();
    // Folders that went after the event: where they were last.
    let gone: Vec<FolderNo> = lacking.into_iter().filter(|folder| !parents.contains_key(folder)).collect();
    if !gone.is_empty() {
        parents.extend(cx.gate.open(granted).last_parents(&gone)?);
    }
    let parent_of = |object: Object, parent: Option<FolderNo>| match (object, parent) {
        (_, Some(parent)) => bare_id(granted, parent),
        (Object::Folder(folder), None) => bare_id(granted, parents.get(&folder).copied().unwrap_or(folder)),
        (Object::Item(folder, _), None) => bare_id(granted, folder),
    };
    let tell = |(event, watermark): (Event, Watermark)| Told::Change {
        kind: event.what,
        watermark: Some(watermark.encode()),
        at: event.at,
        object: thing(granted, event.object),
        parent: parent_of(event.object, event.parent),
        old: event.old.map(|(object, parent)| (thing(granted, object), parent_of(object, parent))),
        unread: event.unread,
    };
    Ok(events.into_iter().map(tell).collect())
}

/// An id without a change key: clients are told not to trust one in an event.
fn thing(granted: &Granted, object: Object) -> Thing {
    match object {
        Object::Item(folder, item) => {
            Thing::Item(WireId { id: granted.item_id(folder, item).encode(), change_key: None })
        }
        Object::Folder(folder) => Thing::Folder(bare_id(granted, folder)),
    }
}
