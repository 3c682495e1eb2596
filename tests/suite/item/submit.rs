//! In whose name mail leaves: forged heads are refused or leave as the caller's, the same for the smarthost and for people here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::demo::{Demo, Options};
use crate::support::ews::{Ews, code};
use crate::support::ops::{self, Id, get, list, save_mime};
use crate::support::smtp::{self, Letter, Smarthost};
use crate::support::wait;

crate::tests![
    nobody_writes_in_anothers_name,
    writes_by_any_own_address,
    what_is_signed_leaves_octet_by_octet,
    what_is_signed_is_not_put_into_seven_bits,
    ids_and_dates_of_clients_stay,
    odd_ends_of_lines_are_settled,
];

fn server(smarthost: &Smarthost) -> Demo {
    Demo::start(Options::default().set("courier.smarthost", smarthost.address).set("courier.retry_seconds", 1))
}

const DENIED: &str = "ErrorSendAsDenied";
const INVALID: &str = "ErrorMimeContentInvalid";
const SENT: &str = "NoError";

/// Heads (OWN, ALIAS and CHIEF stand for addresses) and what is answered.
const HEADS: &[(&str, &str)] = &[
    // Somebody else.
    ("From: CHIEF\r\n", DENIED),
    ("From: Chief <CHIEF>\r\n", DENIED),
    ("FROM: CHIEF\r\n", DENIED),
    ("from:CHIEF\r\n", DENIED),
    ("From:\r\n CHIEF\r\n", DENIED),
    ("From:\r\n\t(OWN)\r\n <CHIEF>\r\n", DENIED),
    ("From: =?utf-8?q?OWN?= <CHIEF>\r\n", DENIED),
    ("From: nobody@elsewhere.test\r\n", DENIED),
    // Twice.
    ("From: CHIEF\r\nFrom: OWN\r\n", DENIED),
    ("From: OWN\r\nFrom: CHIEF\r\n", DENIED),
    ("From: OWN\r\nSubject: x\r\nfrom: CHIEF\r\n", DENIED),
    ("From: OWN\r\nFrom: OWN\r\n", DENIED),
    ("From: OWN\r\nFrom:\r\n", DENIED),
    ("From: OWN\r\nFrom: \"CHIEF\"\r\n", DENIED),
    // A blank before the colon.
    ("From : CHIEF\r\n", DENIED),
    ("From\t: CHIEF\r\nFrom: OWN\r\n", DENIED),
    ("From: OWN\r\nFrom \t : CHIEF\r\n", DENIED),
    ("From : OWN\r\n", SENT),
    // Lists and groups.
    ("From: OWN, CHIEF\r\n", DENIED),
    ("From: CHIEF, OWN\r\n", DENIED),
    ("From: OWN,\r\n CHIEF\r\nSender: OWN\r\n", DENIED),
    ("From: us: OWN, CHIEF;\r\n", DENIED),
    ("From: CHIEF: OWN;\r\n", DENIED),
    ("From: OWN, us:;\r\n", DENIED),
    ("From: OWN, ALIAS\r\n", SENT),
    // Names that look like addresses, and what is no address.
    ("From: \"CHIEF\" <>\r\n", DENIED),
    ("From: \"CHIEF\"\r\n", DENIED),
    ("From: CHIEF <OWN>\r\n", DENIED),
    ("From: <CHIEF> <OWN>\r\n", DENIED),
    ("From: <CHIEF>OWN\r\n", DENIED),
    ("From: <OWN,CHIEF>\r\n", DENIED),
    ("From: <@CHIEF:OWN>\r\n", DENIED),
    ("From: OWN <CHIEF\r\n", DENIED),
    ("From: (OWN\r\n", DENIED),
    ("From:\r\n", DENIED),
    ("From: \"a \\\" <CHIEF>, b\" <OWN>\r\n", SENT),
    // Behind a CR, a LF, a NUL.
    ("X: y\rFrom: CHIEF\r\n", SENT),
    ("X: y\nFrom: CHIEF\r\n", DENIED),
    ("From: OWN\nFrom: CHIEF\n", DENIED),
    ("From: OWN\rFrom: CHIEF\r\n", DENIED),
    ("X: y\r\n\rFrom: CHIEF\r\nFrom: OWN\r\n", SENT),
    ("X: y\r\r\nFrom: CHIEF\r\n", DENIED),
    ("From: OWN\0\r\nSubject: x\r\n", SENT),
    ("From: OWN\r\nFr\0om: CHIEF\r\n", DENIED),
    ("From\0: CHIEF\r\n", DENIED),
    ("X: y\r\n \r\n\t\r\nFrom: CHIEF\r\n", DENIED),
    ("X: y\r\n From: CHIEF\r\nFrom: OWN\r\n", SENT),
    // What is no field.
    ("From: OWN\r\nwords\r\n", INVALID),
    ("From: OWN\r\nFr om: CHIEF\r\n", INVALID),
    ("From: OWN\r\n\u{a0}From: CHIEF\r\n", INVALID),
    ("From: OWN\r\nFrom\u{a0}: CHIEF\r\n", INVALID),
    // Who sends.
    ("From: OWN\r\nSender: CHIEF\r\n", DENIED),
    ("Sender: CHIEF\r\n", DENIED),
    ("From: OWN\r\nSender : CHIEF\r\n", DENIED),
    ("From: OWN\r\nSender: OWN\r\nSender: CHIEF\r\n", DENIED),
    ("From: OWN\r\nSender: OWN, CHIEF\r\n", DENIED),
    ("From: OWN\r\nX: y\nSender: CHIEF\r\n", DENIED),
    ("From: OWN\r\nSender: ALIAS\r\n", SENT),
    // Of another sending, and of stations on the way.
    ("From: OWN\r\nResent-From: CHIEF\r\nResent-Sender: CHIEF\r\nResent-To: OWN\r\n", SENT),
    ("From: OWN\r\nresent-from : CHIEF\r\n", SENT),
    ("From: OWN\r\nReturn-Path: <CHIEF>\r\nReceived: from CHIEF\r\nDelivered-To: CHIEF\r\n", SENT),
    ("From: OWN\r\nDKIM-Signature: v=1; d=CHIEF\r\nARC-Seal: i=1; CHIEF\r\nAuthentication-Results: CHIEF\r\n", SENT),
    // Nobody, and oneself.
    ("Subject: x\r\n", SENT),
    ("From: Me Myself <OWN> (CHIEF)\r\n", SENT),
];

