//! HTML bodies as plain text, and plain text as HTML (MS-OXWSCORE BodyType, TextBody, Preview).
//!
//! The reader never fails and takes time in proportion to its input: mail is full of broken HTML, and every delivered
//! message passes here for its preview and its search text.

use mail_parser::decoders::html::add_html_token;

/// The text of an HTML body, lines ended by CRLF, with one at the end unless it is empty. Paragraphs are set apart by an
/// empty line, cells of a table by a tab; link targets follow their text in angle brackets.
pub fn to_text(html: &str) -> String {
    let mut writer = Writer { links: true, ..Writer::default() };
    run(html, &mut writer);
    writer.finish()
}

/// The words of an HTML body for previews and searching: no link targets.
pub fn to_words(html: &str) -> String {
    let mut writer = Writer::default();
    run(html, &mut writer);
    writer.finish()
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

/// The document without whatever could run or load something when it is shown (FilterHtmlContent).
pub fn filter(html: &str) -> String {
    let clean = ammonia::clean(html);
    format!("{HEAD}<body>\r\n{clean}\r\n</body>\r\n</html>\r\n")
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

enum Token<'a> {
    Text(&'a str),
    /// Name in lower case, at most as long as any that is known here.
    Open {
        name: Name,
        attributes: &'a str,
    },
    Close {
        name: Name,
    },
}

/// A tag's name in lower case; longer ones than any known are cut.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name([u8; 12]);

impl Name {
    fn of(tag: &str) -> Name {
        let mut name = [0; 12];
        for (to, from) in name.iter_mut().zip(tag.bytes()) {
            *to = from.to_ascii_lowercase();
        }
        Name(name)
    }

    fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(self.0.len());
        self.0.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// Reads one token at the start of `rest`, which is not empty.
fn token(rest: &str) -> (Option<Token<'_>>, &str) {
    let Some(tag) = rest.strip_prefix('<') else {
        let end = rest.find('<').unwrap_or(rest.len());
        let (text, rest) = rest.split_at(end);
        return (Some(Token::Text(text)), rest);
    };
    if let Some(comment) = tag.strip_prefix("!--") {
        return (None, comment.find("-->").and_then(|at| comment.get(at + 3..)).unwrap_or(""));
    }
    let closing = tag.starts_with('/');
    let inner = tag.strip_prefix('/').unwrap_or(tag);
    if inner.starts_with(['!', '?']) {
        return (None, after_tag(inner).1);
    }
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
        // A lone `<` is text.
        let end = tag.find('<').map_or(rest.len(), |at| at + 1);
        let (text, rest) = rest.split_at(end);
        return (Some(Token::Text(text)), rest);
    }
    let (whole, rest) = after_tag(inner);
    let end = whole.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(whole.len());
    let (name, attributes) = whole.split_at(end);
    let name = Name::of(name);
    (Some(if closing { Token::Close { name } } else { Token::Open { name, attributes } }), rest)
}

/// What stands before the `>` that ends a tag (one in quotes does not), and what follows it.
fn after_tag(tag: &str) -> (&str, &str) {
    let mut quote = None;
    let mut value = false;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return (tag.get(..at).unwrap_or_default(), tag.get(at + 1..).unwrap_or_default()),
            // Only after `=` does a quote open a value: apostrophes stray into broken tags.
            (None, b'"' | b'\'') if value => quote = Some(byte),
            (Some(open), _) if byte == open => quote = None,
            _ => {}
        }
        value = byte == b'=' || (value && byte.is_ascii_whitespace());
    }
    // A quote that never ends: the tag ends at its first `>`.
    match tag.split_once('>') {
        Some(parts) => parts,
        None => (tag, ""),
    }
}

/// The value of an attribute, entities decoded.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len());
        let (found, tail) = rest.split_at(end);
        if found.is_empty() && tail.is_empty() {
            return None;
        }
        let tail = tail.trim_start();
        let (value, tail) = match tail.strip_prefix('=').map(str::trim_start) {
            None => ("", tail),
            Some(value) => match value.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let value = value.get(1..).unwrap_or_default();
                    value.split_once(quote).unwrap_or((value, ""))
                }
                _ => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
            },
        };
        if found.eq_ignore_ascii_case(name) {
            let mut decoded = String::with_capacity(value.len());
            decode(value, |piece| decoded.push_str(piece));
            return Some(decoded);
        }
        rest = tail;
    }
}

/// Hands over `text` piece by piece with its entities decoded.
fn decode(text: &str, mut piece: impl FnMut(&str)) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        piece(before);
        // The longest named entity has 33 characters.
        let end = entity.bytes().take(36).position(|b| b == b';');
        match end.and_then(|end| entity.split_at_checked(end + 1)) {
            Some((entity, tail)) => {
                let mut decoded = String::new();
                add_html_token(&mut decoded, entity.as_bytes(), false);
                piece(&decoded);
                rest = tail;
            }
            None => {
                piece("&");
                rest = entity.get(1..).unwrap_or_default();
            }
        }
    }
    piece(rest);
}

