//! A PostgreSQL of the test's own, such as an administrator would run: made by initdb, driven by pg_ctl, on a Unix socket.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{process, wait};

pub struct Postgres {
    folder: PathBuf,
}

impl Postgres {
    /// Makes and starts one with the role and the empty database `ewsd`.
    pub fn start() -> Postgres {
        let postgres = Postgres::in_a_folder();
        let data = postgres.data();
        run(
            &postgres.folder,
            "initdb",
            &["-D", &data, "-U", "ewsd", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
        );
        postgres.configure();
        postgres.pg_ctl(&["start"]);
        run(&postgres.folder, "createdb", &["-h", &postgres.folder.to_string_lossy(), "-U", "ewsd", "ewsd"]);
        postgres
    }

    /// Starts a standby of it, which hears of everything from now on.
    pub fn standby(&self) -> Postgres {
        let standby = Postgres::in_a_folder();
        let (from, data) = (self.folder.to_string_lossy(), standby.data());
        run(
            &standby.folder,
            "pg_basebackup",
            &["-h", &from, "-U", "ewsd", "-D", &data, "-R", "-X", "stream", "-c", "fast", "-N"],
        );
        // What stands last counts.
        standby.configure();
        standby.pg_ctl(&["start"]);
        standby
    }

    fn in_a_folder() -> Postgres {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ewsd-ext-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).expect("a folder for PostgreSQL");
        if fs::metadata(&folder).expect("it is there").uid() == 0 {
            let (uid, gid) = postgres_user();
            chown(&folder, Some(uid), Some(gid)).expect("it is given away");
        }
        Postgres { folder }
    }

    fn configure(&self) {
        let conf = format!("listen_addresses = ''\nunix_socket_directories = '{}'\n", self.folder.display());
        let path = Path::new(&self.data()).join("postgresql.conf");
        let whole = fs::read_to_string(&path).expect("postgresql.conf") + &conf;
        fs::write(&path, whole).expect("postgresql.conf");
    }

    /// The folder of its socket.
    pub fn host(&self) -> String {
        self.folder.display().to_string()
    }

    /// Ends all its processes as a power failure does: none of them does anything more.
    pub fn kill(&self) {
        let file = Path::new(&self.data()).join("postmaster.pid");
        let text = fs::read_to_string(file).expect("it runs");
        let first: u32 = text.lines().next().and_then(|pid| pid.trim().parse().ok()).expect("its number");
        let send = |pid: u32, signal| kill(Pid::from_raw(i32::try_from(pid).expect("a number")), signal);
        // It starts nobody while it is stopped.
        send(first, Signal::SIGSTOP).expect("it is stopped");
        for pid in process::children(first).into_iter().chain([first]) {
            // Some end by themselves.
            let _ = send(pid, Signal::SIGKILL);
        }
        wait::true_within("it is gone", wait::LONG, || !process::alive(first));
    }

    /// For `database.url`.
    pub fn url(&self) -> String {
        format!("host={} user=ewsd dbname=ewsd", self.folder.display())
    }

    /// Runs `pg_ctl` on it and waits until that is done.
    pub fn pg_ctl(&self, arguments: &[&str]) {
        assert!(pg_ctl(Path::new(&self.data()), arguments), "pg_ctl {arguments:?}");
    }

    /// Has it do something.
    pub fn psql(&self, sql: &str) {
        self.ask(sql);
    }

    /// What it answers: a line for each row, with its columns joined by `|`.
    pub fn ask(&self, sql: &str) -> String {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-d", &self.url(), "-c", sql]);
        let output = psql.output().expect("psql runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Lets in by these lines of `pg_hba.conf` alone.
    pub fn hba(&self, lines: &str) {
        fs::write(Path::new(&self.data()).join("pg_hba.conf"), lines).expect("pg_hba.conf");
        self.pg_ctl(&["reload"]);
    }

    fn data(&self) -> String {
        self.folder.join("data").to_string_lossy().into_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = command(&self.folder, "pg_ctl").args(["-D", &self.data(), "-m", "immediate", "stop"]).output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Runs `pg_ctl` on a cluster as its owner and waits until that is done; the server's messages go to a file beside the
/// cluster. Whether it was satisfied.
pub fn pg_ctl(data: &Path, arguments: &[&str]) -> bool {
    let log = data.with_extension("log").to_string_lossy().into_owned();
    let data_text = data.to_string_lossy().into_owned();
    let mut all = vec!["-D", &data_text, "-l", &log, "-w", "-t", "60"];
    all.extend(arguments);
    let status = command(data, "pg_ctl").args(all).status().unwrap_or_else(|e| panic!("pg_ctl: {e}"));
    status.success()
}

fn run(owned: &Path, program: &str, arguments: &[&str]) {
    // No pipe: what pg_ctl starts would keep it open.
    let status = command(owned, program).args(arguments).status().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(status.success(), "{program} {arguments:?}: {status}");
}

/// The newest PostgreSQL's program, as the owner of a folder.
fn command(owned: &Path, program: &str) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .max()
        .expect("PostgreSQL is installed");
    let owner = fs::metadata(owned).expect("the folder is there");
    let mut command = Command::new(newest.1.join(program));
    command.current_dir("/").env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if owner.uid() != nix::unistd::geteuid().as_raw() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command
}

fn postgres_user() -> (u32, u32) {
    let user = nix::unistd::User::from_name("postgres").ok().flatten().expect("the user postgres");
    (user.uid.as_raw(), user.gid.as_raw())
}
