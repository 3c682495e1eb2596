//! Filters as text (RFC 4515), and as octets in a search (RFC 4511 4.5.1.7).

use crate::Malformed;
use crate::ber::{BOOLEAN, CONSTRUCTED, CONTEXT, OCTET_STRING, Octets, SEQUENCE, element};

/// Filters in filters.
const DEEPEST: usize = 16;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    octets: Vec<u8>,
}

impl Filter {
    /// The filter that `text` is; the brackets around the whole may be left out.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Filter, Malformed> {
        let text = text.trim();
        let whole = if text.starts_with('(') { text.to_owned() } else { format!("({text})") };
        let mut parser = Parser { rest: &whole };
        let octets = parser.filter(0)?;
        if parser.rest.is_empty() {
            Ok(Filter { octets: octets.to_vec() })
        } else {
            Err(Malformed("something behind the filter's last bracket"))
        }
    }

    pub(crate) fn octets(&self) -> Octets {
        Octets::new(self.octets.clone())
    }
}

struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    fn skip(&mut self, sign: char, without: &'static str) -> Result<(), Malformed> {
        self.rest = self.rest.strip_prefix(sign).ok_or(Malformed(without))?;
        Ok(())
    }

    fn filter(&mut self, depth: usize) -> Result<Octets, Malformed> {
        if depth > DEEPEST {
            return Err(Malformed("the filter is too deep"));
        }
        self.skip('(', "a bracket that opens is missing in the filter")?;
        let octets = match self.rest.chars().next() {
            Some('&') => self.several(0, depth)?,
            Some('|') => self.several(1, depth)?,
            Some('!') => {
                self.skip('!', "")?;
                element(CONTEXT | CONSTRUCTED | 2, &[&self.filter(depth + 1)?])
            }
            _ => self.item()?,
        };
        self.skip(')', "a bracket that closes is missing in the filter")?;
        Ok(octets)
    }

    fn several(&mut self, tag: u8, depth: usize) -> Result<Octets, Malformed> {
        self.rest = self.rest.get(1..).unwrap_or_default();
        let mut members = Vec::new();
        while self.rest.starts_with('(') {
            members.push(self.filter(depth + 1)?);
        }
        let members: Vec<&[u8]> = members.iter().map(|member| member.as_slice()).collect();
        Ok(element(CONTEXT | CONSTRUCTED | tag, &members))
    }

    /// `attribute=value` and its kin.
    fn item(&mut self) -> Result<Octets, Malformed> {
        let (item, rest) = self.rest.split_at(self.rest.find([')', '(']).unwrap_or(self.rest.len()));
        self.rest = rest;
        let (left, value) = item.split_once('=').ok_or(Malformed("a part of the filter has no ="))?;
        let compare = |tag: u8, name: &str| {
            let (name, value) = (octets(attribute(name)?.as_bytes()), octets(&unescaped(value)?));
            Ok(element(CONTEXT | CONSTRUCTED | tag, &[&name, &value]))
        };
        match left.char_indices().next_back() {
            Some((at, '>')) => compare(5, left.get(..at).unwrap_or_default()),
            Some((at, '<')) => compare(6, left.get(..at).unwrap_or_default()),
            Some((at, '~')) => compare(8, left.get(..at).unwrap_or_default()),
            Some((at, ':')) => extensible(left.get(..at).unwrap_or_default(), value),
            _ if value == "*" => Ok(element(CONTEXT | 7, &[attribute(left)?.as_bytes()])),
            _ if value.contains('*') => substrings(left, value),
            _ => compare(3, left),
        }
    }
}

fn octets(octets: &[u8]) -> Octets {
    element(OCTET_STRING, &[octets])
}

/// The name of an attribute, with options (RFC 4512 2.5).
fn attribute(name: &str) -> Result<&str, Malformed> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ';' | '.' | '_');
    let fits = !name.is_empty() && name.chars().all(good);
    fits.then_some(name).ok_or(Malformed("a part of the filter has no attribute's name before its ="))
}

/// `initial*any*final`.
fn substrings(name: &str, value: &str) -> Result<Octets, Malformed> {
    let parts: Vec<&str> = value.split('*').collect();
    let last = parts.len().saturating_sub(1);
    let mut pieces = Vec::new();
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let tag = match at {
            0 => 0,
            at if at == last => 2,
            _ => 1,
        };
        pieces.push(element(CONTEXT | tag, &[&unescaped(part)?]));
    }
    let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_slice()).collect();
    if pieces.is_empty() {
        return Err(Malformed("a part of the filter has stars and nothing else"));
    }
    let name = octets(attribute(name)?.as_bytes());
    Ok(element(CONTEXT | CONSTRUCTED | 4, &[&name, &element(SEQUENCE, &pieces)]))
}

/// `attribute:dn:rule`, each of which may be missing, but not attribute and rule together: as Active Directory wants it for
/// members of groups in groups.
fn extensible(left: &str, value: &str) -> Result<Octets, Malformed> {
    let mut names = left.split(':');
    let name = names.next().unwrap_or_default();
    let (mut dn, mut rule) = (false, None);
    for word in names {
        match word {
            _ if rule.is_some() => return Err(Malformed("a part of the filter has more than one matching rule")),
            "dn" | "DN" if !dn => dn = true,
            word => rule = Some(attribute(word)?),
        }
    }
    let mut parts = Vec::new();
    parts.extend(rule.map(|rule| element(CONTEXT | 1, &[rule.as_bytes()])));
    if !name.is_empty() {
        parts.push(element(CONTEXT | 2, &[attribute(name)?.as_bytes()]));
    }
    if parts.is_empty() {
        return Err(Malformed("a part of the filter has neither attribute nor matching rule"));
    }
    parts.push(element(CONTEXT | 3, &[&unescaped(value)?]));
    if dn {
        let mut flag = element(BOOLEAN, &[&[0xff]]);
        if let Some(tag) = flag.first_mut() {
            *tag = CONTEXT | 4;
        }
        parts.push(flag);
    }
    let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_slice()).collect();
    Ok(element(CONTEXT | CONSTRUCTED | 9, &parts))
}

/// A value whose `\2a` are octets (RFC 4515 3).
fn unescaped(value: &str) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(value.len());
    let mut octets = value.bytes();
    let digit = |octet: Option<u8>| octet.and_then(|octet| char::from(octet).to_digit(16));
    while let Some(octet) = octets.next() {
        match octet {
            b'\\' => match (digit(octets.next()), digit(octets.next())) {
                (Some(high), Some(low)) => out.push((high << 4 | low) as u8),
                _ => return Err(Malformed("a \\ in the filter without two hexadecimal digits behind it")),
            },
            b'*' | 0 => return Err(Malformed("a sign in the filter that must be written as \\ and its number")),
            octet => out.push(octet),
        }
    }
    Ok(out)
}
