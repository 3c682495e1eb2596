//! GetEvents (MS-OXWSNTIF 3.1.4.1), at once and after a wait.
//!
//! The journal is read from the client's watermark on. If that brings nothing and the call may wait, it is left with
//! [`Cx::hold`]: the answer returned beside it (one StatusEvent) is sent at the deadline, and [`resume`] looks again
//! when the mailbox has moved. The place that was read up to goes into the hold, so a change between the look and the hold is
//! one that the master sees as newer than the hold.

use ewsd_ews::reply::{self, Notification};
use ewsd_ews::request::GetEvents;
use ewsd_ipc::RenderReason;
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_model::id::{MailboxNo, Seq};
use ewsd_store::SubscriptionKind;
use ewsd_wire::{from_bytes, to_bytes, wire};

use super::find;
use super::looks::look as look_once;
use super::token::{SubscriptionId, Watermark};
use crate::op::{Cx, Hold, Resumed};

pub fn run(cx: &mut Cx<'_>, request: GetEvents) -> Result<Vec<Outcome<Notification>>> {
    let answer = outcome(look(cx, &request))?;
    Ok(vec![match answer {
        Outcome::Success((notification, place, upto)) => {
            if notification.is_quiet() && !notification.goes_on() && !cx.wait.most.is_zero() {
                cx.hold = Some(hold(cx, &place, &notification.0, upto));
            }
            Outcome::Success(notification.0)
        }
        other => other.map(|(notification, ..)| notification.0),
    }])
}

/// Looks again at a held call; at its deadline, that there is nothing is what it has to tell.
pub fn resume(cx: &mut Cx<'_>, context: &[u8], why: RenderReason) -> Result<Resumed<Vec<Outcome<Notification>>>> {
    let Ok(HeldCallContext { id, watermark }) = from_bytes(context) else {
        return Err(Error::internal("a held call's context is damaged"));
    };
    let request = GetEvents { id: id.encode(), watermark: watermark.encode() };
    Ok(match outcome(look(cx, &request))? {
        Outcome::Success((answer, place, upto)) if answer.is_quiet() && why != RenderReason::Deadline => {
            Resumed::Still(hold(cx, &place, &answer.0, upto))
        }
        other => Resumed::Answer(vec![other.map(|(answer, ..)| answer.0)]),
    })
}

/// A notification of this call; quiet if it tells of nothing.
struct Answer(Notification);

impl Answer {
    /// The journal was not read to its end: the client asks again, from where this look came to.
    fn goes_on(&self) -> bool {
        self.0.more_events == Some(true)
    }

    fn is_quiet(&self) -> bool {
        matches!(self.0.events.as_slice(), [reply::Event::Status { .. }])
    }
}

fn hold(cx: &Cx<'_>, place: &HeldCallContext, notification: &Notification, upto: (MailboxNo, Seq)) -> Hold {
    let mut own = vec![notification.subscription.clone()];
    own.extend(notification.previous_watermark.clone());
    if let [reply::Event::Status { watermark: Some(watermark) }] = notification.events.as_slice() {
        own.push(watermark.clone());
    }
    Hold { watch: vec![upto], wait: cx.wait.most, context: to_bytes(place), own, stream: None }
}

wire! {
    /// What a held call keeps of its request. The answer repeats both, and each has one text only.
    struct HeldCallContext {
        id: SubscriptionId,
        watermark: Watermark,
    }
}

/// The subscription that a held call is about.
pub fn subscription_of(context: &[u8]) -> Option<SubscriptionId> {
    Some(from_bytes::<HeldCallContext>(context).ok()?.id)
}

/// What has happened since the watermark, what was asked for, in which mailbox, and the number up to which its journal was read.
fn look(cx: &mut Cx<'_>, request: &GetEvents) -> Result<(Answer, HeldCallContext, (MailboxNo, Seq))> {
    let (granted, subscription) = find(cx, &request.id)?;
    if subscription.kind != SubscriptionKind::Pull {
        return Err(Code::ErrorInvalidPullSubscriptionId.into());
    }
    let mark = Watermark::decode(&request.watermark).filter(|mark| mark.mailbox == granted.guid());
    let Some(mark) = mark else { return Err(Code::ErrorInvalidWatermark.into()) };
    let most = usize::try_from(cx.settings.notifications.events).unwrap_or(usize::MAX);
    let seen = look_once(cx, &granted, &subscription, mark, (most, true))?;
    let previous_watermark = Some(request.watermark.trim().to_owned());
    let events = if seen.events.is_empty() {
        vec![reply::Event::Status { watermark: Some(Watermark::after(granted.guid(), seen.upto).encode()) }]
    } else {
        seen.events.clone()
    };
    let id = SubscriptionId { mailbox: granted.guid(), id: subscription.id };
    let subscription = request.id.trim().to_owned();
    let answer = Answer(Notification { subscription, previous_watermark, more_events: Some(seen.more), events });
    Ok((answer, HeldCallContext { id, watermark: mark }, (granted.mailbox(), seen.upto)))
}
