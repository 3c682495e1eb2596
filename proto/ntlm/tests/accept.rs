//! Whole exchanges, with a client of the test's own ([MS-NLMP] 3.1.5, 3.3.2), and every way to spoil one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_ntlm::{
    Authenticate, Names, Negotiate, NtHash, Pending, Refused, SIGNATURE, Session, Token, challenge, nt_hash, verify,
};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use proptest::prelude::*;
use rc4::{Rc4, StreamCipher};

const UNICODE: u32 = 1;
const OEM: u32 = 2;
const EXTENDED: u32 = 1 << 19;
const KEY_128: u32 = 1 << 29;
const KEY_EXCHANGE: u32 = 1 << 30;
const ALL: u32 = UNICODE | 4 | 0x10 | 0x20 | 0x200 | 0x8000 | EXTENDED | (1 << 23) | KEY_128 | KEY_EXCHANGE;

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = Hmac::<Md5>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn negotiate(flags: u32) -> Vec<u8> {
    [SIGNATURE.as_slice(), &1u32.to_le_bytes(), &flags.to_le_bytes(), &[0; 16]].concat()
}

/// A client, honest unless its fields say otherwise.
struct Client {
    user: &'static str,
    domain: &'static str,
    password: &'static str,
    flags: u32,
    /// Says that it has a code, and has one.
    mic: bool,
}

const ANNA: Client = Client { user: "anna", domain: "EXAMPLE", password: "secret", flags: ALL, mic: true };

struct Exchange {
    negotiate: Vec<u8>,
    challenge: Vec<u8>,
    authenticate: Vec<u8>,
}

impl Client {
    fn exchange(&self) -> Exchange {
        let negotiate = negotiate(self.flags);
        let read = Negotiate::read(&negotiate).unwrap();
        let challenge =
            challenge(read, &Names::of_host("mail.example.org"), [1, 2, 3, 4, 5, 6, 7, 8], 0x01d9_0000_0000_0000);
        let authenticate = self.answer(&negotiate, &challenge);
        Exchange { negotiate, challenge, authenticate }
    }

    fn answer(&self, negotiate: &[u8], challenge: &[u8]) -> Vec<u8> {
        let u32_at = |at: usize| u32::from_le_bytes(challenge[at..at + 4].try_into().unwrap());
        let info_length = usize::from(u16::from_le_bytes(challenge[40..42].try_into().unwrap()));
        let info_at = u32_at(44) as usize;
        let mut info = challenge[info_at..info_at + info_length - 4].to_vec();
        if self.mic {
            info.extend_from_slice(&[6, 0, 4, 0, 2, 0, 0, 0]);
        }
        info.extend_from_slice(&[0; 4]);
        let key = hmac(&nt_hash(self.password).0, &[&utf16(&self.user.to_uppercase()), &utf16(self.domain)]);
        let blob = [&[1, 1, 0, 0, 0, 0, 0, 0][..], &[9; 8], &[0xaa; 8], &[0; 4], &info, &[0; 4]].concat();
        let proof = hmac(&key, &[&challenge[24..32], &blob]);
        let response = [proof.as_slice(), &blob].concat();
        let base = hmac(&key, &[&proof]);
        let session = if self.flags & KEY_EXCHANGE != 0 { [0x55; 16] } else { base };
        let mut sent = session.to_vec();
        Rc4::new_from_slice(&base).unwrap().apply_keystream(&mut sent);
        if self.flags & KEY_EXCHANGE == 0 {
            sent.clear();
        }
        let text = |text: &str| if self.flags & UNICODE != 0 { utf16(text) } else { text.as_bytes().to_vec() };
        let fields = [vec![0; 24], response, text(self.domain), text(self.user), text("PC"), sent];
        let mut out = [SIGNATURE.as_slice(), &3u32.to_le_bytes()].concat();
        let mut at = 88;
        for field in &fields {
            let length = (field.len() as u16).to_le_bytes();
            out.extend([length, length].concat());
            out.extend_from_slice(&(at as u32).to_le_bytes());
            at += field.len();
        }
        out.extend_from_slice(&u32_at(20).to_le_bytes());
        out.extend_from_slice(&[0; 8 + 16]);
        out.extend(fields.concat());
        if self.mic {
            let code = hmac(&session, &[negotiate, challenge, &out]);
            out[72..88].copy_from_slice(&code);
        }
        out
    }
}

impl Exchange {
    fn check(&self, hash: &NtHash) -> Result<Session, Refused> {
        let pending = Pending { negotiate: &self.negotiate, challenge: &self.challenge };
        let message = Authenticate::read(&self.authenticate, &self.challenge).map_err(|_| Refused::Malformed)?;
        verify(&message, pending, hash)
    }
}

fn refusal(exchange: &Exchange) -> Option<Refused> {
    exchange.check(&nt_hash("secret")).err()
}

#[test]
fn an_honest_client_is_let_in() {
    for flags in [ALL, ALL & !KEY_EXCHANGE, ALL & !UNICODE | OEM, UNICODE | 0x200] {
        for domain in ["", "EXAMPLE", "example.org", "FOREIGN"] {
            for mic in [true, false] {
                let exchange = Client { flags, domain, mic, ..ANNA }.exchange();
                let session = exchange.check(&nt_hash("secret"));
                assert_eq!(session.map(|session| session.has_mic()).ok(), Some(mic), "{flags:x} {domain}");
            }
        }
    }
    let exchange =
        Client { user: "\u{fc}nal@example.org", password: "gr\u{fc}n \u{1f511}", domain: "", ..ANNA }.exchange();
    assert!(exchange.check(&nt_hash("gr\u{fc}n \u{1f511}")).is_ok());
}

