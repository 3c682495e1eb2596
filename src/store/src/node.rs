//! The nodes that serve one database: which there are, and what they tell each other by LISTEN and NOTIFY.
//!
//! A [`Herald`] is one session of its own, never through a pooler, for what a session listens to lives and dies with it. It
//! notifies in transactions that do nothing else and wait for no disk: one that writes and notifies makes all that do the same
//! commit one after the other. What it says may be lost with a session at any moment; whoever hears goes by it to be quick,
//! never to be right.
//!
//! A node is alive as long as its herald's session holds the advisory lock of its number: nothing has to be renewed.

use crate::connection::target;
use crate::error::{Verdict, refused, text, verdict};
use crate::line::Line;
use crate::prepared::Prepared;
use crate::row::{Fields, all, first};
use crate::session::Broken;
use crate::sql::{Param, Sql};
use crate::{Map, Options, Store, StoreError};
use jiff::Timestamp;
use postgres::Row;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// First key of the nodes' advisory locks ("node" in ASCII); the second is the node's number.
const LOCKS: i64 = 0x6e6f_6465;
/// The name under which all nodes listen; a migration's triggers know it, too.
const CHANNEL: &str = "ewsd";
/// Octets of one notification; PostgreSQL takes 7999.
const PAYLOAD: usize = 7900;
/// Within this time a session must hear itself.
const ECHO: Duration = Duration::from_secs(5);
/// Numbers of nodes that hold their lock, as a condition on `n`.
const ALIVE: &str = "exists (
    select from pg_locks l where l.locktype = 'advisory' and l.classid = {class}::bigint::oid and l.objid = n.node::bigint::oid
      and l.objsubid = 2 and l.granted and l.database = (select d.oid from pg_database d where d.datname = current_database()))";

/// Who a herald speaks for.
#[derive(Clone, Debug)]
pub struct NodeName {
    /// Another one for each session: positive, random.
    pub node: i32,
    /// Of the server's start.
    pub instance: i64,
    pub host: String,
    /// The master's process.
    pub pid: i32,
}

/// What a herald hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeraldEvent {
    /// Mailboxes, or what else has numbers that grow, reached these.
    Changed(Vec<(u64, u64)>),
    /// Accounts were changed.
    Directory,
    /// A node came or went.
    Nodes,
    /// Somebody asks every node what it does; the number goes into [`Herald::answer`].
    Asked(i64),
}

/// A node as the database knows it.
#[derive(Clone, Debug)]
pub struct Node {
    pub instance: i64,
    pub host: String,
    pub pid: i64,
    pub since: Timestamp,
    /// What it answered to the question that was asked about; none: nothing yet.
    pub said: Option<serde_json::Value>,
}

/// A session that speaks for a node and listens to the others. Any error is its end: a new one is made.
pub struct Herald {
    line: Line,
    prepared: Prepared,
    name: NodeName,
    /// Its server process, by which its own notifications are known.
    backend: i32,
    within: Duration,
    retry_ms: u32,
}

impl Herald {
    /// Connects, takes the node's place and finds out whether it hears itself.
    ///
    /// # Errors
    /// [`StoreError::Busy`]: later perhaps. [`StoreError::Hopeless`]: not before somebody changes a setting.
    pub fn connect(options: &Options, name: NodeName) -> Result<Herald, StoreError> {
        let target = target(options)?;
        let line = Line::open(target, options.connect_timeout).map_err(|broken| match broken {
            Broken::Sql(error) if verdict(&error) != Verdict::Away => refused(&error),
            _ => StoreError::Busy { retry_ms: options.retry_ms },
        })?;
        let within = options.answer_timeout.unwrap_or(ECHO);
        let (retry_ms, prepared) = (options.retry_ms, Prepared::default());
        let mut herald = Herald { line, prepared, name, backend: 0, within, retry_ms };
        herald.enter()?;
        herald.hear_oneself()?;
        Ok(herald)
    }

