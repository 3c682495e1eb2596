//! People and files of an event.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_ical::{Component, Property};
use ewsd_model::value::Mailbox;

use super::super::event::{Answer, Attachment, Attendee, Content, Event, Role};
use super::super::last_of;
use super::super::limits::{ATTACHMENTS, ATTENDEES, Budget, Unreadable};
use super::one_line;

pub(super) fn read(component: &Component, event: &mut Event) -> Result<(), Unreadable> {
    event.organizer = component.property("ORGANIZER").and_then(mailbox);
    let few = |name: &'static str, most: usize, budget: Budget| {
        let all: Vec<&Property> = component.properties_of(name).take(most + 1).collect();
        if all.len() > most { Err(Unreadable::TooMuch(budget)) } else { Ok(all) }
    };
    let attendees = few("ATTENDEE", ATTENDEES, Budget::Attendees)?;
    let asked = attendees.iter().any(|attendee| attendee.says("RSVP", "TRUE"));
    event.attendees = attendees.into_iter().filter_map(attendee).collect();
    event.response_requested = asked && !event.attendees.is_empty();
    let attachments = few("ATTACH", ATTACHMENTS, Budget::Attachments)?;
    event.attachments = attachments.into_iter().filter_map(attachment).collect();
    Ok(())
}

/// A calendar address: `MAILTO:anna@example.test`.
fn mailbox(property: &Property) -> Option<Mailbox> {
    let value = property.value.trim();
    let address = match value.split_once(':') {
        Some((scheme, address)) if scheme.eq_ignore_ascii_case("mailto") => address,
        // Another scheme; the address may stand beside it.
        Some(_) => property.parameter("EMAIL")?,
        None => value,
    };
    let address = one_line(address.split('?').next()?);
    if !address.contains('@') {
        return None;
    }
    let name = property.parameter("CN").map(one_line).filter(|name| !name.is_empty());
    Some(Mailbox { name, address: Some(address), routing: Some("SMTP".to_owned()), ..Mailbox::default() })
}

fn attendee(property: &Property) -> Option<Attendee> {
    let kind = property.parameter("CUTYPE").unwrap_or_default().to_ascii_uppercase();
    let role = match property.parameter("ROLE").unwrap_or_default().to_ascii_uppercase().as_str() {
        _ if kind == "RESOURCE" || kind == "ROOM" => Role::Resource,
        "NON-PARTICIPANT" => Role::Resource,
        "OPT-PARTICIPANT" => Role::Optional,
        _ => Role::Required,
    };
    let answer = property.parameter("PARTSTAT").unwrap_or_default().to_ascii_uppercase();
    let answer = Answer::from_ical(&answer).unwrap_or(Answer::NoResponseReceived);
    Some(Attendee { mailbox: mailbox(property)?, role, answer })
}

fn attachment(property: &Property) -> Option<Attachment> {
    let name = ["X-FILENAME", "FILENAME", "X-ORACLE-FILENAME"].iter().find_map(|name| property.parameter(name));
    let value = property.value.trim();
    let content = if property.says("VALUE", "BINARY") || property.says("ENCODING", "BASE64") {
        let letters: String = value.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        Content::Octets(STANDARD.decode(letters).ok()?)
    } else if value.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("cid:")) {
        Content::Part(value.get(4..)?.to_owned())
    } else {
        Content::Link(value.to_owned())
    };
    let last = Some(last_of(value)).filter(|_| matches!(content, Content::Link(_)));
    let name = one_line(name.or(last).unwrap_or_default());
    let name = if name.is_empty() { "attachment".to_owned() } else { name };
    Some(Attachment { name, content_type: property.parameter("FMTTYPE").map(one_line), content })
}
