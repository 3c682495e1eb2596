//! The addresses of From and Sender, read so strictly that no other reader finds others (RFC 5322 3.4), and written.
//!
//! Left out on purpose: groups, routes, empty members and blanks inside addresses. Comments are read and not written.

/// A mailbox of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mailbox {
    /// The words of the name, each as it is written.
    pub name: Vec<String>,
    /// `local@domain` (or `local`), the local part without quotes.
    pub address: String,
}

/// Comments in comments.
const DEPTH: usize = 20;
/// Octets of a word of a name; a name with a longer one is left out, for no line can hold it.
const WORD: usize = 900;
/// Characters of a line, where it can be helped.
const WIDTH: usize = 76;

/// All mailboxes of an unfolded value; None if there is none, or anything else.
pub(super) fn list(value: &[u8]) -> Option<Vec<Mailbox>> {
    let text = String::from_utf8_lossy(value);
    let mut reader = Reader { rest: &text };
    let mut found = Vec::new();
    loop {
        found.push(reader.mailbox()?);
        reader.blanks()?;
        match reader.take()? {
            None => return Some(found),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

/// The field, folded between words.
pub(super) fn write(name: &str, people: &[Mailbox], out: &mut Vec<u8>) {
    let mut line = format!("{name}:");
    let mut width = line.len();
    let last = people.len().saturating_sub(1);
    for (at, one) in people.iter().enumerate() {
        let fits = one.name.iter().all(|word| word.len() <= WORD);
        let end = if at == last { "" } else { "," };
        let address = format!("<{}>{end}", one.address);
        for word in one.name.iter().filter(|_| fits).chain(std::iter::once(&address)) {
            let is_first = width == name.len() + 1;
            if width + 1 + word.len() > WIDTH && !is_first {
                line.push_str("\r\n");
                width = 0;
            }
            line.push(' ');
            line.push_str(word);
            width += 1 + word.len();
        }
    }
    out.extend_from_slice(line.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// A structured value without its comments (what stands in quotes is none).
pub(super) fn without_comments(value: &[u8]) -> Vec<u8> {
    let (mut depth, mut quoted) = (0_usize, false);
    let mut kept = Vec::with_capacity(value.len());
    let mut octets = value.iter().copied();
    while let Some(byte) = octets.next() {
        let outside = depth == 0;
        match byte {
            b'\\' if quoted || !outside => {
                let next = octets.next();
                if outside {
                    kept.push(byte);
                    kept.extend(next);
                }
                continue;
            }
            b'"' if outside => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted && !outside => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            kept.push(byte);
        }
    }
    kept
}

struct Reader<'a> {
    rest: &'a str,
}

fn is_atom(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || (!c.is_ascii() && !c.is_control())
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// The next character, Some(None) at the end; None for one that no value has.
    fn take(&mut self) -> Option<Option<char>> {
        let Some(c) = self.peek() else { return Some(None) };
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        (!c.is_control() || c == '\t').then_some(Some(c))
    }

    fn skip(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn run(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at(end);
        self.rest = rest;
        run
    }

    /// Blanks and comments. None for a comment without an end.
    fn blanks(&mut self) -> Option<()> {
        loop {
            self.run(|c| matches!(c, ' ' | '\t'));
            if self.peek() != Some('(') {
                return Some(());
            }
            let mut depth = 0;
            loop {
                match self.take()?? {
                    '(' if depth == DEPTH => return None,
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    '\\' => drop(self.take()??),
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        }
    }

    /// What stands between quotes, without them and what escapes.
    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.take()?? {
                '"' => return Some(text),
                '\\' => text.push(self.take()??),
                c => text.push(c),
            }
        }
    }

    fn mailbox(&mut self) -> Option<Mailbox> {
        self.blanks()?;
        let start = self.rest;
        if let Some(address) = self.address(false) {
            self.blanks()?;
            if matches!(self.peek(), None | Some(',')) {
                return Some(Mailbox { name: Vec::new(), address });
            }
        }
        self.rest = start;
        let mut name = Vec::new();
        loop {
            self.blanks()?;
            if self.skip('<') {
                break;
            }
            name.push(self.word()?);
        }
        self.blanks()?;
        let address = self.address(true)?;
        self.blanks()?;
        self.skip('>').then_some(Mailbox { name, address })
    }

    /// A word of a name. Dots, which only the obsolete form has, are put into quotes unless they stand in an encoded word.
    fn word(&mut self) -> Option<String> {
        if self.skip('"') {
            return self.quoted().map(|text| quote(&text));
        }
        let word = self.run(|c| is_atom(c) || c == '.');
        let encoded = word.starts_with("=?") && word.ends_with("?=");
        match word {
            "" => None,
            word if word.contains('.') && !encoded => Some(quote(word)),
            word => Some(word.to_owned()),
        }
    }

    /// `local@domain` without blanks; `short`: the domain may be missing, as with accounts that have no address.
    fn address(&mut self, short: bool) -> Option<String> {
        let local = if self.skip('"') { self.quoted()? } else { self.dotted()?.to_owned() };
        if !self.skip('@') {
            return Some(local).filter(|local| short && !local.is_empty());
        }
        let domain = match self.rest.strip_prefix('[') {
            Some(rest) => {
                let end = rest.find(']')?;
                let literal = self.rest.get(..end + 2)?;
                let odd = |c: char| !c.is_ascii_graphic() || matches!(c, '\\' | '<' | '>' | '"');
                if literal.contains(odd) || rest.get(..end)?.contains('[') {
                    return None;
                }
                self.rest = self.rest.get(end + 2..)?;
                literal
            }
            None => self.dotted()?,
        };
        Some(format!("{local}@{domain}"))
    }

    fn dotted(&mut self) -> Option<&'a str> {
        let run = self.run(|c| is_atom(c) || c == '.');
        run.split('.').all(|atom| !atom.is_empty()).then_some(run)
    }
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
