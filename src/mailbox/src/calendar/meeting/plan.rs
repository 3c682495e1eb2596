//! Who is told what after a change of a meeting (MS-OXWSMTGS 3.1.4.4, 3.1.4.9, 3.1.4.5).

use ewsd_model::calendar::ChangeHighlights;
use ewsd_model::id::{FolderNo, ItemNo, Seq};
use ewsd_model::property::Column;
use ewsd_model::value::{Body, Mailbox as Person};
use ewsd_model::{ItemKind, PropId};
use ewsd_store::{Columns, ItemRow, Map};

use super::notice::{Notice, NoticeKind, NoticeSource};
use super::people;
use super::post::Post;
use crate::calendar::series::{Master, time_in};
use crate::error::Result;
use crate::gate::Granted;
use crate::item::draft::Attached;
use crate::item::edit::Edit;
use crate::item::{load, submit};
use crate::kind::calendar::myself;
use crate::property::Needs;
use crate::session::Session;

/// Who hears of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Nobody,
    Everybody,
    /// Those who were invited by it, or are no more.
    Changed,
}

/// What is sent, and whether the sender keeps copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    pub audience: Audience,
    pub copies: bool,
}

impl Sending {
    pub const NONE: Sending = Sending { audience: Audience::Nobody, copies: false };
}

fn props(row: &ItemRow) -> Map {
    row.props.clone().unwrap_or_default()
}

/// Whether the item is a meeting of the caller's, with somebody to tell something.
pub fn is_own_meeting(row: &ItemRow) -> bool {
    let props = props(row);
    row.kind == ItemKind::CalendarItem && !people::is_received(&props) && !people::everybody(&props).is_empty()
}

/// Whether the caller is the one who tells others that the item is no more.
pub fn may_cancel(row: &ItemRow) -> bool {
    row.kind == ItemKind::CalendarItem && !people::is_received(&props(row))
}

/// The item as it is after the edit.
pub fn applied(row: &ItemRow, edit: &Edit<'_>) -> ItemRow {
    let mut row = row.clone();
    let merge = |into: &mut Option<Map>, from: &Map| {
        let into = into.get_or_insert_with(Map::new);
        into.extend(from.iter().map(|(name, value)| (name.clone(), value.clone())));
        into.retain(|_, value| !value.is_null());
    };
    merge(&mut row.props, &edit.props);
    merge(&mut row.ext, &edit.ext);
    edit.set.iter().for_each(|(column, value)| row.columns.set(column, value.clone()));
    edit.unset.iter().for_each(|column| row.columns.remove(column));
    row.flags = edit.flags();
    row.body = edit.whole_body().map(|body| {
        row.columns.set(Column::BodyType, ewsd_model::Value::Int(body.body_type as i32));
        body.text.clone().into_bytes()
    });
    row
}

/// The item of an edit as it is after it, a new one too.
pub fn after(edit: &Edit<'_>) -> ItemRow {
    match edit.base {
        Some(base) => applied(base, edit),
        None => applied(&nothing(edit.kind), edit),
    }
}

/// An item that has nothing yet.
pub fn nothing(kind: ItemKind) -> ItemRow {
    ItemRow {
        item: ItemNo(0),
        folder: FolderNo(0),
        kind,
        change: Seq(0),
        flags: 0,
        attachments: 0,
        creator: None,
        columns: Columns::new(),
        props: None,
        ext: None,
        body: None,
        mime: None,
        occurrence: None,
    }
}

/// The attachments of an item, for the messages about it.
pub fn attachments(session: &mut Session<'_>, granted: &Granted, row: &ItemRow) -> Result<Vec<Attached>> {
    let mut needs = Needs::of_items();
    needs.attachments = true;
    let mut found = Vec::new();
    for one in load::attachments(session, granted, std::slice::from_ref(row), &needs)? {
        let whole = session.gate.open(granted).attachment(row.item, one.attachment, true)?;
        found.push(Attached::stored(whole)?);
    }
    Ok(found)
}

fn notice(
    session: &Session<'_>,
    what: NoticeKind,
    row: &ItemRow,
    to: &[Person],
    attachments: Vec<Attached>,
    body: Option<Body>,
) -> Result<Notice> {
    let (from, id) = (myself(session), submit::new_message_id(session));
    Notice::new(what, NoticeSource { row, attachments, body }, &from, to, id, session.now)
}

