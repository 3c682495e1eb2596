//! A standby of PostgreSQL takes over. One that the primary waited for (synchronous) has everything that was acknowledged: clients go on
//! with the watermarks that they have. One that had not heard of the end has lost it: what clients know of that is refused, and none
//! of its numbers is given again.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::chaos::{assert_folder_counters, assert_no_gap};
use super::database::{GET_INBOX, Held, Strict, settled};
use crate::support::demo::{Account, Demo, Options};
use crate::support::ews::Ews;
use crate::support::ops::{
    ALL_EVENTS, Id, Subscription, create_folder, drain, events_of, events_request, get_error, hierarchy_request, poll,
    save_request, save_simple, set_read, shape, simple, subscribe, sync, sync_all, sync_hierarchy, sync_request,
};
use crate::support::postgres::Postgres;
use crate::support::stream::{self, Document, Stream};
use crate::support::{lmtp, message, wait};

crate::tests![
    a_synchronous_standby_takes_over_and_nothing_is_lost,
    what_a_standby_had_not_heard_of_is_refused_and_never_given_again,
    streams_that_are_opened_again_after_a_fail_over_tell_each_event_once,
    a_stream_whose_end_was_lost_says_so_and_one_opened_again_goes_on,
    what_no_standby_has_is_not_acknowledged,
];

/// A primary and its standby.
struct Pair {
    standby: Postgres,
    primary: Postgres,
}

impl Pair {
    fn start() -> (Pair, Demo) {
        Pair::start_with(settled())
    }

    fn start_with(options: Options) -> (Pair, Demo) {
        let primary = Postgres::start();
        let pair = Pair { standby: primary.standby(), primary };
        let hosts = format!("{},{}", pair.primary.host(), pair.standby.host());
        let url = format!("host={hosts} user=ewsd dbname=ewsd target_session_attrs=read-write");
        let server = Demo::start(options.set("database.url", url));
        (pair, server)
    }

    /// From now on nothing is acknowledged that the standby does not have.
    fn synchronous(&self) {
        self.primary.psql("alter system set synchronous_standby_names = '*'");
        self.primary.pg_ctl(&["reload"]);
        wait::true_within("the standby is waited for", wait::LONG, || {
            self.primary.ask("select sync_state from pg_stat_replication") == "sync"
        });
    }

    /// The standby has everything so far, and hears of nothing more.
    fn part(&self) {
        let now = self.primary.ask("select pg_current_wal_insert_lsn()");
        let has_it = format!("select pg_last_wal_replay_lsn() >= '{now}'");
        wait::true_within("the standby has everything", wait::LONG, || self.standby.ask(&has_it) == "t");
        self.standby.psql("alter system set primary_conninfo = ''");
        self.standby.pg_ctl(&["reload"]);
        wait::true_within("it hears of nothing", wait::LONG, || {
            self.primary.ask("select count(*) from pg_stat_replication") == "0"
        });
    }

    fn fail_over(&self) {
        self.primary.kill();
        self.standby.pg_ctl(&["promote"]);
    }
}

/// Somebody who waits for mail, all the time.
struct Watcher {
    ews: Ews,
    subscription: Subscription,
    /// Kind and item of each event.
    seen: HashSet<(String, String)>,
    busy: usize,
}

impl Watcher {
    fn new(server: &Demo, account: &Account) -> Watcher {
        let mut ews = Ews::connect(server, account).unrecorded();
        let subscription = subscribe(&mut ews, &["inbox"], &["NewMailEvent", "CreatedEvent"]);
        Watcher { ews, subscription, seen: HashSet::new(), busy: 0 }
    }

    /// Until `over`, and then to the end of what there is.
    fn watch(&mut self, over: &AtomicBool) {
        loop {
            let is_over = over.load(Ordering::SeqCst);
            let prefer = if is_over { "Prefer: wait=0" } else { "Prefer: wait=300" };
            let answer = self.ews.call_with(&events_request(&self.subscription), &[prefer]);
            if answer.status == 500 {
                assert_eq!(answer.fault_code(), "ErrorServerBusy");
                self.busy += 1;
                std::thread::park_timeout(std::time::Duration::from_millis(2));
                continue;
            }
            let events = events_of(&answer);
            self.subscription.watermark = events.watermark();
            let told: Vec<_> = events.events.iter().filter(|(kind, _)| kind != "StatusEvent").collect();
            for (kind, event) in &told {
                let item = event.want("t:ItemId").attribute("Id").expect("its id").to_owned();
                assert!(self.seen.insert((kind.clone(), item)), "{kind} of an item was told twice");
            }
            if is_over && told.is_empty() {
                return;
            }
        }
    }

