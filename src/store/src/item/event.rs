//! The table of when calendar items and meeting messages take place, as steps of the statements that write them, and what is
//! looked up in it: the items of a folder that touch a time, and those of one UID.
//!
//! An item's length has a class: of class n are those that last less than 2^n hours. A look at a time goes through one range of
//! the index for each class, none of which reaches back further than its items can last: what lies elsewhere costs nothing.

use crate::journal::Write;
use crate::row::all;
use crate::sql::{Param, Sql, int};
use crate::{Mailbox, StoreError};
use ewsd_model::id::{FolderNo, ItemNo};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// When an item takes place; of a series the time from its first to its last instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub starts: Timestamp,
    /// None: a series without end.
    pub ends: Option<Timestamp>,
    /// More than one instance has to be looked for.
    pub series: bool,
    /// `calendar:UID`.
    pub uid: String,
}

/// An item that touches a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundEvent {
    pub item: ItemNo,
    pub starts: Timestamp,
    pub ends: Option<Timestamp>,
    pub series: bool,
}

/// What [`Mailbox::events_in`] finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventsIn {
    /// Those that are no series, in the order of their starts, as many as were asked for.
    pub singles: Vec<FoundEvent>,
    /// How many there are of them.
    pub total: usize,
    pub series: Vec<ItemNo>,
}

/// The class of what lasts longest, and of what has no end.
const ENDLESS: i16 = 31;

/// The class of two centuries: whatever lasts longer is looked through from the beginning.
const FAR: i16 = 21;

/// The class of a length.
fn span(event: &Event) -> i16 {
    let Some(ends) = event.ends else { return ENDLESS };
    let hours = ends.duration_since(event.starts).as_hours().max(0);
    // 64 - leading zeros of n is the smallest power of two above n.
    let class = i64::BITS - hours.leading_zeros();
    i16::try_from(class).unwrap_or(ENDLESS).min(ENDLESS - 1)
}

/// What a UID is found by.
fn key(uid: &str) -> Vec<u8> {
    Sha256::digest(uid.as_bytes()).get(..16).unwrap_or_default().to_vec()
}

/// `starts, ends, span, series, uid` as values of a statement.
fn values(write: &mut Write<'_>, event: &Event) -> String {
    let starts = write.place(event.starts);
    let ends = write.place(event.ends.map_or(Param::Null, Param::Time));
    let span = write.place(i64::from(span(event)));
    let series = write.place(event.series);
    let uid = write.place(Param::Bytes(key(&event.uid).into()));
    format!(
        "{starts}::timestamptz, coalesce({ends}::timestamptz, 'infinity'), {span}::smallint, {series}::boolean, {uid}::bytea"
    )
}

/// Adds `placed`: the row of a new item. `from`: the step beside `taken` and `counted` that has its number.
pub(super) fn insert_step(write: &mut Write<'_>, event: &Event, from: &str) {
    let values = values(write, event);
    write.step(
        "placed",
        &format!(
            "insert into event (mailbox, item, folder, starts, ends, span, series, uid) \
             select $1, {from}.item, counted.folder, {values} from taken, counted, {from} returning 1"
        ),
    );
}

/// Adds `placed`: this row and no other. `from`: the step beside `taken` that has the item and its folder.
pub(super) fn replace_step(write: &mut Write<'_>, event: &Event, from: &str) {
    let values = values(write, event);
    write.step(
        "placed",
        &format!(
            "insert into event (mailbox, item, folder, starts, ends, span, series, uid) \
             select $1, {from}.item, {from}.folder, {values} from taken, {from} \
             on conflict (mailbox, item) do update set starts = excluded.starts, ends = excluded.ends, span = excluded.span, \
                 series = excluded.series, uid = excluded.uid returning 1"
        ),
    );
}

/// Adds `placed`: the rows of items that move. `target`: the folder they go to.
pub(super) fn move_step(write: &mut Write<'_>, target: &str) {
    write.step(
        "placed",
        &format!(
            "update event e set item = taken.base + source.n, folder = {target} from taken, source \
             where e.mailbox = $1 and e.item = source.item returning 1"
        ),
    );
}

/// Adds `placed`: the rows of copies.
pub(super) fn copy_step(write: &mut Write<'_>, target: &str) {
    write.step(
        "placed",
        &format!(
            "insert into event (mailbox, item, folder, starts, ends, span, series, uid) \
             select $1, taken.base + source.n, {target}, e.starts, e.ends, e.span, e.series, e.uid \
             from taken, source, event e where e.mailbox = $1 and e.item = source.item returning 1"
        ),
    );
}

