//! Behind Apache, nginx and HAProxy with the configurations that we ship: what they say of clients is believed, and what clients
//! say is not. That a pooled connection is nobody's: `pools.rs`.

use std::sync::OnceLock;

use crate::support::demo::{Demo, Options};
use crate::support::ews::{CONTENT_TYPE, PATH, basic, envelope};
use crate::support::http::{Http, Reply};
use crate::support::shipped::{ALL, Kind};
use crate::support::xml::Node;

crate::tests![
    nobody_inherits_a_login,
    believes_whom_the_proxy_has_asked,
    who_passes_on_connections_asks_nobody,
    the_log_names_the_client_behind_the_proxy,
    names_the_public_scheme_behind_the_proxy,
];

const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

fn server() -> &'static Demo {
    static SERVER: OnceLock<Demo> = OnceLock::new();
    SERVER.get_or_init(|| {
        Demo::start(
            Options::default().set("auth.ntlm", true).set("auth.negotiate", true).set("auth.failures_per_minute", 0),
        )
    })
}

fn post(http: &mut Http, lines: &[&str]) -> Reply {
    let lines = [&[CONTENT_TYPE], lines].concat();
    http.post(PATH, &lines, envelope(Some("Exchange2013_SP1"), "", GET_INBOX).as_bytes())
}

/// Whose inbox an answer shows.
fn inbox(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    Node::parse(&reply.text()).find("t:FolderId").and_then(|id| id.attribute("Id")).expect("a folder").to_owned()
}

/// What binds a connection is not even offered there, however a client asks for it.
fn nobody_inherits_a_login() {
    for kind in ALL {
        let Some(proxy) = kind.start(server()) else { continue };
        let mut http = Http::connect(proxy.address);
        for line in [
            "Authorization: NTLM TlRMTVNTUAABAAAAB4IIAA==",
            "Authorization: Negotiate TlRMTVNTUAABAAAAB4IIAA==",
            "X-Remote-User: alice@example.test",
        ] {
            let reply = post(&mut http, &[line]);
            let offered: Vec<&str> = reply
                .headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
                .map(|(_, value)| value.as_str())
                .collect();
            assert_eq!(reply.status, 401, "{kind:?} {line}");
            assert!(offered.len() == 1 && offered[0].starts_with("Basic "), "{kind:?} {line}: {offered:?}");
        }
    }
}

/// Whom the proxy has asked itself, and nobody else: what a client says in the field is taken out by what we ship.
fn believes_whom_the_proxy_has_asked() {
    let server = Demo::start(
        Options::default()
            .set("auth.headers", "[\"X-Client-Subject\", \"X-Remote-User\"]")
            .set("auth.realms", "[\"EXAMPLE.TEST\"]"),
    );
    let account = &server.accounts[0];
    let own = inbox(&post(&mut Http::connect(server.http()), &[&basic(&account.login, &account.password)]));
    for kind in ALL {
        let Some(proxy) = kind.start(&server) else { continue };
        for field in ["X-Remote-User", "X-Client-Subject"] {
            let claims = format!("{field}: {}", account.address);
            assert_eq!(post(&mut Http::connect(proxy.address), &[&claims]).status, 401, "{kind:?} {field}");
        }
    }
    for (kind, set) in [
        (Kind::Apache, "RequestHeader set X-Remote-User"),
        (Kind::Haproxy, "    http-request set-header X-Client-Subject"),
    ] {
        let Some(proxy) = kind.start_with(&server, &format!("{set} \"{}\"", account.address)) else { continue };
        let mut http = Http::connect(proxy.address);
        assert_eq!(inbox(&post(&mut http, &["X-Remote-User: somebody@example.test"])), own, "{kind:?}");
    }
    // From elsewhere it says nothing.
    let direct = Demo::start(
        Options::default().set("auth.headers", "[\"X-Remote-User\"]").set("server.trusted_proxies", "[\"127.0.0.9\"]"),
    );
    let claims = format!("X-Remote-User: {}", direct.accounts[0].address);
    assert_eq!(post(&mut Http::connect(direct.http()), &[&claims]).status, 401);
    // A name that is nobody's is refused, whatever else the request says.
    let claims = "X-Remote-User: nobody@example.test";
    let mut http = Http::connect(server.http());
    assert_eq!(post(&mut http, &[claims, &basic(&account.login, &account.password)]).status, 401);
    assert_eq!(inbox(&post(&mut http, &[&format!("X-Remote-User: {}", account.address.to_uppercase())])), own);
    // Of a certificate's subject one attribute counts, and a name with a comma in it is one.
    let subject = |subject: &str| format!("X-Client-Subject: {}", subject.replace("ALICE", &account.address));
    assert_eq!(inbox(&post(&mut http, &[&subject("CN=x,emailAddress=ALICE,O=Example")])), own);
    let field = format!("X-Remote-User: {}", account.address);
    for others in ["X-Remote-User: x", "x-remote-user:"] {
        assert_eq!(post(&mut http, &[&field, others]).status, 401, "{others}");
    }
    for wrong in [r"CN=x\,emailAddress=ALICE,O=Example", "/CN=x/emailAddress=ALICE", "emailAddress=x@far.test,CN=ALICE"]
    {
        assert_eq!(post(&mut http, &[&subject(wrong)]).status, 401, "{wrong}");
    }
}

