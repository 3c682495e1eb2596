//! The pull reader under limits: elements, attributes and text of a request, with line and position for what is wrong.
//!
//! It knows nothing of operations. Names count by their local part in either of the two EWS namespaces (clients mix
//! them up; only the operation's own element is held to its namespace, in `soap.rs`), prefixes never. What violates the schema
//! ends the request ([`Fault`]); what concerns one entry of it is put down with [`Cursor::fail`] and collected by whoever
//! reads entries ([`Cursor::entry`]).

use std::borrow::Cow;

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use quick_xml::XmlVersion;
use quick_xml::encoding::EncodingError;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use crate::fault::{Fault, Violation};
use crate::limits;
use crate::scalar::{Base64Reader, FromText, Reading};

pub(crate) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub(crate) const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";
pub(crate) const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";
pub(crate) const ERRORS: &str = "http://schemas.microsoft.com/exchange/services/2006/errors";
const AUTODISCOVER: &str = "http://schemas.microsoft.com/exchange/2010/Autodiscover";
const POX_REQUESTS: [&str; 2] = [
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006",
    "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006",
];

/// A value of the model that is read off one element, which it leaves. What else stands there violates the schema.
pub(crate) trait Read: Sized {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Self, Fault>;
}

impl<V: Read> Read for Box<V> {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Self, Fault> {
        V::read(c, element).map(Box::new)
    }
}

/// The namespace of an element, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    Soap,
    Messages,
    Types,
    /// Autodiscover's SOAP form.
    Autodiscover,
    /// A request of Autodiscover's POX form.
    PoxRequest,
    Other,
}

impl Space {
    /// One of the two of the services' schemas.
    pub fn is_ews(self) -> bool {
        matches!(self, Space::Messages | Space::Types)
    }
}

/// A start tag.
pub(crate) struct Element<'a> {
    tag: BytesStart<'a>,
    pub space: Space,
    /// Octets before the tag in the source.
    pub at: u64,
}

impl Element<'_> {
    /// The local name; empty for an element of a foreign namespace, so that it matches nothing.
    pub fn name(&self) -> &str {
        if self.space.is_ews() { self.local_name() } else { "" }
    }

    /// The local name whatever the namespace.
    pub fn local_name(&self) -> &str {
        text_of(self.tag.local_name().into_inner())
    }
}

/// The reader gives octets; those of a source that is text are text.
fn text_of(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap_or_default()
}

fn piece_of(octets: Cow<'_, [u8]>) -> Cow<'_, str> {
    match octets {
        Cow::Borrowed(octets) => Cow::Borrowed(text_of(octets)),
        Cow::Owned(octets) => Cow::Owned(String::from_utf8(octets).unwrap_or_default()),
    }
}

pub(crate) struct Cursor<'a> {
    reader: NsReader<&'a [u8]>,
    source: &'a str,
    depth: u32,
    elements: u32,
    /// The open elements that declare namespaces: their depth, and how many declarations are in scope from there on.
    scopes: Vec<(u32, usize)>,
    /// Attached items inside each other at this place.
    pub nesting: u32,
    /// Octets before the event last read.
    at: u64,
    pub reading: Reading,
    failure: Option<Failure>,
}

