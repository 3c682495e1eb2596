//! What conditions and orders cost the database, in one unit: about what it takes to compare one value of a row. A client may
//! ask for as much as `limits.restriction_cost` says, whatever it is made of.

use super::{ContainsMode, Field, Filter, Grouping, Order, ScalarType};
use crate::search;

/// One value of the row is looked at.
const VALUE: u64 = 1;
/// A document of the row is searched for its member.
const MEMBER: u64 = 2;
/// A list of the row is unrolled.
const LIST: u64 = 4;
/// A row of another table is looked up.
const ENTRY: u64 = 8;
/// The text of the item is read from where contents are.
const BODY: u64 = 32;
/// The words of the item are read.
const WORDS: u64 = 8;
/// Both texts get marks where their words are.
const MARKS: u64 = 2;
/// So many octets of a client's text cost as much as a value.
const OCTETS: usize = 256;
/// Rows are put in order by one field more.
const ORDER: u64 = 16;

impl Filter {
    /// Of all its conditions together, and one for each connective.
    pub fn cost(&self) -> u64 {
        match self {
            Filter::True => VALUE,
            Filter::And(parts) | Filter::Or(parts) => parts.iter().map(Filter::cost).fold(VALUE, u64::saturating_add),
            Filter::Not(inner) => inner.cost().saturating_add(VALUE),
            Filter::Compare(field, ..) | Filter::Exists(field) | Filter::Excludes(field, _) => field.cost(),
            Filter::CompareFields(left, _, right) => left.cost() + right.cost(),
            Filter::Contains { field, mode, text, .. } => {
                let marks = match mode {
                    ContainsMode::PrefixOnWords | ContainsMode::ExactPhrase => MARKS,
                    ContainsMode::FullString | ContainsMode::Prefixed | ContainsMode::Substring => 0,
                };
                field.cost() + marks + octets(text)
            }
            Filter::Words { text, .. } => WORDS + u64::try_from(search::count(text)).unwrap_or(u64::MAX),
        }
    }
}

impl Field {
    fn cost(&self) -> u64 {
        match self {
            Field::Column(_) | Field::Bit(_) => VALUE,
            Field::Json(_, ScalarType::Texts | ScalarType::Mailboxes)
            | Field::Ext { array: true, .. }
            | Field::Header(_) => LIST,
            Field::Json(..) | Field::Ext { .. } => MEMBER,
            Field::Contact(_) | Field::AttachmentName => ENTRY,
            Field::Body => BODY,
        }
    }
}

impl Grouping {
    /// Every row is put into its group before the first can be told.
    pub fn cost(&self) -> u64 {
        4 * ORDER + self.by.cost() + self.on.cost()
    }
}

impl Order {
    pub fn cost(&self) -> u64 {
        ORDER + self.field.cost()
    }
}

fn octets(text: &str) -> u64 {
    u64::try_from(text.len() / OCTETS).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::{Cmp, Order, Place};
    use super::*;
    use ewsd_model::property::Column;
    use ewsd_model::property::mapi::Scalar;

    fn contains(field: Field, mode: ContainsMode, text: &str) -> Filter {
        Filter::Contains { field, mode, ignore_case: true, text: text.to_owned() }
    }

    #[test]
    fn conditions_cost_what_they_look_at() {
        let subject = || Field::Column(Column::Subject);
        let compare = Filter::Compare(subject(), Cmp::Eq, Scalar::Text(String::new()));
        let to = Field::Json("ToRecipients", ScalarType::Mailboxes);
        for (filter, cost) in [
            (Filter::True, 1),
            (compare.clone(), 1),
            (Filter::Not(Box::new(compare.clone())), 2),
            (Filter::Or(vec![compare.clone(), compare]), 3),
            (contains(subject(), ContainsMode::Substring, "x"), 1),
            (contains(subject(), ContainsMode::Substring, &"x".repeat(1000)), 4),
            (contains(subject(), ContainsMode::ExactPhrase, "x"), 3),
            (contains(to, ContainsMode::PrefixOnWords, "x"), 6),
            (contains(Field::Contact("Surname".into()), ContainsMode::Prefixed, "x"), 8),
            (contains(Field::Body, ContainsMode::Substring, "x"), 32),
            (Filter::Words { place: Place::Anywhere, text: "one two, two three".into(), whole: false }, 12),
        ] {
            assert_eq!(filter.cost(), cost, "{filter:?}");
        }
        assert_eq!(Order { field: subject(), ascending: true }.cost(), 17);
    }
}
