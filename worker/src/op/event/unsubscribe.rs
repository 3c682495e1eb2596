//! Unsubscribe (MS-OXWSNTIF 3.1.4.5).

use ewsd_ews::request::Unsubscribe;
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_store::{Missing, StoreError, SubscriptionKind};

use super::find;
use crate::op::Cx;

pub fn run(cx: &mut Cx<'_>, request: Unsubscribe) -> Result<Vec<Outcome<()>>> {
    Ok(vec![outcome(unsubscribe(cx, &request.id))?])
}

fn unsubscribe(cx: &mut Cx<'_>, id: &str) -> Result<()> {
    let (granted, subscription) = find(cx, id)?;
    if subscription.kind == SubscriptionKind::Push {
        return Err(Code::ErrorInvalidPullSubscriptionId.into());
    }
    cx.gate.open(&granted).delete_subscription(subscription.id).map_err(|error| match error {
        StoreError::NotFound(Missing::Subscription) => Error::from(Code::ErrorSubscriptionNotFound),
        other => other.into(),
    })
}