/// Elements whose content is not shown.
fn is_hidden(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "title"
            | "template"
            | "noscript"
            | "noframes"
            | "iframe"
            | "object"
            | "textarea"
            | "select"
    )
}

/// How many line ends stand at least before and after an element.
fn breaks(name: &str) -> usize {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" | "blockquote" | "pre" => 2,
        "div" | "li" | "tr" | "table" | "hr" | "dt" | "dd" | "section" | "article" | "header" | "footer"
        | "address" | "center" | "form" | "fieldset" | "nav" | "main" | "aside" | "figure" | "figcaption"
        | "caption" | "body" | "html" | "head" => 1,
        _ => 0,
    }
}

fn run(html: &str, writer: &mut Writer) {
    let mut rest = html;
    while !rest.is_empty() {
        let (token, tail) = token(rest);
        rest = tail;
        match token {
            Some(Token::Text(text)) => decode(text, |piece| writer.text(piece)),
            Some(Token::Open { name, attributes }) => {
                let name = name.as_str();
                if is_hidden(name) {
                    rest = after_closing(rest, name);
                } else {
                    writer.open(name, attributes);
                }
            }
            Some(Token::Close { name }) => writer.close(name.as_str()),
            None => {}
        }
    }
}

/// What follows the closing tag of `name`; nothing if there is none.
fn after_closing<'a>(html: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = html.get(from..).and_then(|rest| rest.find("</")).map(|at| from + at + 2) {
        let rest = html.get(at..).unwrap_or_default();
        if rest.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name)) {
            return rest.split_once('>').map_or("", |(_, rest)| rest);
        }
        from = at;
    }
    ""
}

/// Builds the text: white space collapses, line breaks are owed until there is text to stand behind them.
#[derive(Default)]
struct Writer {
    out: String,
    /// Line ends owed before the next text.
    owed: usize,
    /// A blank is owed before the next text.
    space: bool,
    /// Depth of `<pre>`.
    verbatim: usize,
    links: bool,
    /// The link being written: target, and where its text began.
    link: Option<(String, usize)>,
}

impl Writer {
    fn open(&mut self, name: &str, attributes: &str) {
        self.end_lines(breaks(name));
        match name {
            "br" => self.line(),
            "li" => self.word("* "),
            "td" | "th" => {
                if !self.at_line_start() {
                    self.word("\t");
                }
                self.space = false;
            }
            "pre" => self.verbatim += 1,
            "a" if self.links => {
                let target = attribute(attributes, "href").filter(|target| {
                    let lower = target.get(..8).unwrap_or(target).to_ascii_lowercase();
                    lower.starts_with("http:") || lower.starts_with("https:") || lower.starts_with("mailto:")
                });
                self.link = target.map(|target| (target, self.out.len()));
            }
            "img" => {
                if let Some(text) = attribute(attributes, "alt").filter(|text| !text.trim().is_empty()) {
                    self.text(&format!("[{}]", text.trim()));
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "a" => {
                if let Some((target, start)) = self.link.take() {
                    let shown = self.out.get(start..).unwrap_or_default().trim();
                    let bare = target.strip_prefix("mailto:").unwrap_or(&target);
                    if !shown.is_empty() && shown != target && shown != bare {
                        self.out.push_str(&format!("<{bare}>"));
                    }
                }
            }
            "pre" => self.verbatim = self.verbatim.saturating_sub(1),
            _ => {}
        }
        self.end_lines(breaks(name));
    }

    fn text(&mut self, text: &str) {
        if self.verbatim > 0 {
            for (at, line) in text.split('\n').enumerate() {
                if at > 0 {
                    self.line();
                }
                self.word(line.trim_end_matches('\r'));
            }
            return;
        }
        for (at, word) in text.split(|c: char| c.is_ascii_whitespace()).enumerate() {
            self.space |= at > 0;
            if !word.is_empty() {
                self.word(word);
            }
        }
    }

    /// Writes text as it is, with what is owed before it.
    fn word(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if !self.out.is_empty() {
            for _ in 0..self.owed {
                self.out.push_str("\r\n");
            }
        }
        let line_start = self.owed > 0 || self.at_line_start();
        self.owed = 0;
        if std::mem::take(&mut self.space) && !line_start && !self.out.ends_with([' ', '\t']) {
            self.out.push(' ');
        }
        self.out.extend(
            text.chars().filter(|c| *c != '\u{ad}' && *c != '\u{feff}').map(|c| if c == '\u{a0}' { ' ' } else { c }),
        );
    }

    fn at_line_start(&self) -> bool {
        self.owed > 0 || self.out.is_empty() || self.out.ends_with('\n')
    }

    /// At least so many line ends before the next text.
    fn end_lines(&mut self, count: usize) {
        if count > 0 {
            self.owed = self.owed.max(count);
            self.space = false;
        }
    }

    /// One line end more.
    fn line(&mut self) {
        // Blank lines at the start are kept out, and so is a page full of them.
        self.owed = (self.owed + 1).min(4);
        self.space = false;
    }

    fn finish(mut self) -> String {
        if !self.out.is_empty() {
            self.out.push_str("\r\n");
        }
        self.out
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
            ("<a title=\"never ends>t</a>", "t\r\n"),
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
