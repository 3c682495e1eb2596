//! What has happened from a place in a mailbox's journal on, as a subscription is told of it. GetEvents, streams and calls of
//! subscribers read by it.

use std::collections::HashMap;

use ewsd_ews::reply;
use ewsd_mailbox::error::{Error, Result};
use ewsd_mailbox::gate::Granted;
use ewsd_mailbox::session::Session;
use ewsd_model::code::Code;
use ewsd_model::distinguished::SOFT_DELETED;
use ewsd_model::failure::Failure;
use ewsd_model::id::{FolderNo, Seq};
use ewsd_model::value::WireId;
use ewsd_store::{Entry, Scope, StoreError, Subscription};

use super::expand::{Event, Interest, Object};
use super::token::Watermark;
use crate::op::folder::view::bare_id;

/// Events with the watermark that stands behind each.
pub(crate) struct Batch {
    pub events: Vec<(Event, Watermark)>,
    /// Read up to here.
    pub upto: Seq,
    pub more: bool,
}

/// Rows of the journal read at a time: most changes make more than one event. More where there is nothing to tell.
const ROWS: usize = 200;
const ROWS_MOST: usize = 5_000;
/// Rows without anything to tell that one look goes through; the next one goes on from there.
const ROWS_IN_ALL: usize = 50_000;
/// So many of them are worth remembering.
const ROWS_REMEMBERED: usize = 1_000;

/// What comes after `mark`, at most `most` events.
pub(crate) fn read(
    session: &mut Session<'_>,
    granted: &Granted,
    subscription: &Subscription,
    mark: Watermark,
    most: usize,
) -> Result<Batch> {
    let mut scope = readable(session, granted, &subscription.scope)?;
    loop {
        let batch = read_within(session, granted, subscription, scope.clone(), mark, most)?;
        // What happened since the right was taken away is none of theirs.
        if batch.events.is_empty() || session.gate.is_own(granted) {
            return Ok(batch);
        }
        let now = readable(session, granted, &subscription.scope)?;
        if now == scope {
            return Ok(batch);
        }
        scope = now;
    }
}

fn read_within(
    session: &mut Session<'_>,
    granted: &Granted,
    subscription: &Subscription,
    scope: Scope,
    mark: Watermark,
    most: usize,
) -> Result<Batch> {
    let guest = !session.gate.is_own(granted);
    let mut interest = Interest { scope, events: subscription.events, dumpster: None, guest };
    let mut batch = Batch { events: Vec::new(), upto: mark.read_after(), more: true };
    // From its end on as well: it grows by what follows.
    let quiet = subscription.quiet.filter(|(from, upto)| (*from..=*upto).contains(&batch.upto));
    let begin = quiet.map_or(batch.upto, |(from, _)| from);
    batch.upto = quiet.map_or(batch.upto, |(_, upto)| upto);
    let (mut rows, mut in_all) = (ROWS, 0);
    while batch.more && batch.events.len() < most && in_all < ROWS_IN_ALL {
        let mut mailbox = session.gate.open(granted);
        let read = mailbox.events(&interest.scope, batch.upto, rows).map_err(|error| match error {
            StoreError::Trimmed => Failure::new(Code::ErrorEventNotFound).into(),
            // Nobody was ever given that place by this database.
            StoreError::Lost => Code::ErrorInvalidWatermark.into(),
            other => Error::from(other),
        })?;
        if mark.seq > read.upto {
            // Nobody was ever given a place that is still to come: the database is an older one.
            return Err(Code::ErrorInvalidWatermark.into());
        }
        if interest.dumpster.is_none() && needs_dumpster(&interest.scope, &read.entries) {
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
        session.gate.open(granted).note_quiet(subscription.id, begin, batch.upto)?;
    }
    Ok(batch)
}

/// What of a subscription may be told now: of another's mailbox only folders that the owner still lets be read.
fn readable(session: &mut Session<'_>, granted: &Granted, scope: &Scope) -> Result<Scope> {
    match scope {
        _ if session.gate.is_own(granted) => Ok(scope.clone()),
        Scope::All => Err(Code::ErrorAccessDenied.into()),
        Scope::Folders(folders) => match session.gate.readable(granted, folders)? {
            none if none.is_empty() => Err(Code::ErrorAccessDenied.into()),
            some => Ok(Scope::Folders(some)),
        },
    }
}

fn needs_dumpster(scope: &Scope, entries: &[Entry]) -> bool {
    *scope == Scope::All && entries.iter().any(|entry| entry.item.is_some())
}

/// Numbers become ids, with a watermark behind each event where the reader keeps them. Parents of folders that the journal
/// does not name are looked up, all in one query.
pub(crate) fn tell(
    session: &mut Session<'_>,
    granted: &Granted,
    events: Vec<(Event, Watermark)>,
    watermarks: bool,
) -> Result<Vec<reply::Event>> {
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
    let rows = if lacking.is_empty() { Vec::new() } else { session.gate.open(granted).folders(&lacking, &[])? };
    let mut parents: HashMap<FolderNo, FolderNo> =
        rows.iter().map(|row| (row.folder, row.parent.unwrap_or(row.folder))).collect();
    // Folders that went after the event: where they were last.
    let gone: Vec<FolderNo> = lacking.into_iter().filter(|folder| !parents.contains_key(folder)).collect();
    if !gone.is_empty() {
        parents.extend(session.gate.open(granted).last_parents(&gone)?);
    }
    let parent_of = |object: Object, parent: Option<FolderNo>| match (object, parent) {
        (_, Some(parent)) => bare_id(granted, parent),
        (Object::Folder(folder), None) => bare_id(granted, parents.get(&folder).copied().unwrap_or(folder)),
        (Object::Item(folder, _), None) => bare_id(granted, folder),
    };
    let change = |(event, watermark): (Event, Watermark)| reply::Event::Change {
        kind: event.what,
        watermark: watermarks.then(|| watermark.encode()),
        at: event.at,
        object: reply_object(granted, event.object),
        parent: parent_of(event.object, event.parent),
        old: event.old.map(|(object, parent)| (reply_object(granted, object), parent_of(object, parent))),
        unread: event.unread,
    };
    Ok(events.into_iter().map(change).collect())
}

/// An id without a change key: clients are told not to trust one in an event.
fn reply_object(granted: &Granted, object: Object) -> reply::Object {
    match object {
        Object::Item(folder, item) => {
            reply::Object::Item(WireId { id: granted.item_id(folder, item).encode(), change_key: None })
        }
        Object::Folder(folder) => reply::Object::Folder(bare_id(granted, folder)),
    }
}
