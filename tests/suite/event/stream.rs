//! GetStreamingEvents: the stream as clients read it, what goes down it, and that it neither loses nor doubles anything.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::demo::{Demo, Options};
use crate::support::ews::{CONTENT_TYPE, Ews, PATH, code};
use crate::support::http::{Http, request as http_request};
use crate::support::ops::{
    self, ALL_EVENTS, Id, create_folder, delete, save_request, save_simple, set_field, simple, transfer,
};
use crate::support::stream::{self, Document, Stream, request, subscribe};
use crate::support::xml::Node;
use crate::support::{lmtp, message, shared, sharing, wait};

crate::tests![
    says_at_once_that_it_is_open_and_tells_what_happens,
    tells_the_same_as_pull,
    tells_first_what_happened_while_nobody_read,
    tells_each_subscription_in_a_document_of_its_own,
    tells_fifty_at_most_in_a_document,
    lets_a_document_be_read_before_the_next,
    tells_only_what_was_asked,
    beats_and_ends_as_it_was_asked,
    leaves_its_connection_usable,
    serves_clients_that_know_no_chunks,
    belongs_to_the_newest_connection,
    is_left_alone_when_it_was_told_what_it_lost,
    ends_with_its_subscriptions,
    refuses_what_cannot_be_read,
    tells_that_events_were_lost,
    misses_nothing_where_nothing_concerned_it,
    says_nothing_to_an_account_that_was_disabled,
    forgets_a_client_that_leaves,
    outlives_whatever_dies,
    outlives_a_restart,
    ends_cleanly_when_the_server_stops,
    has_no_more_of_an_account_than_it_may,
];

fn deliver(ews: &Ews, subject: &str) {
    lmtp::deliver(shared::server().lmtp(), &ews.account.address, &message::plain(subject, "x"));
}

fn item_ids(events: &[(String, Node)]) -> Vec<String> {
    events.iter().filter_map(|(_, e)| e.get("t:ItemId")?.attribute("Id").map(str::to_owned)).collect()
}

fn alice(server: &Demo) -> Ews {
    Ews::connect(server, &server.accounts[0])
}

fn says_at_once_that_it_is_open_and_tells_what_happens() {
    let mut ews = shared::mailbox();
    let id = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    let mut stream = Stream::open(&ews, &[&id], 10);
    deliver(&ews, "told at once");
    match stream.news() {
        Document::Events(of, events) => {
            assert_eq!(of, id);
            let events = ops::Events { previous: String::new(), more: false, events };
            assert_eq!(events.kinds(), ["Created", "NewMail", "Modified folder"]);
            assert_eq!(events.events[2].1.text("t:UnreadCount"), Some("1"));
        }
        other => panic!("{other:?}"),
    }
    assert!(stream.http.silent_for(Duration::from_millis(200)), "and nothing else");
}

/// Some clients take what comes within a quarter of a second for one document. The deadline of the silence is far from the pause.
fn lets_a_document_be_read_before_the_next() {
    const BRIEFLY: Duration = Duration::from_millis(100);
    let mut ews = shared::mailbox();
    let id = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
    deliver(&ews, "while nobody read");
    let mut stream = Stream::open(&ews, &[&id], 10);
    assert!(stream.http.silent_for(BRIEFLY), "something follows the word that it is open at once");
    assert_eq!(stream.kinds(), ["NewMail"]);
    deliver(&ews, "close behind");
    assert!(stream.http.silent_for(BRIEFLY), "something follows a notification at once");
    assert_eq!(stream.kinds(), ["NewMail"]);
}

