//! One session with PostgreSQL in which every wait has an end: for the server to take the connection, and for each answer.
//!
//! A server that was stopped, or a machine whose disk hangs, keeps its sockets open and says nothing. So the time is taken here,
//! beside `statement_timeout`, which only a server that runs can keep.
//!
//! A statement that is late is cancelled, and what it comes to is waited for: who is told "later" comes again, and what was
//! committed all the same would be there twice. It is not known of a server that says nothing even then, or that had not waited for
//! its standbys. Either way such a session is of no use any more: its answer, or the cancellation, may still come.

use futures_util::TryStreamExt as _;
use nix::unistd::{Uid, geteuid, seteuid};
use postgres::types::ToSql;
use postgres::{NoTls, Row, Statement};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, CancelToken, Client, Connection, SimpleQueryMessage};

use crate::connection::Target;
use crate::tls::Tls;

/// How long an ending session may take to say so.
const FAREWELL: Duration = Duration::from_millis(50);

/// Settings of a session that a server may not have, or its role may not set: what is logged of our statements are their texts,
/// never the values in them, and no row is quoted in an error.
const DISCREET: &str = "select set_config(name, value, false) from (values
        ('log_parameter_max_length', '0', false), ('log_parameter_max_length_on_error', '0', true),
        ('log_error_verbosity', 'terse', false)) as wanted (name, value, open)
    where open or has_parameter_privilege(name, 'SET')";

/// A statement whose worker was killed ends soon after. Known to servers on Linux.
const WATCHFUL: &str = "set client_connection_check_interval = 1000";

/// The function of PostgreSQL that warns when a commit was not waited for until standbys have it, which somebody cancelled:
/// `synchronous_standby_names` asks for that, and without it nothing is durable.
const NOT_WAITED_FOR: &str = "SyncRepWaitForLSN";

/// Why there is no answer.
pub(crate) enum Broken {
    Sql(postgres::Error),
    /// None came in time, or none that holds: what was asked may have happened.
    Late,
    /// The process has no descriptor or memory for a session.
    Local(io::Error),
}

/// While it lives, the whole process acts as another user: the kernel tells a server on a Unix socket who connects.
pub(crate) struct EffectiveUser(Option<Uid>);

impl EffectiveUser {
    /// Of the user with that number; none: no change.
    pub fn of(user: Option<u32>) -> io::Result<EffectiveUser> {
        let before = geteuid();
        let Some(user) = user.map(Uid::from_raw).filter(|user| *user != before) else { return Ok(EffectiveUser(None)) };
        seteuid(user)?;
        Ok(EffectiveUser(Some(before)))
    }
}

impl Drop for EffectiveUser {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.map(seteuid) {
            log::error!("cannot be root again: {error}");
        }
    }
}

pub(crate) struct Session {
    runtime: Runtime,
    /// None only while it is dropped.
    client: Option<Client>,
    connection: JoinHandle<()>,
    tls: Option<Tls>,
    /// How long what was cancelled is waited for.
    end_within: Duration,
    /// Something was cancelled, which might hit the next statement.
    cancelled: Cell<bool>,
    /// The connection's own task saw [`NOT_WAITED_FOR`].
    volatile: Arc<AtomicBool>,
}

impl Session {
    /// `within`: for all of it, however far the server lets it come.
    pub fn connect(target: &Target, within: Duration) -> Result<Session, Broken> {
        let _seen_as = EffectiveUser::of(target.user).map_err(Broken::Local)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Broken::Local)?;
        let volatile = Arc::new(AtomicBool::new(false));
        let (client, connection) = wait(&runtime, Some(within), async {
            let (client, connection) = match &target.tls {
                Some(tls) => start(target.config.connect(tls.clone()).await?, &volatile),
                None => start(target.config.connect(NoTls).await?, &volatile),
            };
            set_up(&client).await?;
            Ok((client, connection))
        })?;
        let (tls, end_within) = (target.tls.clone(), target.end_within);
        let client = Some(client);
        Ok(Session { runtime, client, connection, tls, end_within, cancelled: Cell::new(false), volatile })
    }

    pub fn is_closed(&self) -> bool {
        self.client.as_ref().is_none_or(Client::is_closed)
    }

    /// Whether it should be replaced although the server goes on with it.
    pub fn is_spent(&self) -> bool {
        self.cancelled.get()
    }

    pub fn prepare(&self, text: &str, within: Option<Duration>) -> Result<Statement, Broken> {
        self.wait(within, |client| client.prepare(text))
    }

    /// Gives each row as it comes: on failure some may have been given.
    pub fn each(
        &self,
        statement: &Statement,
        params: &[&(dyn ToSql + Sync)],
        within: Option<Duration>,
        give: &mut dyn FnMut(Row),
    ) -> Result<(), Broken> {
        self.wait(within, |client| async {
            let mut rows = pin!(client.query_raw(statement, params.iter().copied()).await?);
            while let Some(row) = rows.try_next().await? {
                give(row);
            }
            Ok(())
        })
    }

    /// The texts in the first column of a statement without values, which is not prepared.
    pub fn texts(&self, text: &str, within: Option<Duration>) -> Result<Vec<Option<String>>, Broken> {
        let messages = self.wait(within, |client| client.simple_query(text))?;
        let first = |message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).map(str::to_owned)),
            _ => None,
        };
        Ok(messages.into_iter().filter_map(first).collect())
    }

    /// One or more statements without values and rows.
    pub fn execute(&self, text: &str, within: Option<Duration>) -> Result<(), Broken> {
        self.wait(within, |client| client.batch_execute(text))
    }

    /// What `text` does, which has neither values nor rows, and then a statement: sent together, in one round trip. The statement is
    /// run whatever `text` comes to.
    pub fn execute_and_query(
        &self,
        text: &str,
        (statement, params): (&Statement, &[&(dyn ToSql + Sync)]),
        within: Option<Duration>,
    ) -> Result<Vec<Row>, Broken> {
        self.wait(within, |client| both(client.batch_execute(text), client.query(statement, params)))
            .map(|((), rows)| rows)
    }

    fn wait<'s, T, F>(&'s self, within: Option<Duration>, ask: impl FnOnce(&'s Client) -> F) -> Result<T, Broken>
    where
        F: Future<Output = Result<T, postgres::Error>>,
    {
        let client = self.client.as_ref().ok_or(Broken::Late)?;
        let answer = self.runtime.block_on(async {
            let mut answer = pin!(ask(client));
            let Some(within) = within else { return Ok(answer.await) };
            if let Ok(answer) = timeout(within, &mut answer).await {
                return Ok(answer);
            }
            self.cancelled.set(true);
            tokio::spawn(cancel(client.cancel_token(), self.tls.clone()));
            timeout(self.end_within, answer).await.map_err(|_| Broken::Late)
        })?;
        if self.volatile.load(Ordering::Relaxed) {
            return Err(Broken::Late);
        }
        answer.map_err(Broken::Sql)
    }
}

