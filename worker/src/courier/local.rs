//! Recipients that are here after all: somebody whose mailbox was full when the message was submitted, or whose account came or
//! went meanwhile. They never go over the smarthost, which would bring them back.

use ewsd_mailbox::convert::ical::Limits;
use ewsd_mailbox::deliver::{self, DeliverError, Domains, Target, Trace};
use ewsd_settings::Settings;
use ewsd_store::{Outgoing, Recipient, Store, StoreError};

use super::{DeliveryFailure, DeliveryStatus, DeliveryStatuses};

/// Delivers to whoever is here, and takes them off the message. Their fates, but for those who have it: the queue
/// remembers that in the same transaction.
pub(crate) fn deliver(
    store: &mut Store,
    settings: &Settings,
    message: &mut Outgoing,
) -> Result<DeliveryStatuses, StoreError> {
    let known = store.recipients(&message.recipients)?;
    let ours = Domains::read(store, settings)?;
    let mut here: Vec<(String, Recipient)> = Vec::new();
    let mut statuses = DeliveryStatuses::new();
    let mut away = Vec::new();
    for address in &message.recipients {
        let mut found = known.iter().filter(|one| one.address.eq_ignore_ascii_case(address)).peekable();
        if found.peek().is_some() {
            // An address that has become a group's meanwhile: from here on its members are whom the message waits for.
            let each = |one: &Recipient| (if one.group { one.own_address() } else { address }.to_owned(), one.clone());
            here.extend(found.map(each));
        } else if ours.hold(address) {
            let text = "there is no mailbox here with this address";
            statuses.push((address.clone(), DeliveryStatus::Failed(DeliveryFailure::own("5.1.1", text))));
        } else {
            away.push(address.clone());
        }
    }
    if !here.is_empty() {
        // The order in which everybody locks mailboxes.
        here.sort_by_key(|(_, one)| one.mailbox);
        statuses.extend(store.transaction(|store| {
            let statuses = attempt(store, settings, message, &here)?;
            let open = statuses.iter().map(|(address, _)| address).chain(&away).cloned().collect::<Vec<_>>();
            store.narrow_outgoing(message.mailbox, message.id, &open)?;
            Ok::<_, StoreError>(statuses)
        })?);
    }
    message.recipients = away;
    Ok(statuses)
}

fn attempt(
    store: &mut Store,
    settings: &Settings,
    message: &Outgoing,
    here: &[(String, Recipient)],
) -> Result<DeliveryStatuses, StoreError> {
    let targets: Vec<Option<Target>> = here.iter().map(|(_, one)| Some(Target::from(one.clone()))).collect();
    let (from, by) = (message.sender.as_str(), settings.server.name.as_str());
    let trace = Trace {
        from,
        by,
        author: Some(message.mailbox),
        calendars: Limits::of(settings),
        zone: &settings.calendar.time_zone,
        ..Trace::default()
    };
    let mut statuses = DeliveryStatuses::new();
    let results = deliver::deliver_to(store, &trace, &targets, &message.mime);
    for ((address, _), result) in here.iter().zip(results) {
        let status = match result {
            Ok(_) => continue,
            Err(DeliverError::Busy { retry_ms }) => return Err(StoreError::Busy { retry_ms }),
            Err(error @ (DeliverError::Full | DeliverError::Failed)) => DeliveryStatus::Deferred(DeliveryFailure::own(
                if error == DeliverError::Full { "4.2.2" } else { "4.3.0" },
                error.to_string(),
            )),
            Err(error @ DeliverError::Unfit) => {
                DeliveryStatus::Failed(DeliveryFailure::own("5.6.0", error.to_string()))
            }
            Err(error @ DeliverError::Disabled) => {
                DeliveryStatus::Failed(DeliveryFailure::own("5.2.1", error.to_string()))
            }
            Err(error @ DeliverError::Unknown) => {
                DeliveryStatus::Failed(DeliveryFailure::own("5.1.1", error.to_string()))
            }
        };
        statuses.push((address.clone(), status));
    }
    Ok(statuses)
}
