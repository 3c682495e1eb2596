//! The value of a `style` attribute, written anew from the properties and values listed here.
//!
//! What is not understood goes: escapes, comments, at-rules, every function but those that make a colour. So nothing can
//! be loaded or run, in whatever way a browser may come to spell that. One pass, time in proportion to the input.

/// What a property's value is made of, besides words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ValueType {
    /// Nothing.
    Words,
    Colours,
    /// Numbers, none of them negative: what is moved off its place covers something.
    Lengths,
    /// Numbers, and fonts by names in quotes.
    Fonts,
    /// Numbers of either sign, within a line.
    Signed,
    /// Lengths and colours.
    Borders,
}

/// The properties that stay. Among those that do not are positions, contents, cursors, filters, animations, and
/// whatever begins with a hyphen or is a custom property.
const PROPERTIES: &[(&str, ValueType)] = &[
    ("background", ValueType::Borders),
    ("background-color", ValueType::Colours),
    ("border", ValueType::Borders),
    ("border-bottom", ValueType::Borders),
    ("border-bottom-color", ValueType::Colours),
    ("border-bottom-style", ValueType::Words),
    ("border-bottom-width", ValueType::Lengths),
    ("border-collapse", ValueType::Words),
    ("border-color", ValueType::Colours),
    ("border-left", ValueType::Borders),
    ("border-left-color", ValueType::Colours),
    ("border-left-style", ValueType::Words),
    ("border-left-width", ValueType::Lengths),
    ("border-radius", ValueType::Lengths),
    ("border-right", ValueType::Borders),
    ("border-right-color", ValueType::Colours),
    ("border-right-style", ValueType::Words),
    ("border-right-width", ValueType::Lengths),
    ("border-spacing", ValueType::Lengths),
    ("border-style", ValueType::Words),
    ("border-top", ValueType::Borders),
    ("border-top-color", ValueType::Colours),
    ("border-top-style", ValueType::Words),
    ("border-top-width", ValueType::Lengths),
    ("border-width", ValueType::Lengths),
    ("box-sizing", ValueType::Words),
    ("caption-side", ValueType::Words),
    ("clear", ValueType::Words),
    ("color", ValueType::Colours),
    ("direction", ValueType::Words),
    ("display", ValueType::Words),
    ("empty-cells", ValueType::Words),
    ("float", ValueType::Words),
    ("font", ValueType::Fonts),
    ("font-family", ValueType::Fonts),
    ("font-size", ValueType::Lengths),
    ("font-stretch", ValueType::Lengths),
    ("font-style", ValueType::Words),
    ("font-variant", ValueType::Words),
    ("font-weight", ValueType::Lengths),
    ("height", ValueType::Lengths),
    ("letter-spacing", ValueType::Signed),
    ("line-height", ValueType::Lengths),
    ("list-style", ValueType::Words),
    ("list-style-position", ValueType::Words),
    ("list-style-type", ValueType::Words),
    ("margin", ValueType::Lengths),
    ("margin-bottom", ValueType::Lengths),
    ("margin-left", ValueType::Lengths),
    ("margin-right", ValueType::Lengths),
    ("margin-top", ValueType::Lengths),
    ("max-height", ValueType::Lengths),
    ("max-width", ValueType::Lengths),
    ("min-height", ValueType::Lengths),
    ("min-width", ValueType::Lengths),
    ("orphans", ValueType::Lengths),
    ("overflow-wrap", ValueType::Words),
    ("padding", ValueType::Lengths),
    ("padding-bottom", ValueType::Lengths),
    ("padding-left", ValueType::Lengths),
    ("padding-right", ValueType::Lengths),
    ("padding-top", ValueType::Lengths),
    ("page-break-after", ValueType::Words),
    ("page-break-before", ValueType::Words),
    ("page-break-inside", ValueType::Words),
    ("table-layout", ValueType::Words),
    ("text-align", ValueType::Words),
    ("text-decoration", ValueType::Colours),
    ("text-decoration-color", ValueType::Colours),
    ("text-decoration-line", ValueType::Words),
    ("text-decoration-style", ValueType::Words),
    ("text-indent", ValueType::Signed),
    ("text-transform", ValueType::Words),
    ("unicode-bidi", ValueType::Words),
    ("vertical-align", ValueType::Signed),
    ("visibility", ValueType::Words),
    ("white-space", ValueType::Words),
    ("widows", ValueType::Lengths),
    ("width", ValueType::Lengths),
    ("word-break", ValueType::Words),
    ("word-spacing", ValueType::Signed),
    ("word-wrap", ValueType::Words),
];

const UNITS: &[&str] =
    &["", "%", "px", "pt", "em", "rem", "ex", "ch", "pc", "in", "cm", "mm", "vw", "vh", "deg", "rad", "turn"];
