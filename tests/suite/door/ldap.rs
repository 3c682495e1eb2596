//! Basic logins whose passwords a directory knows (`auth.basic_against = "ldap"`): against slapd, and against nobody.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::suite::trials::database::Stopped;
use crate::support::demo::{Demo, Options};
use crate::support::ews::{CONTENT_TYPE, PATH, basic, envelope};
use crate::support::http::Http;
use crate::support::slapd::{PEOPLE, SEARCHES, Slapd, TOP};
use crate::support::{port, process, wait};

crate::tests![
    a_directory_knows_the_password,
    a_name_is_searched_for,
    a_socket_is_enough,
    without_an_answer_nobody_hears_of_a_wrong_password,
    a_directory_that_stands_still_keeps_one_worker_waiting,
    passwords_are_told_to_nobody_on_the_way,
    whoever_asks_has_given_up_the_rest,
    a_reload_changes_who_is_asked,
];

const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

/// What somebody hears.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Welcome,
    Wrong,
    Busy,
}

pub fn ask(server: &Demo, login: &str, password: &str) -> Heard {
    let body = envelope(Some("Exchange2013_SP1"), "", GET_INBOX);
    let reply = Http::connect(server.http()).post(PATH, &[CONTENT_TYPE, &basic(login, password)], body.as_bytes());
    match (reply.status, reply.text()) {
        (200, _) => Heard::Welcome,
        (401, _) => Heard::Wrong,
        (500, text) if text.contains("ErrorServerBusy") && text.contains("BackOffMilliseconds") => Heard::Busy,
        (status, text) => panic!("{status}: {text}"),
    }
}

/// As [`ask`], once somebody could be asked.
pub fn answer(server: &Demo, login: &str, password: &str) -> Heard {
    wait::until("an answer", wait::LONG, || Some(ask(server, login, password)).filter(|heard| *heard != Heard::Busy))
}

/// Lets somebody in until that is remembered: what other processes tell of accounts that have just been changed makes it void.
fn remembered(server: &Demo, login: &str, password: &str) {
    let hits = || server.status()["counters"]["auth_cache_hits"].as_u64().unwrap_or(0);
    let before = hits();
    wait::true_within("it is remembered", wait::LONG, || {
        assert_eq!(answer(server, login, password), Heard::Welcome, "{}", server.log_text());
        hits() > before + 2
    });
}

/// A server that asks a directory, by StartTLS and a name that is made of the login; its accounts have no password but the last.
fn with(slapd: &Slapd, change: impl FnOnce(Options) -> Options) -> Demo {
    let options = Options::default()
        .set("auth.basic_against", "ldap")
        .set("auth.ldap_urls", format!("[\"{}\"]", slapd.url()))
        .set("auth.ldap_ca", slapd.ca())
        .set("auth.ldap_bind_dn", format!("uid=%n,{PEOPLE}"));
    let server = Demo::start(change(options));
    for account in &server.accounts[..2] {
        server.ewsctl(&["account", "password", &account.login, "--remove"]);
    }
    server
}

const DIRECTORY: &[(&str, &str)] =
    &[("alice", "alice's secret"), ("bob", "bob's secret"), ("carol", "carol's other"), ("zoe", "zoe's secret")];

fn a_directory_knows_the_password() {
    let Some(slapd) = Slapd::start(DIRECTORY) else { return };
    // Each request is judged anew.
    let server = with(&slapd, |options| options.set("auth.cache_seconds", 0).set("auth.failure_delay_seconds", 0));
    let [alice, bob, carol] = &server.accounts[..] else { panic!("three accounts") };
    assert_eq!(answer(&server, &alice.login, "alice's secret"), Heard::Welcome, "{}", server.log_text());
    assert_eq!(answer(&server, &bob.login, "bob's secret"), Heard::Welcome);
    for (login, password) in [
        (alice.login.as_str(), "bob's secret"),
        (&alice.login, &alice.password),
        (&alice.login, ""),
        // What has a password here is known by that alone.
        (&carol.login, "carol's other"),
        // The directory knows her, and she has no account.
        ("zoe@example.test", "zoe's secret"),
        ("nobody@example.test", "secret"),
        ("alice,ou=people@example.test", "alice's secret"),
    ] {
        assert_eq!(answer(&server, login, password), Heard::Wrong, "{login} {password}");
    }
    assert_eq!(answer(&server, &carol.login, &carol.password), Heard::Welcome);
    let added = server.ewsctl(&["account", "add", "zoe@example.test", "--no-password"]);
    assert!(added.contains("added zoe@example.test"), "{added}");
    assert_eq!(answer(&server, "zoe@example.test", "zoe's secret"), Heard::Welcome);
    server.ewsctl(&["account", "disable", "zoe@example.test"]);
    assert_eq!(answer(&server, "zoe@example.test", "zoe's secret"), Heard::Wrong);
    let log = server.log_text();
    assert!(
        log.contains(
            "authentication failure: address=127.0.0.1 login=\"alice@example.test\" reason=\"wrong password\""
        )
    );
    assert!(!log.contains("'s secret") && !log.contains("'s other"), "{log}");
}

