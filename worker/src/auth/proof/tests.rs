//! Logins by Digest and NTLM on a real database: what is remembered of them lets in, keeps nobody out, and ends with every change.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::File;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_http::head::parse_head;
use ewsd_ipc::shared::{self, Shared};
use ewsd_mailbox::clock;
use ewsd_settings::Settings;
use ewsd_store::testing::{Database, database};
use ewsd_store::{Account, NewAccount, Store};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;

use crate::auth::scheme::digest::{self, SHA256};
use crate::auth::sealed::{self, SealKey, SecretKind};
use crate::auth::{Authenticator, Bound, Denied, Entered, Peer};

#[derive(Debug, Clone, Copy)]
enum By {
    Digest,
    Ntlm,
}

const BOTH: [By; 2] = [By::Digest, By::Ntlm];

/// A worker's view of one account, and an administrator who changes it.
struct World {
    auth: Authenticator,
    store: Store,
    settings: Settings,
    shared: Shared,
    region: File,
    epoch: u64,
    alice: Account,
    folder: PathBuf,
    _database: Database,
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

impl World {
    fn new(settings: &[&str]) -> World {
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let new = NewAccount {
            login: "alice".to_owned(),
            display_name: "Alice".to_owned(),
            password_phc: None,
            addresses: vec!["alice@example.test".to_owned()],
            language: "en".to_owned(),
            quota_bytes: None,
        };
        let alice = store.create_account(&new).unwrap();
        let number = std::sync::atomic::AtomicU32::fetch_add(&MADE, 1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ewsd-proof-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let key = format!("auth.key_file={}", folder.join("key").display());
        let mut own = Settings::default();
        for setting in ["auth.digest=true", "auth.ntlm=true", "server.name=mx.test", &key].iter().chain(settings) {
            own.set(setting).unwrap();
        }
        let region = shared::create(&[7; 32]).unwrap();
        let mut world = World {
            auth: Authenticator::default(),
            store,
            settings: own,
            shared: Shared::map(&region).unwrap(),
            region,
            epoch: 1,
            alice,
            folder,
            _database: database,
        };
        world.password("secret");
        world
    }

    /// Gives her a password, and tells no worker.
    fn password(&mut self, password: &str) {
        let key = SealKey::read_or_make(&self.folder.join("key")).unwrap();
        let account = self.alice.account;
        let seal = |kind: SecretKind, secret: &[u8]| (kind.number(), key.seal(account, kind, secret).unwrap());
        let digest = digest::secret(&SHA256, "alice", &digest::realm(&self.settings), password);
        let secrets = [seal(SecretKind::Nt, &sealed::nt_hash(password)), seal(SecretKind::DigestSha256, &digest)];
        self.store.set_secrets(account, &secrets).unwrap();
    }

    /// What the master does when it hears of a change.
    fn tell(&mut self) {
        self.epoch += 1;
        shared::set_epoch(&self.region, self.epoch).unwrap();
    }

    fn ask(&mut self, authorization: &str, bound: Option<&Bound>) -> Result<Entered, Denied> {
        self.request(&format!("Authorization: {authorization}"), false, bound)
    }

    fn request(&mut self, line: &str, proxied: bool, bound: Option<&Bound>) -> Result<Entered, Denied> {
        let text = format!("POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n");
        let head = parse_head(text.as_bytes()).unwrap();
        let address = "192.0.2.1".parse().unwrap();
        let peer = Peer { address, shared: false, proxied, relayed: false, schemes: u32::MAX };
        let World { auth, store, settings, shared, .. } = self;
        auth.authenticate(&head, peer, bound, store, settings, shared)
    }

    fn log_in(&mut self, by: By, login: &str, password: &str) -> Result<Entered, Denied> {
        match by {
            By::Digest => {
                let nonce = digest::nonce(&self.shared, clock::unix());
                let said = digest_proof(&nonce, &digest::realm(&self.settings), login, password);
                self.ask(&said, None)
            }
            By::Ntlm => {
                let first = [b"NTLMSSP\0\x01\0\0\0\x05\x02\0\0".as_slice(), &[0; 16]].concat();
                let begun = self.ask(&format!("NTLM {}", STANDARD.encode(first)), None);
                let Err(Denied::Continue { challenge, bound }) = begun else { panic!("{begun:?}") };
                let challenge = STANDARD.decode(challenge.strip_prefix("NTLM ").unwrap()).unwrap();
                let last = ntlm_proof(&challenge, login, password);
                self.ask(&format!("NTLM {}", STANDARD.encode(last)), bound.as_ref())
            }
        }
    }

    fn opens(&mut self, by: By, password: &str) -> bool {
        match self.log_in(by, "alice", password) {
            Ok(entered) => entered.account.account == self.alice.account,
            Err(Denied::Refused) => false,
            Err(other) => panic!("{by:?}: {other:?}"),
        }
    }
}

static MADE: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

fn digest_proof(nonce: &str, realm: &str, login: &str, password: &str) -> String {
    let hash = |text: String| (SHA256.hash)(text.as_bytes());
    let secret = hash(format!("{login}:{realm}:{password}"));
    let request = hash("POST:/EWS/Exchange.asmx".to_owned());
    let response = hash(format!("{secret}:{nonce}:00000001:own:auth:{request}"));
    format!(
        "Digest username=\"{login}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"/EWS/Exchange.asmx\", qop=auth, nc=00000001, \
         cnonce=\"own\", algorithm=SHA-256, response=\"{response}\""
    )
}

/// The last message of a client that wants nothing but to log in ([MS-NLMP] 2.2.1.3, 3.3.2).
fn ntlm_proof(challenge: &[u8], login: &str, password: &str) -> Vec<u8> {
    let hmac = |key: &[u8], parts: &[&[u8]]| -> [u8; 16] {
        let mut mac = Hmac::<Md5>::new_from_slice(key).unwrap();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    };
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let offset = u32::from_le_bytes(*challenge.get(44..).unwrap().first_chunk().unwrap());
    let told = challenge.get(usize::try_from(offset).unwrap()..).unwrap();
    let blob = [&[1, 1, 0, 0, 0, 0, 0, 0], [0; 8].as_slice(), &[7; 8], &[0; 4], told, &[0; 4]].concat();
    let key = hmac(&sealed::nt_hash(password), &[&utf16(&login.to_uppercase())]);
    let proof = hmac(&key, &[challenge.get(24..32).unwrap(), &blob]);
    let (mut head, mut payload) = (b"NTLMSSP\0\x03\0\0\0".to_vec(), Vec::new());
    for octets in [&[][..], &[proof.as_slice(), &blob].concat(), &[], &utf16(login), &[], &[]] {
        let length = u16::try_from(octets.len()).unwrap().to_le_bytes();
        head.extend([length, length].concat());
        head.extend(u32::try_from(64 + payload.len()).unwrap().to_le_bytes());
        payload.extend_from_slice(octets);
    }
    head.extend(0x0205u32.to_le_bytes());
    [head, payload].concat()
}

/// Nobody has told this worker of the new password: the old one is good as long as one of Basic would be, and the new one at once.
#[test]
fn what_is_remembered_lets_in_and_keeps_nobody_out() {
    let mut world = World::new(&[]);
    for by in BOTH {
        assert!(world.opens(by, "secret") && !world.opens(by, "other"), "{by:?}");
    }
    world.password("other");
    for by in BOTH {
        assert!(world.opens(by, "secret"), "{by:?}: remembered");
        assert!(world.opens(by, "other"), "{by:?}: asked for");
        assert!(!world.opens(by, "secret") && !world.opens(by, "third"), "{by:?}: the new one is remembered now");
    }
}

#[test]
fn nothing_is_remembered_where_nothing_shall_be() {
    let mut world = World::new(&["auth.cache_seconds=0"]);
    for by in BOTH {
        assert!(world.opens(by, "secret"), "{by:?}");
    }
    world.password("other");
    for by in BOTH {
        assert!(!world.opens(by, "secret") && world.opens(by, "other"), "{by:?}");
    }
}

#[test]
fn a_change_ends_what_is_remembered_at_once() {
    for by in BOTH {
        let mut world = World::new(&[]);
        assert!(world.opens(by, "secret"), "{by:?}");
        world.password("other");
        world.tell();
        assert!(!world.opens(by, "secret") && world.opens(by, "other"), "{by:?}: a password");
        world.store.set_disabled(world.alice.account, true).unwrap();
        world.tell();
        assert!(!world.opens(by, "other"), "{by:?}: disabled");
        world.store.set_disabled(world.alice.account, false).unwrap();
        world.tell();
        assert!(world.opens(by, "other"), "{by:?}: enabled");
        world.store.set_secrets(world.alice.account, &[]).unwrap();
        world.tell();
        assert!(!world.opens(by, "other"), "{by:?}: nothing is kept any more");
        world.password("other");
        assert!(world.opens(by, "other"), "{by:?}");
        world.store.delete_account(world.alice.account).unwrap();
        world.tell();
        assert!(!world.opens(by, "other"), "{by:?}: removed");
    }
}

/// As a ticket and a token do, by the same function.
#[test]
fn whom_a_proxy_names_is_remembered_until_a_change() {
    for (seconds, remembered) in [(300, true), (0, false)] {
        let seconds = format!("auth.cache_seconds={seconds}");
        let mut world = World::new(&["auth.headers=[\"X-Remote-User\"]", &seconds]);
        let opens = |world: &mut World| match world.request("X-Remote-User: alice@example.test", true, None) {
            Ok(entered) => entered.account.account == world.alice.account,
            Err(denied) => denied != Denied::Refused,
        };
        assert!(opens(&mut world));
        world.store.set_disabled(world.alice.account, true).unwrap();
        assert_eq!(opens(&mut world), remembered, "nobody has told this worker");
        world.tell();
        assert!(!opens(&mut world), "disabled");
        world.store.set_disabled(world.alice.account, false).unwrap();
        world.tell();
        assert!(opens(&mut world), "enabled");
        world.store.delete_account(world.alice.account).unwrap();
        world.tell();
        assert!(!opens(&mut world), "removed");
    }
}

/// A guess costs the guesser the same, whether or not the owner came in lately: over the limit nothing is judged.
#[test]
fn guesses_are_counted_beside_what_is_remembered() {
    for by in BOTH {
        let mut world = World::new(&["auth.failures_per_minute=3"]);
        assert!(world.opens(by, "secret"), "{by:?}");
        for n in 0..3 {
            assert!(!world.opens(by, &format!("guess {n}")), "{by:?}");
        }
        assert!(!world.opens(by, "secret"), "{by:?}: nothing from there is judged for a minute");
        assert!(matches!(world.log_in(by, "nobody", "secret"), Err(Denied::Refused)), "{by:?}");
    }
}
