//! The private PostgreSQL: where its programs are, making its directory, starting and stopping it.
//!
//! It listens on a socket in a closed directory and nowhere else, runs as the worker's own user, and ends when the role
//! that started it ends, however that happens. What its settings are is `ewsd_store::embedded`.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use ewsd_ipc::Fault;
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use ewsd_store::embedded;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};

/// The oldest major version that the store's statements run on.
const OLDEST: u32 = 15;
/// The name under which PostgreSQL makes its socket, with the directory before it, must fit `sun_path`.
const SOCKET: &str = "/.s.PGSQL.5432";
const SUN_PATH: usize = 107;
/// mallopt(3): a session takes some hundred kilobytes for a query and gives them back after it. With glibc's defaults it asks the
/// kernel for them each time anew, thousands of times a second.
const MEMORY: [(&str, &str); 2] = [("MALLOC_MMAP_THRESHOLD_", "4194304"), ("MALLOC_TRIM_THRESHOLD_", "8388608")];

/// A cluster that is there.
pub struct Cluster {
    bin: PathBuf,
    data: PathBuf,
    socket: PathBuf,
}

impl Cluster {
    /// Finds the programs, makes the cluster if there is none yet, and writes its settings.
    pub fn prepare(settings: &Settings) -> Result<Cluster, Fault> {
        let state = Path::new(&settings.server.state_dir);
        let (data, socket) = (state.join("pg"), state.join("pg-run"));
        if socket.as_os_str().len() + SOCKET.len() > SUN_PATH {
            let why = format!("server.state_dir is too long for a socket below it: {}", state.display());
            return Err(Fault::hopeless(why));
        }
        private_directory(&socket)?;
        let there = fs::read_to_string(data.join("PG_VERSION")).ok().map(|version| version.trim().to_owned());
        let bin = find_programs(&settings.database.bin_dir, there.as_deref()).map_err(Fault::hopeless)?;
        let cluster = Cluster { bin, data, socket };
        if there.is_none() {
            cluster.make()?;
        }
        cluster.configure()?;
        Ok(cluster)
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        // Nothing of the environment may redirect it (PGDATA, PGPORT, LC_ALL ...).
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").envs(MEMORY);
        command.stdin(Stdio::null()).current_dir("/");
        command
    }

    /// Makes the cluster beside its place and moves it there when it is whole.
    fn make(&self) -> Result<(), String> {
        note!(Info, "making the private PostgreSQL in {}", self.data.display());
        let new = self.data.with_extension("new");
        if let Err(error) = fs::remove_dir_all(&new) {
            if error.kind() != io::ErrorKind::NotFound {
                return Err(format!("cannot remove {}: {error}", new.display()));
            }
        }
        let output = self.program("initdb").arg("-D").arg(&new).args(embedded::INITDB).output();
        done("initdb", output)?;
        let conf = new.join("postgresql.conf");
        let append = |mut file: fs::File| file.write_all(embedded::INCLUDE.as_bytes());
        fs::OpenOptions::new().append(true).open(&conf).and_then(append).map_err(|error| with_path(&conf, &error))?;
        for (name, text) in [
            (embedded::CONF, ""),
            (embedded::LOCAL_CONF, "# Settings of your own; they win over those of ewsd.conf.\n"),
        ] {
            let path = new.join(name);
            fs::write(&path, text).map_err(|error| with_path(&path, &error))?;
        }
        self.create_database(&new)?;
        fs::rename(&new, &self.data).map_err(|error| with_path(&self.data, &error))
    }

    /// In single-user mode, so that the cluster is never there without its database.
    fn create_database(&self, data: &Path) -> Result<(), String> {
        let mut child = self
            .program("postgres")
            .args(["--single", "-D"])
            .arg(data)
            .arg("postgres")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start postgres: {error}"))?;
        if let Some(mut stdin) = child.stdin.take() {
            // If it does not read, its exit status tells.
            let _ = stdin.write_all(embedded::CREATE_DATABASE.as_bytes());
        }
        done("postgres --single", child.wait_with_output())
    }

