//! Many clients that wait, watched with one poll: few threads, however many they are.
//!
//! `answer.rs` has what one of them is told. What is measured is when octets are here; they are looked at afterwards.

mod answer;

use std::io::{ErrorKind, Read as _, Write as _};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use self::answer::Inbox;
pub use self::answer::What;
use crate::error::{During, Error, Result};
use crate::line::Line;
use crate::progress::Progress;
use crate::soap;
use crate::target::Target;

/// How a client waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In a GetEvents that is held.
    Pull,
    /// In a GetStreamingEvents.
    Stream,
    /// It has asked something, keeps its connection, and asks nothing more.
    KeepAlive,
}

impl Kind {
    /// For tables.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Pull => "pull",
            Kind::Stream => "stream",
            Kind::KeepAlive => "keep-alive",
        }
    }
}

/// The longest time to wait until all are held, or until all are answered.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// A stream is told no more for a moment after each document, 400 ms: what comes later than this is told at once.
pub const MOMENT: Duration = Duration::from_millis(500);
/// Nothing came for so long: all are held.
const QUIET: Duration = Duration::from_secs(1);
/// Minutes that a stream is asked for: all that a client may.
const MINUTES: u32 = 30;
/// Connections are made by so many threads.
const THREADS: usize = 4;

#[derive(Debug)]
struct Waiter {
    line: Line,
    kind: Kind,
    account: usize,
    subscription: String,
    watermark: String,
    inbox: Inbox,
    /// Its connection is over.
    gone: bool,
}

/// What a client was told, and when that was here.
#[derive(Debug)]
pub struct Told {
    pub who: usize,
    pub at: Instant,
    pub what: What,
}

/// Clients that wait.
pub struct Crowd {
    poll: Poll,
    waiters: Vec<Waiter>,
    /// Octets that have come.
    pub octets: u64,
}

impl Crowd {
    pub fn new() -> Result<Crowd> {
        Ok(Crowd { poll: Poll::new()?, waiters: Vec::new(), octets: 0 })
    }

    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    pub fn kind(&self, who: usize) -> Kind {
        self.waiters.get(who).map_or(Kind::KeepAlive, |waiter| waiter.kind)
    }

    /// The number of a client's account.
    pub fn account(&self, who: usize) -> usize {
        self.waiters.get(who).map_or(0, |waiter| waiter.account)
    }

