//! Changing the properties of folders.

use super::{FolderUpdate, rights_member, rights_of};
use crate::item::merged;
use crate::journal::{ChangeKind, Count, Rows, Write};
use crate::row::first;
use crate::sql::Sql;
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::id::{FolderNo, Seq};

impl Mailbox<'_> {
    /// Changes a folder's properties: one round trip. With `expect`, only if that is its change number. (Counters
    /// change it as well: most callers expect none.)
    pub fn update_folder(
        &mut self,
        folder: FolderNo,
        update: &FolderUpdate,
        expect: Option<Seq>,
    ) -> Result<Seq, StoreError> {
        let mut write = Write::new(self.no);
        let place = write.place(folder.0);
        let expected = expect.map(|change| format!(" and change = {}", write.place(change.0))).unwrap_or_default();
        let rights = rights_of("props");
        write.step(
            "source",
            &format!("select folder, {rights} as rights from folder where mailbox = $1 and folder = {place}{expected}"),
        );
        write.bump(&Count::One, "0", "exists (select from source)");
        let mut sets = String::from("change = taken.seq, modified = now()");
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
            "changed",
            &format!(
                "update folder o set {sets} from taken, source where o.mailbox = $1 and o.folder = source.folder{expected} \
                 returning o.folder, o.parent"
            ),
        );
        write.rows(&Rows {
            kind: &ChangeKind::FolderModified.sql(),
            folder: "changed.folder",
            parent: "changed.parent",
            rights: if update.props.contains_key(rights_member()) { "source.rights" } else { "null" },
            from: "taken cross join source left join changed on true",
            ..Rows::default()
        });
        let rows = write.run(self, "", "taken")?;
        match rows.first() {
            Some(row) => first(row),
            None => Err(StoreError::Conflict { current: self.folder(folder)?.change }),
        }
    }

    /// Gives a folder a DistinguishedFolderId that no other of the mailbox has, or takes it away.
    pub fn set_distinguished(&mut self, folder: FolderNo, name: Option<&str>) -> Result<(), StoreError> {
        let sql = Sql::new("update folder set distinguished = $3 where mailbox = $1 and folder = $2 returning 1")
            .with([self.no.0.into(), folder.0.into(), name.into()]);
        self.store.query_opt(&sql)?.map(drop).ok_or(StoreError::NotFound(Missing::Folder))
    }
}