impl<'a> Cursor<'a> {
    pub fn new(source: &'a str) -> Cursor<'a> {
        let mut reader = NsReader::from_str(source);
        reader.config_mut().expand_empty_elements = true;
        reader.resolver_mut().set_max_declarations_per_element(limits::NAMESPACES);
        Cursor {
            reader,
            source,
            depth: 0,
            elements: 0,
            scopes: Vec::new(),
            nesting: 0,
            at: 0,
            reading: Reading::default(),
            failure: None,
        }
    }

    // ---- failures of entries

    /// Puts down what is wrong with the entry being read; the first one counts.
    pub fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// What was put down outside of any entry: it concerns every response message.
    pub fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Reads one entry of a batch: a failure put down inside is the entry's own.
    pub fn entry<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<Result<T, Failure>, Fault> {
        let outer = self.failure.take();
        let value = read(self);
        let inner = std::mem::replace(&mut self.failure, outer);
        Ok(match inner {
            Some(failure) => {
                value?;
                Err(failure)
            }
            None => Ok(value?),
        })
    }

    // ---- events

    fn event(&mut self) -> Result<(Space, Event<'a>), Fault> {
        self.at = self.reader.buffer_position();
        match self.reader.read_resolved_event() {
            Ok((resolved, event)) => {
                let space = match resolved {
                    ResolveResult::Bound(name) if name.0 == TYPES.as_bytes() => Space::Types,
                    ResolveResult::Bound(name) if name.0 == MESSAGES.as_bytes() => Space::Messages,
                    ResolveResult::Bound(name) if name.0 == SOAP.as_bytes() => Space::Soap,
                    ResolveResult::Bound(name) if name.0 == AUTODISCOVER.as_bytes() => Space::Autodiscover,
                    ResolveResult::Bound(name) if POX_REQUESTS.iter().any(|known| name.0 == known.as_bytes()) => {
                        Space::PoxRequest
                    }
                    _ => Space::Other,
                };
                Ok((space, event))
            }
            Err(error) => {
                self.at = self.reader.error_position().max(self.at);
                Err(self.violation(self.at, error.to_string()))
            }
        }
    }

    fn element(&mut self, space: Space, tag: BytesStart<'a>) -> Result<Element<'a>, Fault> {
        self.depth += 1;
        self.elements += 1;
        if self.depth > limits::DEPTH {
            return Err(self.violation(self.at, format!("Elements are nested more than {} deep.", limits::DEPTH)));
        }
        if self.elements > limits::ELEMENTS {
            return Err(self.violation(self.at, format!("The request has more than {} elements.", limits::ELEMENTS)));
        }
        if tag.len() > limits::TAG_BYTES {
            let count = tag.attributes().with_checks(false).take(limits::ATTRIBUTES + 1).count();
            if count > limits::ATTRIBUTES {
                let text = format!("The element has more than {} attributes.", limits::ATTRIBUTES);
                return Err(self.violation(self.at, text));
            }
        }
        self.scope(&tag)?;
        Ok(Element { tag, space, at: self.at })
    }

    /// Bounds the declarations in scope, which each prefix is looked up in; the reader bounds those of one element.
    fn scope(&mut self, tag: &BytesStart<'a>) -> Result<(), Fault> {
        const SIGN: &[u8] = b"xmlns";
        if !tag.windows(SIGN.len()).any(|octets| octets == SIGN) {
            return Ok(());
        }
        let mut attributes = tag.attributes();
        let keys = attributes.with_checks(false).flatten().map(|attribute| attribute.key);
        let declared = keys.filter(|key| key.as_namespace_binding().is_some()).count();
        let outer = self.scopes.last().map_or(0, |(_, declared)| *declared);
        if outer + declared > limits::NAMESPACES {
            let text = format!("More than {} declarations of namespaces are in scope.", limits::NAMESPACES);
            return Err(self.violation(self.at, text));
        }
        self.scopes.push((self.depth, outer + declared));
        Ok(())
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.scopes.last().is_some_and(|(of, _)| *of > self.depth) {
            self.scopes.pop();
        }
    }

    /// The next child of the current element; None at the end of the current element, which is then left.
    pub fn child(&mut self) -> Result<Option<Element<'a>>, Fault> {
        self.next_child(false)
    }

    /// As [`Cursor::child`], with text between the elements skipped.
    pub fn child_in_text(&mut self) -> Result<Option<Element<'a>>, Fault> {
        self.next_child(true)
    }

