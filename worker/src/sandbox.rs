//! What a process gives up for good, by its role's row (`proto/ipc/src/role.rs`): files that it may open by name and ports
//! that it may connect to (landlock; which ones, `sandbox/reach.rs`), and system calls (seccomp). A kernel without either is
//! told of in one line of the log, and the role works without.

mod reach;

use std::collections::BTreeMap;
use std::fmt;

use self::reach::Reach;
use ewsd_ipc::Role;
use ewsd_ipc::role::Calls;
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, NetPort, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Why a process could not be shut in: not for want of a kernel that can.
#[derive(Debug)]
pub(crate) enum SandboxError {
    /// What the role needs is not known: a sentence.
    Needs(String),
    Files(RulesetError),
    Filter(BackendError),
    Calls(seccompiler::Error),
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SandboxError::Needs(error) => f.write_str(error),
            SandboxError::Files(error) => write!(f, "landlock: {error}"),
            SandboxError::Filter(error) => write!(f, "the filter of system calls: {error}"),
            SandboxError::Calls(error) => write!(f, "seccomp: {error}"),
        }
    }
}

impl std::error::Error for SandboxError {}

impl From<RulesetError> for SandboxError {
    fn from(error: RulesetError) -> SandboxError {
        SandboxError::Files(error)
    }
}

impl From<BackendError> for SandboxError {
    fn from(error: BackendError) -> SandboxError {
        SandboxError::Filter(error)
    }
}

/// Gives up what the role has no use for. The process has one thread, which those to come will be like.
pub(crate) fn apply(role: Role, settings: &Settings) -> Result<(), SandboxError> {
    let sandbox = role.row().sandbox;
    if let Some(reach) = reach::of(sandbox.files, sandbox.calls, settings).map_err(SandboxError::Needs)? {
        let enforced = bound(&reach)?;
        if enforced != RulesetStatus::FullyEnforced {
            let said = format!("this kernel knows landlock in part or not at all ({enforced:?}): seccomp must do");
            // Of those that are started once; workers are started all the time.
            if role.row().tells_nodes { note!(Info, "{said}") } else { note!(Debug, "{said}") }
        }
    }
    match sandbox.calls {
        Calls::Nothing => only(COMPUTING),
        // Modules of PAM start programs, and are whatever an administrator has.
        Calls::Login if settings.auth.basic_against == "pam" => all_but(MACHINE),
        Calls::Database | Calls::Network | Calls::Login => all_but(&[PROGRAMS, MACHINE].concat()),
        Calls::Programs => all_but(MACHINE),
    }
}

/// From now on no other file can be opened or made and none run, no port bound, no other connected to, nobody outside be
/// signalled: as far as the kernel can see to it.
fn bound(reach: &Reach) -> Result<RulesetStatus, SandboxError> {
    let abi = ABI::V6;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::Signal)?;
    if reach.connect.is_some() {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    if reach.read.is_empty() {
        // Whoever has a database may have its socket there.
        ruleset = ruleset.scope(Scope::AbstractUnixSocket)?;
    }
    // What is not there is left out.
    let read = path_beneath_rules(&reach.read, AccessFs::ReadFile | AccessFs::ReadDir);
    let write = path_beneath_rules(&reach.write, AccessFs::from_all(abi) & !AccessFs::Execute);
    let ports =
        reach.connect.iter().flatten().map(|port| Ok::<_, RulesetError>(NetPort::new(*port, AccessNet::ConnectTcp)));
    let status = ruleset.create()?.add_rules(read)?.add_rules(write)?.add_rules(ports)?.restrict_self()?;
    Ok(status.ruleset)
}

/// What a process needs that computes, has memory, and speaks on sockets that it was given.
const COMPUTING: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fcntl,
    libc::SYS_ftruncate,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_memfd_create,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_ppoll,
    libc::SYS_pwrite64,
    libc::SYS_read,
    libc::SYS_recvmsg,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sendmsg,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_timer_settime,
    libc::SYS_write,
    libc::SYS_writev,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
];

/// Running another program.
const PROGRAMS: &[libc::c_long] = &[libc::SYS_execve, libc::SYS_execveat];

/// What concerns the machine, other processes, or parts of the kernel that nobody here has a use for.
const MACHINE: &[libc::c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_perf_event_open,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// Of these calls, only with such an argument: its number, what of it is looked at, and what that must be.
fn narrowed() -> [(libc::c_long, u8, u64, u64); 3] {
    let executable = libc::PROT_EXEC as u64;
    let own = u64::from(std::process::id());
    [
        // No memory that can be run.
        (libc::SYS_mmap, 2, executable, 0),
        (libc::SYS_mprotect, 2, executable, 0),
        // Itself, to abort.
        (libc::SYS_tgkill, 0, u64::from(u32::MAX), own),
    ]
}

/// From now on every call but these ends with EPERM.
fn only(calls: &[libc::c_long]) -> Result<(), SandboxError> {
    let mut rules = whatever_the_arguments(calls);
    for (call, argument, mask, value) in narrowed() {
        let is = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), value)?;
        #[allow(clippy::useless_conversion)]
        rules.insert(i64::from(call), vec![SeccompRule::new(vec![is])?]);
    }
    filter(rules, REFUSED, SeccompAction::Allow)
}

/// From now on these calls end with EPERM.
fn all_but(calls: &[libc::c_long]) -> Result<(), SandboxError> {
    filter(whatever_the_arguments(calls), SeccompAction::Allow, REFUSED)
}

