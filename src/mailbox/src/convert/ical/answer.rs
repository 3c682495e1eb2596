//! A calendar that was read, as a converter answers it.

use ewsd_model::recurrence::{Clock, Recurrence};
use ewsd_model::timezone::ItemZone;
use ewsd_model::value::{Body, BodyType};
use ewsd_store::json;
use ewsd_wire::form::{Form, Maybe, Plain};
use ewsd_wire::{Reader, Refused, Wire, wire};
use std::collections::HashMap;
use std::sync::Arc;

use super::event::{Calendar, Event, Left};
use super::find::Found;
use crate::convert::answer::{AnswerReader, AnswerWriter, WireAnswer};
use crate::convert::form::{Document, Many, Number, Text};

wire! {
    /// Several events are in few zones, and one that is nobody else's has rules for many years: each is told once.
    struct Head {
        method: Option<String> as Maybe<Text>,
        zones: Vec<ItemZone> as Many<Says>,
        /// Of each event: which of the zones it starts and ends in.
        places: Vec<(u32, u32)> as Many<Plain>,
        events: Vec<Event> as Many<Plain>,
        left: Vec<Left> as Many<Plain>,
    }
}

/// What is told elsewhere: until then it is UTC.
pub(super) enum Apart {}

impl Form<ItemZone> for Apart {
    fn put(_: &ItemZone, _: &mut Vec<u8>) {}
    fn get(_: &mut Reader<'_>, _: &'static str) -> Result<ItemZone, Refused> {
        Ok(ItemZone::utc())
    }
}

/// Values of the model as the database has them too. Whoever wrote the answer may have been taken over: each is looked at as one
/// that a client gives.
pub(in crate::convert) enum Says {}

impl Form<ItemZone> for Says {
    fn put(value: &ItemZone, out: &mut Vec<u8>) {
        Document::put(&json::encode_zone(value), out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<ItemZone, Refused> {
        let zone = json::decode_zone(&Document::get(reader, what)?).ok_or(Refused::BadValue(what))?;
        let is_sound = matches!(zone, ItemZone::Known(_)) || zone.definition().history().is_ok();
        if is_sound { Ok(zone) } else { Err(Refused::BadValue(what)) }
    }
}

impl Form<Recurrence> for Says {
    fn put(value: &Recurrence, out: &mut Vec<u8>) {
        Document::put(&json::recurrence::encode(value), out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Recurrence, Refused> {
        let recurrence = json::recurrence::decode(&Document::get(reader, what)?).ok_or(Refused::BadValue(what))?;
        recurrence.check().map(|()| recurrence).map_err(|_| Refused::BadValue(what))
    }
}

impl Form<Body> for Says {
    fn put(value: &Body, out: &mut Vec<u8>) {
        (value.body_type == BodyType::Html).put(out);
        Text::put(&value.text, out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Body, Refused> {
        let body_type = if bool::get(reader)? { BodyType::Html } else { BodyType::Text };
        Ok(Body { body_type, text: Text::get(reader, what)?, truncated: None })
    }
}

/// Two numbers of minutes.
pub(in crate::convert) enum Minutes {}

impl Form<Clock> for Minutes {
    fn put(value: &Clock, out: &mut Vec<u8>) {
        Number::put(&value.start, out);
        Number::put(&value.end, out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Clock, Refused> {
        Ok(Clock { start: Number::get(reader, what)?, end: Number::get(reader, what)? })
    }
}

/// Zones in the order in which they came, none twice.
#[derive(Default)]
struct Zones {
    zones: Vec<ItemZone>,
    /// By their place in memory: events of one zone share it.
    known: HashMap<usize, u32>,
}

impl Zones {
    fn place(&mut self, zone: &ItemZone) -> u32 {
        let memory = match zone {
            ItemZone::Known(row) => std::ptr::from_ref(*row).addr(),
            ItemZone::Custom(own) => Arc::as_ptr(own).addr(),
        };
        *self.known.entry(memory).or_insert_with(|| {
            self.zones.push(zone.clone());
            u32::try_from(self.zones.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

impl Head {
    fn of(calendar: Calendar) -> Head {
        let Calendar { method, events, left } = calendar;
        let mut zones = Zones::default();
        let places = events.iter().map(|event| (zones.place(&event.zone), zones.place(&event.end_zone))).collect();
        Head { method, zones: zones.zones, places, events, left }
    }

    fn into_calendar(self) -> Result<Calendar, Refused> {
        let Head { method, zones, places, mut events, left } = self;
        if places.len() != events.len() {
            return Err(Refused::BadValue("the zones of events"));
        }
        let zone = |place: u32| {
            let found = usize::try_from(place).ok().and_then(|place| zones.get(place));
            found.cloned().ok_or(Refused::BadValue("the zone of an event"))
        };
        for (event, (starts, ends)) in events.iter_mut().zip(places) {
            (event.zone, event.end_zone) = (zone(starts)?, zone(ends)?);
            if event.end < event.start {
                return Err(Refused::BadValue("the end of an event"));
            }
        }
        Ok(Calendar { method, events, left })
    }
}

impl WireAnswer for Calendar {
    type Received = Calendar;
    fn tell<'o>(self, out: &mut AnswerWriter<'o>)
    where
        Self: 'o,
    {
        Head::of(self).put(out.head());
    }
    fn hear(answer: &mut AnswerReader<'_>) -> Result<Calendar, Refused> {
        Head::get(answer.head())?.into_calendar()
    }
}

impl WireAnswer for Found {
    type Received = Found;
    fn tell<'o>(self, out: &mut AnswerWriter<'o>)
    where
        Self: 'o,
    {
        let Found { calendar, method } = self;
        <Maybe<Text> as Form<Option<String>>>::put(&method, out.head());
        calendar.tell(out);
    }
    fn hear(answer: &mut AnswerReader<'_>) -> Result<Found, Refused> {
        let method = <Maybe<Text> as Form<Option<String>>>::get(answer.head(), "a method")?;
        Ok(Found { calendar: Calendar::hear(answer)?, method })
    }
}
