//! A worker process. What it does is in `ewsd-worker`; here are its arguments and its log.

use std::process::ExitCode;

use clap::Parser as _;
use ewsd::worker_args::WorkerArgs;
use ewsd_settings::{Log, logging};
use ewsd_worker::Fault;

fn main() -> ExitCode {
    let args = WorkerArgs::parse();
    let journald = std::env::var_os("JOURNAL_STREAM").is_some();
    // For what is said before the settings are known.
    logging::start(&Log::default(), journald);
    let outcome = ewsd_worker::settings().map_err(Fault::from).and_then(|settings| {
        logging::start(&settings.log, journald);
        ewsd_worker::run(&args.into(), &settings)
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            log::error!("{fault}");
            ExitCode::from(fault.status)
        }
    }
}
