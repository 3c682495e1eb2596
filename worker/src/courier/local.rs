//! Recipients that are here after all: somebody whose mailbox was full when the message was submitted, or whose account came or
//! went meanwhile. They never go over the smarthost, which would bring them back.

use ewsd_mailbox::deliver::{self, DeliverError, Domains, Target, Trace};
use ewsd_settings::Settings;
use ewsd_store::{Outgoing, Recipient, Store, StoreError};

use super::{Fate, Fates, Trouble};

/// Delivers to whoever is here, and takes them off the message. Their fates, but for those who have it: the queue
/// remembers that in the same transaction.
pub(crate) fn deliver(store: &mut Store, settings: &Settings, message: &mut Outgoing) -> Result<Fates, StoreError> {
    let known = store.recipients(&message.recipients)?;
    let ours = Domains::read(store, settings)?;
    let mut here: Vec<(String, Recipient)> = Vec::new();
    let mut fates = Fates::new();
    let mut away = Vec::new();
    for address in &message.recipients {
        let mut found = known.iter().filter(|one| one.address.eq_ignore_ascii_case(address)).peekable();
        if found.peek().is_some() {
            // An address that has become a group's meanwhile: from here on its members are whom the message waits for.
            let each = |one: &Recipient| (if one.group { one.own_address() } else { address }.to_owned(), one.clone());
            here.extend(found.map(each));
        } else if ours.hold(address) {
            let text = "there is no mailbox here with this address";
            fates.push((address.clone(), Fate::Failed(Trouble::own("5.1.1", text))));
        } else {
            away.push(address.clone());
        }
    }
    if !here.is_empty() {
        // The order in which everybody locks mailboxes.
        here.sort_by_key(|(_, one)| one.mailbox);
        fates.extend(store.transaction(|store| {
            let fates = attempt(store, settings, message, &here)?;
            let open = fates.iter().map(|(address, _)| address).chain(&away).cloned().collect::<Vec<_>>();
            store.narrow_outgoing(message.mailbox, message.id, &open)?;
            Ok::<_, StoreError>(fates)
        })?);
    }
    message.recipients = away;
    Ok(fates)
}

fn attempt(
    store: &mut Store,
    settings: &Settings,
    message: &Outgoing,
    here: &[(String, Recipient)],
) -> Result<Fates, StoreError> {
    let targets: Vec<Option<Target>> = here.iter().map(|(_, one)| Some(Target::from(one.clone()))).collect();
    let (from, by) = (message.sender.as_str(), settings.server.name.as_str());
    let trace = Trace { from, by, author: Some(message.mailbox), ..Trace::default() };
    let mut fates = Fates::new();
    let results = deliver::deliver_to(store, &trace, &targets, &message.mime);
    for ((address, _), result) in here.iter().zip(results) {
        let fate = match result {
            Ok(_) => continue,
            Err(DeliverError::Busy { retry_ms }) => return Err(StoreError::Busy { retry_ms }),
            Err(error @ (DeliverError::Full | DeliverError::Failed)) => Fate::Deferred(Trouble::own(
                if error == DeliverError::Full { "4.2.2" } else { "4.3.0" },
                error.to_string(),
            )),
            Err(error @ DeliverError::Unfit) => Fate::Failed(Trouble::own("5.6.0", error.to_string())),
            Err(error @ DeliverError::Disabled) => Fate::Failed(Trouble::own("5.2.1", error.to_string())),
            Err(error @ DeliverError::Unknown) => Fate::Failed(Trouble::own("5.1.1", error.to_string())),
        };
        fates.push((address.clone(), fate));
    }
    Ok(fates)
}
