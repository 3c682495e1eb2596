//! The rest of a reply. The verb is `drain.rs`.

use std::collections::VecDeque;
use std::fs::File;

use ewsd_ipc::AfterReply;

use crate::clock::Millis;

/// Where the rest of a reply lies.
#[derive(Debug)]
pub enum Source {
    /// In memory, from the offset on.
    Bytes(Vec<u8>, usize),
    /// In a memfd: next byte, end.
    Memfd(File, u64, u64),
}

impl Source {
    /// Whether nothing of it is left.
    pub fn is_empty(&self) -> bool {
        match self {
            Source::Bytes(bytes, at) => *at >= bytes.len(),
            Source::Memfd(_, at, end) => at >= end,
        }
    }

    /// Bytes of a memfd, which is there whole until the last of it is written.
    pub fn memfd_bytes(&self) -> u64 {
        match self {
            Source::Bytes(..) => 0,
            Source::Memfd(_, _, end) => *end,
        }
    }
}

/// Bytes in memfds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memfds {
    /// Of requests that arrive, or wait for a worker.
    pub requests: u64,
    /// Of answers that their clients have not read.
    pub answers: u64,
}

impl Memfds {
    /// These and others.
    #[must_use]
    pub fn and(self, more: Memfds) -> Memfds {
        Memfds {
            requests: self.requests.saturating_add(more.requests),
            answers: self.answers.saturating_add(more.answers),
        }
    }

    /// Without those.
    #[must_use]
    pub fn without(self, less: Memfds) -> Memfds {
        Memfds {
            requests: self.requests.saturating_sub(less.requests),
            answers: self.answers.saturating_sub(less.answers),
        }
    }
}

/// The rest of a reply.
#[derive(Debug)]
pub struct Drain {
    pub sources: VecDeque<Source>,
    /// When it began and how much of it was taken, for the minimum rate.
    pub since: Millis,
    pub written: u64,
    pub after: After,
}

/// What follows when everything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Wait for the next request.
    Keep,
    /// Close, letting the client read first.
    Close,
}

impl From<AfterReply> for After {
    fn from(then: AfterReply) -> Self {
        match then {
            AfterReply::Keep => After::Keep,
            AfterReply::Close => After::Close,
        }
    }
}

impl Drain {
    /// Bytes kept in memory.
    pub fn bytes(&self) -> usize {
        let of = |source: &Source| match source {
            Source::Bytes(bytes, _) => bytes.len(),
            Source::Memfd(..) => 0,
        };
        self.sources.iter().map(of).sum()
    }

    /// Bytes kept in memfds.
    pub fn unread(&self) -> u64 {
        self.sources.iter().map(Source::memfd_bytes).sum()
    }
}
