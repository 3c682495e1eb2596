//! Kerberos against a realm of the test's own (RFC 4559): each request by itself, through proxies too, with the server's proof.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::demo::{Demo, Options};
use crate::support::ews::{CONTENT_TYPE, PATH, basic, envelope};
use crate::support::http::Http;
use crate::support::kdc::Kdc;
use crate::support::shipped::{ALL, Kind};

crate::tests![curl_logs_in_with_a_ticket, a_proxy_may_ask_for_the_ticket, says_what_is_wrong_with_a_keytab];

const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

/// What curl says of a request with those tickets: its status, and what it sent and got.
fn curl(kdc: &Kdc, cache: &Path, port: u16) -> (String, String) {
    let output = Command::new("curl")
        .env("KRB5_CONFIG", kdc.krb5_conf())
        .env("KRB5CCNAME", cache)
        .args(["-sv", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "60", "-H", CONTENT_TYPE])
        .args(["--negotiate", "-u", ":", "--data-binary", &envelope(Some("Exchange2013_SP1"), "", GET_INBOX)])
        // The name is the service's, whatever address it has.
        .arg(format!("http://localhost:{port}{PATH}"))
        .output()
        .expect("curl runs");
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn curl_logs_in_with_a_ticket() {
    let Some(kdc) = Kdc::start() else { return };
    let keytab = kdc.service("HTTP/localhost");
    let elsewhere = kdc.service("HTTP/127.0.0.1");
    kdc.person("alice", "secret");
    kdc.person("stranger", "secret");
    let server = Demo::start(
        Options::default()
            .set("auth.keytab", keytab.display())
            .set("auth.realms", "[\"EXAMPLE.TEST\"]")
            .set("auth.ntlm", true),
    );
    // The demo's first login is alice@example.test, which is the principal's address.
    let tickets = kdc.tickets("alice", "secret", "10m");
    let (status, said) = curl(&kdc, &tickets, server.http().port());
    assert_eq!(status, "200", "{said}\n{}", server.log_text());
    let proof = said.lines().find(|line| line.starts_with("< WWW-Authenticate: Negotiate "));
    assert!(proof.is_some(), "the server proves itself, too\n{said}");
    assert!(!said.contains("Persistent-Auth"), "nothing is kept of it");
    // The very same token again is a replay; without one the connection is nobody's.
    let token = said.lines().find_map(|line| line.strip_prefix("> Authorization: Negotiate ")).expect("a token").trim();
    let mut http = Http::connect(server.http());
    let body = envelope(Some("Exchange2013_SP1"), "", GET_INBOX);
    let again = format!("Authorization: Negotiate {token}");
    assert_eq!(http.post(PATH, &[CONTENT_TYPE, &again], body.as_bytes()).status, 401);
    assert!(server.log_text().contains("authentication failure: "), "{}", server.log_text());
    assert_eq!(http.post(PATH, &[CONTENT_TYPE], body.as_bytes()).status, 401);
    // Somebody of the realm who has no account here.
    let (status, said) = curl(&kdc, &kdc.tickets("stranger", "secret", "10m"), server.http().port());
    assert_eq!(status, "401", "{said}");
    // Each request carries its own proof, so that proxies do no harm.
    for kind in ALL {
        let Some(proxy) = kind.start(&server) else { continue };
        let (status, said) = curl(&kdc, &tickets, proxy.address.port());
        assert_eq!(status, "200", "{kind:?}: {said}");
        assert_eq!(Http::connect(proxy.address).post(PATH, &[CONTENT_TYPE], body.as_bytes()).status, 401, "{kind:?}");
    }
    // Tickets for another service, with the same server behind it.
    let other = Demo::start(Options::default().set("auth.keytab", elsewhere.display()));
    let (status, said) = curl(&kdc, &tickets, other.http().port());
    assert_eq!(status, "401", "{said}");
}

/// mod_auth_gssapi in front, which says whom it found: ewsd has no keytab.
fn a_proxy_may_ask_for_the_ticket() {
    let Some(kdc) = Kdc::start().filter(|_| Path::new("/usr/lib/apache2/modules/mod_auth_gssapi.so").is_file()) else {
        return println!("skipped: needs libapache2-mod-auth-gssapi");
    };
    let keytab = kdc.service("HTTP/localhost");
    kdc.person("alice", "secret");
    kdc.person("stranger", "secret");
    let server = Demo::start(Options::default().set("auth.headers", "[\"X-Remote-User\"]"));
    let own = format!(
        "<Location \"/EWS\">\nAuthType GSSAPI\nAuthName Mail\nGssapiCredStore keytab:{}\nRequire valid-user\n\
         RequestHeader set X-Remote-User \"expr=%{{REMOTE_USER}}\"\n</Location>",
        keytab.display()
    );
    let Some(proxy) = Kind::Apache.start_with(&server, &own) else { return };
    let (status, said) = curl(&kdc, &kdc.tickets("alice", "secret", "10m"), proxy.address.port());
    assert_eq!(status, "200", "{said}\n{}", server.log_text());
    let (status, said) = curl(&kdc, &kdc.tickets("stranger", "secret", "10m"), proxy.address.port());
    assert_eq!(status, "401", "{said}");
    let body = envelope(Some("Exchange2013_SP1"), "", GET_INBOX);
    let claims = "X-Remote-User: alice@example.test";
    assert_eq!(Http::connect(proxy.address).post(PATH, &[CONTENT_TYPE, claims], body.as_bytes()).status, 401);
}

fn says_what_is_wrong_with_a_keytab() {
    let server = Demo::start(Options::default().set("auth.keytab", "/nonexistent/ewsd.keytab"));
    let log = server.log_text();
    assert!(log.contains("auth.keytab /nonexistent/ewsd.keytab: "), "{log}");
    // A ticket that names many groups is long, and judged all the same.
    let ticket = |length: usize| {
        let inner = [&b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00"[..], &vec![7; length]].concat();
        let size = u16::try_from(inner.len()).unwrap().to_be_bytes();
        format!("Authorization: Negotiate {}", STANDARD.encode([&[0x60, 0x82], &size[..], &inner].concat()))
    };
    let judged = || server.log_text().matches("authentication failure: ").count();
    let before = judged();
    for (length, done) in [(300, before + 1), (45_000, before + 2)] {
        assert_eq!(Http::connect(server.http()).get(PATH, &[&ticket(length)]).status, 401);
        assert_eq!(judged(), done, "{length}\n{}", server.log_text());
    }
    // Everything else goes on.
    let account = &server.accounts[0];
    let reply = Http::connect(server.http()).get(PATH, &[&basic(&account.login, &account.password)]);
    assert_eq!(reply.status, 200);
}
