//! The journal: every change of a mailbox, in the order of the commits. The only file that writes it.
//!
//! A change is one statement put together by [`Write`]. Its first step that writes is `taken`, which raises the mailbox's counter
//! and thereby locks it; all other steps select from `taken`, so they come after. Rows for the journal are joined to what was
//! really changed from outside: should another session have changed a row between the statement's look and its lock, a
//! null meets `not null`, the statement undoes itself, numbers included, and is run again with the counter locked first.
//! So the journal has no gap, and a number is never visible before a smaller one.

use crate::blob::NAMED;
use crate::incarnation::lost;
use crate::quota::HOUR;
use crate::row::{Fields, all, first, kinds};
use crate::sql::{Param, Sql, int};
use crate::{Before, Mailbox, Missing, Store, StoreError};
use ewsd_model::id::{FolderNo, ItemNo, MailboxNo, Seq};
use jiff::Timestamp;
use postgres::Row;

/// What happened. The numbers are part of the database format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum ChangeKind {
    ItemCreated = 1,
    /// Created by delivery.
    ItemNewMail = 2,
    ItemModified = 3,
    /// The read state changed and nothing else.
    ItemRead = 4,
    ItemMoved = 5,
    ItemCopied = 6,
    ItemDeleted = 7,
    /// A calendar item was modified, and with it when its owner is busy.
    ItemRescheduled = 8,
    FolderCreated = 16,
    FolderModified = 17,
    FolderMoved = 18,
    FolderDeleted = 19,
    FolderCopied = 20,
}

const KINDS: &[ChangeKind] = &[
    ChangeKind::ItemCreated,
    ChangeKind::ItemNewMail,
    ChangeKind::ItemModified,
    ChangeKind::ItemRead,
    ChangeKind::ItemMoved,
    ChangeKind::ItemCopied,
    ChangeKind::ItemDeleted,
    ChangeKind::ItemRescheduled,
    ChangeKind::FolderCreated,
    ChangeKind::FolderModified,
    ChangeKind::FolderMoved,
    ChangeKind::FolderDeleted,
    ChangeKind::FolderCopied,
];

impl ChangeKind {
    pub(crate) fn sql(self) -> String {
        (self as i16).to_string()
    }
}

kinds! {
    ChangeKind: |number| KINDS.iter().copied().find(|kind| *kind as i16 == number), "journal kind";
}

/// One change, as the readers of the journal see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub seq: Seq,
    pub at: Timestamp,
    pub kind: ChangeKind,
    /// None for a change of a folder.
    pub item: Option<ItemNo>,
    /// The folder the item is (was) in; of a change of a folder, the folder itself.
    pub folder: FolderNo,
    /// Moved and copied items: what it was before, or was copied from.
    pub old_item: Option<ItemNo>,
    /// Moved and copied items: the folder of `old_item`. Moved and copied folders: `old` parent; see `old_item` for a copy.
    pub old_folder: Option<FolderNo>,
    /// Of a change of a folder: its parent (after a move the new one, of a deletion the last one).
    pub parent: Option<FolderNo>,
    /// The item is folder-associated information.
    pub associated: bool,
    /// It also changed counters of the folders.
    pub counts: bool,
    /// How many unread items `folder` has now. None if it is gone.
    pub unread: Option<i64>,
    /// The same of `old_folder`.
    pub old_unread: Option<i64>,
}

/// Which changes a reader wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    /// Changes in these folders and of these folders.
    Folders(Vec<FolderNo>),
}

/// A part of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    pub entries: Vec<Entry>,
    /// Everything up to here has been looked at: the place to go on from.
    pub upto: Seq,
    /// There may be more behind `upto`.
    pub more: bool,
}

