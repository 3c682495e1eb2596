//! What FindItem's query string finds, as a filter. How the text is read: `proto/aqs`.

use ewsd_aqs::{Flag, Level, Moment, Query, SearchKind};
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::property::mapi::Scalar;
use ewsd_model::property::{Column, bit};
use ewsd_store::{Cmp, ContainsMode, Field, Filter, Place};
use jiff::Zoned;

/// What the query finds; an empty one finds everything. ErrorInvalidArgument says what is not understood in it,
/// ErrorRestrictionTooLong that there is too much.
pub fn filter(text: &str, now: &Zoned) -> Result<Filter, Failure> {
    let query = ewsd_aqs::parse(text, now).map_err(|error| {
        let code = match error {
            ewsd_aqs::Error::TooLong(_) | ewsd_aqs::Error::TooDeep(_) => Code::ErrorRestrictionTooLong,
            _ => Code::ErrorInvalidArgument,
        };
        Failure::with_text(code, format!("The query is not understood: {error}."))
    })?;
    Ok(translate(&query))
}

fn translate(query: &Query) -> Filter {
    let all = |parts: &[Query]| parts.iter().map(translate).collect();
    match query {
        Query::All => Filter::True,
        Query::And(parts) => Filter::And(all(parts)),
        Query::Or(parts) => Filter::Or(all(parts)),
        Query::Not(inner) => Filter::Not(Box::new(translate(inner))),
        Query::Text { place, text, whole } => words(*place, text, *whole),
        Query::Flag(flag, yes) => is_flagged(*flag, *yes),
        Query::Time { moment, from, to } => {
            let column = match moment {
                Moment::Received => Column::Received,
                Moment::Sent => Column::Sent,
                Moment::Created => Column::Created,
                Moment::Modified => Column::Modified,
            };
            between(column, from.map(Scalar::Time), to.map(Scalar::Time), Cmp::Lt)
        }
        Query::Size { least, most } => between(Column::Size, least.map(Scalar::Int), most.map(Scalar::Int), Cmp::Le),
        Query::Importance(level) => {
            let number = match level {
                Level::Low => 0,
                Level::Normal => 1,
                Level::High => 2,
            };
            Filter::Compare(Field::Column(Column::Importance), Cmp::Eq, Scalar::Int(number))
        }
        Query::Kind(kind) => of_kind(*kind),
    }
}

fn words(place: ewsd_aqs::Place, text: &str, whole: bool) -> Filter {
    let place = match place {
        ewsd_aqs::Place::Anywhere => Place::Anywhere,
        ewsd_aqs::Place::Subject => Place::Subject,
        ewsd_aqs::Place::Body => Place::Body,
        ewsd_aqs::Place::From => Place::From,
        ewsd_aqs::Place::To => Place::To,
        ewsd_aqs::Place::Cc => Place::Cc,
        ewsd_aqs::Place::Bcc => Place::Bcc,
        ewsd_aqs::Place::Recipients => Place::Recipients,
        ewsd_aqs::Place::Participants => Place::Participants,
        ewsd_aqs::Place::Attachment => Place::Attachment,
        ewsd_aqs::Place::Category => {
            let mode = if whole { ContainsMode::ExactPhrase } else { ContainsMode::PrefixOnWords };
            return contains(Column::Categories, mode, text);
        }
    };
    Filter::Words { place, text: text.to_owned(), whole }
}

fn contains(column: Column, mode: ContainsMode, text: &str) -> Filter {
    Filter::Contains { field: Field::Column(column), mode, ignore_case: true, text: text.to_owned() }
}

/// From a value to another one, which is included or not.
fn between(column: Column, from: Option<Scalar>, to: Option<Scalar>, upto: Cmp) -> Filter {
    let bound = |cmp, value| Filter::Compare(Field::Column(column), cmp, value);
    let bounds = from.map(|value| bound(Cmp::Ge, value)).into_iter().chain(to.map(|value| bound(upto, value)));
    Filter::And(bounds.collect())
}

