//! HTTP as clients need it: authentication, paths, content types, compression, bodies, connections.
//! RFC 9110, RFC 9112, RFC 7617; what single clients rely upon is said at the test.

use std::io::Read;
use std::time::Duration;

use crate::support::demo::{Demo, Options};
use crate::support::ews::{CONTENT_TYPE, Ews, PATH, basic, envelope};
use crate::support::http::{Http, Reply, request};
use crate::support::{message, ops, shared, wait};

crate::tests![
    asks_for_credentials_and_keeps_the_connection,
    reads_the_body_of_an_unauthenticated_request,
    refuses_wrong_credentials_alike,
    takes_the_login_in_any_case,
    refuses_a_disabled_account,
    takes_a_changed_password_at_once,
    slows_down_guessing,
    the_shipped_filter_matches_refusals,
    speaks_the_schemes_of_the_listener,
    matches_the_path_without_case,
    knows_only_its_paths_and_methods,
    names_its_content_type_exactly,
    compresses_when_asked,
    takes_a_chunked_body,
    continues_only_when_authenticated,
    takes_and_gives_large_bodies,
    refuses_a_body_over_the_limit,
    answers_pipelined_requests_in_order,
    takes_a_request_byte_by_byte,
    closes_when_asked,
    speaks_http_1_0,
    answers_over_many_connections_at_once,
    refuses_connections_over_the_limit,
    gives_up_on_a_slow_head,
    closes_an_idle_connection,
];

const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

fn get_inbox() -> String {
    envelope(Some("Exchange2013_SP1"), "", GET_INBOX)
}

fn post(http: &mut Http, authorization: Option<&str>) -> Reply {
    let mut lines = vec![CONTENT_TYPE];
    lines.extend(authorization);
    http.post(PATH, &lines, get_inbox().as_bytes())
}

/// What every refusal to an unknown client must look like: DavMail and Thunderbird retry on the same connection.
fn assert_challenge(reply: &Reply) {
    assert_eq!(reply.status, 401);
    let challenge = reply.header("www-authenticate").expect("a challenge");
    assert!(challenge.starts_with("Basic realm=\""), "{challenge}");
    assert!(reply.header("content-length").is_some(), "the client must see where the answer ends");
    assert!(!reply.closes(), "the retry goes over the same connection");
}

fn asks_for_credentials_and_keeps_the_connection() {
    let account = shared::account();
    let mut http = Http::connect(shared::server().http());
    assert_challenge(&post(&mut http, None));
    let authorization = basic(&account.login, &account.password);
    assert_eq!(post(&mut http, Some(&authorization)).status, 200);
    assert_challenge(&post(&mut http, None));
    assert_challenge(&http.get(PATH, &[]));
    assert_eq!(post(&mut http, Some(&authorization)).status, 200);
}

