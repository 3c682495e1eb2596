//! What the janitor says of the clock by which age is judged: nothing is thrown away by one that has jumped.

use ewsd_ipc::ClockDoubt;

use crate::json::{object, quote};
use crate::metrics::{describe, put};

/// What the janitor said last.
#[derive(Debug, Default)]
pub struct ClockState {
    pub doubt: ClockDoubt,
    /// Seconds until it is believed, of when it was said.
    pub left_s: u64,
}

impl ClockState {
    /// For status.
    pub fn json(&self) -> String {
        object([("state", quote(self.doubt.name())), ("left_s", self.left_s.to_string())])
    }

    /// Appends the gauges.
    pub fn write(&self, out: &mut String) {
        const NAME: &str = "clock_doubted";
        describe(out, NAME, "1 if nothing is thrown away by its age, for this reason", "gauge");
        for doubt in ClockDoubt::ALL.into_iter().filter(|doubt| *doubt != ClockDoubt::Nothing) {
            let (reason, n) = (doubt.name(), u8::from(self.doubt == doubt));
            put(out, format_args!("ewsd_{NAME}{{reason=\"{reason}\"}} {n}"));
        }
    }
}
