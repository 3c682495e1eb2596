//! Accounts whose password somebody else knows (`auth.basic_against`): those that have none here. So there is one password for an
//! account, and who has one here is let in while nobody else answers.

use ewsd_settings::Settings;
use ewsd_store::Account;

use super::Credentials;
use crate::auth::scheme::Circumstances;
use crate::auth::{Denied, Peer};
use crate::login::{Unknown, Verdict};

/// Whether the password is judged elsewhere. Nobody's is: it costs what a wrong one does.
pub fn knows(account: Option<&Account>, settings: &Settings) -> bool {
    settings.auth.basic_against != "accounts" && account.is_none_or(|account| account.password_phc.is_none())
}

/// Whether whoever is asked takes it for right, of the account by its login. Without an answer it is neither right nor wrong.
pub fn is_right(
    credentials: &Credentials,
    account: Option<&Account>,
    peer: Peer,
    cx: &Circumstances<'_>,
) -> Result<bool, Denied> {
    // Directories take it for no proof, and let it pass.
    if credentials.password.is_empty() {
        return Ok(false);
    }
    let login = account.map_or_else(|| credentials.names().last().unwrap_or_default(), |account| &account.login);
    let logins = cx.logins.ok_or(Denied::Broken)?;
    match logins.ask(login, &credentials.password, peer.address, cx.shared, cx.epoch) {
        Ok(verdict) => Ok(verdict == Verdict::Right && account.is_some()),
        Err(Unknown { retry_ms }) => Err(Denied::Busy { retry_ms }),
    }
}
