//! Those who wait, in processes of their own: each has a limit of descriptors, and an address with ports, of its own.
//!
//! A holder is told by its standard input what to do, a line each: first its job (JSON), then `report` or `wave`. It says a line of JSON
//! when all its clients ask, and for each of these. It ends when its input does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, TryRecvError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::crowd::{Crowd, Kind, Told, What};
use crate::error::{During as _, Error, Result};
use crate::target::{self, Target};

/// So many come, at least, before they ask: requests of all at once would wait longer than a server lets them.
const SLICE: usize = 500;
/// Between two looks at the standard input.
const LOOK: Duration = Duration::from_millis(50);
/// Of those who were lost or told twice, so many say how.
const REASONS: usize = 5;

/// What a holder is to do.
#[derive(Debug)]
pub struct Job {
    /// The announcement of a server that has the accounts.
    pub ready: PathBuf,
    /// What all servers listen on.
    pub shared: SocketAddr,
    pub from: Ipv4Addr,
    pub clients: usize,
    pub mailboxes: usize,
    /// Seconds that a call is held.
    pub wait: u32,
}

impl Job {
    fn json(&self) -> Value {
        json!({
            "ready": self.ready, "shared": self.shared.to_string(), "from": self.from.to_string(), "clients": self.clients,
            "mailboxes": self.mailboxes, "wait": self.wait,
        })
    }

    fn read(line: &str) -> Result<Job> {
        let job: Value = serde_json::from_str(line).during("a holder's job")?;
        let text = |name: &str| job.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| job.get(name).and_then(Value::as_u64).unwrap_or_default();
        Ok(Job {
            ready: Path::new(text("ready")).to_owned(),
            shared: text("shared").parse().during("a holder's server")?,
            from: text("from").parse().during("a holder's address")?,
            clients: usize::try_from(number("clients")).during("a holder's clients")?,
            mailboxes: usize::try_from(number("mailboxes")).during("a holder's mailboxes")?,
            wait: u32::try_from(number("wait")).during("a holder's patience")?,
        })
    }
}

/// What its clients were told since the last report.
#[derive(Debug, Default)]
pub struct Report {
    /// The account, and microseconds since 1970.
    pub told: Vec<(usize, u64)>,
    /// How many clients were told something again in the same wave.
    pub doubled: u64,
    /// How many connections were lost.
    pub lost: u64,
    /// About the first of these.
    pub reasons: Vec<String>,
}

impl Report {
    fn json(&self) -> Value {
        json!({ "told": self.told, "doubled": self.doubled, "lost": self.lost, "reasons": self.reasons })
    }

    fn reason(&mut self, why: String) {
        if self.reasons.len() < REASONS {
            self.reasons.push(why);
        }
    }

    fn read(report: &Value) -> Option<Report> {
        let pair = |entry: &Value| {
            let account = usize::try_from(entry.get(0)?.as_u64()?).ok()?;
            Some((account, entry.get(1)?.as_u64()?))
        };
        let reasons = report.get("reasons")?.as_array()?.iter();
        Some(Report {
            told: report.get("told")?.as_array()?.iter().map(pair).collect::<Option<_>>()?,
            doubled: report.get("doubled")?.as_u64()?,
            lost: report.get("lost")?.as_u64()?,
            reasons: reasons.filter_map(|why| Some(why.as_str()?.to_owned())).collect(),
        })
    }
}

/// A holder, as the process sees it that started it.
#[derive(Debug)]
pub struct Holder {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Holder {
    pub fn start(job: &Job) -> Result<Holder> {
        let mut command = Command::new(std::env::current_exe()?);
        let command = command.arg("holders").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().during("a holder")?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = output.ok_or_else(|| Error::new("a holder without an output"))?;
        let mut holder = Holder { child, input, output: BufReader::new(output) };
        holder.say(&job.json().to_string())?;
        Ok(holder)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn say(&mut self, line: &str) -> Result {
        let input = self.input.as_mut().ok_or_else(|| Error::new("a holder without an input"))?;
        writeln!(input, "{line}").and_then(|()| input.flush()).during("a holder")
    }

    fn hear(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.output.read_line(&mut line).during("a holder")? == 0 {
            return Err(Error::new("a process that holds clients has ended"));
        }
        let said: Value = serde_json::from_str(&line).during("what a holder says")?;
        match said.get("error").and_then(Value::as_str) {
            Some(why) => Err(Error::new(format!("a process that holds clients: {why}"))),
            None => Ok(said),
        }
    }

    /// Waits until all of its clients have asked.
    pub fn until_asked(&mut self) -> Result {
        self.hear().map(drop)
    }

    /// From now on each client is to be told once more: what it was told before does not count, when this is over.
    pub fn wave(&mut self) -> Result {
        self.say("wave")?;
        self.hear().map(drop)
    }

    pub fn report(&mut self) -> Result<Report> {
        self.say("report")?;
        let said = self.hear()?;
        Report::read(&said).ok_or_else(|| Error::new(format!("a holder says {said:.300}")))
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.input = None;
        // It has ended, or does so now.
        let _ = self.child.wait();
    }
}

/// The process itself.
pub fn run() -> Result {
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        // Whoever is not heard any more has ended.
        std::io::stdin().lines().map_while(|line| line.ok()).try_for_each(|line| send.send(line)).ok()
    });
    let job = lines.recv().map_err(|_| Error::new("this is started by `ewsload nodes` only"))?;
    hold(&job, &lines).inspect_err(|error| say(&json!({ "error": error.to_string() })))
}

