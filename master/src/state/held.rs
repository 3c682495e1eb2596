//! A held call: what it watches, two times, and what to say at the deadline. The verbs are `hold.rs`,
//! `stream.rs`, `render.rs` and `later.rs`. There may be ten thousand, so it is laid out for space.

use std::num::NonZeroU64;

use crate::clock::{Millis, NEVER};
use crate::few::Few;
use crate::intern::ReadyReply;

/// A held call. Its deadline is its connection's; of a stream, whose connection has several times, it stands in [`Stream`].
#[derive(Debug)]
pub struct Held {
    /// What it watches; most watch one mailbox.
    first: Option<Seen>,
    more: Option<Box<More>>,
    pub at_deadline: ReadyReply,
    /// The context, and behind it the bytes of `at_deadline` that are this call's own.
    octets: Box<[u8]>,
    context_len: u16,
    /// How often a worker died while rendering this.
    pub crashes: u8,
    pub time: Time,
    render: u32,
}

/// What one takes, with the eight octets that the allocator adds, is a multiple of sixteen.
const _: () = assert!(size_of::<Held>() == 56 && size_of::<More>() <= 72);

/// What few calls have, and streams.
#[derive(Debug, Default)]
struct More {
    /// What it watches besides.
    rest: Few<Seen>,
    /// Of a stream, whose head is written already.
    stream: Option<Stream>,
}

/// A mailbox that is watched, and the number that its client has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// None has the number 0.
    pub mailbox: NonZeroU64,
    pub seq: u64,
}

/// How far the end of a held call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Its deadline is ahead.
    Left,
    /// Its deadline came while it was being rendered.
    Over,
    /// It came, and a worker was asked to render what it says.
    Asked,
}

/// Between two documents of a stream, in milliseconds. akonadi-ews gathers what comes within 250 and reads the first document of
/// it: what the others tell it never hears of.
pub const PAUSE_MS: u64 = 400;
/// So many octets are as much as a look makes of what happened, or nearly.
pub const FULL: usize = 16 * 1024;

/// What a stream keeps besides.
#[derive(Debug)]
pub struct Stream {
    /// Whose it is; 0: it is not counted.
    pub owner: u64,
    /// The ready-made heartbeat; none: a worker renders it. Nothing of it is one stream's own.
    pub at_beat: ReadyReply,
    pub deadline: Millis,
    pub next_beat: Millis,
    /// Milliseconds of silence before a heartbeat; 0 = none.
    pub heartbeat: u32,
    /// Whether it has lost a subscription.
    pub loss: Loss,
    /// Whether it is looked at when its client has had a moment for the last document.
    pub paused: bool,
    /// Whether its last documents were all that one look makes: what is left follows at once, lest the stream fall behind.
    pub full: bool,
    pub unsent: Option<Box<Unsent>>,
}

/// What is known of subscriptions that a stream lost. A worker that looks sees which they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Nothing.
    None,
    /// It lost one, of which no worker that looks now need know.
    Heard,
    /// It did, and a worker looks that was asked later.
    Asked,
}

/// Bytes of a stream that the socket did not take yet. While there are any, nothing more is rendered for this client.
#[derive(Debug)]
pub struct Unsent {
    pub octets: Vec<u8>,
    /// When its client is given up, if it has not taken anything until then.
    pub stalled: Millis,
}

/// Whether somebody is asked to render a held call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Render {
    /// No.
    No,
    /// It waits for a job.
    Wanted,
    /// It waits until workers can look again (`later.rs`).
    Later,
    /// The job has it that [`Render::job`] stands for.
    Job(u32),
}

impl Render {
    /// That job has it. The lower half of its number tells it from the few that are out at a time.
    pub fn job(job: u64) -> Render {
        Render::Job((job as u32).max(FIRST_JOB))
    }
}

/// Numbers below it stand for what is no job.
const FIRST_JOB: u32 = 3;

impl From<u32> for Render {
    fn from(number: u32) -> Render {
        match number {
            0 => Render::No,
            1 => Render::Wanted,
            2 => Render::Later,
            job => Render::Job(job),
        }
    }
}

impl From<Render> for u32 {
    fn from(render: Render) -> u32 {
        match render {
            Render::No => 0,
            Render::Wanted => 1,
            Render::Later => 2,
            Render::Job(job) => job,
        }
    }
}

impl Held {
    /// A call that nobody is asked about; what it watches is not said yet.
    pub fn new((at_deadline, own): (ReadyReply, Vec<u8>), context: &[u8]) -> Held {
        let mut held = Held {
            first: None,
            more: None,
            at_deadline,
            octets: own.into_boxed_slice(),
            context_len: 0,
            crashes: 0,
            time: Time::Left,
            render: Render::No.into(),
        };
        held.set_context(context);
        held
    }

