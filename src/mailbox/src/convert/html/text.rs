//! HTML as plain text: blocks become lines, white space collapses as a browser shows it.

use super::token::{Attributes, Sink, read};

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

/// The text, with link targets if `links`.
pub(super) fn convert(html: &str, links: bool) -> String {
    let mut writer = Writer { links, ..Writer::default() };
    read(html, &mut writer);
    writer.finish()
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

impl Sink for Writer {
    const ATTRIBUTES: &'static [&'static str] = &["alt", "href"];

    fn hides(_: &str) -> bool {
        false
    }

    fn open(&mut self, name: &str, attributes: &Attributes) {
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
                let target = attributes.get("href").filter(|target| {
                    let scheme = target.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
                    ["http", "https", "mailto"].iter().any(|known| known.eq_ignore_ascii_case(scheme))
                });
                self.link = target.map(|target| (target.to_owned(), self.out.len()));
            }
            "img" => {
                if let Some(text) = attributes.get("alt").filter(|text| !text.trim().is_empty()) {
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
}

impl Writer {
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
            text.chars()
                .filter(|c| !matches!(c, '\0' | '\u{ad}' | '\u{feff}'))
                .map(|c| if c == '\u{a0}' { ' ' } else { c }),
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
