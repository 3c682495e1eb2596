//! SyncFolderItems: a folder's first listing in pages, then rounds of changes out of the journal.
//!
//! Why a client's copy comes to equal the folder. The first listing fixes `upto`, the newest number. Items are numbered by
//! when they entered the folder and keep the number while they are in it, so "below the cursor and not above `upto`"
//! goes through the same items however much is changed between the pages; what has gone meanwhile is not listed, what has
//! changed is listed as it is now. A round covers the numbers after `base` up to a fixed `upto`: each item that has a row there is
//! reported once, at the place of its last such row, as it is now. Whatever happens after `upto` has rows in the next round;
//! a client that was told "last" asks no more, so a round beyond which the counter has moved is never called the last.

use super::{ItemChange, ItemPage, ItemState, SyncKind};
use crate::incarnation::trimmed;
use crate::journal::ChangeKind;
use crate::row::Fields;
use crate::sql::{Sql, int};
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::ItemKind;
use ewsd_model::id::{ItemNo, Seq};
use postgres::Row;

/// One query for each page; the counter is read by the same one, so `upto` and the rows belong together.
const LISTING: &str = "
    select c.seq, c.trimmed, i.item, i.kind, i.change, i.flags
    from counter c left join lateral (
        select item, kind, change, flags from item
        where mailbox = $1 and folder = $2 and item < $3 and item <= least($4, c.seq) and (not associated or $5)
        order by item desc limit $6
    ) i on true
    where c.mailbox = $1 order by i.item desc";

/// An item's place in the round is that of its last row; a move within the folder has one for the item that leaves and one for
/// the item that enters.
const ROUND: &str = "
    select c.seq, {trimmed}, r.item, r.place, r.only_read, r.gone, i.item is not null as there, i.kind, i.change, i.flags
    from counter c left join lateral (
        select w.item, max(w.place) as place, bool_and(w.kind = {read}) as only_read, bool_or(w.went) as gone
        from (
            select item, seq * 2 + 1 as place, kind, kind = {deleted} as went from journal
            where mailbox = $1 and folder = $2 and seq > $3 and seq <= least($4, c.seq)
              and item is not null and (not associated or $6)
            union all
            select old_item, seq * 2, kind, true from journal
            where mailbox = $1 and old_folder = $2 and seq > $3 and seq <= least($4, c.seq)
              and kind = {moved} and (not associated or $6)
        ) w
        group by w.item
        having max(w.place) > $5 and (w.item <= $3 or not bool_or(w.went))
        order by max(w.place) limit $7
    ) r on true
    left join item i on i.mailbox = $1 and i.item = r.item
    where c.mailbox = $1 order by r.place";

