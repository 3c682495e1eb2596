//! One connection, made when it is needed and made anew when it is lost; statements prepared once per connection;
//! the list of committed changes that the role loop tells the master. Transactions: `transaction.rs`.
//!
//! After a loss the next call connects again, but not before a growing pause has passed: until then every call answers
//! [`StoreError::Busy`] at once, so a worker spends no time on a database that is away.

mod transaction;

use crate::clock;
use crate::conninfo::{self, Mode};
use crate::error::{Verdict, is_fatal, misfit, refused, text, verdict};
use crate::incarnation;
use crate::prepared::Prepared;
use crate::row::Fields;
use crate::session::{Broken, Session};
use crate::sql::Sql;
use crate::tls::Tls;
use crate::{Missing, Options, StoreError};
use ewsd_model::id::{MailboxNo, Seq};
use postgres::types::ToSql;
use postgres::{Row, Statement};
use std::cell::Cell;
use std::time::{Duration, Instant};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use transaction::Running;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// A connection unused for so long is tried before it is trusted with a change.
const IDLE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Without any sign of life from the other machine for so long, the connection is given up.
const VANISHED: Duration = Duration::from_secs(20);
/// What the driver takes when the URL does not say `keepalives_idle`.
const KEEPALIVES_UNSET: Duration = Duration::from_secs(2 * 60 * 60);

/// What a server says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// As `server_version_num` counts: 150004 is 15.4.
    pub version: i32,
    /// Its time.
    pub clock: jiff::Timestamp,
    /// False in a database that is new.
    pub tables: bool,
    /// It keeps every letter there is, and knows the small ones from the large ones: searches that do not care for case
    /// rest upon that.
    pub letters: bool,
}

/// What is to be true of a database for [`Health::letters`], one after the other: the second has a letter that not every
/// encoding has.
pub(crate) const LETTERS: [&str; 2] =
    ["select current_setting('server_encoding') = 'UTF8'", "select lower('\u{c4}\u{416}') = '\u{e4}\u{436}'"];

