//! Who comes in: NTLM, SPNEGO, tokens, and what a directory says of a password.

use ewsd_jwt::{Expected, Token, bearer, read_keys};
use ewsd_ldap::{filter::Filter, message, template};
use ewsd_ntlm::{Authenticate, Mech, Names, Negotiate, Pending, challenge, nt_hash, verify};

use super::Target;

pub const TARGETS: &[Target] = &[
    Target { name: "ntlm", run: ntlm, seeds: MESSAGES, pieces: NTLM },
    Target { name: "spnego", run: spnego, seeds: TOKENS, pieces: DER },
    Target { name: "token", run: token, seeds: BEARERS, pieces: JSON },
    Target { name: "ldap", run: ldap, seeds: ANSWERS, pieces: DER },
    Target { name: "filter", run: filter, seeds: FILTERS, pieces: FILTER },
];

/// Whoever is let in knows the password: with another one the same message is refused, and so is nobody's.
fn ntlm(octets: &[u8]) {
    let names = Names::of_host("mail.example.org");
    let first = Negotiate::read(octets).unwrap_or_else(|_| Negotiate::read(NEGOTIATE).expect("it is one"));
    let challenge = challenge(first, &names, [1, 2, 3, 4, 5, 6, 7, 8], 0x01d9_0000_0000_0000);
    let Ok(last) = Authenticate::read(octets, &challenge) else { return };
    let pending = Pending { negotiate: NEGOTIATE, challenge: &challenge };
    if let Ok(session) = verify(&last, pending, &nt_hash("secret")) {
        assert!(verify(&last, pending, &nt_hash("Secret")).is_err(), "any password is good");
        assert_eq!(
            (last.user.to_lowercase().as_str(), last.domain.as_str()),
            ("anna", "EXAMPLE"),
            "somebody else's proof"
        );
        assert!(session.has_mic(), "the integrity code was taken out");
    }
}

/// What is taken out of a token lies in it.
fn spnego(octets: &[u8]) {
    use ewsd_ntlm::Token;
    let lies_within = |part: &[u8]| octets.as_ptr_range().contains(&part.as_ptr()) || part.is_empty();
    match Token::read(octets) {
        Ok(Token::Init { list, token, mechs }) => {
            assert!(lies_within(list) && token.is_none_or(lies_within), "a part of something else");
            assert!(mechs.len() <= list.len());
        }
        Ok(Token::Response { token, list_mic }) => {
            assert!(token.is_none_or(lies_within) && list_mic.is_none_or(lies_within), "a part of something else");
        }
        Ok(Token::RawNtlm(token) | Token::RawKerberos(token)) => assert_eq!(token, octets),
        Err(_) => {}
    }
    if octets.len() < 2000 {
        let told = ewsd_ntlm::accept_completed(Some(Mech::Ntlm), Some(octets), Some(octets));
        let read = Token::read(&told).expect("our own");
        assert_eq!(read, Token::Response { token: Some(octets), list_mic: Some(octets) }, "a token does not come back");
    }
}

/// Nobody but the key's owner signs: what is proved is what the example signed. Claims that are good name somebody.
fn token(octets: &[u8]) {
    let _ = read_keys(octets);
    let Ok(token) = Token::read(octets) else { return };
    let keys = read_keys(KEYS).expect("they are keys");
    if token.verify(keys.iter()).is_ok() {
        assert_eq!(token.claims.get("iss").and_then(|issuer| issuer.as_str()), Some("joe"), "signed by nobody");
    }
    let audiences = ["x".to_owned()];
    let expected = Expected { issuer: "joe", audiences: &audiences, scope: "", skew_seconds: 60 };
    let _ = expected.check(&token.claims, 1_300_819_300);
    if let Ok(name) = bearer(&token.claims, &["upn".to_owned(), "email".to_owned()]) {
        assert!(!name.is_empty(), "it names nobody");
    }
}

/// A message has one length, which its beginning tells; one that is read has just that.
fn ldap(octets: &[u8]) {
    let length = message::length(octets);
    if let Ok(Some(length)) = length {
        assert!(length <= message::LONGEST, "longer than may be");
        for end in 0..octets.len().min(length) {
            let told = message::length(octets.get(..end).unwrap_or_default());
            assert!(matches!(told, Ok(None)) || told == Ok(Some(length)), "another length at first");
        }
    }
    if message::read(octets).is_ok() {
        assert_eq!(length, Ok(Some(octets.len())), "a message of another length");
    }
}

/// A login stays one value, whatever it is: the filter is as it was without it.
fn filter(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let _ = Filter::parse(&text);
    let filled = template::fill("(&(objectClass=person)(uid=%u))", &text, template::of_filter).expect("a template");
    assert!(Filter::parse(&filled).is_ok(), "a login breaks out of its filter");
    assert_eq!(filled.matches('(').count(), 3, "a login adds to the filter");
    let name = template::fill("uid=%u,dc=x", &text, template::of_name).expect("a template");
    let free = name.replace("\\\\", "").replace("\\,", "");
    assert_eq!(free.matches(',').count(), 1, "a login adds to the name");
}

const NEGOTIATE: &[u8] = include_bytes!("../../seeds/ntlm-negotiate");
const MESSAGES: &[&[u8]] = &[NEGOTIATE, include_bytes!("../../seeds/ntlm-authenticate")];
const TOKENS: &[&[u8]] = &[
    include_bytes!("../../seeds/spnego-init"),
    include_bytes!("../../seeds/spnego-response"),
    include_bytes!("../../seeds/kerberos"),
];
/// The example of RFC 7515 A.3, and its key.
const BEARERS: &[&[u8]] = &[
    b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
      DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    KEYS,
];
const KEYS: &[u8] = br#"{"keys":[{"kty":"EC","crv":"P-256","use":"sig","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
const ANSWERS: &[&[u8]] = &[
    b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0",
    b"\x30\x0d\x02\x01\x02\x64\x08\x04\x04uid=\x30\0",
    b"\x30\x81\x0c\x02\x01\0\x78\x07\x0a\x01\x34\x04\0\x04\0",
];
const FILTERS: &[&[u8]] = &[b"(&(objectClass=person)(|(uid=a*b)(!(mail>=x\\2a)))(cn:dn:2.4.6:=x))", b"a, b@x"];

const NTLM: &[&[u8]] =
    &[b"NTLMSSP\0", b"\x01\0\0\0", b"\x03\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"a\0", b"\x06\0\x04\0\x02\0\0\0"];
const DER: &[&[u8]] = &[
    b"\x30\x80",
    b"\x30\x81\x01",
    b"\x30\x84\xff\xff\xff\xff",
    b"\xa0\x03",
    b"\xa1",
    b"\xa2",
    b"\x04\x01",
    b"\x60",
    b"\x02\x01",
    b"\x0a\x01",
    b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a",
    b"NTLMSSP\0",
    b"\0",
];
const JSON: &[&[u8]] = &[
    b".",
    b"\"",
    b"{",
    b"}",
    b"e30",
    b"bnVsbA",
    b"eyJhbGciOiJub25lIn0",
    b"[",
    b"]",
    b"\"keys\":",
    b"AQAB",
    b"=",
    b"-",
    b"_",
];
const FILTER: &[&[u8]] = &[
    b"(", b")", b"&", b"|", b"!", b"*", b"=", b"~=", b">=", b":=", b":dn:", b"\\", b"\\2", b"\\zz", b"%u", b"\0",
    b"\xff", b",", b"+", b"@",
];
