//! What of a message is shown, and what is a file (RFC 8621 4.1.4 where standards of mail are silent).
//!
//! - `multipart/alternative`: the last that can be shown and is not blank (RFC 2046 5.1.4). Files of the others are kept.
//! - `multipart/related`: the part that `start` names, or else the first if it is text, or else the first text (RFC 2387 3.2).
//! - All other multiparts: texts one after another. A text is shown unless it says that it is an attachment, or has a name
//!   and does not come first.
//! - A message that has a text to show shows it: where nothing else is there, a text of another kind, a multipart without
//!   parts, or a text that would have been a file without having said so.
//! - `text/calendar` and cards are files always; uuencoded files in plain text are files.

mod file;

use std::collections::HashMap;

use crate::cut::Cut;
use crate::html::{self, References};
use crate::{Encoding, Message, Part, uu};

pub use file::{File, clean as file_name};

/// A text that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Number of its part.
    pub part: usize,
    /// HTML, else plain text.
    pub html: bool,
    pub text: String,
}

/// What people get to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown<'a> {
    /// In the order in which they are read.
    pub pieces: Vec<Piece>,
    pub files: Vec<File<'a>>,
}

impl Shown<'_> {
    pub fn is_html(&self) -> bool {
        self.pieces.iter().any(|piece| piece.html)
    }

    /// All pieces as one text: HTML if one of them is, the others made HTML by `html_of`. Plain ones begin on a line of their
    /// own each.
    pub fn body(&self, html_of: impl Fn(&str) -> String) -> String {
        let is_html = self.is_html();
        let mut out = String::new();
        for piece in &self.pieces {
            if is_html && !piece.html {
                out.push_str(&html_of(&piece.text))
            } else {
                if !is_html && !out.is_empty() && !out.ends_with('\n') {
                    out.push_str("\r\n");
                }
                out.push_str(&piece.text);
            }
        }
        out
    }
}

/// Chooses for a whole message.
pub fn choose<'a>(message: &Message<'a>) -> Shown<'a> {
    let mut chooser = Chooser { message, texts: HashMap::new() };
    let mut flow = chooser.part(message.root(), Position { first: true, alone: true });
    chooser.never_empty(&mut flow);
    chooser.shown(flow)
}

/// Parts by number.
#[derive(Default)]
struct Flow {
    texts: Vec<usize>,
    files: Vec<usize>,
}

impl Flow {
    fn file(part: &Part<'_>) -> Flow {
        Flow { texts: Vec::new(), files: vec![part.number] }
    }

    fn text(part: &Part<'_>) -> Flow {
        Flow { texts: vec![part.number], files: Vec::new() }
    }

    fn add(&mut self, other: Flow) {
        self.texts.extend(other.texts);
        self.files.extend(other.files);
    }

    /// With its texts as files, in the order of the message.
    fn into_files(mut self) -> Flow {
        self.files.append(&mut self.texts);
        self.files.sort_unstable();
        self
    }
}

/// Where a part stands.
#[derive(Clone, Copy)]
struct Position {
    /// First of its multipart, or one of several alternatives: a name makes it no file.
    first: bool,
    /// The message itself.
    alone: bool,
}

struct Chooser<'m, 'a> {
    message: &'m Message<'a>,
    /// Texts that were read already.
    texts: HashMap<usize, String>,
}