    /// It watches that from now on. A pair of mailbox 0, which there is not, is passed over.
    pub fn set_watch(&mut self, pairs: Vec<(u64, u64)>) {
        let seen = |(mailbox, seq)| NonZeroU64::new(mailbox).map(|mailbox| Seen { mailbox, seq });
        let mut watch = pairs.into_iter().filter_map(seen);
        self.first = watch.next();
        let rest: Vec<Seen> = watch.collect();
        match &mut self.more {
            Some(more) => more.rest = rest.into(),
            None if rest.is_empty() => {}
            None => self.more = Some(Box::new(More { rest: rest.into(), stream: None })),
        }
    }

    /// Pairs of mailboxes and numbers, as workers say it.
    pub fn pairs(&self) -> impl Iterator<Item = (u64, u64)> {
        let rest = self.more.as_ref().map(|more| more.rest.as_slice()).unwrap_or_default();
        self.first.iter().chain(rest).map(|seen| (seen.mailbox.get(), seen.seq))
    }

    /// It is a stream.
    pub fn set_stream(&mut self, stream: Stream) {
        self.more.get_or_insert_default().stream = Some(stream);
    }

    /// What it has of a stream.
    pub fn stream(&self) -> Option<&Stream> {
        self.more.as_ref()?.stream.as_ref()
    }

    /// As [`Self::stream`], to change it.
    pub fn stream_mut(&mut self) -> Option<&mut Stream> {
        self.more.as_mut()?.stream.as_mut()
    }

    /// As [`Self::stream`], when the call is over.
    pub fn into_stream(self) -> Option<Stream> {
        self.more?.stream
    }

    /// What a worker needs to render it.
    pub fn context(&self) -> &[u8] {
        self.octets.get(..usize::from(self.context_len)).unwrap_or_default()
    }

    /// The bytes of `at_deadline` that are its own.
    pub fn own(&self) -> &[u8] {
        self.octets.get(usize::from(self.context_len)..).unwrap_or_default()
    }

    /// Workers need that from now on. It is no longer than `ewsd_ipc::HELD_CONTEXT_MAX`, which messages are checked for.
    pub fn set_context(&mut self, context: &[u8]) {
        if context == self.context() {
            return;
        }
        self.octets = [context, self.own()].concat().into_boxed_slice();
        self.context_len = u16::try_from(context.len()).unwrap_or(u16::MAX);
    }

    /// Whether somebody is asked to render it.
    pub fn render(&self) -> Render {
        self.render.into()
    }

    /// It is so from now on.
    pub fn set_render(&mut self, render: Render) {
        self.render = render.into();
    }

    /// That job has it from now on, and whoever takes it sees what was heard until now.
    pub fn rendered_by(&mut self, job: u64) {
        self.set_render(Render::job(job));
        self.turn_loss(Loss::Heard, Loss::Asked);
    }

    /// A worker that looked has nothing to end it with.
    pub fn looked_at(&mut self) {
        self.set_render(Render::No);
        self.turn_loss(Loss::Asked, Loss::None);
    }

    fn turn_loss(&mut self, from: Loss, to: Loss) {
        if let Some(stream) = self.stream_mut().filter(|stream| stream.loss == from) {
            stream.loss = to;
        }
    }

    /// Whether it is a stream that lost a subscription which nobody has looked at.
    pub fn has_lost(&self) -> bool {
        self.stream().is_some_and(|stream| stream.loss == Loss::Heard)
    }

    /// Bytes of a stream that wait.
    pub fn unsent(&self) -> usize {
        self.stream().and_then(|stream| stream.unsent.as_ref()).map_or(0, |unsent| unsent.octets.len())
    }

    /// Takes the bytes that wait.
    pub fn take_unsent(&mut self) -> Vec<u8> {
        self.stream_mut().and_then(|stream| stream.unsent.take()).map(|unsent| unsent.octets).unwrap_or_default()
    }
}

impl Stream {
    /// When something is due next: the deadline, a heartbeat, the end of patience, or of a pause.
    pub fn next_time(&self) -> Millis {
        let pause = if self.paused { self.pause_ends() } else { NEVER };
        self.deadline.min(self.next_beat).min(self.stalled()).min(pause)
    }

    /// When the next document may follow the last one; 0: at any time. Heartbeats, which are documents too, must leave room.
    pub fn pause_ends(&self) -> Millis {
        let heartbeat = u64::from(self.heartbeat);
        match self.next_beat.checked_sub(heartbeat) {
            Some(told) if self.next_beat != NEVER && !self.full => told.saturating_add(PAUSE_MS.min(heartbeat / 2)),
            _ => 0,
        }
    }

    /// When its client is given up.
    pub fn stalled(&self) -> Millis {
        self.unsent.as_ref().map_or(NEVER, |unsent| unsent.stalled)
    }

    /// More bytes for the socket.
    pub fn add(&mut self, octets: &[u8]) {
        if !octets.is_empty() {
            let unsent = || Box::new(Unsent { octets: Vec::new(), stalled: NEVER });
            self.unsent.get_or_insert_with(unsent).octets.extend_from_slice(octets);
        }
    }
}