    fn next_child(&mut self, text: bool) -> Result<Option<Element<'a>>, Fault> {
        loop {
            match self.event()? {
                (space, Event::Start(tag) | Event::Empty(tag)) => return self.element(space, tag).map(Some),
                (_, Event::End(_)) => {
                    self.leave();
                    return Ok(None);
                }
                (_, Event::Text(text)) if text.iter().all(|b| b.is_ascii_whitespace()) => {}
                (_, Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) if text => {}
                (_, Event::Comment(_)) => {}
                (_, Event::Decl(_)) if self.depth == 0 => {}
                (_, Event::Eof) if self.depth == 0 => return Ok(None),
                (_, Event::Eof) => return Err(self.violation(self.at, "The document ends inside an element.")),
                (_, Event::DocType(_)) => return Err(self.violation(self.at, "A document type is not allowed.")),
                (_, Event::PI(_)) => return Err(self.violation(self.at, "Processing instructions are not allowed.")),
                _ => return Err(self.violation(self.at, "Text is not allowed between these elements.")),
            }
        }
    }

    /// Feeds the text of the current element, which must have no children, to `take`; the element is then left.
    /// Line ends are made what XML wants them to be (2.11) unless `raw`; references never are.
    fn pieces(&mut self, raw: bool, mut take: impl FnMut(Cow<'a, str>)) -> Result<(), Fault> {
        loop {
            match self.event()?.1 {
                Event::Text(text) => {
                    self.legal(&text)?;
                    let ends = |error: EncodingError| self.violation(self.at, error.to_string());
                    take(if raw { piece_of(text.into_inner()) } else { text.xml10_content().map_err(ends)? });
                }
                Event::CData(text) => {
                    self.legal(&text)?;
                    let ends = |error: EncodingError| self.violation(self.at, error.to_string());
                    take(if raw { piece_of(text.into_inner()) } else { text.xml10_content().map_err(ends)? });
                }
                Event::GeneralRef(reference) => take(Cow::Owned(self.reference(&reference)?.to_string())),
                Event::End(_) => {
                    self.leave();
                    return Ok(());
                }
                Event::Comment(_) => {}
                Event::Eof => return Err(self.violation(self.at, "The document ends inside an element.")),
                _ => return Err(self.violation(self.at, "Elements are not allowed here, only text.")),
            }
        }
    }

    fn legal(&self, text: &[u8]) -> Result<(), Fault> {
        if text.iter().any(|&b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) {
            Err(self.violation(self.at, "The text has a character that XML does not allow."))
        } else {
            Ok(())
        }
    }

    fn reference(&self, reference: &BytesRef<'_>) -> Result<char, Fault> {
        let resolved = match &**reference {
            b"lt" => Some('<'),
            b"gt" => Some('>'),
            b"amp" => Some('&'),
            b"apos" => Some('\''),
            b"quot" => Some('"'),
            _ => reference.resolve_char_ref().ok().flatten().filter(|c| is_legal(*c)),
        };
        resolved.ok_or_else(|| self.violation(self.at, "Unknown entity or character reference."))
    }

    /// The text of the current element.
    pub fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        let mut text: Option<Cow<'a, str>> = None;
        self.pieces(false, |piece| match &mut text {
            None => text = Some(piece),
            Some(text) => text.to_mut().push_str(&piece),
        })?;
        Ok(text.unwrap_or_default())
    }

    /// The text of the current element as base64; None if it is not.
    pub fn base64(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut reader = Some(Base64Reader::default());
        self.pieces(true, |piece| {
            if reader.as_mut().is_some_and(|reader| reader.push(&piece).is_none()) {
                reader = None;
            }
        })?;
        Ok(reader.and_then(Base64Reader::finish))
    }

    /// The text of the current element as a simple type.
    pub fn value<T: FromText>(&mut self, element: &Element<'_>) -> Result<T, Fault> {
        let text = self.text()?;
        match T::from_text(text.trim_matches(is_space), &self.reading) {
            Some(value) => Ok(value),
            None => Err(self.wrong_value(element.at, element.local_name(), &text, T::WHAT)),
        }
    }

    /// Leaves the current element, whatever is in it.
    pub fn skip(&mut self) -> Result<(), Fault> {
        let floor = self.depth;
        while self.depth >= floor {
            match self.event()? {
                (space, Event::Start(tag) | Event::Empty(tag)) => drop(self.element(space, tag)?),
                (_, Event::End(_)) => self.leave(),
                (_, Event::Eof) => return Err(self.violation(self.at, "The document ends inside an element.")),
                (_, Event::DocType(_) | Event::PI(_)) => {
                    return Err(self.violation(self.at, "Only elements and text are allowed."));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Leaves the current element, which must be empty.
    pub fn empty(&mut self) -> Result<(), Fault> {
        match self.child()? {
            None => Ok(()),
            Some(child) => Err(self.unexpected(&child)),
        }
    }

    // ---- attributes

    /// Calls `take` with each attribute without a prefix and its value, in document order.
    pub fn attributes(
        &mut self,
        element: &Element<'_>,
        mut take: impl FnMut(&mut Self, &str, &str) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        for attribute in element.tag.attributes() {
            let attribute = match attribute {
                Ok(attribute) => attribute,
                Err(error) => return Err(self.violation(element.at, error.to_string())),
            };
            let (name, prefix) = attribute.key.decompose();
            if prefix.is_some() || name.into_inner() == b"xmlns" {
                continue;
            }
            let value = match attribute.normalized_value(XmlVersion::Explicit1_0) {
                Ok(value) if value.len() <= limits::ATTRIBUTE_BYTES && value.chars().all(is_legal) => value,
                Ok(_) => return Err(self.violation(element.at, "An attribute is too long or has illegal characters.")),
                Err(error) => return Err(self.violation(element.at, error.to_string())),
            };
            take(self, text_of(name.into_inner()), &value)?;
        }
        Ok(())
    }

    /// An attribute's value as a simple type.
    pub fn attribute_value<T: FromText>(&self, element: &Element<'_>, name: &str, text: &str) -> Result<T, Fault> {
        let value = if T::KEEPS_SPACE { text } else { text.trim_matches(is_space) };
        T::from_text(value, &self.reading).ok_or_else(|| self.wrong_value(element.at, name, text, T::WHAT))
    }

    /// One attribute that must be there.
    pub fn attribute<T: FromText>(&mut self, element: &Element<'_>, wanted: &str) -> Result<T, Fault> {
        let mut value = None;
        self.attributes(element, |c, name, text| {
            if name == wanted {
                value = Some(c.attribute_value(element, name, text)?);
            }
            Ok(())
        })?;
        value.ok_or_else(|| self.missing_attribute(element, wanted))
    }

    // ---- what is wrong

    pub fn violation(&self, at: u64, text: impl Into<String>) -> Fault {
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(self.source.len());
        let before = self.source.as_bytes().get(..at).unwrap_or_default();
        let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |place| place + 1);
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let position = String::from_utf8_lossy(before.get(line_start..).unwrap_or_default()).chars().count() + 1;
        schema_fault(Violation {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            position: u32::try_from(position).unwrap_or(u32::MAX),
            text: text.into(),
        })
    }

    pub fn unexpected(&self, element: &Element<'_>) -> Fault {
        self.violation(element.at, format!("The element '{}' is not allowed here.", element.local_name()))
    }

    pub fn missing(&self, element: &Element<'_>, child: &str) -> Fault {
        self.violation(element.at, format!("The element '{}' lacks '{child}'.", element.local_name()))
    }

    pub fn missing_attribute(&self, element: &Element<'_>, name: &str) -> Fault {
        self.violation(element.at, format!("The element '{}' lacks the attribute '{name}'.", element.local_name()))
    }

    pub fn wrong_value(&self, at: u64, name: &str, text: &str, what: &str) -> Fault {
        let shown: String = text.chars().take(64).collect();
        self.violation(at, format!("The value '{shown}' of '{name}' is invalid: expected {what}."))
    }

    /// Checks a child's place in its parent's sequence: `last` is how many places are used up.
    pub fn in_order(&self, last: &mut usize, places: &[&[&str]], child: &Element<'_>) -> Result<(), Fault> {
        let place = places.iter().position(|names| names.contains(&child.name())).map_or(0, |place| place + 1);
        if place <= *last {
            let text = format!("The element '{}' is out of order or stands there twice.", child.local_name());
            return Err(self.violation(child.at, text));
        }
        *last = place;
        Ok(())
    }

    /// ErrorIncorrectSchemaVersion unless the version asked for has it.
    pub fn since(&self, since: ewsd_model::Version, what: &str) -> Result<(), Fault> {
        if self.reading.version >= since {
            return Ok(());
        }
        let text = format!(
            "{what} came with {}, but RequestServerVersion says {}: ask for the newer version.",
            since.name(),
            self.reading.version.name()
        );
        Err(Fault::with_text(Code::ErrorIncorrectSchemaVersion, text))
    }
}

fn schema_fault(violation: Violation) -> Fault {
    let text = format!("The request failed schema validation: {}", violation.text);
    Fault { violation: Some(Box::new(violation)), ..Fault::with_text(Code::ErrorSchemaValidation, text) }
}

/// White space of XML.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// The Char production of XML 1.0.
pub(crate) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

/// A text that is no UTF-8, or whatever else is wrong before there is a cursor.
pub(crate) fn not_text(at: usize, what: &str) -> Fault {
    let position = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
    schema_fault(Violation { line: 1, position, text: what.to_owned() })
}
