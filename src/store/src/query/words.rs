//! Texts that begin (and end) where words do, as conditions. PostgreSQL knows words as letters, digits and the underscore.

/// Longer texts are not looked at for whether they overlap themselves.
const SHORT: usize = 1_000;

/// A condition: `wanted`, an expression for `text`, stands in `value` where a word begins, and with `ends` where one ends. A text
/// begins (and ends) where a word does only if it begins (and ends) with one.
pub(super) fn condition(value: &str, wanted: &str, text: &str, ends: bool) -> String {
    let of_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let begins = of_word(text.chars().next());
    let ends = ends && of_word(text.chars().next_back());
    // Most texts do not have it at all.
    let found = format!("strpos({value}, {wanted}) > 0");
    match (begins || ends, overlaps(text, begins)) {
        (false, _) => found,
        (true, false) => format!("({found} and {})", between(value, wanted, begins, ends)),
        (true, true) => format!("({found} and {})", by_marks(value, wanted, begins, ends)),
    }
}

/// Whether the text may stand in another one twice, so that the second begins within the first, where a word does if it must.
fn overlaps(text: &str, begins: bool) -> bool {
    // Its small letter is one character for PostgreSQL, or two.
    if text.contains('\u{130}') {
        return true;
    }
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let again = |at: usize| {
        let (before, rest) = text.split_at(at);
        text.starts_with(rest) && !(begins && before.last().is_some_and(|c| c.is_alphanumeric()))
    };
    text.len() > SHORT || (1..text.len()).any(again)
}

/// The value is cut where the text stands: the pieces before and behind it tell. Where there is nothing between two of them, the
/// text itself is what stands there.
fn between(value: &str, wanted: &str, begins: bool, ends: bool) -> String {
    let mut condition = format!(
        "exists (select from (select string_to_array({value}, {wanted}) as a offset 0) s, \
         unnest(s.a, s.a[2:]) with ordinality as x (before, behind, n) where x.behind is not null"
    );
    if begins {
        condition.push_str(&format!(
            r" and case when x.before <> '' or x.n = 1 then right(x.before, 1) else right({wanted}, 1) end !~ '\w'"
        ));
    }
    if ends {
        condition.push_str(&format!(
            r" and case when x.behind <> '' or x.n = cardinality(s.a) - 1 then left(x.behind, 1) else left({wanted}, 1) end !~ '\w'"
        ));
    }
    condition.push(')');
    condition
}

/// The same by marks at the beginnings and ends of words, put into both texts. It costs twenty times as much.
fn by_marks(value: &str, wanted: &str, begins: bool, ends: bool) -> String {
    let mut wanted = marked(wanted);
    if !begins {
        wanted = format!("ltrim({wanted}, {MARK})");
    }
    if !ends {
        wanted = format!("rtrim({wanted}, {MARK})");
    }
    format!("strpos({}, {wanted}) > 0", marked(value))
}

/// What stands where a word begins or ends; no text of a client has it, as XML has no such character.
const MARK: &str = r"E'\x01'";

fn marked(text: &str) -> String {
    format!(r"regexp_replace(translate({text}, {MARK}, ' '), '\y', {MARK}, 'g')")
}

#[cfg(test)]
mod tests {
    use super::overlaps;

    #[test]
    fn texts_that_overlap_themselves_are_known() {
        for (text, begins, expected) in [
            ("", false, false),
            ("that", true, false),
            ("that", false, true),
            ("the quick the", true, true),
            ("The quick tHe", true, true),
            ("the quick then", true, false),
            ("to be or not to be", true, true),
            ("a b", true, false),
            ("--", false, true),
            ("i x \u{130}", true, true),
        ] {
            assert_eq!(overlaps(text, begins), expected, "{text}");
        }
    }
}
