//! A session that is told things unasked (LISTEN), for [`crate::Herald`]. A thread of its own keeps the connection going and
//! puts what comes into an inbox; a descriptor beside it is readable then, so that whoever waits can wait for other things as well.

use crate::connection::Target;
use crate::session::{Broken, set_up, wait};
use postgres::types::ToSql;
use postgres::{NoTls, Row, Statement};
use std::future::{Future, poll_fn};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{AsyncMessage, Client, Connection, Notification};

pub(crate) struct Line {
    /// Only counts the time that answers take.
    runtime: Runtime,
    client: Client,
    inbox: Arc<Inbox>,
    /// Rings when something has come.
    bell: UnixStream,
}

/// What has come; none any more once the session is over.
struct Inbox {
    come: Mutex<Option<Vec<Notification>>>,
    bell: UnixStream,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Option<Vec<Notification>>> {
        self.come.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something in; none: the session is over.
    fn put(&self, notification: Option<Notification>) {
        {
            let mut come = self.lock();
            match notification {
                None => *come = None,
                Some(notification) => come.iter_mut().for_each(|come| come.push(notification.clone())),
            }
        }
        // A bell that is full rings already; one without a listener is of no use to anybody.
        let _ = (&self.bell).write(&[1]);
    }
}

/// What the thread says when the session stands, or does not.
type Opened = Result<Client, Broken>;

impl Line {
    /// `within`: for all of it.
    pub fn open(target: Target, within: Duration) -> Result<Line, Broken> {
        let (bell, ringer) = UnixStream::pair().map_err(Broken::Local)?;
        for end in [&bell, &ringer] {
            end.set_nonblocking(true).map_err(Broken::Local)?;
        }
        let inbox = Arc::new(Inbox { come: Mutex::new(Some(Vec::new())), bell: ringer });
        let runtime = Builder::new_current_thread().enable_time().build().map_err(Broken::Local)?;
        let (tell, opened): (Sender<Opened>, Receiver<Opened>) = channel();
        let theirs = Arc::clone(&inbox);
        let life = move || live(&target, within, &theirs, &tell);
        std::thread::Builder::new().name("listens".to_owned()).spawn(life).map_err(Broken::Local)?;
        // The thread keeps the time; it is given a little more to say so.
        let client = opened.recv_timeout(within + Duration::from_secs(1)).map_err(|_| Broken::Late)??;
        Ok(Line { runtime, client, inbox, bell })
    }

    /// Readable when something has come.
    pub fn ready(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// What has come since the last time; none: the session is over.
    pub fn take(&self) -> Option<Vec<Notification>> {
        let mut rings = [0; 64];
        // Nothing to read is what ends it.
        while matches!((&self.bell).read(&mut rings), Ok(n) if n == rings.len()) {}
        self.inbox.lock().as_mut().map(std::mem::take)
    }

    /// The same, with patience for something to come.
    pub fn wait(&self, within: Duration) -> Option<Vec<Notification>> {
        let waits = self.bell.set_nonblocking(false).and_then(|()| self.bell.set_read_timeout(Some(within)));
        let rung = waits.and_then(|()| (&self.bell).read(&mut [0; 64]));
        let back = self.bell.set_nonblocking(true);
        match rung {
            Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
            _ if back.is_err() => None,
            _ => self.take(),
        }
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub fn prepare(&self, text: &str, within: Duration) -> Result<Statement, Broken> {
        wait(&self.runtime, Some(within), self.client.prepare(text))
    }

    pub fn query(
        &self,
        statement: &Statement,
        params: &[&(dyn ToSql + Sync)],
        within: Duration,
    ) -> Result<Vec<Row>, Broken> {
        wait(&self.runtime, Some(within), self.client.query(statement, params))
    }

    /// Statements without values and rows.
    pub fn execute(&self, text: &str, within: Duration) -> Result<(), Broken> {
        wait(&self.runtime, Some(within), self.client.batch_execute(text))
    }
}

/// The thread's life: until the server, or whoever has the client, ends the session.
fn live(target: &Target, within: Duration, inbox: &Arc<Inbox>, tell: &Sender<Opened>) {
    let ended = match Builder::new_current_thread().enable_all().build() {
        Err(error) => Err(Broken::Local(error)),
        Ok(runtime) => wait(&runtime, None, async {
            match &target.tls {
                Some(tls) => match in_time(within, target.config.connect(tls.clone())).await {
                    Ok((client, connection)) => keep(client, connection, (within, inbox, tell)).await,
                    Err(broken) => refuse(tell, broken),
                },
                None => match in_time(within, target.config.connect(NoTls)).await {
                    Ok((client, connection)) => keep(client, connection, (within, inbox, tell)).await,
                    Err(broken) => refuse(tell, broken),
                },
            }
        }),
    };
    match ended {
        Ok(()) => {}
        Err(Broken::Sql(error)) => log::debug!("a session with PostgreSQL ended: {}", crate::error::text(&error)),
        // Nobody waits for it any more if it cannot be told.
        Err(broken) => drop(tell.send(Err(broken))),
    }
    inbox.put(None);
}

async fn in_time<T>(within: Duration, answer: impl Future<Output = Result<T, postgres::Error>>) -> Result<T, Broken> {
    match tokio::time::timeout(within, answer).await {
        Ok(answer) => answer.map_err(Broken::Sql),
        Err(_) => Err(Broken::Late),
    }
}

fn refuse(tell: &Sender<Opened>, broken: Broken) -> Result<(), postgres::Error> {
    // Whoever asked may have given up.
    let _ = tell.send(Err(broken));
    Ok(())
}

/// Sets the session up, hands its client over and keeps the connection going.
async fn keep<S, T>(
    client: Client,
    mut connection: Connection<S, T>,
    (within, inbox, tell): (Duration, &Arc<Inbox>, &Sender<Opened>),
) -> Result<(), postgres::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let theirs = Arc::clone(inbox);
    let going = tokio::spawn(async move {
        loop {
            match poll_fn(|cx| connection.poll_message(cx)).await {
                Some(Ok(AsyncMessage::Notification(notification))) => theirs.put(Some(notification)),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            }
        }
    });
    match in_time(within, set_up(&client)).await {
        Ok(()) => drop(tell.send(Ok(client))),
        Err(broken) => return refuse(tell, broken),
    }
    going.await.unwrap_or(Ok(()))
}
