//! Values that calendar items have: times that name no zone, zones, attendees.

use ewsd_model::calendar::Attendee;
use ewsd_model::failure::Failure;
use ewsd_model::property::{Source, Type};
use ewsd_model::recurrence::blob::RecurrenceBlob;
use ewsd_model::timezone::{ItemZone, instant};
use ewsd_model::value::Mailbox;
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::json;
use std::rc::Rc;

use super::edit::{Edit, complete};
use crate::calendar::ical::EventItem;

/// A series given as a whole, with what is of its occurrences' own.
#[derive(Clone, Debug)]
pub enum WholeSeries {
    Event(Rc<EventItem>),
    /// PidLidAppointmentRecur.
    Octets(Rc<RecurrenceBlob>),
}

impl Edit<'_> {
    /// Puts what is one of these values. Answers what is to be put as any other value.
    pub(super) fn put_event(&mut self, id: PropId, value: Value) -> Result<Option<Value>, Failure> {
        let is_member = id.row().source == Source::Json;
        let value = match value {
            // In which zone it is, the item's own zones say, which may come later.
            Value::Local(local) if self.kind == ItemKind::CalendarItem => {
                self.locals.insert(id, local);
                return Ok(None);
            }
            Value::Local(local) => Value::Time(instant(&self.zone.zone.time_zone(), local)),
            Value::TimeZone(definition) if is_member => {
                let year = self.now.to_zoned(jiff::tz::TimeZone::UTC).year();
                let zone = ItemZone::resolve(&definition, year, None).map_err(|code| Failure::at(code, id))?;
                self.props.insert(id.row().element.to_owned(), json::encode_zone(&zone));
                return Ok(None);
            }
            Value::Attendees(list) if is_member => {
                self.set_attendees(id, list);
                return Ok(None);
            }
            value => value,
        };
        self.locals.remove(&id);
        Ok(Some(value))
    }

    /// Invites more people.
    pub(super) fn add_attendees(&mut self, id: PropId, more: Vec<Attendee>) -> Result<(), Failure> {
        let mut list = self.attendees(id);
        list.extend(more);
        self.set(id, Value::Attendees(list))
    }

    /// Who is invited after the edit.
    pub fn attendees(&self, id: PropId) -> Vec<Attendee> {
        match self.member(id.row().element).and_then(|list| json::decode(Type::Attendees, list)) {
            Some(Value::Attendees(list)) => list,
            _ => Vec::new(),
        }
    }

    /// Whoever was invited before keeps the answer; nobody is invited twice.
    fn set_attendees(&mut self, id: PropId, list: Vec<Attendee>) {
        let before = self.attendees(id);
        let mut kept: Vec<Attendee> = Vec::with_capacity(list.len());
        for one in list {
            let mailbox = complete(one.mailbox);
            let known = before.iter().find(|old| same_address(&old.mailbox, &mailbox));
            let attendee = match known {
                Some(old) if one.response.is_none() => Attendee { mailbox, ..old.clone() },
                _ => Attendee { mailbox, response: Some(one.response.unwrap_or_default()), ..one },
            };
            if !kept.iter().any(|old| same_address(&old.mailbox, &attendee.mailbox)) {
                kept.push(attendee);
            }
        }
        self.set_member(id.row().element, Value::Attendees(kept));
    }
}

/// Whether both are written to the same address, case apart.
pub fn same_address(one: &Mailbox, other: &Mailbox) -> bool {
    match (&one.address, &other.address) {
        (Some(a), Some(b)) => a.trim().eq_ignore_ascii_case(b.trim()),
        _ => false,
    }
}
