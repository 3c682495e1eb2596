//! SyncFolderHierarchy: which folders of a tree came, changed or went.

use super::{FolderChange, HierarchyPage};
use crate::connection::corrupt;
use crate::folder::{FIELDS, folder_row};
use crate::journal::Kind;
use crate::sql::Sql;
use crate::{Missing, Store, StoreError};
use ewsd_model::id::{FolderNo, MailboxNo, Seq};

/// The tree below `$2` without itself; each folder with the way down to it.
const TREE: &str = "
    with recursive tree as (
        select folder, array[folder] as way from folder where mailbox = $1 and parent = $2
        union all
        select k.folder, tree.way || k.folder from folder k join tree on k.mailbox = $1 and k.parent = tree.folder
    )";

/// New to the client: made after `$3`, or hung into the tree since then. Of several moves the first one tells where it was.
const CHANGED: &str = "
    select c.seq, c.trimmed, r.* from counter c left join lateral (
        select {fields}, o.folder > $3 or exists (
            select from unnest(tree.way) as w (folder) where not exists (
                select from tree t where t.folder = (
                    select m.old_folder from journal m
                    where m.mailbox = $1 and m.folder = w.folder and m.seq > $3 and m.kind = {moved}
                    order by m.seq limit 1)
            ) and exists (
                select from journal m where m.mailbox = $1 and m.folder = w.folder and m.seq > $3 and m.kind = {moved}
                    and (select f.old_folder from journal f where f.mailbox = $1 and f.folder = w.folder and f.seq > $3
                         and f.kind = {moved} order by f.seq limit 1) <> $2
            )
        ) as created, tree.way as way
        from tree join folder o on o.mailbox = $1 and o.folder = tree.folder
        where o.change > $3
    ) r on true
    where c.mailbox = $1 order by cardinality(r.way), r.name";

/// Known to the client and no longer in the tree: deleted, or hung elsewhere with all below.
const GONE: &str = ", elsewhere as (
        select distinct j.folder from journal j
        where j.mailbox = $1 and j.seq > $3 and j.seq <= $4 and j.kind = {moved}
          and not exists (select from tree where tree.folder = j.folder)
        union
        select k.folder from folder k join elsewhere e on k.mailbox = $1 and k.parent = e.folder
    )
    select folder from journal where mailbox = $1 and seq > $3 and seq <= $4 and kind = {deleted} and folder <= $3
    union
    select folder from elsewhere where folder <= $3 and folder <> $2";

impl Store {
    /// News of the tree below `root` since `base`; without `base` all of it. [`StoreError::Trimmed`] if the journal no longer
    /// reaches back to it.
    pub fn sync_folders(
        &mut self,
        mailbox: MailboxNo,
        root: FolderNo,
        base: Option<Seq>,
    ) -> Result<HierarchyPage, StoreError> {
        let since = base.map_or(0, |seq| seq.0);
        let text = CHANGED.replace("{fields}", FIELDS).replace("{moved}", &Kind::FolderMoved.sql());
        let sql = Sql::new(format!("{TREE}{text}")).with([mailbox.0.into(), root.0.into(), since.into()]);
        let rows = self.read(&sql)?;
        let first = rows.first().ok_or(StoreError::NotFound(Missing::Mailbox))?;
        let upto = Seq(first.try_get(0).map_err(corrupt)?);
        let trimmed: i64 = first.try_get(1).map_err(corrupt)?;
        if base.is_some_and(|base| base.0 < trimmed || base > upto) {
            return Err(StoreError::Trimmed);
        }
        let mut changed = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.try_get::<_, Option<i64>>(2).map_err(corrupt)?.is_some() {
                let created: bool = row.try_get(row.len() - 2).map_err(corrupt)?;
                changed.push(FolderChange { created: created || base.is_none(), folder: folder_row(row, 2)? });
            }
        }
        let deleted = match base {
            Some(base) => self.gone(mailbox, root, base, upto)?,
            None => Vec::new(),
        };
        Ok(HierarchyPage { changed, deleted, upto })
    }

    fn gone(&mut self, mailbox: MailboxNo, root: FolderNo, base: Seq, upto: Seq) -> Result<Vec<FolderNo>, StoreError> {
        let text = GONE.replace("{moved}", &Kind::FolderMoved.sql()).replace("{deleted}", &Kind::FolderDeleted.sql());
        let sql =
            Sql::new(format!("{TREE}{text}")).with([mailbox.0.into(), root.0.into(), base.0.into(), upto.0.into()]);
        self.read(&sql)?.iter().map(|row| row.try_get(0).map(FolderNo).map_err(corrupt)).collect()
    }
}
