//! From where people came in: what an administrator is shown of somebody's logins, and whom guesses from a network do not keep out.

use jiff::Timestamp;

use crate::row::all;
use crate::sql::Sql;
use crate::{Before, Store, StoreError};

/// A network from which an account came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginPlace {
    pub network: String,
    /// The way in which it said who it was.
    pub scheme: String,
    /// To an hour.
    pub last: Timestamp,
}

impl Store {
    /// Notes that an account came in. What was noted within the hour stays as it is.
    pub fn note_login(&mut self, account: i64, network: &str, scheme: &str) -> Result<(), StoreError> {
        let sql = Sql::new(
            "insert into login_place (account, network, scheme) values ($1, $2, $3)
             on conflict (account, network, scheme) do update set last = now()
             where login_place.last < now() - make_interval(hours => 1) returning 1",
        )
        .with([account.into(), network.into(), scheme.into()]);
        self.query(&sql).map(drop)
    }

    /// From where an account came in, the latest first.
    pub fn login_places(&mut self, account: i64, most: i64) -> Result<Vec<LoginPlace>, StoreError> {
        let sql = Sql::new(
            "select network, scheme, last from login_place where account = $1 order by last desc, network, scheme limit $2",
        )
        .with([account.into(), most.into()]);
        all(&self.read(&sql)?, |fields| {
            Ok(LoginPlace { network: fields.next()?, scheme: fields.next()?, last: fields.next()? })
        })
    }

    /// Who came in from a network, by each name that an account has (its login, its addresses), of the `most` that came last.
    pub fn people_of_network(&mut self, network: &str, most: i64) -> Result<Vec<(String, i64)>, StoreError> {
        let sql = Sql::new(
            "select n.name, p.account
             from (select account from login_place where network = $1 group by account order by max(last) desc limit $2) p,
             lateral (select login as name from account where account = p.account
                      union select address from address where account = p.account) n",
        )
        .with([network.into(), most.into()]);
        all(&self.read(&sql)?, |fields| Ok((fields.next()?, fields.next()?)))
    }

    /// Forgets what is older than that.
    pub fn expire_login_places(&mut self, before: Before) -> Result<(), StoreError> {
        let sql = Sql::new("delete from login_place where last < $1 returning 1").with([before.time().into()]);
        self.query(&sql).map(drop)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::database;
    use crate::{Believed, NewAccount};

    #[test]
    fn places_are_noted_once_an_hour_and_kept_for_a_while() {
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let new = NewAccount {
            login: "anna".to_owned(),
            display_name: "Anna".to_owned(),
            addresses: vec!["anna@example.test".to_owned()],
            language: "en".to_owned(),
            quota_bytes: None,
            password_phc: None,
        };
        let account = store.create_account(&new).unwrap().account;
        for (network, scheme) in [("192.0.2.1", "basic"), ("192.0.2.1", "ntlm"), ("2001:db8::/64", "basic")] {
            store.note_login(account, network, scheme).unwrap();
        }
        let places = store.login_places(account, 10).unwrap();
        assert_eq!((places.len(), store.login_places(account, 2).unwrap().len()), (3, 2));
        store.note_login(account, "192.0.2.1", "basic").unwrap();
        assert_eq!(store.login_places(account, 10).unwrap(), places, "within the hour");
        let people = |store: &mut Store, network: &str| {
            let mut people = store.people_of_network(network, 10).unwrap();
            people.sort();
            people
        };
        let own = [("anna".to_owned(), account), ("anna@example.test".to_owned(), account)];
        assert_eq!(people(&mut store, "192.0.2.1"), own);
        assert_eq!(people(&mut store, "192.0.2.2"), []);
        let back = |store: &mut Store, days: i64| {
            let sql = Sql::new("update login_place set last = last - make_interval(days => $1::int) returning 1");
            store.query(&sql.with([days.into()])).unwrap();
        };
        back(&mut store, 80);
        store.note_login(account, "192.0.2.1", "basic").unwrap();
        let latest = store.login_places(account, 1).unwrap().remove(0);
        assert_eq!((latest.network.as_str(), latest.scheme.as_str()), ("192.0.2.1", "basic"));
        back(&mut store, 20);
        store.expire_login_places(Believed::for_test(Timestamp::now()).older_than_days(90)).unwrap();
        assert_eq!(store.login_places(account, 10).unwrap().len(), 1);
        store.delete_account(account).unwrap();
        assert_eq!(store.login_places(account, 10).unwrap(), []);
    }
}
