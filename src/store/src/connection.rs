//! One connection, made when it is needed and made anew when it is lost; statements prepared once per connection;
//! transactions; the list of committed changes that the role loop tells the master.
//!
//! After a loss the next call connects again, but not before a growing pause has passed: until then every call answers
//! [`StoreError::Busy`] at once, so a worker spends no time on a database that is away.

use crate::clock;
use crate::error::{Verdict, is_fatal, misfit, text, verdict};
use crate::prepared::Prepared;
use crate::row::first;
use crate::session::{Broken, Session};
use crate::sql::Sql;
use crate::{Missing, Options, StoreError};
use ewsd_model::id::{MailboxNo, Seq};
use postgres::types::ToSql;
use postgres::{Row, Statement};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio_postgres::Config;

/// How often a transaction that met another one is run.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// A connection unused for so long is tried before it is trusted with a change.
const IDLE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Without any sign of life from the other machine for so long, the connection is given up.
const VANISHED: Duration = Duration::from_secs(20);
/// What the driver takes when the URL does not say `keepalives_idle`.
const KEEPALIVES_UNSET: Duration = Duration::from_secs(2 * 60 * 60);

/// The database as one worker uses it. Not shared between threads: one connection each.
pub struct Store {
    options: Options,
    config: Config,
    session: Option<Session>,
    pub(crate) prepared: Prepared,
    used: Instant,
    /// Until then what is asked must be answered; see [`Store::limit`].
    until: Option<Instant>,
    not_before: Option<Instant>,
    pause: Duration,
    /// There was a connection with these options.
    proven: bool,
    running: Option<Running>,
    changes: Vec<(MailboxNo, Seq)>,
    /// Mail was queued since it was last asked.
    pub(crate) queued: bool,
}

/// The open transaction.
#[derive(Default)]
struct Running {
    /// Why it cannot be committed any more.
    failed: Option<Failed>,
    /// Mailboxes whose changes it made or tried, in the order in which their counters must be locked.
    mailboxes: BTreeSet<MailboxNo>,
    touched: Vec<(MailboxNo, Seq)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Failed {
    Again,
    ForGood,
}

impl Store {
    /// Connects once, so that a wrong setting shows at the start; later losses are repaired by themselves.
    pub fn connect(options: &Options) -> Result<Store, StoreError> {
        let mut store = Store::lazy(options)?;
        store.connect_if_lost()?;
        Ok(store)
    }

    /// Connects at the first call.
    pub fn lazy(options: &Options) -> Result<Store, StoreError> {
        Ok(Store {
            options: options.clone(),
            config: config(options)?,
            session: None,
            prepared: Prepared::default(),
            used: clock::now(),
            until: None,
            not_before: None,
            pause: FIRST_PAUSE,
            proven: false,
            running: None,
            changes: Vec::new(),
            queued: false,
        })
    }

    /// The changes committed since the last call: for each mailbox the newest number. To be told to the master.
    pub fn take_changes(&mut self) -> Vec<(MailboxNo, Seq)> {
        let mut newest: Vec<(MailboxNo, Seq)> = Vec::new();
        for (mailbox, seq) in std::mem::take(&mut self.changes) {
            match newest.iter_mut().find(|(known, _)| *known == mailbox) {
                Some((_, known)) => *known = seq.max(*known),
                None => newest.push((mailbox, seq)),
            }
        }
        newest
    }

    /// Runs `body` in one transaction: all of it happens or nothing. Inside another one it is a part of that.
    ///
    /// Where another session's change came between, the whole `body` is run again, so it must not act on anything but
    /// the store. An error of any call inside spoils the transaction: it cannot be swallowed. Of several mailboxes, change
    /// the lower number first.
    pub fn transaction<T, E: From<StoreError>>(
        &mut self,
        mut body: impl FnMut(&mut Store) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.running.is_some() {
            let result = body(self);
            if result.is_err() {
                self.spoil(Failed::ForGood);
            }
            return result;
        }
        let mut locks = BTreeSet::new();
        for attempt in 1.. {
            self.begin(&locks)?;
            let mut result = body(self);
            if result.is_ok() {
                // Still inside: should the connection be gone, nothing may be made anew and called committed.
                result = result.and_then(|value| self.commit().map(|()| value).map_err(E::from));
            }
            let running = self.running.take().unwrap_or_default();
            match result {
                Ok(value) => {
                    self.changes.extend(running.touched);
                    return Ok(value);
                }
                Err(error) => {
                    self.rollback();
                    if running.failed != Some(Failed::Again) || attempt >= ATTEMPTS {
                        return Err(error);
                    }
                }
            }
            // The second time the counters are locked first: then every statement sees what the others left.
            locks.extend(running.mailboxes);
        }
        Err(self.busy().into())
    }

