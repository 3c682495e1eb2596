//! What can go wrong with the store, by what the caller can do about it.

use ewsd_model::id::Seq;
use postgres::error::{Severity, SqlState};
use std::fmt;

#[derive(Debug)]
pub enum StoreError {
    /// The database cannot be reached, is starting, or did not answer in time: try again after so many milliseconds.
    /// A change that was under way is not committed, if the server could still say so; see [`crate::Options::end_timeout`].
    Busy {
        retry_ms: u32,
    },
    NotFound(Missing),
    /// The row is no longer the one with the change number that was expected; this is its present one.
    Conflict {
        current: Seq,
    },
    /// Name, login or address is taken.
    Exists(Missing),
    /// A folder would come to lie below itself, or a group to be in itself.
    Cycle,
    /// The mailbox would grow beyond its quota.
    Quota,
    /// The mailbox would get more folders than it may have; `deep`: more in each other.
    Folders {
        deep: bool,
    },
    /// PostgreSQL cannot hold these values, now or ever: more than one of its limits allows (`large`), or against a type or
    /// constraint. The text names limit or constraint, never a value.
    Unfit {
        large: bool,
        text: String,
    },
    /// The account has as many subscriptions as it may.
    Subscriptions,
    /// The journal no longer reaches back so far: the state or watermark is of no use.
    Trimmed,
    /// The number was given by a database that is lost, before a restore or when a standby took over.
    Lost,
    /// A value does not fit its column, or a stored one cannot be read. A fault of ours.
    Corrupt(String),
    /// There is no session before somebody changes a setting, here or at the server; the text names it.
    Hopeless(String),
    /// Anything else that PostgreSQL says; not for clients.
    Db(String),
}

/// What was not there (or is there already).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Mailbox,
    Account,
    Address,
    Group,
    Folder,
    Item,
    Attachment,
    Blob,
    Subscription,
    Outgoing,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Busy { .. } => f.write_str("the database is away or starting; try again"),
            StoreError::NotFound(what) => write!(f, "there is no such {}", what.word()),
            StoreError::Conflict { current } => write!(f, "it was changed meanwhile (now at {current})"),
            StoreError::Exists(what) => write!(f, "there is one already: {}", what.word()),
            StoreError::Cycle => f.write_str("nothing can lie below itself"),
            StoreError::Quota => f.write_str("the mailbox is full"),
            StoreError::Folders { deep: true } => f.write_str("folders would lie too deep in each other"),
            StoreError::Folders { deep: false } => f.write_str("the mailbox has as many folders as it may"),
            StoreError::Unfit { text, .. } => write!(f, "it cannot be stored: {text}"),
            StoreError::Subscriptions => f.write_str("the account has as many subscriptions as it may"),
            StoreError::Lost => f.write_str("this was told by a database that is lost; start anew"),
            StoreError::Trimmed => f.write_str("the journal no longer reaches back so far; start anew"),
            StoreError::Corrupt(what) => write!(f, "value does not fit: {what}"),
            StoreError::Hopeless(what) => f.write_str(what),
            StoreError::Db(what) => write!(f, "PostgreSQL: {what}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl Missing {
    fn word(self) -> &'static str {
        match self {
            Missing::Mailbox => "mailbox",
            Missing::Account => "account",
            Missing::Address => "address",
            Missing::Group => "group",
            Missing::Folder => "folder",
            Missing::Item => "item",
            Missing::Attachment => "attachment",
            Missing::Blob => "content",
            Missing::Subscription => "subscription",
            Missing::Outgoing => "outgoing message",
        }
    }
}

/// What to do about an error of the driver.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The connection is gone or the server is going or coming.
    Away,
    /// Deadlock, serialization failure, or a statement that met a row changed under it: run it again.
    Again,
    /// It took longer than it may, or somebody cancelled it. The connection is as good as before.
    Late,
    Taken(Missing),
    /// Out of disk or memory: the session stays, what was asked may work later.
    NoRoom,
    /// The values will never be taken. `large`: they are too much, rather than wrong.
    Unfit {
        large: bool,
    },
    Other,
}

pub(crate) fn verdict(error: &postgres::Error) -> Verdict {
    let Some(db) = error.as_db_error() else {
        if error.is_closed() || is_io(error) {
            return Verdict::Away;
        }
        // A number wider than its column; the driver has no name for it but its words.
        let unfit = error.to_string().starts_with("error serializing parameter");
        return if unfit { Verdict::Unfit { large: true } } else { Verdict::Other };
    };
    let code = db.code();
    if *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE {
        return Verdict::Again;
    }
    if *code == SqlState::QUERY_CANCELED || *code == SqlState::LOCK_NOT_AVAILABLE {
        return Verdict::Late;
    }
    // The rows of a change are joined to the journal from outside; one that was changed under the statement leaves a null.
    if *code == SqlState::NOT_NULL_VIOLATION && db.table() == Some("journal") {
        return Verdict::Again;
    }
    if *code == SqlState::UNIQUE_VIOLATION {
        return match db.constraint() {
            Some("folder_name") => Verdict::Taken(Missing::Folder),
            Some("account_login_key") => Verdict::Taken(Missing::Account),
            Some("address_pkey") => Verdict::Taken(Missing::Address),
            _ => Verdict::Unfit { large: false },
        };
    }
    // Class 08: connection; 57P: shutdown, crash, starting; 53300: too many connections; 25006: another server is the
    // primary now, which a new connection may find.
    let text = code.code();
    let away = [SqlState::TOO_MANY_CONNECTIONS, SqlState::READ_ONLY_SQL_TRANSACTION];
    if is_poolers(text, db.message()) {
        return Verdict::Other;
    }
    if text.starts_with("08") || text.starts_with("57P") || away.contains(code) {
        return Verdict::Away;
    }
    classed(text)
}

