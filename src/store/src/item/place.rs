//! Where items are, and the properties of their folders: what the worker's gate decides by.

use crate::connection::corrupt;
use crate::sql::{Param, Sql, object};
use crate::{Mailbox, Map, StoreError};
use ewsd_model::id::{FolderNo, ItemNo};
use postgres::Row;

/// A folder that is there, and whether an item is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemPlace {
    pub folder: FolderNo,
    pub item: ItemNo,
    /// The item is in the folder.
    pub there: bool,
    /// The account that made it. None: the owner of the mailbox.
    pub creator: Option<i64>,
    /// The folder's.
    pub props: Map,
}

impl Mailbox<'_> {
    /// Of pairs of a folder and an item, in no particular order; pairs whose folder is not there are left out.
    pub fn item_places(&mut self, named: &[(FolderNo, ItemNo)]) -> Result<Vec<ItemPlace>, StoreError> {
        const PLACES: &str = "
            select w.folder, w.item, i.item is not null, i.creator, o.props
            from unnest($2::bigint[], $3::bigint[]) as w (folder, item)
            join folder o on o.mailbox = $1 and o.folder = w.folder
            left join item i on i.mailbox = $1 and i.item = w.item and i.folder = w.folder";
        let folders = Param::Ints(named.iter().map(|(folder, _)| folder.0).collect());
        let items = Param::Ints(named.iter().map(|(_, item)| item.0).collect());
        let sql = Sql::new(PLACES).with([self.no.0.into(), folders, items]);
        let read = |row: &Row| {
            Ok(ItemPlace {
                folder: FolderNo(row.try_get(0)?),
                item: ItemNo(row.try_get(1)?),
                there: row.try_get(2)?,
                creator: row.try_get(3)?,
                props: object(row, 4)?,
            })
        };
        self.store.read(&sql)?.iter().map(|row| read(row).map_err(corrupt)).collect()
    }
}
