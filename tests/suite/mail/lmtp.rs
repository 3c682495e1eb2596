//! LMTP in (RFC 2033, 5321, 1870, 2920, 6152, 6531): 250 means committed, for each recipient by itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::demo::{Account, Demo, Options};
use crate::support::ews::Ews;
use crate::support::lmtp::{Lmtp, deliver, stuffed};
use crate::support::ops::{Id, get, list, shape, subjects};
use crate::support::{message, ops, shared, wait};

crate::tests![
    offers_its_extensions,
    delivers_to_the_inbox,
    answers_each_recipient_by_itself,
    takes_addresses_in_any_form,
    takes_a_whole_dialogue_at_once,
    takes_a_message_byte_by_byte,
    unstuffs_dots,
    keeps_what_cannot_be_parsed,
    takes_eight_bits_and_utf_8,
    delivers_several_messages_in_one_session,
    refuses_what_comes_out_of_turn,
    refuses_what_is_malformed,
    refuses_what_is_too_large,
    puts_off_what_is_over_quota,
    warns_of_a_mailbox_that_is_almost_full,
    refuses_mail_for_a_disabled_account,
    resets_between_messages,
    limits_the_recipients,
    survives_a_client_that_breaks_off,
    delivers_from_the_command_line,
    serves_many_idle_sessions,
];

fn mime(ews: &mut Ews, id: &Id) -> Vec<u8> {
    let item = get(ews, id, "<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>");
    STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap()
}

/// The one message of an inbox.
fn only(ews: &mut Ews) -> Id {
    let mut found = list(ews, "inbox");
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn offers_its_extensions() {
    let mut lmtp = Lmtp::connect(shared::server().lmtp());
    assert!(lmtp.greeting.lines[0].contains("LMTP"), "{:?}", lmtp.greeting);
    let reply = lmtp.command("LHLO client.example.test");
    let offered: Vec<String> = reply.lines.iter().skip(1).map(|l| l.to_ascii_uppercase()).collect();
    for wanted in ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"] {
        assert!(offered.iter().any(|o| o == wanted), "{wanted} in {offered:?}");
    }
    assert!(offered.iter().any(|o| o.starts_with("SIZE ")), "{offered:?}");
    assert_eq!(lmtp.command("NOOP").code, 250);
    assert_eq!(lmtp.command("noop").code, 250, "verbs have no case");
    assert_eq!(lmtp.command("QUIT").code, 221);
    assert!(lmtp.try_reply().is_err(), "it closes");
}

fn delivers_to_the_inbox() {
    let mut ews = shared::mailbox();
    let original = message::rich(&message::unique("delivered"));
    deliver(shared::server().lmtp(), &ews.account.address, &original);
    let id = only(&mut ews);
    let item = get(&mut ews, &id, &shape("AllProperties", &[]));
    assert_eq!((item.text("t:IsRead"), item.text("t:IsDraft")), (Some("false"), Some("false")));
    assert_eq!(item.text("t:From/t:Mailbox/t:EmailAddress"), Some("juergen@elsewhere.test"));
    assert_eq!(item.text("t:DateTimeSent"), Some("2026-03-02T10:20:30Z"));
    let received = item.text("t:DateTimeReceived").unwrap();
    assert!(received > "2026-03-02T10:20:30Z" || received.len() == 20, "{received}");
    let kept = mime(&mut ews, &id);
    assert!(kept.ends_with(&original), "all of the message is kept; lines may stand before it");
    let before = String::from_utf8_lossy(&kept[..kept.len() - original.len()]).into_owned();
    assert!(
        before.is_empty() || before.to_ascii_lowercase().contains("return-path: <sender@elsewhere.test>"),
        "{before}"
    );
}

fn answers_each_recipient_by_itself() {
    let (mut one, mut two) = (shared::mailbox(), shared::mailbox());
    let mut lmtp = Lmtp::hello(shared::server().lmtp());
    let subject = message::unique("three");
    let to = [one.account.address.as_str(), "nobody.here@example.test", &two.account.address, "a@not-ours.test"];
    let replies = lmtp.deliver("a@elsewhere.test", &to, &message::plain(&subject, "x"));
    assert_eq!(replies.iter().map(|r| r.code).collect::<Vec<_>>(), [250, 550, 250, 550], "{replies:?}");
    assert_eq!(subjects(&mut one, "inbox"), std::slice::from_ref(&subject));
    assert_eq!(subjects(&mut two, "inbox"), [subject]);
    let again = lmtp.deliver("", &[&two.account.address], &message::plain("a bounce", "x"));
    assert_eq!(again[0].code, 250, "the null sender is a sender");
}