fn is_flagged(flag: Flag, yes: bool) -> Filter {
    let is = |mask| Filter::Compare(Field::Bit(mask), Cmp::Eq, Scalar::Bool(yes));
    match flag {
        Flag::HasAttachment => is(bit::HAS_ATTACHMENTS),
        Flag::IsRead => is(bit::READ),
        Flag::IsFlagged => {
            let flagged = Filter::Compare(Field::Column(Column::FlagStatus), Cmp::Eq, Scalar::Int(2));
            if yes { flagged } else { Filter::Not(Box::new(flagged)) }
        }
    }
}

/// The classes of a kind, and those among them that are of another.
fn classes(kind: SearchKind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        SearchKind::Contacts => (&["IPM.Contact", "IPM.DistList"], &[]),
        SearchKind::Docs => (&["IPM.Document"], &[]),
        SearchKind::Email => (&["IPM.Note"], &["IPM.Note.Microsoft"]),
        SearchKind::Faxes => (&["IPM.Note.Microsoft.Fax"], &[]),
        SearchKind::Im => (&["IPM.Note.Microsoft.Conversation", "IPM.Note.Microsoft.Missed"], &[]),
        SearchKind::Journals => (&["IPM.Activity"], &[]),
        SearchKind::Meetings => (&["IPM.Appointment", "IPM.Schedule.Meeting"], &[]),
        SearchKind::Notes => (&["IPM.StickyNote"], &[]),
        SearchKind::Posts => (&["IPM.Post"], &["IPM.Post.Rss"]),
        SearchKind::RssFeeds => (&["IPM.Post.Rss"], &[]),
        SearchKind::Tasks => (&["IPM.Task", "IPM.TaskRequest"], &[]),
        SearchKind::Voicemail => (&["IPM.Note.Microsoft.Voicemail", "IPM.Note.RPMSG.Microsoft.Voicemail"], &[]),
    }
}

fn of_kind(kind: SearchKind) -> Filter {
    let of = |class: &&str| {
        Filter::Or(vec![
            contains(Column::Class, ContainsMode::FullString, class),
            contains(Column::Class, ContainsMode::Prefixed, &format!("{class}.")),
        ])
    };
    let (own, others) = classes(kind);
    let own = Filter::Or(own.iter().map(of).collect());
    match others {
        [] => own,
        others => Filter::And(vec![own, Filter::Not(Box::new(Filter::Or(others.iter().map(of).collect())))]),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(text: &str) -> Filter {
        filter(text, &"2025-11-19T12:00:00Z[UTC]".parse().unwrap()).unwrap()
    }

    fn words(place: Place, text: &str, whole: bool) -> Filter {
        Filter::Words { place, text: text.to_owned(), whole }
    }

    #[test]
    fn words_go_to_the_index() {
        assert_eq!(of(""), Filter::True);
        assert_eq!(of("hello"), words(Place::Anywhere, "hello", false));
        assert_eq!(of("subject:\"x y\""), words(Place::Subject, "x y", true));
        let either = vec![words(Place::Anywhere, "a", false), words(Place::Anywhere, "b", false)];
        assert_eq!(of("a OR b"), Filter::Or(either));
    }

    #[test]
    fn properties_go_to_their_columns() {
        let unread = Filter::Compare(Field::Bit(bit::READ), Cmp::Eq, Scalar::Bool(false));
        assert_eq!(of("isread:false"), unread);
        let large = Filter::Compare(Field::Column(Column::Size), Cmp::Ge, Scalar::Int(11));
        assert_eq!(of("size:>10"), Filter::And(vec![large]));
        assert_eq!(of("category:re"), contains(Column::Categories, ContainsMode::PrefixOnWords, "re"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let now = "2025-11-19T12:00:00Z[UTC]".parse().unwrap();
        let code = |text: &str| filter(text, &now).unwrap_err().code;
        assert_eq!(code("subjekt:x"), Code::ErrorInvalidArgument);
        assert_eq!(code(&"a ".repeat(300)), Code::ErrorRestrictionTooLong);
    }
}
