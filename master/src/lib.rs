//! The master: accepts, forks, receives, hands out, holds, answers, drains. One thread, one epoll, one file per verb.
//!
//! It never sees XML, SQL, passwords or GSSAPI; it links `ewsd-ipc`, `ewsd-http` and libc's friends only. Workers compute, the
//! master waits: LIFECYCLE.md beside this crate shows the states of a connection and who owns its socket in each.
//!
//! | a connection ... | file |
//! |---|---|
//! | is accepted, or turned away | `accept` (`listen`) |
//! | sends a request | `receive`; large bodies `admit`, `collect`; LMTP `lmtp` |
//! | waits for a worker, goes to one | `dispatch` |
//! | comes back | `serve` |
//! | waits for its next request | `idle` |
//! | waits for a change | `hold`, `watch`, `intern`, `render`, `later`, `sweep` |
//! | reads its reply slowly | `drain` |
//! | is told that it is not served | `refuse` |
//! | ends, runs out of time | `close`, `expire` (`timers`) |
//!
//! What it is doing meanwhile is data, in `state/`.
//!
//! | a worker ... | file |
//! |---|---|
//! | is wanted | `roles` |
//! | is started | `spawn` |
//! | dies | `reap`, `reconcile` |
//! | is replaced by a reload, stopped | `reload`, `stop` |
//!
//! Administrators: `admin` (HTTP), `control` (`ewsctl`), `gauges`, `metrics`, `signals`, `notify`.

mod accept;
mod admin;
mod admit;
mod clock;
mod close;
mod collect;
mod config;
mod control;
mod crowd;
mod dispatch;
mod drain;
mod expire;
mod few;
mod gauges;
mod hold;
mod idle;
mod intern;
mod json;
mod later;
mod listen;
mod lmtp;
mod master;
mod metrics;
mod notify;
mod outbox;
mod overdue;
mod probe;
mod reap;
mod receive;
mod reconcile;
mod refuse;
mod reload;
mod render;
mod roles;
mod serve;
mod signals;
mod spawn;
mod start;
mod state;
mod stop;
mod sweep;
mod table;
mod timers;
mod tokens;
mod watch;

pub use config::{Config, Limits, Reloaded};
pub use master::ReloadFn;
pub use start::run;
