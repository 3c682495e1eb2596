//! Words, quoted texts, keywords, operators and parentheses of a query.

use crate::error::Error;
use crate::keyword::Keyword;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    /// A keyword with its colon (or with a comparison at once behind it).
    Keyword(Named),
    Word(String),
    /// A text between quotation marks; `begins`: an asterisk follows, its last word goes on.
    Quoted {
        text: String,
        begins: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Named(pub &'static Keyword);

impl PartialEq for Named {
    fn eq(&self, other: &Named) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

/// Words, conditions and operators of one query.
pub(crate) const MOST: usize = 255;

/// The quotation marks that people's keyboards and text programs make.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{201F}' | '\u{2033}' | '\u{FF02}')
}

pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if out.len() >= MOST {
            return Err(Error::TooLong(MOST));
        }
        let behind = rest.get(first.len_utf8()..).unwrap_or_default();
        rest = match first {
            '(' => put(&mut out, Token::Open, behind),
            ')' => put(&mut out, Token::Close, behind),
            '-' => put(&mut out, Token::Not, behind),
            '+' => put(&mut out, Token::And, behind),
            c if is_quote(c) => quoted(&mut out, behind)?,
            _ => word(&mut out, rest)?,
        };
        rest = rest.trim_start();
    }
    Ok(out)
}

fn put<'t>(out: &mut Vec<Token>, token: Token, rest: &'t str) -> &'t str {
    out.push(token);
    rest
}

fn quoted<'t>(out: &mut Vec<Token>, text: &'t str) -> Result<&'t str, Error> {
    let (at, mark) = text.char_indices().find(|(_, c)| is_quote(*c)).ok_or(Error::NotClosed('"'))?;
    let (inside, rest) = text.split_at(at);
    let rest = rest.get(mark.len_utf8()..).unwrap_or_default();
    let (begins, rest) = rest.strip_prefix('*').map_or((false, rest), |rest| (true, rest));
    out.push(Token::Quoted { text: inside.to_owned(), begins });
    Ok(rest)
}

fn word<'t>(out: &mut Vec<Token>, text: &'t str) -> Result<&'t str, Error> {
    let letters = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (name, rest) = text.split_at(letters);
    match rest.chars().next() {
        // An address of the web is no keyword, nor is a drive's letter.
        Some(':') if name.len() > 1 && !rest.starts_with("://") => {
            return keyword(out, name, rest.get(1..).unwrap_or_default());
        }
        Some('<' | '>' | '=') => {
            if let Some(known) = Keyword::find(name) {
                out.push(Token::Keyword(Named(known)));
                return Ok(rest);
            }
        }
        _ => {}
    }
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')') || is_quote(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    out.push(match word {
        "AND" => Token::And,
        "OR" => Token::Or,
        "NOT" => Token::Not,
        _ => Token::Word(word.to_owned()),
    });
    Ok(rest)
}

/// `name:` was read. The documentation writes `has attachment:true` and `has:attachment:true` as well.
fn keyword<'t>(out: &mut Vec<Token>, name: &str, rest: &'t str) -> Result<&'t str, Error> {
    let known = Keyword::find(name).ok_or_else(|| Error::Keyword(name.to_owned()))?;
    let attachment = || Keyword::find("hasattachment").filter(|_| known.names.contains(&"attachment"));
    let after_has = match out.last() {
        Some(Token::Word(word)) => word.eq_ignore_ascii_case("has"),
        Some(Token::Keyword(Named(before))) => before.names.contains(&"has"),
        _ => false,
    };
    match attachment().filter(|_| after_has) {
        Some(flag) => {
            out.pop();
            out.push(Token::Keyword(Named(flag)));
        }
        None => out.push(Token::Keyword(Named(known))),
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn named(name: &str) -> Token {
        Token::Keyword(Named(Keyword::find(name).unwrap()))
    }

    fn word(text: &str) -> Token {
        Token::Word(text.to_owned())
    }

    #[test]
    fn keywords_are_told_from_words() {
        assert_eq!(tokens("subject: a").unwrap(), [named("subject"), word("a")]);
        assert_eq!(tokens("size>5").unwrap(), [named("size"), word(">5")]);
        assert_eq!(
            tokens("10:30 C:\\x https://x.test/").unwrap(),
            [word("10:30"), word("C:\\x"), word("https://x.test/")]
        );
        assert_eq!(tokens("Has attachment:true").unwrap(), [named("hasattachment"), word("true")]);
        assert_eq!(tokens("has:attachment:true").unwrap(), [named("hasattachment"), word("true")]);
        assert_eq!(tokens("has:attachment").unwrap(), [named("has"), word("attachment")]);
    }

    #[test]
    fn quotation_marks_of_every_keyboard() {
        for text in ["\"a b\"", "\u{201C}a b\u{201D}", "\u{201E}a b\u{201C}"] {
            assert_eq!(tokens(text).unwrap(), [Token::Quoted { text: "a b".into(), begins: false }], "{text}");
        }
        assert_eq!(tokens("\"a b\"*").unwrap(), [Token::Quoted { text: "a b".into(), begins: true }]);
        assert_eq!(tokens("\"a b").unwrap_err(), Error::NotClosed('"'));
    }
}
