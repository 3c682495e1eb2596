//! Administration: `ewsctl`, the admin listener, the demo itself.

use std::process::Command;

use crate::support::demo::{Demo, Options, ewsctl};
use crate::support::ews::Ews;
use crate::support::http::Http;
use crate::support::ops::{find, get_folder, shape};
use crate::support::postgres::Postgres;
use crate::support::{lmtp, message, process, shared, wait};

crate::tests![
    explains_every_command,
    adds_lists_and_deletes_accounts,
    adds_and_removes_addresses,
    names_folders_in_the_mailbox_language,
    tells_its_status,
    serves_health_and_metrics,
    checks_its_configuration,
    counts_what_it_does,
    tells_of_each_request,
    never_runs_as_root,
    fills_the_demo_with_samples,
    refuses_a_second_server_on_the_same_directory,
    ends_as_its_table_says,
    prints_json_wherever_it_prints_data,
    does_again_what_is_done_already,
    is_let_in_as_the_server_where_root_is_not,
];

/// Runs `ewsctl` without a server; what it printed.
fn run(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(ewsctl()).args(arguments).output().expect("ewsctl runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

fn explains_every_command() {
    for command in [
        &["--help"][..],
        &["demo", "--help"],
        &["account", "--help"],
        &["account", "add", "--help"],
        &["account", "list", "--help"],
        &["account", "show", "--help"],
        &["account", "password", "--help"],
        &["account", "disable", "--help"],
        &["account", "delete", "--help"],
        &["address", "add", "--help"],
        &["address", "remove", "--help"],
        &["group", "create", "--help"],
        &["group", "add", "--help"],
        &["group", "remove", "--help"],
        &["group", "list", "--help"],
        &["group", "delete", "--help"],
        &["deliver", "--help"],
        &["login", "show", "--help"],
        &["queue", "list", "--help"],
        &["queue", "show", "--help"],
        &["queue", "retry", "--help"],
        &["queue", "cancel", "--help"],
        &["status", "--help"],
        &["config", "check", "--help"],
        &["config", "show", "--help"],
        &["database", "migrate", "--help"],
        &["database", "status", "--help"],
    ] {
        let (good, text) = run(command);
        assert!(good && text.contains("Usage:"), "{command:?}: {text}");
    }
    let (good, _) = run(&["nonsense"]);
    assert!(!good);
}

fn adds_lists_and_deletes_accounts() {
    let server = shared::server();
    let add =
        server.ewsctl_with(&["account", "add", "dora@example.test", "--name", "Dora", "--password-stdin"], b"geheim\n");
    assert!(add.status.success(), "{}", String::from_utf8_lossy(&add.stderr));
    let again = server.ewsctl_with(&["account", "add", "dora@example.test", "--password-stdin"], b"geheim\n");
    assert!(!again.status.success(), "an address belongs to one account");
    assert!(server.ewsctl(&["account", "list"]).contains("dora@example.test"));
    assert!(server.ewsctl(&["account", "show", "dora@example.test"]).contains("Dora"));
    let account = crate::support::demo::Account {
        address: "dora@example.test".into(),
        login: "dora@example.test".into(),
        password: "geheim".into(),
    };
    let mut ews = Ews::connect(server, &account);
    get_folder(&mut ews, "inbox", "Default", &[]);
    let refused = server.ewsctl_with(&["account", "delete", "dora@example.test"], b"");
    assert!(!refused.status.success(), "not without --yes");
    server.ewsctl(&["account", "delete", "dora@example.test", "--yes"]);
    assert!(!server.ewsctl(&["account", "list"]).contains("dora@example.test"));
    let replies = lmtp::Lmtp::hello(server.lmtp()).deliver("a@elsewhere.test", &["dora@example.test"], b"x");
    assert_eq!(replies[0].code, 550);
    ews.send("<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>", &[]);
    assert_eq!(ews.http.reply().status, 401, "at once, whatever was remembered of the login");
    let unknown = server.ewsctl_with(&["account", "show", "nobody.here@example.test"], b"");
    assert!(!unknown.status.success());
}

fn adds_and_removes_addresses() {
    let (server, mut ews) = (shared::server(), shared::mailbox());
    let (address, extra) = (ews.account.address.clone(), "second.address@example.test");
    server.ewsctl(&["address", "add", &address, extra]);
    lmtp::deliver(server.lmtp(), extra, &message::plain("by the second address", "x"));
    assert_eq!(crate::support::ops::subjects(&mut ews, "inbox"), ["by the second address"]);
    server.ewsctl(&["address", "remove", extra]);
    let replies = lmtp::Lmtp::hello(server.lmtp()).deliver("a@elsewhere.test", &[extra], b"x");
    assert_eq!(replies[0].code, 550);
}

fn names_folders_in_the_mailbox_language() {
    let server = shared::server();
    for (language, inbox) in
        [("de", "Posteingang"), ("fr", "Boîte de réception"), ("it", "Posta in arrivo"), ("ja", "受信トレイ")]
    {
        let address = format!("{language}.speaker@example.test");
        let add =
            server.ewsctl_with(&["account", "add", &address, "--language", language, "--password-stdin"], b"pw\n");
        assert!(add.status.success(), "{}", String::from_utf8_lossy(&add.stderr));
        let account = crate::support::demo::Account { login: address.clone(), address, password: "pw".into() };
        let mut ews = Ews::connect(server, &account);
        assert_eq!(get_folder(&mut ews, "inbox", "Default", &[]).text("t:DisplayName"), Some(inbox), "{language}");
    }
}

fn tells_its_status() {
    let status = shared::server().status();
    assert_eq!(status["ready"], true, "{status}");
    assert!(
        status["uptime_s"].is_u64()
            && status["generation"].is_u64()
            && status["queue"].is_u64()
            && status["held"].is_u64()
    );
    for state in ["receiving", "admitting", "serving", "idle", "held", "draining", "total"] {
        assert!(status["connections"][state].is_u64(), "{state} in {status}");
    }
    let workers = status["workers"].as_array().unwrap();
    let roles: Vec<&str> = workers.iter().filter_map(|w| w["role"].as_str()).collect();
    assert_eq!(roles.iter().filter(|r| **r == "request").count(), 3, "{roles:?}");
    for role in ["janitor", "courier", "database"] {
        assert!(roles.contains(&role), "{roles:?}");
    }
    for worker in workers {
        assert!(process::alive(worker["pid"].as_u64().unwrap() as u32), "{worker}");
    }
    assert!(shared::server().ewsctl(&["status"]).contains("request"));
}

fn serves_health_and_metrics() {
    let mut http = Http::connect(shared::server().admin());
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/EWS/Exchange.asmx", 404)] {
        assert_eq!(http.get(path, &[]).status, status, "{path}");
    }
    let metrics = http.get("/metrics", &[]);
    assert!(metrics.header("content-type").is_some_and(|t| t.starts_with("text/plain")));
    let text = metrics.text();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        assert!(name.starts_with("ewsd_") && value.parse::<f64>().is_ok(), "{line}");
    }
    for name in ["ewsd_connections", "ewsd_workers", "ewsd_holds_total", "ewsd_accepted_total"] {
        assert!(text.contains(name), "{name}");
    }
    let mut public = Http::connect(shared::server().http());
    assert_ne!(public.get("/metrics", &[]).status, 200, "figures are no business of clients");
}