fn takes_addresses_in_any_form() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    let (local, domain) = address.split_once('@').unwrap();
    let mut lmtp = Lmtp::hello(shared::server().lmtp());
    let forms = [
        address.to_uppercase(),
        format!("\"{local}\"@{domain}"),
        format!("{local}@{}", domain.to_uppercase()),
        format!("@relay.elsewhere.test:{address}"),
    ];
    for form in &forms {
        let replies = lmtp.deliver("a@elsewhere.test", &[form], &message::plain("form", "x"));
        assert_eq!(replies[0].code, 250, "{form}: {replies:?}");
    }
    assert_eq!(list(&mut ews, "inbox").len(), forms.len());
}

/// PIPELINING (RFC 2920): the dialogue in one write, the answers in order.
fn takes_a_whole_dialogue_at_once() {
    let mut ews = shared::mailbox();
    let mut lmtp = Lmtp::connect(shared::server().lmtp());
    let subject = message::unique("pipelined");
    let mut all = format!(
        "LHLO a.test\r\nMAIL FROM:<a@elsewhere.test>\r\nRCPT TO:<{}>\r\nRCPT TO:<nobody.here@example.test>\r\nDATA\r\n",
        ews.account.address
    )
    .into_bytes();
    all.extend(stuffed(&message::plain(&subject, "x")));
    all.extend_from_slice(b"QUIT\r\n");
    lmtp.send(&all);
    let codes: Vec<u16> = (0..7).map(|_| lmtp.reply().code).collect();
    assert_eq!(codes, [250, 250, 250, 550, 354, 250, 221]);
    assert_eq!(subjects(&mut ews, "inbox"), [subject]);
}

fn takes_a_message_byte_by_byte() {
    let mut ews = shared::mailbox();
    let mut lmtp = Lmtp::hello(shared::server().lmtp());
    let original = message::plain(&message::unique("slow"), ".\r\n..\r\n.x");
    let mut all = format!("MAIL FROM:<a@elsewhere.test>\r\nRCPT TO:<{}>\r\nDATA\r\n", ews.account.address).into_bytes();
    all.extend(stuffed(&original));
    for byte in all {
        lmtp.send(&[byte]);
    }
    assert_eq!((0..4).map(|_| lmtp.reply().code).collect::<Vec<_>>(), [250, 250, 354, 250]);
    let id = only(&mut ews);
    assert!(mime(&mut ews, &id).ends_with(&original));
}

fn unstuffs_dots() {
    let mut ews = shared::mailbox();
    let body = ".\r\n..\r\n...\r\n.a\r\n\r\n. \r\nend.\r\n.";
    let original = message::plain("dots", body);
    deliver(shared::server().lmtp(), &ews.account.address, &original);
    let id = only(&mut ews);
    assert!(mime(&mut ews, &id).ends_with(&original), "{}", String::from_utf8_lossy(&mime(&mut ews, &id)));
    let item = ops::get_fields(&mut ews, &id, &["item:Body"]);
    assert!(item.want("t:Body").text.replace("\r\n", "\n").starts_with(".\n..\n...\n.a\n"));
}

