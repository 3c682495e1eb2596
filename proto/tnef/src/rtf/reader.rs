//! Groups and their state, and the text that comes out (RTF 1.9.1; MS-OXRTFEX 2.2.3).

use super::font::{FontSet, Fonts};
use super::token::{Token, Tokens};
use super::word::{self, Destination};
use super::{Rtf, RtfSource};
use crate::budget::{Damage, Limit, Meter};
use crate::codepage::Charset;

/// What a group hands on to those inside it, and gets back when they end.
#[derive(Clone, Copy, Debug)]
struct Group {
    destination: Destination,
    /// Where the group around `\upr` had its text: its Unicode form belongs there.
    around: Destination,
    font: Option<i32>,
    /// Octets of the stand-in behind each `\u`.
    stand_in: usize,
    /// `\htmlrtf`: not part of what is encapsulated.
    suppressed: bool,
}

pub(crate) struct Reader<'m> {
    meter: &'m mut Meter,
    fonts: Fonts,
    groups: Vec<Group>,
    /// Groups that are too deep to be remembered.
    deeper: usize,
    group: Group,
    kind: RtfSource,
    /// Before the first text or group, where the kind is told.
    head: bool,
    /// Behind `\*`.
    starred: bool,
    /// Stand-ins still to pass.
    pass: usize,
    /// Octets that were not decoded yet, all of one set: characters may come in pieces.
    octets: Vec<u8>,
    set: FontSet,
    /// The font and place that `set` was looked up for.
    looked_up: Option<(Option<i32>, Destination)>,
    /// The first half of a character beyond the 16 bits of `\u`.
    high: Option<u32>,
    /// Text that was not given out yet, all of one destination.
    run: String,
    out: String,
    full: bool,
    closed: bool,
}

