//! GetReminders (MS-OXWSMTGS 3.1.4.5): what the caller is to be reminded of, in a time or by now. Mail that is flagged is not
//! among it.

use ewsd_ews::reply::Reminder;
use ewsd_ews::request::GetReminders;
use ewsd_ews::word::ReminderType;
use ewsd_mailbox::calendar::reminder::{self, Due};
use ewsd_mailbox::error::Result;
use ewsd_mailbox::gate::Granted;
use ewsd_mailbox::property::item::wire_id;
use ewsd_model::calendar::state;
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_model::id::ItemNo;
use ewsd_model::property::Column;
use ewsd_model::{ItemKind, PropId};
use ewsd_store::{ItemRow, Plan};
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::op::Cx;

/// Reminders of one answer.
const MOST: usize = 200;

/// Reminders that are looked at for one.
const SCANNED: i64 = 1000;

/// Items that are read at a time.
const AT_ONCE: usize = 128;

/// The first and the last time that there is for the store.
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_207_200;

pub fn run(cx: &mut Cx<'_>, request: GetReminders) -> Result<Vec<Outcome<Vec<Reminder>>>> {
    let which = request.which.unwrap_or(ReminderType::All);
    let bound = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let (begin, end) = (request.begin.unwrap_or(bound(FIRST)), request.end.unwrap_or(bound(LAST)));
    let unbounded = request.begin.is_none() || request.end.is_none();
    if end < begin || (which == ReminderType::Old && unbounded) {
        return Err(Code::ErrorInvalidOperation.into());
    }
    let asked = ReminderQuery { which, begin, end, now: cx.now };
    let most = request.most.and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0).unwrap_or(MOST);
    let own = cx.gate.own();
    // What is of now may be older than the time that is asked for.
    let from = if which == ReminderType::Current { bound(FIRST) } else { begin };
    let mut mailbox = cx.session.gate.open(&own);
    let found = mailbox.reminders_between(from, end, which == ReminderType::Current, SCANNED)?;
    let numbers: Vec<ItemNo> = found.iter().map(|found| found.item).collect();
    let plan = Plan { columns: [Column::Subject].into_iter().collect(), json: true, ..Plan::default() };
    let mut reminders = Vec::new();
    for some in numbers.chunks(AT_ONCE) {
        for row in mailbox.items(some, &plan)? {
            let due = reminder::due(&row, from, asked.now).filter(|due| asked.wants(&row, due));
            reminders.extend(due.map(|due| reminder(&own, row, due)));
        }
    }
    reminders.sort_by(|one, other| (one.at, &one.item.id).cmp(&(other.at, &other.item.id)));
    reminders.truncate(most);
    Ok(vec![Outcome::Success(reminders)])
}

struct ReminderQuery {
    which: ReminderType,
    begin: Timestamp,
    end: Timestamp,
    now: Timestamp,
}

impl ReminderQuery {
    fn wants(&self, row: &ItemRow, due: &Due) -> bool {
        let within = self.begin <= due.at && due.at <= self.end;
        let over = due.end.is_some_and(|end| end <= self.now);
        match self.which {
            ReminderType::All => within,
            ReminderType::Current => due.at <= self.end && (within || !over || is_appointment(row)),
            ReminderType::Old => within && over && !is_appointment(row),
        }
    }
}

/// A calendar item that nobody is invited to.
fn is_appointment(row: &ItemRow) -> bool {
    let state = member(row, PropId::CalendarAppointmentState).and_then(Json::as_i64).unwrap_or(0);
    row.kind == ItemKind::CalendarItem && state & i64::from(state::MEETING) == 0
}

fn member(row: &ItemRow, id: PropId) -> Option<&Json> {
    row.props.as_ref()?.get(id.row().element)
}

fn reminder(own: &Granted, mut row: ItemRow, due: Due) -> Reminder {
    let master = due.placed.map(|_| wire_id(own, &row));
    row.occurrence = due.placed.map(|placed| placed.date);
    let text = |id: PropId| member(&row, id).and_then(Json::as_str).map(str::to_owned);
    let series = due.placed.and_then(|placed| reminder::own_texts(&row, placed));
    let (subject, location) = series.unwrap_or_default();
    Reminder {
        subject: subject.or_else(|| row.columns.text(Column::Subject).map(str::to_owned)).unwrap_or_default(),
        location: location.or_else(|| text(PropId::CalendarLocation)),
        at: due.at,
        start: due.start,
        end: due.end,
        item: wire_id(own, &row),
        master,
        is_task: row.kind == ItemKind::Task,
        uid: text(PropId::CalendarUID).unwrap_or_default(),
    }
}
