//! Where items are, and the properties of their folders: what the worker's gate decides by.

use crate::row::all;
use crate::sql::{Param, Sql};
use crate::{Mailbox, Map, StoreError};
use ewsd_model::ItemKind;
use ewsd_model::id::{FolderNo, ItemNo};

/// PidTagSensitivity: private.
pub(super) const PRIVATE: i64 = 2;

/// A folder that is there, and whether an item is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemPlace {
    pub folder: FolderNo,
    pub item: ItemNo,
    /// The item is in the folder.
    pub there: bool,
    /// It is a calendar item that says it is private.
    pub private: bool,
    /// The account that made it. None: the owner of the mailbox.
    pub creator: Option<i64>,
    /// The folder's.
    pub props: Map,
}

impl Mailbox<'_> {
    /// Of pairs of a folder and an item, in no particular order; pairs whose folder is not there are left out.
    pub fn item_places(&mut self, named: &[(FolderNo, ItemNo)]) -> Result<Vec<ItemPlace>, StoreError> {
        const PLACES: &str = "
            select w.folder, w.item, i.item is not null, coalesce(i.kind = $4 and i.sensitivity = $5, false), i.creator, o.props
            from unnest($2::bigint[], $3::bigint[]) as w (folder, item)
            join folder o on o.mailbox = $1 and o.folder = w.folder
            left join item i on i.mailbox = $1 and i.item = w.item and i.folder = w.folder";
        let folders = Param::Ints(named.iter().map(|(folder, _)| folder.0).collect());
        let items = Param::Ints(named.iter().map(|(_, item)| item.0).collect());
        let sql = Sql::new(PLACES).with([
            self.no.0.into(),
            folders,
            items,
            (ItemKind::CalendarItem as i64).into(),
            PRIVATE.into(),
        ]);
        all(&self.store.read(&sql)?, |fields| {
            Ok(ItemPlace {
                folder: fields.next()?,
                item: fields.next()?,
                there: fields.next()?,
                private: fields.next()?,
                creator: fields.next()?,
                props: fields.next()?,
            })
        })
    }
}
