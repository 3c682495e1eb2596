//! The one place where the store reads the clock: for pauses between attempts, never for what is stored (that is the server's
//! `now()`).

use std::time::Instant;

pub(crate) fn now() -> Instant {
    Instant::now()
}
