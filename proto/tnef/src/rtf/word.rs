//! What control words say: which begin a destination, which stand for a character.

/// Where the text of a group goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// The document.
    Text,
    /// Nowhere: settings, tables, pictures.
    Nowhere,
    Fonts,
    /// `\*\htmltag`: HTML as it was (MS-OXRTFEX 2.1.3.1.4).
    HtmlTag,
}

/// Destinations without text for a reader, beside all unknown ones behind `\*`.
const NOWHERE: &[&str] = &[
    "aftncn",
    "aftnsep",
    "aftnsepc",
    "bkmkend",
    "bkmkstart",
    "colortbl",
    "comment",
    "datafield",
    "falt",
    "ffname",
    "fldinst",
    "fldtype",
    "fname",
    "fontemb",
    "fontfile",
    "formfield",
    "ftncn",
    "ftnsep",
    "ftnsepc",
    "generator",
    "info",
    "keycode",
    "levelnumbers",
    "leveltext",
    "listpicture",
    "lsdlockedexcept",
    "mhtmltag",
    "nonshppict",
    "objalias",
    "objclass",
    "objdata",
    "objname",
    "objsect",
    "objtime",
    "panose",
    "pict",
    "private",
    "rxe",
    "shprslt",
    "sn",
    "stylesheet",
    "sv",
    "tc",
    "template",
    "themedata",
    "upr",
    "xe",
];

/// Destinations behind `\*` that hold text for a reader: notes, text boxes, and the Unicode form of `\upr`.
const STARRED_TEXT: &[&str] = &["annotation", "do", "dptxbxtext", "footnote", "shpinst", "shppict", "shptxt"];

/// The destination that a word begins; None for a word that begins none.
pub(crate) fn destination(word: &str, starred: bool) -> Option<Destination> {
    match word {
        "fonttbl" => Some(Destination::Fonts),
        "htmltag" if starred => Some(Destination::HtmlTag),
        _ if NOWHERE.binary_search(&word).is_ok() => Some(Destination::Nowhere),
        _ if starred && STARRED_TEXT.binary_search(&word).is_err() => Some(Destination::Nowhere),
        _ => None,
    }
}

/// Words that are a character or a line end.
const CHARACTERS: &[(&str, &str)] = &[
    ("bullet", "\u{2022}"),
    ("cell", "\t"),
    ("emdash", "\u{2014}"),
    ("emspace", "\u{2003}"),
    ("endash", "\u{2013}"),
    ("enspace", "\u{2002}"),
    ("ldblquote", "\u{201c}"),
    ("line", "\r\n"),
    ("lquote", "\u{2018}"),
    ("ltrmark", "\u{200e}"),
    ("nestcell", "\t"),
    ("nestrow", "\r\n"),
    ("page", "\r\n"),
    ("par", "\r\n"),
    ("qmspace", "\u{2005}"),
    ("rdblquote", "\u{201d}"),
    ("row", "\r\n"),
    ("rquote", "\u{2019}"),
    ("rtlmark", "\u{200f}"),
    ("sect", "\r\n"),
    ("softline", "\r\n"),
    ("tab", "\t"),
    ("zwj", "\u{200d}"),
    ("zwnj", "\u{200c}"),
];

pub(crate) fn character(word: &str) -> Option<&'static str> {
    let at = CHARACTERS.binary_search_by_key(&word, |row| row.0).ok()?;
    CHARACTERS.get(at).map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order() {
        assert!(NOWHERE.is_sorted() && STARRED_TEXT.is_sorted() && CHARACTERS.is_sorted_by_key(|row| row.0));
    }
}
