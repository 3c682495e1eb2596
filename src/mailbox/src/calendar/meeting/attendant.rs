//! What a meeting message does to the calendar of whoever gets it (MS-OXOCAL 3.1.4.7, 3.1.4.8): a request stands there at once,
//! tentatively; an update changes it; a cancellation marks it; an answer is put down at the organizer's. A message that is older
//! than what is there changes nothing, nor does one from somebody who has no say in the meeting.

use ewsd_model::calendar::{Answer, state};
use ewsd_model::id::{FolderNo, ItemNo};
use ewsd_model::property::{Column, bit};
use ewsd_model::timezone::ItemZone;
use ewsd_model::value::Mailbox as Person;
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{ItemRow, ItemUpdate, Mailbox, Map, NewItem, Plan};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value as Json;

use super::members::{self, By};
use super::notice::{Notice, NoticeKind};
use super::people::{self, AttendeeResponse};
use crate::calendar::change;
use crate::calendar::series::{Master, recurrence_in, time_in, zone_in};
use crate::error::Result;
use crate::item::derive;
use crate::item::draft::Attached;
use crate::item::edit::{Edit, same_address};
use crate::property::{Needs, body};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processed {
    /// The calendar says what the message does. The word is MeetingRequestType's.
    Done(&'static str),
    /// Something younger is known.
    OutOfDate,
    /// It has nothing to do with this calendar.
    Nothing,
}

/// The item of a UID in a calendar.
pub struct CalendarEntry {
    pub row: ItemRow,
    pub folder: FolderNo,
}

/// Which item of a calendar is meant: its UID, and, of one date of a series, when the pattern has that one.
#[derive(Clone, Copy)]
pub struct Meant<'a> {
    pub uid: &'a str,
    pub original: Option<Timestamp>,
}

impl Meant<'_> {
    pub fn by(message: &Map) -> Meant<'_> {
        let uid = people::text(message, PropId::CalendarUID).unwrap_or_default();
        Meant { uid, original: time_in(message, PropId::CalendarRecurrenceId) }
    }

    /// Of the items of the UID, oldest first, the series if there is one, else the youngest. Who was invited to single dates of a
    /// series has an item of each of them, and a message about a date means that one.
    fn among(&self, mut rows: Vec<ItemRow>) -> Option<ItemRow> {
        let none = Map::new();
        let at = match self.original {
            None => {
                let whole = rows.iter().rposition(|row| !people::is_of_instance(row.props.as_ref().unwrap_or(&none)));
                whole.or(rows.len().checked_sub(1))
            }
            Some(original) => {
                let series = rows.iter().rposition(|row| Master::of_row(row).is_some());
                series.or_else(|| rows.iter().rposition(|row| is_date(row.props.as_ref().unwrap_or(&none), original)))
            }
        };
        at.map(|at| rows.swap_remove(at))
    }
}

/// Whether an item that is no series is the date of one that the pattern has then: no two are on one day.
fn is_date(props: &Map, original: Timestamp) -> bool {
    let zone = zone_in(props, PropId::CalendarStartTimeZone).unwrap_or_else(ItemZone::utc).time_zone();
    let own = time_in(props, PropId::CalendarRecurrenceId).or_else(|| time_in(props, PropId::CalendarStart));
    own.is_some_and(|own| zone.to_datetime(own).date() == zone.to_datetime(original).date())
}

/// Finds the item that is meant in the calendar proper.
pub fn known(mailbox: &mut Mailbox<'_>, meant: Meant<'_>) -> Result<Option<CalendarEntry>> {
    let mut needs = Needs::of_calendar();
    needs.plan.mime = false;
    find(mailbox, meant, &needs.plan)
}

/// The same, as far as its id goes.
pub fn associated(mailbox: &mut Mailbox<'_>, meant: Meant<'_>) -> Result<Option<ItemRow>> {
    let plan = Plan { json: true, ..Plan::default() };
    Ok(find(mailbox, meant, &plan)?.map(|known| known.row))
}

