//! Accounts whose password we know ourselves, as a hash in the accounts table: argon2id in PHC strings (RFC 9106). Parameters stand
//! in each hash, so they can grow with the years.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use ewsd_mailbox::random;
use ewsd_store::{Account, Store, StoreError};

use super::Credentials;

/// For new hashes: 19 MiB, two passes, one lane (the least that OWASP recommends for argon2id, about 25 ms). A mail server
/// checks passwords all day, and memory is counted per worker.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash that no password has, made with the parameters above: what is computed for unknown users.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmUhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The hash of a new password, ready for the accounts table. None if the parameters are refused, which they are not.
pub fn hash(password: &str) -> Option<String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).ok()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_with_salt(password.as_bytes(), &random::array::<16>()).ok().map(|hash| hash.to_string())
}

/// Whether the password is the account's own. Nobody's takes as long as a wrong one.
pub fn is_right(credentials: &Credentials, account: Option<&Account>) -> bool {
    verify(&credentials.password, account.and_then(|account| account.password_phc.as_deref()))
}

/// By the first of the names that is a login, or an address.
pub fn find<'n>(names: impl Iterator<Item = &'n str>, store: &mut Store) -> Result<Option<Account>, StoreError> {
    for name in names {
        if let Some(account) = store.account_by_login(name)? {
            return Ok(Some(account));
        }
        if name.contains('@') {
            if let Some(account) = store.account_by_address(name)? {
                return Ok(Some(account));
            }
        }
    }
    Ok(None)
}

/// Whether `password` has the hash `stored`. Takes as long for no hash, or one that cannot be read, as for a wrong password.
/// The comparison itself takes the same time for all hashes.
fn verify(password: &str, stored: Option<&str>) -> bool {
    let parsed = stored.and_then(|stored| PasswordHash::new(stored).ok());
    let known = parsed.is_some();
    let Some(hash) = parsed.or_else(|| PasswordHash::new(NOBODY).ok()) else { return false };
    // Parameters come from the hash itself; the defaults here only choose the algorithm.
    let right = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
    right & known
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash() {
        let hash = hash("gr\u{fc}n & \u{96ea}").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("gr\u{fc}n & \u{96ea}", Some(&hash)));
        assert!(!verify("grun", Some(&hash)));
    }

    #[test]
    fn hashes_of_early_versions_stay_good() {
        let stored =
            "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$UaUdpTEPe3fXyhhkKeu0cqklluN/mFvI6sFWi6SlB6U";
        assert!(verify("gr\u{fc}n & \u{96ea}", Some(stored)));
        assert!(!verify("grun", Some(stored)));
    }

    #[test]
    fn nobody_gets_in_without_a_hash() {
        assert!(PasswordHash::new(NOBODY).is_ok(), "otherwise unknown users would cost nothing");
        for stored in [None, Some(""), Some("plain"), Some(NOBODY)] {
            assert!(!verify("", stored), "{stored:?}");
        }
    }
}
