//! SyncFolderHierarchy: which folders of a tree came, changed or went.

use super::{FolderChange, HierarchyPage};
use crate::folder::{FIELDS, folder_row};
use crate::incarnation::trimmed;
use crate::journal::ChangeKind;
use crate::row::Fields;
use crate::sql::Sql;
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::id::{FolderNo, Seq};

/// The tree below `$2` without itself, as it is (each folder with its depth) and as it was at `$3`: what has gone since is put
/// back, and what was moved hangs where its first move since took it from. Each level is looked up by an index, but for the few
/// folders that were moved or have gone.
const TREES: &str = "
    with recursive tree as (
        select folder, 1 as depth from folder where mailbox = $1 and parent = $2
        union all
        select k.folder, tree.depth + 1 from folder k join tree on k.mailbox = $1 and k.parent = tree.folder
    ), moved as (
        select distinct on (folder) folder, old_folder as parent from journal
        where mailbox = $1 and $3::bigint > 0 and seq > $3 and kind = {moved} order by folder, seq
    ), elsewhere as materialized (
        select o.folder, coalesce(m.parent, o.parent) as parent
        from (
            select k.folder, k.parent from moved join folder k on k.mailbox = $1 and k.folder = moved.folder
            where k.folder <= $3
            union all
            select folder, parent from journal
            where mailbox = $1 and $3::bigint > 0 and seq > $3 and kind = {deleted} and folder <= $3
        ) o left join moved m on m.folder = o.folder
    ), past as (
        select $2::bigint as folder
        union
        select k.folder from past cross join lateral (
            select here.folder from folder here
            where here.mailbox = $1 and here.parent = past.folder and here.folder <= $3
              and here.folder not in (select folder from moved)
            union all
            select there.folder from elsewhere there where there.parent = past.folder
        ) k
    )";

/// What differs between the two, and what has changed in both. All of it, and the counter, is read by one statement.
const NEWS: &str = "
    select c.seq, {trimmed}, r.* from counter c left join lateral (
        select coalesce(tree.folder, past.folder) as told, past.folder is null as created, o.folder is not null as there, {fields},
            tree.depth as depth
        from tree full join (select folder from past where folder <> $2) past on past.folder = tree.folder
        left join folder o on o.mailbox = $1 and o.folder = tree.folder
        where tree.folder is null or past.folder is null or o.change > $3
    ) r on true
    where c.mailbox = $1 order by r.depth, r.name, r.told";

impl Mailbox<'_> {
    /// News of the tree below `root` since `base`; without `base` all of it. [`StoreError::Trimmed`] if the journal no longer
    /// reaches back to it.
    pub fn sync_folders(&mut self, root: FolderNo, base: Option<Seq>) -> Result<HierarchyPage, StoreError> {
        let since = base.map_or(0, |seq| seq.0);
        let text = format!("{TREES}{NEWS}")
            .replace("{trimmed}", &trimmed("$3"))
            .replace("{fields}", FIELDS)
            .replace("{moved}", &ChangeKind::FolderMoved.sql())
            .replace("{deleted}", &ChangeKind::FolderDeleted.sql());
        let sql = Sql::new(text).with([self.no.0.into(), root.0.into(), since.into()]);
        let rows = self.store.read(&sql)?;
        let first = rows.first().ok_or(StoreError::NotFound(Missing::Mailbox))?;
        let mut fields = Fields::new(first);
        let (upto, trimmed): (Seq, Seq) = (fields.next()?, fields.next()?);
        if base.is_some_and(|base| base < trimmed || base > upto) {
            return Err(StoreError::Trimmed);
        }
        let mut page = HierarchyPage { changed: Vec::with_capacity(rows.len()), deleted: Vec::new(), upto };
        for row in &rows {
            let mut fields = Fields::new(row);
            let Some(folder) = fields.skip(2).next()? else { continue };
            let (created, there) = (fields.next()?, fields.next()?);
            if there {
                page.changed.push(FolderChange { created, folder: folder_row(&mut fields)? })
            } else {
                page.deleted.push(folder)
            }
        }
        Ok(page)
    }
}
