//! Collects admitted bodies and LMTP message data into memfds, which travel with the job.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use ewsd_http::chunk::Step;
use ewsd_ipc::memfd;
use log::error;

use crate::master::Master;
use crate::refuse::{self, Refusal};
use crate::state::{Collect, ConnId, Framing, ReadyJob, State};

/// What eating some bytes led to.
enum BodyProgress {
    /// More must come.
    More,
    /// The body is complete after so many bytes of the input.
    Done(usize),
}

/// Why collecting ended without a body.
enum CollectError {
    /// The client's fault.
    Refused(Refusal),
    /// No memory for it.
    Io(io::Error),
}

impl Master {
    /// Starts to collect: `first` was received already. The head, for HTTP, stays in `pending`.
    pub fn start_collect(&mut self, id: ConnId, limit: u64, framing: Framing, decoded: &[u8], first: &[u8]) {
        let file = match memfd::create(c"ewsd-body") {
            Ok(file) => file,
            Err(error) => return self.no_memory(id, &error),
        };
        let now = self.clock.now();
        let deadline = self.body_deadline(now, 0, matches!(framing, Framing::Dot { .. }));
        self.set_state(id, State::Collect(Box::new(Collect { file, length: 0, limit, since: now, framing })));
        if let Some(conn) = self.table.get_mut(id) {
            self.timers.set(conn, deadline);
        }
        if !decoded.is_empty() {
            if let Err(error) = self.store(id, decoded) {
                return self.trouble(id, error);
            }
        }
        if self.eat(id, first) {
            self.collect(id);
        }
    }

    /// Reads on.
    pub fn collect(&mut self, id: ConnId) {
        self.read_on(id, Master::eat);
    }

    /// Takes received bytes; false when the connection is not collecting any more.
    fn eat(&mut self, id: ConnId, input: &[u8]) -> bool {
        match self.eat_framed(id, input) {
            Ok(BodyProgress::More) => true,
            Ok(BodyProgress::Done(used)) => {
                self.collected(id, input.get(used..).unwrap_or_default());
                false
            }
            Err(trouble) => {
                self.trouble(id, trouble);
                false
            }
        }
    }

    fn eat_framed(&mut self, id: ConnId, input: &[u8]) -> Result<BodyProgress, CollectError> {
        let Some(State::Collect(collect)) = self.table.get_mut(id).map(|conn| &mut conn.state) else {
            return Ok(BodyProgress::More);
        };
        match &mut collect.framing {
            Framing::Length { left, .. } => {
                let take = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= take as u64;
                let done = *left == 0;
                self.store(id, input.get(..take).unwrap_or_default())?;
                Ok(if done { BodyProgress::Done(take) } else { BodyProgress::More })
            }
            Framing::Chunked { .. } => self.eat_chunks(id, input),
            Framing::Dot { scan, .. } => {
                let (data, end) = scan.feed(input);
                let start = scan.carried();
                for piece in [start.as_slice(), data] {
                    self.store(id, piece)?;
                }
                Ok(end.map_or(BodyProgress::More, BodyProgress::Done))
            }
        }
    }

    fn eat_chunks(&mut self, id: ConnId, input: &[u8]) -> Result<BodyProgress, CollectError> {
        let mut at = 0;
        loop {
            let Some(State::Collect(collect)) = self.table.get_mut(id).map(|conn| &mut conn.state) else {
                return Ok(BodyProgress::More);
            };
            let Framing::Chunked { decoder, .. } = &mut collect.framing else {
                return Ok(BodyProgress::More);
            };
            let (used, step) = decoder
                .feed(input.get(at..).unwrap_or_default())
                .map_err(|error| CollectError::Refused(error.into()))?;
            at += used;
            match step {
                Step::Data(data) => self.store(id, data)?,
                Step::More => return Ok(BodyProgress::More),
                Step::Done => return Ok(BodyProgress::Done(at)),
            }
        }
    }

    /// Writes body bytes to the memfd, within the limits.
    fn store(&mut self, id: ConnId, data: &[u8]) -> Result<(), CollectError> {
        let ceiling = self.config.limits.memfd_bytes();
        let Some(State::Collect(collect)) = self.table.get_mut(id).map(|conn| &mut conn.state) else {
            return Ok(());
        };
        let length = collect.length + data.len() as u64;
        if length > collect.limit {
            if let Framing::Dot { over, .. } = &mut collect.framing {
                if !*over {
                    *over = true;
                    self.memfds.requests = self.memfds.requests.saturating_sub(collect.length);
                    collect.file.set_len(0).map_err(CollectError::Io)?;
                }
                // Counted on, for the minimum rate.
                collect.length = length;
                return Ok(());
            }
            return Err(CollectError::Refused(refuse::TOO_LARGE));
        }
        if self.memfds.requests + data.len() as u64 > ceiling {
            return Err(CollectError::Refused(refuse::UPLOADING));
        }
        collect.file.write_all_at(data, collect.length).map_err(CollectError::Io)?;
        collect.length = length;
        self.memfds.requests += data.len() as u64;
        Ok(())
    }

    fn trouble(&mut self, id: ConnId, trouble: CollectError) {
        match trouble {
            CollectError::Refused(refusal) => self.refuse(id, refusal),
            CollectError::Io(error) => self.no_memory(id, &error),
        }
    }

    fn no_memory(&mut self, id: ConnId, cause: &io::Error) {
        error!("a request body could not be kept: {cause}; is the machine out of memory or descriptors?");
        self.refuse(id, refuse::NO_MEMORY);
    }

    /// The body is complete; `rest` belongs to the next request.
    fn collected(&mut self, id: ConnId, rest: &[u8]) {
        let Some(State::Collect(collect)) = self.take_state(id) else {
            return;
        };
        if let Some(conn) = self.table.get_mut(id) {
            conn.pending.extend_from_slice(rest);
        }
        let Collect { file, length, framing, .. } = *collect;
        let job = ready(framing, file, length);
        self.submit(id, job);
    }
}

fn ready(framing: Framing, file: File, length: u64) -> ReadyJob {
    match framing {
        Framing::Length { head_len, .. } | Framing::Chunked { head_len, .. } => {
            ReadyJob::HttpMemfd { head_len, body: file, length }
        }
        Framing::Dot { over: true, .. } => ReadyJob::LmtpTooBig,
        Framing::Dot { .. } => ReadyJob::LmtpData { body: file, length },
    }
}
