//! NTLM as its clients speak it: curl, requests_ntlm, pyspnego (inside SPNEGO), exchangelib; and what is refused of it.
//! [MS-NLMP], [MS-NTHT], RFC 4559.

use std::process::Command;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::demo::{Account, Demo, Options};
use crate::support::ews::{CONTENT_TYPE, PATH, basic, envelope};
use crate::support::http::{Http, Reply};
use crate::support::{programs, wait};

crate::tests![
    curl_logs_in,
    python_clients_log_in,
    an_authenticated_connection_stays_so,
    a_proxys_connection_is_never_bound,
    a_relayed_connection_is_never_bound,
    refuses_what_is_no_answer,
    large_requests_are_proved_once,
    a_login_begins_with_a_large_request,
    a_connection_is_nobodys_for_ever,
    needs_a_password_that_was_kept,
];

const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

/// A server that clients reach directly.
fn server() -> &'static Demo {
    static SERVER: OnceLock<Demo> = OnceLock::new();
    SERVER.get_or_init(|| Demo::start(options()))
}

fn options() -> Options {
    Options { accounts: 6, ..Options::default() }
        .set("auth.ntlm", true)
        .set("auth.negotiate", true)
        .set("auth.failures_per_minute", 0)
        .set("server.trusted_proxies", "[\"127.0.0.9\"]")
}

