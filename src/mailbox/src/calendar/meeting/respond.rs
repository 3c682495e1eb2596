//! Response objects of meetings (MS-OXWSMTGS 3.1.4.4): answering an invitation, cancelling a meeting, taking away what was
//! cancelled. They change the calendar, and tell the others if they are to be told.

use ewsd_model::calendar::{Answer, state};
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::id::{ItemNo, MailboxNo};
use ewsd_model::object::ResponseKind;
use ewsd_model::property::Column;
use ewsd_model::value::{Body, Mailbox as Person};
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{ItemRef, ItemRow, Mailbox, Map};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value as Json;

use super::attendant::{self, CalendarEntry, Meant};
use super::notice::{Notice, NoticeKind, NoticeSource};
use super::people;
use super::plan;
use super::post::Post;
use crate::calendar::change;
use crate::calendar::series::{self, ItemOrOccurrence, Master, Occurrence, time_in};
use crate::error::{Error, Result};
use crate::gate::{Granted, GrantedItem};
use crate::item::derive;
use crate::item::edit::Edit;
use crate::item::{load, submit};
use crate::kind::calendar::myself;
use crate::property::Needs;
use crate::session::Session;

/// What a client says with a response.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub body: Option<Body>,
    pub proposed: [Option<Timestamp>; 2],
    /// Whether the other side is told, and whether a copy is kept.
    pub sends: bool,
    pub copies: bool,
}

/// An item that was changed or moved by it; of an occurrence the master, with the day.
pub type ChangedItem = (ItemRef, Option<Date>);

/// What is refused in which case: own meeting, cancelled one.
fn codes(kind: ResponseKind) -> [Code; 2] {
    match kind {
        ResponseKind::Accept => [Code::ErrorCalendarIsOrganizerForAccept, Code::ErrorCalendarIsCancelledForAccept],
        ResponseKind::TentativelyAccept => {
            [Code::ErrorCalendarIsOrganizerForTentative, Code::ErrorCalendarIsCancelledForTentative]
        }
        _ => [Code::ErrorCalendarIsOrganizerForDecline, Code::ErrorCalendarIsCancelledForDecline],
    }
}

fn answer_of(kind: ResponseKind) -> Option<Answer> {
    match kind {
        ResponseKind::Accept => Some(Answer::Accept),
        ResponseKind::TentativelyAccept => Some(Answer::Tentative),
        ResponseKind::Decline => Some(Answer::Decline),
        _ => None,
    }
}

/// The item that is named, whole.
pub(super) fn read(session: &mut Session<'_>, item: &GrantedItem) -> Result<ItemRow> {
    let mut needs = Needs::of_calendar();
    needs.plan.mime = false;
    load::row(session, item, &needs.plan)
}

/// Does what the response object says. Answers what it left behind.
pub fn respond(
    session: &mut Session<'_>,
    item: &GrantedItem,
    kind: ResponseKind,
    reply: Reply,
) -> Result<Vec<ChangedItem>> {
    if !session.gate.is_own(&item.granted) {
        return Err(
            Failure::with_text(Code::ErrorAccessDenied, "Meetings are answered in one's own mailbox only.").into()
        );
    }
    let row = read(session, item)?;
    match kind {
        ResponseKind::CancelCalendarItem => cancel(session, item, &row, reply),
        ResponseKind::Remove => remove(session, item, &row),
        kind => answer(session, item, &row, kind, reply),
    }
}

/// An invitation and what stands in the calendar for it.
pub(super) struct Invitation {
    pub(super) item: ItemRow,
    /// One occurrence of a series.
    pub(super) day: Option<(Box<Master>, Occurrence)>,
    /// The request that is answered, if it is named.
    request: Option<ItemNo>,
}

impl Invitation {
    /// What a message is about: an item of the calendar, or the occurrence of it that the message names. What is said of an
    /// occurrence that is no more is never meant for the whole series: ErrorItemNotFound,
    /// ErrorCalendarOccurrenceIsDeletedFromRecurrence.
    pub(super) fn of(item: ItemRow, message: &Map, request: Option<ItemNo>) -> Result<Invitation> {
        let day = match Master::of_row(&item).filter(|_| people::is_of_instance(message)) {
            Some(master) => {
                let original = time_in(message, PropId::CalendarRecurrenceId).ok_or(Code::ErrorItemNotFound)?;
                let date = master.day_of(original).ok_or(Code::ErrorItemNotFound)?;
                let placed = master.on(date)?;
                Some((Box::new(master), placed))
            }
            None => None,
        };
        Ok(Invitation { item, day, request })
    }

