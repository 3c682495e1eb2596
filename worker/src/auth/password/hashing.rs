//! At which priority a password is hashed. A stranger's is hashed when nothing else wants the processor (SCHED_IDLE), by a thread of its
//! own: the process could not leave that priority again without privileges. The worker waits for it, and does it itself when it
//! has waited long: a login must not starve where the machine is busy, and a worker that does so has rested
//! ten times as long as it works. The thread holds no lock that anybody waits for; it computes, and says what came out.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use ewsd_store::Account;

use super::{Credentials, local};
use crate::role::be_idle;

/// How long a worker waits for the thread.
const PATIENCE: Duration = Duration::from_millis(250);
/// Octets of its stack: what is hashed in lies on the heap.
const STACK: usize = 256 * 1024;

#[derive(Default)]
pub struct Hasher {
    /// A thread that was not waited for to its end. There is one at most.
    left: Option<Receiver<bool>>,
}

impl Hasher {
    /// Whether the password is the account's own, found out at the least priority.
    pub fn is_right(&mut self, credentials: &Credentials, account: Option<&Account>) -> bool {
        self.idly(credentials, account).unwrap_or_else(|| local::is_right(credentials, account))
    }

    /// None: it takes too long.
    fn idly(&mut self, credentials: &Credentials, account: Option<&Account>) -> Option<bool> {
        if let Some(former) = self.left.take() {
            if former.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                self.left = Some(former);
                return None;
            }
        }
        let (credentials, account) = (credentials.clone(), account.cloned());
        let (tell, told) = sync_channel(1);
        let work = move || {
            be_idle();
            // Nobody may wait for it any more.
            let _ = tell.send(local::is_right(&credentials, account.as_ref()));
        };
        thread::Builder::new().name("hash".to_owned()).stack_size(STACK).spawn(work).ok()?;
        let right = told.recv_timeout(PATIENCE);
        if right == Err(RecvTimeoutError::Timeout) {
            self.left = Some(told);
        }
        right.ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn credentials(password: &str) -> Credentials {
        Credentials { login: "anna".to_owned(), password: password.to_owned().into() }
    }

    /// The thread's policy is its own: the kernel tells it in the 41st field of its line.
    #[test]
    fn a_thread_is_idle_and_its_process_is_not() {
        let policy = || {
            let line = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            line.rsplit(')').next().unwrap().split_whitespace().nth(38).unwrap().to_owned()
        };
        let before = policy();
        let idle = thread::spawn(move || {
            be_idle();
            policy()
        });
        assert_eq!((idle.join().unwrap().as_str(), policy()), ("5", before));
    }

    #[test]
    fn who_waits_for_a_thread_that_starves_finds_out_itself() {
        let mut hasher = Hasher::default();
        let (tell, told) = sync_channel(1);
        hasher.left = Some(told);
        assert_eq!(hasher.idly(&credentials("x"), None), None, "the former one is not done");
        assert!(!hasher.is_right(&credentials("x"), None) && hasher.left.is_some());
        tell.send(true).unwrap();
        // A machine that is busy may not bring this one to its end in time either.
        assert!(matches!(hasher.idly(&credentials("x"), None), None | Some(false)));
    }
}
