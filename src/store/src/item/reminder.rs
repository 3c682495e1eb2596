//! The table of when people are to be reminded of items, as steps of the statements that write them, and what is looked up in it.
//! What it says is the member `ReminderNextTime` of the document: whoever writes that writes the row.

use crate::journal::Write;
use crate::row::all;
use crate::sql::{Param, Sql};
use crate::{Mailbox, Map, StoreError};
use ewsd_model::id::ItemNo;
use ewsd_model::{ItemKind, PropId};
use jiff::Timestamp;

/// A time at which somebody is to be reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundReminder {
    pub item: ItemNo,
    pub at: Timestamp,
}

/// What a document says: `Some(None)` that there is no reminder, None nothing.
fn next_time(props: &Map) -> Option<Option<Timestamp>> {
    let member = props.get(PropId::ItemReminderNextTime.row().element)?;
    Some(member.as_str().and_then(|text| text.parse().ok()))
}

/// Adds `reminded`: the row of a new item that has a reminder. `from`: the step beside `taken` that has its number.
pub(super) fn insert_step(write: &mut Write<'_>, props: &Map, from: &str) {
    if let Some(Some(at)) = next_time(props) {
        let at = write.place(at);
        write.step(
            "reminded",
            &format!(
                "insert into reminder (mailbox, item, at) select $1, {from}.item, {at}::timestamptz from taken, {from} returning 1"
            ),
        );
    }
}

/// Adds `reminded` where the change says something about it: the row as it is now, or none.
pub(super) fn replace_step(write: &mut Write<'_>, props: &Map, from: &str) {
    match next_time(props) {
        None => {}
        Some(None) => {
            write.step(
                "reminded",
                &format!(
                    "delete from reminder r using taken, {from} where r.mailbox = $1 and r.item = {from}.item returning 1"
                ),
            );
        }
        Some(Some(at)) => {
            let at = write.place(at);
            write.step(
                "reminded",
                &format!(
                    "insert into reminder (mailbox, item, at) select $1, {from}.item, {at}::timestamptz from taken, {from} \
                     on conflict (mailbox, item) do update set at = excluded.at returning 1"
                ),
            );
        }
    }
}

/// Adds `reminded`: the rows of copies.
pub(super) fn copy_step(write: &mut Write<'_>) {
    write.step(
        "reminded",
        "insert into reminder (mailbox, item, at) select $1, taken.base + source.n, r.at \
         from taken, source, reminder r where r.mailbox = $1 and r.item = source.item returning 1",
    );
}

/// Folders of whose items nobody is reminded.
const SILENT: [&str; 5] = ["deleteditems", "junkemail", "drafts", "outbox", "recoverableitemsdeletions"];

impl Mailbox<'_> {
    /// Reminders from one time to another, both included, and those before of series that go on; at most so many, the earliest
    /// or the latest.
    /// What was deleted reminds of nothing.
    pub fn reminders_between(
        &mut self,
        from: Timestamp,
        to: Timestamp,
        latest: bool,
        most: i64,
    ) -> Result<Vec<FoundReminder>, StoreError> {
        let order = if latest { "desc" } else { "asc" };
        let sql = Sql::new(format!(
            "select r.item, r.at from ( \
                 select r.item, r.at from reminder r where r.mailbox = $1 and r.at >= $2 and r.at <= $3 \
                 union all \
                 select r.item, r.at from event e join reminder r on r.mailbox = e.mailbox and r.item = e.item \
                 where e.mailbox = $1 and e.series and e.ends >= $2 and r.at < $2) r \
             join item i on i.mailbox = $1 and i.item = r.item and i.kind = any($6) \
             join folder f on f.mailbox = $1 and f.folder = i.folder and coalesce(f.distinguished <> all($4), true) \
             order by r.at {order}, r.item limit $5"
        ))
        .with([
            self.no.0.into(),
            from.into(),
            to.into(),
            Param::Texts(SILENT.iter().map(|name| (*name).into()).collect()),
            most.into(),
            vec![ItemKind::CalendarItem as i64, ItemKind::Task as i64].into(),
        ]);
        all(&self.store.read(&sql)?, |fields| Ok(FoundReminder { item: fields.next()?, at: fields.next()? }))
    }
}
