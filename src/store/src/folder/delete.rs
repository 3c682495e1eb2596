//! Removing folders for good, with all that is in them.

use super::TOUCHED;
use super::rights_of;
use crate::journal::{ChangeKind, Count, Rows, Write};
use crate::row::first;
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::id::{FolderNo, MailboxNo, Seq};
use ewsd_model::property::bit;

/// Which part of a tree goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// The folder and everything below it.
    Whole,
    /// Everything below it and its items; the folder stays.
    Inside,
    /// Its items.
    Items,
}

impl Mailbox<'_> {
    /// Removes a folder with its items and all folders below it.
    pub fn delete_folder(&mut self, folder: FolderNo) -> Result<Seq, StoreError> {
        self.remove(folder, Extent::Whole)?.ok_or(StoreError::NotFound(Missing::Folder))
    }

    /// Removes a folder's items, and with `folders` all folders below it. None: there was nothing to remove.
    pub fn empty_folder(&mut self, folder: FolderNo, folders: bool) -> Result<Option<Seq>, StoreError> {
        self.remove(folder, if folders { Extent::Inside } else { Extent::Items })
    }

    fn remove(&mut self, folder: FolderNo, extent: Extent) -> Result<Option<Seq>, StoreError> {
        self.transaction(|mailbox| {
            // What is below must not change between look and removal; the list can be long, so no second try.
            mailbox.lock()?;
            let rows = compose(mailbox.no, folder, extent).run(mailbox, "", "taken")?;
            rows.first().map(first).transpose()
        })
    }
}

fn compose(mailbox: MailboxNo, folder: FolderNo, extent: Extent) -> Write<'static> {
    let mut write = Write::new(mailbox);
    let folder = write.place(folder.0);
    sources(&mut write, &folder, extent);
    write.dead("select coalesce(sum(size), 0) from source");
    write.bump(&Count::Of("source"), "0", "exists (select from source)");
    write.step(
        "removed",
        "delete from item i using taken, source where i.mailbox = $1 and source.item is not null and i.item = source.item returning i.item",
    );
    write.step(
        "removed_folder",
        "delete from folder o using taken, source where o.mailbox = $1 and source.item is null and o.folder = source.folder \
         returning o.folder",
    );
    write.step("kept", &kept(&folder, extent));
    tell(&mut write);
    write
}

/// `tree`: the folder and those below it that are concerned; `source`: what goes, numbered.
fn sources(write: &mut Write<'_>, folder: &str, extent: Extent) {
    let recursion = if extent == Extent::Items {
        ""
    } else {
        "union all select k.folder, k.parent, tree.depth + 1, k.props from folder k join tree \
             on k.mailbox = $1 and k.parent = tree.folder"
    };
    write.step(
        "tree",
        &format!(
            "with recursive tree as (select folder, parent, 0 as depth, props from folder where mailbox = $1 and folder = {folder} {recursion}) \
             select * from tree"
        ),
    );
    let going = if extent == Extent::Whole { "true" } else { "depth > 0" };
    // Items first, then folders from the leaves up: whoever replays the journal never meets an item without its folder.
    write.step(
        "source",
        &format!(
            "select g.*, row_number() over (order by g.rank, g.item, g.folder) as n from ( \
                 select 0 as rank, i.item, i.folder, null::bigint as parent, i.flags, i.size, \
                     null::jsonb as rights from item i, tree \
                 where i.mailbox = $1 and i.folder = tree.folder \
                 union all \
                 select 1000000 - depth, null, folder, parent, 0, 0, {} from tree where {going} \
             ) g",
            rights_of("props")
        ),
    );
}

/// Changes what stays: the folder itself when only its inside goes, else its parent, which has one child less.
fn kept(folder: &str, extent: Extent) -> String {
    if extent == Extent::Whole {
        "update folder o set change = taken.seq from taken, source \
         where o.mailbox = $1 and source.item is null and o.folder = source.parent \
             and not exists (select from tree where tree.folder = source.parent)"
            .to_owned()
    } else {
        format!(
            "update folder o set change = taken.seq, {TOUCHED}, total = 0, unread = 0, bytes = 0 from taken \
             where o.mailbox = $1 and o.folder = {folder}"
        )
    }
}

/// The journal's rows: one for each item and each folder that went.
fn tell(write: &mut Write<'_>) {
    write.rows(&Rows {
        n: "source.n",
        kind: &format!(
            "case when source.item is null then {} else {} end::smallint",
            ChangeKind::FolderDeleted.sql(),
            ChangeKind::ItemDeleted.sql()
        ),
        item: "source.item",
        folder: "coalesce((select removed_folder.folder from removed_folder where source.item is null and removed_folder.folder = source.folder), \
                 case when removed.item is not null then source.folder end)",
        parent: "source.parent",
        associated: &format!("source.flags & {} <> 0", bit::ASSOCIATED),
        rights: "source.rights",
        counts: &format!("source.item is not null and source.flags & {} = 0", bit::ASSOCIATED),
        from: "taken cross join source left join removed on removed.item = source.item",
        ..Rows::default()
    });
}
