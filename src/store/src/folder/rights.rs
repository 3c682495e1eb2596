//! The rights on folders: what they were, and those of the folders below.

use super::rights_of;
use crate::connection::corrupt;
use crate::sql::{Param, Sql};
use crate::{Mailbox, StoreError};
use ewsd_model::id::{FolderNo, Seq};
use postgres::Row;

impl Mailbox<'_> {
    /// The rights on folders, gone ones too, as they were at a place in the journal: the list that was kept among the folder's
    /// properties. Folders of which the journal no longer tells are left out.
    pub fn folder_rights_at(
        &mut self,
        folders: &[FolderNo],
        at: Seq,
    ) -> Result<Vec<(FolderNo, serde_json::Value)>, StoreError> {
        // The first change since tells what was before it; without one it is what is there.
        let sql = Sql::new(format!(
            "select * from (select w.folder, coalesce( \
                 (select j.rights from journal j where j.mailbox = $1 and j.folder = w.folder and j.seq > $3 \
                      and j.rights is not null order by j.seq limit 1), \
                 (select {} from folder o where o.mailbox = $1 and o.folder = w.folder)) as rights \
             from unnest($2::bigint[]) as w (folder)) known where rights is not null",
            rights_of("o.props")
        ))
        .with([self.no.0.into(), Param::Ints(folders.iter().map(|folder| folder.0).collect()), at.0.into()]);
        self.store.read(&sql)?.iter().map(read).collect()
    }

    /// The rights on the folders directly below others, with the one above each.
    pub fn child_rights(&mut self, parents: &[FolderNo]) -> Result<Vec<(FolderNo, serde_json::Value)>, StoreError> {
        let sql = Sql::new(format!(
            "select parent, {} from folder where mailbox = $1 and parent = any($2)",
            rights_of("props")
        ))
        .with([self.no.0.into(), Param::Ints(parents.iter().map(|folder| folder.0).collect())]);
        self.store.read(&sql)?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<(FolderNo, serde_json::Value), StoreError> {
    let pair = || Ok((FolderNo(row.try_get(0)?), row.try_get(1)?));
    pair().map_err(corrupt)
}
