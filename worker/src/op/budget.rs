//! How large an answer may be (`limits.answer_bytes`): what would make it larger is refused by name, and asked for again by
//! itself. The first thing in an answer is always given whole, however large.

use ewsd_ews::view::ItemView;
use ewsd_model::Value;
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::property::mapi::{ExtendedValue, Scalar};
use ewsd_model::value::{AttachmentInfo, CompleteName, Mailbox, PostalAddress};
use ewsd_settings::Settings;

/// What is left of an answer.
#[derive(Debug)]
pub struct Budget {
    left: u64,
    begun: bool,
    spent: bool,
}

impl Budget {
    pub fn new(settings: &Settings) -> Budget {
        Budget { left: settings.limits.answer_bytes, begun: false, spent: false }
    }

    /// Room for so many octets more; after the first refusal there is none for anything.
    pub fn take(&mut self, octets: u64) -> Result<(), Failure> {
        if self.spent || (self.begun && octets > self.left) {
            self.spent = true;
            return Err(exceeded());
        }
        self.begun = true;
        self.left = self.left.saturating_sub(octets);
        Ok(())
    }

    /// How many things of these sizes there is room for, from the first on.
    pub fn take_some(&mut self, octets: impl IntoIterator<Item = u64>) -> usize {
        octets.into_iter().take_while(|octets| self.take(*octets).is_ok()).count()
    }

    /// Nothing more is given: it need not be read either.
    pub fn is_spent(&self) -> bool {
        self.spent
    }
}

/// What everything beyond the budget is answered with.
pub fn exceeded() -> Failure {
    Failure::with_text(Code::ErrorMessageSizeExceeded, "The answer would be too large. Ask for less at once.")
}

/// Markup of an element, about.
const ELEMENT: usize = 48;

/// About how many octets an item takes in an answer.
pub fn of_item(view: &ItemView) -> u64 {
    let props: usize = view.props.iter().map(|(_, value)| ELEMENT + of_value(value)).sum();
    let extended: usize = view.extended.iter().map(|(_, value)| 3 * ELEMENT + of_extended(value)).sum();
    octets(2 * ELEMENT + props + extended)
}

/// The same of an attachment with its content.
pub fn of_attachment(info: &AttachmentInfo, item: Option<&ItemView>) -> u64 {
    octets(of_info(info)).saturating_add(item.map_or(0, of_item))
}

fn octets(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn base64(octets: &[u8]) -> usize {
    octets.len().div_ceil(3).saturating_mul(4)
}

fn sum<'v, V: 'v>(values: impl IntoIterator<Item = &'v V>, of: impl Fn(&V) -> usize) -> usize {
    values.into_iter().map(|value| ELEMENT + of(value)).sum()
}

fn of_value(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Body(body) => body.text.len(),
        Value::Bytes(octets) | Value::Mime(octets) => base64(octets),
        Value::Texts(texts) => sum(texts, String::len),
        Value::Mailbox(mailbox) => of_mailbox(mailbox),
        Value::Mailboxes(mailboxes) => sum(mailboxes, of_mailbox),
        Value::Headers(pairs) | Value::Entries(pairs) => sum(pairs, |(name, text)| name.len() + text.len()),
        Value::Addresses(pairs) => sum(pairs, |(key, mailbox)| key.len() + of_mailbox(mailbox)),
        Value::PostalAddresses(pairs) => sum(pairs, |(key, address)| {
            let PostalAddress { street, city, state, country, postal_code } = address;
            key.len() + sum([street, city, state, country, postal_code].into_iter().flatten(), String::len)
        }),
        Value::Members(members) => sum(members, |member| member.key.len() + 2 * ELEMENT + of_mailbox(&member.mailbox)),
        Value::CompleteName(name) => {
            let CompleteName { title, first, middle, last, suffix, initials, full, nickname, yomi_first, yomi_last } =
                &**name;
            let texts = [title, first, middle, last, suffix, initials, full, nickname, yomi_first, yomi_last];
            sum(texts.into_iter().flatten(), String::len)
        }
        Value::Attachments(infos) => sum(infos, of_info),
        Value::Permissions(permissions) => permissions.len() * 16 * ELEMENT,
        Value::ItemId(id) | Value::FolderId(id) => id.id.len() + ELEMENT,
        Value::Attendees(list) => sum(list, |one| 5 * ELEMENT + of_mailbox(&one.mailbox)),
        Value::EnhancedLocation(location) => {
            let parts = location.address.iter().flatten();
            location.display_name.len() + sum(parts, |(name, text)| name.len() + text.len()) + 4 * ELEMENT
        }
        Value::Occurrence(_) => 6 * ELEMENT,
        Value::Occurrences(list) => list.len() * 6 * ELEMENT,
        Value::DeletedOccurrences(list) => list.len() * 3 * ELEMENT,
        Value::Items(items) => sum(items, |item| sum(&item.props, |(_, value)| of_value(value))),
        Value::ChangeHighlights(_) => 12 * ELEMENT,
        Value::Rights(_) | Value::Responses(_) | Value::Flag(_) | Value::Recurrence(_) => 8 * ELEMENT,
        Value::TimeZone(zone) => {
            (4 + zone.periods.len() + 8 * zone.groups.len() + 3 * zone.transitions.len()) * ELEMENT
        }
        Value::Local(_) | Value::Bool(_) | Value::Int(_) | Value::Long(_) | Value::Double(_) | Value::Time(_) => 24,
    }
}

fn of_mailbox(mailbox: &Mailbox) -> usize {
    let texts = [&mailbox.name, &mailbox.address, &mailbox.routing, &mailbox.kind];
    sum(texts.into_iter().flatten(), String::len)
}

fn of_info(info: &AttachmentInfo) -> usize {
    let content = info.content.as_deref().map_or(0, base64);
    let texts = [&info.content_type, &info.content_id, &info.content_location];
    8 * ELEMENT + info.id.len() + info.name.len() + content + sum(texts.into_iter().flatten(), String::len)
}

fn of_extended(value: &ExtendedValue) -> usize {
    let of = |scalar: &Scalar| match scalar {
        Scalar::Text(text) => text.len(),
        Scalar::Bytes(octets) => base64(octets),
        Scalar::Bool(_) | Scalar::Int(_) | Scalar::Real(_) | Scalar::Time(_) => 24,
    };
    match value {
        ExtendedValue::One(scalar) => of(scalar),
        ExtendedValue::Many(scalars) => sum(scalars, of),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn budget(left: u64) -> Budget {
        Budget { left, begun: false, spent: false }
    }

    #[test]
    fn the_first_is_given_whole_and_the_rest_as_it_fits() {
        let mut one = budget(100);
        assert!(one.take(500).is_ok(), "the first");
        assert_eq!(one.take(1).unwrap_err().code, Code::ErrorMessageSizeExceeded);
        let mut some = budget(100);
        assert_eq!(some.take_some([40, 40, 40, 1]), 2);
        assert!(some.is_spent() && some.take(1).is_err(), "what was refused once stays refused");
        let mut exact = budget(100);
        assert_eq!(exact.take_some([50, 50]), 2);
        assert!(!exact.is_spent());
    }
}