fn a_name_is_searched_for() {
    let Some(slapd) = Slapd::start(DIRECTORY) else { return };
    let file = slapd.folder.join("search");
    fs::write(&file, format!("{}\n", SEARCHES.1)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let server = with(&slapd, |options| {
        options
            .set("auth.ldap_urls", format!("[\"ldaps://{}\", \"{}\"]", port::free(), slapd.tls_url()))
            .set("auth.ldap_bind_dn", "")
            .set("auth.ldap_base", TOP)
            .set("auth.ldap_filter", "(|(mail=%u)(objectClass=%u))")
            .set("auth.ldap_search_dn", SEARCHES.0)
            .set("auth.ldap_search_password_file", file.display())
    });
    let alice = &server.accounts[0].login;
    assert_eq!(answer(&server, alice, "alice's secret"), Heard::Welcome, "{}", server.log_text());
    assert_eq!(answer(&server, alice, "bob's secret"), Heard::Wrong);
    assert_eq!(answer(&server, "*", "alice's secret"), Heard::Wrong);
    // An account that the directory does not know, and one whose login fits more than one entry.
    for login in ["nowhere", "person"] {
        server.ewsctl(&[
            "account",
            "add",
            "--login",
            login,
            &format!("n{}@example.test", login.len()),
            "--no-password",
        ]);
        assert_eq!(answer(&server, login, "alice's secret"), Heard::Wrong, "{login}");
    }
    // Who may search is not let in to do so any more.
    fs::write(&file, "another\n").unwrap();
    assert_eq!(ask(&server, &server.accounts[1].login, "bob's secret"), Heard::Busy);
    assert!(server.log_text().contains("auth.ldap_search_dn is refused with code 49"), "{}", server.log_text());
}

fn a_socket_is_enough() {
    let Some(slapd) = Slapd::start(DIRECTORY) else { return };
    let server = with(&slapd, |options| options.set("auth.ldap_urls", format!("[\"{}\"]", slapd.socket_url())));
    assert_eq!(answer(&server, &server.accounts[0].login, "alice's secret"), Heard::Welcome, "{}", server.log_text());
    assert_eq!(answer(&server, &server.accounts[1].login, "alice's secret"), Heard::Wrong);
}

fn without_an_answer_nobody_hears_of_a_wrong_password() {
    let Some(mut slapd) = Slapd::start(DIRECTORY) else { return };
    let server = with(&slapd, |options| options.set("auth.failures_per_minute", 3));
    let [alice, bob, carol] = &server.accounts[..] else { panic!("three accounts") };
    remembered(&server, &alice.login, "alice's secret");
    slapd.stop();
    for _ in 0..5 {
        assert_eq!(ask(&server, &bob.login, "bob's secret"), Heard::Busy);
    }
    let other = Http::connect(server.http()).get(PATH, &[&basic(&bob.login, "bob's secret")]);
    assert_eq!((other.status, other.header("retry-after")), (503, Some("2")), "{}", other.text());
    assert_eq!(ask(&server, "nobody@example.test", "x"), Heard::Busy, "it does not tell who is here");
    assert_eq!(ask(&server, &alice.login, "alice's secret"), Heard::Welcome, "it is remembered");
    assert_eq!(ask(&server, &carol.login, &carol.password), Heard::Welcome, "nobody is asked about it");
    assert!(!server.log_text().contains("authentication failure"), "{}", server.log_text());
    slapd.start_again();
    assert_eq!(answer(&server, &bob.login, "bob's secret"), Heard::Welcome, "nothing was counted");
}

fn a_directory_that_stands_still_keeps_one_worker_waiting() {
    let Some(slapd) = Slapd::start(DIRECTORY) else { return };
    let server = with(&slapd, |options| options.set("auth.login_seconds", 3));
    let [alice, bob, carol] = &server.accounts[..] else { panic!("three accounts") };
    remembered(&server, &alice.login, "alice's secret");
    let stopped = Stopped::new(slapd.pid());
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&server, &bob.login, "bob's secret"));
        while !waiting.is_finished() {
            assert_eq!(ask(&server, &carol.login, &carol.password), Heard::Welcome);
            assert_eq!(ask(&server, &alice.login, "alice's secret"), Heard::Welcome);
        }
        assert_eq!(waiting.join().unwrap(), Heard::Busy);
    });
    println!("busy after {:?}", begin.elapsed());
    assert_eq!(ask(&server, &bob.login, "bob's secret"), Heard::Busy);
    drop(stopped);
    assert_eq!(answer(&server, &bob.login, "bob's secret"), Heard::Welcome, "{}", server.log_text());
}

