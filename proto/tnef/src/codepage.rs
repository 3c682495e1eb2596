//! Character sets by Windows code page number and by RTF font charset, and octets into text.
//!
//! Three OEM pages stand here as tables, because RTF of old programs names them and the web's encodings lack them.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, IBM866, ISO_2022_JP, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5,
    ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_8_I, ISO_8859_10, ISO_8859_13, ISO_8859_14, ISO_8859_15, ISO_8859_16,
    KOI8_R, KOI8_U, MACINTOSH, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_874, WINDOWS_1250, WINDOWS_1251,
    WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258, X_MAC_CYRILLIC,
};

/// How octets become text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Charset {
    Web(&'static Encoding),
    /// One octet a character; these are 0x80 to 0xff, those below are ASCII.
    Table(&'static [char; 128]),
}

/// What is taken when nothing is known.
pub const WESTERN: Charset = Charset::Web(WINDOWS_1252);

/// Windows' number, the set.
const PAGES: &[(u32, &Encoding)] = &[
    (708, ISO_8859_6),
    (866, IBM866),
    (874, WINDOWS_874),
    (932, SHIFT_JIS),
    (936, GBK),
    (949, EUC_KR),
    (950, BIG5),
    (1200, UTF_16LE),
    (1201, UTF_16BE),
    (1250, WINDOWS_1250),
    (1251, WINDOWS_1251),
    (1252, WINDOWS_1252),
    (1253, WINDOWS_1253),
    (1254, WINDOWS_1254),
    (1255, WINDOWS_1255),
    (1256, WINDOWS_1256),
    (1257, WINDOWS_1257),
    (1258, WINDOWS_1258),
    (10000, MACINTOSH),
    (10007, X_MAC_CYRILLIC),
    (20127, WINDOWS_1252),
    (20866, KOI8_R),
    (20932, EUC_JP),
    (21866, KOI8_U),
    (28591, WINDOWS_1252),
    (28592, ISO_8859_2),
    (28593, ISO_8859_3),
    (28594, ISO_8859_4),
    (28595, ISO_8859_5),
    (28596, ISO_8859_6),
    (28597, ISO_8859_7),
    (28598, ISO_8859_8),
    (28599, WINDOWS_1254),
    (28600, ISO_8859_10),
    (28603, ISO_8859_13),
    (28604, ISO_8859_14),
    (28605, ISO_8859_15),
    (28606, ISO_8859_16),
    (38598, ISO_8859_8_I),
    (50220, ISO_2022_JP),
    (50221, ISO_2022_JP),
    (50222, ISO_2022_JP),
    (51932, EUC_JP),
    (51936, GBK),
    (51949, EUC_KR),
    (54936, GB18030),
    (65001, UTF_8),
];

/// RTF's `\fcharset`, the code page; 0 (ANSI), 1 (default) and 2 (symbol) are for the caller to know.
const FONTS: &[(u32, u32)] = &[
    (77, 10000),
    (128, 932),
    (129, 949),
    (134, 936),
    (136, 950),
    (161, 1253),
    (162, 1254),
    (163, 1258),
    (177, 1255),
    (178, 1256),
    (186, 1257),
    (204, 1251),
    (222, 874),
    (238, 1250),
    (254, 437),
    (255, 850),
];

impl Charset {
    /// The set of a Windows code page; None for one that is not known here.
    pub fn of_page(page: u32) -> Option<Charset> {
        match page {
            437 => return Some(Charset::Table(&OEM_437)),
            850 | 858 => return Some(Charset::Table(&OEM_850)),
            852 => return Some(Charset::Table(&OEM_852)),
            _ => {}
        }
        PAGES.iter().find(|row| row.0 == page).map(|row| Charset::Web(row.1))
    }

    /// The set of a font by its `\fcharset`.
    pub fn of_font(charset: u32) -> Option<Charset> {
        FONTS.iter().find(|row| row.0 == charset).and_then(|row| Charset::of_page(row.1))
    }

    /// The set of a code page for texts of octets. Messages tell 1200 (UTF-16) for "any character", and pages with shifts
    /// for how they were sent on: neither says how 8-bit texts were written.
    pub fn of_text_page(page: u32) -> Option<Charset> {
        let page = if (50220..=50222).contains(&page) { 932 } else { page };
        Charset::of_page(page).filter(|set| !set.is_wide())
    }

    /// UTF-16.
    pub fn is_wide(self) -> bool {
        matches!(self, Charset::Web(web) if web == UTF_16LE || web == UTF_16BE)
    }

    /// Whether a character may take more than one octet.
    pub fn is_multibyte(self) -> bool {
        matches!(self, Charset::Web(web) if !web.is_single_byte())
    }

    /// Decodes; what is no character of the set becomes U+FFFD. Says whether all was.
    pub fn append(self, octets: &[u8], out: &mut String) -> bool {
        match self {
            Charset::Web(web) => {
                let (text, wrong) = web.decode_without_bom_handling(octets);
                out.push_str(&text);
                !wrong
            }
            Charset::Table(upper) => {
                out.extend(octets.iter().map(|&octet| match octet.checked_sub(0x80) {
                    Some(at) => upper.get(usize::from(at)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
                    None => char::from(octet),
                }));
                true
            }
        }
    }

    pub fn text(self, octets: &[u8]) -> String {
        let mut text = String::new();
        self.append(octets, &mut text);
        text
    }
}

/// Text whose set may be unknown: then UTF-8 if it is that, else Western.
pub fn guess(known: Option<Charset>, octets: &[u8]) -> String {
    match known {
        Some(charset) => charset.text(octets),
        None => match std::str::from_utf8(octets) {
            Ok(text) => text.to_owned(),
            Err(_) => WESTERN.text(octets),
        },
    }
}

/// UTF-16, little-endian, as MAPI writes it; half a unit at the end is dropped.
pub fn utf16(octets: &[u8]) -> String {
    UTF_16LE.decode_without_bom_handling(octets).0.into_owned()
}

const OEM_437: [char; 128] = [
    'Ç', 'ü', 'é', 'â', 'ä', 'à', 'å', 'ç', 'ê', 'ë', 'è', 'ï', 'î', 'ì', 'Ä', 'Å', 'É', 'æ', 'Æ', 'ô', 'ö', 'ò', 'û',
    'ù', 'ÿ', 'Ö', 'Ü', '¢', '£', '¥', '₧', 'ƒ', 'á', 'í', 'ó', 'ú', 'ñ', 'Ñ', 'ª', 'º', '¿', '⌐', '¬', '½', '¼', '¡',
    '«', '»', '░', '▒', '▓', '│', '┤', '╡', '╢', '╖', '╕', '╣', '║', '╗', '╝', '╜', '╛', '┐', '└', '┴', '┬', '├', '─',
    '┼', '╞', '╟', '╚', '╔', '╩', '╦', '╠', '═', '╬', '╧', '╨', '╤', '╥', '╙', '╘', '╒', '╓', '╫', '╪', '┘', '┌', '█',
    '▄', '▌', '▐', '▀', 'α', 'ß', 'Γ', 'π', 'Σ', 'σ', 'µ', 'τ', 'Φ', 'Θ', 'Ω', 'δ', '∞', 'φ', 'ε', '∩', '≡', '±', '≥',
    '≤', '⌠', '⌡', '÷', '≈', '°', '∙', '·', '√', 'ⁿ', '²', '■', '\u{a0}',
];

const OEM_850: [char; 128] = [
    'Ç', 'ü', 'é', 'â', 'ä', 'à', 'å', 'ç', 'ê', 'ë', 'è', 'ï', 'î', 'ì', 'Ä', 'Å', 'É', 'æ', 'Æ', 'ô', 'ö', 'ò', 'û',
    'ù', 'ÿ', 'Ö', 'Ü', 'ø', '£', 'Ø', '×', 'ƒ', 'á', 'í', 'ó', 'ú', 'ñ', 'Ñ', 'ª', 'º', '¿', '®', '¬', '½', '¼', '¡',
    '«', '»', '░', '▒', '▓', '│', '┤', 'Á', 'Â', 'À', '©', '╣', '║', '╗', '╝', '¢', '¥', '┐', '└', '┴', '┬', '├', '─',
    '┼', 'ã', 'Ã', '╚', '╔', '╩', '╦', '╠', '═', '╬', '¤', 'ð', 'Ð', 'Ê', 'Ë', 'È', 'ı', 'Í', 'Î', 'Ï', '┘', '┌', '█',
    '▄', '¦', 'Ì', '▀', 'Ó', 'ß', 'Ô', 'Ò', 'õ', 'Õ', 'µ', 'þ', 'Þ', 'Ú', 'Û', 'Ù', 'ý', 'Ý', '¯', '´', '\u{ad}', '±',
    '‗', '¾', '¶', '§', '÷', '¸', '°', '¨', '·', '¹', '³', '²', '■', '\u{a0}',
];

const OEM_852: [char; 128] = [
    'Ç', 'ü', 'é', 'â', 'ä', 'ů', 'ć', 'ç', 'ł', 'ë', 'Ő', 'ő', 'î', 'Ź', 'Ä', 'Ć', 'É', 'Ĺ', 'ĺ', 'ô', 'ö', 'Ľ', 'ľ',
    'Ś', 'ś', 'Ö', 'Ü', 'Ť', 'ť', 'Ł', '×', 'č', 'á', 'í', 'ó', 'ú', 'Ą', 'ą', 'Ž', 'ž', 'Ę', 'ę', '¬', 'ź', 'Č', 'ş',
    '«', '»', '░', '▒', '▓', '│', '┤', 'Á', 'Â', 'Ě', 'Ş', '╣', '║', '╗', '╝', 'Ż', 'ż', '┐', '└', '┴', '┬', '├', '─',
    '┼', 'Ă', 'ă', '╚', '╔', '╩', '╦', '╠', '═', '╬', '¤', 'đ', 'Đ', 'Ď', 'Ë', 'ď', 'Ň', 'Í', 'Î', 'ě', '┘', '┌', '█',
    '▄', 'Ţ', 'Ů', '▀', 'Ó', 'ß', 'Ô', 'Ń', 'ń', 'ň', 'Š', 'š', 'Ŕ', 'Ú', 'ŕ', 'Ű', 'ý', 'Ý', 'ţ', '´', '\u{ad}', '˝',
    '˛', 'ˇ', '˘', '§', '÷', '¸', '°', '¨', '˙', 'ű', 'Ř', 'ř', '■', '\u{a0}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_their_characters() {
        for (page, octets, text) in [
            (1252, &b"Gr\xfc\xdfe"[..], "Gr\u{fc}\u{df}e"),
            (1251, b"\xcf\xf0\xe8\xe2\xe5\xf2", "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}"),
            (932, b"\x93\xfa\x96\x7b", "\u{65e5}\u{672c}"),
            (936, b"\xd6\xd0", "\u{4e2d}"),
            (437, b"\x81", "\u{fc}"),
            (850, b"\x9b", "\u{f8}"),
            (852, b"\x9f", "\u{10d}"),
            (65001, b"\xc3\xbc", "\u{fc}"),
            (1200, b"a\0", "a"),
        ] {
            assert_eq!(Charset::of_page(page).map(|set| set.text(octets)).as_deref(), Some(text), "{page}");
        }
        assert_eq!((Charset::of_page(0), Charset::of_page(77)), (None, None));
        assert_eq!(Charset::of_font(204), Charset::of_page(1251));
    }

    #[test]
    fn what_is_unknown_is_guessed() {
        assert_eq!(guess(None, "\u{fc}".as_bytes()), "\u{fc}");
        assert_eq!(guess(None, b"\xfc"), "\u{fc}");
        assert_eq!(utf16(b"a\0b"), "a\u{fffd}");
    }
}
