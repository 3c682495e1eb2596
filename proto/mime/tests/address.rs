//! Address fields (RFC 5322 3.4, 4.4, appendix A): who has an address.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ewsd_mime::{Addresses, Head, Limits};

fn read(value: &str) -> Addresses {
    let octets = format!("To: {value}\r\nSubject: behind\r\n\r\n");
    let head = Head::read(octets.as_bytes(), Limits::default());
    assert_eq!(head.text("Subject").as_deref(), Some("behind"), "{value}");
    head.addresses("To")
}

/// `name <address>` of all, `|` between them.
fn found(value: &str) -> String {
    let one =
        |mailbox: &ewsd_mime::Mailbox| format!("{}<{}>", mailbox.name.as_deref().unwrap_or_default(), mailbox.address);
    read(value).mailboxes.iter().map(one).collect::<Vec<_>>().join("|")
}

#[test]
fn a_comma_that_nobody_quoted() {
    for (value, is) in [
        ("Doe, Jane <jane.doe@example.net>", "Doe, Jane<jane.doe@example.net>"),
        ("Doe, Jane, Dr. <jane@x.test>, Bob <bob@x.test>", "Doe, Jane, Dr.<jane@x.test>|Bob<bob@x.test>"),
        ("bob@x.test, Doe, Jane <jane@x.test>", "<bob@x.test>|Doe, Jane<jane@x.test>"),
        ("\"Doe, Jane\" <jane@x.test>", "Doe, Jane<jane@x.test>"),
        ("Doe, <jane@x.test>", "<jane@x.test>"),
        ("root, bob@x.test", "<bob@x.test>"),
        ("Jane <jane@x.test>, PhD", "Jane<jane@x.test>"),
    ] {
        assert_eq!(found(value), is, "{value}");
    }
    assert_eq!(read("root, bob@x.test").rest, ["root"]);
    assert_eq!(read("Jane <jane@x.test>, PhD").rest, ["PhD"]);
}

#[test]
fn none_without_an_address_is_listed() {
    for value in [
        "",
        "Jane",
        "undisclosed-recipients:;",
        "<>",
        "Jane <>",
        "Jane <jane>",
        "@x.test",
        "jane@",
        ",,;",
        "\"\" <@>",
        "root (Cron)",
    ] {
        assert_eq!(read(value).mailboxes, [], "{value}");
    }
    assert_eq!(read("Jane <>").rest, ["Jane"]);
    assert_eq!(read("root (Cron Daemon)").rest, ["root"]);
}

#[test]
fn the_examples_of_the_standard() {
    for (value, is) in [
        ("John Doe <jdoe@machine.example>", "John Doe<jdoe@machine.example>"),
        (
            "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
            "Mary Smith<mary@x.test>|<jdoe@example.org>|Who?<one@y.test>",
        ),
        (
            "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
            "<boss@nil.test>|Giant; \"Big\" Box<sysservices@example.net>",
        ),
        ("\"Joe Q. Public\" <john.q.public@example.com>", "Joe Q. Public<john.q.public@example.com>"),
        (
            "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
            "Ed Jones<c@a.test>|<joe@where.test>|John<jdoe@one.test>",
        ),
        ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete<pete@silly.test>"),
        (
            "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
            "Chris Jones<c@public.example>|<joe@example.org>|John<jdoe@one.test>",
        ),
        ("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", ""),
        ("Joe Q. Public <john.q.public@example.com>", "Joe Q. Public<john.q.public@example.com>"),
        (
            "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
            "Mary Smith<mary@example.net>|<jdoe@test.example>",
        ),
        ("John Doe <jdoe@machine(comment).  example>", "John Doe<jdoe@machine.example>"),
        ("Mary Smith\r\n\t\t  <mary@example.net>", "Mary Smith<mary@example.net>"),
        ("<@a.test,@b.test:joe@c.test>", "<joe@c.test>"),
        ("john . doe @ example . net", "<john.doe@example.net>"),
    ] {
        assert_eq!(found(value), is, "{value}");
    }
}

#[test]
fn quotes_belong_to_the_address() {
    for (value, is) in [
        ("\"john smith\"@example.net", "<\"john smith\"@example.net>"),
        ("J <\"john smith\"@example.net>, \"a b\"@x.test", "J<\"john smith\"@example.net>|<\"a b\"@x.test>"),
        ("\"a@b\"@x.test", "<\"a@b\"@x.test>"),
        ("\"a,b\"@x.test, c@d.test", "<\"a,b\"@x.test>|<c@d.test>"),
        ("\"jane@x.test\"", "<jane@x.test>"),
        ("'jane@x.test'", "<jane@x.test>"),
        ("<'jane@x.test'>", "<jane@x.test>"),
        ("\"jane@x.test\" <jane@x.test>", "jane@x.test<jane@x.test>"),
        ("jane@[127.0.0.1], <bob@[IPv6:::1]>", "<jane@[127.0.0.1]>|<bob@[IPv6:::1]>"),
    ] {
        assert_eq!(found(value), is, "{value}");
    }
}