    /// Runs `body` so that what it fails of undoes nothing but itself, inside a transaction too: something else may then be
    /// tried instead. A lost connection, or a change that must be made anew, still ends the transaction.
    pub fn part<T>(&mut self, body: impl FnOnce(&mut Store) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let Some(running) = &self.running else { return body(self) };
        if running.failed.is_some() {
            return Err(self.busy());
        }
        let touched = running.touched.len();
        self.command("savepoint part").map_err(|ended| self.give_up(ended))?;
        let result = body(self);
        let end = match &self.running {
            _ if result.is_ok() => "release part",
            Some(Running { failed: Some(Failed::Again), .. }) | None => return result,
            Some(_) if self.session.is_none() => return result,
            Some(_) => "rollback to part; release part",
        };
        self.command(end).map_err(|ended| self.give_up(ended))?;
        if let Some(running) = self.running.as_mut().filter(|_| result.is_err()) {
            running.failed = None;
            running.touched.truncate(touched);
        }
        result
    }

    /// From now on every call together has so long, then all answer [`StoreError::Busy`]; none: each has
    /// [`Options::answer_timeout`] for itself. Set anew for each request, so that its client is answered in time.
    pub fn limit(&mut self, within: Option<Duration>) {
        self.until = within.map(|within| clock::now() + within);
    }

    /// Whether the database answers.
    pub fn ping(&mut self) -> Result<(), StoreError> {
        self.read(&Sql::new("select 1")).map(drop)
    }

    /// True when a statement can be expected to reach the server.
    pub fn is_connected(&self) -> bool {
        self.session.as_ref().is_some_and(|session| !session.is_closed())
    }

    /// How long an answer may take; an error when there is no time left.
    fn within(&self) -> Result<Option<Duration>, StoreError> {
        let Some(until) = self.until else {
            return Ok(self.options.answer_timeout);
        };
        let left = until.saturating_duration_since(clock::now());
        if left.is_zero() { Err(self.busy()) } else { Ok(Some(left)) }
    }

    /// How long every call still answers [`StoreError::Busy`] at once; zero when the next one finds out for itself.
    pub fn pause_left(&self) -> Duration {
        self.not_before.map_or(Duration::ZERO, |time| time.saturating_duration_since(clock::now()))
    }

    pub(crate) fn query(&mut self, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        self.run(sql).map_err(|ended| self.give_up(ended))
    }