/// Garbage is kept whole, and its mailbox can still be read.
fn keeps_what_cannot_be_parsed() {
    let mut ews = shared::mailbox();
    let table: Vec<Vec<u8>> = vec![
        b"garbage without any header".to_vec(),
        vec![0xff; 500],
        b"\r\n".to_vec(),
        b"Subject: nul\0in the middle\r\n\r\nbody\0too\r\n".to_vec(),
        b"Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n----\r\n--\r\n".to_vec(),
        [b"Subject: deep\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n".to_vec(), b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n".repeat(500)].concat(),
        [b"Subject: ".to_vec(), b"x".repeat(200_000), b"\r\n\r\nlong header\r\n".to_vec()].concat(),
        [b"Subject: long line\r\n\r\n".to_vec(), b"y".repeat(300_000), b"\r\n".to_vec()].concat(),
        b"Subject: =?x?y?z?= =?utf-8?q?=ff=fe?=\r\nFrom: \x00<\xff>\r\nDate: 99 Foo 0000\r\n\r\nx\r\n".to_vec(),
        [b"X-Many: 1\r\n".repeat(5000), b"\r\nx\r\n".to_vec()].concat(),
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=3D=ZZ=\r\n=".to_vec(),
        b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB\r\n".to_vec(),
    ];
    for original in &table {
        let replies =
            Lmtp::hello(shared::server().lmtp()).deliver("a@elsewhere.test", &[&ews.account.address], original);
        assert_eq!(replies[0].code, 250, "{:.60}: {replies:?}", String::from_utf8_lossy(original));
        let id = list(&mut ews, "inbox").remove(0);
        get(
            &mut ews,
            &id,
            &shape("AllProperties", &["item:Body", "item:TextBody", "item:Preview", "item:InternetMessageHeaders"]),
        );
        let mut original = original.clone();
        if !original.ends_with(b"\r\n") {
            original.extend_from_slice(b"\r\n");
        }
        assert!(mime(&mut ews, &id).ends_with(&original), "{:.60}", String::from_utf8_lossy(&original));
        ops::delete(&mut ews, "HardDelete", &id);
    }
}

fn takes_eight_bits_and_utf_8() {
    let mut ews = shared::mailbox();
    let mut lmtp = Lmtp::hello(shared::server().lmtp());
    let address = ews.account.address.clone();
    assert_eq!(lmtp.command("MAIL FROM:<größe@exämple.test> BODY=8BITMIME SMTPUTF8 SIZE=500").code, 250);
    assert_eq!(lmtp.command("RCPT TO:<nöbody@example.test>").code, 550);
    assert_eq!(lmtp.command(&format!("RCPT TO:<{address}>")).code, 250);
    assert_eq!(lmtp.command("DATA").code, 354);
    lmtp.send("Subject: Grüße 日本\r\nFrom: Jürgen <größe@exämple.test>\r\n\r\nWörter\r\n.\r\n".as_bytes());
    assert_eq!(lmtp.reply().code, 250);
    let id = only(&mut ews);
    let item = ops::get_fields(&mut ews, &id, &["item:Subject", "item:Body", "message:From"]);
    assert_eq!(item.text("t:Subject"), Some("Grüße 日本"));
    assert_eq!(item.want("t:Body").text.trim(), "Wörter");
    assert_eq!(item.text("t:From/t:Mailbox/t:Name"), Some("Jürgen"));
}

fn delivers_several_messages_in_one_session() {
    let mut ews = shared::mailbox();
    let mut lmtp = Lmtp::hello(shared::server().lmtp());
    let names: Vec<String> = (0..20).map(|n| format!("session {n:02}")).collect();
    for name in &names {
        assert_eq!(lmtp.deliver("a@elsewhere.test", &[&ews.account.address], &message::plain(name, "x"))[0].code, 250);
    }
    assert_eq!(subjects(&mut ews, "inbox"), names);
}

fn refuses_what_comes_out_of_turn() {
    let address = shared::account().address;
    let mut lmtp = Lmtp::connect(shared::server().lmtp());
    assert_eq!(lmtp.command("MAIL FROM:<a@elsewhere.test>").code, 503, "LHLO first");
    lmtp.command("LHLO a.test");
    assert_eq!(lmtp.command(&format!("RCPT TO:<{address}>")).code, 503, "MAIL first");
    assert_eq!(lmtp.command("DATA").code, 503);
    assert_eq!(lmtp.command("MAIL FROM:<a@elsewhere.test>").code, 250);
    assert_eq!(lmtp.command("MAIL FROM:<b@elsewhere.test>").code, 503, "one at a time");
    let none = lmtp.command("DATA").code;
    assert!(matches!(none, 503 | 554), "no recipient: {none}");
    assert_eq!(lmtp.command("RCPT TO:<nobody.here@example.test>").code, 550);
    let none = lmtp.command("DATA").code;
    assert!(matches!(none, 503 | 554), "no good recipient: {none}");
    assert_eq!(lmtp.command(&format!("RCPT TO:<{address}>")).code, 250);
    assert_eq!(lmtp.command("RSET").code, 250);
    assert_eq!(lmtp.command("DATA").code, 503, "forgotten by RSET");
    assert_eq!(lmtp.command("EHLO a.test").code / 100, 5, "this is no SMTP (RFC 2033 4.1)");
    assert_eq!(lmtp.command("HELO a.test").code / 100, 5);
}

fn refuses_what_is_malformed() {
    let mut lmtp = Lmtp::hello(shared::server().lmtp());
    for line in [
        "NONSENSE",
        "",
        " ",
        "MAIL",
        "MAIL FROM",
        "MAIL FROM:a@b.test",
        "MAIL FROM:<a@b.test",
        "MAIL FROM:<a@b.test> SIZE=abc",
        "MAIL FROM:<a@b.test> NOTHING=1",
        "MAIL TO:<a@b.test>",
        "MAIL FROM:<a@b.test> BODY=9BIT",
        "MAIL FROM:<a b@c.test>",
        "RCPT",
        "LHLO",
        "\u{1}\u{2}",
    ] {
        let reply = lmtp.command(line);
        assert_eq!(reply.code / 100, 5, "{line:?}: {reply:?}");
    }
    assert_eq!(lmtp.command("NOOP").code, 250, "the session goes on");
    let long = lmtp.command(&format!("NOOP {}", "x".repeat(20_000)));
    assert_eq!(long.code, 500, "a line over any limit");
}

fn refuses_what_is_too_large() {
    let server = Demo::start(Options::default().set("limits.message_bytes", 100_000));
    let address = server.accounts[0].address.clone();
    let mut lmtp = Lmtp::connect(server.lmtp());
    let hello = lmtp.command("LHLO a.test");
    assert!(hello.lines.iter().any(|l| l == "SIZE 100000"), "{hello:?}");
    assert_eq!(lmtp.command("MAIL FROM:<a@elsewhere.test> SIZE=100001").code, 552);
    assert_eq!(lmtp.command("MAIL FROM:<a@elsewhere.test>").code, 250);
    assert_eq!(lmtp.command(&format!("RCPT TO:<{address}>")).code, 250);
    assert_eq!(lmtp.command("DATA").code, 354);
    lmtp.send(&stuffed(&message::plain("large", &"0123456789\r\n".repeat(20_000))));
    assert_eq!(lmtp.reply().code, 552, "for each recipient, after all of it was read");
    assert_eq!(lmtp.deliver("a@elsewhere.test", &[&address], &message::plain("small", "x"))[0].code, 250);
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    assert_eq!(subjects(&mut ews, "inbox"), ["small"]);
}

fn puts_off_what_is_over_quota() {
    let server = Demo::start(Options::default().set("mail.quota_bytes", 50_000));
    let (full, free) = (server.accounts[0].address.clone(), server.accounts[1].address.clone());
    let mut lmtp = Lmtp::hello(server.lmtp());
    let big = message::plain("big", &"0123456789\r\n".repeat(4_000));
    assert_eq!(lmtp.deliver("a@elsewhere.test", &[&full], &big)[0].code, 250);
    let replies = lmtp.deliver("a@elsewhere.test", &[&full, &free], &big);
    assert_eq!(replies.iter().map(|r| r.code).collect::<Vec<_>>(), [452, 250], "{replies:?}");
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let id = only(&mut ews);
    ops::delete(&mut ews, "HardDelete", &id);
    assert_eq!(lmtp.deliver("a@elsewhere.test", &[&full], &big)[0].code, 250, "there is room again");
}

fn warns_of_a_mailbox_that_is_almost_full() {
    // What a converter that a reload ends takes with it is asked again after that time.
    let server = Demo::start(Options::default().set("mail.quota_bytes", 50_000).set("limits.convert_seconds", 3));
    let [full, german, half] = [0, 1, 2].map(|at| server.accounts[at].clone());
    server.ewsctl(&["account", "set", &german.address, "language=de"]);
    let mut lmtp = Lmtp::hello(server.lmtp());
    let message = |lines| message::plain("big", &"0123456789\r\n".repeat(lines));
    let replies = lmtp.deliver("a@elsewhere.test", &[&full.address, &german.address], &message(3_850));
    assert!(replies.iter().all(|reply| reply.code == 250), "{replies:?}");
    assert_eq!(lmtp.deliver("a@elsewhere.test", &[&half.address], &message(3_000))[0].code, 250);
    let inbox = |account: &Account| subjects(&mut Ews::connect(&server, account), "inbox");
    assert_eq!(server.query("select count(warned) from mailbox"), ["0"], "there was room");
    // A new courier looks at once.
    server.ewsctl(&["reload"]);
    wait::true_within("a warning", wait::LONG, || inbox(&full).len() == 2 && inbox(&german).len() == 2);
    let warning = "Your mailbox is almost full".to_owned();
    assert!(inbox(&full).contains(&warning) && inbox(&german).contains(&"Ihr Postfach ist fast voll".to_owned()));
    let warned = "select count(warned) from mailbox";
    let warnings = |of: &[String]| of.iter().filter(|subject| **subject == warning).count();
    assert_eq!((server.query(warned), inbox(&half).len()), (vec!["2".to_owned()], 1), "there is room in the third");
    // The others are looked at by the same look, so who is not told by then is not told.
    server.ewsctl(&["account", "set", &half.address, "quota=39K"]);
    server.ewsctl(&["reload"]);
    wait::true_within("the third", wait::LONG, || inbox(&half).len() == 2);
    assert_eq!((server.query(warned), warnings(&inbox(&full))), (vec!["3".to_owned()], 1), "once a week");
    server.ewsctl(&["account", "set", &full.address, "quota=1M"]);
    server.ewsctl(&["reload"]);
    wait::true_within("there is room again", wait::LONG, || server.query(warned) == ["2"]);
    server.ewsctl(&["account", "set", &full.address, "quota=50K"]);
    server.ewsctl(&["reload"]);
    wait::true_within("another warning", wait::LONG, || warnings(&inbox(&full)) == 2);
}

/// The sender is told at once, not the log of a mailbox that nobody opens.
fn refuses_mail_for_a_disabled_account() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    shared::server().ewsctl(&["account", "disable", &address]);
    let mut lmtp = Lmtp::hello(shared::server().lmtp());
    let replies = lmtp.deliver("a@elsewhere.test", &[&address], &message::plain("meanwhile", "x"));
    assert_eq!(replies[0].code, 550, "{replies:?}");
    shared::server().ewsctl(&["account", "enable", &address]);
    deliver(shared::server().lmtp(), &address, &message::plain("again", "x"));
    assert_eq!(subjects(&mut ews, "inbox"), ["again"]);
}

