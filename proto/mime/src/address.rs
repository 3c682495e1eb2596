//! Address fields (RFC 5322 3.4 with the obsolete forms of 4.4, RFC 6532): who has an address.
//!
//! A mailbox is what has an address; entries without one are no people ([`Addresses::rest`]). Groups are taken as their
//! members, routes are passed over, the local part keeps its quotes. A comma that nobody quoted divides no name from its
//! address: `Doe, Jane <jane@x>` is one mailbox.

mod token;

use token::{Token, TokenKind};

use crate::cut::Cut;
use crate::{lex, text, words};

/// Somebody who can be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Decoded, blanks made one; from a comment where there is no phrase.
    pub name: Option<String>,
    /// `local@domain` without comments, quotes kept.
    pub address: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    pub mailboxes: Vec<Mailbox>,
    /// Entries without an address, decoded: names of lists, local users, what nobody understands.
    pub rest: Vec<String>,
    /// More than [`crate::Limits::addresses`].
    pub over: bool,
}

/// One entry of a list: what stands between two commas.
enum Entry {
    Mailbox(Mailbox),
    Name(String),
}

/// Names that may lie before one another without an address: `Doe, Jane, Dr. <jane@x>`.
const PIECES: usize = 3;

/// Reads one field's value to what `all` has.
pub(crate) fn add(value: &[u8], most: usize, all: &mut Addresses) {
    let text = text::unfolded(value);
    let tokens = token::all(&text);
    let mut reader = Reader { tokens: &tokens, at: 0 };
    let mut names: Vec<String> = Vec::new();
    while !reader.is_done() {
        if all.mailboxes.len() >= most || all.rest.len() >= most {
            all.over = true;
            break;
        }
        let (entries, comma) = reader.entry();
        for entry in entries {
            match entry {
                Entry::Name(name) => names.push(name),
                Entry::Mailbox(mailbox) => {
                    let divided = !names.is_empty() && names.len() <= PIECES;
                    all.mailboxes.push(match (divided, mailbox) {
                        (true, Mailbox { name: Some(name), address }) if !name.is_empty() => {
                            names.push(name);
                            Mailbox { name: Some(std::mem::take(&mut names).join(", ")), address }
                        }
                        (_, mailbox) => mailbox,
                    });
                    all.rest.append(&mut names);
                }
            }
        }
        if !comma {
            all.rest.append(&mut names);
        }
    }
    all.rest.append(&mut names);
}

struct Reader<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
}

impl<'t, 'a> Reader<'t, 'a> {
    fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// What stands up to the next comma, semicolon or end, and whether that is a comma. Colons end the name of a group.
    fn entry(&mut self) -> (Vec<Entry>, bool) {
        let mut entries = Vec::new();
        let mut phrase: Vec<&Token<'a>> = Vec::new();
        let mut comma = false;
        let mut angle: Option<Vec<&Token<'a>>> = None;
        // How much of the phrase stands before the brackets.
        let mut before = 0;
        while let Some(token) = self.tokens.get(self.at) {
            self.at += 1;
            match token.kind {
                TokenKind::Special(',') => {
                    comma = true;
                    break;
                }
                TokenKind::Special(';') => break,
                TokenKind::Special(':') if angle.is_none() => {
                    if phrase.iter().any(|token| token.is('@')) {
                        break;
                    }
                    phrase.clear();
                }
                TokenKind::Special('<') => {
                    let inner = self.angle();
                    if let Some(other) = angle.replace(inner).filter(|other| !other.is_empty()) {
                        let behind = phrase.split_off(if before > 0 { before } else { phrase.len() });
                        entries.extend(finish(&phrase, Some(other)));
                        phrase = behind;
                    }
                    before = phrase.len();
                }
                TokenKind::Special('>') => {}
                _ => phrase.push(token),
            }
        }
        entries.extend(finish(&phrase, angle));
        (entries, comma)
    }

    /// The tokens up to `>`. Where that is missing, an address ends before blanks that no dot or `@` joins, or a comma.
    fn angle(&mut self) -> Vec<&'t Token<'a>> {
        let rest = self.tokens.cut(self.at..);
        let ends = |token: &Token<'_>| token.is('>') || token.is('<');
        let end = rest.iter().position(|token| ends(token) || token.is(';')).unwrap_or(rest.len());
        let closed = rest.get(end).is_some_and(|token| token.is('>'));
        let is_route = rest.first().is_some_and(|token| token.is('@') || token.is(','));
        let comma = rest.cut(..end).iter().position(|token| token.is(','));
        // `<a@x, b@y>` holds two, `<@hop,@hop:a@x>` one.
        let end = match comma {
            Some(comma)
                if !is_route && rest.get(..comma).is_some_and(|left| left.iter().any(|token| token.is('@'))) =>
            {
                comma
            }
            _ => end,
        };
        self.at += end + usize::from(closed && rest.get(end).is_some_and(|token| token.is('>')));
        rest.cut(..end).iter().collect()
    }
}

