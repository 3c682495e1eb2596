//! What a worker process calls: take the next job, answer, hand the socket back. Blocking.
//!
//! It writes down every job before the worker sees it, in the memory that all share, so the master can always look who has which
//! job. A message would wake it for each, and most jobs are over before anybody wants to know.
//! The master's side of the same sockets is `master/src/dispatch.rs` and `master/src/serve.rs`.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::message::{Job, Reply, Word};
use crate::role::Service;
use crate::seqpacket::{self, Wait};
use crate::shared::Shared;
use crate::{MAX_MESSAGE, PROTOCOL, fd};

/// The inherited descriptors of a worker.
pub struct WorkerEnd {
    jobs: OwnedFd,
    channel: OwnedFd,
    shared: Shared,
    place: u32,
    buffer: RefCell<Vec<u8>>,
    out: RefCell<Vec<u8>>,
}

impl WorkerEnd {
    /// Takes descriptors 3, 4 and 5 and says `Hello`. `place` is where in the shared memory it writes down its jobs. Call it once,
    /// first thing.
    ///
    /// # Errors
    /// When they are not what the master passes: the program was not started by it.
    pub fn inherit(place: u32) -> io::Result<WorkerEnd> {
        let jobs = inherited(fd::JOBS)?;
        let channel = inherited(fd::CHANNEL)?;
        let shared = inherited(fd::SHARED)?;
        let end = WorkerEnd::new(jobs, channel, shared.as_fd(), place)?;
        end.send(&Reply::Hello { version: PROTOCOL, pid: std::process::id() }, &[])?;
        Ok(end)
    }

    /// The same from descriptors that the caller has; says nothing.
    ///
    /// # Errors
    /// When the shared memory cannot be mapped.
    pub fn new(jobs: OwnedFd, channel: OwnedFd, shared: BorrowedFd<'_>, place: u32) -> io::Result<WorkerEnd> {
        Ok(WorkerEnd {
            jobs,
            channel,
            shared: Shared::map(shared)?,
            place,
            buffer: RefCell::new(vec![0; MAX_MESSAGE]),
            out: RefCell::new(Vec::with_capacity(1024)),
        })
    }

    /// Waits for the next job and writes down who has it. Its descriptors are the client's socket (if the row has one), then the memfd
    /// (if the body is in one). None: the master closed this generation; exit.
    ///
    /// # Errors
    /// A message that is none, or a socket that broke: exit, nothing else is sound.
    pub fn next_job(&self) -> io::Result<Option<(Job, Vec<OwnedFd>)>> {
        let mut fds = Vec::new();
        let job = {
            let mut buffer = self.buffer.borrow_mut();
            let n = seqpacket::receive(self.jobs.as_fd(), &mut buffer, &mut fds, Wait::Yes)?;
            if n == 0 {
                return Ok(None);
            }
            Job::decode(buffer.get(..n).unwrap_or_default(), fds.len())?
        };
        self.shared.take(self.place, job.number());
        Ok(Some((job, fds)))
    }

    /// For a role without jobs: takes what the master said since the last time. None: the master wants the role to end.
    ///
    /// # Errors
    /// A message that is none, or a socket that broke: exit, nothing else is sound.
    pub fn words(&self) -> io::Result<Option<Vec<Word>>> {
        let mut words = Vec::new();
        let mut buffer = self.buffer.borrow_mut();
        loop {
            let mut fds = Vec::new();
            match seqpacket::receive(self.jobs.as_fd(), &mut buffer, &mut fds, Wait::No) {
                Ok(0) => return Ok(None),
                Ok(n) => words.push(Word::decode(buffer.get(..n).unwrap_or_default(), fds.len())?),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Some(words)),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Tells the master. The caller closes its copy of a socket it handed back right after this returns.
    ///
    /// # Errors
    /// `BrokenPipe` when the master is gone (exit); `InvalidInput` when the descriptors are not those of the message's row.
    pub fn send(&self, reply: &Reply, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        if reply.descriptors() != fds.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "wrong number of descriptors for this message"));
        }
        let mut out = self.out.borrow_mut();
        reply.encode(&mut out);
        if out.len() > MAX_MESSAGE {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "message too long: use a memfd"));
        }
        seqpacket::send(self.channel.as_fd(), &out, fds, Wait::Yes)
    }

    /// The memory that all workers share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The jobs socket, for a worker that waits on several descriptors: readable when a job or the end is there.
    pub fn jobs(&self) -> BorrowedFd<'_> {
        self.jobs.as_fd()
    }

    /// The own channel; it becomes readable only when the master is gone.
    pub fn channel(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}

/// Takes descriptor 6 and reads the settings that the master handed over. Call it once. Other workers read the same file,
/// so it is read by offset.
///
/// # Errors
/// When the descriptor is not what the master passes: the program was not started by it.
pub fn settings() -> io::Result<Vec<u8>> {
    let file = inherited(fd::SETTINGS)?;
    let length = nix::sys::stat::fstat(&file)?.st_size;
    crate::memfd::read(&file, u64::try_from(length).unwrap_or(0))
}

/// Takes the own end of a service's socket. Call it once for each.
///
/// # Errors
/// When the descriptor is not what the master passes: the program was not started by it.
pub fn desk(service: Service) -> io::Result<OwnedFd> {
    inherited(service.descriptor())
}

/// Owns descriptor `number` of this process if it is open, and makes it close-on-exec.
fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    // SAFETY: only borrowed for the check below; fcntl fails with EBADF when it is not open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    fcntl(borrowed, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map_err(|_| {
        io::Error::new(io::ErrorKind::NotFound, "not started by ewsd: the inherited descriptors are missing")
    })?;
    // SAFETY: it is open, the master passed it to this process for exactly this use, and each number is taken once.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
