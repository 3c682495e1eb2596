//! Message ids as RFC 5322 3.6.4 reads them: what is compared, threaded by and written into heads. What a client gave as a
//! field is kept as it came beside that; these are its ids, worked out where they are wanted.

/// The ids of a list, each in its brackets, without blanks and comments. Of a text without brackets those words that have
/// an `@`; if there is just one word, that.
pub fn ids(text: &str) -> Vec<String> {
    let found = ewsd_mime::ids(text);
    let is_one_word = found.is_empty() && text.split_whitespace().nth(1).is_none();
    if is_one_word { id(text).into_iter().collect() } else { found.iter().map(|id| format!("<{id}>")).collect() }
}

/// The one id of a text: the first in brackets, or all of a text that has none. None: there is nothing in it.
pub fn id(text: &str) -> Option<String> {
    ewsd_mime::id(text).map(|id| format!("<{id}>"))
}

/// The id without its brackets, as conversations are named by.
pub(super) fn inside(id: &str) -> &str {
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lists_of_ids() {
        for (text, wanted) in [
            ("<1@a>", &["<1@a>"][..]),
            ("<1@a> <2@b>\r\n\t<3@c>", &["<1@a>", "<2@b>", "<3@c>"]),
            ("<1@a><2@b>", &["<1@a>", "<2@b>"]),
            ("< 1 @ a (by hand) >", &["<1@a>"]),
            ("(first (really)) <1@a> (last \\) one)", &["<1@a>"]),
            ("Your message of Monday <1@a>", &["<1@a>"]),
            ("\"a <b\" <1@a>", &["<1@a>"]),
            ("1@a", &["<1@a>"]),
            ("1@a 2@b", &["<1@a>", "<2@b>"]),
            ("Your message of Monday", &[]),
            ("one", &["<one>"]),
            ("<1@a", &["<1@a>"]),
            ("<a(b@c>", &["<a(b@c>"]),
            ("", &[]),
            (" ( ) < > ", &[]),
        ] {
            assert_eq!(ids(text), wanted, "{text}");
        }
    }

    #[test]
    fn one_id() {
        for (text, wanted) in [
            (" 1@client.example ", Some("<1@client.example>")),
            ("<1@\r\n a> (x)", Some("<1@a>")),
            ("two words", Some("<twowords>")),
            (" ", None),
            ("<>", None),
        ] {
            assert_eq!(id(text).as_deref(), wanted, "{text}");
        }
        assert_eq!((inside("<1@a>"), inside("1@a")), ("1@a", "1@a"));
    }

    proptest::proptest! {
        #[test]
        fn ids_are_clean(text in "[<>() \\\\\"a@,]{0,40}") {
            for id in ids(&text).into_iter().chain(id(&text)) {
                proptest::prop_assert!(id.len() > 2 && !inside(&id).contains(['<', '>', ' ']), "{}", id);
                proptest::prop_assert_eq!(inside(&id).is_empty(), false);
            }
        }
    }
}
