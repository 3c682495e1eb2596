//! Parameters of structured MIME fields (RFC 2045 5.1), in pieces and in any characters (RFC 2231, and RFC 2047 where it does
//! not belong, because everybody does it).

use std::borrow::Cow;

use crate::charset::Charset;
use crate::cut::Cut;
use crate::lex::{self, Lexer};
use crate::{text, transfer, words};

/// Parameters in the order of their first pieces; names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    all: Vec<(String, String)>,
    /// More than [`crate::Limits::parameters`].
    pub over: bool,
}

impl Parameters {
    /// `name` in lower case. What was said in another character set is preferred to its ASCII stand-in (RFC 6266 4.3).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// `name*2*=value`
struct Piece<'a> {
    name: String,
    /// None: the whole value.
    number: Option<u32>,
    /// Percent-encoded.
    extended: bool,
    value: Cow<'a, [u8]>,
}

/// Reads what follows a field's main value.
pub(crate) fn read(value: &[u8], most: usize) -> Parameters {
    let mut parameters = Parameters::default();
    let mut pieces = Vec::new();
    let mut lexer = Lexer::new(value);
    let mut at = 0;
    while at < value.len() {
        at = lexer.skip(at);
        let start = at;
        at = lex::token(value, at);
        let name = value.cut(start..at);
        let equals = lexer.skip(at);
        if name.is_empty() || lexer.byte(equals) != Some(b'=') {
            // No parameter: on to what may be the next one.
            at = at.max(start + 1);
            continue;
        }
        let begin = lexer.skip(equals + 1);
        let free = is_free(name);
        let (found, end) = quoted(&mut lexer, value, begin, free).unwrap_or_else(|| unquoted(value, begin, free));
        at = end;
        if pieces.len() >= most {
            parameters.over = true;
            break;
        }
        pieces.push(piece(name, found));
    }
    join(pieces, &mut parameters);
    parameters
}

/// Whether any letters may stand in a value without quotes: people write names of files so, all else has tokens.
fn is_free(name: &[u8]) -> bool {
    let begins = |start: &[u8]| name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    begins(b"name") || begins(b"filename")
}

/// The quoted value at `at`, and where it ends: at the quote behind which a parameter can end, for names of files have
/// quotes in them that nobody escaped. A comment that nothing ends is behind the value, unless a free one goes on in it.
fn quoted<'a>(lexer: &mut Lexer<'a>, octets: &'a [u8], at: usize, free: bool) -> Option<(Cow<'a, [u8]>, usize)> {
    let (mut end, mut before_comment) = (at, None);
    for _ in 0..QUOTES {
        let Some(next) = lexer.quoted(end) else { break };
        let after = lexer.skip(next);
        let found = || Some((unescaped(octets.get(at + 1..next - 1)?), next));
        let is_comment = lexer.byte(after) == Some(b'(');
        if matches!(lexer.byte(after), None | Some(b';')) || begins_parameter(octets, after) || is_comment && !free {
            return found();
        }
        before_comment = before_comment.or_else(|| found().filter(|_| is_comment));
        end = next - 1;
    }
    before_comment
}

/// What is not quoted ends at `;`, or before another parameter; a token before a comment, whether or not that ends.
fn unquoted(octets: &[u8], at: usize, free: bool) -> (Cow<'_, [u8]>, usize) {
    let rest = octets.cut(at..);
    let ends = |(offset, byte): (usize, &u8)| {
        *byte == b';' || (byte.is_ascii_whitespace() && begins_parameter(octets, at + offset + 1))
    };
    let length = rest.iter().enumerate().position(ends).unwrap_or(rest.len());
    let held = without_comment(rest.cut(..length));
    let comment = held.windows(2).position(|pair| matches!(pair, [before, b'('] if before.is_ascii_whitespace()));
    let held =
        comment.filter(|_| !free && !held.starts_with(b"\"")).map_or(held, |at| crate::line::trim(held.cut(..at)));
    let bare = held.strip_prefix(b"\"").unwrap_or(held);
    (Cow::Borrowed(bare.strip_suffix(b"\"").unwrap_or(bare)), at + length)
}

/// Quotes in one value beyond that end it.
const QUOTES: usize = 50;

/// `name=` without blanks, and what follows is a value.
fn begins_parameter(octets: &[u8], at: usize) -> bool {
    let end = lex::token(octets, at);
    end > at && octets.get(end) == Some(&b'=') && octets.get(end + 1).is_some_and(|byte| !matches!(byte, b'=' | b'?'))
}

