//! Addresses in MAIL and RCPT (RFC 5321 section 4.1.2, with UTF-8 after RFC 6531).

use ewsd_model::address::{Address, LONGEST, is_local};

/// A mailbox as written between `<` and `>`, without its source route. Empty: the null reverse path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_null(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the address can only be spoken of between servers that know SMTPUTF8.
    pub fn needs_utf8(&self) -> bool {
        !self.0.is_ascii()
    }

    /// Reads `<path>` at the start of `text`; yields the path and what follows it. None: not a path.
    ///
    /// The null path and an address without a domain (`<postmaster>`) are paths; who may use them is the command's affair.
    pub fn read(text: &[u8]) -> Option<(Path, &[u8])> {
        let inner = text.strip_prefix(b"<")?;
        let end = closing(inner)?;
        let (path, rest) = inner.split_at_checked(end)?;
        let rest = rest.strip_prefix(b">")?;
        let path = std::str::from_utf8(path).ok()?;
        let path = without_route(path)?;
        (path.len() <= LONGEST && (path.is_empty() || is_mailbox(path))).then(|| (Path(unquoted(path)), rest))
    }
}

/// Where the `>` stands that is not inside a quoted local part.
fn closing(text: &[u8]) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// `@one,@two:user@domain` is `user@domain`: source routes are taken and ignored (RFC 5321 appendix C).
fn without_route(path: &str) -> Option<&str> {
    if path.starts_with('@') { path.split_once(':').map(|(_, mailbox)| mailbox) } else { Some(path) }
}

/// A local part that need not be quoted is the same without its quotes (RFC 5321 4.1.2).
fn unquoted(path: &str) -> String {
    let bare = |path: &str| {
        let (local, domain) = path.rsplit_once('@')?;
        let mut chars = local.strip_prefix('"')?.strip_suffix('"')?.chars();
        let mut plain = String::with_capacity(path.len());
        while let Some(c) = chars.next() {
            plain.push(if c == '\\' { chars.next()? } else { c });
        }
        let path = format!("{plain}@{domain}");
        is_mailbox(&path).then_some(path)
    };
    bare(path).unwrap_or_else(|| path.to_owned())
}

/// An address, or the local part of one.
fn is_mailbox(path: &str) -> bool {
    if path.contains('@') { Address::parse(path).is_some() } else { is_local(path) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Path;

    #[test]
    fn paths_are_read_up_to_their_end() {
        for (text, path, rest) in [
            ("<>", "", ""),
            ("<a@b.test> SIZE=1", "a@b.test", " SIZE=1"),
            ("<postmaster>", "postmaster", ""),
            ("<@relay.test,@other.test:a@b.test>", "a@b.test", ""),
            ("<\"odd >@ one\"@b.test>", "\"odd >@ one\"@b.test", ""),
            ("<\"a.b\"@c.test>", "a.b@c.test", ""),
            ("<\"a\\b\"@c.test>", "ab@c.test", ""),
            ("<\"a\\\"b\"@c.test>", "\"a\\\"b\"@c.test", ""),
            ("<a@[192.0.2.1]>", "a@[192.0.2.1]", ""),
            ("<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", ""),
            ("<jürgen@müller.test>", "jürgen@müller.test", ""),
            ("<a+tag/x=y@b>", "a+tag/x=y@b", ""),
        ] {
            let (found, left) = Path::read(text.as_bytes()).unwrap();
            assert_eq!((found.as_str(), left), (path, rest.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "",
            "a@b",
            "<a@b",
            "< a@b>",
            "<a b@c>",
            "<@b>",
            "<a@>",
            "<a@b..c>",
            "<a@-b c>",
            "<a\r\nRCPT@b>",
            "<a@[]>",
            "<\"@b>",
            "<@route a@b>",
            "<a\u{0}@b>",
        ] {
            assert_eq!(Path::read(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Path::read(b"<a\xff@b.test>"), None, "not UTF-8");
        let long = format!("<{}@b.test>", "a".repeat(300));
        assert_eq!(Path::read(long.as_bytes()), None);
    }
}
