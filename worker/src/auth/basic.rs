//! Basic credentials out of an Authorization header (RFC 7617).

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Clients forget the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longer ones are nobody's.
const MOST: usize = 1024;

/// What a client says of itself, not yet believed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub login: String,
    pub password: String,
}

/// A password never reaches a log, not even by accident.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("login", &self.login).finish_non_exhaustive()
    }
}

impl Credentials {
    /// None: another scheme, or not what RFC 7617 describes.
    pub fn from_header(value: &[u8]) -> Option<Credentials> {
        let (scheme, rest) = value.split_at_checked(5)?;
        if !scheme.eq_ignore_ascii_case(b"Basic") || !rest.first().is_some_and(u8::is_ascii_whitespace) {
            return None;
        }
        let encoded = rest.trim_ascii();
        if encoded.len() > MOST * 4 / 3 {
            return None;
        }
        let decoded = text(BASE64.decode(encoded).ok()?);
        let (login, password) = decoded.split_once(':')?;
        let legal = !login.is_empty() && !decoded.contains('\0');
        legal.then(|| Credentials { login: login.to_owned(), password: password.to_owned() })
    }

    /// The names under which the account may be known: as given (a login or an address), then without its domain.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let bare = self.login.split_once('\\').map(|(_, user)| user).filter(|user| !user.is_empty());
        std::iter::once(self.login.as_str()).chain(bare)
    }
}

/// UTF-8, else Latin-1, in which every octet is a character: old clients send their own code page.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().map(|byte| char::from(*byte)).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn header(text: &[u8]) -> Vec<u8> {
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text)).into_bytes()
    }

    #[test]
    fn credentials_are_read() {
        for (sent, login, password) in [
            (&b"alice:secret"[..], "alice", "secret"),
            (b"alice@example.test:a:b", "alice@example.test", "a:b"),
            (b"EXAMPLE\\alice:", "EXAMPLE\\alice", ""),
            ("j\u{fc}rgen:gr\u{fc}n".as_bytes(), "j\u{fc}rgen", "gr\u{fc}n"),
            (b"j\xfcrgen:gr\xfcn", "j\u{fc}rgen", "gr\u{fc}n"),
        ] {
            let credentials = Credentials::from_header(&header(sent)).unwrap();
            assert_eq!((credentials.login.as_str(), credentials.password.as_str()), (login, password));
        }
        assert!(Credentials::from_header(b"basic  YTpi").is_some());
        assert!(Credentials::from_header(b"Basic YTo").is_some(), "padding left out");
    }

    #[test]
    fn what_is_not_basic_is_not_read() {
        for value in [
            &b""[..],
            b"Basic",
            b"Basic ",
            b"Basic !!!!",
            b"Basicx YTpi",
            b"NTLM TlRMTVNTUAAB",
            b"Basic YWxpY2U=",
            b"Basic OnB3",
        ] {
            assert!(Credentials::from_header(value).is_none(), "{value:?}");
        }
        assert!(Credentials::from_header(&header(b"a\0b:c")).is_none());
        assert!(Credentials::from_header(&header(&[b'a'; 4000])).is_none());
    }

    #[test]
    fn names_are_tried_with_and_without_domain() {
        let credentials = |login: &str| Credentials { login: login.into(), password: String::new() };
        assert_eq!(credentials("D\\alice").names().collect::<Vec<_>>(), ["D\\alice", "alice"]);
        assert_eq!(credentials("alice@d").names().collect::<Vec<_>>(), ["alice@d"]);
    }
}