fn resets_between_messages() {
    let (mut one, mut two) = (shared::mailbox(), shared::mailbox());
    let mut lmtp = Lmtp::hello(shared::server().lmtp());
    lmtp.command("MAIL FROM:<a@elsewhere.test>");
    lmtp.command(&format!("RCPT TO:<{}>", one.account.address));
    assert_eq!(lmtp.command("LHLO again.test").code, 250, "LHLO forgets, too");
    assert_eq!(lmtp.deliver("a@elsewhere.test", &[&two.account.address], &message::plain("second", "x"))[0].code, 250);
    assert_eq!(subjects(&mut one, "inbox"), Vec::<String>::new());
    assert_eq!(subjects(&mut two, "inbox"), ["second"]);
}

fn limits_the_recipients() {
    let server = Demo::start(Options::default().set("limits.recipients", 100));
    let mut lmtp = Lmtp::hello(server.lmtp());
    lmtp.command("MAIL FROM:<a@elsewhere.test>");
    let address = server.accounts[0].address.clone();
    let codes: Vec<u16> = (0..101).map(|_| lmtp.command(&format!("RCPT TO:<{address}>")).code).collect();
    assert!(codes[..100].iter().all(|c| *c == 250), "{codes:?}");
    assert_eq!(codes[100], 452, "RFC 5321 4.5.3.1.10");
}

