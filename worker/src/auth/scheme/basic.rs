//! Basic: login and password in every request (RFC 7617). Nothing sticks to the connection.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ewsd_settings::Settings;
use zeroize::Zeroizing;

use super::{Attempt, Circumstances, Scheme};
use crate::auth::password::{self, Credentials};
use crate::auth::{Denied, Entered, Peer};

/// Clients forget the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longer ones are nobody's.
const MOST: usize = 1024;

pub struct Basic;

impl Scheme for Basic {
    fn number(&self) -> u8 {
        1
    }

    fn name(&self) -> &'static str {
        "basic"
    }

    fn speaks(&self, settings: &Settings, _: Peer) -> bool {
        settings.auth.basic
    }

    fn offer(&self, settings: &Settings, peer: Peer, _: &dyn Fn() -> String) -> Option<String> {
        let realm = || super::digest::realm(settings);
        self.speaks(settings, peer).then(|| format!("Basic realm=\"{}\", charset=\"UTF-8\"", realm()))
    }

    fn accept(&self, attempt: &Attempt<'_>, cx: &mut Circumstances<'_>) -> Result<Option<Entered>, Denied> {
        let Some(credentials) = attempt.credentials("Basic").and_then(read) else { return Ok(None) };
        let (account, via) = password::check(&credentials, attempt.peer, cx)?;
        Ok(Some(Entered { account, via, bound: None, reply: None }))
    }
}

/// None: not what RFC 7617 describes.
fn read(encoded: &[u8]) -> Option<Credentials> {
    if encoded.len() > MOST * 4 / 3 {
        return None;
    }
    let decoded = Zeroizing::new(text(BASE64.decode(encoded).ok()?));
    let (login, password) = decoded.split_once(':')?;
    let legal = !login.is_empty() && !decoded.contains('\0');
    legal.then(|| Credentials { login: login.to_owned(), password: password.to_owned().into() })
}

/// UTF-8, else Latin-1, in which every octet is a character: old clients send their own code page.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().map(|byte| char::from(*byte)).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ewsd_http::head::parse_head;

    use super::*;

    /// What the value of an Authorization field says.
    fn said(value: &[u8]) -> Option<Credentials> {
        let head = [b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: ", value, b"\r\n\r\n"].concat();
        let head = parse_head(&head).unwrap();
        let peer =
            Peer { address: [192, 0, 2, 1].into(), shared: false, proxied: false, relayed: false, schemes: u32::MAX };
        Attempt { head: &head, peer, bound: None }.credentials("Basic").and_then(read)
    }

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
            let credentials = said(&header(sent)).unwrap();
            assert_eq!((credentials.login.as_str(), credentials.password.as_str()), (login, password));
        }
        assert!(said(b"basic  YTpi").is_some());
        assert!(said(b"Basic YTo").is_some(), "padding left out");
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
            assert!(said(value).is_none(), "{value:?}");
        }
        assert!(said(&header(b"a\0b:c")).is_none());
        assert!(said(&header(&[b'a'; 4000])).is_none());
    }

    #[test]
    fn the_realm_stays_one_string() {
        let mut settings = Settings::default();
        settings.auth.realm = "ew\"s\\d\r".to_owned();
        let peer =
            Peer { address: [192, 0, 2, 1].into(), shared: false, proxied: false, relayed: false, schemes: u32::MAX };
        assert_eq!(
            Basic.offer(&settings, peer, &String::new).as_deref(),
            Some("Basic realm=\"ewsd\", charset=\"UTF-8\"")
        );
        settings.auth.basic = false;
        assert_eq!(Basic.offer(&settings, peer, &String::new), None);
    }
}
