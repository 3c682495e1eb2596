//! What belongs to what. AND is what stands between two conditions without an operator, and binds more than OR. Unquoted words
//! that follow a keyword's value belong to the keyword too (`subject:project plan`); what follows a quoted value does not.
//! Operators are in capitals; in small letters they are words.

use jiff::Zoned;

use crate::error::Error;
use crate::keyword::{HAS, KINDS, Keyword, LEVELS, Operand, named};
use crate::query::{Moment, Place, Query};
use crate::token::{Named, Token, tokens};
use crate::{date, size};

/// Deepest nesting of parentheses and negations.
const DEEPEST: usize = 32;

/// Reads a query. `now` is what `today` counts from, in the zone that its days are of.
pub fn parse(text: &str, now: &Zoned) -> Result<Query, Error> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(Query::All);
    }
    let mut parser = Parser { tokens: &tokens, at: 0, now };
    let query = parser.any(None, 0)?;
    match parser.peek() {
        Some(_) => Err(Error::NotOpened),
        None if query == Query::All => Err(Error::NoWord(text.trim().to_owned())),
        None => Ok(query),
    }
}

fn join(mut parts: Vec<Query>, wrap: fn(Vec<Query>) -> Query) -> Query {
    parts.retain(|part| *part != Query::All);
    match parts.len() {
        0 | 1 => parts.pop().unwrap_or(Query::All),
        _ => wrap(parts),
    }
}

/// The keyword that values belong to.
type Of = Option<&'static Keyword>;

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    now: &'a Zoned,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    /// `a OR b`. Ends before a closing parenthesis.
    fn any(&mut self, of: Of, depth: usize) -> Result<Query, Error> {
        let mut parts = vec![self.all(of, depth)?];
        while self.peek() == Some(&Token::Or) {
            self.at += 1;
            parts.push(self.all(of, depth)?);
        }
        if parts.len() > 1 && parts.contains(&Query::All) {
            return Err(Error::Dangling("OR"));
        }
        Ok(join(parts, Query::Or))
    }

    /// `a b AND c`
    fn all(&mut self, of: Of, depth: usize) -> Result<Query, Error> {
        let mut parts = Vec::new();
        let mut joins = false;
        loop {
            match self.peek() {
                None | Some(Token::Or | Token::Close) => break,
                Some(Token::And) => {
                    self.at += 1;
                    joins = true;
                }
                Some(_) => {
                    parts.push(self.clause(of, depth)?);
                    joins = false;
                }
            }
        }
        if joins {
            return Err(Error::Dangling("AND"));
        }
        Ok(join(parts, Query::And))
    }

    fn clause(&mut self, of: Of, depth: usize) -> Result<Query, Error> {
        if depth >= DEEPEST {
            return Err(Error::TooDeep(DEEPEST));
        }
        match self.peek() {
            Some(Token::Not) => {
                self.at += 1;
                match self.peek() {
                    None | Some(Token::Or | Token::And | Token::Close) => return Err(Error::Dangling("NOT")),
                    Some(_) => {}
                }
                let inner = self.clause(of, depth + 1)?;
                if inner == Query::All { Ok(inner) } else { Ok(Query::Not(Box::new(inner))) }
            }
            Some(Token::Open) => {
                self.at += 1;
                let inner = self.any(of, depth + 1)?;
                if self.peek() != Some(&Token::Close) {
                    return Err(Error::NotClosed('('));
                }
                self.at += 1;
                Ok(inner)
            }
            Some(Token::Keyword(Named(keyword))) => {
                self.at += 1;
                self.condition(keyword, depth)
            }
            Some(Token::Word(_)) => match of {
                Some(keyword) => self.words(keyword),
                None => self.one_word(Place::Anywhere),
            },
            Some(Token::Quoted { text, begins }) => {
                self.at += 1;
                quoted(of, text, *begins, self.now)
            }
            None | Some(Token::And | Token::Or | Token::Close) => Ok(Query::All),
        }
    }

    /// What stands behind a keyword.
    fn condition(&mut self, keyword: &'static Keyword, depth: usize) -> Result<Query, Error> {
        let nothing = || Error::NoValue(keyword.name().to_owned());
        let found = match self.peek() {
            Some(Token::Word(_)) => self.words(keyword)?,
            Some(Token::Open | Token::Not | Token::Quoted { .. }) => self.clause(Some(keyword), depth + 1)?,
            None | Some(Token::Close | Token::And | Token::Or | Token::Keyword(_)) => return Err(nothing()),
        };
        if found == Query::All { Err(nothing()) } else { Ok(found) }
    }

    /// The value that the words here are.
    fn words(&mut self, keyword: &'static Keyword) -> Result<Query, Error> {
        match keyword.takes {
            Operand::Text(place) => {
                let mut parts = Vec::new();
                while let Some(Token::Word(_)) = self.peek() {
                    parts.push(self.one_word(place)?);
                }
                Ok(join(parts, Query::And))
            }
            Operand::Date(_) | Operand::Size => self.longest(keyword),
            Operand::Flag(..) | Operand::Level | Operand::Kind | Operand::Has => {
                let Some(Token::Word(word)) = self.peek() else { return Ok(Query::All) };
                self.at += 1;
                value(keyword, word, self.now)
            }
        }
    }

    /// As many words as are a date or a size together. What begins with a sign, or ends with one, goes on in any case.
    fn longest(&mut self, keyword: &'static Keyword) -> Result<Query, Error> {
        const MOST_WORDS: usize = 12;
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let words = rest.iter().map_while(|token| match token {
            Token::Word(word) => Some(word.as_str()),
            _ => None,
        });
        let words: Vec<&str> = words.take(MOST_WORDS).collect();
        for count in (1..=words.len()).rev() {
            let text = words.get(..count).unwrap_or_default().join(" ");
            if let Ok(found) = value(keyword, &text, self.now) {
                self.at += count;
                return Ok(found);
            }
        }
        value(keyword, &words.join(" "), self.now)
    }

    fn one_word(&mut self, place: Place) -> Result<Query, Error> {
        let Some(Token::Word(word)) = self.peek() else { return Ok(Query::All) };
        self.at += 1;
        let (word, whole) = match word.strip_prefix('=') {
            Some(rest) if place != Place::Anywhere => (rest, true),
            _ => (word.as_str(), false),
        };
        let bare = word.trim_end_matches('*');
        if bare.contains('*') || (bare.is_empty() && !word.is_empty()) {
            return Err(Error::Wildcard(word.to_owned()));
        }
        if !bare.contains(char::is_alphanumeric) {
            // A sign between words, such as `&`.
            return Ok(Query::All);
        }
        Ok(Query::Text { place, text: bare.to_owned(), whole: whole && bare.len() == word.len() })
    }
}

