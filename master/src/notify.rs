//! Tells the service manager (sd_notify(3)). Without one these do nothing.

use log::debug;
use sd_notify::NotifyState;

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(false, states) {
        debug!("the service manager does not listen: {error}");
    }
}

/// Requests are served.
pub fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("serving requests")]);
}

/// New settings are being taken.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The server is going down.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishing requests")]);
}

/// The event loop turns.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often [`alive`] is expected, in milliseconds: half of what the service manager allows.
pub fn watchdog_period() -> Option<u64> {
    let mut microseconds = 0;
    (sd_notify::watchdog_enabled(false, &mut microseconds) && microseconds > 0).then(|| (microseconds / 2000).max(1))
}
