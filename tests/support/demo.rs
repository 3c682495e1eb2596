//! A server of one's own: `ewsctl demo` in a fresh folder, stopped by SIGTERM when dropped, with the proof that no
//! process is left. Tests that need no special server take `shared::server()`.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::calls::{self, Failing};
use super::{process, record, wait};

/// Time for initdb, migrations and accounts on a busy machine.
const READY: Duration = Duration::from_secs(240);
/// Time for workers to drain and PostgreSQL to stop.
const STOPPED: Duration = Duration::from_secs(60);

/// How to start a server.
pub struct Options {
    pub accounts: usize,
    pub workers: usize,
    pub samples: bool,
    pub settings: Vec<(&'static str, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Options { accounts: 3, workers: 2, samples: false, settings: Vec::new() }
    }
}

impl Options {
    pub fn set(mut self, key: &'static str, value: impl ToString) -> Self {
        self.settings.push((key, value.to_string()));
        self
    }
}

impl Options {
    /// Whether a server that was just made holds what the template holds: nothing is set that accounts are made by, and the
    /// database is its own.
    fn begins_alike(&self) -> bool {
        const INDIFFERENT: &[&str] = &[
            "auth.basic_against",
            "auth.cache_",
            "auth.failure",
            "auth.ldap_",
            "auth.login_",
            "auth.pam_",
            "courier.",
            "limits.",
            "log.",
            "notifications.",
            "process.",
            "server.min_free_bytes",
        ];
        let indifferent = |key: &str| INDIFFERENT.iter().any(|beginning| key.starts_with(beginning));
        !self.samples
            && self.accounts >= Options::default().accounts
            && self.settings.iter().all(|(key, _)| indifferent(key))
    }
}

/// The state of a server with the accounts that every one begins with: made once, copied for each, which takes a tenth of the time.
fn template() -> Result<&'static Path, String> {
    TEMPLATE
        .get_or_init(|| {
            let server = Demo::start_in(fresh_folder(), Options::default())?;
            server.stop()?;
            let state = server.folder.join("state");
            std::mem::forget(server);
            Ok(state)
        })
        .as_deref()
        .map_err(Clone::clone)
}

static TEMPLATE: OnceLock<Result<PathBuf, String>> = OnceLock::new();

/// Removes the template, if one was made.
pub fn remove_template() {
    if let Some(folder) = TEMPLATE.get().and_then(|made| made.as_ref().ok()?.parent()) {
        let _ = fs::remove_dir_all(folder);
        let _ = fs::remove_file(folder.with_extension("log"));
    }
}

/// A folder with all that is in it, owners too.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let output = Command::new("cp").arg("-a").args([from, to]).output().map_err(|e| format!("cp: {e}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("cp: {}", String::from_utf8_lossy(&output.stderr))) }
}

#[derive(Debug, Clone)]
pub struct Account {
    pub address: String,
    pub login: String,
    pub password: String,
}

/// A running server.
pub struct Demo {
    pub folder: PathBuf,
    pub ready: Value,
    pub accounts: Vec<Account>,
    options: Options,
    child: Mutex<Option<Child>>,
    /// Open for as long as the server is wanted.
    input: Mutex<Option<ChildStdin>>,
    log: PathBuf,
}

impl Demo {
    pub fn start(options: Options) -> Demo {
        Demo::try_start(options).unwrap_or_else(|e| panic!("{e}"))
    }

    pub fn try_start(options: Options) -> Result<Demo, String> {
        Demo::start_at(fresh_folder(), options)
    }

    /// Starts in a folder of the test's own choosing, which is empty or not there yet.
    pub fn start_at(folder: PathBuf, options: Options) -> Result<Demo, String> {
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        if options.begins_alike() {
            copy(template()?, &folder.join("state"))?;
        }
        Demo::start_in(folder, options)
    }

    /// A server whose processes make some system calls under the control that comes with it.
    pub fn failing_at(options: Options, watched: &[std::ffi::c_long]) -> (Demo, Failing) {
        let folder = fresh_folder();
        if options.begins_alike() {
            template().and_then(|template| copy(template, &folder.join("state"))).unwrap_or_else(|e| panic!("{e}"));
        }
        let mut failing = None;
        let prepare = |command: &mut Command| failing = Some(calls::watch(command, watched));
        let server = Demo::start_by(folder, options, prepare).unwrap_or_else(|e| panic!("{e}"));
        (server, failing.expect("it was started"))
    }

    fn start_in(folder: PathBuf, options: Options) -> Result<Demo, String> {
        Demo::start_by(folder, options, |_| {})
    }

