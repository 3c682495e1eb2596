//! Is a proof right? What schemes ask whose clients prove a password without saying it, by what is kept of it (`sealed.rs`).
//!
//! Whom a proof let in is remembered with what it was judged by, for as long as a password is. What is remembered keeps nobody out:
//! whoever is wrong by it is judged by the database, which takes as long as it takes with everybody who is wrong.

use std::rc::Rc;

use ewsd_store::{Account, Store, StoreError};
use zeroize::Zeroizing;

use super::password::admit;
use super::scheme::Circumstances;
use super::sealed::SecretKind;
use super::{Denied, Peer, failed};

/// What is kept for a scheme.
pub struct Kept {
    pub kind: SecretKind,
    /// The reason where nothing is.
    pub missing: &'static str,
    /// What no password has, as far as anybody knows: whoever has nothing costs as much as who has.
    pub nobody: &'static [u8],
}

/// The account, and what judging made of the proof. `names`: under which the account may be known, the fullest first; `find` finds it.
/// `judge` has what is kept of the password, or a reason why it is not right.
pub fn check<T>(
    kept: &Kept,
    names: &[&str],
    peer: Peer,
    cx: &mut Circumstances<'_>,
    find: impl FnOnce(&mut Store) -> Result<Option<Account>, StoreError>,
    judge: impl Fn(&[u8]) -> Result<T, &'static str>,
) -> Result<(Rc<Account>, T), Denied> {
    if let Some(proved) = by_memory(kept, names, peer, cx, &judge)? {
        return Ok(proved);
    }
    let (account, failures) = admit(names.iter().copied(), peer, cx, find)?;
    // Nobody's is looked for as well.
    let number = account.as_ref().map_or(0, |account| account.account);
    let sealed = cx.store.secret(number, kept.kind.number()).map_err(failed)?;
    let secret = sealed.as_deref().and_then(|sealed| open(number, kept.kind, sealed, cx));
    let judged = judge(secret.as_deref().map_or(kept.nobody, Vec::as_slice));
    let reason = match (account, judged) {
        (None, _) => "unknown user",
        (Some(_), _) if secret.is_none() => kept.missing,
        (Some(_), Err(reason)) => reason,
        (Some(account), Ok(_)) if account.disabled => "account disabled",
        (Some(account), Ok(made)) => {
            let account = cx.remember_named(names, account);
            if let Some(sealed) = sealed {
                cx.remember_sealed(number, kept.kind, sealed);
            }
            return Ok((account, made));
        }
    };
    Err(failures.fail(names.first().copied().unwrap_or_default(), peer, reason, cx))
}

/// By what is remembered of who came in.
fn by_memory<T>(
    kept: &Kept,
    names: &[&str],
    peer: Peer,
    cx: &mut Circumstances<'_>,
    judge: impl Fn(&[u8]) -> Result<T, &'static str>,
) -> Result<Option<(Rc<Account>, T)>, Denied> {
    let Circumstances { known, epoch, now, .. } = cx;
    let account = known.named(names, *epoch, *now).filter(|account| !account.disabled);
    let sealed = account.as_ref().and_then(|account| known.sealed(account.account, kept.kind, *epoch, *now));
    let Some((account, sealed)) = account.zip(sealed) else {
        // Judged in vain, or it could be told who came in lately.
        let _ = judge(kept.nobody);
        return Ok(None);
    };
    admit(names.iter().copied(), peer, cx, |_| Ok(Some(account.clone())))?;
    let secret = open(account.account, kept.kind, &sealed, cx);
    Ok(secret.and_then(|secret| judge(&secret).ok()).map(|made| (account, made)))
}

fn open(account: i64, kind: SecretKind, sealed: &[u8], cx: &mut Circumstances<'_>) -> Option<Zeroizing<Vec<u8>>> {
    cx.keyring.key(cx.settings, cx.now)?.open(account, kind, sealed)
}

#[cfg(test)]
mod tests;
