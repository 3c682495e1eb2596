//! Message ids (RFC 5322 3.6.4, 4.5.4): one reader for Message-ID, In-Reply-To, References and Content-ID. Ids come without
//! their angle brackets, and free of the blanks and comments that folding and old programs put into them.

use crate::cut::Cut;
use crate::lex::Lexer;
use crate::text;

/// The ids of a text that is no field's.
pub fn ids(text: &str) -> Vec<String> {
    all(text.as_bytes(), usize::MAX)
}

/// The id of a text that is no field's.
pub fn id(text: &str) -> Option<String> {
    first(text.as_bytes())
}

/// All ids of a field, at most `most`. Words that are no ids (old In-Reply-To fields have them) are passed over, unless
/// there are no brackets at all: then the words with an `@` are the ids.
pub(crate) fn all(value: &[u8], most: usize) -> Vec<String> {
    let text = text::unfolded(value);
    let octets = text.as_bytes();
    let mut ids = Vec::new();
    let mut lexer = Lexer::new(octets);
    let mut at = 0;
    while let Some(byte) = octets.get(at).filter(|_| ids.len() < most) {
        match byte {
            b'<' => {
                let end = end(octets, at + 1);
                ids.extend(clean(text.cut(at + 1..end)));
                at = end;
            }
            b'"' => at = lexer.quoted(at).unwrap_or(at + 1),
            _ => at += 1,
        }
    }
    if ids.is_empty() && !text.contains('<') {
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '>' | '"'));
        ids.extend(words.filter(|word| word.contains('@')).filter_map(clean).take(most));
    }
    ids
}

/// The id of a field that has one; the whole text, where it is in no form of ids.
pub(crate) fn first(value: &[u8]) -> Option<String> {
    all(value, 1).into_iter().next().or_else(|| clean(&text::unfolded(value)))
}

/// Where the id at `at` ends: at its bracket, or where another one begins.
fn end(octets: &[u8], at: usize) -> usize {
    let rest = octets.cut(at..);
    at + rest.iter().position(|byte| matches!(byte, b'<' | b'>')).unwrap_or(rest.len())
}

/// Without blanks, brackets and comments. A comment stands where two tokens meet: parentheses elsewhere are letters of ids
/// that do not follow the standard.
fn clean(id: &str) -> Option<String> {
    let octets = id.as_bytes();
    let mut out = String::with_capacity(id.len());
    let mut rest = id;
    let mut lexer = Lexer::new(octets);
    while let Some(c) = rest.chars().next() {
        let at = id.len() - rest.len();
        let comment = lexer.comment(at).filter(|end| joins(octets.get(..at), octets.get(*end..)));
        if comment.is_none() && !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>') {
            out.push(c);
        }
        let end = comment.unwrap_or(at + c.len_utf8());
        rest = id.cut(end..);
    }
    (!out.is_empty()).then_some(out)
}

fn joins(before: Option<&[u8]>, after: Option<&[u8]>) -> bool {
    let is_joint = |byte: Option<&u8>| byte.is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'@' | b'.' | b'<' | b'>'));
    is_joint(before.and_then(<[u8]>::last)) || is_joint(after.and_then(<[u8]>::first))
}
