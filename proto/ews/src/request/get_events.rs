//! GetEvents (MS-OXWSNTIF 3.1.4.1).

use crate::record::{record, text};

record! {
    GetEvents {
        attributes {}
        elements {
            "SubscriptionId" id: required String, text;
            "Watermark" watermark: required String, text;
        }
    }
}
