//! Clients that take whatever may happen to a server for what it is: an answer, the word that it is busy or full, or a
//! connection that ends. What was not acknowledged is in doubt from then on: it may have been done or not, but not twice.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::mirror::{Item as Seen, ItemCopy, Random};
use crate::support::demo::{Account, Demo};
use crate::support::ews::{CONTENT_TYPE, Ews, PATH, basic, code, envelope};
use crate::support::http::Http;
use crate::support::lmtp::try_deliver;
use crate::support::ops::{
    Events, Id, Subscription, delete_request, events_request, save_request, set, simple, subscribe, transfer_request,
    update_request,
};
use crate::support::xml::Node;
use crate::support::{message, wait};

/// Where items are.
pub const PLACES: &[&str] = &["inbox", "drafts", "junkemail"];
/// Whoever has no answer by then hangs: some ten times what may take longest, on a machine that has other work.
const HANGS: Duration = Duration::from_secs(90);
/// How long a client rests that has nothing to do.
const REST: Duration = Duration::from_millis(30);
/// How long one stays away that was not served: whatever it tries meanwhile would be in doubt.
const PAUSE: Duration = Duration::from_millis(300);

/// Where the server is, and what its clients have to say of it.
#[derive(Clone)]
pub struct Doors(Arc<Inner>);

struct Inner {
    addresses: Mutex<(SocketAddr, SocketAddr)>,
    closed: AtomicBool,
    /// Of each kind: done, refused, lost.
    done: AtomicUsize,
    refused: AtomicUsize,
    lost: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

/// What became of a call.
pub enum Outcome {
    Done(Box<Node>),
    /// Busy or full, in words.
    Refused,
    /// No answer.
    Lost,
}

impl Doors {
    pub fn new(server: &Demo) -> Doors {
        let number = || AtomicUsize::new(0);
        Doors(Arc::new(Inner {
            addresses: Mutex::new((server.http(), server.lmtp())),
            closed: AtomicBool::new(false),
            done: number(),
            refused: number(),
            lost: number(),
            wrong: Mutex::default(),
        }))
    }

    /// The server is elsewhere.
    pub fn moved(&self, server: &Demo) {
        *self.0.addresses.lock().unwrap() = (server.http(), server.lmtp());
    }

    fn http(&self) -> SocketAddr {
        self.0.addresses.lock().unwrap().0
    }

    fn lmtp(&self) -> SocketAddr {
        self.0.addresses.lock().unwrap().1
    }

    pub fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
    }

    /// How many calls went well so far.
    pub fn done(&self) -> usize {
        self.0.done.load(Ordering::SeqCst)
    }

    fn note(&self, wrong: String) {
        eprintln!("havoc: {wrong:.1000}");
        self.0.wrong.lock().unwrap().push(wrong);
    }

    pub fn wrong(&self) -> Vec<String> {
        self.0.wrong.lock().unwrap().clone()
    }

    pub fn summary(&self) -> String {
        let [done, refused, lost] =
            [&self.0.done, &self.0.refused, &self.0.lost].map(|count| count.load(Ordering::SeqCst));
        format!("{done} calls went well, {refused} were refused, {lost} had no answer")
    }

    /// Does something again and again until the doors close. Who panics has seen something wrong.
    pub fn work(&self, mut act: impl FnMut(&Doors)) {
        while !self.0.closed.load(Ordering::SeqCst) {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| act(self))) {
                let said = panic.downcast_ref::<String>().cloned();
                return self.note(said.unwrap_or_else(|| "a client panicked".to_owned()));
            }
        }
    }

    fn count(&self, outcome: Outcome) -> Outcome {
        let count = match outcome {
            Outcome::Done(_) => &self.0.done,
            Outcome::Refused => &self.0.refused,
            Outcome::Lost => &self.0.lost,
        };
        count.fetch_add(1, Ordering::SeqCst);
        if !matches!(outcome, Outcome::Done(_)) {
            std::thread::park_timeout(PAUSE);
        }
        outcome
    }
}

/// What refusals may say.
const REFUSALS: &[&str] = &["ErrorServerBusy", "ErrorInsufficientResources"];

