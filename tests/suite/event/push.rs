//! Push notifications: a web service of the test's own is called, hears everything at least once and in order, and is called only
//! where that is allowed.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::ops::{self, ALL_EVENTS, create_folder, events_request, save_simple, subscribe_request};
use crate::support::receiver::{Call, Mood, Receiver, result};
use crate::support::sharing::{give, lend};
use crate::support::smtp::Certificate;
use crate::support::{lmtp, message, process, shared, wait};

crate::tests![
    calls_at_once_and_for_every_change,
    tells_fifty_at_most_in_a_call,
    ends_when_the_subscriber_says_so,
    tries_again_by_the_ladder_and_tells_the_same,
    gives_up_when_the_next_retry_would_come_too_late,
    begins_at_a_watermark,
    refuses_addresses_that_are_not_allowed,
    follows_no_redirects_and_waits_for_nobody,
    calls_by_tls_whom_it_trusts,
    watches_lent_folders_only_while_they_are_lent,
    outlives_whatever_dies,
    is_called_by_another_node_when_one_is_gone,
];

fn push_request(folders: &[&str], events: &[&str], minutes: u32, url: &str, more: &str) -> String {
    let url = url.replace('&', "&amp;");
    subscribe_request(folders, events, 10).replace("PullSubscriptionRequest", "PushSubscriptionRequest").replace(
        "<t:Timeout>10</t:Timeout>",
        &format!("{more}<t:StatusFrequency>{minutes}</t:StatusFrequency><t:URL>{url}</t:URL>"),
    )
}

/// Subscribes, and takes the first call, which says that nothing has happened yet.
fn subscribe(ews: &mut Ews, folders: &[&str], events: &[&str], receiver: &Receiver) -> (String, Call) {
    let message = ews.one(&push_request(folders, events, 1, &receiver.url(), ""));
    let first = receiver.call();
    assert_eq!(first.kinds(), ["Status"]);
    assert_eq!(first.events().previous, message.want("m:Watermark").text);
    (message.want("m:SubscriptionId").text.clone(), first)
}

fn alice(server: &Demo) -> Ews {
    Ews::connect(server, &server.accounts[0])
}

fn subjects_of(ews: &mut Ews, calls: &[Call]) -> Vec<String> {
    let ids = calls.iter().flat_map(|call| call.events().events);
    let ids = ids.filter_map(|(_, event)| event.get("t:ItemId")?.attribute("Id").map(str::to_owned));
    ids.map(|id| {
        let id = ops::Id { id, key: String::new() };
        ops::get_fields(ews, &id, &["item:Subject"]).text("t:Subject").unwrap_or_default().to_owned()
    })
    .collect()
}

fn calls_at_once_and_for_every_change() {
    let mut ews = shared::mailbox();
    let receiver = Receiver::start();
    let data = "<t:CallerData>a b &lt;c&gt;</t:CallerData>";
    let request =
        push_request(&["inbox"], ALL_EVENTS, 1, &receiver.url(), "").replace("</t:URL>", &format!("</t:URL>{data}"));
    let id = ews.one(&request).want("m:SubscriptionId").text.clone();
    let first = receiver.call();
    assert_eq!(first.head[0], "POST /push?a=b HTTP/1.1");
    assert_eq!(first.header("host"), Some(receiver.address.to_string().as_str()));
    assert_eq!(first.header("content-type"), Some("text/xml; charset=utf-8"));
    let action = "\"http://schemas.microsoft.com/exchange/services/2006/messages/SendNotification\"";
    assert_eq!(first.header("soapaction"), Some(action));
    assert_eq!(first.header("callerdata"), Some("a b <c>"));
    assert_eq!(first.kinds(), ["Status"]);
    assert_eq!(first.message().want("m:Notification").text("t:SubscriptionId"), Some(id.as_str()));
    let mut last = first.events().watermark();
    lmtp::deliver(shared::server().lmtp(), &ews.account.address, &message::plain("told", "x"));
    let call = receiver.call();
    assert_eq!(call.kinds(), ["Created", "NewMail", "Modified folder"]);
    let mut told = vec![call];
    for n in 0..5 {
        save_simple(&mut ews, "inbox", &format!("number {n}"));
        told.push(receiver.call());
    }
    for call in &told {
        assert_eq!(call.events().previous, last, "each goes on where the one before ended");
        last = call.events().watermark();
    }
    save_simple(&mut ews, "drafts", "not watched");
    // The id is no pull subscription's.
    let wrong = ops::Subscription { id: id.clone(), watermark: last };
    assert_eq!(ews.error(&events_request(&wrong)), "ErrorInvalidPullSubscriptionId");
    let request = format!("<m:Unsubscribe><m:SubscriptionId>{id}</m:SubscriptionId></m:Unsubscribe>");
    assert_eq!(ews.error(&request), "ErrorInvalidPullSubscriptionId");
    receiver.answers(Mood::Unsubscribe);
    save_simple(&mut ews, "inbox", "the last");
    receiver.call();
    assert_eq!(receiver.count(), 8);
}

