//! Making the private cluster, once. It is made beside its place and renamed: a start that was cut off leaves none.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use ewsd_store::embedded;

use super::programs::Programs;
use crate::note::note;

/// A socket's path may not be longer, with its end (`sockaddr_un`, unix(7)).
const SOCKET_PATH: usize = 107;

/// The major version that made the cluster; none if there is no cluster yet.
pub fn version(data: &Path) -> Result<Option<u32>, String> {
    match fs::read_to_string(data.join("PG_VERSION")) {
        Ok(text) => match text.trim().parse() {
            Ok(version) => Ok(Some(version)),
            Err(_) => Err(format!("{} is no cluster of PostgreSQL: its PG_VERSION is damaged", data.display())),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot read {}: {error}", data.display())),
    }
}

/// The directory of the socket: whoever may enter it is trusted.
pub fn socket_directory(sockets: &Path) -> Result<(), String> {
    let socket = sockets.join(".s.PGSQL.5432");
    if socket.as_os_str().len() > SOCKET_PATH {
        return Err(format!(
            "the path {} is too long for a socket: choose a server.state_dir of at most {} characters",
            socket.display(),
            SOCKET_PATH - "/pg-run/.s.PGSQL.5432".len()
        ));
    }
    let made = match fs::DirBuilder::new().mode(0o700).create(sockets) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::set_permissions(sockets, fs::Permissions::from_mode(0o700))
        }
        other => other,
    };
    made.map_err(|error| format!("cannot make {} for itself: {error}", sockets.display()))
}

/// Makes the cluster if there is none, and writes the settings of this version of ewsd in any case.
pub fn cluster(data: &Path, programs: &Programs) -> Result<(), String> {
    if version(data)?.is_none() {
        let fresh = data.with_extension("new");
        if fresh.exists() {
            fs::remove_dir_all(&fresh).map_err(|error| format!("cannot remove {}: {error}", fresh.display()))?;
        }
        note!(Info, "making a private PostgreSQL {} cluster in {}", programs.version, data.display());
        initdb(&fresh, programs)?;
        configure(&fresh)?;
        fs::rename(&fresh, data).map_err(|error| format!("cannot put the cluster at {}: {error}", data.display()))?;
    }
    let settings = data.join("ewsd.conf");
    let supported = if programs.version >= 14 { &[][..] } else { embedded::OPTIONAL };
    fs::write(&settings, embedded::conf(supported))
        .map_err(|error| format!("cannot write {}: {error}", settings.display()))
}

fn initdb(fresh: &Path, programs: &Programs) -> Result<(), String> {
    let output = Command::new(&programs.initdb)
        .arg("-D")
        .arg(fresh)
        .args(embedded::INITDB)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {}: {error}", programs.initdb.display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// Ours first, then whatever the administrator writes into `local.conf`.
fn configure(fresh: &Path) -> Result<(), String> {
    use std::io::Write as _;
    let path = fresh.join("postgresql.conf");
    let written = fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(b"\ninclude 'ewsd.conf'\ninclude_if_exists 'local.conf'\n"));
    written.map_err(|error| format!("cannot write {}: {error}", path.display()))
}
