//! What the master tells a worker on its command line; its settings come by an inherited descriptor. ewsd-worker(8) comes out
//! of it.

use clap::Parser;

/// A worker process of ewsd: request, database, janitor or courier work. The master starts it; it is no program for the shell.
#[derive(Debug, Parser)]
#[command(name = "ewsd-worker", version, arg_required_else_help = true)]
pub struct WorkerArgs {
    /// What the process does: request, database, janitor or courier.
    #[arg(long, value_name = "ROLE")]
    pub role: String,

    /// Its number among all processes that the master has started.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub number: u32,

    /// The generation of workers that it belongs to; a reload starts a new one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub generation: u64,

    /// Its place among the workers of its role.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub slot: u64,
}

impl From<WorkerArgs> for ewsd_worker::Args {
    fn from(args: WorkerArgs) -> Self {
        Self { role: args.role, number: args.number, generation: args.generation, slot: args.slot }
    }
}