    fn enter(&mut self) -> Result<(), StoreError> {
        let listen = format!("set synchronous_commit = off; listen {CHANNEL}");
        self.line.execute(&listen, self.within).map_err(|broken| self.failed(broken))?;
        let lock = Sql::new("select pg_backend_pid(), pg_try_advisory_lock($1::bigint::int, $2::bigint::int)")
            .with([LOCKS.into(), i64::from(self.name.node).into()]);
        let row = self.ask(&lock)?.into_iter().next().ok_or(self.busy())?;
        let mut fields = Fields::new(&row);
        self.backend = fields.next()?;
        if !fields.next::<bool>()? {
            return Err(self.busy());
        }
        // Whoever ended without a word is cleared away by whoever comes next.
        let enter = Sql::new(format!(
            "with gone as (delete from node n where not {} returning 1)
            insert into node (node, instance, host, pid) select $2, $3, $4, $5 from (select count(*) from gone) cleared",
            alive(1)
        ));
        let name = self.name.clone();
        self.ask(&enter.with([
            LOCKS.into(),
            i64::from(name.node).into(),
            name.instance.into(),
            Param::Text(Cow::Owned(name.host)),
            i64::from(name.pid).into(),
        ]))?;
        Ok(())
    }

    /// Tells that it has come, and waits until it hears that itself: behind a pooler that would never be.
    fn hear_oneself(&mut self) -> Result<(), StoreError> {
        self.notify(vec![format!("n{}", self.name.node)])?;
        let begun = crate::clock::now();
        loop {
            let left = ECHO.saturating_sub(crate::clock::now().duration_since(begun));
            if left.is_zero() {
                let text = "database.herald_url: what one session notifies (NOTIFY) it does not hear: \
                            name PostgreSQL itself there, not a pooler";
                return Err(StoreError::Hopeless(text.to_owned()));
            }
            let come = self.line.wait(left).ok_or(self.busy())?;
            if come.iter().any(|notification| notification.process_id() == self.backend) {
                return Ok(());
            }
        }
    }

    /// Readable when there is something to hear, or the session is over.
    pub fn ready(&self) -> BorrowedFd<'_> {
        self.line.ready()
    }

    /// What has come since the last time.
    pub fn hear(&mut self) -> Result<Vec<HeraldEvent>, StoreError> {
        let come = self.line.take().ok_or(self.busy())?;
        let strangers = come.iter().filter(|notification| notification.process_id() != self.backend);
        Ok(strangers.filter_map(|notification| read(notification.payload())).collect())
    }

    /// Tells the other nodes of changes.
    pub fn tell(&mut self, changes: &[(u64, u64)]) -> Result<(), StoreError> {
        if changes.is_empty() { Ok(()) } else { self.notify(payloads(changes)) }
    }

    /// How many other nodes there are.
    pub fn others(&mut self) -> Result<u32, StoreError> {
        let sql =
            Sql::new(format!("select count(distinct n.instance) from node n where n.instance <> $2 and {}", alive(1)));
        let rows = self.ask(&sql.with([LOCKS.into(), self.name.instance.into()]))?;
        let count: i64 = first(rows.first().ok_or(self.busy())?)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// The number that grows with each change of accounts.
    pub fn epoch(&mut self) -> Result<i64, StoreError> {
        let rows = self.ask(&Sql::new("select epoch from directory_epoch"))?;
        first(rows.first().ok_or(self.busy())?)
    }

    /// What this node does, as somebody asked.
    pub fn answer(&mut self, question: i64, said: Map) -> Result<(), StoreError> {
        let sql = Sql::new("update node set asked = $2, said = $3 where node = $1").with([
            i64::from(self.name.node).into(),
            question.into(),
            said.into(),
        ]);
        self.ask(&sql).map(drop)
    }

    /// Says that this node goes.
    pub fn leave(mut self) -> Result<(), StoreError> {
        let node = i64::from(self.name.node);
        self.ask(&Sql::new("delete from node where node = $1").with([node.into()]))?;
        self.notify(vec![format!("n{node}")])
    }

    fn notify(&mut self, payloads: Vec<String>) -> Result<(), StoreError> {
        let sql = Sql::new("select pg_notify($1::text, payload) from unnest($2::text[]) payload")
            .with([CHANNEL.into(), Param::Texts(payloads.into_iter().map(Cow::Owned).collect())]);
        self.ask(&sql).map(drop)
    }

    fn ask(&mut self, sql: &Sql<'_>) -> Result<Vec<Row>, StoreError> {
        let within = self.within;
        let statement = match self.prepared.find(sql) {
            Some(known) => known,
            None => {
                let made = self.line.prepare(&sql.text, within).map_err(|broken| self.failed(broken))?;
                self.prepared.keep(sql, &made);
                made
            }
        };
        let params: Vec<&(dyn postgres::types::ToSql + Sync)> = sql.params.iter().map(|p| p as _).collect();
        self.line.query(&statement, &params, within).map_err(|broken| self.failed(broken))
    }

    fn failed(&self, broken: Broken) -> StoreError {
        match broken {
            Broken::Sql(error) if !self.line.is_closed() && verdict(&error) == Verdict::Other => {
                StoreError::Db(text(&error))
            }
            Broken::Sql(_) | Broken::Late => self.busy(),
            Broken::Local(error) => StoreError::Db(error.to_string()),
        }
    }

    fn busy(&self) -> StoreError {
        StoreError::Busy { retry_ms: self.retry_ms }
    }
}

