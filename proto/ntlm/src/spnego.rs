//! SPNEGO (RFC 4178, [MS-SPNG]): which mechanism is spoken under the name Negotiate, and its tokens.
//!
//! A client names the mechanisms that it knows, best first, and may send a token of the first at once. What it named is signed with
//! the key of the session at the end, so that nobody can take the better ones out on the way.

use crate::der::{APPLICATION, Der, ENUMERATED, OCTETS, OID, SEQUENCE, element, member, only};
use crate::{Malformed, SIGNATURE};

const SPNEGO: &[u8] = &[0x2b, 6, 1, 5, 5, 2];
const NTLM: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];
const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];
/// Microsoft's first spelling of it, with an octet lost.
const KERBEROS_MS: &[u8] = &[0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2];

/// Octets of the list of mechanisms that are kept until the end.
const LIST_MAX: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mech {
    Kerberos,
    Ntlm,
    Other,
}

impl Mech {
    fn of(oid: &[u8]) -> Mech {
        match oid {
            NTLM => Mech::Ntlm,
            KERBEROS | KERBEROS_MS => Mech::Kerberos,
            _ => Mech::Other,
        }
    }

    fn oid(self) -> &'static [u8] {
        match self {
            Mech::Kerberos => KERBEROS,
            Mech::Ntlm | Mech::Other => NTLM,
        }
    }
}

/// What a client sends under the name Negotiate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// A message of NTLM without anything around it.
    RawNtlm(&'t [u8]),
    /// A token of Kerberos without SPNEGO around it.
    RawKerberos(&'t [u8]),
    /// The first one.
    Init {
        /// In the client's order.
        mechs: Vec<Mech>,
        /// As it is signed in the end.
        list: &'t [u8],
        /// Of the first mechanism.
        token: Option<&'t [u8]>,
    },
    /// A later one.
    Response { token: Option<&'t [u8]>, list_mic: Option<&'t [u8]> },
}

impl<'t> Token<'t> {
    /// # Errors
    /// [`Malformed`].
    pub fn read(octets: &'t [u8]) -> Result<Token<'t>, Malformed> {
        if octets.starts_with(SIGNATURE) {
            return Ok(Token::RawNtlm(octets));
        }
        match octets.first() {
            Some(&APPLICATION) => {
                let mut inner = Der(only(octets, APPLICATION)?);
                match inner.element(OID)? {
                    SPNEGO => init(only(inner.0, member(0))?),
                    KERBEROS => Ok(Token::RawKerberos(octets)),
                    _ => Err(Malformed),
                }
            }
            Some(first) if *first == member(1) => response(only(octets, member(1))?),
            // Some clients leave out what a first token is wrapped in.
            Some(first) if *first == member(0) => init(only(octets, member(0))?),
            _ => Err(Malformed),
        }
    }
}

fn init(octets: &[u8]) -> Result<Token<'_>, Malformed> {
    let mut members = Der(only(octets, SEQUENCE)?);
    let (mut list, mut token) = (None, None);
    while !members.is_empty() {
        let (tag, content, _) = members.next()?;
        match tag {
            _ if tag == member(0) => list = Some(content),
            _ if tag == member(2) => token = Some(only(content, OCTETS)?),
            // Flags, a code over the list that nobody has a key for yet, hints.
            _ => {}
        }
    }
    let list = list.filter(|list| list.len() <= LIST_MAX).ok_or(Malformed)?;
    let mut names = Der(only(list, SEQUENCE)?);
    let mut mechs = Vec::new();
    while !names.is_empty() {
        mechs.push(Mech::of(names.element(OID)?));
    }
    Ok(Token::Init { mechs, list, token })
}

fn response(octets: &[u8]) -> Result<Token<'_>, Malformed> {
    let mut members = Der(only(octets, SEQUENCE)?);
    let (mut token, mut list_mic) = (None, None);
    while !members.is_empty() {
        let (tag, content, _) = members.next()?;
        match tag {
            _ if tag == member(2) => token = Some(only(content, OCTETS)?),
            _ if tag == member(3) => list_mic = Some(only(content, OCTETS)?),
            _ => {}
        }
    }
    Ok(Token::Response { token, list_mic })
}

/// States of a negotiation.
const COMPLETED: u8 = 0;
const INCOMPLETE: u8 = 1;
const REQUEST_MIC: u8 = 3;

fn written(state: u8, mech: Option<Mech>, token: Option<&[u8]>, list_mic: Option<&[u8]>) -> Vec<u8> {
    let mut members = element(member(0), &element(ENUMERATED, &[state]));
    if let Some(mech) = mech {
        members.extend(element(member(1), &element(OID, mech.oid())));
    }
    for (n, octets) in [(2, token), (3, list_mic)] {
        if let Some(octets) = octets {
            members.extend(element(member(n), &element(OCTETS, octets)));
        }
    }
    element(member(1), &element(SEQUENCE, &members))
}

/// The mechanism goes on; `first`: with this, the mechanism is chosen.
pub fn accept_incomplete(first: Option<Mech>, token: &[u8]) -> Vec<u8> {
    written(INCOMPLETE, first, Some(token), None)
}

/// Not the client's first choice: it begins anew with this one, and signs its list in the end.
pub fn request_mic(mech: Mech) -> Vec<u8> {
    written(REQUEST_MIC, Some(mech), None, None)
}

/// The client is known.
pub fn accept_completed(mech: Option<Mech>, token: Option<&[u8]>, list_mic: Option<&[u8]>) -> Vec<u8> {
    written(COMPLETED, mech, token, list_mic)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn first(mechs: &[&[u8]], token: &[u8]) -> Vec<u8> {
        let list = element(SEQUENCE, &mechs.iter().flat_map(|oid| element(OID, oid)).collect::<Vec<u8>>());
        let members = [element(member(0), &list), element(member(2), &element(OCTETS, token))].concat();
        let inner = [element(OID, SPNEGO), element(member(0), &element(SEQUENCE, &members))].concat();
        element(APPLICATION, &inner)
    }

    #[test]
    fn mechanisms_are_read_in_the_clients_order() {
        let octets = first(&[KERBEROS_MS, KERBEROS, NTLM, &[1, 2]], &[b'x'; 300]);
        let Token::Init { mechs, list, token } = Token::read(&octets).unwrap() else { panic!("no first token") };
        assert_eq!(mechs, [Mech::Kerberos, Mech::Kerberos, Mech::Ntlm, Mech::Other]);
        assert_eq!(token, Some([b'x'; 300].as_slice()));
        assert_eq!(list.first(), Some(&SEQUENCE), "with its own tag: that is what is signed");
        assert!(Token::read(octets.split_last().unwrap().1).is_err());
        assert!(Token::read(&[octets.as_slice(), b"x"].concat()).is_err());
    }

    #[test]
    fn what_is_written_can_be_read() {
        let written = accept_completed(None, Some(b"token"), Some(&[7; 16]));
        let Token::Response { token, list_mic } = Token::read(&written).unwrap() else { panic!("no response") };
        assert_eq!((token, list_mic), (Some(b"token".as_slice()), Some([7; 16].as_slice())));
        assert!(Token::read(&request_mic(Mech::Ntlm)).is_ok());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for octets in
            [&b""[..], b"x", &[APPLICATION], &[APPLICATION, 0x84, 0, 0, 0, 0], &[0xa1, 0x85, 1], &[0xa1, 2, 0x30]]
        {
            assert_eq!(Token::read(octets), Err(Malformed), "{octets:?}");
        }
    }
}
