//! What the janitor says of the clock by which age is judged.

use ewsd_wire::wire;

wire! {
    /// Why the clock is not believed by which age is judged.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub enum ClockDoubt {
        /// It is believed.
        #[default]
        0 Nothing
        /// It jumped, or nobody looked at it for so long that it may have.
        1 Jumped
        /// It says something else than that of the database.
        2 Apart
    }
}

impl ClockDoubt {
    pub const ALL: [ClockDoubt; 3] = [ClockDoubt::Nothing, ClockDoubt::Jumped, ClockDoubt::Apart];

    /// As in status and metrics.
    pub fn name(self) -> &'static str {
        match self {
            ClockDoubt::Nothing => "believed",
            ClockDoubt::Jumped => "jumped",
            ClockDoubt::Apart => "apart",
        }
    }
}
