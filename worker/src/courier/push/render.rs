//! What a subscriber is told: the events since it was last told, by the rights that the subscription's owner has now.

use std::rc::Rc;

use ewsd_ews::reply::{Event, Notification};
use ewsd_ews::{Form, push};
use ewsd_mailbox::error::Error;
use ewsd_mailbox::session::Session;
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_settings::Settings;
use ewsd_store::{EventPosition, Push, Store, StoreError};

use crate::op::event::read::{read, tell};
use crate::op::event::token::{SubscriptionId, Watermark};

/// What is to be done about a subscription.
pub(super) enum Rendered {
    /// Send this; then it is told up to there.
    Document(Vec<u8>, EventPosition),
    /// Nothing has happened up to there, and nobody waits to hear just that.
    Nothing(EventPosition),
    /// It ends, and why.
    Over(&'static str),
    /// It cannot be told now, and that is our fault.
    Fault,
}

/// Events of one call.
const EVENTS: u64 = 50;

pub(super) fn render(store: &mut Store, settings: &Settings, push: &Push) -> Result<Rendered, StoreError> {
    let caller = match store.account(push.account)? {
        Some(account) if !account.disabled => Rc::new(account),
        _ => return Ok(Rendered::Over("its account is gone or disabled")),
    };
    let mut session = Session::new(store, settings, caller, None);
    match look(&mut session, settings, push) {
        Ok(rendered) => Ok(rendered),
        Err(Error::Failure(failure)) if failure.code == Code::ErrorAccessDenied => {
            Ok(Rendered::Over("its folders may not be read any more"))
        }
        // Away for a while, and everything else likewise: the next attempt finds out.
        Err(Error::Failure(failure) | Error::Fault(failure)) => match failure.code {
            Code::ErrorServerBusy => Err(StoreError::Busy { retry_ms: 1000 }),
            code => {
                log::error!("a push subscription in mailbox {} cannot be told: {}", push.mailbox, code.name());
                Ok(Rendered::Fault)
            }
        },
    }
}

fn look(session: &mut Session<'_>, settings: &Settings, push: &Push) -> Result<Rendered, Error> {
    let Some(granted) = session.gate.subscriber(push.guid)? else { return Ok(Rendered::Over("its mailbox is gone")) };
    let Some(row) = session.gate.open(&granted).subscriptions(&[push.id])?.pop() else {
        return Ok(Rendered::Over("it was ended"));
    };
    let before = Watermark { mailbox: push.guid, seq: row.told.seq, told: row.told.events };
    let subscription = SubscriptionId { mailbox: push.guid, id: push.id }.encode();
    let most = usize::try_from(settings.notifications.events.min(EVENTS)).unwrap_or(1);
    let batch = match read(session, &granted, &row, before, most) {
        Ok(batch) => batch,
        Err(Error::Failure(failure))
            if matches!(failure.code, Code::ErrorEventNotFound | Code::ErrorInvalidWatermark) =>
        {
            // What lies between is gone for good: the subscriber is told, and it goes on from here.
            let newest = session.gate.open(&granted).newest()?;
            let lost = Outcome::Error(Failure::new(Code::ErrorMissedNotificationEvents));
            let told = EventPosition { seq: newest, events: Watermark::ALL };
            return Ok(Rendered::Document(push::send_notification(&lost, Form::default()), told));
        }
        Err(error) => return Err(error),
    };
    let last = batch.events.last().filter(|_| batch.more).map(|(_, mark)| (mark.seq, mark.told));
    let (seq, events) = last.unwrap_or((batch.upto, Watermark::ALL));
    let told = EventPosition { seq, events };
    if batch.events.is_empty() && (!push.due || batch.more) {
        return Ok(Rendered::Nothing(told));
    }
    let after = Watermark { mailbox: push.guid, seq, told: events };
    let events = if batch.events.is_empty() {
        vec![Event::Status { watermark: Some(after.encode()) }]
    } else {
        tell(session, &granted, batch.events, true)?
    };
    let notification =
        Notification { subscription, previous_watermark: Some(before.encode()), more_events: Some(batch.more), events };
    Ok(Rendered::Document(push::send_notification(&Outcome::Success(notification), Form::default()), told))
}
