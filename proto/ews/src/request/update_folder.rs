//! UpdateFolder (MS-OXWSFOLD 3.1.4.8).

use ewsd_model::change::FolderChange;
use ewsd_model::failure::Failure;

use crate::cursor::Read;
use crate::record::{entries, record};

record! {
    UpdateFolder {
        attributes {}
        elements {
            "FolderChanges" changes: required Vec<Result<FolderChange, Failure>>, entries(FolderChange::read);
        }
    }
}
