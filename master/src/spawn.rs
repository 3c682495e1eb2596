//! Starts worker programs: fork, a few descriptors, another user, exec. The only `unsafe` of this crate.
//!
//! Everything the master has is close-on-exec; a worker gets standard input, output and error, and descriptors 3 to 6
//! and those of the services that its role asks or answers (`ewsd_ipc::fd`). If the master dies, its workers get SIGTERM.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ewsd_ipc::{Role, fd};
use nix::libc;
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::unistd::{Gid, Pid, Uid, User, geteuid, getgrouplist};

use crate::config::Config;
use crate::roles::WorkerId;

/// Variables that tell the master about its service manager and must not confuse a child.
const NOT_INHERITED: [&str; 7] =
    ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "MAINPID"];

/// mallopt(3): without these a worker that served one large message keeps most of its memory, as glibc takes such sizes for
/// usual from then on. Large blocks go back to the system at once, of the rest no more is kept than a small request needs.
const MEMORY: [(&str, &str); 2] = [("MALLOC_MMAP_THRESHOLD_", "1048576"), ("MALLOC_TRIM_THRESHOLD_", "4194304")];

/// Whom workers run as.
#[derive(Debug, Clone)]
pub struct RunAs {
    pub user: User,
    groups: Vec<Gid>,
}

/// Knows how to start workers.
#[derive(Debug)]
pub struct Runner {
    /// None: as the master itself, which is then not root.
    pub run_as: Option<RunAs>,
    /// Whom logins run as, where that is somebody else.
    logins: Option<RunAs>,
    /// The descriptor limit workers get back after the master raised its own.
    files: (rlim_t, rlim_t),
    environment: Vec<CString>,
}

impl Runner {
    /// Chooses the user and raises the master's own descriptor limit as far as it may.
    ///
    /// # Errors
    /// A sentence: the master is root and no user to run workers as was found.
    pub fn new(config: &Config, environment: Vec<(OsString, OsString)>) -> Result<Self, String> {
        let files =
            getrlimit(Resource::RLIMIT_NOFILE).map_err(|error| format!("cannot read the descriptor limit: {error}"))?;
        setrlimit(Resource::RLIMIT_NOFILE, files.1, files.1)
            .map_err(|error| format!("cannot raise the descriptor limit: {error}"))?;
        let run_as = if geteuid().is_root() { Some(choose_user(config.user.as_deref())?) } else { None };
        let logins = config.login_user.as_deref().filter(|_| run_as.is_some()).map(login_user).transpose()?;
        let mut environment: Vec<(OsString, OsString)> =
            environment.into_iter().filter(|(name, _)| !NOT_INHERITED.iter().any(|not| name == not)).collect();
        if let Some(run_as) = &run_as {
            for (name, value) in [
                ("HOME", run_as.user.dir.as_os_str().to_owned()),
                ("USER", run_as.user.name.clone().into()),
                ("LOGNAME", run_as.user.name.clone().into()),
            ] {
                environment.retain(|(known, _)| known != name);
                environment.push((name.into(), value));
            }
        }
        for (name, value) in MEMORY {
            if !environment.iter().any(|(known, _)| known == name) {
                environment.push((name.into(), value.into()));
            }
        }
        let environment = environment
            .into_iter()
            .filter_map(|(mut name, value)| {
                name.push("=");
                name.push(value);
                CString::new(name.into_vec()).ok()
            })
            .collect();
        Ok(Runner { run_as, logins, files, environment })
    }

    /// The soft limit that workers get back.
    pub fn files(&self) -> u64 {
        self.files.0
    }

    /// The same as a former program of this process knew it, before it raised its own.
    pub fn lower(&mut self, files: u64) {
        self.files.0 = files.min(self.files.1);
    }

    /// How many descriptors the master may have open.
    pub fn descriptors(&self) -> u64 {
        self.files.1
    }