/// Invitations to a meeting that is being made.
pub fn invite(session: &mut Session<'_>, granted: &Granted, row: &ItemRow, attachments: Vec<Attached>) -> Result<Post> {
    let everybody = people::everybody(&props(row));
    let what = NoticeKind::Request { full: true, highlights: ChangeHighlights::default() };
    let request = notice(session, what, row, &everybody, attachments, None)?;
    Post::new(session, granted, vec![(request, everybody)])
}

/// What of a meeting was changed, as those who know it are told.
pub fn highlights(before: &Map, after: &Map) -> ChangeHighlights {
    let time = |id: PropId| {
        let (was, is) = (time_in(before, id), time_in(after, id));
        was.filter(|_| was != is)
    };
    let place = |props: &Map| people::text(props, PropId::CalendarLocation).unwrap_or_default().to_owned();
    let was = place(before);
    ChangeHighlights {
        location: (was != place(after)).then_some(was),
        start: time(PropId::CalendarStart),
        end: time(PropId::CalendarEnd),
    }
}

/// Whether an update asks everybody again.
fn is_full(before: &Map, after: &Map) -> bool {
    const TIMES: [PropId; 4] =
        [PropId::CalendarStart, PropId::CalendarEnd, PropId::CalendarRecurrence, PropId::CalendarIsAllDayEvent];
    TIMES.iter().any(|id| before.get(id.row().element) != after.get(id.row().element))
}

/// Updates and cancellations after a change of a meeting from `before` to `after`.
pub fn update(
    session: &mut Session<'_>,
    granted: &Granted,
    before: &ItemRow,
    after: &ItemRow,
    audience: Audience,
) -> Result<Post> {
    let (was, is) = (props(before), props(after));
    let (known, invited) = (people::everybody(&was), people::everybody(&is));
    let removed = people::without(&known, &invited);
    let asked = match audience {
        Audience::Nobody => Vec::new(),
        Audience::Everybody => invited.clone(),
        Audience::Changed => people::without(&invited, &known),
    };
    let mut notices = Vec::new();
    if !asked.is_empty() {
        let files = attachments(session, granted, before)?;
        let what = NoticeKind::Request { full: is_full(&was, &is), highlights: highlights(&was, &is) };
        notices.push((notice(session, what, after, &invited, files, None)?, asked));
    }
    if audience != Audience::Nobody && !removed.is_empty() {
        notices.push((notice(session, NoticeKind::Cancellation, after, &removed, Vec::new(), None)?, removed));
    }
    Post::new(session, granted, notices)
}

/// Cancellations of a meeting, with a text of their own if there is one. Who was invited to single dates of a series alone hears of
/// those that are still to come.
pub fn cancel(session: &mut Session<'_>, granted: &Granted, row: &ItemRow, body: Option<Body>) -> Result<Post> {
    let everybody = people::everybody(&props(row));
    let master = Master::of_row(row);
    let own = master.iter().flat_map(|master| master.own().map(move |placed| (master, placed)));
    let to_come = own.filter(|(_, placed)| placed.end > session.now).map(|(master, placed)| {
        let shown = next(&master.shown(row, placed));
        let others = people::without(&people::everybody(&props(&shown)), &everybody);
        (shown, others)
    });
    let to_come: Vec<(ItemRow, Vec<Person>)> = to_come.filter(|(_, others)| !others.is_empty()).collect();
    let mut notices = Vec::with_capacity(to_come.len() + 1);
    if !everybody.is_empty() {
        let whole = notice(session, NoticeKind::Cancellation, row, &everybody, Vec::new(), body.clone())?;
        notices.push((whole, everybody));
    }
    for (shown, others) in to_come {
        let one = notice(session, NoticeKind::Cancellation, &shown, &others, Vec::new(), body.clone())?;
        notices.push((one, others));
    }
    Post::calling_off(session, granted, notices)
}

/// The item with the number of its next message.
pub fn next(row: &ItemRow) -> ItemRow {
    let mut row = row.clone();
    let id = PropId::CalendarAppointmentSequenceNumber;
    let mut all = props(&row);
    let number = people::number(&all, id).saturating_add(1);
    all.insert(id.row().element.to_owned(), number.into());
    row.props = Some(all);
    row
}

/// Whether it was thrown away: nobody is told of what becomes of it there.
pub fn is_deleted(session: &mut Session<'_>, granted: &Granted, row: &ItemRow) -> Result<bool> {
    Ok(session.gate.open(granted).folder_by_distinguished("deleteditems")?.folder == row.folder)
}
