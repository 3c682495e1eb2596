//! The compact form (RFC 7515 section 7.1): head, claims and signature, each in base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::Reason;
use crate::keys::{Key, Unproved, verify};

/// Octets of the longest token that is looked at.
pub const TOKEN_MAX: usize = 16 * 1024;

/// A token as it came. Nothing of it is proved.
#[derive(Debug)]
pub struct Token<'t> {
    head: Value,
    /// An object.
    pub claims: Value,
    /// Head and claims as they came, which is what was signed.
    signed: &'t str,
    signature: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// It is none.
    pub fn read(octets: &'t [u8]) -> Result<Token<'t>, Reason> {
        let text = std::str::from_utf8(octets).ok().filter(|text| text.len() <= TOKEN_MAX).ok_or("no token")?;
        let (signed, signature) = text.rsplit_once('.').ok_or("no token")?;
        let (head, claims) = signed.split_once('.').filter(|(_, rest)| !rest.contains('.')).ok_or("no token")?;
        let head = object(head).ok_or("no token")?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "no token")?;
        let claims = object(claims).ok_or("claims that are none")?;
        Ok(Token { head, claims, signed, signature })
    }

    /// Whether one of the keys signed it, as its head says.
    ///
    /// # Errors
    /// [`Unproved`]
    pub fn verify<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> Result<(), Unproved> {
        verify(keys, &self.head, self.signed.as_bytes(), &self.signature)
    }
}

fn object(encoded: &str) -> Option<Value> {
    let octets = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    serde_json::from_slice::<Value>(&octets).ok().filter(Value::is_object)
}
