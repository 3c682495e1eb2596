//! Log lines of a process that works: `request-id role message`, at the level's place in the line (`ewsd_settings::logging` writes it).
//!
//! A process serves one request at a time, so the request's id is known here and nobody passes it around. No line holds a
//! password, a subject or a body; text from the network is made printable by the log itself.

use std::cell::{Cell, RefCell};

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
