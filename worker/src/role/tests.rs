//! A request worker with real sockets and a real database, and a test in the place of the master.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

use base64::Engine;
use ewsd_ipc::message::{Batch, Hashing, Pairs};
use ewsd_ipc::seqpacket::{self, Wait};
use ewsd_ipc::{
    AfterReply, Body, ConnRecord, Count, HeldCall, HeldOutcome, Job, LmtpExpect, LmtpInput, RenderReason, Reply,
    WorkerEnd, shared,
};
use ewsd_mailbox::convert::{self, Confined, InProcess};
use ewsd_model::id::MailboxNo;
use ewsd_settings::Settings;
use ewsd_store::testing::{Cluster, Database, database};
use ewsd_store::{Account, NewAccount, Options, Store, StoreError};

use super::request::Worker;
use crate::auth::password;
use crate::op::event::token::SubscriptionId;

/// The master's side of a worker that runs in a thread.
struct Rig {
    jobs: Option<OwnedFd>,
    channel: OwnedFd,
    region: std::fs::File,
    next: u64,
    worker: Option<JoinHandle<()>>,
}

impl Rig {
    fn start(options: Options, settings: Settings) -> Rig {
        convert::by(InProcess(Confined::claim()));
        let (jobs, theirs) = seqpacket::pair().unwrap();
        let (channel, own) = seqpacket::pair().unwrap();
        let region = shared::create(&[7; 32]).unwrap();
        let copy = region.try_clone().unwrap();
        let worker = std::thread::spawn(move || {
            let end = WorkerEnd::new(theirs, own, copy.as_fd(), 1).unwrap();
            let store = Store::lazy(&options).unwrap();
            Worker::new(&end, &settings, store).serve_all().unwrap();
        });
        let rig = Rig { jobs: Some(jobs), channel, region, next: 1, worker: Some(worker) };
        assert!(matches!(rig.reply().0, Reply::Ready {}));
        rig
    }

    /// The next reply, counters and whose it is left out.
    fn reply(&self) -> (Reply, Vec<OwnedFd>) {
        loop {
            let (reply, fds) = self.any_reply();
            if !matches!(reply, Reply::Tally { .. } | Reply::Served { .. } | Reply::Whose { .. }) {
                return (reply, fds);
            }
        }
    }

    fn any_reply(&self) -> (Reply, Vec<OwnedFd>) {
        let mut buffer = vec![0; ewsd_ipc::MAX_MESSAGE];
        let mut fds = Vec::new();
        let n = seqpacket::receive(self.channel.as_fd(), &mut buffer, &mut fds, Wait::Yes).unwrap();
        assert!(n > 0, "the worker is gone");
        (Reply::decode(&buffer[..n], fds.len()).unwrap(), fds)
    }

