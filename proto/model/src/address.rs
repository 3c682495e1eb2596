//! What is a mail address: the Mailbox of RFC 5321 4.1.2, with UTF-8 as RFC 6531 has it. Who gets an account, who is written to
//! and whom an MTA names are told by this one rule; what each of them may not be besides, each says.

/// RFC 5321 4.5.3.1.3 limits a path to 256 octets with its brackets.
pub const LONGEST: usize = 254;

/// A mail address taken apart. Neither part is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// Before the last `@`; with its quotes, if it has any.
    pub local: &'a str,
    /// A name, or a literal in brackets.
    pub domain: &'a str,
}

impl<'a> Address<'a> {
    /// None: not an address. White space around it is not taken off.
    pub fn parse(text: &'a str) -> Option<Address<'a>> {
        let (local, domain) = text.rsplit_once('@')?;
        (text.len() <= LONGEST && is_local(local) && is_domain(domain)).then_some(Address { local, domain })
    }

    /// The local part must be quoted to be read: nobody has such an address here, though some elsewhere do.
    pub fn is_quoted(&self) -> bool {
        self.local.starts_with('"')
    }

    /// The domain is an address of a network.
    pub fn is_literal(&self) -> bool {
        self.domain.starts_with('[')
    }
}

/// A local part, quoted or not.
pub fn is_local(local: &str) -> bool {
    if local.chars().any(char::is_control) {
        return false;
    }
    match local.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').is_some_and(is_quoted_text),
        None => !local.is_empty() && !local.contains(|c: char| c.is_whitespace() || "<>(),;:\\\"@[]".contains(c)),
    }
}

/// What may stand between quotes: whatever would end them, or take their end away, has a backslash before it.
fn is_quoted_text(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '"' || (c == '\\' && chars.next().is_none()) {
            return false;
        }
    }
    !text.is_empty()
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return !literal.is_empty()
            && literal.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'[' | b']' | b'\\'));
    }
    let fits = |c: char| {
        if c.is_ascii() {
            c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
        } else {
            !c.is_whitespace() && !c.is_control()
        }
    };
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(fits);
    domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_things() {
        let quoted = ["\"a b\"@c.test", "\"a\\\"b\"@c.test", "\"a@b>\\\\\"@c.test"];
        let plain = ["a@b", "a.b+c@example.test", "\u{e4}@\u{f6}.test", "a@[127.0.0.1]", "a@b_c.test"];
        for good in plain.into_iter().chain(quoted) {
            let parts = Address::parse(good);
            assert!(parts.is_some_and(|parts| format!("{}@{}", parts.local, parts.domain) == good), "{good}");
        }
        let odd =
            ["", "a", "@b", "a@", "a b@c", "a@b>", "a@b,c@d", "a@.b", "a@b.", "a\r\n@b", "a@b@c", "a@b..c", "<a@b.c>"];
        let odder =
            ["a@b.c\r\nX: y", "a@[]", "a@[b", "\"@b", "\"a\u{0}\"@b", "a\u{a0}b@c", "a@b\u{2028}c", "(a)@b", "a:b@c"];
        let escaping = ["\"\"@b", "\"a\"> X\"@b", "\"a\\\"@b", "\"a\"b\"@c"];
        for bad in odd.iter().chain(&odder).chain(&escaping) {
            assert!(Address::parse(bad).is_none(), "{bad:?}");
        }
        assert!(Address::parse(&format!("{}@{}", "a".repeat(250), "b.c")).is_some());
        assert!(Address::parse(&format!("{}@{}", "a".repeat(251), "b.c")).is_none());
        assert!(Address::parse(&format!("a@{}", "b".repeat(64))).is_none());
    }
}
