//! What the caller may do (EffectiveRightsType): told, never given.

use ewsd_model::value::EffectiveRights;

use crate::record::{bool_element, record, value};

record! {
    impl EffectiveRights {
        attributes {}
        elements {
            "CreateAssociated" create_associated: required bool, value => bool_element;
            "CreateContents" create_contents: required bool, value => bool_element;
            "CreateHierarchy" create_hierarchy: required bool, value => bool_element;
            "Delete" delete: required bool, value => bool_element;
            "Modify" modify: required bool, value => bool_element;
            "Read" read: required bool, value => bool_element;
            "ViewPrivateItems" view_private: required bool, value => bool_element;
        }
    }
}
