//! The doctor: set-ups that are broken on purpose, each found, and each with its cure.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::unistd::geteuid;
use serde_json::Value;

use crate::support::demo::ewsctl;
use crate::support::port;
use crate::support::postgres::Postgres;
use crate::support::shared;
use crate::support::slapd::{PEOPLE, SEARCHES, Slapd, TOP};
use crate::support::smtp::{Certificate, Smarthost, serve_tls};

crate::tests![
    finds_nothing_wrong_with_a_server_that_works,
    finds_a_worker_program_that_is_missing_or_of_another_version,
    finds_a_user_that_is_not_there,
    finds_addresses_that_are_foreign_or_busy,
    warns_of_a_url_that_nobody_reaches,
    finds_too_few_descriptors,
    finds_a_database_that_has_no_tls,
    finds_a_login_that_the_database_refuses,
    finds_an_old_database_and_a_clock_that_is_wrong,
    finds_a_proxy_that_is_not_trusted_or_too_impatient,
    warns_of_a_listener_where_everybody_can_be_anybody,
    finds_a_certificate_that_has_expired,
    finds_a_state_directory_of_somebody_else,
    finds_too_little_room,
    finds_a_keytab_that_cannot_be_read,
    finds_a_socket_that_the_mta_does_not_reach,
    finds_a_smarthost_that_is_away,
    finds_a_directory_that_is_of_no_use,
    finds_a_service_of_pam_that_is_not_there,
];

/// A set-up of its own: a folder with a configuration.
struct House {
    folder: PathBuf,
}

