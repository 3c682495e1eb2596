//! UniqueBody: the part of a body that is new in its conversation (MS-OXWSCORE, item:UniqueBody).
//!
//! Nothing tells quoted text for certain, so this cuts at the marks that mail programs leave. In doubt the whole body
//! is unique. It reads bodies only; converting between text and HTML is `convert/html/mod.rs`.

/// Openings of the HTML that Outlook, its web and phone editions, Gmail, Thunderbird, Apple Mail and Yahoo put around
/// what they quote. Compared without case against the tag's text from `<` on.
const HTML_MARKS: &[(&str, &[&str])] = &[
    (
        "<div",
        &["divrplyfwdmsg", "gmail_quote", "gmail_extra", "yahoo_quoted", "outlookmessageheader", "moz-cite-prefix"],
    ),
    ("<blockquote", &["type=\"cite\"", "type='cite'", "gmail_quote", "type=cite"]),
    ("<hr", &["stopspelling"]),
];

/// Lines that open a quotation in plain text, in the languages whose mail programs are common here.
const TEXT_MARKS: &[&str] = &[
    "-----original message-----",
    "-----ursprüngliche nachricht-----",
    "-----message d'origine-----",
    "-----mensaje original-----",
    "-----messaggio originale-----",
    "-----oorspronkelijk bericht-----",
    "-----mensagem original-----",
    "________________________________",
];

/// The new part of an HTML body: everything before the first quotation, closed again by `</body></html>` where the
/// original was a whole document.
pub fn unique_html(html: &str) -> String {
    let Some(end) = html_quote_start(html) else { return html.to_owned() };
    let mut kept = without_rule(html.get(..end).unwrap_or(html)).to_owned();
    let lower = kept.to_ascii_lowercase();
    if lower.contains("<body") {
        kept.push_str("</body>");
    }
    if lower.contains("<html") {
        kept.push_str("</html>");
    }
    kept
}

/// The text without the rule that sets it apart from what follows.
fn without_rule(html: &str) -> &str {
    let html = html.trim_end();
    let last = html.rfind('<').and_then(|at| html.split_at_checked(at));
    match last {
        Some((before, tag)) if tag.to_ascii_lowercase().starts_with("<hr") && tag.ends_with('>') => before.trim_end(),
        _ => html,
    }
}

fn html_quote_start(html: &str) -> Option<usize> {
    let lower = html.to_ascii_lowercase();
    let mut at = 0;
    while let Some(found) = lower.get(at..)?.find('<') {
        let start = at + found;
        // A tag is looked at up to the next one at most: many that do not end take no longer than their length.
        let rest = lower.get(start + 1..)?;
        let end = rest.find(['<', '>']).map_or(lower.len(), |end| start + 1 + end);
        let tag = lower.get(start..end)?;
        let quoted =
            HTML_MARKS.iter().any(|(open, marks)| tag.starts_with(open) && marks.iter().any(|mark| tag.contains(mark)));
        if quoted {
            return Some(start);
        }
        at = start + 1;
    }
    None
}

/// The new part of a plain text body: everything before the first quotation mark, without the lines quoted by `>` at
/// the end and the attribution above them.
pub fn unique_text(text: &str) -> String {
    let is_mark = |line: &&str| {
        let bare = line.trim().to_lowercase();
        TEXT_MARKS.iter().any(|mark| bare.starts_with(mark))
    };
    let mut kept: Vec<&str> = text.split_inclusive('\n').take_while(|line| !is_mark(line)).collect();
    let is_new = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('>');
    let new = kept.iter().rposition(is_new).map_or(0, |last| last + 1);
    let quoted = kept.iter().skip(new).any(|line| !line.trim().is_empty());
    if quoted {
        kept.truncate(new);
        drop_attribution(&mut kept);
    }
    kept.concat()
}

/// Takes off "On Monday, Alice wrote:" (one or two lines that end in a colon) above a quotation.
fn drop_attribution(kept: &mut Vec<&str>) {
    if !kept.last().is_some_and(|line| line.trim_end().ends_with(':')) {
        return;
    }
    kept.pop();
    let goes_on = kept.last().is_some_and(|line| {
        let bare = line.trim();
        ["On ", "Am ", "Le ", "El ", "Il ", "Op ", "Em "].iter().any(|word| bare.starts_with(word))
            && !bare.ends_with('.')
    });
    if goes_on {
        kept.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_quotation_stays_whole() {
        assert_eq!(unique_text("Hello\r\nyou\r\n"), "Hello\r\nyou\r\n");
        assert_eq!(unique_text(""), "");
        assert_eq!(unique_text("one line"), "one line");
    }

    #[test]
    fn quoted_lines_and_their_attribution_go() {
        let text = "Fine.\r\n\r\nOn Mon, 3 Nov 2025, Bob wrote:\r\n> How are you?\r\n>\r\n> Bob\r\n";
        assert_eq!(unique_text(text), "Fine.\r\n\r\n");
        let folded = "Fine.\nOn Mon, 3 Nov 2025 at 10:00,\nBob <bob@example.test> wrote:\n> How?\n";
        assert_eq!(unique_text(folded), "Fine.\n");
    }

    #[test]
    fn text_after_a_quotation_is_new() {
        let text = "> How are you?\nFine.\n";
        assert_eq!(unique_text(text), text);
    }

    #[test]
    fn original_message_marks_cut() {
        assert_eq!(unique_text("Yes\n-----Original Message-----\nFrom: Bob\n"), "Yes\n");
    }

    #[test]
    fn html_is_cut_and_closed() {
        let html = "<html><body><p>New</p><div id=\"divRplyFwdMsg\">Old</div></body></html>";
        assert_eq!(unique_html(html), "<html><body><p>New</p></body></html>");
        let ruled = "<p>New</p>\n<hr tabindex=\"-1\">\n<div id=\"divRplyFwdMsg\">Old</div>";
        assert_eq!(unique_html(ruled), "<p>New</p>");
        let gmail = "<div>New</div><div class=\"gmail_quote\">Old</div>";
        assert_eq!(unique_html(gmail), "<div>New</div>");
        assert_eq!(unique_html("<p>New</p>"), "<p>New</p>");
        assert_eq!(unique_html("a < b"), "a < b");
        let open = "<div ".repeat(100_000);
        assert_eq!(unique_html(&format!("{open}<div class=gmail_quote>x")), open.trim_end());
    }
}