    /// The items of which it was told that they came.
    fn items(&self, kind: &str) -> HashSet<String> {
        self.seen.iter().filter(|(told, _)| told == kind).map(|(_, item)| item.clone()).collect()
    }
}

/// The ids of all items of an inbox.
fn inbox(ews: &mut Ews) -> HashSet<String> {
    let (mut all, mut state) = (HashSet::new(), String::new());
    loop {
        let page = sync(ews, "inbox", &state, 512);
        let ids = page.changes.iter().map(|(_, item)| item.find("t:ItemId").and_then(|id| id.attribute("Id")));
        all.extend(ids.map(|id| id.expect("its id").to_owned()));
        if page.last {
            return all;
        }
        state = page.state;
    }
}

fn a_synchronous_standby_takes_over_and_nothing_is_lost() {
    let (pair, server) = Pair::start();
    pair.synchronous();
    let mut held = Held::start(&server, 20);
    let (strict, over) = (Strict::default(), AtomicBool::new(false));
    let people = &server.accounts[..2];
    let mut watchers: Vec<Watcher> = (0..6).map(|n| Watcher::new(&server, &people[n % people.len()])).collect();
    std::thread::scope(|scope| {
        for account in people {
            scope.spawn(|| strict.soap(server.http(), account));
            scope.spawn(|| strict.mail(server.lmtp(), account));
        }
        let watching: Vec<_> = watchers.iter_mut().map(|watcher| scope.spawn(|| watcher.watch(&over))).collect();
        let served = || {
            let before = strict.count();
            wait::true_within("all are served", wait::LONG, || strict.count() > before + 40);
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            served();
            pair.fail_over();
            served();
        }));
        strict.stop.store(true, Ordering::SeqCst);
        over.store(true, Ordering::SeqCst);
        // Whoever is held hears of it by one more message.
        while outcome.is_ok() && watching.iter().any(|thread| !thread.is_finished()) {
            people
                .iter()
                .for_each(|account| lmtp::deliver(server.lmtp(), &account.address, &message::plain("end", "x")));
        }
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    let wrong = strict.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{} wrong answers: {:.3000}", wrong.len(), wrong.join("\n"));
    let busy: usize = watchers.iter().map(|watcher| watcher.busy).sum();
    println!(
        "{} changes acknowledged, {} times busy; those who wait were told {busy} times to wait",
        strict.count(),
        strict.busy.load(Ordering::SeqCst)
    );
    assert_eq!(
        pair.standby.ask("select number, pg_is_in_recovery() from incarnation"),
        "2|f",
        "another one, and known"
    );
    let there = server.query("select subject from item where subject like 'saved %' or subject like 'delivered %'");
    let unique: HashSet<String> = there.iter().cloned().collect();
    let acknowledged = strict.acknowledged.lock().unwrap();
    let lost: Vec<&String> = acknowledged.difference(&unique).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:.5?}", lost.len(), acknowledged.len());
    assert_eq!(there.len(), unique.len(), "nothing is there twice");
    for watcher in &mut watchers {
        // The last messages may have come after who was told of the first of them.
        watcher.watch(&over);
        let there = inbox(&mut watcher.ews);
        assert_eq!(watcher.items("CreatedEvent"), there);
        assert!(watcher.items("NewMailEvent").is_subset(&there));
    }
    assert_eq!(server.connections("held"), 20, "held clients stay held");
    held.wake(&server);
    assert_no_gap(&server);
    assert_folder_counters(&server);
    drop(server);
}

/// Makes and changes things; all ids and change keys that were given on the way, and the items.
fn work(ews: &mut Ews, changed: &Id, name: &str) -> (HashSet<String>, Vec<Id>) {
    let mut all = HashSet::new();
    let items: Vec<Id> = (0..5).map(|n| save_simple(ews, "inbox", &format!("{name} {n}"))).collect();
    let read = set_read(ews, changed, name.len() % 2 == 0);
    all.extend(items.iter().chain([&read]).map(|id| id.key.clone()));
    all.extend(items.iter().map(|id| id.id.clone()));
    all.insert(create_folder(ews, "msgfolderroot", name));
    (all, items)
}

