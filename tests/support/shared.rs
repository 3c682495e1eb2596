//! The server that most tests share, and mailboxes: each test takes fresh ones, so that tests need no order.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::demo::{Account, Demo, Options};
use super::ews::Ews;

/// Mailboxes that the tests together may take. Raise it when a test says so.
const ACCOUNTS: usize = 840;

/// Seconds that an unmodified client's GetEvents is held: short, so that clients that poll in turn get on.
pub const PULL_WAIT: u64 = 2;

static SERVER: OnceLock<Result<Demo, String>> = OnceLock::new();
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// The shared server, started by the first who asks.
pub fn server() -> &'static Demo {
    let started = SERVER.get_or_init(|| {
        Demo::try_start(
            Options { accounts: ACCOUNTS, workers: 3, ..Options::default() }
                .set("notifications.pull_wait", PULL_WAIT)
                .set("auth.failures_per_minute", 0),
        )
    });
    started.as_ref().unwrap_or_else(|e| panic!("the shared server does not start: {e}"))
}

/// An empty mailbox that no other test uses.
pub fn account() -> Account {
    let taken = TAKEN.fetch_add(1, Ordering::Relaxed);
    server().accounts.get(taken).unwrap_or_else(|| panic!("more than {ACCOUNTS} mailboxes are wanted")).clone()
}

/// A connection of the owner of such a mailbox.
pub fn mailbox() -> Ews {
    Ews::connect(server(), &account())
}

/// Stops the shared server, if one was started.
pub fn stop() -> Result<(), String> {
    let Some(Ok(server)) = SERVER.get() else {
        return Ok(());
    };
    let stopped = server.stop();
    server.remove();
    stopped
}
