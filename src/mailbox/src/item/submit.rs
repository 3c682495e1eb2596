//! Sending: people here get the message in the sender's own transaction, for everybody else it is queued by it.
//! Shared by CreateItem, UpdateItem, SendItem.

use ewsd_model::PropId;
use ewsd_model::address::Address;
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::id::MailboxNo;
use ewsd_model::property::Column;
use ewsd_model::value::Mailbox as Person;
use ewsd_settings::Settings;
use ewsd_store::{Columns, Mailbox, Map, NewOutgoing, Recipient, Store};
use jiff::Timestamp;

use crate::convert::ask;
use crate::convert::ical::Limits;
use crate::convert::mime;
use crate::convert::mime::outgoing::{self, Refused, Sender};
use crate::convert::table::Outgoing;
use crate::deliver::{self, DeliverError, Domains, Target, Trace};
use crate::error::{Error, Result};
use crate::gate::Granted;
use crate::log::note;
use crate::random;
use crate::session::Session;

/// Where a message goes: looked up, and ready to be sent inside a transaction.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The sender's mailbox.
    mailbox: MailboxNo,
    /// Envelope sender: the primary address, whatever From says.
    sender: String,
    /// Here, in the order of their mailboxes.
    local: Vec<Recipient>,
    /// Everybody else.
    remote: Vec<String>,
}

/// The lists of recipients, in header order.
const LISTS: [PropId; 3] = [PropId::MessageToRecipients, PropId::MessageCcRecipients, PropId::MessageBccRecipients];

/// Everybody in the recipient lists of a row's document.
pub fn recipients(props: &Map) -> Vec<Person> {
    LISTS.iter().flat_map(|id| mime::mailboxes(props, id.row().element)).collect()
}

/// Checks who is to get it. Nothing is changed yet.
pub fn address(session: &mut Session<'_>, granted: &Granted, props: &Map) -> Result<Envelope> {
    let people = recipients(props);
    if people.is_empty() {
        return Err(Code::ErrorMissingRecipients.into());
    }
    let most = session.settings.limits.recipients;
    if people.len() as u64 > most {
        let text = format!("A message can have at most {most} recipients.");
        return Err(Failure::with_text(Code::ErrorInvalidRecipients, text).into());
    }
    let mut addresses: Vec<String> = Vec::with_capacity(people.len());
    for one in &people {
        let address = resolve(session, one)?;
        if !addresses.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
            addresses.push(address);
        }
    }
    let (local, remote) = local_and_remote(session, addresses, Absent::Refused)?;
    Ok(Envelope { mailbox: granted.mailbox(), sender: session.address(), local, remote })
}

/// What is done about who has an address of ours but is nobody here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// The sender is told at once: no report of a failed delivery has to come back.
    Refused,
    /// What is called off must not stay because somebody has left.
    PassedOver,
}

/// Who of them is here, in the order of their mailboxes, and who elsewhere.
pub(crate) fn local_and_remote(
    session: &mut Session<'_>,
    addresses: Vec<String>,
    absent: Absent,
) -> Result<(Vec<Recipient>, Vec<String>)> {
    let mut local = session.gate.store().recipients(&addresses)?;
    local.sort_by_key(|one| one.mailbox);
    let is_local = |address: &str| local.iter().any(|one| one.address.eq_ignore_ascii_case(address));
    let remote: Vec<String> = addresses.into_iter().filter(|address| !is_local(address)).collect();
    if remote.is_empty() {
        return Ok((local, remote));
    }
    let ours = Domains::read(session.gate.store(), session.settings)?;
    let (nobody, remote): (Vec<String>, Vec<String>) = remote.into_iter().partition(|address| ours.hold(address));
    if nobody.is_empty() || absent == Absent::PassedOver {
        Ok((local, remote))
    } else {
        let text = format!("There is no mailbox here with this address: {}", nobody.join(", "));
        Err(Failure::with_text(Code::ErrorInvalidRecipients, text).into())
    }
}

/// A message whose head was written anew for its sender and looked at once more: nothing else can be sent.
#[derive(Debug)]
pub struct Checked(Vec<u8>);