fn checks_its_configuration() {
    shared::server().ewsctl(&["config", "check"]);
    let shown = shared::server().ewsctl(&["config", "show"]);
    assert!(shown.contains("pull_wait"), "{shown}");
    let folder = std::env::temp_dir().join(format!("ewsd-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (text, complaint) in [
        ("[limits]\nconections = 5\n", "conections"),
        ("[limits]\nconnections = \"many\"\n", "connections"),
        ("[limits]\nconnections = 2_000_000\n", "connections"),
        ("[limits\n", "line"),
        ("[server]\nhttp = [\"nowhere\"]\n", "http"),
    ] {
        let file = folder.join("ewsd.toml");
        std::fs::write(&file, text).unwrap();
        let (good, said) = run(&["-c", &file.to_string_lossy(), "config", "check"]);
        assert!(!good && said.contains(complaint), "{text}: {said}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

fn counts_what_it_does() {
    let count = |name: &str| {
        let text = Http::connect(shared::server().admin()).get("/metrics", &[]).text();
        let line =
            text.lines().find(|l| l.starts_with(&format!("{name} "))).unwrap_or_else(|| panic!("no {name} in {text}"));
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    let accepted = count("ewsd_accepted_total{listener=\"http\"}");
    shared::mailbox();
    assert!(count("ewsd_accepted_total{listener=\"http\"}") > accepted);
}

/// One line of each request, in each form; never what was in it. And the figures by operation and code.
fn tells_of_each_request() {
    let server = Demo::start(Options { workers: 1, ..Options::default() });
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let body = |folder: &str| {
        format!(
            "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"{folder}\"/></m:FolderIds></m:GetFolder>"
        )
    };
    for folder in ["inbox", "archiveinbox"] {
        ews.send(&body(folder), &["User-Agent: Kontakt 5.1 (\"x\")"]);
        assert_eq!(ews.http.reply().status, 200);
    }
    let mut stranger = Http::connect(server.http());
    assert_eq!(stranger.get("/EWS/Exchange.asmx", &[]).status, 401);
    lmtp::deliver(server.lmtp(), &server.accounts[1].address, &message::plain("a secret subject", "and its text"));
    let wanted = [
        "login=alice@example.test op=GetFolder code=NoError status=200 ms=",
        "login=alice@example.test op=GetFolder code=ErrorFolderNotFound status=200 ms=",
        " access from=127.0.0.1 login=- op=none code=401 status=401 ms=",
        " op=LMTP code=Delivered status=250 ms=",
        "agent=\"Kontakt 5.1 (\\\"x\\\")\"",
    ];
    for line in wanted {
        wait::true_within(line, wait::LONG, || server.log_text().contains(line));
    }
    assert!(!server.log_text().contains("secret"), "no contents");
    let text = Http::connect(server.admin()).get("/metrics", &[]).text();
    for line in [
        "ewsd_requests_total{operation=\"GetFolder\",code=\"NoError\"} 1",
        "ewsd_requests_total{operation=\"GetFolder\",code=\"ErrorFolderNotFound\"} 1",
        "ewsd_requests_total{operation=\"none\",code=\"401\"} 1",
        "ewsd_requests_total{operation=\"LMTP\",code=\"Delivered\"} 1",
        "ewsd_request_seconds_count{operation=\"GetFolder\"} 2",
        "ewsd_build_info{version=\"0.1.0\"",
    ] {
        assert!(text.lines().any(|said| said.starts_with(line)), "{line} in\n{text}");
    }
    let config = std::fs::read_to_string(server.config()).unwrap();
    std::fs::write(server.config(), config + "\n[log]\naccess = \"json\"\n").unwrap();
    server.ewsctl(&["reload"]);
    wait::true_within("a line in JSON", wait::LONG, || {
        get_folder(&mut ews, "inbox", "Default", &[]);
        let log = server.log_text();
        let mut lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.any(|line| line["kind"] == "access" && line["operation"] == "GetFolder" && line["status"] == 200)
    });
}

/// Started by root, children run as another user.
fn never_runs_as_root() {
    let server = shared::server();
    let root = process::user(server.master()) == Some(0);
    let mut children = server.workers();
    children.extend(process::workers(server.master(), "janitor"));
    children.extend(process::workers(server.master(), "courier"));
    children.extend(process::workers(server.master(), "database"));
    children.extend(server.postmaster());
    assert!(children.len() >= 6, "{children:?}");
    for pid in children {
        assert!(!root || process::user(pid) != Some(0), "{} runs as root", process::command_line(pid));
    }
}

/// Plain, HTML with an inline picture, attachments, a thread, non-Latin, an invitation.
fn fills_the_demo_with_samples() {
    let server = Demo::start(Options { samples: true, accounts: 4, ..Options::default() });
    let names: Vec<&str> = server.accounts.iter().map(|a| a.address.as_str()).collect();
    assert_eq!(names, ["alice@example.test", "bob@example.test", "carol@example.test", "user0001@example.test"]);
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let root = find(&mut ews, "inbox", &shape("AllProperties", &[]), "");
    let items = root.all("t:Items/*");
    assert!(items.len() >= 6, "{} samples", items.len());
    assert!(items.iter().any(|i| i.text("t:HasAttachments") == Some("true")));
    assert!(items.iter().any(|i| i.text("t:Subject").is_some_and(|s| !s.is_ascii())));
    let server = server.restart();
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    assert_eq!(find(&mut ews, "inbox", &shape("IdOnly", &[]), "").all("t:Items/*").len(), items.len(), "once");
}

fn refuses_a_second_server_on_the_same_directory() {
    let server = Demo::start(Options::default());
    let settings = std::fs::read_to_string(server.config()).unwrap();
    let second = Command::new(ewsctl())
        .args(["demo", "--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"])
        .arg(&server.folder)
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(73), "{}", String::from_utf8_lossy(&second.stdout));
    assert!(server.folder.join("ready.json").exists(), "what the running one needs is not touched");
    assert_eq!(std::fs::read_to_string(server.config()).unwrap(), settings);
    assert!(!server.log_text().contains("descriptors are enough"), "as many connections as there can be");
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    get_folder(&mut ews, "inbox", "Default", &[]);
}

/// A command line, what it reads, and the status it must end with.
fn ends_as_its_table_says() {
    let (server, account) = (shared::server(), shared::account());
    let address = account.address.as_str();
    for (arguments, input, status) in [
        (&["account", "list"][..], &b""[..], 0),
        (&["account", "show", "nobody.there@example.test"], b"", 67),
        (&["account", "delete", address], b"", 64),
        (&["account", "add", address, "--password-stdin"], b"pw\n", 73),
        (&["account", "add", "not an address", "--password-stdin"], b"pw\n", 65),
        (&["account", "password", address, "--password-stdin"], b"\n", 65),
        (&["address", "add", address, address], b"", 73),
        (&["address", "remove", "nobody.there@example.test"], b"", 67),
        (&["queue", "show", "987654321"], b"", 66),
        (&["queue", "cancel", "987654321"], b"", 66),
        (&["config", "show", "limits.nonsense"], b"", 66),
        (&["deliver", "--to", address], b"", 66),
        (&["deliver", "--to", "nobody.there@example.test"], b"Subject: x\n\nx\n", 67),
        (&["account", "nonsense"], b"", 64),
        (&["account", "show"], b"", 64),
        (&["database", "status"], b"", 0),
    ] {
        let output = server.ewsctl_with(arguments, input);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        assert_eq!(said.is_empty(), status == 0, "{arguments:?}: {said}");
    }
    for (arguments, status) in [
        (&["-c", "/nowhere/ewsd.toml", "account", "list"][..], 78),
        (&["--version"], 0),
        (&["help", "account", "add"], 0),
    ] {
        assert_eq!(
            Command::new(ewsctl()).args(arguments).output().unwrap().status.code(),
            Some(status),
            "{arguments:?}"
        );
    }
    let folder = std::env::temp_dir().join(format!("ewsd-exit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("ewsd.toml");
    std::fs::write(&file, format!("[server]\nstate_dir = {:?}\n", folder.to_string_lossy())).unwrap();
    for (arguments, status) in [(&["status"][..], 69), (&["stop"], 69), (&["account", "list"], 75)] {
        let output = Command::new(ewsctl()).arg("-c").arg(&file).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    for command in [&["--help"][..], &["account", "add", "--help"], &["deliver", "--help"], &["help", "queue"]] {
        let (_, text) = run(command);
        assert!(text.contains("Exit status:") && text.contains("67  there is no such account"), "{command:?}: {text}");
    }
}

fn prints_json_wherever_it_prints_data() {
    let server = Demo::start(Options::default());
    let address = server.accounts[0].address.clone();
    let json = |arguments: &[&str], input: &[u8]| -> serde_json::Value {
        let output = server.ewsctl_with(&[arguments, &["--json"]].concat(), input);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}{}", String::from_utf8_lossy(&output.stderr)))
    };
    assert!(json(&["account", "list"], b"").as_array().is_some_and(|list| !list.is_empty()));
    assert_eq!(json(&["account", "show", &address], b"")["address"], address);
    assert_eq!(json(&["account", "add", "j@example.test", "--password-stdin"], b"pw\n")["login"], "j@example.test");
    assert_eq!(
        json(&["account", "password", "j@example.test", "--password-stdin"], b"pw\n")["login"],
        "j@example.test"
    );
    assert_eq!(json(&["account", "disable", "j@example.test"], b"")["disabled"], true);
    assert_eq!(json(&["account", "enable", "j@example.test"], b"")["disabled"], false);
    assert_eq!(json(&["address", "add", "j@example.test", "k@example.test"], b"")["address"], "k@example.test");
    assert_eq!(json(&["address", "remove", "k@example.test"], b"")["address"], "k@example.test");
    assert_eq!(json(&["account", "delete", "j@example.test", "--yes"], b"")["login"], "j@example.test");
    assert_eq!(json(&["login", "show"], b""), serde_json::json!([]));
    assert_eq!(json(&["login", "show", &address], b"")["failures"], serde_json::json!([]));
    assert_eq!(json(&["queue", "list"], b""), serde_json::json!([]));
    assert_eq!(json(&["queue", "retry", "--all"], b"")["retried"], 0);
    assert_eq!(json(&["status"], b"")["ready"], true);
    assert_eq!(json(&["config", "check"], b"")["right"], true);
    assert!(json(&["config", "show"], b"")["limits.connections"].is_u64());
    assert_eq!(json(&["config", "show", "server.name"], b"")["server.name"], "localhost");
    assert!(json(&["config", "show", "--changed"], b"")["server.state_dir"].is_string());
    assert!(!json(&["database", "status"], b"")["applied"].as_array().unwrap().is_empty());
    assert_eq!(json(&["database", "migrate"], b""), serde_json::json!([]));
    assert!(json(&["operations"], b"").as_array().is_some_and(|list| list.iter().any(|row| row["built"] == true)));
    let delivered = json(&["deliver", "--to", &address, "--to", "nobody@example.test"], b"Subject: x\n\nx\n");
    assert_eq!(
        (&delivered[&address]["delivered"], &delivered["nobody@example.test"]["delivered"]),
        (&true.into(), &false.into())
    );
    assert_eq!(json(&["reload"], b"")["ok"], true);
    assert_eq!(json(&["stop"], b"")["ok"], true);
}

fn does_again_what_is_done_already() {
    let server = shared::server();
    let twice = |arguments: &[&str], input: &[u8]| {
        for _ in 0..2 {
            let output = server.ewsctl_with(arguments, input);
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
    };
    let (address, more) = ("again@example.test", "again.more@example.test");
    twice(&["account", "add", address, "--password-stdin", "--if-missing"], b"pw\n");
    twice(&["address", "add", address, more, "--if-missing"], b"");
    let other = shared::account();
    let taken = server.ewsctl_with(&["address", "add", &other.address, more, "--if-missing"], b"");
    assert_eq!(taken.status.code(), Some(73), "another account has it");
    twice(&["address", "remove", more, "--if-exists"], b"");
    twice(&["account", "disable", address], b"");
    twice(&["account", "delete", address, "--yes", "--if-exists"], b"");
    twice(&["queue", "cancel", "987654321", "--if-exists"], b"");
}

/// Peer authentication asks the kernel who connects, and root is nobody there.
fn is_let_in_as_the_server_where_root_is_not() {
    if !nix::unistd::geteuid().is_root() {
        println!("only root can show itself as somebody else: not tried");
        return;
    }
    let postgres = Postgres::start();
    postgres.psql("create role postgres superuser login");
    postgres.hba("local all all peer\n");
    let folder = std::env::temp_dir().join(format!("ewsd-peer-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("ewsd.toml");
    let ask = |user: &str, arguments: &[&str]| {
        let url = postgres.url().replace("user=ewsd", "user=postgres");
        std::fs::write(&file, format!("[process]\nuser = \"{user}\"\n[database]\nurl = \"{url}\"\n")).unwrap();
        let (done, said) = run(&[&["-c", file.to_str().unwrap()], arguments].concat());
        (done, said)
    };
    let (done, said) = ask("nobody", &["database", "migrate"]);
    assert!(!done && said.contains("Peer authentication failed") && said.lines().count() == 1, "{said}");
    let (done, said) = ask("postgres", &["account", "list"]);
    assert!(!done && said.contains("no tables yet") && said.contains("ewsctl database migrate"), "{said}");
    let (done, said) = ask("postgres", &["database", "migrate"]);
    assert!(done, "{said}");
    let (done, said) = ask("postgres", &["group", "create", "team@example.test", "--name", "The team"]);
    assert!(done, "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
}
