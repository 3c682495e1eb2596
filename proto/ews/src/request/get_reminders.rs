//! GetReminders (MS-OXWSMTGS 3.1.4.5): what people are to be reminded of.

use jiff::Timestamp;

use crate::record::{record, value, within};
use crate::word::ReminderType;

record! {
    GetReminders {
        attributes {}
        elements {
            "BeginTime" begin: optional Timestamp, value;
            "EndTime" end: optional Timestamp, value;
            /// 1 to 200; as many as there are, up to that, where nothing or 0 is said.
            "MaxItems" most: optional i32, within(0..=200);
            /// All where nothing is said.
            "ReminderType" which: optional ReminderType, value;
        }
    }
}
