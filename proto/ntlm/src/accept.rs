//! Is the client who it says it is? Its last message against the challenge that it was given and the hash that we have.

use crate::crypt::{Key, NtHash, Side, hmac, rc4, response_key, same, sign};
use crate::message::{Authenticate, challenge_flags, challenge_random, flag};
use crate::pairs;

/// Octets of a proof; NTLMv1's whole response is 24.
const PROOF: usize = 16;
/// The least that stands behind a proof: versions, time, the client's challenge, an empty list.
const BLOB: usize = 28 + 4;

/// What is kept between the server's message and the client's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending<'p> {
    /// The client's first message.
    pub negotiate: &'p [u8],
    /// The server's.
    pub challenge: &'p [u8],
}

/// Why not. All of them look the same to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody at all.
    Anonymous,
    /// LM, NTLMv1, or whatever is no NTLMv2.
    TooOld,
    /// The proof is not of this password, user, domain and challenge.
    WrongProof,
    /// The messages were changed on their way, or the code that would show it was taken out.
    Tampered,
    Malformed,
}

impl Refused {
    /// For a log.
    pub fn reason(self) -> &'static str {
        match self {
            Refused::Anonymous => "anonymous",
            Refused::TooOld => "not NTLMv2",
            Refused::WrongProof => "wrong password",
            Refused::Tampered => "integrity code missing or wrong",
            Refused::Malformed => "malformed message",
        }
    }
}

/// A client that proved who it is, and the key that it shares with us.
#[derive(Clone)]
pub struct Session {
    key: Key,
    flags: u32,
    has_mic: bool,
}

/// Checks the client's last message. Who has no hash is checked against one that nobody has, so that it takes as long.
///
/// # Errors
/// Why it is refused.
pub fn verify(message: &Authenticate<'_>, pending: Pending<'_>, hash: &NtHash) -> Result<Session, Refused> {
    let asked = challenge_flags(pending.challenge);
    if message.user.is_empty() || message.flags & flag::ANONYMOUS != 0 {
        return Err(Refused::Anonymous);
    }
    let (proof, blob) = message.response.split_at_checked(PROOF).ok_or(Refused::TooOld)?;
    // Response type and highest response type are 1; NTLMv1's response ends after 24 octets.
    if blob.len() < BLOB || !blob.starts_with(&[1, 1]) {
        return Err(Refused::TooOld);
    }
    let random = challenge_random(pending.challenge).ok_or(Refused::Malformed)?;
    let response = response_key(hash, &message.user, &message.domain);
    let expected = hmac(&response.0, &[random, blob]);
    if !same(&expected.0, proof) {
        return Err(Refused::WrongProof);
    }
    let base = hmac(&response.0, &[proof]);
    // What the proof covers is what the client meant: pairs, and whether there is an integrity code.
    let pairs = pairs::read(blob.get(28..).unwrap_or_default()).map_err(|_| Refused::Malformed)?;
    let said = pairs::find(&pairs, pairs::FLAGS).and_then(|value| value.first_chunk::<4>());
    let has_mic = said.is_some_and(|flags| u32::from_le_bytes(*flags) & pairs::HAS_MIC != 0);
    let flags = message.flags & asked;
    let exchanged = flags & flag::KEY_EXCHANGE != 0 && !message.session_key.is_empty();
    let mut key = base.clone();
    if exchanged {
        let sent: [u8; 16] = message.session_key.try_into().map_err(|_| Refused::Malformed)?;
        key = Key(sent);
        rc4(&base.0, &mut key.0);
    }
    if has_mic {
        let (code, zeroed) = message.mic().map_err(|_| Refused::Tampered)?;
        let expected = hmac(&key.0, &[pending.negotiate, pending.challenge, &zeroed]);
        if !same(&expected.0, code) {
            return Err(Refused::Tampered);
        }
    }
    Ok(Session { key, flags: if exchanged { flags } else { flags & !flag::KEY_EXCHANGE }, has_mic })
}

impl Session {
    /// Whether the messages carried an integrity code, as those of all present clients do.
    pub fn has_mic(&self) -> bool {
        self.has_mic
    }

    fn sign(&self, side: Side, message: &[u8]) -> Option<[u8; 16]> {
        let bits = match self.flags {
            flags if flags & flag::KEY_128 != 0 => 128,
            flags if flags & flag::KEY_56 != 0 => 56,
            _ => 40,
        };
        let extended = self.flags & flag::EXTENDED != 0;
        extended.then(|| sign(&self.key, side, bits, self.flags & flag::KEY_EXCHANGE != 0, message))
    }

    /// Whether a signature is the client's of these octets, the first that it signs.
    pub fn is_clients(&self, signature: &[u8], octets: &[u8]) -> bool {
        self.sign(Side::Client, octets).is_some_and(|expected| same(&expected, signature))
    }

    /// The server's signature of these octets, the first that it signs. None: the client cannot check any.
    pub fn signature(&self, octets: &[u8]) -> Option<[u8; 16]> {
        self.sign(Side::Server, octets)
    }
}
