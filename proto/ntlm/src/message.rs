//! The three messages ([MS-NLMP] 2.2.1): the client's two are read, the server's is written.

use crate::crypt::utf16;
use crate::{MESSAGE_MAX, Malformed, NEGOTIATE_MAX, SIGNATURE, pairs};

/// Bits of NegotiateFlags ([MS-NLMP] 2.2.2.5) that are looked at or answered.
pub(crate) mod flag {
    pub const UNICODE: u32 = 1;
    pub const OEM: u32 = 1 << 1;
    pub const REQUEST_TARGET: u32 = 1 << 2;
    pub const SIGN: u32 = 1 << 4;
    pub const SEAL: u32 = 1 << 5;
    pub const NTLM: u32 = 1 << 9;
    pub const ANONYMOUS: u32 = 1 << 11;
    pub const ALWAYS_SIGN: u32 = 1 << 15;
    pub const TARGET_IS_SERVER: u32 = 1 << 17;
    pub const EXTENDED: u32 = 1 << 19;
    pub const TARGET_INFO: u32 = 1 << 23;
    pub const VERSION: u32 = 1 << 25;
    pub const KEY_128: u32 = 1 << 29;
    pub const KEY_EXCHANGE: u32 = 1 << 30;
    pub const KEY_56: u32 = 1 << 31;
    /// What a client may have for the asking.
    pub const GRANTED: u32 = SIGN | SEAL | ALWAYS_SIGN | EXTENDED | VERSION | KEY_128 | KEY_EXCHANGE | KEY_56;
}

/// Where the message of the server puts its payload.
const CHALLENGE_HEAD: usize = 56;
/// Where a client's last message may have its integrity code, and where that ends.
const MIC_AT: usize = 72;
const MIC_END: usize = 88;
/// The least that a last message must have: all its fields but the session key and flags, which old clients leave out.
const AUTHENTICATE_HEAD: usize = 52;

fn number(message: &[u8], at: usize) -> Option<u32> {
    message.get(at..)?.first_chunk::<4>().map(|octets| u32::from_le_bytes(*octets))
}

fn is(message: &[u8], kind: u32) -> bool {
    message.len() <= MESSAGE_MAX && message.starts_with(SIGNATURE) && number(message, 8) == Some(kind)
}

/// What a field of length and offset points to; nothing where its length is 0, wherever its offset points.
fn field(message: &[u8], at: usize) -> Result<&[u8], Malformed> {
    let [low, high, _, _] = number(message, at).ok_or(Malformed)?.to_le_bytes();
    let length = usize::from(u16::from_le_bytes([low, high]));
    let offset = usize::try_from(number(message, at + 4).ok_or(Malformed)?).map_err(|_| Malformed)?;
    if length == 0 {
        return Ok(&[]);
    }
    let end = offset.checked_add(length).ok_or(Malformed)?;
    message.get(offset..end).filter(|_| offset >= AUTHENTICATE_HEAD).ok_or(Malformed)
}

/// The client's first message. Nothing of it counts but its flags; its names are not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiate {
    pub(crate) flags: u32,
}

impl Negotiate {
    /// # Errors
    /// [`Malformed`]; so is a message longer than [`NEGOTIATE_MAX`].
    pub fn read(message: &[u8]) -> Result<Negotiate, Malformed> {
        if !is(message, 1) || message.len() > NEGOTIATE_MAX {
            return Err(Malformed);
        }
        // Clients leave out everything behind the flags.
        Ok(Negotiate { flags: number(message, 12).ok_or(Malformed)? })
    }
}

/// What the server calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// NetBIOS names are at most 15 capital letters.
    pub computer: String,
    pub domain: String,
    pub dns_computer: String,
    pub dns_domain: String,
}

impl Names {
    /// Of a host: its first label, and its domain.
    pub fn of_host(host: &str) -> Names {
        let (label, domain) = host.split_once('.').unwrap_or((host, host));
        let short = |name: &str| name.chars().take(15).collect::<String>().to_uppercase();
        let first = domain.split('.').next().unwrap_or(domain);
        Names {
            computer: short(label),
            domain: short(first),
            dns_computer: host.to_owned(),
            dns_domain: domain.to_owned(),
        }
    }
}

