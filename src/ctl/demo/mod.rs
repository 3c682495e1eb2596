//! `ewsctl demo`: a whole server in the foreground, with its own PostgreSQL, accounts and mail, until it is told to stop.
//!
//! `place.rs` prepares the directory, `server.rs` runs and ends the master, `fill.rs` makes accounts and mail,
//! `announce.rs` says how to connect.

use std::path::PathBuf;

use ewsd_settings::Settings;

use super::Result;
use super::signals::Signals;

mod announce;
mod fill;
mod place;
mod server;

pub use place::program;

const EXAMPLES: &str = "Examples:
  ewsctl demo --dir /var/tmp/ewsd-demo
  ewsctl demo --dir ./demo --http 127.0.0.1:0 --accounts 100 --no-samples
  ewsctl demo --dir ./demo --set notifications.pull_wait=10 --set log.level=debug

DIR/ready.json appears when the server is ready: its addresses, the master's pid, the accounts.
Ctrl-C or SIGTERM ends everything; the data stay in DIR for the next start.";

/// Run a whole server to try: private PostgreSQL, accounts, sample mail. Stays in the foreground.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where everything is kept; made when missing, kept when there.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Where EWS is served; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    http: String,
    /// Where mail comes in by LMTP.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8024")]
    lmtp: String,
    /// Where /metrics, /healthz and /readyz are served.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    admin: String,
    /// How many request workers stand ready; without it one per processor.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    workers: Option<u64>,
    /// How many accounts: alice, bob, carol, then user0001 and so on, all @example.test.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    accounts: u32,
    /// Leave the mailboxes empty.
    #[arg(long)]
    no_samples: bool,
    /// End also when standard input ends: with a pipe there, the demo does not outlive who started it.
    #[arg(long)]
    until_eof: bool,
    /// Any other setting, as in ewsd.toml(5); may be given more than once.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

pub fn run(args: &Args) -> Result {
    let signals = Signals::catch(args.until_eof)?;
    let settings = settings(args)?;
    // Before anything is touched that a running one needs.
    server::refuse_second(&args.dir, &settings)?;
    let place = place::prepare(&args.dir, settings)?;
    // One of an earlier start must not be taken for this one's.
    place.withdraw()?;
    let mut server = server::Server::start(&place)?;
    let outcome = serve(args, &place, &mut server, &signals);
    let withdrawn = place.withdraw();
    let stopped = server.stop(&signals);
    outcome.and(withdrawn).and(stopped)
}

fn serve(args: &Args, place: &place::Place, server: &mut server::Server, signals: &Signals) -> Result {
    let Some(status) = server.ready(place, signals)? else { return Ok(()) };
    let Some(accounts) = fill::fill(&place.settings, args.accounts, !args.no_samples, signals)? else { return Ok(()) };
    announce::announce(place, &status, server.pid(), &accounts)?;
    server.attend(signals)
}

fn settings(args: &Args) -> Result<Settings> {
    let mut settings = Settings::default();
    settings.server.name = "localhost".into();
    settings.mail.domains = vec![fill::DOMAIN.into()];
    let mut assignments = vec![
        format!("server.http={}", args.http),
        format!("server.lmtp={}", args.lmtp),
        format!("server.admin={}", args.admin),
    ];
    assignments.extend(args.workers.map(|workers| format!("process.workers={workers}")));
    for assignment in assignments.iter().chain(&args.set) {
        settings.set(assignment)?;
    }
    Ok(settings)
}