fn find(mailbox: &mut Mailbox<'_>, meant: Meant<'_>, plan: &Plan) -> Result<Option<CalendarEntry>> {
    let rows = in_calendar(mailbox, meant.uid, plan)?;
    Ok(meant.among(rows).map(|row| CalendarEntry { folder: row.folder, row }))
}

/// All items of a UID in the calendar proper, oldest first.
fn in_calendar(mailbox: &mut Mailbox<'_>, uid: &str, plan: &Plan) -> Result<Vec<ItemRow>> {
    let calendar = mailbox.folder_by_distinguished("calendar")?.folder;
    let found = mailbox.events_of_uid(uid)?;
    let numbers: Vec<ItemNo> = found.iter().filter(|(_, folder)| *folder == calendar).map(|(item, _)| *item).collect();
    let mut rows = mailbox.items(&numbers, plan)?;
    rows.retain(|row| row.kind == ItemKind::CalendarItem && uid_of(row) == uid);
    rows.sort_by_key(|row| row.item);
    Ok(rows)
}

fn uid_of(row: &ItemRow) -> &str {
    row.props.as_ref().and_then(|props| people::text(props, PropId::CalendarUID)).unwrap_or_default()
}

/// Has the calendar take the message. `own`: the address that the mailbox is written to.
pub fn take(mailbox: &mut Mailbox<'_>, notice: &Notice, own: &str, now: Timestamp) -> Result<Processed> {
    if !notice.may {
        return Ok(Processed::Nothing);
    }
    match notice.what {
        NoticeKind::Request { full, .. } => request(mailbox, notice, full, own, now),
        NoticeKind::Cancellation => cancellation(mailbox, notice, now),
        // Who was asked comes in with the answer.
        NoticeKind::Forward => Ok(Processed::Nothing),
        NoticeKind::Response { answer, proposed } => response(mailbox, notice, answer, proposed, own, now),
    }
}

/// Whether the message says something that the item does not know yet.
fn is_younger(notice: &Map, item: &Map) -> bool {
    let sequence = |props: &Map| people::number(props, PropId::CalendarAppointmentSequenceNumber);
    let stamp = |props: &Map| time_in(props, PropId::CalendarDateTimeStamp);
    (sequence(notice), stamp(notice)) >= (sequence(item), stamp(item))
}

/// Whether the message has the meeting at another time than the item.
fn moves(notice: &Map, item: &Map) -> bool {
    let times = |props: &Map| [PropId::CalendarStart, PropId::CalendarEnd].map(|id| time_in(props, id));
    let is_instance = people::is_of_instance(notice);
    times(notice) != times(item) || !is_instance && recurrence_in(notice) != recurrence_in(item)
}

/// Whether it comes from the one who organizes what is there.
fn is_organizers(notice: &Notice, item: &Map) -> bool {
    let from = notice.from();
    people::is_received(item) && people::organizer(item).is_some_and(|organizer| same_address(&organizer, &from))
}

/// The day of the series on which the pattern has the instance that is meant.
fn day(master: &Master, notice: &Map) -> Option<Date> {
    master.day_of(time_in(notice, PropId::CalendarRecurrenceId)?)
}

