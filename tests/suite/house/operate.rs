//! What an administrator does on an ordinary day: change accounts, apply settings, look who is there.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::SystemTime;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::demo::{Account, Demo, Options, ewsctl};
use crate::support::ews::Ews;
use crate::support::http::Http;
use crate::support::ops::{events_request, get_folder, subscribe};
use crate::support::{shared, wait};

crate::tests![
    changes_accounts_by_a_table_of_keys,
    renames_folders_with_the_language,
    waits_for_what_a_reload_starts,
    shows_who_is_there_and_throws_them_out,
    shows_workers_and_what_waits_for_them,
    tells_rates_by_operation,
    traces_one_account_and_leaves_nothing,
    says_what_a_wrong_line_is_about,
    completes_what_the_server_knows,
    takes_what_is_there_or_gone_as_done,
];

/// Runs `ewsctl`; its status and all that it said.
fn ctl(server: &Demo, arguments: &[&str], input: &[u8]) -> (i32, String) {
    let output = server.ewsctl_with(arguments, input);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

fn changes_accounts_by_a_table_of_keys() {
    let (server, account) = (shared::server(), shared::account());
    let address = account.address.as_str();
    let (status, said) = ctl(server, &["account", "set", address, "name=Vera Verdi", "quota=500M", "login=Vera"], b"");
    assert_eq!(status, 0, "{said}");
    let shown = server.ewsctl(&["account", "show", address]);
    assert!(
        shown.contains("Vera Verdi") && shown.contains("login      vera") && shown.contains("524288000"),
        "{shown}"
    );
    let moved = Account { login: "vera".into(), ..account.clone() };
    get_folder(&mut Ews::connect(server, &moved), "inbox", "IdOnly", &[]);
    let list = server.ewsctl(&["account", "list"]);
    let line = list.lines().find(|line| line.starts_with("vera ")).unwrap();
    assert!(line.contains("of 500M"), "{line}");
    for (change, status, says) in [
        ("quota=lots", 65, "500M"),
        ("colour=red", 66, "name, login, language, quota"),
        ("language=tlh", 65, "de or pt-BR"),
        ("name", 64, "KEY=VALUE"),
    ] {
        let (code, said) = ctl(server, &["account", "set", address, "name=Nobody", change], b"");
        assert!(code == status && said.contains(says), "{change}: {code} {said}");
    }
    assert!(server.ewsctl(&["account", "show", address]).contains("Vera Verdi"), "all or nothing");
    let other = shared::account();
    assert_eq!(ctl(server, &["account", "set", &other.address, "login=vera"], b"").0, 73);
    server.ewsctl(&["address", "add", address, "v.verdi@example.test"]);
    let listed = server.ewsctl(&["address", "list", "vera"]);
    let lines: Vec<&str> = listed.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(lines, [address, "v.verdi@example.test"]);
    assert!(server.ewsctl(&["address", "list"]).contains(&other.address));
}

fn renames_folders_with_the_language() {
    let (server, mut ews) = (shared::server(), shared::mailbox());
    let address = ews.account.address.clone();
    let name = |ews: &mut Ews, folder: &str| {
        get_folder(ews, folder, "Default", &[]).text("t:DisplayName").unwrap_or_default().to_owned()
    };
    server.ewsctl(&["account", "set", &address, "language=da-DK"]);
    assert_eq!((name(&mut ews, "inbox"), name(&mut ews, "calendar")), ("Indbakke".into(), "Kalender".into()));
    server.ewsctl(&["account", "set", &address, "language=zh-HK"]);
    assert_eq!(name(&mut ews, "inbox"), "收件匣");
    server.ewsctl(&["account", "set", &address, "language=en"]);
    assert_eq!(name(&mut ews, "inbox"), "Inbox");
}

/// It says what does not start, and what serves goes on; status says the same.
fn waits_for_what_a_reload_starts() {
    let server = Demo::start(Options::default());
    let right = std::fs::read_to_string(server.config()).unwrap();
    let worker = right.lines().find(|line| line.starts_with("worker = ")).unwrap_or("[process]\nworker = \"\"");
    let wrong = if right.contains("[process]") {
        right.replace(worker, "").replace("[process]\n", "[process]\nworker = \"/nowhere/ewsd-worker\"\n")
    } else {
        format!("{right}\n[process]\nworker = \"/nowhere/ewsd-worker\"\n")
    };
    std::fs::write(server.config(), wrong).unwrap();
    let (status, said) = ctl(&server, &["reload"], b"");
    assert!(status == 1 && said.contains("/nowhere/ewsd-worker") && said.contains("courier"), "{status}: {said}");
    let shown = server.ewsctl(&["status"]);
    assert!(shown.contains("FAILING      request 0 does not start") && shown.contains("process.worker"), "{shown}");
    get_folder(&mut Ews::connect(&server, &server.accounts[0]), "inbox", "IdOnly", &[]);
    let roles = |server: &Demo| {
        let status = server.status();
        let workers = status["workers"].as_array().unwrap();
        workers.iter().filter(|worker| worker["role"] == "courier" || worker["role"] == "janitor").count()
    };
    assert_eq!(roles(&server), 2, "courier and janitor work on");
    std::fs::write(server.config(), right).unwrap();
    assert_eq!(ctl(&server, &["reload"], b"").0, 0);
    wait::true_within("the old ones have gone", wait::LONG, || roles(&server) == 2);
    assert_eq!(server.status()["failing"], serde_json::json!([]));
}

/// What `ewsctl ... --json` prints.
fn json(server: &Demo, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&server.ewsctl(&[arguments, &["--json"]].concat())).unwrap()
}