/// curl's status for a request with these arguments.
fn curl(server: &Demo, arguments: &[&str]) -> String {
    let url = format!("http://{}{PATH}", server.http());
    let output = Command::new("curl")
        .args(["-s", "-o", "/dev/null", "-w", "%{http_code} %{num_connects}", "--max-time", "60", "-H", CONTENT_TYPE])
        .args(["--data-binary", &envelope(Some("Exchange2013_SP1"), "", GET_INBOX)])
        .args(arguments)
        .arg(url)
        .output()
        .expect("curl runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn curl_logs_in() {
    let server = server();
    let Account { address, password, .. } = &server.accounts[0];
    let local = address.split('@').next().unwrap();
    for user in
        [address.clone(), format!("EXAMPLE\\{address}"), format!("example.test\\{local}"), address.to_uppercase()]
    {
        assert_eq!(curl(server, &["--ntlm", "-u", &format!("{user}:{password}")]), "200 1", "{user}");
    }
    assert_eq!(curl(server, &["--ntlm", "-u", &format!("{address}:wrong")]), "401 1");
    assert_eq!(curl(server, &["--ntlm", "-u", &format!("nobody:{password}")]), "401 1");
    assert_eq!(curl(server, &["--basic", "-u", &format!("{address}:{password}")]), "200 1");
}

fn python_clients_log_in() {
    let Some(python) = programs::python().unwrap_or_else(|e| panic!("{e}")) else {
        return println!("skipped: real clients are switched off");
    };
    let account = &server().accounts[1];
    let context = serde_json::json!({
        "url": format!("http://{}{PATH}", server().http()),
        "body": envelope(Some("Exchange2013_SP1"), "", GET_INBOX),
        "address": account.address, "login": account.login, "password": account.password,
    });
    programs::drive(Command::new(python).arg(programs::scripts().join("ntlm_clients.py")).arg(context.to_string()));
}

/// A client of the test's own, which can do things wrong.
struct Client {
    http: Http,
}

impl Client {
    fn new(server: &Demo) -> Client {
        Client { http: Http::connect(server.http()) }
    }

    fn ask(&mut self, lines: &[&str]) -> Reply {
        let lines = [&[CONTENT_TYPE], lines].concat();
        self.http.post(PATH, &lines, envelope(Some("Exchange2013_SP1"), "", GET_INBOX).as_bytes())
    }

    /// Sends a first message; the server's.
    fn challenge(&mut self, more: &[&str]) -> Vec<u8> {
        let reply = self.ask(&[&[first().as_str()], more].concat());
        assert_eq!(reply.status, 401);
        let said = reply.header("www-authenticate").and_then(|said| said.strip_prefix("NTLM ")).expect("a challenge");
        assert_eq!(reply.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate")).count(), 1);
        assert!(!reply.closes());
        STANDARD.decode(said).unwrap()
    }
}

/// The first message: pyspnego's, which its answers cover, or a short one.
fn first() -> String {
    static FIRST: OnceLock<String> = OnceLock::new();
    let nobody = Account { address: "x".to_owned(), login: String::new(), password: "x".to_owned() };
    let short = || format!("Authorization: NTLM {}", STANDARD.encode(b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\0"));
    FIRST.get_or_init(|| answer(&nobody, &[], "first").unwrap_or_else(short)).clone()
}

/// The answer to a challenge, by Python's pyspnego; none without Python.
fn answer(account: &Account, challenge: &[u8], how: &str) -> Option<String> {
    let python = programs::python().unwrap_or_else(|e| panic!("{e}"))?;
    let context = serde_json::json!({
        "challenge": STANDARD.encode(challenge), "login": account.address, "password": account.password, "how": how,
    });
    let script = programs::scripts().join("ntlm_answer.py");
    let output = Command::new(python).arg(script).arg(context.to_string()).output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(format!("Authorization: NTLM {}", String::from_utf8_lossy(&output.stdout).trim()))
}

fn an_authenticated_connection_stays_so() {
    let account = &server().accounts[2];
    let mut client = Client::new(server());
    let challenge = client.challenge(&[]);
    let Some(said) = answer(account, &challenge, "right") else { return println!("skipped: no python") };
    let reply = client.ask(&[&said]);
    assert_eq!((reply.status, reply.header("persistent-auth")), (200, Some("true")));
    // Without credentials, on the same connection, by whichever worker.
    for _ in 0..8 {
        assert_eq!(client.ask(&[]).status, 200);
    }
    // Another one is nobody's, also with the very same message.
    let mut other = Client::new(server());
    assert_eq!(other.ask(&[]).status, 401);
    assert_eq!(other.ask(&[&said]).status, 401);
    // Credentials of another kind count for themselves: wrong ones are wrong.
    assert_eq!(client.ask(&[&basic(&account.login, "wrong")]).status, 401);
    assert_eq!(client.ask(&[]).status, 401, "and the connection is nobody's after that");
    // A changed password ends what was bound before.
    let mut client = Client::new(server());
    let challenge = client.challenge(&[]);
    let said = answer(account, &challenge, "right").unwrap();
    assert_eq!(client.ask(&[&said]).status, 200);
    let output = server().ewsctl_with(&["account", "password", &account.address, "--password-stdin"], b"another one\n");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(client.ask(&[]).status, 401);
    assert_eq!(curl(server(), &["--ntlm", "-u", &format!("{}:another one", account.address)]), "200 1");
}

/// Who else comes over a proxy's connection must not be taken for the first.
fn a_proxys_connection_is_never_bound() {
    let server = Demo::start(options().set("server.trusted_proxies", "[\"127.0.0.1\"]"));
    let mut client = Client::new(&server);
    for forwarded in [&[][..], &["X-Forwarded-For: 192.0.2.7"]] {
        let reply = client.ask(forwarded);
        let offered: Vec<&str> = reply
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
            .map(|(_, value)| value.split(' ').next().unwrap())
            .collect();
        assert_eq!((reply.status, offered), (401, vec!["Basic"]));
        let reply = client.ask(&[&[first().as_str()], forwarded].concat());
        assert!(reply.header("www-authenticate").is_some_and(|said| said.starts_with("Basic")), "no challenge");
    }
    let account = &server.accounts[0];
    assert_eq!(client.ask(&[&basic(&account.login, &account.password)]).status, 200);
    assert_eq!(client.ask(&[]).status, 401, "the next one through the pool is nobody");
}

/// A proxy that nobody named to us gives itself away, as nginx and Apache do.
fn a_relayed_connection_is_never_bound() {
    let account = &server().accounts[5];
    let mut client = Client::new(server());
    let challenge = client.challenge(&[]);
    let Some(said) = answer(account, &challenge, "right") else { return println!("skipped: no python") };
    assert_eq!(client.ask(&[&said]).status, 200);
    for field in ["X-Forwarded-For: 192.0.2.7", "Via: 1.1 proxy", "Forwarded: for=192.0.2.7"] {
        let reply = client.ask(&[field]);
        assert_eq!(reply.status, 401, "{field}");
        assert!(!reply.headers.iter().any(|(_, value)| value == "NTLM"), "{field}");
    }
}

/// All of it looks the same from outside.
fn refuses_what_is_no_answer() {
    let account = &server().accounts[3];
    for how in ["wrong", "mic", "stripped", "v1", "anonymous", "user"] {
        let mut client = Client::new(server());
        let challenge = client.challenge(&[]);
        let Some(said) = answer(account, &challenge, how) else { return println!("skipped: no python") };
        let reply = client.ask(&[&said]);
        let offered: Vec<&str> = reply
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!((reply.status, offered.len(), offered[1]), (401, 3, "NTLM"), "{how}: {offered:?}");
        assert!(reply.body.is_empty() && !reply.closes(), "{how}");
        // Nothing is left of it: the same message again has no challenge any more.
        assert_eq!(client.ask(&[&said]).status, 401, "{how}");
    }
    // A replay: the right answer, twice.
    let mut client = Client::new(server());
    let challenge = client.challenge(&[]);
    let said = answer(account, &challenge, "right").unwrap();
    assert_eq!(client.ask(&[&said]).status, 200);
    let mut thief = Client::new(server());
    thief.challenge(&[]);
    assert_eq!(thief.ask(&[&said]).status, 401);
    let long = format!("Authorization: NTLM {}", STANDARD.encode([7; 8_200]));
    assert_eq!(Client::new(server()).ask(&[&long]).status, 401);
    assert!(server().log_text().contains("a message that is too long"), "{}", server().log_text());
    for message in ["", "!!!", "TlRMTVNTUAA=", "TlRMTVNTUAADAAAA", "TlRMTVNTUAAJAAAA"] {
        assert_eq!(Client::new(server()).ask(&[&format!("Authorization: NTLM {message}")]).status, 401, "{message}");
        assert_eq!(
            Client::new(server()).ask(&[&format!("Authorization: Negotiate {message}")]).status,
            401,
            "{message}"
        );
    }
}

/// The head of a large request is looked at before its body is taken, and its proof is good for once.
fn large_requests_are_proved_once() {
    let account = &server().accounts[4];
    let mut client = Client::new(server());
    let challenge = client.challenge(&[]);
    let Some(said) = answer(account, &challenge, "right") else { return println!("skipped: no python") };
    let large = format!("{GET_INBOX}<!--{}-->", "x".repeat(300_000));
    let body = envelope(Some("Exchange2013_SP1"), "", &large);
    let reply = client.http.post(PATH, &[CONTENT_TYPE, &said], body.as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("persistent-auth"), Some("true"));
    assert_eq!(client.http.post(PATH, &[CONTENT_TYPE], body.as_bytes()).status, 200);
    assert_eq!(client.ask(&[]).status, 200);
}

/// As requests_ntlm does it: each message with the whole body, the first one over a fresh connection.
fn a_login_begins_with_a_large_request() {
    let account = &server().accounts[5];
    let large = format!("{GET_INBOX}<!--{}-->", "x".repeat(2 << 20));
    let body = envelope(Some("Exchange2013_SP1"), "", &large);
    let mut client = Client::new(server());
    let reply = client.http.post(PATH, &[CONTENT_TYPE, &first()], body.as_bytes());
    let challenge = reply.header("www-authenticate").and_then(|said| said.strip_prefix("NTLM ")).map(str::to_owned);
    assert!(reply.status == 401 && !reply.closes(), "{reply:?}");
    let challenge = STANDARD.decode(challenge.expect("a challenge")).unwrap();
    let Some(said) = answer(account, &challenge, "right") else {
        return println!("skipped: no python");
    };
    let reply = client.http.post(PATH, &[CONTENT_TYPE, &said], body.as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.text());
    // Who begins no login is not read to the end, and who waits to be asked for the body is told at once.
    let reply = Client::new(server()).http.post(PATH, &[CONTENT_TYPE], body.as_bytes());
    assert!(reply.status == 401 && reply.closes());
    let mut waiting = Http::connect(server().http());
    let length = format!("Content-Length: {}", body.len());
    let (post, first) = ("POST /EWS/Exchange.asmx HTTP/1.1", first());
    let lines = [post, "Host: test", CONTENT_TYPE, &first, &length, "Expect: 100-continue"];
    waiting.send(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes());
    let reply = waiting.reply();
    assert!(reply.status == 401 && reply.closes(), "{reply:?}");
}

/// Another node may have changed the password, and nobody has told this one.
fn a_connection_is_nobodys_for_ever() {
    let server = Demo::start(options().set("auth.cache_seconds", 3));
    let mut client = Client::new(&server);
    let challenge = client.challenge(&[]);
    let Some(said) = answer(&server.accounts[0], &challenge, "right") else { return println!("skipped: no python") };
    assert_eq!(client.ask(&[&said]).status, 200);
    assert_eq!(client.ask(&[]).status, 200);
    wait::true_within("it says who it is once more", wait::LONG, || client.ask(&[]).status == 401);
    let challenge = client.challenge(&[]);
    assert_eq!(client.ask(&[&answer(&server.accounts[0], &challenge, "right").unwrap()]).status, 200);
    assert_eq!(client.ask(&[]).status, 200);
}

fn needs_a_password_that_was_kept() {
    let server =
        Demo::start(Options { accounts: 2, ..Options::default() }.set("server.trusted_proxies", "[\"127.0.0.9\"]"));
    let account = &server.accounts[0];
    // Off: not offered, and nothing was kept.
    assert_eq!(curl(&server, &["--ntlm", "-u", &format!("{}:{}", account.address, account.password)]), "401 1");
    assert_eq!(server.query("select count(*) from account_secret"), ["0"]);
    let set = |arguments: &[&str]| {
        let all = [&["account", "password", &account.address, "--password-stdin"], arguments].concat();
        let output = server.ewsctl_with(&all, b"secret one\n");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    set(&["--ntlm"]);
    assert_eq!(server.query("select kind, length(sealed) from account_secret"), ["1|44"]);
    set(&[]);
    assert_eq!(server.query("select count(*) from account_secret"), ["0"], "what was kept of the old one is gone");
}
