//! Changing folders: properties, and the place in the tree.

use super::FolderUpdate;
use crate::connection::corrupt;
use crate::item::merged;
use crate::journal::{Count, Kind, Rows, Write};
use crate::sql::Sql;
use crate::{Missing, Store, StoreError};
use ewsd_model::id::{FolderNo, MailboxNo, Seq};

impl Store {
    /// Changes a folder's properties: one round trip. With `expect`, only if that is its change number. (Counters
    /// change it as well: most callers expect none.)
    pub fn update_folder(
        &mut self,
        mailbox: MailboxNo,
        folder: FolderNo,
        update: &FolderUpdate,
        expect: Option<Seq>,
    ) -> Result<Seq, StoreError> {
        let mut write = Write::new(mailbox);
        let place = write.place(folder.0);
        let expected = expect.map(|change| format!(" and change = {}", write.place(change.0))).unwrap_or_default();
        write.step("src", &format!("select folder from folder where mailbox = $1 and folder = {place}{expected}"));
        write.bump(&Count::One, "0", "exists (select from src)");
        let mut sets = String::from("change = c.seq, modified = now()");
        for (column, text) in [("name", &update.name), ("class", &update.class)] {
            if let Some(text) = text {
                sets.push_str(&format!(", {column} = {}", write.place(text.as_str())));
            }
        }
        if let Some(hidden) = update.hidden {
            sets.push_str(&format!(", hidden = {}", write.place(hidden)));
        }
        for (document, changes) in [("props", &update.props), ("ext", &update.ext)] {
            if let Some(expression) = merged(&mut write, &format!("o.{document}"), changes) {
                sets.push_str(&format!(", {document} = {expression}"));
            }
        }
        let expected = expected.replace(" change", " o.change");
        write.step(
            "u",
            &format!(
                "update folder o set {sets} from c, src where o.mailbox = $1 and o.folder = src.folder{expected} \
                 returning o.folder, o.parent"
            ),
        );
        write.rows(&Rows {
            kind: &Kind::FolderModified.sql(),
            folder: "u.folder",
            parent: "u.parent",
            from: "c left join u on true",
            ..Rows::default()
        });
        let rows = write.run(self, "", "c")?;
        match rows.first() {
            Some(row) => row.try_get(0).map(Seq).map_err(corrupt),
            None => Err(StoreError::Conflict { current: self.folder(mailbox, folder)?.change }),
        }
    }

    /// Hangs a folder, with all below it, below `target`. [`StoreError::Cycle`] if that is itself or lies below it,
    /// [`StoreError::Exists`] if there is one of that name.
    pub fn move_folder(&mut self, mailbox: MailboxNo, folder: FolderNo, target: FolderNo) -> Result<Seq, StoreError> {
        self.transaction(|store| {
            // Two moves at once could make a ring: look only when no other can happen.
            store.lock_mailbox(mailbox)?;
            let above = store.ancestors(mailbox, target)?;
            if above.is_empty() {
                return Err(StoreError::NotFound(Missing::Folder));
            }
            if above.contains(&folder) {
                return Err(StoreError::Cycle);
            }
            let rows = relink(mailbox, folder, target).run(store, "", "c")?;
            let row = rows.first().ok_or(StoreError::NotFound(Missing::Folder))?;
            row.try_get(0).map(Seq).map_err(corrupt)
        })
    }

    /// Gives a folder a DistinguishedFolderId that no other of the mailbox has, or takes it away.
    pub fn set_distinguished(
        &mut self,
        mailbox: MailboxNo,
        folder: FolderNo,
        name: Option<&str>,
    ) -> Result<(), StoreError> {
        let sql = Sql::new("update folder set distinguished = $3 where mailbox = $1 and folder = $2 returning 1")
            .with([mailbox.0.into(), folder.0.into(), name.into()]);
        self.query_opt(&sql)?.map(drop).ok_or(StoreError::NotFound(Missing::Folder))
    }
}

fn relink(mailbox: MailboxNo, folder: FolderNo, target: FolderNo) -> Write<'static> {
    let mut write = Write::new(mailbox);
    let (folder, target) = (write.place(folder.0), write.place(target.0));
    write.step("src", &format!("select folder, parent from folder where mailbox = $1 and folder = {folder}"));
    // All below is changed too: a client that sees only a part of the tree learns that it came or went.
    write.step(
        "below",
        &format!(
            "with recursive below as ( \
                 select folder from folder where mailbox = $1 and parent = {folder} \
                 union all \
                 select k.folder from folder k join below on k.mailbox = $1 and k.parent = below.folder \
             ) select folder from below"
        ),
    );
    write.bump(&Count::One, "0", "exists (select from src)");
    write.step(
        "u",
        &format!(
            "update folder o set change = c.seq, \
                 parent = case when o.folder = {folder} then {target}::bigint else o.parent end, \
                 modified = case when o.folder = {folder} then now() else o.modified end \
             from c, src where o.mailbox = $1 \
                 and (o.folder in (src.folder, src.parent, {target}::bigint) or o.folder in (select folder from below)) \
             returning o.folder"
        ),
    );
    write.rows(&Rows {
        kind: &Kind::FolderMoved.sql(),
        folder: "src.folder",
        old_folder: "src.parent",
        parent: &format!("{target}::bigint"),
        from: "c cross join src",
        ..Rows::default()
    });
    write
}