fn request(mailbox: &mut Mailbox<'_>, notice: &Notice, full: bool, own: &str, now: Timestamp) -> Result<Processed> {
    if people::is_organized_by(notice.props(), own) {
        return Ok(Processed::Nothing);
    }
    let Some(known) = known(mailbox, Meant::by(notice.props()))? else {
        // Who organizes some dates of a series says of the others, and nobody else.
        let others = in_calendar(mailbox, notice.uid(), &Plan { json: true, ..Plan::default() })?;
        let is_organizers = |row: &ItemRow| row.props.as_ref().is_some_and(|props| is_organizers(notice, props));
        if !others.iter().all(|row| notice.passed_on.is_none() && is_organizers(row)) {
            return Ok(Processed::Nothing);
        }
        enter(mailbox, notice, now)?;
        return Ok(Processed::Done("NewMeetingRequest"));
    };
    let props = known.row.props.clone().unwrap_or_default();
    // It is the organizer's, but somebody else's word.
    if notice.passed_on.is_some() || !is_organizers(notice, &props) {
        return Ok(Processed::Nothing);
    }
    let instance = people::is_of_instance(notice.props());
    if let (true, Some(mut master)) = (instance, Master::of_row(&known.row)) {
        return instance_request(mailbox, notice, full, &known.row, &mut master, now);
    }
    if !is_younger(notice.props(), &props) {
        return Ok(Processed::OutOfDate);
    }
    let full = full || moves(notice.props(), &props) || people::answer(&props) == Answer::NoResponseReceived;
    let mut edit = Edit::new(ItemKind::CalendarItem, Some(&known.row), now);
    lay_over(&mut edit, notice, full, &props);
    write(mailbox, &known.row, edit)?;
    if people::is_of_instance(&props) && !people::is_of_instance(notice.props()) {
        gather(mailbox, notice.uid())?;
    }
    Ok(Processed::Done(if full { "FullUpdate" } else { "InformationalUpdate" }))
}

/// The items of a UID that are single dates of a series.
pub fn dates(mailbox: &mut Mailbox<'_>, uid: &str, plan: &Plan) -> Result<Vec<ItemRow>> {
    let mut rows = in_calendar(mailbox, uid, plan)?;
    rows.retain(|row| row.props.as_ref().is_some_and(people::is_of_instance));
    Ok(rows)
}

/// Single dates of a series that is there as a whole now are its occurrences: their own items go to the deleted ones.
fn gather(mailbox: &mut Mailbox<'_>, uid: &str) -> Result<()> {
    let plan = Plan { json: true, ..Plan::default() };
    let dates: Vec<ItemNo> = dates(mailbox, uid, &plan)?.into_iter().map(|row| row.item).collect();
    if !dates.is_empty() {
        let target = mailbox.folder_by_distinguished("deleteditems")?.folder;
        mailbox.move_items(&dates, target)?;
    }
    Ok(())
}

fn instance_request(
    mailbox: &mut Mailbox<'_>,
    notice: &Notice,
    full: bool,
    row: &ItemRow,
    master: &mut Master,
    now: Timestamp,
) -> Result<Processed> {
    let Some(date) = day(master, notice.props()) else { return Ok(Processed::Nothing) };
    master.deleted.remove(&date);
    let Ok(placed) = master.on(date) else { return Ok(Processed::Nothing) };
    let shown = master.shown(row, placed);
    let props = shown.props.clone().unwrap_or_default();
    if !is_younger(notice.props(), &props) {
        return Ok(Processed::OutOfDate);
    }
    let full = full || moves(notice.props(), &props) || people::answer(&props) == Answer::NoResponseReceived;
    let mut edit = Edit::new(ItemKind::CalendarItem, Some(&shown), now);
    lay_over(&mut edit, notice, full, &props);
    derive::complete(&mut edit)?;
    change::absorb_from_organizer(master, date, edit);
    write(mailbox, row, change::edit(row, master, now))?;
    Ok(Processed::Done(if full { "FullUpdate" } else { "InformationalUpdate" }))
}

/// Members of a request that its item in the calendar has too.
fn item_members(notice: &Notice) -> impl Iterator<Item = (&String, &Json)> {
    notice.props().iter().filter(|(name, _)| {
        let of_message = PropId::from_item_element(ItemKind::CalendarItem, name).is_none();
        let left = [PropId::CalendarMyResponseType, PropId::ItemInternetMessageHeaders];
        !of_message && !left.iter().any(|id| id.row().element == name.as_str())
    })
}

