//! A client that knows a login and a password, right or wrong: Basic, Digest with SHA-256 (RFC 7616), NTLMv2 ([MS-NLMP]).

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::error::{During, Error, Result};
use crate::http::Client;
use crate::soap;

/// How a client says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scheme {
    Basic,
    Digest,
    Ntlm,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scheme::Basic => "basic",
            Scheme::Digest => "digest",
            Scheme::Ntlm => "ntlm",
        })
    }
}

impl Scheme {
    /// The value of the Authorization field that proves a password, after what the scheme wants said before.
    pub fn proof(self, client: &mut Client, login: &str, password: &str) -> Result<String> {
        match self {
            Scheme::Basic => Ok(format!("Basic {}", STANDARD.encode(format!("{login}:{password}")))),
            Scheme::Digest => digest(&offer(client, "", "Digest ", "algorithm=SHA-256")?, login, password),
            Scheme::Ntlm => {
                let first = format!("NTLM {}", STANDARD.encode(negotiate()));
                let challenge = STANDARD.decode(offer(client, &first, "NTLM ", "")?.trim()).during("the challenge")?;
                let proof = authenticate(&challenge, login, password).ok_or_else(|| Error::new("a short challenge"))?;
                Ok(format!("NTLM {}", STANDARD.encode(proof)))
            }
        }
    }
}

/// What stands behind a scheme's name in what the server wants, of the line that has `word`.
fn offer(client: &mut Client, authorization: &str, scheme: &str, word: &str) -> Result<String> {
    let reply = client.call(&soap::request(authorization, "", &soap::get_folder()))?;
    let head = String::from_utf8_lossy(reply.head).into_owned();
    let values = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        value.strip_prefix(scheme).filter(|_| name.eq_ignore_ascii_case("www-authenticate"))
    });
    let mut offered = values.filter(|value| value.contains(word));
    offered.next().map(str::to_owned).ok_or_else(|| Error::new(format!("{scheme} is not offered: {}", reply.status)))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn digest(offer: &str, login: &str, password: &str) -> Result<String> {
    let field = |name: &str| {
        let rest = offer.split_once(&format!("{name}=\""))?.1;
        Some(rest.split_once('"')?.0)
    };
    let (Some(realm), Some(nonce)) = (field("realm"), field("nonce")) else {
        return Err(Error::new(format!("no offer of Digest: {offer}")));
    };
    let hash = |text: String| hex(&Sha256::digest(text.as_bytes()));
    let (uri, count, own) = ("/EWS/Exchange.asmx", "00000001", "load");
    let secret = hash(format!("{login}:{realm}:{password}"));
    let request = hash(format!("POST:{uri}"));
    let response = hash(format!("{secret}:{nonce}:{count}:{own}:auth:{request}"));
    Ok(format!(
        "Digest username=\"{login}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", qop=auth, nc={count}, cnonce=\"{own}\", \
         algorithm=SHA-256, response=\"{response}\""
    ))
}

/// Unicode, the least.
const FLAGS: u32 = 0x0000_0205;

fn negotiate() -> Vec<u8> {
    [b"NTLMSSP\0\x01\0\0\0".as_slice(), &FLAGS.to_le_bytes(), &[0; 16]].concat()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    let Ok(mut mac) = Hmac::<Md5>::new_from_slice(key) else { return [0; 16] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// The third message: none, if the second has not all that it needs.
fn authenticate(challenge: &[u8], login: &str, password: &str) -> Option<Vec<u8>> {
    let random = challenge.get(24..32)?;
    let length = usize::from(u16::from_le_bytes(*challenge.get(40..)?.first_chunk()?));
    let offset = usize::try_from(u32::from_le_bytes(*challenge.get(44..)?.first_chunk()?)).ok()?;
    let told = challenge.get(offset..offset.checked_add(length)?)?;
    // 100 ns since 1601.
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let time = (since_1970 + 11_644_473_600) * 10_000_000;
    let blob = [&[1, 1, 0, 0, 0, 0, 0, 0], time.to_le_bytes().as_slice(), &[7; 8], &[0; 4], told, &[0; 4]].concat();
    let key = hmac(&ewsd_ntlm::nt_hash(password).0, &[&utf16(&login.to_uppercase())]);
    let proof = hmac(&key, &[random, &blob]);
    let response = [proof.as_slice(), &blob].concat();
    let user = utf16(login);
    let (mut head, mut payload) = (b"NTLMSSP\0\x03\0\0\0".to_vec(), Vec::new());
    for octets in [&[][..], &response, &[], &user, &[], &[]] {
        let length = u16::try_from(octets.len()).ok()?.to_le_bytes();
        head.extend([length, length].concat());
        head.extend(u32::try_from(64 + payload.len()).ok()?.to_le_bytes());
        payload.extend_from_slice(octets);
    }
    head.extend(FLAGS.to_le_bytes());
    Some([head, payload].concat())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ewsd_ntlm::{Authenticate, Names, Negotiate, Pending, challenge, nt_hash, verify};

    #[test]
    fn ntlm_proves_the_password_and_no_other() {
        let first = super::negotiate();
        let challenge = challenge(Negotiate::read(&first).unwrap(), &Names::of_host("mail.example.org"), [3; 8], 7);
        let last = super::authenticate(&challenge, "anna@example.org", "secret").unwrap();
        let message = Authenticate::read(&last, &challenge).unwrap();
        let pending = Pending { negotiate: &first, challenge: &challenge };
        assert!(verify(&message, pending, &nt_hash("secret")).is_ok());
        assert!(verify(&message, pending, &nt_hash("Secret")).is_err());
        assert!(super::authenticate(challenge.get(..40).unwrap(), "anna", "secret").is_none());
    }

    /// RFC 7616 has no example with this method and target; what the server makes of it is tried by `ewsload guess`.
    #[test]
    fn digest_repeats_what_was_offered() {
        let proof = super::digest("realm=\"r\", qop=\"auth\", nonce=\"n1\"", "anna", "x").unwrap();
        assert!(proof.contains("realm=\"r\", nonce=\"n1\"") && proof.ends_with('"'), "{proof}");
        assert!(super::digest("realm=\"r\"", "anna", "x").is_err());
    }
}
