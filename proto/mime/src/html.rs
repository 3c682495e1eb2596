//! What a reader of mail must know of an HTML text: the characters it says it is in, and what its attributes refer to
//! (RFC 2392, RFC 2557). It is no parser of HTML, and takes time in proportion to the text.

use std::collections::HashSet;

use crate::charset::Charset;
use crate::cut::Cut;
use crate::transfer;

/// Octets in which a text must say its characters: HTML's own rule has 1024, mail programs put styles before.
const PRESCAN: usize = 16 * 1024;

/// The set that `<meta charset>`, `<meta http-equiv>` or `<?xml encoding?>` name. UTF-16 cannot be true of a text in which
/// the name could be read, and means UTF-8.
pub(crate) fn charset(octets: &[u8]) -> Option<Charset> {
    let start = octets.get(..PRESCAN).unwrap_or(octets);
    let text: String = start.iter().map(|byte| char::from(*byte).to_ascii_lowercase()).filter(char::is_ascii).collect();
    let xml = text.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split('>').next());
    let xml = xml.and_then(|tag| label(tag, "encoding"));
    let metas = text.split("<meta").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
    let label =
        xml.or_else(|| metas.filter_map(|tag| label(tag, "charset")).find(|label| Charset::find(label).is_some()))?;
    match Charset::find(label)? {
        // UTF-7 that a text claims for itself was never anything but a way past filters.
        Charset::Utf16 | Charset::Utf7 => Some(Charset::Guess),
        Charset::Known(known) if known == encoding_rs::UTF_16LE || known == encoding_rs::UTF_16BE => {
            Some(Charset::Guess)
        }
        charset => Some(charset),
    }
}

/// The word after `name=`.
fn label<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = tag;
    loop {
        let at = rest.find(name)?;
        rest = rest.get(at + name.len()..)?;
        if let Some(value) = rest.trim_start().strip_prefix('=') {
            let value = value.trim_start().trim_start_matches(['"', '\'']);
            let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'' | ';' | '/' | '>' | '?');
            return value.split(ends).next().filter(|label| !label.is_empty());
        }
    }
}

/// Tags that show something without a text.
const VISIBLE: [&str; 8] = ["img", "svg", "video", "audio", "object", "embed", "input", "iframe"];
/// Tags whose text is not shown.
const HIDDEN: [&str; 4] = ["style", "script", "title", "head"];

/// Nothing in it would be seen.
pub(crate) fn is_blank(html: &str) -> bool {
    let mut hidden: Option<&str> = None;
    for piece in html.split('<') {
        let (tag, text) = piece.split_once('>').unwrap_or(("", piece));
        let tag = if text.len() == html.len() { "" } else { tag };
        let name =
            tag.split(|c: char| c.is_ascii_whitespace() || c == '/').find(|word| !word.is_empty()).unwrap_or_default();
        let is_closing = tag.starts_with('/');
        if VISIBLE.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return false;
        }
        let known = HIDDEN.iter().find(|known| known.eq_ignore_ascii_case(name)).copied();
        match (hidden, known) {
            (None, Some(name)) if !is_closing => hidden = Some(name),
            (Some(open), Some(name)) if is_closing && open == name => hidden = None,
            (Some("head"), None) if name.eq_ignore_ascii_case("body") => hidden = None,
            _ => {}
        }
        let is_comment = tag.starts_with('!');
        if hidden.is_none() && !is_comment && !text.replace("&nbsp;", " ").trim().is_empty() {
            return false;
        }
    }
    true
}

/// What a text refers to.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// Of `cid:` URLs, escapes undone, and as they stand.
    ids: HashSet<String>,
    /// All other values that could be URLs, as they stand and with escapes undone.
    locations: HashSet<String>,
}