fn survives_a_client_that_breaks_off() {
    let mut ews = shared::mailbox();
    for lines in [
        "LHLO",
        "LHLO a.test\r\nMAIL FROM:<a@b.test>\r\n",
        "LHLO a.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<ADDRESS>\r\nDATA\r\nSubject: torn\r\n\r\nhalf a",
    ] {
        let mut lmtp = Lmtp::connect(shared::server().lmtp());
        lmtp.send(lines.replace("ADDRESS", &ews.account.address).as_bytes());
    }
    deliver(shared::server().lmtp(), &ews.account.address, &message::plain("whole", "x"));
    assert_eq!(subjects(&mut ews, "inbox"), ["whole"], "half a message is none");
}

fn delivers_from_the_command_line() {
    let mut ews = shared::mailbox();
    let output =
        shared::server().ewsctl_with(&["deliver", "--to", &ews.account.address], &message::plain("by hand", "x"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(subjects(&mut ews, "inbox"), ["by hand"]);
    let output =
        shared::server().ewsctl_with(&["deliver", "--to", "nobody.here@example.test"], &message::plain("x", "x"));
    assert_eq!(output.status.code(), Some(67), "EX_NOUSER");
}

/// An MTA that keeps its sessions open pins no worker.
fn serves_many_idle_sessions() {
    let mut ews = shared::mailbox();
    let mut idle: Vec<Lmtp> = (0..30).map(|_| Lmtp::hello(shared::server().lmtp())).collect();
    ops::get_folder(&mut ews, "inbox", "Default", &[]);
    for (n, lmtp) in idle.iter_mut().enumerate() {
        let replies = lmtp.deliver("a@elsewhere.test", &[&ews.account.address], &message::plain(&n.to_string(), "x"));
        assert_eq!(replies[0].code, 250);
    }
    assert_eq!(list(&mut ews, "inbox").len(), 30);
}