/// Whatever a pull subscription of the same folders is told: the same events, ids, parents, old ids and counts.
fn tells_the_same_as_pull() {
    let mut ews = shared::mailbox();
    let (a, b) = (create_folder(&mut ews, "inbox", "a"), create_folder(&mut ews, "inbox", "b"));
    for folders in [&[a.as_str(), b.as_str(), "inbox"][..], &[]] {
        let mut pull = ops::subscribe(&mut ews, folders, ALL_EVENTS);
        let id = subscribe(&mut ews, folders, ALL_EVENTS);
        let mut stream = Stream::open(&ews, &[&id], 10);
        let item = save_simple(&mut ews, &a, "one");
        set_field(&mut ews, &item, "item:Subject", "<t:Subject>changed</t:Subject>");
        let moved = transfer(&mut ews, "MoveItem", &item, &b);
        transfer(&mut ews, "CopyItem", &moved, &a);
        delete(&mut ews, "SoftDelete", &moved);
        let child = create_folder(&mut ews, &a, "child");
        ews.ok(&format!(
            "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds>{}</m:FolderIds></m:DeleteFolder>",
            ops::folder(&child)
        ));
        deliver(&ews, "last");
        let pulled = ops::drain(&mut ews, &mut pull);
        let streamed = stream.events(pulled.len());
        // Unread counts are those of the look.
        let plain = |events: Vec<(String, Node)>| -> Vec<(String, Node)> {
            let strip = |mut node: Node| {
                node.children.retain(|child| !matches!(child.name.as_str(), "t:Watermark" | "t:UnreadCount"));
                node
            };
            events.into_iter().map(|(kind, event)| (kind, strip(event))).collect()
        };
        assert!(pulled.len() > 12, "{pulled:?}");
        assert_eq!(plain(streamed), plain(pulled));
    }
}

/// Events wait for a connection, are told once, and not again by the next one.
fn tells_first_what_happened_while_nobody_read() {
    let mut ews = shared::mailbox();
    let id = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
    for round in 0..5 {
        deliver(&ews, "before");
        deliver(&ews, "too");
        let mut stream = Stream::open(&ews, &[&id], 10);
        assert_eq!(stream.kinds(), ["NewMail", "NewMail"], "round {round}: all that waits comes together");
        deliver(&ews, "live");
        assert_eq!(stream.kinds(), ["NewMail"]);
    }
    // Nobody has it open, and nothing was left.
    let mut stream = Stream::open(&ews, &[&id], 10);
    deliver(&ews, "only this");
    assert_eq!(stream.kinds(), ["NewMail"]);
}

fn tells_each_subscription_in_a_document_of_its_own() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "watched");
    let ids: Vec<String> = vec![
        subscribe(&mut ews, &["inbox"], &["NewMailEvent"]),
        subscribe(&mut ews, &[], &["NewMailEvent", "CreatedEvent"]),
        subscribe(&mut ews, &[&which], &["DeletedEvent"]),
    ];
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut stream = Stream::open(&ews, &ids, 30);
    deliver(&ews, "for two of them");
    let mut told = vec![stream.news(), stream.news()];
    told.sort_by_key(|document| matches!(document, Document::Events(id, _) if id != ids[0]));
    let counts: Vec<(String, usize)> = told
        .into_iter()
        .map(|document| match document {
            Document::Events(id, events) => (id, events.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, [(ids[0].to_owned(), 1), (ids[1].to_owned(), 2)]);
    // The same id twice is one.
    let mut again = Stream::open(&ews, &[ids[0], ids[0]], 30);
    deliver(&ews, "once");
    assert_eq!(again.kinds(), ["NewMail"]);
}

/// What is left follows at once. The best of several tells: others may have the processors for longer than a pause.
fn tells_fifty_at_most_in_a_document() {
    let mut ews = shared::mailbox().unrecorded();
    let which = create_folder(&mut ews, "inbox", "many");
    let id = subscribe(&mut ews, &[&which], &["CreatedEvent"]);
    let items: String = (0..80).map(|n| simple(&n.to_string(), "x")).collect();
    let mut saved = Vec::new();
    for _ in 0..5 {
        let made = ews.ok(&save_request(&which, &items));
        saved.extend(made.iter().map(|message| Id::of(message.want("m:Items/*")).id));
    }
    let mut stream = Stream::open(&ews, &[&id], 10);
    let (mut told, mut soonest, mut last) = (Vec::new(), Duration::MAX, None);
    while told.len() < saved.len() {
        let events = stream.news().events();
        assert!(events.len() <= 50, "{}", events.len());
        told.extend(item_ids(&events));
        let now = Instant::now();
        soonest = soonest.min(last.map_or(Duration::MAX, |last| now - last));
        last = Some(now);
    }
    assert_eq!(told, saved, "in the order in which they happened");
    assert!(soonest < Duration::from_millis(400), "{soonest:?}");
    let last = save_simple(&mut ews, &which, "last").id;
    assert_eq!(item_ids(&stream.news().events()), [last]);
}

fn tells_only_what_was_asked() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "asked");
    let id = subscribe(&mut ews, &[&which], &["DeletedEvent"]);
    let mut stream = Stream::open(&ews, &[&id], 10);
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(save_simple(&mut ews, &which, &n.to_string()));
        deliver(&ews, "elsewhere");
    }
    delete(&mut ews, "HardDelete", &ids[3]);
    let events = stream.news().events();
    assert_eq!((events.len(), item_ids(&events)), (1, vec![ids[3].id.clone()]));
}