impl Store {
    /// Asks every node what it does. The answers are read by [`Store::nodes`].
    pub fn ask_nodes(&mut self, question: i64) -> Result<(), StoreError> {
        let sql = Sql::new("select pg_notify($1::text, $2::text)")
            .with([CHANNEL.into(), Param::Text(Cow::Owned(format!("s{question}")))]);
        self.query(&sql).map(drop)
    }

    /// The nodes that are alive, the oldest first, with what they answered to `question`.
    pub fn nodes(&mut self, question: i64) -> Result<Vec<Node>, StoreError> {
        let sql = Sql::new(format!(
            "select n.instance, n.host, n.pid::bigint, n.since, case when n.asked = $2 then n.said end from node n
            where {} order by n.since, n.node",
            alive(1)
        ));
        let rows = self.read(&sql.with([LOCKS.into(), question.into()]))?;
        let mut nodes = all(&rows, |fields| {
            let (instance, host, pid, since) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
            Ok(Node { instance, host, pid, since, said: fields.next()? })
        })?;
        // While one herald stands in for another, the node has two rows.
        nodes.sort_by_key(|node: &Node| (node.since, node.instance, node.said.is_none()));
        let mut seen = Vec::new();
        nodes.retain(|node| {
            let new = !seen.contains(&node.instance);
            seen.push(node.instance);
            new
        });
        Ok(nodes)
    }
}

/// [`ALIVE`] with the number of the parameter that has [`LOCKS`].
fn alive(parameter: u8) -> String {
    ALIVE.replace("{class}", &format!("${parameter}"))
}

/// Changes as notifications: `c12=345 13=6`.
fn payloads(changes: &[(u64, u64)]) -> Vec<String> {
    let mut payloads = Vec::with_capacity(1);
    let mut payload = String::new();
    for (key, seq) in changes {
        let before = payload.len();
        // Writing into a String cannot fail.
        let _ = write!(payload, "{}{key}={seq}", if before == 0 { 'c' } else { ' ' });
        if payload.len() > PAYLOAD {
            payload.truncate(before);
            payloads.push(std::mem::replace(&mut payload, format!("c{key}={seq}")));
        }
    }
    payloads.push(payload);
    payloads
}

/// What a notification means; none: another version's.
fn read(payload: &str) -> Option<HeraldEvent> {
    let mut chars = payload.chars();
    match (chars.next()?, chars.as_str()) {
        ('c', pairs) => {
            let pair = |text: &str| {
                let (key, seq) = text.split_once('=')?;
                Some((key.parse().ok()?, seq.parse().ok()?))
            };
            Some(HeraldEvent::Changed(pairs.split(' ').filter_map(pair).collect()))
        }
        ('d', _) => Some(HeraldEvent::Directory),
        ('n', _) => Some(HeraldEvent::Nodes),
        ('s', question) => Some(HeraldEvent::Asked(question.parse().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn what_is_told_is_what_is_heard() {
        let changes: Vec<(u64, u64)> = (0..2000).map(|n| (u64::MAX - n, n << 20)).collect();
        let payloads = payloads(&changes);
        assert!(payloads.len() > 1 && payloads.iter().all(|payload| payload.len() <= PAYLOAD));
        let heard: Vec<(u64, u64)> = payloads
            .iter()
            .flat_map(|payload| match read(payload) {
                Some(HeraldEvent::Changed(changes)) => changes,
                _ => Vec::new(),
            })
            .collect();
        assert_eq!(heard, changes);
        assert_eq!(
            (read("d"), read("n77"), read("s-3")),
            (Some(HeraldEvent::Directory), Some(HeraldEvent::Nodes), Some(HeraldEvent::Asked(-3)))
        );
        assert_eq!((read(""), read("x"), read("sx"), read("é")), (None, None, None, None));
        assert_eq!(read("c1=2 nonsense 3="), Some(HeraldEvent::Changed(vec![(1, 2)])));
    }
}
