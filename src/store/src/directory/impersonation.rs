//! Who may act as whom.

use crate::row::{Fields, all};
use crate::sql::{Param, Sql};
use crate::{Store, StoreError};

/// As whom somebody may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImpersonationTarget {
    Everybody,
    Account(i64),
    /// Whoever is in the group, however deep.
    Group(i64),
}

/// What the grants of somebody say about acting as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// There are none at all.
    Nothing,
    Others,
    This,
}

/// A grant, by the names of both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// A login.
    pub grantee: String,
    /// The login of an account, the address of a group; none: everybody.
    pub over: Option<String>,
}

impl ImpersonationTarget {
    fn params(self) -> [Param<'static>; 2] {
        match self {
            ImpersonationTarget::Everybody => [Param::Null, Param::Null],
            ImpersonationTarget::Account(account) => [Param::Int(account), Param::Null],
            ImpersonationTarget::Group(group) => [Param::Null, Param::Int(group)],
        }
    }
}

impl Store {
    /// Whether `grantee` may act as `account`.
    pub fn may_act_as(&mut self, grantee: i64, account: i64) -> Result<Granted, StoreError> {
        const MAY: &str = "
            with recursive around (mail_group) as (
                select mail_group from group_member where account = $2
                union
                select m.mail_group from around a join group_member m on m.inner_group = a.mail_group
            )
            select coalesce(bool_or(
                num_nonnulls(i.account, i.mail_group) = 0 or i.account = $2
                or i.mail_group in (select mail_group from around)
            ), false)
            from impersonation i where i.grantee = $1 having count(*) > 0";
        let sql = Sql::new(MAY).with([grantee.into(), account.into()]);
        Ok(match self.read_opt(&sql)?.map(|row| crate::row::first(&row)).transpose()? {
            None => Granted::Nothing,
            Some(false) => Granted::Others,
            Some(true) => Granted::This,
        })
    }

    /// Lets an account act as others; false: it may already.
    pub fn grant_impersonation(&mut self, grantee: i64, scope: ImpersonationTarget) -> Result<bool, StoreError> {
        const GRANT: &str = "insert into impersonation (grantee, account, mail_group)
            values ($1, $2::bigint, $3::bigint) on conflict do nothing returning 1";
        let [account, group] = scope.params();
        let sql = Sql::new(GRANT).with([grantee.into(), account, group]);
        Ok(self.query_opt(&sql)?.is_some())
    }

    /// Takes a grant back; false: there is none.
    pub fn revoke_impersonation(&mut self, grantee: i64, scope: ImpersonationTarget) -> Result<bool, StoreError> {
        const REVOKE: &str = "delete from impersonation where grantee = $1
            and account is not distinct from $2::bigint and mail_group is not distinct from $3::bigint returning 1";
        let [account, group] = scope.params();
        let sql = Sql::new(REVOKE).with([grantee.into(), account, group]);
        Ok(self.query_opt(&sql)?.is_some())
    }

    /// All grants, by grantee.
    pub fn impersonation_grants(&mut self) -> Result<Vec<Grant>, StoreError> {
        const LIST: &str = "
            select g.login, coalesce(a.login, p.address)
            from impersonation i
            join account g on g.account = i.grantee
            left join account a on a.account = i.account
            left join address p on p.mail_group = i.mail_group
            order by 1, 2 nulls first";
        all(&self.read(&Sql::new(LIST))?, |fields: &mut Fields<'_>| {
            Ok(Grant { grantee: fields.next()?, over: fields.next()? })
        })
    }
}
