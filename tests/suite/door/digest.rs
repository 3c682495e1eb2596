//! Digest (RFC 7616), as curl speaks it, and as nobody should.

use std::process::Command;

use crate::support::demo::{Demo, Options};
use crate::support::ews::{CONTENT_TYPE, PATH, envelope};
use crate::support::http::Http;
use crate::support::shipped::ALL;

crate::tests![curl_logs_in];

const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

fn curl(port: u16, user: &str) -> (String, String) {
    let output = Command::new("curl")
        .args([
            "-sv",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "--max-time",
            "60",
            "-H",
            CONTENT_TYPE,
            "--digest",
            "-u",
            user,
        ])
        .args(["--data-binary", &envelope(Some("Exchange2013_SP1"), "", GET_INBOX)])
        .arg(format!("http://127.0.0.1:{port}{PATH}"))
        .output()
        .expect("curl runs");
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn curl_logs_in() {
    let server = Demo::start(Options::default().set("auth.digest", true));
    let account = &server.accounts[0];
    let right = format!("{}:{}", account.login, account.password);
    let (status, said) = curl(server.http().port(), &right);
    assert_eq!(status, "200", "{said}\n{}", server.log_text());
    assert!(said.contains("algorithm=SHA-256"), "{said}");
    // The proof of a request is good for it alone, and for once.
    let proof = said.lines().find_map(|line| line.strip_prefix("> Authorization: Digest ")).expect("a proof").trim();
    let again = format!("Authorization: Digest {proof}");
    let mut http = Http::connect(server.http());
    let body = envelope(Some("Exchange2013_SP1"), "", GET_INBOX);
    // As a client's does that asks over two connections at once: that is no wrong password.
    let reply = http.post(PATH, &[CONTENT_TYPE, &again], body.as_bytes());
    assert_eq!(reply.status, 401);
    assert!(reply.header("WWW-Authenticate").is_some_and(|offer| offer.ends_with("stale=true")), "{:?}", reply.headers);
    assert!(!server.log_text().contains("authentication failure"), "{}", server.log_text());
    let reply = http.post("/ews/exchange.asmx", &[CONTENT_TYPE, &again], body.as_bytes());
    assert!(reply.status == 401 && !reply.headers.iter().any(|(_, value)| value.contains("stale")), "{reply:?}");
    for user in [format!("{}:wrong", account.login), format!("nobody:{}", account.password)] {
        assert_eq!(curl(server.http().port(), &user).0, "401", "{user}");
    }
    for kind in ALL {
        let Some(proxy) = kind.start(&server) else { continue };
        let (status, said) = curl(proxy.address.port(), &right);
        assert_eq!(status, "200", "{kind:?}: {said}");
        assert_eq!(Http::connect(proxy.address).post(PATH, &[CONTENT_TYPE], body.as_bytes()).status, 401, "{kind:?}");
    }
}
