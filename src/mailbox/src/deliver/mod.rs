//! Mail into mailboxes: the one way in for LMTP, for messages sent to people here, and for `ewsctl deliver`.
//!
//! Each recipient is a commit of its own: whoever is answered with success has the message, whatever becomes of the others.
//! (Inside a caller's transaction they are all part of that.) Rules, out-of-office and meetings will hook in here.

mod domains;
mod trace;

use std::collections::HashMap;

use ewsd_model::Value;
use ewsd_model::id::MailboxNo;
use ewsd_model::property::{Column, bit};
use ewsd_model::value::Mailbox;
use ewsd_settings::Settings;
use ewsd_store::{Account, AttachmentKind, ItemRef, Map, NewAttachment, NewItem, Recipient, Store, StoreError, json};
use jiff::Timestamp;

pub use domains::Domains;
pub use trace::Trace;

use crate::clock;
use crate::convert::mime::{self, Parsed};
use crate::log::note;

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
}

/// Why somebody did not get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliverError {
    Unknown,
    Disabled,
    /// Beyond the quota; there may be room later.
    Full,
    /// The database is away. Whether the message was stored just before is unknown: sent again it may come twice.
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
) -> Vec<(String, Result<ItemRef, DeliverError>)> {
    let known = match store.recipients(recipients) {
        Ok(known) => known,
        Err(error) => {
            let error = told(&error);
            return recipients.iter().map(|address| (address.clone(), Err(error))).collect();
        }
    };
    let of = |address: &String| {
        let address = address.to_lowercase();
        known.iter().filter(|one| one.address == address).cloned().map(Target::from).collect()
    };
    let targets: Vec<Vec<Target>> = recipients.iter().map(of).collect();
    let trace = Trace { from, by: &settings.server.name, ..Trace::default() };
    let results = deliver_to_each(store, &trace, &targets, message);
    recipients.iter().cloned().zip(results).collect()
}

/// The same for addresses that were looked up before: one target is somebody here, several are the members of a group, none
/// is nobody. Whoever is meant by several addresses gets one message.
pub fn deliver_to_each(
    store: &mut Store,
    trace: &Trace<'_>,
    targets: &[Vec<Target>],
    message: &[u8],
) -> Vec<Result<ItemRef, DeliverError>> {
    let all: Vec<Option<Target>> = targets.iter().flatten().cloned().map(Some).collect();
    let mut results = deliver_to(store, trace, &all, message).into_iter();
    targets.iter().map(|members| together(results.by_ref().take(members.len()).collect())).collect()
}

/// What is answered for a group: to be tried again while there is somebody who could get it then, else delivered if anybody
/// has it. A member who is full keeps nobody from it, and is not waited for.
fn together(results: Vec<Result<ItemRef, DeliverError>>) -> Result<ItemRef, DeliverError> {
    let mut answer = Err(DeliverError::Unknown);
    for result in results {
        match (&answer, &result) {
            (_, Err(DeliverError::Busy { .. } | DeliverError::Failed)) => return result,
            (Ok(_), _) => {}
            (Err(DeliverError::Unknown), _) | (_, Ok(_) | Err(DeliverError::Full)) => answer = result,
            _ => {}
        }
    }
    answer
}

/// The same for recipients that were looked up before; None is one who is not there (any more).
pub fn deliver_to(
    store: &mut Store,
    trace: &Trace<'_>,
    targets: &[Option<Target>],
    message: &[u8],
) -> Vec<Result<ItemRef, DeliverError>> {
    let now = clock::now();
    let mime = mime::prepend(&trace.lines(now), message);
    let mut parsed = mime::parse(&mime, now);
    // The sender's categories are not the recipient's: `Keywords` stays in the octets only.
    parsed.columns.remove(Column::Categories);
    // Two addresses of one mailbox get one message.
    let mut done: HashMap<MailboxNo, Result<ItemRef, DeliverError>> = HashMap::new();
    targets
        .iter()
        .map(|target| {
            let target = target.as_ref().ok_or(DeliverError::Unknown)?;
            *done.entry(target.mailbox).or_insert_with(|| one(store, trace, target, &parsed, &mime))
        })
        .collect()
}

