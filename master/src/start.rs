//! Starts the master: directories, sockets, shared memory, the first processes; then turns the event loop.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use ewsd_ipc::Fault;
use log::{info, warn};
use mio::unix::SourceFd;
use mio::{Interest, Poll, Registry, Token};

use crate::activate::Activated;
use crate::adopt::{self, Inherited};
use crate::clock::{Clock, NEVER};
use crate::config::{Config, Handed, Listen, Reloaded};
use crate::crowd::Crowd;
use crate::desks::Desks;
use crate::dispatch::{Dispatch, Generation};
use crate::doubt::ClockState;
use crate::intern::Interned;
use crate::later::Later;
use crate::listen::{Listener, open};
use crate::master::{Master, ReloadFn};
use crate::metrics::Metrics;
use crate::nodes::Nodes;
use crate::outbox::Outbox;
use crate::owners::Owners;
use crate::park::Parking;
use crate::probe::Probing;
use crate::push::Pushes;
use crate::roles::Fleet;
use crate::signals::Signals;
use crate::spawn::{RunAs, Runner};
use crate::state::{Memfds, Protocol};
use crate::stop::Phase;
use crate::sweep::Sweeping;
use crate::table::Table;
use crate::timers::Timers;
use crate::tokens;
use crate::turns::KnownCredentials;
use crate::watch::Watchers;

/// Runs the master until it is told to stop. The calling process must have one thread. `settings` is what workers are handed,
/// as in [`Reloaded`].
///
/// # Errors
/// A sentence for the administrator: what could not be opened, or why nobody can ever be served, and what to do.
pub fn run(
    config: Config,
    settings: &Handed,
    reload: impl FnMut() -> Result<Reloaded, String> + 'static,
) -> Result<(), Fault> {
    let runner = Runner::new(&config, environment(&config))?;
    let run_dir = config.state_dir.join("run");
    make_directories(&config.state_dir, &run_dir, runner.run_as.as_ref())?;
    let mut poll = Poll::new().map_err(|error| format!("cannot make an epoll instance: {error}"))?;
    let registry = registry(&poll)?;
    let signals = Signals::open(&registry).map_err(failed("cannot listen to signals"))?;
    let generation = Generation::new(1).map_err(failed("cannot make the jobs socket"))?;
    let (shared, settings, desks) = handed(settings).map_err(failed("cannot make memory for the workers"))?;
    let listeners = open_all(&config, &run_dir)?;
    let (fleet, dispatch, clock) = (Fleet::of(&config), Dispatch::new(generation), Clock::start());
    let base = Base { registry, signals, listeners, dispatch, fleet, runner, shared, settings, desks, clock };
    let mut master = master(config, Box::new(reload), base);
    let result = serve(&mut master, &mut poll, &run_dir.join("addresses.json"));
    info!("stopped");
    result
}

