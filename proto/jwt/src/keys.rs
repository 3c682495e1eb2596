//! Key sets (JWKS, RFC 7517): which keys are in one, and whether one of them made a signature. RS256 and ES256 (RFC 7518 3.1)
//! and nothing else: what a token says of its own algorithm is believed only where the key is of that kind.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

/// Keys that are kept of a set.
const KEYS_MAX: usize = 64;

/// A public key of a set.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    pub id: Option<String>,
    pub public: Public,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Public {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The point, uncompressed.
    P256(Vec<u8>),
}

/// Why a signature is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproved {
    /// No key of that name is known.
    UnknownKey,
    Wrong(&'static str),
}

/// Whether one of the keys made the signature, as the token's head says.
pub(crate) fn verify<'k>(
    keys: impl Iterator<Item = &'k Key>,
    head: &Value,
    signed: &[u8],
    signature: &[u8],
) -> Result<(), Unproved> {
    let algorithm = head.get("alg").and_then(Value::as_str).unwrap_or_default();
    // Extensions that must be understood (RFC 7515 4.1.11).
    if head.get("crit").is_some() {
        return Err(Unproved::Wrong("a token with extensions"));
    }
    let id = head.get("kid").and_then(Value::as_str);
    let mut fitting = keys.filter(|key| id.is_none() || key.id.as_deref() == id).peekable();
    if fitting.peek().is_none() {
        return Err(Unproved::UnknownKey);
    }
    let good = fitting.any(|key| match (&key.public, algorithm) {
        (Public::Rsa { n, e }, "RS256") => {
            RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
        }
        (Public::P256(point), "ES256") => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
        }
        _ => false,
    });
    good.then_some(()).ok_or(Unproved::Wrong("a token whose signature is wrong"))
}

/// The keys of a set that can check signatures; others are passed over.
///
/// # Errors
/// Why there is none.
pub fn read_keys(text: &[u8]) -> Result<Vec<Key>, String> {
    let set: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or("a key set has a list `keys`")?;
    let read: Vec<Key> = keys.iter().take(KEYS_MAX).filter_map(read_key).collect();
    if read.is_empty() { Err("no key for RS256 or ES256 in it".to_owned()) } else { Ok(read) }
}

fn read_key(key: &Value) -> Option<Key> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let octets = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let public = match (text("kty")?, text("crv")) {
        ("RSA", _) => Public::Rsa { n: octets("n")?, e: octets("e")? },
        ("EC", Some("P-256")) => {
            let (x, y) = (octets("x")?, octets("y")?);
            (x.len() == 32 && y.len() == 32).then(|| Public::P256([&[4], x.as_slice(), &y].concat()))?
        }
        _ => return None,
    };
    Some(Key { id: text("kid").map(str::to_owned), public })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_read_from_a_set() {
        let point = URL_SAFE_NO_PAD.encode([7; 32]);
        let set = json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": "a", "x": point, "y": point, "use": "sig"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
            {"kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB"},
            {"kty": "EC", "crv": "P-384", "x": point, "y": point},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc"},
            {"kty": "oct", "k": "AQAB"},
        ]});
        let keys = read_keys(set.to_string().as_bytes()).unwrap();
        assert_eq!(keys.len(), 2);
        assert!(read_keys(b"{}").is_err() && read_keys(b"{\"keys\":[]}").is_err() && read_keys(b"x").is_err());
    }
}
