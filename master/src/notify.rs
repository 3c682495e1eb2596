//! Tells the service manager (sd_notify(3)). Without one these do nothing.

use log::debug;
use sd_notify::NotifyState;

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
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
    let allowed = sd_notify::watchdog_enabled().filter(|allowed| !allowed.is_zero())?;
    Some(u64::try_from(allowed.as_millis() / 2).unwrap_or(u64::MAX).max(1))
}
