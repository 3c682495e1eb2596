//! Where the demo lives: its directory, the user that its workers and PostgreSQL run as, its configuration.
//!
//! PostgreSQL refuses to run as root, so root's demo needs a user that can reach the directory and the worker program.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ewsd_settings::Settings;
use nix::unistd::{User, chown, geteuid};

use super::super::Result;
use super::super::reach::Who;

/// The users that the master chooses from when none is set, in this order.
const USERS: [&str; 2] = ["ewsd", "postgres"];
/// The longest path that a Unix socket can have (`sun_path` holds 108 bytes with the NUL at its end).
const SOCKET_PATH: usize = 107;
/// The longest name of a socket below the state directory.
const LONGEST_SOCKET: &str = "state/pg-run/.s.PGSQL.5432";

/// The demo's directory, ready to be used.
#[derive(Debug)]
pub struct Place {
    pub dir: PathBuf,
    pub config: PathBuf,
    pub ready: PathBuf,
    pub settings: Settings,
}

impl Place {
    /// Takes `ready.json` away: the server is not ready, or no longer.
    pub fn withdraw(&self) -> Result {
        match fs::remove_file(&self.ready) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("{}: {error}", self.ready.display()).into())
            }
            _ => Ok(()),
        }
    }
}

/// Makes the directory and what must be in it before the master starts, and writes its configuration.
pub fn prepare(dir: &Path, mut settings: Settings) -> Result<Place> {
    let dir = make(dir)?;
    let room = SOCKET_PATH - LONGEST_SOCKET.len() - 1;
    if dir.as_os_str().as_bytes().len() > room {
        return Err(
            format!("{}: the path is too long for Unix sockets below it: at most {room} bytes", dir.display()).into()
        );
    }
    let state = dir.join("state");
    settings.server.state_dir = state.display().to_string();
    let user = if geteuid().is_root() { Some(unprivileged(&settings)?) } else { None };
    if let Some(user) = &user {
        settings.process.user = user.name.clone();
        reachable(&dir, user)?;
        lend_worker(&dir, user, &mut settings)?;
    }
    own(&state, user.as_ref())?;
    let config = dir.join("ewsd.toml");
    let text = format!(
        "# Written by `ewsctl demo` at every start; use its options to change something.\n\n{}",
        settings.show(true)
    );
    write_whole(&config, &text)?;
    Ok(Place { ready: dir.join("ready.json"), dir, config, settings })
}

/// Writes a file so that nobody ever sees half of it.
pub fn write_whole(path: &Path, text: &str) -> Result {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let beside = path.with_extension("new");
    fs::write(&beside, text).map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)?;
    Ok(())
}

/// The program of that name that belongs to this `ewsctl`: beside it, or where `make install` puts it.
pub fn program(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().map_err(|error| format!("ewsctl cannot find itself: {error}"))?;
    let here = own.parent().unwrap_or(Path::new("/"));
    [here.join(name), here.join("../sbin").join(name), here.join("../libexec").join(name)]
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            format!("there is no {name} beside {}: build all programs with `make build`", own.display()).into()
        })
}

fn make(dir: &Path) -> Result<PathBuf> {
    let failed = |error: std::io::Error| format!("{}: {error}; name another directory with --dir", dir.display());
    if !dir.exists() {
        fs::create_dir_all(dir).map_err(failed)?;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    }
    Ok(dir.canonicalize().map_err(failed)?)
}

/// The user for workers and PostgreSQL when root starts the demo.
fn unprivileged(settings: &Settings) -> Result<User> {
    let wanted = &settings.process.user;
    let names: &[&str] = if wanted.is_empty() { &USERS } else { &[wanted] };
    for name in names {
        match User::from_name(name) {
            Ok(Some(user)) if !user.uid.is_root() => return Ok(user),
            Ok(Some(_)) => return Err(format!("process.user={name} is root: PostgreSQL refuses to run so").into()),
            Ok(None) => {}
            Err(error) => return Err(format!("user {name}: {error}").into()),
        }
    }
    Err(format!(
        "PostgreSQL does not run as root, and there is no user {}: install PostgreSQL (apt-get install postgresql), or \
         name a user with --set process.user=NAME",
        names.join(" or ")
    )
    .into())
}

/// Refuses a directory that the user cannot get to.
fn reachable(dir: &Path, user: &User) -> Result {
    match Who::of(user).stopped_at(dir) {
        None => Ok(()),
        Some(ancestor) => Err(format!(
            "{}: closed to user {}, whom PostgreSQL and the workers run as: choose another directory with --dir, such as \
             /var/tmp/ewsd-demo, or allow it (chmod o+x {})",
            ancestor.display(),
            user.name,
            ancestor.display()
        )
        .into()),
    }
}

/// Copies the worker program into the demo's directory when the user cannot reach it where it is (a build below /root).
fn lend_worker(dir: &Path, user: &User, settings: &mut Settings) -> Result {
    if !settings.process.worker.is_empty() {
        return Ok(());
    }
    let program = program("ewsd-worker")?;
    let program = program.canonicalize().map_err(|error| format!("{}: {error}", program.display()))?;
    if Who::of(user).stopped_at(&program).is_none() {
        return Ok(());
    }
    let copy = dir.join("ewsd-worker");
    let failed = |error: std::io::Error| format!("{}: {error}", copy.display());
    // Taken away first: a running worker's file cannot be written.
    if copy.exists() {
        fs::remove_file(&copy).map_err(failed)?;
    }
    fs::copy(&program, &copy).map_err(failed)?;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    settings.process.worker = copy.display().to_string();
    Ok(())
}

/// Makes the state directory and gives it to the user, or sees that it is the same user's as before.
fn own(state: &Path, user: Option<&User>) -> Result {
    let failed = |error: std::io::Error| format!("{}: {error}", state.display());
    let uid = user.map_or_else(geteuid, |user| user.uid);
    if state.exists() {
        let owner = fs::metadata(state).map_err(failed)?.uid();
        if owner == uid.as_raw() {
            return Ok(());
        }
        let name = User::from_uid(owner.into()).ok().flatten().map_or_else(|| owner.to_string(), |user| user.name);
        return Err(format!(
            "{}: belongs to user {name} from an earlier start: name another --dir, or remove it",
            state.display()
        )
        .into());
    }
    fs::create_dir(state).map_err(failed)?;
    fs::set_permissions(state, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    if let Some(user) = user {
        chown(state, Some(user.uid), Some(user.gid)).map_err(|error| failed(error.into()))?;
    }
    Ok(())
}