/// What is the own of whoever is invited, once it is there.
const OWN: [PropId; 3] =
    [PropId::CalendarModifiedOccurrences, PropId::CalendarDeletedOccurrences, PropId::ItemReminderMinutesBeforeStart];

/// Puts what the request says into the item. `full`: it has to be answered anew.
fn lay_over(edit: &mut Edit<'_>, notice: &Notice, full: bool, before: &Map) {
    let is_own = |name: &str| OWN.iter().any(|id| id.row().element == name);
    let said = item_members(notice).map(|(name, value)| (name.as_str(), value));
    let said = said.filter(|(name, _)| !is_own(name) || !before.contains_key(*name));
    // What the organizer has taken away is not said any more.
    let taken = members::of_item(By::All).chain(members::of_item(By::Requests));
    let taken = taken.filter(|name| !notice.props().contains_key(*name) && before.contains_key(*name));
    let taken = taken.filter(|name| !is_own(name)).map(|name| (name, &Json::Null));
    for (name, value) in said.chain(taken) {
        if before.get(name) == Some(value) {
            continue;
        }
        edit.props.insert(name.to_owned(), value.clone());
        if let Some(id) = PropId::from_item_element(ItemKind::CalendarItem, name) {
            edit.touched.insert(id);
            edit.changed.insert(id);
        }
    }
    if edit.base.is_some_and(|base| base.occurrence.is_some()) {
        edit.touched.remove(&PropId::CalendarRecurrence);
        edit.props.remove(PropId::CalendarRecurrence.row().element);
    }
    edit.set_column(Column::Subject, Value::Text(notice.subject().to_owned()));
    edit.changed.insert(PropId::ItemSubject);
    let busy = PropId::CalendarLegacyFreeBusyStatus.row().element;
    let mut put = |id: PropId, value: Json| drop(edit.props.insert(id.row().element.to_owned(), value));
    if full {
        put(PropId::CalendarMyResponseType, Answer::NoResponseReceived.name().into());
        put(PropId::CalendarLegacyFreeBusyStatus, unanswered(notice.props()).into());
        put(PropId::CalendarAppointmentReplyTime, Json::Null);
    } else {
        drop(edit.props.insert(busy.to_owned(), before.get(busy).cloned().unwrap_or_default()))
    }
    let had = edit.base.is_some_and(|base| body::stored(base).is_some());
    match notice.body() {
        Some(body) => edit.body = Some(Some(body)),
        None if had => edit.body = Some(None),
        None => {}
    }
    edit.plain = None;
}

/// How busy somebody is who has not answered.
fn unanswered(props: &Map) -> &'static str {
    match people::text(props, PropId::MeetingRequestIntendedFreeBusyStatus) {
        Some("Free") => "Free",
        _ => "Tentative",
    }
}

