//! System calls of a running program that fail on demand: a seccomp filter asks this process about each of them, and is answered
//! with an errno for as often as a test wants (seccomp_unotify(2)).

use std::ffi::c_long;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::{Arc, Mutex};

use nix::libc;

/// What is to fail, and how often.
#[derive(Debug, Clone, Copy, Default)]
struct Order {
    pid: u32,
    call: c_long,
    errno: i32,
    left: u32,
    done: u32,
}

/// The control over the calls that are watched, of one process at a time.
pub struct Failing(Arc<Mutex<Order>>);

impl Failing {
    /// The next `times` times that `pid` makes this call, which is watched, it fails with this error.
    pub fn fail(&self, pid: u32, call: c_long, errno: i32, times: u32) {
        *self.0.lock().unwrap() = Order { pid, call, errno, left: times, done: 0 };
    }

    /// How many have failed so far.
    pub fn failed(&self) -> u32 {
        self.0.lock().unwrap().done
    }

    /// From now on all calls go well; how many did not.
    pub fn relent(&self) -> u32 {
        std::mem::take(&mut *self.0.lock().unwrap()).done
    }
}

/// Puts the program that `command` starts, and its children, under a filter that asks about these calls.
pub fn watch(command: &mut Command, calls: &[c_long]) -> Failing {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let end = OwnedFd::from(theirs);
    let mut program = filter(calls);
    // SAFETY: between fork and exec only system calls on values that were made before.
    unsafe { command.pre_exec(move || confine(&mut program, end.as_raw_fd())) };
    let order = Arc::new(Mutex::new(Order::default()));
    let orders = order.clone();
    std::thread::spawn(move || {
        // Who has the listener, and under which number.
        let mut said = [0; 8];
        ours.read_exact(&mut said).expect("the filter stands");
        let [pid, fd] = [0, 4].map(|at| i32::from_ne_bytes(said[at..at + 4].try_into().unwrap()));
        let listener = take(pid, fd);
        ours.write_all(b"!").unwrap();
        answer(&listener, &orders);
    });
    Failing(order)
}

/// A program of the kernel's that asks about these calls and lets all others pass.
fn filter(calls: &[c_long]) -> Vec<libc::sock_filter> {
    let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    // The number of the call is the first field of seccomp_data.
    let mut program = vec![step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0)];
    for (at, call) in calls.iter().enumerate() {
        // Over the rest of the comparisons and what lets pass.
        let asks = u8::try_from(calls.len() - at).unwrap();
        program.push(step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, asks, 0, *call as u32));
    }
    program.push(step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW));
    program.push(step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_USER_NOTIF));
    program
}

/// In the child: installs the filter and waits until its listener is taken.
fn confine(program: &mut [libc::sock_filter], end: RawFd) -> std::io::Result<()> {
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
    // SAFETY: system calls on integers and on values that live here.
    unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        let listener = libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) as i32;
        if listener < 0 {
            return Err(std::io::Error::last_os_error());
        }
        let mut said = [0; 8];
        said[..4].copy_from_slice(&libc::getpid().to_ne_bytes());
        said[4..].copy_from_slice(&listener.to_ne_bytes());
        libc::write(end, said.as_ptr().cast(), said.len());
        libc::read(end, said.as_mut_ptr().cast(), 1);
    }
    Ok(())
}

/// A copy of another process's descriptor.
fn take(pid: i32, fd: i32) -> OwnedFd {
    // SAFETY: system calls on integers; what they give is nobody else's.
    unsafe {
        let process = OwnedFd::from_raw_fd(libc::syscall(libc::SYS_pidfd_open, pid, 0) as i32);
        let taken = libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) as i32;
        assert!(taken >= 0, "pidfd_getfd: {}", std::io::Error::last_os_error());
        OwnedFd::from_raw_fd(taken)
    }
}

/// Answers until nobody is left under the filter.
fn answer(listener: &OwnedFd, orders: &Mutex<Order>) {
    loop {
        // SAFETY: plain numbers, for which zeros will do (and which the kernel wants as zeros).
        let (mut asked, mut told): (libc::seccomp_notif, libc::seccomp_notif_resp) = unsafe { std::mem::zeroed() };
        let mut ready = libc::pollfd { fd: listener.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: on a descriptor and values that live here.
        let got = unsafe {
            libc::poll(&raw mut ready, 1, -1);
            libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut asked)
        };
        if ready.revents & libc::POLLHUP != 0 {
            return;
        }
        if got != 0 {
            // Whoever asked was killed meanwhile.
            continue;
        }
        told.id = asked.id;
        told.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
        let mut order = orders.lock().unwrap();
        if order.left > 0 && order.pid == asked.pid && order.call == c_long::from(asked.data.nr) {
            (order.left, order.done) = (order.left - 1, order.done + 1);
            (told.flags, told.error) = (0, -order.errno);
        }
        drop(order);
        // SAFETY: as above. It fails if whoever asked is gone.
        unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut told) };
    }
}
