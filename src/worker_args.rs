//! What the master hands a worker on its command line. ewsd-worker(8) comes out of it.

use std::path::PathBuf;

use clap::Parser;

/// A worker process of ewsd: request, database, janitor or courier work. The master starts it; it is no program for the shell.
#[derive(Debug, Parser)]
#[command(name = "ewsd-worker", version, arg_required_else_help = true)]
pub struct WorkerArgs {
    /// The configuration file that the master runs with.
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,

    /// What the process does: request, database, janitor or courier.
    #[arg(long, value_name = "ROLE")]
    pub role: String,

    /// The generation of workers that it belongs to; a reload starts a new one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub generation: u64,

    /// Its place among the workers of its role.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub slot: u64,
}

impl From<WorkerArgs> for ewsd_work::Args {
    fn from(args: WorkerArgs) -> Self {
        Self { config: args.config, role: args.role, generation: args.generation, slot: args.slot }
    }
}