    pub(crate) fn query_opt(&mut self, sql: &Sql) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql)?.into_iter().next())
    }

    /// A statement that changes nothing: a connection found lost is made anew and asked again at once.
    pub(crate) fn read(&mut self, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        match self.query(sql) {
            Err(StoreError::Busy { .. }) if self.session.is_none() && self.running.is_none() => self.query(sql),
            result => result,
        }
    }

    pub(crate) fn read_opt(&mut self, sql: &Sql) -> Result<Option<Row>, StoreError> {
        Ok(self.read(sql)?.into_iter().next())
    }

    pub(crate) fn read_one(&mut self, sql: &Sql, missing: Missing) -> Result<Row, StoreError> {
        self.read_opt(sql)?.ok_or(StoreError::NotFound(missing))
    }

    /// Runs one change of `mailbox`. The first column of the first row is the newest number it gave; no row: nothing was
    /// changed. Only `journal.rs` calls this.
    pub(crate) fn change(&mut self, mailbox: MailboxNo, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        if let Some(running) = &mut self.running {
            running.mailboxes.insert(mailbox);
            let rows = self.run(sql).map_err(|ended| self.give_up(ended))?;
            if let (Some(row), Some(running)) = (rows.first(), &mut self.running) {
                running.touched.push((mailbox, first(row)?));
            }
            return Ok(rows);
        }
        match self.run(sql) {
            Ok(rows) => {
                if let Some(row) = rows.first() {
                    self.changes.push((mailbox, first(row)?));
                }
                Ok(rows)
            }
            Err(Ended::Store(error)) => Err(error),
            // Another change of the same rows came first. With the counter locked before it looks, it sees them.
            Err(Ended::Again) => self.transaction(|store| {
                store.lock_mailbox(mailbox)?;
                store.change(mailbox, sql)
            }),
        }
    }

    /// Takes the mailbox's place in the order of changes now. What is read afterwards cannot change before the commit.
    pub(crate) fn lock_mailbox(&mut self, mailbox: MailboxNo) -> Result<(), StoreError> {
        if let Some(running) = &mut self.running {
            running.mailboxes.insert(mailbox);
        }
        let sql = Sql::new("select 1 from counter where mailbox = $1 for update").with([mailbox.0.into()]);
        self.query(&sql).map(drop)
    }

    pub(crate) fn in_transaction(&self) -> bool {
        self.running.is_some()
    }

    pub(crate) fn busy(&self) -> StoreError {
        StoreError::Busy { retry_ms: self.options.retry_ms }
    }

    fn begin(&mut self, locks: &BTreeSet<MailboxNo>) -> Result<(), StoreError> {
        // Nothing has happened yet: a connection found lost is made anew.
        let begun = match self.command("begin") {
            Err(_) if self.session.is_none() => self.command("begin"),
            begun => begun,
        };
        begun.map_err(|ended| self.give_up(ended))?;
        self.running = Some(Running::default());
        for &mailbox in locks {
            if let Err(error) = self.lock_mailbox(mailbox) {
                self.running = None;
                self.rollback();
                return Err(error);
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if self.running.as_ref().is_some_and(|running| running.failed.is_some()) {
            return Err(self.busy());
        }
        self.command("commit").map_err(|ended| self.give_up(ended))
    }

    fn rollback(&mut self) {
        // Of a lost connection PostgreSQL has undone it.
        if self.session.is_some() && self.command("rollback").is_err() {
            // Whatever state it is in, a new connection is in none.
            self.lose();
        }
    }

    fn spoil(&mut self, how: Failed) {
        if let Some(running) = &mut self.running {
            running.failed.get_or_insert(how);
        }
    }

    /// An error that ends the call; inside a transaction it ends that as well.
    fn give_up(&mut self, ended: Ended) -> StoreError {
        match ended {
            Ended::Store(error) => {
                self.spoil(Failed::ForGood);
                error
            }
            Ended::Again => {
                self.spoil(Failed::Again);
                self.busy()
            }
        }
    }

    fn run(&mut self, sql: &Sql) -> Result<Vec<Row>, Ended> {
        self.connect_if_lost()?;
        let statement = self.prepare(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = sql.params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
        let within = self.within()?;
        let result = self.session()?.query(&statement, &params, within);
        self.used = clock::now();
        result.map_err(|broken| self.ended(broken))
    }

    fn command(&mut self, text: &str) -> Result<(), Ended> {
        self.connect_if_lost()?;
        let within = self.within()?;
        let result = self.session()?.execute(text, within);
        result.map_err(|broken| self.ended(broken))
    }

    fn prepare(&mut self, sql: &Sql) -> Result<Statement, Ended> {
        if let Some(known) = self.prepared.find(sql) {
            return Ok(known);
        }
        let within = self.within()?;
        let result = self.session()?.prepare(&sql.text, within);
        let statement = result.map_err(|broken| self.ended(broken))?;
        self.prepared.keep(sql, &statement);
        Ok(statement)
    }

    /// Sees to it that there is a connection. Inside a transaction a lost one is not replaced: its work is gone.
    fn connect_if_lost(&mut self) -> Result<(), StoreError> {
        let worn = self.running.is_none() && self.prepared.has_worn();
        if worn || self.session.as_ref().is_some_and(Session::is_closed) || self.idle_and_dead() {
            self.lose();
        }
        if self.session.is_none() {
            if self.running.is_some() || self.not_before.is_some_and(|time| clock::now() < time) {
                return Err(self.busy());
            }
            let within = self.within()?.unwrap_or(self.options.connect_timeout).min(self.options.connect_timeout);
            match Session::connect(&self.config, within) {
                Ok(session) => {
                    self.pause = FIRST_PAUSE;
                    self.not_before = None;
                    self.proven = true;
                    self.session = Some(session);
                    self.used = clock::now();
                }
                Err(broken) => return Err(self.not_connected(&broken)),
            }
        }
        Ok(())
    }

    fn not_connected(&mut self, broken: &Broken) -> StoreError {
        self.pause_now();
        let error = match broken {
            Broken::Sql(error) => error,
            Broken::Late => {
                log::warn!("cannot reach PostgreSQL: it does not answer");
                return self.busy();
            }
            Broken::Local(error) => {
                log::warn!("cannot reach PostgreSQL: {error}");
                return self.busy();
            }
        };
        log::warn!("cannot reach PostgreSQL: {}", text(error));
        // What was right once is no wrong setting: somebody keeps sessions out for a while.
        match verdict(error) {
            Verdict::Away => self.busy(),
            _ if self.proven => self.busy(),
            _ => StoreError::Db(text(error)),
        }
    }

    /// No attempt for a while, which grows.
    fn pause_now(&mut self) {
        self.not_before = Some(clock::now() + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// A change cannot be run again when its connection breaks. So one that has been idle is tried with nothing first: a
    /// restart of PostgreSQL costs quiet workers no call.
    fn idle_and_dead(&mut self) -> bool {
        if self.running.is_some() || clock::now().duration_since(self.used) < IDLE {
            return false;
        }
        let Ok(within) = self.within() else { return false };
        self.used = clock::now();
        match self.session.as_ref().map(|session| session.execute("", within)) {
            Some(Err(Broken::Late)) => {
                self.late();
                true
            }
            Some(Err(_)) => true,
            Some(Ok(())) | None => false,
        }
    }

    /// The connection that [`Store::connect_if_lost`] has seen to. Not replaced here: statements belong to one connection.
    fn session(&mut self) -> Result<&Session, StoreError> {
        self.session.as_ref().ok_or(self.busy())
    }

    fn lose(&mut self) {
        self.prepared.clear();
        self.session = None;
    }

    /// The server is there and says nothing: asked again at once it would say nothing again.
    fn late(&mut self) {
        log::warn!("PostgreSQL does not answer in time");
        self.lose();
        self.pause_now();
    }

    fn ended(&mut self, broken: Broken) -> Ended {
        let error = match broken {
            Broken::Sql(error) => error,
            Broken::Late => {
                self.late();
                return Ended::Store(self.busy());
            }
            Broken::Local(error) => return Ended::Store(StoreError::Db(error.to_string())),
        };
        let closed = self.session.as_ref().is_none_or(Session::is_closed);
        match if closed || is_fatal(&error) { Verdict::Away } else { verdict(&error) } {
            Verdict::Away => {
                log::warn!("lost PostgreSQL: {}", text(&error));
                self.lose();
                Ended::Store(self.busy())
            }
            Verdict::Late => {
                log::warn!("a statement takes too long: {}", text(&error));
                Ended::Store(self.busy())
            }
            Verdict::Again => Ended::Again,
            Verdict::Taken(what) => Ended::Store(StoreError::Exists(what)),
            Verdict::NoRoom => {
                log::error!("PostgreSQL has no room: {}", text(&error));
                Ended::Store(self.busy())
            }
            Verdict::Unfit { large } => Ended::Store(StoreError::Unfit { large, text: misfit(&error) }),
            Verdict::Other => Ended::Store(StoreError::Db(text(&error))),
        }
    }
}

/// How a statement failed.
enum Ended {
    Again,
    Store(StoreError),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Ended::Store(error)
    }
}

/// Every table is reached by key, and tables that are empty when a connection starts will not stay so: scans are never the
/// better plan, and one plan per statement serves all mailboxes.
const SESSION: &str = "-c enable_seqscan=off -c jit=off -c plan_cache_mode=force_generic_plan \
                       -c timezone=UTC -c idle_in_transaction_session_timeout=60000";

pub(crate) fn config(options: &Options) -> Result<Config, StoreError> {
    let mut config: Config = options.url.parse().map_err(|error: postgres::Error| {
        StoreError::Db(format!("database.url is not understood: {}", text(&error)))
    })?;
    let mut session = SESSION.to_owned();
    if let Some(time) = options.statement_timeout {
        let ms = time.as_millis().max(1);
        session.push_str(&format!(" -c statement_timeout={ms} -c lock_timeout={ms}"));
    }
    if let Some(own) = config.get_options() {
        session = format!("{session} {own}");
    }
    config.options(&session);
    config.application_name(&options.application);
    config.connect_timeout(options.connect_timeout);
    // A server that vanished without a word is noticed before the client of a request gives up. Of no effect on Unix sockets.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(VANISHED);
    }
    if config.get_keepalives_idle() == KEEPALIVES_UNSET {
        config.keepalives_idle(VANISHED / 2).keepalives_interval(VANISHED / 4).keepalives_retries(2);
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_machine_that_vanishes_is_noticed_unless_the_url_says_how() {
        let plain = config(&Options::new("host=db.example.test user=x")).unwrap();
        assert_eq!((plain.get_tcp_user_timeout(), plain.get_keepalives_idle()), (Some(&VANISHED), VANISHED / 2));
        let own = config(&Options::new("host=db.example.test keepalives_idle=77 tcp_user_timeout=9")).unwrap();
        assert_eq!(own.get_tcp_user_timeout(), Some(&Duration::from_secs(9)));
        assert_eq!(own.get_keepalives_idle(), Duration::from_secs(77));
    }
}