/// The server's message. `time`: 100 ns since 1601, which the client repeats under its proof.
pub fn challenge(negotiate: Negotiate, names: &Names, random: [u8; 8], time: u64) -> Vec<u8> {
    let text = if negotiate.flags & flag::UNICODE != 0 { flag::UNICODE } else { flag::OEM };
    let flags = text
        | flag::REQUEST_TARGET
        | flag::NTLM
        | flag::TARGET_IS_SERVER
        | flag::TARGET_INFO
        | negotiate.flags & flag::GRANTED;
    let target = match text {
        flag::UNICODE => utf16(&names.computer),
        _ => names.computer.bytes().filter(u8::is_ascii).collect(),
    };
    let mut info = Vec::with_capacity(128);
    pairs::push(&mut info, pairs::DOMAIN, &utf16(&names.domain));
    pairs::push(&mut info, pairs::COMPUTER, &utf16(&names.computer));
    pairs::push(&mut info, pairs::DNS_DOMAIN, &utf16(&names.dns_domain));
    pairs::push(&mut info, pairs::DNS_COMPUTER, &utf16(&names.dns_computer));
    pairs::push(&mut info, pairs::TIMESTAMP, &time.to_le_bytes());
    pairs::end(&mut info);

    let mut out = Vec::with_capacity(CHALLENGE_HEAD + target.len() + info.len());
    out.extend_from_slice(SIGNATURE);
    out.extend_from_slice(&2u32.to_le_bytes());
    push_field(&mut out, target.len(), CHALLENGE_HEAD);
    out.extend_from_slice(&flags.to_le_bytes());
    out.extend_from_slice(&random);
    out.extend_from_slice(&[0; 8]);
    push_field(&mut out, info.len(), CHALLENGE_HEAD + target.len());
    // A version that says nothing but the revision of the protocol.
    out.extend_from_slice(&[10, 0, 0, 0, 0, 0, 0, 15]);
    out.extend_from_slice(&target);
    out.extend_from_slice(&info);
    out
}

fn push_field(out: &mut Vec<u8>, length: usize, offset: usize) {
    let length = u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&length);
    out.extend_from_slice(&u32::try_from(offset).unwrap_or(u32::MAX).to_le_bytes());
}

/// What of a challenge its verification needs.
pub(crate) fn challenge_random(challenge: &[u8]) -> Option<&[u8; 8]> {
    challenge.get(24..)?.first_chunk::<8>()
}

pub(crate) fn challenge_flags(challenge: &[u8]) -> u32 {
    number(challenge, 20).unwrap_or(0)
}

/// The client's last message, not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticate<'m> {
    pub user: String,
    /// As the client wrote it, which its proof depends on.
    pub domain: String,
    pub(crate) message: &'m [u8],
    pub(crate) response: &'m [u8],
    pub(crate) session_key: &'m [u8],
    pub(crate) flags: u32,
}

impl<'m> Authenticate<'m> {
    /// `challenge` is the message that it answers: it says whether names are Unicode where this one has no flags.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(message: &'m [u8], challenge: &[u8]) -> Result<Authenticate<'m>, Malformed> {
        if !is(message, 3) || message.len() < AUTHENTICATE_HEAD {
            return Err(Malformed);
        }
        let response = field(message, 20)?;
        let (domain, user) = (field(message, 28)?, field(message, 36)?);
        // Its own flags and the session key, unless the payload begins before them.
        let begins = [16, 24, 32, 40, 48].into_iter().filter_map(|at| number(message, at)).filter(|at| *at > 0).min();
        let has_flags = message.len() >= 64 && begins.is_none_or(|at| at >= 64);
        let (session_key, flags) = if has_flags {
            (field(message, 52)?, number(message, 60).ok_or(Malformed)?)
        } else {
            (&[][..], challenge_flags(challenge))
        };
        let unicode = challenge_flags(challenge) & flag::UNICODE != 0;
        Ok(Authenticate {
            user: text(user, unicode)?,
            domain: text(domain, unicode)?,
            message,
            response,
            session_key,
            flags,
        })
    }

    /// Where the integrity code would be, and the message with zeroes in its place.
    pub(crate) fn mic(&self) -> Result<(&'m [u8], Vec<u8>), Malformed> {
        let code = self.message.get(MIC_AT..MIC_END).ok_or(Malformed)?;
        let mut zeroed = self.message.to_vec();
        zeroed.get_mut(MIC_AT..MIC_END).ok_or(Malformed)?.fill(0);
        Ok((code, zeroed))
    }
}