/// The header of the PROXY protocol says whose a connection is, and nothing of whose the requests are.
fn who_passes_on_connections_asks_nobody() {
    let server = Demo::start(
        Options::default()
            .set("server.http", "[\"127.0.0.1:0\", \"127.0.0.1:0 proxy\", \"127.0.0.1:0 proxy schemes=headers+ntlm\"]")
            .set("auth.headers", "[\"X-Remote-User\"]")
            .set("auth.ntlm", true),
    );
    let status = server.status();
    let listeners = status["addresses"]["http"].as_array().unwrap();
    let said = format!("X-Remote-User: {}", server.accounts[0].address);
    let binary = "\r\n\r\n\0\r\nQUIT\n\x21\x31\0\0";
    for (listener, preface, expected, binds) in [
        (0, "", 200, false),
        (1, "PROXY UNKNOWN\r\n", 401, false),
        (1, binary, 401, false),
        (1, "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n", 401, true),
        (1, "PROXY TCP4 127.0.0.1 198.51.100.1 4711 443\r\n", 401, false),
        (2, "PROXY UNKNOWN\r\n", 401, false),
        (2, binary, 401, false),
        (2, "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n", 401, true),
        // A proxy of HTTP behind one that passes on connections.
        (2, "PROXY TCP4 127.0.0.1 198.51.100.1 4711 443\r\n", 200, false),
    ] {
        let mut http = Http::connect(listeners[listener].as_str().unwrap().parse().unwrap());
        http.send(preface.as_bytes());
        let reply = post(&mut http, &[&said]);
        assert_eq!(reply.status, expected, "{listener} {preface:?}");
        let offered = post(&mut http, &[]).headers.iter().any(|(_, value)| value == "NTLM");
        assert_eq!(offered, binds, "{listener} {preface:?}: what binds a connection is for one that is somebody's");
    }
}

fn the_log_names_the_client_behind_the_proxy() {
    for kind in ALL {
        let Some(proxy) = kind.start(server()) else { continue };
        let login = format!("guess-{kind:?}");
        // What a client says of its own way is not believed: the proxy's own entry is the last.
        let forged = "X-Forwarded-For: 198.51.100.1";
        let mut http = Http::connect(proxy.address);
        assert_eq!(post(&mut http, &[&basic(&login, "x"), forged]).status, 401);
        // The client is 127.0.0.1 here, which is a proxy itself, so that the next one back counts where the proxy adds to the list.
        let log = server().log_text();
        let line = log.lines().find(|line| line.contains(&login)).unwrap_or_else(|| panic!("{kind:?}: no line"));
        assert!(line.contains("authentication failure: address="), "{line}");
        let replaces = kind == Kind::Nginx;
        assert_eq!(line.contains("address=198.51.100.1"), !replaces, "{kind:?}: {line}");
    }
}

fn names_the_public_scheme_behind_the_proxy() {
    let account = &server().accounts[0];
    let query = format!("/autodiscover/autodiscover.json?Email={}&Protocol=Ews", account.address);
    for kind in ALL {
        let Some(proxy) = kind.start(server()) else { continue };
        let mut http = Http::connect(proxy.address);
        let reply = http.get(&query, &[]);
        assert_eq!(reply.status, 200, "{kind:?}");
        // nginx names the scheme that it was asked by, which is not TLS here.
        let scheme = if kind == Kind::Nginx { "http" } else { "https" };
        assert!(reply.text().contains(&format!("\"{scheme}://test/EWS/Exchange.asmx\"")), "{kind:?}: {}", reply.text());
    }
}