/// Asks for the second answer when the first was asked for, and waits for both. An error is the first one's, if that has one.
async fn both<A, B>(
    first: impl Future<Output = Result<A, postgres::Error>>,
    second: impl Future<Output = Result<B, postgres::Error>>,
) -> Result<(A, B), postgres::Error> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut other) = (None, None);
    poll_fn(|cx| {
        if one.is_none() {
            one = ready(first.as_mut().poll(cx));
        }
        if other.is_none() {
            other = ready(second.as_mut().poll(cx));
        }
        match (one.take(), other.take()) {
            (Some(one), Some(other)) => Poll::Ready(one.and_then(|one| Ok((one, other?)))),
            (left, right) => {
                (one, other) = (left, right);
                Poll::Pending
            }
        }
    })
    .await
}

fn ready<T>(answer: Poll<T>) -> Option<T> {
    match answer {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// Asks the server, by a connection of its own, to end what a session does.
async fn cancel(token: CancelToken, tls: Option<Tls>) {
    let asked = match tls {
        Some(tls) => token.cancel_query(tls).await,
        None => token.cancel_query(NoTls).await,
    };
    if let Err(error) = asked {
        log::debug!("cannot cancel a statement: {}", crate::error::text(&error));
    }
}

/// What every session begins with.
pub(crate) async fn set_up(client: &Client) -> Result<(), postgres::Error> {
    for settings in [DISCREET, WATCHFUL] {
        match client.batch_execute(settings).await {
            Err(error) if client.is_closed() => return Err(error),
            Err(error) => log::debug!("PostgreSQL goes without a setting: {}", crate::error::text(&error)),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// The connection's own task.
fn start<S, T>(
    (client, mut connection): (Client, Connection<S, T>),
    volatile: &Arc<AtomicBool>,
) -> (Client, JoinHandle<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let volatile = Arc::clone(volatile);
    let task = tokio::spawn(async move {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            match message {
                // It comes before the answer that it concerns.
                Ok(AsyncMessage::Notice(notice)) => {
                    log::debug!("PostgreSQL says: {}", notice.message());
                    volatile.fetch_or(notice.routine() == Some(NOT_WAITED_FOR), Ordering::Relaxed);
                }
                Ok(_) => {}
                Err(error) => return log::debug!("a session with PostgreSQL ended: {error}"),
            }
        }
    });
    (client, task)
}

/// The connection's own task goes on while something is waited for, and rests else.
pub(crate) fn wait<T>(
    runtime: &Runtime,
    within: Option<Duration>,
    answer: impl Future<Output = Result<T, postgres::Error>>,
) -> Result<T, Broken> {
    runtime.block_on(async {
        match within {
            None => answer.await.map_err(Broken::Sql),
            Some(within) => match tokio::time::timeout(within, answer).await {
                Ok(answer) => answer.map_err(Broken::Sql),
                Err(_) => Err(Broken::Late),
            },
        }
    })
}

impl Drop for Session {
    /// The server is told, unless it does not listen.
    fn drop(&mut self) {
        self.client = None;
        let connection = &mut self.connection;
        self.runtime.block_on(async {
            // Late or not, the socket closes with the runtime.
            let _ = tokio::time::timeout(FAREWELL, connection).await;
        });
    }
}
