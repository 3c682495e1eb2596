//! The rights on folders: what they were, and those of the folders below.

use super::rights_of;
use crate::row::all;
use crate::sql::{Param, Sql};
use crate::{Mailbox, StoreError};
use ewsd_model::id::{FolderNo, Seq};

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
        all(&self.store.read(&sql)?, |fields| Ok((fields.next()?, fields.next()?)))
    }

    /// The rights on the folders directly below others, with the one above each.
    pub fn child_rights(&mut self, parents: &[FolderNo]) -> Result<Vec<(FolderNo, serde_json::Value)>, StoreError> {
        let sql = Sql::new(format!(
            "select parent, {} from folder where mailbox = $1 and parent = any($2)",
            rights_of("props")
        ))
        .with([self.no.0.into(), Param::Ints(parents.iter().map(|folder| folder.0).collect())]);
        all(&self.store.read(&sql)?, |fields| Ok((fields.next()?, fields.next()?)))
    }
}
