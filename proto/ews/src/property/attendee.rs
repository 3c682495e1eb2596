//! Who is invited to a meeting (NonEmptyArrayOfAttendeesType).

use ewsd_model::calendar::{Answer, Attendee};
use ewsd_model::property::Prop;
use ewsd_model::value::Mailbox;
use jiff::Timestamp;

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::record::{Write, record};
use crate::writer::{T, Writer};

const ELEMENT: &str = "Attendee";

record! {
    impl Attendee {
        attributes {}
        elements {
            "Mailbox" mailbox: required Mailbox, address => write_mailbox;
            "ResponseType" response: optional Answer, answer => write_answer;
            "LastResponseTime" last_response: optional Timestamp, time => write_time;
            "ProposedStart" proposed_start: optional Timestamp, time => write_time;
            "ProposedEnd" proposed_end: optional Timestamp, time => write_time;
        }
    }
}

/// The contact that an address was taken from is not kept.
fn address(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Mailbox, Fault> {
    Ok(Mailbox { item: None, ..Mailbox::read(c, element)? })
}

fn write_mailbox(w: &mut Writer<'_>, name: &str, mailbox: &Mailbox) {
    mailbox.write(w, name);
}

fn answer(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Answer, Fault> {
    let words = Answer::ALL.map(Answer::name);
    let word = super::text::one_of(c, element, &words)?;
    Ok(Answer::from_name(word).unwrap_or_default())
}

fn write_answer(w: &mut Writer<'_>, name: &str, answer: &Answer) {
    w.text_element(T, name, answer.name());
}

pub(super) fn time(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Timestamp, Fault> {
    c.value(element)
}

pub(super) fn write_time(w: &mut Writer<'_>, name: &str, time: &Timestamp) {
    w.time_element(T, name, *time);
}

pub(super) fn read(c: &mut Cursor<'_>, _: &Element<'_>, _: &Prop) -> Result<Option<Vec<Attendee>>, Fault> {
    let mut attendees = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != ELEMENT {
            return Err(c.unexpected(&child));
        }
        attendees.push(Attendee::read(c, &child)?);
    }
    Ok(Some(attendees))
}

pub(super) fn write(w: &mut Writer<'_>, name: &str, attendees: &[Attendee]) {
    super::list(w, name, attendees, |w, attendee| attendee.write(w, ELEMENT));
}
