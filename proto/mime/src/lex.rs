//! The letters of structured fields (RFC 5322 3.2, RFC 2045 5.1): comments, quoted strings, tokens.

use crate::cut::Cut;

/// A value that is read once from its beginning. A comment or a quoted string that nothing ends is plain letters, and so is
/// all of its kind after it: nobody looks for the end again from each of many beginnings.
#[derive(Clone, Copy)]
pub(crate) struct Lexer<'a> {
    octets: &'a [u8],
    comments: bool,
    quotes: bool,
}

impl<'a> Lexer<'a> {
    pub fn new(octets: &'a [u8]) -> Lexer<'a> {
        Lexer { octets, comments: true, quotes: true }
    }

    pub fn byte(&self, at: usize) -> Option<u8> {
        self.octets.get(at).copied()
    }

    /// Where the comment at `at` ends, parentheses in it counted.
    pub fn comment(&mut self, at: usize) -> Option<usize> {
        if self.byte(at) != Some(b'(') || !self.comments {
            return None;
        }
        let mut depth = 0_usize;
        let mut escaped = false;
        for (offset, byte) in self.octets.get(at..)?.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'(' => depth += 1,
                b')' if depth == 1 => return Some(at + offset + 1),
                b')' => depth -= 1,
                _ => {}
            }
        }
        self.comments = false;
        None
    }

    /// Where the quoted string at `at` ends.
    pub fn quoted(&mut self, at: usize) -> Option<usize> {
        if self.byte(at) != Some(b'"') || !self.quotes {
            return None;
        }
        let mut escaped = false;
        for (offset, byte) in self.octets.get(at + 1..)?.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => return Some(at + 1 + offset + 1),
                _ => {}
            }
        }
        self.quotes = false;
        None
    }

    /// After blanks, line ends and comments.
    pub fn skip(&mut self, mut at: usize) -> usize {
        loop {
            match self.byte(at) {
                Some(b' ' | b'\t' | b'\r' | b'\n' | 0) => at += 1,
                Some(b'(') => match self.comment(at) {
                    Some(end) => at = end,
                    None => return at,
                },
                _ => return at,
            }
        }
    }
}

/// After the letters of a token at `at`.
pub(crate) fn token(octets: &[u8], at: usize) -> usize {
    let rest = octets.cut(at..);
    at + rest.iter().take_while(|byte| is_token(**byte)).count()
}

/// RFC 2045 5.1: no blanks, no controls, none of the special letters. Octets above 127 are let pass.
pub(crate) fn is_token(byte: u8) -> bool {
    byte > b' ' && byte != 127 && !b"()<>@,;:\\\"/[]?=".contains(&byte)
}

/// The first word of a field that has one, quotes and comments taken away.
pub(crate) fn first_word(value: &[u8]) -> &[u8] {
    let mut lexer = Lexer::new(value);
    let mut at = lexer.skip(0);
    while matches!(lexer.byte(at), Some(b'"' | b'\'' | b';' | b',' | b'(' | b')')) {
        at = lexer.skip(at + 1);
    }
    value.cut(at..token(value, at))
}

/// Without quoted pairs: `\x` is `x`.
pub(crate) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}