/// One connection of an account, which is made anew when it has ended.
struct Caller {
    account: Account,
    http: Option<Http>,
}

impl Caller {
    fn new(account: &Account) -> Caller {
        Caller { account: account.clone(), http: None }
    }

    /// Calls an operation on one object.
    fn call(&mut self, doors: &Doors, operation: &str, headers: &[&str]) -> Outcome {
        let outcome = self.ask(doors, operation, headers);
        doors.count(outcome)
    }

    fn ask(&mut self, doors: &Doors, operation: &str, headers: &[&str]) -> Outcome {
        let Some(mut http) = self.http.take().or_else(|| Http::try_connect(doors.http()).ok()) else {
            return Outcome::Lost;
        };
        http.stream.set_read_timeout(Some(HANGS)).unwrap();
        let authorization = basic(&self.account.login, &self.account.password);
        let mut lines = vec![CONTENT_TYPE, authorization.as_str()];
        lines.extend_from_slice(headers);
        let body = envelope(Some("Exchange2013_SP1"), "", operation);
        let reply = match http.try_post(PATH, &lines, body.as_bytes()) {
            Ok(reply) => reply,
            Err(error) => {
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
                    doors.note(format!("no answer within {HANGS:?}: {operation:.200}"));
                }
                return Outcome::Lost;
            }
        };
        if !reply.closes() {
            self.http = Some(http);
        }
        if reply.status == 503 || reply.status == 502 {
            return Outcome::Refused;
        }
        let text = reply.text();
        let messages = (reply.status == 200).then(|| Node::parse(&text));
        let message = messages.as_ref().and_then(|all| all.find("m:ResponseMessages")?.children.first());
        match message {
            Some(message) if code(message) == "NoError" => return Outcome::Done(Box::new(message.clone())),
            Some(message) if REFUSALS.contains(&code(message)) => return Outcome::Refused,
            None if REFUSALS.iter().any(|code| text.contains(&format!(">{code}<"))) => return Outcome::Refused,
            _ => {}
        }
        doors.note(format!("{} {text} to {operation:.300}", reply.status));
        Outcome::Refused
    }
}

/// Folder and version of an item.
pub type State = (usize, usize);

/// What a writer knows of an item of its own.
struct Item {
    tag: String,
    /// While it is known which it is.
    id: Option<Id>,
    /// What may be true: none, it is not there. More than one: it is in doubt, and left alone.
    states: Vec<Option<State>>,
}

/// Somebody who makes items and changes them: nobody else does.
pub struct Writer {
    caller: Caller,
    name: String,
    random: Random,
    items: Vec<Item>,
    /// The subject of each message that cannot be sent, and whether it was taken.
    sent: Vec<(String, bool)>,
}

