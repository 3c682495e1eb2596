//! Keys of identity providers: a courier fetches them, workers check tokens with them. What was fetched stays until something else
//! is: while the provider is away the old keys are good.

use crate::row::first;
use crate::sql::{Param, Sql};
use crate::{Store, StoreError};

impl Store {
    /// The document that was last fetched from a URL; none: there is none yet.
    pub fn token_keys(&mut self, url: &str) -> Result<Option<String>, StoreError> {
        let sql = Sql::new("select document from token_keys where url = $1").with([url.into()]);
        Ok(self.read_opt(&sql)?.map(|row| first(&row)).transpose()?.flatten())
    }

    /// Seconds until a URL is to be fetched; none: nobody ever has.
    pub fn next_token_keys_seconds(&mut self, url: &str) -> Result<Option<f64>, StoreError> {
        let sql = Sql::new("select extract(epoch from due - now())::float8 from token_keys where url = $1")
            .with([url.into()]);
        self.read_opt(&sql)?.map(|row| first(&row)).transpose()
    }

    /// Takes it upon oneself to fetch a URL that is due. It is due again after `again_seconds`, whatever becomes of that.
    /// False: it is not.
    pub fn claim_token_keys(&mut self, url: &str, again_seconds: i64) -> Result<bool, StoreError> {
        let sql = Sql::new(
            "insert into token_keys (url, due) values ($1, now() + make_interval(secs => $2::float8))
             on conflict (url) do update set tried = now(), due = excluded.due where token_keys.due <= now() returning 1",
        )
        .with([url.into(), Param::Real(again_seconds as f64)]);
        Ok(self.query_opt(&sql)?.is_some())
    }

    /// Keeps what was fetched, to be fetched again after `seconds`. What nobody has asked for in a month goes.
    pub fn keep_token_keys(&mut self, url: &str, document: &str, seconds: i64) -> Result<(), StoreError> {
        let sql = Sql::new(
            "with old as (delete from token_keys where url <> $1 and tried < now() - make_interval(days => 30))
             update token_keys set document = $2, due = now() + make_interval(secs => $3::float8) where url = $1",
        )
        .with([url.into(), document.into(), Param::Real(seconds as f64)]);
        self.query(&sql).map(drop)
    }

    /// Wants a URL fetched now, if nobody has begun to within `again_seconds`. The courier is to be told then
    /// ([`Store::take_queued`]).
    pub fn want_token_keys(&mut self, url: &str, again_seconds: i64) -> Result<(), StoreError> {
        let sql = Sql::new(
            "update token_keys set due = now()
             where url = $1 and due > now() and tried <= now() - make_interval(secs => $2::float8) returning 1",
        )
        .with([url.into(), Param::Real(again_seconds as f64)]);
        let wanted = self.query_opt(&sql)?.is_some();
        self.queued |= wanted;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::database;

    #[test]
    fn one_fetches_what_is_due_and_what_it_brings_stays() {
        const URL: &str = "https://id.example.test/keys";
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        assert_eq!(store.next_token_keys_seconds(URL).unwrap(), None);
        store.want_token_keys(URL, 0).unwrap();
        assert!(store.claim_token_keys(URL, 60).unwrap());
        assert!(!store.claim_token_keys(URL, 60).unwrap(), "somebody does");
        assert_eq!(store.token_keys(URL).unwrap(), None);
        store.keep_token_keys(URL, "{}", 3600).unwrap();
        assert_eq!(store.token_keys(URL).unwrap().as_deref(), Some("{}"));
        assert!(store.next_token_keys_seconds(URL).unwrap().unwrap() > 3500.0);
        store.want_token_keys(URL, 60).unwrap();
        assert!(!store.take_queued() && !store.claim_token_keys(URL, 60).unwrap(), "it was fetched just now");
        store.want_token_keys(URL, 0).unwrap();
        assert!(store.take_queued() && store.claim_token_keys(URL, 60).unwrap());
        assert_eq!(store.token_keys(URL).unwrap().as_deref(), Some("{}"), "whether or not it comes again");
        assert_eq!(store.token_keys("https://elsewhere.test/").unwrap(), None);
    }
}