impl House {
    fn new() -> House {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ewsd-doctor-{}-{number}", std::process::id()));
        fs::create_dir_all(folder.join("state")).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        House { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// The doctor's findings on these settings, `section.key = value` each; beside them nothing is as on this machine.
    fn examine(&self, settings: &[&str], arguments: &[&str]) -> Findings {
        self.examine_by(Command::new(ewsctl()), settings, arguments)
    }

    fn examine_by(&self, mut program: Command, settings: &[&str], arguments: &[&str]) -> Findings {
        let state = format!("server.state_dir = \"{}\"", self.path("state"));
        let usual = [state.as_str(), "server.http = [\"127.0.0.1:0\"]", "server.lmtp = []", "server.admin = \"\""];
        let usual = usual.into_iter().filter(|line| {
            let key = line.split(' ').next().unwrap();
            !settings.iter().any(|own| own.starts_with(key))
        });
        let lines: Vec<&str> = usual.chain(settings.iter().copied()).collect();
        let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let file = self.path("ewsd.toml");
        fs::write(&file, text).unwrap();
        let output =
            program.args(["-c", &file, "--json", "doctor", "--postfix", "/nowhere"]).args(arguments).output().unwrap();
        let rows = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        Findings { rows, status: output.status.code() }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a doctor has found, and how it ended.
pub struct Findings {
    pub rows: Vec<Value>,
    pub status: Option<i32>,
}

impl Findings {
    /// That this is wrong, in words that hold `says`, with a cure that holds `cure`.
    #[track_caller]
    pub fn wrong(&self, examination: &str, says: &str, cure: &str) {
        self.holds("wrong", examination, says, cure);
        assert_eq!(self.status, Some(1));
    }

    /// That this is so, in words that hold `says`, with a cure that holds `cure`.
    #[track_caller]
    pub fn holds(&self, state: &str, examination: &str, says: &str, cure: &str) {
        let found = self.rows.iter().any(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            row["state"] == state
                && row["examination"] == examination
                && text("text").contains(says)
                && text("cure").contains(cure)
        });
        assert!(found, "{state} {examination}: {says:?} -> {cure:?} in {:#?}", self.rows);
    }

    /// That nothing is wrong there.
    #[track_caller]
    fn nothing_wrong(&self, examination: &str) {
        let of = |row: &&Value| row["examination"] == examination && row["state"] == "wrong";
        assert!(!self.rows.iter().any(|row| of(&row)), "{:#?}", self.rows);
    }
}

fn finds_nothing_wrong_with_a_server_that_works() {
    let server = shared::server();
    let output = server.ewsctl_with(&["doctor", "--postfix", "/nowhere"], b"");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for part in ["worker", "descriptors", "the server listens where it is told to", "PostgreSQL 1", "this machine's"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(text.contains("WARNING  mail out") && text.contains("-> name the MTA"), "{text}");
}

fn finds_a_worker_program_that_is_missing_or_of_another_version() {
    let house = House::new();
    let found = house.examine(&["process.worker = \"/nowhere/ewsd-worker\""], &[]);
    found.wrong("worker", "/nowhere/ewsd-worker", "process.worker");
    let other = house.path("other-worker");
    fs::write(&other, "#!/bin/sh\necho ewsd-worker 0.0.1\n").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
    let found = house.examine(&[&format!("process.worker = \"{other}\"")], &[]);
    found.wrong("worker", "0.0.1", "of one version");
}

fn finds_a_user_that_is_not_there() {
    let found = House::new().examine(&["process.user = \"nobody-of-that-name\""], &[]);
    found.wrong("user", "there is no user nobody-of-that-name", "systemd-sysusers");
}

fn finds_addresses_that_are_foreign_or_busy() {
    let house = House::new();
    // TEST-NET-1 (RFC 5737): nobody's.
    let found = house.examine(&["server.http = [\"192.0.2.1:8080\"]"], &[]);
    found.wrong("addresses", "server.http: 192.0.2.1:8080: the address is none of this machine's", "ip addr");
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let found = house.examine(&[&format!("server.admin = \"{address}\"")], &[]);
    found.wrong("addresses", "server.admin: ", &format!("ss -ltnp 'sport = :{}'", address.port()));
    let found = house.examine(&["server.lmtp = [\"unix:/nowhere/at/all/lmtp\"]"], &[]);
    found.wrong("addresses", "there is no folder /nowhere/at/all", "/run/ewsd");
    let line = format!("server.lmtp = [\"unix:{} group=nobody-of-that-name\"]", house.path("lmtp"));
    house.examine(&[&line], &[]).wrong("addresses", "there is no group", "groupadd");
    house.examine(&[], &[]).nothing_wrong("addresses");
}

fn warns_of_a_url_that_nobody_reaches() {
    let house = House::new();
    let listens = "server.http = [\"127.0.0.1:0\", \"127.0.0.1:0 proxy\"]";
    let warned = |settings: &[&str]| {
        let rows = house.examine(settings, &[]).rows;
        rows.iter().any(|row| row["examination"] == "public URL" && row["state"] == "warning")
    };
    assert!(warned(&[listens]));
    assert!(!warned(&[listens, "server.public_url = \"https://mail.example.test\""]));
    assert!(!warned(&[]));
}

fn finds_too_few_descriptors() {
    let house = House::new();
    let program = || {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -n 2000 && exec \"$0\" \"$@\"", ewsctl()]);
        shell
    };
    let found = house.examine_by(program(), &["limits.connections = 10_000"], &[]);
    found.wrong("descriptors", "limits.connections = 10000 needs", "LimitNOFILE");
    house.examine_by(program(), &[], &[]).nothing_wrong("descriptors");
}

fn finds_a_database_that_has_no_tls() {
    // Says what a PostgreSQL without TLS says to an SSLRequest.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read_exact(&mut [0; 8]);
            let _ = stream.write_all(b"N");
        }
    });
    let url = format!("database.url = \"host=127.0.0.1 port={port} user=ewsd dbname=ewsd sslmode=require\"");
    House::new().examine(&[&url], &[]).wrong("database", "the server offers no TLS", "database.url");
}

