//! `ewsctl trace`: what one account's clients ask, and what they are answered.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ewsd_mailbox::clock;
use ewsd_worker::trace::{self, ORDER_BYTES, Order};
use serde_json::Value;

use super::account_set::octets;
use super::control::text_of;
use super::database::open;
use super::signals::{Event, Signals};
use super::{Exit, Failure, Out, Result, account, completions};

/// Watch what the clients of one account ask, and what they are answered.
///
/// Requests show up when they have logged in, with the fields of their heads; passwords, tokens and cookies are left out. Of a
/// call that waits for an event the request is shown: its answer comes from the master. Only requests to this node are seen.
/// Nothing is left behind when it ends.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ewsctl trace anna@example.org\n  \
    ewsctl trace anna@example.org --bodies --seconds 60 --output anna.trace   with her mail in it: a file for you alone\n  \
    ewsctl trace anna@example.org --json | jq -r 'select(.code != \"NoError\").id'   a line for each request and each answer")]
pub struct Args {
    /// Its login or one of its addresses.
    #[arg(add = completions::accounts())]
    account: String,
    /// Whole requests and answers, which is people's mail: 1 MB of each at most.
    #[arg(long)]
    bodies: bool,
    /// End after so many seconds; without it with Ctrl-C.
    #[arg(long, value_name = "N", value_parser = super::whole::<u64>)]
    seconds: Option<u64>,
    /// End when so much was written down, such as 500M or 2G.
    #[arg(long, value_name = "BYTES", default_value = "100M", value_parser = size)]
    most: u64,
    /// Write to this file, which is made with mode 0600 and must not be there.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Workers write for so long without being told again: should this program be killed, it ends by itself.
const LEASE: u64 = 15;
/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Octets that are read at a time.
const PIECE: usize = 1 << 20;

fn size(text: &str) -> std::result::Result<u64, String> {
    let octets = octets(text).and_then(|octets| u64::try_from(octets).ok()).filter(|octets| *octets > 0);
    octets.ok_or_else(|| "bytes such as 1000000, 500M or 2G".to_owned())
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load_to_reach(config)?;
    let account = account::find(&settings, &mut open(&settings)?, &args.account)?;
    let mut to: Box<dyn io::Write> = match &args.output {
        None => Box::new(io::stdout()),
        Some(path) => {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            Box::new(made.map_err(|error| Exit::Exists.because(format!("{}: {error}", path.display())))?)
        }
    };
    let signals = Signals::catch(false)?;
    let state_dir = &settings.server.state_dir;
    let traced = Traced::begin(state_dir, trace::file(state_dir, account.mailbox), args)?;
    eprintln!(
        "ewsctl: {} is traced until {}",
        account.login,
        match args.seconds {
            Some(seconds) => format!("{seconds} s have passed, or Ctrl-C"),
            None => "you press Ctrl-C".to_owned(),
        }
    );
    let until = args.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    traced.follow(&signals, until, &mut |line| match write(&mut to, line, out) {
        // A reader that has gone (`| head`) has seen what it wanted.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Exit::Io.because(format!("the output: {error}"))),
        Ok(()) => Ok(true),
    })
}

/// The file to which workers write, as long as this lives.
struct Traced {
    path: PathBuf,
    file: File,
    order: Order,
}

impl Traced {
    fn begin(state_dir: &str, path: PathBuf, args: &Args) -> Result<Traced> {
        let failed = |error: io::Error| failure(&path, &error);
        if File::open(&path).is_ok_and(|file| Order::read(&file).is_some_and(|order| order.until >= clock::unix())) {
            return Err(Exit::Exists.because(format!("{} is being traced already", args.account)));
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let owner = fs::metadata(state_dir).map_err(|error| failure(Path::new(state_dir), &error))?;
        let folder = trace::folder(state_dir);
        // The server makes it, and its workers write nowhere else.
        if !folder.is_dir() {
            return Err(Exit::Unavailable.because(format!("there is no {}: start the server", folder.display())));
        }
        let file =
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
        let order = Order { until: 0, most: args.most, bodies: args.bodies };
        let traced = Traced { path, file, order };
        own(&traced.file, &owner).map_err(|error| failure(&traced.path, &error))?;
        traced.renew()?;
        Ok(traced)
    }

    /// Lets the workers go on.
    fn renew(&self) -> Result {
        let line = Order { until: clock::unix() + LEASE, ..self.order }.to_line();
        self.file.write_all_at(line.as_bytes(), 0).map_err(|error| failure(&self.path, &error))
    }

    /// Gives each line on, until somebody wants an end: `tell` by its answer, a signal, the time, or the size.
    fn follow(
        &self,
        signals: &Signals,
        until: Option<Instant>,
        tell: &mut dyn FnMut(&Value) -> Result<bool>,
    ) -> Result {
        let (mut place, mut rest) = (ORDER_BYTES as u64, Vec::new());
        let mut renewed = Instant::now();
        loop {
            let ends = signals.wait(Some(LOOK))? == Event::Stop || until.is_some_and(|until| Instant::now() >= until);
            if renewed.elapsed() >= Duration::from_secs(LEASE / 3) {
                self.renew()?;
                renewed = Instant::now();
            }
            let mut piece = vec![0; PIECE];
            loop {
                let read = self.file.read_at(&mut piece, place).map_err(|error| failure(&self.path, &error))?;
                if read == 0 {
                    break;
                }
                place += read as u64;
                rest.extend_from_slice(piece.get(..read).unwrap_or_default());
                while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
                    let line: Vec<u8> = rest.drain(..=end).collect();
                    let line = serde_json::from_slice(&line)
                        .map_err(|error| Exit::Software.because(format!("a line of the trace: {error}")))?;
                    if !tell(&line)? {
                        return Ok(());
                    }
                }
            }
            if place >= self.order.most {
                eprintln!("ewsctl: {place} octets were written down: --most allows more");
                return Ok(());
            }
            if ends {
                return Ok(());
            }
        }
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            eprintln!("ewsctl: {}: {error}: remove it yourself", self.path.display());
        }
    }
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    let code = if error.kind() == ErrorKind::PermissionDenied { Exit::Denied } else { Exit::Io };
    code.because(format!("{}: {error}", path.display()))
}

