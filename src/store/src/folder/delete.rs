//! Removing folders for good, with all that is in them.

use super::rights_of;
use crate::journal::{Count, Kind, Rows, Write};
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
            let rows = compose(mailbox.no, folder, extent).run(mailbox, "", "c")?;
            rows.first().map(first).transpose()
        })
    }
}

fn compose(mailbox: MailboxNo, folder: FolderNo, extent: Extent) -> Write<'static> {
    let mut write = Write::new(mailbox);
    let folder = write.place(folder.0);
    sources(&mut write, &folder, extent);
    write.bump(&Count::Of("src"), "0", "exists (select from src)");
    write.step(
        "x",
        "delete from item i using c, src where i.mailbox = $1 and src.item is not null and i.item = src.item returning i.item",
    );
    write.step(
        "y",
        "delete from folder o using c, src where o.mailbox = $1 and src.item is null and o.folder = src.folder \
         returning o.folder",
    );
    write.step("p", &kept(&folder, extent));
    tell(&mut write);
    write
}

/// `tree`: the folder and those below it that are concerned; `src`: what goes, numbered.
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
        "src",
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
        "update folder o set change = c.seq from c, src \
         where o.mailbox = $1 and src.item is null and o.folder = src.parent \
             and not exists (select from tree where tree.folder = src.parent)"
            .to_owned()
    } else {
        format!(
            "update folder o set change = c.seq, total = 0, unread = 0, bytes = 0 from c \
             where o.mailbox = $1 and o.folder = {folder}"
        )
    }
}

/// The journal's rows: one for each item and each folder that went.
fn tell(write: &mut Write<'_>) {
    write.rows(&Rows {
        n: "src.n",
        kind: &format!(
            "case when src.item is null then {} else {} end::smallint",
            Kind::FolderDeleted.sql(),
            Kind::ItemDeleted.sql()
        ),
        item: "src.item",
        folder: "coalesce((select y.folder from y where src.item is null and y.folder = src.folder), \
                 case when x.item is not null then src.folder end)",
        parent: "src.parent",
        associated: &format!("src.flags & {} <> 0", bit::ASSOCIATED),
        rights: "src.rights",
        counts: &format!("src.item is not null and src.flags & {} = 0", bit::ASSOCIATED),
        from: "c cross join src left join x on x.item = src.item",
        ..Rows::default()
    });
}
