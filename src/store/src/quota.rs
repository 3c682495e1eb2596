//! How full a mailbox is.

use crate::row::{Fields, first};
use crate::sql::Sql;
use crate::{Mailbox, Missing, StoreError};

impl Mailbox<'_> {
    /// Sum of the sizes of all items, in octets. Folders keep their own sums, so this reads no items.
    pub fn used(&mut self) -> Result<i64, StoreError> {
        let sql =
            Sql::new("select coalesce(sum(bytes), 0)::bigint from folder where mailbox = $1").with([self.no.0.into()]);
        first(&self.store.read_one(&sql, Missing::Mailbox)?)
    }

    /// [`StoreError::Quota`] if `octets` more would go beyond the mailbox's quota, or beyond `default` where it has none of its
    /// own. A quota of 0 is none.
    pub fn check_quota(&mut self, octets: i64, default: i64) -> Result<(), StoreError> {
        let sql = Sql::new(
            "select coalesce(m.quota_bytes, $2), \
             (select coalesce(sum(f.bytes), 0)::bigint from folder f where f.mailbox = m.mailbox) \
             from mailbox m where m.mailbox = $1",
        )
        .with([self.no.0.into(), default.into()]);
        let row = self.store.read_one(&sql, Missing::Mailbox)?;
        let mut fields = Fields::new(&row);
        let (quota, used): (i64, i64) = (fields.next()?, fields.next()?);
        if quota > 0 && used.saturating_add(octets) > quota { Err(StoreError::Quota) } else { Ok(()) }
    }
}
