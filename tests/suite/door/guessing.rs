//! Many wrong passwords at once, by each scheme in which the server checks a secret: whoever guesses waits, and nobody else does.

use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::demo::{Account, Demo, Options};
use crate::support::ews::{CONTENT_TYPE, PATH, basic, envelope};
use crate::support::http::{Http, request};
use crate::support::wait;

crate::tests![
    guessers_wait_and_nobody_else,
    an_owner_gets_in_beside_guessers_of_its_network,
    an_administrator_sees_what_counts_against_whom,
    an_administrator_sees_from_where_somebody_came,
];

const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";
/// Guessers, each with an address.
const GUESSERS: u8 = 8;
/// What each sends: more than is judged in a minute.
const GUESSES: usize = 36;
/// Accounts that they try, beside one that is not there.
const ATTACKED: usize = 4;
/// The longest that an answer is kept back: whoever had to wait for one would wait so long.
const DELAY: Duration = Duration::from_secs(30);
/// Answers that are kept back at a time, at least: many times more than there are workers, and as many as a busy machine gets to while
/// strangers' passwords are hashed last.
const HELD: u64 = 12;
/// Where the owners of the accounts are, and those whose accounts nobody tries.
const OWNERS: Ipv4Addr = Ipv4Addr::new(127, 0, 4, 1);
const OTHERS: Ipv4Addr = Ipv4Addr::new(127, 0, 3, 1);

fn body() -> String {
    envelope(Some("Exchange2013_SP1"), "", GET_INBOX)
}

