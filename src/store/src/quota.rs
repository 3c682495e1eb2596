//! What a mailbox and an account may take: octets, changes and recipients in an hour, folders.
//!
//! Octets are asked for where contents are written, whoever writes them, by the statement that writes
//! ([`Write::room`](crate::journal::Write::room)): items, their attachments, copies. What was let go of and not yet collected
//! (`counter.dead`, kept about right by the writers and set right by the collector) counts as far as it is more than the quota
//! itself: who deletes has room at once, and nobody fills more than two quotas of the disk.

use ewsd_model::id::MailboxNo;

use crate::row::{Fields, first};
use crate::sql::Sql;
use crate::{Before, Mailbox, Missing, Store, StoreError};

/// What is allowed where nothing else is said for an account; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a mailbox.
    pub quota_bytes: i64,
    /// Changes of a mailbox in an hour.
    pub changes_per_hour: i64,
    /// Folders of a mailbox.
    pub folders: i64,
    /// Folders in each other, below the root.
    pub folder_depth: i64,
}

/// The present hour of the epoch, in a statement.
pub(crate) const HOUR: &str = "floor(extract(epoch from now()) / 3600)::int";

/// Seconds until the next one begins, in a statement: 1 to 3600.
const LEFT: &str = "3600 - floor(extract(epoch from now()))::bigint % 3600";

/// Octets of the items of mailbox `$1`. Folders keep their own sums, so this reads no items.
const ITEMS: &str = "(select coalesce(sum(f.bytes), 0)::bigint from folder f where f.mailbox = $1)";

/// Whether shares do not bind mailbox `$1`.
const EXEMPT: &str = "(select m.exempt from mailbox m where m.mailbox = $1)";

impl Limits {
    /// Conditions on the counter of mailbox `$1` under which it may be changed, `octets` (an expression) being added: each begins
    /// with `and`.
    pub(crate) fn conditions(&self, octets: Option<&str>) -> String {
        let mut text = String::new();
        if self.changes_per_hour > 0 {
            text.push_str(&format!(" and (hour <> {HOUR} or hourly < {} or {EXEMPT})", self.changes_per_hour));
        }
        if let Some(octets) = octets {
            // A quota of the mailbox's own stands before the general one.
            text.push_str(&format!(
                " and coalesce((select {ITEMS} + greatest(counter.dead - q.most, 0) + {octets} <= q.most \
                 from (select coalesce(m.quota_bytes, {}) as most from mailbox m where m.mailbox = $1) q where q.most > 0), true)",
                self.quota_bytes
            ));
        }
        text
    }
}

impl Mailbox<'_> {
    /// Notes that the owner is told of the quota now. False: somebody else has done so since `before`.
    pub fn warn_of_quota(&mut self, before: Before) -> Result<bool, StoreError> {
        let sql = Sql::new(
            "update mailbox set warned = now()
             where mailbox = $1 and (warned is null or warned < $2) returning 1",
        )
        .with([self.no.0.into(), before.time().into()]);
        Ok(self.store.query_opt(&sql)?.is_some())
    }

    /// Sum of the sizes of all items, in octets.
    pub fn used(&mut self) -> Result<i64, StoreError> {
        let sql = Sql::new(format!("select {ITEMS}")).with([self.no.0.into()]);
        first(&self.store.read_one(&sql, Missing::Mailbox)?)
    }

    /// [`StoreError::Quota`] if `octets` more would go beyond the mailbox's quota, or beyond `default` where it has none of its
    /// own. A quota of 0 is none.
    pub fn check_quota(&mut self, octets: i64, default: i64) -> Result<(), StoreError> {
        let sql = Sql::new(format!(
            "select coalesce(m.quota_bytes, $2), {ITEMS}, c.dead from counter c join mailbox m using (mailbox) where mailbox = $1"
        ))
        .with([self.no.0.into(), default.into()]);
        let row = self.store.read_one(&sql, Missing::Mailbox)?;
        let mut fields = Fields::new(&row);
        let (quota, items, dead): (i64, i64, i64) = (fields.next()?, fields.next()?, fields.next()?);
        let used = items.saturating_add(dead.saturating_sub(quota).max(0));
        if quota > 0 && used.saturating_add(octets) > quota { Err(StoreError::Quota) } else { Ok(()) }
    }

    /// The same by the limits that the store was given.
    pub(crate) fn check_room(&mut self, octets: i64) -> Result<(), StoreError> {
        if self.store.unlimited { Ok(()) } else { self.check_quota(octets, self.store.options().limits.quota_bytes) }
    }

    /// Why a change found nothing to change: [`StoreError::Busy`] until the hour is over where it has had its changes,
    /// [`StoreError::Quota`] where `octets` have no room; else it is not one of the limits.
    pub(crate) fn check_limits(&mut self, octets: Option<i64>) -> Result<(), StoreError> {
        let most = self.store.options().limits.changes_per_hour;
        if most > 0 {
            let sql = Sql::new(format!(
                "select hour = {HOUR} and hourly >= $2 and not {EXEMPT}, {LEFT} \
                 from counter where mailbox = $1"
            ))
            .with([self.no.0.into(), most.into()]);
            if let Some(row) = self.store.read_opt(&sql)? {
                let mut fields = Fields::new(&row);
                if fields.next()? {
                    return Err(wait(fields.next()?));
                }
            }
        }
        match octets {
            Some(octets) => self.check_room(octets),
            None => Ok(()),
        }
    }

    /// Counts recipients of what the owner of a mailbox sends. [`StoreError::Busy`] until the hour is over beyond `most`; 0 is
    /// no limit. A single message is never too much for an hour that has had none.
    pub fn count_recipients(&mut self, recipients: i64, most: i64) -> Result<(), StoreError> {
        let sql = Sql::new(format!(
            "with past as (select account, case when sent_hour = {HOUR} then sent else 0 end as sent from account where mailbox = $1 for update) \
             update account a set sent_hour = {HOUR}, sent = past.sent + $2 from past \
             where a.account = past.account and ($3::bigint = 0 or past.sent = 0 or past.sent + $2 <= $3::bigint or {EXEMPT}) returning 1"
        ))
        .with([self.no.0.into(), recipients.into(), most.into()]);
        if self.store.query_opt(&sql)?.is_some() {
            return Ok(());
        }
        let left = Sql::new(format!("select {LEFT}"));
        Err(wait(first(&self.store.read_one(&left, Missing::Account)?)?))
    }

    /// [`StoreError::Folders`] where `more` folders cannot be made, the lowest at `depth` below the root.
    pub(crate) fn check_folders(&mut self, depth: i64, more: i64) -> Result<(), StoreError> {
        let limits = self.store.options().limits;
        if limits.folder_depth > 0 && depth > limits.folder_depth {
            return Err(StoreError::Folders { deep: true });
        }
        if limits.folders > 0 {
            let sql = Sql::new("select count(*) from folder where mailbox = $1").with([self.no.0.into()]);
            let there: i64 = first(&self.store.read_one(&sql, Missing::Mailbox)?)?;
            if there.saturating_add(more) > limits.folders {
                return Err(StoreError::Folders { deep: false });
            }
        }
        Ok(())
    }
}