/// Evolution and DavMail send each body twice: bare, then with credentials.
fn reads_the_body_of_an_unauthenticated_request() {
    let account = shared::account();
    let mut http = Http::connect(shared::server().http());
    let body = vec![b'x'; 300_000];
    assert_challenge(&http.post(PATH, &[CONTENT_TYPE], &body));
    assert_eq!(post(&mut http, Some(&basic(&account.login, &account.password))).status, 200);
    http.send(
        b"POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    );
    assert_challenge(&http.reply());
    assert_eq!(post(&mut http, Some(&basic(&account.login, &account.password))).status, 200);
}

fn refuses_wrong_credentials_alike() {
    let account = shared::account();
    let mut http = Http::connect(shared::server().http());
    let mut bodies = Vec::new();
    for line in [
        basic(&account.login, "wrong"),
        basic(&account.login, ""),
        basic("nobody@example.test", &account.password),
        basic("", ""),
        "Authorization: Basic".to_owned(),
        "Authorization: Basic !!!!".to_owned(),
        "Authorization: Basic bm9jb2xvbg==".to_owned(),
        "Authorization: Bearer abc".to_owned(),
        "Authorization: Negotiate YII=".to_owned(),
    ] {
        let reply = post(&mut http, Some(&line));
        assert_challenge(&reply);
        bodies.push(reply.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "nothing tells an unknown user from a wrong password");
    assert_eq!(post(&mut http, Some(&basic(&account.login, &account.password))).status, 200);
}

fn takes_the_login_in_any_case() {
    let account = shared::account();
    let mut http = Http::connect(shared::server().http());
    for login in [account.login.to_uppercase(), account.address.clone(), account.address.to_uppercase()] {
        assert_eq!(post(&mut http, Some(&basic(&login, &account.password))).status, 200, "{login}");
    }
    assert_challenge(&post(&mut http, Some(&basic(&account.login, &account.password.to_uppercase()))));
}

fn refuses_a_disabled_account() {
    let account = shared::account();
    let server = shared::server();
    let mut http = Http::connect(server.http());
    let authorization = basic(&account.login, &account.password);
    assert_eq!(post(&mut http, Some(&authorization)).status, 200);
    server.ewsctl(&["account", "disable", &account.address]);
    assert_challenge(&post(&mut http, Some(&authorization)));
}

fn takes_a_changed_password_at_once() {
    let account = shared::account();
    let server = shared::server();
    let mut http = Http::connect(server.http());
    assert_eq!(post(&mut http, Some(&basic(&account.login, &account.password))).status, 200);
    let output = server.ewsctl_with(&["account", "password", &account.address, "--password-stdin"], b"another one\n");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_challenge(&post(&mut http, Some(&basic(&account.login, &account.password))));
    assert_eq!(post(&mut http, Some(&basic(&account.login, "another one"))).status, 200);
}

/// The limit counts failures only, and for where they come from: the owner of the account gets in from elsewhere.
fn slows_down_guessing() {
    let server =
        Demo::start(Options::default().set("auth.failures_per_minute", 5).set("auth.failure_delay_seconds", 1));
    let account = &server.accounts[0];
    let mut http = Http::connect(server.http());
    let from = |address: &str| format!("X-Forwarded-For: {address}");
    let guesser = from("192.0.2.7");
    let ask = |http: &mut Http, password: &str, from: &str| {
        let lines = [CONTENT_TYPE, &basic(&account.login, password), from];
        http.post(PATH, &lines, get_inbox().as_bytes()).status
    };
    for n in 0..5 {
        assert_eq!(ask(&mut http, &format!("guess {n}"), &guesser), 401);
    }
    // What is kept back waits in the master, and no worker with it.
    assert!(server.status()["counters"]["holds"].as_u64() >= Some(2), "{}", server.status()["counters"]);
    assert_eq!(ask(&mut http, &account.password, &guesser), 401, "not told from a wrong one now");
    assert_eq!(ask(&mut http, &account.password, &from("2001:db8::1")), 200, "the owner, from elsewhere");
    // Addresses that one client can choose among are one.
    for n in 0..5 {
        assert_eq!(ask(&mut http, &format!("guess {n}"), &from(&format!("2001:db8:1:2::{n}"))), 401);
    }
    assert_eq!(ask(&mut http, "guess", &from("2001:db8:1:2:3::4")), 401);
    let other = &server.accounts[1];
    let line = basic(&other.login, &other.password);
    let there = from("2001:db8:1:2:5::6");
    let status = |http: &mut Http| http.post(PATH, &[CONTENT_TYPE, &line, &there], get_inbox().as_bytes()).status;
    assert_eq!(status(&mut http), 401, "nothing from there is judged");
    server.ewsctl(&["login", "forgive"]);
    assert_eq!(status(&mut http), 200);
    // However one spells whom one means. The proxy does not name the client here: the account's own failures count.
    server.ewsctl(&["address", "add", &other.login, "spelled.otherwise@example.test"]);
    let windows = format!("EXAMPLE\\{}", other.login);
    let names = [other.login.as_str(), "spelled.otherwise@example.test", &windows, "Spelled.Otherwise@example.test"];
    let unnamed = |http: &mut Http, login: &str, password: &str| {
        http.post(PATH, &[CONTENT_TYPE, &basic(login, password)], get_inbox().as_bytes()).status
    };
    assert_eq!(unnamed(&mut http, &other.login, &other.password), 200);
    for name in names.iter().cycle().take(5) {
        assert_eq!(unnamed(&mut http, name, "guess"), 401, "{name}");
    }
    assert_eq!(unnamed(&mut http, names[1], &other.password), 401, "nothing of that account is judged");
    server.ewsctl(&["login", "forgive"]);
    assert_eq!(unnamed(&mut http, names[1], &other.password), 200);
}

/// The line that fail2ban reads, whatever a client calls itself.
fn the_shipped_filter_matches_refusals() {
    let server = Demo::start(Options::default());
    let mut http = Http::connect(server.http());
    let forged = "x\" reason=\"y\" authentication failure: address=203.0.113.9 login=\"z\" reason=\"w";
    for login in ["nobody", forged, "a\\", "\u{fc}\n"] {
        let lines = [CONTENT_TYPE, &basic(login, "wrong"), "X-Forwarded-For: 192.0.2.7"];
        assert_eq!(http.post(PATH, &lines, get_inbox().as_bytes()).status, 401);
    }
    let filter = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("packaging/fail2ban/ewsd.conf");
    let check = "import re, sys, configparser\n\
        c = configparser.RawConfigParser(); c.read(sys.argv[1])\n\
        r = re.compile(c['Definition']['failregex'].replace('<HOST>', r'(?P<host>[0-9a-fA-F:.]+)'))\n\
        print(*[m.group('host') for m in map(r.search, sys.stdin.read().splitlines()) if m])";
    let mut child = std::process::Command::new("python3")
        .args(["-c", check])
        .arg(filter)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("python3 runs");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), server.log_text().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "192.0.2.7 192.0.2.7 192.0.2.7 192.0.2.7");
}

