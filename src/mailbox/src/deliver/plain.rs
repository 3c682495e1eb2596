//! The text of HTML bodies that were stored before it was kept with them.

use ewsd_model::id::MailboxNo;
use ewsd_store::{Hash, Missing, Store, StoreError};

use crate::convert::{Failed, RETRY_MS, mime};
use crate::log::note;

/// Has the body read, and keeps what it says. A body that no converter can read is searched with its markup, as before.
///
/// # Errors
/// Those of the store; [`StoreError::Busy`] as well when no converter is free.
pub fn fill_in(store: &mut Store, mailbox: MailboxNo, body: &Hash) -> Result<(), StoreError> {
    let mut mailbox = store.mailbox(mailbox);
    let html = match mailbox.blob(body) {
        Err(StoreError::NotFound(Missing::Blob)) => return Ok(()),
        other => other?,
    };
    match mime::plain_text(&String::from_utf8_lossy(&html)) {
        Ok(text) => mailbox.put_plain(body, &text),
        Err(Failed::Busy) => Err(StoreError::Busy { retry_ms: RETRY_MS }),
        Err(failed) => {
            note!(Warn, "a body of {} octets is searched with its markup: {failed}", html.len());
            Ok(())
        }
    }
}
