//! Tokens of an identity provider: signed with one of the provider's keys, for this server, not yet expired. What is in one is
//! `ewsd-jwt`'s.
//!
//! Keys come from a file (`auth.jwks_file`), and from where the courier has put what it fetched (`auth.jwks_url`): the
//! database, which each worker looks at now and then, and at once when a token names a key that it does not know. If nobody
//! has it there either, the courier is asked to fetch. Such a token is refused as long as its key is not known: no worker
//! waits for a provider.

use std::fs;
use std::time::SystemTime;

use ewsd_jwt::{Expected, Key, Reason, Token, Unproved, bearer, read_keys};
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use ewsd_store::{Store, StoreError};

/// Seconds after which file and database are looked at again.
const AGAIN: u64 = 10;

/// Why a token lets nobody in.
#[derive(Debug)]
pub enum Unfit {
    /// A reason for the log.
    Token(Reason),
    /// The provider's keys cannot be read now.
    Keys(StoreError),
}

impl From<Reason> for Unfit {
    fn from(reason: Reason) -> Unfit {
        Unfit::Token(reason)
    }
}

impl From<StoreError> for Unfit {
    fn from(error: StoreError) -> Unfit {
        Unfit::Keys(error)
    }
}

/// The provider's keys, as this worker has them.
#[derive(Default)]
pub struct Keys {
    file: FileKeys,
    fetched: FetchedKeys,
}

/// Read again when the file changes.
#[derive(Default)]
struct FileKeys {
    keys: Vec<Key>,
    changed: Option<SystemTime>,
    again: u64,
}

/// What the courier has fetched.
#[derive(Default)]
struct FetchedKeys {
    keys: Vec<Key>,
    /// Where they are from.
    url: String,
    /// When the database was last looked at, in seconds since 1970.
    looked: u64,
}

impl Keys {
    /// The name by which the bearer is known here.
    ///
    /// # Errors
    /// The token is none, or not for us; or the keys cannot be read.
    pub fn check(&mut self, token: &[u8], store: &mut Store, settings: &Settings, now: u64) -> Result<String, Unfit> {
        let token = Token::read(token)?;
        let auth = &settings.auth;
        let expected = Expected {
            issuer: &auth.token_issuer,
            audiences: &auth.token_audience,
            scope: &auth.token_scope,
            skew_seconds: auth.token_skew_seconds,
        };
        // Before the signature: whose token is not for us needs no key.
        expected.check(&token.claims, now)?;
        self.verify(&token, store, settings, now)?;
        Ok(bearer(&token.claims, &auth.token_claims)?.to_owned())
    }

    fn verify(&mut self, token: &Token<'_>, store: &mut Store, settings: &Settings, now: u64) -> Result<(), Unfit> {
        self.file.refresh(&settings.auth.jwks_file, now);
        let mut looked = self.fetched.refresh(store, settings, now, AGAIN)?;
        loop {
            let keys = self.file.keys.iter().chain(&self.fetched.keys);
            match token.verify(keys) {
                Ok(()) => return Ok(()),
                Err(Unproved::Wrong(reason)) => return Err(reason.into()),
                Err(Unproved::UnknownKey) if looked => break self.fetched.want(store, settings)?,
                Err(Unproved::UnknownKey) => looked = self.fetched.refresh(store, settings, now, 1)?,
            }
            // Whoever sends one such token after the other has the database asked once a second.
            if !looked {
                break;
            }
        }
        Err("a token signed with an unknown key".into())
    }
}

impl FileKeys {
    fn refresh(&mut self, path: &str, now: u64) {
        if path.is_empty() || self.again > now {
            return;
        }
        self.again = now + AGAIN;
        let changed = fs::metadata(path).and_then(|file| file.modified());
        if changed.as_ref().ok() == self.changed.as_ref() && self.changed.is_some() {
            return;
        }
        match fs::read(path).map_err(|error| error.to_string()).and_then(|text| read_keys(&text)) {
            Ok(keys) => {
                self.keys = keys;
                self.changed = changed.ok();
            }
            // Those that were there go on: a file that is being written is soon whole.
            Err(error) => note!(Error, "auth.jwks_file {path}: {error}"),
        }
    }
}