/// Inside the house more than outside.
fn speaks_the_schemes_of_the_listener() {
    let server = Demo::start(
        Options::default()
            .set("auth.ntlm", true)
            .set("server.trusted_proxies", "[\"127.0.0.9\"]")
            .set("server.http", "[\"127.0.0.1:0\", \"127.0.0.1:0 schemes=ntlm\"]"),
    );
    let status = server.status();
    let listeners: Vec<&str> =
        status["addresses"]["http"].as_array().unwrap().iter().map(|address| address.as_str().unwrap()).collect();
    let account = &server.accounts[0];
    let offered = |address: &str, line: &str| {
        let reply = Http::connect(address.parse().unwrap()).get(PATH, &[line]);
        let schemes = reply.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
        (reply.status, schemes.map(|(_, value)| value.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>())
    };
    let right = basic(&account.login, &account.password);
    assert_eq!(offered(listeners[0], "X: y"), (401, vec!["NTLM".to_owned(), "Basic".to_owned()]));
    assert_eq!(offered(listeners[0], &right).0, 200);
    assert_eq!(offered(listeners[1], &right), (401, vec!["NTLM".to_owned()]));
}

/// DavMail posts to /ews/exchange.asmx, others to /EWS/Exchange.asmx.
fn matches_the_path_without_case() {
    let account = shared::account();
    let mut http = Http::connect(shared::server().http());
    let authorization = basic(&account.login, &account.password);
    for path in ["/ews/exchange.asmx", "/EWS/Exchange.asmx", "/Ews/EXCHANGE.ASMX", "/EWS/Exchange.asmx?x=1"] {
        let reply = http.post(path, &[CONTENT_TYPE, &authorization], get_inbox().as_bytes());
        assert_eq!(reply.status, 200, "{path}");
    }
}

fn knows_only_its_paths_and_methods() {
    let account = shared::account();
    let mut http = Http::connect(shared::server().http());
    let authorization = basic(&account.login, &account.password);
    for path in ["/", "/EWS", "/EWS/Exchange.asmx/x", "/favicon.ico", "/EWS/../EWS/Exchange.asmx"] {
        let reply = http.post(path, &[CONTENT_TYPE, &authorization], get_inbox().as_bytes());
        assert_eq!(reply.status, 404, "{path}");
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"] {
        http.send(&request(method, PATH, &[CONTENT_TYPE, &authorization], get_inbox().as_bytes()));
        let reply = http.reply();
        assert_eq!(reply.status, 405, "{method}");
        assert!(reply.header("allow").is_some_and(|a| a.contains("POST")), "{method}: {:?}", reply.headers);
    }
    assert_eq!(post(&mut http, Some(&authorization)).status, 200, "the connection is still good");
}

/// DavMail parses an answer only when the header is exactly this.
fn names_its_content_type_exactly() {
    let mut ews = shared::mailbox();
    let answer = ews.call(GET_INBOX);
    assert_eq!(answer.reply.header("content-type"), Some("text/xml; charset=utf-8"));
    let fault = ews.unrecorded().call_with("<m:NoSuchOperation/>", &[]);
    assert_eq!(fault.status, 500);
    assert_eq!(fault.reply.header("content-type"), Some("text/xml; charset=utf-8"));
    assert!(fault.reply.text().starts_with("<?xml"), "exchangelib reads only such a fault");
}

fn compresses_when_asked() {
    let mut ews = shared::mailbox();
    for n in 0..20 {
        ops::save_simple(&mut ews, "drafts", &format!("compressible {n}"));
    }
    let request = ops::find_request("drafts", &ops::shape("Default", &[]), "");
    let plain = ews.call_with(&request, &[]).reply;
    assert_eq!(plain.header("content-encoding"), None);
    let body = ews.envelope(&request);
    let authorization = ews.authorization();
    let mut ask = |accept: &str| ews.http.post(PATH, &[CONTENT_TYPE, &authorization, accept], body.as_bytes());
    for accept in ["Accept-Encoding: gzip", "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Encoding: GZIP;q=0.5"] {
        let reply = ask(accept);
        assert_eq!(reply.header("content-encoding"), Some("gzip"), "{accept}");
        assert!(reply.body.len() * 3 < plain.body.len(), "{} of {}", reply.body.len(), plain.body.len());
        assert!(reply.header("vary").is_some_and(|v| v.to_ascii_lowercase().contains("accept-encoding")));
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&reply.body[..]).read_to_end(&mut text).unwrap();
        assert_eq!(text, plain.body, "{accept}");
    }
    for accept in ["Accept-Encoding: identity", "Accept-Encoding: gzip;q=0", "Accept-Encoding: deflate"] {
        let reply = ask(accept);
        assert_eq!(reply.header("content-encoding"), None, "{accept}");
        assert_eq!(reply.body, plain.body);
    }
}

