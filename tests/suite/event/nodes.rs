//! Several nodes on one database: what changes on one wakes clients that are held on another, what is lost on the way is found by
//! the sweep, and what one remembers of accounts is void when another changes them.

use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::demo::{Account, Demo, Options};
use crate::support::ews::{self, Ews};
use crate::support::ops::{Subscription, events_of, events_request, get_folder, poll, subscribe};
use crate::support::stream::{self, Document, Stream};
use crate::support::{http, lmtp, message, port, process, wait};

crate::tests![
    a_change_on_one_node_wakes_a_client_held_on_another,
    what_a_lost_herald_did_not_tell_is_found,
    an_account_changed_on_one_node_is_changed_on_all,
    a_proof_of_an_old_password_ends_on_all_nodes,
    a_stream_ends_when_another_node_takes_its_subscription,
    masters_share_a_port_and_tell_of_each_other,
];

/// Long enough that whatever comes before it did not come by it.
const NEVER: u64 = 3600;
/// Seconds between sweeps where they are what is tested.
const SWEEP: u64 = 1;

/// Two nodes: the second works on the first one's private database.
struct Two {
    // Dropped first: its database is the first one's.
    second: Demo,
    first: Demo,
}

impl Two {
    fn start(sweep: u64) -> Two {
        let options =
            || Options::default().set("notifications.sweep_seconds", sweep).set("auth.failures_per_minute", 0);
        Two::with(options(), options())
    }

    fn with(first: Options, second: Options) -> Two {
        let first = Demo::start(first);
        let url = format!("host={} user=ewsd dbname=ewsd", first.folder.join("state/pg-run").display());
        let key = first.folder.join("state/secrets.key");
        let second = Demo::start(second.set("database.url", url).set("auth.key_file", key.display()));
        let two = Two { second, first };
        two.until_they_know();
        two
    }

    fn until_they_know(&self) {
        for node in [&self.first, &self.second] {
            wait::true_within("it knows of the other", wait::LONG, || node.status()["other_nodes"] == 1);
        }
    }

    fn account(&self) -> &Account {
        &self.first.accounts[0]
    }

    /// Mail that comes in by the second node.
    fn deliver(&self, subject: &str) {
        lmtp::deliver(self.second.lmtp(), &self.account().address, &message::plain(subject, "x"));
    }
}

/// A client of the first node.
struct Client {
    ews: Ews,
    subscription: Subscription,
}

impl Client {
    fn new(two: &Two) -> Client {
        let mut ews = Ews::connect(&two.first, two.account());
        let subscription = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
        Client { ews, subscription }
    }

    fn is_held(&mut self, two: &Two) {
        self.ews.send(&events_request(&self.subscription), &["Prefer: wait=300"]);
        wait::true_within("it is held", wait::LONG, || two.first.connections("held") == 1);
    }

    fn answer(&mut self) -> Vec<String> {
        let events = events_of(&self.ews.receive());
        self.subscription.watermark = events.watermark();
        events.kinds()
    }
}

fn herald(node: &Demo) -> u32 {
    wait::until("there is a herald", wait::LONG, || process::workers(node.master(), "herald").first().copied())
}

/// The sweeps are an hour apart, so it can only be the herald.
fn a_change_on_one_node_wakes_a_client_held_on_another() {
    let two = Two::start(NEVER);
    let mut client = Client::new(&two);
    let mut times = Vec::new();
    for n in 0..20 {
        client.is_held(&two);
        two.deliver(&format!("number {n}"));
        let begun = Instant::now();
        assert_eq!(client.answer(), ["NewMail"]);
        times.push(begun.elapsed());
    }
    times.sort();
    println!("from the 250 of one node to the answer of the other: median {:?}, worst {:?}", times[10], times[19]);
    // Many changes at once: none is lost and none doubled.
    for n in 0..50 {
        two.deliver(&format!("burst {n}"));
    }
    let mut seen = 0;
    while seen < 50 {
        seen +=
            poll(&mut client.ews, &mut client.subscription).kinds().iter().filter(|kind| *kind == "NewMail").count();
    }
    assert_eq!(seen, 50);
}

