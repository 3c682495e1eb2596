//! HTML without whatever could run or load something when it is shown (FilterHtmlContent).
//!
//! Nothing is passed on as it came: the document is taken apart and written anew from the elements and attributes listed
//! here, every value quoted and every character escaped, every element closed. So a browser reads exactly what was
//! written, whatever was sent. Foreign content (SVG, MathML) and elements whose content is not HTML are never written.
//! Takes time in proportion to its input, which parsers that build a tree do not.

use super::token::{Token, after_closing, attributes, decode, is_hidden, token};

/// Elements that show something and do nothing.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];
/// Those of them that have no content.
const VOID: &[&str] = &["br", "col", "hr", "img", "wbr"];
/// Elements that are gone with what is in them, besides those whose content is not shown as text.
const GONE: &[&str] = &["svg", "math", "applet", "audio", "video", "canvas", "xmp", "plaintext", "listing", "frameset"];

const ATTRIBUTES: &[&str] = &[
    "abbr",
    "align",
    "alt",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "cite",
    "color",
    "cols",
    "colspan",
    "datetime",
    "dir",
    "face",
    "height",
    "href",
    "hspace",
    "lang",
    "nowrap",
    "rowspan",
    "rules",
    "size",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "title",
    "type",
    "valign",
    "vspace",
    "width",
];
/// Attributes whose value is an address.
const ADDRESSES: &[&str] = &["cite", "href", "src"];
const SCHEMES: &[&str] = &["http", "https", "mailto", "cid", "tel", "ftp"];
/// Words of a style that load, run or cover something.
const STYLES: &[&str] =
    &["url", "expression", "behavior", "binding", "import", "javascript", "position", "\\", "/*", "<", "@"];

/// Deeper ones are written flat: no mail needs them, and it bounds the work for each closing tag.
const DEEPEST: usize = 200;

/// The body of the document, clean.
pub(super) fn body(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let (token, tail) = token(rest);
        rest = tail;
        match token {
            Some(Token::Text(text)) => decode(text, |piece| escape(piece, &mut out)),
            Some(Token::Open { name, attributes }) => {
                let name = name.as_str();
                if is_hidden(name) || GONE.contains(&name) {
                    rest = after_closing(rest, name);
                } else if let Some(&element) = ELEMENTS.iter().find(|known| **known == name) {
                    begin(element, attributes, &mut open, &mut out);
                }
            }
            Some(Token::Close { name }) => end(name.as_str(), &mut open, &mut out),
            None => {}
        }
    }
    open.into_iter().rev().for_each(|element| close(element, &mut out));
    out
}

fn begin(element: &'static str, given: &str, open: &mut Vec<&'static str>, out: &mut String) {
    let void = VOID.contains(&element);
    if !void && open.len() >= DEEPEST {
        return;
    }
    out.push('<');
    out.push_str(element);
    for (name, value) in attributes(given) {
        let name = name.to_ascii_lowercase();
        if ATTRIBUTES.contains(&name.as_str()) {
            let mut decoded = String::with_capacity(value.len());
            decode(value, |piece| decoded.push_str(piece));
            if is_harmless(element, &name, &decoded) {
                out.push(' ');
                out.push_str(&name);
                out.push_str("=\"");
                escape(&decoded, out);
                out.push('"');
            }
        }
    }
    out.push('>');
    if !void {
        open.push(element);
    }
}

/// Closes the innermost element of that name and what is open inside it.
fn end(name: &str, open: &mut Vec<&'static str>, out: &mut String) {
    if let Some(at) = open.iter().rposition(|element| *element == name) {
        open.drain(at..).rev().for_each(|element| close(element, out));
    }
}

fn close(element: &str, out: &mut String) {
    out.push_str("</");
    out.push_str(element);
    out.push('>');
}

fn is_harmless(element: &str, name: &str, value: &str) -> bool {
    if name == "style" {
        let lower = value.to_ascii_lowercase();
        return !STYLES.iter().any(|word| lower.contains(word));
    }
    !ADDRESSES.contains(&name) || is_address(element, value)
}

