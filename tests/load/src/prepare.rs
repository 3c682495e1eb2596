//! Fills mailboxes before a measurement.

use crate::error::{Error, Result};
use crate::http::Client;
use crate::soap;
use crate::target::{Account, Target};

/// A mailbox with a folder of messages to read and one to write to.
#[derive(Debug)]
pub struct Mailbox {
    pub account: Account,
    pub full: String,
    pub empty: String,
    /// One of the messages.
    pub item: String,
}

const AT_ONCE: usize = 50;

/// Makes a folder with so many messages of so many bytes, and an empty one.
pub fn mailbox(target: &Target, n: usize, items: usize, bytes: usize) -> Result<Mailbox> {
    with(&mut target.connect()?, target.account(n)?, n, items, bytes)
}

/// The same on a connection that there is.
pub fn with(client: &mut Client, account: &Account, n: usize, items: usize, bytes: usize) -> Result<Mailbox> {
    let account = account.clone();
    let mut folder = |what: &str| -> Result<String> {
        let name = format!("{what} {}-{}", std::process::id(), n);
        let reply = client.call(&account.request("", &soap::create_folder(&name)))?;
        reply.check()?;
        soap::attribute(&reply.text(), "FolderId", "Id").ok_or_else(|| Error::new("CreateFolder answers without an id"))
    };
    let (full, empty) = (folder("full")?, folder("empty")?);
    let mut item = None;
    let mut left = items;
    while left > 0 {
        let count = left.min(AT_ONCE);
        let reply = client.call(&account.request("", &soap::create_items(&full, count, bytes)))?;
        reply.check()?;
        item = soap::attribute(&reply.text(), "ItemId", "Id");
        left -= count;
    }
    let item = item.ok_or_else(|| Error::new("CreateItem answers without an id"))?;
    Ok(Mailbox { account, full, empty, item })
}