/// A scheme: curl's option, and the line with which a wrong password is sent over a connection.
type Scheme = (&'static str, fn(&mut Http, &str, usize) -> String);

const SCHEMES: [Scheme; 3] = [
    ("--basic", |_, login, n| basic(login, &format!("guess {n}"))),
    ("--digest", |http, login, _| {
        let offers = challenges(http, &[]);
        let offer = offers.iter().find(|offer| offer.contains("algorithm=SHA-256")).expect("Digest is offered");
        let nonce = offer.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a nonce");
        format!(
            "Authorization: Digest username=\"{login}\", realm=\"ewsd\", nonce=\"{nonce}\", uri=\"{PATH}\", qop=auth, nc=00000001, \
             cnonce=\"x\", algorithm=SHA-256, response=\"{}\"",
            "0".repeat(64)
        )
    }),
    ("--ntlm", |http, login, _| {
        let first = STANDARD.encode(b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\0");
        let challenge = challenges(http, &[&format!("Authorization: NTLM {first}")]);
        assert!(challenge[0].starts_with("NTLM TlRM"), "{challenge:?}");
        format!("Authorization: NTLM {}", STANDARD.encode(wrong_answer(login)))
    }),
];

/// What the server wants of a request with these lines.
fn challenges(http: &mut Http, lines: &[&str]) -> Vec<String> {
    let reply = http.post(PATH, &[&[CONTENT_TYPE], lines].concat(), body().as_bytes());
    assert_eq!(reply.status, 401);
    let fields = reply.headers.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
    fields.map(|(_, value)| value).collect()
}

/// NTLM's third message ([MS-NLMP] 2.2.1.3) with a proof that is none.
fn wrong_answer(login: &str) -> Vec<u8> {
    let user: Vec<u8> = login.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let response = [&[7; 16][..], &[1, 1], &[0; 30]].concat();
    let mut head = b"NTLMSSP\0\x03\0\0\0".to_vec();
    let mut payload = Vec::new();
    for octets in [&[][..], &response, &[], &user, &[], &[]] {
        let length = u16::try_from(octets.len()).unwrap().to_le_bytes();
        head.extend([length, length].concat());
        head.extend(u32::try_from(64 + payload.len()).unwrap().to_le_bytes());
        payload.extend(octets);
    }
    head.extend(0x0008_8201_u32.to_le_bytes());
    [head, payload].concat()
}

/// curl's status for a request from an address.
fn curl(server: &Demo, scheme: &str, from: Ipv4Addr, account: &Account, password: &str) -> String {
    let user = format!("{}:{password}", account.login);
    let output = Command::new("curl")
        .args([
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "--max-time",
            "60",
            "-H",
            CONTENT_TYPE,
            scheme,
            "-u",
            &user,
        ])
        .args(["--data-binary", &body(), "--interface", &from.to_string()])
        .arg(format!("http://{}{PATH}", server.http()))
        .output()
        .expect("curl runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Sends all guesses and reads no answer.
fn guess(server: &Demo, wrong: fn(&mut Http, &str, usize) -> String) -> Vec<Http> {
    let attacked = &server.accounts[..ATTACKED];
    let logins: Vec<&str> = attacked.iter().map(|account| account.login.as_str()).chain(["nobody"]).collect();
    let mut sent = Vec::new();
    for n in 0..GUESSES {
        for guesser in 0..GUESSERS {
            let mut http = Http::connect_from(Ipv4Addr::new(127, 0, 2, guesser + 1), server.http());
            let login = logins[(n + usize::from(guesser)) % logins.len()];
            let line = wrong(&mut http, login, n);
            http.send(&request("POST", PATH, &[CONTENT_TYPE, &line], body().as_bytes()));
            sent.push(http);
        }
    }
    sent
}

/// Ends the work of others when it goes, also when the test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Works until the guessers are done; the longest time that an answer took.
fn work(server: &Demo, account: &Account, over: &AtomicBool) -> Duration {
    let mut http = Http::connect_from(OTHERS, server.http());
    let mut longest = Duration::ZERO;
    while !over.load(Ordering::Relaxed) {
        let begin = Instant::now();
        let lines = [CONTENT_TYPE, &basic(&account.login, &account.password)];
        assert_eq!(http.post(PATH, &lines, body().as_bytes()).status, 200);
        longest = longest.max(begin.elapsed());
    }
    longest
}

fn guessers_wait_and_nobody_else() {
    let options = Options { accounts: ATTACKED + 2, ..Options::default() }
        .set("auth.ntlm", true)
        .set("auth.digest", true)
        .set("auth.failure_delay_seconds", DELAY.as_secs())
        .set("server.trusted_proxies", "[\"127.0.0.9\"]");
    let server = Demo::start(options);
    let (other, newcomer) = (&server.accounts[ATTACKED], &server.accounts[ATTACKED + 1]);
    for (scheme, wrong) in SCHEMES {
        for owner in &server.accounts[..ATTACKED] {
            assert_eq!(curl(&server, scheme, OWNERS, owner, &owner.password), "200", "{scheme}, before");
        }
        let over = AtomicBool::new(false);
        let (guesses, longest) = std::thread::scope(|scope| {
            let ends = Over(&over);
            let working = scope.spawn(|| work(&server, other, &over));
            let guesses = guess(&server, wrong);
            // Many times more than there are workers: none of them waits with an answer.
            wait::true_within("answers are kept back", wait::LONG, || server.connections("held") >= HELD);
            for owner in &server.accounts[..ATTACKED] {
                assert_eq!(curl(&server, scheme, OWNERS, owner, &owner.password), "200", "{scheme}: an owner");
            }
            assert_eq!(curl(&server, scheme, OTHERS, newcomer, &newcomer.password), "200", "{scheme}: a newcomer");
            assert!(server.connections("held") >= HELD, "{scheme}: those who guess still wait");
            drop(ends);
            (guesses, working.join().expect("others are answered"))
        });
        println!("{scheme}: the longest answer to somebody else took {longest:?}");
        assert!(longest < DELAY / 2, "{scheme}: {longest:?}");
        let (guesser, owner) = (Ipv4Addr::new(127, 0, 2, 1), &server.accounts[0]);
        drop(guesses);
        server.ewsctl(&["login", "forgive"]);
        wait::true_within("nobody is held any more", wait::LONG, || server.connections("held") == 0);
        assert_eq!(curl(&server, scheme, guesser, owner, &owner.password), "200", "{scheme}, forgiven");
    }
}

/// By what the database knows: neither a restart nor another node makes a stranger of somebody.
fn an_owner_gets_in_beside_guessers_of_its_network() {
    const MOST: usize = 5;
    let options = || {
        Options::default()
            .set("auth.failures_per_minute", MOST)
            .set("auth.failure_delay_seconds", 0)
            .set("auth.cache_seconds", 0)
            .set("server.trusted_proxies", "[\"127.0.0.9\"]")
    };
    let first = Demo::start(options());
    let (owner, stranger) = (first.accounts[0].clone(), first.accounts[1].clone());
    let status = |node: &Demo, account: &Account| curl(node, "--basic", OWNERS, account, &account.password);
    assert_eq!(status(&first, &owner), "200");
    let first = first.restart();
    let url = format!("host={} user=ewsd dbname=ewsd", first.folder.join("state/pg-run").display());
    let second = Demo::start(options().set("database.url", url));
    let guess = |node: &Demo, login: &str, times: usize| {
        for _ in 0..times {
            let mut http = Http::connect_from(OWNERS, node.http());
            assert_eq!(http.post(PATH, &[CONTENT_TYPE, &basic(login, "a guess")], body().as_bytes()).status, 401);
        }
    };
    for (node, name) in [(&second, "another node"), (&first, "after a restart")] {
        guess(node, "nobody", MOST);
        // Many more, under names that nobody has and that somebody has.
        (0..MOST * 4).for_each(|n| guess(node, &format!("nobody{n}"), 1));
        guess(node, &stranger.login, MOST);
        assert_eq!(status(node, &stranger), "401", "{name}: nothing is judged there");
        assert_eq!(status(node, &owner), "200", "{name}: the owner came in from there");
        let by_address = Account { login: owner.address.to_uppercase(), ..owner.clone() };
        assert_eq!(status(node, &by_address), "200", "{name}: whatever it calls itself");
        guess(node, &owner.login, MOST);
        assert_eq!(status(node, &owner), "401", "{name}: its own password was guessed at from there");
        node.ewsctl(&["login", "forgive"]);
        assert_eq!(status(node, &owner), "200", "{name}: forgiven");
    }
    drop(second);
}

/// Five guesses, which are as many as a minute has, and what an administrator is told of them, until they are forgotten.
fn an_administrator_sees_what_counts_against_whom() {
    let options = Options::default().set("auth.failures_per_minute", 5).set("auth.ntlm", true);
    let options = options.set("server.trusted_proxies", "[\"127.0.0.9\"]");
    let server = Demo::start(options);
    let account = &server.accounts[0];
    let show = |arguments: &[&str]| -> Value {
        let text = server.ewsctl(&[&["login", "show", "--json"], arguments].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    let own = || show(&[&account.address]);
    assert_eq!((&own()["failures"], show(&[])), (&json!([]), json!([])));
    let guesser = Ipv4Addr::new(127, 0, 2, 1);
    // One after the other: of two at the same moment one may not be counted.
    for login in [&[account.login.as_str(); 5][..], &["nobody"]].concat() {
        let mut http = Http::connect_from(guesser, server.http());
        assert_eq!(http.post(PATH, &[CONTENT_TYPE, &basic(login, "a guess")], body().as_bytes()).status, 401);
    }
    let counted = own();
    let of = |row: &Value| json!([row["network"], row["count"], row["refused"], row["delay_ms"]]);
    let rows: Vec<Value> = counted["failures"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(rows, [json!([null, 5, false, 1000]), json!(["127.0.2.1", 5, true, 1000])]);
    assert!(counted["failures"][0]["left_s"].as_u64().is_some_and(|left| left <= 60), "{counted}");
    let named = |row: &Value| json!([row["login"], row["network"], row["count"]]);
    let mut all: Vec<String> = show(&[]).as_array().unwrap().iter().map(|row| named(row).to_string()).collect();
    all.sort_unstable();
    let login = &account.login;
    // Of the login that is nobody's nothing is told but where it came from.
    let expected = [json!([login, "127.0.2.1", 5]), json!([login, null, 5]), json!([null, "127.0.2.1", 5])];
    let mut expected = expected.map(|row| row.to_string());
    expected.sort_unstable();
    assert_eq!(all, expected);
    assert_eq!(show(&["--most", "1"]).as_array().unwrap().len(), 1);
    let text = server.ewsctl(&["login", "show", &account.address]);
    for part in [
        "state      active",
        "basic      password, kept here",
        "ntlm       NT hash",
        "digest     off; no hash for it",
        "from anywhere: 5 failures, answers to wrong passwords come after 1 s",
        "from 127.0.2.1: 5 failures, nothing from there is judged",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    server.ewsctl(&["login", "forgive"]);
    server.ewsctl(&["account", "password", &account.address, "--remove"]);
    server.ewsctl(&["account", "disable", &account.address]);
    let after = own();
    assert_eq!((&after["failures"], &after["disabled"]), (&json!([]), &true.into()));
    let lacks = |scheme: &str| {
        let methods = after["methods"].as_array().unwrap();
        let method = methods.iter().find(|method| method["scheme"] == scheme).unwrap();
        (method["on"] == true, method["lacks"].as_str().is_some_and(|text| text.contains("ewsctl account password")))
    };
    assert_eq!((lacks("basic"), lacks("ntlm")), ((true, true), (true, true)));
    let unknown = server.ewsctl_with(&["login", "show", "nobody.here@example.test"], b"");
    assert_eq!(unknown.status.code(), Some(67));
}

fn an_administrator_sees_from_where_somebody_came() {
    let options = Options::default().set("auth.ntlm", true).set("server.trusted_proxies", "[\"127.0.0.9\"]");
    let server = Demo::start(options);
    let account = &server.accounts[0];
    let places = || -> Vec<Value> {
        let text = server.ewsctl(&["login", "show", "--json", &account.address]);
        let shown: Value = serde_json::from_str(&text).unwrap();
        let all = shown["places"].as_array().unwrap().iter();
        let mut all: Vec<Value> = all.map(|place| json!([place["network"], place["scheme"]])).collect();
        all.sort_by_key(Value::to_string);
        all
    };
    assert_eq!(places(), [] as [Value; 0]);
    for (scheme, from, password, status) in [
        ("--basic", OWNERS, account.password.as_str(), "200"),
        ("--basic", OWNERS, &account.password, "200"),
        ("--ntlm", OTHERS, &account.password, "200"),
        ("--basic", Ipv4Addr::new(127, 0, 2, 1), "a guess", "401"),
    ] {
        assert_eq!(curl(&server, scheme, from, account, password), status, "{scheme}");
    }
    assert_eq!(places(), [json!(["127.0.3.1", "ntlm"]), json!(["127.0.4.1", "basic"])]);
    let text = server.ewsctl(&["login", "show", &account.address]);
    assert!(text.contains("came in    from 127.0.4.1 by basic, last 2"), "{text}");
}
