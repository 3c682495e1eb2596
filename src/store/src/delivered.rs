//! Who has a message to a group already, while other members are still to get it: whoever brings it by LMTP has one answer for
//! a group (RFC 2033 section 4.2) and tries again for all of it.

use std::borrow::Cow;

use ewsd_model::id::MailboxNo;

use crate::sql::{Param, Sql};
use crate::{Before, Hash, Mailbox, Store, StoreError};

impl Mailbox<'_> {
    /// Notes that the mailbox has what these deliveries bring, in the transaction that puts it there. False: it has it by one of
    /// them already.
    pub fn note_delivered(&mut self, deliveries: &[Hash]) -> Result<bool, StoreError> {
        const NOTE: &str = "
            insert into delivered (mailbox, delivery) select $1, d from unnest($2::bytea[]) d on conflict do nothing returning 1";
        let octets = deliveries.iter().map(|delivery| Cow::Borrowed(delivery.0.as_slice())).collect();
        let sql = Sql::new(NOTE).with([self.no.0.into(), Param::BytesMany(octets)]);
        Ok(self.store.query(&sql)?.len() == deliveries.len())
    }
}

impl Store {
    /// Forgets who has what a delivery brought: nobody is left who is to get it.
    pub fn forget_delivered(&mut self, mailboxes: &[MailboxNo], delivery: Hash) -> Result<(), StoreError> {
        let mailboxes: Vec<i64> = mailboxes.iter().map(|mailbox| mailbox.0).collect();
        let sql = Sql::new("delete from delivered where mailbox = any($1) and delivery = $2 returning 1")
            .with([mailboxes.into(), delivery.0.as_slice().into()]);
        self.query(&sql).map(drop)
    }

    /// Forgets what was noted before: longer ago than anybody tries.
    pub fn expire_delivered(&mut self, before: Before) -> Result<(), StoreError> {
        let sql = Sql::new("delete from delivered where at < $1 returning 1").with([before.time().into()]);
        self.query(&sql).map(drop)
    }
}
