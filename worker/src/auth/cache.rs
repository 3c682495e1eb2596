//! The accounts that a worker has seen lately.

use std::collections::HashMap;
use std::rc::Rc;

use ewsd_store::Account;

/// More accounts than that are forgotten all at once.
const MOST: usize = 20_000;

/// Accounts by number.
#[derive(Default)]
pub struct AccountCache {
    /// With the second from which they are not believed any more; valid in `epoch` only.
    accounts: HashMap<i64, (Rc<Account>, u64)>,
    epoch: u64,
}

impl AccountCache {
    pub fn get(&self, number: i64, epoch: u64, now: u64) -> Option<Rc<Account>> {
        let (account, expires) = self.accounts.get(&number).filter(|_| self.epoch == epoch)?;
        (*expires > now).then(|| account.clone())
    }

    pub fn insert(&mut self, account: Rc<Account>, epoch: u64, expires: u64) {
        if self.epoch != epoch || self.accounts.len() >= MOST {
            self.accounts.clear();
            self.epoch = epoch;
        }
        self.accounts.insert(account.account, (account, expires));
    }
}
