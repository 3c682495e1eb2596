//! Holds long polls and streams: a socket, what it watches, two times, and what to say at the deadline. No worker is used.
//!
//! The wait is registered first and compared with the newest number heard afterwards, so no change falls between. What a held
//! client sends stays in its socket until the answer is out. Rendering is in `render.rs`; what streams do besides, in `stream.rs`.

use ewsd_ipc::message::{Pieces, Share};
use ewsd_ipc::stream::stream_slot;
use ewsd_ipc::{AfterReply, HoldUpdate, RenderReason};

use crate::master::Master;
use crate::refuse;
use crate::state::{After, ConnId, Held, Loss, Render, State, Stream, Time};
use crate::table::{Slot, slot_of};
use crate::turns::known_mailbox;

/// How long a worker may take to render the answer at a deadline before the client is dropped, in milliseconds.
const LAST_RENDER_MS: u64 = 60_000;

/// What a worker said with `Hold`.
pub struct HoldRequest {
    pub watch: Vec<(u64, u64)>,
    pub then: AfterReply,
    pub deadline_ms: u32,
    pub at_deadline: Pieces,
    pub heartbeat_ms: u32,
    pub at_beat: Pieces,
    /// Of a stream: how many its owner may have.
    pub stream: Option<Share>,
    pub context: Vec<u8>,
}

impl Master {
    /// Keeps a client until something moves.
    pub fn hold(&mut self, id: ConnId, request: HoldRequest) {
        let now = self.clock.now();
        if let Some(share) = request.stream.as_ref().filter(|share| !self.may_stream(share)) {
            return self.end_stream_at_once(id, share, request.then);
        }
        let account = self.table.get(id).map_or(0, known_mailbox);
        if request.stream.is_none() {
            if !self.may_hold(account) {
                return self.refuse(id, refuse::HELD);
            }
            self.held_calls.begun(account);
        }
        let owner = request.stream.map(|share| share.owner);
        let deadline = now.saturating_add(u64::from(request.deadline_ms));
        let at_deadline = self.interned.keep(request.at_deadline.0);
        let mut held = Held::new(at_deadline, &request.context);
        held.set_watch(request.watch);
        if let Some(owner) = owner {
            held.set_stream(self.new_stream(owner, deadline, request.heartbeat_ms, request.at_beat));
        }
        let at = held.stream().map_or(deadline, Stream::next_time);
        self.set_state(id, State::Held(Box::new(held)));
        if let Some(conn) = self.table.get_mut(id) {
            conn.keep_alive &= request.then == AfterReply::Keep;
            self.timers.set(conn, at);
        }
        self.metrics.holds += 1;
        self.watch_and_compare(id);
        if self.phase != crate::stop::Phase::Running {
            self.hold_deadline(id);
        }
    }

    /// Puts a held call into the index of watchers, then looks whether something was heard that it has not seen.
    fn watch_and_compare(&mut self, id: ConnId) {
        let Some(held) = self.table.held(id) else {
            return;
        };
        // What a stream lost before it was here is remembered with the mailboxes that nobody watches.
        let mut lost = false;
        for (mailbox, _) in held.pairs() {
            match stream_slot(mailbox) {
                Some(_) => lost |= self.watchers.newest(mailbox) > 0,
                None => self.watchers.add(mailbox, slot_of(id)),
            }
        }
        if let Some(stream) = self.table.held_mut(id).and_then(Held::stream_mut).filter(|_| lost) {
            stream.loss = Loss::Heard;
        }
        self.compare(id);
        self.want_sweep();
    }

    /// Looks whether something was heard that a held call has not seen. It is in the index already, so nothing can fall between.
    pub fn compare(&mut self, id: ConnId) {
        let Some(held) = self.table.held(id) else {
            return;
        };
        let lost = held.has_lost();
        let watch: Vec<(u64, u64)> = held.pairs().filter(|(mailbox, _)| stream_slot(*mailbox).is_none()).collect();
        // What this client has seen is news of the mailbox, too.
        for (mailbox, seen) in &watch {
            self.heard(*mailbox, *seen);
        }
        if lost || watch.iter().any(|(mailbox, seen)| self.watchers.newest(*mailbox) > *seen) {
            self.want_render(id, RenderReason::Changed);
        }
    }

    /// The stream of that key, whose connection is in that slot, lost a subscription. One that is not there yet is told when it comes.
    fn lost(&mut self, key: u64, slot: Slot) {
        let id = self.table.at(slot).map(|conn| conn.id);
        let held = id.and_then(|id| self.table.held_mut(id)).filter(|held| held.pairs().any(|(own, _)| own == key));
        match (id, held.and_then(Held::stream_mut)) {
            (Some(id), Some(stream)) => {
                stream.loss = Loss::Heard;
                self.want_render(id, RenderReason::Changed);
            }
            _ => drop(self.watchers.heard(key, 1)),
        }
    }