fn quick() -> Options {
    Options::default().set("notifications.heartbeat", 1)
}

/// A heartbeat after each second of silence, and the end after so many seconds, without a worker.
fn beats_and_ends_as_it_was_asked() {
    let server = Demo::start(quick().set("notifications.stream_most", 5));
    let mut ews = alice(&server);
    let id = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    let mut stream = Stream::open(&ews, &[&id], 1);
    let renders = server.status()["counters"]["renders"].clone();
    let mut beats = 0;
    let last = loop {
        match stream.next() {
            document if document.is_beat() => beats += 1,
            other => break other,
        }
    };
    assert!(last.is_closed(), "{last:?}");
    assert!((3..=5).contains(&beats), "{beats} heartbeats in five seconds");
    assert_eq!(stream.try_next(), None);
    assert_eq!(server.status()["counters"]["renders"], renders, "no worker was asked");
    assert_eq!(server.status()["shared_frames"], 0);
}

fn leaves_its_connection_usable() {
    let server = Demo::start(quick().set("notifications.stream_most", 1));
    let mut ews = alice(&server);
    let id = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    for _ in 0..2 {
        // On one connection, stream after stream, and something else.
        ews.send(&request(&[&id], 1), &[]);
        let text = ews.http.reply().text();
        assert!(text.matches("</Envelope>").count() >= 2 && text.contains(">Closed<"), "{text}");
        ops::get_folder(&mut ews, "inbox", "Default", &[]);
    }
    ews.send(&request(&[&id], 1), &["Connection: close"]);
    assert!(ews.http.reply().closes() && ews.http.closed());
}

/// HTTP/1.0: documents one behind the other, and the end of the connection is theirs.
fn serves_clients_that_know_no_chunks() {
    let server = Demo::start(quick().set("notifications.stream_most", 3));
    let mut ews = alice(&server);
    let id = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
    lmtp::deliver(server.lmtp(), &ews.account.address, &message::plain("old", "x"));
    for keep in ["Connection: close", "Connection: keep-alive"] {
        let mut http = Http::connect(server.http());
        let body = ews.envelope(&request(&[&id], 1));
        let head = http_request("POST", PATH, &[CONTENT_TYPE, &ews.authorization(), keep], body.as_bytes());
        let head = String::from_utf8(head).unwrap().replace("HTTP/1.1", "HTTP/1.0");
        http.send(head.as_bytes());
        let reply = http.reply();
        assert!(reply.closes() && reply.header("transfer-encoding").is_none(), "{:?}", reply.headers);
        let text = reply.text();
        let documents: Vec<&str> = text.split_inclusive("</Envelope>").collect();
        assert!(documents.len() >= 3 && documents.iter().all(|one| one.starts_with("<?xml")), "{text}");
        assert!(documents[0].contains(">OK<") && documents.last().unwrap().contains(">Closed<"), "{text}");
        assert_eq!(text.contains("NewMailEvent"), keep == "Connection: close", "told once: {text}");
    }
}

