//! Mail into mailboxes: the one way in for LMTP, for messages sent to people here, and for `ewsctl deliver`.
//!
//! Each recipient is a commit of its own: whoever is answered with success has the message, whatever becomes of the others.
//! (Inside a caller's transaction they are all part of that.) What is about a meeting
//! goes by way of the calendar (`src/mailbox/src/calendar/meeting/`). Rules and out-of-office will hook in here.

mod again;
mod domains;
mod group;
mod plain;
mod trace;

use std::collections::HashMap;

use ewsd_model::Value;
use ewsd_model::code::Code;
use ewsd_model::id::MailboxNo;
use ewsd_model::property::{Column, bit};
use ewsd_model::timezone::ItemZone;
use ewsd_model::value::Mailbox;
use ewsd_settings::Settings;
use ewsd_store::{Account, AttachmentKind, ItemRef, Map, NewAttachment, NewItem, Recipient, Store, StoreError, json};
use jiff::Timestamp;

pub use again::{Again, read_again};
pub use domains::Domains;
pub use plain::fill_in;
pub use trace::Trace;

use crate::calendar::meeting::notice::Notice;
use crate::calendar::meeting::{mail, post, resource};
use crate::clock;
use crate::convert::ical::Limits;
use crate::convert::mime::{self, Parsed};
use crate::convert::table::{Mail, PlainMail};
use crate::convert::{self, Failed, ask};
use crate::error::Error;
use crate::log::note;
use group::Deliveries;

/// Somebody here who is to get a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub mailbox: MailboxNo,
    pub display_name: String,
    /// The primary one.
    pub address: String,
    pub disabled: bool,
    /// None: as the settings say; 0: none.
    pub quota_bytes: Option<i64>,
    /// It may answer meeting requests by itself.
    pub resource: bool,
    /// The address of the group that it is reached by; None: its own.
    pub group: Option<String>,
}

/// A message on its way into mailboxes.
#[derive(Clone, Copy)]
struct Incoming<'a> {
    mime: &'a [u8],
    /// It is about a meeting.
    notice: Option<&'a Notice>,
    now: Timestamp,
    deliveries: &'a Deliveries,
}

/// Why somebody did not get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliverError {
    Unknown,
    Disabled,
    /// Beyond the quota; there may be room later.
    Full,
    /// The database is away, or no converter is free. Whether the message was stored just before is unknown: sent again it may
    /// come twice.
    Busy {
        retry_ms: u32,
    },
    /// Not even its octets with a plain envelope can be stored, now or later.
    Unfit,
    /// A fault of ours, in the log; it may work later.
    Failed,
}

impl std::fmt::Display for DeliverError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            DeliverError::Unknown => "there is no such mailbox here",
            DeliverError::Disabled => "the account is disabled",
            DeliverError::Full => "the mailbox is full",
            DeliverError::Busy { .. } => "the database is away",
            DeliverError::Unfit => "the message cannot be stored",
            DeliverError::Failed => "it could not be stored; the log says why",
        })
    }
}

impl std::error::Error for DeliverError {}

impl From<Account> for Target {
    fn from(account: Account) -> Target {
        Target {
            mailbox: account.mailbox,
            address: account.primary_address.unwrap_or_else(|| account.login.clone()),
            display_name: account.display_name,
            disabled: account.disabled,
            quota_bytes: account.quota_bytes,
            resource: account.resource.is_some(),
            group: None,
        }
    }
}

impl From<Recipient> for Target {
    fn from(recipient: Recipient) -> Target {
        Target {
            mailbox: recipient.mailbox,
            address: recipient.primary_address,
            display_name: recipient.display_name,
            disabled: recipient.disabled,
            quota_bytes: recipient.quota_bytes,
            resource: recipient.resource,
            group: recipient.group.then_some(recipient.address),
        }
    }
}

