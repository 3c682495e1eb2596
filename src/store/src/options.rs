//! Where the database is and how patient to be.

use std::path::PathBuf;
use std::time::Duration;

use postgres::Config;
use postgres::config::Host;

use crate::{Limits, StoreError, conninfo};

/// PostgreSQL's own.
const PORT: u16 = 5432;

/// How a [`Store`](crate::Store) reaches PostgreSQL.
#[derive(Clone, Debug)]
pub struct Options {
    /// `postgresql://…` or `key=value` pairs, as libpq takes them; a directory as host is a Unix socket's.
    pub url: String,
    /// Shown in `pg_stat_activity`.
    pub application: String,
    /// Told to clients as the time to stay away while the database cannot be reached, in milliseconds.
    pub retry_ms: u32,
    /// For one attempt to connect.
    pub connect_timeout: Duration,
    /// PostgreSQL itself gives up a statement, or its wait for a lock, after so long; none: never.
    pub statement_timeout: Option<Duration>,
    /// A statement that has no answer after so long is cancelled; none: never. See also [`crate::Store::limit`].
    pub answer_timeout: Option<Duration>,
    /// What a cancelled statement came to is waited for so long. Without an answer then, the session is given up, and whether a
    /// change happened is not known.
    pub end_timeout: Duration,
    /// The user that PostgreSQL sees on a Unix socket, whom peer authentication goes by; none: the process's own. Root alone
    /// can choose.
    pub unix_user: Option<u32>,
    /// What mailboxes may take.
    pub limits: Limits,
}

/// What connecting takes beside the network's or a socket's address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Certificates and keys.
    pub files: Vec<PathBuf>,
    /// TCP ports.
    pub ports: Vec<u16>,
}

impl Options {
    /// Which files and ports whoever connects must be able to reach.
    ///
    /// # Errors
    /// [`StoreError::Hopeless`] where the URL is not understood.
    pub fn needs(&self) -> Result<Needs, StoreError> {
        let (url, tls) = conninfo::split(&self.url)?;
        let config: Config = url.parse().map_err(conninfo::wrong)?;
        let tcp = config.get_hosts().iter().enumerate().filter(|(_, host)| matches!(host, Host::Tcp(_)));
        // One port for all hosts, one for each, or the usual one.
        let port = |at: usize| config.get_ports().get(at).or(config.get_ports().first()).copied().unwrap_or(PORT);
        let mut ports: Vec<u16> = tcp.map(|(at, _)| port(at)).collect();
        ports.sort_unstable();
        ports.dedup();
        Ok(Needs { files: [tls.root, tls.certificate, tls.key].into_iter().flatten().collect(), ports })
    }

    pub fn new(url: impl Into<String>) -> Self {
        Options {
            url: url.into(),
            application: "ewsd".to_owned(),
            retry_ms: 10_000,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: None,
            answer_timeout: None,
            end_timeout: Duration::from_millis(500),
            unix_user: None,
            limits: Limits::default(),
        }
    }

    /// The private cluster whose socket lies in `directory`, as `user`.
    pub fn socket(directory: &std::path::Path, user: &str) -> Self {
        Self::socket_database(directory, user, crate::embedded::DATABASE)
    }

    pub(crate) fn socket_database(directory: &std::path::Path, user: &str, name: &str) -> Self {
        // libpq quoting: single quotes, with backslash before a quote or a backslash.
        let quote = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
        Self::new(format!("host={} user={} dbname={}", quote(&directory.to_string_lossy()), quote(user), quote(name)))
    }
}
