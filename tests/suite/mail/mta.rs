//! Beside the mail servers that people have, with the lines that we ship for them: Postfix and Exim deliver here by LMTP, over the
//! socket and by TCP, and send on what leaves; nothing is lost and nothing doubled while somebody is away.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::lmtp::{Lmtp, Reply};
use crate::support::mta::{Mta, Wanted};
use crate::support::ops::subjects;
use crate::support::smtp::{self, Smarthost};
use crate::support::{message, port, wait};

crate::tests![
    postfix_delivers_here,
    exim_delivers_here,
    postfix_refuses_whom_there_is_not,
    postfix_sends_on_what_leaves,
    exim_sends_on_what_leaves,
    mail_waits_for_a_server_that_is_away,
];

type Start = fn(&Wanted<'_>) -> Option<Mta>;

/// A server that takes mail on a socket, too.
fn server(smarthost: Option<SocketAddr>) -> (Demo, String) {
    let socket = std::env::temp_dir().join(format!("ewsd-mta-{}-{}", std::process::id(), port::free().port()));
    let listeners = format!("127.0.0.1:0,unix:{} mode=0666", socket.display());
    let mut options = Options::default().set("server.lmtp", listeners).set("courier.retry_seconds", 1);
    if let Some(address) = smarthost {
        options = options.set("courier.smarthost", address);
    }
    (Demo::start(options), format!("unix:{}", socket.display()))
}

/// Speaks SMTP with an MTA, as far as it has said hello.
fn smtp(mta: &Mta) -> Lmtp {
    let mut client = Lmtp::connect(mta.address);
    let reply = client.command("EHLO client.example.test");
    assert_eq!(reply.code, 250, "{reply:?}");
    client
}

/// Gives an MTA a message for some people; its last answer.
fn submit(client: &mut Lmtp, to: &[&str], octets: &[u8]) -> Reply {
    for line in
        std::iter::once("MAIL FROM:<ben@far.test>".to_owned()).chain(to.iter().map(|to| format!("RCPT TO:<{to}>")))
    {
        let reply = client.command(&line);
        if reply.code != 250 {
            client.command("RSET");
            return reply;
        }
    }
    assert_eq!(client.command("DATA").code, 354);
    client.send(&crate::support::lmtp::stuffed(octets));
    client.reply()
}

fn counts(subjects: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for subject in subjects {
        *counts.entry(subject.as_str()).or_insert(0) += 1;
    }
    counts
}

/// Until a mailbox has all of these, and each of them once.
fn until_once(ews: &mut Ews, wanted: &[String]) {
    wait::true_within("all mail is there", wait::LONG, || subjects(ews, "inbox").len() >= wanted.len());
    let found = subjects(ews, "inbox");
    assert!(counts(&found).values().all(|n| *n == 1), "{found:?}");
    assert_eq!(counts(&found).len(), wanted.len(), "{found:?}");
}

/// Each of the two ways: messages for two people at once.
fn delivers_here(start: Start) {
    let (server, socket) = server(None);
    let people: Vec<String> = server.accounts.iter().map(|account| account.address.clone()).collect();
    let mut wanted = Vec::new();
    for (way, lmtp) in [("socket", socket), ("tcp", format!("inet:{}", server.lmtp()))] {
        let Some(mta) = start(&Wanted { lmtp: &lmtp, relay: port::free(), trusts: true }) else { return };
        let mut client = smtp(&mta);
        for n in 0..10 {
            let subject = format!("{way} {n}");
            let reply = submit(&mut client, &[&people[0], &people[1]], &message::plain(&subject, "words\r\n.dot\r\n"));
            assert_eq!(reply.code, 250, "{reply:?}");
            wanted.push(subject);
        }
        for account in &server.accounts[..2] {
            until_once(&mut Ews::connect(&server, account), &wanted);
        }
    }
}

fn postfix_delivers_here() {
    delivers_here(Mta::postfix);
}

fn exim_delivers_here() {
    delivers_here(Mta::exim);
}

/// While the sender still waits: ewsd is asked.
fn postfix_refuses_whom_there_is_not() {
    let (server, socket) = server(None);
    let wanted = Wanted { lmtp: &socket, relay: port::free(), trusts: false };
    let Some(mta) = Mta::postfix(&wanted) else { return };
    let known = server.accounts[0].address.clone();
    let reply = submit(&mut smtp(&mta), &["nobody.there@example.test"], &message::plain("x", "x"));
    assert!(reply.code == 550 && reply.lines.concat().contains("nobody.there@example.test"), "{reply:?}");
    let reply = submit(&mut smtp(&mta), &["somebody@elsewhere.test"], &message::plain("x", "x"));
    assert!(reply.code >= 400 && reply.lines.concat().contains("Relay access denied"), "{reply:?}");
    let reply = submit(&mut smtp(&mta), &[&known], &message::plain("to one who is there", "x"));
    assert_eq!(reply.code, 250, "{reply:?}");
    until_once(&mut Ews::connect(&server, &server.accounts[0]), &["to one who is there".to_owned()]);
}

fn send(ews: &mut Ews, subject: &str, to: &str) {
    let to = format!("<t:ToRecipients><t:Mailbox><t:EmailAddress>{to}</t:EmailAddress></t:Mailbox></t:ToRecipients>");
    let item = format!("<t:Message><t:Subject>{subject}</t:Subject>{to}</t:Message>");
    ews.one(&format!("<m:CreateItem MessageDisposition=\"SendOnly\"><m:Items>{item}</m:Items></m:CreateItem>"));
}

/// First the MTA is away, then whoever it sends on to.
fn sends_on(start: Start) {
    let relay = port::free();
    // Taken by the MTA as soon as it is known: it chooses its own.
    let unused = start(&Wanted { lmtp: "inet:127.0.0.1:1", relay, trusts: true });
    let Some(mta) = unused else { return };
    let (server, _) = server(Some(mta.address));
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    for n in 0..10 {
        send(&mut ews, &format!("out {n}"), "somebody@far.test");
    }
    let queue = || server.ewsctl(&["queue", "list", "--json"]).trim().to_owned();
    wait::true_within("the MTA has all of it", wait::LONG, || queue() == "[]");
    // Until now nobody listened there.
    let far = Smarthost::start_on(relay, smtp::Options::default());
    wait::true_within("all of it has arrived", wait::LONG, || far.letters_to("somebody@far.test").len() >= 10);
    let letters = far.letters_to("somebody@far.test");
    let mut arrived: Vec<String> = letters.iter().filter_map(|letter| letter.header("Subject")).collect();
    arrived.sort();
    let wanted: Vec<String> = (0..10).map(|n| format!("out {n}")).collect();
    assert_eq!(arrived, wanted, "each once");
    assert!(letters.iter().all(|letter| letter.sender == server.accounts[0].address), "{letters:?}");
}

fn postfix_sends_on_what_leaves() {
    sends_on(Mta::postfix);
}

fn exim_sends_on_what_leaves() {
    sends_on(Mta::exim);
}

/// Postfix keeps what it cannot deliver while ewsd is away.
fn mail_waits_for_a_server_that_is_away() {
    let lmtp = port::free();
    let server = Demo::start(Options::default().set("server.lmtp", lmtp));
    server.stop().unwrap();
    let wanted = Wanted { lmtp: &format!("inet:{lmtp}"), relay: port::free(), trusts: true };
    let Some(mta) = Mta::postfix(&wanted) else { return };
    let mut client = smtp(&mta);
    let subjects: Vec<String> = (0..5).map(|n| format!("kept {n}")).collect();
    for subject in &subjects {
        assert_eq!(submit(&mut client, &["alice@example.test"], &message::plain(subject, "x")).code, 250);
    }
    wait::true_within("Postfix has tried", wait::LONG, || mta.log().contains("status=deferred"));
    let server = server.restart();
    until_once(&mut Ews::connect(&server, &server.accounts[0]), &subjects);
}
