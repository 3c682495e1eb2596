//! Programs of other people that drive the server: Python's exchangelib, JavaScript's ews-javascript-api, DavMail, Evolution, KDE.
//! Installed once per build folder, below `target/ewsd-clients/`, in the versions that `tests/clients/` pins.
//! `EWSD_TEST_CLIENTS=0` switches them off, for machines without a package registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::record;

type Installed = Result<Option<PathBuf>, String>;

/// Where the scripts and the pins lie.
pub fn scripts() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Whether real clients are wanted.
pub fn wanted() -> bool {
    std::env::var("EWSD_TEST_CLIENTS").as_deref() != Ok("0")
}

/// A Python with exchangelib and lxml; `None` when switched off.
pub fn python() -> Installed {
    static PYTHON: OnceLock<Installed> = OnceLock::new();
    PYTHON.get_or_init(|| if wanted() { install_python().map(Some) } else { Ok(None) }).clone()
}

/// The folder whose `node_modules` holds ews-javascript-api; `None` when switched off.
pub fn node() -> Installed {
    static NODE: OnceLock<Installed> = OnceLock::new();
    NODE.get_or_init(|| if wanted() { install_node().map(Some) } else { Ok(None) }).clone()
}

/// DavMail's archive, where it and Java are installed.
pub fn davmail() -> Option<PathBuf> {
    let archive = PathBuf::from("/usr/share/davmail/davmail.jar");
    let java = Command::new("java").arg("-version").output().is_ok_and(|o| o.status.success());
    (wanted() && java && archive.is_file()).then_some(archive)
}

/// The Python that drives Evolution's data server, where all of that is installed: the distribution's own, which has its
/// libraries.
pub fn evolution() -> Option<PathBuf> {
    const BACKENDS: &str = "/usr/lib/evolution-data-server";
    const MODULES: &str = "import gi\nfor of in (('EDataServer', '1.2'), ('ECal', '2.0'), ('EBook', '1.2'), ('Camel', '1.2')):\n gi.require_version(*of)";
    let python = PathBuf::from("/usr/bin/python3");
    let backends = ["calendar-backends/libecalbackendews.so", "camel-providers/libcamelews.so"];
    let there = || backends.iter().all(|file| Path::new(BACKENDS).join(file).is_file());
    let runs = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let ready = wanted()
        && there()
        && runs(Command::new("dbus-run-session").arg("--version"))
        && runs(Command::new(&python).args(["-c", MODULES]));
    ready.then_some(python)
}

/// The Python that drives KDE's Akonadi, where that, its SQLite and its resource for Exchange are installed: the
/// distribution's own, which has GLib's D-Bus.
pub fn kde() -> Option<PathBuf> {
    const PROGRAMS: &[&str] = &["/usr/bin/akonadi_control", "/usr/bin/akonadi_ews_resource"];
    const SQLITE: &str = "qt5/plugins/sqldrivers/libqsqlite3.so";
    let python = PathBuf::from("/usr/bin/python3");
    let sqlite = || {
        fs::read_dir("/usr/lib")
            .is_ok_and(|mut all| all.any(|one| one.is_ok_and(|one| one.path().join(SQLITE).is_file())))
    };
    let runs = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let ready = wanted()
        && PROGRAMS.iter().all(|program| Path::new(program).is_file())
        && sqlite()
        && runs(Command::new("dbus-run-session").arg("--version"))
        && runs(Command::new(&python).args(["-c", "from gi.repository import Gio"]));
    ready.then_some(python)
}

fn home() -> PathBuf {
    record::target().join("ewsd-clients")
}

fn install_python() -> Result<PathBuf, String> {
    let (venv, pins) = (home().join("venv"), scripts().join("requirements.txt"));
    let python = venv.join("bin/python");
    if installed(&venv, &pins) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv), "needs the package python3-venv")?;
    run(
        Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&pins),
        "needs a Python package registry, or EWSD_TEST_CLIENTS=0",
    )?;
    mark(&venv, &pins)?;
    Ok(python)
}

fn install_node() -> Result<PathBuf, String> {
    let (folder, pins) = (home().join("node"), scripts().join("package-lock.json"));
    if installed(&folder, &pins) {
        return Ok(folder);
    }
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(scripts().join(name), folder.join(name)).map_err(|e| format!("{name}: {e}"))?;
    }
    run(
        Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&folder),
        "needs the packages nodejs and npm and their registry, or EWSD_TEST_CLIENTS=0",
    )?;
    mark(&folder, &pins)?;
    Ok(folder)
}

/// Whether a folder was installed from pins that have not changed since.
fn installed(folder: &Path, pins: &Path) -> bool {
    match (fs::read(folder.join("installed")), fs::read(pins)) {
        (Ok(then), Ok(now)) => then == now,
        _ => false,
    }
}

fn mark(folder: &Path, pins: &Path) -> Result<(), String> {
    fs::copy(pins, folder.join("installed")).map(|_| ()).map_err(|e| e.to_string())
}

fn run(command: &mut Command, hint: &str) -> Result<(), String> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}; {hint}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} failed; {hint}\n{said}{}", String::from_utf8_lossy(&output.stdout)))
}

/// Runs a client's script, shows its lines, and panics with all it said when it failed.
pub fn drive(command: &mut Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    assert!(output.status.success(), "{}\n{said}{}", output.status, String::from_utf8_lossy(&output.stderr));
}
