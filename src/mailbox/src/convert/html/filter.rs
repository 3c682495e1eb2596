//! HTML without whatever could run or load something when it is shown (FilterHtmlContent, BlockExternalImages).
//!
//! Nothing is passed on as it came: the document is taken apart and written anew from the elements and attributes listed
//! here, every value quoted and every character escaped, every element closed. So a browser reads exactly what was
//! written, whatever was sent. Foreign content (SVG, MathML) and elements whose content is not HTML are never written.
//! Takes time in proportion to its input, which parsers that build a tree do not.

use super::Images;
use super::style;
use super::token::{Attributes, Sink, read};

/// Elements that show something and do nothing, in order.
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
/// Parts of tables: an end tag inside a cell closes nothing outside it, but for these.
const TABLE: &[&str] = &["caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"];
const SCHEMES: &[&str] = &["http", "https", "mailto", "cid", "tel", "ftp"];
const LONGEST_SCHEME: usize = 32;
const PICTURES: &[&str] = &["image/png", "image/gif", "image/jpeg", "image/webp", "image/bmp"];

/// Deeper ones are written flat: no mail needs them, and it bounds the work for each tag.
const DEEPEST: usize = 200;

/// The body of the document, clean.
pub(super) fn body(html: &str, images: Images) -> String {
    let mut filter = Filter { out: String::with_capacity(html.len()), open: Vec::new(), images };
    read(html, &mut filter);
    let Filter { mut out, open, .. } = filter;
    open.into_iter().rev().for_each(|element| close(element, &mut out));
    out
}

struct Filter {
    out: String,
    open: Vec<&'static str>,
    images: Images,
}

impl Sink for Filter {
    const ATTRIBUTES: &'static [&'static str] = &[
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

    fn hides(name: &str) -> bool {
        matches!(name, "applet" | "audio" | "video" | "canvas" | "xmp" | "plaintext" | "listing" | "frameset")
    }

    fn text(&mut self, text: &str) {
        escape(text, &mut self.out);
    }

    fn open(&mut self, name: &str, attributes: &Attributes) {
        let Some(&element) = ELEMENTS.binary_search(&name).ok().and_then(|at| ELEMENTS.get(at)) else { return };
        self.end_implied(element);
        let void = VOID.contains(&element);
        if !void && self.open.len() >= DEEPEST {
            return;
        }
        self.out.push('<');
        self.out.push_str(element);
        for (name, value) in attributes.iter() {
            self.attribute(element, name, value);
        }
        self.out.push('>');
        if !void {
            self.open.push(element);
        }
    }

    /// Closes the innermost element of that name and what is open inside it.
    fn close(&mut self, name: &str) {
        let bounded = !TABLE.contains(&name);
        let within = self.open.iter().rev().take_while(|open| !(bounded && matches!(**open, "td" | "th" | "caption")));
        if let Some(depth) = within.clone().position(|open| *open == name) {
            self.close_innermost(depth + 1);
        }
    }
}

impl Filter {
    fn close_innermost(&mut self, count: usize) {
        let at = self.open.len().saturating_sub(count);
        self.open.drain(at..).rev().for_each(|element| close(element, &mut self.out));
    }

