//! ExchangeImpersonation: a request by one account as another, which it becomes for all that follows: rights, sender, budgets.
//!
//! Whoever has no grant at all hears one and the same refusal, whatever name stands in the header.

use std::rc::Rc;

use ewsd_ews::Fault;
use ewsd_ews::Impersonation;
use ewsd_mailbox::log::note;
use ewsd_model::code::Code;
use ewsd_model::id::Guid;
use ewsd_store::{Account, Granted, Store, StoreError};

/// The account that the request is made as. The line in the log is what an auditor reads.
///
/// # Errors
/// ErrorImpersonateUserDenied without the right; without such a user ErrorNonExistentMailbox (addresses) or
/// ErrorInvalidExchangeImpersonationHeaderData (names, SIDs).
pub fn act_as(caller: &Account, who: &Impersonation, store: &mut Store) -> Result<Rc<Account>, Fault> {
    let target = find(who, store).map_err(failed)?;
    let number = target.as_ref().map_or(0, |target| target.account);
    let granted = store.may_act_as(caller.account, number).map_err(failed)?;
    match (granted, target) {
        (Granted::Nothing, _) | (Granted::Others, Some(_)) => {
            note!(Warn, "impersonation refused: {} as {:?}", caller.login, name(who));
            Err(Fault::new(Code::ErrorImpersonateUserDenied))
        }
        (Granted::This, Some(target)) => {
            note!(Info, "impersonation: {} as {}", caller.login, target.login);
            Ok(Rc::new(target))
        }
        (_, None) => {
            note!(Info, "impersonation: {} as {:?}, who is not here", caller.login, name(who));
            Err(Fault::new(match who {
                Impersonation::PrincipalName(_) | Impersonation::Sid(_) => {
                    Code::ErrorInvalidExchangeImpersonationHeaderData
                }
                Impersonation::PrimarySmtpAddress(_) | Impersonation::SmtpAddress(_) => Code::ErrorNonExistentMailbox,
            }))
        }
    }
}

fn name(who: &Impersonation) -> String {
    let (Impersonation::PrincipalName(name)
    | Impersonation::Sid(name)
    | Impersonation::PrimarySmtpAddress(name)
    | Impersonation::SmtpAddress(name)) = who;
    name.chars().take(128).collect()
}

/// By the one way that the header names. Disabled accounts are nobody.
fn find(who: &Impersonation, store: &mut Store) -> Result<Option<Account>, StoreError> {
    let found = match who {
        // A principal's name is a login; where it looks like an address, that of its account.
        Impersonation::PrincipalName(name) => match store.account_by_login(name)? {
            None if name.contains('@') => store.account_by_address(name)?,
            found => found,
        },
        Impersonation::Sid(sid) => match Guid::from_sid(sid) {
            Some(guid) => match store.mailbox_by_guid(guid)? {
                Some(mailbox) => store.account_by_mailbox(mailbox)?,
                None => None,
            },
            None => None,
        },
        Impersonation::PrimarySmtpAddress(address) => store.account_by_address(address)?.filter(|account| {
            account.primary_address.as_ref().is_some_and(|primary| primary.eq_ignore_ascii_case(address))
        }),
        Impersonation::SmtpAddress(address) => store.account_by_address(address)?,
    };
    Ok(found.filter(|account| !account.disabled))
}

fn failed(error: StoreError) -> Fault {
    match error {
        StoreError::Busy { retry_ms } => Fault::busy(u64::from(retry_ms)),
        other => {
            note!(Error, "impersonation: {other}");
            Fault::new(Code::ErrorImpersonationFailed)
        }
    }
}