/// Without blanks on either side and a comment at the end. One with text behind it belongs to the value: `report (1).pdf`.
fn without_comment(held: &[u8]) -> &[u8] {
    let held = crate::line::trim(held);
    if held.last() != Some(&b')') {
        return held;
    }
    let open = held.iter().enumerate().filter(|(_, byte)| **byte == b'(').map(|(at, _)| at).take(QUOTES);
    let comment = open.into_iter().find(|at| Lexer::new(held).skip(*at) == held.len());
    comment.and_then(|at| held.get(..at)).map_or(held, crate::line::trim)
}

/// `\"` and `\\` are what they escape; other backslashes stay, for they separate the directories of DOS. Folded lines are one.
fn unescaped(octets: &[u8]) -> Cow<'_, [u8]> {
    if !octets.iter().any(|byte| matches!(byte, b'\\' | b'\r' | b'\n')) {
        return Cow::Borrowed(octets);
    }
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [escaped @ (b'"' | b'\\'), tail @ ..]) => {
                out.push(*escaped);
                rest = tail;
            }
            (b'\r' | b'\n', _) => {}
            _ => out.push(*byte),
        }
    }
    Cow::Owned(out)
}

fn piece<'a>(name: &[u8], value: Cow<'a, [u8]>) -> Piece<'a> {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let (rest, extended) = name.strip_suffix('*').map_or((name.as_str(), false), |rest| (rest, true));
    let number = rest.rsplit_once('*').and_then(|(base, number)| Some((base, number.parse::<u32>().ok()?)));
    let (base, number) = match number {
        Some((base, number)) if !base.is_empty() => (base, Some(number)),
        _ => (rest, None),
    };
    Piece { name: base.to_owned(), number, extended, value }
}

/// Puts pieces together, whatever their order; gaps are passed over, and of two with one number the first counts.
fn join(pieces: Vec<Piece<'_>>, parameters: &mut Parameters) {
    let mut order: Vec<String> = Vec::new();
    let mut sorted: Vec<(usize, Piece<'_>)> = Vec::with_capacity(pieces.len());
    let mut places = std::collections::HashMap::new();
    for piece in pieces {
        let place = *places.entry(piece.name.clone()).or_insert_with(|| {
            order.push(piece.name.clone());
            order.len() - 1
        });
        sorted.push((place, piece));
    }
    // Extended wholes, pieces, plain wholes.
    let rank = |piece: &Piece<'_>| match (piece.number, piece.extended) {
        (None, true) => (0, 0),
        (Some(number), _) => (1, number),
        (None, false) => (2, 0),
    };
    sorted.sort_by_key(|(place, piece)| (*place, rank(piece)));
    for same in sorted.chunk_by(|one, next| one.0 == next.0) {
        let whole = same.first().filter(|(_, piece)| piece.number.is_none());
        let numbered: Vec<&Piece<'_>> =
            same.iter().map(|(_, piece)| piece).filter(|piece| whole.is_none() && piece.number.is_some()).collect();
        let value = match whole {
            Some((_, piece)) => joined(&[piece]),
            None => joined(&numbered),
        };
        let name = same.first().and_then(|(place, _)| order.get_mut(*place)).map(std::mem::take);
        parameters.all.extend(name.map(|name| (name, value)));
    }
}

/// The octets of all pieces, then their characters: the set is said once, before the first piece (RFC 2231 4.1).
fn joined(pieces: &[&Piece<'_>]) -> String {
    let mut octets = Vec::new();
    let mut charset = None;
    let mut last = None;
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 && piece.number == last {
            continue;
        }
        last = piece.number;
        let mut value = piece.value.as_ref();
        if at == 0 && piece.extended {
            let mut quotes = value.iter().enumerate().filter(|(_, byte)| **byte == b'\'').map(|(at, _)| at);
            if let (Some(first), Some(second)) = (quotes.next(), quotes.next()) {
                charset = Some(Charset::named(&String::from_utf8_lossy(value.cut(..first))));
                value = value.cut(second + 1..);
            }
        }
        if piece.extended { transfer::percent(value, &mut octets) } else { octets.extend_from_slice(value) }
    }
    let text = match charset {
        Some(charset) => charset.decode(&octets),
        None => text::utf8(&octets),
    };
    let text = if charset.is_none() { words::decode(&text) } else { text };
    text.replace(['\0', '\r', '\n'], "").trim().to_owned()
}
