//! The one place where the store reads the clock: for pauses between attempts, never for what is stored (that is the server's
//! `now()`), nor for what is thrown away (that is told: `age.rs`).

use std::time::Instant;

pub(crate) fn now() -> Instant {
    Instant::now()
}