impl Mailbox<'_> {
    /// The next page of news for a client that is at `state`, at most `limit` items; `associated` items only if asked for.
    /// [`StoreError::Trimmed`] if the journal no longer reaches back to the state.
    pub fn sync_items(&mut self, state: &ItemState, associated: bool, limit: usize) -> Result<ItemPage, StoreError> {
        let limit = limit.max(1);
        match *state {
            ItemState::Initial { .. } => self.listing(state, associated, limit),
            ItemState::At { folder, seq } => {
                let round = ItemState::Round { folder, base: seq, upto: Seq(i64::MAX), cursor: Seq(0) };
                self.round(&round, associated, limit)
            }
            ItemState::Round { .. } => self.round(state, associated, limit),
        }
    }

    fn listing(&mut self, state: &ItemState, associated: bool, limit: usize) -> Result<ItemPage, StoreError> {
        let ItemState::Initial { folder, upto, cursor } = *state else {
            return Err(StoreError::Corrupt("not a listing".to_owned()));
        };
        // One more than asked for: whether there is another page must not take another query.
        let sql = Sql::new(LISTING).with([
            self.no.0.into(),
            folder.0.into(),
            cursor.0.into(),
            upto.0.into(),
            associated.into(),
            int(limit.saturating_add(1))?.into(),
        ]);
        let rows = self.store.read(&sql)?;
        let (newest, _) = counter(&rows)?;
        let upto = upto.min(newest);
        let mut changes = Vec::with_capacity(rows.len());
        for row in rows.iter().take(limit) {
            changes.extend(listed(row)?);
        }
        let done = rows.len() <= limit;
        let state = match changes.last() {
            Some(change) if !done => ItemState::Initial { folder, upto, cursor: change.item },
            _ => ItemState::At { folder, seq: upto },
        };
        Ok(ItemPage { changes, state, last: done && upto == newest })
    }

    fn round(&mut self, state: &ItemState, associated: bool, limit: usize) -> Result<ItemPage, StoreError> {
        let ItemState::Round { folder, base, upto, cursor } = *state else {
            return Err(StoreError::Corrupt("not a round".to_owned()));
        };
        let text = ROUND
            .replace("{trimmed}", &trimmed("$3"))
            .replace("{read}", &ChangeKind::ItemRead.sql())
            .replace("{deleted}", &ChangeKind::ItemDeleted.sql())
            .replace("{moved}", &ChangeKind::ItemMoved.sql());
        let sql = Sql::new(text).with([
            self.no.0.into(),
            folder.0.into(),
            base.0.into(),
            upto.0.into(),
            cursor.0.into(),
            associated.into(),
            int(limit.saturating_add(1))?.into(),
        ]);
        let rows = self.store.read(&sql)?;
        let (newest, trimmed) = counter(&rows)?;
        // A state from the future is of another database: of the one before a restore, for example.
        if base < trimmed || base > newest {
            return Err(StoreError::Trimmed);
        }
        let upto = upto.min(newest);
        let mut changes = Vec::with_capacity(rows.len());
        let mut cursor = cursor;
        for row in rows.iter().take(limit) {
            if let Some((reached, change)) = news(row, base)? {
                cursor = reached;
                changes.extend(change);
            }
        }
        let done = rows.len() <= limit;
        let state =
            if done { ItemState::At { folder, seq: upto } } else { ItemState::Round { folder, base, upto, cursor } };
        Ok(ItemPage { changes, state, last: done && upto == newest })
    }
}

fn counter(rows: &[Row]) -> Result<(Seq, Seq), StoreError> {
    let row = rows.first().ok_or(StoreError::NotFound(Missing::Mailbox))?;
    let mut fields = Fields::new(row);
    Ok((fields.next()?, fields.next()?))
}

/// None: the row is there for the counter alone.
fn listed(row: &Row) -> Result<Option<ItemChange>, StoreError> {
    let mut fields = Fields::new(row);
    let item: Option<ItemNo> = fields.skip(2).next()?;
    item.map(|item| present(item, SyncKind::Create, &mut fields)).transpose()
}

/// What a row of a round says: its place, and what is to be told. None: it is there for the counter alone.
fn news(row: &Row, base: Seq) -> Result<Option<(Seq, Option<ItemChange>)>, StoreError> {
    let mut fields = Fields::new(row);
    let Some(item) = fields.skip(2).next::<Option<ItemNo>>()? else { return Ok(None) };
    let (place, only_read, gone, there) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let told = match (there, item.0 > base.0) {
        (true, true) => Some(present(item, SyncKind::Create, &mut fields)?),
        (true, false) if only_read => Some(present(item, SyncKind::ReadFlag, &mut fields)?),
        (true, false) => Some(present(item, SyncKind::Update, &mut fields)?),
        // It came after `base` and has gone after the round's end: the client never knew it.
        (false, true) => None,
        (false, false) if gone => {
            Some(ItemChange { what: SyncKind::Delete, item, kind: ItemKind::Item, change: Seq(0), flags: 0 })
        }
        // Changed in this round and gone after it: the next round says so.
        (false, false) => None,
    };
    Ok(Some((place, told)))
}

fn present(item: ItemNo, what: SyncKind, fields: &mut Fields<'_>) -> Result<ItemChange, StoreError> {
    Ok(ItemChange { what, item, kind: fields.next()?, change: fields.next()?, flags: fields.next()? })
}
