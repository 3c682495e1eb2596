//! A private PostgreSQL for tests: one cluster per test binary, a database per test, gone with the process.
//!
//! ```text
//! let database = ewsd_store::testing::database();
//! let mut store = ewsd_store::Store::connect(&database.options())?;
//! ```
//! The cluster lives in a temporary directory and listens on a Unix socket there. It runs below a shell that waits for our
//! end of a pipe to close, so it goes down however the process ends, and as the user `postgres` when that is root's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::sql::Sql;
use crate::{Options, Store, embedded};
use postgres::types::FromSql;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The database that every test's database is copied from.
const TEMPLATE: &str = "ewsd_template";

/// `$1` programs, `$2` directory. Answers `ready`, then obeys lines (`stop`, `start`) until its input ends.
const KEEPER: &str = r#"
bin=$1 dir=$2
start() { "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start >>"$dir/log" 2>&1 && echo ready || { cat "$dir/log"; echo failed; }; }
down() { "$bin/pg_ctl" -D "$dir/data" -w -m "$1" stop >>"$dir/log" 2>&1; }
start
while read -r word; do
    case $word in
        start) start ;;
        stop) down fast; echo stopped ;;
        crash) down immediate; echo stopped ;;
    esac
done
down immediate
rm -rf "$dir"
"#;

/// A cluster of one's own, for tests that stop it. Others share one through [`database`].
pub struct Cluster {
    directory: PathBuf,
    child: Child,
    input: Option<ChildStdin>,
    answers: BufReader<std::process::ChildStdout>,
}

/// A database of the shared cluster, migrated and empty.
pub struct Database {
    name: String,
}

impl Database {
    pub fn options(&self) -> Options {
        shared().options(&self.name)
    }
}

/// What PostgreSQL did for one store: its own counters, not ours.
#[derive(Default)]
pub struct Effort {
    /// The process at work, with its time when it was last asked.
    process: Option<(i32, Duration)>,
    /// The time of those before it: a session that has grown is replaced.
    earlier: Duration,
}

impl Effort {
    /// Rows read off the tables of the database or their indexes, and rows written, so far; and the processor time that was
    /// taken. Whoever else uses the database counts too.
    pub fn so_far(&mut self, store: &mut Store) -> (u64, Duration) {
        let told = "select pg_backend_pid() from (select pg_stat_force_next_flush()) as at_once";
        let process: i32 = number(store, told);
        let rows: i64 = number(
            store,
            "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd + n_tup_del)::bigint
             from pg_stat_user_tables",
        );
        let time = processor_time(process);
        match self.process.replace((process, time)) {
            Some((before, taken)) if before != process => self.earlier += taken,
            _ => {}
        }
        (u64::try_from(rows).expect("counts are not negative"), self.earlier + time)
    }
}

fn number<T: for<'a> FromSql<'a>>(store: &mut Store, sql: &'static str) -> T {
    store.query_opt(&Sql::new(sql)).expect(sql).expect("a row").get(0)
}

fn processor_time(process: i32) -> Duration {
    let told = std::fs::read_to_string(format!("/proc/{process}/schedstat")).expect("a process of this machine");
    Duration::from_nanos(told.split(' ').next().and_then(|time| time.parse().ok()).expect("nanoseconds"))
}

/// A fresh database. Panics when there is no PostgreSQL on the machine: install the package `postgresql`.
pub fn database() -> Database {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let name = format!("test{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    shared().create(&name);
    Database { name }
}

fn shared() -> &'static SharedCluster {
    static SHARED: OnceLock<SharedCluster> = OnceLock::new();
    SHARED.get_or_init(|| {
        let cluster = Cluster::start();
        let shared = SharedCluster { directory: cluster.directory.clone() };
        // Never dropped: it ends when the process does and the pipe closes.
        std::mem::forget(cluster);
        shared
    })
}

struct SharedCluster {
    directory: PathBuf,
}

impl SharedCluster {
    fn options(&self, name: &str) -> Options {
        options(&self.directory, name)
    }

    fn create(&self, name: &str) {
        create(&self.directory, name);
    }
}

impl Cluster {
    /// Makes and starts it; [`Cluster::options`] is of a migrated, empty database.
    pub fn start() -> Cluster {
        // What a power cut would leave is not tested here.
        Cluster::start_with("fsync = off\nfull_page_writes = off\n")
    }