fn shows_who_is_there_and_throws_them_out() {
    let server = Demo::start(Options::default());
    let [alice, bob] = [0, 1].map(|at| Ews::connect(&server, &server.accounts[at]));
    let (mut alice, mut bob) = (alice, bob);
    let logins = [&alice, &bob].map(|ews| ews.account.login.clone());
    for ews in [&mut alice, &mut bob] {
        let subscription = subscribe(ews, &["inbox"], &["NewMailEvent"]);
        ews.send(&events_request(&subscription), &["Prefer: wait=200"]);
    }
    wait::true_within("both are held", wait::LONG, || server.connections("held") == 2);
    let held = json(&server, &["show", "held"]);
    let mut seen: Vec<&str> = held.as_array().unwrap().iter().map(|row| row["login"].as_str().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, logins.each_ref().map(String::as_str));
    let left = held[0]["left_s"].as_u64().unwrap();
    assert!((100..=200).contains(&left) && held[0]["stream"] == false, "{held}");
    let lines = server.ewsctl(&["show", "held", "--account", &logins[0]]);
    assert!(lines.lines().count() == 1 && lines.contains(&logins[0]) && lines.contains("127.0.0.1:"), "{lines}");
    let subscriptions = json(&server, &["show", "subscriptions", &logins[1]]);
    let one = &subscriptions[0];
    assert_eq!((one["login"].as_str(), one["kind"].as_str()), (Some(logins[1].as_str()), Some("pull")), "{one}");
    assert_eq!(one["folders"], 1);
    let kicked = json(&server, &["kick", &logins[0]]);
    assert_eq!((&kicked["kicked"], &kicked["busy"]), (&1.into(), &0.into()));
    assert!(alice.http.closed(), "without an answer");
    assert_eq!(server.connections("held"), 1, "nobody else");
    let rest = json(&server, &["show", "connections", "--state", "held"]);
    server.ewsctl(&["kick", "--conn", &rest[0]["conn"].to_string()]);
    assert!(bob.http.closed());
    let mut idle = Http::connect(server.http());
    wait::true_within("it is there", wait::LONG, || server.connections("idle") == 1);
    assert_eq!(json(&server, &["kick", "--address", "192.0.2.1"])["kicked"], 0);
    assert_eq!(json(&server, &["kick", "--address", "127.0.0.1"])["kicked"], 1);
    assert!(idle.closed());
    assert_eq!(ctl(&server, &["kick"], b"").0, 64, "nobody means everybody");
}

/// `ewsctl trace` while it runs.
struct Tracing {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Tracing {
    fn start(server: &Demo, arguments: &[&str]) -> Tracing {
        let mut command = Command::new(ewsctl());
        command.arg("-c").arg(server.config()).arg("trace").args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        // Said when workers see it.
        said.read_line(&mut line).unwrap();
        assert!(line.contains("is traced until"), "{line}");
        let (sender, lines) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Tracing { child, lines }
    }