impl References {
    /// Reads all attributes of a text, those in comments too: some programs hide pictures there from others.
    pub fn of(html: &str) -> References {
        let mut found = References::default();
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            found.styles(rest.cut(..at));
            let tag = rest.cut(at + 1..);
            rest = if tag.starts_with(|c: char| c.is_ascii_alphabetic()) { found.tag(tag) } else { tag };
        }
        found.styles(rest);
        found
    }

    pub fn has(&self, content_id: Option<&str>, location: Option<&str>) -> bool {
        let has = |set: &HashSet<String>, name: Option<&str>| name.is_some_and(|name| set.contains(name));
        has(&self.ids, content_id) || has(&self.locations, location)
    }

    /// The attributes of the tag that a text begins with; answers what follows it.
    fn tag<'t>(&mut self, tag: &'t str) -> &'t str {
        let mut rest = tag.trim_start_matches(|c: char| !c.is_ascii_whitespace() && !matches!(c, '>' | '/'));
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if let Some(after) = rest.strip_prefix('>') {
                return after;
            }
            let name =
                rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(rest.len());
            if name == 0 && !rest.starts_with('=') {
                return rest;
            }
            let after = rest.cut(name..).trim_ascii_start();
            let Some(value) = after.strip_prefix('=').map(str::trim_ascii_start) else {
                rest = after;
                continue;
            };
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quoted = quote.and_then(|quote| value.get(1..)?.split_once(quote));
            let (value, after) = quoted.unwrap_or_else(|| {
                let end = value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len());
                value.split_at(end)
            });
            self.value(value);
            rest = after;
        }
    }

    /// An attribute's value: an URL, several, or a style with URLs in it.
    fn value(&mut self, value: &str) {
        let value = entities(value);
        let value = value.trim();
        if !self.urls(value) && !value.is_empty() && value.len() < 2048 {
            self.locations.insert(value.to_owned());
            self.locations.insert(unescaped(value));
        }
    }

    fn styles(&mut self, text: &str) {
        if text.contains('(') {
            self.urls(text);
        }
    }

    /// The `cid:` URLs in a text: at its beginning, or after a bracket, a quote, a comma or a blank.
    fn urls(&mut self, text: &str) -> bool {
        let mut any = false;
        let begins = |at: usize| {
            let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
            before.is_none_or(|byte| b"(\"', \t\r\n=".contains(byte))
        };
        let mut from = 0;
        while let Some(colon) = text.get(from..).and_then(|rest| rest.find(':')) {
            let colon = from + colon;
            from = colon + 1;
            let start =
                colon.checked_sub(3).filter(|at| text.get(*at..colon).is_some_and(|s| s.eq_ignore_ascii_case("cid")));
            let Some(start) = start.filter(|start| begins(*start)) else { continue };
            let url = text.cut(from..);
            let whole = start == 0;
            let ends = |c: char| c.is_whitespace() || (!whole && matches!(c, ')' | '"' | '\'' | ','));
            let id = url.split(ends).next().unwrap_or_default();
            any = true;
            self.ids.insert(id.to_owned());
            self.ids.insert(unescaped(id));
            from += id.len();
        }
        any
    }
}

/// Percent escapes undone (RFC 3986 2.1).
fn unescaped(url: &str) -> String {
    let mut octets = Vec::with_capacity(url.len());
    transfer::percent(url.as_bytes(), &mut octets);
    String::from_utf8_lossy(&octets).into_owned()
}

/// Names of characters that stand in URLs.
const NAMED: [(&str, char); 18] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("colon", ':'),
    ("commat", '@'),
    ("dollar", '$'),
    ("equals", '='),
    ("excl", '!'),
    ("lowbar", '_'),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("sol", '/'),
    ("ast", '*'),
];

/// Entities undone; the semicolon of a number may be missing.
fn entities(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.cut(..at));
        let entity = rest.cut(at + 1..);
        let numbered = entity.strip_prefix('#').map(|number| match number.strip_prefix(['x', 'X']) {
            Some(hex) => (hex, 16),
            None => (number, 10),
        });
        let (found, tail) = match numbered {
            Some((digits, radix)) => {
                let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
                let (digits, tail) = digits.split_at(end);
                (u32::from_str_radix(digits, radix).ok().and_then(char::from_u32), tail)
            }
            None => {
                let end = entity.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(entity.len());
                let (name, tail) = entity.split_at(end);
                (NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c), tail)
            }
        };
        match found {
            Some(c) => {
                out.push(c);
                rest = tail.strip_prefix(';').unwrap_or(tail);
            }
            None => {
                out.push('&');
                rest = entity;
            }
        }
    }
    out.push_str(rest);
    out
}