/// A herald that is killed, one whose session PostgreSQL ends, and changes meanwhile.
fn what_a_lost_herald_did_not_tell_is_found() {
    let two = Two::start(SWEEP);
    let mut client = Client::new(&two);
    // With the tellers stopped nothing is told: the sweep alone finds it.
    client.is_held(&two);
    let stopped = herald(&two.second);
    kill(Pid::from_raw(stopped as i32), Signal::SIGSTOP).expect("it is stopped");
    two.deliver("by the sweep");
    assert_eq!(client.answer(), ["NewMail"]);
    kill(Pid::from_raw(stopped as i32), Signal::SIGCONT).expect("it goes on");
    for node in [&two.first, &two.second] {
        client.is_held(&two);
        let old = herald(node);
        kill(Pid::from_raw(old as i32), Signal::SIGKILL).expect("it is killed");
        two.deliver("while a herald dies");
        assert_eq!(client.answer(), ["NewMail"]);
        wait::true_within("a new one stands", wait::LONG, || herald(node) != old);
    }
    two.until_they_know();
    client.is_held(&two);
    let ended = two.first.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ewsd herald' and datname = 'ewsd'",
    );
    assert!(!ended.is_empty() && ended.iter().all(|row| row == "t"), "{ended:?}");
    two.deliver("while sessions end");
    assert_eq!(client.answer(), ["NewMail"]);
    // And it is as before: both have a session again and know of each other.
    wait::true_within("both have a session", wait::LONG, || {
        let count = two.first.query("select count(*) from pg_stat_activity where application_name = 'ewsd herald' and wait_event = 'ClientRead'");
        count == ["2"]
    });
    client.is_held(&two);
    two.deliver("afterwards");
    assert_eq!(client.answer(), ["NewMail"]);
    assert_eq!(poll(&mut client.ews, &mut client.subscription).kinds(), ["Status"], "nothing came twice");
}

/// Whether these credentials open the account on that node.
fn opens(node: &Demo, account: &Account) -> bool {
    let mut client = Ews::connect(node, account).unrecorded();
    let line = ews::basic(&account.login, &account.password);
    let envelope = client.envelope("<m:GetServerTimeZones/>");
    client.http.send(&http::request("POST", ews::PATH, &[ews::CONTENT_TYPE, &line], envelope.as_bytes()));
    match client.http.reply().status {
        401 => false,
        200 => true,
        other => panic!("status {other}"),
    }
}

/// The success cache holds for minutes; another node's change ends it within a second.
fn an_account_changed_on_one_node_is_changed_on_all() {
    let two = Two::start(NEVER);
    let account = two.account().clone();
    let within_a_second = |what: &str, wanted: bool| {
        let begun = Instant::now();
        wait::true_within(what, wait::LONG, || opens(&two.second, &account) == wanted);
        println!("{what}: after {:?} on the other node", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}: by more than the caches' time");
    };
    assert!(opens(&two.second, &account), "it is remembered now");
    two.first.ewsctl(&["account", "disable", &account.login]);
    assert!(!opens(&two.first, &account), "at once where it was changed");
    within_a_second("a disabled account", false);
    two.first.ewsctl(&["account", "enable", &account.login]);
    within_a_second("an enabled account", true);
    let output = two.first.ewsctl_with(&["account", "password", &account.login, "--password-stdin"], b"another one\n");
    assert!(output.status.success(), "{output:?}");
    within_a_second("the old password", false);
    let renewed = Account { password: "another one".to_owned(), ..account.clone() };
    assert!(opens(&two.second, &renewed), "the new password");
    // By no program of ours.
    two.first.query(&format!("update account set disabled = true where login = '{}'", account.login));
    wait::true_within("a change by hand", wait::LONG, || !opens(&two.second, &renewed));
}

/// Whether curl opens the account on that node by one of its schemes (`--ntlm`).
fn opens_by(node: &Demo, scheme: &str, account: &Account) -> bool {
    let output = Command::new("curl")
        .args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "60", scheme])
        .args(["-u", &format!("{}:{}", account.login, account.password)])
        .arg(format!("http://{}{}", node.http(), ews::PATH))
        .output()
        .expect("curl runs");
    match String::from_utf8_lossy(&output.stdout).as_ref() {
        "200" => true,
        "401" => false,
        other => panic!("{scheme}: {other}"),
    }
}

