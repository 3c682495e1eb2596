//! Tags, text and entities out of whatever calls itself HTML. Never fails; takes time in proportion to its input.

use mail_parser::decoders::html::add_html_token;

pub(super) enum Token<'a> {
    Text(&'a str),
    /// Name in lower case, at most as long as any that is known here.
    Open {
        name: Name,
        attributes: &'a str,
    },
    Close {
        name: Name,
    },
}

/// A tag's name in lower case; longer ones than any known are cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Name([u8; 12]);

impl Name {
    fn of(tag: &str) -> Name {
        let mut name = [0; 12];
        for (to, from) in name.iter_mut().zip(tag.bytes()) {
            *to = from.to_ascii_lowercase();
        }
        Name(name)
    }

    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(self.0.len());
        self.0.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// Reads one token at the start of `rest`, which is not empty.
pub(super) fn token(rest: &str) -> (Option<Token<'_>>, &str) {
    let Some(tag) = rest.strip_prefix('<') else {
        let end = rest.find('<').unwrap_or(rest.len());
        let (text, rest) = rest.split_at(end);
        return (Some(Token::Text(text)), rest);
    };
    if let Some(comment) = tag.strip_prefix("!--") {
        return (None, comment.find("-->").and_then(|at| comment.get(at + 3..)).unwrap_or(""));
    }
    let closing = tag.starts_with('/');
    let inner = tag.strip_prefix('/').unwrap_or(tag);
    if inner.starts_with(['!', '?']) {
        return (None, after_tag(inner).1);
    }
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
        // A lone `<` is text.
        let end = tag.find('<').map_or(rest.len(), |at| at + 1);
        let (text, rest) = rest.split_at(end);
        return (Some(Token::Text(text)), rest);
    }
    let (whole, rest) = after_tag(inner);
    let end = whole.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(whole.len());
    let (name, attributes) = whole.split_at(end);
    let name = Name::of(name);
    (Some(if closing { Token::Close { name } } else { Token::Open { name, attributes } }), rest)
}

/// What stands before the `>` that ends a tag (one in quotes does not), and what follows it.
fn after_tag(tag: &str) -> (&str, &str) {
    let mut quote = None;
    let mut value = false;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return (tag.get(..at).unwrap_or_default(), tag.get(at + 1..).unwrap_or_default()),
            // Only after `=` does a quote open a value: apostrophes stray into broken tags.
            (None, b'"' | b'\'') if value => quote = Some(byte),
            (Some(open), _) if byte == open => quote = None,
            _ => {}
        }
        value = byte == b'=' || (value && byte.is_ascii_whitespace());
    }
    // A quote that never ends: the tag ends at its first `>`.
    match tag.split_once('>') {
        Some(parts) => parts,
        None => (tag, ""),
    }
}

/// The attributes of a tag in order: name, and value with its entities as they stand.
pub(super) fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=' || c == '/').unwrap_or(rest.len());
        // A stray `=` is the first letter of a name, as browsers have it.
        let end = if end == 0 && !rest.is_empty() { rest.chars().next().map_or(0, char::len_utf8) } else { end };
        let (name, tail) = rest.split_at(end);
        if name.is_empty() {
            return None;
        }
        let tail = tail.trim_ascii_start();
        let (value, tail) = match tail.strip_prefix('=').map(str::trim_ascii_start) {
            None => ("", tail),
            Some(value) => match value.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let value = value.get(1..).unwrap_or_default();
                    value.split_once(quote).unwrap_or((value, ""))
                }
                _ => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
            },
        };
        rest = tail;
        Some((name, value))
    })
}

/// The value of an attribute, entities decoded.
pub(super) fn attribute(text: &str, name: &str) -> Option<String> {
    let (_, value) = attributes(text).find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    let mut decoded = String::with_capacity(value.len());
    decode(value, |piece| decoded.push_str(piece));
    Some(decoded)
}

/// Hands over `text` piece by piece with its entities decoded.
pub(super) fn decode(text: &str, mut piece: impl FnMut(&str)) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        piece(before);
        // The longest named entity has 33 characters.
        let end = entity.bytes().take(36).position(|b| b == b';');
        match end.and_then(|end| entity.split_at_checked(end + 1)) {
            Some((entity, tail)) => {
                let mut decoded = String::new();
                add_html_token(&mut decoded, entity.as_bytes(), false);
                piece(&decoded);
                rest = tail;
            }
            None => {
                piece("&");
                rest = entity.get(1..).unwrap_or_default();
            }
        }
    }
    piece(rest);
}

/// Elements whose content is not shown.
pub(super) fn is_hidden(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "title"
            | "template"
            | "noscript"
            | "noframes"
            | "iframe"
            | "object"
            | "textarea"
            | "select"
    )
}

/// What follows the closing tag of `name`; nothing if there is none.
pub(super) fn after_closing<'a>(html: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = html.get(from..).and_then(|rest| rest.find("</")).map(|at| from + at + 2) {
        let rest = html.get(at..).unwrap_or_default();
        if rest.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name)) {
            return rest.split_once('>').map_or("", |(_, rest)| rest);
        }
        from = at;
    }
    ""
}