    /// Starts on a folder that may hold an earlier server's data.
    fn start_by(folder: PathBuf, options: Options, prepare: impl FnOnce(&mut Command)) -> Result<Demo, String> {
        let log = folder.with_extension("log");
        let output = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let announcement = folder.join("ready.json");
        let _ = fs::remove_file(&announcement);
        let mut command = Command::new(ewsctl());
        command
            .arg("demo")
            .arg("--dir")
            .arg(&folder)
            .args(["--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .args(["--workers", &options.workers.to_string(), "--accounts", &options.accounts.to_string()])
            // A run that is killed closes the pipe, and leaves no server behind.
            .arg("--until-eof")
            .stdin(Stdio::piped())
            .stderr(output.try_clone().map_err(|e| e.to_string())?)
            .stdout(output);
        if !options.samples {
            command.arg("--no-samples");
        }
        for (key, value) in &options.settings {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        prepare(&mut command);
        let mut child = command.spawn().map_err(|e| format!("ewsctl demo: {e}"))?;
        let input = child.stdin.take();
        let ready = wait_ready(&mut child, &announcement, &log)?;
        let accounts = ready["accounts"].as_array().ok_or("ready.json names no accounts")?;
        let accounts = accounts
            .iter()
            .map(|a| {
                let field = |name: &str| a[name].as_str().unwrap_or_default().to_owned();
                Account { address: field("address"), login: field("login"), password: field("password") }
            })
            .collect();
        Ok(Demo { folder, ready, accounts, options, child: Mutex::new(Some(child)), input: Mutex::new(input), log })
    }

    /// What the server and its PostgreSQL have logged so far.
    pub fn log_text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).expect("its log")).into_owned()
    }

    pub fn http(&self) -> SocketAddr {
        let url = self.ews_url();
        let authority = url.strip_prefix("http://").and_then(|u| u.split('/').next()).unwrap_or_default();
        authority.parse().unwrap_or_else(|e| panic!("{url}: {e}"))
    }

    pub fn ews_url(&self) -> String {
        self.ready["ews_url"].as_str().expect("ready.json names ews_url").to_owned()
    }

    pub fn lmtp(&self) -> SocketAddr {
        self.address("lmtp")
    }

    pub fn admin(&self) -> SocketAddr {
        self.address("admin_url")
    }

    fn address(&self, key: &str) -> SocketAddr {
        let text = self.ready[key].as_str().unwrap_or_else(|| panic!("ready.json names {key}"));
        let text = text.rsplit("://").next().unwrap_or(text).trim_end_matches('/');
        text.parse().unwrap_or_else(|e| panic!("{key} {text}: {e}"))
    }

    pub fn master(&self) -> u32 {
        self.ready["master_pid"].as_u64().expect("ready.json names master_pid") as u32
    }

    /// Process ids of the request workers.
    pub fn workers(&self) -> Vec<u32> {
        process::workers(self.master(), "request")
    }

    pub fn config(&self) -> PathBuf {
        PathBuf::from(self.ready["config"].as_str().expect("ready.json names config"))
    }

    /// Runs `ewsctl -c CONFIG ...` with this on its standard input.
    pub fn ewsctl_with(&self, arguments: &[&str], input: &[u8]) -> Output {
        use std::io::Write;
        let mut child = Command::new(ewsctl())
            .arg("-c")
            .arg(self.config())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ewsctl runs");
        match child.stdin.take().expect("its input").write_all(input) {
            // It had heard enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
            written => written.expect("it reads its input"),
        }
        child.wait_with_output().expect("ewsctl ends")
    }

    /// Runs `ewsctl -c CONFIG ...`, which must succeed; its standard output.
    pub fn ewsctl(&self, arguments: &[&str]) -> String {
        let output = self.ewsctl_with(arguments, b"");
        assert!(
            output.status.success(),
            "ewsctl {arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&output.stdout)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What the master says of itself, ready or not.
    pub fn status(&self) -> Value {
        let output = self.ewsctl_with(&["status", "--json"], b"");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
            panic!("status is no JSON ({e}): {}", String::from_utf8_lossy(&output.stderr));
        })
    }

