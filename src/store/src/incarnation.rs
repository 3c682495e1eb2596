//! Whether this is still the database that gave the numbers which clients have.
//!
//! After a restore, or when a standby has taken over that had not heard of everything, the last changes are gone, and clients
//! have seen them: sync states, watermarks, ids and change keys with numbers that would be given again, to something else.
//! Each new session asks the server which database this is. Where it is another one, the counters of all mailboxes leave out a
//! stretch of numbers before anybody goes on: what lies in it was given by the one that is lost, is refused as that, and is
//! never given again. What is older has survived, and goes on being right.

use std::time::Duration;

use postgres::error::SqlState;

use crate::error::text;
use crate::session::{Broken, Session};

/// Numbers that are left out. No mailbox changes as often between a backup and its restore.
const STRETCH: i64 = 1 << 24;

/// What the server says of itself: another one for each cluster, for each database in it, and after each promotion of a standby or
/// recovery to a point in time (its timeline). Not every host lets everybody see the first.
const IDENTITY: &str = "concat_ws('/',
    case when has_function_privilege('pg_control_system()', 'execute') then (select system_identifier from pg_control_system()) end,
    (select oid from pg_database where datname = current_database()), left(pg_walfile_name(pg_current_wal_lsn()), 8))";

/// Whoever comes first writes down the identity; it is asked before anything else, so nobody has given a number yet.
const KNOWN: &str = "select identity = {identity} from incarnation";

/// One after the other, and while nobody changes a mailbox.
const BEGIN: &str = "
    begin;
    lock table incarnation in exclusive mode;
    lock table counter in exclusive mode;
    insert into lost (mailbox, survived, resumed)
        select c.mailbox, c.seq, c.seq + {stretch} from counter c, incarnation i where i.identity <> {identity};
    update counter set seq = seq + {stretch}, attachment = attachment + {stretch}
        from incarnation i where i.identity <> {identity};
    update incarnation set number = number + (identity is not null)::int, identity = {identity}, since = now()
        where identity is distinct from {identity};
    commit";

/// Whether number `at` (an expression) of mailbox `$1` is one that was lost.
pub(crate) fn lost(at: &str) -> String {
    format!("exists (select from lost l where l.mailbox = $1 and {at} > l.survived and {at} < l.resumed)")
}

/// The number up to which the journal of a mailbox is of no use to who is at number `at` (an expression), in a statement on
/// its counter `c`: up to which it was trimmed, or all of it, where that number was lost.
pub(crate) fn trimmed(at: &str) -> String {
    format!("case when {} then {} else c.trimmed end", lost(at), i64::MAX)
}

/// Sees to it that numbers go on behind those that were lost. A database without our tables is left alone.
pub(crate) fn see_to(session: &Session, within: Duration) -> Result<(), Broken> {
    let within = Some(within);
    let filled = |sql: &str| sql.replace("{identity}", IDENTITY).replace("{stretch}", &STRETCH.to_string());
    match session.texts(&filled(KNOWN), within) {
        Ok(rows) => match rows.first() {
            Some(Some(known)) if known == "t" => Ok(()),
            Some(Some(_)) => {
                log::warn!("this database is another one than before: what clients know of its lost end is refused");
                session.execute(&filled(BEGIN), within)
            }
            // Nobody has looked before: nothing is lost.
            Some(None) => session.execute(&filled(BEGIN), within),
            None => Ok(()),
        },
        Err(Broken::Sql(error)) if error.as_db_error().is_some() && !session.is_closed() => {
            // Tables that are still to be made, or a standby: whatever is asked next says so in its own words.
            let to_come = [SqlState::UNDEFINED_TABLE, SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE];
            if !error.code().is_some_and(|code| to_come.contains(code)) {
                log::warn!(
                    "a restore would not be noticed, for which database this is cannot be asked: {}",
                    text(&error)
                );
            }
            Ok(())
        }
        Err(broken) => Err(broken),
    }
}
