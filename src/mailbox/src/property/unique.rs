//! UniqueBody: the part of a body that is new in its conversation (MS-OXWSCORE, item:UniqueBody).
//!
//! Nothing tells quoted text for certain, so this cuts at the marks that mail programs leave. In doubt the whole body
//! is unique. HTML is cut by `convert/html/quote.rs`.

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
}