fn finds_a_login_that_the_database_refuses() {
    let postgres = Postgres::start();
    let url = format!("database.url = \"{}\"", postgres.url().replace("user=ewsd", "user=somebody"));
    House::new().examine(&[&url], &[]).wrong("database", "refuses the login", "database.url");
    let gone = format!("database.url = \"{}\"", postgres.url().replace("dbname=ewsd", "dbname=other"));
    House::new().examine(&[&gone], &[]).wrong("database", "createdb", "database.url");
    postgres.psql("create database letterless template template0 locale 'C'");
    let letterless = format!("database.url = \"{}\"", postgres.url().replace("dbname=ewsd", "dbname=letterless"));
    House::new().examine(&[&letterless], &[]).wrong("database", "small letters", "--locale C.UTF-8");
    let away = "database.url = \"host=/nowhere user=ewsd dbname=ewsd\"";
    House::new().examine(&[away], &[]).wrong("database", "nothing answers", "PostgreSQL");
}

/// PostgreSQL's own functions, and others before them in the path.
fn finds_an_old_database_and_a_clock_that_is_wrong() {
    let postgres = Postgres::start();
    let url = format!("database.url = \"{}\"", postgres.url());
    let found = House::new().examine(&[&url], &[]);
    found.nothing_wrong("database");
    found.nothing_wrong("clock");
    postgres.psql("create schema fake; alter role ewsd set search_path = fake, pg_catalog, public");
    postgres.psql(
        "create function fake.clock_timestamp() returns timestamptz language sql \
         as $$ select pg_catalog.clock_timestamp() - interval '100 s' $$",
    );
    House::new().examine(&[&url], &[]).wrong("clock", "100 s behind", "chronyc");
    postgres.psql("create function fake.current_setting(text) returns text language sql as $$ select '130009' $$");
    House::new().examine(&[&url], &[]).wrong("database", "PostgreSQL 13.9 is too old", "15 or newer");
}

fn finds_a_proxy_that_is_not_trusted_or_too_impatient() {
    let house = House::new();
    let address = port::free();
    let listens = format!("server.http = [\"{address}\"]");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    for (file, says, impatient, at_once) in [
        ("nginx/ewsd.conf", "proxy_read_timeout 90s", "proxy_read_timeout 20s", "proxy_buffering off"),
        ("apache/ewsd.conf", "ProxyTimeout 90", "ProxyTimeout 20", ""),
        ("haproxy/ewsd.cfg", "timeout server 90s", "timeout server 20000", "option http-no-delay"),
    ] {
        let text = fs::read_to_string(shipped.join(file)).unwrap().replace("127.0.0.1:8080", &address.to_string());
        // What stands in a comment is for whoever copies it.
        let text = text.replace("# upstream", "upstream");
        assert!(text.contains(says), "{file}: {says}");
        let copy = house.path("proxy.conf");
        fs::write(&copy, &text).unwrap();
        house.examine(&[&listens], &["--proxy", &copy]).nothing_wrong("proxies");
        let strange = house.examine(&[&listens, "server.trusted_proxies = [\"192.0.2.1\"]"], &["--proxy", &copy]);
        strange.wrong("proxies", "127.0.0.1, which is not one of server.trusted_proxies", "add \"127.0.0.1\"");
        fs::write(&copy, text.replace(says, impatient)).unwrap();
        let found = house.examine(&[&listens], &["--proxy", &copy]);
        found.wrong("proxies", "gives up after 20 s, and calls wait for 30 s", "to 90");
        if !at_once.is_empty() {
            assert!(text.contains(at_once), "{file}: {at_once}");
            fs::write(&copy, text.replace(at_once, "")).unwrap();
            house.examine(&[&listens], &["--proxy", &copy]).holds(
                "warning",
                "proxies",
                "keeps what streams are told",
                at_once,
            );
        }
    }
}