    /// Closes what ends where such an element begins, as far as its end tag may be left out.
    fn end_implied(&mut self, element: &str) {
        let (ends, bounds): (&[&str], &[&str]) = match element {
            "li" => (&["li"], &["ul", "ol", "dir", "td", "th", "caption"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl", "td", "th", "caption"]),
            "td" | "th" => (&["td", "th"], &["tr", "table"]),
            "tr" => (&["tr", "caption"], &["thead", "tbody", "tfoot", "table"]),
            "thead" | "tbody" | "tfoot" => (&["thead", "tbody", "tfoot", "caption"], &["table"]),
            // A paragraph with something open inside it goes on, or that would be lost.
            "p" | "div" | "table" | "ul" | "ol" | "dl" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre"
            | "blockquote" | "center" | "address" | "hr" => {
                if self.open.last() == Some(&"p") {
                    self.close_innermost(1);
                }
                return;
            }
            _ => return,
        };
        let within = self.open.iter().rev().take_while(|open| !bounds.contains(open));
        if let Some(depth) = within.clone().position(|open| ends.contains(open)) {
            self.close_innermost(depth + 1);
        }
    }

    fn attribute(&mut self, element: &str, name: &str, value: &str) {
        let styled;
        let value = match name {
            "style" => {
                styled = style::clean(value);
                if styled.is_empty() {
                    return;
                }
                styled.as_str()
            }
            "href" if element != "a" || !is_address(value) => return,
            "cite" if !is_address(value) => return,
            "src" if element != "img" || !self.may_show(value) => return,
            _ => value,
        };
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape(value, &mut self.out);
        self.out.push('"');
    }

    /// Whether the picture at that address is shown: one that the message carries always is.
    fn may_show(&self, address: &str) -> bool {
        match scheme(address).as_deref() {
            Some("cid") => true,
            Some("data") => {
                let content = address.split_once(':').map(|(_, content)| content).unwrap_or_default();
                let kind = content.split([';', ',']).next().unwrap_or_default();
                PICTURES.iter().any(|picture| picture.eq_ignore_ascii_case(kind))
            }
            _ => self.images == Images::All && is_address(address),
        }
    }
}

fn close(element: &str, out: &mut String) {
    out.push_str("</");
    out.push_str(element);
    out.push('>');
}

/// The scheme of an address in lower case; None if it is relative. Browsers overlook blanks and control characters: so
/// does this. One longer than any known is taken for a relative address, as which it runs nothing.
fn scheme(address: &str) -> Option<String> {
    let mut scheme = String::new();
    for c in address.chars().filter(|c| !c.is_whitespace() && !c.is_control()) {
        match c {
            ':' => return Some(scheme),
            '/' | '?' | '#' => return None,
            _ if scheme.len() >= LONGEST_SCHEME => return None,
            _ => scheme.push(c.to_ascii_lowercase()),
        }
    }
    None
}

/// Whether an address leads to somewhere and runs nothing.
fn is_address(address: &str) -> bool {
    scheme(address).is_none_or(|scheme| SCHEMES.contains(&scheme.as_str()))
}

fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '`', '\0', '\r']) {
        let (before, special) = rest.split_at(at);
        out.push_str(before);
        out.push_str(match special.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            Some(b'"') => "&quot;",
            Some(b'`') => "&#96;",
            // It would be read as a line end.
            Some(b'\r') => "&#13;",
            _ => "",
        });
        rest = special.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::{ELEMENTS, Images, body as filtered};

    fn body(html: &str) -> String {
        filtered(html, Images::All)
    }

    #[test]
    fn elements_are_in_order() {
        assert!(ELEMENTS.is_sorted_by(|a, b| a < b));
    }

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
            ("a\r\nb&#13;c", "a\nb&#13;c"),
            ("a\0b&#0;c", "ab\u{fffd}c"),
            ("&copy &amp;lt; &notit; &#x80;", "\u{a9} &amp;lt; \u{ac}it; \u{20ac}"),
            ("<a href='?a=1&copy=2'>", "<a href=\"?a=1&amp;copy=2\"></a>"),
            ("<a href=a href=b>", "<a href=\"a\"></a>"),
        ] {
            assert_eq!(body(html), clean, "{html}");
        }
    }

    #[test]
    fn end_tags_may_be_left_out() {
        for (html, clean) in [
            ("<p>a<p>b", "<p>a</p><p>b</p>"),
            ("<p>a<div>b", "<p>a</p><div>b</div>"),
            ("<ul><li>a<ul><li>b</ul><li>c</ul>", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
            ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
            (
                "<table><tr><td>a<td>b<tr><td>c</table>",
                "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
            ),
            (
                "<table><thead><tr><td>a<tbody><tr><td>b",
                "<table><thead><tr><td>a</td></tr></thead><tbody><tr><td>b</td></tr></tbody></table>",
            ),
            ("<div><table><td></div>x", "<div><table><td>x</td></table></div>"),
        ] {
            assert_eq!(body(html), clean, "{html}");
        }
        let rows = "<tr><td>a<td>b".repeat(1000);
        assert_eq!(body(&format!("<table>{rows}</table>")).matches("</tr>").count(), 1000);
        assert_eq!(body(&"<b>".repeat(1000)).matches("<b>").count(), super::DEEPEST);
    }

    #[test]
    fn what_does_something_goes() {
        for (html, clean) in [
            ("<script>x()</script>a", "a"),
            ("<ScRiPt src=//e.test>x()</sCrIpT >a", "a"),
            ("<script>x()", ""),
            ("<script><!--<script></script>x()</script>-->a", "--&gt;a"),
            ("<script/>x()</script>a", "a"),
            ("<scr<script>ipt>x", "ipt&gt;x"),
            ("<svg onload=x()><p>x()</p></svg>a", "a"),
            ("<svg/onload=x()>a", ""),
            ("<svg onload=x() />a", "a"),
            ("<svg><style><img src=x onerror=x()></style></svg>a", "a"),
            ("<svg><![CDATA[</svg>]]></svg>a", "a"),
            ("<![CDATA[<img src=x onerror=x()>]]>a", "]]&gt;a"),
            ("<math><mtext><table><mglyph><style><img onerror=x()></math>a", "a"),
            ("<iframe src=x()></iframe>a", "a"),
            ("<iframe srcdoc='<script>'>x</iframe>a", "a"),
            ("<a href=javascript:x()>a</a>", "<a>a</a>"),
            ("<a href=' java\tscript&colon;x()'>", "<a></a>"),
            ("<a href='&#106;avascript:x()'>", "<a></a>"),
            ("<a href='&#x6A&#x61vascript:x()'>", "<a></a>"),
            ("<a href='java&NewLine;script&Tab;:x()'>", "<a></a>"),
            ("<a href='\u{1}javascript:x()'>", "<a></a>"),
            ("<a href='\0javascript:x()'>", "<a></a>"),
            ("<a href='JaVaScRiPt:x()'>", "<a></a>"),
            ("<a href=vbscript:x()>", "<a></a>"),
            ("<a href=data:text/html,x()>", "<a></a>"),
            ("<a href=about:blank>", "<a></a>"),
            ("<a href=blob:x>", "<a></a>"),
            ("<img src=javascript:x()>", "<img>"),
            ("<img src=data:image/svg+xml,x()>", "<img>"),
            ("<img src=x onerror=x()>", "<img src=\"x\">"),
            ("<img/onerror=x()/src=x>", "<img>"),
            ("<img src=x\u{c}onerror=x()>", "<img src=\"x\">"),
            ("<img srcset='http://e.test/x 1x' lowsrc=x dynsrc=x>", "<img>"),
            ("<img alt=\"`onerror=x()\">", "<img alt=\"&#96;onerror=x()\">"),
            ("<p onclick='x()' ONCLICK=x() on\u{130}x=1>", "<p></p>"),
            ("<p \"onclick=x()>", "<p></p>"),
            ("<p =onclick=x()>", "<p></p>"),
            ("<body onload=x() background=x>a", "a"),
            ("<table background=http://e.test/x>", "<table></table>"),
            ("<p style='width: expression(x())'>", "<p></p>"),
            ("<p style='background: url(x())'>", "<p></p>"),
            ("<p style='background:image-set(\"http://e.test\")'>", "<p></p>"),
            ("<p style='background:\\75rl(x)'>", "<p></p>"),
            ("<p style='b\\65havior: x()'>", "<p></p>"),
            ("<style>x()</style>a", "a"),
            ("<style>@import 'x';", ""),
            ("<object data=x()>x</object>a", "a"),
            ("<embed src=x()>a", "a"),
            ("<link rel=stylesheet href=x()>a", "a"),
            ("<meta http-equiv=refresh content='0;x()'>a", "a"),
            ("<base href=//x()>a", "a"),
            ("<form action=x()><input onfocus=x() type=image src=x>a</form>", "a"),
            ("<video poster=x><source src=x></video><audio src=x></audio>a", "a"),
            ("<noscript><p title='</noscript><img src=x onerror=x()>'></noscript>", "<img src=\"x\">'&gt;"),
            ("<!--><img src=x onerror=x()>-->", "<img src=\"x\">--&gt;"),
            ("<!--!><img onerror=x()>-->a", "a"),
            ("<!-- --!><b>a", "<b>a</b>"),
            ("<!-- x", ""),
            ("<?xml x()?>a", "a"),
            ("</ x()>a", "a"),
            ("<textarea><img src=x onerror=x()></textarea>a", "a"),
            ("<title><img onerror=x()></title>a", "a"),
            ("<xmp><img onerror=x()></xmp>a", "a"),
            ("<plaintext><img onerror=x()>", ""),
            ("<template><b>x()</b></template>a", "a"),
            ("<select><option>x</select>a", "a"),
            ("<object><object></object>x</object>a", "a"),
            ("<x-foo onclick=x()>a</x-foo>", "a"),
            ("<a\0b href=x>a", "a"),
            ("<a title='<script>x()</script>'>", "<a title=\"&lt;script&gt;x()&lt;/script&gt;\"></a>"),
            ("&lt;script&gt;x()&lt;/script&gt;", "&lt;script&gt;x()&lt;/script&gt;"),
            ("<p title='", ""),
        ] {
            assert_eq!(body(html), clean, "{html}");
            assert_eq!(body(clean), clean, "again");
        }
    }

    #[test]
    fn external_images_are_taken_out() {
        for (html, clean) in [
            ("<img src=http://e.test/x alt=a width=1>", "<img alt=\"a\" width=\"1\">"),
            ("<img src=//e.test/x>", "<img>"),
            ("<img src='ht&Tab;tps://e.test/x'>", "<img>"),
            ("<img src='\\\\e.test\\x'>", "<img>"),
            ("<img src=x.png>", "<img>"),
            ("<img src=ftp://e.test/x>", "<img>"),
            ("<img src=CID:1@x>", "<img src=\"CID:1@x\">"),
            ("<img src=data:image/GIF;base64,AA>", "<img src=\"data:image/GIF;base64,AA\">"),
            ("<img src=data:text/html,x>", "<img>"),
            ("<img src=cid:1 srcset='http://e.test/x 2x'>", "<img src=\"cid:1\">"),
            ("<table background=http://e.test/x><td background=http://e.test/x>", "<table><td></td></table>"),
            ("<input type=image src=http://e.test/x><video poster=http://e.test/x></video>", ""),
            ("<p style='background:url(http://e.test/x);color:red'>", "<p style=\"color: red\"></p>"),
            ("<a href=http://e.test/x>a</a>", "<a href=\"http://e.test/x\">a</a>"),
        ] {
            assert_eq!(filtered(html, Images::Own), clean, "{html}");
        }
    }

    /// Pieces of which soups are made.
    const SOUP: &str = "(<|>|/|</|!--|--|\\]\\]>|<!\\[CDATA\\[|<a |<p|<p>|<b>|<td>|<tr>|<table>|<li>|<ul>|</b>|</p>|</td>|</table>\
        |<br|<script>|</script|<svg>|</svg>|<math>|<style>|</style>|<textarea>|</textarea>|<noscript>|<template>|<pre>|<xmp>|<title>\
        |<plaintext>| |=|'|\"|`|&lt;|&amp|&|&#13;|&#x|0;|href|src|style=|color:|red;|url\\(|on|x|:|\n|\r|\t|\u{0}|\u{c}|\u{e9}|\u{1f600}|\u{fffd})";

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

        /// What is clean is clean: the filter finds nothing more to take away from its own output.
        #[test]
        fn the_output_reads_as_it_was_written(html in format!("{SOUP}{{0,40}}").as_str()) {
            let clean = body(&html);
            proptest::prop_assert_eq!(clean.matches('<').count(), clean.matches('>').count());
            proptest::prop_assert_eq!(body(&clean), clean);
            let document = super::super::filter(&html, Images::Own);
            proptest::prop_assert_eq!(super::super::filter(&document, Images::Own), document);
        }
    }
}