/// A mailbox that is almost full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlmostFull {
    pub mailbox: MailboxNo,
    /// Octets of its items.
    pub used: i64,
    /// Octets that it may have.
    pub quota: i64,
}

/// What there is of each mailbox that has a quota; `$1` is the general one.
const ROOMS: &str = "
    room as (
        select m.mailbox, m.warned, coalesce(m.quota_bytes, $1) as quota, coalesce(sum(f.bytes), 0)::bigint as used
        from mailbox m join folder f using (mailbox) where coalesce(m.quota_bytes, $1) > 0 group by m.mailbox
    )";

impl Store {
    /// Enabled mailboxes of whose quota at least `percent` is used, the fullest first, where nobody was told since `before`.
    /// Those that have room again are as if nobody had ever been told.
    pub fn almost_full(&mut self, percent: i64, before: Before, limit: i64) -> Result<Vec<AlmostFull>, StoreError> {
        let sql = Sql::new(format!(
            "with {ROOMS}, relieved as (
                update mailbox m set warned = null from room r
                where m.mailbox = r.mailbox and r.warned is not null and r.used < r.quota / 100.0 * $2::bigint
            )
            select r.mailbox, r.used, r.quota from room r join account a on a.mailbox = r.mailbox and not a.disabled
            where r.used >= r.quota / 100.0 * $2::bigint and (r.warned is null or r.warned < $3)
            order by r.used::float8 / r.quota desc limit $4"
        ))
        .with([self.options().limits.quota_bytes.into(), percent.into(), before.time().into(), limit.into()]);
        let rows = self.query(&sql)?;
        rows.iter()
            .map(|row| {
                let mut fields = Fields::new(row);
                Ok(AlmostFull { mailbox: MailboxNo(fields.next()?), used: fields.next()?, quota: fields.next()? })
            })
            .collect()
    }

    /// Runs `body` with no regard to quotas, for what must reach even a full mailbox.
    pub fn without_quota<T>(&mut self, body: impl FnOnce(&mut Store) -> T) -> T {
        let before = std::mem::replace(&mut self.unlimited, true);
        let result = body(self);
        self.unlimited = before;
        result
    }
}

fn wait(seconds: i64) -> StoreError {
    StoreError::Busy { retry_ms: u32::try_from(seconds.max(1).saturating_mul(1000)).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{HOUR, LEFT};
    use crate::testing::database;

    /// A cast rounds: the hour must not change at half past, nor the last half second count as the next hour's first.
    #[test]
    fn hours_end_when_the_wait_is_over() {
        let database = database();
        let mut client = postgres::Client::connect(&database.options().url, postgres::NoTls).unwrap();
        let mut at = |time: &str| {
            let [hour, left] =
                [HOUR, LEFT].map(|text| text.replace("now()", &format!("timestamptz '2026-03-01 {time}Z'")));
            let row = client.query_one(&format!("select {hour}, {left}"), &[]).unwrap();
            (row.get::<_, i32>(0) - 492_324, row.get::<_, i64>(1))
        };
        assert_eq!(at("12:00:00"), (0, 3600));
        assert_eq!((at("12:29:59.9"), at("12:30:00"), at("12:30:00.7")), ((0, 1801), (0, 1800), (0, 1800)));
        assert_eq!((at("12:59:59"), at("12:59:59.7")), ((0, 1), (0, 1)));
        assert_eq!(at("13:00:00"), (1, 3600));
    }
}
