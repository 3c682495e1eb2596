//! All the names of a contact in one place (CompleteNameType): told, never given.

use ewsd_model::value::CompleteName;

use super::mailbox::text_element;
use crate::record::{record, text};

record! {
    impl CompleteName {
        attributes {}
        elements {
            "Title" title: filled String, text => text_element;
            "FirstName" first: filled String, text => text_element;
            "MiddleName" middle: filled String, text => text_element;
            "LastName" last: filled String, text => text_element;
            "Suffix" suffix: filled String, text => text_element;
            "Initials" initials: filled String, text => text_element;
            "FullName" full: filled String, text => text_element;
            "Nickname" nickname: filled String, text => text_element;
            "YomiFirstName" yomi_first: filled String, text => text_element;
            "YomiLastName" yomi_last: filled String, text => text_element;
        }
    }
}
