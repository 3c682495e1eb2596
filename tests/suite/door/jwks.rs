//! The keys of an identity provider of the test's own, fetched from where it publishes them (`auth.jwks_url`).

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use crate::support::demo::{Demo, Options};
use crate::support::ews::{CONTENT_TYPE, PATH, envelope};
use crate::support::http::Http;
use crate::support::receiver::{Mood, Receiver};
use crate::support::smtp::Certificate;
use crate::support::wait;

crate::tests![
    follows_the_providers_keys,
    keeps_the_old_keys_while_the_provider_is_away,
    fetches_in_time_and_no_sooner,
    fetches_from_nobody_else,
];

const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

/// A key of the provider, under its name.
struct Signer {
    name: &'static str,
    pair: EcdsaKeyPair,
}

impl Signer {
    fn new(name: &'static str) -> Signer {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Signer { name, pair }
    }

    /// The line of a request that carries a token for the first account.
    fn line(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({
            "iss": "https://id.example.test", "aud": "ewsd", "exp": now + 3600, "upn": "alice@example.test",
        });
        let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(json!({"alg": "ES256", "kid": self.name})), encode(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("Authorization: Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What the provider answers: these keys, with further header lines.
fn publishes(signers: &[&Signer], lines: &str) -> Mood {
    let key = |signer: &&Signer| {
        let (x, y) = signer.pair.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": signer.name, "x": x, "y": y})
    };
    let body = json!({"keys": signers.iter().map(key).collect::<Vec<_>>()}).to_string();
    Mood::Raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{lines}\r\n{body}", body.len()))
}

fn options(url: &str) -> Options {
    Options::default()
        .set("auth.jwks_url", url)
        .set("auth.token_issuer", "https://id.example.test")
        .set("auth.token_audience", "[\"ewsd\"]")
}

fn url(provider: &Receiver) -> String {
    format!("http://{}/keys?tenant=1", provider.address)
}

fn status(server: &Demo, signer: &Signer) -> u16 {
    let body = envelope(Some("Exchange2013_SP1"), "", GET_INBOX);
    Http::connect(server.http()).post(PATH, &[CONTENT_TYPE, &signer.line()], body.as_bytes()).status
}

fn until(server: &Demo, signer: &Signer, wanted: u16) {
    let what = format!("the answer to a token of key {} is {wanted}", signer.name);
    wait::true_within(&what, wait::LONG, || status(server, signer) == wanted);
}

fn follows_the_providers_keys() {
    let folder = std::env::temp_dir().join(format!("ewsd-jwks-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let certificate = Certificate::make(&folder);
    let provider = Receiver::with(Some(&certificate));
    let (one, two) = (Signer::new("one"), Signer::new("two"));
    provider.answers(publishes(&[&one], ""));
    let url = format!("https://localhost:{}/keys?tenant=1", provider.address.port());
    let ca = certificate.certificate.display();
    let server = Demo::start(options(&url).set("auth.jwks_ca", ca).set("auth.jwks_again_seconds", 1));
    let call = provider.call();
    assert_eq!(call.head[0], "GET /keys?tenant=1 HTTP/1.1");
    assert_eq!(call.header("Host"), Some(format!("localhost:{}", provider.address.port()).as_str()));
    until(&server, &one, 200);
    assert_eq!(status(&server, &two), 401, "nobody has published it");
    // Both for a while, as providers do it; then the old one is gone.
    provider.answers(publishes(&[&one, &two], ""));
    until(&server, &two, 200);
    assert_eq!(status(&server, &one), 200);
    provider.answers(publishes(&[&two], ""));
    let unknown = Signer::new("three");
    wait::true_within("the key that was taken back is no good", wait::LONG, || {
        assert_eq!(status(&server, &unknown), 401);
        status(&server, &one) == 401
    });
    until(&server, &two, 200);
    std::fs::remove_dir_all(&folder).unwrap();
}

fn keeps_the_old_keys_while_the_provider_is_away() {
    let (provider, elsewhere) = (Receiver::start(), Receiver::start());
    let (one, two) = (Signer::new("one"), Signer::new("two"));
    provider.answers(publishes(&[&one], "Cache-Control: max-age=1\r\n"));
    let server = Demo::start(options(&url(&provider)).set("auth.jwks_again_seconds", 1));
    until(&server, &one, 200);
    elsewhere.answers(publishes(&[&two], ""));
    let moved = format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", url(&elsewhere));
    let again = |provider: &Receiver| {
        let asked = provider.count();
        wait::true_within("it was asked again", wait::LONG, || provider.count() > asked + 1);
    };
    for answer in [moved.as_str(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 503 Busy\r\n\r\n"] {
        provider.answers(Mood::Raw(answer.to_owned()));
        again(&provider);
        assert_eq!((status(&server, &one), status(&server, &two)), (200, 401), "{answer}");
    }
    let told = server.log_text().matches("the keys that were fetched last stay good").count();
    assert_eq!(told, 1, "told once\n{}", server.log_text());
    // Also for a server that starts meanwhile.
    let server = server.restart();
    again(&provider);
    assert_eq!(status(&server, &one), 200);
    provider.answers(publishes(&[&two], ""));
    until(&server, &two, 200);
    assert_eq!(elsewhere.count(), 0, "a redirect leads to addresses that nobody has judged");
    wait::true_within("it is told", wait::LONG, || server.log_text().contains("is back"));
}

fn fetches_in_time_and_no_sooner() {
    let one = Signer::new("one");
    let (quick, slow) = (Receiver::start(), Receiver::start());
    quick.answers(publishes(&[&one], "Cache-Control: public, max-age=1\r\n"));
    slow.answers(publishes(&[&one], "Cache-Control: no-cache\r\n"));
    let server = Demo::start(options(&url(&quick)).set("auth.jwks_again_seconds", 1));
    let (first, second) = (quick.call(), quick.call());
    let (third, passed) = (quick.call(), second.at.duration_since(first.at));
    assert!(third.at > second.at && passed.as_millis() > 900, "a second lies between: {passed:?}");
    drop(server);
    let server = Demo::start(options(&url(&slow)).set("auth.jwks_again_seconds", 3600));
    until(&server, &one, 200);
    let foreign = Signer::new("foreign");
    for _ in 0..20 {
        assert_eq!(status(&server, &foreign), 401);
    }
    assert_eq!(status(&server, &one), 200);
    assert_eq!(slow.count(), 1, "strangers do not have the provider asked again and again");
}

fn fetches_from_nobody_else() {
    let folder = std::env::temp_dir().join(format!("ewsd-jwks-untrusted-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let certificate = Certificate::make(&folder);
    let provider = Receiver::with(Some(&certificate));
    let one = Signer::new("one");
    provider.answers(publishes(&[&one], ""));
    let url = format!("https://localhost:{}/keys", provider.address.port());
    let server = Demo::start(options(&url));
    wait::true_within("it is told", wait::LONG, || server.log_text().contains(&format!("auth.jwks_url {url}: ")));
    assert_eq!((status(&server, &one), provider.count()), (401, 0), "a certificate that nobody vouches for");
    drop(server);
    let error = Demo::try_start(options("http://id.example.test/keys")).err().expect("it does not start");
    assert!(error.contains("auth.jwks_url") && error.contains("http:// only of this machine"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}