/// Who writes a message.
pub struct Author<'a> {
    pub account: i64,
    /// The primary address.
    pub primary: &'a str,
    pub now: Timestamp,
    /// Octets that the message may have.
    pub most: u64,
}

/// Writes the message as it leaves, for the smarthost and for people here alike. It must be the caller's own, by any of
/// their addresses.
pub fn checked(session: &mut Session<'_>, columns: &Columns, message: &[u8]) -> Result<Checked> {
    let primary = session.address();
    let (account, now) = (session.caller.account, session.now);
    let author = Author { account, primary: &primary, now, most: session.settings.limits.message_bytes };
    let id = new_message_id(session);
    written(session.gate.store(), &author, id, columns, message)
}

/// The same of a message that no session sends: that of a resource, which answers by itself.
pub fn checked_of(store: &mut Store, author: &Author<'_>, columns: &Columns, message: &[u8]) -> Result<Checked> {
    written(store, author, message_id_of(author.primary), columns, message)
}

/// `new_id`: its Message-ID, if it has none that is fit.
fn written(
    store: &mut Store,
    author: &Author<'_>,
    new_id: String,
    columns: &Columns,
    message: &[u8],
) -> Result<Checked> {
    let Author { account, primary, now, most } = *author;
    let own = store.addresses(account)?;
    let sender = Sender { primary, own: &own, others: &[] };
    let given = columns.text(Column::MessageId).and_then(mime::id).filter(|id| outgoing::is_message_id(id.as_bytes()));
    let message_id = given.unwrap_or(new_id);
    let question =
        Outgoing { primary: primary.to_owned(), own: own.clone(), others: Vec::new(), message_id, date: now };
    let message = ask(&question, message)?.map_err(refused)?.into_owned();
    if let Err(what) = outgoing::check(&message, &sender) {
        note!(Error, "account {account}: a message was written wrongly and is not sent: {what}");
        return Err(Code::ErrorSendAsDenied.into());
    }
    if message.len() as u64 > most { Err(Code::ErrorMessageSizeExceeded.into()) } else { Ok(Checked(message)) }
}

fn refused(why: Refused) -> Failure {
    let (code, text) = match why {
        Refused::Author => (
            Code::ErrorSendAsDenied,
            "From must stand once in a message and name nobody but you, by addresses of yours; Sender, too.",
        ),
        Refused::Malformed => (Code::ErrorMimeContentInvalid, "The message's header has a line that is no field."),
        Refused::Lines => (
            Code::ErrorMimeContentInvalid,
            "What is signed or encrypted must end all its lines with CR LF; a CR or LF alone cannot be sent.",
        ),
    };
    Failure::with_text(code, text)
}

/// An id that no other message has, in the caller's domain.
pub fn new_message_id(session: &Session<'_>) -> String {
    match session.caller.primary_address.as_deref() {
        Some(address) if address.contains('@') => message_id_of(address),
        _ => message_id_of(&format!("@{}", session.settings.server.name)),
    }
}

/// An id that no other message has, in the domain of the address.
pub(crate) fn message_id_of(address: &str) -> String {
    let domain = address.rsplit_once('@').map(|(_, domain)| domain).filter(|domain| !domain.is_empty());
    format!("<{}@{}>", random::guid(), domain.unwrap_or("localhost"))
}

/// The recipient's address: the one given, or that of the one person the name means.
pub(crate) fn resolve(session: &mut Session<'_>, one: &Person) -> Result<String> {
    let invalid = |what: &str| {
        let text = format!("This is no address that mail can be sent to: {what}");
        Error::from(Failure::with_text(Code::ErrorInvalidRecipients, text))
    };
    match (one.address.as_deref().map(str::trim), one.name.as_deref()) {
        (Some(address), _) if is_address(address) => Ok(address.to_owned()),
        (Some(address), _) if !address.is_empty() => Err(invalid(address)),
        (_, Some(name)) if !name.trim().is_empty() => {
            let mut found = session.gate.resolve_names(name.trim(), 2)?;
            match (found.pop(), found.pop()) {
                (Some(only), None) => Ok(only.address),
                _ => Err(invalid(name)),
            }
        }
        _ => Err(invalid("")),
    }
}

