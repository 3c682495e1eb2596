//! Mail that was kept although no converter could read it (bit UNREADABLE).

use crate::row::all;
use crate::sql::Sql;
use crate::{Store, StoreError};
use ewsd_model::id::{ItemNo, MailboxNo};

/// The member of an item's document that says which reading of octets gave up: a number that grows with versions.
pub const GAVE_UP: &str = "GaveUp";

/// Which of such mail is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// None: of all mailboxes.
    pub mailbox: Option<MailboxNo>,
    /// Only what readings before this one gave up. None: all.
    pub before: Option<i64>,
}

impl Store {
    /// Such mail behind a place, in the order of mailboxes and items, at most `limit`. What has no number is older than any.
    pub fn unread_mail(
        &mut self,
        of: Unread,
        (mailbox, item): (MailboxNo, ItemNo),
        limit: i64,
    ) -> Result<Vec<(MailboxNo, ItemNo)>, StoreError> {
        const UNREAD: &str = "
            select mailbox, item from item
            where unreadable and (mailbox, item) > ($1, $2) and mailbox <= $3
              and case jsonb_typeof(props -> 'GaveUp')
                    when 'number' then (props ->> 'GaveUp')::numeric < $4::bigint else true end
            order by mailbox, item limit $5";
        let (first, last) = of.mailbox.map_or((mailbox, i64::MAX), |one| (MailboxNo(mailbox.0.max(one.0)), one.0));
        let before = of.before.unwrap_or(i64::MAX);
        let sql = Sql::new(UNREAD).with([first.0.into(), item.0.into(), last.into(), before.into(), limit.into()]);
        all(&self.read(&sql)?, |fields| Ok((fields.next()?, fields.next()?)))
    }
}
