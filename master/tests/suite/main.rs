//! Tests of the master with real processes: a master, scripted workers (`examples/switchboard`), and clients on real sockets.
//! No fixed ports, no sleeps: whatever must have happened is asked for on the control socket.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod bodies;
mod calls;
mod deadlines;
mod faults;
mod holds;
mod invariants;
mod limits;
mod lmtp;
mod proxy;
mod requests;
mod server;
mod stopping;
mod turns;
mod upgrade;
mod workers;