impl<'a> Chooser<'_, 'a> {
    fn part(&mut self, part: &Part<'a>, place: Position) -> Flow {
        if !part.content_type.is_multipart() {
            return self.leaf(part, place);
        }
        if part.children.is_empty() {
            // Without parts, or nested too deep: what is there is text.
            return if part.octets().trim_ascii().is_empty() { Flow::default() } else { Flow::text(part) };
        }
        match part.content_type.sub.as_str() {
            "alternative" => self.alternative(part),
            "related" => self.related(part),
            _ => self.mixed(part),
        }
    }

    fn leaf(&mut self, part: &Part<'a>, place: Position) -> Flow {
        let kind = &part.content_type;
        let named = part.file_name().is_some();
        let is_text = kind.is("text", "plain") || kind.is("text", "html");
        let is_kept = !part.is_attachment() || (place.alone && !named);
        if !is_text || !is_kept || (named && !place.first) {
            return Flow::file(part);
        }
        // A type that could not be read may have been any: octets that no text has tell.
        let is_binary = kind.invalid && part.decoded().contains(&0);
        if is_binary { Flow::file(part) } else { Flow::text(part) }
    }

    fn mixed(&mut self, part: &Part<'a>) -> Flow {
        let mut flow = Flow::default();
        for (at, number) in part.children.iter().enumerate() {
            let Some(child) = self.message.part(*number) else { continue };
            flow.add(self.part(child, Position { first: at == 0, alone: false }));
        }
        flow
    }

    fn alternative(&mut self, part: &Part<'a>) -> Flow {
        let mut flow = Flow::default();
        let mut chosen: Option<Vec<usize>> = None;
        for number in &part.children {
            let Some(child) = self.message.part(*number) else { continue };
            let Flow { texts, files } = self.part(child, Position { first: true, alone: false });
            flow.files.extend(files.into_iter().filter(|file| {
                // Another form of the same text, which nobody asked for by name.
                *file != *number || !is_form(child)
            }));
            let shows = texts.iter().any(|text| !self.is_blank(*text));
            if !texts.is_empty() && (shows || chosen.is_none()) {
                chosen = Some(texts);
            }
        }
        // What is a text for want of a better one is found again by whoever wants one.
        if chosen.as_ref().is_none_or(|texts| texts.iter().all(|text| self.is_blank(*text))) {
            let forms = part.children.iter().filter(|number| self.message.part(**number).is_some_and(is_form));
            flow.files.extend(forms);
            flow.files.sort_unstable();
            flow.files.dedup();
        }
        flow.texts = chosen.unwrap_or_default();
        flow
    }

    fn related(&mut self, part: &Part<'a>) -> Flow {
        let children: Vec<&Part<'a>> = part.children.iter().filter_map(|number| self.message.part(*number)).collect();
        let root = root(part, &children);
        let mut flow = Flow::default();
        let mut others = Vec::new();
        for child in children {
            let found = self.part(child, Position { first: true, alone: false });
            if child.number == root { flow.add(found) } else { others.push(found) }
        }
        for other in others {
            // The root shows nothing: any text is better.
            let is_needed = flow.texts.is_empty();
            flow.add(if is_needed { other } else { other.into_files() });
        }
        flow.files.sort_unstable();
        flow
    }

    fn is_blank(&mut self, number: usize) -> bool {
        let Some(part) = self.message.part(number) else { return true };
        let text = self.texts.entry(number).or_insert_with(|| part.text());
        if part.content_type.sub == "html" { html::is_blank(text) } else { text.trim().is_empty() }
    }

    /// A text is found among what would be files, if nothing else is shown.
    fn never_empty(&mut self, flow: &mut Flow) {
        if flow.texts.iter().any(|text| !self.is_blank(*text)) {
            return;
        }
        let could = |number: &usize| {
            self.message.part(*number).is_some_and(|part| {
                part.content_type.main == "text"
                    && !part.is_attachment()
                    && !is_data(part)
                    && !part.decoded().contains(&0)
            })
        };
        let found: Vec<usize> = flow.files.iter().copied().filter(could).collect();
        let preferred =
            |number: &&usize| self.message.part(**number).is_some_and(|part| part.content_type.sub == "html");
        let chosen = found.iter().find(preferred).or(found.first()).copied();
        if let Some(chosen) = chosen.filter(|chosen| !self.is_blank(*chosen)) {
            flow.files.retain(|file| *file != chosen);
            flow.texts = vec![chosen];
        }
    }

    fn shown(mut self, flow: Flow) -> Shown<'a> {
        let mut shown = Shown::default();
        let mut inside = Vec::new();
        for number in flow.texts {
            let Some(part) = self.message.part(number) else { continue };
            let html = part.content_type.sub == "html";
            let (text, files) = if html { (None, Vec::new()) } else { uuencoded(part) };
            inside.extend(files.into_iter().map(|file| (number, file)));
            let text = text.or_else(|| self.texts.remove(&number)).unwrap_or_else(|| part.text());
            shown.pieces.push(Piece { part: number, html, text });
        }
        for number in flow.files {
            let Some(part) = self.message.part(number) else { continue };
            shown.files.push(file::of(part, shown.files.len() + 1));
        }
        for (number, file) in inside {
            shown.files.push(file::inside(number, file));
        }
        inline(&mut shown);
        shown
    }
}

/// The root of a multipart/related.
fn root(part: &Part<'_>, children: &[&Part<'_>]) -> usize {
    let start =
        part.content_type.parameters.get("start").map(|id| id.trim().trim_start_matches('<').trim_end_matches('>'));
    let named = children.iter().find(|child| start.is_some() && child.content_id.as_deref() == start);
    let is_shown = |child: &&&Part<'_>| {
        let kind = &child.content_type;
        kind.is_multipart() || kind.is("text", "html") || kind.is("text", "plain")
    };
    let first = || children.first().filter(is_shown);
    let html = || children.iter().find(|child| child.content_type.is("text", "html"));
    let any = || children.iter().find(is_shown);
    named.or_else(first).or_else(html).or_else(any).or(children.first()).map_or(0, |child| child.number)
}

/// A form of a text that stands beside others of it: no file.
fn is_form(part: &Part<'_>) -> bool {
    part.content_type.main == "text" && part.file_name().is_none() && !part.is_attachment() && !is_data(part)
}

/// Text for programs.
fn is_data(part: &Part<'_>) -> bool {
    matches!(part.content_type.sub.as_str(), "calendar" | "directory" | "vcard" | "x-vcard" | "x-vcalendar")
}

/// The text without the files in it, if there are any.
fn uuencoded(part: &Part<'_>) -> (Option<String>, Vec<uu::Inline>) {
    if part.encoding == Encoding::Uuencode {
        return (None, Vec::new());
    }
    let octets = part.decoded();
    let files = uu::files(&octets);
    if files.is_empty() {
        return (None, files);
    }
    let mut kept = Vec::with_capacity(octets.len());
    let mut at = 0;
    for file in &files {
        kept.extend_from_slice(octets.cut(at..file.place.start));
        at = file.place.end;
    }
    kept.extend_from_slice(octets.cut(at..));
    (Some(part.text_of(&kept)), files)
}

/// Marks the files that the shown HTML refers to.
fn inline(shown: &mut Shown<'_>) {
    if !shown.files.iter().any(|file| file.content_id.is_some() || file.location.is_some()) {
        return;
    }
    for piece in shown.pieces.iter().filter(|piece| piece.html) {
        let references = References::of(&piece.text);
        for file in &mut shown.files {
            file.inline |= references.has(file.content_id.as_deref(), file.location.as_deref());
        }
    }
}
