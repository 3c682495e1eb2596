//! Who is meant by a name, or by a part of one (ResolveNames).

use super::DirectoryEntry;
use crate::row::{Fields, all};
use crate::sql::{Sql, clean};
use crate::{Store, StoreError};

/// Each word of a display name, each address and the login may begin with the text.
const RESOLVE: &str = "
    select a.account, a.mailbox, m.guid, a.display_name, p.address
    from account a
    join mailbox m on m.mailbox = a.mailbox
    join address p on p.account = a.account and p.is_primary
    where not a.disabled and (
        starts_with(a.login, lower($1))
        or starts_with(lower(a.display_name), lower($1))
        or strpos(lower(a.display_name), ' ' || lower($1)) > 0
        or exists (select from address x where x.account = a.account and starts_with(x.address, lower($1)))
    )
    order by lower(a.display_name) collate ewsd_order, a.account limit $2";

const EXACT: &str = "
    select a.account, a.mailbox, m.guid, a.display_name, p.address
    from address x
    join account a on a.account = x.account
    join mailbox m on m.mailbox = a.mailbox
    join address p on p.account = a.account and p.is_primary
    where not a.disabled and x.address = lower($1) limit $2";

impl Store {
    /// Accounts whose name, login or an address begins with the text, by name, at most `limit`. With `smtp:` before it, the one
    /// that has exactly this address. Disabled accounts are nobody.
    pub fn resolve_names(&mut self, text: &str, limit: i64) -> Result<Vec<DirectoryEntry>, StoreError> {
        let text = clean(text);
        let text = text.trim();
        let exact = text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("smtp:")).and_then(|_| text.get(5..));
        let (sql, text) = match exact {
            Some(address) => (EXACT, address.trim()),
            None => (RESOLVE, text),
        };
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let sql = Sql::new(sql).with([text.into(), limit.into()]);
        all(&self.read(&sql)?, entry)
    }
}

fn entry(fields: &mut Fields<'_>) -> Result<DirectoryEntry, StoreError> {
    Ok(DirectoryEntry {
        account: fields.next()?,
        mailbox: fields.next()?,
        guid: fields.next()?,
        display_name: fields.next()?,
        address: fields.next()?,
    })
}