/// The rows `e` of folders, which `folders` names as `f`, that start before `$4`, and whose ends are as `ends` says. The ends
/// are not before `$3`.
pub(super) fn looked_at(folders: &str, ends: &str) -> String {
    format!(
        "{folders}, generate_series(0, {ENDLESS}) s (span), lateral ( \
             select * from event e where e.mailbox = $1 and e.folder = f.folder and e.span = s.span \
             and e.starts < $4 and {ends} \
             and e.starts >= case when s.span > {FAR} then '-infinity'::timestamptz \
                 else $3::timestamptz - make_interval(hours => (1 << s.span)) end) e"
    )
}

impl Mailbox<'_> {
    /// The items of folders that start before `to` and end at `from` or later; of series those of which an instance may.
    /// In the order of their starts.
    pub fn events_between(
        &mut self,
        folders: &[FolderNo],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<FoundEvent>, StoreError> {
        let sql = Sql::new(format!(
            "select e.item, e.starts, nullif(e.ends, 'infinity'), e.series from {} order by e.starts, e.item",
            looked_at("unnest($2::bigint[]) f (folder)", "e.ends >= $3")
        ))
        .with([
            self.no.0.into(),
            Param::Ints(folders.iter().map(|folder| folder.0).collect()),
            from.into(),
            to.into(),
        ]);
        all(&self.store.read(&sql)?, found)
    }

    /// The same with a limit: of items that are no series the first `most` and how many there are in all, and all series up to
    /// `series` of them, by number. None: there are more series than that.
    pub fn events_in(
        &mut self,
        folders: &[FolderNo],
        from: Timestamp,
        to: Timestamp,
        most: usize,
        series: usize,
    ) -> Result<Option<EventsIn>, StoreError> {
        let sql = Sql::new(format!(
            "with found as materialized (select e.item, e.starts, e.ends, e.series from {}) \
             select item, starts, nullif(ends, 'infinity'), series, 0::bigint \
             from (select * from found where series order by item limit $6) s \
             union all \
             select item, starts, nullif(ends, 'infinity'), series, (select count(*) from found where not series) \
             from (select * from found where not series order by starts, item limit $5) s",
            looked_at("unnest($2::bigint[]) f (folder)", "e.ends >= $3")
        ))
        .with([
            self.no.0.into(),
            Param::Ints(folders.iter().map(|folder| folder.0).collect()),
            from.into(),
            to.into(),
            int(most)?.into(),
            int(series.saturating_add(1))?.into(),
        ]);
        let found = all(&self.store.read(&sql)?, |fields| Ok((found(fields)?, fields.next::<i64>()?)))?;
        let mut events = EventsIn::default();
        for (event, total) in found {
            if event.series {
                events.series.push(event.item);
            } else {
                events.total = usize::try_from(total).unwrap_or(usize::MAX);
                events.singles.push(event);
            }
        }
        Ok(Some(events).filter(|events| events.series.len() <= series))
    }

    /// Items of the UID: number, folder, newest first.
    pub fn events_of_uid(&mut self, uid: &str) -> Result<Vec<(ItemNo, FolderNo)>, StoreError> {
        let sql = Sql::new("select item, folder from event where mailbox = $1 and uid = $2 order by item desc")
            .with([self.no.0.into(), Param::Bytes(key(uid).into())]);
        all(&self.store.read(&sql)?, |fields| Ok((fields.next()?, fields.next()?)))
    }
}

fn found(fields: &mut crate::row::Fields<'_>) -> Result<FoundEvent, StoreError> {
    Ok(FoundEvent { item: fields.next()?, starts: fields.next()?, ends: fields.next()?, series: fields.next()? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(hours: Option<i64>) -> i16 {
        let starts = Timestamp::UNIX_EPOCH;
        let ends = hours.map(|hours| starts + jiff::SignedDuration::from_hours(hours));
        span(&Event { starts, ends, series: false, uid: String::new() })
    }

    #[test]
    fn a_class_holds_what_is_shorter_than_its_power_of_two() {
        assert_eq!([Some(0), Some(1), Some(2), Some(3), Some(4), Some(24)].map(of), [0, 1, 2, 2, 3, 5]);
        assert_eq!((of(None), of(Some(24 * 365 * 1000))), (ENDLESS, 24));
    }
}
