//! The administration program `ewsctl`, and the worker's command line.
//!
//! The master's program (`src/bin/ewsd.rs`) must not use this library: it links neither SQL nor clap.
//! Next: `ctl/mod.rs` for the commands, `worker_args.rs` for what the master hands a worker.

pub mod ctl;
pub mod worker_args;
