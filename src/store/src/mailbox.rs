//! One mailbox of the store: whatever is done in it is a method of this handle, which carries its number.
//!
//! Whoever answers clients gets one from the gate, which has asked whether it may be given; who comes from the directory
//! (delivery, the janitor, administration) from [`Store::mailbox`].

use crate::{Store, StoreError};
use ewsd_model::id::{MailboxNo, Seq};

/// A mailbox, there or not: what is asked of one that is not there finds nothing.
pub struct Mailbox<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) no: MailboxNo,
}

impl Store {
    pub fn mailbox(&mut self, no: MailboxNo) -> Mailbox<'_> {
        Mailbox { store: self, no }
    }
}

impl Mailbox<'_> {
    /// For watching and comparing.
    pub fn number(&self) -> MailboxNo {
        self.no
    }

    /// Has whoever waits for the mailbox look, if it has not seen that number.
    pub fn announce(&mut self, seq: Seq) {
        self.store.announce(self.no, seq);
    }

    /// [`Store::transaction`], of what is done in this mailbox alone.
    pub fn transaction<T, E: From<StoreError>>(
        &mut self,
        mut body: impl FnMut(&mut Mailbox<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let no = self.no;
        self.store.transaction(|store| body(&mut store.mailbox(no)))
    }

    /// Takes the mailbox's place in the order of changes now. What is read afterwards cannot change before the commit.
    pub(crate) fn lock(&mut self) -> Result<(), StoreError> {
        self.store.lock_mailbox(self.no)
    }
}
