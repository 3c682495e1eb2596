//! Mail that was kept unread because no converter could read it, once more: by a later version, or when somebody asks for it.
//!
//! What is read off it is laid over the item as if a client had given it whole, so its id, folder, read state, categories and flag
//! stay. What is about a meeting comes to no calendar any more: it is mail with its calendar attached.

use ewsd_model::ItemKind;
use ewsd_model::id::{ItemNo, MailboxNo};
use ewsd_model::property::{Column, bit};
use ewsd_store::{GAVE_UP, ItemRow, ItemUpdate, Mailbox, Missing, Store, StoreError};
use serde_json::Value as Json;

use crate::clock;
use crate::convert::table::Mail;
use crate::convert::{Failed, READING, RETRY_MS, ask};
use crate::item::edit::Edit;
use crate::item::{derive, replace};
use crate::log::note;
use crate::property::Needs;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    Read,
    /// This version gave up as well, which is noted with it.
    Unread,
    /// It is not there any more, or is no such mail.
    Gone,
}

/// Reads such mail again.
///
/// # Errors
/// Those of the store; [`StoreError::Busy`] as well when no converter is free.
pub fn read_again(store: &mut Store, mailbox: MailboxNo, item: ItemNo) -> Result<Again, StoreError> {
    // What it says of itself may take more room than was taken before.
    let again = store.without_quota(|store| try_again(&mut store.mailbox(mailbox), item));
    match again {
        Err(StoreError::NotFound(Missing::Item) | StoreError::Conflict { .. }) => Ok(Again::Gone),
        other => other,
    }
}

fn try_again(mailbox: &mut Mailbox<'_>, item: ItemNo) -> Result<Again, StoreError> {
    let mut needs = Needs::of_message();
    needs.plan.mime = true;
    let Some(row) = mailbox.items(&[item], &needs.plan)?.pop() else { return Ok(Again::Gone) };
    let octets = match &row.mime {
        Some(octets) if row.kind == ItemKind::Message && row.flags & bit::UNREADABLE != 0 => octets,
        _ => return Ok(Again::Gone),
    };
    let mut parsed = match ask(&Mail { now: clock::now() }, octets) {
        Ok(parsed) => parsed,
        Err(Failed::Busy) => return Err(StoreError::Busy { retry_ms: RETRY_MS }),
        Err(failed) => return give_up(mailbox, &row, &failed),
    };
    parsed.columns.remove(Column::Categories);
    let mut edit = Edit::new(row.kind, Some(&row), clock::now());
    replace::overlay(&mut edit, octets, &parsed);
    edit.set_bit(bit::UNREADABLE, false);
    edit.props.insert(GAVE_UP.to_owned(), Json::Null);
    let search = match derive::complete(&mut edit) {
        Ok(search) => search,
        Err(failure) => return give_up(mailbox, &row, &failure.text),
    };
    let mut update = edit.to_update(search.as_deref());
    // Its octets stay as they are.
    update.mime = None;
    let written = mailbox.transaction(|mailbox| replace::write(mailbox, row.item, &update, row.change, &parsed));
    match written {
        Ok(_) => Ok(Again::Read),
        // The database takes what it says no more than before.
        Err(error @ (StoreError::Unfit { .. } | StoreError::Corrupt(_))) => give_up(mailbox, &row, &error),
        Err(error) => Err(error),
    }
}

/// Notes that this version could not read it either.
fn give_up(mailbox: &mut Mailbox<'_>, row: &ItemRow, why: &dyn std::fmt::Display) -> Result<Again, StoreError> {
    note!(Warn, "item {} stays unread: {why}", row.item);
    let before = row.props.as_ref().and_then(|props| props.get(GAVE_UP)).and_then(Json::as_i64);
    if before != Some(READING) {
        let mut update = ItemUpdate::default();
        update.props.insert(GAVE_UP.to_owned(), READING.into());
        mailbox.update_item(row.item, &update, Some(row.change))?;
    }
    Ok(Again::Unread)
}
