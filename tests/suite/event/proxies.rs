//! Clients that wait behind Apache, nginx and HAProxy with the configurations that we ship: what is said to them passes as it
//! comes, and others find room beside them.

use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::ops::{self, Subscription};
use crate::support::shipped::{ALL, Kind, Own};
use crate::support::stream::{self, Stream};
use crate::support::{lmtp, message, process, wait};

crate::tests![passes_on_what_clients_wait_for];

/// Descriptors of the proxy, which has two of each client, and of what else there is.
const DESCRIPTORS: usize = 1000;
/// Requests of somebody else.
const OTHERS: usize = 21;
/// How long the kernel keeps what is to go with something that follows.
const KEPT: Duration = Duration::from_millis(200);
/// Longer than the test takes, and less than proxies wait.
const WAIT: &str = "Prefer: wait=80";

fn passes_on_what_clients_wait_for() {
    let each = each();
    let (needed, (_, hard)) = (4 * each + DESCRIPTORS, getrlimit(Resource::RLIMIT_NOFILE).expect("a limit"));
    assert!(hard >= needed as u64, "{hard} descriptors at most, and {needed} are needed (ulimit -n)");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("as many as there may be");
    let server = Demo::start(Options::default().set("limits.streams_per_account", each));
    let mut alice = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let mut crowd = Crowd {
        calls: (0..each).map(|_| ops::subscribe(&mut alice, &["inbox"], &["NewMailEvent"])).collect(),
        streams: (0..each).map(|_| stream::subscribe(&mut alice, &["inbox"], &["NewMailEvent"])).collect(),
    };
    for kind in ALL {
        crowd.waits_behind(kind, &server, &alice);
    }
}

/// Calls, and as many streams. In the long run of before a release: EWSD_PROXY_CLIENTS=1000.
fn each() -> usize {
    std::env::var("EWSD_PROXY_CLIENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

/// The subscriptions, by which clients come back through one proxy after the other.
struct Crowd {
    calls: Vec<Subscription>,
    streams: Vec<String>,
}

impl Crowd {
    fn waits_behind(&mut self, kind: Kind, server: &Demo, alice: &Ews) {
        let (each, all) = (self.calls.len(), self.calls.len() + self.streams.len());
        let own = Own { clients: all, ..Own::default() };
        let Some(proxy) = kind.start_own(server, &own) else { return };
        let through = alice.again_at(proxy.address);
        let before = process::memory(proxy.id());
        let begun = Instant::now();
        let mut calls: Vec<Ews> = self.calls.iter().map(|subscription| ask(&through, subscription)).collect();
        let (mut streams, times): (Vec<Stream>, Vec<Duration>) =
            self.streams.iter().map(|id| open(&through, id)).unzip();
        let quickest = times.into_iter().min().expect("a stream");
        assert!(quickest < KEPT, "{kind:?} keeps what it could pass on: {quickest:?}");
        until_held(server, all as u64);
        let (made, memory) = (begun.elapsed(), process::memory(proxy.id()).saturating_sub(before) / all as u64);

        let mut times: Vec<Duration> = (0..OTHERS).map(|_| looks(&through)).collect();
        times.sort();
        let (middle, worst) = (times[OTHERS / 2], times[OTHERS - 1]);

        lmtp::deliver(server.lmtp(), &alice.account.address, &message::plain("for all of them", "x"));
        let begun = Instant::now();
        for (client, subscription) in calls.iter_mut().zip(&mut self.calls) {
            let events = ops::events_of(&client.receive());
            assert_eq!(events.kinds(), ["NewMail"], "{kind:?}");
            subscription.watermark = events.watermark();
        }
        for stream in &mut streams {
            assert_eq!(stream.kinds(), ["NewMail"], "{kind:?}");
        }
        println!(
            "{kind:?}: {each} calls and as many streams held within {made:?}, {memory} octets of it for each; meanwhile \
             GetFolder on a new connection {middle:?}, {worst:?} at worst; all told within {:?}",
            begun.elapsed()
        );
        // Apache sees that a client has gone when it has something for it: it goes first.
        drop(proxy);
        until_held(server, 0);
    }
}

/// A client that asks, and waits.
fn ask(through: &Ews, subscription: &Subscription) -> Ews {
    let mut client = through.again();
    client.send(&ops::events_request(subscription), &[WAIT]);
    client
}

/// A stream whose first document was read, and how long that took.
fn open(through: &Ews, id: &str) -> (Stream, Duration) {
    let begun = Instant::now();
    (Stream::open(through, &[id], 10), begun.elapsed())
}

/// How long somebody takes who comes and asks for something else.
fn looks(through: &Ews) -> Duration {
    let begun = Instant::now();
    ops::get_folder(&mut through.again(), "inbox", "Default", &[]);
    begun.elapsed()
}

fn until_held(server: &Demo, clients: u64) {
    wait::true_within("all clients are held", wait::LONG, || server.connections("held") == clients);
}
