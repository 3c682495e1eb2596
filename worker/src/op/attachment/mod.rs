//! Operations on attachments (MS-OXWSATT), one file each. Each of them changes the item that it is attached to.

pub mod create;
pub mod delete;
pub mod get;

use ewsd_model::id::ChangeKey;
use ewsd_model::value::WireId;
use ewsd_store::ItemRef;

use crate::gate::Granted;

/// The item with its change key after a change.
fn root(granted: &Granted, item: &ItemRef) -> WireId {
    WireId {
        id: granted.item_id(item.folder, item.item).encode(),
        change_key: Some(ChangeKey::new(item.kind, item.change).encode()),
    }
}
