//! Asks PAM whether a password is right: the library is loaded when the settings want it, and each question has a process of its own.
//!
//! Modules wait, leave things behind in memory, start programs and crash. So none runs in the process that the master started: a
//! child asks, and ends with PAM's code (linux-pam's `_pam_types.h`) as its status. When its time is over it is killed, with whatever
//! it has started.
//!
//! The library is loaded by name, not linked: only this role needs it, and where it is missing everything else works.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use std::time::Duration;

use ewsd_settings::Settings;
use nix::fcntl::OFlag;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid, pipe2};
use zeroize::Zeroizing;

use super::Verdict;
use crate::tls::Deadline;

/// Codes (`_pam_types.h`) that say something of the name or the password, and not of the machine: no permission, wrong, known too
/// little, nobody, tried too often, the password or the account is over.
const REFUSED: [c_int; 7] = [6, 7, 8, 10, 11, 12, 13];
const SUCCESS: c_int = 0;
const BUFFER: c_int = 5;
const CONVERSATION: c_int = 19;
/// Where services' files are.
const FOLDER: &str = "/etc/pam.d";
/// Kinds of messages.
const SECRET: c_int = 1;
const TEXT: c_int = 2;
/// Items: where whoever logs in is, and what waits after a failure.
const REMOTE_HOST: c_int = 4;
const FAIL_DELAY: c_int = 10;
/// Most messages at a time (PAM_MAX_NUM_MSG).
const MESSAGES: c_int = 32;

#[repr(C)]
struct Message {
    kind: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

type Converse = unsafe extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int;

#[repr(C)]
struct Conversation {
    converse: Converse,
    data: *mut c_void,
}

/// PAM's own.
type Handle = *mut c_void;

type Start =
    unsafe extern "C" fn(*const c_char, *const c_char, *const Conversation, *const c_char, *mut Handle) -> c_int;
type SetItem = unsafe extern "C" fn(Handle, c_int, *const c_void) -> c_int;
type Call = unsafe extern "C" fn(Handle, c_int) -> c_int;
type Describe = unsafe extern "C" fn(Handle, c_int) -> *const c_char;

/// What is called of the library.
struct Library {
    start: Start,
    set_item: SetItem,
    authenticate: Call,
    account: Call,
    end: Call,
    text: Describe,
}

/// The service that the settings name.
pub(super) struct Pam {
    library: Library,
    service: CString,
    /// Where its file is; none: where the system's are.
    folder: Option<CString>,
}

/// What the conversation has to say.
struct Answers {
    user: CString,
    /// With a NUL at its end.
    password: Zeroizing<Vec<u8>>,
}

impl Library {
    fn load() -> Result<Library, String> {
        // SAFETY: the name is a string; whatever the library does when it is loaded is what PAM is there for.
        let library = unsafe { libc::dlopen(c"libpam.so.0".as_ptr(), libc::RTLD_NOW) };
        if library.is_null() {
            return Err("there is no libpam.so.0: install PAM (libpam0g), or set auth.basic_against".to_owned());
        }
        let symbol = |name: &CStr| {
            // SAFETY: the library was opened above and is never closed.
            let found = unsafe { libc::dlsym(library, name.as_ptr()) };
            if found.is_null() { Err(format!("libpam.so.0 has no {}", name.to_string_lossy())) } else { Ok(found) }
        };
        // SAFETY: the types are those of security/pam_appl.h and pam_modules.h, of Linux-PAM 1.4 and newer.
        unsafe {
            Ok(Library {
                start: std::mem::transmute::<*mut c_void, Start>(symbol(c"pam_start_confdir")?),
                set_item: std::mem::transmute::<*mut c_void, SetItem>(symbol(c"pam_set_item")?),
                authenticate: std::mem::transmute::<*mut c_void, Call>(symbol(c"pam_authenticate")?),
                account: std::mem::transmute::<*mut c_void, Call>(symbol(c"pam_acct_mgmt")?),
                end: std::mem::transmute::<*mut c_void, Call>(symbol(c"pam_end")?),
                text: std::mem::transmute::<*mut c_void, Describe>(symbol(c"pam_strerror")?),
            })
        }
    }
}

impl Pam {
    /// # Errors
    /// A sentence: there is no PAM.
    pub fn of(settings: &Settings) -> Result<Pam, String> {
        let auth = &settings.auth;
        let string = |key: &str, text: &str| CString::new(text).map_err(|_| format!("{key} holds a NUL"));
        prctl::set_child_subreaper(true).map_err(|error| format!("PAM's processes cannot be minded: {error}"))?;
        let folder = Some(auth.pam_dir.as_str()).filter(|folder| !folder.is_empty());
        Ok(Pam {
            library: Library::load()?,
            service: string("auth.pam_service", &auth.pam_service)?,
            folder: folder.map(|folder| string("auth.pam_dir", folder)).transpose()?,
        })
    }