/// [MS-NLMP] 4.2.4: the response of user "User", domain "Domain", password "Password" to the challenge 0123456789abcdef.
#[test]
fn the_example_of_the_specification_is_right() {
    let blob = [
        &[1, 1, 0, 0, 0, 0, 0, 0][..],
        &[0; 8],
        &[0xaa; 8],
        &[0; 4],
        &[2, 0, 12, 0],
        &utf16("Domain"),
        &[1, 0, 12, 0],
        &utf16("Server"),
        &[0; 4],
        &[0; 4],
    ]
    .concat();
    let key = hmac(&nt_hash("Password").0, &[&utf16("USER"), &utf16("Domain")]);
    let proof = hmac(&key, &[&[0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef], &blob]);
    let expected = [0x68, 0xcd, 0x0a, 0xb8, 0x51, 0xe5, 0x1c, 0x96, 0xaa, 0xbc, 0x92, 0x7b, 0xeb, 0xef, 0x6a, 0x1c];
    assert_eq!(proof, expected);
}

#[test]
fn whoever_is_not_who_it_says_is_refused() {
    assert_eq!(refusal(&Client { password: "wrong", ..ANNA }.exchange()), Some(Refused::WrongProof));
    assert_eq!(refusal(&Client { user: "", ..ANNA }.exchange()), Some(Refused::Anonymous));
    let mut exchange = ANNA.exchange();
    // Another challenge than the one that was answered: a replay.
    exchange.challenge[24] ^= 1;
    assert_eq!(refusal(&exchange), Some(Refused::WrongProof));
    // Somebody else's name over the same proof.
    let mut exchange = ANNA.exchange();
    let at = exchange.authenticate.windows(8).position(|part| part == utf16("anna")).unwrap();
    exchange.authenticate[at..at + 8].copy_from_slice(&utf16("bert"));
    assert_eq!(refusal(&exchange), Some(Refused::WrongProof));
}

#[test]
fn changed_messages_show() {
    let mut exchange = ANNA.exchange();
    exchange.negotiate[12] ^= 4;
    assert_eq!(refusal(&exchange), Some(Refused::Tampered), "flags of the first message");
    let mut exchange = ANNA.exchange();
    exchange.challenge[20] ^= 4;
    assert_eq!(refusal(&exchange), Some(Refused::Tampered), "flags of the challenge");
    let mut exchange = ANNA.exchange();
    exchange.authenticate[72..88].fill(0);
    assert_eq!(refusal(&exchange), Some(Refused::Tampered), "the code taken out");
    // Taken out, and the pair that promised it too: that is under the proof.
    let mut exchange = ANNA.exchange();
    let flags = [6, 0, 4, 0, 2, 0, 0, 0];
    let at = exchange.authenticate.windows(8).position(|part| part == flags).unwrap();
    exchange.authenticate[at + 4] = 0;
    assert_eq!(refusal(&exchange), Some(Refused::WrongProof));
}

#[test]
fn old_responses_are_refused() {
    let mut exchange = ANNA.exchange();
    // A response of 24 octets is NTLMv1's.
    exchange.authenticate[20..24].copy_from_slice(&[24, 0, 24, 0]);
    assert_eq!(refusal(&exchange), Some(Refused::TooOld));
    let mut exchange = ANNA.exchange();
    exchange.authenticate[20..24].fill(0);
    assert_eq!(refusal(&exchange), Some(Refused::TooOld), "none at all");
}

#[test]
fn the_list_of_mechanisms_is_signed_both_ways() {
    let session = ANNA.exchange().check(&nt_hash("secret")).ok().unwrap();
    let list = b"a list of mechanisms";
    let ours = session.signature(list).unwrap();
    assert!(ours.starts_with(&[1, 0, 0, 0]) && ours.ends_with(&[0; 4]));
    assert!(!session.is_clients(&ours, list), "each side has its own keys");
    let without = Client { flags: ALL & !EXTENDED, ..ANNA }.exchange().check(&nt_hash("secret")).ok().unwrap();
    assert_eq!(without.signature(list), None);
}

proptest! {
    /// Whatever one octet is changed to, the exchange is refused, or what was changed means nothing.
    #[test]
    fn one_changed_octet_is_noticed(at in 0usize..1000, change in 1u8..=255) {
        let mut exchange = ANNA.exchange();
        let at = at % exchange.authenticate.len();
        exchange.authenticate[at] ^= change;
        prop_assert!(exchange.check(&nt_hash("secret")).is_err(), "octet {at}");
    }

    #[test]
    fn nothing_that_comes_makes_it_fail(octets in prop::collection::vec(any::<u8>(), 0..400), kind in 0u32..5) {
        let challenge = ANNA.exchange().challenge;
        let message = [SIGNATURE.as_slice(), &kind.to_le_bytes(), &octets].concat();
        for octets in [&octets, &message] {
            let _ = Negotiate::read(octets);
            let _ = Token::read(octets);
            if let Ok(read) = Authenticate::read(octets, &challenge) {
                let pending = Pending { negotiate: octets, challenge: octets };
                let _ = verify(&read, pending, &nt_hash("secret"));
            }
        }
    }

    #[test]
    fn spoiled_tokens_do_no_harm(cut in 0usize..500, at in 0usize..500, change in any::<u8>()) {
        let mut octets = ewsd_ntlm::accept_incomplete(Some(ewsd_ntlm::Mech::Ntlm), &ANNA.exchange().challenge);
        let length = octets.len();
        octets[at % length] ^= change;
        octets.truncate(cut);
        let _ = Token::read(&octets);
    }
}
