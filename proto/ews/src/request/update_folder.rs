//! UpdateFolder (MS-OXWSFOLD 3.1.4.8).

use crate::Failure;
use crate::change::FolderChange;
use crate::record::{entries, record};

record! {
    UpdateFolder {
        attributes {}
        elements {
            "FolderChanges" changes: required Vec<Result<FolderChange, Failure>>, entries(FolderChange::read);
        }
    }
}
