//! Push notifications: subscribers' web services are called (SendNotification).
//!
//! | question | file |
//! |---|---|
//! | whose turn is it, and what becomes of a call? | here |
//! | what is a subscriber told? | `render.rs` |
//! | where is it, and may it be called there? | `address.rs` |
//! | what goes over the wire? | `call.rs` |
//! | who calls several at a time? | `notifier.rs`, in threads of `../crew.rs` |
//!
//! What a subscriber was told is written down when it has said that it heard. Until then, whatever dies, it is told again.

pub(crate) mod address;
mod call;
mod notifier;
mod render;

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use ewsd_ews::word::SubscriptionStatus;
use ewsd_ipc::Count;
use ewsd_mailbox::clock;
use ewsd_mailbox::log::note;
use ewsd_model::id::MailboxNo;
use ewsd_settings::Settings;
use ewsd_store::{Called, Missing, Push, PushClaim, Store, StoreError};

use self::notifier::{Notifier, Task};
use self::render::Rendered;
use super::crew::{Crew, Done};

/// How long a subscription is the courier's own if it does not say so again.
const LEASE_SECONDS: i64 = 300;
/// Takes in one turn, before the master is heard again.
const TURN: u32 = 50;

/// The calls of a courier.
pub(crate) struct Pushes {
    crew: Crew<Notifier>,
    holder: i32,
    /// Taken, and not given to anybody yet.
    taken: Vec<Push>,
    /// Back from the callers, and not settled yet.
    back: Vec<Done<Notifier>>,
    renewed: Option<Instant>,
    /// The mailboxes whose changes the master was last asked to tell of.
    watched: Option<Vec<MailboxNo>>,
    counts: Vec<(Count, u32)>,
}

impl Pushes {
    pub fn new(settings: &Settings, holder: i32) -> nix::Result<Pushes> {
        let crew = Crew::new(settings)?;
        let (taken, back, counts) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Pushes { crew, holder, taken, back, renewed: None, watched: None, counts })
    }

    /// Readable when a call is over.
    pub fn ready(&self) -> BorrowedFd<'_> {
        self.crew.ready()
    }

    pub fn under_way(&self) -> usize {
        self.crew.under_way()
    }

    /// What was counted since the last time.
    pub fn take_counts(&mut self) -> Vec<(Count, u32)> {
        std::mem::take(&mut self.counts)
    }

    /// The mailboxes whose changes matter, if they are others than at the last time.
    pub fn take_watched(&mut self, store: &mut Store) -> Result<Option<Vec<MailboxNo>>, StoreError> {
        let now = store.pushed_mailboxes()?;
        if self.watched.as_ref() == Some(&now) {
            return Ok(None);
        }
        self.watched = Some(now.clone());
        Ok(Some(now))
    }

    /// Settles what is back, takes what is due. The time after which there is more to do by itself; none: nothing by itself.
    /// `round`: so often what dead couriers had is looked for.
    pub fn turn(
        &mut self,
        store: &mut Store,
        settings: &Settings,
        round: Duration,
    ) -> Result<Option<Duration>, StoreError> {
        self.settle(store, settings)?;
        if self.renewed.is_none_or(|time| clock::since(time) >= round) {
            store.renew_pushes(self.holder, LEASE_SECONDS)?;
            store.free_pushes(self.holder)?;
            self.renewed = Some(clock::monotonic());
        }
        self.give(store, settings)?;
        for _ in 0..TURN {
            let limit = self.free(settings);
            if limit == 0 {
                return Ok(None);
            }
            self.taken = store.claim_pushes(&PushClaim { holder: self.holder, lease_seconds: LEASE_SECONDS, limit })?;
            if self.taken.is_empty() {
                let next = store.next_push_seconds()?;
                return Ok(next.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, 3600.0))));
            }
            self.give(store, settings)?;
            self.settle(store, settings)?;
        }
        Ok(Some(Duration::ZERO))
    }

    /// How many subscribers more can be called.
    fn free(&self, settings: &Settings) -> i64 {
        let most = usize::try_from(settings.notifications.push_parallel).unwrap_or(1);
        i64::try_from(most.saturating_sub(self.crew.under_way() + self.taken.len() + self.back.len())).unwrap_or(1)
    }

    /// Makes what is to be told and has it told.
    fn give(&mut self, store: &mut Store, settings: &Settings) -> Result<(), StoreError> {
        while let Some(push) = self.taken.last() {
            let rendered = match render::render(store, settings, push) {
                Ok(rendered) => rendered,
                Err(error @ StoreError::Busy { .. }) => return Err(error),
                Err(error) => {
                    // A fault of ours must not stop the calls of everybody else.
                    note!(Error, "push subscription in mailbox {}: {error}", push.mailbox);
                    Rendered::Fault
                }
            };
            let Some(push) = self.taken.pop() else { break };
            match rendered {
                Rendered::Nothing(upto) => self.end(store, &push, Some(Called::Nothing(upto)))?,
                Rendered::Over(why) => {
                    note!(Info, "a push subscription in mailbox {} ends: {why}", push.mailbox);
                    self.end(store, &push, None)?;
                }
                Rendered::Fault => self.end(store, &push, Some(failed(settings)))?,
                Rendered::Document(document, upto) => {
                    if let Err(task) = self.crew.give(Task { push, document, upto }) {
                        note!(Error, "no thread can be started to call a subscriber");
                        self.end(store, &task.push, Some(failed(settings)))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes down what became of calls. What cannot be written stays.
    pub fn settle(&mut self, store: &mut Store, settings: &Settings) -> Result<(), StoreError> {
        self.back.extend(self.crew.done());
        while let Some(Done { task, end }) = self.back.last() {
            let push = task.push.clone();
            let called = match end {
                Ok(SubscriptionStatus::Ok) => Some(Called::Heard(task.upto)),
                Ok(SubscriptionStatus::Unsubscribe) => None,
                Err(why) => {
                    note!(Debug, "{} of mailbox {} was not told: {why}", push.url, push.mailbox);
                    Some(failed(settings))
                }
            };
            let heard = end.is_ok();
            self.end(store, &push, called)?;
            self.back.pop();
            self.counts.push((if heard { Count::PushesHeard } else { Count::PushesFailed }, 1));
        }
        Ok(())
    }

    /// Gives a subscription back; without anything to write it ends.
    fn end(&mut self, store: &mut Store, push: &Push, called: Option<Called>) -> Result<(), StoreError> {
        let mut mailbox = store.mailbox(push.mailbox);
        let over = match called {
            None => true,
            Some(called) => {
                let had = mailbox.settle_push(self.holder, push.id, called)?;
                let lost = had && matches!(called, Called::Failed { .. }) && mailbox.push_is_lost(push.id)?;
                if lost {
                    note!(Info, "a push subscription in mailbox {} ends: {} is not there", push.mailbox, push.url);
                }
                lost
            }
        };
        if !over {
            return Ok(());
        }
        match mailbox.delete_subscription(push.id) {
            // Its owner's account went meanwhile.
            Err(StoreError::NotFound(Missing::Subscription)) => Ok(()),
            other => other,
        }
    }

    /// Gives everything back.
    pub fn release(&mut self, store: &mut Store) -> Result<(), StoreError> {
        store.release_pushes(self.holder)
    }
}

fn failed(settings: &Settings) -> Called {
    let seconds = settings.notifications.push_retry_seconds;
    Called::Failed { first_seconds: i64::try_from(seconds).unwrap_or(i64::MAX) }
}