/// Delivers a message to addresses, each answered by itself, in their order. `from` is the envelope sender, empty for
/// reports. The message gets `Return-Path` and `Received`.
pub fn deliver(
    store: &mut Store,
    settings: &Settings,
    from: &str,
    recipients: &[String],
    message: &[u8],
) -> Vec<(String, Result<(), DeliverError>)> {
    let known = match store.recipients(recipients) {
        Ok(known) => known,
        Err(error) => {
            let error = deliver_error(&error);
            return recipients.iter().map(|address| (address.clone(), Err(error))).collect();
        }
    };
    let of = |address: &String| {
        let address = address.to_lowercase();
        known.iter().filter(|one| one.address == address).cloned().map(Target::from).collect()
    };
    let targets: Vec<Vec<Target>> = recipients.iter().map(of).collect();
    let trace = Trace {
        from,
        by: &settings.server.name,
        calendars: Limits::of(settings),
        zone: &settings.calendar.time_zone,
        ..Trace::default()
    };
    let results = deliver_to_each(store, &trace, &targets, message);
    recipients.iter().cloned().zip(results).collect()
}

/// The same for addresses that were looked up before: one target is somebody here, several are the members of a group, none
/// is nobody. Whoever is meant by several addresses gets one message. Sent again because of one member of a group, the message
/// leaves out those who have it.
pub fn deliver_to_each(
    store: &mut Store,
    trace: &Trace<'_>,
    targets: &[Vec<Target>],
    message: &[u8],
) -> Vec<Result<(), DeliverError>> {
    let all: Vec<Option<Target>> = targets.iter().flatten().cloned().map(Some).collect();
    let deliveries = Deliveries::of(trace.from, targets, message);
    let mut results = deliver_all(store, trace, &all, message, &deliveries).into_iter();
    let answer = |members: &Vec<Target>| group::together(results.by_ref().take(members.len()).collect());
    let answers: Vec<_> = targets.iter().map(answer).collect();
    deliveries.forget(store, targets, &answers);
    answers
}

/// The same for recipients that were looked up before; None is one who is not there (any more).
pub fn deliver_to(
    store: &mut Store,
    trace: &Trace<'_>,
    targets: &[Option<Target>],
    message: &[u8],
) -> Vec<Result<(), DeliverError>> {
    deliver_all(store, trace, targets, message, &Deliveries::default())
}

fn deliver_all(
    store: &mut Store,
    trace: &Trace<'_>,
    targets: &[Option<Target>],
    message: &[u8],
    deliveries: &Deliveries,
) -> Vec<Result<(), DeliverError>> {
    let now = clock::now();
    let mime = mime::prepend(&trace.lines(now), message);
    let mut parsed = match read(&mime, trace, now) {
        Ok(parsed) => parsed,
        Err(error) => return refused(targets, error),
    };
    // The sender's categories are not the recipient's: `Keywords` stays in the octets only.
    parsed.columns.remove(Column::Categories);
    let mut notice = match mail::read(&mime, &parsed, trace.calendars, now) {
        Ok(notice) => notice,
        Err(_) => return refused(targets, DeliverError::Busy { retry_ms: convert::RETRY_MS }),
    };
    if let Some(Err(error)) = notice.as_mut().map(|notice| mail::recognize(store, notice)) {
        return refused(targets, deliver_error(&error));
    }
    let message = Incoming { mime: &mime, notice: notice.as_ref(), now, deliveries };
    // Two addresses of one mailbox get one message.
    let mut done: HashMap<MailboxNo, Result<(), DeliverError>> = HashMap::new();
    targets
        .iter()
        .map(|target| {
            let target = target.as_ref().ok_or(DeliverError::Unknown)?;
            *done.entry(target.mailbox).or_insert_with(|| deliver_into(store, trace, target, &parsed, &message))
        })
        .collect()
}

/// The same for everybody who is there.
fn refused(targets: &[Option<Target>], error: DeliverError) -> Vec<Result<(), DeliverError>> {
    targets.iter().map(|target| Err(target.as_ref().map_or(DeliverError::Unknown, |_| error))).collect()
}

