//! ResolveNames (MS-OXWSRSLNM 3.1.4.1).

use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::record::{list, record, text};
use crate::word::{BaseShape, SearchScope};

record! {
    ResolveNames {
        attributes {
            "ReturnFullContactData" full_contact: required bool;
            /// ActiveDirectoryContacts when not said.
            "SearchScope" scope: optional SearchScope;
            "ContactDataShape" contact_shape: optional BaseShape;
        }
        elements {
            /// Contact folders to look in.
            "ParentFolderIds" parents: default Vec<TargetFolder>, list(TargetFolder::read);
            "UnresolvedEntry" entry: required String, text;
        }
    }
}