fn belongs_to_the_newest_connection() {
    let mut ews = shared::mailbox();
    let (one, two) = (subscribe(&mut ews, &["inbox"], &["NewMailEvent"]), subscribe(&mut ews, &[], &["NewMailEvent"]));
    let mut first = Stream::open(&ews, &[&one, &two], 10);
    let mut second = Stream::open(&ews, &[&one], 10);
    let taken = "ErrorNewEventStreamConnectionOpened".to_owned();
    assert_eq!(first.news(), Document::Error(taken.clone(), vec![one.clone()]), "at once");
    deliver(&ews, "for both");
    assert_eq!(second.kinds(), ["NewMail"]);
    assert!(matches!(first.news(), Document::Events(id, _) if id == two), "the other one lives on");
    let _third = Stream::open(&ews, &[&two, &one], 10);
    assert_eq!(first.news(), Document::Error(taken.clone(), vec![two.clone()]));
    first.ends();
    assert_eq!(second.news(), Document::Error(taken, vec![one.clone()]));
    second.ends();
}

/// It goes on with the subscription that it has left, at no cost, and is told as well when that goes, too.
fn is_left_alone_when_it_was_told_what_it_lost() {
    let server = Demo::start(quick());
    let mut ews = alice(&server);
    let ids: Vec<String> = (0..3).map(|_| subscribe(&mut ews, &["inbox"], &["NewMailEvent"])).collect();
    let mut first = Stream::open(&ews, &[&ids[0], &ids[1], &ids[2]], 10);
    let renders = || server.status()["counters"]["renders"].as_u64().unwrap();
    let mut others = Vec::new();
    for id in &ids {
        others.push(Stream::open(&ews, &[id], 10));
        let taken = Document::Error("ErrorNewEventStreamConnectionOpened".into(), vec![id.clone()]);
        assert_eq!(first.news(), taken, "at once");
        if others.len() == ids.len() {
            return first.ends();
        }
        let before = renders();
        for _ in 0..2 {
            assert!(first.next().is_beat());
        }
        let more = renders() - before;
        assert!(more < 3, "{more} looks at what had nothing to tell");
    }
}

fn ends_with_its_subscriptions() {
    let mut ews = shared::mailbox();
    let ids: Vec<String> = (0..2).map(|_| subscribe(&mut ews, &["inbox"], &["NewMailEvent"])).collect();
    let mut stream = Stream::open(&ews, &[&ids[0], &ids[1]], 10);
    for id in &ids {
        ews.one(&format!("<m:Unsubscribe><m:SubscriptionId>{id}</m:SubscriptionId></m:Unsubscribe>"));
        assert_eq!(stream.news(), Document::Error("ErrorSubscriptionNotFound".into(), vec![id.clone()]), "at once");
    }
    stream.ends();
}