    fn next(&self) -> serde_json::Value {
        serde_json::from_str(&self.lines.recv_timeout(wait::LONG).unwrap()).unwrap()
    }

    /// Ctrl-C, and what it still says.
    fn end(mut self) -> Vec<String> {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).unwrap();
        assert!(self.child.wait().unwrap().success());
        self.lines.iter().collect()
    }
}

fn traces_one_account_and_leaves_nothing() {
    let (server, mut anna, mut ben) = (shared::server(), shared::mailbox(), shared::mailbox());
    let folder = Path::new(json(server, &["config", "show"])["server.state_dir"].as_str().unwrap()).join("trace");
    let tracing = Tracing::start(server, &[&anna.account.address.clone(), "--json"]);
    let file = fs::read_dir(&folder).unwrap().find_map(Result::ok).unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
    let again = ctl(server, &["trace", &anna.account.address], b"");
    assert!(again.0 == 73 && again.1.contains("is being traced already"), "{again:?}");
    get_folder(&mut ben, "inbox", "IdOnly", &[]);
    get_folder(&mut anna, "inbox", "IdOnly", &[]);
    let (request, answer) = (tracing.next(), tracing.next());
    assert_eq!(request["login"], anna.account.login.as_str());
    let head = request["request"].as_str().unwrap();
    assert!(head.starts_with("POST /EWS/Exchange.asmx HTTP/1.1\n"), "{head}");
    assert!(head.contains("Authorization: Basic (left out)"), "{head}");
    assert_eq!(
        (&answer["operation"], &answer["code"], &answer["id"]),
        (&"GetFolder".into(), &"NoError".into(), &request["id"])
    );
    let held = subscribe(&mut anna, &["inbox"], &["NewMailEvent"]);
    anna.send(&events_request(&held), &["Prefer: wait=200"]);
    let told: Vec<serde_json::Value> = (0..4).map(|_| tracing.next()).collect();
    assert_eq!((&told[3]["operation"], &told[3]["held"]), (&"GetEvents".into(), &true.into()));
    assert!([&request, &answer].into_iter().chain(&told).all(|line| line.get("body").is_none()));
    assert_eq!(tracing.end(), Vec::<String>::new());
    let with_bodies = Tracing::start(server, &[&ben.account.address.clone(), "--json", "--bodies"]);
    get_folder(&mut ben, "inbox", "IdOnly", &[]);
    let (request, answer) = (with_bodies.next(), with_bodies.next());
    for (line, holds) in [(&request, "GetFolder>"), (&answer, "GetFolderResponse>")] {
        assert!(line["body"].as_str().unwrap().contains(holds), "{line}");
    }
    // Killed: nothing goes on for long, and the next one takes over what was left.
    let Tracing { mut child, .. } = with_bodies;
    child.kill().unwrap();
    child.wait().unwrap();
    let left = fs::read_dir(&folder).unwrap().find_map(Result::ok).unwrap().path();
    let order = fs::read_to_string(&left).unwrap();
    let until = serde_json::from_str::<serde_json::Value>(order.lines().next().unwrap()).unwrap()["until"].as_u64();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert!(until.unwrap() <= now + 15, "{order}");
    fs::write(&left, order.replace(&until.unwrap().to_string(), "1000000000")).unwrap();
    assert_eq!(Tracing::start(server, &[&ben.account.address.clone()]).end(), Vec::<String>::new());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

fn shows_workers_and_what_waits_for_them() {
    let server = shared::server();
    let workers = json(server, &["show", "workers"]);
    let workers = workers.as_array().unwrap();
    assert!(
        workers.len() >= 6 && workers.iter().all(|one| one["resident_bytes"].as_u64() > Some(1 << 20)),
        "{workers:?}"
    );
    let lines = server.ewsctl(&["show", "workers"]);
    assert!(lines.contains("request") && lines.contains("generation") && lines.contains('M'), "{lines}");
    let queue = server.ewsctl(&["show", "queue"]);
    assert!(queue.lines().last().unwrap().contains(" with workers, "), "{queue}");
    assert!(json(server, &["show", "queue"])["waiting"].is_array());
}

fn tells_rates_by_operation() {
    let (server, mut ews) = (shared::server(), shared::mailbox());
    // The figures come when a worker has nothing to do for a moment: asked for until a look has them.
    wait::true_within("GetFolder is in the figures", wait::LONG, || {
        get_folder(&mut ews, "inbox", "IdOnly", &[]);
        let told = json(server, &["top", "--count", "1", "--every", "1"]);
        told["operations"]["GetFolder"]["per_second"].as_f64().is_some_and(|rate| rate > 0.0)
    });
    let text = server.ewsctl(&["top", "--count", "1", "--every", "1"]);
    assert!(text.contains(" requests/s, ") && text.contains("operation") && !text.contains('\x1b'), "{text}");
}

/// Small words that once led people astray.
fn says_what_a_wrong_line_is_about() {
    let server = shared::server();
    let (status, said) = ctl(server, &["queue", "retry"], b"");
    assert!(status == 64 && said.contains("<ID|--all>"), "{said}");
    let (status, said) = ctl(server, &["queue", "show", "abc"], b"");
    assert!(status == 64 && said.contains("a whole number"), "{said}");
    let (status, said) = ctl(server, &["config", "show", "limits.conections"], b"");
    assert!(status == 66 && said.contains("is limits.connections meant?") && !said.contains("--set"), "{said}");
    let file = std::env::temp_dir().join(format!("ewsd-twice-{}.toml", std::process::id()));
    std::fs::write(&file, "[server]\nname = \"a\"\nname = \"b\"\n").unwrap();
    let output = std::process::Command::new(crate::support::demo::ewsctl())
        .args(["-c", &file.to_string_lossy(), "config", "check"])
        .output()
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("line 3: duplicate key: name = \"b\""), "{said}");
    let account = shared::account();
    let (status, said) = ctl(server, &["address", "remove", &account.address], b"");
    assert!(status == 64 && said.contains("last address") && said.contains("--yes"), "{said}");
    assert_eq!(ctl(server, &["address", "remove", &account.address, "--yes"], b"").0, 0);
}

