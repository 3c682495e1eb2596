//! Reading folders by number and by name. GetFolder's path: one query.

use super::FolderRow;
use crate::connection::corrupt;
use crate::sql::{Param, Sql, clean, object};
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::FolderKind;
use ewsd_model::id::{FolderNo, Seq};
use postgres::Row;

/// What [`folder_row`] reads, of the folder `o`.
pub(crate) const FIELDS: &str = "o.folder, o.parent, o.kind, o.class, o.name, o.distinguished, o.change, o.created, \
    o.modified, o.total, o.unread, (select count(*) from folder k where k.mailbox = o.mailbox and k.parent = o.folder), \
    o.bytes, o.hidden, o.props, o.ext";

impl Mailbox<'_> {
    /// Folders by number and by DistinguishedFolderId, in no particular order; those that are not there are left out.
    pub fn folders(&mut self, numbers: &[FolderNo], names: &[&str]) -> Result<Vec<FolderRow>, StoreError> {
        let numbers = Param::Ints(numbers.iter().map(|folder| folder.0).collect());
        let names = Param::Texts(names.iter().map(|name| clean(name)).collect());
        let sql = Sql::new(format!(
            "select {FIELDS} from folder o where o.mailbox = $1 and (o.folder = any($2) or o.distinguished = any($3))"
        ))
        .with([self.no.0.into(), numbers, names]);
        self.store.read(&sql)?.iter().map(|row| folder_row(row, 0)).collect()
    }

    pub fn folder(&mut self, folder: FolderNo) -> Result<FolderRow, StoreError> {
        let found = self.folders(&[folder], &[])?;
        found.into_iter().next().ok_or(StoreError::NotFound(Missing::Folder))
    }

    pub fn folder_by_distinguished(&mut self, name: &str) -> Result<FolderRow, StoreError> {
        let found = self.folders(&[], &[name])?;
        found.into_iter().next().ok_or(StoreError::NotFound(Missing::Folder))
    }

    /// The DistinguishedFolderIds that the mailbox has, with their folders.
    pub fn distinguished_map(&mut self) -> Result<Vec<(String, FolderNo)>, StoreError> {
        let sql = Sql::new("select distinguished, folder from folder where mailbox = $1 and distinguished is not null")
            .with([self.no.0.into()]);
        let read = |row: &Row| Ok((row.try_get(0)?, FolderNo(row.try_get(1)?)));
        self.store.read(&sql)?.iter().map(|row| read(row).map_err(corrupt)).collect()
    }

    /// The folder itself, its parent, and so on up to the root.
    pub fn ancestors(&mut self, folder: FolderNo) -> Result<Vec<FolderNo>, StoreError> {
        const UP: &str = "
            with recursive up as (
                select folder, parent, 0 as depth from folder where mailbox = $1 and folder = $2
                union all
                select o.folder, o.parent, up.depth + 1 from folder o join up on o.mailbox = $1 and o.folder = up.parent
            )
            select folder from up order by depth";
        let sql = Sql::new(UP).with([self.no.0.into(), folder.0.into()]);
        self.store.read(&sql)?.iter().map(|row| row.try_get(0).map(FolderNo).map_err(corrupt)).collect()
    }
}

impl Mailbox<'_> {
    /// The names of the folders directly below.
    pub fn child_names(&mut self, parent: FolderNo) -> Result<Vec<String>, StoreError> {
        let sql = Sql::new("select name from folder where mailbox = $1 and parent = $2")
            .with([self.no.0.into(), parent.0.into()]);
        self.store.read(&sql)?.iter().map(|row| row.try_get(0).map_err(corrupt)).collect()
    }

    /// The numbers of all folders below, at any depth.
    pub fn descendants(&mut self, parent: FolderNo) -> Result<Vec<FolderNo>, StoreError> {
        const DOWN: &str = "
            with recursive below as (
                select folder from folder where mailbox = $1 and parent = $2
                union all
                select k.folder from folder k join below on k.mailbox = $1 and k.parent = below.folder
            )
            select folder from below";
        let sql = Sql::new(DOWN).with([self.no.0.into(), parent.0.into()]);
        self.store.read(&sql)?.iter().map(|row| row.try_get(0).map(FolderNo).map_err(corrupt)).collect()
    }
}

/// Reads [`FIELDS`] from the column `at` on.
pub(crate) fn folder_row(row: &Row, at: usize) -> Result<FolderRow, StoreError> {
    let kind: i16 = row.try_get(at + 2).map_err(corrupt)?;
    let kind = FolderKind::from_number(kind).ok_or_else(|| StoreError::Corrupt(format!("folder kind {kind}")))?;
    let read = || {
        Ok(FolderRow {
            folder: FolderNo(row.try_get(at)?),
            parent: row.try_get::<_, Option<i64>>(at + 1)?.map(FolderNo),
            kind,
            class: row.try_get(at + 3)?,
            name: row.try_get(at + 4)?,
            distinguished: row.try_get(at + 5)?,
            change: Seq(row.try_get(at + 6)?),
            created: row.try_get(at + 7)?,
            modified: row.try_get(at + 8)?,
            total: row.try_get(at + 9)?,
            unread: row.try_get(at + 10)?,
            child_count: row.try_get(at + 11)?,
            bytes: row.try_get(at + 12)?,
            hidden: row.try_get(at + 13)?,
            props: object(row, at + 14)?,
            ext: object(row, at + 15)?,
        })
    };
    read().map_err(corrupt)
}
