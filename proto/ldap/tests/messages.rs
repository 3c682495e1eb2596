//! What is sent is what RFC 4511 lays out, and what comes is read, refused, or waited for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ewsd_ldap::filter::Filter;
use ewsd_ldap::message::{Answer, LONGEST, Message, bind, length, read, search, start_tls, unbind};
use ewsd_ldap::template::{fill, of_filter, of_name};
use proptest::prelude::*;

fn outcome(tag: u8, code: u8, text: &str) -> Vec<u8> {
    let mut content = vec![0x0a, 1, code, 4, 0, 4, text.len() as u8];
    content.extend(text.as_bytes());
    let mut operation = vec![tag, content.len() as u8];
    operation.extend(content);
    let mut octets = vec![0x30, 3 + operation.len() as u8, 2, 1, 7];
    octets.extend(operation);
    octets
}

#[test]
fn questions_are_laid_out_as_the_standard_says() {
    assert_eq!(
        bind(1, "cn=a", b"pw").unwrap().as_slice(),
        b"\x30\x12\x02\x01\x01\x60\x0d\x02\x01\x03\x04\x04cn=a\x80\x02pw"
    );
    assert_eq!(unbind(2).as_slice(), b"\x30\x05\x02\x01\x02\x42\x00");
    assert_eq!(start_tls(1).as_slice(), b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037");
    let filter = Filter::parse("(uid=a)").unwrap();
    assert_eq!(
        search(2, "dc=x", &filter, 2, 5).as_slice(),
        b"\x30\x2b\x02\x01\x02\x63\x26\x04\x04dc=x\x0a\x01\x02\x0a\x01\x00\x02\x01\x02\x02\x01\x05\x01\x01\xff\
          \xa3\x08\x04\x03uid\x04\x01a\x30\x05\x04\x031.1"
    );
}

#[test]
fn nobody_binds_without_a_password_or_a_name() {
    assert!(bind(1, "cn=a", b"").is_none());
    assert!(bind(1, "", b"pw").is_none() && bind(1, " ", b"pw").is_none());
}

#[test]
fn answers_are_read() {
    let Message { id, answer: Answer::Bind(bound) } = read(&outcome(0x61, 49, "no\r\nway")).unwrap() else {
        unreachable!()
    };
    assert_eq!((id, bound.code, bound.text.as_str()), (7, 49, "no  way"));
    assert!(bound.refuses() && !bound.is_success());
    for code in [1, 2, 3, 8, 10, 13, 51, 52, 80] {
        let Answer::Bind(bound) = read(&outcome(0x61, code, "")).unwrap().answer else { unreachable!() };
        assert!(!bound.refuses() && !bound.is_success(), "{code} says nothing of the password");
    }
    assert!(matches!(read(&outcome(0x65, 0, "")).unwrap().answer, Answer::Done(done) if done.is_success()));
    assert!(matches!(read(&outcome(0x78, 52, "")).unwrap().answer, Answer::Extended(_)));
    let entry = b"\x30\x0d\x02\x01\x02\x64\x08\x04\x04cn=a\x30\x00";
    assert_eq!(read(entry).unwrap().answer, Answer::Entry("cn=a".to_owned()));
    let nameless = b"\x30\x09\x02\x01\x02\x64\x04\x04\x00\x30\x00";
    assert!(read(nameless).is_err(), "a bind without a name would succeed");
}

#[test]
fn messages_are_told_from_each_other() {
    let octets = outcome(0x61, 0, "");
    assert_eq!(length(&octets[..1]), Ok(None));
    assert_eq!(length(&octets[..2]), Ok(Some(octets.len())));
    assert!(read(&octets[..octets.len() - 1]).is_err());
    assert!(read(&[&octets[..], b"x"].concat()).is_err());
    assert!(length(b"HTTP/1.1 400").is_err());
    let long = u32::try_from(LONGEST).unwrap().to_be_bytes();
    assert!(length(&[&[0x30, 0x84][..], &long].concat()).is_err(), "nobody sends so much");
}

#[test]
fn filters_mean_what_they_say() {
    let octets = |text: &str| {
        let whole = search(1, "", &Filter::parse(text).unwrap(), 0, 0);
        whole[24..whole.len() - 7].to_vec()
    };
    assert_eq!(octets("uid=a"), octets("(uid=a)"));
    assert_eq!(octets("(uid=\\2a\\28)"), b"\xa3\x09\x04\x03uid\x04\x02*(");
    assert_eq!(octets("(uid=*)"), b"\x87\x03uid");
    assert_eq!(octets("(!(a=b))"), b"\xa2\x08\xa3\x06\x04\x01a\x04\x01b");
    assert_eq!(
        octets("(&(a=b)(|(c>=d)(e<=f)(g~=h)))"),
        [
            &b"\xa0\x22\xa3\x06\x04\x01a\x04\x01b\xa1\x18"[..],
            b"\xa5\x06\x04\x01c\x04\x01d\xa6\x06\x04\x01e\x04\x01f\xa8\x06\x04\x01g\x04\x01h",
        ]
        .concat()
    );
    assert_eq!(octets("(a=b*c*d)"), b"\xa4\x0e\x04\x01a\x30\x09\x80\x01b\x81\x01c\x82\x01d");
    assert_eq!(octets("(a=*b)"), b"\xa4\x08\x04\x01a\x30\x03\x82\x01b");
    let rule = "(memberOf:1.2.840.113556.1.4.1941:=cn=g)";
    assert_eq!(octets(rule), b"\xa9\x29\x81\x171.2.840.113556.1.4.1941\x82\x08memberOf\x83\x04cn=g".as_slice());
    assert_eq!(octets("(ou:dn:=x)"), b"\xa9\x0a\x82\x02ou\x83\x01x\x84\x01\xff");
    for text in
        ["", "(", "()", "(a)", "(a=b", "(a=b))", "(&(a=b)", "(a=\\2)", "(a=\\zz)", "(=b)", "(a b=c)", "(a=**)", "(:=x)"]
    {
        assert!(Filter::parse(text).is_err(), "{text}");
    }
    assert!(Filter::parse(&("(!".repeat(100) + "(a=b)" + &")".repeat(100))).is_err());
}

#[test]
fn a_login_stays_one_value() {
    let name = |login| fill("uid=%n,ou=%d,dc=x", login, of_name).unwrap();
    assert_eq!(name("anna@example.org"), "uid=anna,ou=example.org,dc=x");
    assert_eq!(name("a,ou=boss+cn=#\"<>;\\@d"), "uid=a\\,ou\\=boss\\+cn\\=#\\\"\\<\\>\\;\\\\,ou=d,dc=x");
    assert_eq!(name(" # @#x "), "uid=\\ #\\ ,ou=\\#x\\ ,dc=x");
    assert_eq!(name("a\0b"), "uid=a\\00b,ou=,dc=x");
    assert_eq!(fill("(mail=%u)", "*)(uid=*\\\0", of_filter).unwrap(), "(mail=\\2a\\29\\28uid=\\2a\\5c\\00)");
    assert_eq!(fill("%u %%u", "%n", of_filter).unwrap(), "%n %u", "what a login says is no template");
    assert!(fill("uid=%x", "a", of_name).is_err() && fill("uid=%", "a", of_name).is_err());
}

proptest! {
    #[test]
    fn no_octets_do_harm(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = read(&octets);
        let _ = length(&octets);
        let _ = read(&[&[0x30, octets.len() as u8, 2, 1, 1][..], &octets].concat());
    }

    #[test]
    fn no_text_does_harm(text in "[(&|!)=*:<>~\\\\a-f0-9 ü]{0,40}") {
        let _ = Filter::parse(&text);
    }

    /// Whatever a login is, the filter around it stays the administrator's.
    #[test]
    fn no_login_changes_a_filter(login in any::<String>()) {
        let text = fill("(&(objectClass=person)(uid=%u))", &login, of_filter).unwrap();
        let octets = search(1, "", &Filter::parse(&text).unwrap(), 0, 0);
        prop_assert!(octets.windows(login.len().max(1)).any(|part| part == login.as_bytes()) || login.is_empty());
        prop_assert_eq!((text.matches('(').count(), text.matches('*').count()), (3, 0));
    }
}
