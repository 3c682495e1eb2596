//! An item's properties as clients see them, from what the store holds of it. Reads only, and asks the store nothing.
//!
//! | question | file |
//! |---|---|
//! | what must a query read, so that a property can be told? | `needs.rs` |
//! | what is a property that has a column, a flag bit, a JSON member? | `stored.rs` |
//! | what is a property that is worked out? | `item.rs`, one match |
//! | what is a MAPI property? | `extended.rs` |
//! | what is shown of what is private? | `private.rs` |
//! | how does a body become HTML, text, shorter, only what is new? | `body.rs`, `unique.rs` |

pub mod body;
pub mod extended;
pub mod item;
pub mod needs;
pub mod private;
pub mod stored;
mod unique;

pub use body::Bodies;
pub use item::{FirstFailure, ShownItem};
pub use needs::Needs;

#[cfg(feature = "testing")]
pub mod testing {
    //! An item and its owner, for tests of what is told of them.

    use ewsd_model::ItemKind;
    use ewsd_model::id::{FolderNo, Guid, ItemNo, MailboxNo, Seq};
    use ewsd_store::{Columns, ItemRow};

    use crate::gate::Granted;

    /// A message without any property.
    pub fn row() -> ItemRow {
        ItemRow {
            item: ItemNo(7),
            folder: FolderNo(3),
            kind: ItemKind::Message,
            change: Seq(9),
            flags: 0,
            attachments: 0,
            creator: None,
            columns: Columns::new(),
            props: None,
            ext: None,
            body: None,
            mime: None,
            occurrence: None,
        }
    }

    pub fn owner() -> Granted {
        Granted::testing(MailboxNo(1), Guid([1; 16]))
    }
}
