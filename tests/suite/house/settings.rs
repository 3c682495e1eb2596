//! Who runs with which settings: the file counts when ewsd starts and at each reload, and at no other time. And whose end a
//! demo does not outlive.

use std::fs;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::demo::{Demo, Options, until_full};
use crate::support::ews::Ews;
use crate::support::http::Http;
use crate::support::ops::get_folder;
use crate::support::postgres::Postgres;
use crate::support::{process, wait};

crate::tests![
    a_file_broken_after_the_start_harms_nobody,
    a_file_counts_from_the_reload_on,
    what_needs_a_restart_waits_for_it,
    workers_are_told_nothing_that_others_could_read,
    a_killed_demo_leaves_no_server,
    a_demo_ends_with_who_started_it,
    ends_where_no_database_can_be_had,
    a_master_does_not_outlive_its_parent,
];

/// What a `[database]` would do to every worker that believed it.
const NO_DATABASE: &str = "\n[database]\nurl = \"host=/nonexistent user=ewsd password=sesame\"\n";

fn start() -> Demo {
    Demo::start(Options { workers: 1, ..Options::default() }.set("auth.realm", "before"))
}

/// Writes the file anew; the text before.
fn edit(server: &Demo, change: impl FnOnce(&str) -> String) -> String {
    let before = fs::read_to_string(server.config()).unwrap();
    fs::write(server.config(), change(&before)).unwrap();
    before
}

fn kill_pid(pid: u32) {
    kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
}

/// Kills the processes of a role and waits for others in their place.
fn replace(server: &Demo, role: &str) {
    let before = process::workers(server.master(), role);
    assert!(!before.is_empty(), "no {role} runs");
    for pid in &before {
        kill_pid(*pid);
    }
    wait::true_within("others take their place", wait::LONG, || {
        let now = process::workers(server.master(), role);
        now.len() >= before.len() && now.iter().all(|pid| !before.contains(pid))
    });
}

/// The realm that a request worker offers: a setting that one can see.
fn realm(server: &Demo) -> String {
    let reply = Http::connect(server.http()).get("/EWS/Exchange.asmx", &[]);
    assert_eq!(reply.status, 401, "{}", reply.text());
    let challenge = reply.header("www-authenticate").unwrap_or_default();
    challenge.split('"').nth(1).unwrap_or_else(|| panic!("{challenge}")).to_owned()
}

fn serves(server: &Demo) {
    get_folder(&mut Ews::connect(server, &server.accounts[0]), "inbox", "Default", &[]);
}

fn log(server: &Demo) -> String {
    fs::read_to_string(server.folder.with_extension("log")).unwrap()
}

/// How often a worker came to its end right after its start.
fn failed_starts(server: &Demo) -> usize {
    log(server).matches("did not last").count()
}

fn a_file_broken_after_the_start_harms_nobody() {
    let server = start();
    let right = edit(&server, |text| format!("{text}\n<<<<<<< ours\n"));
    for role in ["request", "janitor", "request"] {
        replace(&server, role);
        serves(&server);
    }
    let refused = server.ewsctl_with(&["reload"], b"");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("ewsd.toml, line "), "{said}");
    kill(Pid::from_raw(server.master() as i32), Signal::SIGHUP).unwrap();
    wait::true_within("the log says so", wait::LONG, || log(&server).contains("nothing was reloaded: "));
    replace(&server, "request");
    assert_eq!(realm(&server), "before");
    serves(&server);
    assert_eq!(failed_starts(&server), 0, "{}", log(&server));
    // The server can be looked at, with a word about the file.
    let status = server.ewsctl_with(&["status", "--json"], b"");
    assert!(status.status.success());
    assert!(String::from_utf8_lossy(&status.stderr).contains("ewsd.toml, line "));
    assert_eq!(server.status()["generation"], 1);
    // What needs the settings themselves does not guess.
    assert!(!server.ewsctl_with(&["account", "list"], b"").status.success());
    assert!(!server.ewsctl_with(&["config", "check"], b"").status.success());
    // Without the place of the control socket nothing is asked of anybody.
    edit(&server, |_| right.replace("state_dir = \"", "state_dir = "));
    let lost = server.ewsctl_with(&["stop"], b"");
    let said = String::from_utf8_lossy(&lost.stderr).into_owned();
    assert!(!lost.status.success() && said.contains("ewsd.toml, line "), "{said}");
    edit(&server, |_| format!("{right}[limits]\nnonsense = 1\n"));
    assert!(server.ewsctl(&["stop"]).contains("stopping"));
    wait::true_within("the master ends", wait::LONG, || !process::alive(server.master()));
}

