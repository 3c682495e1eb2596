//! Reading folders by number and by name. GetFolder's path: one query.

use super::FolderRow;
use crate::row::{Fields, all, first, firsts};
use crate::sql::{Param, Sql, clean};
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::id::FolderNo;

/// What [`folder_row`] reads, of the folder `o`.
pub(crate) const FIELDS: &str = "o.folder, o.parent, o.kind, o.class, o.name, o.distinguished, o.change, o.created, \
    o.modified, o.touched, o.total, o.unread, (select count(*) from folder k where k.mailbox = o.mailbox and k.parent = o.folder), \
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
        all(&self.store.read(&sql)?, folder_row)
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
        all(&self.store.read(&sql)?, |fields| Ok((fields.next()?, fields.next()?)))
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
        firsts(&self.store.read(&sql)?)
    }
}

impl Mailbox<'_> {
    /// How far below the root a folder lies, as far as there is a limit on it: no further than that is looked.
    pub(crate) fn depth(&mut self, folder: FolderNo) -> Result<i64, StoreError> {
        const UP: &str = "
            with recursive up as (
                select parent, 0 as depth from folder where mailbox = $1 and folder = $2
                union all
                select o.parent, up.depth + 1 from folder o join up on o.mailbox = $1 and o.folder = up.parent
                where up.depth < $3::bigint
            )
            select coalesce(max(depth), 0)::bigint from up";
        let most = self.store.options().limits.folder_depth;
        if most == 0 {
            return Ok(0);
        }
        let sql = Sql::new(UP).with([self.no.0.into(), folder.0.into(), most.into()]);
        first(&self.store.read_one(&sql, Missing::Mailbox)?)
    }

    /// How many folders a tree has, and how many of them in each other, its top counted.
    pub(crate) fn extent(&mut self, top: FolderNo) -> Result<(i64, i64), StoreError> {
        const DOWN: &str = "
            with recursive tree as (
                select folder, 1 as depth from folder where mailbox = $1 and folder = $2
                union all
                select k.folder, tree.depth + 1 from folder k join tree on k.mailbox = $1 and k.parent = tree.folder
            )
            select count(*), coalesce(max(depth), 0)::bigint from tree";
        let row = self.store.read_one(&Sql::new(DOWN).with([self.no.0.into(), top.0.into()]), Missing::Mailbox)?;
        let mut fields = Fields::new(&row);
        Ok((fields.next()?, fields.next()?))
    }

    /// The names of the folders directly below.
    pub fn child_names(&mut self, parent: FolderNo) -> Result<Vec<String>, StoreError> {
        let sql = Sql::new("select name from folder where mailbox = $1 and parent = $2")
            .with([self.no.0.into(), parent.0.into()]);
        firsts(&self.store.read(&sql)?)
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
        firsts(&self.store.read(&sql)?)
    }
}

/// Reads [`FIELDS`].
pub(crate) fn folder_row(fields: &mut Fields<'_>) -> Result<FolderRow, StoreError> {
    Ok(FolderRow {
        folder: fields.next()?,
        parent: fields.next()?,
        kind: fields.next()?,
        class: fields.next()?,
        name: fields.next()?,
        distinguished: fields.next()?,
        change: fields.next()?,
        created: fields.next()?,
        modified: fields.next()?,
        touched: fields.next()?,
        total: fields.next()?,
        unread: fields.next()?,
        child_count: fields.next()?,
        bytes: fields.next()?,
        hidden: fields.next()?,
        props: fields.next()?,
        ext: fields.next()?,
    })
}