    fn send(&mut self, job: &Job, fds: &[&dyn AsFd]) {
        let mut bytes = Vec::new();
        job.encode(&mut bytes);
        let fds: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
        seqpacket::send(self.jobs.as_ref().unwrap().as_fd(), &bytes, &fds, Wait::Yes).unwrap();
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Sends a request, and says what the worker answered the client and what it told the master.
    fn http(&mut self, head: &str, body: &str) -> (String, Reply) {
        self.http_of(conn(Vec::new()), head, body)
    }

    fn http_of(&mut self, conn: ConnRecord, head: &str, body: &str) -> (String, Reply) {
        let (client, socket) = UnixStream::pair().unwrap();
        let job = self.number();
        let head = format!("{head}\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        self.send(&Job::Http { job, conn, head, body: Body::Inline(body.as_bytes().to_vec()) }, &[&socket]);
        drop(socket);
        let (mut reply, mut fds) = self.reply();
        while matches!(reply, Reply::Changed { .. }) {
            (reply, fds) = self.reply();
        }
        drop(fds);
        (read(client), reply)
    }

    /// The answer to a request of Alice's, and what the worker told the master.
    fn ask(&mut self, body: &str) -> (String, Reply) {
        self.http(&format!("{POST}\r\n{}", basic("alice:secret")), &in_envelope(body))
    }

    fn admit(&mut self, head: &str, declared: Option<u64>) -> Reply {
        self.admit_of(conn(Vec::new()), head, declared)
    }

    fn admit_of(&mut self, conn: ConnRecord, head: &str, declared: Option<u64>) -> Reply {
        let (_client, socket) = UnixStream::pair().unwrap();
        let job = self.number();
        let head = format!("{head}\r\nHost: x\r\n\r\n").into_bytes();
        self.send(&Job::Admit { job, conn, head, declared }, &[&socket]);
        self.reply().0
    }

    /// Goes on with an LMTP conversation.
    fn lmtp(&mut self, context: Vec<u8>, input: LmtpInput) -> (String, Reply) {
        let (client, socket) = UnixStream::pair().unwrap();
        let job = self.number();
        self.send(&Job::Lmtp { job, conn: conn(context), input }, &[&socket]);
        drop(socket);
        let mut changed = None;
        loop {
            let (reply, fds) = self.reply();
            drop(fds);
            match reply {
                Reply::Changed { .. } => changed = Some(reply),
                _ => {
                    return (
                        read(client),
                        changed.map_or(reply.clone(), |changed| {
                            if matches!(reply, Reply::LmtpNext { .. }) { changed } else { reply }
                        }),
                    );
                }
            }
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(worker) = self.worker.take() {
            let result = worker.join();
            assert!(result.is_ok() || std::thread::panicking());
        }
    }
}

fn read(mut client: UnixStream) -> String {
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    text
}

fn conn(context: Vec<u8>) -> ConnRecord {
    ConnRecord {
        conn: 1,
        peer: "192.0.2.9:4711".parse().unwrap(),
        listener: 0,
        served: 0,
        mailbox: 0,
        hashes: Hashing::Strangers,
        context,
    }
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.set("server.name=mx.test").unwrap();
    settings
}

fn account(database: &Database, login: &str) -> Account {
    let mut store = Store::connect(&database.options()).unwrap();
    let new = NewAccount {
        login: login.to_owned(),
        display_name: login.to_owned(),
        password_phc: password::hash("secret"),
        addresses: vec![format!("{login}@example.test"), format!("{login}.alias@example.test")],
        language: "en".to_owned(),
        quota_bytes: None,
    };
    store.create_account(&new).unwrap()
}

fn basic(credentials: &str) -> String {
    format!("Authorization: Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials))
}

const GET_FOLDER: &str = concat!(
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" ",
    "xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" ",
    "xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><s:Body><m:GetFolder><m:FolderShape>",
    "<t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds>",
    "</m:GetFolder></s:Body></s:Envelope>"
);
const POST: &str = "POST /EWS/Exchange.asmx HTTP/1.1";

fn in_envelope(body: &str) -> String {
    let start = GET_FOLDER.split_inclusive("<s:Body>").next().unwrap();
    format!("{start}{body}</s:Body></s:Envelope>")
}

#[test]
fn nobody_gets_in_without_a_password() {
    let database = database();
    account(&database, "alice");
    let mut rig = Rig::start(database.options(), settings());
    for credentials in ["", "alice:wrong", "nobody:secret", "alice@example.test:"] {
        let head = if credentials.is_empty() { POST.to_owned() } else { format!("{POST}\r\n{}", basic(credentials)) };
        let (answer, reply) = rig.http(&head, GET_FOLDER);
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(
            answer.contains("\r\nWWW-Authenticate: Basic realm=\"ewsd\"")
                && answer.contains("\r\nContent-Length: 0\r\n"),
            "{answer}"
        );
        assert!(matches!(reply, Reply::Idle { .. }), "the connection lives on: {reply:?}");
    }
}

#[test]
fn every_name_of_an_account_opens_it() {
    let database = database();
    account(&database, "alice");
    let mut rig = Rig::start(database.options(), settings());
    for login in ["alice", "ALICE", "alice@example.test", "alice.alias@example.test", "EXAMPLE\\alice"] {
        let (answer, reply) = rig.http(&format!("{POST}\r\n{}", basic(&format!("{login}:secret"))), GET_FOLDER);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{login}: {answer}");
        assert!(answer.contains("\r\nContent-Type: text/xml; charset=utf-8\r\n"), "{answer}");
        assert!(matches!(reply, Reply::Idle { .. }));
    }
}

#[test]
fn a_changed_password_is_known_at_once() {
    let database = database();
    let alice = account(&database, "alice");
    let mut rig = Rig::start(database.options(), settings());
    let head = format!("{POST}\r\n{}", basic("alice:secret"));
    for _ in 0..2 {
        assert!(rig.http(&head, GET_FOLDER).0.starts_with("HTTP/1.1 200 "));
    }
    let mut store = Store::connect(&database.options()).unwrap();
    store.set_password(alice.account, password::hash("other").as_deref()).unwrap();
    shared::set_epoch(&rig.region, 2).unwrap();
    assert!(rig.http(&head, GET_FOLDER).0.starts_with("HTTP/1.1 401 "));
    store.set_password(alice.account, password::hash("secret").as_deref()).unwrap();
    store.set_disabled(alice.account, true).unwrap();
    shared::set_epoch(&rig.region, 3).unwrap();
    assert!(rig.http(&head, GET_FOLDER).0.starts_with("HTTP/1.1 401 "));
}

#[test]
fn guessing_is_stopped() {
    let database = database();
    account(&database, "alice");
    account(&database, "bob");
    let mut settings = settings();
    settings.set("auth.failures_per_minute=3").unwrap();
    let mut rig = Rig::start(database.options(), settings);
    let alice = |password: &str| format!("{POST}\r\n{}", basic(&format!("alice:{password}")));
    assert!(rig.http(&alice("secret"), GET_FOLDER).0.starts_with("HTTP/1.1 200 "));
    for _ in 0..4 {
        rig.http(&alice("guess"), GET_FOLDER);
    }
    // The address is the guesser's, so nobody new comes in from there; who was in before stays.
    let minute = ewsd_mailbox::clock::unix() / 60;
    let bob = rig.http(&format!("{POST}\r\n{}", basic("bob:secret")), GET_FOLDER).0;
    if ewsd_mailbox::clock::unix() / 60 == minute {
        assert!(bob.starts_with("HTTP/1.1 401 "), "{bob}");
    }
    assert!(rig.http(&alice("secret"), GET_FOLDER).0.starts_with("HTTP/1.1 200 "));
}

/// A stranger's after others': the master knows no such credentials, and the account never came in from there.
#[test]
fn passwords_are_hashed_in_their_turn() {
    let database = database();
    let number = account(&database, "alice").mailbox.0;
    let mut rig = Rig::start(database.options(), settings());
    let of_nobody = ConnRecord { hashes: Hashing::No, ..conn(Vec::new()) };
    let ask = |rig: &mut Rig, conn: &ConnRecord, login: &str| {
        rig.http_of(conn.clone(), &format!("{POST}\r\n{}", basic(&format!("{login}:secret"))), GET_FOLDER)
    };
    for login in ["alice", "nobody"] {
        let (answer, reply) = ask(&mut rig, &of_nobody, login);
        let Reply::MustHash { head, body, known: false, .. } = reply else { panic!("{reply:?}") };
        assert!(answer.is_empty() && head.starts_with(POST.as_bytes()) && body == GET_FOLDER.as_bytes(), "{answer}");
    }
    let of_alice = ConnRecord { mailbox: u64::try_from(number).unwrap(), ..of_nobody.clone() };
    assert!(matches!(ask(&mut rig, &of_alice, "alice").1, Reply::MustHash { known: true, .. }));
    let its_turn = ConnRecord { hashes: Hashing::Known, ..of_nobody.clone() };
    for conn in [&its_turn, &of_nobody] {
        assert!(ask(&mut rig, conn, "alice").0.starts_with("HTTP/1.1 200 "), "it is hashed, then remembered");
    }
    // Another spelling is not, but the first came in from there.
    assert!(matches!(ask(&mut rig, &of_nobody, "DOMAIN\\alice").1, Reply::MustHash { known: true, .. }));
    let elsewhere = ConnRecord { peer: "192.0.2.10:4711".parse().unwrap(), ..of_nobody };
    assert!(matches!(ask(&mut rig, &elsewhere, "OTHER\\alice").1, Reply::MustHash { known: false, .. }));
    let head = format!("{POST}\r\nExpect: 100-continue\r\n{}", basic("OTHER\\alice:secret"));
    assert!(matches!(rig.admit_of(elsewhere, &head, Some(1 << 20)), Reply::MustHash { .. }));
}

#[test]
fn paths_and_methods_have_their_status() {
    let database = database();
    account(&database, "alice");
    let mut rig = Rig::start(database.options(), settings());
    let login = basic("alice:secret");
    for (head, status, more) in [
        (format!("GET /EWS/Exchange.asmx HTTP/1.1\r\n{login}"), "200", "mail programs"),
        ("GET /ews/exchange.asmx HTTP/1.1".to_owned(), "401", "WWW-Authenticate"),
        (format!("PUT /ews/exchange.asmx HTTP/1.1\r\n{login}"), "405", "Allow: GET, HEAD, POST"),
        ("POST /Autodiscover/Autodiscover.xml HTTP/1.1".to_owned(), "401", "WWW-Authenticate"),
        ("POST /nothing/there HTTP/1.1".to_owned(), "404", ""),
        (
            format!("{POST}\r\n{login}\r\nclient-request-id: c9\r\nreturn-client-request-id: true"),
            "200",
            "client-request-id: c9",
        ),
        (format!("{POST}\r\n{login}\r\nConnection: close"), "200", "Connection: close"),
    ] {
        let (answer, reply) = rig.http(&head, if head.starts_with(POST) { GET_FOLDER } else { "" });
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(more), "{head}: {answer}");
        assert!(answer.contains("\r\nrequest-id: "), "{answer}");
        assert_eq!(matches!(reply, Reply::Closed { .. }), head.contains("close"), "{reply:?}");
    }
}

#[test]
fn what_is_no_soap_is_a_fault() {
    let database = database();
    account(&database, "alice");
    let mut rig = Rig::start(database.options(), settings());
    for body in
        ["", "hello", "<a/>", "<!DOCTYPE a><a/>", "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"/>"]
    {
        let (answer, reply) = rig.http(&format!("{POST}\r\n{}", basic("alice:secret")), body);
        assert!(answer.starts_with("HTTP/1.1 500 ") && answer.contains("\r\n\r\n<?xml "), "{body}: {answer}");
        assert!(matches!(reply, Reply::Idle { .. }));
    }
}

#[test]
fn large_bodies_are_taken_from_accounts_only() {
    let database = database();
    account(&database, "alice");
    let mut rig = Rig::start(database.options(), settings());
    let login = basic("alice:secret");
    let most = settings().limits.body_bytes;
    match rig.admit(&format!("{POST}\r\n{login}"), Some(most)) {
        Reply::Collect { limit, .. } => assert_eq!(limit, most),
        other => panic!("{other:?}"),
    }
    assert!(matches!(rig.admit(&format!("{POST}\r\n{login}"), None), Reply::Collect { .. }));
    for (head, declared, status, keeps) in [
        (POST.to_owned(), Some(100_000), "401", AfterReply::Keep),
        (POST.to_owned(), None, "401", AfterReply::Keep),
        (format!("{POST}\r\nContent-Length: 100000\r\nExpect: 100-continue"), Some(100_000), "401", AfterReply::Close),
        (POST.to_owned(), Some(1 << 30), "401", AfterReply::Close),
        (format!("{POST}\r\n{login}"), Some(most + 1), "413", AfterReply::Close),
        ("POST /nowhere HTTP/1.1".to_owned(), Some(100_000), "404", AfterReply::Keep),
    ] {
        match rig.admit(&head, declared) {
            Reply::Discard { reply, then, limit, .. } => {
                let text = String::from_utf8(reply).unwrap();
                assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
                assert_eq!((then, limit > 0), (keeps, keeps == AfterReply::Keep), "{head}");
                assert_eq!(text.contains("Connection: close"), keeps == AfterReply::Close);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_body_in_a_memfd_is_read() {
    let database = database();
    account(&database, "alice");
    let mut rig = Rig::start(database.options(), settings());
    let (client, socket) = UnixStream::pair().unwrap();
    let padded = format!("{GET_FOLDER}{}", " ".repeat(100_000));
    let file = ewsd_ipc::memfd::of(c"test", padded.as_bytes()).unwrap();
    let head = format!("{POST}\r\nHost: x\r\n{}\r\nContent-Length: {}\r\n\r\n", basic("alice:secret"), padded.len())
        .into_bytes();
    rig.send(
        &Job::Http { job: 9, conn: conn(Vec::new()), head, body: Body::Memfd(padded.len() as u64) },
        &[&socket, &file],
    );
    drop(socket);
    drop(rig.reply());
    assert!(read(client).starts_with("HTTP/1.1 200 "));
}

fn context(reply: &Reply) -> (Vec<u8>, LmtpExpect) {
    match reply {
        Reply::LmtpNext { conn, expect, .. } => (conn.context.clone(), *expect),
        other => panic!("{other:?}"),
    }
}

#[test]
fn mail_is_delivered_to_each_recipient() {
    let database = database();
    let (alice, bob) = (account(&database, "alice"), account(&database, "bob"));
    let mut store = Store::connect(&database.options()).unwrap();
    store.set_quota(bob.account, Some(10)).unwrap();
    let mut rig = Rig::start(database.options(), settings());
    let (greeting, reply) = rig.lmtp(Vec::new(), LmtpInput::Greeting);
    assert_eq!(greeting, "220 mx.test LMTP\r\n");
    let group = "LHLO client\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<Alice@example.test>\r\nRCPT TO:<nobody@example.test>\r\n\
                 RCPT TO:<bob@example.test>\r\nRCPT TO:<alice.alias@example.test>\r\nDATA\r\n";
    let (said, reply) = rig.lmtp(context(&reply).0, LmtpInput::Lines(group.into()));
    let codes: Vec<_> = said.lines().filter(|line| line.as_bytes()[3] == b' ').map(|line| &line[..3]).collect();
    assert_eq!(codes, ["250", "250", "250", "550", "250", "250", "354"]);
    let (session, expect) = context(&reply);
    assert!(matches!(expect, LmtpExpect::Data { .. }));
    let message = b"From: x@y.test\r\nSubject: Hello\r\n\r\n..dotted\r\n".to_vec();
    let (said, reply) = rig.lmtp(session, LmtpInput::Data(Body::Inline(message)));
    let codes: Vec<_> = said.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["250", "452", "250"], "{said}");
    match reply {
        Reply::Changed { changes } => assert_eq!(changes.0.len(), 1, "once for both addresses"),
        other => panic!("{other:?}"),
    }
    let inbox = store.mailbox(alice.mailbox).folder_by_distinguished("inbox").unwrap();
    assert_eq!((inbox.total, inbox.unread), (1, 1));
    let items = store.mailbox(alice.mailbox).item_numbers(inbox.folder).unwrap();
    let plan = ewsd_store::Plan { mime: true, body: true, ..ewsd_store::Plan::default() };
    let row = store.mailbox(alice.mailbox).items(&items, &plan).unwrap().remove(0);
    assert_eq!(row.body.unwrap(), b".dotted\r\n");
    let mime = String::from_utf8(row.mime.unwrap()).unwrap();
    assert!(
        mime.starts_with(
            "Return-Path: <x@y.test>\r\nReceived: from client ([192.0.2.9])\r\n\tby mx.test with LMTP id "
        ),
        "{mime}"
    );
    assert!(mime.ends_with("Subject: Hello\r\n\r\n.dotted\r\n"), "{mime}");
    assert_eq!(store.mailbox(bob.mailbox).folder_by_distinguished("inbox").unwrap().total, 0);
}

#[test]
fn too_much_mail_and_strange_lines() {
    let database = database();
    account(&database, "alice");
    let mut rig = Rig::start(database.options(), settings());
    let (_, reply) = rig.lmtp(Vec::new(), LmtpInput::Greeting);
    let group =
        b"LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n".to_vec();
    let (_, reply) = rig.lmtp(context(&reply).0, LmtpInput::Lines(group));
    let (said, reply) = rig.lmtp(context(&reply).0, LmtpInput::TooBig);
    assert_eq!(said.lines().map(|line| &line[..3]).collect::<Vec<_>>(), ["552", "552"]);
    let (said, reply) = rig.lmtp(context(&reply).0, LmtpInput::LongLine);
    assert!(said.starts_with("500 "), "{said}");
    let (said, reply) = rig.lmtp(context(&reply).0, LmtpInput::Lines(b"QUIT\r\n".to_vec()));
    assert!(said.starts_with("221 ") && matches!(reply, Reply::Closed { .. }), "{said} {reply:?}");
    let (said, reply) = rig.lmtp(b"nonsense".to_vec(), LmtpInput::Lines(b"NOOP\r\n".to_vec()));
    assert!(said.starts_with("421 ") && matches!(reply, Reply::Closed { .. }), "{said}");
}

#[test]
fn a_sweep_finds_what_nobody_told() {
    let database = database();
    let alice = account(&database, "alice");
    let mut store = Store::connect(&database.options()).unwrap();
    let newest = u64::try_from(store.mailbox(alice.mailbox).newest().unwrap().0).unwrap();
    let mailbox = u64::try_from(alice.mailbox.0).unwrap();
    let mut rig = Rig::start(database.options(), settings());
    rig.send(&Job::Sweep { job: 1, known: Pairs(vec![(mailbox, newest - 1), (999, 1)]) }, &[]);
    assert_eq!(rig.reply().0, Reply::Changed { changes: Pairs(vec![(mailbox, newest)]) });
    assert_eq!(rig.reply().0, Reply::Swept { job: 1 });
    rig.send(&Job::Sweep { job: 2, known: Pairs(vec![(mailbox, newest)]) }, &[]);
    assert_eq!(rig.reply().0, Reply::Swept { job: 2 });
    assert!(MailboxNo(999) != alice.mailbox);
}

#[test]
fn a_held_call_of_another_version_is_ended() {
    let database = database();
    let mut rig = Rig::start(database.options(), settings());
    let call = HeldCall { held: 5, why: RenderReason::Changed, context: b"\xffodd".to_vec() };
    rig.send(&Job::Render { job: 1, batch: Batch(vec![call]) }, &[]);
    assert_eq!(rig.reply().0, Reply::Rendered { job: 1, held: 5, outcome: HeldOutcome::Unreadable });
}

/// A streaming subscription to everything that is made in Alice's inbox: its id for clients.
fn subscribe(rig: &mut Rig) -> String {
    let (answer, _) = rig.ask(
        "<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/></t:FolderIds>\
         <t:EventTypes><t:EventType>CreatedEvent</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>",
    );
    let id = answer.split("<m:SubscriptionId>").nth(1).and_then(|rest| rest.split('<').next());
    id.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A stream of these subscriptions that the master holds: its context.
fn stream(rig: &mut Rig, subscriptions: &[String]) -> Vec<u8> {
    let asked: String = subscriptions.iter().map(|id| format!("<t:SubscriptionId>{id}</t:SubscriptionId>")).collect();
    let (answer, reply) = rig.ask(&format!(
        "<m:GetStreamingEvents><m:SubscriptionIds>{asked}</m:SubscriptionIds><m:ConnectionTimeout>10</m:ConnectionTimeout>\
         </m:GetStreamingEvents>"
    ));
    let Reply::Hold { context, .. } = reply else { panic!("{reply:?} {answer}") };
    context.0
}

/// Something is made in Alice's inbox.
fn create(rig: &mut Rig) {
    let (answer, _) = rig.ask(
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"inbox\"/>\
         </m:SavedItemFolderId><m:Items><t:Message><t:Subject>x</t:Subject></t:Message></m:Items></m:CreateItem>",
    );
    assert!(answer.contains("NoError"), "{answer}");
}

/// One of three was taken by another connection meanwhile: it is told so, and nothing is kept of it.
#[test]
fn streams_of_a_batch_are_told_together_and_each_is_kept() {
    let database = database();
    let alice = account(&database, "alice");
    let mut rig = Rig::start(database.options(), settings());
    let named = [0; 3].map(|_| subscribe(&mut rig));
    let contexts = named.each_ref().map(|id| stream(&mut rig, std::slice::from_ref(id)));
    create(&mut rig);
    let ids = named.each_ref().map(|id| SubscriptionId::decode(id).unwrap().id);
    let mut store = Store::connect(&database.options()).unwrap();
    let mut mailbox = store.mailbox(alice.mailbox);
    let before = mailbox.claim_stream(&ids[2..], 8, 60).unwrap()[0].told;
    let call =
        |(held, context): (u64, &Vec<u8>)| HeldCall { held, why: RenderReason::Changed, context: context.clone() };
    rig.send(&Job::Render { job: 99, batch: Batch((5..).zip(&contexts).map(call).collect()) }, &[]);
    let mut reply = rig.reply().0;
    while matches!(reply, Reply::Changed { .. }) {
        reply = rig.reply().0;
    }
    let Reply::RenderedTogether { job: 99, outcomes } = reply else { panic!("{reply:?}") };
    let [one, two, taken] = &outcomes.0[..] else { panic!("{outcomes:?}") };
    for (call, held) in [(one, 5), (two, 6)] {
        let HeldOutcome::Chunk { bytes, .. } = &call.outcome else { panic!("{call:?}") };
        assert!(call.held == held && String::from_utf8_lossy(bytes).contains("CreatedEvent"), "{call:?}");
    }
    let HeldOutcome::Answer { bytes: Body::Inline(bytes), .. } = &taken.outcome else { panic!("{taken:?}") };
    assert!(String::from_utf8_lossy(bytes).contains("ErrorNewEventStreamConnectionOpened"), "{taken:?}");
    // The next job is done when this one's transaction is over.
    create(&mut rig);
    let told = |id| mailbox.subscriptions(&[id]).unwrap()[0].told;
    let told = ids.map(told);
    assert!(told[0].seq > before.seq && told[0] == told[1] && told[2] == before, "{told:?} {before:?}");
}

/// The master goes while a worker is about to tell it something, once after another stream took one of two subscriptions, once not.
#[test]
fn what_a_stream_could_not_be_told_is_not_kept() {
    for overtaken in [true, false] {
        let database = database();
        let alice = account(&database, "alice");
        let mut rig = Rig::start(database.options(), settings());
        let named = [subscribe(&mut rig), subscribe(&mut rig)];
        let ids = named.each_ref().map(|id| SubscriptionId::decode(id).unwrap().id);
        let context = stream(&mut rig, &named);
        create(&mut rig);
        let mut store = Store::connect(&database.options()).unwrap();
        let told = |store: &mut Store| store.mailbox(alice.mailbox).subscriptions(&ids[..1]).unwrap()[0].told;
        let before = told(&mut store);
        let call = HeldCall { held: 5, why: RenderReason::Changed, context };
        let ended = store.transaction(|store| {
            // Until this ends, the worker waits for the row.
            store.mailbox(alice.mailbox).claim_stream(&ids[1..], 8, 60)?;
            rig.send(&Job::Render { job: 1, batch: Batch(vec![call.clone()]) }, &[]);
            rig.channel = seqpacket::pair().unwrap().0;
            if overtaken { Ok(()) } else { Err(StoreError::Subscriptions) }
        });
        assert_eq!(ended.is_ok(), overtaken);
        let worker = rig.worker.take().unwrap();
        assert!(worker.join().is_err(), "nobody hears it");
        assert_eq!(told(&mut store), before, "overtaken: {overtaken}");
    }
}

#[test]
fn a_worker_retires_after_its_number() {
    let database = database();
    account(&database, "alice");
    let mut settings = settings();
    settings.set("process.retire_after=2").unwrap();
    let mut rig = Rig::start(database.options(), settings);
    rig.http("GET / HTTP/1.1", "");
    let (_client, socket) = UnixStream::pair().unwrap();
    let head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
    rig.send(&Job::Http { job: 7, conn: conn(Vec::new()), head, body: Body::Inline(Vec::new()) }, &[&socket]);
    assert!(matches!(rig.reply().0, Reply::Retiring {}));
    assert!(matches!(rig.reply().0, Reply::Idle { .. }));
    rig.worker.take().unwrap().join().unwrap();
}

#[test]
fn counters_reach_the_master_when_it_is_quiet() {
    let database = database();
    account(&database, "alice");
    let mut rig = Rig::start(database.options(), settings());
    rig.http(&format!("{POST}\r\n{}", basic("alice:wrong")), "");
    assert_eq!(rig.any_reply().0, Reply::Tally { what: Count::AuthFailures, n: 1 });
}

#[test]
fn clients_are_told_to_wait_while_the_database_is_away() {
    let mut cluster = Cluster::start();
    let mut rig = Rig::start(cluster.options(), settings());
    cluster.stop();
    let (answer, _) = rig.http(&format!("{POST}\r\n{}", basic("alice:secret")), GET_FOLDER);
    assert!(
        answer.starts_with("HTTP/1.1 500 ")
            && answer.contains("ErrorServerBusy")
            && answer.contains("BackOffMilliseconds"),
        "{answer}"
    );
    let (_, reply) = rig.lmtp(Vec::new(), LmtpInput::Greeting);
    let (said, _) =
        rig.lmtp(context(&reply).0, LmtpInput::Lines(b"LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\n".to_vec()));
    assert!(said.ends_with("451 4.3.0 The mail could not be stored now, try again later\r\n"), "{said}");
    cluster.start_again();
}

#[test]
fn a_slow_reader_is_left_to_the_master() {
    let (mut client, socket) = UnixStream::pair().unwrap();
    let socket = OwnedFd::from(socket);
    let body = vec![b'x'; 5_000_000];
    let super::written::Sent::Part(written) = super::written::send_at_once(&socket, b"head", &body) else {
        panic!("not a part")
    };
    assert!(written > 4 && written < body.len());
    drop(socket);
    let mut all = Vec::new();
    client.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), written);
    let (gone, socket) = UnixStream::pair().unwrap();
    drop(gone);
    assert!(matches!(super::written::send_at_once(&OwnedFd::from(socket), b"x", b""), super::written::Sent::Gone));
    client.write_all(b"x").unwrap_err();
}