/// Header fields in which a proxy says who somebody is are believed of whoever reaches the listener as a proxy does.
fn warns_of_a_listener_where_everybody_can_be_anybody() {
    let house = House::new();
    let socket = house.path("http");
    for (listener, trusted, warned) in [
        ("127.0.0.1:0".to_owned(), "127.0.0.1", true),
        ("0.0.0.0:0".to_owned(), "127.0.0.0/8", true),
        ("127.0.0.1:0".to_owned(), "192.0.2.1", false),
        ("127.0.0.1:0 schemes=basic".to_owned(), "127.0.0.1", false),
        ("127.0.0.1:0 proxy".to_owned(), "127.0.0.1", false),
        ("127.0.0.1:0 proxy schemes=headers".to_owned(), "127.0.0.1", true),
        (format!("unix:{socket}"), "192.0.2.1", true),
        (format!("unix:{socket} group=root"), "192.0.2.1", false),
        (format!("unix:{socket} mode=0600 schemes=headers"), "192.0.2.1", false),
    ] {
        let settings = [
            format!("server.http = [\"{listener}\"]"),
            format!("server.trusted_proxies = [\"{trusted}\"]"),
            "auth.headers = [\"X-Remote-User\"]".to_owned(),
        ];
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let says = |settings: &[&str]| {
            let rows = house.examine(settings, &[]).rows;
            let text = |row: &Value| row["text"].as_str().unwrap_or_default().contains("can be anybody");
            rows.iter().any(|row| row["examination"] == "proxies" && row["state"] == "warning" && text(row))
        };
        assert_eq!((says(&settings), says(&settings[..2])), (warned, false), "{listener} {trusted}");
    }
}

fn finds_a_certificate_that_has_expired() {
    let house = House::new();
    let port = serve_tls(&Certificate::expired(&house.folder));
    let url = format!("server.public_url = \"https://localhost:{port}\"");
    house.examine(&[&url], &[]).wrong("certificate", "has expired", "renew it");
    let nobody = format!("server.public_url = \"https://localhost:{}\"", port::free().port());
    house.examine(&[&nobody], &[]).wrong("certificate", "does not answer", "proxy");
}

fn finds_a_state_directory_of_somebody_else() {
    let house = House::new();
    if !geteuid().is_root() {
        return;
    }
    chown(house.path("state"), Some(4711), Some(4711)).unwrap();
    house.examine(&[], &[]).wrong("state", "belongs to 4711", "chown -R");
    let nowhere = "server.state_dir = \"/nowhere/at/all\"";
    house.examine(&[nowhere], &[]).wrong("state", "nor the folder above it", "server.state_dir");
}

fn finds_too_little_room() {
    let found = House::new().examine(&["server.min_free_bytes = 1_000_000_000_000_000"], &[]);
    found.wrong("room", "below which nothing is taken", "make room");
}

fn finds_a_keytab_that_cannot_be_read() {
    let house = House::new();
    let keytab = house.path("keytab");
    let line = format!("auth.keytab = \"{keytab}\"");
    house.examine(&[&line], &[]).wrong("keytab", "there is no", "kadmin");
    fs::write(&keytab, b"\x05\x02").unwrap();
    fs::set_permissions(&keytab, fs::Permissions::from_mode(0o0)).unwrap();
    house.examine(&[&line], &[]).wrong("keytab", "is closed to user", "chmod 600");
    fs::set_permissions(&keytab, fs::Permissions::from_mode(0o644)).unwrap();
    house.examine(&[&line], &[]).nothing_wrong("keytab");
    fs::write(&keytab, b"hello").unwrap();
    house.examine(&[&line], &[]).wrong("keytab", "is no keytab", "anew");
}

