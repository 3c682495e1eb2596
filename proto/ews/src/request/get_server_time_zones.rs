//! GetServerTimeZones (MS-OXWSGTZ 3.1.4.1).

use crate::record::{record, texts};

record! {
    GetServerTimeZones {
        attributes {
            /// True when not said.
            "ReturnFullTimeZoneData" full: optional bool;
        }
        elements {
            /// All zones when not said.
            "Ids" ids: optional Vec<String>, texts("Id");
        }
    }
}
