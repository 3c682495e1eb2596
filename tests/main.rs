//! The suite: real processes, a private PostgreSQL, real sockets. One binary, one shared server.
//! Tests lie in `suite/` by topic; what they stand on in `support/`; programs of other people that drive the
//! server in `clients/`. Every envelope that goes over the wire is kept and, at the end, held against the schema.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod suite;
mod support;

use std::process::ExitCode;
use std::thread::available_parallelism;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or_else(threads);
    let trials = suite::all()
        .into_iter()
        .map(|test| {
            Trial::test(test.name, move || {
                support::record::begin(test.name);
                let _taken = support::slowest::Clock::start(test.name);
                (test.run)();
                Ok(())
            })
        })
        .collect();
    if arguments.list {
        return libtest_mimic::run(&arguments, trials).exit_code();
    }
    support::record::clear();
    let conclusion = libtest_mimic::run(&arguments, trials);
    support::slowest::print();
    let stopped = support::shared::stop();
    support::demo::remove_template();
    let valid = support::validate::run();
    for complaint in [&stopped, &valid].into_iter().filter_map(|r| r.as_ref().err()) {
        eprintln!("FAILED: {complaint}");
    }
    if conclusion.has_failed() || stopped.is_err() || valid.is_err() {
        return ExitCode::from(101);
    }
    ExitCode::SUCCESS
}

/// Three tests for two processors: many wait for what is due in a second.
fn threads() -> Option<usize> {
    available_parallelism().ok().map(|processors| processors.get().div_ceil(2) * 3)
}