/// The mailboxes of an entry: a phrase and what stood in angle brackets, or addresses among words.
fn finish(phrase: &[&Token<'_>], angle: Option<Vec<&Token<'_>>>) -> Vec<Entry> {
    if let Some(inner) = angle {
        let after_route = inner.iter().rposition(|token| token.is(':')).map_or(0, |colon| colon + 1);
        let inner = inner.cut(after_route..);
        if let Some(address) = spec(inner) {
            return vec![Entry::Mailbox(Mailbox { name: name(phrase), address })];
        }
        let bare = among_words(phrase);
        if bare.iter().any(|entry| matches!(entry, Entry::Mailbox(_))) {
            return bare;
        }
        let both: Vec<&Token<'_>> = phrase.iter().chain(inner).copied().collect();
        return among_words(&both);
    }
    among_words(phrase)
}

/// `local@domain` of tokens, comments and blanks taken out. None if either side is missing.
fn spec(tokens: &[&Token<'_>]) -> Option<String> {
    let tokens: Vec<&&Token<'_>> = tokens.iter().filter(|token| !matches!(token.kind, TokenKind::Comment(_))).collect();
    // `<"jane@x">`, `<'jane@x'>`
    if let [Token { kind: TokenKind::Quoted(inner), .. }] = tokens.as_slice() {
        return bare(inner);
    }
    let at = tokens.iter().rposition(|token| token.is('@'))?;
    if at == 0 || at + 1 == tokens.len() {
        return None;
    }
    let text: String = tokens.iter().map(|token| token.text).collect();
    tidy(&text)
}

/// Without the apostrophes that some programs put around it.
fn tidy(address: &str) -> Option<String> {
    let inner = address.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\'')).unwrap_or(address);
    let clean: String = inner.chars().filter(|c| !c.is_control()).collect();
    let (local, domain) = clean.rsplit_once('@')?;
    (!local.is_empty() && !domain.trim_matches('.').is_empty()).then_some(clean)
}

/// A text that is an address and nothing else.
fn bare(text: &str) -> Option<String> {
    let text = text.trim();
    let is_bare = text.matches('@').count() == 1 && !text.contains([' ', '\t', ',', ';', '<', '>', '"', '(', ')', ':']);
    if is_bare { tidy(text) } else { None }
}

/// Words, among them addresses without brackets. Each takes the words before it as its name, the last one all that follow.
fn among_words(tokens: &[&Token<'_>]) -> Vec<Entry> {
    let runs = token::runs(tokens);
    let is_address = |run: &&[&Token<'_>]| run.iter().any(|token| token.is('@')) && spec(run).is_some();
    if !runs.iter().any(|run| is_address(&run.as_slice())) {
        return hidden(tokens);
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut words: Vec<&Token<'_>> = Vec::new();
    for run in &runs {
        match spec(run).filter(|_| is_address(&run.as_slice())) {
            Some(address) => {
                let name = name(&std::mem::take(&mut words));
                entries.push(Entry::Mailbox(Mailbox { name, address }));
                // A comment within an address is nobody's name, one behind it is.
                words.extend(run.iter().rev().take_while(|token| matches!(token.kind, TokenKind::Comment(_))).copied());
            }
            None => words.extend(run),
        }
    }
    match (entries.last_mut(), name(&words)) {
        (Some(Entry::Mailbox(Mailbox { name: name @ None, .. })), behind) => *name = behind,
        (Some(Entry::Mailbox(Mailbox { name: Some(name), .. })), Some(behind)) => {
            name.push(' ');
            name.push_str(&behind);
        }
        _ => {}
    }
    entries
}

/// An address in quotes or in an encoded word, or a name without one.
fn hidden(tokens: &[&Token<'_>]) -> Vec<Entry> {
    let Some(name) = name(tokens) else { return Vec::new() };
    let is_coded = tokens.iter().any(|token| matches!(token.kind, TokenKind::Encoded));
    let inner = name.rsplit_once('<').filter(|_| is_coded).and_then(|(before, inner)| {
        let address = bare(inner.split('>').next()?)?;
        let name = before.trim().trim_matches('"').trim();
        Some(Mailbox { name: (!name.is_empty()).then(|| name.to_owned()), address })
    });
    let mailbox = inner.or_else(|| bare(&name).map(|address| Mailbox { name: None, address }));
    vec![mailbox.map_or(Entry::Name(name), Entry::Mailbox)]
}

/// The text of a phrase: quotes and comments taken away, words decoded. Comments count where there is nothing else.
fn name(tokens: &[&Token<'_>]) -> Option<String> {
    let mut out = String::new();
    let mut last: Option<&Token<'_>> = None;
    for token in tokens {
        if matches!(token.kind, TokenKind::Comment(_)) {
            continue;
        }
        if last.is_some_and(|last| last.end < token.start) && !out.is_empty() {
            out.push(' ');
        }
        last = Some(token);
        match token.kind {
            TokenKind::Quoted(inner) => out.push_str(&lex::unescaped(inner)),
            _ => out.push_str(token.text),
        }
    }
    let clean = |text: &str| {
        let text = words::decode(text);
        let text = text.replace(|c: char| c.is_control(), " ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    };
    let comments = tokens.iter().rev().filter_map(|token| match token.kind {
        TokenKind::Comment(inner) => clean(&lex::unescaped(inner)),
        _ => None,
    });
    clean(&out).or_else(|| comments.into_iter().next())
}