fn create(mime: &[u8]) -> String {
    let item = format!("<t:Message><t:MimeContent>{}</t:MimeContent></t:Message>", STANDARD.encode(mime));
    format!("<m:CreateItem MessageDisposition=\"SendOnly\"><m:Items>{item}</m:Items></m:CreateItem>")
}

fn send(id: &Id) -> String {
    format!("<m:SendItem SaveItemToFolder=\"false\"><m:ItemIds>{}</m:ItemIds></m:SendItem>", id.xml())
}

/// The response code of an operation on one object.
fn answer(ews: &mut Ews, request: &str) -> String {
    let answer = ews.call(request);
    assert_eq!(answer.messages.len(), 1, "{request:.300}");
    code(&answer.messages[0]).to_owned()
}

/// The one message in an Inbox, as octets; it is gone then.
fn fetch(ews: &mut Ews) -> Vec<u8> {
    let mut found = list(ews, "inbox");
    assert_eq!(found.len(), 1);
    let id = found.remove(0);
    let shape = "<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>";
    let mime = STANDARD.decode(get(ews, &id, shape).text("t:MimeContent").unwrap()).unwrap();
    ops::delete(ews, "HardDelete", &id);
    mime
}

/// From the author on: before it stands what servers on the way wrote.
fn from_author(octets: &[u8]) -> &[u8] {
    let at = octets.windows(7).position(|seven| seven == b"\nFrom: ").expect("From");
    &octets[at + 1..]
}