    /// Whether PAM lets `user` in with that password, from that address.
    ///
    /// # Errors
    /// Why it says neither yes nor no.
    pub fn check(&self, user: &str, password: &[u8], address: &str, deadline: Deadline) -> Result<Verdict, String> {
        let of_system = |error: nix::Error| error.to_string();
        // What has a NUL is nobody's; and to let an empty one in (nullok) is for consoles.
        let (Ok(user), Ok(address)) = (CString::new(user), CString::new(address)) else { return Ok(Verdict::Wrong) };
        if user.is_empty() || password.is_empty() || password.contains(&0) {
            return Ok(Verdict::Wrong);
        }
        let mut ended = Zeroizing::new(Vec::with_capacity(password.len() + 1));
        ended.extend_from_slice(password);
        ended.push(0);
        let answers = Answers { user, password: ended };
        let (open, held) = pipe2(OFlag::O_CLOEXEC).map_err(of_system)?;
        let parent = getpid();
        // SAFETY: this process has one thread, so the child finds no lock held by another.
        match unsafe { fork() }.map_err(of_system)? {
            ForkResult::Child => self.be_child(&answers, &address, parent),
            ForkResult::Parent { child } => {
                drop(held);
                self.minded(child, &open, deadline)
            }
        }
    }

    /// In the child: asks, and ends with PAM's code.
    fn be_child(&self, answers: &Answers, address: &CStr, parent: Pid) -> ! {
        let apart = prctl::set_pdeathsig(Signal::SIGKILL).is_ok()
            && SigSet::empty().thread_set_mask().is_ok()
            && getppid() == parent;
        let code = if apart { self.ask(answers, address) } else { BUFFER };
        // SAFETY: nothing of the parent's is to be done again at this process's end: no destructor, no buffer is written.
        unsafe { libc::_exit(code) }
    }

    /// PAM's code.
    fn ask(&self, answers: &Answers, address: &CStr) -> c_int {
        let Library { start, set_item, authenticate, account, end, .. } = &self.library;
        let data = std::ptr::from_ref(answers).cast_mut().cast();
        let conversation = Conversation { converse, data };
        let folder = self.folder.as_ref().map_or(null(), |folder| folder.as_ptr());
        let mut handle: Handle = null_mut();
        // SAFETY: the strings, the conversation and its data outlive the handle, which pam_end closes; PAM copies what it keeps.
        unsafe {
            let mut code =
                start(self.service.as_ptr(), answers.user.as_ptr(), &raw const conversation, folder, &raw mut handle);
            if code != SUCCESS {
                return code;
            }
            // Who guesses is kept waiting by the master, and nobody waits here for it.
            let delay: unsafe extern "C" fn(c_int, u32, *mut c_void) = no_delay;
            set_item(handle, FAIL_DELAY, delay as *const c_void);
            set_item(handle, REMOTE_HOST, address.as_ptr().cast());
            code = authenticate(handle, 0);
            if code == SUCCESS {
                code = account(handle, 0);
            }
            end(handle, code);
            code
        }
    }

