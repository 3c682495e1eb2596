//! The herald role: tells the other nodes of the same database what changed here, and the master what changed there.
//!
//! Workers do not notify: a transaction that changes a mailbox and notifies commits one after the other with all that do so.
//! They tell the master, which tells this role, which puts together what has come and notifies by a session of its own
//! (`ewsd_store::Herald`). Whatever is lost here, with the process or with the session, is found by the masters' sweeps; a new
//! session has the master sweep at once. When accounts were changed, on whichever node and by whatever program, the workers'
//! memory of accounts is void.

use std::time::{Duration, Instant};

use ewsd_ipc::message::Pairs;
use ewsd_ipc::{PAIRS_MAX, Reply, Word, WorkerEnd};
use ewsd_mailbox::log::note;
use ewsd_mailbox::{clock, random};
use ewsd_settings::Settings;
use ewsd_store::{Herald, HeraldEvent, NodeName, Options, StoreError};

use super::request::host_name;
use super::signals::{Event, Signals};
use super::{database, hears_within_all};
use crate::auth::tag;

/// Between two notifications; what comes meanwhile goes into the next one.
const GAP: Duration = Duration::from_millis(5);
/// The database takes no longer over what this role asks; a session that hears nothing any more is noticed after it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pauses while there is no session: they double.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The master hears so often from this role, and believes it alive for three times as long.
const SIGN: Duration = Duration::from_secs(20);

/// Why a session is over.
enum SessionEnd {
    /// The master wants an end, or is gone.
    Stop,
    Store(StoreError),
    Io(std::io::Error),
}

impl From<StoreError> for SessionEnd {
    fn from(error: StoreError) -> SessionEnd {
        SessionEnd::Store(error)
    }
}

impl From<std::io::Error> for SessionEnd {
    fn from(error: std::io::Error) -> SessionEnd {
        SessionEnd::Io(error)
    }
}

/// What outlives a session.
struct Post<'a> {
    end: &'a WorkerEnd,
    signals: &'a Signals,
    options: Options,
    /// Between two looks at what may have been missed.
    round: Duration,
    /// What was last said of other nodes.
    others: Option<u32>,
    said: Option<Instant>,
}

pub(super) fn run(end: &WorkerEnd, settings: &Settings, signals: &Signals) -> Result<(), String> {
    let mut options = database::options_for_role(settings, "ewsd herald");
    if !settings.database.herald_url.is_empty() {
        options.url.clone_from(&settings.database.herald_url);
    }
    let patience = PATIENCE.min(database::role_statement(settings));
    (options.statement_timeout, options.answer_timeout) = (Some(patience), Some(patience));
    let round = Duration::from_secs(settings.notifications.sweep_seconds).min(SIGN);
    let mut post = Post { end, signals, options, round, others: None, said: None };
    end.send(&Reply::Ready {}, &[]).map_err(|error| error.to_string())?;
    post.serve_all().map_err(|error| format!("the master: {error}"))
}

