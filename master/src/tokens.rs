//! Which epoll token means what. Connections use their own number ([`crate::table::ConnId`]), which is never below
//! [`crate::table::FIRST_CONN`]; everything else lies below it.

use mio::Token;

/// Signals are pending.
pub const SIGNALS: Token = Token(0);
/// The jobs socket has room again.
pub const JOBS: Token = Token(1);
/// The first listener; the others follow.
pub const LISTENERS: usize = 16;
/// The first worker's channel; the others follow by their numbers.
pub const WORKERS: usize = 4096;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Signals,
    Jobs,
    Listener(usize),
    Worker(u32),
    Conn(u64),
}

/// Reads a token.
pub fn subject(token: Token) -> Subject {
    match token {
        SIGNALS => Subject::Signals,
        JOBS => Subject::Jobs,
        Token(n) if n < WORKERS => Subject::Listener(n.saturating_sub(LISTENERS)),
        Token(n) if (n as u64) < crate::table::FIRST_CONN => Subject::Worker((n - WORKERS) as u32),
        Token(n) => Subject::Conn(n as u64),
    }
}
