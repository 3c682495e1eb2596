//! Bearer tokens (RFC 6750) of a small identity provider of the test's own.

use std::process::Command;

use crate::support::demo::{Demo, Options};
use crate::support::ews::{CONTENT_TYPE, PATH, envelope};
use crate::support::http::{Http, Reply};
use crate::support::programs;
use crate::support::shipped::Kind;

crate::tests![takes_tokens_of_the_provider];

const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

fn post(http: &mut Http, lines: &[&str]) -> Reply {
    let lines = [&[CONTENT_TYPE], lines].concat();
    http.post(PATH, &lines, envelope(Some("Exchange2013_SP1"), "", GET_INBOX).as_bytes())
}

fn takes_tokens_of_the_provider() {
    let Some(python) = programs::python().unwrap_or_else(|e| panic!("{e}")) else {
        return println!("skipped: real clients are switched off");
    };
    let jwks = std::env::temp_dir().join(format!("ewsd-jwks-{}.json", std::process::id()));
    let context = serde_json::json!({"jwks": jwks, "address": "alice@example.test"});
    let output = Command::new(python).arg(programs::scripts().join("tokens.py")).arg(context.to_string()).output();
    let output = output.expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tokens: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let server = Demo::start(
        Options::default()
            .set("auth.jwks_file", jwks.display())
            .set("auth.token_issuer", "https://id.example.test")
            .set("auth.token_audience", "[\"https://mail.example.test\"]")
            .set("auth.token_scope", "EWS.AccessAsUser.All")
            .set("auth.token_url", "https://id.example.test/authorize"),
    );
    let mut http = Http::connect(server.http());
    let bare = post(&mut http, &[]);
    let offers = |reply: &Reply| -> Vec<String> {
        let fields = reply.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
        fields.map(|(_, value)| value.clone()).collect()
    };
    assert!(
        offers(&bare)[0].starts_with("Bearer realm=\"ewsd\", authorization_uri=\"https://id.example.test/authorize\"")
    );
    let mut refused = offers(&bare);
    refused[0].push_str(", error=\"invalid_token\"");
    for token in tokens.as_array().unwrap() {
        let (what, good) = (token["what"].as_str().unwrap(), token["good"].as_bool().unwrap());
        let line = format!("Authorization: Bearer {}", token["token"].as_str().unwrap());
        let reply = post(&mut http, &[&line]);
        assert_eq!(reply.status, if good { 200 } else { 401 }, "{what}\n{}", server.log_text());
        if !good {
            assert_eq!((offers(&reply), &reply.body), (refused.clone(), &bare.body), "{what}: the same face");
        }
        assert_eq!(post(&mut http, &[]).status, 401, "nothing stays of it");
        if let Some(proxy) = Kind::Nginx.start(&server).filter(|_| what == "ES256") {
            assert_eq!(post(&mut Http::connect(proxy.address), &[&line]).status, 200);
        }
    }
    std::fs::remove_file(&jwks).unwrap();
}
