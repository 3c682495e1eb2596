//! The part of an HTML body that is new: everything before the mark that a mail program set in front of what it quotes.

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

/// The new part of an HTML body: everything before the first quotation, closed again by `</body></html>` where the
/// original was a whole document.
pub(in crate::convert) fn new_part(html: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_cut_and_closed() {
        let html = "<html><body><p>New</p><div id=\"divRplyFwdMsg\">Old</div></body></html>";
        assert_eq!(new_part(html), "<html><body><p>New</p></body></html>");
        let ruled = "<p>New</p>\n<hr tabindex=\"-1\">\n<div id=\"divRplyFwdMsg\">Old</div>";
        assert_eq!(new_part(ruled), "<p>New</p>");
        let gmail = "<div>New</div><div class=\"gmail_quote\">Old</div>";
        assert_eq!(new_part(gmail), "<div>New</div>");
        assert_eq!(new_part("<p>New</p>"), "<p>New</p>");
        assert_eq!(new_part("a < b"), "a < b");
        let open = "<div ".repeat(100_000);
        assert_eq!(new_part(&format!("{open}<div class=gmail_quote>x")), open.trim_end());
    }
}
