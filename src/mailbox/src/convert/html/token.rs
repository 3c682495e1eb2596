//! Tags and text out of whatever calls itself HTML: the WHATWG's tokenizer (html5gum), and what browsers do between it and
//! the tree that matters here (which elements hold raw text, whose content is not shown).
//!
//! Never fails. Time is in proportion to the input; memory is the longest run of text or the longest attribute, as
//! comments and document types are not kept, names are cut, and of each tag's attributes only those a sink knows
//! are kept, each once.

use std::convert::Infallible;

use html5gum::{Emitter, State, Tokenizer};

/// Octets of the longest name told apart: longer than any known one, which a name that was cut therefore never equals.
const LONGEST_NAME: usize = 24;
/// Octets of the longest attribute value (a picture as `data:`); an attribute with a longer one is taken for absent.
const LONGEST_VALUE: usize = 8 << 20;

/// Takes what is shown of a document, in order.
pub(super) trait Sink {
    /// Attributes that it asks for, in lower case, at most 64.
    const ATTRIBUTES: &'static [&'static str];

    /// Elements that are gone with their content, besides those that no browser shows.
    fn hides(name: &str) -> bool;
    /// Text, entities decoded, line ends LF.
    fn text(&mut self, text: &str);
    /// A start tag. The name is in lower case, like that of an end tag.
    fn open(&mut self, name: &str, attributes: &Attributes);
    fn close(&mut self, name: &str);
}

/// Reads a document into a sink.
pub(super) fn read<S: Sink>(html: &str, sink: &mut S) {
    let reader = Reader { sink, text: Vec::new(), tag: Tag::default(), raw: "", hidden: None };
    let Ok(()) = Tokenizer::new_with_emitter(html, reader).finish();
}

/// The attributes of one start tag that its sink knows; of several with one name the first, as in browsers.
#[derive(Default)]
pub(super) struct Attributes {
    known: Vec<(&'static str, String)>,
}

impl Attributes {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// In the order of the document, entities decoded.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.known.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// Elements whose content no browser shows as text.
fn is_hidden(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "title"
            | "template"
            | "noscript"
            | "noframes"
            | "noembed"
            | "iframe"
            | "object"
            | "textarea"
            | "select"
            | "svg"
            | "math"
    )
}

/// Elements whose content is not HTML, with the state that reads it.
fn raw(name: &str) -> Option<(&'static str, State)> {
    Some(match name {
        "script" => ("script", State::ScriptData),
        "title" => ("title", State::RcData),
        "textarea" => ("textarea", State::RcData),
        "style" => ("style", State::RawText),
        "xmp" => ("xmp", State::RawText),
        "iframe" => ("iframe", State::RawText),
        "noembed" => ("noembed", State::RawText),
        "noframes" => ("noframes", State::RawText),
        "noscript" => ("noscript", State::RawText),
        "plaintext" => ("plaintext", State::PlainText),
        _ => return None,
    })
}

/// The tag being read.
#[derive(Default)]
struct Tag {
    end: bool,
    self_closing: bool,
    name: Vec<u8>,
    /// The attribute being read.
    attribute: Vec<u8>,
    value: Vec<u8>,
    /// Whether the value is longer than any that is kept.
    too_long: bool,
    /// Whether there is such an attribute, and whether its sink asks for it: its place in the list.
    wanted: Option<usize>,
    /// One bit for each name of the list that was there already.
    seen: u64,
    attributes: Attributes,
}

/// Text to characters. The tokenizer hands over octets and may part a character, but never a run of text.
fn characters(octets: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(octets)
}

fn push_name(name: &mut Vec<u8>, octets: &[u8]) {
    let room = LONGEST_NAME.saturating_sub(name.len());
    name.extend(octets.iter().take(room).map(u8::to_ascii_lowercase));
}

impl Tag {
    fn name(&self) -> &str {
        std::str::from_utf8(&self.name).unwrap_or_default()
    }

    fn begin(&mut self, end: bool) {
        self.end = end;
        self.self_closing = false;
        self.name.clear();
        self.attribute.clear();
        self.value.clear();
        self.wanted = None;
        self.seen = 0;
        self.attributes.known.clear();
    }

    /// The name of an attribute is complete: is it one that is kept?
    fn name_attribute(&mut self, known: &[&str]) {
        self.value.clear();
        self.too_long = false;
        self.wanted = known.iter().position(|name| !self.end && name.as_bytes() == self.attribute);
    }