fn finds_a_socket_that_the_mta_does_not_reach() {
    let house = House::new();
    let folder = house.folder.join("run");
    fs::create_dir(&folder).unwrap();
    let socket = folder.join("lmtp");
    let line = format!("server.lmtp = [\"unix:{}\"]", socket.display());
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let found = house.examine(&[&line], &["--mta-user", "nobody"]);
    found.wrong("mail in", "is closed to nobody", "chmod o+x");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    house.examine(&[&line], &["--mta-user", "nobody"]).nothing_wrong("mail in");
    fs::write(&socket, "").unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o660)).unwrap();
    let found = house.examine(&[&line], &["--mta-user", "nobody"]);
    found.wrong("mail in", "is closed to nobody", "usermod -aG");
    // `--postfix` counts once; the last one does.
    let postfix = house.folder.join("postfix");
    fs::create_dir(&postfix).unwrap();
    fs::write(postfix.join("master.cf"), "lmtp      unix  -       -       y       -       -       lmtp\n").unwrap();
    let file = house.path("ewsd.toml");
    let output = Command::new(ewsctl())
        .args(["-c", &file, "--json", "doctor", "--mta-user", "root", "--postfix"])
        .arg(&postfix)
        .output()
        .unwrap();
    let rows = serde_json::from_slice(&output.stdout).unwrap();
    Findings { rows, status: output.status.code() }.wrong("mail in", "is chrooted", "lmtp/unix/chroot=n");
}

fn finds_a_smarthost_that_is_away() {
    let smarthost = Smarthost::start();
    let line = format!("courier.smarthost = \"{}\"", smarthost.address);
    House::new().examine(&[&line], &[]).nothing_wrong("mail out");
    let away = format!("courier.smarthost = \"{}\"", port::free());
    House::new().examine(&[&away], &[]).wrong("mail out", "courier.smarthost", "ewsctl queue list");
}

fn finds_a_directory_that_is_of_no_use() {
    let house = House::new();
    let examine = |lines: &[&str]| house.examine(&[&["auth.basic_against = \"ldap\""], lines].concat(), &[]);
    let away = format!("auth.ldap_urls = [\"ldap://{}\"]", port::free());
    let bind = format!("auth.ldap_bind_dn = \"uid=%n,{PEOPLE}\"");
    examine(&[&away, &bind]).wrong("logins", "refused", "is the directory running");
    let Some(slapd) = Slapd::start(&[]) else { return };
    let ca = format!("auth.ldap_ca = \"{}\"", slapd.ca());
    for url in [slapd.url(), slapd.tls_url()] {
        let by = |url: &str| format!("auth.ldap_urls = [\"{url}\"]");
        examine(&[&by(&url), &bind, &ca]).nothing_wrong("logins");
        examine(&[&by(&url), &bind]).wrong("logins", "UnknownIssuer", "auth.ldap_ca");
        let other = url.replace("localhost", "127.0.0.1");
        examine(&[&by(&other), &bind, &ca]).wrong("logins", "not valid for name", "as its certificate does");
    }
    // Who searches is known, and finds the base.
    let password = house.path("search");
    fs::write(&password, format!("{}\n", SEARCHES.1)).unwrap();
    let url = format!("auth.ldap_urls = [\"{}\"]", slapd.tls_url());
    let searches = format!("auth.ldap_search_dn = \"{}\"", SEARCHES.0);
    let file = format!("auth.ldap_search_password_file = \"{password}\"");
    let below = |base: &str| format!("auth.ldap_base = \"{base}\"");
    examine(&[&url, &ca, &below(TOP), &searches, &file]).nothing_wrong("logins");
    let nowhere = examine(&[&url, &ca, &below("dc=nowhere"), &searches, &file]);
    nowhere.wrong("logins", "the search below \"dc=nowhere\" ends with code 32", "auth.ldap_base");
    fs::write(&password, "another\n").unwrap();
    examine(&[&url, &ca, &below(TOP), &searches, &file]).wrong(
        "logins",
        "auth.ldap_search_dn is refused",
        "auth.ldap_search_dn",
    );
}

fn finds_a_service_of_pam_that_is_not_there() {
    let house = House::new();
    let folder = format!("auth.pam_dir = \"{}\"", house.folder.display());
    let lines = ["auth.basic_against = \"pam\"", "auth.pam_service = \"mail\"", &folder];
    house.examine(&lines, &[]).wrong("logins", "there is no", "auth.pam_");
    fs::write(house.path("mail"), "auth required pam_deny.so\n").unwrap();
    house.examine(&lines, &[]).nothing_wrong("logins");
}
