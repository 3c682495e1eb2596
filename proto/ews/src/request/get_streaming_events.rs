//! GetStreamingEvents (MS-OXWSNTIF 3.1.4.2).

use crate::limits;
use crate::record::{record, texts, within};

record! {
    GetStreamingEvents {
        attributes {}
        elements {
            "SubscriptionIds" ids: required Vec<String>, texts("SubscriptionId");
            /// Minutes, 1..=30.
            "ConnectionTimeout" timeout: required i32, within(limits::STREAMING_MINUTES);
        }
    }
}
