//! How a process shuts itself in before it reads what strangers wrote.

use std::time::Duration;

use ewsd_ipc::Role;
use ewsd_mailbox::convert::Confined;
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use nix::sys::resource::{Resource, setrlimit};

use super::serve::Converter;
use crate::sandbox;
use crate::service::Server;

/// What a converter may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Address space.
    pub bytes: u64,
    /// Of the processor, for one conversion.
    pub time: Duration,
}

impl Limits {
    pub fn of(settings: &Settings) -> Limits {
        let limits = &settings.limits;
        Limits { bytes: limits.worker_bytes, time: Duration::from_secs(limits.convert_seconds) }
    }
}

/// Gives up everything that converting does not need, for good. Whoever calls it has no secret and no database, and closes what it
/// has no use for before.
///
/// # Errors
/// A sentence: what could not be given up.
pub(crate) fn shut_in(limits: &Limits) -> Result<Server<Converter>, String> {
    // Calendars name zones, and their rules are in files.
    ewsd_model::timezone::hold();
    let timer = Converter::timer().map_err(|error| format!("a timer: {error}"))?;
    let failed = |what: &'static str| move |error: nix::Error| format!("{what}: {error}");
    setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(failed("core files"))?;
    setrlimit(Resource::RLIMIT_AS, limits.bytes, limits.bytes).map_err(failed("limits.worker_bytes"))?;
    // A panic is a death like any other: whoever asked hears of it at once, and the master starts the next without a pause.
    std::panic::set_hook(Box::new(|panic| {
        note!(Error, "{}", panic.to_string().replace(['\r', '\n'], " "));
        std::process::abort();
    }));
    sandbox::apply(Role::Converter, &Settings::default()).map_err(|error| format!("the sandbox: {error}"))?;
    Ok(Server::new(Converter::new(Confined::claim(), timer, limits.time)))
}
