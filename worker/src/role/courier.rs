//! The courier role: takes messages out of the queue of outgoing mail, has them sent, and settles what became of them; calls
//! subscribers to push notifications (`../courier/push/`); and fetches the identity provider's keys (`../courier/keys.rs`).
//!
//! One thread decides and speaks with the database; the crew's threads speak SMTP. It looks when the master says that mail was
//! queued, when the next message's time has come, and now and then because a word may have been lost. While the smarthost
//! cannot be reached, one message at a time finds out whether it is back; all others wait for that one.

use std::time::{Duration, Instant};

use ewsd_ipc::message::Pairs;
use ewsd_ipc::{Count, Reply, Word, WorkerEnd};
use ewsd_mailbox::log::note;
use ewsd_mailbox::{clock, random};
use ewsd_model::id::{MailboxNo, Seq};
use ewsd_settings::Settings;
use ewsd_store::{Claim, OutboxFigures, Outgoing, Store, StoreError};

use super::hears_within;
use super::request::{Tally, pair};
use super::signals::{Event, Signals};
use crate::courier::crew::{Crew, Done};
use crate::courier::keys::TokenKeys;
use crate::courier::push::Pushes;
use crate::courier::sender::{Sender, Task};
use crate::courier::{self, DeliveryFailure, DeliveryStatus, DeliveryStatuses, local, quota, settle};

/// A word that was lost is made up for after so long; also what dead couriers held is looked for so often.
const ROUND: Duration = Duration::from_secs(30);
/// The same in its first time.
const ROUND_YOUNG: Duration = Duration::from_millis(500);
const YOUNG: Duration = Duration::from_secs(5);
/// How long a message is the courier's own if it does not say so again.
const LEASE_SECONDS: i64 = 300;
/// The database was away: the next look.
const AGAIN: Duration = Duration::from_secs(1);
/// A fault of ours is tried again after so long.
const FAULT: Duration = Duration::from_secs(30);
/// Figures are told at most so often while there is much to do.
const FIGURES: Duration = Duration::from_secs(1);
/// Pauses while the smarthost cannot be reached: they double.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Takes in one turn, before the master is heard again.
const TURN: u32 = 100;
/// What is under way when the role has to end may be finished for so long; the master waits ten seconds.
const FINISH: Duration = Duration::from_secs(8);

struct Courier<'a> {
    end: &'a WorkerEnd,
    settings: &'a Settings,
    store: Store,
    crew: Crew<Sender>,
    pushes: Pushes,
    keys: TokenKeys,
    /// When there is more to do about mail by itself.
    mail_at: Instant,
    /// Which mailboxes have subscribers that are called was last asked then.
    watched: Option<Instant>,
    /// Full mailboxes were last looked for then.
    weighed: Option<Instant>,
    /// The number under which it holds messages.
    holder: i32,
    /// Taken, and not given to anybody yet.
    taken: Vec<Outgoing>,
    /// Back from the crew, and not settled yet.
    back: Vec<Done<Sender>>,
    /// The smarthost could not be reached.
    closed: Option<Closed>,
    started: Instant,
    renewed: Option<Instant>,
    told: Option<(Instant, OutboxFigures)>,
    tally: Tally,
}

/// Nobody tries before `until`, and then one message at a time.
struct Closed {
    until: Instant,
    pause: Duration,
}

pub(super) fn run(end: &WorkerEnd, settings: &Settings, signals: &Signals) -> Result<(), String> {
    let options = super::database::options_for_role(settings, "ewsd courier");
    let store = Store::lazy(&options).map_err(|error| error.to_string())?;
    let crew = Crew::new(settings).map_err(|error| format!("eventfd: {error}"))?;
    let holder = (i32::from_be_bytes(random::array()) & i32::MAX).max(1);
    let pushes = Pushes::new(settings, holder).map_err(|error| format!("eventfd: {error}"))?;
    let keys = TokenKeys::new(settings).map_err(|error| format!("eventfd: {error}"))?;
    let mut courier = Courier {
        end,
        settings,
        store,
        crew,
        pushes,
        keys,
        mail_at: clock::monotonic(),
        watched: None,
        weighed: None,
        holder,
        taken: Vec::new(),
        back: Vec::new(),
        closed: None,
        started: clock::monotonic(),
        renewed: None,
        told: None,
        tally: Tally::default(),
    };
    if settings.courier.smarthost.is_empty() {
        note!(Info, "no courier.smarthost is set: mail to people elsewhere comes back to its sender");
    }
    end.send(&Reply::Ready {}, &[]).map_err(|error| error.to_string())?;
    courier.work(signals).map_err(|error| format!("the master: {error}"))
}

