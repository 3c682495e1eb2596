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
}
