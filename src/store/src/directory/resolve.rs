//! Who is meant by a name, or by a part of one (ResolveNames).

use super::DirectoryEntry;
use crate::row::{Fields, all};
use crate::sql::{Sql, clean};
use crate::{Store, StoreError};

/// Each word of a display name, each address and the login may begin with the text; groups have no login.
const RESOLVE: &str = "
    select is_group, display_name, address from (
        select false as is_group, a.display_name, p.address, a.account as place
        from account a
        join address p on p.account = a.account and p.is_primary
        where not a.disabled and (
            starts_with(a.login, lower($1))
            or starts_with(lower(a.display_name), lower($1))
            or strpos(lower(a.display_name), ' ' || lower($1)) > 0
            or exists (select from address x where x.account = a.account and starts_with(x.address, lower($1)))
        )
        union all
        select true, g.display_name, p.address, g.mail_group
        from mail_group g
        join address p on p.mail_group = g.mail_group
        where starts_with(lower(g.display_name), lower($1))
            or strpos(lower(g.display_name), ' ' || lower($1)) > 0
            or starts_with(p.address, lower($1))
    ) found
    order by lower(display_name) collate ewsd_order, is_group, place limit $2";

const EXACT: &str = "
    select x.mail_group is not null, coalesce(a.display_name, g.display_name), coalesce(p.address, x.address)
    from address x
    left join account a on a.account = x.account
    left join mail_group g on g.mail_group = x.mail_group
    left join address p on p.account = a.account and p.is_primary
    where x.address = lower($1) and a.disabled is not true limit $2";

impl Store {
    /// Accounts and groups whose name, login or an address begins with the text, by name, at most `limit`. With `smtp:` before
    /// it, the one that has exactly this address. Disabled accounts are nobody.
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
    Ok(DirectoryEntry { is_group: fields.next()?, display_name: fields.next()?, address: fields.next()? })
}