/// Browsers overlook blanks and control characters in an address: so does this.
fn is_address(element: &str, value: &str) -> bool {
    let plain: String = value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(64).collect();
    let lower = plain.to_ascii_lowercase();
    let Some((scheme, rest)) = lower.split_once(':') else { return true };
    if scheme.contains(['/', '?', '#']) {
        return true;
    }
    let picture = ["image/png;", "image/gif;", "image/jpeg;", "image/webp;", "image/bmp;"];
    SCHEMES.contains(&scheme)
        || element == "img" && scheme == "data" && picture.iter().any(|kind| rest.starts_with(kind))
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '`' => out.push_str("&#96;"),
            '\0' => {}
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::body;

    #[test]
    fn what_shows_something_stays() {
        for (html, clean) in [
            ("<html><head><title>t</title></head><body>Hello HTML </body></html>", "Hello HTML "),
            ("<p class=x style='color: red'>a &amp; b<br/>c", "<p style=\"color: red\">a &amp; b<br>c</p>"),
            (
                "<a href=\"https://e.test/?a=1&amp;b=2\" target=_blank>x</a>",
                "<a href=\"https://e.test/?a=1&amp;b=2\">x</a>",
            ),
            ("<img src=cid:1@x alt='a \"b\"'>", "<img src=\"cid:1@x\" alt=\"a &quot;b&quot;\">"),
            ("<img src='data:image/png;base64,AA=='>", "<img src=\"data:image/png;base64,AA==\">"),
            ("<b><i>x</b>y", "<b><i>x</i></b>y"),
            ("</table></div>x", "x"),
            ("1 < 2", "1 &lt; 2"),
            ("<TABLE BORDER=1><TR><TD NOWRAP>x", "<table border=\"1\"><tr><td nowrap=\"\">x</td></tr></table>"),
        ] {
            assert_eq!(body(html), clean, "{html}");
        }
    }

    #[test]
    fn what_does_something_goes() {
        for html in [
            "<script>x()</script>",
            "<ScRiPt src=//e.test>x()</sCrIpT >",
            "<script>x()",
            "<svg onload=x()><p>x()</p></svg>",
            "<iframe src=x()></iframe>",
            "<a href=javascript:x()>",
            "<a href=' java\tscript&colon;x()'>",
            "<a href='&#106;avascript:x()'>",
            "<a href=vbscript:x()>",
            "<img src=x onerror=x()>",
            "<img/onerror=x()/src=x>",
            "<p onclick='x()'>",
            "<body onload=x()>",
            "<p style='width: expression(x())'>",
            "<p style='background: url(x())'>",
            "<p style='b\\65havior: x()'>",
            "<style>x()</style>",
            "<math><mtext><style>x()</style></math>",
            "<a href=data:text/html,x()>",
            "<object data=x()></object>",
            "<embed src=x()>",
            "<link rel=stylesheet href=x()>",
            "<meta http-equiv=refresh content='0;x()'>",
            "<base href=//x()>",
            "<form action=x()><input onfocus=x()></form>",
            "<noscript><p title='</noscript><img src=x onerror=x()>'></noscript>",
            "<!--><img src=x onerror=x()>-->",
            "<textarea><img src=x onerror=x()></textarea>",
            "<xmp><img onerror=x()></xmp>",
            "<template>x()</template>",
        ] {
            let clean = body(html);
            assert!(!clean.contains("x()") || clean.contains("&quot;") || !clean.contains('<'), "{html}: {clean}");
            for word in [
                "<script",
                "onerror=",
                "onload=",
                "onclick=",
                "onfocus=",
                "javascript:",
                "vbscript:",
                "expression",
                "<svg",
                "<style",
                "<meta",
                "<base",
            ] {
                assert!(!clean.to_ascii_lowercase().contains(word), "{html}: {clean}");
            }
        }
    }

    proptest::proptest! {
        /// What is clean is clean: the filter finds nothing more to take away from its own output.
        #[test]
        fn the_output_reads_as_it_was_written(html in "(<|>|/|!--|--|a|p|b|td|br|script|svg|style|textarea| |=|'|\"|&lt;|&|href|src|on|x|:|\n){0,40}") {
            let clean = body(&html);
            proptest::prop_assert_eq!(body(&clean), clean.clone());
            proptest::prop_assert!(clean.matches('<').count() == clean.matches('>').count());
        }
    }
}