    /// In the parent: waits for the child until its time is over.
    fn minded(&self, child: Pid, open: &OwnedFd, deadline: Deadline) -> Result<Verdict, String> {
        let mut fds = [PollFd::new(open.as_fd(), PollFlags::POLLIN)];
        let in_time = loop {
            let left = deadline.left().unwrap_or(Duration::ZERO);
            match poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
                Ok(ready) => break ready > 0,
                Err(nix::Error::EINTR) => {}
                Err(_) => break false,
            }
        };
        if !in_time {
            let _ = kill(child, Signal::SIGKILL);
        }
        let status = loop {
            match waitpid(child, None) {
                Err(nix::Error::EINTR) => {}
                status => break status,
            }
        };
        end_what_is_left();
        match status {
            _ if !in_time => Err(format!("PAM takes longer than {}", deadline.setting)),
            Ok(WaitStatus::Exited(_, SUCCESS)) => Ok(Verdict::Right),
            Ok(WaitStatus::Exited(_, code)) if REFUSED.contains(&code) => Ok(Verdict::Wrong),
            Ok(WaitStatus::Exited(_, code)) => Err(format!("PAM ends with code {code}: {}", self.text(code))),
            Ok(other) => Err(format!("a module of PAM ends badly: {other:?}")),
            Err(error) => Err(format!("waiting for PAM: {error}")),
        }
    }

    fn text(&self, code: c_int) -> String {
        // SAFETY: Linux-PAM looks at the code alone, and answers a string that is never freed.
        let text = unsafe { (self.library.text)(null_mut(), code) };
        if text.is_null() {
            return String::new();
        }
        // SAFETY: as above.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    }
}

/// What an administrator may want to know before anybody logs in: the file by which is asked, if there is PAM and that file.
///
/// # Errors
/// A sentence: what is missing.
pub fn examine(settings: &Settings) -> Result<PathBuf, String> {
    Pam::of(settings)?;
    let auth = &settings.auth;
    let folder = if auth.pam_dir.is_empty() { FOLDER } else { &auth.pam_dir };
    let file = Path::new(folder).join(&auth.pam_service);
    if file.is_file() { Ok(file) } else { Err(format!("auth.pam_service: there is no {}", file.display())) }
}

/// Ends what a child has started and left behind, in sessions of its own too: all of it is this process's when the child is gone.
fn end_what_is_left() {
    loop {
        // A kernel without that file keeps them.
        let children = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
        let children: Vec<Pid> =
            children.split_whitespace().filter_map(|pid| pid.parse().ok().map(Pid::from_raw)).collect();
        if children.is_empty() {
            return;
        }
        for child in children {
            let _ = kill(child, Signal::SIGKILL);
            while waitpid(child, None) == Err(nix::Error::EINTR) {}
        }
    }
}

/// What modules want to wait after a failure, they do not.
unsafe extern "C" fn no_delay(_: c_int, _: u32, _: *mut c_void) {}

/// What modules ask: the password where nothing is shown, the name where it is; what they tell is nobody's here.
unsafe extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    if !(1..=MESSAGES).contains(&count) || messages.is_null() || responses.is_null() || data.is_null() {
        return CONVERSATION;
    }
    let count = count as usize;
    // SAFETY: `data` is what `ask` gave to pam_start, which outlives the handle. Linux-PAM gives `count` pointers to messages. The
    // answers are allocated as it frees them, by malloc(3), and are whole before it is told of them.
    unsafe {
        let answers = &*data.cast::<Answers>().cast_const();
        let told = libc::calloc(count, size_of::<Response>()).cast::<Response>();
        if told.is_null() {
            return BUFFER;
        }
        for at in 0..count {
            let message = *messages.add(at);
            let text = match (*message).kind {
                SECRET => answers.password.as_ptr().cast(),
                TEXT => answers.user.as_ptr(),
                _ => continue,
            };
            (*told.add(at)).text = libc::strdup(text);
        }
        *responses = told;
    }
    SUCCESS
}