/// How many numbers a change takes.
pub(crate) enum Count {
    One,
    /// One for each row of the step of this name.
    Of(&'static str),
}

/// The rows that a change writes into the journal; each field an SQL expression.
pub(crate) struct Rows<'s> {
    /// The row's place among the numbers that were taken, from 1.
    pub n: &'s str,
    pub kind: &'s str,
    pub item: &'s str,
    /// Must be null where the change did not take place after all.
    pub folder: &'s str,
    pub old_item: &'s str,
    pub old_folder: &'s str,
    pub parent: &'s str,
    pub associated: &'s str,
    pub counts: &'s str,
    /// Of a folder whose rights change or that goes: those it had.
    pub rights: &'s str,
    /// `from taken …`; exactly as many rows as numbers were taken.
    pub from: &'s str,
}

impl Default for Rows<'_> {
    fn default() -> Self {
        Rows {
            n: "1",
            kind: "null",
            item: "null",
            folder: "null",
            old_item: "null",
            old_folder: "null",
            parent: "null",
            associated: "false",
            counts: "false",
            rights: "null",
            from: "taken",
        }
    }
}

/// A change of a mailbox being put together. `$1` is the mailbox.
pub(crate) struct Write<'a> {
    sql: Sql<'a>,
    /// Octets that are added, and their place.
    room: Option<(i64, String)>,
    /// Octets that nothing will name any more, as an expression.
    dead: Option<String>,
}

/// Where the conditions of the limits are put when the statement is run: who puts it together does not know them.
const LIMITS: &str = "{limits}";

impl<'a> Write<'a> {
    pub fn new(mailbox: MailboxNo) -> Self {
        Write { sql: Sql::default().with([mailbox.0.into()]), room: None, dead: None }
    }

    /// Which steps follow is a client's wish; see [`Sql::shaped`].
    pub fn shaped(&mut self) {
        self.sql.shaped = true;
    }

    /// Before [`Write::bump`]: it adds so many octets, for which there must be room. The statement changes nothing where there is
    /// none.
    pub fn room(&mut self, octets: i64) {
        let place = self.place(octets);
        self.room = Some((octets, format!("{place}::bigint")));
    }

    /// Before [`Write::bump`]: so many octets are let go of, an expression on the steps so far.
    pub fn dead(&mut self, octets: &str) {
        self.dead = Some(octets.to_owned());
    }

    /// Adds a value and says its place.
    pub fn place(&mut self, param: impl Into<Param<'a>>) -> String {
        self.sql.place(param)
    }

    /// Adds a step that others can select from.
    pub fn step(&mut self, name: &str, body: &str) -> &mut Self {
        self.open(name);
        self.sql.push(body).push(")");
        self
    }

