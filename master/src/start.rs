//! Starts the master: directories, sockets, shared memory, the first processes; then turns the event loop.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use log::{info, warn};
use mio::unix::SourceFd;
use mio::{Interest, Poll, Token};

use crate::clock::{Clock, NEVER};
use crate::config::{Config, Reloaded};
use crate::crowd::Crowd;
use crate::dispatch::{Dispatch, Generation};
use crate::intern::Interned;
use crate::later::Later;
use crate::listen::{Listener, open};
use crate::master::Master;
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::probe::Probing;
use crate::roles::Fleet;
use crate::signals::Signals;
use crate::spawn::{RunAs, Runner};
use crate::state::Kind;
use crate::stop::Phase;
use crate::sweep::Sweeping;
use crate::table::Table;
use crate::timers::Timers;
use crate::tokens;
use crate::watch::Watchers;

/// Runs the master until it is told to stop. The calling process must have one thread. `settings` is what workers are handed,
/// as in [`Reloaded`].
///
/// # Errors
/// A sentence for the administrator: what could not be opened, and what to do.
pub fn run(
    config: Config,
    settings: &[u8],
    reload: impl FnMut() -> Result<Reloaded, String> + 'static,
) -> Result<(), String> {
    let runner = Runner::new(&config, std::env::vars_os().collect())?;
    let run_dir = config.state_dir.join("run");
    make_directories(&config.state_dir, &run_dir, runner.run_as.as_ref())?;
    let mut poll = Poll::new().map_err(|error| format!("cannot make an epoll instance: {error}"))?;
    let failed = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
    let registry = poll.registry().try_clone().map_err(failed("cannot duplicate the epoll instance"))?;
    let signals = Signals::open(&registry).map_err(failed("cannot listen to signals"))?;
    let generation = Generation::new(1).map_err(failed("cannot make the jobs socket"))?;
    generation.watch(&registry).map_err(failed("cannot watch the jobs socket"))?;
    let shared =
        random_key().and_then(|key| ewsd_ipc::shared::create(&key)).map_err(failed("cannot make shared memory"))?;
    let settings = hand_over(settings).map_err(failed("cannot keep the settings for the workers"))?;
    let listeners = open_all(&config, &run_dir)?;
    let mut fleet = Fleet { generation: 1, ..Fleet::default() };
    fleet.set_posts(config.workers);
    let mut master = Master {
        config,
        reload_fn: Box::new(reload),
        clock: Clock::start(),
        timers: Timers::default(),
        registry,
        signals,
        listeners,
        accepting: true,
        table: Table::default(),
        clients: 0,
        crowd: Crowd::default(),
        lingering: 0,
        per_address: HashMap::new(),
        buffered: 0,
        memfds: 0,
        dispatch: Dispatch::new(generation),
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
        shared,
        epoch: 1,
        settings,
        phase: Phase::Running,
        told_ready: 0,
        again: Vec::new(),
        scratch: vec![0; ewsd_ipc::MAX_MESSAGE].into_boxed_slice(),
        housekeeping: false,
    };
    let addresses = run_dir.join("addresses.json");
    master.begin(&addresses)?;
    let result = master.turn_until_stopped(&mut poll).map_err(failed("waiting for events failed"));
    // Whoever reads it would believe that somebody listens there.
    let _ = fs::remove_file(&addresses);
    info!("stopped");
    result
}

impl Master {
    fn begin(&mut self, addresses: &Path) -> Result<(), String> {
        for (number, listener) in self.listeners.iter_mut().enumerate() {
            listener.number = number;
            let token = Token(tokens::LISTENERS + number);
            self.registry
                .register(&mut SourceFd(&listener.socket.raw()), token, Interest::READABLE)
                .map_err(|error| format!("cannot watch the listener {}: {error}", listener.address))?;
            info!("listening on {} ({:?})", listener.address, listener.kind);
        }
        write_whole(addresses, &format!("{}\n", self.addresses()))
            .map_err(|error| format!("cannot write {}: {error}", addresses.display()))?;
        self.arm_watchdog();
        self.warn_of_descriptors();
        self.start_due();
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

/// The state directory belongs to whom the workers run as; `run` below it to the master.
fn make_directories(state: &Path, run: &Path, run_as: Option<&RunAs>) -> Result<(), String> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| format!("cannot prepare {path}: {error}; see server.state_dir")
    };
    fs::create_dir_all(run).map_err(failed(run))?;
    fs::set_permissions(run, fs::Permissions::from_mode(0o755)).map_err(failed(run))?;
    if let Some(run_as) = run_as {
        let owner = fs::metadata(state).map_err(failed(state))?.uid();
        if owner == 0 {
            chown(state, Some(run_as.user.uid.as_raw()), Some(run_as.user.gid.as_raw())).map_err(failed(state))?;
        }
    }
    Ok(())
}

fn open_all(config: &Config, run_dir: &Path) -> Result<Vec<Listener>, String> {
    let mut listeners = Vec::new();
    for (kind, addresses) in [(Kind::Http, &config.http), (Kind::Lmtp, &config.lmtp), (Kind::Admin, &config.admin)] {
        for (index, address) in addresses.iter().enumerate() {
            let index = u16::try_from(index).map_err(|_| "too many listeners".to_owned())?;
            // As open to local users as a port of the loopback address; the directory may restrict it.
            listeners.push(open(address, kind, index, 0o666)?);
        }
    }
    let control = format!("unix:{}", run_dir.join("control.sock").display());
    listeners.push(open(&control, Kind::Control, 0, 0o660)?);
    Ok(listeners)
}

/// The settings as a file that every worker may read and nobody can change.
pub fn hand_over(settings: &[u8]) -> io::Result<File> {
    ewsd_ipc::memfd::sealed(c"ewsd-settings", settings)
}

/// The only place where the master reads randomness.
fn random_key() -> io::Result<[u8; ewsd_ipc::shared::KEY_BYTES]> {
    let mut key = [0; ewsd_ipc::shared::KEY_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    Ok(key)
}

/// Writes a file so that readers see all of it or nothing.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}
