//! Digest (RFC 7616), SHA-256 and MD5, quality of protection `auth`: each request proves that its sender knows the password. Nonces
//! are not kept: one carries its time and our own code over it; how often it was counted lies in the memory that all workers share,
//! so that no proof is good twice.
//!
//! The hash of login, realm and password is kept as the NT hash is: optional, and sealed.

use ewsd_ipc::shared::Shared;
use ewsd_mailbox::random;
use ewsd_settings::Settings;
use ewsd_store::Store;
use md5::{Digest as _, Md5};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Attempt, Circumstances, Scheme};
use crate::auth::proof::{self, Kept};
use crate::auth::sealed::SecretKind;
use crate::auth::{AdmittedBy, Denied, Entered, Peer, tag};

/// Seconds for which a nonce is taken.
const LIFE: u64 = 300;
/// Octets of the longest field that is looked at.
const FIELD_MAX: usize = 4096;

/// One of the two, by its algorithm.
pub struct Digest {
    pub number: u8,
    pub algorithm: &'static str,
    pub kind: SecretKind,
    pub hash: fn(&[u8]) -> String,
}

pub const SHA256: Digest = Digest {
    number: 6,
    algorithm: "SHA-256",
    kind: SecretKind::DigestSha256,
    hash: |octets| hex(&Sha256::digest(octets)),
};
pub const MD5: Digest =
    Digest { number: 7, algorithm: "MD5", kind: SecretKind::DigestMd5, hash: |octets| hex(&Md5::digest(octets)) };

/// What is kept of a password: the hashed login, realm and password.
pub fn secret(digest: &Digest, login: &str, realm: &str, password: &str) -> Zeroizing<Vec<u8>> {
    let text = Zeroizing::new(format!("{}:{realm}:{password}", login.to_lowercase()));
    Zeroizing::new((digest.hash)(text.as_bytes()).into_bytes())
}

fn hex(octets: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    let mut text = String::with_capacity(2 * octets.len());
    octets.iter().for_each(|octet| text.extend([digit(octet >> 4), digit(octet & 0xf)]));
    text
}

impl Scheme for Digest {
    fn number(&self) -> u8 {
        self.number
    }

    fn name(&self) -> &'static str {
        "digest"
    }

    fn speaks(&self, settings: &Settings, _: Peer) -> bool {
        settings.auth.digest
    }

    fn offer(&self, settings: &Settings, peer: Peer, nonce: &dyn Fn() -> String) -> Option<String> {
        self.speaks(settings, peer).then(|| self.challenge(settings, &nonce(), false))
    }

    fn accept(&self, attempt: &Attempt<'_>, cx: &mut Circumstances<'_>) -> Result<Option<Entered>, Denied> {
        let Some(said) = attempt.credentials("Digest").and_then(read) else { return Ok(None) };
        let algorithm = said.get("algorithm").unwrap_or("MD5");
        if !algorithm.eq_ignore_ascii_case(self.algorithm) {
            return Ok(None);
        }
        let login = said.get("username").unwrap_or_default().to_owned();
        let settings = cx.settings;
        let kept = Kept { kind: self.kind, missing: "no Digest hash", nobody: &[b'0'; 32] };
        let find = |store: &mut Store| store.account_by_login(&login);
        let (account, ()) = proof::check(&kept, &[&login], attempt.peer, cx, find, |secret| {
            self.is_right(&said, attempt, settings, secret).then_some(()).ok_or("wrong password")
        })?;
        let of = |name: &str| said.get(name).unwrap_or_default();
        if !is_fresh(cx.shared, cx.now, of("nonce"), of("nc")) {
            // Right, but late, or behind another request of the same client: it tries again with another nonce, and nobody is asked
            // for a password (RFC 7616 3.3, 3.4).
            let challenge = self.challenge(cx.settings, &nonce(cx.shared, cx.now), true);
            return Err(Denied::Continue { challenge, bound: None });
        }
        Ok(Some(Entered { account, via: AdmittedBy::Password, bound: None, reply: None }))
    }
}

impl Digest {
    fn challenge(&self, settings: &Settings, nonce: &str, stale: bool) -> String {
        let (realm, algorithm) = (realm(settings), self.algorithm);
        let stale = if stale { ", stale=true" } else { "" };
        format!(
            "Digest realm=\"{realm}\", qop=\"auth\", algorithm={algorithm}, nonce=\"{nonce}\", charset=UTF-8{stale}"
        )
    }

    /// RFC 7616 3.4.1. `secret`: H(A1).
    fn is_right(&self, said: &Fields, attempt: &Attempt<'_>, settings: &Settings, secret: &[u8]) -> bool {
        let of = |name: &str| said.get(name).unwrap_or_default();
        let (method, target) = (attempt.head.method, attempt.head.target);
        let is_count = of("nc").len() == 8 && of("nc").bytes().all(|digit| digit.is_ascii_hexdigit());
        if of("qop") != "auth" || of("realm") != realm(settings) || of("uri") != target || !is_count {
            return false;
        }
        let request = (self.hash)(format!("{method}:{target}").as_bytes());
        let tail = format!(":{}:{}:{}:auth:{request}", of("nonce"), of("nc"), of("cnonce"));
        let expected = (self.hash)(&Zeroizing::new([secret, tail.as_bytes()].concat()));
        expected.as_bytes().ct_eq(of("response").as_bytes()).into()
    }
}

