//! Subscribe (MS-OXWSNTIF 3.1.4.4), for pull notifications, streams, and calls of a web service of the client's (push).

use std::collections::BTreeSet;

use ewsd_ews::reply::Subscribed;
use ewsd_ews::request::{Delivery, Subscribe};
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Folder, Granted, Right};
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::FolderNo;
use ewsd_store::{EventPosition, NewPush, NewSubscription, Scope, SubscriptionKind};

use super::expand::bit;
use super::token::{SubscriptionId, Watermark};
use crate::courier::push::address::{CallbackUrl, is_allowed};
use crate::op::Cx;

/// A push subscription does not end by itself while nobody calls: what ends it is that calls fail.
const PUSH_SECONDS: i64 = 10 * 365 * 86_400;
/// Octets of what a subscriber is handed back with each call.
const CALLER_DATA: usize = 1024;

pub fn run(cx: &mut Cx<'_>, request: Subscribe) -> Result<Vec<Outcome<Subscribed>>> {
    Ok(vec![outcome(subscribe(cx, &request))?])
}

fn subscribe(cx: &mut Cx<'_>, request: &Subscribe) -> Result<Subscribed> {
    let (kind, timeout_seconds) = match &request.delivery {
        Delivery::Pull { timeout } => (SubscriptionKind::Pull, i64::from(*timeout) * 60),
        Delivery::Push { .. } => (SubscriptionKind::Push, PUSH_SECONDS),
        Delivery::Streaming => {
            let seconds = cx.settings.notifications.stream_timeout;
            (SubscriptionKind::Streaming, i64::try_from(seconds).unwrap_or(i64::MAX))
        }
    };
    let push = push(cx, &request.delivery)?;
    let (granted, scope) = scope(cx, request)?;
    let from = request.watermark.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let from = from.map(|text| Watermark::decode(text).ok_or(Code::ErrorInvalidWatermark)).transpose()?;
    let new = NewSubscription {
        account: cx.caller.account,
        kind,
        scope,
        events: request.events.iter().fold(0, |bits, event| bits | bit(*event)),
        timeout_seconds,
        details: ewsd_store::Map::new(),
    };
    let most = i64::try_from(cx.session.share(cx.settings.limits.subscriptions_per_account)).unwrap_or(i64::MAX);
    let mut mailbox = cx.gate.open(&granted);
    if let Some(from) = from {
        if from.mailbox != granted.guid() || !mailbox.knows(from.read_after())? {
            return Err(Code::ErrorInvalidWatermark.into());
        }
    }
    let (id, since) = match push {
        None => mailbox.create_subscription(&new, most)?,
        Some(push) => {
            let from = from.map(|mark| EventPosition { seq: mark.seq, events: mark.told });
            mailbox.create_push(&new, &NewPush { from, ..push }, most)?
        }
    };
    // A stream begins here, or where it was told up to: its client keeps no place.
    let watermark =
        (kind != SubscriptionKind::Streaming).then(|| from.unwrap_or(Watermark::after(granted.guid(), since)).encode());
    Ok(Subscribed { id: SubscriptionId { mailbox: granted.guid(), id }.encode(), watermark })
}

/// What is to be watched: all of the caller's own mailbox, or folders of one mailbox that the caller may read.
fn scope(cx: &mut Cx<'_>, request: &Subscribe) -> Result<(Granted, Scope)> {
    if request.folders.is_empty() {
        return Ok((cx.gate.own(), Scope::All));
    }
    let folders: Result<Vec<Folder>> = cx.gate.folders(&request.folders, Right::Read)?.into_iter().collect();
    let folders = folders?;
    let mut granted = folders.iter().map(|folder| folder.granted);
    let first = granted.next().ok_or(Code::ErrorInvalidSubscriptionRequest)?;
    if granted.any(|other| other.mailbox() != first.mailbox()) {
        let text = "The folders of a subscription are all in one mailbox: subscribe once for each.";
        return Err(Failure::with_text(Code::ErrorInvalidSubscriptionRequest, text).into());
    }
    let numbers: BTreeSet<FolderNo> = folders.into_iter().map(|folder| folder.row.folder).collect();
    Ok((first, Scope::Folders(numbers.into_iter().collect())))
}

/// How a subscriber is to be called, if it is.
fn push(cx: &Cx<'_>, delivery: &Delivery) -> Result<Option<NewPush>> {
    let Delivery::Push { status_frequency, url, caller_data } = delivery else { return Ok(None) };
    let parsed = CallbackUrl::parse(url).ok_or(Code::ErrorInvalidPushSubscriptionUrl)?;
    // What a name stands for is looked up when it is called, each time.
    if parsed.address().is_some_and(|address| !is_allowed(cx.settings, address)) {
        let text = format!("Subscribers at {} are not called by this server.", parsed.host);
        return Err(Failure::with_text(Code::ErrorInvalidPushSubscriptionUrl, text).into());
    }
    if caller_data.as_ref().is_some_and(|data| data.len() > CALLER_DATA) {
        let text = format!("CallerData has at most {CALLER_DATA} octets.");
        return Err(Failure::with_text(Code::ErrorInvalidSubscriptionRequest, text).into());
    }
    let frequency_seconds = i64::from(*status_frequency) * 60;
    Ok(Some(NewPush { url: url.clone(), frequency_seconds, caller_data: caller_data.clone(), from: None }))
}