/// A name. No client writes a NUL into one: to some who read it, it would end there.
fn text(octets: &[u8], unicode: bool) -> Result<String, Malformed> {
    Some(characters(octets, unicode)?).filter(|text| !text.contains('\0')).ok_or(Malformed)
}

fn characters(octets: &[u8], unicode: bool) -> Result<String, Malformed> {
    if !unicode {
        // The client's code page is unknown; Latin-1 is right for ASCII, and harmless for the rest.
        return Ok(octets.iter().map(|octet| char::from(*octet)).collect());
    }
    if octets.len() % 2 != 0 {
        return Err(Malformed);
    }
    let units = octets.chunks_exact(2).map(|pair| <[u8; 2]>::try_from(pair).map(u16::from_le_bytes).unwrap_or(0));
    char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        assert_eq!(text(b"b\0o\0b\0", true), Ok("bob".to_owned()));
        assert_eq!(text(b"b\0\0\0o\0b\0", true), Err(Malformed));
        assert_eq!((text(b"bob", false), text(b"bob\0", false)), (Ok("bob".to_owned()), Err(Malformed)));
    }

    #[test]
    fn short_first_messages_are_taken() {
        let short = [SIGNATURE.as_slice(), &1u32.to_le_bytes(), &0x0008_8207u32.to_le_bytes()].concat();
        assert_eq!(Negotiate::read(&short).unwrap().flags, 0x0008_8207);
        let padded = [short.as_slice(), &[0; 16]].concat();
        assert!(Negotiate::read(&padded).is_ok(), "32 octets, without a version");
        assert!(Negotiate::read(short.get(..15).unwrap()).is_err());
        assert!(Negotiate::read(&[short.as_slice(), &[0; 300]].concat()).is_err());
        assert!(Negotiate::read(&[b"NTLMSSP\0".as_slice(), &2u32.to_le_bytes(), &[0; 4]].concat()).is_err());
    }

    #[test]
    fn a_host_gives_all_names() {
        let names = Names::of_host("mail.example.org");
        assert_eq!((names.computer.as_str(), names.domain.as_str()), ("MAIL", "EXAMPLE"));
        assert_eq!((names.dns_computer.as_str(), names.dns_domain.as_str()), ("mail.example.org", "example.org"));
        assert_eq!(Names::of_host("localhost").dns_domain, "localhost");
        assert!(Names::of_host("a-very-long-host-name-indeed.x").computer.len() <= 15);
    }

    #[test]
    fn the_challenge_says_what_it_should() {
        let unicode = challenge(Negotiate { flags: flag::UNICODE | flag::SIGN }, &Names::of_host("a.b"), [7; 8], 9);
        assert_eq!(challenge_random(&unicode), Some(&[7; 8]));
        assert_eq!(
            challenge_flags(&unicode) & (flag::UNICODE | flag::OEM | flag::SIGN | flag::SEAL),
            flag::UNICODE | flag::SIGN
        );
        let oem = challenge(Negotiate { flags: flag::OEM }, &Names::of_host("a.b"), [7; 8], 9);
        assert_eq!(challenge_flags(&oem) & (flag::UNICODE | flag::OEM), flag::OEM);
    }
}