fn what_a_standby_had_not_heard_of_is_refused_and_never_given_again() {
    let (pair, server) = Pair::start();
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let kept = save_simple(&mut ews, "inbox", "kept");
    let mut early = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    let state = sync_all(&mut ews, "inbox");
    let hierarchy = sync_hierarchy(&mut ews, "").state;
    pair.part();
    let (given, lost) = work(&mut ews, &kept, "lost");
    let mut late = early.clone();
    assert!(drain(&mut ews, &mut late).len() > 5);
    let (late_state, late_hierarchy) = (sync_all(&mut ews, "inbox"), sync_hierarchy(&mut ews, &hierarchy).state);
    let mut held = Ews::connect(&server, &server.accounts[0]);
    held.send(&events_request(&late), &["Prefer: wait=300"]);
    wait::true_within("it is held", wait::LONG, || server.connections("held") == 1);
    pair.fail_over();
    wait::true_within("it serves", wait::LONG, || ews.call_with(GET_INBOX, &[]).codes() == ["NoError"]);
    // What was told of the end that was lost is known as that, at once where somebody waits.
    assert_eq!(held.receive().codes(), ["ErrorInvalidWatermark"]);
    for round in 0..2 {
        assert_eq!(ews.error(&events_request(&late)), "ErrorInvalidWatermark", "{round}");
        let request = sync_request("inbox", &late_state, 10, &shape("IdOnly", &[]));
        assert_eq!(ews.error(&request), "ErrorInvalidSyncStateData", "{round}");
        let request = hierarchy_request(&late_hierarchy, &shape("IdOnly", &[]));
        assert_eq!(ews.error(&request), "ErrorInvalidSyncStateData", "{round}");
        for id in &lost {
            assert_eq!(get_error(&mut ews, id), "ErrorItemNotFound");
        }
        if round == 0 {
            // What is older goes on, and whatever is new is new.
            assert_eq!(poll(&mut ews, &mut early).kinds(), ["Status"]);
            let (new, items) = work(&mut ews, &kept, "new");
            assert!(new.is_disjoint(&given), "{:?} were given twice", new.intersection(&given).collect::<Vec<_>>());
            let told = drain(&mut ews, &mut early);
            let created =
                told.iter().filter(|(kind, event)| kind == "CreatedEvent" && event.find("t:ItemId").is_some());
            assert_eq!(created.count(), items.len());
            let page = sync(&mut ews, "inbox", &state, 20);
            assert_eq!(page.kinds().into_iter().filter(|kind| *kind == "Create").count(), items.len());
            assert!(sync_hierarchy(&mut ews, &hierarchy).kinds().contains(&"Create"));
        }
    }
    let early = server.query("select count(*) from journal j, lost l where j.mailbox = l.mailbox and j.seq > l.survived and j.seq <= l.resumed");
    assert_eq!(early, ["0"], "no number of the lost end was given again");
    assert_no_gap(&server);
    assert_folder_counters(&server);
    drop(server);
}

/// The items that a stream's document tells of.
fn items_of(document: Document) -> Vec<String> {
    let events = document.events();
    events.iter().map(|(_, event)| event.want("t:ItemId").attribute("Id").expect("its id").to_owned()).collect()
}

/// How far a fail-over has come.
#[derive(Default)]
struct Phase(AtomicUsize);

impl Phase {
    const BEFORE: usize = 0;
    const DURING: usize = 1;
    const AFTER: usize = 2;

    fn now(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn begin(&self, phase: usize) {
        self.0.store(phase, Ordering::SeqCst);
    }
}

/// When a client opens its stream again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// Once, after the fail-over, when it was told something since.
    Once,
    /// After every few events, whatever the database does.
    Often,
}

/// Somebody who reads streams of one subscription, one after the other.
struct Reader {
    ews: Ews,
    habit: Habit,
    id: String,
    /// Each item of which it was told that it came, and at which phase that stream had been asked for.
    seen: HashMap<String, usize>,
    /// How many were told by a stream before the fail-over and by another one after it.
    again: usize,
    opened: usize,
    busy: usize,
}

impl Reader {
    fn new(server: &Demo, account: &Account, habit: Habit) -> Reader {
        let mut ews = Ews::connect(server, account).unrecorded();
        let id = stream::subscribe(&mut ews, &["inbox"], &["CreatedEvent"]);
        Reader { ews, habit, id, seen: HashMap::new(), again: 0, opened: 0, busy: 0 }
    }

    /// A stream that is open, and the phase at which it was asked for. While the database is away, that is said.
    fn open(&mut self, phase: &Phase) -> (Stream, usize) {
        loop {
            let asked = phase.now();
            match Stream::try_open(&self.ews, &[&self.id], 30) {
                Ok(stream) => {
                    self.opened += 1;
                    return (stream, asked);
                }
                Err(code) => assert_eq!(code, "ErrorServerBusy"),
            }
            self.busy += 1;
            std::thread::park_timeout(std::time::Duration::from_millis(2));
        }
    }

