//! The tokens of an address field, and which of them stand together.

use crate::cut::Cut;
use crate::lex::Lexer;
use crate::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind<'a> {
    Atom,
    /// An encoded word, whatever letters are in it.
    Encoded,
    /// What stands between the quotes.
    Quoted(&'a str),
    /// What stands between the outer parentheses.
    Comment(&'a str),
    /// `[127.0.0.1]`
    Literal,
    Special(char),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub kind: TokenKind<'a>,
    pub text: &'a str,
    pub start: usize,
    pub end: usize,
}

impl Token<'_> {
    pub fn is(&self, special: char) -> bool {
        self.kind == TokenKind::Special(special)
    }
}

/// All tokens of a text. What nothing ends (a quote, a parenthesis, a bracket) is a letter.
pub(super) fn all(text: &str) -> Vec<Token<'_>> {
    let octets = text.as_bytes();
    let mut lexer = Lexer::new(octets);
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(byte) = octets.get(at) {
        let start = at;
        let inner = |end: usize| text.cut(start + 1..end - 1);
        let kind = match byte {
            b' ' | b'\t' => {
                at += 1;
                continue;
            }
            b'(' if at_end(lexer.comment(start), &mut at) => TokenKind::Comment(inner(at)),
            b'"' if at_end(lexer.quoted(start), &mut at) => TokenKind::Quoted(inner(at)),
            b'[' => {
                let rest = octets.cut(at..);
                let inner = rest.cut(1..);
                let end = inner.iter().position(|byte| b"[]<>,".contains(byte));
                match end.filter(|end| inner.get(*end) == Some(&b']')) {
                    Some(end) => {
                        at += end + 2;
                        TokenKind::Literal
                    }
                    None => {
                        at += 1;
                        TokenKind::Atom
                    }
                }
            }
            b'<' | b'>' | b'@' | b',' | b';' | b':' | b'.' => {
                at += 1;
                TokenKind::Special(char::from(*byte))
            }
            b'=' => match text.get(at..).and_then(words::length).filter(|length| ends_word(octets, at + length)) {
                Some(length) => {
                    at += length;
                    TokenKind::Encoded
                }
                None => {
                    at = atom(octets, at);
                    TokenKind::Atom
                }
            },
            _ => {
                at = atom(octets, at);
                TokenKind::Atom
            }
        };
        tokens.push(Token { kind, text: text.cut(start..at), start, end: at });
    }
    tokens
}

/// Goes to where something ends, if it does.
fn at_end(end: Option<usize>, at: &mut usize) -> bool {
    *at = end.unwrap_or(*at);
    end.is_some()
}

fn ends_word(octets: &[u8], at: usize) -> bool {
    matches!(octets.get(at), None | Some(b' ' | b'\t' | b'"' | b'<' | b',' | b'(' | b';' | b'=' | b'@'))
}

/// The end of the letters at `at`, of which there is at least one.
fn atom(octets: &[u8], at: usize) -> usize {
    let is_letter = |byte: &u8| !b" \t()\"[<>@,;:.".contains(byte);
    let rest = octets.cut(at + 1..);
    at + 1 + rest.iter().take_while(|byte| is_letter(byte)).count()
}

/// Tokens that stand together: without blanks between them, and around an `@` and around dots with blanks on both sides
/// with them (RFC 5322 4.4).
pub(super) fn runs<'t, 'a>(tokens: &[&'t Token<'a>]) -> Vec<Vec<&'t Token<'a>>> {
    let mut runs: Vec<Vec<&Token<'_>>> = Vec::new();
    // The last token that is no comment, and whether blanks stand before it.
    let mut last: Option<(&Token<'_>, bool)> = None;
    let mut end = 0;
    for (index, token) in tokens.iter().enumerate() {
        let gap = end < token.start;
        end = token.end;
        let gap_after = tokens.get(index + 1).is_none_or(|next| token.end < next.start);
        let is_comment = matches!(token.kind, TokenKind::Comment(_));
        let joined = last.is_some_and(|(last, gap_before)| {
            let by_dot = (last.is('.') && gap_before) || (token.is('.') && gap_after);
            !gap || last.is('@') || token.is('@') || by_dot
        });
        match runs.last_mut() {
            Some(run) if joined || is_comment => run.push(token),
            _ => runs.push(vec![token]),
        }
        if !is_comment {
            last = Some((token, gap));
        }
    }
    runs
}
