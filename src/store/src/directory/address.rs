//! Addresses of accounts, and which recipients of mail are ours.

use super::{OwnedAddress, Recipient};
use crate::row::{Fields, all, first, firsts};
use crate::sql::{Param, Sql, clean};
use crate::{Missing, Store, StoreError};

impl Store {
    /// Gives an account one more address, or makes it the primary one if the account has it already.
    /// [`StoreError::Exists`] if another account has it.
    pub fn add_address(&mut self, account: i64, address: &str, primary: bool) -> Result<(), StoreError> {
        const ADD: &str = "
            insert into address (address, account, is_primary)
            select lower($2), $1, $3 or not exists (select from address where account = $1 and is_primary)
            on conflict (address) do update set is_primary = address.is_primary or excluded.is_primary
            where address.account = $1 returning 1";
        self.transaction(|store| {
            if store.account(account)?.is_none() {
                return Err(StoreError::NotFound(Missing::Account));
            }
            if primary {
                let step_down = Sql::new("update address set is_primary = false where account = $1 and is_primary");
                store.query(&step_down.with([account.into()]))?;
            }
            let add = Sql::new(ADD).with([account.into(), address.into(), primary.into()]);
            store.query_opt(&add)?.map(drop).ok_or(StoreError::Exists(Missing::Address))
        })
    }

    /// Takes an address away. If it was the primary one, the account's first other one in order becomes it.
    pub fn remove_address(&mut self, address: &str) -> Result<(), StoreError> {
        const NEXT: &str = "
            update address set is_primary = true
            where address = (select min(address) from address where account = $1)
              and not exists (select from address where account = $1 and is_primary)";
        self.transaction(|store| {
            let gone =
                Sql::new("delete from address where address = lower($1) and account is not null returning account")
                    .with([address.into()]);
            let row = store.query_opt(&gone)?.ok_or(StoreError::NotFound(Missing::Address))?;
            let account: i64 = first(&row)?;
            store.query(&Sql::new(NEXT).with([account.into()])).map(drop)
        })
    }

    /// An account's addresses, the primary one first.
    pub fn addresses(&mut self, account: i64) -> Result<Vec<String>, StoreError> {
        let sql = Sql::new("select address from address where account = $1 order by is_primary desc, address")
            .with([account.into()]);
        firsts(&self.read(&sql)?)
    }

    /// All addresses of all accounts, by login; each account's primary one first.
    pub fn all_addresses(&mut self) -> Result<Vec<OwnedAddress>, StoreError> {
        let sql = Sql::new(
            "select d.address, a.login, d.is_primary from address d join account a on a.account = d.account \
             order by a.login, d.is_primary desc, d.address",
        );
        all(&self.read(&sql)?, |fields| {
            Ok(OwnedAddress { address: fields.next()?, login: fields.next()?, primary: fields.next()? })
        })
    }

    /// Those of the addresses that belong to accounts here, in any case, and whom those of groups reach: a group's address
    /// may stand there with several people, or with none. The others are left out.
    pub fn recipients(&mut self, addresses: &[String]) -> Result<Vec<Recipient>, StoreError> {
        const FIND: &str = "
            select w.address, a.account, a.mailbox, p.address, a.display_name, a.disabled, m.quota_bytes,
                m.resource is not null
            from (select distinct lower(x) as address from unnest($1::text[]) x) w
            join address w2 on w2.address = w.address
            join account a on a.account = w2.account
            join mailbox m on m.mailbox = a.mailbox
            join address p on p.account = a.account and p.is_primary";
        let sql = Sql::new(FIND).with([Param::Texts(addresses.iter().map(|address| clean(address)).collect())]);
        let mut found = all(&self.read(&sql)?, |fields| recipient(fields, false))?;
        if addresses.iter().any(|address| !found.iter().any(|one| one.address == address.to_lowercase())) {
            found.extend(self.expand_addresses(addresses)?);
        }
        Ok(found)
    }

    /// The domains of all addresses, in order.
    pub fn domains(&mut self) -> Result<Vec<String>, StoreError> {
        let sql = Sql::new(
            "select distinct substring(address from '@([^@]*)$') d from address where address like '%@%' order by d",
        );
        firsts(&self.read(&sql)?)
    }
}

pub(super) fn recipient(fields: &mut Fields<'_>, group: bool) -> Result<Recipient, StoreError> {
    Ok(Recipient {
        address: fields.next()?,
        account: fields.next()?,
        mailbox: fields.next()?,
        primary_address: fields.next()?,
        display_name: fields.next()?,
        disabled: fields.next()?,
        quota_bytes: fields.next()?,
        resource: fields.next()?,
        group,
    })
}