/// The same for a program that takes over from a former one of this process; see `upgrade.rs`.
///
/// # Errors
/// A sentence for the administrator. Everything is lost then.
pub fn take_over(
    config: Config,
    settings: &Handed,
    reload: impl FnMut() -> Result<Reloaded, String> + 'static,
    left: Inherited,
) -> Result<(), Fault> {
    let Inherited { mut ledger, conns, descriptors: mut fds } = left;
    let mut runner = Runner::new(&config, environment(&config))?;
    runner.lower(ledger.files);
    let run_dir = config.state_dir.join("run");
    let mut poll = Poll::new().map_err(|error| format!("cannot make an epoll instance: {error}"))?;
    let registry = registry(&poll)?;
    let signals = Signals::open(&registry).map_err(failed("cannot listen to signals"))?;
    let listeners = adopt::listeners(std::mem::take(&mut ledger.listeners), &mut fds)?;
    let dispatch = adopt::dispatch(&mut ledger, &mut fds)?;
    let fleet = adopt::fleet(&mut ledger, &mut fds, &registry)?;
    let shared = adopt::file(ledger.shared, &mut fds)?;
    let keep = |settings: &[u8]| hand_over(settings).map_err(failed("cannot keep the settings for the workers"));
    let convert = adopt::desk(&ledger.convert, keep(&settings.converters)?, &mut fds)?;
    let login = adopt::desk(&ledger.login, keep(&settings.logins)?, &mut fds)?;
    let desks = Desks { convert, login };
    let (settings, clock) = (keep(&settings.workers)?, Clock::resume(ledger.now));
    let base = Base { registry, signals, listeners, dispatch, fleet, runner, shared, settings, desks, clock };
    let mut master = master(config, Box::new(reload), base);
    master.adopt(ledger, conns, &mut fds)?;
    let result = serve(&mut master, &mut poll, &run_dir.join("addresses.json"));
    info!("stopped");
    result
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> String {
    move |error| format!("{what}: {error}")
}

fn registry(poll: &Poll) -> Result<Registry, String> {
    poll.registry().try_clone().map_err(failed("cannot duplicate the epoll instance"))
}

/// What a master begins with.
struct Base {
    registry: Registry,
    signals: Signals,
    listeners: Vec<Listener>,
    dispatch: Dispatch,
    fleet: Fleet,
    runner: Runner,
    shared: File,
    settings: File,
    desks: Desks,
    clock: Clock,
}

fn master(config: Config, reload_fn: ReloadFn, base: Base) -> Master {
    let Base { registry, signals, listeners, dispatch, fleet, runner, shared, settings, desks, clock } = base;
    Master {
        config,
        reload_fn,
        clock,
        timers: Timers::default(),
        registry,
        signals,
        listeners,
        accepting: true,
        table: Table::default(),
        clients: 0,
        crowd: Crowd::default(),
        lingering: 0,
        per_network: HashMap::new(),
        per_address: HashMap::new(),
        buffered: 0,
        memfds: Memfds::default(),
        dispatch,
        parking: Parking::default(),
        acquaintances: KnownCredentials::default(),
        fleet,
        runner,
        watchers: Watchers::default(),
        interned: Interned::default(),
        sweeping: Sweeping::default(),
        to_render: Vec::new(),
        later: Later::default(),
        metrics: Metrics::default(),
        probing: Probing::default(),
        owed_at: NEVER,
        outbox: Outbox::default(),
        doubt: ClockState::default(),
        nodes: Nodes::default(),
        pushes: Pushes::default(),
        streams: Owners::default(),
        held_calls: Owners::default(),
        trial: None,
        asked: Vec::new(),
        shared,
        epoch: 1,
        settings,
        desks,
        phase: Phase::Running,
        fault: None,
        told_ready: 0,
        again: Vec::new(),
        scratch: vec![0; ewsd_ipc::MAX_MESSAGE].into_boxed_slice(),
        housekeeping: false,
    }
}

fn serve(master: &mut Master, poll: &mut Poll, addresses: &Path) -> Result<(), Fault> {
    master.begin(addresses)?;
    let result = master.turn_until_stopped(poll).map_err(|error| format!("waiting for events failed: {error}"));
    // Whoever reads it would believe that somebody listens there.
    let _ = fs::remove_file(addresses);
    master.fault.take().map_or(result.map_err(Fault::from), Err)
}

impl Master {
    fn begin(&mut self, addresses: &Path) -> Result<(), String> {
        let first = self.fleet.workers.is_empty();
        for (number, listener) in self.listeners.iter_mut().enumerate() {
            if first {
                listener.number = number;
            }
            let number = listener.number;
            let token = Token(tokens::LISTENERS + number);
            self.registry
                .register(&mut SourceFd(&listener.socket.raw()), token, Interest::READABLE)
                .map_err(|error| format!("cannot watch the listener {}: {error}", listener.address))?;
            info!("listening on {} ({:?})", listener.address, listener.kind);
        }
        keep(addresses, &format!("{}\n", self.addresses()));
        self.arm_watchdog();
        self.warn_of_descriptors();
        self.start_due();
        if !first {
            self.finish_upgrade();
        }
        // Whoever connected between bind and now makes no event.
        self.accept_again();
        Ok(())
    }

    /// Each connection needs a descriptor; what the cap promises must be there.
    pub fn warn_of_descriptors(&self) {
        let (places, wanted) = (self.places(), self.config.limits.connections);
        if places < wanted {
            let allowed = self.runner.descriptors();
            warn!(
                "{allowed} descriptors are enough for {places} clients, not for limits.connections = {wanted}: raise LimitNOFILE"
            );
        }
    }

    /// Tells the service manager, each time a generation gets ready.
    pub fn tell_ready(&mut self) {
        if self.told_ready != self.dispatch.current.number && self.is_ready() {
            self.told_ready = self.dispatch.current.number;
            info!("ready: generation {} serves requests", self.told_ready);
            crate::notify::ready();
        }
    }
}

/// What workers find: the master's own environment, and what the settings add.
fn environment(config: &Config) -> Vec<(OsString, OsString)> {
    let added = config.environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    std::env::vars_os()
        .filter(|(name, _)| !config.environment.iter().any(|(own, _)| name == own))
        .chain(added)
        .collect()
}

/// The state directory belongs to whom the workers run as, and so does `trace` below it (`ewsctl trace`); `run` to the master.
fn make_directories(state: &Path, run: &Path, run_as: Option<&RunAs>) -> Result<(), String> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| format!("cannot prepare {path}: {error}; see server.state_dir")
    };
    fs::create_dir_all(run).map_err(failed(run))?;
    fs::set_permissions(run, fs::Permissions::from_mode(0o755)).map_err(failed(run))?;
    let trace = state.join("trace");
    fs::create_dir_all(&trace).map_err(failed(&trace))?;
    fs::set_permissions(&trace, fs::Permissions::from_mode(0o700)).map_err(failed(&trace))?;
    for path in [state, &trace] {
        if let (Some(run_as), 0) = (run_as, fs::metadata(path).map_err(failed(path))?.uid()) {
            chown(path, Some(run_as.user.uid.as_raw()), Some(run_as.user.gid.as_raw())).map_err(failed(path))?;
        }
    }
    Ok(())
}