const COLOURS: &[&str] = &["rgb", "rgba", "hsl", "hsla"];
/// Declarations of one attribute, and tokens of one value; more are dropped, with their declaration.
const DECLARATIONS: usize = 128;
const TOKENS: usize = 64;
/// Octets of one word, number or name.
const LONGEST: usize = 64;

/// The declarations that stay, ready for an attribute in double quotes; empty if there are none.
pub(super) fn clean(style: &str) -> String {
    let mut out = String::new();
    for declaration in style.split(';').take(DECLARATIONS) {
        let start = out.len();
        if !out.is_empty() {
            out.push_str("; ");
        }
        if write(declaration, &mut out).is_none() {
            out.truncate(start);
        }
    }
    out
}

/// Writes one declaration. None: it does not stay, whatever of it was written.
fn write(declaration: &str, out: &mut String) -> Option<()> {
    let (name, value) = declaration.split_once(':')?;
    let name = name.trim_ascii();
    let at = PROPERTIES.binary_search_by(|(known, _)| {
        let letters = name.bytes().map(|b| b.to_ascii_lowercase());
        known.bytes().cmp(letters)
    });
    let (name, of) = PROPERTIES.get(at.ok()?)?;
    out.push_str(name);
    out.push(':');
    let mut value = Value { rest: value.trim_ascii(), of: *of, colour: false };
    for count in 0.. {
        value.rest = value.rest.trim_ascii_start();
        if value.rest.is_empty() {
            return (count > 0 && !value.colour).then_some(());
        }
        if count >= TOKENS {
            break;
        }
        value.token(out)?;
    }
    None
}

/// A value being read.
struct Value<'a> {
    rest: &'a str,
    of: ValueType,
    /// Within the brackets of a colour.
    colour: bool,
}