/// Gives a file to who owns the state directory, whom workers run as. Root alone can; whoever else runs this is that one.
fn own(file: &File, owner: &fs::Metadata) -> io::Result<()> {
    if file.metadata()?.uid() == owner.uid() { Ok(()) } else { fchown(file, Some(owner.uid()), Some(owner.gid())) }
}

fn write(to: &mut dyn io::Write, line: &Value, out: Out) -> io::Result<()> {
    let text = if out.json { format!("{line}\n") } else { describe(line) };
    to.write_all(text.as_bytes())?;
    to.flush()
}

/// A request or an answer for people: a line about it, its head with a mark before each line, its body.
fn describe(line: &Value) -> String {
    let text = |name| text_of(line, name).unwrap_or_default();
    let octets = line.get("octets").and_then(Value::as_u64);
    let held = line.get("held").and_then(Value::as_bool).unwrap_or_default();
    let (about, head, mark) = match text_of(line, "request") {
        Some(head) => (format!("{} from {}", text("login"), text("address")), head, '>'),
        None => (format!("{} {}", text("operation"), text("code")), text("answer"), '<'),
    };
    let size = match octets {
        Some(octets) => format!("{octets} octets"),
        None => "waits for an event".to_owned(),
    };
    let mut out = format!("{} {} {about}, {size}\n", text("at"), text("id"));
    if !held {
        for field in head.lines() {
            out.push_str(&format!("{mark} {field}\n"));
        }
    }
    if let Some(body) = text_of(line, "body") {
        let cut = line.get("cut").and_then(Value::as_bool).unwrap_or_default();
        out.push_str(&format!("{body}{}\n", if cut { "\n(and so on)" } else { "" }));
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn requests_and_answers_are_shown_by_their_heads() {
        let request = json!({"at": "T", "id": "1", "login": "anna", "address": "::1", "request": "POST / HTTP/1.1\nHost: x", "octets": 3});
        assert_eq!(super::describe(&request), "T 1 anna from ::1, 3 octets\n> POST / HTTP/1.1\n> Host: x\n\n");
        let answer = json!({"at": "T", "id": "1", "operation": "GetFolder", "code": "NoError", "answer": "HTTP/1.1 200 OK",
            "octets": 2, "held": false, "body": "ab", "cut": true});
        assert_eq!(super::describe(&answer), "T 1 GetFolder NoError, 2 octets\n< HTTP/1.1 200 OK\nab\n(and so on)\n\n");
        let held = json!({"at": "T", "id": "1", "operation": "GetEvents", "code": "NoError", "answer": "", "octets": null, "held": true});
        assert_eq!(super::describe(&held), "T 1 GetEvents NoError, waits for an event\n\n");
    }
}
