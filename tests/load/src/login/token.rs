//! An identity provider with one key, which signs tokens as RS256 (RFC 7518).

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

use crate::error::{During, Error, Result};

const ISSUER: &str = "https://id.example.test";
const AUDIENCE: &str = "https://mail.example.test";
/// Seconds for which a token is good.
const LIFE: u64 = 3600;

pub struct Provider {
    key: RsaKeyPair,
    /// Its public key, for the server.
    keys: PathBuf,
}

impl Provider {
    /// None: what makes a key is not installed.
    pub fn make() -> Result<Option<Provider>> {
        let made =
            Command::new("openssl").args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]).output();
        let made = match made {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            made => made.during("openssl")?,
        };
        // Its DER is of one form or another, its PEM always PKCS#8.
        let text = String::from_utf8_lossy(&made.stdout);
        let encoded: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        let key = STANDARD.decode(encoded).during("the key of openssl")?;
        let key = RsaKeyPair::from_pkcs8(&key).during("the key of openssl")?;
        let public = PublicKeyComponents::<Vec<u8>>::from(key.public());
        let [n, e] = [public.n, public.e].map(|number| URL_SAFE_NO_PAD.encode(number));
        let keys = std::env::temp_dir().join(format!("ewsload-{}.jwks", std::process::id()));
        let set = json!({"keys": [{"kty": "RSA", "kid": "load", "n": n, "e": e}]});
        fs::write(&keys, set.to_string()).during(keys.display())?;
        Ok(Some(Provider { key, keys }))
    }

    pub fn settings(&self) -> [(&'static str, String); 3] {
        [
            ("auth.jwks_file", self.keys.display().to_string()),
            ("auth.token_issuer", ISSUER.to_owned()),
            ("auth.token_audience", format!("[\"{AUDIENCE}\"]")),
        ]
    }

    /// A token of somebody's.
    pub fn token(&self, address: &str) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).during("the time")?.as_secs();
        let head = json!({"alg": "RS256", "kid": "load"});
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "exp": now + LIFE, "scp": "EWS.AccessAsUser.All", "upn": address,
        });
        let signed = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| Error::new("a token cannot be signed"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.keys) {
            eprintln!("ewsload: {}: {error}", self.keys.display());
        }
    }
}