    /// A mailbox reached a number: whoever waits for it and has not seen it is rendered.
    pub fn heard(&mut self, mailbox: u64, seq: u64) {
        if let Some(slot) = stream_slot(mailbox) {
            return self.lost(mailbox, slot);
        }
        let waiting = self.watchers.heard(mailbox, seq);
        for slot in waiting {
            let Some(id) = self.table.at(slot).map(|conn| conn.id) else {
                continue;
            };
            let lags = |held: &Held| held.pairs().any(|(watched, seen)| watched == mailbox && seen < seq);
            if self.table.held(id).is_some_and(lags) {
                self.want_render(id, RenderReason::Changed);
            }
        }
    }

    /// The worker had nothing to end the hold with: go on from the numbers it gives.
    pub fn keep_holding(&mut self, id: ConnId, keep: HoldUpdate) {
        let Some(held) = self.table.held_mut(id) else {
            return;
        };
        held.looked_at();
        held.set_context(&keep.context.0);
        let time = held.time;
        let same = held.pairs().map(|(mailbox, _)| mailbox).eq(keep.watch.0.iter().map(|(mailbox, _)| *mailbox));
        let before: Vec<(u64, u64)> = held.pairs().filter(|_| !same).collect();
        held.set_watch(keep.watch.0);
        if !same {
            for (mailbox, _) in before {
                self.watchers.remove(mailbox, slot_of(id));
            }
        }
        match (time, same) {
            (Time::Left, true) => self.compare(id),
            (Time::Left, false) => self.watch_and_compare(id),
            (Time::Over | Time::Asked, _) => self.hold_deadline(id),
        }
    }

    /// A held call's time came: the deadline, or one of a stream's.
    pub fn hold_due(&mut self, id: ConnId) {
        let now = self.clock.now();
        match self.table.held(id) {
            None => {}
            Some(held) if held.stream().is_none_or(|stream| stream.deadline <= now) => self.hold_deadline(id),
            Some(_) => self.stream_due(id, now),
        }
    }

    /// Whether a worker has the job that renders a held call.
    fn is_being_rendered(&mut self, id: ConnId) -> bool {
        let job = match self.table.get(id).map(|conn| &conn.state) {
            Some(State::Held(held)) => match held.render() {
                Render::Job(job) => job,
                Render::No | Render::Later | Render::Wanted => return false,
            },
            _ => return false,
        };
        self.look();
        let mut sent = self.dispatch.sent.iter();
        sent.any(|(number, sent)| Render::job(*number) == Render::Job(job) && sent.worker.is_some())
    }

    /// Answers a held call with what was prepared for its deadline.
    pub fn hold_deadline(&mut self, id: ConnId) {
        let last = self.clock.now().saturating_add(LAST_RENDER_MS);
        let unix = self.clock.unix();
        let taken = self.is_being_rendered(id);
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        let State::Held(held) = &mut conn.state else {
            return;
        };
        let waits = match held.render() {
            Render::No | Render::Later => false,
            // One that lies in the socket nobody has, either.
            Render::Job(_) => taken || held.at_deadline.is_empty(),
            // A render that no worker has yet would only delay the answer; the client asks again and is told then.
            Render::Wanted => held.at_deadline.is_empty(),
        };
        if waits {
            if held.time != Time::Left {
                // No worker had an answer in all that time.
                return self.close(id);
            }
            held.time = Time::Over;
            held.quieten();
            return self.timers.set(conn, last);
        }
        if held.at_deadline.is_empty() {
            if held.time == Time::Asked {
                // Asked for the last answer, the worker gave none.
                return self.close(id);
            }
            held.time = Time::Asked;
            held.quieten();
            self.timers.set(conn, last);
            return self.want_render(id, RenderReason::Deadline);
        }
        let mut bytes = held.take_unsent();
        held.at_deadline.append_to(&mut bytes, unix, held.context(), held.own());
        let after = if conn.keep_alive { After::Keep } else { After::Close };
        self.metrics.deadlines += 1;
        self.forget_hold(id);
        self.write(id, bytes, after);
    }

    /// Whether one more call of an account may be held, streams apart.
    fn may_hold(&self, account: u64) -> bool {
        account == 0
            || self.dispatch.queue.is_exempt(account)
            || (self.held_calls.count(account) as usize) < self.config.limits.held_per_account
    }

    /// Takes a held call out of the index of watchers. The connection is then idle.
    pub fn forget_hold(&mut self, id: ConnId) {
        if self.table.held(id).is_none() {
            return;
        }
        let Some(State::Held(held)) = self.take_state(id) else {
            return;
        };
        for (mailbox, _) in held.pairs() {
            self.watchers.remove(mailbox, slot_of(id));
        }
        let mut held = *held;
        self.interned.release(std::mem::take(&mut held.at_deadline));
        if let Some(stream) = held.into_stream() {
            self.streams.ended(stream.owner);
            self.interned.release(stream.at_beat);
        } else if let Some(conn) = self.table.get(id) {
            self.held_calls.ended(known_mailbox(conn));
        }
    }
}