    /// Starts a worker with `fds`, each to be found under its number.
    ///
    /// # Errors
    /// The program cannot be opened, or fork(2) failed. A program that cannot be executed shows as an exit with status 127.
    pub fn spawn(
        &self,
        config: &Config,
        role: Role,
        (id, generation, slot): (WorkerId, u32, u32),
        fds: &[(RawFd, BorrowedFd<'_>)],
    ) -> io::Result<Pid> {
        let program = open_program(&config.worker)?;
        let path = c_string(config.worker.as_os_str().as_bytes())?;
        let arguments = [
            path.clone(),
            c"--role".to_owned(),
            c_string(role.name().as_bytes())?,
            c"--number".to_owned(),
            c_string(id.to_string().as_bytes())?,
            c"--generation".to_owned(),
            c_string(generation.to_string().as_bytes())?,
            c"--slot".to_owned(),
            c_string(slot.to_string().as_bytes())?,
        ];
        let logins = self.logins.as_ref().filter(|_| role.row().sandbox.own_user);
        let run_as = logins.or(self.run_as.as_ref());
        let plan = Plan {
            program: program.as_raw_fd(),
            path: path.as_ptr(),
            arguments: pointers(&arguments),
            environment: pointers(&self.environment),
            fds: fds.iter().map(|(number, fd)| (*number, fd.as_raw_fd())).collect(),
            groups: run_as.iter().flat_map(|run_as| &run_as.groups).map(|gid| gid.as_raw()).collect(),
            ids: run_as.map(|run_as| (run_as.user.uid, run_as.user.gid)),
            files: libc::rlimit { rlim_cur: self.files.0, rlim_max: self.files.1 },
            parent: nix::unistd::getpid().as_raw(),
        };
        // SAFETY: the master has one thread, so the child finds no lock held by another; it still only makes system calls on
        // values prepared above and ends in execve or _exit.
        match unsafe { nix::unistd::fork() }? {
            nix::unistd::ForkResult::Parent { child } => Ok(child),
            nix::unistd::ForkResult::Child => plan.run(),
        }
    }
}

/// Everything the child needs, prepared before the fork.
struct Plan {
    program: RawFd,
    path: *const libc::c_char,
    arguments: Vec<*const libc::c_char>,
    environment: Vec<*const libc::c_char>,
    /// Under which numbers which descriptors are found.
    fds: Vec<(RawFd, RawFd)>,
    groups: Vec<libc::gid_t>,
    ids: Option<(Uid, Gid)>,
    files: libc::rlimit,
    parent: libc::pid_t,
}

impl Plan {
    /// In the child: never returns.
    fn run(&self) -> ! {
        // SAFETY: system calls on integers and on pointers into self, which outlives them (the strings belong to the
        // parent's stack frame, of which the child has its own copy). Only failures that would leave a worker without its
        // descriptors or with the wrong user end it; exit status 127 tells the master.
        unsafe {
            let mut none: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut none);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
            libc::signal(libc::SIGPIPE, libc::SIG_DFL);
            libc::setpgid(0, 0);
            // First out of the way of those numbers, then into place without close-on-exec.
            let mut moved = [0; fd::END as usize];
            check(self.fds.len() <= moved.len(), b"ewsd: too many descriptors\n");
            for ((_, fd), place) in self.fds.iter().zip(&mut moved) {
                *place = libc::fcntl(*fd, libc::F_DUPFD_CLOEXEC, 16);
                check(*place >= 0, b"ewsd: cannot duplicate a descriptor\n");
            }
            let program = libc::fcntl(self.program, libc::F_DUPFD_CLOEXEC, 16);
            for (fd, (number, _)) in moved.iter().zip(&self.fds) {
                check(libc::dup2(*fd, *number) == *number, b"ewsd: cannot place a descriptor\n");
            }
            libc::syscall(libc::SYS_close_range, fd::END as u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const self.files);
            if let Some((uid, gid)) = self.ids {
                check(libc::setgroups(self.groups.len(), self.groups.as_ptr()) == 0, b"ewsd: setgroups failed\n");
                check(libc::setgid(gid.as_raw()) == 0, b"ewsd: setgid failed\n");
                check(libc::setuid(uid.as_raw()) == 0, b"ewsd: setuid failed\n");
            }
            // After setuid, which clears it. If the master died before this line, nobody would tell.
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
            check(libc::getppid() == self.parent, b"ewsd: the master is gone\n");
            // By descriptor first: the other user may not be able to walk the path. A script needs its path.
            let (arguments, environment) = (self.arguments.as_ptr(), self.environment.as_ptr());
            libc::syscall(libc::SYS_execveat, program, c"".as_ptr(), arguments, environment, libc::AT_EMPTY_PATH);
            libc::execve(self.path, arguments, environment);
            check(false, b"ewsd: cannot execute the worker program; see process.worker\n");
            libc::_exit(127)
        }
    }
}

/// In the child: says what failed and exits.
///
/// # Safety
/// Only between fork and exec.
unsafe fn check(good: bool, text: &[u8]) {
    if !good {
        // SAFETY: write(2) and _exit(2) on a live buffer.
        unsafe {
            libc::write(2, text.as_ptr().cast(), text.len());
            libc::_exit(127)
        }
    }
}

fn open_program(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .custom_flags(libc::O_PATH)
        .open(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}; set process.worker", path.display())))
}

fn c_string(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a NUL in a path"))
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}

fn choose_user(wanted: Option<&str>) -> Result<RunAs, String> {
    let candidates: Vec<&str> = match wanted {
        Some(name) => vec![name],
        None => vec!["ewsd", "postgres"],
    };
    let user = candidates.iter().find_map(|name| User::from_name(name).ok().flatten()).ok_or_else(|| {
        let names = candidates.join(" nor ");
        format!("started as root, but there is no user {names} to run the workers as: create one, or name one in process.user")
    })?;
    if user.uid.is_root() {
        return Err("process.user must not be root".to_owned());
    }
    with_groups(user)
}

/// Root's modules may need it: the one role that may run as root, when it is told so.
fn login_user(name: &str) -> Result<RunAs, String> {
    let user = User::from_name(name).ok().flatten();
    with_groups(user.ok_or_else(|| format!("there is no user {name}, see process.login_user"))?)
}

fn with_groups(user: User) -> Result<RunAs, String> {
    let name = CString::new(user.name.as_bytes()).map_err(|_| "a user's name holds a NUL".to_owned())?;
    let groups =
        getgrouplist(&name, user.gid).map_err(|error| format!("cannot list the groups of {}: {error}", user.name))?;
    Ok(RunAs { user, groups })
}
