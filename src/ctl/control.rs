//! The client's side of the master's control socket: one JSON line there, one JSON line back.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ewsd_settings::Settings;
use ewsd_store::Store;
use serde_json::{Value, json};

use super::{Exit, Result};

/// An answer that takes longer comes from a master that is stopped or stuck.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer of the master is larger.
const MOST: u64 = 16 << 20;

/// Why there is no answer.
#[derive(Debug)]
pub enum ControlError {
    /// Nothing listens on the socket: the server does not run.
    NotRunning,
    /// The server may run, but this user may not talk to it. With the reason.
    Denied(String),
    /// The talk broke off. With the reason.
    Broken(String),
    /// The server understood and refused. With its reason.
    Refused(String),
}

/// Where the master of these settings listens.
pub fn socket(settings: &Settings) -> PathBuf {
    Path::new(&settings.server.state_dir).join("run/control.sock")
}

/// Sends one request, such as `{"cmd":"status"}`, and returns the answer.
pub fn ask(settings: &Settings, request: &Value) -> std::result::Result<Value, ControlError> {
    ask_within(settings, request, PATIENCE)
}

/// The same where the master has something to do before it answers, for so long at most.
pub fn ask_within(
    settings: &Settings,
    request: &Value,
    patience: Duration,
) -> std::result::Result<Value, ControlError> {
    use std::io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied};
    let path = socket(settings);
    let broken = |error: std::io::Error| ControlError::Broken(format!("{}: {error}", path.display()));
    let mut stream = UnixStream::connect(&path).map_err(|error| match error.kind() {
        NotFound | ConnectionRefused => ControlError::NotRunning,
        PermissionDenied => ControlError::Denied(format!("{}: {error}", path.display())),
        _ => broken(error),
    })?;
    stream.set_read_timeout(Some(patience)).map_err(broken)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(broken)?;
    stream.write_all(format!("{request}\n").as_bytes()).map_err(broken)?;
    let mut line = String::new();
    BufReader::new(stream.take(MOST)).read_line(&mut line).map_err(broken)?;
    let answer: Value = serde_json::from_str(&line)
        .map_err(|error| ControlError::Broken(format!("{}: the answer is not JSON: {error}", path.display())))?;
    match answer.get("ok").and_then(Value::as_bool) {
        Some(true) => Ok(answer),
        _ => Err(ControlError::Refused(
            text_of(&answer, "error").unwrap_or("the server refused without a reason").to_owned(),
        )),
    }
}

/// As [`ask`], for commands that make no sense without a running server.
pub fn require(settings: &Settings, request: &Value) -> Result<Value> {
    require_within(settings, request, PATIENCE)
}

/// As [`require`], by [`ask_within`].
pub fn require_within(settings: &Settings, request: &Value, patience: Duration) -> Result<Value> {
    if_running(ask_within(settings, request, patience))?.ok_or_else(|| {
        Exit::Unavailable.because(format!(
            "no server runs on {}: start it with `ewsd -c FILE`, or name its configuration with -c FILE",
            socket(settings).display()
        ))
    })
}

/// As [`ask`], for commands that have something to say without a running server, too.
pub fn ask_if_running(settings: &Settings, request: &Value) -> Result<Option<Value>> {
    if_running(ask(settings, request))
}

fn if_running(answer: std::result::Result<Value, ControlError>) -> Result<Option<Value>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ControlError::NotRunning) => Ok(None),
        Err(ControlError::Denied(why)) => Err(Exit::Denied.because(why)),
        Err(ControlError::Broken(why)) => Err(Exit::Temporary.because(why)),
        Err(ControlError::Refused(why)) => Err(Exit::Failed.because(why)),
    }
}

/// As [`ask`], for commands that tell a running server of something and are done as well when none runs.
pub fn tell(settings: &Settings, request: &Value) -> Result {
    match ask(settings, request) {
        Ok(_) | Err(ControlError::NotRunning) => Ok(()),
        Err(ControlError::Denied(why) | ControlError::Broken(why) | ControlError::Refused(why)) => {
            Err(format!("done, but the running server could not be told: {why}").into())
        }
    }
}

/// Tells the running server which mailboxes have changed, so that clients that wait hear of it at once.
pub fn tell_changes(settings: &Settings, store: &mut Store) -> Result {
    for (mailbox, seq) in store.take_changes() {
        tell(settings, &json!({"cmd": "changed", "mailbox": mailbox.0, "seq": seq.0}))?;
    }
    Ok(())
}

/// A text in an answer.
pub fn text_of<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    answer.get(name).and_then(Value::as_str)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixListener;

    use ewsd_settings::Settings;
    use serde_json::json;

    use super::{ControlError, ask, require, socket, tell};

    fn settings(name: &str) -> Settings {
        let dir = std::env::temp_dir().join(format!("ewsctl-{name}-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("run")).unwrap();
        let mut settings = Settings::default();
        settings.server.state_dir = dir.display().to_string();
        settings
    }

    fn serve(settings: &Settings, answer: &'static str) -> std::thread::JoinHandle<String> {
        let listener = UnixListener::bind(socket(settings)).unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            line
        })
    }

    #[test]
    fn one_line_each_way() {
        let settings = settings("line");
        let server = serve(&settings, "{\"ok\":true,\"held\":3}\n");
        assert_eq!(ask(&settings, &json!({"cmd": "status"})).unwrap()["held"], 3);
        assert_eq!(server.join().unwrap(), "{\"cmd\":\"status\"}\n");
    }

    #[test]
    fn refusals_and_nonsense_are_told_apart() {
        for (name, answer, refused) in
            [("no", "{\"ok\":false,\"error\":\"busy: wait\"}\n", true), ("odd", "hello\n", false), ("end", "", false)]
        {
            let settings = settings(name);
            let server = serve(&settings, answer);
            match ask(&settings, &json!({"cmd": "stop"})) {
                Err(ControlError::Refused(why)) => assert!(refused && why == "busy: wait"),
                Err(ControlError::Broken(why)) => assert!(!refused && why.contains("control.sock")),
                other => panic!("{other:?}"),
            }
            server.join().unwrap();
        }
    }

    #[test]
    fn without_a_server_telling_is_fine_and_asking_says_what_to_do() {
        let settings = settings("none");
        tell(&settings, &json!({"cmd": "forget"})).unwrap();
        assert!(require(&settings, &json!({"cmd": "status"})).unwrap_err().text.contains("start it with"));
    }
}
