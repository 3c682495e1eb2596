//! Looks that are alike, taken once. Ten thousand clients of one mailbox that wait for the same are woken by one change: of
//! those that are rendered together, only the first reads the journal, and one statement brings the subscriptions of all.
//!
//! Only looks at the caller's own mailbox are shared: whoever may use such a subscription is its owner, and sees all of it.

use std::cell::RefCell;
use std::rc::Rc;

use ewsd_ews::reply;
use ewsd_mailbox::error::Result;
use ewsd_mailbox::gate::Granted;
use ewsd_model::id::{Guid, Seq};
use ewsd_store::{Scope, Subscription};

use super::read::{read, tell};
use super::token::{SubscriptionId, Watermark};
use crate::op::Cx;

/// Different looks that are remembered.
const MOST: usize = 64;

/// What the calls of one batch have in common.
#[derive(Default)]
pub struct LookCache {
    /// The subscriptions that the batch names.
    wanted: Vec<SubscriptionId>,
    /// Mailboxes whose part of them was read, and the rows.
    read: Vec<Guid>,
    rows: Vec<(Guid, Subscription)>,
    seen: Vec<(Key, Rc<LookResult>)>,
}

/// The same for all calls of a batch.
pub type SharedLooks = Rc<RefCell<LookCache>>;

/// What a look depends on.
#[derive(PartialEq)]
struct Key {
    mailbox: Guid,
    scope: Scope,
    events: u32,
    quiet: Option<(Seq, Seq)>,
    mark: Watermark,
    most: usize,
    watermarks: bool,
}

/// What a look came to.
pub struct LookResult {
    pub events: Vec<reply::Event>,
    /// The place behind the last of them.
    pub last: Option<Watermark>,
    /// Read up to here.
    pub upto: Seq,
    pub more: bool,
}

impl LookCache {
    /// For a batch whose calls name these subscriptions.
    pub fn of(wanted: Vec<SubscriptionId>) -> SharedLooks {
        Rc::new(RefCell::new(LookCache { wanted, ..LookCache::default() }))
    }
}

/// The row of a subscription that the batch names; none: it is not there, or the batch is none.
pub(super) fn row(cx: &mut Cx<'_>, granted: &Granted, id: SubscriptionId) -> Result<Option<Subscription>> {
    let Some(looks) = cx.looks.clone().filter(|looks| looks.borrow().wanted.contains(&id)) else { return Ok(None) };
    let mut looks = looks.borrow_mut();
    if !looks.read.contains(&id.mailbox) {
        let of = |wanted: &&SubscriptionId| wanted.mailbox == id.mailbox;
        let ids: Vec<Guid> = looks.wanted.iter().filter(of).map(|wanted| wanted.id).collect();
        let rows = cx.gate.open(granted).renew_subscriptions(&ids)?;
        looks.rows.extend(rows.into_iter().map(|row| (id.mailbox, row)));
        looks.read.push(id.mailbox);
    }
    let found = looks.rows.iter().find(|(mailbox, row)| *mailbox == id.mailbox && row.id == id.id);
    Ok(found.map(|(_, row)| row.clone()))
}

/// What comes after `mark`, at most `most` events, as clients are told.
pub(super) fn look(
    cx: &mut Cx<'_>,
    granted: &Granted,
    subscription: &Subscription,
    mark: Watermark,
    (most, watermarks): (usize, bool),
) -> Result<Rc<LookResult>> {
    let shared = cx.looks.clone().filter(|_| cx.gate.is_own(granted));
    let (scope, events, quiet) = (subscription.scope.clone(), subscription.events, subscription.quiet);
    let key = Key { mailbox: granted.guid(), scope, events, quiet, mark, most, watermarks };
    if let Some(looks) = &shared {
        if let Some((_, seen)) = looks.borrow().seen.iter().find(|(known, _)| *known == key) {
            return Ok(Rc::clone(seen));
        }
    }
    let batch = read(&mut cx.session, granted, subscription, mark, most)?;
    let last = batch.events.last().map(|(_, mark)| *mark);
    let events =
        if batch.events.is_empty() { Vec::new() } else { tell(&mut cx.session, granted, batch.events, watermarks)? };
    let seen = Rc::new(LookResult { events, last, upto: batch.upto, more: batch.more });
    if let Some(looks) = shared {
        let mut looks = looks.borrow_mut();
        if looks.seen.len() < MOST {
            looks.seen.push((key, Rc::clone(&seen)));
        }
    }
    Ok(seen)
}