    /// Writes the settings anew at each start: they belong to the version of this program.
    fn configure(&self) -> Result<(), String> {
        let known = |name: &&&str| {
            let value = embedded::SETTINGS.iter().find(|(known, _, _)| known == *name).map_or("", |row| row.1);
            let test = self
                .program("postgres")
                .arg("-D")
                .arg(&self.data)
                .args(["-c", &format!("{name}={value}"), "-C", name])
                .output();
            !test.is_ok_and(|output| output.status.success())
        };
        let path = self.data.join(embedded::CONF);
        // A file that is there must not decide over what is asked; it is written whole afterwards.
        fs::write(&path, "").map_err(|error| with_path(&path, &error))?;
        let leave_out: Vec<&str> = embedded::OPTIONAL.iter().filter(known).copied().collect();
        fs::write(&path, embedded::conf(&leave_out)).map_err(|error| with_path(&path, &error))
    }

    /// Starts the server. It is in a process group of its own, so that a terminal's Ctrl-C does not reach it, and is told
    /// to shut down (fast, with a checkpoint) by the kernel when this process ends.
    pub fn start(&self) -> Result<Child, String> {
        let mut command = self.program("postgres");
        command
            .arg("-D")
            .arg(&self.data)
            .arg("-k")
            .arg(&self.socket)
            .args(["-p", "5432"])
            .stdout(Stdio::null())
            .process_group(0);
        let parent = nix::unistd::getpid();
        // SAFETY: between fork and exec only prctl(2) and getppid(2) are called, which are async-signal-safe; nothing is
        // allocated and no descriptor is touched.
        unsafe {
            command.pre_exec(move || {
                nix::sys::prctl::set_pdeathsig(Signal::SIGINT)?;
                // The parent may have ended before the line above.
                if getppid() == parent { Ok(()) } else { Err(io::Error::from_raw_os_error(nix::libc::ESRCH)) }
            });
        }
        command.spawn().map_err(|error| format!("cannot start {}: {error}", self.bin.join("postgres").display()))
    }

    /// Whether this server of the cluster was told to shut down (line 8 of its lock file).
    pub fn is_stopping(&self, pid: u32) -> bool {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        is_stopping(&text, pid)
    }

    /// The server of this cluster that an earlier role left behind and that is still shutting down. Lock files of one that
    /// is gone are removed where PostgreSQL would not dare to: its pid may be another program's by now, or that of a
    /// process that nobody has waited for. (Should backends still run, PostgreSQL finds their shared memory by itself.)
    pub fn predecessor(&self) -> Option<Pid> {
        let own = fs::canonicalize(&self.data).ok();
        let locks =
            [self.data.join("postmaster.pid"), self.socket.join(format!("{}.lock", SOCKET.trim_start_matches('/')))];
        for lock in &locks {
            let text = fs::read_to_string(lock).ok();
            let Some(pid) = text.as_deref().and_then(|text| text.lines().next()?.trim().parse::<i32>().ok()) else {
                continue;
            };
            // Of a process that has ended there is no working directory.
            let directory = fs::read_link(format!("/proc/{pid}/cwd")).ok();
            if directory.is_some() && directory == own {
                return Some(Pid::from_raw(pid));
            }
            note!(Warn, "removing {}: process {pid} is not this PostgreSQL any more", lock.display());
            if let Err(error) = fs::remove_file(lock) {
                note!(Error, "{}", with_path(lock, &error));
            }
        }
        None
    }
}

fn is_stopping(lock: &str, pid: u32) -> bool {
    let mut lines = lock.lines().map(str::trim);
    lines.next() == Some(pid.to_string().as_str()) && lines.nth(6) == Some("stopping")
}

fn private_directory(path: &Path) -> Result<(), String> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(with_path(path, &error)),
        _ => Ok(()),
    }
}