impl Courier<'_> {
    /// Until the master wants an end, or is gone.
    fn work(&mut self, signals: &Signals) -> std::io::Result<()> {
        let mut rest = Duration::ZERO;
        hears_within(self.end, self.settings, rest)?;
        loop {
            if self.wait(signals, rest)? == Event::Stop {
                return self.finish(signals);
            }
            let Some(words) = self.end.words()? else { return self.finish(signals) };
            if words.contains(&Word::Look { anew: true }) {
                self.reopen();
            }
            let look = words.iter().any(|word| matches!(word, Word::Look { .. }));
            rest = match self.turn(look) {
                Ok(rest) => rest,
                Err(error) => self.complain(&error),
            };
            self.tell()?;
            rest = rest.min(Duration::from_secs(self.settings.limits.request_seconds));
            hears_within(self.end, self.settings, rest)?;
        }
    }

    fn wait(&self, signals: &Signals, rest: Duration) -> std::io::Result<Event> {
        let others = [self.end.jobs(), self.crew.ready(), self.pushes.ready(), self.keys.ready()];
        signals.wait_also(self.end.channel(), &others, rest)
    }

    /// Does what there is to do. The time after which there is more to do by itself. `look`: there may be something new.
    fn turn(&mut self, look: bool) -> Result<Duration, StoreError> {
        if look || self.crew.under_way() > 0 || self.mail_at <= clock::monotonic() {
            let rest = self.mail_turn()?;
            self.mail_at = clock::monotonic() + rest;
        }
        if self.weighed.is_none_or(|time| clock::since(time) >= quota::LOOK) {
            quota::warn(&mut self.store, self.settings)?;
            self.weighed = Some(clock::monotonic());
        }
        let mail = self.mail_at.saturating_duration_since(clock::monotonic());
        let keys = self.keys.turn(&mut self.store, self.settings, look, ROUND)?;
        Ok(self.push_turn(look)?.min(mail).min(keys))
    }

    /// The same for subscribers that are called. Changes that nobody told of are looked for as often as by the master.
    fn push_turn(&mut self, look: bool) -> Result<Duration, StoreError> {
        let round = Duration::from_secs(self.settings.notifications.sweep_seconds).min(self.round());
        if look || self.watched.is_none_or(|time| clock::since(time) >= round) {
            if let Some(mailboxes) = self.pushes.take_watched(&mut self.store)? {
                self.watch(&mailboxes);
            }
            self.watched = Some(clock::monotonic());
        }
        let next = self.pushes.turn(&mut self.store, self.settings, round)?;
        for (what, n) in self.pushes.take_counts() {
            self.tally.add(what, n);
        }
        Ok(next.map_or(ROUND, |next| next.min(round)))
    }

    /// Asks the master to tell of changes of these mailboxes.
    fn watch(&self, mailboxes: &[MailboxNo]) {
        let pairs: Vec<(u64, u64)> = mailboxes.iter().map(|mailbox| pair(*mailbox, Seq(0))).collect();
        let mut parts: Vec<Vec<(u64, u64)>> = pairs.chunks(ewsd_ipc::PAIRS_MAX).map(<[_]>::to_vec).collect();
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        for (at, part) in parts.into_iter().enumerate() {
            if let Err(error) = self.end.send(&Reply::Pushed { anew: at == 0, mailboxes: Pairs(part) }, &[]) {
                // The next wait finds that the master is gone.
                note!(Debug, "the master: {error}");
            }
        }
    }

    /// Settles what is back, takes what is due. The time after which there is more to do by itself.
    fn mail_turn(&mut self) -> Result<Duration, StoreError> {
        self.settle()?;
        let round = self.round();
        if self.renewed.is_none_or(|time| clock::since(time) >= round) {
            self.store.renew_outgoing(self.holder, LEASE_SECONDS)?;
            let freed = self.store.free_outgoing(self.holder)?;
            if freed > 0 {
                note!(Info, "{freed} messages of a courier that is no more are free again");
            }
            self.renewed = Some(clock::monotonic());
        }
        self.give()?;
        for _ in 0..TURN {
            if !self.take()? {
                break;
            }
            self.give()?;
            self.settle()?;
            if let Err(error) = hears_within(self.end, self.settings, Duration::ZERO) {
                // The next wait finds that the master is gone.
                note!(Debug, "the master: {error}");
            }
        }
        self.figures()?;
        let due = match self.free() {
            0 => None,
            _ => self.store.next_outgoing_seconds()?,
        };
        let due = due.map_or(round, |seconds| Duration::from_secs_f64(seconds.clamp(0.0, round.as_secs_f64())));
        let open = self.closed.as_ref().map(|closed| closed.until.saturating_duration_since(clock::monotonic()));
        Ok(due.max(open.unwrap_or_default()).min(round))
    }

    /// PostgreSQL may notice the end of the courier before this one a moment after this one's start.
    fn round(&self) -> Duration {
        if clock::since(self.started) < YOUNG { ROUND_YOUNG } else { ROUND }
    }

    /// How many messages more can be under way.
    fn free(&self) -> usize {
        let most = match self.closed {
            Some(_) => 1,
            None => usize::try_from(self.settings.courier.parallel).unwrap_or(1),
        };
        most.saturating_sub(self.crew.under_way() + self.taken.len() + self.back.len())
    }

    /// Takes as many messages as can be under way. False: there is none.
    fn take(&mut self) -> Result<bool, StoreError> {
        let limit = i64::try_from(self.free()).unwrap_or(1);
        if limit == 0 {
            return Ok(false);
        }
        let waits = self.closed.as_ref().is_some_and(|closed| closed.until > clock::monotonic());
        // While nobody tries, only those are taken whose time is over.
        let submitted = if waits { settle::given_up(&mut self.store, self.settings)? } else { None };
        if waits && submitted.is_none() {
            return Ok(false);
        }
        let claim = Claim { holder: self.holder, lease_seconds: LEASE_SECONDS, limit, submitted };
        self.taken = self.store.claim_outgoing(&claim)?;
        Ok(!self.taken.is_empty())
    }

    /// Sees to people here, and has the rest sent.
    fn give(&mut self) -> Result<(), StoreError> {
        while let Some(message) = self.taken.last_mut() {
            let others = match local::deliver(&mut self.store, self.settings, message) {
                Err(error @ StoreError::Busy { .. }) => return Err(error),
                Err(error) => {
                    // A fault of ours must not stop the mail of everybody else.
                    note!(Error, "outgoing message {}: {error}", message.id);
                    let status = DeliveryStatus::Deferred(DeliveryFailure::own(
                        "4.3.0",
                        "a fault of this server; its log says more",
                    ));
                    courier::all(&std::mem::take(&mut message.recipients), &status)
                }
                Ok(others) => others,
            };
            let Some(message) = self.taken.pop() else { break };
            let task = Task { message, others };
            if task.message.recipients.is_empty() {
                self.back.push(Done { task, end: Ok(DeliveryStatuses::new()) });
            } else if self.settings.courier.smarthost.is_empty() {
                let end = Ok(settle::no_smarthost(&task.message));
                self.back.push(Done { task, end });
            } else if let Err(task) = self.crew.give(task) {
                self.back
                    .push(Done { task: *task, end: Err(DeliveryFailure::own("4.3.2", "no thread can be started")) });
            }
        }
        Ok(())
    }

    /// Settles what is back. What cannot be settled stays.
    fn settle(&mut self) -> Result<(), StoreError> {
        let done = self.crew.done();
        for one in &done {
            self.note_reachability(one.end.as_ref().err());
        }
        self.back.extend(done);
        while let Some(Done { task, end }) = self.back.last() {
            let counts =
                settle::settle(&mut self.store, self.settings, self.holder, task, end.as_ref().map_err(Clone::clone))?;
            self.back.pop();
            for (what, n) in counts {
                self.tally.add(what, n);
            }
        }
        Ok(())
    }

    /// Is the smarthost there?
    fn note_reachability(&mut self, trouble: Option<&DeliveryFailure>) {
        let Some(trouble) = trouble else {
            if self.closed.take().is_some() {
                note!(Info, "the smarthost is back");
            }
            return;
        };
        let pause = self.closed.as_ref().map_or(FIRST_PAUSE, |closed| (closed.pause * 2).min(LONGEST_PAUSE));
        if self.closed.is_none() {
            note!(Warn, "the smarthost cannot be reached: {}", trouble.line());
        } else {
            note!(Debug, "the smarthost is still away, next attempt in {} s: {}", pause.as_secs(), trouble.line());
        }
        self.closed = Some(Closed { until: clock::monotonic() + pause, pause });
    }

    /// An administrator asks: the smarthost is tried at once.
    fn reopen(&mut self) {
        if let Some(closed) = &mut self.closed {
            *closed = Closed { until: clock::monotonic(), pause: FIRST_PAUSE };
        }
    }

    /// Counts the queue: when there is nothing under way, else now and then.
    fn figures(&mut self) -> Result<(), StoreError> {
        let busy = self.crew.under_way() > 0;
        if busy && self.told.is_some_and(|(time, _)| clock::since(time) < FIGURES) {
            return Ok(());
        }
        let figures = self.store.outbox_figures()?;
        let known = self.told.is_some_and(|(_, known)| known == figures);
        self.told = Some((clock::monotonic(), figures));
        if !known {
            let number = |n: i64| u64::try_from(n).unwrap_or(0);
            let oldest = figures.oldest.map(|time| number(time.as_second()));
            let reply = Reply::Outbox { queued: number(figures.queued), deferred: number(figures.deferred), oldest };
            if self.end.send(&reply, &[]).is_err() {
                // The end of the master shows in the next wait.
                self.told = None;
            }
        }
        Ok(())
    }

    /// Tells the master what was committed and counted.
    fn tell(&mut self) -> std::io::Result<()> {
        let changes = self.store.take_changes();
        if !changes.is_empty() {
            let pairs: Vec<(u64, u64)> = changes.iter().map(|(mailbox, seq)| pair(*mailbox, *seq)).collect();
            for part in pairs.chunks(ewsd_ipc::PAIRS_MAX) {
                self.end.send(&Reply::Changed { changes: Pairs(part.to_vec()) }, &[])?;
            }
        }
        self.tally.tell(self.end)
    }

    fn complain(&mut self, error: &StoreError) -> Duration {
        if matches!(error, StoreError::Busy { .. }) {
            note!(Debug, "the database is away");
            return AGAIN;
        }
        note!(Error, "{error}");
        self.tally.add(Count::DatabaseErrors, 1);
        FAULT
    }

    /// What is under way may come to its end; the rest is free for others.
    fn finish(&mut self, signals: &Signals) -> std::io::Result<()> {
        let start = clock::monotonic();
        while self.crew.under_way() > 0 && clock::since(start) < FINISH {
            signals.listen(self.crew.ready(), FINISH.saturating_sub(clock::since(start)))?;
            if let Err(error) = self.settle() {
                self.complain(&error);
            }
        }
        while self.pushes.under_way() > 0 && clock::since(start) < FINISH {
            signals.listen(self.pushes.ready(), FINISH.saturating_sub(clock::since(start)))?;
            if let Err(error) = self.pushes.settle(&mut self.store, self.settings) {
                self.complain(&error);
            }
        }
        if let Err(error) = self.settle().and_then(|()| self.store.release_outgoing(self.holder)) {
            self.complain(&error);
        }
        if let Err(error) = self.pushes.release(&mut self.store) {
            self.complain(&error);
        }
        // The master may be gone already.
        let _ = self.tell();
        Ok(())
    }
}
