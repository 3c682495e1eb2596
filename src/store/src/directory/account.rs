//! Accounts: making, reading, changing, removing them.

use super::{Account, AccountChange, NewAccount};
use crate::folder::Seed;
use crate::row::{Fields, all, first, firsts};
use crate::sql::{Param, Sql, clean};
use crate::{Missing, Store, StoreError};
use ewsd_model::booking::{Booking, Resource};
use ewsd_model::distinguished;
use ewsd_model::id::{Guid, MailboxNo};
use serde_json::{Map, Value as Json};

const ACCOUNT: &str = "
    select a.account, a.mailbox, m.guid, a.login, a.display_name, a.disabled, a.password, m.language, m.quota_bytes, m.zone, m.working_hours,
        m.resource, m.booking, m.exempt, (select p.address from address p where p.account = a.account and p.is_primary)
    from account a join mailbox m on m.mailbox = a.mailbox ";

impl Store {
    /// By login, in any case.
    pub fn account_by_login(&mut self, login: &str) -> Result<Option<Account>, StoreError> {
        self.account_where("where a.login = lower($1::text)", login.into())
    }

    /// By any of its addresses, in any case.
    pub fn account_by_address(&mut self, address: &str) -> Result<Option<Account>, StoreError> {
        self.account_where(
            "where a.account = (select account from address where address = lower($1::text))",
            address.into(),
        )
    }

    pub fn account(&mut self, account: i64) -> Result<Option<Account>, StoreError> {
        self.account_where("where a.account = $1", account.into())
    }

    pub fn account_by_mailbox(&mut self, mailbox: MailboxNo) -> Result<Option<Account>, StoreError> {
        self.account_where("where a.mailbox = $1", mailbox.0.into())
    }

    fn account_where(&mut self, condition: &str, param: Param) -> Result<Option<Account>, StoreError> {
        let sql = Sql::new(format!("{ACCOUNT}{condition}")).with([param]);
        self.read_opt(&sql)?.map(|row| account(&mut Fields::new(&row))).transpose()
    }

    /// All of them, by login.
    pub fn accounts(&mut self) -> Result<Vec<Account>, StoreError> {
        let sql = Sql::new(format!("{ACCOUNT}order by a.login"));
        all(&self.read(&sql)?, account)
    }

    /// Makes account, addresses, mailbox and all folders that a mailbox starts with, named in the account's language.
    /// [`StoreError::Exists`] of what is taken.
    pub fn create_account(&mut self, new: &NewAccount) -> Result<Account, StoreError> {
        const MAKE: &str = "
            with m as (
                insert into mailbox (language, quota_bytes) values ($1, $2::bigint) returning mailbox
            ), c as (
                insert into counter (mailbox) select mailbox from m
            )
            insert into account (login, display_name, password, mailbox)
            select lower($3), $4, $5, mailbox from m returning account, mailbox";
        let seeds = seeds(&new.language);
        let made = self.transaction(|store| {
            let quota = new.quota_bytes.map_or(Param::Null, Param::Int);
            let sql = Sql::new(MAKE).with([
                Param::Text(clean(&new.language)),
                quota,
                new.login.as_str().into(),
                new.display_name.as_str().into(),
                new.password_phc.as_deref().into(),
            ]);
            let row = store.query_opt(&sql)?.ok_or(StoreError::NotFound(Missing::Account))?;
            let mut fields = Fields::new(&row);
            let (account, mailbox) = (fields.next()?, fields.next()?);
            for (at, address) in new.addresses.iter().enumerate() {
                store.add_address(account, address, at == 0)?;
            }
            store.mailbox(mailbox).seed_folders(&seeds)?;
            Ok::<_, StoreError>(account)
        })?;
        self.account(made)?.ok_or(StoreError::NotFound(Missing::Account))
    }

    /// Replaces the password by its PHC string; None: no password opens the account. What was kept of the old one besides goes.
    pub fn set_password(&mut self, account: i64, phc: Option<&str>) -> Result<(), StoreError> {
        self.transaction(|store| {
            store.set_secrets(account, &[])?;
            store.set(account, "password = $2", phc.into())
        })
    }

    pub fn set_disabled(&mut self, account: i64, disabled: bool) -> Result<(), StoreError> {
        self.set(account, "disabled = $2", disabled.into())
    }