fn tells_fifty_at_most_in_a_call() {
    let mut ews = shared::mailbox();
    let receiver = Receiver::start();
    receiver.answers(Mood::Raw("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_owned()));
    ews.one(&push_request(&["inbox"], &["CreatedEvent"], 1440, &receiver.url(), ""));
    receiver.call();
    let items: String = (0..70).map(|n| ops::simple(&format!("item {n}"), "x")).collect();
    ews.ok(&ops::save_request("inbox", &items));
    receiver.answers(Mood::Ok);
    // The retry comes half a minute later; it is brought forward, as by time.
    shared::server().query("update push set due = now() where failures > 0");
    let mut calls = Vec::new();
    let mut told = 0;
    while told < 70 {
        let call = receiver.call();
        let events = call.events();
        assert!(events.events.len() <= 50);
        told += events.events.iter().filter(|(kind, _)| kind == "CreatedEvent").count();
        assert_eq!(events.more, told < 70);
        calls.push(call);
    }
    assert_eq!(told, 70);
    let subjects = subjects_of(&mut ews, &calls);
    assert_eq!(subjects, (0..70).map(|n| format!("item {n}")).collect::<Vec<_>>());
    receiver.answers(Mood::Unsubscribe);
    save_simple(&mut ews, "inbox", "the last");
    receiver.call();
}

fn ends_when_the_subscriber_says_so() {
    let server = Demo::start(Options::default());
    let mut ews = alice(&server);
    let receiver = Receiver::start();
    subscribe(&mut ews, &["inbox"], &["CreatedEvent"], &receiver);
    receiver.answers(Mood::Unsubscribe);
    save_simple(&mut ews, "inbox", "one");
    assert_eq!(receiver.call().kinds(), ["Created"]);
    wait::true_within("the subscription is gone", wait::LONG, || {
        server.query("select count(*) from subscription") == ["0"] && server.query("select count(*) from push") == ["0"]
    });
    save_simple(&mut ews, "inbox", "two");
    let counters = server.status()["counters"].clone();
    assert_eq!((counters["pushes_heard"].as_u64(), receiver.count()), (Some(2), 2), "{counters}");
}

/// With one second as the first step: 1, 2, 4 seconds after the first failure.
fn tries_again_by_the_ladder_and_tells_the_same() {
    let server = Demo::start(Options::default().set("notifications.push_retry_seconds", 1));
    let mut ews = alice(&server);
    let receiver = Receiver::start();
    let (_, first) = subscribe(&mut ews, &["inbox"], &["CreatedEvent"], &receiver);
    let bad = ["HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", &result("Perhaps"), "nonsense"];
    receiver.answers(Mood::Raw(bad[0].to_owned()));
    let item = save_simple(&mut ews, "inbox", "once");
    let mut calls = Vec::new();
    for n in 0..4 {
        let call = receiver.call();
        assert_eq!(call.events().previous, first.events().watermark(), "the same place");
        assert_eq!(
            call.events().events[0].1.want("t:ItemId").attribute("Id"),
            Some(item.id.as_str()),
            "the same event"
        );
        receiver.answers(if n == 2 { Mood::Ok } else { Mood::Raw(bad[n % 3].to_owned()) });
        calls.push(call);
    }
    // Each has its time after the first failure: one that comes late does not put off the next.
    let after: Vec<Duration> = calls[1..].iter().map(|call| call.at - calls[0].at).collect();
    println!("after the first call: {after:?}");
    let least = [900, 1_900, 3_900].map(Duration::from_millis);
    assert!(after.iter().zip(least).all(|(after, least)| *after >= least), "{after:?}");
    save_simple(&mut ews, "inbox", "twice");
    let call = receiver.call();
    assert_eq!(call.events().previous, calls[3].events().watermark());
    assert_eq!(call.kinds(), ["Created"]);
}

fn gives_up_when_the_next_retry_would_come_too_late() {
    let server = Demo::start(Options::default().set("notifications.push_retry_seconds", 1));
    let mut ews = alice(&server);
    let receiver = Receiver::start();
    subscribe(&mut ews, &["inbox"], &["CreatedEvent"], &receiver);
    receiver.answers(Mood::Raw("HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n".to_owned()));
    save_simple(&mut ews, "inbox", "never heard");
    receiver.call();
    // The span of the ladder is StatusFrequency; it is made to be nearly over.
    wait::true_within("it failed", wait::LONG, || {
        let sql = "update push set failures = 6, first_failed = now() - interval '59 seconds', due = now() \
                   where failures > 0 and holder is null returning 1";
        server.query(sql).first().is_some_and(|row| row == "1")
    });
    server.ewsctl(&["queue", "retry", "--all"]);
    receiver.call();
    wait::true_within("it was given up", wait::LONG, || server.query("select count(*) from subscription") == ["0"]);
    assert!(server.log_text().contains("a push subscription in mailbox"), "the log says so");
}

fn begins_at_a_watermark() {
    let mut ews = shared::mailbox();
    let receiver = Receiver::start();
    let pull = ops::subscribe(&mut ews, &["inbox"], &["CreatedEvent"]);
    let item = save_simple(&mut ews, "inbox", "before");
    let from = format!("<t:Watermark>{}</t:Watermark>", pull.watermark);
    ews.one(&push_request(&["inbox"], &["CreatedEvent"], 1, &receiver.url(), &from));
    let call = receiver.call();
    assert_eq!(call.events().previous, pull.watermark);
    assert_eq!(call.events().events[0].1.want("t:ItemId").attribute("Id"), Some(item.id.as_str()));
    receiver.answers(Mood::Unsubscribe);
    save_simple(&mut ews, "inbox", "the last");
    receiver.call();
}

fn refuses_addresses_that_are_not_allowed() {
    let mut ews = shared::mailbox();
    for url in [
        "http://192.0.2.1/",
        "http://10.0.0.1:8080/x",
        "http://169.254.169.254/latest",
        "http://[2001:db8::1]/",
        "http://[::ffff:192.0.2.1]/",
        "ftp://127.0.0.1/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "file:///etc/passwd",
        "127.0.0.1",
    ] {
        let request = push_request(&["inbox"], ALL_EVENTS, 1, url, "");
        assert_eq!(ews.error(&request), "ErrorInvalidPushSubscriptionUrl", "{url}");
    }
    // Names are judged when they are called, each time anew: a list that becomes shorter counts at once.
    let server = Demo::start(Options::default().set("notifications.push_retry_seconds", 1));
    let mut ews = alice(&server);
    let receiver = Receiver::start();
    let by_name = receiver.url().replace("127.0.0.1", "localhost");
    ews.one(&push_request(&["inbox"], &["CreatedEvent"], 1, &by_name, ""));
    receiver.call();
    let text = std::fs::read_to_string(server.config()).expect("the settings");
    let line = "[notifications]\npush_networks = [\"192.0.2.0/24\"]\n";
    let without: String =
        text.lines().filter(|line| !line.contains("push_networks")).map(|line| format!("{line}\n")).collect();
    let changed = if without.contains("[notifications]\n") {
        without.replace("[notifications]\n", line)
    } else {
        format!("{without}\n{line}")
    };
    std::fs::write(server.config(), changed).expect("the settings are written");
    server.ewsctl(&["reload"]);
    wait::true_within("the new courier stands", wait::LONG, || server.status()["reloading"] == false);
    let before = receiver.count();
    save_simple(&mut ews, "inbox", "not told");
    wait::true_within("the call failed", wait::LONG, || {
        server.query("select count(*) from push where failures > 0") == ["1"]
    });
    assert_eq!(receiver.count(), before, "nobody was called");
}

/// A redirect is a failure, and who says nothing costs its own call only.
fn follows_no_redirects_and_waits_for_nobody() {
    let server =
        Demo::start(Options::default().set("notifications.push_seconds", 1).set("notifications.push_retry_seconds", 1));
    let mut ews = alice(&server);
    let (elsewhere, silent, good) = (Receiver::start(), Receiver::start(), Receiver::start());
    let redirecting = Receiver::start();
    let location = elsewhere.url();
    redirecting
        .answers(Mood::Raw(format!("HTTP/1.1 307 Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")));
    silent.answers(Mood::Silent);
    for receiver in [&redirecting, &silent] {
        ews.one(&push_request(&["inbox"], &["CreatedEvent"], 1, &receiver.url(), ""));
    }
    subscribe(&mut ews, &["inbox"], &["CreatedEvent"], &good);
    for n in 0..3 {
        save_simple(&mut ews, "inbox", &format!("number {n}"));
        assert_eq!(good.call().kinds(), ["Created"]);
    }
    // Both are tried again, and none of it led anywhere else.
    redirecting.call();
    redirecting.call();
    silent.call();
    silent.call();
    assert_eq!(elsewhere.count(), 0);
}

fn calls_by_tls_whom_it_trusts() {
    let folder = std::env::temp_dir().join(format!("ewsd-push-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let certificate = Certificate::make(&folder);
    let trusting = Options::default().set("notifications.push_ca", certificate.certificate.display());
    for (options, trusted) in [(trusting, true), (Options::default(), false)] {
        let server = Demo::start(options);
        let mut ews = alice(&server);
        let receiver = Receiver::with(Some(&certificate));
        let url = format!("https://localhost:{}/x", receiver.address.port());
        ews.one(&push_request(&["inbox"], &["CreatedEvent"], 1, &url, ""));
        if trusted {
            assert_eq!(receiver.call().kinds(), ["Status"]);
            save_simple(&mut ews, "inbox", "over TLS");
            assert_eq!(receiver.call().kinds(), ["Created"]);
        } else {
            wait::true_within("it failed", wait::LONG, || {
                server.query("select count(*) from push where failures > 0") == ["1"]
            });
            assert_eq!(receiver.count(), 0);
        }
    }
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

fn watches_lent_folders_only_while_they_are_lent() {
    let server = Demo::start(Options::default());
    let (mut owner, mut reader) = (alice(&server), Ews::connect(&server, &server.accounts[1]));
    let folder = create_folder(&mut owner, "inbox", "lent");
    lend(&mut owner, &folder, &reader.account.address, "Reviewer");
    let receiver = Receiver::start();
    subscribe(&mut reader, &[&folder], &["CreatedEvent"], &receiver);
    save_simple(&mut owner, &folder, "seen");
    assert_eq!(receiver.call().kinds(), ["Created"]);
    give(&mut owner, &folder, "");
    save_simple(&mut owner, &folder, "secret");
    wait::true_within("it ended", wait::LONG, || server.query("select count(*) from subscription") == ["0"]);
    assert_eq!(receiver.count(), 2);
}

fn courier(server: &Demo) -> u32 {
    wait::until("there is a courier", wait::LONG, || process::workers(server.master(), "courier").first().copied())
}

/// Nothing is lost to couriers that are killed in the middle of a call, to PostgreSQL's restart, or to the server's.
fn outlives_whatever_dies() {
    let mut server = Demo::start(Options::default().set("notifications.push_retry_seconds", 1));
    let receiver = Receiver::start();
    let mut ews = alice(&server);
    let (_, first) = subscribe(&mut ews, &["inbox"], &["CreatedEvent"], &receiver);
    let place = first.events().watermark();
    receiver.answers(Mood::Silent);
    save_simple(&mut ews, "inbox", "while a courier dies");
    assert_eq!(receiver.call().events().previous, place);
    let old = courier(&server);
    kill(Pid::from_raw(old as i32), Signal::SIGKILL).expect("it is killed");
    receiver.answers(Mood::Ok);
    let again = receiver.call();
    assert_eq!(again.events().previous, place, "it is told again");
    assert_eq!(again.kinds(), ["Created"]);
    wait::true_within("a new one stands", wait::LONG, || courier(&server) != old);
    server.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ewsd courier' and datname = 'ewsd'",
    );
    save_simple(&mut ews, "inbox", "while its session ends");
    let call = receiver.call();
    assert_eq!(call.events().previous, again.events().watermark());
    assert_eq!(call.kinds(), ["Created"]);
    server = server.restart();
    let mut ews = alice(&server);
    save_simple(&mut ews, "inbox", "after a restart");
    let after = receiver.call();
    assert_eq!(after.events().previous, call.events().watermark());
    assert_eq!(after.kinds(), ["Created"]);
}

/// The node on which somebody subscribed is not needed.
fn is_called_by_another_node_when_one_is_gone() {
    let first = Demo::start(Options::default());
    let url = format!("host={} user=ewsd dbname=ewsd", first.folder.join("state/pg-run").display());
    let second = Demo::start(Options::default().set("database.url", url).set("notifications.sweep_seconds", 1));
    let receiver = Receiver::start();
    subscribe(&mut alice(&second), &["inbox"], &["CreatedEvent"], &receiver);
    second.stop().expect("it stops");
    save_simple(&mut alice(&first), "inbox", "told by whoever is there");
    assert_eq!(receiver.call().kinds(), ["Created"]);
}