fn completes_what_the_server_knows() {
    let (server, account) = (shared::server(), shared::account());
    let ask = |words: &[&str]| {
        let mut command = Command::new(ewsctl());
        command.env("EWSCTL_COMPLETE", "bash").env("_CLAP_IFS", "\n");
        // The last word is the one that is being written; before it `ewsctl -c FILE`.
        command.env("_CLAP_COMPLETE_INDEX", (words.len() + 2).to_string());
        command.args(["--", "ewsctl", "-c"]).arg(server.config()).args(words);
        let output = command.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().map(str::to_owned).collect::<Vec<String>>()
    };
    let begun = &account.login[..account.login.len() - 1];
    for line in [&["account", "show", begun][..], &["show", "held", "--account", begun], &["group", "add", "x", begun]]
    {
        assert!(ask(line).contains(&account.login), "{line:?}");
    }
    assert_eq!(ask(&["account", "set", &account.login, "quo"]), ["quota="]);
    assert_eq!(ask(&["config", "show", "limits.find_r"]), ["limits.find_rows"]);
    assert!(ask(&["tr"]).contains(&"trace".to_owned()));
    let script = server.ewsctl(&["completions", "bash"]);
    assert!(script.contains("EWSCTL_COMPLETE=\"bash\"") && script.contains("complete -o nospace"), "{script}");
}

/// A tool that sets up servers says a thing twice.
fn takes_what_is_there_or_gone_as_done() {
    let (server, account) = (shared::server(), shared::account());
    let create = ["group", "create", "twice@example.test"];
    let revoke = ["grant", "revoke", "--from", &account.login, "--over", "all"];
    for (line, again, refused) in [
        (&create[..], "--if-missing", 73),
        (&["group", "delete", "twice@example.test"], "--if-exists", 67),
        (&revoke, "--if-exists", 67),
    ] {
        // There never was a grant.
        if line != revoke {
            assert_eq!(ctl(server, line, b"").0, 0, "{line:?}");
        }
        assert_eq!(ctl(server, line, b"").0, refused, "{line:?}");
        let (status, said) = ctl(server, &[line, &[again]].concat(), b"");
        assert_eq!(status, 0, "{line:?} {again}: {said}");
    }
}