/// An id that is none, one that is gone, one that expired, a pull subscription, another's; also beside a good one.
fn refuses_what_cannot_be_read() {
    let mut ews = shared::mailbox();
    let mut other = shared::mailbox();
    let good = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    let pull = ops::subscribe(&mut ews, &["inbox"], ALL_EVENTS).id;
    let (gone, old) = (subscribe(&mut ews, &["inbox"], ALL_EVENTS), subscribe(&mut ews, &["drafts"], ALL_EVENTS));
    ews.one(&format!("<m:Unsubscribe><m:SubscriptionId>{gone}</m:SubscriptionId></m:Unsubscribe>"));
    let left =
        format!("ends > now() and account in (select account from account where login = '{}')", ews.account.login);
    shared::server().query(&format!(
        "update subscription set ends = now() - interval '1 second' where kind = 1 and {left} and id <> (select id from \
         subscription where kind = 1 and {left} order by id desc limit 1) returning 1"
    ));
    // Which of the two it is does not matter.
    let dead: Vec<String> = [&good, &old]
        .into_iter()
        .filter(|id| answer(&mut ews, &[id]).first().is_some_and(|code| code == "ErrorExpiredSubscription"))
        .cloned()
        .collect();
    assert_eq!(dead.len(), 1);
    let (good, old) = if dead[0] == good { (old, good) } else { (good, old) };
    for (id, expected) in [
        ("AAAA", "ErrorInvalidSubscription"),
        (gone.as_str(), "ErrorSubscriptionNotFound"),
        (old.as_str(), "ErrorExpiredSubscription"),
        (pull.as_str(), "ErrorInvalidSubscription"),
    ] {
        for ids in [&[id][..], &[&good, id]] {
            ews.send(&request(ids, 1), &[]);
            let reply = ews.http.reply();
            assert_eq!(reply.status, 200);
            let text = reply.text();
            let documents: Vec<&str> = text.split_inclusive("</Envelope>").collect();
            assert_eq!(documents.len(), 2, "{text}");
            let message = Node::parse(documents[0]).find("m:ResponseMessages").unwrap().children[0].clone();
            assert_eq!(code(&message), expected);
            let named = message.all("m:ErrorSubscriptionIds/m:SubscriptionId");
            assert_eq!(named.iter().map(|id| id.text.as_str()).collect::<Vec<_>>(), [id], "the bad one only");
            assert!(documents[1].contains("<m:ConnectionStatus>Closed</m:ConnectionStatus>"), "{text}");
        }
    }
    assert_eq!(answer(&mut other, &[&good]), ["ErrorSubscriptionAccessDenied", "NoError"]);
    let many: Vec<&str> = vec![good.as_str(); 201];
    assert_eq!(answer(&mut ews, &many), ["ErrorInvalidSubscriptionRequest"]);
    for minutes in [0, 31] {
        let answer = ews.again().unrecorded().call_with(&request(&[&good], minutes), &[]);
        assert_eq!((answer.status, answer.fault_code().as_str()), (500, "ErrorSchemaValidation"));
    }
    // It was not harmed by all that.
    let mut stream = Stream::open(&ews, &[&good], 10);
    save_simple(&mut ews, "inbox", "well");
    save_simple(&mut ews, "drafts", "well");
    stream.news().events();
}

/// The codes of all documents of an answer that ends at once.
fn answer(ews: &mut Ews, ids: &[&str]) -> Vec<String> {
    let mut again = ews.again();
    again.send(&request(ids, 1), &[]);
    let head = again.http.read_head().unwrap();
    if head.header("transfer-encoding").is_some() {
        return Vec::new();
    }
    let length = head.header("content-length").unwrap().parse().unwrap();
    let text = String::from_utf8(again.http.take(length).unwrap()).unwrap();
    let documents = text.split_inclusive("</Envelope>");
    documents.map(|one| Node::parse(one).find("m:ResponseCode").unwrap().text.clone()).collect()
}

/// As if all changes so far were older than the journal is kept.
fn trim(server: &Demo) {
    server.query(
        "with gone as (update counter set trimmed = seq returning mailbox, trimmed) \
         delete from journal using gone where journal.mailbox = gone.mailbox and seq <= trimmed returning 1",
    );
}

/// The journal lost what lies between: it is said, and the stream goes on from there.
fn tells_that_events_were_lost() {
    let server = Demo::start(Options::default());
    let mut ews = alice(&server);
    let id = subscribe(&mut ews, &["inbox"], &["CreatedEvent"]);
    save_simple(&mut ews, "inbox", "lost");
    trim(&server);
    let mut stream = Stream::open(&ews, &[&id], 10);
    assert_eq!(stream.news(), Document::Error("ErrorMissedNotificationEvents".into(), vec![id.clone()]));
    let item = save_simple(&mut ews, "inbox", "told");
    assert_eq!(item_ids(&stream.news().events()), [item.id]);
    drop(stream);
    let mut stream = Stream::open(&ews, &[&id], 10);
    let item = save_simple(&mut ews, "inbox", "also");
    assert_eq!(item_ids(&stream.news().events()), [item.id], "it is said once");
}