/// As it stands in quotes.
pub fn realm(settings: &Settings) -> String {
    settings.auth.realm.chars().filter(|c| !c.is_control() && *c != '"' && *c != '\\').collect()
}

/// A nonce of now: its time, something random, and our code over both.
pub fn nonce(shared: &Shared, now: u64) -> String {
    let start = format!("{now:016x}{}", hex(&random::array::<8>()));
    format!("{start}{}", hex(&tag(shared, b"digest nonce", &[start.as_bytes()])))
}

/// Whether a nonce is ours, of late, and was not counted so far before.
fn is_fresh(shared: &Shared, now: u64, nonce: &str, count: &str) -> bool {
    let Some((start, code)) = nonce.split_at_checked(32) else { return false };
    let ours: bool = hex(&tag(shared, b"digest nonce", &[start.as_bytes()])).as_bytes().ct_eq(code.as_bytes()).into();
    let made = start.get(..16).and_then(|time| u64::from_str_radix(time, 16).ok()).unwrap_or(0);
    // Not ours: of an earlier start of the server, or of another node.
    if !ours || made.saturating_add(LIFE) < now {
        return false;
    }
    let Ok(count) = u64::from_str_radix(count, 16) else { return false };
    shared.advance(&tag(shared, b"digest count", &[nonce.as_bytes()]), count, made)
}

/// The parameters of an Authorization field (RFC 9110 11.2).
struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// None: no such list, or a parameter twice.
fn read(octets: &[u8]) -> Option<Fields> {
    let mut rest = std::str::from_utf8(octets).ok().filter(|text| text.len() <= FIELD_MAX)?;
    let mut fields: Vec<(String, String)> = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(Fields(fields));
        }
        let (name, after) = rest.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        let (value, after) = value(after.trim_start())?;
        if fields.iter().any(|(known, _)| *known == name) {
            return None;
        }
        fields.push((name, value));
        rest = after;
    }
}

/// A token, or a string in quotes, and what follows.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, rest) = text.split_at(text.find(',').unwrap_or(text.len()));
        return Some((token.trim().to_owned(), rest));
    };
    let mut out = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, quoted.get(at + 1..)?)),
            '\\' => out.push(chars.next()?.1),
            c => out.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parameters_are_read() {
        let fields = read(b"username=\"a \\\"b\\\"\", realm=\"x, y\",nc=00000001 , qop = auth").unwrap();
        assert_eq!(fields.get("username"), Some("a \"b\""));
        assert_eq!(
            (fields.get("realm"), fields.get("nc"), fields.get("qop")),
            (Some("x, y"), Some("00000001"), Some("auth"))
        );
        for wrong in ["username", "a=\"", "a=1,a=2", "a=\"\\"] {
            assert!(read(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }

    /// RFC 7616 3.9.1: "Mufasa", "Circle of Life".
    #[test]
    fn the_example_of_the_specification_is_right() {
        for (digest, response) in [
            (SHA256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            (MD5, "8ca523f5e9506fed4657c9700eebdbec"),
        ] {
            let secret = (digest.hash)(b"Mufasa:http-auth@example.org:Circle of Life");
            let request = (digest.hash)(b"GET:/dir/index.html");
            let tail = ":7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v:00000001:f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ:auth:";
            assert_eq!((digest.hash)(format!("{secret}{tail}{request}").as_bytes()), response);
        }
    }

    #[test]
    fn a_nonce_is_counted_upward_for_a_while() {
        let region = ewsd_ipc::shared::create(&[7; 32]).unwrap();
        let shared = Shared::map(&region).unwrap();
        let first = nonce(&shared, 1000);
        let foreign = first.replace(first.get(20..21).unwrap(), "z");
        for (now, nonce, count, expected) in [
            (1001, first.as_str(), "00000001", true),
            (1001, &first, "00000001", false),
            (1001, &first, "00000003", true),
            (1001, &first, "00000002", false),
            (1001, &first, "x", false),
            (1301, &first, "00000004", false),
            (1001, &foreign, "00000005", false),
            (1001, "", "00000001", false),
        ] {
            assert_eq!(is_fresh(&shared, now, nonce, count), expected, "{count} of {nonce} at {now}");
        }
        // Somebody's password is changed, and nothing that was used is good again.
        ewsd_ipc::shared::set_epoch(&region, 2).unwrap();
        assert!(!is_fresh(&shared, 1001, &first, "00000003"));
        assert!(is_fresh(&shared, 1001, &first, "00000004"));
    }
}