    fn end_attribute(&mut self, known: &[&'static str]) {
        let Some(place) = self.wanted.take() else { return };
        let Some(name) = known.get(place) else { return };
        let bit = 1_u64.checked_shl(u32::try_from(place).unwrap_or(u32::MAX)).unwrap_or(0);
        if bit != 0 && self.seen & bit == 0 {
            self.seen |= bit;
            if !self.too_long {
                self.attributes.known.push((*name, characters(&self.value).into_owned()));
            }
        }
    }
}

/// Between the tokenizer and a sink.
struct Reader<'a, S: Sink> {
    sink: &'a mut S,
    text: Vec<u8>,
    tag: Tag,
    /// The element whose raw text is being read.
    raw: &'static str,
    /// The element whose content is not shown, and how many of its name are open.
    hidden: Option<(Vec<u8>, usize)>,
}

impl<S: Sink> Reader<'_, S> {
    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.sink.text(&characters(&self.text));
            self.text.clear();
        }
    }

    fn is_foreign(&self) -> bool {
        self.hidden.as_ref().is_some_and(|(name, _)| name == b"svg" || name == b"math")
    }

    /// A complete start tag. The state in which its content is read, if that is not HTML.
    fn start(&mut self) -> Option<State> {
        let foreign = self.is_foreign();
        let name = std::str::from_utf8(&self.tag.name).unwrap_or_default();
        match &mut self.hidden {
            // In foreign content alone does a slash end an element.
            Some((open, depth)) if *open == self.tag.name && !(foreign && self.tag.self_closing) => *depth += 1,
            Some(_) => {}
            None if is_hidden(name) || S::hides(name) => {
                let empty = self.tag.self_closing && matches!(name, "svg" | "math");
                if !empty {
                    self.hidden = Some((self.tag.name.clone(), 1));
                }
            }
            None => self.sink.open(name, &self.tag.attributes),
        }
        if foreign {
            return None;
        }
        let (name, state) = raw(name)?;
        self.raw = name;
        Some(state)
    }

    fn end(&mut self) {
        match &mut self.hidden {
            Some((open, depth)) if *open == self.tag.name => {
                *depth -= 1;
                if *depth == 0 {
                    self.hidden = None;
                }
            }
            Some(_) => {}
            None => self.sink.close(self.tag.name()),
        }
    }
}

impl<S: Sink> Emitter for Reader<'_, S> {
    /// Everything goes to the sink at once.
    type Token = Infallible;

    fn pop_token(&mut self) -> Option<Infallible> {
        None
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn emit_string(&mut self, octets: &[u8]) {
        if self.hidden.is_none() {
            self.text.extend_from_slice(octets);
        }
    }

    fn init_start_tag(&mut self) {
        self.tag.begin(false);
    }

    fn init_end_tag(&mut self) {
        self.tag.begin(true);
    }

    fn push_tag_name(&mut self, octets: &[u8]) {
        push_name(&mut self.tag.name, octets);
    }

    fn set_self_closing(&mut self) {
        self.tag.self_closing = true;
    }

    fn init_attribute(&mut self) {
        self.tag.end_attribute(S::ATTRIBUTES);
        self.tag.attribute.clear();
    }

    fn push_attribute_name(&mut self, octets: &[u8]) {
        push_name(&mut self.tag.attribute, octets);
        self.tag.name_attribute(S::ATTRIBUTES);
    }

    fn push_attribute_value(&mut self, octets: &[u8]) {
        if self.tag.wanted.is_some() && !self.tag.too_long {
            self.tag.too_long = self.tag.value.len() + octets.len() > LONGEST_VALUE;
            self.tag.value.extend_from_slice(octets);
        }
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.tag.end_attribute(S::ATTRIBUTES);
        self.flush();
        self.raw = "";
        if self.tag.end {
            self.end();
            return None;
        }
        self.start()
    }

    fn emit_eof(&mut self) {
        self.flush();
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.tag.end && !self.raw.is_empty() && self.tag.name == self.raw.as_bytes()
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        self.is_foreign()
    }

    // What nobody sees is not kept: errors, comments, document types.
    fn set_last_start_tag(&mut self, _: Option<&[u8]>) {}
    fn emit_error(&mut self, _: html5gum::Error) {}
    fn init_comment(&mut self) {}
    fn push_comment(&mut self, _: &[u8]) {}
    fn emit_current_comment(&mut self) {}
    fn init_doctype(&mut self) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn set_force_quirks(&mut self) {}
    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn emit_current_doctype(&mut self) {}
}
