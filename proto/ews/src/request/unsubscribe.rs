//! Unsubscribe (MS-OXWSNTIF 3.1.4.5).

use crate::record::{record, text};

record! {
    Unsubscribe {
        attributes {}
        elements {
            "SubscriptionId" id: required String, text;
        }
    }
}