/// An address that mail can be sent to. A local part may stand in quotes (RFC 5321 4.1.2): some have no other address.
fn is_address(address: &str) -> bool {
    Address::parse(address).is_some()
}

/// Queues a message for people elsewhere.
pub(crate) fn queue(
    store: &mut Store,
    mailbox: MailboxNo,
    sender: &str,
    recipients: &[String],
    message: &Checked,
) -> Result<()> {
    store.put_outgoing(&NewOutgoing { mailbox, sender, recipients, mime: &message.0 })?;
    Ok(())
}

impl Envelope {
    /// Sends in one transaction with what the sender keeps of it in the own mailbox: everybody has it, and the sender the
    /// copy, or nobody.
    pub fn send<T>(
        &self,
        session: &mut Session<'_>,
        message: &Checked,
        mut keep: impl FnMut(&mut Mailbox<'_>) -> Result<T>,
    ) -> Result<T> {
        let settings = session.settings;
        session.gate.store().transaction(|store| self.post(store, settings, message, &mut keep))
    }

    /// Mailboxes are changed in ascending order, so that two senders never wait for each other.
    fn post<T>(
        &self,
        store: &mut Store,
        settings: &Settings,
        message: &Checked,
        keep: &mut impl FnMut(&mut Mailbox<'_>) -> Result<T>,
    ) -> Result<T> {
        let (before, after): (Vec<_>, Vec<_>) = self.local.iter().partition(|one| one.mailbox < self.mailbox);
        let (checked, Checked(message)) = (message, message);
        let recipients = i64::try_from(self.local.len() + self.remote.len()).unwrap_or(i64::MAX);
        let most = i64::try_from(settings.limits.recipients_per_hour).unwrap_or(i64::MAX);
        store.mailbox(self.mailbox).count_recipients(recipients, most)?;
        let mut waiting = self.remote.clone();
        self.deliver(store, settings, &before, message, &mut waiting)?;
        let kept = keep(&mut store.mailbox(self.mailbox))?;
        self.deliver(store, settings, &after, message, &mut waiting)?;
        if !waiting.is_empty() {
            queue(store, self.mailbox, &self.sender, &waiting, checked)?;
        }
        Ok(kept)
    }

    /// Whoever cannot have it now (a full mailbox) waits in the queue, like people elsewhere.
    fn deliver(
        &self,
        store: &mut Store,
        settings: &Settings,
        people: &[&Recipient],
        message: &[u8],
        waiting: &mut Vec<String>,
    ) -> Result<()> {
        if people.is_empty() {
            return Ok(());
        }
        let targets: Vec<Option<Target>> = people.iter().map(|one| Some(Target::from((*one).clone()))).collect();
        let trace = Trace {
            from: &self.sender,
            by: &settings.server.name,
            author: Some(self.mailbox),
            calendars: Limits::of(settings),
            zone: &settings.calendar.time_zone,
            ..Trace::default()
        };
        let results = deliver::deliver_to(store, &trace, &targets, message);
        for (one, result) in people.iter().zip(results) {
            match result {
                Ok(_) => {}
                Err(DeliverError::Busy { retry_ms }) => return Err(ewsd_store::StoreError::Busy { retry_ms }.into()),
                Err(DeliverError::Failed) => return Err(Error::internal("a message could not be delivered here")),
                Err(DeliverError::Unfit) => return Err(ewsd_model::code::Code::ErrorDataSizeLimitExceeded.into()),
                Err(DeliverError::Unknown | DeliverError::Disabled | DeliverError::Full) => {
                    waiting.push(one.own_address().to_owned())
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert!(is_address("a.b+c@example.test") && is_address("a@[127.0.0.1]"));
        assert!(is_address("\"a b\"@c.test") && is_address("\"a\\\"b\"@c.test"));
        assert!(!is_address("a b@c.test") && !is_address("\"a\"> X\"@c.test") && !is_address("\"a\nb\"@c.test"));
    }
}