    /// Connects and subscribes so many more clients, shared out over the accounts from `first` on, so many of them; none of them
    /// asks yet.
    ///
    /// # Errors
    /// One of them was not taken.
    pub fn gather(&mut self, target: &Target, kind: Kind, clients: usize, (first, accounts): (usize, usize)) -> Result {
        let progress = Progress::new(&format!("{clients} clients ({})", kind.name()), clients);
        let arrive = |thread: usize| -> Result<Vec<(usize, Waiter)>> {
            let mine = (thread..clients).step_by(THREADS);
            mine.map(|n| {
                progress.step();
                Ok((n, Waiter::arrive(target, kind, first + n % accounts.max(1))?))
            })
            .collect()
        };
        let arrived = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|n| scope.spawn(move || arrive(n))).collect();
            let died = |_| Err(Error::new("a client's thread has panicked"));
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(died)).collect::<Result<Vec<_>>>()
        })?;
        let mut arrived: Vec<(usize, Waiter)> = arrived.into_iter().flatten().collect();
        // Who is which number, and so whose mailbox it has, does not depend on who was quicker.
        arrived.sort_by_key(|(n, _)| *n);
        for (_, waiter) in arrived {
            self.register(&waiter, self.waiters.len())?;
            self.waiters.push(waiter);
        }
        Ok(())
    }

    fn register(&self, waiter: &Waiter, who: usize) -> Result {
        let descriptor = waiter.line.descriptor();
        Ok(self.poll.registry().register(&mut SourceFd(&descriptor), Token(who), Interest::READABLE)?)
    }

    /// Has a client ask for what it waits for; `seconds`: how long a call may be held.
    pub fn ask(&mut self, target: &Target, who: usize, seconds: u32) -> Result {
        let Some(waiter) = self.waiters.get_mut(who) else { return Ok(()) };
        let request = match waiter.kind {
            Kind::Pull => {
                let operation = soap::get_events(&waiter.subscription, &waiter.watermark);
                target.account(waiter.account)?.request(&format!("Prefer: wait={seconds}\r\n"), &operation)
            }
            Kind::Stream => target.account(waiter.account)?.request("", &soap::stream(&waiter.subscription, MINUTES)),
            Kind::KeepAlive => return Ok(()),
        };
        // A request of a kilobyte fits the empty buffer of a socket.
        waiter.inbox.begin();
        waiter.line.write_all(&request).and_then(|()| waiter.line.flush()).during("asking for events")
    }

    /// Has all of these ask, and waits until all of them are held.
    ///
    /// # Errors
    /// One was told something else than that its stream is open.
    pub fn ask_all(&mut self, target: &Target, clients: std::ops::Range<usize>, seconds: u32) -> Result {
        let streams = clients.clone().filter(|who| self.kind(*who) == Kind::Stream).count();
        let mut told = Vec::new();
        let mut open = 0;
        let mut look = |crowd: &mut Crowd, time| -> Result<bool> {
            crowd.hear(time, &mut told)?;
            let is_quiet = told.is_empty();
            for told in told.drain(..) {
                match told.what {
                    What::Beat if open < streams => open += 1,
                    what => return Err(Error::new(format!("a client that should wait was told at once: {what:?}"))),
                }
            }
            Ok(is_quiet && open == streams)
        };
        for (n, who) in clients.enumerate() {
            self.ask(target, who, seconds)?;
            // What streams are told first is not left to fill their buffers.
            if n % 256 == 0 {
                look(self, Duration::ZERO)?;
            }
        }
        let end = Instant::now() + PATIENCE;
        while !look(self, QUIET)? || are_asking(target) {
            if Instant::now() > end {
                return Err(Error::new(format!("not all are held after {PATIENCE:?}")));
            }
        }
        Ok(())
    }

    /// Lets so much time pass, in which nobody is told anything.
    pub fn rest(&mut self, time: Duration) -> Result {
        let (end, mut told) = (Instant::now() + time, Vec::new());
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            self.hear(left, &mut told)?;
            if let Some(told) = told.drain(..).find(|told| told.what != What::Beat) {
                return Err(Error::new(format!("client {} was told: {:?}", told.who, told.what)));
            }
        }
        Ok(())
    }

    /// Waits for something to be told, for so long at most, and takes all that is there.
    pub fn hear(&mut self, time: Duration, told: &mut Vec<Told>) -> Result {
        let mut events = Events::with_capacity(1024);
        match self.poll.poll(&mut events, Some(time)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            outcome => outcome?,
        }
        let mut octets = [0; 16384];
        for event in &events {
            let who = event.token().0;
            let Some(waiter) = self.waiters.get_mut(who).filter(|waiter| !waiter.gone) else { continue };
            let ended = loop {
                match waiter.line.read(&mut octets) {
                    Ok(0) => break Some("the server closed the connection".to_owned()),
                    Ok(n) => {
                        self.octets += u64::try_from(n).unwrap_or_default();
                        waiter.inbox.take(octets.get(..n).unwrap_or_default());
                        // It has been emptied, and whatever comes next is another event.
                        if n < octets.len() && matches!(waiter.line, Line::Plain(_)) && !event.is_read_closed() {
                            break None;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break None,
                    Err(error) => break Some(error.to_string()),
                }
            };
            let at = Instant::now();
            while let Some(what) = waiter.inbox.next() {
                if let What::News { watermark } = &what {
                    waiter.watermark.clone_from(watermark);
                }
                told.push(Told { who, at, what });
            }
            if let Some(why) = ended {
                waiter.gone = true;
                told.push(Told { who, at, what: What::Lost(why) });
            }
        }
        Ok(())
    }

    /// A client comes again on a new connection, with the subscription that it has; it asks nothing yet.
    pub fn come_again(&mut self, target: &Target, who: usize) -> Result {
        let line = target.connect()?.line;
        line.set_nonblocking(true)?;
        if let Some(waiter) = self.waiters.get_mut(who) {
            waiter.line = line;
            waiter.inbox = Inbox::default();
            waiter.gone = false;
        }
        self.waiters.get(who).map_or(Ok(()), |waiter| self.register(waiter, who))
    }
}

/// Whether calls wait for a worker, or are with one, that were asked for just now: a server that is busy needs longer than [`QUIET`] to
/// hold them all, and says nothing to their clients. Of a server that is another's it is not known.
fn are_asking(target: &Target) -> bool {
    let at_work = |status: &serde_json::Value| {
        let of = |name: &str| status.get("connections")?.get(name)?.as_u64();
        ["queued", "serving", "receiving"].iter().filter_map(|name| of(name)).sum::<u64>()
    };
    target.status().is_ok_and(|status| at_work(&status) > 0)
}

impl Waiter {
    fn arrive(target: &Target, kind: Kind, account: usize) -> Result<Waiter> {
        let mut client = target.connect()?;
        let who = target.account(account)?;
        let operation = match kind {
            Kind::Pull => soap::subscribe(),
            Kind::Stream => soap::subscribe_streaming(),
            Kind::KeepAlive => soap::get_folder(),
        };
        let reply = client.call(&who.request("", &operation))?;
        reply.check()?;
        let text = reply.text();
        let value = |name: &str, wanted: bool| match soap::last_element(&text, name) {
            None if wanted => Err(Error::new(format!("Subscribe answers without {name}"))),
            found => Ok(found.unwrap_or_default().to_owned()),
        };
        let subscription = value("SubscriptionId", kind != Kind::KeepAlive)?;
        let watermark = value("Watermark", kind == Kind::Pull)?;
        client.line.set_nonblocking(true)?;
        Ok(Waiter { line: client.line, kind, account, subscription, watermark, inbox: Inbox::default(), gone: false })
    }
}