    /// The meeting as it is shown: the item, or the occurrence.
    pub(super) fn shown(&self) -> ItemRow {
        match &self.day {
            Some((master, placed)) => master.shown(&self.item, *placed),
            None => self.item.clone(),
        }
    }
}

fn props(row: &ItemRow) -> Map {
    row.props.clone().unwrap_or_default()
}

fn answer(
    session: &mut Session<'_>,
    item: &GrantedItem,
    row: &ItemRow,
    kind: ResponseKind,
    reply: Reply,
) -> Result<Vec<ChangedItem>> {
    let refused = || Error::from(Failure::new(kind.row().refusal));
    let answer = answer_of(kind).ok_or_else(refused)?;
    let [own, cancelled] = codes(kind);
    let invited = match row.kind {
        ItemKind::MeetingRequest => of_request(session, item, row)?,
        ItemKind::CalendarItem => match series::resolve(row, item.part)? {
            ItemOrOccurrence::Whole => Invitation { item: row.clone(), day: None, request: None },
            ItemOrOccurrence::Occurrence(master, placed) => {
                Invitation { item: row.clone(), day: Some((master, placed)), request: None }
            }
        },
        _ => return Err(refused()),
    };
    let shown = invited.shown();
    let now = people::state_of(&props(&shown));
    if now & state::RECEIVED == 0 {
        return Err(if now & state::MEETING != 0 { own.into() } else { refused() });
    }
    if now & state::CANCELLED != 0 {
        return Err(cancelled.into());
    }
    let post = if reply.sends { Some(response(session, &item.granted, &shown, answer, &reply)?) } else { None };
    let at = session.now;
    let keep = |mailbox: &mut Mailbox<'_>| settle(mailbox, &invited, answer, at);
    match post {
        Some(post) => post.send(session, reply.copies, keep),
        None => inside(session, item.granted, keep),
    }
}