/// What workers remember of a proof holds for minutes, too: a change ends it at once where it was made, elsewhere within a second.
fn a_proof_of_an_old_password_ends_on_all_nodes() {
    let options = || {
        Options::default()
            .set("auth.failures_per_minute", 0)
            .set("auth.ntlm", true)
            .set("auth.digest", true)
            .set("server.trusted_proxies", "[\"127.0.0.9\"]")
    };
    let two = Two::with(options(), options());
    for (scheme, account) in [("--ntlm", &two.first.accounts[0]), ("--digest", &two.first.accounts[1])] {
        let within_a_second = |what: &str| {
            let begun = Instant::now();
            wait::true_within(what, wait::LONG, || !opens_by(&two.second, scheme, account));
            println!("{scheme}, {what}: after {:?} on the other node", begun.elapsed());
            assert!(begun.elapsed() < Duration::from_secs(10), "{scheme}, {what}: by more than the caches' time");
        };
        // Each worker of each has seen it.
        for node in [&two.first, &two.second].iter().cycle().take(8) {
            assert!(opens_by(node, scheme, account), "{scheme}: it is remembered now");
        }
        two.first.ewsctl(&["account", "disable", &account.login]);
        assert!(!opens_by(&two.first, scheme, account), "{scheme}: at once where it was changed");
        within_a_second("a disabled account");
        two.first.ewsctl(&["account", "enable", &account.login]);
        wait::true_within("an enabled account", wait::LONG, || opens_by(&two.second, scheme, account));
        assert!(opens_by(&two.first, scheme, account), "{scheme}: enabled");
        let arguments = ["account", "password", &account.login, "--password-stdin"];
        let output = two.first.ewsctl_with(&arguments, b"another one\n");
        assert!(output.status.success(), "{output:?}");
        assert!(!opens_by(&two.first, scheme, account), "{scheme}: the old password, at once");
        within_a_second("the old password");
        let renewed = Account { password: "another one".to_owned(), ..account.clone() };
        assert!(opens_by(&two.second, scheme, &renewed), "{scheme}: the new password");
        two.first.ewsctl(&["account", "delete", &account.login, "--yes"]);
        assert!(!opens_by(&two.first, scheme, &renewed), "{scheme}: removed");
        wait::true_within("a removed account", wait::LONG, || !opens_by(&two.second, scheme, &renewed));
    }
}

/// Of two connections with one subscription the older ends, wherever they are.
fn a_stream_ends_when_another_node_takes_its_subscription() {
    let two = Two::start(NEVER);
    let mut first = Ews::connect(&two.first, two.account());
    let second = Ews::connect(&two.second, two.account());
    let id = stream::subscribe(&mut first, &["inbox"], &["NewMailEvent"]);
    let mut older = Stream::open(&first, &[&id], 5);
    wait::true_within("it is held", wait::LONG, || two.first.connections("held") == 1);
    let mut newer = Stream::open(&second, &[&id], 5);
    let told = older.news();
    assert_eq!(told, Document::Error("ErrorNewEventStreamConnectionOpened".to_owned(), vec![id.clone()]));
    older.ends();
    two.deliver("for the newer");
    assert_eq!(newer.kinds(), ["NewMail"]);
}

fn masters_share_a_port_and_tell_of_each_other() {
    let port = port::free().port();
    let options = || Options::default().set("server.http", format!("127.0.0.1:{port} reuseport"));
    let two = Two::with(options(), options());
    assert_eq!((two.first.http().port(), two.second.http().port()), (port, port));
    let mut clients: Vec<Ews> = (0..40).map(|_| Ews::connect(&two.first, two.account()).unrecorded()).collect();
    for client in &mut clients {
        get_folder(client, "inbox", "IdOnly", &[]);
    }
    let each: Vec<u64> = [&two.first, &two.second].iter().map(|node| node.connections("idle")).collect();
    println!("40 connections over one port went to {each:?}");
    assert!(each.iter().all(|n| *n > 0) && each.iter().sum::<u64>() >= 40, "{each:?}");

    let nodes: Value = serde_json::from_str(&two.second.ewsctl(&["--json", "status", "--all-nodes"])).expect("JSON");
    let mut pids: Vec<u64> =
        nodes.as_array().expect("a list").iter().map(|n| n["pid"].as_u64().expect("a pid")).collect();
    pids.sort_unstable();
    let mut masters = [u64::from(two.first.master()), u64::from(two.second.master())];
    masters.sort_unstable();
    assert_eq!(pids, masters);
    assert!(nodes.as_array().into_iter().flatten().all(|node| node["status"]["ready"] == true), "{nodes:#}");
    let text = two.first.ewsctl(&["status", "--all-nodes"]);
    assert!(text.contains("2 nodes, 0 held calls"), "{text}");
    two.second.stop().expect("it stops");
    wait::true_within("the first is alone", wait::LONG, || two.first.status()["other_nodes"] == 0);
    let text = two.first.ewsctl(&["status", "--all-nodes"]);
    assert!(text.contains("1 nodes"), "{text}");
}
