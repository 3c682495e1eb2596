//! Groups: addresses whose mail goes to their members, who are accounts and other groups. No group is in itself, however many
//! groups lie between; whoever expands one stops at groups that were seen all the same.

use super::{Group, GroupMember, Recipient};
use crate::row::{Fields, all};
use crate::sql::{Param, Sql, clean};
use crate::{Missing, Store, StoreError};

const GROUP: &str = "
    select g.mail_group, a.address, g.display_name,
        (select count(*) from group_member m where m.mail_group = g.mail_group)
    from mail_group g join address a on a.mail_group = g.mail_group ";

/// The groups below those of `start`, themselves included, each once. `inside` has the outermost one as `top`.
const INSIDE: &str = "
    with recursive inside (top, mail_group) as (
        select {top}, a.mail_group from address a where {start}
        union
        select i.top, m.inner_group from inside i join group_member m on m.mail_group = i.mail_group
        where m.inner_group is not null
    )";

fn inside(top: &str, start: &str) -> String {
    INSIDE.replace("{top}", top).replace("{start}", start)
}

impl Store {
    /// Makes a group without members. [`StoreError::Exists`] if somebody has the address.
    pub fn create_group(&mut self, address: &str, display_name: &str) -> Result<Group, StoreError> {
        const MAKE: &str = "
            with g as (insert into mail_group (display_name) values ($2) returning mail_group)
            insert into address (address, mail_group) select lower($1), mail_group from g";
        self.query(&Sql::new(MAKE).with([address.into(), display_name.into()]))?;
        self.group(address)?.ok_or(StoreError::NotFound(Missing::Group))
    }

    /// By its address, in any case.
    pub fn group(&mut self, address: &str) -> Result<Option<Group>, StoreError> {
        let sql = Sql::new(format!("{GROUP}where a.address = lower($1)")).with([address.into()]);
        self.read_opt(&sql)?.map(|row| group(&mut Fields::new(&row))).transpose()
    }

    /// All of them, by address.
    pub fn groups(&mut self) -> Result<Vec<Group>, StoreError> {
        let sql = Sql::new(format!("{GROUP}order by a.address"));
        all(&self.read(&sql)?, group)
    }

    /// Those that are called so: by address, the part of it before the @, or display name, in any case.
    pub fn groups_named(&mut self, name: &str) -> Result<Vec<Group>, StoreError> {
        let sql = Sql::new(format!(
            "{GROUP}where a.address = lower($1) or split_part(a.address, '@', 1) = lower($1) \
             or lower(g.display_name) = lower($1) order by a.address limit 100"
        ))
        .with([name.trim().into()]);
        all(&self.read(&sql)?, group)
    }

    /// Removes it with its address; groups that it was in go on without it.
    pub fn delete_group(&mut self, group: i64) -> Result<(), StoreError> {
        let sql = Sql::new("delete from mail_group where mail_group = $1 returning 1").with([group.into()]);
        self.query_opt(&sql)?.map(drop).ok_or(StoreError::NotFound(Missing::Group))
    }

    /// Adds an account or a group. Somebody who is a member stays it. [`StoreError::Cycle`] of a group that has this one in it.
    pub fn add_member(&mut self, group: i64, member: &GroupMember) -> Result<(), StoreError> {
        self.transaction(|store| {
            let (account, inner) = numbers(member);
            // Two sessions could each add one half of a ring.
            store.query(&Sql::new("lock table group_member in share row exclusive mode"))?;
            if let GroupMember::Group { group: inner, .. } = member {
                let ring = format!(
                    "{} select 1 from inside where mail_group = $2 limit 1",
                    inside("a.mail_group", "a.mail_group = $1")
                );
                if store.query_opt(&Sql::new(ring).with([(*inner).into(), group.into()]))?.is_some() {
                    return Err(StoreError::Cycle);
                }
            }
            const ADD: &str =
                "insert into group_member (mail_group, account, inner_group) values ($1, $2, $3) on conflict do nothing";
            store.query(&Sql::new(ADD).with([group.into(), account, inner])).map(drop)
        })
    }

    /// Takes a member out. [`StoreError::NotFound`] if it is none.
    pub fn remove_member(&mut self, group: i64, member: &GroupMember) -> Result<(), StoreError> {
        let (account, inner) = numbers(member);
        let sql = Sql::new(
            "delete from group_member where mail_group = $1 and (account = $2::bigint or inner_group = $3::bigint) returning 1",
        )
        .with([group.into(), account, inner]);
        self.query_opt(&sql)?.map(drop).ok_or(StoreError::NotFound(Missing::Address))
    }

    /// The members, by name: one level.
    pub fn members(&mut self, group: i64) -> Result<Vec<GroupMember>, StoreError> {
        const MEMBERS: &str = "
            select m.account, m.inner_group, coalesce(c.display_name, g.display_name), p.address
            from group_member m
            left join account c on c.account = m.account
            left join mail_group g on g.mail_group = m.inner_group
            join address p on (p.account = m.account and p.is_primary) or p.mail_group = m.inner_group
            where m.mail_group = $1
            order by lower(coalesce(c.display_name, g.display_name)) collate ewsd_order, p.address";
        all(&self.read(&Sql::new(MEMBERS).with([group.into()]))?, |fields| {
            let (account, inner): (Option<i64>, Option<i64>) = (fields.next()?, fields.next()?);
            let (name, address) = (fields.next()?, fields.next()?);
            match (account, inner) {
                (Some(account), _) => Ok(GroupMember::Account { account, name, address }),
                (None, Some(group)) => Ok(GroupMember::Group { group, name, address }),
                (None, None) => Err(StoreError::Corrupt("a member of a group is nobody".to_owned())),
            }
        })
    }

    /// Whom mail to a group reaches: all members that are accounts, at any depth, each once, by their mailboxes. Disabled
    /// accounts get none.
    pub fn group_recipients(&mut self, group: i64) -> Result<Vec<Recipient>, StoreError> {
        self.expand("a.mail_group = $1", group.into())
    }

    /// The same of all groups among the addresses.
    pub(super) fn expand_addresses(&mut self, addresses: &[String]) -> Result<Vec<Recipient>, StoreError> {
        let addresses = Param::Texts(addresses.iter().map(|address| clean(address)).collect());
        self.expand("a.address in (select lower(x) from unnest($1::text[]) x) and a.mail_group is not null", addresses)
    }

    fn expand(&mut self, start: &str, param: Param) -> Result<Vec<Recipient>, StoreError> {
        let sql = Sql::new(format!(
            "{} select distinct i.top, c.account, c.mailbox, p.address, c.display_name, c.disabled, m.quota_bytes,
                m.resource is not null
            from inside i
            join group_member g on g.mail_group = i.mail_group
            join account c on c.account = g.account and not c.disabled
            join mailbox m on m.mailbox = c.mailbox
            join address p on p.account = c.account and p.is_primary
            order by c.mailbox, i.top",
            inside("a.address", start)
        ))
        .with([param]);
        all(&self.read(&sql)?, |fields| super::address::recipient(fields, true))
    }
}

fn numbers(member: &GroupMember) -> (Param<'static>, Param<'static>) {
    match member {
        GroupMember::Account { account, .. } => (Param::Int(*account), Param::Null),
        GroupMember::Group { group, .. } => (Param::Null, Param::Int(*group)),
    }
}

fn group(fields: &mut Fields<'_>) -> Result<Group, StoreError> {
    Ok(Group { group: fields.next()?, address: fields.next()?, display_name: fields.next()?, members: fields.next()? })
}
