//! Whole calendars in and out, for administrators: all items of the calendar folder of the one whose session it is.

use ewsd_model::code::Code;
use ewsd_model::id::{FolderNo, ItemNo};
use ewsd_model::{ItemKind, PropId};
use ewsd_store::{AttachmentRow, ItemRow};
use jiff::Timestamp;
use std::collections::HashMap;
use std::rc::Rc;

use super::{EventItem, Files, files, lay, lay_occurrence, of_row};
use crate::calendar::change;
use crate::calendar::meeting::attendant::{self, Meant};
use crate::calendar::meeting::people;
use crate::calendar::series::{Master, time_in};
use crate::convert::ical::{Calendar, Event};
use crate::error::{Error, Result};
use crate::item::draft::Draft;
use crate::item::edit::Edit;
use crate::property::Needs;
use crate::session::Session;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transferred {
    New,
    /// There was an item of its UID, which is now what the event says. Files that it had it keeps.
    Again,
}

/// Items that are read at a time.
const AT_ONCE: usize = 128;

/// Puts one event of a calendar, a series with all that belongs to it, into the calendar. Nobody is told anything.
pub fn take(session: &mut Session<'_>, mut told: EventItem) -> Result<Transferred> {
    if told.event.recurrence.is_none() || told.event.uid.is_empty() {
        return put(session, told);
    }
    // Dates that came before their series are occurrences of it now, but for those that have files of their own.
    let uid = kept(&told.event);
    let (own, address) = (session.gate.own(), session.address());
    let mut needs = Needs::of_calendar();
    needs.plan.mime = false;
    let mut dates = attendant::dates(&mut session.gate.open(&own), &uid, &needs.plan)?;
    dates.retain(|row| row.attachments == 0);
    for row in &dates {
        let date = of_row(row, &[], Files::Named, Some(&address));
        date.into_iter().flat_map(|date| date.events).for_each(|date| told.take_in(date));
    }
    let done = put(session, told)?;
    if !dates.is_empty() {
        let mut mailbox = session.gate.open(&own);
        let series = attendant::known(&mut mailbox, Meant { uid: &uid, original: None })?;
        let Some(master) = series.and_then(|series| Master::of_row(&series.row)) else { return Ok(done) };
        let original = |row: &ItemRow| time_in(row.props.as_ref()?, PropId::CalendarRecurrenceId);
        dates.retain(|row| original(row).is_some_and(|original| master.day_of(original).is_some()));
        let taken: Vec<ItemNo> = dates.iter().map(|row| row.item).collect();
        mailbox.delete_items(&taken)?;
    }
    Ok(done)
}

fn put(session: &mut Session<'_>, told: EventItem) -> Result<Transferred> {
    let own = session.gate.own();
    let known = if told.event.uid.is_empty() {
        None
    } else {
        let meant = Meant { uid: &kept(&told.event), original: told.event.recurrence_id };
        attendant::known(&mut session.gate.open(&own), meant)?
    };
    // What is no date of a series does not take the place of one.
    let is_date = |row: &ItemRow| row.props.as_ref().is_some_and(people::is_of_instance);
    let known = known.filter(|known| told.event.recurrence_id.is_some() || !is_date(&known.row));
    let told = Rc::new(told);
    let Some(known) = known else {
        let folder = session.gate.open(&own).folder_by_distinguished("calendar")?.folder;
        let draft = Draft::of_event(session, told)?;
        session.gate.open(&own).create_item(&draft.item(folder, draft.flags))?;
        return Ok(Transferred::New);
    };
    let now = session.now;
    if let (Some(original), Some(mut master)) = (told.event.recurrence_id, Master::of_row(&known.row)) {
        // An occurrence whose series is here, and not in the calendar that tells of it.
        let date = master.day_of(original).ok_or(Code::ErrorItemNotFound)?;
        master.deleted.remove(&date);
        lay_occurrence(&mut master, &known.row, date, now, &told)?;
        let mut mailbox = session.gate.open(&own);
        attendant::write(&mut mailbox, &known.row, change::edit(&known.row, &master, now))?;
        return Ok(Transferred::Again);
    }
    let mut edit = Edit::new(ItemKind::CalendarItem, Some(&known.row), now).within(&session.zone);
    let new = files(&told.event)?;
    lay(&mut edit, told)?;
    let mut mailbox = session.gate.open(&own);
    mailbox.transaction(|mailbox| {
        attendant::write(mailbox, &known.row, edit.clone())?;
        let there = mailbox.attachments(&[known.row.item])?;
        let missing = new.iter().map(crate::item::draft::Attached::row);
        let missing: Vec<_> = missing.filter(|file| !there.iter().any(|old| old.name == file.name)).collect();
        if !missing.is_empty() {
            mailbox.create_attachments(known.row.item, &missing)?;
        }
        Ok::<(), Error>(())
    })?;
    Ok(Transferred::Again)
}

/// The UID by which an item of the event is known here.
fn kept(event: &Event) -> String {
    let id = ewsd_model::global_id::GlobalId::from_uid(&event.uid);
    id.map_or_else(|| event.uid.clone(), |id| id.uid())
}

/// The items of the calendar in the order of their starts.
pub fn all(session: &mut Session<'_>) -> Result<Vec<ItemNo>> {
    let own = session.gate.own();
    let mut mailbox = session.gate.open(&own);
    let folder: FolderNo = mailbox.folder_by_distinguished("calendar")?.folder;
    let (first, last) = (Timestamp::from_second(-14_000_000_000), Timestamp::from_second(100_000_000_000));
    let (first, last) = (first.unwrap_or(Timestamp::MIN), last.unwrap_or(Timestamp::MAX));
    let found = mailbox.events_between(&[folder], first, last)?;
    Ok(found.into_iter().map(|event| event.item).collect())
}

/// Items as iCalendar, with their files inside. Those that went meanwhile are left out. `each` hears of each.
pub fn give(session: &mut Session<'_>, items: &[ItemNo], mut each: impl FnMut()) -> Result<Calendar> {
    let own = session.gate.own();
    let address = session.address();
    let mut needs = Needs::of_calendar();
    needs.plan.mime = false;
    let mut calendar = Calendar::default();
    for some in items.chunks(AT_ONCE) {
        let mut mailbox = session.gate.open(&own);
        let mut rows: HashMap<ItemNo, ItemRow> =
            mailbox.items(some, &needs.plan)?.into_iter().map(|row| (row.item, row)).collect();
        for item in some {
            each();
            let Some(row) = rows.remove(item) else { continue };
            let mut contents: Vec<AttachmentRow> = Vec::new();
            if row.attachments > 0 {
                for one in mailbox.attachments(&[row.item])? {
                    contents.push(mailbox.attachment(row.item, one.attachment, true)?);
                }
            }
            let told = of_row(&row, &contents, Files::Inside, Some(&address));
            calendar.events.extend(told.into_iter().flat_map(|one| one.events));
        }
    }
    Ok(calendar)
}

/// What people know the event by.
pub fn name(event: &Event) -> &str {
    event.subject.as_deref().filter(|subject| !subject.is_empty()).unwrap_or(&event.uid)
}