/// Puts a new item into the calendar.
pub fn enter(mailbox: &mut Mailbox<'_>, notice: &Notice, now: Timestamp) -> Result<ItemRow> {
    let calendar = mailbox.folder_by_distinguished("calendar")?.folder;
    let mut edit = Edit::new(ItemKind::CalendarItem, None, now);
    lay_over(&mut edit, notice, true, &Map::new());
    for column in [Column::Importance, Column::Sensitivity] {
        if let Some(number) = notice.number(column).and_then(|number| i32::try_from(number).ok()) {
            edit.set_column(column, Value::Int(number));
        }
    }
    edit.set_bit(bit::READ, true);
    edit.set_bit(bit::REMINDER_SET, true);
    edit.set_bit(bit::RESPONSE_REQUESTED, notice.asks());
    edit.set_bit(bit::HAS_ATTACHMENTS, notice.attachments().iter().any(|one| !one.is_inline()));
    edit.touched.extend([PropId::CalendarRequiredAttendees, PropId::CalendarOptionalAttendees]);
    let search = derive::complete(&mut edit)?.unwrap_or_default();
    let body = edit.whole_body().map(std::borrow::Cow::into_owned);
    edit.props.retain(|_, value| !value.is_null());
    edit.ext.retain(|_, value| !value.is_null());
    let size = derive::size(body.as_ref(), &edit.props, notice.attachments().iter().map(Attached::size).sum());
    edit.set.set(Column::Size, Value::Long(size));
    let new = NewItem {
        flags: edit.flags(),
        columns: edit.set.clone(),
        props: edit.props.clone(),
        ext: edit.ext.clone(),
        event: edit.event.clone(),
        body: body.as_ref().map(|body| body.text.as_bytes()),
        plain: edit.plain.as_deref(),
        search: &search,
        attachments: notice.attachments().iter().map(Attached::row).collect(),
        ..NewItem::new(calendar, ItemKind::CalendarItem)
    };
    let made = mailbox.create_item(&new)?;
    let mut needs = Needs::of_calendar();
    needs.plan.mime = false;
    let row = mailbox.items(&[made.item], &needs.plan)?.pop();
    row.ok_or_else(|| ewsd_model::code::Code::ErrorItemNotFound.into())
}

/// Writes a change of an item of the calendar. Answers what it has become.
pub fn write(mailbox: &mut Mailbox<'_>, row: &ItemRow, mut edit: Edit<'_>) -> Result<ewsd_store::ItemRef> {
    let search = derive::complete(&mut edit)?;
    Ok(mailbox.update_item(row.item, &edit.to_update(search.as_deref()), None)?)
}

fn cancellation(mailbox: &mut Mailbox<'_>, notice: &Notice, now: Timestamp) -> Result<Processed> {
    let Some(known) = known(mailbox, Meant::by(notice.props()))? else { return Ok(Processed::Nothing) };
    let props = known.row.props.clone().unwrap_or_default();
    if !is_organizers(notice, &props) {
        return Ok(Processed::Nothing);
    }
    let instance = people::is_of_instance(notice.props());
    if let (true, Some(mut master)) = (instance, Master::of_row(&known.row)) {
        let Some(date) = day(&master, notice.props()) else { return Ok(Processed::Nothing) };
        let Ok(placed) = master.on(date) else { return Ok(Processed::Nothing) };
        let shown = master.shown(&known.row, placed);
        if !is_younger(notice.props(), shown.props.as_ref().unwrap_or(&props)) {
            return Ok(Processed::OutOfDate);
        }
        let mut edit = Edit::new(ItemKind::CalendarItem, Some(&shown), now);
        cancel(&mut edit, notice, &shown);
        derive::complete(&mut edit)?;
        change::absorb_from_organizer(&mut master, date, edit);
        write(mailbox, &known.row, change::edit(&known.row, &master, now))?;
        return Ok(Processed::Done("None"));
    }
    if !is_younger(notice.props(), &props) {
        return Ok(Processed::OutOfDate);
    }
    let mut edit = Edit::new(ItemKind::CalendarItem, Some(&known.row), now);
    cancel(&mut edit, notice, &known.row);
    write(mailbox, &known.row, edit)?;
    Ok(Processed::Done("None"))
}

/// Marks an item as cancelled. It stays until its owner takes it away.
pub fn cancel(edit: &mut Edit<'_>, notice: &Notice, row: &ItemRow) {
    let subject = row.columns.text(Column::Subject).unwrap_or_default();
    if !subject.starts_with("Canceled: ") {
        edit.set_column(Column::Subject, Value::Text(format!("Canceled: {subject}")));
        edit.changed.insert(PropId::ItemSubject);
    }
    let now = row.props.as_ref().map_or(0, people::state_of) | state::CANCELLED;
    let mut put = |id: PropId, value: Json| drop(edit.props.insert(id.row().element.to_owned(), value));
    put(PropId::CalendarAppointmentState, now.into());
    put(PropId::CalendarLegacyFreeBusyStatus, "Free".into());
    let sequence = people::number(notice.props(), PropId::CalendarAppointmentSequenceNumber);
    put(PropId::CalendarAppointmentSequenceNumber, sequence.into());
    if let Some(stamp) = notice.props().get(PropId::CalendarDateTimeStamp.row().element) {
        put(PropId::CalendarDateTimeStamp, stamp.clone());
    }
    edit.set_bit(bit::REMINDER_SET, false);
}

