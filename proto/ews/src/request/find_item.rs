//! FindItem (MS-OXWSSRCH 3.1.4.2).

use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::page::{FieldOrder, Grouping, Paging, QueryString};
use crate::record::{list, record};
use crate::restriction::Restriction;
use crate::shape::ItemShape;
use crate::word::ItemTraversal;

record! {
    FindItem {
        attributes {
            "Traversal" traversal: required ItemTraversal;
        }
        elements {
            "ItemShape" shape: required ItemShape, ItemShape::read;
            "IndexedPageItemView" | "FractionalPageItemView" | "SeekToConditionPageItemView" | "CalendarView"
                | "ContactsView" paging: optional Paging, Paging::read;
            "GroupBy" | "DistinguishedGroupBy" grouping: optional Grouping, Grouping::read;
            "Restriction" restriction: optional Restriction, Restriction::read;
            "SortOrder" sort: default Vec<FieldOrder>, list(FieldOrder::read);
            "ParentFolderIds" parents: required Vec<TargetFolder>, list(TargetFolder::read);
            "QueryString" query: optional QueryString, QueryString::read;
        }
    }
}