    /// Changes all of this or nothing. [`StoreError::Exists`] of a login that another account has.
    pub fn change_account(&mut self, account: i64, changes: &[AccountChange<'_>]) -> Result<(), StoreError> {
        self.transaction(|store| {
            changes.iter().try_for_each(|change| match *change {
                AccountChange::Login(login) => store.set(account, "login = lower($2)", login.into()),
                AccountChange::Name(name) => store.set(account, "display_name = $2", name.into()),
                AccountChange::Language(language) => {
                    store.set_of_mailbox(account, "language = $2", Param::Text(clean(language)))
                }
                AccountChange::Quota(octets) => store.set_quota(account, octets),
                AccountChange::Zone(zone) => store.set_of_mailbox(account, "zone = $2", zone.into()),
                AccountChange::WorkingHours(hours) => store.set_of_mailbox(account, "working_hours = $2", hours.into()),
                AccountChange::Resource(what) => {
                    store.set_of_mailbox(account, "resource = $2", what.map(Resource::word).into())
                }
                AccountChange::Exempt(exempt) => store.set_of_mailbox(account, "exempt = $2", exempt.into()),
                AccountChange::Booking(option, Some(setting)) => {
                    let kept = Map::from_iter([(option.to_owned(), setting.json())]);
                    store.set_of_mailbox(account, "booking = m.booking || $2::jsonb", kept.into())
                }
                AccountChange::Booking(option, None) => {
                    store.set_of_mailbox(account, "booking = m.booking - $2::text", option.into())
                }
            })
        })
    }

    /// In octets; None: as the server is set, 0: none.
    pub fn set_quota(&mut self, account: i64, octets: Option<i64>) -> Result<(), StoreError> {
        self.set_of_mailbox(account, "quota_bytes = $2", octets.map_or(Param::Null, Param::Int))
    }

    /// The octets of each mailbox's items.
    pub fn all_used(&mut self) -> Result<Vec<(MailboxNo, i64)>, StoreError> {
        let sql = Sql::new("select mailbox, sum(bytes)::bigint from folder group by mailbox");
        all(&self.read(&sql)?, |fields| Ok((fields.next()?, fields.next()?)))
    }

    fn set_of_mailbox(&mut self, account: i64, what: &str, param: Param) -> Result<(), StoreError> {
        let sql = Sql::new(format!(
            "update mailbox m set {what} from account a where a.account = $1 and m.mailbox = a.mailbox returning 1"
        ))
        .with([account.into(), param]);
        self.query_opt(&sql)?.map(drop).ok_or(StoreError::NotFound(Missing::Account))
    }

    fn set(&mut self, account: i64, what: &str, param: Param) -> Result<(), StoreError> {
        let sql =
            Sql::new(format!("update account set {what} where account = $1 returning 1")).with([account.into(), param]);
        self.query_opt(&sql)?.map(drop).ok_or(StoreError::NotFound(Missing::Account))
    }

    /// Removes the account with its addresses, its mailbox and everything in that.
    pub fn delete_account(&mut self, account: i64) -> Result<(), StoreError> {
        // Tables without a foreign key to the mailbox; those with one follow it.
        const OF_MAILBOX: &[&str] = &[
            "delete from subscription where mailbox = $1",
            "delete from outbox where mailbox = $1",
            // Waits for a step that enters words, and lets no other begin.
            "delete from indexed where mailbox = $1",
            "delete from word where mailbox = $1",
            "delete from word_place where mailbox = $1",
            "delete from vocabulary where mailbox = $1",
            "delete from reword where mailbox = $1",
            "delete from plain_due where mailbox = $1",
            "delete from attachment where mailbox = $1",
            "delete from item where mailbox = $1",
            "delete from folder where mailbox = $1",
            "delete from blob where mailbox = $1",
        ];
        self.transaction(|store| {
            let gone = Sql::new("delete from account where account = $1 returning mailbox").with([account.into()]);
            let row = store.query_opt(&gone)?.ok_or(StoreError::NotFound(Missing::Account))?;
            let mailbox: MailboxNo = first(&row)?;
            store.lock_mailbox(mailbox)?;
            for statement in OF_MAILBOX {
                store.query(&Sql::new(*statement).with([mailbox.0.into()]))?;
            }
            store.mailbox(mailbox).drop_journal()?;
            store.query(&Sql::new("delete from mailbox where mailbox = $1").with([mailbox.0.into()])).map(drop)
        })
    }

    pub fn mailbox_by_guid(&mut self, guid: Guid) -> Result<Option<MailboxNo>, StoreError> {
        let sql =
            Sql::new("select mailbox from mailbox where guid = $1").with([Param::Guid(uuid::Uuid::from_bytes(guid.0))]);
        self.read_opt(&sql)?.map(|row| first(&row)).transpose()
    }

    /// Mailboxes after `after`, in order, at most `limit`: for the janitor's rounds.
    pub fn mailboxes(&mut self, after: MailboxNo, limit: i64) -> Result<Vec<MailboxNo>, StoreError> {
        let sql = Sql::new("select mailbox from mailbox where mailbox > $1 order by mailbox limit $2")
            .with([after.0.into(), limit.into()]);
        firsts(&self.read(&sql)?)
    }
}

/// The folders a mailbox starts with, parents first.
fn seeds(language: &str) -> Vec<Seed> {
    let mut seeds: Vec<Seed> = Vec::new();
    let mut waiting: Vec<_> = distinguished::made().collect();
    // Each turn takes those whose parent is there; a row without one on the list would wait for ever and is dropped.
    loop {
        let before = seeds.len();
        waiting.retain(|row| {
            let ready = row.parent.is_empty() || seeds.iter().any(|seed| seed.distinguished == row.parent);
            if ready {
                seeds.push(Seed {
                    distinguished: row.name,
                    parent: row.parent,
                    kind: row.kind,
                    class: row.class,
                    name: row.display_name(language).to_owned(),
                    hidden: row.is_hidden(),
                });
            }
            !ready
        });
        if seeds.len() == before {
            return seeds;
        }
    }
}

fn account(fields: &mut Fields<'_>) -> Result<Account, StoreError> {
    Ok(Account {
        account: fields.next()?,
        mailbox: fields.next()?,
        guid: fields.next()?,
        login: fields.next()?,
        display_name: fields.next()?,
        disabled: fields.next()?,
        password_phc: fields.next()?,
        language: fields.next()?,
        quota_bytes: fields.next()?,
        zone: fields.next()?,
        working_hours: fields.next()?,
        resource: fields.next::<Option<String>>()?.as_deref().and_then(Resource::from_word),
        booking: booking(&fields.next()?),
        exempt: fields.next()?,
        primary_address: fields.next()?,
    })
}

fn booking(kept: &Json) -> Booking {
    kept.as_object().map(Booking::from_json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn every_folder_that_is_to_be_made_is_made_after_its_parent() {
        let seeds = seeds("de");
        assert_eq!(seeds.len(), distinguished::made().count());
        for (at, seed) in seeds.iter().enumerate() {
            assert!(seed.parent.is_empty() || seeds[..at].iter().any(|before| before.distinguished == seed.parent));
        }
        assert!(seeds.iter().any(|seed| seed.name == "Posteingang"));
    }
}