/// What the message says. One that no converter could read is delivered all the same, with nothing but its octets.
fn read(mime: &[u8], trace: &Trace<'_>, now: Timestamp) -> Result<Parsed<'static>, DeliverError> {
    match ask(&Mail { now }, mime) {
        Err(Failed::Busy) => Err(DeliverError::Busy { retry_ms: convert::RETRY_MS }),
        Err(failed) => {
            note!(Error, "a message from {:?} is kept unread: {failed}", trace.from);
            Ok(mime::unread(mime, trace.from, now))
        }
        Ok(parsed) => Ok(parsed),
    }
}

fn deliver_into(
    store: &mut Store,
    trace: &Trace<'_>,
    target: &Target,
    parsed: &Parsed<'_>,
    message: &Incoming<'_>,
) -> Result<(), DeliverError> {
    if target.disabled {
        return Err(DeliverError::Disabled);
    }
    let mut result = store.part(|store| store_once(store, trace, target, parsed, message));
    // Something that it says is in the way, and will be each time that it comes: then it is kept without saying it.
    if let Err(error @ (StoreError::Unfit { .. } | StoreError::Corrupt(_) | StoreError::Db(_))) = &result {
        note!(Warn, "mailbox {}: a message is kept with a plain envelope: {error}", target.mailbox);
        let now = parsed.columns.time(Column::Sent).unwrap_or(Timestamp::UNIX_EPOCH);
        let mime = message.mime;
        let plain = ask(&PlainMail { now }, mime).unwrap_or_else(|_| mime::unread(mime, trace.from, now));
        let message = Incoming { notice: None, ..*message };
        result = store.part(|store| store_once(store, trace, target, &plain, &message));
    }
    if let Err(error) = &result {
        note!(Warn, "mailbox {}: not delivered: {error}", target.mailbox);
    }
    result.map_err(|error| deliver_error(&error))
}

/// Puts it there, unless it is there already.
fn store_once(
    store: &mut Store,
    trace: &Trace<'_>,
    target: &Target,
    parsed: &Parsed<'_>,
    message: &Incoming<'_>,
) -> Result<(), StoreError> {
    let noted = message.deliveries.to(target.mailbox);
    if noted.is_empty() {
        return store_in(store, trace, target, parsed, message).map(drop);
    }
    store.transaction(|store| {
        if store.mailbox(target.mailbox).note_delivered(noted)? {
            store_in(store, trace, target, parsed, message)?;
        }
        Ok(())
    })
}

fn store_in(
    store: &mut Store,
    trace: &Trace<'_>,
    target: &Target,
    parsed: &Parsed<'_>,
    message: &Incoming<'_>,
) -> Result<ItemRef, StoreError> {
    let mut flags = bit::UNMODIFIED;
    if trace.author == Some(target.mailbox) {
        flags |= bit::FROM_ME;
    }
    let mut more = Map::new();
    let receiver = Mailbox {
        name: Some(target.display_name.clone()),
        address: Some(target.address.clone()),
        routing: Some("SMTP".to_owned()),
        ..Mailbox::default()
    };
    if let Some(receiver) = json::encode(&Value::Mailbox(receiver)) {
        more.insert("ReceivedBy".to_owned(), receiver.clone());
        more.insert("ReceivedRepresenting".to_owned(), receiver);
    }
    let create = |store: &mut Store| {
        let resource =
            if target.resource { Some(resource::of_mailbox(store, target.mailbox).map_err(stored)?) } else { None };
        if let Some(notice) = message.notice {
            let own = if notice.floats() { Some(notice.within(&zone(store, trace, target)?)) } else { None };
            let notice = own.as_ref().unwrap_or(notice);
            let put = match &resource {
                None => {
                    post::put(&mut store.mailbox(target.mailbox), notice, &target.address, message.now, more, |item| {
                        as_it_came(item, flags, message.mime)
                    })
                }
                Some(resource) => book(store, trace, resource, (notice, message.now), more, |item| {
                    as_it_came(item, flags, message.mime)
                }),
            };
            return put.map_err(stored);
        }
        let keeps_no_mail = |one: &Account| one.booking.auto_accept && one.booking.delete_mail;
        let folder = if resource.as_ref().is_some_and(keeps_no_mail) { "deleteditems" } else { "inbox" };
        let mut mailbox = store.mailbox(target.mailbox);
        let folder = mailbox.folder_by_distinguished(folder)?.folder;
        let mut item = new_item(parsed, folder, message.mime);
        item.flags |= flags;
        item.props.extend(more);
        item.delivered = true;
        mailbox.create_item(&item)
    };
    // To whoever is told to have none it goes however full the mailbox is.
    match target.quota_bytes {
        Some(0) => store.without_quota(create),
        _ => create(store),
    }
}

/// The zone in which somebody has days.
fn zone(store: &mut Store, trace: &Trace<'_>, target: &Target) -> Result<ItemZone, StoreError> {
    let own = store.account_by_mailbox(target.mailbox)?.and_then(|account| account.zone);
    let own = own.as_deref().and_then(ItemZone::named);
    Ok(own.or_else(|| ItemZone::named(trace.zone)).unwrap_or_else(ItemZone::utc))
}

/// A message about a meeting is kept with its octets.
fn as_it_came<'a>(item: &mut NewItem<'a>, flags: u32, mime: &'a [u8]) {
    item.flags |= flags;
    item.mime = Some(mime);
}

