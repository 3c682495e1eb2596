//! Notifications (MS-OXWSNTIF): Subscribe, Unsubscribe, GetEvents, GetStreamingEvents; what they have in common.
//!
//! A subscription is a row in the store and a client's watermark a place in the journal, so any worker answers for any
//! subscription and nothing is remembered between calls; how far a stream was told lies in its row. All read the same journal by
//! the same [`read`] and [`expand`].

pub mod expand;
pub mod get;
pub mod looks;
pub(crate) mod read;
pub mod stream;
pub mod subscribe;
pub mod token;
pub mod unsubscribe;

use ewsd_mailbox::error::{Error, Result};
use ewsd_mailbox::gate::Granted;
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::id::Guid;
use ewsd_store::{Missing, StoreError, Subscription};
use token::SubscriptionId;

use crate::op::Cx;

/// The subscription of an id, if it is the caller's; its time starts anew.
fn find(cx: &mut Cx<'_>, text: &str) -> Result<(Granted, Subscription)> {
    let missing = || Error::from(Code::ErrorSubscriptionNotFound);
    let Some(id) = SubscriptionId::decode(text) else { return Err(Code::ErrorInvalidSubscription.into()) };
    let granted = watched(cx, id.mailbox)?.ok_or_else(missing)?;
    let subscription = match looks::row(cx, &granted, id)? {
        Some(row) => row,
        None => cx.gate.open(&granted).subscription(id.id).map_err(|error| match error {
            StoreError::NotFound(Missing::Subscription) => missing(),
            other => other.into(),
        })?,
    };
    if subscription.account != cx.caller.account {
        return Err(Failure::new(Code::ErrorSubscriptionAccessDenied).into());
    }
    if subscription.expired {
        return Err(Code::ErrorExpiredSubscription.into());
    }
    Ok((granted, subscription))
}

/// The leave to use subscriptions to a mailbox, if it is there. Whose each is, its row says; what it tells, the rights of that
/// moment.
fn watched(cx: &mut Cx<'_>, mailbox: Guid) -> Result<Option<Granted>> {
    cx.gate.subscriber(mailbox)
}
