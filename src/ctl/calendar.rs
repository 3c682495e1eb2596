//! `ewsctl calendar`: calendars as iCalendar files, in and out.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Subcommand;
use ewsd_mailbox::calendar::ical::EventItem;
use ewsd_mailbox::calendar::ical::transfer::{self, Transferred};
use ewsd_mailbox::convert::ask;
use ewsd_mailbox::convert::ical::{Limits, write};
use ewsd_mailbox::convert::table::Calendar;
use ewsd_mailbox::error::Error;
use ewsd_mailbox::session::Session;
use ewsd_model::timezone::ItemZone;
use ewsd_settings::Settings;
use ewsd_store::Store;
use serde_json::json;

use super::database::open;
use super::progress::Progress;
use super::{Exit, Out, Result, account, completions, control};

/// Bring iCalendar files (.ics) into an account's calendar, and write its calendar as one.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put the events of files into an account's calendar. Nobody is invited by it.
    ///
    /// An event whose UID is there already takes the place of what is there. What cannot be read is named, and the rest comes in.
    #[command(after_help = "Examples:\n  ewsctl calendar import anna@example.org holidays.ics\n  \
        ewsctl calendar import anna@example.org --zone Europe/Berlin old/*.ics\n  \
        curl -s https://example.org/team.ics | ewsctl calendar import anna@example.org -\n\n\
        The exit status is 0 when every event is there, else that of data that does not fit.")]
    Import {
        /// Login or address of the account.
        #[arg(add = completions::accounts())]
        account: String,
        /// The files; - is standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The zone of times that name none, by its IANA or Windows name.
        #[arg(long, value_name = "ZONE", default_value = "UTC")]
        zone: String,
    },
    /// Write an account's calendar as one iCalendar file, attachments inside.
    #[command(after_help = "Examples:\n  ewsctl calendar export anna@example.org >anna.ics\n  \
        ewsctl calendar export anna@example.org --output anna.ics")]
    Export {
        /// Login or address of the account.
        #[arg(add = completions::accounts())]
        account: String,
        /// The file, which must not be there yet; without it standard output.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    let mut store = open(&settings)?;
    match &args.command {
        Command::Import { account, files, zone } => import(&settings, &mut store, account, files, zone, out),
        Command::Export { account, output } => export(&settings, &mut store, account, output.as_deref(), out),
    }
}

/// What became of all events.
#[derive(Default)]
struct Sum {
    new: usize,
    again: usize,
    /// What could not come in, and why.
    left: Vec<String>,
}

fn import(settings: &Settings, store: &mut Store, name: &str, files: &[PathBuf], zone: &str, out: Out) -> Result {
    let zone = ItemZone::named(zone)
        .ok_or_else(|| Exit::Data.because(format!("{zone}: no such time zone, such as Europe/Berlin")))?;
    let caller = account::find(settings, store, name)?;
    let mut sum = Sum::default();
    let mut session = Session::new(store, settings, Rc::new(caller), None);
    let own: Rc<[String]> = session.own_addresses().map_err(failed)?.into();
    let limits = Limits::of_files(settings);
    let mut told: Vec<EventItem> = Vec::new();
    for file in files {
        let octets = read(settings, file)?;
        match ask(&Calendar { zone: zone.clone(), limits }, &octets) {
            Ok(Ok(calendar)) => {
                let left = calendar.left.iter();
                sum.left.extend(left.map(|left| format!("{}: {}: {}", file.display(), left.name, left.why)));
                told.extend(EventItem::all(calendar, &own));
            }
            Ok(Err(why)) => sum.left.push(format!("{}: {why}", file.display())),
            Err(why) => sum.left.push(format!("{}: {why}", file.display())),
        }
    }
    let mut progress = Progress::new("events", told.len(), out.json);
    for one in told {
        let name = transfer::name(&one.event).to_owned();
        match transfer::take(&mut session, one) {
            Ok(Transferred::New) => sum.new += 1,
            Ok(Transferred::Again) => sum.again += 1,
            Err(Error::Failure(failure)) => sum.left.push(format!("{name}: {}", failure.text)),
            Err(fault) => return Err(failed(fault)),
        }
        progress.step();
    }
    drop(progress);
    control::tell_changes(settings, store)?;
    tell(&sum, out)
}

fn tell(sum: &Sum, out: Out) -> Result {
    let value = json!({ "new": sum.new, "replaced": sum.again, "left": sum.left });
    out.tell(&value, &format!("{} new events, {} replaced", sum.new, sum.again))?;
    if sum.left.is_empty() {
        return Ok(());
    }
    if !out.json {
        sum.left.iter().for_each(|why| eprintln!("ewsctl: left out: {why}"));
    }
    Err(Exit::Data.because(format!("{} could not be brought in", sum.left.len())))
}

/// A file of at most limits.message_bytes.
fn read(settings: &Settings, file: &Path) -> Result<Vec<u8>> {
    let most = settings.limits.message_bytes;
    let failed = |error| Exit::Io.because(format!("{}: {error}", file.display()));
    let mut octets = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().lock().take(most + 1).read_to_end(&mut octets)
    } else {
        std::fs::File::open(file).and_then(|from| from.take(most + 1).read_to_end(&mut octets))
    };
    read.map_err(failed)?;
    if octets.len() as u64 > most {
        Err(Exit::Data.because(format!("{}: larger than limits.message_bytes ({most})", file.display())))
    } else {
        Ok(octets)
    }
}

fn export(settings: &Settings, store: &mut Store, name: &str, output: Option<&Path>, out: Out) -> Result {
    let caller = account::find(settings, store, name)?;
    let mut session = Session::new(store, settings, Rc::new(caller), None);
    let items = transfer::all(&mut session).map_err(failed)?;
    let mut progress = Progress::new("events", items.len(), out.json);
    let calendar = transfer::give(&mut session, &items, || progress.step()).map_err(failed)?;
    drop(progress);
    let text = write(&calendar).map_err(|why| failed(why.into()))?;
    let Some(path) = output else { return super::print(format_args!("{text}")) };
    let wrong = |error| Exit::Io.because(format!("{}: {error}", path.display()));
    let mut file = std::fs::File::create_new(path).map_err(wrong)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(wrong)?;
    let value = json!({ "items": items.len(), "file": path });
    out.tell(&value, &format!("{} items are in {}", items.len(), path.display()))
}

fn failed(error: Error) -> super::Failure {
    Exit::Temporary.because(error.into_failure().text.into_owned())
}