    /// Adds a step whose text is written by `body`.
    pub fn step_with(&mut self, name: &str, body: impl FnOnce(&mut Sql<'a>)) -> &mut Self {
        self.open(name);
        body(&mut self.sql);
        self.sql.push(")");
        self
    }

    /// Adds `taken`: takes the numbers, if `guard` holds. It has `seq`, the last number taken, `base`, the one before the first,
    /// and `attachment`, the last attachment number.
    pub fn bump(&mut self, count: &Count, attachments: &str, guard: &str) -> &mut Self {
        let count = match count {
            Count::One => "1".to_owned(),
            Count::Of(step) => format!("(select count(*) from {step})"),
        };
        let dead =
            self.dead.as_deref().map_or_else(String::new, |octets| format!(", dead = dead + ({octets})::bigint"));
        let body = format!(
            "update counter set seq = seq + {count}, attachment = attachment + {attachments}{dead}, hour = {HOUR}, \
                 hourly = case when hour = {HOUR} then hourly else 0 end + {count} \
             where mailbox = $1 and {guard}{LIMITS} returning seq, seq - {count} as base, attachment"
        );
        self.step("taken", &body)
    }

    /// Adds `journalled`: the journal's rows.
    pub fn rows(&mut self, rows: &Rows) -> &mut Self {
        let Rows { n, kind, item, folder, old_item, old_folder, parent, associated, counts, rights, from } = rows;
        let body = format!(
            "insert into journal (mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights) \
             select $1, taken.base + {n}, {kind}, {item}, {folder}, {old_item}, {old_folder}, {parent}, {associated}, {counts}, {rights} \
             from {from}"
        );
        self.step("journalled", &body)
    }

    /// Runs it. `select` is what to answer after `taken.seq`, starting with a comma, and its `from`.
    pub fn run(mut self, mailbox: &mut Mailbox<'_>, select: &str, from: &str) -> Result<Vec<Row>, StoreError> {
        self.sql.push(" select taken.seq").push(select).push(" from ").push(from);
        let room = self.room.take();
        let asked = room.as_ref().filter(|_| !mailbox.store.unlimited).map(|(_, place)| place.as_str());
        let mut conditions = mailbox.store.options().limits.conditions(asked);
        if let (Some((_, place)), None) = (&room, asked) {
            // A value that no text names has no type.
            conditions.push_str(&format!(" and {place} is not null"));
        }
        self.sql.text = self.sql.text.replacen(LIMITS, &conditions, 1);
        let rows = mailbox.store.change(mailbox.no, &self.sql)?;
        if rows.is_empty() {
            mailbox.check_limits(room.map(|(octets, _)| octets))?;
        }
        Ok(rows)
    }

    fn open(&mut self, name: &str) {
        self.sql.push(if self.sql.text.is_empty() { "with " } else { ", " }).push(name).push(" as (");
    }
}

impl Store {
    /// The numbers of the last changes of several mailboxes; those that are gone are left out.
    pub fn newest_of(&mut self, mailboxes: &[MailboxNo]) -> Result<Vec<(MailboxNo, Seq)>, StoreError> {
        let numbers: Vec<i64> = mailboxes.iter().map(|mailbox| mailbox.0).collect();
        let sql = Sql::new("select mailbox, seq from counter where mailbox = any($1)").with([numbers.into()]);
        all(&self.read(&sql)?, |fields| Ok((fields.next()?, fields.next()?)))
    }
}

impl Mailbox<'_> {
    /// The number of the mailbox's last change.
    pub fn newest(&mut self) -> Result<Seq, StoreError> {
        let sql = Sql::new("select seq from counter where mailbox = $1").with([self.no.0.into()]);
        first(&self.store.read_one(&sql, Missing::Mailbox)?)
    }

