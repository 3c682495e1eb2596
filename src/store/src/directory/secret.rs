//! What of an account's password is kept besides its hash, enciphered by whoever puts it here.

use crate::row::first;
use crate::sql::{Param, Sql};
use crate::{Store, StoreError};

impl Store {
    /// The secret of that kind.
    pub fn secret(&mut self, account: i64, kind: i16) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = Sql::new("select sealed from account_secret where account = $1 and kind = $2")
            .with([account.into(), i64::from(kind).into()]);
        self.read_opt(&sql)?.map(|row| first(&row)).transpose()
    }

    /// Replaces all secrets of an account.
    pub fn set_secrets(&mut self, account: i64, secrets: &[(i16, Vec<u8>)]) -> Result<(), StoreError> {
        const PUT: &str = "insert into account_secret (account, kind, sealed)
            select $1, kind, sealed from unnest($2::bigint[], $3::bytea[]) as new (kind, sealed)";
        self.transaction(|store| {
            store.query(&Sql::new("delete from account_secret where account = $1").with([account.into()]))?;
            if secrets.is_empty() {
                return Ok(());
            }
            let kinds = secrets.iter().map(|(kind, _)| i64::from(*kind)).collect();
            let sealed = secrets.iter().map(|(_, sealed)| sealed.as_slice().into()).collect();
            let sql = Sql::new(PUT).with([account.into(), Param::Ints(kinds), Param::BytesMany(sealed)]);
            store.query(&sql).map(drop)
        })
    }
}
