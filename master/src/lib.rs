//! The master: accepts, forks, receives, hands out, holds, answers, drains. One thread, one epoll, one file per verb.
//!
//! It never sees XML, SQL, passwords or GSSAPI; it links `ewsd-ipc`, `ewsd-http` and libc's friends only. Workers compute, the
//! master waits: LIFECYCLE.md beside this crate shows the states of a connection and who owns its socket in each.
//!
//! | a connection ... | file |
//! |---|---|
//! | is accepted, or turned away | `accept` (`listen`, `activate`) |
//! | sends a request | `receive`; large bodies `admit`, `collect`; LMTP `lmtp` |
//! | waits for a worker, has its turn, goes to one | `turns`, `park`, `dispatch` |
//! | comes back | `serve` |
//! | waits for its next request | `idle` |
//! | waits for a change | `hold`, `stream`, `watch`, `intern`, `render`, `later`, `sweep`; changes on other nodes `nodes`, for subscribers that are called `push` |
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
//! The program is replaced: `upgrade`, then `adopt` (`inherit`).
//!
//! Administrators: `admin` (HTTP), `control` (`ewsctl`), `show`, `gauges`, `metrics`, `served`, `signals`, `notify`.

mod accept;
mod activate;
mod admin;
mod admit;
mod adopt;
mod clock;
mod close;
mod collect;
mod config;
mod control;
mod crowd;
mod desks;
mod dispatch;
mod doubt;
mod drain;
mod expire;
mod few;
mod gauges;
mod hold;
mod idle;
mod inherit;
mod intern;
mod json;
mod later;
mod listen;
mod lmtp;
mod master;
mod metrics;
mod nodes;
mod notify;
mod outbox;
mod overdue;
mod owners;
mod park;
mod probe;
mod push;
mod reap;
mod receive;
mod reconcile;
mod refuse;
mod reload;
mod render;
mod roles;
mod serve;
mod served;
mod show;
mod signals;
mod spawn;
mod start;
mod state;
mod stop;
mod stream;
mod sweep;
mod table;
mod text;
mod thin;
mod timers;
mod tokens;
mod turns;
mod upgrade;
mod watch;

pub use adopt::{Inherited, understands};
pub use config::{Config, Handed, Limits, Listen, Program, Reloaded};
pub use crowd::descriptors_for;
pub use ewsd_http::network::Network;
pub use ewsd_ipc::fault::{FAILED, Fault};
pub use master::ReloadFn;
pub use start::{run, take_over};
pub use upgrade::{TAKE, TRY};
