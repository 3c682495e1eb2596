//! Subscribe (MS-OXWSNTIF 3.1.4.4). Pull subscriptions; streams and callbacks are refused until they are built.

use std::collections::BTreeSet;

use ewsd_ews::reply::Subscribed;
use ewsd_ews::request::{Delivery, Subscribe};
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::Right;
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::FolderNo;
use ewsd_store::{NewSubscription, Scope, SubscriptionKind};

use super::expand::bit;
use super::token::{SubscriptionId, Watermark};
use crate::op::Cx;

pub fn run(cx: &mut Cx<'_>, request: Subscribe) -> Result<Vec<Outcome<Subscribed>>> {
    Ok(vec![outcome(one(cx, &request))?])
}

fn one(cx: &mut Cx<'_>, request: &Subscribe) -> Result<Subscribed> {
    let minutes = match &request.delivery {
        Delivery::Pull { timeout } => i64::from(*timeout),
        Delivery::Push { .. } => return Err(not_yet("Push")),
        Delivery::Streaming => return Err(not_yet("Streaming")),
    };
    let granted = cx.gate.own();
    let scope = match request.folders.is_empty() {
        true => Scope::All,
        false => {
            let folders = cx.gate.folders(&request.folders, Right::Read)?;
            let numbers: Result<BTreeSet<FolderNo>> =
                folders.into_iter().map(|folder| folder.map(|folder| folder.row.folder)).collect();
            Scope::Folders(numbers?.into_iter().collect())
        }
    };
    let from = request.watermark.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let from = from.map(|text| Watermark::decode(text).ok_or(Code::ErrorInvalidWatermark)).transpose()?;
    let new = NewSubscription {
        account: cx.caller.account,
        kind: SubscriptionKind::Pull,
        scope,
        events: request.events.iter().fold(0, |bits, event| bits | bit(*event)),
        timeout_seconds: minutes * 60,
        details: ewsd_store::Map::new(),
    };
    let most = i64::try_from(cx.settings.limits.subscriptions_per_account).unwrap_or(i64::MAX);
    let mut mailbox = cx.gate.open(&granted);
    if let Some(from) = from {
        let known = mailbox.trimmed_to()?..=mailbox.newest()?;
        if from.mailbox != granted.guid() || !known.contains(&from.read_after()) {
            return Err(Code::ErrorInvalidWatermark.into());
        }
    }
    let (id, since) = mailbox.create_subscription(&new, most)?;
    let watermark = from.unwrap_or(Watermark::after(granted.guid(), since));
    Ok(Subscribed { id: SubscriptionId { mailbox: granted.guid(), id }.encode(), watermark: Some(watermark.encode()) })
}

fn not_yet(what: &str) -> ewsd_mailbox::error::Error {
    let text = format!("{what} subscriptions are not built yet on this server; subscribe for pull notifications.");
    Failure::with_text(Code::ErrorInvalidSubscriptionRequest, text).into()
}
