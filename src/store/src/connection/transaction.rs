//! Transactions of a [`Store`]: all of it happens or nothing, and a change that met another one is made again.

use super::{StatementError, Store};
use crate::StoreError;
use crate::row::first;
use crate::sql::Sql;
use ewsd_model::id::{MailboxNo, Seq};
use postgres::Row;
use std::collections::BTreeSet;

/// How often a transaction that met another one is run.
const ATTEMPTS: u32 = 4;

/// The open transaction.
#[derive(Default)]
pub(super) struct Running {
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
        self.attempts(|store, locks| {
            store.begin(locks)?;
            body(store)
        })
    }

    /// [`Store::transaction`] that begins with one statement: one round trip for both. `body` gets its rows.
    ///
    /// The statement must change nothing: should the beginning fail, PostgreSQL runs it all the same, by itself.
    pub(crate) fn transaction_from<T, E: From<StoreError>>(
        &mut self,
        first: &Sql,
        mut body: impl FnMut(&mut Store, Vec<Row>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.running.is_some() {
            return self.transaction(|store| {
                let rows = store.query(first)?;
                body(store, rows)
            });
        }
        self.attempts(|store, locks| {
            let rows = store.begin_with(first, locks)?;
            body(store, rows)
        })
    }

    /// Runs a transaction, which `attempt` begins, as often as it meets others. It is given the mailboxes to lock first.
    fn attempts<T, E: From<StoreError>>(
        &mut self,
        mut attempt: impl FnMut(&mut Store, &BTreeSet<MailboxNo>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut locks = BTreeSet::new();
        for number in 1.. {
            let mut result = attempt(self, &locks);
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
                    if running.failed != Some(Failed::Again) || number >= ATTEMPTS {
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

    /// Runs one change of `mailbox`. The first column of the first row is the newest number it gave; no row: nothing was
    /// changed. Only `journal.rs` calls this.
    pub(crate) fn change(&mut self, mailbox: MailboxNo, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        if self.running.is_some() {
            self.take_place(mailbox)?;
            let rows = self.query(sql)?;
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
            Err(StatementError::Store(error)) => Err(error),
            // Another change of the same rows came first. With the counter locked before it looks, it sees them.
            Err(StatementError::Again) => self.transaction(|store| {
                store.lock_mailbox(mailbox)?;
                store.change(mailbox, sql)
            }),
        }
    }

    /// Takes the mailbox's place in the order of changes now. What is read afterwards cannot change before the commit.
    pub(crate) fn lock_mailbox(&mut self, mailbox: MailboxNo) -> Result<(), StoreError> {
        self.take_place(mailbox)?;
        let sql = Sql::new("select 1 from counter where mailbox = $1 for update").with([mailbox.0.into()]);
        self.query(&sql).map(drop)
    }

    /// Notes that the open transaction locks the counter of `mailbox`. While it holds that of a higher number it does not wait
    /// for a lower one, which is what makes two sessions wait for each other: it is run again, with all of them in order.
    fn take_place(&mut self, mailbox: MailboxNo) -> Result<(), StoreError> {
        let Some(running) = &mut self.running else { return Ok(()) };
        let backwards = running.mailboxes.last().is_some_and(|&highest| highest > mailbox);
        if !running.mailboxes.insert(mailbox) || !backwards {
            return Ok(());
        }
        let sql = Sql::new("select 1 from counter where mailbox = $1 for update skip locked").with([mailbox.0.into()]);
        if self.query(&sql)?.is_empty() { Err(self.give_up(StatementError::Again)) } else { Ok(()) }
    }

    pub(crate) fn in_transaction(&self) -> bool {
        self.running.is_some()
    }

    fn begin(&mut self, locks: &BTreeSet<MailboxNo>) -> Result<(), StoreError> {
        // Nothing has happened yet: a connection found lost is made anew.
        let begun = match self.command("begin") {
            Err(_) if self.session.is_none() => self.command("begin"),
            begun => begun,
        };
        begun.map_err(|ended| self.give_up(ended))?;
        self.running = Some(Running::default());
        locks.iter().try_for_each(|&mailbox| self.lock_mailbox(mailbox))
    }

    /// The same, with the first statement.
    fn begin_with(&mut self, first: &Sql, locks: &BTreeSet<MailboxNo>) -> Result<Vec<Row>, StoreError> {
        if !locks.is_empty() {
            self.begin(locks)?;
            return self.query(first);
        }
        let rows = match self.run_behind("begin", first) {
            Err(_) if self.session.is_none() => self.run_behind("begin", first),
            rows => rows,
        };
        self.running = Some(Running::default());
        rows.map_err(|ended| self.give_up(ended))
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
    pub(super) fn give_up(&mut self, ended: StatementError) -> StoreError {
        match ended {
            StatementError::Store(error) => {
                self.spoil(Failed::ForGood);
                error
            }
            StatementError::Again => {
                self.spoil(Failed::Again);
                self.busy()
            }
        }
    }
}