/// Makes a change of the own mailbox in one transaction.
fn inside<T>(
    session: &mut Session<'_>,
    granted: Granted,
    mut keep: impl FnMut(&mut Mailbox<'_>) -> Result<T>,
) -> Result<T> {
    let number: MailboxNo = granted.mailbox();
    session.gate.store().transaction(|store| keep(&mut store.mailbox(number)))
}

/// What the request is about. An item that was taken out of the calendar meanwhile comes back.
fn of_request(session: &mut Session<'_>, item: &GrantedItem, row: &ItemRow) -> Result<Invitation> {
    let told = props(row);
    let flag = |id: PropId| told.get(id.row().element).and_then(Json::as_bool) == Some(true);
    if flag(PropId::MeetingIsOutOfDate) {
        return Err(Code::ErrorCalendarMeetingRequestIsOutOfDate.into());
    }
    let (granted, now) = (item.granted, session.now);
    let known = inside(session, granted, |mailbox| attendant::known(mailbox, Meant::by(&told)))?;
    let item = match known {
        Some(CalendarEntry { row, .. }) => row,
        None => {
            let files = plan::attachments(session, &granted, row)?;
            let again = again(session, row, files)?;
            inside(session, granted, |mailbox| attendant::enter(mailbox, &again, now))?
        }
    };
    Invitation::of(item, &told, Some(row.item))
}

/// The request as the message that it was.
fn again(session: &Session<'_>, row: &ItemRow, attachments: Vec<crate::item::draft::Attached>) -> Result<Notice> {
    let from = match row.columns.get(Column::From) {
        Some(Value::Mailbox(from)) => from.clone(),
        _ => Person::default(),
    };
    let mut told = row.clone();
    let mut all = props(row);
    let id = PropId::CalendarLegacyFreeBusyStatus.row().element;
    if let Some(intended) = all.get(PropId::MeetingRequestIntendedFreeBusyStatus.row().element).cloned() {
        all.insert(id.to_owned(), intended);
    }
    told.props = Some(all);
    let what = NoticeKind::Request { full: true, highlights: Default::default() };
    let id = submit::new_message_id(session);
    Notice::new(what, NoticeSource { row: &told, attachments, body: None }, &from, &[], id, session.now)
}

/// A meeting under a subject, without what messages put before it.
pub(super) fn called(shown: &ItemRow, subject: &str) -> ItemRow {
    let mut told = shown.clone();
    told.columns.set(Column::Subject, Value::Text(super::notice::plain_subject(subject).to_owned()));
    told
}

/// The answer to the organizer.
fn response(
    session: &mut Session<'_>,
    granted: &Granted,
    shown: &ItemRow,
    answer: Answer,
    reply: &Reply,
) -> Result<Post> {
    let organizer = people::organizer(&props(shown)).filter(|organizer| organizer.address.is_some());
    let to: Vec<Person> = organizer.into_iter().collect();
    let what = NoticeKind::Response { answer, proposed: reply.proposed };
    let told = called(shown, shown.columns.text(Column::Subject).unwrap_or_default());
    let (from, id) = (myself(session), submit::new_message_id(session));
    let told = NoticeSource { row: &told, attachments: Vec::new(), body: reply.body.clone() };
    let notice = Notice::new(what, told, &from, &to, id, session.now)?;
    Post::new(session, granted, vec![(notice, to)])
}

/// Puts the own answer down, and takes away what is done with.
pub(super) fn settle(
    mailbox: &mut Mailbox<'_>,
    invited: &Invitation,
    answer: Answer,
    now: Timestamp,
) -> Result<Vec<ChangedItem>> {
    let mut done = Vec::new();
    match &invited.day {
        Some((master, placed)) => {
            let mut master = Master::clone(master);
            if answer == Answer::Decline {
                change::delete(&mut master, placed.date)?;
            } else {
                let shown = master.shown(&invited.item, *placed);
                let mut edit = Edit::new(ItemKind::CalendarItem, Some(&shown), now);
                say(&mut edit, answer, &shown, now);
                derive::complete(&mut edit)?;
                change::absorb_from_organizer(&mut master, placed.date, edit);
            }
            let changed = attendant::write(mailbox, &invited.item, change::edit(&invited.item, &master, now))?;
            done.push((changed, Some(placed.date)));
        }
        None => {
            let mut edit = Edit::new(ItemKind::CalendarItem, Some(&invited.item), now);
            say(&mut edit, answer, &invited.item, now);
            let changed = attendant::write(mailbox, &invited.item, edit)?;
            match answer {
                Answer::Decline => done.extend(dispose(mailbox, invited.item.item)?),
                _ => done.push((changed, None)),
            }
        }
    }
    if let Some(request) = invited.request {
        done.extend(dispose(mailbox, request)?);
    }
    Ok(done)
}

fn say(edit: &mut Edit<'_>, answer: Answer, row: &ItemRow, now: Timestamp) {
    let intended = props(row).get(PropId::MeetingRequestIntendedFreeBusyStatus.row().element).cloned();
    let intended = intended.unwrap_or_else(|| "Busy".into());
    let busy: Json = match answer {
        Answer::Accept => intended,
        Answer::Tentative if intended == "Free" => intended,
        Answer::Tentative => "Tentative".into(),
        _ => "Free".into(),
    };
    let mut put = |id: PropId, value: Json| drop(edit.props.insert(id.row().element.to_owned(), value));
    put(PropId::CalendarMyResponseType, answer.name().into());
    put(PropId::CalendarLegacyFreeBusyStatus, busy);
    put(PropId::CalendarAppointmentReplyTime, now.to_string().into());
}

/// Moves an item to the deleted ones. None: it is there already, or gone.
fn dispose(mailbox: &mut Mailbox<'_>, item: ItemNo) -> Result<Option<ChangedItem>> {
    let target = mailbox.folder_by_distinguished("deleteditems")?.folder;
    Ok(mailbox.move_items(&[item], target)?.pop().map(|moved| (moved, None)))
}

fn cancel(session: &mut Session<'_>, item: &GrantedItem, row: &ItemRow, reply: Reply) -> Result<Vec<ChangedItem>> {
    if row.kind != ItemKind::CalendarItem {
        return Err(Code::ErrorInvalidItemForOperationCancelItem.into());
    }
    let now = people::state_of(&props(row));
    if now & state::RECEIVED != 0 {
        return Err(Code::ErrorCalendarIsNotOrganizer.into());
    }
    let at = session.now;
    let meant = series::resolve(row, item.part)?;
    let told = match &meant {
        ItemOrOccurrence::Whole => plan::next(row),
        ItemOrOccurrence::Occurrence(master, placed) => plan::next(&master.shown(row, *placed)),
    };
    let post = plan::cancel(session, &item.granted, &told, reply.body)?;
    post.send(session, reply.copies, |mailbox| match &meant {
        ItemOrOccurrence::Whole => {
            let mut edit = Edit::new(ItemKind::CalendarItem, Some(row), at);
            let mut put = |id: PropId, value: Json| drop(edit.props.insert(id.row().element.to_owned(), value));
            put(PropId::CalendarAppointmentState, (now | state::MEETING | state::CANCELLED).into());
            put(PropId::CalendarLegacyFreeBusyStatus, "Free".into());
            edit.touched.insert(PropId::CalendarAppointmentState);
            attendant::write(mailbox, row, edit)?;
            Ok(dispose(mailbox, row.item)?.into_iter().collect())
        }
        ItemOrOccurrence::Occurrence(master, placed) => {
            let mut master = Master::clone(master);
            change::delete(&mut master, placed.date)?;
            let changed = attendant::write(mailbox, row, change::edit(row, &master, at))?;
            Ok(vec![(changed, Some(placed.date))])
        }
    })
}

/// A cancellation and what it cancelled go to the deleted items.
fn remove(session: &mut Session<'_>, item: &GrantedItem, row: &ItemRow) -> Result<Vec<ChangedItem>> {
    let meant = series::resolve(row, item.part)?;
    let told = match &meant {
        ItemOrOccurrence::Whole => props(row),
        ItemOrOccurrence::Occurrence(master, placed) => props(&master.shown(row, *placed)),
    };
    let now = people::state_of(&told);
    let is_item = row.kind == ItemKind::CalendarItem && now & state::CANCELLED != 0 && now & state::RECEIVED != 0;
    if row.kind != ItemKind::MeetingCancellation && !is_item {
        return Err(match row.kind {
            ItemKind::CalendarItem if now & state::MEETING != 0 && now & state::RECEIVED == 0 => {
                Code::ErrorCalendarIsOrganizerForRemove.into()
            }
            _ => Code::ErrorInvalidItemForOperationRemoveItem.into(),
        });
    }
    let at = session.now;
    inside(session, item.granted, |mailbox| match &meant {
        ItemOrOccurrence::Occurrence(master, placed) => {
            let mut master = Master::clone(master);
            change::delete(&mut master, placed.date)?;
            let changed = attendant::write(mailbox, row, change::edit(row, &master, at))?;
            Ok(vec![(changed, Some(placed.date))])
        }
        ItemOrOccurrence::Whole if is_item => Ok(dispose(mailbox, row.item)?.into_iter().collect()),
        ItemOrOccurrence::Whole => {
            let mut done = take_away(mailbox, &told, at)?;
            done.extend(dispose(mailbox, row.item)?);
            Ok(done)
        }
    })
}

/// Takes out of the calendar what a cancellation was about: a meeting that somebody else organizes, or the occurrence of it
/// that the message names. What is not cancelled there, because the message was too old for it or from nobody who may, stays.
pub(super) fn take_away(mailbox: &mut Mailbox<'_>, message: &Map, now: Timestamp) -> Result<Vec<ChangedItem>> {
    let is_cancelled = |row: &ItemRow| {
        let now = people::state_of(&props(row));
        now & state::RECEIVED != 0 && now & state::CANCELLED != 0
    };
    let known = attendant::known(mailbox, Meant::by(message))?;
    let Some(CalendarEntry { row: own, .. }) = known else { return Ok(Vec::new()) };
    match Invitation::of(own, message, None) {
        Ok(meant) if !is_cancelled(&meant.shown()) => Ok(Vec::new()),
        Ok(Invitation { item, day: Some((mut master, placed)), .. }) => {
            change::delete(&mut master, placed.date)?;
            let changed = attendant::write(mailbox, &item, change::edit(&item, &master, now))?;
            Ok(vec![(changed, Some(placed.date))])
        }
        Ok(Invitation { item, day: None, .. }) => Ok(dispose(mailbox, item.item)?.into_iter().collect()),
        // It is gone already.
        Err(Error::Failure(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