impl<'m> Reader<'m> {
    pub fn new(meter: &'m mut Meter) -> Reader<'m> {
        let fonts = Fonts::new(meter.groups());
        let group = Group {
            destination: Destination::Text,
            around: Destination::Text,
            font: None,
            stand_in: 1,
            suppressed: false,
        };
        Reader {
            meter,
            fonts,
            groups: Vec::new(),
            deeper: 0,
            group,
            kind: RtfSource::Native,
            head: true,
            starred: false,
            pass: 0,
            octets: Vec::new(),
            set: FontSet::Document,
            looked_up: None,
            high: None,
            run: String::new(),
            out: String::new(),
            full: false,
            closed: false,
        }
    }

    pub fn read(mut self, octets: &[u8]) -> Rtf {
        let mut tokens = Tokens::new(octets);
        while !self.full && !self.closed {
            let Some(token) = tokens.next() else { break };
            self.meter.step(1);
            self.token(token);
        }
        self.end_run();
        let clean = |octet: &u8| octet.is_ascii_whitespace() || *octet == 0;
        let whole = self.closed && tokens.rest().iter().all(clean);
        if !(self.full || whole) {
            self.meter.tell(Damage::Rtf);
        }
        Rtf { kind: self.kind, text: self.meter.keep(self.out) }
    }

    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Open => self.open(),
            Token::Close => self.close(),
            Token::Word(word, number) => {
                let starred = std::mem::take(&mut self.starred);
                self.word(word, number, starred);
            }
            Token::Symbol(b'*') => self.starred = true,
            Token::Symbol(symbol) => self.symbol(symbol),
            Token::Hex(octet) | Token::Octet(octet) => {
                if self.pass > 0 {
                    self.pass -= 1;
                } else {
                    self.octet(octet);
                }
            }
        }
    }

    fn open(&mut self) {
        self.pass = 0;
        self.head = self.head && self.groups.is_empty();
        if self.groups.len() < self.meter.groups() {
            self.groups.push(self.group);
        } else {
            self.meter.tell(Damage::Over(Limit::Groups));
            self.deeper += 1;
        }
    }

    fn close(&mut self) {
        self.pass = 0;
        self.starred = false;
        if let Some(less) = self.deeper.checked_sub(1) {
            self.deeper = less;
            return;
        }
        let Some(outer) = self.groups.pop() else { return };
        if self.group.destination != outer.destination {
            self.end_octets();
        }
        self.group = outer;
        self.closed = self.groups.is_empty();
    }

    /// Whether text goes anywhere now.
    fn is_heard(&self) -> bool {
        let there = matches!(self.group.destination, Destination::Text | Destination::HtmlTag);
        there && !(self.group.suppressed && self.kind == RtfSource::Html)
    }

    fn octet(&mut self, octet: u8) {
        if !self.is_heard() {
            return;
        }
        self.head = false;
        if self.looked_up != Some((self.group.font, self.group.destination)) {
            self.look_up();
        }
        self.octets.push(octet);
        if self.octets.len() >= 4096 && octet.is_ascii_whitespace() {
            self.end_octets();
        }
    }

    fn look_up(&mut self) {
        // HTML is told in the document's set, whatever the font around it (MS-OXRTFEX 2.1.3.1.4).
        let set = match self.group.destination {
            Destination::HtmlTag => FontSet::Document,
            _ => self.fonts.set(self.group.font),
        };
        if set != self.set {
            self.end_octets();
            self.set = set;
        }
        self.looked_up = Some((self.group.font, self.group.destination));
    }

    /// A character that is no octet of a set.
    fn put(&mut self, text: &str) {
        if self.is_heard() {
            self.head = false;
            self.end_octets();
            self.run.push_str(text);
            self.end_run();
        }
    }

    fn symbol(&mut self, symbol: u8) {
        if self.pass > 0 {
            self.pass -= 1;
            return;
        }
        let html = self.kind == RtfSource::Html;
        match symbol {
            b'{' | b'}' | b'\\' => self.octet(symbol),
            b'\r' | b'\n' => self.put("\r\n"),
            b'\t' => self.put("\t"),
            b'~' if html => self.markup("&nbsp;"),
            b'~' => self.put("\u{a0}"),
            b'_' if html => self.markup("&shy;"),
            b'_' => self.put("-"),
            // A hyphen that shows only where a line is broken, and other things without text.
            _ => {}
        }
    }

    /// HTML that is not escaped.
    fn markup(&mut self, html: &str) {
        if self.is_heard() {
            self.end_run();
            self.out.push_str(html);
        }
    }

    fn word(&mut self, word: &str, number: Option<i32>, starred: bool) {
        let character = word::character(word);
        if let (1.., Some(_)) = (self.pass, character) {
            self.pass -= 1;
            return;
        }
        // A writer that left the stand-in out loses no text by it.
        self.pass = 0;
        if starred && word == "ud" {
            // The Unicode form of what the ANSI form said before, unheard.
            self.change_destination(self.group.around);
            return;
        }
        if let Some(destination) = word::destination(word, starred) {
            if self.group.destination != Destination::Nowhere {
                self.group.around = self.group.destination;
                self.change_destination(destination);
            }
            return;
        }
        if self.group.destination == Destination::Fonts {
            self.looked_up = None;
            return self.fonts.define(word, number);
        }
        match (word, number) {
            ("u", Some(number)) => self.unicode(number),
            ("uc", number) => self.group.stand_in = usize::try_from(number.unwrap_or(1)).unwrap_or(1).min(16),
            ("f", number) => self.group.font = number,
            ("plain", _) => self.group.font = None,
            ("deff", number) => {
                self.fonts.default = number;
                self.looked_up = None;
            }
            ("htmlrtf", number) => {
                self.end_run();
                self.group.suppressed = number != Some(0);
            }
            ("fromhtml", number) if self.head && number != Some(0) => self.kind = RtfSource::Html,
            ("fromtext", _) if self.head => self.kind = RtfSource::Text,
            ("ansi", _) => self.document(1252),
            ("mac", _) => self.document(10000),
            ("pc", _) => self.document(437),
            ("pca", _) => self.document(850),
            ("ansicpg", Some(page)) => self.document(u32::try_from(page).unwrap_or(0)),
            _ => {
                if let Some(text) = character {
                    self.put(text);
                }
            }
        }
    }

    fn document(&mut self, page: u32) {
        if let Some(charset) = Charset::of_text_page(page) {
            self.end_octets();
            self.fonts.document = charset;
        }
    }

    fn change_destination(&mut self, destination: Destination) {
        if destination != self.group.destination {
            self.end_run();
        }
        self.group.destination = destination;
    }

    /// `\u`: a signed number of 16 bits, characters beyond them in two halves; some writers tell them whole.
    fn unicode(&mut self, number: i32) {
        self.pass = self.group.stand_in;
        let unit = if number < 0 { u32::from(number as u16) } else { number.unsigned_abs() };
        let character = match (self.high.take(), unit) {
            (_, 0xd800..0xdc00) => {
                self.high = Some(unit);
                return;
            }
            (Some(high), 0xdc00..0xe000) => char::from_u32(0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00)),
            (_, unit) => char::from_u32(unit),
        };
        let character = character.filter(|c| *c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER);
        self.put(character.encode_utf8(&mut [0; 4]));
    }

    /// Decodes the octets that wait.
    fn end_octets(&mut self) {
        if self.octets.is_empty() {
            return;
        }
        self.fonts.append(self.set, &self.octets, &mut self.run);
        self.octets.clear();
        self.end_run();
    }

    /// Gives the run out: escaped if it is text of an HTML document outside of its tags.
    fn end_run(&mut self) {
        self.end_octets();
        if self.run.is_empty() {
            return;
        }
        if self.kind == RtfSource::Html && self.group.destination == Destination::Text {
            escape(&self.run, true, &mut self.out);
        } else {
            self.out.push_str(&self.run);
        }
        self.run.clear();
        // One more is let in, so that `keep` tells and cuts.
        self.full = self.out.len() > self.meter.room();
    }
}

/// Appends a text as HTML. With `references`, an ampersand that begins a character reference is left alone: some writers
/// put HTML where text should be.
pub(crate) fn escape(text: &str, references: bool, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&']) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        out.push_str(match special.as_bytes().first() {
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            _ if references && is_reference(special) => "&",
            _ => "&amp;",
        });
        rest = special.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// `&name;`, `&#8217;`, `&#x2019;`.
fn is_reference(text: &str) -> bool {
    let Some(length) = text.bytes().skip(1).take(33).position(|octet| octet == b';') else {
        return false;
    };
    let name = text.get(1..=length).unwrap_or_default();
    let Some(number) = name.strip_prefix('#') else {
        return name.len() >= 2 && name.bytes().all(|octet| octet.is_ascii_alphanumeric());
    };
    let hex = number.strip_prefix(['x', 'X']);
    let digits = hex.unwrap_or(number);
    let is_digit = |octet: u8| if hex.is_some() { octet.is_ascii_hexdigit() } else { octet.is_ascii_digit() };
    (1..=7).contains(&digits.len()) && digits.bytes().all(is_digit)
}
