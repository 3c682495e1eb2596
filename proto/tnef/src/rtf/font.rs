//! The font table: which character set belongs to which font (RTF 1.9.1, "Font Table").

use crate::codepage::{Charset, WESTERN};
use std::collections::HashMap;

/// What a font says of its character set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FontSet {
    /// That of the document.
    Document,
    /// `\fcharset0`: Western, unless the document's own takes several octets a character and fits.
    Ansi,
    Known(Charset),
}

pub(crate) struct Fonts {
    sets: HashMap<i32, FontSet>,
    /// The font whose definition is being read.
    defined: Option<i32>,
    /// `\deff`.
    pub default: Option<i32>,
    /// `\ansicpg` and its elder relatives.
    pub document: Charset,
    most: usize,
}

impl Fonts {
    pub fn new(most: usize) -> Fonts {
        Fonts { sets: HashMap::new(), defined: None, default: None, document: WESTERN, most }
    }

    /// A control word inside the table.
    pub fn define(&mut self, word: &str, number: Option<i32>) {
        let page = |number: i32| u32::try_from(number).ok();
        let set = match (word, number) {
            ("f", number) => {
                self.defined = number;
                FontSet::Document
            }
            ("fcharset", Some(0)) => FontSet::Ansi,
            ("fcharset", Some(2)) => FontSet::Known(WESTERN),
            ("fcharset", Some(number)) => {
                page(number).and_then(Charset::of_font).map_or(FontSet::Document, FontSet::Known)
            }
            ("cpg", Some(number)) => match page(number).and_then(Charset::of_text_page) {
                Some(charset) => FontSet::Known(charset),
                None => return,
            },
            _ => return,
        };
        if let Some(font) = self.defined {
            if self.sets.len() < self.most || self.sets.contains_key(&font) {
                self.sets.insert(font, set);
            }
        }
    }

    pub fn set(&self, font: Option<i32>) -> FontSet {
        let font = font.or(self.default);
        font.and_then(|font| self.sets.get(&font).copied()).unwrap_or(FontSet::Document)
    }

    /// Decodes octets of one font.
    pub fn append(&self, set: FontSet, octets: &[u8], out: &mut String) {
        let charset = match set {
            FontSet::Document => self.document,
            FontSet::Known(charset) => charset,
            FontSet::Ansi if octets.is_ascii() || !self.document.is_multibyte() => WESTERN,
            FontSet::Ansi => {
                let begun = out.len();
                if self.document.append(octets, out) {
                    return;
                }
                out.truncate(begun);
                WESTERN
            }
        };
        charset.append(octets, out);
    }
}
