//! Why a query is not understood, told to whoever typed it.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A keyword that is not in the table.
    Keyword(String),
    /// What a keyword does not take; what it does.
    Value { keyword: &'static str, value: String, wanted: &'static str },
    /// A keyword with nothing behind it.
    NoValue(String),
    /// An asterisk that does not stand at the end of a word.
    Wildcard(String),
    /// A quotation mark, or an opening parenthesis, that is not closed.
    NotClosed(char),
    /// A closing parenthesis that closes nothing.
    NotOpened,
    /// An operator without something to join or to negate.
    Dangling(&'static str),
    /// Nothing in it can be searched for.
    NoWord(String),
    /// More than so many words and conditions.
    TooLong(usize),
    /// Parentheses and negations in one another, more than so many.
    TooDeep(usize),
}

/// Octets of what was typed that are told again.
const QUOTED: usize = 80;

fn short(text: &str) -> &str {
    let end = (0..=QUOTED.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Keyword(name) => write!(
                f,
                "\"{}:\" is no keyword that is known here; to search for it as text, put it between quotation marks",
                short(name)
            ),
            Error::Value { keyword, value, wanted } => {
                write!(f, "{keyword}: takes {wanted}, which \"{}\" is not", short(value))
            }
            Error::NoValue(name) => write!(f, "nothing stands behind \"{}:\"", short(name)),
            Error::Wildcard(word) => {
                write!(f, "an asterisk stands for the end of a word only, which it does not in \"{}\"", short(word))
            }
            Error::NotClosed('"') => f.write_str("a quotation mark is not closed"),
            Error::NotClosed(_) => f.write_str("a parenthesis is not closed"),
            Error::NotOpened => f.write_str("a parenthesis is closed that was not opened"),
            Error::Dangling(operator) => write!(f, "{operator} has nothing to work on"),
            Error::NoWord(text) => write!(f, "there is neither letter nor digit in \"{}\"", short(text)),
            Error::TooLong(most) => write!(f, "more than {most} words and conditions"),
            Error::TooDeep(most) => write!(f, "more than {most} parentheses and negations in one another"),
        }
    }
}

impl std::error::Error for Error {}
