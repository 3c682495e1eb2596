//! Secrets of accounts that must be readable again (an NT hash, the hash of Digest): enciphered with a key that lies in a file and
//! never in the database, so that who has one of the two has nothing.
//!
//! ChaCha20-Poly1305 (RFC 8439), a random nonce each; what is sealed is bound to its account and its kind, so that no row
//! passes for another's.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use ewsd_mailbox::log::note;
use ewsd_mailbox::random;
use ewsd_settings::Settings;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

const KEY: usize = 32;

/// What is sealed. The numbers lie in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretKind {
    Nt = 1,
    DigestMd5 = 2,
    DigestSha256 = 3,
}

impl SecretKind {
    pub fn number(self) -> i16 {
        self as i16
    }
}

/// The key, ready for use.
pub struct SealKey(LessSafeKey);

/// Where the key is: `auth.key_file`.
pub fn path(settings: &Settings) -> PathBuf {
    match settings.auth.key_file.as_str() {
        "" => Path::new(&settings.server.state_dir).join("secrets.key"),
        named => named.into(),
    }
}

impl SealKey {
    /// # Errors
    /// What reading the file reports; `InvalidData` where it is no key.
    pub fn read(path: &Path) -> io::Result<SealKey> {
        let mut octets = Zeroizing::new([0; KEY]);
        let mut file = File::open(path)?;
        file.read_exact(octets.as_mut())?;
        let ends = file.read(&mut [0])? == 0;
        UnboundKey::new(&CHACHA20_POLY1305, octets.as_ref())
            .ok()
            .filter(|_| ends)
            .map(|key| SealKey(LessSafeKey::new(key)))
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "this is no key of 32 octets"))
    }

    /// Reads the key, or makes one where there is none: for its owner alone, who is that of the folder.
    ///
    /// # Errors
    /// As [`SealKey::read`], and what writing reports.
    pub fn read_or_make(path: &Path) -> io::Result<SealKey> {
        match SealKey::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(path)?;
                SealKey::read(path)
            }
            read => read,
        }
    }

    /// None: it cannot be, which no input makes happen.
    pub fn seal(&self, account: i64, kind: SecretKind, secret: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random::array();
        let mut text = secret.to_vec();
        let nonce_of = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(nonce_of, Aad::from(bound_to(account, kind)), &mut text).ok()?;
        Some([nonce.as_slice(), &text].concat())
    }

    /// None: sealed with another key, for another account or kind, or damaged.
    pub fn open(&self, account: i64, kind: SecretKind, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.0.open_in_place(nonce, Aad::from(bound_to(account, kind)), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// The key as a worker has it: read when it is first needed, and tried again after a while where it could not be.
#[derive(Default)]
pub struct Keyring {
    key: Option<SealKey>,
    again: u64,
}

/// Seconds before a file that could not be read is tried again.
const AGAIN: u64 = 10;

impl Keyring {
    /// None: there is none to be read, which is in the log. `now` in seconds.
    pub fn key(&mut self, settings: &Settings, now: u64) -> Option<&SealKey> {
        if self.key.is_none() && self.again <= now {
            self.again = now + AGAIN;
            let path = path(settings);
            match SealKey::read(&path) {
                Ok(key) => self.key = Some(key),
                Err(error) => {
                    note!(
                        Error,
                        "auth.key_file {}: {error}: no NT hash can be read; set a password with ewsctl, or restore the file",
                        path.display()
                    );
                }
            }
        }
        self.key.as_ref()
    }
}

fn bound_to(account: i64, kind: SecretKind) -> [u8; 10] {
    let mut out = [0; 10];
    for (place, octet) in out.iter_mut().zip(account.to_le_bytes().into_iter().chain(kind.number().to_le_bytes())) {
        *place = octet;
    }
    out
}

/// The NT hash of a password, as it is sealed.
pub fn nt_hash(password: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(ewsd_ntlm::nt_hash(password).0.to_vec())
}

/// Whole or not at all: written under another name first, and never over one that is there.
fn make(path: &Path) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let written = file.write_all(Zeroizing::new(random::array::<KEY>()).as_ref()).and_then(|()| file.sync_all());
    let owned = written.and_then(|()| {
        let owner = fs::metadata(folder)?;
        // Fails for whoever is not root, and owns the file already.
        let _ = fchown(&file, Some(owner.uid()), Some(owner.gid()));
        // A key that somebody made meanwhile stays.
        fs::hard_link(&new, path).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(error),
        })
    });
    fs::remove_file(&new).and(owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_one_accounts_and_one_kinds() {
        let folder = std::env::temp_dir().join(format!("ewsd-sealed-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("secrets.key");
        assert!(SealKey::read(&path).is_err());
        let key = SealKey::read_or_make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        let sealed = key.seal(7, SecretKind::Nt, b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        // The key is the same when it is read again.
        let again = SealKey::read_or_make(&path).unwrap();
        assert_eq!(again.open(7, SecretKind::Nt, &sealed).unwrap().as_slice(), b"secret");
        assert!(again.open(8, SecretKind::Nt, &sealed).is_none());
        assert!(again.open(7, SecretKind::DigestMd5, &sealed).is_none());
        let mut damaged = sealed.clone();
        damaged[20] ^= 1;
        assert!(again.open(7, SecretKind::Nt, &damaged).is_none() && again.open(7, SecretKind::Nt, b"").is_none());
        fs::write(&path, [7; 33]).unwrap();
        assert!(SealKey::read(&path).is_err(), "longer than a key");
        fs::remove_dir_all(&folder).unwrap();
    }
}
