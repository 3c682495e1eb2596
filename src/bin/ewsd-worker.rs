//! A worker process. What it does is in `ewsd-work`; here are its arguments and its log.

use std::process::ExitCode;

use clap::Parser as _;
use ewsd::worker_args::WorkerArgs;
use ewsd_settings::{Log, Settings, logging};

fn main() -> ExitCode {
    let args = WorkerArgs::parse();
    let journald = std::env::var_os("JOURNAL_STREAM").is_some();
    // What is wrong with the file is said by `run`, in the log as it is by default.
    let log = Settings::load(&args.config).map_or_else(|_| Log::default(), |settings| settings.log);
    logging::start(&log, journald);
    match ewsd_work::run(&args.into()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{error}");
            ExitCode::FAILURE
        }
    }
}