/// Whether a pooler between refuses how a session begins, which it will do for ever: pgbouncer has one state for all that it says.
fn is_poolers(state: &str, said: &str) -> bool {
    state == "08P01" && said.starts_with("unsupported startup parameter")
}

/// By the class of an SQLSTATE (PostgreSQL, appendix A).
fn classed(state: &str) -> Verdict {
    match state.get(..2) {
        Some("53") => Verdict::NoRoom,
        // Program limits: index rows, document and statement sizes.
        Some("54") => Verdict::Unfit { large: true },
        // Data too long, out of its range, or no value of its type; constraints.
        Some("22") => Verdict::Unfit { large: matches!(state, "22001" | "22003" | "22008") },
        Some("23") => Verdict::Unfit { large: false },
        _ => Verdict::Other,
    }
}

/// The server ends the session with this error, whatever it is about (57P01, 25P03 ...).
pub(crate) fn is_fatal(error: &postgres::Error) -> bool {
    let severity = error.as_db_error().and_then(|error| error.parsed_severity());
    matches!(severity, Some(Severity::Fatal | Severity::Panic))
}

fn is_io(error: &postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<std::io::Error>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// What values did not fit, for the log: messages of PostgreSQL quote values, and details whole rows, but for those of class 54.
pub(crate) fn misfit(error: &postgres::Error) -> String {
    let Some(db) = error.as_db_error() else { return error.to_string() };
    if db.code().code().starts_with("54") {
        return format!("{}: {}", db.code().code(), db.message());
    }
    let names = [db.table(), db.column(), db.constraint()].into_iter().flatten().collect::<Vec<_>>();
    format!("{} {}", db.code().code(), names.join("."))
}

/// The driver's message with the server's own, for the log. Never its detail, which quotes keys and rows.
pub(crate) fn text(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => {
            let constraint = db.constraint().map(|name| format!(" ({name})")).unwrap_or_default();
            format!("{}: {}{constraint}{}", db.code().code(), db.message(), hint(db.code()))
        }
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

/// What a state tells besides: statements are prepared in the session that they are run in, unless a pooler mixes sessions.
fn hint(state: &SqlState) -> &'static str {
    let mixed = [SqlState::DUPLICATE_PSTATEMENT, SqlState::INVALID_SQL_STATEMENT_NAME];
    if mixed.contains(state) { " (does a pooler hand out other sessions? pgbouncer: pool_mode = session)" } else { "" }
}

/// Why there was no session, other than that the server is away: hopeless, in words that name the setting, as far as is known.
pub(crate) fn refused(error: &postgres::Error) -> StoreError {
    let hopeless = |why: String| StoreError::Hopeless(format!("database.url: {why}"));
    if let Some(db) = error.as_db_error() {
        let said = db.message();
        return match db.code().code() {
            "28P01" | "28000" => {
                hopeless(format!("the server refuses the login: {said} (user, password, pg_hba.conf)"))
            }
            "3D000" => hopeless(format!("{said} (createdb)")),
            "42501" => hopeless(format!("{said} (the user's rights)")),
            state if is_poolers(state, said) => {
                hopeless(format!("a pooler is in the way: {said} (pgbouncer: ignore_startup_parameters = options)"))
            }
            _ => StoreError::Db(text(error)),
        };
    }
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let known = [
        (
            "does not support TLS",
            "the server offers no TLS, which sslmode asks for (ssl = on there, or another sslmode)",
        ),
        ("UnknownIssuer", "the server's certificate is of an authority that is not trusted (sslrootcert)"),
        ("not valid for name", "the server's certificate does not name the host (host, or sslmode=verify-ca)"),
        ("Expired", "the server's certificate has expired"),
        ("expired", "the server's certificate has expired"),
        ("CertificateRequired", "the server wants a certificate (sslcert, sslkey)"),
    ];
    match known.iter().find(|(part, _)| cause.contains(part)) {
        Some((_, meaning)) => hopeless(format!("{meaning}: {cause}")),
        None if error.to_string().contains("TLS") => hopeless(format!("TLS: {cause}")),
        None => StoreError::Db(text(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pooler_that_refuses_sessions_is_told_from_one_whose_server_is_away() {
        assert!(is_poolers("08P01", "unsupported startup parameter: options"));
        assert!(!is_poolers("08P01", "query_wait_timeout"));
        assert!(!is_poolers("08006", "unsupported startup parameter: options"));
    }

    #[test]
    fn what_will_never_fit_is_told_from_what_may_later() {
        for (state, verdict) in [
            ("53100", Verdict::NoRoom),
            ("53200", Verdict::NoRoom),
            ("54000", Verdict::Unfit { large: true }),
            ("22001", Verdict::Unfit { large: true }),
            ("22008", Verdict::Unfit { large: true }),
            ("22021", Verdict::Unfit { large: false }),
            ("23514", Verdict::Unfit { large: false }),
            ("42P01", Verdict::Other),
            ("XX000", Verdict::Other),
        ] {
            assert_eq!(classed(state), verdict, "{state}");
        }
    }
}
