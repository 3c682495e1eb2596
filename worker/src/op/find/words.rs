//! The filter of a FindItem query string. How the text is read: `query_string.rs`.

use ewsd_model::PropId;
use ewsd_model::property::mapi::Scalar;
use ewsd_model::property::{Column, bit};
use ewsd_store::{Cmp, ContainsMode, Field, Filter, ScalarType};
use jiff::Timestamp;

use super::query_string::{BoolField, Query, TextField, TimeField, parse};

/// What the query finds. An empty one finds everything.
pub fn filter(text: &str, now: Timestamp) -> Filter {
    translate(&parse(text, now))
}

fn translate(query: &Query) -> Filter {
    match query {
        Query::All => Filter::True,
        Query::And(parts) => Filter::And(parts.iter().map(translate).collect()),
        Query::Or(parts) => Filter::Or(parts.iter().map(translate).collect()),
        Query::Not(inner) => Filter::Not(Box::new(translate(inner))),
        Query::Text { field: None, text } => Filter::Words(text.clone()),
        Query::Text { field: Some(field), text } => in_field(*field, text),
        Query::Bool(field, yes) => flag(*field, *yes),
        Query::Time { field, from, to } => {
            let column = match field {
                TimeField::Received => Column::Received,
                TimeField::Sent => Column::Sent,
                TimeField::Created => Column::Created,
            };
            let bound = |cmp, time: &Timestamp| Filter::Compare(Field::Column(column), cmp, Scalar::Time(*time));
            let bounds = from.iter().map(|time| bound(Cmp::Ge, time)).chain(to.iter().map(|time| bound(Cmp::Lt, time)));
            Filter::And(bounds.collect())
        }
        Query::Size { least, most } => {
            let bound = |cmp, octets: &i64| Filter::Compare(Field::Column(Column::Size), cmp, Scalar::Int(*octets));
            let bounds = least
                .iter()
                .map(|octets| bound(Cmp::Ge, octets))
                .chain(most.iter().map(|octets| bound(Cmp::Le, octets)));
            Filter::And(bounds.collect())
        }
        Query::Importance(word) => {
            let number = PropId::ItemImportance.row().number_of(word).unwrap_or(1);
            Filter::Compare(Field::Column(Column::Importance), Cmp::Eq, Scalar::Int(i64::from(number)))
        }
        Query::Category(name) => {
            Filter::Compare(Field::Column(Column::Categories), Cmp::Eq, Scalar::Text(name.clone()))
        }
        Query::Kind(class) => contains(Field::Column(Column::Class), ContainsMode::Prefixed, class),
    }
}

fn contains(field: Field, mode: ContainsMode, text: &str) -> Filter {
    Filter::Contains { field, mode, ignore_case: true, text: text.to_owned() }
}

/// Words begin like those of the text; where a field has no words of its own, the text stands in it.
fn in_field(field: TextField, text: &str) -> Filter {
    let words = |field| contains(field, ContainsMode::PrefixOnWords, text);
    let people = |id: PropId| words(Field::Json(id.row().element, ScalarType::Mailboxes));
    let (to, cc, bcc) = (PropId::MessageToRecipients, PropId::MessageCcRecipients, PropId::MessageBccRecipients);
    let from = || Filter::Or(vec![words(Field::Column(Column::From)), words(Field::Column(Column::Sender))]);
    match field {
        TextField::Subject => words(Field::Column(Column::Subject)),
        // The index knows the words of the whole item; the body decides.
        TextField::Body => {
            Filter::And(vec![Filter::Words(text.to_owned()), contains(Field::Body, ContainsMode::Substring, text)])
        }
        TextField::From => from(),
        TextField::To => people(to),
        TextField::Cc => people(cc),
        TextField::Bcc => people(bcc),
        TextField::Recipients => Filter::Or(vec![people(to), people(cc), people(bcc)]),
        TextField::Participants => Filter::Or(vec![from(), people(to), people(cc), people(bcc)]),
        // Names of attachments are not indexed: an item that has some and the word is the nearest to it.
        TextField::Attachment => {
            Filter::And(vec![flag(BoolField::HasAttachment, true), Filter::Words(text.to_owned())])
        }
    }
}

fn flag(field: BoolField, yes: bool) -> Filter {
    let is = |mask| Filter::Compare(Field::Bit(mask), Cmp::Eq, Scalar::Bool(yes));
    match field {
        BoolField::HasAttachment => is(bit::HAS_ATTACHMENTS),
        BoolField::IsRead => is(bit::READ),
        BoolField::IsFlagged => {
            let flagged = Filter::Compare(Field::Column(Column::FlagStatus), Cmp::Eq, Scalar::Int(2));
            if yes { flagged } else { Filter::Not(Box::new(flagged)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Filter {
        filter(text, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn words_go_to_the_index() {
        assert_eq!(of(""), Filter::True);
        assert_eq!(of("hello"), Filter::Words("hello".into()));
        assert_eq!(of("a OR b"), Filter::Or(vec![Filter::Words("a".into()), Filter::Words("b".into())]));
    }

    #[test]
    fn properties_go_to_their_columns() {
        let subject = contains(Field::Column(Column::Subject), ContainsMode::PrefixOnWords, "x y");
        assert_eq!(of("subject:\"x y\""), subject);
        let unread = Filter::Compare(Field::Bit(bit::READ), Cmp::Eq, Scalar::Bool(false));
        assert_eq!(of("isread:false"), unread);
        let large = Filter::Compare(Field::Column(Column::Size), Cmp::Ge, Scalar::Int(11));
        assert_eq!(of("size:>10"), Filter::And(vec![large]));
    }
}