fn takes_a_chunked_body() {
    let mut ews = shared::mailbox();
    let (body, authorization) = (ews.envelope(GET_INBOX), ews.authorization());
    for size in [1, 7, 100_000] {
        let mut out = format!(
            "POST {PATH} HTTP/1.1\r\nHost: test\r\n{CONTENT_TYPE}\r\n{authorization}\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        .into_bytes();
        for piece in body.as_bytes().chunks(size) {
            out.extend(format!("{:x};extension=1\r\n", piece.len()).into_bytes());
            out.extend_from_slice(piece);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"0\r\nTrailer: ignored\r\n\r\n");
        ews.http.send(&out);
        assert_eq!(ews.http.reply().status, 200, "chunks of {size}");
    }
    assert_eq!(ews.call(GET_INBOX).status, 200);
}

/// A large body is asked for only after its head was found good.
fn continues_only_when_authenticated() {
    let mut ews = shared::mailbox();
    let subject = message::unique("continued");
    let body = ews.envelope(&ops::save_request("drafts", &ops::simple(&subject, &"x".repeat(200_000))));
    let authorization = ews.authorization();
    let head = |line: &str| {
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: test\r\n{CONTENT_TYPE}\r\n{line}Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        )
    };
    ews.http.send(head(&format!("{authorization}\r\n")).as_bytes());
    assert_eq!(ews.http.read_reply().unwrap().status, 100);
    ews.http.send(body.as_bytes());
    assert_eq!(ews.http.reply().status, 200);
    assert_eq!(ops::subjects(&mut ews, "drafts"), [subject]);

    for framing in ["Content-Length: 200000", "Transfer-Encoding: chunked"] {
        let mut stranger = Http::connect(ews.http.address);
        let head = format!("POST {PATH} HTTP/1.1\r\nHost: test\r\n{CONTENT_TYPE}\r\n{framing}\r\n");
        stranger.send(format!("{head}Expect: 100-continue\r\n\r\n").as_bytes());
        let reply = stranger.read_reply().unwrap();
        assert_eq!(reply.status, 401, "{framing}: no body is asked for");
        assert!(reply.closes(), "{framing}: what follows might be the body");
        assert!(stranger.closed());
    }
    // A small one is, and the connection lives on: who authenticates in several steps needs it.
    let mut stranger = Http::connect(ews.http.address);
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: test\r\n{CONTENT_TYPE}\r\nContent-Length: 5\r\n");
    for _ in 0..2 {
        stranger.send(format!("{head}Expect: 100-continue\r\n\r\n").as_bytes());
        assert_eq!(stranger.read_reply().unwrap().status, 100);
        stranger.send(b"12345");
        let reply = stranger.reply();
        assert_eq!((reply.status, reply.closes()), (401, false));
    }
}