impl Post<'_> {
    fn serve_all(&mut self) -> std::io::Result<()> {
        let mut pause = FIRST_PAUSE;
        loop {
            self.say()?;
            let begun = clock::monotonic();
            let error = match self.serve() {
                SessionEnd::Stop => return Ok(()),
                SessionEnd::Io(error) => return Err(error),
                SessionEnd::Store(error) => error,
            };
            match error {
                StoreError::Busy { .. } => {
                    note!(Debug, "no session with PostgreSQL: other nodes are found by sweeping")
                }
                error => note!(Warn, "other nodes are told nothing and found by sweeping alone: {error}"),
            }
            if clock::since(begun) > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            if self.rest(pause)? {
                return Ok(());
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits without a session. True: the master wants an end.
    fn rest(&mut self, pause: Duration) -> std::io::Result<bool> {
        let begun = clock::monotonic();
        loop {
            let left = pause.saturating_sub(clock::since(begun));
            match self.signals.wait_also(self.end.channel(), &[self.end.jobs()], left)? {
                Event::Stop => return Ok(true),
                Event::Timeout => return Ok(false),
                // Nobody can be told: the others' sweeps find it.
                Event::More | Event::Child => match self.end.words()? {
                    None => return Ok(true),
                    Some(_) if left.is_zero() => return Ok(false),
                    Some(_) => {}
                },
            }
        }
    }

    /// One session, until it is over.
    fn serve(&mut self) -> SessionEnd {
        let name = NodeName {
            node: (i32::from_be_bytes(random::array()) & i32::MAX).max(1),
            instance: instance(self.end),
            host: host_name(),
            pid: nix::unistd::getppid().as_raw(),
        };
        let mut herald = match Herald::connect(&self.options, name) {
            Ok(herald) => herald,
            Err(error) => return SessionEnd::Store(error),
        };
        let over = match self.listen(&mut herald) {
            Ok(never) => never,
            Err(over) => over,
        };
        if matches!(over, SessionEnd::Stop) {
            if let Err(error) = herald.leave() {
                note!(Debug, "the other nodes find out by themselves that this one went: {error}");
            }
        }
        over
    }

    fn listen(&mut self, herald: &mut Herald) -> Result<SessionEnd, SessionEnd> {
        // Whatever was said before is lost.
        self.end.send(&Reply::Missed {}, &[])?;
        self.count_nodes(herald)?;
        self.compare_epoch(herald)?;
        let (mut looked, mut told): (Instant, Option<Instant>) = (clock::monotonic(), None);
        let mut untold: Vec<(u64, u64)> = Vec::new();
        loop {
            self.say()?;
            let gap = told.map_or(Duration::ZERO, |time| GAP.saturating_sub(clock::since(time)));
            let rest = self.round.saturating_sub(clock::since(looked));
            let rest = if untold.is_empty() { rest } else { rest.min(gap) };
            let others = [self.end.jobs(), herald.ready()];
            if self.signals.wait_also(self.end.channel(), &others, rest)? == Event::Stop {
                return Ok(SessionEnd::Stop);
            }
            let heard = herald.hear()?;
            self.hear(herald, heard)?;
            let Some(words) = self.end.words()? else { return Ok(SessionEnd::Stop) };
            for word in words {
                match word {
                    Word::Changed { changes } => gather(&mut untold, changes.0),
                    Word::Description { question, text } => answer(herald, question, &text.0)?,
                    Word::Look { .. } => {}
                }
            }
            if !untold.is_empty() && told.is_none_or(|time| clock::since(time) >= GAP) {
                herald.tell(&std::mem::take(&mut untold))?;
                told = Some(clock::monotonic());
            }
            if clock::since(looked) >= self.round {
                self.compare_epoch(herald)?;
                self.count_nodes(herald)?;
                looked = clock::monotonic();
            }
        }
    }

    fn hear(&mut self, herald: &mut Herald, heard: Vec<HeraldEvent>) -> Result<(), SessionEnd> {
        let mut changes = Vec::new();
        let (mut directory, mut nodes) = (false, false);
        for one in heard {
            match one {
                HeraldEvent::Changed(pairs) => gather(&mut changes, pairs),
                HeraldEvent::Directory => directory = true,
                HeraldEvent::Nodes => nodes = true,
                HeraldEvent::Asked(question) => self.end.send(&Reply::Describe { question }, &[])?,
            }
        }
        for part in changes.chunks(PAIRS_MAX) {
            self.end.send(&Reply::Changed { changes: Pairs(part.to_vec()) }, &[])?;
        }
        if directory {
            self.compare_epoch(herald)?;
        }
        if nodes {
            self.count_nodes(herald)?;
        }
        Ok(())
    }

    fn count_nodes(&mut self, herald: &mut Herald) -> Result<(), SessionEnd> {
        let others = herald.others()?;
        if self.others != Some(others) {
            self.end.send(&Reply::Nodes { others }, &[])?;
            self.others = Some(others);
        }
        Ok(())
    }

    fn compare_epoch(&mut self, herald: &mut Herald) -> Result<(), SessionEnd> {
        let epoch = u64::from_ne_bytes(herald.epoch()?.to_ne_bytes());
        let shared = self.end.shared();
        if shared.directory_epoch() != Some(epoch) {
            // In this order: whoever ends in between has all forgotten once more by the next herald, and never once too little.
            self.end.send(&Reply::Forget {}, &[])?;
            shared.set_directory_epoch(epoch);
        }
        Ok(())
    }

    /// Tells the master now and then that this role lives.
    fn say(&mut self) -> std::io::Result<()> {
        if self.said.is_none_or(|time| clock::since(time) >= SIGN) {
            hears_within_all(self.end, 3 * SIGN)?;
            self.said = Some(clock::monotonic());
        }
        Ok(())
    }
}

/// Of each mailbox the newest number.
fn gather(known: &mut Vec<(u64, u64)>, more: Vec<(u64, u64)>) {
    known.extend(more);
    known.sort_unstable_by(|one, other| one.0.cmp(&other.0).then(other.1.cmp(&one.1)));
    known.dedup_by_key(|(mailbox, _)| *mailbox);
}

fn answer(herald: &mut Herald, question: i64, text: &[u8]) -> Result<(), StoreError> {
    match serde_json::from_slice(text) {
        Ok(said) => herald.answer(question, said),
        Err(error) => {
            note!(Error, "what the master says of itself is no JSON: {error}");
            Ok(())
        }
    }
}

/// A number of the server's start, the same in all its processes.
fn instance(end: &WorkerEnd) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = tag(end.shared(), b"node", &[]);
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_the_newest_number_of_a_mailbox_is_told() {
        let mut known = vec![(7, 1), (2, 9)];
        super::gather(&mut known, vec![(7, 3), (2, 4), (1, 1), (7, 2)]);
        assert_eq!(known, [(1, 1), (2, 9), (7, 3)]);
    }
}