const REFUSED: SeccompAction = SeccompAction::Errno(libc::EPERM as u32);

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn whatever_the_arguments(calls: &[libc::c_long]) -> Rules {
    #[allow(clippy::useless_conversion)]
    calls.iter().map(|call| (i64::from(*call), Vec::new())).collect()
}

fn filter(rules: Rules, others: SeccompAction, these: SeccompAction) -> Result<(), SandboxError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let program = BpfProgram::try_from(SeccompFilter::new(rules, others, these, arch)?)?;
    match seccompiler::apply_filter(&program) {
        Err(seccompiler::Error::Seccomp(error) | seccompiler::Error::Prctl(error))
            if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL)) =>
        {
            note!(Warn, "this kernel has no seccomp: this process may call whatever it likes");
            Ok(())
        }
        other => other.map_err(SandboxError::Calls),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::fs::{self, File};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::*;
    use crate::trace;

    /// The variable that tells the test's own program that it is the one to be shut in, and as which role.
    const INSIDE: &str = "EWSD_TEST_INSIDE";
    const TEST: &str = "sandbox::tests::each_role_is_refused_what_is_not_in_its_row";

    /// Neither below what everybody may read, nor where replay caches are.
    fn folder(of: u32) -> PathBuf {
        std::env::current_exe().unwrap().with_file_name(format!("sandbox-{of}"))
    }

    fn settings(folder: &Path) -> Settings {
        let mut settings = Settings::default();
        settings.server.state_dir = folder.join("state").display().to_string();
        settings
    }

    /// What is tried: before it works, or fails for another reason; after it is refused.
    fn attempts(folder: &Path, port: u16) -> [(&'static str, Option<i32>); 11] {
        let code = |result: std::io::Result<()>| result.err().and_then(|error| error.raw_os_error());
        let state = folder.join("state");
        let of_nix = |result: nix::Result<()>| code(result.map_err(Into::into));
        [
            ("open", code(File::open("/etc/passwd").map(drop))),
            ("open of the state", code(File::open(state.join("secrets.key")).map(drop))),
            ("open of others", code(File::open(folder.join("of others")).map(drop))),
            ("create a trace", code(File::create(trace::folder(&state.display().to_string()).join("1")).map(drop))),
            ("create", code(File::create(folder.join("new")).map(drop))),
            ("connect", code(TcpStream::connect(("127.0.0.1", port)).map(drop))),
            ("connect to a path", code(UnixStream::connect("/nowhere").map(drop))),
            ("listen", code(TcpListener::bind("127.0.0.1:0").map(drop))),
            ("run", code(Command::new("/bin/true").spawn().and_then(|mut child| child.wait()).map(drop))),
            ("signal", of_nix(nix::sys::signal::kill(nix::unistd::getppid(), None))),
            ("change its root", code(std::os::unix::fs::chroot("/"))),
        ]
    }

    #[test]
    fn each_role_is_refused_what_is_not_in_its_row() {
        if let Some(role) = std::env::var_os(INSIDE) {
            return inside(&role.into_string().unwrap());
        }
        let folder = folder(std::process::id());
        fs::create_dir_all(folder.join("state/trace")).unwrap();
        for file in ["of others", "state/secrets.key"] {
            fs::write(folder.join(file), "x").unwrap();
        }
        let bounded = "open of others, create, connect, listen, run, signal, change its root";
        for (role, refused) in [
            (
                Role::Converter,
                "open, open of the state, open of others, create a trace, create, connect, connect to a path, listen, run, signal, change its root",
            ),
            (Role::Request, bounded),
            (Role::Janitor, bounded),
            (Role::Herald, bounded),
            (
                Role::Login,
                "open of the state, open of others, create a trace, create, connect, listen, run, signal, change its root",
            ),
            (Role::Courier, "open of the state, open of others, create, listen, run, signal, change its root"),
            (Role::Database, "change its root"),
        ] {
            let own = std::env::current_exe().unwrap();
            let mut command = Command::new(own);
            command.args(["--exact", TEST, "--nocapture"]).env(INSIDE, role.name()).env_remove("TMPDIR");
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(said.contains(&format!("refused: {refused}.")), "{}: {said}\n{output:?}", role.name());
        }
        fs::remove_dir_all(folder).unwrap();
    }

    /// In the process of its own: tells what is refused, and ends without what a test does afterwards.
    fn inside(role: &str) {
        // A program is refused twice, by landlock (EACCES) and before by the filter, of which alone this would not tell.
        let refused = |what: &str, code: &Option<i32>| match code {
            Some(libc::EACCES) => what != "run",
            code => *code == Some(libc::EPERM),
        };
        let folder = folder(nix::unistd::getppid().as_raw().try_into().unwrap());
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().port();
        let tried = attempts(&folder, port);
        for (what, code) in tried.iter().filter(|(what, _)| *what != "change its root") {
            assert!(!refused(what, code), "{what} is refused before");
        }
        let _ = fs::remove_file(folder.join("new"));
        apply(Role::from_name(role).unwrap(), &settings(&folder)).unwrap();
        let found: Vec<&str> =
            attempts(&folder, port).iter().filter(|(what, code)| refused(what, code)).map(|(what, _)| *what).collect();
        println!("refused: {}.", found.join(", "));
        std::process::exit(0);
    }
}