impl Writer {
    pub fn new(account: &Account, name: &str, seed: u64) -> Writer {
        let random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1);
        Writer { caller: Caller::new(account), name: name.to_owned(), random, items: Vec::new(), sent: Vec::new() }
    }

    pub fn act(&mut self, doors: &Doors) {
        let known: Vec<usize> = (0..self.items.len()).filter(|at| self.items[*at].id.is_some()).collect();
        match self.random.below(20) {
            0..=1 => self.send(doors),
            2..=5 => self.deliver(doors),
            6..=10 if known.len() < 200 => self.create(doors),
            what if !known.is_empty() => {
                let at = self.random.of(&known);
                match what {
                    11..=13 => self.update(doors, at),
                    14..=16 => self.relocate(doors, at),
                    _ => self.delete(doors, at),
                }
            }
            _ => self.create(doors),
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }

    fn tag(&self) -> String {
        format!("{}-{}", self.name, self.items.len())
    }

    fn create(&mut self, doors: &Doors) {
        let (tag, place) = (self.tag(), self.random.below(PLACES.len()));
        let text = "words ".repeat(1 + self.random.below(2000));
        let request = save_request(PLACES[place], &simple(&format!("{tag} v1"), &text));
        let (id, states) = match self.caller.call(doors, &request, &[]) {
            Outcome::Done(message) => (Some(Id::of(message.want("m:Items/*"))), vec![Some((place, 1))]),
            _ => (None, vec![None, Some((place, 1))]),
        };
        self.items.push(Item { tag, id, states });
    }

    /// Asks for a change of an item after which its state is another.
    fn change(&mut self, doors: &Doors, at: usize, request: &str, after: Option<State>) {
        let outcome = self.caller.call(doors, request, &[]);
        let item = &mut self.items[at];
        match outcome {
            Outcome::Done(message) => {
                item.id = message.get("m:Items/*").map(Id::of);
                item.states = vec![after];
            }
            _ => {
                item.id = None;
                item.states.push(after);
            }
        }
    }

    fn update(&mut self, doors: &Doors, at: usize) {
        let item = &self.items[at];
        let (Some(id), Some(Some((place, version)))) = (&item.id, item.states.first()) else { return };
        let (place, version) = (*place, version + 1);
        let subject = format!("<t:Subject>{} v{version}</t:Subject>", item.tag);
        let request = update_request(&id.xml(), "AlwaysOverwrite", &set("item:Subject", &subject));
        self.change(doors, at, &request, Some((place, version)));
    }

    fn relocate(&mut self, doors: &Doors, at: usize) {
        let item = &self.items[at];
        let (Some(id), Some(Some((place, version)))) = (&item.id, item.states.first()) else { return };
        let (target, version) = ((place + 1 + self.random.below(PLACES.len() - 1)) % PLACES.len(), *version);
        let request = transfer_request("MoveItem", &[id], PLACES[target]);
        self.change(doors, at, &request, Some((target, version)));
    }

    fn delete(&mut self, doors: &Doors, at: usize) {
        let Some(id) = &self.items[at].id else { return };
        let request = delete_request("HardDelete", &[id]);
        self.change(doors, at, &request, None);
    }

    /// By LMTP. The item stays as it is from then on.
    fn deliver(&mut self, doors: &Doors) {
        let tag = self.tag();
        let mail = message::plain(&format!("{tag} v1"), "words");
        let outcome = match try_deliver(doors.lmtp(), &self.caller.account.address, &mail, HANGS) {
            Ok(250) => Outcome::Done(Box::new(nothing())),
            Ok(400..500) => Outcome::Refused,
            Ok(code) => {
                doors.note(format!("LMTP said {code}"));
                Outcome::Refused
            }
            Err(error) => {
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
                    doors.note(format!("no answer by LMTP within {HANGS:?}"));
                }
                Outcome::Lost
            }
        };
        let states = match doors.count(outcome) {
            Outcome::Done(_) => vec![Some((0, 1))],
            _ => vec![None, Some((0, 1))],
        };
        self.items.push(Item { tag, id: None, states });
    }

    /// To somebody elsewhere, where nothing can be sent to: it comes back.
    fn send(&mut self, doors: &Doors) {
        let subject = format!("{}-sent-{}", self.name, self.sent.len());
        let request = format!(
            "<m:CreateItem MessageDisposition=\"SendOnly\"><m:Items><t:Message><t:Subject>{subject}</t:Subject><t:ToRecipients>\
             <t:Mailbox><t:EmailAddress>nobody@far.test</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message></m:Items>\
             </m:CreateItem>"
        );
        let taken = matches!(self.caller.call(doors, &request, &[]), Outcome::Done(_));
        self.sent.push((subject, taken));
    }

    /// How many of its messages must have come back.
    pub fn reports(&self) -> usize {
        self.sent.iter().filter(|(_, taken)| *taken).count()
    }

    /// Takes what is its own out of what was found, which must be what it knows.
    pub fn compare(&self, found: &mut HashMap<&str, Vec<State>>) {
        let mut wrong = Vec::new();
        for item in &self.items {
            let there = found.remove(item.tag.as_str()).unwrap_or_default();
            let right = match there[..] {
                [] => item.states.contains(&None),
                [state] => item.states.contains(&Some(state)),
                _ => false,
            };
            if !right {
                wrong.push(format!("{} is {there:?} and should be one of {:?}", item.tag, item.states));
            }
        }
        for (subject, taken) in &self.sent {
            let reports = found.remove(format!("Undeliverable: {subject}").as_str()).unwrap_or_default().len();
            if reports > 1 || *taken && reports == 0 {
                wrong.push(format!("{reports} reports of {subject}, taken: {taken}"));
            }
        }
        assert!(wrong.is_empty(), "{} of {}: {:#?}", wrong.len(), self.items.len(), &wrong[..wrong.len().min(20)]);
        let doubts = self.items.iter().filter(|item| item.states.len() > 1).count();
        println!("{}: {} items, {doubts} of them in doubt, {} sent", self.name, self.items.len(), self.sent.len());
    }
}