fn with_path(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// The output of a program that must succeed.
fn done(program: &str, output: io::Result<Output>) -> Result<(), String> {
    let output = output.map_err(|error| format!("cannot start {program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let last: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = last.get(last.len().saturating_sub(3)..).unwrap_or_default().join("; ");
    Err(format!("{program} failed ({}): {last}", output.status))
}

/// Where initdb and postgres are: as set; else of the version that the cluster has; else the newest.
fn find_programs(set: &str, cluster: Option<&str>) -> Result<PathBuf, String> {
    if !set.is_empty() {
        let set = PathBuf::from(set);
        let version =
            version(&set).ok_or_else(|| format!("database.bin_dir: there is no postgres in {}", set.display()))?;
        return fits(version, cluster).map(|()| set);
    }
    // Debian, PGDG packages for Fedora and its kin, openSUSE, Gentoo, Alpine; then where there is one version only.
    let numbered = [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/usr/lib", "postgresql"),
        ("/usr/lib64", "postgresql-"),
        ("/usr/libexec", "postgresql"),
    ];
    let mut places: Vec<PathBuf> = Vec::new();
    for (parent, prefix) in numbered {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.strip_prefix(prefix).is_some_and(|rest| rest.parse::<u32>().is_ok()) {
                places.extend([entry.path().join("bin"), entry.path()]);
            }
        }
    }
    places.extend(["/usr/bin", "/usr/local/bin", "/usr/local/pgsql/bin"].map(PathBuf::from));
    let mut found: Vec<(u32, PathBuf)> = places
        .into_iter()
        .filter_map(|path| Some((version(&path)?, path)))
        .filter(|(version, _)| *version >= OLDEST)
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let right = found.iter().find(|(version, _)| fits(*version, cluster).is_ok());
    match (right, found.first()) {
        (Some((_, path)), _) => Ok(path.clone()),
        (None, Some((version, _))) => Err(fits(*version, cluster).err().unwrap_or_default()),
        (None, None) => Err(format!(
            "no PostgreSQL {OLDEST} or newer was found: install its server (Debian: apt-get install postgresql), set \
             database.bin_dir, or set database.url to use one elsewhere"
        )),
    }
}

fn fits(version: u32, cluster: Option<&str>) -> Result<(), String> {
    match cluster {
        Some(cluster) if cluster != version.to_string() => Err(format!(
            "the private PostgreSQL was made by version {cluster}, and only version {version} is installed: install version \
             {cluster} beside it, or convert the directory with pg_upgrade"
        )),
        _ => Ok(()),
    }
}

/// The major version of the server in a directory, if initdb is beside it.
fn version(bin: &Path) -> Option<u32> {
    if !bin.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(bin.join("postgres")).arg("--version").env_clear().stderr(Stdio::null()).output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` is 15.
fn parse_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        for (text, version) in [
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1\n", Some(18)),
            ("nothing", None),
        ] {
            assert_eq!(parse_version(text), version);
        }
    }

    #[test]
    fn a_server_that_shuts_down_says_so() {
        let lock = |status: &str| format!("77\n/s/pg\n1700000000\n5432\n/s/pg-run\n\n  5432001  4\n{status}\n");
        assert!(is_stopping(&lock("stopping"), 77) && !is_stopping(&lock("stopping"), 78));
        assert!(!is_stopping(&lock("ready   "), 77) && !is_stopping("77\n", 77) && !is_stopping("", 77));
    }

    #[test]
    fn a_cluster_keeps_its_version() {
        assert!(fits(15, Some("15")).is_ok() && fits(17, None).is_ok());
        assert!(fits(17, Some("15")).is_err_and(|text| text.contains("pg_upgrade")));
    }

    #[test]
    fn a_directory_without_programs_is_named() {
        let error = find_programs("/nowhere", None).err().unwrap_or_default();
        assert!(error.contains("/nowhere"), "{error}");
    }
}