/// Values of the fields of this name, as a reader takes them that sees a line's end in every CR and LF, and no blanks.
fn fields(octets: &[u8], name: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(octets).replace("\r\n", "\n").replace('\r', "\n");
    let head = text.split("\n\n").next().unwrap().replace("\n ", " ").replace("\n\t", " ");
    let pairs = head.lines().filter_map(|line| line.split_once(':'));
    pairs
        .filter(|(found, _)| found.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

fn check_letter(letter: &Letter, own: &[&str], context: &str) {
    let from = fields(&letter.octets, "From");
    assert_eq!(from.len(), 1, "{context}: {}", letter.text());
    let last = from[0].rsplit_once('<').unwrap().1;
    assert!(own.contains(&last.trim_end_matches('>')), "{context}: {from:?}");
    let senders = fields(&letter.octets, "Sender");
    assert!(senders.len() <= 1, "{context}: {senders:?}");
    assert!(senders.iter().all(|one| own.iter().any(|own| *one == format!("<{own}>"))), "{context}: {senders:?}");
    assert_eq!(letter.sender, own[0], "{context}");
    for gone in
        ["Resent-From", "Resent-Sender", "Resent-To", "Return-Path", "Delivered-To", "DKIM-Signature", "ARC-Seal"]
    {
        assert_eq!(fields(&letter.octets, gone), Vec::<String>::new(), "{context}");
    }
    assert_eq!(fields(&letter.octets, "Received").len(), 1, "{context}");
    assert_eq!(fields(&letter.octets, "Message-ID").len(), 1, "{context}");
    assert_eq!(fields(&letter.octets, "Date").len(), 1, "{context}");
}

fn nobody_writes_in_anothers_name() {
    assert!(HEADS.len() >= 40);
    let smarthost = Smarthost::start();
    let server = server(&smarthost);
    let (own, chief, peer) = (&server.accounts[0], &server.accounts[1].address, &server.accounts[2]);
    let alias = format!("alias.{}", own.address);
    server.ewsctl(&["address", "add", &own.login, &alias]);
    let mut me = Ews::connect(&server, own).unrecorded();
    let mut there = Ews::connect(&server, peer).unrecorded();
    let mut wrong = Vec::new();
    for (n, (head, expected)) in HEADS.iter().enumerate() {
        let head = head.replace("OWN", &own.address).replace("ALIAS", &alias).replace("CHIEF", chief);
        for way in ["create", "draft"] {
            let context = format!("{way}: {head:?}");
            let far = format!("{way}.{n}@far.test");
            let mime = format!("To: {far}, {}\r\n{head}\r\nwords\r\n", peer.address);
            let request = match way {
                "create" => create(mime.as_bytes()),
                _ => send(&save_mime(&mut me, "drafts", mime.as_bytes())),
            };
            let answered = answer(&mut me, &request);
            let arrived = list(&mut there, "inbox");
            if answered != *expected || (*expected != SENT && !arrived.is_empty()) {
                arrived.iter().for_each(|id| ops::delete(&mut there, "HardDelete", id));
                wrong.push(format!("{answered}, not {expected}: {context}"));
                continue;
            }
            if *expected != SENT {
                continue;
            }
            let letter = smarthost.letter_to(&far);
            check_letter(&letter, &[&own.address, &alias], &context);
            let here = fetch(&mut there);
            assert_eq!(from_author(&here), from_author(&letter.octets), "{context}: the same for all");
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), 2 * HEADS.len(), wrong.join("\n"));
    let sent = HEADS.iter().filter(|(_, expected)| *expected == SENT).count();
    wait::true_within("the queue is empty", wait::LONG, || smarthost.letters().len() == 2 * sent);
}

/// By element and by MIME; the envelope tells the account.
fn writes_by_any_own_address() {
    let smarthost = Smarthost::start();
    let server = server(&smarthost);
    let own = &server.accounts[0];
    let alias = format!("alias.{}", own.address);
    server.ewsctl(&["address", "add", &own.login, &alias]);
    let mut me = Ews::connect(&server, own);
    let person = |element: &str, address: &str| {
        format!("<t:{element}><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:{element}>")
    };
    let item = |sender: &str, to: &str, from: &str| {
        let to = person("ToRecipients", to);
        format!(
            "<m:CreateItem MessageDisposition=\"SendOnly\"><m:Items><t:Message>{sender}{to}{from}</t:Message></m:Items></m:CreateItem>"
        )
    };
    me.one(&item("", "fields@far.test", &person("From", &alias.to_uppercase())));
    let mime = format!("To: mime@far.test\r\nFrom: Me <{alias}>\r\n\r\nwords\r\n");
    me.one(&create(mime.as_bytes()));
    for to in ["fields@far.test", "mime@far.test"] {
        let letter = smarthost.letter_to(to);
        assert_eq!(letter.sender, own.address);
        assert!(letter.header("From").unwrap().contains(&format!("<{alias}>")), "{}", letter.text());
        let sender = letter.header("Sender").unwrap();
        assert!(sender.ends_with(&format!("<{}>", own.address)), "{sender}");
    }
    let chief = &server.accounts[1].address;
    let name = format!("<t:From><t:Mailbox><t:Name>{chief}</t:Name></t:Mailbox></t:From>");
    for (sender, from) in [("", person("From", chief)), (&*person("Sender", chief), String::new()), ("", name)] {
        assert_eq!(me.error(&item(sender, "never@far.test", &from)), DENIED, "{sender} {from}");
    }
}

fn signed(own: &str, to: &str, body: &str) -> Vec<u8> {
    format!(
        "From: {own}\r\nTo: {to}\r\nSubject: =?utf-8?q?folded?=\r\n\tand  kept\r\nX-Odd:   as it is \r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/signed; boundary=b;\r\n micalg=pgp-sha256; protocol=\"application/pgp-signature\"\r\n\
         \r\n{body}"
    )
    .into_bytes()
}

fn what_is_signed_leaves_octet_by_octet() {
    let smarthost = Smarthost::start();
    let server = server(&smarthost);
    let (own, peer) = (&server.accounts[0], &server.accounts[1]);
    let (mut me, mut there) = (Ews::connect(&server, own), Ews::connect(&server, peer));
    let body = "--b\r\nFrom: chief \r\nBcc: inside\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
                 .\r\n..\r\n.\r\nWörter \t\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\n-----\r\n--b--\r\n";
    for way in ["create", "draft"] {
        let far = format!("{way}@far.test");
        let mime = signed(&own.address, &format!("{far}, {}", peer.address), body);
        let request = match way {
            "create" => create(&mime),
            _ => send(&save_mime(&mut me, "drafts", &mime)),
        };
        me.one(&request);
        for octets in [smarthost.letter_to(&far).octets, fetch(&mut there)] {
            let text = String::from_utf8(octets).unwrap();
            let (head, found) = text.split_once("\r\n\r\n").unwrap();
            assert_eq!(found, body);
            assert!(
                head.contains("\r\nSubject: =?utf-8?q?folded?=\r\n\tand  kept\r\nX-Odd:   as it is \r\n"),
                "{head}"
            );
        }
        for odd in ["--b\nx--b--", "a\rb", "a\r"] {
            let mime = signed(&own.address, &far, odd);
            let request = match way {
                "create" => create(&mime),
                _ => send(&save_mime(&mut me, "drafts", &mime)),
            };
            assert_eq!(me.error(&request), INVALID, "{odd:?}");
        }
    }
}

/// Nothing may be encoded anew there: the message comes back.
fn what_is_signed_is_not_put_into_seven_bits() {
    let options = smtp::Options { offers: vec![], ..smtp::Options::default() };
    let smarthost = Smarthost::start_on("127.0.0.1:0".parse().unwrap(), options);
    let server = server(&smarthost);
    let own = &server.accounts[0];
    let mut me = Ews::connect(&server, own);
    me.one(&create(&signed(&own.address, "plain@far.test", "--b\r\n\r\nwords\r\n--b--\r\n")));
    smarthost.letter_to("plain@far.test");
    me.one(&create(&signed(&own.address, "eight@far.test", "--b\r\n\r\nWörter\r\n--b--\r\n")));
    wait::true_within("a report", wait::LONG, || !list(&mut me, "inbox").is_empty());
    let report = String::from_utf8(fetch(&mut me)).unwrap();
    assert!(report.contains("eight@far.test\r\nAction: failed\r\nStatus: 5.6.3\r\n"), "{report}");
    assert_eq!(smarthost.letters().len(), 1);
}

fn ids_and_dates_of_clients_stay() {
    let smarthost = Smarthost::start();
    let server = server(&smarthost);
    let own = &server.accounts[0];
    let mut me = Ews::connect(&server, own);
    let mine = "Message-ID: <1@client.test>\r\nDate: Mon, 2 Mar 2026 10:20:30 +0100\r\n";
    let cases = [
        ("own", mine, Some(("<1@client.test>", "Mon, 2 Mar 2026 10:20:30 +0100"))),
        (
            "twice",
            &format!("{mine}Message-ID: <2@client.test>\r\nDate: Mon, 2 Mar 2026 11:00:00 +0100\r\n"),
            Some(("<1@client.test>", "Mon, 2 Mar 2026 10:20:30 +0100")),
        ),
        ("none", "", None),
        ("bad", "Message-ID: nothing\r\nDate: then\r\n", None),
    ];
    for (name, fields, kept) in cases {
        for way in ["create", "draft"] {
            let far = format!("{name}.{way}@far.test");
            let mime = format!("To: {far}\r\nFrom: {}\r\n{fields}\r\nwords\r\n", own.address);
            let request = match way {
                "create" => create(mime.as_bytes()),
                _ => send(&save_mime(&mut me, "drafts", mime.as_bytes())),
            };
            me.one(&request);
            let letter = smarthost.letter_to(&far);
            let (id, date) = (self::fields(&letter.octets, "Message-ID"), self::fields(&letter.octets, "Date"));
            assert_eq!((id.len(), date.len()), (1, 1), "{}", letter.text());
            match kept {
                Some(kept) => assert_eq!((id[0].as_str(), date[0].as_str()), kept),
                None => {
                    let domain = own.address.split_once('@').unwrap().1;
                    assert!(id[0].starts_with('<') && id[0].ends_with(&format!("@{domain}>")), "{id:?}");
                    assert!(date[0].contains(", ") && date[0].ends_with(" +0000"), "{date:?}");
                }
            }
        }
    }
}

/// Ends of messages that two servers read in two ways: each arrives as one message, and whole.
fn odd_ends_of_lines_are_settled() {
    let smarthost = Smarthost::start();
    let server = server(&smarthost);
    let own = &server.accounts[0];
    let mut me = Ews::connect(&server, own);
    let second = "MAIL FROM:<chief@far.test>\r\nRCPT TO:<victim@far.test>\r\nDATA\r\nFrom: chief\r\n\r\nx";
    let ends = [
        "\r\n.\r\n",
        "\n.\n",
        "\r.\r",
        "\n.\r\n",
        "\r\n.\n",
        "\r\n.\r",
        "\r.\r\n",
        "\r.\n",
        "\n.\r",
        "\r\r\n.\r\r\n",
        "\n\n.\n\n",
        "\r\n..\r\n",
        "\n..\n",
    ];
    for (n, end) in ends.iter().enumerate() {
        let far = format!("end{n}@far.test");
        let mime = format!("To: {far}\r\nFrom: {}\r\nSubject: x\r\n\r\nwords{end}{second}{end}", own.address);
        me.one(&create(mime.as_bytes()));
        let text = smarthost.letter_to(&far).text();
        let body = text.split_once("\r\n\r\n").unwrap().1;
        let lines =
            |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(body), lines(&format!("words{end}{second}{end}")), "{end:?}");
        assert!(!body.replace("\r\n", "").contains(['\r', '\n']), "{end:?}");
    }
    assert_eq!(smarthost.letters().len(), ends.len(), "as many as were sent");
}