    /// Until it was told of as many items as there are, which is said at last (0: not yet).
    fn read(&mut self, phase: &Phase, items: &AtomicUsize) {
        let (mut stream, mut asked) = self.open(phase);
        let (mut since_opened, mut done, mut beats) = (0, false, 0);
        loop {
            let wanted = items.load(Ordering::SeqCst);
            if wanted > 0 && self.seen.len() >= wanted {
                return;
            }
            let document = stream.next();
            if document.is_beat() {
                beats += usize::from(wanted > 0);
                assert!(beats < 30, "{} of {wanted} are told, and no more for half a minute", self.seen.len());
            } else {
                since_opened += self.note(document, asked, phase.now());
                beats = 0;
            }
            let again = match self.habit {
                Habit::Often => since_opened >= 5,
                // What it was told is kept by the new primary as soon as it was told something by it.
                Habit::Once => !done && phase.now() == Phase::AFTER && since_opened > 0,
            };
            if phase.now() != Phase::AFTER && self.habit == Habit::Once {
                since_opened = 0;
            } else if again {
                done = true;
                since_opened = 0;
                (stream, asked) = self.again(phase, (stream, asked));
            }
        }
    }

    /// Opens another stream and reads the one before it to its end: what was on its way there is not told again.
    fn again(&mut self, phase: &Phase, (mut before, asked): (Stream, usize)) -> (Stream, usize) {
        let opened = self.open(phase);
        while let Some(document) = before.try_next() {
            match document {
                Document::Error(code, ids) => {
                    assert_eq!((code.as_str(), ids), ("ErrorNewEventStreamConnectionOpened", vec![self.id.clone()]));
                }
                document if document.is_beat() || document.is_closed() => {}
                document => {
                    self.note(document, asked, phase.now());
                }
            }
        }
        opened
    }

    /// Told twice may be what a stream was told just before the fail-over, and only by one that was opened since: how far a stream
    /// was told is not waited for. Says how many events it were.
    fn note(&mut self, document: Document, asked: usize, now: usize) -> usize {
        let items = items_of(document);
        for item in &items {
            let Some(first) = self.seen.insert(item.clone(), asked) else { continue };
            self.again += 1;
            let may_be = self.habit == Habit::Often && first != Phase::AFTER && now != Phase::BEFORE;
            assert!(may_be, "told twice: by a stream of phase {first} and by one of phase {asked}, at {now}");
        }
        items.len()
    }
}

fn streams_that_are_opened_again_after_a_fail_over_tell_each_event_once() {
    let (pair, server) = Pair::start_with(settled().set("notifications.heartbeat", 1));
    pair.synchronous();
    let (strict, phase, items) = (Strict::default(), Phase::default(), AtomicUsize::new(0));
    let person = &server.accounts[0];
    let habits = [Habit::Once, Habit::Often, Habit::Once, Habit::Often];
    let mut readers: Vec<Reader> = habits.iter().map(|habit| Reader::new(&server, person, *habit)).collect();
    std::thread::scope(|scope| {
        let reading: Vec<_> = readers
            .iter_mut()
            .map(|reader| {
                let (phase, items) = (&phase, &items);
                scope.spawn(move || reader.read(phase, items))
            })
            .collect();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            std::thread::scope(|working| {
                working.spawn(|| strict.soap(server.http(), person));
                working.spawn(|| strict.mail(server.lmtp(), person));
                let served = || {
                    let before = strict.count();
                    wait::true_within("all are served", wait::LONG, || strict.count() > before + 40);
                };
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    served();
                    phase.begin(Phase::DURING);
                    pair.fail_over();
                    phase.begin(Phase::AFTER);
                    served();
                }));
                strict.stop.store(true, Ordering::SeqCst);
                outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            });
            inbox(&mut Ews::connect(&server, person).unrecorded()).len()
        }));
        // A number that nobody reaches would be waited for until the test's end.
        items.store(*outcome.as_ref().unwrap_or(&1), Ordering::SeqCst);
        for thread in reading {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    let wrong = strict.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{} wrong answers: {:.3000}", wrong.len(), wrong.join("\n"));
    let there = inbox(&mut Ews::connect(&server, person).unrecorded());
    let acknowledged = strict.count();
    assert!(there.len() >= acknowledged, "{} of {acknowledged} are there", there.len());
    for reader in &mut readers {
        let told: HashSet<String> = reader.seen.keys().cloned().collect();
        assert_eq!(told, there);
        assert!(reader.opened >= 2);
        // Nothing of that is told to whoever opens it now.
        let (mut stream, _) = reader.open(&phase);
        let last = save_simple(&mut reader.ews, "inbox", "last").id;
        let mut told = Vec::new();
        // Those of the readers before it are new to it, too.
        while !told.contains(&last) {
            told.extend(items_of(stream.news()));
        }
        assert!(told.iter().all(|item| !there.contains(item)), "told before: {told:?}");
    }
    let sum = |of: fn(&Reader) -> usize| readers.iter().map(of).sum::<usize>();
    println!(
        "{acknowledged} changes acknowledged; streams opened {} times, {} times busy, {} events of before the fail-over told again",
        sum(|reader| reader.opened),
        sum(|reader| reader.busy),
        sum(|reader| reader.again)
    );
    assert_no_gap(&server);
    drop(server);
}

