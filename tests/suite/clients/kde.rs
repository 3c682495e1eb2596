//! KDE, unmodified and without its window: Akonadi and its resource for Exchange (akonadi-ews), driven over D-Bus. Each check is in
//! its script below `tests/clients/`; a relay in front of the server keeps what it says.

use std::process::Command;

use crate::support::demo::{self, Demo, Options};
use crate::support::ews::{Ews, PATH};
use crate::support::proxy::{Exchanged, Relay};
use crate::support::{lmtp, ops, programs};

crate::tests![mail, mail_with_ntlm];

const THERE: &str = "Lies there already";
const SECOND: &str = "Comes while it streams";

/// A listener for each scheme: which one logged in is then no question. The suite asks the first.
const LISTENERS: &str = r#"["127.0.0.1:0 schemes=basic", "127.0.0.1:0 schemes=ntlm"]"#;

fn mail() {
    drive(0);
}

fn mail_with_ntlm() {
    drive(1);
}

/// New mail reaches Akonadi by a stream: the wire shows the notification of it, and that nothing was polled; a folder of which the
/// stream does not tell stays as it was.
fn drive(listener: usize) {
    let Some(python) = programs::kde() else {
        return println!("skipped: KDE needs the packages that packaging/deps.debian names for `kde`");
    };
    let options = Options::default().set("auth.ntlm", true).set("server.http", LISTENERS);
    // The relay is none: NTLM needs a client's own connection.
    let server = Demo::start(options.set("server.trusted_proxies", "[\"127.0.0.9\"]"));
    let me = &server.accounts[0];
    let mut ews = Ews::connect(&server, me);
    let text = format!("From: sender@elsewhere.test\r\nTo: {}\r\nSubject: {THERE}\r\n\r\nWords\r\n", me.address);
    lmtp::deliver(server.lmtp(), &me.address, text.as_bytes());
    ops::save_simple(&mut ews, "junkemail", "Nobody looks at it");
    let address = server.status()["addresses"]["http"][listener].as_str().and_then(|address| address.parse().ok());
    let relay = Relay::start(address.expect("an address"), true);
    let ewsctl = |arguments: &[&str]| {
        let before = [demo::ewsctl().to_owned(), "-c".to_owned(), server.config().to_string_lossy().into_owned()];
        before.into_iter().chain(arguments.iter().map(|argument| (*argument).to_owned())).collect::<Vec<String>>()
    };
    let context = serde_json::json!({
        "url": format!("http://{}{PATH}", relay.address),
        "me": { "address": me.address, "login": me.login, "password": me.password },
        "lmtp": server.lmtp().to_string(),
        "streams": ewsctl(&["status", "--json"]),
        "kick": ewsctl(&["kick", &me.address]),
        "there": THERE,
        "second": SECOND,
        "unseen": ops::get_folder(&mut ews, "junkemail", "Default", &[]).text("t:DisplayName"),
    });
    programs::drive(Command::new(python).arg(programs::scripts().join("kde_mail.py")).arg(context.to_string()));
    // Its connection was closed with the client's.
    was_told(&relay.finish(), &id_of(&mut ews.again(), SECOND));
}

fn id_of(ews: &mut Ews, subject: &str) -> String {
    let found = ops::list(ews, "inbox")
        .into_iter()
        .find(|id| ops::get_fields(ews, id, &["item:Subject"]).text("t:Subject") == Some(subject));
    found.unwrap_or_else(|| panic!("{subject} is not in the inbox")).id
}

/// The item's arrival was told in an answer to GetStreamingEvents, and was asked for by nothing else.
fn was_told(wire: &Exchanged, item: &str) {
    let has = |envelope: &[u8], words: &str| envelope.windows(words.len()).any(|part| part == words.as_bytes());
    let asked = |words: &str| wire.requests.iter().any(|request| has(request, words));
    assert!(asked("<m:StreamingSubscriptionRequest>"), "it has subscribed for a stream");
    assert!(!asked("<m:PullSubscriptionRequest") && !asked("<m:GetEvents>"), "it has polled");
    let told = wire
        .replies
        .iter()
        .any(|reply| has(reply, "GetStreamingEventsResponse") && has(reply, "NewMailEvent>") && has(reply, item));
    assert!(told, "no notification on the stream tells of the new message");
}