fn takes_and_gives_large_bodies() {
    let mut ews = shared::mailbox().unrecorded();
    let text = "All work and no play. ".repeat(300_000);
    let id = ops::save(&mut ews, "drafts", &ops::simple(&message::unique("large"), &text));
    let item = ops::get_fields(&mut ews, &id, &["item:Body"]);
    assert_eq!(item.text("t:Body").map(str::trim_end), Some(text.trim_end()));
    assert_eq!(ews.call(GET_INBOX).status, 200, "the connection lives on");
}

fn refuses_a_body_over_the_limit() {
    let server = Demo::start(Options::default().set("limits.body_bytes", 100_000));
    let account = &server.accounts[0];
    let authorization = basic(&account.login, &account.password);
    let mut http = Http::connect(server.http());
    http.send(
        format!("POST {PATH} HTTP/1.1\r\nHost: test\r\n{authorization}\r\nContent-Length: 100001\r\n\r\n").as_bytes(),
    );
    assert_eq!(http.reply().status, 413, "the length says enough");
    let mut http = Http::connect(server.http());
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: test\r\n{authorization}\r\nExpect: 100-continue\r\n");
    http.send(format!("{head}Content-Length: 100001\r\n\r\n").as_bytes());
    assert_eq!(http.read_reply().unwrap().status, 413, "no body is asked for");
    assert!(http.closed());
    let mut http = Http::connect(server.http());
    let chunk = [b"4000\r\n".to_vec(), vec![b' '; 0x4000], b"\r\n".to_vec()].concat();
    http.send(
        format!("POST {PATH} HTTP/1.1\r\nHost: test\r\n{authorization}\r\nTransfer-Encoding: chunked\r\n\r\n")
            .as_bytes(),
    );
    for _ in 0..7 {
        // The server may close while it is still being written to.
        if std::io::Write::write_all(&mut http.stream, &chunk).is_err() {
            break;
        }
    }
    assert_eq!(http.reply().status, 413, "chunks are counted");
    assert_eq!(post(&mut Http::connect(server.http()), Some(&authorization)).status, 200);
}