/// A text between quotation marks.
fn quoted(of: Of, text: &str, begins: bool, now: &Zoned) -> Result<Query, Error> {
    let place = match of.map(|keyword| (keyword, keyword.takes)) {
        None => Place::Anywhere,
        Some((_, Operand::Text(place))) => place,
        Some((keyword, _)) => return value(keyword, text, now),
    };
    if !text.contains(char::is_alphanumeric) {
        return Err(Error::NoWord(text.to_owned()));
    }
    Ok(Query::Text { place, text: text.to_owned(), whole: !begins })
}

/// A value that is no text.
fn value(keyword: &'static Keyword, text: &str, now: &Zoned) -> Result<Query, Error> {
    let (found, wanted) = match keyword.takes {
        Operand::Flag(flag, is) => (boolean(text).map(|yes| Query::Flag(flag, yes == is)), "true or false"),
        Operand::Level => (named(LEVELS, text).map(Query::Importance), "low, normal or high"),
        Operand::Kind => (named(KINDS, text).map(Query::Kind), KIND_NAMES),
        Operand::Has => {
            let row = HAS.iter().find(|(names, ..)| names.iter().any(|name| name.eq_ignore_ascii_case(text)));
            (row.map(|(_, flag, is)| Query::Flag(*flag, *is)), "attachment, flag, read or unread")
        }
        Operand::Date(moment) => (dates(moment, text, now), "a date, or a span of dates"),
        Operand::Size => (sizes(text), "a number of octets, or a span of such"),
        Operand::Text(_) => (None, "a text"),
    };
    found.ok_or_else(|| Error::Value { keyword: keyword.name(), value: text.to_owned(), wanted })
}

const KIND_NAMES: &str =
    "contacts, docs, email, faxes, im, journals, meetings, notes, posts, rssfeeds, tasks or voicemail";

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// The sign that a value begins with, and the rest.
fn sign(text: &str) -> (&'static str, &str) {
    let text = text.trim();
    let found = ["<>", ">=", "<=", ">", "<", "="].into_iter().find_map(|sign| Some((sign, text.strip_prefix(sign)?)));
    let (sign, rest) = found.unwrap_or(("=", text));
    (sign, rest.trim())
}

/// Both ends of `a..b`; either may be missing.
fn range(text: &str) -> Option<(&str, &str)> {
    let (first, last) = text.split_once("..").map(|(first, last)| (first.trim(), last.trim()))?;
    (!first.is_empty() || !last.is_empty()).then_some((first, last))
}

/// One end of a range: None if it is missing, else what it is, if it can be understood.
fn end<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { read(text).map(Some) }
}

fn dates(moment: Moment, text: &str, now: &Zoned) -> Option<Query> {
    let time = |from, to| Query::Time { moment, from, to };
    if let Some((first, last)) = range(text) {
        let first = end(first, |text| date::span(text, now))?;
        let last = end(last, |text| date::span(text, now))?;
        return Some(time(first.map(|span| span.0), last.map(|span| span.1)));
    }
    let (sign, text) = sign(text);
    let (from, to) = date::span(text, now)?;
    Some(match sign {
        ">" => time(Some(to), None),
        ">=" => time(Some(from), None),
        "<" => time(None, Some(from)),
        "<=" => time(None, Some(to)),
        "<>" => Query::Not(Box::new(time(Some(from), Some(to)))),
        _ => time(Some(from), Some(to)),
    })
}

fn sizes(text: &str) -> Option<Query> {
    let size = |least, most| Query::Size { least, most };
    if let Some((first, last)) = range(text) {
        let (first, last) = (end(first, size::span)?, end(last, size::span)?);
        return Some(size(first.map(|span| span.0), last.map(|span| span.1)));
    }
    let (sign, text) = sign(text);
    let (least, most) = size::span(text)?;
    Some(match sign {
        ">" => size(Some(most.saturating_add(1)), None),
        ">=" => size(Some(least), None),
        "<" => size(None, Some(least.saturating_sub(1))),
        "<=" => size(None, Some(most)),
        "<>" => Query::Not(Box::new(size(Some(least), Some(most)))),
        _ => size(Some(least), Some(most)),
    })
}
