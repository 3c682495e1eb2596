//! Whose calendar tells when somebody is free: by addresses, and of the members of a group. All that has to be known before a
//! mailbox is opened, in one query.

use crate::folder::rights_of;
use crate::row::{Fields, all};
use crate::sql::{Param, Sql, clean};
use crate::{Store, StoreError};
use ewsd_model::id::{FolderNo, Guid, MailboxNo};
use serde_json::Value as Json;

/// The calendar of an account, which is not disabled.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    /// As asked, in lower case; of a group's member its primary one.
    pub address: String,
    pub account: i64,
    pub mailbox: MailboxNo,
    pub guid: Guid,
    pub folder: FolderNo,
    /// The rights on it as they are kept.
    pub rights: Json,
    /// See [`crate::Account::zone`].
    pub zone: Option<String>,
    /// See [`crate::Account::working_hours`].
    pub working_hours: Option<String>,
}

/// Behind the address; `c` is the account.
const CALENDAR: &str = ", c.account, c.mailbox, m.guid, f.folder, {rights}, m.zone, m.working_hours";
const OF_ACCOUNT: &str = "
    join mailbox m on m.mailbox = c.mailbox
    join folder f on f.mailbox = m.mailbox and f.distinguished = 'calendar'";

impl Store {
    /// Those of the addresses that belong to accounts here, in any case, each once.
    pub fn calendars(&mut self, addresses: &[&str]) -> Result<Vec<Calendar>, StoreError> {
        let sql = Sql::new(format!(
            "select d.address{} from (select distinct lower(x) as address from unnest($1::text[]) x) w \
             join address d on d.address = w.address \
             join account c on c.account = d.account and not c.disabled{OF_ACCOUNT}",
            columns()
        ))
        .with([Param::Texts(addresses.iter().map(|address| clean(address)).collect())]);
        all(&self.read(&sql)?, calendar)
    }

    /// Those of a group's members at any depth, each once, at most so many. `group`: its number.
    pub fn group_calendars(&mut self, group: i64, most: i64) -> Result<Vec<Calendar>, StoreError> {
        let sql = Sql::new(format!(
            "with recursive inside (mail_group) as ( \
                 select $1::bigint union select m.inner_group from inside i \
                 join group_member m on m.mail_group = i.mail_group where m.inner_group is not null \
             ) \
             select p.address{} from ( \
                 select distinct g.account from inside i join group_member g on g.mail_group = i.mail_group \
                 where g.account is not null) w \
             join account c on c.account = w.account and not c.disabled \
             join address p on p.account = c.account and p.is_primary{OF_ACCOUNT} \
             order by c.account limit $2",
            columns()
        ))
        .with([group.into(), most.into()]);
        all(&self.read(&sql)?, calendar)
    }
}

fn columns() -> String {
    CALENDAR.replace("{rights}", &rights_of("f.props"))
}

fn calendar(fields: &mut Fields<'_>) -> Result<Calendar, StoreError> {
    Ok(Calendar {
        address: fields.next()?,
        account: fields.next()?,
        mailbox: fields.next()?,
        guid: fields.next()?,
        folder: fields.next()?,
        rights: fields.next()?,
        zone: fields.next()?,
        working_hours: fields.next()?,
    })
}