/// Says to each client that there is no StartTLS, and tells what it heard until the client left.
fn without_tls() -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            if tell.send(listen(client.unwrap())).is_err() {
                return;
            }
        }
    });
    (port, heard)
}

fn listen(mut client: TcpStream) -> Vec<u8> {
    let (mut heard, mut buffer) = (Vec::new(), [0; 1024]);
    while let Ok(n @ 1..) = client.read(&mut buffer) {
        heard.extend_from_slice(&buffer[..n]);
        // Of a bind that the password is wrong, of anything else that it is not known.
        let (tag, code) = if heard[5] == 0x60 { (0x61, 49) } else { (0x78, 2) };
        let _ = client.write_all(&[0x30, 12, 2, 1, heard[4], tag, 7, 10, 1, code, 4, 0, 4, 0]);
    }
    heard
}

fn passwords_are_told_to_nobody_on_the_way() {
    let Some(slapd) = Slapd::start(DIRECTORY) else { return };
    let (port, heard) = without_tls();
    let elsewhere = move |options: Options| options.set("auth.ldap_urls", format!("[\"ldap://127.0.0.1:{port}\"]"));
    let told = |octets: &[u8]| octets.windows(12).any(|part| part == b"bob's secret");
    let server = with(&slapd, elsewhere);
    assert_eq!(ask(&server, &server.accounts[1].login, "bob's secret"), Heard::Busy);
    let octets = heard.recv_timeout(wait::LONG).unwrap();
    assert!(!octets.is_empty() && !told(&octets), "{octets:?}");
    drop(server);
    let server = with(&slapd, |options| elsewhere(options).set("auth.ldap_tls", "none"));
    assert_eq!(answer(&server, &server.accounts[1].login, "bob's secret"), Heard::Wrong);
    assert!(told(&heard.recv_timeout(wait::LONG).unwrap()), "where it is wanted so");
    drop(server);
    // A certificate that nobody has signed who is believed, and one of another name.
    let elsewhere = slapd.tls_url().replace("localhost", "127.0.0.1");
    for (urls, ca, says) in [
        (vec![slapd.url(), slapd.tls_url()], String::new(), "UnknownIssuer"),
        (vec![elsewhere], slapd.ca(), "not valid for name"),
    ] {
        let of = |options: Options| options.set("auth.ldap_urls", urls.join(",")).set("auth.ldap_ca", &ca);
        let server = with(&slapd, of);
        assert_eq!(ask(&server, &server.accounts[0].login, "alice's secret"), Heard::Busy, "{urls:?}");
        let log = server.log_text();
        let refused = log.lines().filter(|line| line.contains("the directory: ")).flat_map(|line| line.split("; "));
        let refused = refused.filter(|why| why.contains("TLS: invalid peer certificate: ") && why.contains(says));
        assert_eq!(refused.count(), urls.len(), "{log}");
    }
}

fn whoever_asks_has_given_up_the_rest() {
    let Some(slapd) = Slapd::start(DIRECTORY) else { return };
    let server = with(&slapd, |options| options.set("auth.cache_seconds", 0));
    let alice = &server.accounts[0].login;
    let logins = || process::workers(server.master(), "login");
    let pid = wait::until("a login process runs", wait::LONG, || logins().first().copied());
    assert_eq!(answer(&server, alice, "alice's secret"), Heard::Welcome);
    let status_of = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    for line in ["Seccomp:\t2", "NoNewPrivs:\t1"] {
        assert!(status_of.lines().any(|had| had == line), "{line} in\n{status_of}");
    }
    let database = process::sockets(server.postmaster().expect("it runs"));
    assert!(process::sockets(pid).is_disjoint(&database));
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert!(core.split_whitespace().any(|word| word == "0"), "{core}");
    // Its successor answers.
    kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
    assert_eq!(answer(&server, alice, "alice's secret"), Heard::Welcome);
    assert!(logins().iter().all(|other| *other != pid));
}

fn a_reload_changes_who_is_asked() {
    let Some(slapd) = Slapd::start(DIRECTORY) else { return };
    let server = with(&slapd, |options| options);
    let alice = &server.accounts[0].login;
    assert_eq!(answer(&server, alice, "alice's secret"), Heard::Welcome);
    let config = server.config();
    let text = fs::read_to_string(&config).unwrap();
    let logins = || process::workers(server.master(), "login").len();
    fs::write(&config, text.replace("basic_against = \"ldap\"", "basic_against = \"accounts\"")).unwrap();
    server.ewsctl(&["reload"]);
    assert_eq!(ask(&server, alice, "alice's secret"), Heard::Wrong, "it is not remembered either");
    wait::true_within("nobody asks any more", wait::LONG, || logins() == 0);
    fs::write(&config, text).unwrap();
    server.ewsctl(&["reload"]);
    assert_eq!(answer(&server, alice, "alice's secret"), Heard::Welcome);
    assert_eq!(logins(), 1);
}
