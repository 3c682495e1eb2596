//! How much memory a worker may have whose role's row bounds it, and what it says when it gets no more: one that asks for too
//! much ends alone, and the log tells what it was at. How much of the processor a thread may have.

use std::ffi::c_int;
use std::os::fd::AsFd;

use ewsd_mailbox::log;
use nix::libc;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::write;

/// Bounds this process to `bytes` of address space for good, and has it leave no core file.
pub(super) fn set(bytes: u64) -> nix::Result<()> {
    // A refused allocation ends in SIGABRT.
    let words = SigAction::new(SigHandler::Handler(last_words), SaFlags::SA_RESETHAND, SigSet::empty());
    // SAFETY: the handler reads atomics and calls write(2), which a signal handler may; it is set before any other thread is.
    unsafe { sigaction(Signal::SIGABRT, &words) }?;
    // Passwords and letters lie in its memory.
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_AS, bytes, bytes)
}

/// From now on this thread runs only when nothing else wants to. It keeps its priority where the kernel says no.
pub(crate) fn be_idle() {
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: the parameters live until it returns; 0 is the thread that calls.
    let _ = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameters) };
}

/// Allocates nothing and waits for nothing. The process ends when it returns.
extern "C" fn last_words(_: c_int) {
    let mut id = [b' '; log::DOING];
    log::doing(&mut id);
    let stderr = std::io::stderr();
    for text in
        [id.trim_ascii_end(), b" request gives up: a fault of its own, or no memory within limits.worker_bytes\n"]
    {
        let _ = write(stderr.as_fd(), text);
    }
}