impl<'a> Value<'a> {
    fn take(&mut self, end: usize) -> Option<&'a str> {
        let (token, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!token.is_empty() && token.len() <= LONGEST).then_some(token)
    }

    /// Takes what consists of such characters.
    fn run(&mut self, of: impl Fn(char) -> bool) -> Option<&'a str> {
        self.take(self.rest.find(|c| !of(c)).unwrap_or(self.rest.len()))
    }

    /// Reads a token and writes it. None: it is none that may stand here.
    fn token(&mut self, out: &mut String) -> Option<()> {
        match self.rest.chars().next()? {
            ',' | '/' => {
                out.push_str(self.take(1)?);
                Some(())
            }
            ')' if self.colour => {
                self.colour = false;
                out.push_str(self.take(1)?);
                Some(())
            }
            c if c.is_ascii_digit() || matches!(c, '.' | '+' | '-') => self.number(out),
            _ if self.colour => None,
            '#' => self.hash(out),
            '!' => self.important(out),
            quote @ ('"' | '\'') => self.name(quote, out),
            _ => self.word(out),
        }
    }

    /// A blank between two tokens, but for after an opening bracket.
    fn blank(out: &mut String) {
        if !out.ends_with('(') {
            out.push(' ');
        }
    }

    fn number(&mut self, out: &mut String) -> Option<()> {
        if matches!(self.of, ValueType::Words) || self.of == ValueType::Colours && !self.colour {
            return None;
        }
        let token = self.run(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '%'))?;
        let number = token.strip_prefix(['+', '-']).unwrap_or(token);
        if token.starts_with('-') && self.of != ValueType::Signed {
            return None;
        }
        let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
        let (digits, unit) = number.split_at(end);
        let plain = digits.bytes().any(|b| b.is_ascii_digit()) && digits.matches('.').count() <= 1;
        let known = UNITS.iter().any(|known| known.eq_ignore_ascii_case(unit));
        Self::blank(out);
        out.push_str(token);
        (plain && known).then_some(())
    }

    fn hash(&mut self, out: &mut String) -> Option<()> {
        let token = self.run(|c| c == '#' || c.is_ascii_hexdigit())?;
        Self::blank(out);
        out.push_str(token);
        let coloured = matches!(self.of, ValueType::Colours | ValueType::Borders);
        (coloured && matches!(token.len(), 4 | 5 | 7 | 9) && token.rfind('#') == Some(0)).then_some(())
    }

    fn important(&mut self, out: &mut String) -> Option<()> {
        self.rest = self.rest.strip_prefix('!')?.trim_ascii_start();
        let word = self.run(|c| c.is_ascii_alphabetic())?;
        out.push_str(" !important");
        word.eq_ignore_ascii_case("important").then_some(())
    }

    /// A font's name in quotes. Written in single ones.
    fn name(&mut self, quote: char, out: &mut String) -> Option<()> {
        let (name, rest) = self.rest.get(1..)?.split_once(quote)?;
        self.rest = rest;
        let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.'));
        out.push_str(" '");
        out.push_str(name);
        out.push('\'');
        (self.of == ValueType::Fonts && plain && name.len() <= LONGEST).then_some(())
    }

    fn word(&mut self, out: &mut String) -> Option<()> {
        let fonts = self.of == ValueType::Fonts;
        let word = self.run(|c| c.is_ascii_alphanumeric() || c == '-' || fonts && (c.is_alphanumeric() || c == '_'))?;
        let Some(rest) = self.rest.strip_prefix('(') else {
            Self::blank(out);
            out.push_str(word);
            return Some(());
        };
        let coloured = matches!(self.of, ValueType::Colours | ValueType::Borders);
        let function = COLOURS.iter().find(|known| coloured && known.eq_ignore_ascii_case(word))?;
        self.rest = rest;
        self.colour = true;
        Self::blank(out);
        out.push_str(function);
        out.push('(');
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::{PROPERTIES, clean};

    #[test]
    fn properties_are_in_order() {
        assert!(PROPERTIES.is_sorted_by(|(a, _), (b, _)| a < b));
    }

    #[test]
    fn what_shows_something_stays() {
        for (style, kept) in [
            ("color: red", "color: red"),
            ("COLOR:#FF00aa;", "color: #FF00aa"),
            ("color:rgb( 1 ,2, 3 );width:10.5PX", "color: rgb(1, 2, 3); width: 10.5PX"),
            ("color: rgb(1 2 3 / 50%)", "color: rgb(1 2 3/ 50%)"),
            ("font: bold 12px/1.5 'Segoe UI', Arial", "font: bold 12px/ 1.5 'Segoe UI', Arial"),
            (
                "font-family: &quot;x&quot;; font-family:\"Courier New\",monospace",
                "font-family: 'Courier New', monospace",
            ),
            ("font-family: \u{ff2d}\u{ff33} \u{30b4}", "font-family: \u{ff2d}\u{ff33} \u{30b4}"),
            ("border:solid #ccc 1.0pt;padding:0cm 5.4pt", "border: solid #ccc 1.0pt; padding: 0cm 5.4pt"),
            ("margin:0 auto!important", "margin: 0 auto !important"),
            ("text-indent:-18.0pt;margin-left:36pt", "text-indent: -18.0pt; margin-left: 36pt"),
            ("background:#fff;mso-line-height-rule:exactly", "background: #fff"),
        ] {
            assert_eq!(clean(style), kept, "{style}");
            assert_eq!(clean(kept), kept, "again");
        }
    }

    #[test]
    fn what_could_load_or_run_something_goes() {
        for style in [
            "",
            "color",
            "color:",
            "background: url(http://e.test/x)",
            "background: URL( 'x' )",
            "background: image-set(\"http://e.test/x\" 1x)",
            "background: -webkit-image-set(url(x) 1x)",
            "background: image(\"x\")",
            "background: cross-fade(red, blue)",
            "background: element(#x)",
            "background: \\75rl(x)",
            "background: u\\rl(x)",
            "background: u/**/rl(x)",
            "background: red /* x */",
            "background: var(--x)",
            "background: attr(href)",
            "--x: url(x)",
            "background-image: none",
            "list-style-image: none",
            "list-style: url(x)",
            "width: expression(x())",
            "width: calc(1px + 1px)",
            "width: min(1px)",
            "behavior: url(x)",
            "-moz-binding: url(x)",
            "content: 'x'",
            "cursor: url(x), auto",
            "position: fixed",
            "margin-left: -9999px",
            "@import 'x'",
            "@import url(x); x",
            "x{} body{color:red}",
            "color: red }",
            "color: <!--",
            "color: rgb(1, 2",
            "color: rgb(1, rgb(2))",
            "color: rgb(red)",
            "color: #12",
            "color: #1#3",
            "color: 1px",
            "font: 'a\\'b'",
            "font: 'a",
            "font: 'a(b)'",
            "width: 1.2.3px",
            "width: .",
            "width: 1px2",
            "width: 1x",
            "b\u{131}ackground: red",
            "color\u{a0}: red",
        ] {
            assert_eq!(clean(style), "", "{style}");
        }
    }

    #[test]
    fn lists_are_bounded() {
        assert_eq!(clean(&"color:red;".repeat(1000)).matches("color").count(), super::DECLARATIONS);
        assert_eq!(clean(&format!("font: {}", "a ".repeat(100))), "");
        assert_eq!(clean(&format!("font: {}", "a".repeat(100))), "");
    }

    proptest::proptest! {
        #[test]
        fn clean_is_clean(style in "(color|font|width|margin| |:|;|'|\"|\\(|\\)|rgb\\(|,|/|#|abc|12|px|-|!|important|%|\\.){0,24}") {
            let once = clean(&style);
            proptest::prop_assert_eq!(clean(&once), once.clone());
            let odd = once.contains(['"', '<', '\\', '{']) || once.contains("/*");
            proptest::prop_assert!(!odd);
        }
    }
}