fn answers_pipelined_requests_in_order() {
    let mut ews = shared::mailbox();
    let authorization = ews.authorization();
    let names = ["inbox", "drafts", "sentitems", "calendar", "contacts", "tasks", "deleteditems", "junkemail"];
    let mut all = Vec::new();
    for name in names {
        let operation = GET_INBOX.replace("inbox", name).replace("IdOnly", "Default");
        all.extend(request("POST", PATH, &[CONTENT_TYPE, &authorization], ews.envelope(&operation).as_bytes()));
    }
    ews.http.send(&all);
    let pipelined: Vec<String> = names.iter().map(|_| ews.http.reply().text()).collect();
    let one_by_one: Vec<String> = names
        .iter()
        .map(|name| ews.call(&GET_INBOX.replace("inbox", name).replace("IdOnly", "Default")).reply.text())
        .collect();
    assert_eq!(pipelined, one_by_one);
}

fn takes_a_request_byte_by_byte() {
    let mut ews = shared::mailbox();
    let bytes = request("POST", PATH, &[CONTENT_TYPE, &ews.authorization()], ews.envelope(GET_INBOX).as_bytes());
    for byte in bytes {
        ews.http.send(&[byte]);
    }
    assert_eq!(ews.http.reply().status, 200);
}

fn closes_when_asked() {
    let mut ews = shared::mailbox();
    let authorization = ews.authorization();
    let body = ews.envelope(GET_INBOX);
    let reply = ews.http.post(PATH, &[CONTENT_TYPE, &authorization, "Connection: close"], body.as_bytes());
    assert_eq!(reply.status, 200);
    assert!(reply.closes());
    assert!(ews.http.closed());
}

fn speaks_http_1_0() {
    let mut ews = shared::mailbox();
    let (authorization, body) = (ews.authorization(), ews.envelope(GET_INBOX));
    let head =
        format!("POST {PATH} HTTP/1.0\r\n{CONTENT_TYPE}\r\n{authorization}\r\nContent-Length: {}\r\n\r\n", body.len());
    ews.http.send(&[head.as_bytes(), body.as_bytes()].concat());
    let reply = ews.http.reply();
    assert_eq!(reply.status, 200);
    assert_ne!(reply.header("transfer-encoding"), Some("chunked"));
    assert!(ews.http.closed());
}

fn answers_over_many_connections_at_once() {
    let first = shared::mailbox();
    let mut all: Vec<Ews> = (0..200).map(|_| first.again().unrecorded()).collect();
    for ews in &mut all {
        ews.send(GET_INBOX, &[]);
    }
    for ews in &mut all {
        assert_eq!(ews.receive().codes(), ["NoError"]);
    }
}

fn refuses_connections_over_the_limit() {
    let server = Demo::start(Options::default().set("limits.connections", 10));
    let mut held: Vec<Http> = (0..10).map(|_| Http::connect(server.http())).collect();
    // Who has asked for nothing yet would give way.
    for http in &mut held {
        assert_eq!(http.get("/", &[]).status, 404);
    }
    wait::true_within("ten connections are known", wait::LONG, || server.connections("total") >= 10);
    let mut http = Http::connect(server.http());
    http.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    let reply = http.reply();
    assert_eq!(reply.status, 503);
    assert!(reply.header("retry-after").is_some());
    drop(held);
    let account = &server.accounts[0];
    let authorization = basic(&account.login, &account.password);
    wait::true_within("connections are freed", wait::LONG, || {
        post(&mut Http::connect(server.http()), Some(&authorization)).status == 200
    });
}

fn gives_up_on_a_slow_head() {
    let server = Demo::start(Options::default().set("limits.head_seconds", 1));
    let mut http = Http::connect(server.http());
    http.send(b"POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: te");
    assert_eq!(http.reply().status, 408);
    assert!(http.closed());
}

fn closes_an_idle_connection() {
    let server = Demo::start(Options::default().set("limits.idle_seconds", 1));
    let account = &server.accounts[0];
    let mut http = Http::connect(server.http());
    assert_eq!(post(&mut http, Some(&basic(&account.login, &account.password))).status, 200);
    assert!(!http.silent_for(Duration::from_secs(30)), "the server closes");
    assert!(http.closed());
}