    /// The same with lines for `postgresql.conf`; without any it is as durable as the embedded one, for measuring.
    pub fn start_with(conf: &str) -> Cluster {
        let bin = programs();
        let directory = directory();
        let owner = owner(&directory);
        let run = |program: &str| {
            let mut command = Command::new(program);
            command.current_dir(&directory).env("LC_ALL", "C.UTF-8");
            if let Some((uid, gid)) = owner {
                command.uid(uid).gid(gid);
            }
            command
        };
        let made = run(&bin.join("initdb").to_string_lossy())
            .arg("-D")
            .arg(directory.join("data"))
            .args(embedded::INITDB)
            .args(["--no-sync"])
            .output()
            .expect("initdb");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let conf = format!("{}unix_socket_directories = '{}'\n{conf}", embedded::conf(&[]), directory.display());
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(directory.join("data/postgresql.conf"))
            .expect("postgresql.conf");
        file.write_all(conf.as_bytes()).expect("postgresql.conf");
        let mut child = run("sh")
            .arg("-c")
            .arg(KEEPER)
            .arg("keeper")
            .arg(&bin)
            .arg(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh");
        let input = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut cluster = Cluster { directory, child, input, answers };
        cluster.expect("ready");
        query(&cluster.directory, "postgres", &format!("create database {TEMPLATE}"));
        crate::migrate(&options(&cluster.directory, TEMPLATE)).expect("migrate");
        create(&cluster.directory, embedded::DATABASE);
        cluster
    }

    pub fn options(&self) -> Options {
        options(&self.directory, embedded::DATABASE)
    }

    /// As an administrator's restart does: sessions are ended.
    pub fn stop(&mut self) {
        self.tell("stop");
        self.expect("stopped");
    }

    /// As a power cut does, within what a test can do.
    pub fn crash(&mut self) {
        self.tell("crash");
        self.expect("stopped");
    }

    pub fn start_again(&mut self) {
        self.tell("start");
        self.expect("ready");
    }

    fn tell(&mut self, word: &str) {
        let input = self.input.as_mut().expect("open until dropped");
        writeln!(input, "{word}").expect("the keeper listens");
    }

    fn expect(&mut self, word: &str) {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        if line.trim() != word {
            // The keeper prints the server's log before it says that it failed.
            self.input = None;
            let _ = self.answers.read_to_string(&mut line);
            panic!("the cluster did not answer {word}: {line}");
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.input = None;
        // It stops the server, removes the directory and ends.
        let _ = self.child.wait();
    }
}

fn options(directory: &Path, name: &str) -> Options {
    Options::socket_database(directory, embedded::USER, name)
}

fn create(directory: &Path, name: &str) {
    query(directory, "postgres", &format!("create database {name} template {TEMPLATE}"));
}

fn query(directory: &Path, database: &str, sql: &str) {
    let mut client = postgres::Client::connect(&options(directory, database).url, postgres::NoTls).expect("connect");
    client.batch_execute(sql).expect(sql);
}

/// The newest PostgreSQL of the machine.
fn programs() -> PathBuf {
    if let Some(directory) = std::env::var_os("EWSD_TEST_PG_BIN") {
        return directory.into();
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .max();
    newest.expect("PostgreSQL is not installed: install the package postgresql").1
}

/// A new directory below the temporary one; its name is short, as a socket's path must be.
fn directory() -> PathBuf {
    for number in 0.. {
        let path = std::env::temp_dir().join(format!("ewsd-pg-{}-{number}", std::process::id()));
        match std::fs::create_dir(&path) {
            Ok(()) => return path,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
    unreachable!()
}

/// PostgreSQL refuses to run as root: then the directory is given to the user `postgres`. None: we are not root.
fn owner(directory: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata(directory).expect("just made").uid() != 0 {
        return None;
    }
    let passwd = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let fields: Vec<&str> = passwd
        .lines()
        .map(|line| line.split(':').collect())
        .find(|f: &Vec<&str>| f.first() == Some(&"postgres"))
        .expect("user postgres");
    let number = |at: usize| fields.get(at).and_then(|field| field.parse().ok()).expect("passwd has numbers");
    let (uid, gid) = (number(2), number(3));
    std::os::unix::fs::chown(directory, Some(uid), Some(gid)).expect("chown");
    Some((uid, gid))
}