fn open_all(config: &Config, run_dir: &Path) -> Result<Vec<Listener>, String> {
    let mut activated = Activated::given()?;
    let mut listeners = Vec::new();
    for (kind, addresses) in
        [(Protocol::Http, &config.http), (Protocol::Lmtp, &config.lmtp), (Protocol::Admin, &config.admin)]
    {
        for (index, listen) in addresses.iter().enumerate() {
            let index = u16::try_from(index).map_err(|_| "too many listeners".to_owned())?;
            listeners.push(open(listen, kind, index, &mut activated)?);
        }
    }
    let control = format!("unix:{}", run_dir.join("control.sock").display());
    let control = Listen { mode: 0o660, ..Listen::at(control) };
    listeners.push(open(&control, Protocol::Control, 0, &mut activated)?);
    Ok(listeners)
}

/// What processes are given at their start: the workers' memory and settings, and all that is a service's own.
fn handed(settings: &Handed) -> io::Result<(File, File, Desks)> {
    Ok((shared_memory()?, hand_over(&settings.workers)?, Desks::new(settings)?))
}

/// The settings as a file that every worker may read and nobody can change.
pub fn hand_over(settings: &[u8]) -> io::Result<File> {
    ewsd_ipc::memfd::sealed(c"ewsd-settings", settings)
}

/// The memory that workers share.
fn shared_memory() -> io::Result<File> {
    random_key().and_then(|key| ewsd_ipc::shared::create(&key))
}

/// The only place where the master reads randomness.
fn random_key() -> io::Result<[u8; ewsd_ipc::shared::KEY_BYTES]> {
    let mut key = [0; ewsd_ipc::shared::KEY_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    Ok(key)
}

/// Has a file say this, or nothing: a disk that is full must end no server, and least of all one that takes over.
fn keep(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return;
    }
    if let Err(error) = write_whole(path, text) {
        warn!("cannot write {}, so nobody can read it: {error}", path.display());
        let _ = fs::remove_file(path);
    }
}

/// Writes a file so that readers see all of it or nothing.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}
