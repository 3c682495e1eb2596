//! Log lines of a process that works: `request-id role message`, at the level's place in the line (`ewsd_settings::logging`
//! writes it).
//!
//! A process serves one request at a time, so the request's id is known here and nobody passes it around. No line holds a
//! password, a subject or a body; text from the network is made printable by the log itself.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU8, Ordering};

/// Octets of a request id that a dying process tells.
pub const DOING: usize = 40;

/// The request's id for a signal handler, which may not touch what threads share otherwise; blanks at its end.
static NOW: [AtomicU8; DOING] = [const { AtomicU8::new(b' ') }; DOING];

thread_local! {
    static ROLE: Cell<&'static str> = const { Cell::new("work") };
    static REQUEST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Names the role of this process, once at its start.
pub fn role(name: &'static str) {
    ROLE.set(name);
}

/// From here on lines carry this request id; empty between requests.
pub fn request(id: &str) {
    REQUEST.with_borrow_mut(|request| {
        request.clear();
        request.push_str(id);
    });
    for (at, place) in NOW.iter().enumerate() {
        place.store(id.as_bytes().get(at).copied().unwrap_or(b' '), Ordering::Relaxed);
    }
}

/// The id of the request at work, for a signal handler.
pub fn doing(id: &mut [u8; DOING]) {
    for (octet, place) in id.iter_mut().zip(&NOW) {
        *octet = place.load(Ordering::Relaxed);
    }
}

#[doc(hidden)]
pub fn write(level: ::log::Level, message: std::fmt::Arguments<'_>) {
    if level > ::log::max_level() {
        return;
    }
    REQUEST.with_borrow(|request| {
        let id = if request.is_empty() { "-" } else { request.as_str() };
        ::log::log!(target: "ewsd_worker", level, "{id} {} {message}", ROLE.get());
    });
}

#[doc(hidden)]
pub use ::log::Level;

/// `note!(Warn, "text {}", value)`: one log line of this process.
#[macro_export]
macro_rules! note {
    ($level:ident, $($message:tt)+) => {
        $crate::log::write($crate::log::Level::$level, format_args!($($message)+))
    };
}
pub use note;
