//! Threads that do one kind of task at a time, several beside each other: they speak with others and know nothing of the
//! database. What they do is a [`Hand`]: `sender.rs` sends messages, `push/notifier.rs` calls subscribers.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ewsd_settings::Settings;
use nix::sys::eventfd::{EfdFlags, EventFd};

/// What one thread does, and what it keeps from task to task.
pub(crate) trait Hand: Default + 'static {
    type Task: Send;
    /// How a task ended.
    type End: Send;
    /// The threads' name.
    const NAME: &'static str;

    fn work(&mut self, settings: &Settings, task: &Self::Task) -> Self::End;

    /// How long it keeps something when there is no task; none: it has nothing to let go of.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// Lets go of it.
    fn let_go(&mut self) {}
}

/// A task that is over.
pub(crate) struct Done<H: Hand> {
    pub task: H::Task,
    pub end: H::End,
}

/// The threads, as seen by the one that gives them tasks.
pub(crate) struct Crew<H: Hand> {
    shared: Arc<Shared<H>>,
    done: Receiver<Done<H>>,
    tell: Sender<Done<H>>,
    /// Threads that were started.
    hands: usize,
    /// Tasks given and not yet back.
    under_way: usize,
}

struct Shared<H: Hand> {
    settings: Settings,
    waiting: Mutex<VecDeque<H::Task>>,
    more: Condvar,
    /// Readable when something is done.
    ready: EventFd,
}

impl<H: Hand> Crew<H> {
    pub fn new(settings: &Settings) -> nix::Result<Crew<H>> {
        let (tell, done) = channel();
        let ready = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        let shared = Shared { settings: settings.clone(), waiting: Mutex::default(), more: Condvar::new(), ready };
        Ok(Crew { shared: Arc::new(shared), done, tell, hands: 0, under_way: 0 })
    }

    /// Readable when something is done.
    pub fn ready(&self) -> BorrowedFd<'_> {
        self.shared.ready.as_fd()
    }

    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// Has a task done. An error: no thread can be started, and the task is given back.
    pub fn give(&mut self, task: H::Task) -> Result<(), Box<H::Task>> {
        if self.hands <= self.under_way && !self.hire() && self.hands == 0 {
            return Err(Box::new(task));
        }
        self.under_way += 1;
        self.shared.waiting().push_back(task);
        self.shared.more.notify_one();
        Ok(())
    }

    /// What is done since the last time.
    pub fn done(&mut self) -> Vec<Done<H>> {
        // Nothing to read is no error.
        let _ = self.shared.ready.read();
        let done: Vec<Done<H>> = self.done.try_iter().collect();
        self.under_way -= done.len().min(self.under_way);
        done
    }

    fn hire(&mut self) -> bool {
        let (shared, tell) = (Arc::clone(&self.shared), self.tell.clone());
        let hired = std::thread::Builder::new().name(H::NAME.to_owned()).spawn(move || shared.work(&tell)).is_ok();
        self.hands += usize::from(hired);
        hired
    }
}

impl<H: Hand> Shared<H> {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<H::Task>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread's life. It ends with the process.
    fn work(&self, tell: &Sender<Done<H>>) {
        let mut hand = H::default();
        loop {
            let Some(task) = self.next(hand.patience()) else {
                hand.let_go();
                continue;
            };
            let end = hand.work(&self.settings, &task);
            if tell.send(Done { task, end }).is_err() {
                return;
            }
            // A counter that is full is readable as well.
            let _ = self.ready.write(1);
        }
    }

    /// The next task; none: there was none for that long.
    fn next(&self, patience: Option<Duration>) -> Option<H::Task> {
        let mut waiting = self.waiting();
        loop {
            if let Some(task) = waiting.pop_front() {
                return Some(task);
            }
            let Some(patience) = patience else {
                waiting = self.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let (guard, timeout) = self.more.wait_timeout(waiting, patience).unwrap_or_else(PoisonError::into_inner);
            waiting = guard;
            if timeout.timed_out() && waiting.is_empty() {
                return None;
            }
        }
    }
}