/// The database as one worker uses it. Not shared between threads: one connection each.
pub struct Store {
    options: Options,
    target: Target,
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
    /// Streams that lost a subscription since it was last asked.
    pub(crate) ended_streams: Vec<i64>,
    /// Mail was queued since it was last asked.
    pub(crate) queued: bool,
    /// Quotas are not asked now.
    pub(crate) unlimited: bool,
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
            target: target(options)?,
            session: None,
            prepared: Prepared::default(),
            used: clock::now(),
            until: None,
            not_before: None,
            pause: FIRST_PAUSE,
            proven: false,
            running: None,
            changes: Vec::new(),
            ended_streams: Vec::new(),
            queued: false,
            unlimited: false,
        })
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
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

    /// Has a mailbox's number told to the master though it was not given here: whoever waits may not have heard of it.
    pub(crate) fn announce(&mut self, mailbox: MailboxNo, seq: Seq) {
        self.changes.push((mailbox, seq));
    }

    /// From now on every call together has so long, then all answer [`StoreError::Busy`]; none: each has
    /// [`Options::answer_timeout`] for itself. Set anew for each request, so that its client is answered in time. What is under way
    /// then has [`Options::end_timeout`] besides.
    pub fn limit(&mut self, within: Option<Duration>) {
        self.until = within.map(|within| clock::now() + within);
    }

    /// Whether the database answers.
    pub fn ping(&mut self) -> Result<(), StoreError> {
        self.read(&Sql::new("select 1")).map(drop)
    }

    /// The server's version and time.
    pub fn health(&mut self) -> Result<Health, StoreError> {
        let sql = Sql::new(
            "select current_setting('server_version_num')::int, clock_timestamp(), to_regclass('account') is not null",
        );
        let letters = self.knows_letters()?;
        let row = self.only(&sql)?;
        let mut fields = Fields::new(&row);
        Ok(Health { version: fields.next()?, clock: fields.next()?, tables: fields.next()?, letters })
    }

    fn knows_letters(&mut self) -> Result<bool, StoreError> {
        for ask in LETTERS {
            let row = self.only(&Sql::new(ask))?;
            if !Fields::new(&row).next::<bool>()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The row of a statement that has one.
    fn only(&mut self, sql: &Sql) -> Result<Row, StoreError> {
        let row = self.read(sql)?.into_iter().next();
        row.ok_or_else(|| StoreError::Corrupt("no row of what the server says of itself".to_owned()))
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

    /// [`Store::read`] for more rows than should lie in memory at once: gives each as it comes.
    pub(crate) fn read_each(
        &mut self,
        sql: &Sql,
        mut give: impl FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (begun, mut given) = (Cell::new(false), Ok(()));
        let mut give = |row: Row| {
            begun.set(true);
            if given.is_ok() {
                given = give(&row);
            }
        };
        let mut asked = self.run_each(sql, &mut give).map_err(|ended| self.give_up(ended));
        if self.may_ask_again(&asked) && !begun.get() {
            asked = self.run_each(sql, &mut give).map_err(|ended| self.give_up(ended));
        }
        asked.and(given)
    }

    pub(crate) fn query_opt(&mut self, sql: &Sql) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql)?.into_iter().next())
    }

    /// A statement that changes nothing: a connection found lost is made anew and asked again at once.
    pub(crate) fn read(&mut self, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        match self.query(sql) {
            lost if self.may_ask_again(&lost) => self.query(sql),
            result => result,
        }
    }

    fn may_ask_again<T>(&self, asked: &Result<T, StoreError>) -> bool {
        matches!(asked, Err(StoreError::Busy { .. })) && self.session.is_none() && self.running.is_none()
    }

    pub(crate) fn read_opt(&mut self, sql: &Sql) -> Result<Option<Row>, StoreError> {
        Ok(self.read(sql)?.into_iter().next())
    }

    pub(crate) fn read_one(&mut self, sql: &Sql, missing: Missing) -> Result<Row, StoreError> {
        self.read_opt(sql)?.ok_or(StoreError::NotFound(missing))
    }

    pub(crate) fn busy(&self) -> StoreError {
        StoreError::Busy { retry_ms: self.options.retry_ms }
    }

    fn run(&mut self, sql: &Sql) -> Result<Vec<Row>, StatementError> {
        let mut rows = Vec::new();
        self.run_each(sql, &mut |row| rows.push(row)).map(|()| rows)
    }

    fn run_each(&mut self, sql: &Sql, give: &mut dyn FnMut(Row)) -> Result<(), StatementError> {
        self.connect_if_lost()?;
        let statement = self.prepare(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = sql.params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
        let within = self.within()?;
        let result = self.session()?.each(&statement, &params, within, give);
        self.used = clock::now();
        result.map_err(|broken| self.statement_error(broken))
    }

    /// Runs `text` and what is asked in one round trip; see [`Session::execute_and_query`].
    fn run_behind(&mut self, text: &str, sql: &Sql) -> Result<Vec<Row>, StatementError> {
        self.connect_if_lost()?;
        let statement = self.prepare(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = sql.params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
        let within = self.within()?;
        let result = self.session()?.execute_and_query(text, (&statement, &params), within);
        self.used = clock::now();
        result.map_err(|broken| self.statement_error(broken))
    }

    fn command(&mut self, text: &str) -> Result<(), StatementError> {
        self.connect_if_lost()?;
        let within = self.within()?;
        let result = self.session()?.execute(text, within);
        result.map_err(|broken| self.statement_error(broken))
    }

    fn prepare(&mut self, sql: &Sql) -> Result<Statement, StatementError> {
        if let Some(known) = self.prepared.find(sql) {
            return Ok(known);
        }
        let within = self.within()?;
        let result = self.session()?.prepare(&sql.text, within);
        let statement = result.map_err(|broken| self.statement_error(broken))?;
        self.prepared.keep(sql, &statement);
        Ok(statement)
    }

    /// Sees to it that there is a connection. Inside a transaction a lost one is not replaced: its work is gone.
    fn connect_if_lost(&mut self) -> Result<(), StoreError> {
        let worn = self.running.is_none() && self.prepared.has_worn();
        let over = |session: &Session| session.is_closed() || session.is_spent();
        if worn || self.session.as_ref().is_some_and(over) || self.idle_and_dead() {
            self.lose();
        }
        if self.session.is_none() {
            if self.running.is_some() || self.not_before.is_some_and(|time| clock::now() < time) {
                return Err(self.busy());
            }
            let within = self.within()?.unwrap_or(self.options.connect_timeout).min(self.options.connect_timeout);
            let made = Session::connect(&self.target, within)
                .and_then(|session| incarnation::see_to(&session, within).map(|()| session));
            match made {
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
        // What was right once is no wrong setting: somebody keeps sessions out for a while.
        if !self.proven && !matches!(verdict(error), Verdict::Away) {
            return refused(error);
        }
        log::warn!("cannot reach PostgreSQL: {}", text(error));
        self.busy()
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

    fn statement_error(&mut self, broken: Broken) -> StatementError {
        let error = match broken {
            Broken::Sql(error) => error,
            Broken::Late => {
                self.late();
                return StatementError::Store(self.busy());
            }
            Broken::Local(error) => return StatementError::Store(StoreError::Db(error.to_string())),
        };
        let closed = self.session.as_ref().is_none_or(Session::is_closed);
        match if closed || is_fatal(&error) { Verdict::Away } else { verdict(&error) } {
            Verdict::Away => {
                log::warn!("lost PostgreSQL: {}", text(&error));
                self.lose();
                StatementError::Store(self.busy())
            }
            Verdict::Late => {
                log::warn!("a statement takes too long: {}", text(&error));
                StatementError::Store(self.busy())
            }
            Verdict::Again => StatementError::Again,
            Verdict::Taken(what) => StatementError::Store(StoreError::Exists(what)),
            Verdict::NoRoom => {
                log::error!("PostgreSQL has no room: {}", text(&error));
                StatementError::Store(self.busy())
            }
            Verdict::Unfit { large } => StatementError::Store(StoreError::Unfit { large, text: misfit(&error) }),
            Verdict::Other => StatementError::Store(StoreError::Db(text(&error))),
        }
    }
}

/// How a statement failed.
enum StatementError {
    Again,
    Store(StoreError),
}

impl From<StoreError> for StatementError {
    fn from(error: StoreError) -> Self {
        StatementError::Store(error)
    }
}

/// Every table is reached by key, and tables that are empty when a connection starts will not stay so: scans are never the
/// better plan, and one plan per statement serves all mailboxes.
const SESSION: &str = "-c enable_seqscan=off -c jit=off -c plan_cache_mode=force_generic_plan \
                       -c timezone=UTC -c idle_in_transaction_session_timeout=60000";

/// A server, and how it is reached.
pub(crate) struct Target {
    pub config: Config,
    /// None: without TLS.
    pub tls: Option<Tls>,
    /// [`Options::unix_user`], where the server is on a Unix socket.
    pub user: Option<u32>,
    /// [`Options::end_timeout`].
    pub end_within: Duration,
}

/// Reads the URL, and the files that it names.
pub(crate) fn target(options: &Options) -> Result<Target, StoreError> {
    let (url, tls) = conninfo::split(&options.url)?;
    let mut config = config(&url, options)?;
    let local = |host: &Host| matches!(host, Host::Unix(_));
    let here = config.get_hosts().iter().all(local);
    let (user, end_within) = (options.unix_user.filter(|_| here), options.end_timeout);
    if tls.mode == Mode::Disable || here {
        config.ssl_mode(SslMode::Disable);
        return Ok(Target { config, tls: None, user, end_within });
    }
    config.ssl_mode(if tls.mode == Mode::Prefer { SslMode::Prefer } else { SslMode::Require });
    Ok(Target { config, tls: Some(Tls::new(&tls)?), user, end_within })
}

fn config(url: &str, options: &Options) -> Result<Config, StoreError> {
    let mut config: Config = url.parse().map_err(|error: postgres::Error| {
        StoreError::Hopeless(format!("database.url is not understood: {}", text(&error)))
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
        let config = |url: &str| target(&Options::new(url)).unwrap().config;
        let plain = config("host=db.example.test user=x");
        assert_eq!((plain.get_tcp_user_timeout(), plain.get_keepalives_idle()), (Some(&VANISHED), VANISHED / 2));
        let own = config("host=db.example.test keepalives_idle=77 tcp_user_timeout=9");
        assert_eq!(own.get_tcp_user_timeout(), Some(&Duration::from_secs(9)));
        assert_eq!(own.get_keepalives_idle(), Duration::from_secs(77));
    }

    #[test]
    fn a_socket_needs_no_tls_and_files_are_named() {
        let target = |url: &str| target(&Options::new(url));
        for (url, tls) in [
            ("host=/run/postgresql user=x sslmode=prefer", false),
            ("host=db.example.test sslmode=disable", false),
            ("host=db.example.test", true),
            ("postgresql://db.example.test/ewsd?sslmode=require", true),
        ] {
            assert_eq!(target(url).unwrap().tls.is_some(), tls, "{url}");
        }
        let said =
            target("host=db.example.test sslmode=verify-full sslrootcert=/nowhere/ca.pem").err().unwrap().to_string();
        assert!(said.contains("sslrootcert=/nowhere/ca.pem: "), "{said}");
    }
}