/// A folder where nothing happens, in a mailbox where much does: streams come and go, and what the journal loses is none of theirs.
fn misses_nothing_where_nothing_concerned_it() {
    let server = Demo::start(Options::default());
    let mut ews = alice(&server);
    let folder = subscribe(&mut ews, &["drafts"], &["CreatedEvent"]);
    let kind = subscribe(&mut ews, &["inbox"], &["DeletedEvent"]);
    let ids = [folder.as_str(), kind.as_str()];
    for subject in ["one", "two"] {
        let item = save_simple(&mut ews, "inbox", subject);
        set_field(&mut ews, &item, "item:Subject", "<t:Subject>changed</t:Subject>");
        drop(Stream::open(&ews, &ids, 10));
        trim(&server);
        let mut stream = Stream::open(&ews, &ids, 10);
        let item = save_simple(&mut ews, "drafts", subject);
        assert_eq!(item_ids(&stream.news().events()), [item.id]);
    }
}

fn says_nothing_to_an_account_that_was_disabled() {
    let server = Demo::start(Options::default());
    let (mut ews, mut bob) = (alice(&server), Ews::connect(&server, &server.accounts[1]));
    sharing::lend(&mut ews, "inbox", &bob.account.address, "Editor");
    let id = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    let mut stream = Stream::open(&ews, &[&id], 10);
    server.ewsctl(&["account", "disable", &ews.account.login]);
    // Her mailbox lives on for those with whom she shared it.
    let inbox = sharing::named(&ews.account.address, "inbox");
    bob.one(&format!(
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId>{inbox}</m:SavedItemFolderId><m:Items>{}</m:Items>\
         </m:CreateItem>",
        ops::simple("secret", "x")
    ));
    assert_eq!(stream.try_next(), None);
}

fn forgets_a_client_that_leaves() {
    let server = Demo::start(Options::default());
    let mut ews = alice(&server);
    let ids: Vec<String> = (0..10).map(|_| subscribe(&mut ews, &["inbox"], &["NewMailEvent"])).collect();
    let mut streams: Vec<Stream> = ids.iter().map(|id| Stream::open(&ews, &[id], 10)).collect();
    wait::true_within("all are held", wait::LONG, || server.connections("held") == 10);
    assert_eq!(server.status()["streams"], 10);
    streams.truncate(4);
    wait::true_within("six are gone", wait::LONG, || server.connections("held") == 4);
    lmtp::deliver(server.lmtp(), &ews.account.address, &message::plain("the rest", "x"));
    for stream in &mut streams {
        assert_eq!(stream.kinds(), ["NewMail"]);
    }
    drop(streams);
    wait::true_within("all are gone", wait::LONG, || server.connections("held") == 0);
    // Those who were away are told now.
    for id in &ids[4..] {
        assert_eq!(Stream::open(&ews, &[id], 10).kinds(), ["NewMail"]);
    }
}