fn say(what: &Value) {
    println!("{what}");
}

fn hold(job: &str, lines: &mpsc::Receiver<String>) -> Result {
    let job = Job::read(job)?;
    target::room_for(job.clients)?;
    let target = Target::announced(&job.ready, job.shared, job.from)?;
    let mut held = Held { crowd: Crowd::new()?, target, wait: job.wait, seen: Vec::new(), report: Report::default() };
    let clock = (Instant::now(), SystemTime::now());
    held.come(&job, clock)?;
    say(&json!({ "asked": job.clients }));
    loop {
        match lines.try_recv() {
            Ok(line) if line == "wave" => {
                held.seen.fill(None);
                say(&json!({ "wave": true }));
            }
            Ok(_) => say(&std::mem::take(&mut held.report).json()),
            Err(TryRecvError::Empty) => held.listen(LOOK, clock)?,
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
    }
}

/// Its clients.
struct Held {
    crowd: Crowd,
    target: Target,
    wait: u32,
    /// The watermark that each was told in this wave.
    seen: Vec<Option<String>>,
    report: Report,
}

impl Held {
    /// All come and ask, some at a time.
    fn come(&mut self, job: &Job, clock: (Instant, SystemTime)) -> Result {
        let slice = job.mailboxes * SLICE.div_ceil(job.mailboxes);
        while self.crowd.len() < job.clients {
            let first = self.crowd.len();
            let count = slice.min(job.clients - first);
            self.crowd.gather(&self.target, Kind::Pull, count, (0, job.mailboxes))?;
            self.seen.resize(first + count, None);
            (first..first + count).try_for_each(|who| self.crowd.ask(&self.target, who, self.wait))?;
            self.listen(Duration::ZERO, clock)?;
        }
        Ok(())
    }

    /// Notes what they are told; whoever was told something asks again.
    fn listen(&mut self, time: Duration, (here, there): (Instant, SystemTime)) -> Result {
        let mut told = Vec::new();
        self.crowd.hear(time, &mut told)?;
        for Told { who, at, what } in told {
            match what {
                What::News { watermark } => {
                    let at = there + at.saturating_duration_since(here);
                    let at = at.duration_since(UNIX_EPOCH).during("the clock")?.as_micros();
                    self.report.told.push((self.crowd.account(who), u64::try_from(at).unwrap_or(u64::MAX)));
                    let again = self.seen.get_mut(who).and_then(|seen| seen.replace(watermark.clone()));
                    if let Some(before) = again {
                        self.report.doubled += 1;
                        let account = self.crowd.account(who);
                        self.report.reason(format!("client {who} of mailbox {account}: {before} and {watermark}"));
                    }
                }
                What::Lost(why) => {
                    self.report.lost += 1;
                    self.report.reason(why);
                    self.crowd.come_again(&self.target, who)?;
                }
                What::Nothing | What::Beat | What::Closed => {}
            }
            self.crowd.ask(&self.target, who, self.wait)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Job, Report};

    #[test]
    fn what_is_said_is_what_is_heard() {
        let job = Job {
            ready: "/tmp/x/ready.json".into(),
            shared: "127.0.0.1:8080".parse().unwrap(),
            from: "127.0.1.3".parse().unwrap(),
            clients: 16_667,
            mailboxes: 100,
            wait: 3600,
        };
        assert_eq!(format!("{:?}", Job::read(&job.json().to_string()).unwrap()), format!("{job:?}"));
        assert!(Job::read("{}").is_err() && Job::read("").is_err());
        let report = Report { told: vec![(3, 1 << 50), (0, 7)], doubled: 2, lost: 1, reasons: vec!["a\nb".to_owned()] };
        assert_eq!(format!("{:?}", Report::read(&report.json()).unwrap()), format!("{report:?}"));
        assert!(Report::read(&serde_json::json!({})).is_none());
    }
}
