//! HTML bodies as plain text, plain text as HTML, and HTML made harmless (MS-OXWSCORE: BodyType, TextBody, Preview,
//! FilterHtmlContent, BlockExternalImages).
//!
//! Nothing here fails, and everything takes time in proportion to its input: mail is full of broken HTML, and every
//! delivered message passes here for its preview and its search text.

mod filter;
mod quote;
mod style;
mod text;
mod token;

use ewsd_wire::wire;

pub(super) use quote::new_part;

/// The text of an HTML body, lines ended by CRLF, with one at the end unless it is empty. Paragraphs are set apart by an
/// empty line, cells of a table by a tab; link targets follow their text in angle brackets.
pub(super) fn to_text(html: &str) -> String {
    text::convert(html, true)
}

/// The words of an HTML body for previews and searching: no link targets.
pub(super) fn to_words(html: &str) -> String {
    text::convert(html, false)
}

/// A complete HTML document that shows `text` as it is.
pub fn from_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8 + 160);
    out.push_str(HEAD);
    out.push_str("<body>\r\n");
    let mut blank = true;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\n' => out.push_str("<br>\r\n"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // HTML shows a run of blanks as one.
            ' ' if blank => out.push_str("&nbsp;"),
            '\t' => out.push_str("&nbsp;&nbsp;&nbsp; "),
            _ => out.push(c),
        }
        blank = matches!(c, ' ' | '\t' | '\n' | '\r');
    }
    out.push_str("\r\n</body>\r\n</html>\r\n");
    out
}

const HEAD: &str =
    "<html>\r\n<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n</head>\r\n";

wire! {
    /// Which pictures are shown.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Images {
        /// All of them, wherever they must be loaded from.
        0 All
        /// Those that the message carries (`cid:`, `data:`): of others the address is taken out.
        1 Own
    }
}

/// The document without whatever could run or load something when it is shown (FilterHtmlContent), and without pictures
/// from elsewhere if only its own are shown (BlockExternalImages). What comes out goes through again unchanged.
pub(super) fn filter(html: &str, images: Images) -> String {
    let clean = filter::body(html, images);
    format!("{HEAD}<body>\r\n{}\r\n</body>\r\n</html>\r\n", clean.trim_ascii())
}

/// The first `most` characters, runs of white space made one blank: a list shows it beside the subject.
pub fn preview(text: &str, most: usize) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        // A character has at most four octets: enough is there long before the text ends.
        if out.len() > most * 4 {
            break;
        }
    }
    match out.char_indices().nth(most) {
        Some((at, _)) => {
            out.truncate(at);
            out
        }
        None => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_text() {
        for (html, text) in [
            ("<html><head><title>x</title></head><body>Hello HTML</body></html>", "Hello HTML\r\n"),
            ("<p>One\n  two</p><p>three<br>four</p>", "One two\r\n\r\nthree\r\nfour\r\n"),
            (
                "a &amp; b &lt;c&gt; &euro;5 &#x4e2d;&#25991; &unknown; AT&T",
                "a & b <c> \u{20ac}5 \u{4e2d}\u{6587} &unknown; AT&T\r\n",
            ),
            ("x<!-- <p>no</p> -->y<style>p{}</style><SCRIPT>if(a<b)</SCRIPT>z", "xyz\r\n"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a\tb\r\nc\td\r\n"),
            ("<ul><li>one</li><li>two</li></ul>after", "* one\r\n* two\r\n\r\nafter\r\n"),
            ("<a href=\"https://e.test/?a=1&amp;b=2\">here</a>", "here<https://e.test/?a=1&b=2>\r\n"),
            ("<a href='https://e.test/'>https://e.test/</a> <a href=mailto:a@b>a@b</a>", "https://e.test/ a@b\r\n"),
            ("<a href=javascript:alert(1)>x</a>", "x\r\n"),
            ("<pre>a\n  b</pre>c", "a\r\n  b\r\n\r\nc\r\n"),
            ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2\r\n"),
            ("<div>a</div><div><br></div><div>b</div>", "a\r\n\r\nb\r\n"),
            ("<b>bo</b>ld <i>it</i>", "bold it\r\n"),
            ("<img alt='a cat' src=x>", "[a cat]\r\n"),
            ("a&nbsp;&nbsp;b", "a  b\r\n"),
            ("<p", ""),
            ("<a title=\"x > y\">t</a>", "t\r\n"),
            // As browsers have it: a tag that never ends is none.
            ("<a title=\"never ends>t</a>", ""),
            ("a&nbspb &copy2 &#x41 &#0;", "a b \u{a9}2 A \u{fffd}\r\n"),
            ("<plaintext><b>x", "<b>x\r\n"),
            ("<xmp><b>x</xmp>y", "<b>xy\r\n"),
            ("<svg><text>x</text></svg>y<object>x<object>x</object>x</object>z", "yz\r\n"),
            ("", ""),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
        assert_eq!(to_words("<a href=http://x.test>here</a>"), "here\r\n");
    }

    #[test]
    fn text_survives_html() {
        for text in ["", "a", "a < b & \"c\" > d", "one\r\ntwo", "x  y   z", "\u{4e2d}\u{6587}"] {
            let html = from_text(text);
            let expected = if text.is_empty() { String::new() } else { format!("{text}\r\n") };
            assert_eq!(to_text(&html), expected, "{html}");
        }
    }

    #[test]
    fn previews_are_cut_between_characters() {
        assert_eq!(preview("  a \r\n b\t c ", 256), "a b c");
        assert_eq!(preview(&"\u{4e2d}".repeat(300), 256).chars().count(), 256);
    }

    #[test]
    fn a_filtered_document_runs_nothing() {
        let html = filter(
            "<body onload=x()><p>Hi</p><script>x()</script><a href=\"javascript:x()\">l</a><img src=x onerror=y()></body>",
            Images::All,
        );
        assert!(html.contains("Hi") && html.contains("charset=utf-8"), "{html}");
        assert!(!html.contains("script") && !html.contains("onerror") && !html.contains("onload"), "{html}");
    }

    proptest::proptest! {
        #[test]
        fn no_html_breaks_the_reader(html in "[<>/a-z &;#!\"'=\\-\u{e9}\n]{0,200}") {
            let text = to_text(&html);
            proptest::prop_assert!(text.is_empty() || text.ends_with("\r\n"));
            to_words(&html);
        }
    }
}