impl FetchedKeys {
    /// Reads what was fetched, unless it was read within the last `seconds`. Whether it did.
    fn refresh(&mut self, store: &mut Store, settings: &Settings, now: u64, seconds: u64) -> Result<bool, StoreError> {
        let url = &settings.auth.jwks_url;
        if self.url != *url {
            *self = FetchedKeys { url: url.clone(), ..FetchedKeys::default() };
        }
        if url.is_empty() || self.looked.saturating_add(seconds) > now {
            return Ok(false);
        }
        let document = store.token_keys(url)?;
        self.looked = now;
        // The courier has read it before.
        match document.as_deref().map(|text| read_keys(text.as_bytes())) {
            None => {}
            Some(Ok(keys)) => self.keys = keys,
            Some(Err(error)) => note!(Error, "what was fetched from auth.jwks_url {url}: {error}"),
        }
        Ok(true)
    }

    /// Has the courier fetch them, if it has not just done so.
    fn want(&self, store: &mut Store, settings: &Settings) -> Result<(), StoreError> {
        if self.url.is_empty() {
            return Ok(());
        }
        let seconds = i64::try_from(settings.auth.jwks_again_seconds).unwrap_or(i64::MAX);
        store.want_token_keys(&self.url, seconds)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ewsd_jwt::Public;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::{Value, json};

    use ewsd_store::Options;
    use ewsd_store::testing::database;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn settings() -> Settings {
        let mut settings = Settings::default();
        settings.auth.token_issuer = "https://id.example.test".to_owned();
        settings.auth.token_audience = vec!["ewsd".to_owned()];
        settings.auth.token_scope = "mail".to_owned();
        settings
    }

    fn pair() -> EcdsaKeyPair {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap()
    }

    fn keys(pair: &EcdsaKeyPair) -> Keys {
        let key = Key { id: Some("one".to_owned()), public: Public::P256(pair.public_key().as_ref().to_vec()) };
        let file = FileKeys { keys: vec![key], changed: None, again: u64::MAX };
        Keys { file, fetched: FetchedKeys::default() }
    }

    /// Without a URL no database is asked.
    fn check(keys: &mut Keys, token: &str, settings: &Settings) -> Result<String, Unfit> {
        let mut store = Store::lazy(&Options::new("host=/nowhere")).unwrap();
        keys.check(token.as_bytes(), &mut store, settings, NOW)
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example.test", "aud": ["other", "ewsd"], "exp": NOW + 60, "nbf": NOW - 60,
            "scp": "openid mail", "upn": "anna@example.test",
        })
    }

    fn token(pair: &EcdsaKeyPair, head: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(head), encode(claims));
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn head() -> Value {
        json!({"alg": "ES256", "kid": "one"})
    }

    #[test]
    fn a_good_token_names_its_bearer() {
        let pair = pair();
        let good = token(&pair, &head(), &claims());
        assert_eq!(check(&mut keys(&pair), &good, &settings()).unwrap(), "anna@example.test");
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let other_first = if signature.starts_with('A') { 'B' } else { 'A' };
        let spoiled = format!("{signed}.{other_first}{}", signature.get(1..).unwrap());
        for wrong in ["", ".", "..", "a.b.c", signed, &format!("{signed}."), &format!("{good}.x"), &spoiled] {
            assert!(check(&mut keys(&pair), wrong, &settings()).is_err(), "{wrong}");
        }
        let other = super::tests::pair();
        assert!(check(&mut keys(&other), &good, &settings()).is_err(), "signed with another key");
    }

    #[test]
    fn the_algorithm_is_the_keys() {
        let pair = pair();
        for head in [
            json!({"alg": "none", "kid": "one"}),
            json!({"alg": "HS256", "kid": "one"}),
            json!({"alg": "RS256", "kid": "one"}),
            json!({"kid": "one"}),
            json!({"alg": "ES256", "kid": "two"}),
            json!({"alg": "ES256", "kid": "one", "crit": ["x"]}),
        ] {
            let token = token(&pair, &head, &claims());
            assert!(check(&mut keys(&pair), &token, &settings()).is_err(), "{head}");
        }
    }

    #[test]
    fn a_token_is_for_us_and_for_now() {
        let pair = pair();
        for (claim, value) in [
            ("exp", json!(NOW - 61)),
            ("exp", json!("soon")),
            ("nbf", json!(NOW + 61)),
            ("iat", json!(NOW + 61)),
            ("iss", json!("https://far.test")),
            ("aud", json!("other")),
            ("aud", json!(7)),
            ("scp", json!("openid")),
            ("upn", json!("")),
            ("at_hash", json!("x")),
            ("c_hash", json!("x")),
            ("typ", json!("ID")),
        ] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().insert(claim.to_owned(), value.clone());
            let token = token(&pair, &head(), &claims);
            assert!(check(&mut keys(&pair), &token, &settings()).is_err(), "{claim} {value}");
        }
        let mut id = claims();
        id.as_object_mut().unwrap().insert("nonce".to_owned(), json!("x"));
        let mut unscoped = settings();
        unscoped.auth.token_scope.clear();
        assert!(check(&mut keys(&pair), &token(&pair, &head(), &id), &unscoped).is_ok(), "as some providers' are");
        id.as_object_mut().unwrap().remove("scp");
        assert!(check(&mut keys(&pair), &token(&pair, &head(), &id), &unscoped).is_err(), "an ID token");
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove("exp");
        assert!(check(&mut keys(&pair), &token(&pair, &head(), &claims), &settings()).is_err());
    }

    #[test]
    fn fetched_keys_are_found_in_the_database_and_asked_for_once() {
        let (old, new) = (pair(), pair());
        let document = |name: &str, pair: &EcdsaKeyPair| {
            let point = pair.public_key().as_ref().get(1..).unwrap();
            let (x, y) = point.split_at(32);
            let key = json!({"kty": "EC", "crv": "P-256", "kid": name, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
            json!({ "keys": [key] }).to_string()
        };
        let mut settings = settings();
        settings.auth.jwks_url = "https://id.example.test/keys".to_owned();
        settings.auth.jwks_again_seconds = 0;
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let mut keys = Keys::default();
        let url = settings.auth.jwks_url.clone();
        assert!(store.claim_token_keys(&url, 60).unwrap());
        store.keep_token_keys(&url, &document("one", &old), 3600).unwrap();
        let first = token(&old, &head(), &claims());
        assert!(keys.check(first.as_bytes(), &mut store, &settings, NOW).is_ok());
        let second = token(&new, &json!({"alg": "ES256", "kid": "two"}), &claims());
        let unknown = |found| matches!(found, Err(Unfit::Token("a token signed with an unknown key")));
        let foreign = token(&new, &json!({"alg": "ES256", "kid": "two"}), &json!({"iss": "https://far.test"}));
        assert!(keys.check(foreign.as_bytes(), &mut store, &settings, NOW + 1).is_err());
        assert!(!store.take_queued(), "a token of somebody else's has nobody look for keys");
        assert!(unknown(keys.check(second.as_bytes(), &mut store, &settings, NOW + 1)));
        assert!(store.take_queued(), "the courier is told");
        assert!(unknown(keys.check(second.as_bytes(), &mut store, &settings, NOW + 2)));
        assert!(!store.take_queued(), "and not told again");
        store.keep_token_keys(&url, &document("two", &new), 3600).unwrap();
        assert!(keys.check(second.as_bytes(), &mut store, &settings, NOW + 3).is_ok());
        assert!(keys.check(first.as_bytes(), &mut store, &settings, NOW + 3).is_err(), "the provider's word");
        settings.auth.jwks_url = String::new();
        assert!(keys.check(second.as_bytes(), &mut store, &settings, NOW + 3).is_err(), "none of that URL's stays");
    }
}
