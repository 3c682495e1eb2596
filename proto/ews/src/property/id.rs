//! Ids and their change keys (ItemIdType, FolderIdType and their like).

use ewsd_model::value::WireId;

use crate::record::{attribute, record};

record! {
    impl WireId {
        attributes {
            "Id" id: required String => attribute;
            "ChangeKey" change_key: optional String => attribute;
        }
        elements {}
    }
}
