//! Sends several messages at a time: threads that know SMTP and nothing of the database. Each keeps its session for the next
//! message, and hangs up when there is none for a while.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ewsd_settings::Settings;
use ewsd_store::Outgoing;
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::smtp::Session;
use super::{Fates, Trouble};

/// How long a session without a message is kept.
const IDLE: Duration = Duration::from_secs(5);

/// A message to be sent.
pub(crate) struct Task {
    pub message: Outgoing,
    /// Fates of recipients that the message no longer names.
    pub others: Fates,
}

/// A message after an attempt.
pub(crate) struct Done {
    pub task: Task,
    /// The error is the smarthost's: the message was not tried.
    pub result: Result<Fates, Trouble>,
}

/// The threads, as seen by the one that gives them work.
pub(crate) struct Crew {
    shared: Arc<Shared>,
    done: Receiver<Done>,
    tell: Sender<Done>,
    /// Threads that were started.
    hands: usize,
    /// Messages given and not yet back.
    under_way: usize,
}

struct Shared {
    settings: Settings,
    waiting: Mutex<VecDeque<Task>>,
    more: Condvar,
    /// Readable when something is done.
    ready: EventFd,
}

impl Crew {
    pub fn new(settings: &Settings) -> nix::Result<Crew> {
        let (tell, done) = channel();
        let ready = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        let shared = Shared { settings: settings.clone(), waiting: Mutex::default(), more: Condvar::new(), ready };
        Ok(Crew { shared: Arc::new(shared), done, tell, hands: 0, under_way: 0 })
    }

    /// Readable when something is done.
    pub fn ready(&self) -> &EventFd {
        &self.shared.ready
    }

    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// Has a message sent. An error: no thread can be started, and the message is given back.
    pub fn send(&mut self, task: Task) -> Result<(), Box<Task>> {
        if self.hands <= self.under_way && !self.hire() && self.hands == 0 {
            return Err(Box::new(task));
        }
        self.under_way += 1;
        self.shared.waiting().push_back(task);
        self.shared.more.notify_one();
        Ok(())
    }

    /// What is done since the last time.
    pub fn done(&mut self) -> Vec<Done> {
        // Nothing to read is no error.
        let _ = self.shared.ready.read();
        let done: Vec<Done> = self.done.try_iter().collect();
        self.under_way -= done.len().min(self.under_way);
        done
    }

    fn hire(&mut self) -> bool {
        let (shared, tell) = (Arc::clone(&self.shared), self.tell.clone());
        let hired = std::thread::Builder::new().name("courier".to_owned()).spawn(move || shared.work(&tell)).is_ok();
        self.hands += usize::from(hired);
        hired
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Task>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread's life. It ends with the process.
    fn work(&self, tell: &Sender<Done>) {
        let mut session: Option<Session> = None;
        loop {
            let Some(task) = self.next(session.is_some()) else {
                if let Some(session) = session.take() {
                    session.close();
                }
                continue;
            };
            let result = self.attempt(&mut session, &task.message);
            if tell.send(Done { task, result }).is_err() {
                return;
            }
            // A counter that is full is readable as well.
            let _ = self.ready.write(1);
        }
    }

    /// The next message; none: it is time to hang up.
    fn next(&self, connected: bool) -> Option<Task> {
        let mut waiting = self.waiting();
        loop {
            if let Some(task) = waiting.pop_front() {
                return Some(task);
            }
            if !connected {
                waiting = self.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (guard, timeout) = self.more.wait_timeout(waiting, IDLE).unwrap_or_else(PoisonError::into_inner);
            waiting = guard;
            if timeout.timed_out() && waiting.is_empty() {
                return None;
            }
        }
    }

    fn attempt(&self, session: &mut Option<Session>, message: &Outgoing) -> Result<Fates, Trouble> {
        // The smarthost may have hung up meanwhile.
        let kept = session.take().and_then(|mut kept| kept.alive().then_some(kept));
        let mut open = match kept {
            Some(open) => open,
            None => Session::open(&self.settings)?,
        };
        let fates = open.send(message, self.settings.courier.message_bytes);
        *session = (!open.broken).then_some(open);
        Ok(fates)
    }
}
