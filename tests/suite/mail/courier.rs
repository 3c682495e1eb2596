//! Mail that leaves: what the smarthost gets, what becomes of its answers, and what senders are told.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::demo::{Account, Demo, Options};
use crate::support::ews::Ews;
use crate::support::http::Http;
use crate::support::ops::{Id, events_of, events_request, find, get, shape, subjects, subscribe};
use crate::support::smtp::{self, Certificate, Smarthost};
use crate::support::xml::Node;
use crate::support::{lmtp, message, port, process, shared, wait};

crate::tests![
    sends_what_was_written_to_whom_it_was_written,
    tries_again_what_may_work_later_and_reports_what_will_not,
    sends_each_message_once_however_many_there_are,
    loses_nothing_when_it_is_killed_while_it_sends,
    waits_for_a_smarthost_that_is_away,
    logs_in_over_tls_only,
    speaks_as_the_smarthost_can_hear,
    gives_up_in_time_and_in_the_senders_language,
    tells_at_once_when_there_is_no_smarthost,
    delivers_here_what_could_not_be_delivered_before,
    knows_reports_of_others,
];

fn server(smarthost: &Smarthost, settings: &[(&'static str, &str)]) -> Demo {
    let mut options = Options::default().set("courier.smarthost", smarthost.address).set("courier.retry_seconds", 1);
    for (key, value) in settings {
        options = options.set(key, value);
    }
    Demo::start(options)
}

fn list(element: &str, addresses: &[&str]) -> String {
    let all: String =
        addresses.iter().map(|a| format!("<t:Mailbox><t:EmailAddress>{a}</t:EmailAddress></t:Mailbox>")).collect();
    format!("<t:{element}>{all}</t:{element}>")
}

/// Sends a message by SendOnly.
fn send(ews: &mut Ews, subject: &str, lists: &str) {
    let item = format!(
        "<t:Message><t:Subject>{subject}</t:Subject><t:Body BodyType=\"Text\">words of {subject}</t:Body>{lists}</t:Message>"
    );
    ews.one(&format!("<m:CreateItem MessageDisposition=\"SendOnly\"><m:Items>{item}</m:Items></m:CreateItem>"));
}

fn send_mime(ews: &mut Ews, mime: &str) {
    let item = format!("<t:Message><t:MimeContent>{}</t:MimeContent></t:Message>", STANDARD.encode(mime));
    ews.one(&format!("<m:CreateItem MessageDisposition=\"SendOnly\"><m:Items>{item}</m:Items></m:CreateItem>"));
}

fn queue(server: &Demo) -> Vec<Value> {
    let text = server.ewsctl(&["queue", "list", "--json"]);
    serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().clone()
}

fn until_empty(server: &Demo) {
    wait::true_within("the queue is empty", wait::LONG, || queue(server).is_empty());
}

/// The only report in an Inbox, with its body.
fn report(ews: &mut Ews) -> Node {
    let found = wait::until("a report", wait::LONG, || {
        let root = find(ews, "inbox", &shape("IdOnly", &["item:ItemClass"]), "");
        let mut reports: Vec<Id> = root
            .all("t:Items/*")
            .into_iter()
            .filter(|i| i.text("t:ItemClass") == Some("REPORT.IPM.Note.NDR"))
            .map(Id::of)
            .collect();
        assert!(reports.len() <= 1);
        reports.pop()
    });
    get(
        ews,
        &found,
        "<t:BaseShape>AllProperties</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent><t:BodyType>Text</t:BodyType>",
    )
}

fn mime_of(item: &Node) -> String {
    String::from_utf8(STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap()).unwrap()
}

fn courier(server: &Demo) -> u32 {
    wait::until("a courier runs", wait::LONG, || process::workers(server.master(), "courier").first().copied())
}

fn counter(server: &Demo, name: &str) -> u64 {
    server.status()["counters"][name].as_u64().unwrap_or_else(|| panic!("no counter {name}"))
}

/// The courier tells the master what it did after the queue is empty.
fn until_told(server: &Demo, counts: &[(&str, u64)]) {
    for (name, count) in counts {
        wait::true_within(&format!("{name} is {count}"), wait::LONG, || counter(server, name) == *count);
    }
}

fn sends_what_was_written_to_whom_it_was_written() {
    let smarthost = Smarthost::start();
    let server = server(&smarthost, &[("server.name", "mail.example.test")]);
    let (mut me, mut peer) = (Ews::connect(&server, &server.accounts[0]), Ews::connect(&server, &server.accounts[1]));
    let own = server.accounts[0].address.clone();
    let lists = [
        list("ToRecipients", &["to@far.test", &server.accounts[1].address]),
        list("CcRecipients", &["cc@far.test", "TO@far.test"]),
        list("BccRecipients", &["blind@far.test"]),
    ];
    send(&mut me, "several", &lists.concat());
    let letter = smarthost.letter_to("to@far.test");
    assert_eq!(letter.sender, own);
    assert_eq!(letter.recipients, ["to@far.test", "cc@far.test", "blind@far.test"], "each once, and nobody from here");
    assert!(!letter.text().contains("blind@far.test"), "{}", letter.text());
    assert!(letter.text().contains("words of several"));
    for (field, part) in [
        ("Received", "by mail.example.test"),
        ("Message-ID", "<"),
        ("Date", " "),
        ("From", own.as_str()),
        ("To", "to@far.test"),
        ("Cc", "cc@far.test"),
        ("Subject", "several"),
    ] {
        let value = letter.header(field).unwrap_or_else(|| panic!("no {field} in {}", letter.text()));
        assert!(value.contains(part), "{field}: {value}");
    }
    assert!(letter.parameters.contains(&format!("SIZE={}", letter.octets.len() - 2)), "{}", letter.parameters);
    wait::true_within("the neighbour has it", wait::LONG, || subjects(&mut peer, "inbox") == ["several"]);

    // What a client gives whole arrives octet by octet, but for its blind recipients; From is written anew.
    let body = ".dot\r\n..\r\nWörter\r\n.\r\nlast";
    let mime = |bcc: &str| {
        format!(
            "From: <{own}>\r\nTo: whole@far.test\r\n{bcc}Subject: whole\r\nMessage-ID: <whole@client.test>\r\n\
             Date: Wed, 19 Nov 2025 12:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n{body}"
        )
    };
    send_mime(&mut me, &mime("Bcc: blind.two@far.test\r\n"));
    let letter = smarthost.letter_to("blind.two@far.test");
    assert_eq!(letter.recipients, ["whole@far.test", "blind.two@far.test"]);
    assert!(letter.parameters.contains("BODY=8BITMIME") && !letter.parameters.contains("SMTPUTF8"));
    let text = letter.text();
    assert!(text.starts_with("Received: by mail.example.test with HTTP id "), "{text}");
    assert!(text.ends_with(&format!("{}\r\n", mime(""))), "{text}");
    // A smarthost is told of a head beyond ASCII; heads of parts are written in ASCII where they may be (RFC 6531 section 3.4).
    let part =
        "--b\r\nContent-Type: text/plain; name=\"ä.txt\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\nWörter\r\n--b--";
    let parts = |subject: &str, to: &str, kind: &str| {
        format!(
            "From: <{own}>\r\nTo: {to}\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/{kind}; boundary=b\r\n\r\n{part}\r\n"
        )
    };
    for (subject, to, kind, told) in [
        ("plain", "plain@far.test", "mixed", false),
        ("größer", "beyond@far.test", "mixed", true),
        ("plain", "signed@far.test", "signed", true),
    ] {
        send_mime(&mut me, &parts(subject, to, kind));
        let letter = smarthost.letter_to(to);
        assert_eq!(letter.parameters.contains("SMTPUTF8"), told, "{subject}");
        assert_eq!(letter.text().contains("ä.txt"), told, "{}", letter.text());
        assert!(letter.text().contains("\r\n\r\nWörter\r\n"), "{}", letter.text());
    }
    until_empty(&server);
    until_told(&server, &[("outgoing_sent", 8)]);
    assert_eq!(subjects(&mut me, "inbox"), Vec::<String>::new());
}

fn tries_again_what_may_work_later_and_reports_what_will_not() {
    let smarthost = Smarthost::start();
    smarthost.answer("later@far.test", &["451 4.7.1 greylisted", "450 4.2.0 not yet"]);
    smarthost.answer("never@far.test", &["550-5.1.1 no such\r\n550 5.1.1 user here"]);
    let server = server(&smarthost, &[]);
    let mut me = Ews::connect(&server, &server.accounts[0]);
    let mut waiting = Ews::connect(&server, &server.accounts[0]);
    let subscription = subscribe(&mut waiting, &["inbox"], &["NewMailEvent"]);
    waiting.send(&events_request(&subscription), &["Prefer: wait=120"]);
    wait::true_within("the client is held", wait::LONG, || server.connections("held") == 1);
    send(&mut me, "mixed", &list("ToRecipients", &["now@far.test", "later@far.test", "never@far.test"]));
    assert_eq!(events_of(&waiting.receive()).kinds(), ["NewMail"], "the report wakes who waits");
    assert_eq!(smarthost.letter_to("now@far.test").recipients, ["now@far.test"]);
    assert_eq!(smarthost.letter_to("later@far.test").recipients, ["later@far.test"], "nobody has it twice");
    until_empty(&server);
    let of_each = [("outgoing_sent", 2), ("outgoing_failed", 1), ("outgoing_deferred", 2), ("outgoing_reports", 1)];
    until_told(&server, &of_each);

    let item = report(&mut me);
    assert_eq!(item.text("t:Subject"), Some("Undeliverable: mixed"));
    assert_eq!(item.text("t:ItemClass"), Some("REPORT.IPM.Note.NDR"));
    assert_eq!((item.text("t:IsRead"), item.text("t:IsFromMe")), (Some("false"), Some("false")));
    assert!(item.text("t:From/t:Mailbox/t:EmailAddress").unwrap().starts_with("MAILER-DAEMON@"));
    let body = &item.want("t:Body").text;
    assert!(body.contains("never@far.test") && body.contains("no such user here"), "{body}");
    assert!(!body.contains("later@far.test") && !body.contains("now@far.test"), "{body}");
    let mime = mime_of(&item);
    for part in [
        "Return-Path: <>\r\n",
        "Content-Type: multipart/report; report-type=delivery-status;",
        "Final-Recipient: rfc822; never@far.test\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; 127.0.0.1\r\n",
        "Diagnostic-Code: smtp; 550 5.1.1 no such user here\r\n",
        "Content-Type: text/rfc822-headers\r\n",
    ] {
        assert!(mime.contains(part), "{part} in\n{mime}");
    }
    assert!(!mime.contains("words of mixed"), "the header only");
    let sent_id = smarthost.letter_to("now@far.test").header("Message-ID").unwrap();
    assert!(mime.contains(&format!("In-Reply-To: {sent_id}\r\n")), "{mime}");
}

fn sends_each_message_once_however_many_there_are() {
    let smarthost = Smarthost::start();
    smarthost.answer("many150@far.test", &["550 5.1.1 nobody"]);
    let server = server(&smarthost, &[("courier.parallel", "3")]);
    let mut me = Ews::connect(&server, &server.accounts[0]).unrecorded();
    for n in 0..40 {
        send(&mut me, &format!("letter {n}"), &list("ToRecipients", &[&format!("one{n}@far.test")]));
    }
    let many: Vec<String> = (0..250).map(|n| format!("many{n}@far.test")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    send(&mut me, "to many", &list("ToRecipients", &many));
    until_empty(&server);
    let letters = smarthost.letters();
    assert!(letters.iter().all(|letter| letter.recipients.len() <= 100));
    let mut to: Vec<String> = letters.into_iter().flat_map(|letter| letter.recipients).collect();
    to.sort();
    let mut expected: Vec<String> = (0..40).map(|n| format!("one{n}@far.test")).collect();
    expected.extend(many.iter().filter(|to| **to != "many150@far.test").map(|to| (*to).to_owned()));
    expected.sort();
    assert_eq!(to, expected);
    assert!(report(&mut me).want("t:Body").text.contains("many150@far.test"));
}

fn loses_nothing_when_it_is_killed_while_it_sends() {
    let smarthost = Smarthost::start();
    smarthost.be_silent("slow@far.test", true);
    let server = server(&smarthost, &[]);
    let mut me = Ews::connect(&server, &server.accounts[0]);
    send(&mut me, "slow", &list("ToRecipients", &["slow@far.test"]));
    smarthost.until_unanswered(1);
    let queued = queue(&server);
    assert_eq!((queued.len(), &queued[0]["sending"]), (1, &Value::Bool(true)));
    let id = queued[0]["id"].to_string();
    let cancelled = server.ewsctl_with(&["queue", "cancel", &id], b"");
    assert!(!cancelled.status.success(), "it is being sent");
    smarthost.be_silent("slow@far.test", false);
    let first = courier(&server);
    kill(Pid::from_raw(first as i32), Signal::SIGKILL).unwrap();
    smarthost.letter_to("slow@far.test");
    assert_ne!(courier(&server), first);
    // It also keeps what it has when the whole server is told to stop.
    smarthost.be_silent("second@far.test", true);
    send(&mut me, "second", &list("ToRecipients", &["second@far.test"]));
    smarthost.until_unanswered(2);
    drop(me);
    smarthost.be_silent("second@far.test", false);
    let server = server.restart();
    until_empty(&server);
    assert!(!smarthost.letters_to("second@far.test").is_empty());
}

fn waits_for_a_smarthost_that_is_away() {
    let address = port::free();
    let options = Options::default().set("courier.smarthost", address).set("courier.tls", "none");
    let server = Demo::start(options);
    let mut me = Ews::connect(&server, &server.accounts[0]);
    send(&mut me, "first", &list("ToRecipients", &["first@far.test"]));
    send(&mut me, "cancelled", &list("ToRecipients", &["cancelled@far.test"]));
    let failing = wait::until("both wait", wait::LONG, || {
        let waiting = queue(&server);
        let known = waiting.iter().any(|one| one["last_error"].is_string() && one["sending"] == false);
        (waiting.len() == 2 && known).then_some(waiting)
    });
    let id = |to: &str| failing.iter().find(|one| one["recipients"][0] == to).unwrap()["id"].to_string();
    let (first, cancelled) = (id("first@far.test"), id("cancelled@far.test"));
    wait::true_within("the status says so", wait::LONG, || {
        let outbox = &server.status()["outbox"];
        outbox["queued"] == 2 && outbox["deferred"].as_u64() >= Some(1) && outbox["oldest"].is_u64()
    });
    assert!(server.ewsctl(&["status"]).contains("mail out     2 queued"));
    let listed = server.ewsctl(&["queue", "list"]);
    assert!(listed.contains("to first@far.test") && listed.contains("2 in the queue"), "{listed}");
    let shown = server.ewsctl(&["queue", "show", &first]);
    assert!(shown.contains("recipient   first@far.test"), "{shown}");
    assert!(server.ewsctl(&["queue", "show", &first, "--message"]).contains("Subject: first\r\n"));
    wait::true_within("one is cancelled", wait::LONG, || {
        server.ewsctl_with(&["queue", "cancel", &cancelled], b"").status.success()
    });
    assert!(!server.ewsctl_with(&["queue", "show", &cancelled], b"").status.success());
    let smarthost = Smarthost::start_on(address, smtp::Options::default());
    server.ewsctl(&["queue", "retry", "--all"]);
    smarthost.letter_to("first@far.test");
    until_empty(&server);
    assert_eq!(smarthost.letters().len(), 1);
    assert_eq!(subjects(&mut me, "inbox"), Vec::<String>::new());
}

/// A folder that the server's unprivileged user can read, with the certificate and the password.
fn secrets() -> (std::path::PathBuf, Certificate) {
    let folder = std::env::temp_dir().join(format!("ewsd-tls-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join("password"), "open sesame\n").unwrap();
    let certificate = Certificate::make(&folder);
    for file in ["password", "smtp.crt"] {
        fs::set_permissions(folder.join(file), fs::Permissions::from_mode(0o644)).unwrap();
    }
    (folder, certificate)
}

fn logs_in_over_tls_only() {
    let (folder, certificate) = secrets();
    let options = smtp::Options { tls: Some(certificate.clone()), ..smtp::Options::default() };
    let smarthost = Smarthost::start_on("127.0.0.1:0".parse().unwrap(), options);
    let port = smarthost.address.port();
    let password = folder.join("password").display().to_string();
    let server = Demo::start(
        Options::default()
            .set("courier.smarthost", format!("localhost:{port}"))
            .set("courier.login", "relay")
            .set("courier.password_file", password),
    );
    let mut me = Ews::connect(&server, &server.accounts[0]);
    send(&mut me, "secret", &list("ToRecipients", &["secret@far.test"]));
    let waiting = wait::until("an unknown certificate is refused", wait::LONG, || {
        queue(&server).into_iter().find(|one| one["last_error"].is_string())
    });
    assert!(waiting["last_error"].as_str().unwrap().to_lowercase().contains("certificate"), "{waiting}");
    assert_eq!(smarthost.letters().len(), 0);
    let mut config = fs::read_to_string(server.config()).unwrap();
    let line = format!("tls_ca = \"{}\"\n", certificate.certificate.display());
    config = config.replacen("[courier]\n", &format!("[courier]\n{line}"), 1);
    fs::write(server.config(), config).unwrap();
    server.ewsctl(&["reload"]);
    let letter = smarthost.letter_to("secret@far.test");
    assert!(letter.tls);
    assert_eq!(letter.login, Some(("relay".to_owned(), "open sesame".to_owned())));
    until_empty(&server);
    drop(server);
    fs::remove_dir_all(folder).unwrap();
}

fn speaks_as_the_smarthost_can_hear() {
    let options = smtp::Options { offers: vec!["SIZE 20000"], ..smtp::Options::default() };
    let smarthost = Smarthost::start_on("127.0.0.1:0".parse().unwrap(), options);
    let server = server(&smarthost, &[]);
    let mut me = Ews::connect(&server, &server.accounts[0]);
    let own = &server.accounts[0].address;
    let mime = |to: &str, body: &str| {
        format!(
            "From: {own}\r\nTo: {to}\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n"
        )
    };
    send_mime(&mut me, &mime("seven@far.test", "Wörter = words"));
    let letter = smarthost.letter_to("seven@far.test");
    assert!(letter.octets.is_ascii(), "{}", letter.text());
    assert!(letter.text().ends_with("\r\n\r\nW=C3=B6rter =3D words\r\n"), "{}", letter.text());
    assert!(!letter.parameters.contains("BODY"));
    send(&mut me, "idn", &list("ToRecipients", &["info@bücher.test"]));
    smarthost.letter_to("info@xn--bcher-kva.test");
    send_mime(&mut me, &mime("large@far.test", &"a large body\r\n".repeat(2000)));
    assert!(report(&mut me).want("t:Body").text.contains("large@far.test"));
    until_empty(&server);
    assert_eq!(smarthost.letters().len(), 2);
    // With SMTPUTF8 an address may be anything; without it nobody can be asked for it.
    let mut second = Ews::connect(&server, &server.accounts[1]);
    send(&mut second, "utf8", &list("ToRecipients", &["jörg@far.test"]));
    let mime = mime_of(&report(&mut second));
    assert!(mime.contains("utf-8; jörg@far.test\r\nAction: failed\r\nStatus: 5.6.7\r\n"), "{mime}");
}

fn gives_up_in_time_and_in_the_senders_language() {
    let smarthost = Smarthost::start();
    smarthost.answer("late@far.test", &["451 4.2.0 try again"]);
    let server = server(&smarthost, &[("courier.give_up_hours", "0")]);
    let add = &["account", "add", "dora@example.test", "--language", "de", "--password-stdin"];
    assert!(server.ewsctl_with(add, b"geheim\n").status.success());
    let address = "dora@example.test".to_owned();
    let dora = Account { login: address.clone(), address, password: "geheim".into() };
    let mut ews = Ews::connect(&server, &dora);
    send(&mut ews, "spät", &list("ToRecipients", &["late@far.test"]));
    let item = report(&mut ews);
    assert_eq!(item.text("t:Subject"), Some("Unzustellbar: spät"));
    let body = &item.want("t:Body").text;
    assert!(body.contains("Stunden lang versucht") && body.contains("451 4.2.0 try again"), "{body}");
    assert!(mime_of(&item).contains("Status: 4.2.0\r\n"));
    until_empty(&server);
}

fn tells_at_once_when_there_is_no_smarthost() {
    let (server, mut me) = (shared::server(), shared::mailbox());
    send(&mut me, "nowhere", &list("ToRecipients", &["nobody@far.test"]));
    let item = report(&mut me);
    assert!(item.want("t:Body").text.contains("not set up to send mail to other servers"), "{item:#?}");
    assert!(mime_of(&item).contains("Status: 5.4.4\r\n"));
    let metrics = Http::connect(server.admin()).get("/metrics", &[]).text();
    assert!(metrics.contains("ewsd_outgoing_queued ") && metrics.contains("ewsd_outgoing_failed_total "), "{metrics}");
}

/// A mailbox that was full when the message was sent, and one that is no more.
fn delivers_here_what_could_not_be_delivered_before() {
    let smarthost = Smarthost::start();
    let server = server(&smarthost, &[("mail.quota_bytes", "20000")]);
    let (alice, bob) = (&server.accounts[0], &server.accounts[1]);
    let (mut me, mut peer) = (Ews::connect(&server, alice), Ews::connect(&server, bob));
    lmtp::deliver(server.lmtp(), &bob.address, &message::plain("big", &"much text\r\n".repeat(1750)));
    let big = find(&mut peer, "inbox", &shape("IdOnly", &[]), "");
    let big = Id::of(big.all("t:Items/*")[0]);
    let rest = "more text\r\n".repeat(200);
    let item = format!(
        "<t:Message><t:Subject>waits</t:Subject><t:Body BodyType=\"Text\">{rest}</t:Body>{}</t:Message>",
        list("ToRecipients", &[&bob.address])
    );
    me.one(&format!("<m:CreateItem MessageDisposition=\"SendOnly\"><m:Items>{item}</m:Items></m:CreateItem>"));
    let waiting =
        wait::until("it waits", wait::LONG, || queue(&server).into_iter().find(|one| one["last_error"].is_string()));
    assert!(waiting["last_error"].as_str().unwrap().contains("full"), "{waiting}");
    assert_eq!(subjects(&mut peer, "inbox"), ["big"]);
    peer.one(&format!("<m:DeleteItem DeleteType=\"HardDelete\"><m:ItemIds>{}</m:ItemIds></m:DeleteItem>", big.xml()));
    until_empty(&server);
    assert_eq!(subjects(&mut peer, "inbox"), ["waits"]);
    assert_eq!(smarthost.letters().len(), 0, "nobody from here goes over the smarthost");
}

/// A report that another server has made has the class by which clients know it, too.
fn knows_reports_of_others() {
    let (server, mut me) = (shared::server(), shared::mailbox());
    let mime = "From: MAILER-DAEMON@far.test\r\nSubject: failure notice\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n--b\r\n\
        Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; far.test\r\n\r\n\
        Final-Recipient: rfc822; x@far.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n";
    let replies = lmtp::Lmtp::hello(server.lmtp()).deliver("", &[&me.account.address.clone()], mime.as_bytes());
    assert_eq!(replies[0].code, 250);
    assert_eq!(report(&mut me).text("t:Subject"), Some("failure notice"));
}
