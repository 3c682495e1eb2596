//! ExpandDL (MS-OXWSEDL 3.1.4.1).

use ewsd_model::value::Mailbox;

use crate::cursor::Read;
use crate::record::record;

record! {
    ExpandDL {
        attributes {}
        elements {
            /// The list: by its item, or by whatever names a group.
            "Mailbox" list: required Mailbox, Mailbox::read;
        }
    }
}
