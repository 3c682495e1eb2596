//! Where the database is and how patient to be.

use crate::Limits;
use std::time::Duration;

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
    /// An answer that has not come after so long is not waited for; none: for ever. See also [`crate::Store::limit`].
    pub answer_timeout: Option<Duration>,
    /// What mailboxes may take.
    pub limits: Limits,
}

impl Options {
    pub fn new(url: impl Into<String>) -> Self {
        Options {
            url: url.into(),
            application: "ewsd".to_owned(),
            retry_ms: 10_000,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: None,
            answer_timeout: None,
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
