//! The queue of outgoing mail. A message is put in by the transaction that sends it (`put_outgoing`), the courier takes it
//! out (`claim.rs`), administrators look at it (`admin.rs`).
//!
//! A row is there until every recipient has the message or its sender has the report. Whoever sends it holds it: the row
//! names the courier, and the courier holds an advisory lock of that number for as long as its connection lives. So what a
//! dead courier held is free at once, on every node, and what a living one holds is left alone.

mod admin;
pub(crate) mod claim;

pub use admin::{OutboxFigures, Queued};
pub use claim::{Claim, Postponed};

use crate::blob::Parts;
use crate::row::first;
use crate::sql::{Param, Sql, clean};
use crate::{Missing, Store, StoreError};
use ewsd_model::id::MailboxNo;
use jiff::Timestamp;

#[derive(Clone, Copy, Debug)]
pub struct NewOutgoing<'a> {
    pub mailbox: MailboxNo,
    /// Envelope sender; empty for reports.
    pub sender: &'a str,
    pub recipients: &'a [String],
    pub mime: &'a [u8],
}

#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    pub mailbox: MailboxNo,
    pub id: i64,
    pub sender: String,
    pub recipients: Vec<String>,
    pub submitted: Timestamp,
    /// Attempts made so far, the one now begun included.
    pub attempts: i32,
    pub last_error: Option<String>,
    pub mime: Vec<u8>,
}

impl Store {
    /// Queues a message for recipients elsewhere. Inside a [`Store::transaction`] it is queued only if that commits.
    pub fn put_outgoing(&mut self, new: &NewOutgoing) -> Result<i64, StoreError> {
        let id = self.transaction(|store| {
            let mut parts = Parts::default();
            let hash = parts.add(new.mime);
            store.mailbox(new.mailbox).put_ahead(&mut parts)?;
            let sql =
                Sql::new("insert into outbox (mailbox, sender, recipients, mime) values ($1, $2, $3, $4) returning id")
                    .with([
                        new.mailbox.0.into(),
                        new.sender.into(),
                        texts(new.recipients),
                        Param::Bytes(hash.0.to_vec().into()),
                    ]);
            let row = store.query_opt(&sql)?.ok_or(StoreError::NotFound(Missing::Outgoing))?;
            first(&row)
        })?;
        self.queued = true;
        Ok(id)
    }

    /// True once after mail was queued: the courier is to be told. (Should the transaction around it have failed, it is told
    /// for nothing.)
    pub fn take_queued(&mut self) -> bool {
        std::mem::take(&mut self.queued)
    }
}

fn texts(addresses: &[String]) -> Param<'_> {
    Param::Texts(addresses.iter().map(|address| clean(address)).collect())
}