fn one(
    store: &mut Store,
    trace: &Trace<'_>,
    target: &Target,
    parsed: &Parsed<'_>,
    mime: &[u8],
) -> Result<ItemRef, DeliverError> {
    if target.disabled {
        return Err(DeliverError::Disabled);
    }
    let mut result = store.part(|store| put(store, trace, target, parsed, mime));
    // Something that it says is in the way, and will be each time that it comes: then it is kept without saying it.
    if let Err(error @ (StoreError::Unfit { .. } | StoreError::Corrupt(_) | StoreError::Db(_))) = &result {
        note!(Warn, "mailbox {}: a message is kept with a plain envelope: {error}", target.mailbox);
        let plain = mime::plain(parsed, mime);
        result = store.part(|store| put(store, trace, target, &plain, mime));
    }
    if let Err(error) = &result {
        note!(Warn, "mailbox {}: not delivered: {error}", target.mailbox);
    }
    result.map_err(|error| told(&error))
}

fn put(
    store: &mut Store,
    trace: &Trace<'_>,
    target: &Target,
    parsed: &Parsed<'_>,
    mime: &[u8],
) -> Result<ItemRef, StoreError> {
    let inbox = store.mailbox(target.mailbox).folder_by_distinguished("inbox")?.folder;
    let mut item = new_item(parsed, inbox, mime);
    item.flags |= bit::UNMODIFIED;
    if trace.author == Some(target.mailbox) {
        item.flags |= bit::FROM_ME;
    }
    item.delivered = true;
    let receiver = Mailbox {
        name: Some(target.display_name.clone()),
        address: Some(target.address.clone()),
        routing: Some("SMTP".to_owned()),
        ..Mailbox::default()
    };
    if let Some(receiver) = json::encode(&Value::Mailbox(receiver)) {
        item.props.insert("ReceivedBy".to_owned(), receiver.clone());
        item.props.insert("ReceivedRepresenting".to_owned(), receiver);
    }
    // To whoever is told to have none it goes however full the mailbox is.
    match target.quota_bytes {
        Some(0) => store.without_quota(|store| store.mailbox(target.mailbox).create_item(&item)),
        _ => store.mailbox(target.mailbox).create_item(&item),
    }
}

/// A message that was parsed, as an item to be stored with its octets.
pub fn new_item<'a>(parsed: &'a Parsed<'_>, folder: ewsd_model::id::FolderNo, mime: &'a [u8]) -> NewItem<'a> {
    let mut item = NewItem::new(folder, parsed.kind);
    item.flags = parsed.flags;
    item.columns = parsed.columns.clone();
    item.props = parsed.props.clone();
    item.body = (!parsed.body.is_empty()).then_some(parsed.body.as_bytes());
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
        props: Map::new(),
    }
}

/// A message inside a message is an item to clients, everything else a file.
pub fn attachment_kind(attachment: &mime::Attachment<'_>) -> AttachmentKind {
    match attachment.content_type.as_deref() {
        Some("message/rfc822") => AttachmentKind::Message,
        _ => AttachmentKind::File,
    }
}

fn told(error: &StoreError) -> DeliverError {
    match error {
        StoreError::Busy { retry_ms } => DeliverError::Busy { retry_ms: *retry_ms },
        StoreError::NotFound(_) => DeliverError::Unknown,
        StoreError::Quota => DeliverError::Full,
        StoreError::Unfit { .. } => DeliverError::Unfit,
        _ => DeliverError::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ewsd_model::ItemKind;
    use ewsd_model::id::{FolderNo, ItemNo, Seq};

    #[test]
    fn a_group_is_answered_as_one() {
        let got = || {
            let item = ItemNo(1);
            Ok(ItemRef { item, folder: FolderNo(1), kind: ItemKind::Message, change: Seq(1), old: item })
        };
        let answer = |results: &[Result<ItemRef, DeliverError>]| together(results.to_vec()).err();
        let (full, away) = (Err(DeliverError::Full), Err(DeliverError::Busy { retry_ms: 1 }));
        assert_eq!(answer(&[got(), full, Err(DeliverError::Disabled)]), None);
        assert_eq!(answer(&[full, got()]), None);
        assert_eq!(answer(&[got(), away, got()]), Some(DeliverError::Busy { retry_ms: 1 }));
        assert_eq!(answer(&[Err(DeliverError::Unfit), full]), Some(DeliverError::Full));
        assert_eq!(answer(&[]), Some(DeliverError::Unknown));
    }
}