    /// The rows of a query in the private cluster, or in that of `database.url`, each its columns joined by `|`.
    pub fn query(&self, sql: &str) -> Vec<String> {
        let private = format!("host={} user=ewsd dbname=ewsd", self.folder.join("state/pg-run").display());
        let url = self.options.settings.iter().find(|(key, _)| *key == "database.url").map(|(_, url)| url.clone());
        let output = Command::new("psql")
            .args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-d", &url.unwrap_or(private), "-c", sql])
            .output()
            .expect("psql runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// The process id of the private cluster's first process.
    pub fn postmaster(&self) -> Option<u32> {
        let text = fs::read_to_string(self.folder.join("state/pg/postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok().filter(|pid| process::alive(*pid))
    }

    /// A number of the status' `connections`, as `held` or `idle`.
    pub fn connections(&self, state: &str) -> u64 {
        let status = self.status();
        status["connections"][state].as_u64().unwrap_or_else(|| panic!("no connections.{state} in {status}"))
    }

    /// Stops by SIGTERM; an error says what was left behind.
    pub fn stop(&self) -> Result<(), String> {
        let Some(mut child) = self.child.lock().map_err(|_| "lock")?.take() else {
            return Ok(());
        };
        let pid = Pid::from_raw(i32::try_from(child.id()).map_err(|e| e.to_string())?);
        kill(pid, Signal::SIGTERM).map_err(|e| format!("SIGTERM to ewsctl demo: {e}"))?;
        let end = std::time::Instant::now() + STOPPED;
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if std::time::Instant::now() < end => std::thread::park_timeout(Duration::from_millis(3)),
                _ => {
                    let left = process::using(&self.folder);
                    for (pid, _) in &left {
                        let _ = kill(Pid::from_raw(*pid as i32), Signal::SIGKILL);
                    }
                    return Err(format!(
                        "SIGTERM did not end the demo in {STOPPED:?}; left: {left:?}\n{}",
                        self.tail()
                    ));
                }
            }
        };
        let left = process::using(&self.folder);
        for (pid, _) in &left {
            let _ = kill(Pid::from_raw(*pid as i32), Signal::SIGKILL);
        }
        if !left.is_empty() {
            return Err(format!("processes left after SIGTERM: {left:?}\n{}", self.tail()));
        }
        if !status.success() {
            return Err(format!("ewsctl demo ended with {status} after SIGTERM\n{}", self.tail()));
        }
        Ok(())
    }

    /// Closes the pipe that says that the server is wanted, as the kernel does when its user is killed.
    pub fn let_go(&self) {
        drop(self.input.lock().unwrap().take());
    }

    /// Takes note that the demo has ended by itself, as it must when its master was killed.
    pub fn has_crashed(&self) {
        let child = self.child.lock().unwrap().take();
        let status = child.expect("it was running").wait().expect("its status");
        assert!(!status.success(), "a demo without its master says that something went wrong");
    }

    /// Stops and starts again on the same data.
    pub fn restart(self) -> Demo {
        self.stop().unwrap_or_else(|e| panic!("{e}"));
        let folder = self.folder.clone();
        let options = Options {
            accounts: self.options.accounts,
            workers: self.options.workers,
            samples: self.options.samples,
            settings: self.options.settings.clone(),
        };
        std::mem::forget(self);
        Demo::start_in(folder, options).unwrap_or_else(|e| panic!("{e}"))
    }

    fn tail(&self) -> String {
        tail(&self.log)
    }

    /// Removes the data, and the log unless it tells of a failure; `EWSD_KEEP` keeps both.
    pub fn remove(&self) {
        if std::env::var_os("EWSD_KEEP").is_some() {
            return;
        }
        let _ = fs::remove_dir_all(&self.folder);
        if !std::thread::panicking() {
            let _ = fs::remove_file(&self.log);
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let stopped = self.stop();
        self.remove();
        if let Err(complaint) = stopped {
            if std::thread::panicking() {
                eprintln!("{complaint}");
            } else {
                panic!("{complaint}");
            }
        }
    }
}

/// The administration program of this build.
pub fn ewsctl() -> &'static str {
    env!("CARGO_BIN_EXE_ewsctl")
}

fn wait_ready(child: &mut Child, announcement: &Path, log: &Path) -> Result<Value, String> {
    let end = std::time::Instant::now() + READY;
    loop {
        let found = fs::read_to_string(announcement).ok().and_then(|text| serde_json::from_str(&text).ok());
        if let Some(ready) = found {
            return Ok(ready);
        }
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("ewsctl demo ended ({status}) before it was ready\n{}", tail(log)));
        }
        if std::time::Instant::now() > end {
            let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
            return Err(format!("ewsctl demo is not ready after {READY:?}\n{}", tail(log)));
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// A folder with a short name (it holds Unix sockets) that the server's unprivileged user may enter.
fn fresh_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name: String = format!("ewsd-{}-{number}-{}", std::process::id(), record::tag()).chars().take(50).collect();
    let folder = std::env::temp_dir().join(name.replace('.', "-"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the server");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("its mode");
    folder
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// Waits until no request worker is missing, for instance after one was killed.
pub fn until_full(server: &Demo, workers: usize) {
    wait::true_within("all workers run", wait::LONG, || server.workers().len() >= workers);
}