/// An answer without a document.
fn nothing() -> Node {
    Node { name: String::new(), attributes: Vec::new(), text: String::new(), children: Vec::new() }
}

/// Somebody who keeps copies of the folders by SyncFolderItems, some with small pages.
pub struct Mirror {
    caller: Caller,
    copies: Vec<ItemCopy>,
    turn: usize,
}

impl Mirror {
    pub fn new(account: &Account, seed: u64) -> Mirror {
        let sizes = [50, 7, 200];
        let copies = PLACES.iter().zip(sizes).map(|(place, most)| ItemCopy::new(seed, place, most, false)).collect();
        Mirror { caller: Caller::new(account), copies, turn: 0 }
    }

    pub fn act(&mut self, doors: &Doors) {
        self.turn = (self.turn + 1) % self.copies.len();
        if self.take(doors, self.turn) {
            std::thread::park_timeout(REST);
        }
    }

    /// Takes a page; whether it was the last and brought nothing.
    fn take(&mut self, doors: &Doors, at: usize) -> bool {
        match self.caller.call(doors, &self.copies[at].request(), &[]) {
            Outcome::Done(message) => self.copies[at].apply(&message),
            _ => false,
        }
    }

    /// To the end; what it has then.
    pub fn finish(&mut self, doors: &Doors, at: usize) -> &BTreeMap<String, Seen> {
        wait::true_within("the copy is whole", 4 * wait::LONG, || self.take(doors, at));
        &self.copies[at].items
    }
}

/// Somebody who waits for what comes into the folders.
pub struct Watcher {
    caller: Caller,
    subscription: Subscription,
    /// Of which it was told that they came, and that they are new mail.
    came: HashSet<String>,
    mail: HashSet<String>,
}

impl Watcher {
    pub fn new(server: &Demo, account: &Account) -> Watcher {
        let mut ews = Ews::connect(server, account).unrecorded();
        let subscription = subscribe(&mut ews, PLACES, &["CreatedEvent", "MovedEvent", "NewMailEvent"]);
        Watcher { caller: Caller::new(account), subscription, came: HashSet::new(), mail: HashSet::new() }
    }

    /// Waits for so many seconds at most.
    pub fn act(&mut self, doors: &Doors, seconds: u32) {
        self.take(doors, seconds);
    }

    /// Whether there was nothing.
    fn take(&mut self, doors: &Doors, seconds: u32) -> bool {
        let prefer = format!("Prefer: wait={seconds}");
        let Outcome::Done(message) = self.caller.call(doors, &events_request(&self.subscription), &[&prefer]) else {
            return false;
        };
        let events = Events::of(&message);
        for (kind, event) in events.events.iter().filter(|(kind, _)| kind != "StatusEvent") {
            let Some(item) = event.get("t:ItemId").and_then(|id| id.attribute("Id")).map(str::to_owned) else {
                continue;
            };
            let told = if kind == "NewMailEvent" { &mut self.mail } else { &mut self.came };
            assert!(told.insert(item.clone()), "{kind} of {item} was told twice");
        }
        self.subscription.watermark = events.watermark();
        events.events.iter().all(|(kind, _)| kind == "StatusEvent") && !events.more
    }

    pub fn finish(&mut self, doors: &Doors) {
        wait::true_within("everything is told", 4 * wait::LONG, || self.take(doors, 0));
    }

    /// Whatever is there, it was told of.
    pub fn compare(&self, there: &[BTreeMap<String, Seen>]) {
        let missed: Vec<_> = there.iter().flatten().filter(|(id, _)| !self.came.contains(*id)).collect();
        assert!(missed.is_empty(), "nobody was told of {missed:?}");
        assert!(self.mail.is_subset(&self.came), "mail that did not come");
    }
}