/// The standby had not heard of what streams were told last. One that stays open says that events were lost, and goes on; one that
/// was opened again goes on from where the standby knows it to be. Neither is told anything twice.
fn a_stream_whose_end_was_lost_says_so_and_one_opened_again_goes_on() {
    let (pair, server) = Pair::start_with(settled().set("notifications.heartbeat", 1));
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let ids: Vec<String> = (0..2).map(|_| stream::subscribe(&mut ews, &["inbox"], &["CreatedEvent"])).collect();
    let mut streams: Vec<Stream> = ids.iter().map(|id| Stream::open(&ews, &[id], 30)).collect();
    let kept = save_simple(&mut ews, "inbox", "kept");
    for stream in &mut streams {
        assert_eq!(items_of(stream.news()), std::slice::from_ref(&kept.id));
    }
    pair.part();
    let lost = save_simple(&mut ews, "inbox", "lost");
    for stream in &mut streams {
        assert_eq!(items_of(stream.news()), std::slice::from_ref(&lost.id));
    }
    let (stays, goes) = (streams.remove(0), streams.remove(0));
    let (mut stays, _) = (stays, drop(goes));
    pair.fail_over();
    wait::true_within("it serves", wait::LONG, || ews.call_with(GET_INBOX, &[]).codes() == ["NoError"]);
    let mut again = Stream::open(&ews, &[&ids[1]], 30);
    let missed = Document::Error("ErrorMissedNotificationEvents".to_owned(), vec![ids[0].clone()]);
    let said = (0..30).map(|_| stays.next()).find(|document| !document.is_beat());
    assert_eq!(said, Some(missed), "though nothing else happens");
    for n in 0..3 {
        let new = save_simple(&mut ews, "inbox", &format!("new {n}"));
        assert_ne!(new.id, lost.id);
        assert_eq!(items_of(stays.news()), std::slice::from_ref(&new.id));
        assert_eq!(items_of(again.news()), [new.id]);
    }
    assert_eq!(server.connections("held"), 2);
    drop(server);
}

/// A commit that waits for a standby is on this machine's disk already: cancelled, PostgreSQL calls it done, with a warning.
fn what_no_standby_has_is_not_acknowledged() {
    let primary = Postgres::start();
    let url = format!("host={} user=ewsd dbname=ewsd", primary.host());
    let server = Demo::start(settled().set("database.url", url).set("limits.request_seconds", 2));
    let account = &server.accounts[0];
    let mut ews = Ews::connect(&server, account).unrecorded();
    save_simple(&mut ews, "inbox", "before");
    let standbys = |names: &str| {
        primary.psql(&format!("alter system set synchronous_standby_names = '{names}'"));
        primary.pg_ctl(&["reload"]);
    };
    standbys("nobody");
    // Those that are made until all processes of PostgreSQL know it are done.
    wait::true_within("it waits for a standby", wait::LONG, || {
        let reply = ews.call_with(&save_request("inbox", &simple("alone", "x")), &[]);
        reply.status == 500 && reply.fault_code() == "ErrorServerBusy"
    });
    let mail = lmtp::try_deliver(server.lmtp(), &account.address, &message::plain("alone", "x"), wait::LONG);
    assert_eq!(mail.expect("an answer"), 451);
    standbys("");
    wait::true_within("it serves", wait::LONG, || {
        ews.call_with(&save_request("inbox", &simple("after", "x")), &[]).codes() == ["NoError"]
    });
    drop(server);
}