/// kill -9 of workers and of PostgreSQL: the stream stays, and tells each event once.
fn outlives_whatever_dies() {
    let server = Demo::start(Options { workers: 2, ..Options::default() });
    let mut ews = alice(&server).unrecorded();
    let id = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
    let mut stream = Stream::open(&ews, &[&id], 30);
    let (mut told, mut sent) = (Vec::new(), 0);
    let deliver = |sender: &mut lmtp::Lmtp| {
        let replies = sender.deliver("a@elsewhere.test", &[&ews.account.address], &message::plain("x", "x"));
        replies[0].code == 250
    };
    for round in 0..4 {
        let mut sender = lmtp::Lmtp::hello(server.lmtp());
        for _ in 0..5 {
            wait::true_within("mail is taken", wait::LONG, || deliver(&mut sender));
            sent += 1;
        }
        for pid in server.workers() {
            let _ = kill(Pid::from_raw(pid as i32), Signal::SIGKILL);
        }
        if round % 2 == 1 {
            let pid = server.postmaster().expect("PostgreSQL runs");
            let _ = kill(Pid::from_raw(pid as i32), Signal::SIGKILL);
            wait::true_within("another runs", wait::LONG, || server.postmaster().is_some_and(|now| now != pid));
        }
        while told.len() < sent {
            told.extend(item_ids(&stream.news().events()));
        }
    }
    let unique: std::collections::HashSet<&String> = told.iter().collect();
    assert_eq!((told.len(), unique.len()), (sent, sent));
}

/// The subscription lies in the database: it waits there for the next start of everything.
fn outlives_a_restart() {
    let server = Demo::start(Options::default());
    let mut ews = alice(&server);
    let id = subscribe(&mut ews, &["inbox"], &["CreatedEvent"]);
    let mut stream = Stream::open(&ews, &[&id], 10);
    let seen = save_simple(&mut ews, "inbox", "seen");
    assert_eq!(item_ids(&stream.news().events()), [seen.id]);
    drop(stream);
    let missed = save_simple(&mut ews, "inbox", "missed");
    let server = server.restart();
    let ews = alice(&server);
    let mut stream = Stream::open(&ews, &[&id], 10);
    assert_eq!(item_ids(&stream.news().events()), [missed.id]);
}

fn ends_cleanly_when_the_server_stops() {
    let server = Demo::start(Options::default());
    let mut ews = alice(&server);
    let id = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    let mut stream = Stream::open(&ews, &[&id], 10);
    wait::true_within("it is held", wait::LONG, || server.connections("held") == 1);
    server.stop().unwrap();
    stream.ends();
    assert_eq!(stream::request(&[&id], 1).matches("SubscriptionId>").count(), 2);
}

/// One that takes the place of another is let in all the same.
fn has_no_more_of_an_account_than_it_may() {
    let server = Demo::start(Options::default().set("limits.streams_per_account", 2));
    let mut ews = alice(&server);
    let ids: Vec<String> = (0..3).map(|_| subscribe(&mut ews, &["inbox"], &["CreatedEvent"])).collect();
    let mut first = Stream::open(&ews, &[&ids[0]], 10);
    let second = Stream::open(&ews, &[&ids[1]], 10);
    wait::true_within("both are held", wait::LONG, || server.connections("held") == 2);
    let mut third = Stream::open(&ews, &[&ids[2]], 10);
    assert_eq!(third.news(), Document::Error("ErrorExceededConnectionCount".into(), Vec::new()));
    third.ends();
    let mut again = Stream::open(&ews, &[&ids[0]], 10);
    assert_eq!(first.news(), Document::Error("ErrorNewEventStreamConnectionOpened".into(), vec![ids[0].clone()]));
    first.ends();
    save_simple(&mut ews, "inbox", "told");
    assert_eq!(again.events(1).len(), 1);
    drop(second);
    wait::true_within("there is room again", wait::LONG, || server.connections("held") == 1);
    let mut third = Stream::open(&ews, &[&ids[2]], 10);
    assert_eq!(third.events(1).len(), 1, "nothing was lost by the refusal");
    let mut other = Ews::connect(&server, &server.accounts[1]);
    let id = subscribe(&mut other, &["inbox"], &["CreatedEvent"]);
    Stream::open(&other, &[&id], 10);
    // An archiver may have more.
    server.ewsctl(&["account", "set", &server.accounts[0].address, "exempt=yes"]);
    let mut fourth = Stream::open(&ews, &[&ids[1]], 10);
    save_simple(&mut ews, "inbox", "for all");
    for stream in [&mut again, &mut third, &mut fourth] {
        assert!(!stream.events(1).is_empty());
    }
}
