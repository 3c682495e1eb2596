//! What happens to the server, a row each.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{MARK, Stage};
use crate::support::demo::ewsctl;
use crate::support::disk::Filler;
use crate::support::http::Http;
use crate::support::{process, wait};

/// The longest that something stands still or is full.
const LONGEST_MS: usize = 6000;
/// The longest pause between two faults.
const PAUSE_MS: usize = 1200;
/// After so many faults all must be well again.
const BREATH: usize = 12;

/// What does it, by what it is called in the output and how often it comes, compared with others.
type Row = (&'static str, usize, fn(&mut Stage) -> Aftermath);

const FAULTS: &[Row] = &[
    ("a worker is killed", 6, |stage| slay(stage, "request")),
    ("a converter is killed", 3, |stage| slay(stage, "converter")),
    ("the courier is killed", 3, |stage| slay(stage, "courier")),
    ("the herald is killed", 1, |stage| slay(stage, "herald")),
    ("the janitor is killed", 1, |stage| slay(stage, "janitor")),
    ("who asks about passwords is killed", 3, |stage| slay(stage, "login")),
    ("who asks about passwords stands still", 2, |stage| freeze(stage, "login")),
    ("PostgreSQL's keeper is killed", 1, |stage| slay(stage, "database")),
    ("a worker stands still", 3, |stage| freeze(stage, "request")),
    ("a converter stands still", 2, |stage| freeze(stage, "converter")),
    ("the courier stands still", 2, |stage| freeze(stage, "courier")),
    ("the herald stands still", 1, |stage| freeze(stage, "herald")),
    ("the janitor stands still", 1, |stage| freeze(stage, "janitor")),
    ("PostgreSQL is killed", 2, |stage| {
        stage.server().postmaster().into_iter().for_each(end);
        Aftermath::None
    }),
    ("a process of PostgreSQL's is killed", 2, |stage| {
        let pid = session(stage);
        pid.into_iter().for_each(end);
        Aftermath::None
    }),
    ("a process of PostgreSQL's is told to end", 2, |stage| {
        let pid = session(stage);
        pid.into_iter().for_each(|pid| tell(pid, Signal::SIGTERM));
        Aftermath::None
    }),
    ("a process of PostgreSQL's stands still", 3, |stage| {
        Aftermath::Frozen(session(stage).into_iter().collect()).stop()
    }),
    ("PostgreSQL stands still", 3, |stage| {
        let first = stage.server().postmaster();
        let all = first.into_iter().flat_map(|first| process::children(first).into_iter().chain([first]));
        Aftermath::Frozen(all.collect()).stop()
    }),
    ("there is little room", 2, |stage| fill(stage, MARK - (20 << 20))),
    ("there is no room", 2, |stage| fill(stage, 0)),
    ("a reload", 2, |stage| {
        tell(stage.server().master(), Signal::SIGHUP);
        Aftermath::None
    }),
    ("an upgrade", 2, |stage| {
        let mut command = Command::new(ewsctl());
        command.arg("-c").arg(stage.server().config()).arg("upgrade");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Aftermath::Child(child.expect("ewsctl runs"))
    }),
    ("the master is killed", 1, |stage| {
        let server = stage.server.take().expect("it runs");
        end(server.master());
        wait::true_within("all its processes end", wait::LONG, || process::using(&server.folder).is_empty());
        server.has_crashed();
        start(stage, server.restart());
        Aftermath::None
    }),
    ("the server is started anew", 1, |stage| {
        let server = stage.server.take().expect("it runs");
        start(stage, server.restart());
        Aftermath::None
    }),
];

/// What has to be undone.
enum Aftermath {
    None,
    Frozen(Vec<u32>),
    Full(Filler),
    Child(Child),
}

impl Aftermath {
    fn stop(self) -> Aftermath {
        if let Aftermath::Frozen(pids) = &self {
            pids.iter().for_each(|pid| tell(*pid, Signal::SIGSTOP));
        }
        self
    }
}

impl Drop for Aftermath {
    fn drop(&mut self) {
        match self {
            Aftermath::Frozen(pids) => pids.iter().for_each(|pid| tell(*pid, Signal::SIGCONT)),
            Aftermath::Child(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            Aftermath::Full(filler) => filler.remove(),
            Aftermath::None => {}
        }
    }
}

/// It may have ended by itself.
fn tell(pid: u32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid as i32), signal);
}

fn end(pid: u32) {
    tell(pid, Signal::SIGKILL);
}

/// Some process in a role.
fn one(stage: &mut Stage, role: &str) -> Option<u32> {
    let all = process::workers(stage.server().master(), role);
    (!all.is_empty()).then(|| stage.random.of(&all))
}

fn slay(stage: &mut Stage, role: &str) -> Aftermath {
    one(stage, role).into_iter().for_each(end);
    Aftermath::None
}

fn freeze(stage: &mut Stage, role: &str) -> Aftermath {
    Aftermath::Frozen(one(stage, role).into_iter().collect()).stop()
}

/// Any process of PostgreSQL's but the first: of a worker, or one of its own.
fn session(stage: &mut Stage) -> Option<u32> {
    let all = process::children(stage.server().postmaster()?);
    (!all.is_empty()).then(|| stage.random.of(&all))
}

fn fill(stage: &mut Stage, leave: u64) -> Aftermath {
    stage.disk.as_ref().map_or(Aftermath::None, |disk| Aftermath::Full(disk.fill(leave)))
}

fn start(stage: &mut Stage, server: crate::support::demo::Demo) {
    stage.doors.moved(&server);
    stage.server = Some(server);
}

/// Lets things happen until then, and waits until all is well again.
pub fn rage(stage: &mut Stage, until: Instant) {
    let begun = Instant::now();
    let mut after: Vec<(Instant, Aftermath)> = Vec::new();
    let all: usize = FAULTS.iter().map(|(_, often, _)| often).sum();
    let mut number = 0;
    while Instant::now() < until {
        let mut at = stage.random.below(all);
        let row = FAULTS.iter().find(|(_, often, _)| at.checked_sub(*often).map(|rest| at = rest).is_none());
        let (what, _, act) = row.expect("one of them");
        let (lasts, pause) = (stage.random.below(LONGEST_MS), stage.random.below(PAUSE_MS));
        // Whoever starts the server anew wants its disk, and nobody who cannot end.
        if what.contains("master") || what.contains("anew") {
            after.clear();
        }
        println!("havoc: {:8.3} s: {what}", begun.elapsed().as_secs_f64());
        after.push((Instant::now() + Duration::from_millis(lasts as u64), act(stage)));
        number += 1;
        let next = Instant::now() + Duration::from_millis(pause as u64);
        wait::true_within("the pause is over", wait::LONG, || {
            after.retain(|(end, _)| *end > Instant::now());
            Instant::now() >= next
        });
        if number % BREATH == 0 {
            after.clear();
            well(stage);
        }
    }
    after.clear();
    well(stage);
    println!("havoc: {number} faults in {:?}", begun.elapsed());
}

/// The server says so, and clients go on.
fn well(stage: &Stage) {
    let begun = Instant::now();
    let admin = stage.server().admin();
    wait::true_within("the server is ready", 4 * wait::LONG, || {
        Http::try_connect(admin).is_ok_and(|mut http| http.get("/readyz", &[]).status == 200)
    });
    let done = stage.doors.done();
    wait::true_within("clients go on", 4 * wait::LONG, || stage.doors.done() > done + 50);
    println!("havoc: all well after {:?}", begun.elapsed());
}
