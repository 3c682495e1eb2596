//! Plain text whose lines go on in the next one (RFC 3676, `format=flowed`): paragraphs as one line each, as any display
//! breaks them for itself.

/// What stands alone before a signature, and never flows (RFC 3676 4.3).
const SIGNATURE: &str = "-- ";

/// The text with paragraphs of one line. `delsp`: the blank that says that a line flows is none of the text's (4.2.). Marks of
/// quotes stay, once for each paragraph.
pub(crate) fn unfolded(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // Marks of the paragraph that goes on.
    let mut open: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let (line, end) = ended(line);
        let bare = line.trim_start_matches('>');
        let depth = line.len() - bare.len();
        // Some text would be taken for a mark, or loses blanks on its way: a blank was put before it (4.4).
        let bare = bare.strip_prefix(' ').unwrap_or(bare);
        let is_signature = bare == SIGNATURE;
        if open.is_some_and(|of| of != depth || is_signature) {
            out.push_str("\r\n");
            open = None;
        }
        if open.is_none() && depth > 0 {
            out.extend(std::iter::repeat_n('>', depth));
            out.push(' ');
        }
        let flows = bare.ends_with(' ') && !is_signature && !end.is_empty();
        out.push_str(if flows && delsp { bare.strip_suffix(' ').unwrap_or(bare) } else { bare });
        open = flows.then_some(depth);
        if !flows {
            out.push_str(end);
        }
    }
    out
}

/// A line and what ends it.
fn ended(line: &str) -> (&str, &str) {
    let bare = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
    line.split_at_checked(bare.len()).unwrap_or((line, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_flow_are_one() {
        for (text, delsp, expected) in [
            ("one \r\ntwo \r\nthree\r\nfour\r\n", false, "one two three\r\nfour\r\n"),
            ("Wort\u{fc} \r\nber \r\n\r\nx", true, "Wort\u{fc}ber\r\nx"),
            ("one \n two\n  three\n >no mark\n", false, "one two\n three\n>no mark\n"),
            (">>inner \r\n>> goes on\r\n>outer \r\nown\r\n", false, ">> inner goes on\r\n> outer \r\nown\r\n"),
            ("open \r\n-- \r\nname \r\nplace\r\n", false, "open \r\n-- \r\nname place\r\n"),
            ("> -- \r\n> x", false, "> -- \r\n> x"),
            ("> \r\n>\r\n", false, "> \r\n> \r\n"),
            ("the end ", false, "the end "),
            ("", true, ""),
        ] {
            assert_eq!(unfolded(text, delsp), expected, "{text:?}");
        }
    }
}
