//! A demo server for the length of a measurement.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::{During, Error, Result};
use crate::target::Server;

/// Time for accounts to be made, each with an argon2 hash.
const READY: Duration = Duration::from_secs(600);
const STOPPED: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Demo {
    folder: PathBuf,
    ewsctl: PathBuf,
    child: Child,
}

impl Demo {
    pub fn start(server: &Server, accounts: usize, settings: &[(&str, String)]) -> Result<Demo> {
        let ewsctl = match &server.ewsctl {
            Some(path) => path.clone(),
            None => std::env::current_exe()?.with_file_name("ewsctl"),
        };
        // The server's workers run as another user, who must be able to enter.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ewsload-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).during(folder.display())?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).during(folder.display())?;
        let log = fs::File::create(folder.with_extension("log"))?;
        let mut command = Command::new(&ewsctl);
        command.arg("demo").arg("--dir").arg(&folder).args(["--no-samples", "--accounts", &accounts.to_string()]);
        for listener in ["--http", "--lmtp", "--admin"] {
            command.args([listener, "127.0.0.1:0"]);
        }
        if server.workers > 0 {
            command.args(["--workers", &server.workers.to_string()]);
        }
        let settings = settings.iter().map(|(key, value)| format!("{key}={value}"));
        for assignment in settings.chain(server.set.iter().cloned()) {
            command.arg("--set").arg(assignment);
        }
        // The pipe is closed with this process, however it ends, and then the demo ends too.
        command.arg("--until-eof").stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().during(format_args!("{} (--ready measures a running server)", ewsctl.display()))?;
        let mut demo = Demo { folder, ewsctl, child };
        demo.wait()?;
        Ok(demo)
    }

    pub fn ready(&self) -> PathBuf {
        self.folder.join("ready.json")
    }

    /// The settings with which another server works on this one's private database.
    pub fn shared(&self) -> [(&'static str, String); 2] {
        let state = self.folder.join("state");
        let database = format!("host={} user=ewsd dbname=ewsd", state.join("pg-run").display());
        [("database.url", database), ("auth.key_file", state.join("secrets.key").display().to_string())]
    }

    pub fn log(&self) -> Result<Vec<u8>> {
        let file = self.folder.with_extension("log");
        fs::read(&file).during(file.display())
    }

    /// What an administrator is answered.
    pub fn ewsctl(&self, arguments: &[&str]) -> Result<String> {
        let text = fs::read_to_string(self.ready())?;
        let ready: serde_json::Value = serde_json::from_str(&text).during("ready.json")?;
        let config = ready.get("config").and_then(serde_json::Value::as_str).unwrap_or_default();
        let Output { status, stdout, stderr } =
            Command::new(&self.ewsctl).arg("-c").arg(config).args(arguments).output()?;
        if status.success() {
            return Ok(String::from_utf8_lossy(&stdout).into_owned());
        }
        Err(Error::new(format!("ewsctl {}: {}", arguments.join(" "), String::from_utf8_lossy(&stderr).trim())))
    }

    fn wait(&mut self) -> Result {
        let end = Instant::now() + READY;
        while !self.ready().is_file() {
            if let Some(status) = self.child.try_wait()? {
                return Err(Error::new(format!(
                    "the demo ended with {status}: see {}",
                    self.folder.with_extension("log").display()
                )));
            }
            if Instant::now() > end {
                return Err(Error::new(format!("the demo is not ready after {READY:?}")));
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        Ok(())
    }

    fn stop(&mut self) -> Result {
        let pid = i32::try_from(self.child.id()).during("pid")?;
        kill(Pid::from_raw(pid), Signal::SIGTERM).during("SIGTERM")?;
        let end = Instant::now() + STOPPED;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > end {
                return Err(Error::new(format!("the demo (pid {pid}) does not end")));
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        fs::remove_dir_all(&self.folder)?;
        fs::remove_file(self.folder.with_extension("log"))?;
        Ok(())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("ewsload: {error}");
        }
    }
}