fn a_file_counts_from_the_reload_on() {
    let server = start();
    edit(&server, |text| text.replace("realm = \"before\"", "realm = \"after\""));
    replace(&server, "request");
    assert_eq!(realm(&server), "before", "whatever the file says by now");
    let old = server.workers();
    assert_eq!(server.ewsctl(&["reload"]).trim(), "reloaded");
    wait::true_within("a new generation serves", wait::LONG, || server.workers().iter().all(|pid| !old.contains(pid)));
    assert_eq!(realm(&server), "after");
    edit(&server, |text| text.replace("realm = \"after\"", "realm = \"never\""));
    replace(&server, "request");
    assert_eq!(realm(&server), "after");
}

fn what_needs_a_restart_waits_for_it() {
    let server = start();
    edit(&server, |text| text.replace("realm = \"before\"", "realm = \"after\"") + NO_DATABASE);
    for attempt in 1..=2 {
        let old = server.workers();
        let said = server.ewsctl(&["reload"]);
        assert!(said.contains("database.url is taken at the next start only"), "{said}");
        wait::true_within("a new generation serves", wait::LONG, || {
            server.workers().iter().all(|pid| !old.contains(pid))
        });
        until_full(&server, 1);
        assert_eq!(log(&server).matches("database.url changed, but counts only after a restart").count(), attempt);
    }
    assert_eq!(realm(&server), "after");
    serves(&server);
    for role in ["request", "janitor"] {
        replace(&server, role);
        serves(&server);
    }
    assert_eq!(failed_starts(&server), 0, "{}", log(&server));
}

/// Command lines and environments are open to everybody on the machine, or to its logs.
fn workers_are_told_nothing_that_others_could_read() {
    let server = start();
    let secret = "before";
    for pid in ["request", "janitor", "database"].iter().flat_map(|role| process::workers(server.master(), role)) {
        let line = process::command_line(pid);
        assert!(!line.contains("ewsd.toml") && !line.contains(secret), "{line}");
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
        assert!(!String::from_utf8_lossy(&environment).contains(secret));
        let kept: Vec<String> = fs::read_dir(format!("/proc/{pid}/fd"))
            .unwrap()
            .filter_map(|entry| Some(fs::read_link(entry.ok()?.path()).ok()?.to_string_lossy().into_owned()))
            .filter(|target| target.contains("ewsd-settings"))
            .collect();
        assert!(kept.is_empty(), "read, closed, and not left to PostgreSQL: {kept:?}");
    }
    assert!(!log(&server).contains("realm"));
}

fn a_killed_demo_leaves_no_server() {
    let server = start();
    kill_pid(process::parent(server.master()).unwrap());
    server.has_crashed();
    wait::true_within("all of it ends", wait::LONG, || process::using(&server.folder).is_empty());
}

fn a_demo_ends_with_who_started_it() {
    let server = start();
    let demo = process::parent(server.master()).unwrap();
    server.let_go();
    wait::true_within("the demo ends", wait::LONG, || !process::alive(demo));
    assert!(process::using(&server.folder).is_empty(), "{:?}", process::using(&server.folder));
}

/// The status is that of the unit's `RestartPreventExitStatus`.
fn ends_where_no_database_can_be_had() {
    let folder = std::env::temp_dir().join(format!("ewsd-hopeless-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("ewsd.toml");
    let postgres = Postgres::start();
    let refused = postgres.url().replace("user=ewsd", "user=somebody");
    for (database, says) in [
        (r#"bin_dir = "/nowhere""#.to_owned(), "database.bin_dir: there is no postgres in /nowhere"),
        (format!("url = \"{refused}\""), "database.url: the server refuses the login"),
        (
            format!("url = \"{} sslrootcert=/nowhere.pem sslmode=verify-full\"", "host=127.0.0.1"),
            "sslrootcert=/nowhere.pem",
        ),
    ] {
        let state = folder.join("state");
        let server = format!("[server]\nstate_dir = {state:?}\nhttp = [\"127.0.0.1:0\"]\nlmtp = []\nadmin = \"\"\n");
        fs::write(&file, format!("{server}[database]\n{database}\n")).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_ewsd")).arg("-c").arg(&file).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert!(said.lines().last().unwrap().contains(says), "{said}");
        assert!(!said.contains("next attempt"), "{said}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

fn a_master_does_not_outlive_its_parent() {
    let run = |pid: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ewsd"));
        let output = command.args(["-c", "/nonexistent/ewsd.toml", "--with-parent", pid]).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(run("1").contains("process 1 did not start this one"), "{}", run("1"));
    assert!(run(&std::process::id().to_string()).contains("/nonexistent/ewsd.toml"));
    assert!(run("x").contains("needs a PID"));
}
