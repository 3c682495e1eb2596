//! FindItem's QueryString: the part of Advanced Query Syntax that mail clients type (MS-OXWSSRCH QueryStringType).
//!
//! Words, "phrases", AND OR NOT (and a leading `-`), parentheses, `property:value`, and comparisons of dates and sizes
//! (`received:>=2025-01-31`, `size:>10000`, `received:2025-01-01..2025-02-01`, `received:today`). A property it does
//! not know is searched as text, so no query is an error. This parses; `words.rs` makes a filter of it.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

/// A parsed query.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// Matches every item (an empty query).
    All,
    And(Vec<Query>),
    Or(Vec<Query>),
    Not(Box<Query>),
    /// Text in one field, or anywhere. A phrase keeps its word order.
    Text {
        field: Option<TextField>,
        text: String,
    },
    Bool(BoolField, bool),
    /// Half-open range of times: from inclusive, to exclusive.
    Time {
        field: TimeField,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
    /// Octets, inclusive.
    Size {
        least: Option<i64>,
        most: Option<i64>,
    },
    /// `High`, `Normal`, `Low`.
    Importance(&'static str),
    Category(String),
    /// An item class prefix.
    Kind(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextField {
    Subject,
    Body,
    From,
    To,
    Cc,
    Bcc,
    /// To, Cc and Bcc.
    Recipients,
    /// From, To, Cc and Bcc.
    Participants,
    Attachment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoolField {
    HasAttachment,
    IsRead,
    IsFlagged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeField {
    Received,
    Sent,
    Created,
}

/// Deepest nesting of parentheses and NOT that is followed; beyond it the rest is taken as words.
const DEEPEST: usize = 32;

/// Most terms of one query; the rest is not looked at.
const MOST_TERMS: usize = 128;

/// Parses `text`. `now` is what `today` and its like count from.
pub fn parse(text: &str, now: Timestamp) -> Query {
    let tokens = tokens(text);
    let mut parser = Parser { tokens: &tokens, at: 0, now };
    let mut parts = Vec::new();
    while parser.at < tokens.len() {
        let before = parser.at;
        parts.push(parser.any(0));
        if parser.at == before {
            // A parenthesis that closes nothing.
            parser.at += 1;
        }
    }
    join(parts, Query::And)
}

fn join(mut parts: Vec<Query>, wrap: fn(Vec<Query>) -> Query) -> Query {
    parts.retain(|part| *part != Query::All);
    match parts.len() {
        0 => Query::All,
        1 => parts.pop().unwrap_or(Query::All),
        _ => wrap(parts),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Term { name: Option<String>, value: String, quoted: bool },
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if out.len() >= MOST_TERMS {
            break;
        }
        let (token, after) = match first {
            '(' => (Token::Open, rest.get(1..)),
            ')' => (Token::Close, rest.get(1..)),
            '-' if rest.chars().nth(1).is_some_and(|c| !c.is_whitespace()) => (Token::Not, rest.get(1..)),
            _ => {
                let (token, after) = term(rest);
                (token, Some(after))
            }
        };
        out.push(token);
        rest = after.unwrap_or_default().trim_start();
    }
    out
}

fn term(text: &str) -> (Token, &str) {
    let (word, quoted, after) = word(text, true);
    if !quoted {
        if let Some(rest) = after.strip_prefix(':') {
            let (value, quoted, after) = word_value(rest.trim_start());
            return (Token::Term { name: Some(word.to_lowercase()), value, quoted }, after);
        }
        match word.as_str() {
            "AND" => return (Token::And, after),
            "OR" => return (Token::Or, after),
            "NOT" => return (Token::Not, after),
            _ => {}
        }
    }
    (Token::Term { name: None, value: word, quoted }, after)
}

fn word_value(text: &str) -> (String, bool, &str) {
    word(text, false)
}

/// One word or quoted phrase and what follows it. `name` stops at a colon too.
fn word(text: &str, name: bool) -> (String, bool, &str) {
    if let Some(rest) = text.strip_prefix('"') {
        let (phrase, after) = rest.split_once('"').unwrap_or((rest, ""));
        return (phrase.to_owned(), true, after);
    }
    let end =
        text.find(|c: char| c.is_whitespace() || c == '(' || c == ')' || (name && c == ':')).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    (word.to_owned(), false, after)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    now: Timestamp,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// `a OR b OR c`
    fn any(&mut self, depth: usize) -> Query {
        let mut parts = vec![self.all(depth)];
        while self.peek() == Some(&Token::Or) {
            self.at += 1;
            parts.push(self.all(depth));
        }
        join(parts, Query::Or)
    }

    /// `a b AND c`
    fn all(&mut self, depth: usize) -> Query {
        let mut parts = Vec::new();
        loop {
            match self.peek() {
                None | Some(Token::Or) => break,
                Some(Token::Close) if depth > 0 => break,
                Some(Token::Close | Token::And) => self.at += 1,
                Some(_) => parts.push(self.one(depth)),
            }
        }
        join(parts, Query::And)
    }

    fn one(&mut self, depth: usize) -> Query {
        let Some(token) = self.tokens.get(self.at) else { return Query::All };
        self.at += 1;
        match token {
            Token::Not if depth < DEEPEST => match self.one(depth + 1) {
                Query::All => Query::All,
                inner => Query::Not(Box::new(inner)),
            },
            Token::Open if depth < DEEPEST => {
                let inner = self.any(depth + 1);
                if self.peek() == Some(&Token::Close) {
                    self.at += 1;
                }
                inner
            }
            Token::Term { name, value, quoted } => self.term(name.as_deref(), value, *quoted),
            Token::Open | Token::Close | Token::And | Token::Or | Token::Not => Query::All,
        }
    }

    fn term(&self, name: Option<&str>, value: &str, quoted: bool) -> Query {
        let text = |field| Query::Text { field, text: value.trim_end_matches('*').to_owned() };
        if value.is_empty() {
            return Query::All;
        }
        let Some(name) = name else { return text(None) };
        let known = match name {
            "subject" => Some(text(Some(TextField::Subject))),
            "body" | "content" | "contents" => Some(text(Some(TextField::Body))),
            "from" | "sender" => Some(text(Some(TextField::From))),
            "to" => Some(text(Some(TextField::To))),
            "cc" => Some(text(Some(TextField::Cc))),
            "bcc" => Some(text(Some(TextField::Bcc))),
            "recipients" => Some(text(Some(TextField::Recipients))),
            "participants" | "people" => Some(text(Some(TextField::Participants))),
            "attachment" | "attachments" | "attachmentnames" => Some(text(Some(TextField::Attachment))),
            "hasattachment" | "hasattachments" => boolean(value).map(|yes| Query::Bool(BoolField::HasAttachment, yes)),
            "isread" | "read" => boolean(value).map(|yes| Query::Bool(BoolField::IsRead, yes)),
            "isunread" | "unread" => boolean(value).map(|yes| Query::Bool(BoolField::IsRead, !yes)),
            "isflagged" | "flagged" => boolean(value).map(|yes| Query::Bool(BoolField::IsFlagged, yes)),
            "received" | "date" => self.time(TimeField::Received, value),
            "sent" => self.time(TimeField::Sent, value),
            "created" => self.time(TimeField::Created, value),
            "size" | "messagesize" => size(value),
            "importance" => importance(value).map(Query::Importance),
            "category" | "categories" => Some(Query::Category(value.to_owned())),
            "kind" => kind(value).map(Query::Kind),
            _ => None,
        };
        // Something with a colon that is no property ("10:30", "re:") is plain text.
        known.unwrap_or_else(|| {
            let joined = if quoted { value.to_owned() } else { format!("{name}:{value}") };
            Query::Text { field: None, text: joined }
        })
    }

    fn time(&self, field: TimeField, value: &str) -> Option<Query> {
        let range = |(from, to)| Query::Time { field, from, to };
        if let Some((first, last)) = value.split_once("..") {
            let from = (!first.is_empty()).then(|| self.day(first)).flatten();
            let to = (!last.is_empty()).then(|| self.day(last)).flatten();
            return Some(range((from.map(|day| day.0), to.map(|day| day.1))));
        }
        let (comparison, day) = comparison(value);
        let (start, end) = self.day(day)?;
        Some(range(match comparison {
            ">" => (Some(end), None),
            ">=" => (Some(start), None),
            "<" => (None, Some(start)),
            "<=" => (None, Some(end)),
            _ => (Some(start), Some(end)),
        }))
    }

    /// First instant of the day or span named and the first one after it, in UTC.
    fn day(&self, text: &str) -> Option<(Timestamp, Timestamp)> {
        let today = self.now.to_zoned(TimeZone::UTC).date();
        let (first, days) = match text.to_lowercase().as_str() {
            "today" => (today, 1),
            "yesterday" => (today.yesterday().ok()?, 1),
            "tomorrow" => (today.tomorrow().ok()?, 1),
            "thisweek" | "this week" => (week_start(today)?, 7),
            "lastweek" | "last week" => (week_start(today)?.checked_sub(7.days()).ok()?, 7),
            "thismonth" | "this month" => (today.first_of_month(), i64::from(today.days_in_month())),
            "lastmonth" | "last month" => {
                let last = today.first_of_month().yesterday().ok()?;
                (last.first_of_month(), i64::from(last.days_in_month()))
            }
            "thisyear" | "this year" => (today.first_of_year(), i64::from(today.days_in_year())),
            _ => {
                if let Ok(instant) = text.parse::<Timestamp>() {
                    return Some((instant, instant.checked_add(1.second()).ok()?));
                }
                (date(text)?, 1)
            }
        };
        let next = first.checked_add(days.days()).ok()?;
        let start = |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
        Some((start(first)?, start(next)?))
    }
}

fn week_start(day: Date) -> Option<Date> {
    day.checked_sub(i64::from(day.weekday().to_sunday_zero_offset()).days()).ok()
}

/// `2025-01-31`, or with slashes as American clients write it: `1/31/2025`.
fn date(text: &str) -> Option<Date> {
    if let Ok(date) = text.parse::<Date>() {
        return Some(date);
    }
    let mut parts = text.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn comparison(value: &str) -> (&'static str, &str) {
    for sign in [">=", "<=", ">", "<", "="] {
        if let Some(rest) = value.strip_prefix(sign) {
            return (sign, rest);
        }
    }
    ("=", value)
}

fn size(value: &str) -> Option<Query> {
    if let Some((least, most)) = value.split_once("..") {
        return Some(Query::Size { least: octets(least), most: octets(most) });
    }
    let (comparison, number) = comparison(value);
    let number = octets(number)?;
    let (least, most) = match comparison {
        ">" => (Some(number.saturating_add(1)), None),
        ">=" => (Some(number), None),
        "<" => (None, Some(number.saturating_sub(1))),
        "<=" => (None, Some(number)),
        _ => (Some(number), Some(number)),
    };
    Some(Query::Size { least, most })
}

/// A number of octets, with KB and MB.
fn octets(text: &str) -> Option<i64> {
    let lower = text.to_ascii_lowercase();
    let (digits, unit) = if let Some(digits) = lower.strip_suffix("kb") {
        (digits, 1024)
    } else if let Some(digits) = lower.strip_suffix("mb") {
        (digits, 1024 * 1024)
    } else {
        (lower.as_str(), 1)
    };
    digits.trim().parse::<i64>().ok()?.checked_mul(unit)
}

fn boolean(value: &str) -> Option<bool> {
    match value.to_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn importance(value: &str) -> Option<&'static str> {
    ["High", "Normal", "Low"].into_iter().find(|known| known.eq_ignore_ascii_case(value))
}

fn kind(value: &str) -> Option<&'static str> {
    Some(match value.to_lowercase().as_str() {
        "email" => "IPM.Note",
        "meetings" | "calendar" => "IPM.Appointment",
        "contacts" => "IPM.Contact",
        "tasks" => "IPM.Task",
        "notes" => "IPM.StickyNote",
        "posts" => "IPM.Post",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn query(text: &str) -> Query {
        parse(text, "2025-11-19T12:00:00Z".parse().unwrap())
    }

    fn anywhere(text: &str) -> Query {
        Query::Text { field: None, text: text.to_owned() }
    }

    #[test]
    fn words_are_joined_by_and() {
        assert_eq!(query(""), Query::All);
        assert_eq!(query("  hello "), anywhere("hello"));
        assert_eq!(query("a b AND c"), Query::And(vec![anywhere("a"), anywhere("b"), anywhere("c")]));
        assert_eq!(query("\"a b\""), anywhere("a b"));
    }

    #[test]
    fn or_binds_weaker_than_and() {
        let both = Query::And(vec![anywhere("a"), anywhere("b")]);
        assert_eq!(query("a b OR c"), Query::Or(vec![both, anywhere("c")]));
        let either = Query::Or(vec![anywhere("b"), anywhere("c")]);
        assert_eq!(query("a (b OR c)"), Query::And(vec![anywhere("a"), either]));
    }

    #[test]
    fn not_and_minus() {
        assert_eq!(query("NOT a"), Query::Not(Box::new(anywhere("a"))));
        assert_eq!(query("-a"), Query::Not(Box::new(anywhere("a"))));
        assert_eq!(query("- a"), Query::And(vec![anywhere("-"), anywhere("a")]));
    }

    #[test]
    fn properties() {
        let subject = Query::Text { field: Some(TextField::Subject), text: "big deal".to_owned() };
        assert_eq!(query("Subject:\"big deal\""), subject);
        assert_eq!(query("hasattachment:true"), Query::Bool(BoolField::HasAttachment, true));
        assert_eq!(query("isread:no"), Query::Bool(BoolField::IsRead, false));
        assert_eq!(query("size:>10KB"), Query::Size { least: Some(10_241), most: None });
        assert_eq!(query("importance:high"), Query::Importance("High"));
        assert_eq!(query("re:invoice"), anywhere("re:invoice"));
    }

    #[test]
    fn dates() {
        let time = |from: &str, to: &str| Query::Time {
            field: TimeField::Received,
            from: from.parse().ok(),
            to: to.parse().ok(),
        };
        assert_eq!(query("received:2025-11-01"), time("2025-11-01T00:00:00Z", "2025-11-02T00:00:00Z"));
        assert_eq!(query("received:11/1/2025"), time("2025-11-01T00:00:00Z", "2025-11-02T00:00:00Z"));
        assert_eq!(query("received:today"), time("2025-11-19T00:00:00Z", "2025-11-20T00:00:00Z"));
        assert_eq!(query("received:thisweek"), time("2025-11-16T00:00:00Z", "2025-11-23T00:00:00Z"));
        assert_eq!(query("received:>=2025-11-01"), time("2025-11-01T00:00:00Z", ""));
        assert_eq!(query("received:2025-11-01..2025-11-03"), time("2025-11-01T00:00:00Z", "2025-11-04T00:00:00Z"));
    }

    #[test]
    fn odd_queries_end() {
        for text in [
            ")",
            "((((",
            "OR OR",
            "AND",
            "NOT",
            "a:",
            ":",
            "\"",
            "-",
            "()",
            "a OR",
            &"(".repeat(500),
            &"NOT ".repeat(500),
        ] {
            query(text);
        }
    }
}