/// Has a resource take what is about a meeting, and queues what it says to that.
fn book<'a>(
    store: &mut Store,
    trace: &Trace<'_>,
    resource: &Account,
    (notice, now): (&'a Notice, Timestamp),
    more: Map,
    with: impl FnOnce(&mut NewItem<'a>),
) -> crate::error::Result<ItemRef> {
    let (made, answers) = resource::put(store, resource, notice, now, more, with)?;
    // A report is answered by nobody (RFC 3834 section 2).
    for answer in answers.iter().filter(|_| !trace.from.is_empty()) {
        resource::queue(store, resource, answer, now)?;
    }
    Ok(made)
}

/// What the calendar could not take is in the way of the message: it is kept as mail without it.
fn stored(error: Error) -> StoreError {
    match error.code() {
        Code::ErrorServerBusy => StoreError::Busy { retry_ms: RETRY },
        Code::ErrorQuotaExceeded => StoreError::Quota,
        _ => StoreError::Corrupt(error.into_failure().text.into_owned()),
    }
}

/// When the database may be asked again that was away, in ms.
const RETRY: u32 = 1000;

/// A message that was parsed, as an item to be stored with its octets.
pub fn new_item<'a>(parsed: &'a Parsed<'_>, folder: ewsd_model::id::FolderNo, mime: &'a [u8]) -> NewItem<'a> {
    let mut item = NewItem::new(folder, parsed.kind);
    item.flags = parsed.flags;
    item.columns = parsed.columns.clone();
    item.props = parsed.props.clone();
    item.body = (!parsed.body.is_empty()).then_some(parsed.body.as_bytes());
    item.plain = parsed.plain.as_deref();
    item.mime = Some(mime);
    item.search = &parsed.search;
    item.attachments = parsed.attachments.iter().map(new_attachment).collect();
    item
}

fn new_attachment<'a>(attachment: &'a mime::Attachment<'_>) -> NewAttachment<'a> {
    NewAttachment {
        kind: attachment_kind(attachment),
        name: &attachment.name,
        content_type: attachment.content_type.as_deref(),
        content_id: attachment.content_id.as_deref(),
        content_location: attachment.content_location.as_deref(),
        inline: attachment.inline,
        modified: None::<Timestamp>,
        content: &attachment.content,
        search: &attachment.words,
        props: Map::new(),
    }
}

/// A message inside a message is an item to clients, everything else a file.
pub fn attachment_kind(attachment: &mime::Attachment<'_>) -> AttachmentKind {
    match attachment.essence() {
        Some("message/rfc822") => AttachmentKind::Message,
        _ => AttachmentKind::File,
    }
}

fn deliver_error(error: &StoreError) -> DeliverError {
    match error {
        StoreError::Busy { retry_ms } => DeliverError::Busy { retry_ms: *retry_ms },
        StoreError::NotFound(_) => DeliverError::Unknown,
        StoreError::Quota => DeliverError::Full,
        StoreError::Unfit { .. } => DeliverError::Unfit,
        _ => DeliverError::Failed,
    }
}