    /// Changes after `after`, oldest first, at most `limit`. [`StoreError::Trimmed`] if some of them are no longer known,
    /// [`StoreError::Lost`] if another database gave that number. An `upto`
    /// below `after`: that number was not given out yet.
    pub fn events(&mut self, scope: &Scope, after: Seq, limit: usize) -> Result<Events, StoreError> {
        // The counter and the rows are read by one statement: what is committed in between is in neither.
        const EVENTS: &str = "
            select c.seq, c.trimmed, {lost}, j.seq, j.at, j.kind, j.item, j.folder, j.old_item, j.old_folder, j.parent,
                   j.associated, j.counts,
                   (select f.unread from folder f where f.mailbox = $1 and f.folder = j.folder),
                   (select f.unread from folder f where f.mailbox = $1 and f.folder = j.old_folder)
            from counter c left join lateral (
                select * from journal
                where mailbox = $1 and seq > $2 {scope}
                order by seq limit $3
            ) j on true
            where c.mailbox = $1 order by j.seq";
        const FOLDERS: &str = "and (folder = any($4) or old_folder = any($4) or parent = any($4))";
        let limit = int(limit.max(1))?;
        let mut params = vec![self.no.0.into(), after.0.into(), limit.into()];
        let scope = match scope {
            Scope::All => "",
            Scope::Folders(folders) => {
                params.push(Param::Ints(folders.iter().map(|folder| folder.0).collect()));
                FOLDERS
            }
        };
        let rows =
            self.store.read(&Sql::new(EVENTS.replace("{scope}", scope).replace("{lost}", &lost("$2"))).with(params))?;
        let first = rows.first().ok_or(StoreError::NotFound(Missing::Mailbox))?;
        let mut fields = Fields::new(first);
        let (newest, trimmed): (Seq, Seq) = (fields.next()?, fields.next()?);
        if fields.next()? {
            return Err(StoreError::Lost);
        }
        if after < trimmed {
            return Err(StoreError::Trimmed);
        }
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            entries.extend(entry(Fields::new(row).skip(3))?);
        }
        let full = int(entries.len())? == limit;
        let upto = entries.last().filter(|_| full).map_or(newest, |last| last.seq);
        Ok(Events { entries, upto, more: full && upto < newest })
    }

    /// Where folders that are gone hung last, as far as the journal still tells.
    pub fn last_parents(&mut self, folders: &[FolderNo]) -> Result<Vec<(FolderNo, FolderNo)>, StoreError> {
        let numbers = Param::Ints(folders.iter().map(|folder| folder.0).collect());
        let sql = Sql::new(format!(
            "select folder, parent from journal \
             where mailbox = $1 and folder = any($2) and kind = {} and parent is not null",
            ChangeKind::FolderDeleted.sql()
        ))
        .with([self.no.0.into(), numbers]);
        all(&self.store.read(&sql)?, |fields| Ok((fields.next()?, fields.next()?)))
    }

    /// Whether what comes after `seq` is known: it was given out, by this database, and the journal reaches back to it.
    pub fn knows(&mut self, seq: Seq) -> Result<bool, StoreError> {
        let sql = Sql::new(format!(
            "select $2 between c.trimmed and c.seq and not {} from counter c where mailbox = $1",
            lost("$2")
        ))
        .with([self.no.0.into(), seq.0.into()]);
        first(&self.store.read_one(&sql, Missing::Mailbox)?)
    }

    /// Sets right what counts as let go of: writers add up sizes, of contents that others may name too.
    pub fn recount_orphans(&mut self) -> Result<(), StoreError> {
        let sql = Sql::new(format!(
            "with orphan as (select hash from blob where mailbox = $1 except ({NAMED})) \
             update counter set dead = (select coalesce(sum(octet_length(b.data)), 0) from blob b, orphan \
                 where b.mailbox = $1 and b.hash = orphan.hash) \
             where mailbox = $1 and dead > 0 returning 1"
        ))
        .with([self.no.0.into()]);
        self.store.query_opt(&sql).map(drop)
    }

    /// Removes the journal of a mailbox that ends, with its counter.
    pub(crate) fn drop_journal(&mut self) -> Result<(), StoreError> {
        for statement in ["delete from journal where mailbox = $1", "delete from counter where mailbox = $1"] {
            self.store.query(&Sql::new(statement).with([self.no.0.into()]))?;
        }
        Ok(())
    }

    /// Removes up to `limit` rows that are older. Says how many; as many as the limit, call again.
    pub fn trim_journal(&mut self, before: Before, limit: i64) -> Result<i64, StoreError> {
        const OLD: &str = "select max(seq) from (select seq, at from journal where mailbox = $1 order by seq limit $3) oldest where at < $2";
        // The mark is set in the same statement, so no reader finds rows missing without being told.
        const TRIM: &str = "
            with mark as (
                update counter set trimmed = $2 where mailbox = $1 and trimmed < $2 returning 1
            )
            delete from journal using mark where journal.mailbox = $1 and journal.seq <= $2 returning 1";
        let old = Sql::new(OLD).with([self.no.0.into(), before.time().into(), limit.into()]);
        let Some(upto) = first::<Option<i64>>(&self.store.read_one(&old, Missing::Mailbox)?)? else { return Ok(0) };
        self.transaction(|mailbox| {
            mailbox.bury_before_trim(upto)?;
            let sql = Sql::new(TRIM).with([mailbox.no.0.into(), upto.into()]);
            int(mailbox.store.query(&sql)?.len())
        })
    }
}

/// None: the row is there for the counter alone.
fn entry(fields: &mut Fields<'_>) -> Result<Option<Entry>, StoreError> {
    let Some(seq) = fields.next()? else { return Ok(None) };
    Ok(Some(Entry {
        seq,
        at: fields.next()?,
        kind: fields.next()?,
        item: fields.next()?,
        folder: fields.next()?,
        old_item: fields.next()?,
        old_folder: fields.next()?,
        parent: fields.next()?,
        associated: fields.next()?,
        counts: fields.next()?,
        unread: fields.next()?,
        old_unread: fields.next()?,
    }))
}