#[test]
fn names_from_comments_and_words() {
    for (value, is) in [
        ("jane@x.test (Jane Doe)", "Jane Doe<jane@x.test>"),
        ("(Jane Doe) jane@x.test", "Jane Doe<jane@x.test>"),
        ("<jane@x.test> (Jane)", "Jane<jane@x.test>"),
        ("jane@x.test(Jane), bob@x.test(Bob)", "Jane<jane@x.test>|Bob<bob@x.test>"),
        ("Jane Doe jane@x.test", "Jane Doe<jane@x.test>"),
        ("jane@x.test Jane Doe", "Jane Doe<jane@x.test>"),
        ("jane@x.test bob@x.test", "<jane@x.test>|<bob@x.test>"),
        ("jane@x.test; bob@x.test;", "<jane@x.test>|<bob@x.test>"),
        ("jane@work <jane@x.test>", "jane@work<jane@x.test>"),
        ("Mr. Jane. D. <jane@x.test>", "Mr. Jane. D.<jane@x.test>"),
        ("Jane <jane@x.test> Bob <bob@x.test>", "Jane<jane@x.test>|Bob<bob@x.test>"),
        ("<jane@x.test> Jane", "Jane<jane@x.test>"),
        ("Jane [Sales] <jane@x.test>", "Jane [Sales]<jane@x.test>"),
        ("Jane   \t Doe <jane@x.test>", "Jane Doe<jane@x.test>"),
        ("O'Neil <o'neil@x.test>", "O'Neil<o'neil@x.test>"),
    ] {
        assert_eq!(found(value), is, "{value}");
    }
}

#[test]
fn broken_entries_keep_their_addresses() {
    for (value, is) in [
        ("Jane <jane@x.test", "Jane<jane@x.test>"),
        ("Jane <jane@x.test, Bob <bob@x.test>", "Jane<jane@x.test>|Bob<bob@x.test>"),
        ("Jane jane@x.test>", "Jane<jane@x.test>"),
        ("\"Jane <jane@x.test>", "\"Jane<jane@x.test>"),
        ("Jane (oops <jane@x.test>", "Jane (oops<jane@x.test>"),
        ("<<jane@x.test>>", "<jane@x.test>"),
        ("Jane <<jane@x.test>>", "Jane<jane@x.test>"),
        ("<mailto:jane@x.test>", "<jane@x.test>"),
        ("mailto:jane@x.test", "<jane@x.test>"),
        ("<jane@x.test, bob@x.test>", "<jane@x.test>|<bob@x.test>"),
        ("jane@x.test: bob@x.test", "<jane@x.test>|<bob@x.test>"),
        ("List: jane@x.test, bob@x.test", "<jane@x.test>|<bob@x.test>"),
        ("jane@x.test <>", "<jane@x.test>"),
        ("jane@x.test <jane>", "<jane@x.test>"),
    ] {
        assert_eq!(found(value), is, "{value}");
    }
}

#[test]
fn names_of_all_letters() {
    for (value, is) in [
        ("=?utf-8?q?J=C3=BCrgen?= <j@x.test>", "J\u{fc}rgen<j@x.test>"),
        ("\"=?utf-8?q?J=C3=BCrgen?=\" <j@x.test>", "J\u{fc}rgen<j@x.test>"),
        ("=?utf-8?Q?Doe,_Jane?= <j@x.test>", "Doe, Jane<j@x.test>"),
        ("=?utf-8?Q?Doe=2C?= =?utf-8?Q?_Jane?= <j@x.test>, b@x.test", "Doe, Jane<j@x.test>|<b@x.test>"),
        ("=?utf-8?Q?Jane (Sales) <jane>?= <j@x.test>", "Jane (Sales) <jane><j@x.test>"),
        ("j@x.test (=?iso-8859-1?q?J=FCrgen?=)", "J\u{fc}rgen<j@x.test>"),
        ("=?utf-8?q?Jane_<j@x.test>?=", "Jane<j@x.test>"),
        ("=?utf-8?q?j=40x=2Etest?=", "<j@x.test>"),
        ("J\u{fc}rgen <j\u{fc}rgen@b\u{fc}cher.test>", "J\u{fc}rgen<j\u{fc}rgen@b\u{fc}cher.test>"),
        ("\u{7530}\u{4e2d} <a@xn--bcher-kva.test>", "\u{7530}\u{4e2d}<a@xn--bcher-kva.test>"),
    ] {
        assert_eq!(found(value), is, "{value}");
    }
    let head = Head::read(b"From: J\xfcrgen <j@x.test>\r\n\r\n", Limits::default());
    assert_eq!(head.addresses("From").mailboxes[0].name.as_deref(), Some("J\u{fc}rgen"));
}

#[test]
fn fields_of_one_name_are_one_list() {
    let head = Head::read(b"To: a@x.test\r\nCc: c@x.test\r\nto: b@x.test\r\n\r\n", Limits::default());
    let all: Vec<String> = head.addresses("To").mailboxes.into_iter().map(|one| one.address).collect();
    assert_eq!(all, ["a@x.test", "b@x.test"]);
    let many = format!("To: {}\r\n\r\n", vec!["a@x.test"; 50].join(", "));
    let head = Head::read(many.as_bytes(), Limits { addresses: 10, ..Limits::default() });
    assert_eq!((head.addresses("To").mailboxes.len(), head.addresses("To").over), (10, true));
}

proptest::proptest! {
    #[test]
    fn every_mailbox_has_an_address(value in "[a-c@<>\",;:().\\\\ =?\\[\\]\u{fc}]{0,40}") {
        for mailbox in read(&value).mailboxes {
            let (local, domain) = mailbox.address.rsplit_once('@').unwrap_or_default();
            proptest::prop_assert!(!local.is_empty() && !domain.is_empty(), "{:?}", mailbox);
        }
    }

    #[test]
    fn no_address_among_names_is_lost(names in proptest::collection::vec("[A-Z][a-z .']{0,8}", 0..5)) {
        let list: Vec<String> = names.iter().enumerate().map(|(at, name)| format!("{name} <u{at}@x.test>")).collect();
        let all = read(&list.join(", "));
        let addresses: Vec<String> = all.mailboxes.iter().map(|one| one.address.clone()).collect();
        let expected: Vec<String> = (0..names.len()).map(|at| format!("u{at}@x.test")).collect();
        proptest::prop_assert_eq!(addresses, expected);
    }
}
