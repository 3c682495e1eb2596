//! Making folders: one, a copy of one with all below it, and those that a mailbox starts with.

use super::NewFolder;
use crate::journal::{ChangeKind, Count, Rows, Write};
use crate::row::first;
use crate::sql::{Param, Sql, int};
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::FolderKind;
use ewsd_model::id::{FolderNo, ItemNo, Seq};

/// A folder of a new mailbox. Parents come before their children.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub distinguished: &'static str,
    /// Empty for the root.
    pub parent: &'static str,
    pub kind: FolderKind,
    pub class: &'static str,
    pub name: String,
    pub hidden: bool,
}

impl Mailbox<'_> {
    /// Makes a folder. [`StoreError::Folders`] where there are too many, [`StoreError::Exists`] if the parent has one of that name,
    /// [`StoreError::NotFound`] if there is no such parent.
    pub fn create_folder(&mut self, new: &NewFolder) -> Result<(FolderNo, Seq), StoreError> {
        let depth = self.depth(new.parent)?;
        self.check_folders(depth.saturating_add(1), 1)?;
        self.insert_folder(new, ChangeKind::FolderCreated, None)
    }

    /// Copies a folder with its items and all folders below it to `target`. [`StoreError::Cycle`] if that lies below it.
    /// `creator`: as in [`Mailbox::copy_items`].
    pub fn copy_folder(
        &mut self,
        folder: FolderNo,
        target: FolderNo,
        creator: Option<i64>,
    ) -> Result<(FolderNo, Seq), StoreError> {
        self.transaction(|mailbox| {
            mailbox.lock()?;
            let above = mailbox.ancestors(target)?;
            if above.contains(&folder) {
                return Err(StoreError::Cycle);
            }
            let (folders, height) = mailbox.extent(folder)?;
            mailbox.check_folders(int(above.len())?.saturating_add(height - 1), folders)?;
            mailbox.copy_tree(folder, target, creator)
        })
    }

    fn copy_tree(
        &mut self,
        folder: FolderNo,
        target: FolderNo,
        creator: Option<i64>,
    ) -> Result<(FolderNo, Seq), StoreError> {
        let source = self.folder(folder)?;
        let mut new = NewFolder::new(target, source.kind, source.name);
        (new.class, new.hidden, new.props, new.ext) = (source.class, source.hidden, source.props, source.ext);
        let made = self.insert_folder(&new, ChangeKind::FolderCopied, Some(folder))?;
        let items: Vec<ItemNo> = self.item_numbers(folder)?;
        self.copy_items(&items, made.0, creator)?;
        let below =
            Sql::new("select folder from folder where mailbox = $1 and parent = $2 and folder <> $3 order by folder")
                .with([self.no.0.into(), folder.0.into(), made.0.0.into()]);
        for row in self.store.query(&below)? {
            self.copy_tree(first(&row)?, made.0, creator)?;
        }
        Ok(made)
    }

    fn insert_folder(
        &mut self,
        new: &NewFolder,
        kind: ChangeKind,
        source: Option<FolderNo>,
    ) -> Result<(FolderNo, Seq), StoreError> {
        let mut write = Write::new(self.no);
        let parent = write.place(new.parent.0);
        let source = write.place(source.map_or(Param::Null, |folder| folder.0.into()));
        write.bump(
            &Count::One,
            "0",
            &format!("exists (select from folder where mailbox = $1 and folder = {parent}::bigint)"),
        );
        write.step(
            "above",
            &format!(
                "update folder o set change = taken.seq from taken where o.mailbox = $1 and o.folder = {parent}::bigint returning o.folder"
            ),
        );
        let values: Vec<String> = [
            Param::Int(new.kind as i64),
            new.class.as_str().into(),
            new.name.as_str().into(),
            new.distinguished.as_deref().into(),
            new.hidden.into(),
            new.props.clone().into(),
            new.ext.clone().into(),
        ]
        .into_iter()
        .map(|value| write.place(value))
        .collect();
        write.step(
            "made",
            &format!(
                "insert into folder (mailbox, folder, change, parent, kind, class, name, distinguished, hidden, props, ext) \
                 select $1, taken.seq, taken.seq, above.folder, {} from taken, above returning folder, parent",
                values.join(", ")
            ),
        );
        write.rows(&Rows {
            kind: &kind.sql(),
            folder: "made.folder",
            parent: "made.parent",
            old_folder: &format!("{source}::bigint"),
            from: "taken left join made on true",
            ..Rows::default()
        });
        let rows = write.run(self, "", "taken")?;
        let seq = first(rows.first().ok_or(StoreError::NotFound(Missing::Folder))?)?;
        Ok((FolderNo(seq), Seq(seq)))
    }

    /// Makes the folders of a new mailbox, numbered from 1 in the order given.
    pub(crate) fn seed_folders(&mut self, seeds: &[Seed]) -> Result<(), StoreError> {
        let place_of =
            |name: &str| seeds.iter().position(|seed| seed.distinguished == name).map_or(0, |at| at as i64 + 1);
        let texts =
            |field: &dyn Fn(&Seed) -> String| Param::Texts(seeds.iter().map(|seed| field(seed).into()).collect());
        let mut write = Write::new(self.no);
        let parents = write.place(Param::Ints(seeds.iter().map(|seed| place_of(seed.parent)).collect()));
        let kinds = write.place(Param::Ints(seeds.iter().map(|seed| seed.kind as i64).collect()));
        let classes = write.place(texts(&|seed| seed.class.to_owned()));
        let names = write.place(texts(&|seed| seed.name.clone()));
        let distinguished = write.place(texts(&|seed| seed.distinguished.to_owned()));
        let hidden = write.place(Param::Bools(seeds.iter().map(|seed| seed.hidden).collect()));
        write.step(
            "source",
            &format!(
                "select * from unnest({parents}::bigint[], {kinds}::smallint[], {classes}::text[], {names}::text[], \
                 {distinguished}::text[], {hidden}::bool[]) with ordinality \
                 as w (parent, kind, class, name, distinguished, hidden, n)"
            ),
        );
        write.bump(&Count::Of("source"), "0", "true");
        write.step(
            "made",
            "insert into folder (mailbox, folder, change, parent, kind, class, name, distinguished, hidden) \
             select $1, taken.base + n, taken.base + n, case when parent > 0 then taken.base + parent end, kind, class, name, \
                 distinguished, hidden from taken, source returning folder, parent",
        );
        write.rows(&Rows {
            n: "source.n",
            kind: &ChangeKind::FolderCreated.sql(),
            folder: "made.folder",
            parent: "made.parent",
            from: "taken cross join source left join made on made.folder = taken.base + source.n",
            ..Rows::default()
        });
        write.run(self, "", "taken").map(drop)
    }
}