fn response(
    mailbox: &mut Mailbox<'_>,
    notice: &Notice,
    answer: Answer,
    proposed: [Option<Timestamp>; 2],
    own: &str,
    now: Timestamp,
) -> Result<Processed> {
    let Some(known) = known(mailbox, Meant::by(notice.props()))? else { return Ok(Processed::Nothing) };
    let mut props = known.row.props.clone().unwrap_or_default();
    if people::is_received(&props) || !people::is_organized_by(&props, own) {
        return Ok(Processed::Nothing);
    }
    let from: Person = notice.responder();
    // When it was said, not when it came; nobody answers later than now.
    let at = time_in(notice.props(), PropId::CalendarDateTimeStamp).map_or(now, |at| at.min(now));
    let said = AttendeeResponse { who: &from, answer, at, proposed };
    let instance = people::is_of_instance(notice.props());
    if let (true, Some(mut master)) = (instance, Master::of_row(&known.row)) {
        let Some(date) = day(&master, notice.props()) else { return Ok(Processed::Nothing) };
        let Ok(placed) = master.on(date) else { return Ok(Processed::Nothing) };
        let shown = master.shown(&known.row, placed);
        let mut of_day = shown.props.clone().unwrap_or_default();
        if !people::track(&mut of_day, &said) {
            return Ok(Processed::OutOfDate);
        }
        let own = master.exceptions.entry(date).or_default();
        for id in people::ATTENDEES {
            if let Some(list) = of_day.remove(id.row().element) {
                own.props.insert(id.row().element.to_owned(), list);
            }
        }
        write(mailbox, &known.row, change::edit(&known.row, &master, now))?;
        return Ok(Processed::Done("None"));
    }
    if !people::track(&mut props, &said) {
        return Ok(Processed::OutOfDate);
    }
    let mut edit = Edit::new(ItemKind::CalendarItem, Some(&known.row), now);
    for id in people::ATTENDEES {
        if let Some(list) = props.remove(id.row().element) {
            edit.props.insert(id.row().element.to_owned(), list);
        }
    }
    write(mailbox, &known.row, edit)?;
    Ok(Processed::Done("None"))
}

/// Marks what came before about the same meeting, wherever it lies: there is something younger.
pub fn outdate(mailbox: &mut Mailbox<'_>, notice: &Notice, youngest: ItemNo) -> Result<()> {
    let found: Vec<ItemNo> = mailbox.events_of_uid(notice.uid())?.into_iter().map(|(item, _)| item).collect();
    let plan = Plan { json: true, ..Plan::default() };
    let id = PropId::CalendarRecurrenceId.row().element;
    for row in mailbox.items(&found, &plan)? {
        let props = row.props.as_ref();
        let same = props.and_then(|props| props.get(id)) == notice.props().get(id);
        let done = props.and_then(|props| props.get(PropId::MeetingIsOutOfDate.row().element)).and_then(Json::as_bool);
        if row.kind != ItemKind::MeetingRequest || row.item >= youngest || !same || done == Some(true) {
            continue;
        }
        let mut update = ItemUpdate::default();
        update.props.insert(PropId::MeetingIsOutOfDate.row().element.to_owned(), true.into());
        let kind = PropId::MeetingRequestMeetingRequestType.row().element;
        update.props.insert(kind.to_owned(), "Outdated".into());
        mailbox.update_item(row.item, &update, None)?;
    }
    Ok(())
}
