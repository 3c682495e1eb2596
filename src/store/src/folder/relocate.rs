//! Moving folders to another place in the tree.

use crate::journal::{ChangeKind, Count, Rows, Write};
use crate::row::first;
use crate::sql::int;
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::id::{FolderNo, MailboxNo, Seq};

impl Mailbox<'_> {
    /// Hangs a folder, with all below it, below `target`. [`StoreError::Cycle`] if that is itself or lies below it,
    /// [`StoreError::Exists`] if there is one of that name.
    pub fn move_folder(&mut self, folder: FolderNo, target: FolderNo) -> Result<Seq, StoreError> {
        self.transaction(|mailbox| {
            // Two moves at once could make a ring: look only when no other can happen.
            mailbox.lock()?;
            let above = mailbox.ancestors(target)?;
            if above.is_empty() {
                return Err(StoreError::NotFound(Missing::Folder));
            }
            if above.contains(&folder) {
                return Err(StoreError::Cycle);
            }
            let (_, height) = mailbox.extent(folder)?;
            mailbox.check_folders(int(above.len())?.saturating_add(height - 1), 0)?;
            let rows = relink(mailbox.no, folder, target).run(mailbox, "", "taken")?;
            first(rows.first().ok_or(StoreError::NotFound(Missing::Folder))?)
        })
    }
}

fn relink(mailbox: MailboxNo, folder: FolderNo, target: FolderNo) -> Write<'static> {
    let mut write = Write::new(mailbox);
    let (folder, target) = (write.place(folder.0), write.place(target.0));
    write.step("source", &format!("select folder, parent from folder where mailbox = $1 and folder = {folder}"));
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
    write.bump(&Count::One, "0", "exists (select from source)");
    write.step(
        "changed",
        &format!(
            "update folder o set change = taken.seq, \
                 parent = case when o.folder = {folder} then {target}::bigint else o.parent end, \
                 modified = case when o.folder = {folder} then now() else o.modified end \
             from taken, source where o.mailbox = $1 \
                 and (o.folder in (source.folder, source.parent, {target}::bigint) or o.folder in (select folder from below)) \
             returning o.folder"
        ),
    );
    write.rows(&Rows {
        kind: &ChangeKind::FolderMoved.sql(),
        folder: "source.folder",
        old_folder: "source.parent",
        parent: &format!("{target}::bigint"),
        from: "taken cross join source",
        ..Rows::default()
    });
    write
}
