//! What is written down of one account's requests while `ewsctl trace` wants it.
//!
//! There is a file for each account that is traced, `trace/<mailbox>` below `server.state_dir`, which `ewsctl` makes and takes
//! away. Its first line says for how long, how much, and whether bodies are wanted; whatever worker has a request of that
//! account writes two lines behind it, one before the request is run and one with the answer: a request over which a worker dies
//! is there too. Secrets are left out. Where nobody is traced, a request costs one look at when the folder was changed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use ewsd_mailbox::clock;
use ewsd_mailbox::log::note;
use ewsd_model::id::MailboxNo;
use nix::libc;
use serde_json::{Value, json};

/// Octets of the first line, so that it can be written anew in place.
pub const ORDER_BYTES: usize = 128;
/// Octets of a body that are written down.
const BODY_MOST: usize = 1 << 20;
/// Fields whose values let somebody in. Of these the scheme stays.
const SECRET: &[&str] =
    &["authorization", "proxy-authorization", "authentication-info", "www-authenticate", "cookie", "set-cookie"];

/// The folder of all traces.
pub fn folder(state_dir: &str) -> PathBuf {
    Path::new(state_dir).join("trace")
}

/// The file of an account's trace.
pub fn file(state_dir: &str, mailbox: MailboxNo) -> PathBuf {
    folder(state_dir).join(mailbox.0.to_string())
}

/// What is wanted: the first line of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Nothing is written later, in seconds since 1970: who asked may have been killed.
    pub until: u64,
    /// Nothing more is written once the file has so many octets.
    pub most: u64,
    /// Bodies as well.
    pub bodies: bool,
}

impl Order {
    /// The line, always [`ORDER_BYTES`] octets with its end.
    pub fn to_line(self) -> String {
        let Order { until, most, bodies } = self;
        let text = json!({"until": until, "most": most, "bodies": bodies}).to_string();
        format!("{text:<width$}\n", width = ORDER_BYTES - 1)
    }

    /// What a file's first line says; none if it says something else.
    pub fn read(file: &File) -> Option<Order> {
        let mut line = [0; ORDER_BYTES];
        file.read_exact_at(&mut line, 0).ok()?;
        let value: Value = serde_json::from_slice(&line).ok()?;
        let number = |name: &str| value.get(name).and_then(Value::as_u64);
        Some(Order { until: number("until")?, most: number("most")?, bodies: value.get("bodies")?.as_bool()? })
    }
}

/// Whether anybody is traced: asked of the folder's names only when it was changed.
#[derive(Default)]
pub struct Watch {
    folder: Option<File>,
    /// The time of the folder's last change (ctime, which its own renaming changes too), and whether there was a file then.
    seen: Option<((i64, i64), bool)>,
}

impl Watch {
    /// False only where nobody is. `now`: seconds since 1970.
    pub fn is_anybody(&mut self, state_dir: &str, now: u64) -> bool {
        let changed = self.folder.as_ref().and_then(|folder| changed(folder).ok());
        match self.seen {
            Some((seen, anybody)) if changed == Some(seen) => anybody,
            // What cannot be looked at is left to who opens the file.
            _ => self.look(state_dir, now).unwrap_or(true),
        }
    }

    fn look(&mut self, state_dir: &str, now: u64) -> io::Result<bool> {
        (self.folder, self.seen) = (None, None);
        let path = folder(state_dir);
        let folder = File::open(&path)?;
        let changed = changed(&folder)?;
        let anybody = fs::read_dir(&path)?.next().is_some();
        // What comes within the same tick of the clock as the last change would not be told from it.
        if anybody || u64::try_from(changed.0).is_ok_and(|at| at.saturating_add(1) < now) {
            self.seen = Some((changed, anybody));
        }
        self.folder = Some(folder);
        Ok(anybody)
    }
}

/// Seconds and nanoseconds.
fn changed(folder: &File) -> io::Result<(i64, i64)> {
    let metadata = folder.metadata()?;
    Ok((metadata.ctime(), metadata.ctime_nsec()))
}

/// A request that is being written down.
pub struct Trace {
    file: File,
    id: String,
    bodies: bool,
}

/// How a request ended.
pub struct Outcome<'a> {
    /// Status line and fields.
    pub head: &'a [u8],
    /// As it is before it is compressed; none: it is in a file, or still to come.
    pub body: Option<&'a [u8]>,
    /// Octets of it; none: the call is held, and the master will answer.
    pub octets: Option<u64>,
    pub operation: &'a str,
    pub code: &'a str,
}

impl Trace {
    /// Where `mailbox` is traced.
    pub fn of(state_dir: &str, mailbox: MailboxNo, id: &str) -> Option<Trace> {
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let file =
            OpenOptions::new().read(true).append(true).custom_flags(flags).open(file(state_dir, mailbox)).ok()?;
        let order = Order::read(&file)?;
        let metadata = file.metadata().ok()?;
        let wanted = metadata.is_file() && metadata.len() < order.most && order.until >= clock::unix();
        wanted.then(|| Trace { file, id: id.to_owned(), bodies: order.bodies })
    }

    /// The request as it came.
    pub fn request(&self, login: &str, address: &str, head: &[u8], body: &[u8]) {
        let mut line = json!({
            "at": clock::now().to_string(), "id": self.id, "login": login, "address": address,
            "request": shown(head), "octets": body.len(),
        });
        self.add_body(&mut line, Some(body));
        self.write(&line);
    }

    /// Its end.
    pub fn answer(self, outcome: &Outcome<'_>) {
        let &Outcome { head, body, octets, operation, code } = outcome;
        let mut line = json!({
            "at": clock::now().to_string(), "id": self.id, "operation": operation, "code": code,
            "answer": shown(head), "octets": octets, "held": octets.is_none(),
        });
        self.add_body(&mut line, body);
        self.write(&line);
    }

    fn add_body(&self, line: &mut Value, body: Option<&[u8]>) {
        let (true, Some(body), Some(members)) = (self.bodies, body, line.as_object_mut()) else { return };
        let text = String::from_utf8_lossy(body.get(..BODY_MOST).unwrap_or(body));
        members.insert("body".to_owned(), text.into());
        members.insert("cut".to_owned(), (body.len() > BODY_MOST).into());
    }

    /// One write: lines of several workers do not mix.
    fn write(&self, line: &Value) {
        let written: io::Result<()> = (&self.file).write_all(format!("{line}\n").as_bytes());
        if let Err(error) = written {
            note!(Warn, "a trace could not be written: {error}");
        }
    }
}

/// A head without what lets somebody in.
fn shown(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    let lines = text.split("\r\n").filter(|line| !line.is_empty()).map(|line| match line.split_once(':') {
        Some((name, value)) if SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret)) => {
            let mut words = value.split_whitespace();
            match (words.next(), words.next()) {
                (Some(scheme), Some(_)) => format!("{name}: {scheme} (left out)"),
                // A scheme alone is an offer; in another field one word may be all of the secret.
                (Some(offer), None) if name.eq_ignore_ascii_case("www-authenticate") => format!("{name}: {offer}"),
                _ => format!("{name}: (left out)"),
            }
        }
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::fs;

    use super::*;

    const ACCOUNT: MailboxNo = MailboxNo(7);

    fn state(name: &str) -> String {
        let folder = std::env::temp_dir().join(format!("ewsd-trace-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("trace")).unwrap();
        folder.to_str().unwrap().to_owned()
    }

    fn order(state: &str, order: Order) -> PathBuf {
        let path = file(state, ACCOUNT);
        fs::write(&path, order.to_line()).unwrap();
        path
    }

    fn lines(path: &Path) -> Vec<Value> {
        fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn outcome<'a>(body: Option<&'a [u8]>, octets: Option<u64>) -> Outcome<'a> {
        let head = b"HTTP/1.1 200 OK\r\nWWW-Authenticate: Negotiate oRQwEqADCgEA\r\n\r\n";
        Outcome { head, body, octets, operation: "GetFolder", code: "NoError" }
    }

    #[test]
    fn an_order_comes_back_and_is_always_as_long() {
        for (n, bodies) in [(0, true), (u64::MAX, false), (1_764_416_400, true)] {
            let wanted = Order { until: n, most: n, bodies };
            assert_eq!(wanted.to_line().len(), ORDER_BYTES);
            let path = order(&state("order"), wanted);
            assert_eq!(Order::read(&File::open(path).unwrap()), Some(wanted));
        }
    }

    #[test]
    fn nothing_is_written_unless_wanted() {
        let state = state("unwanted");
        assert!(Trace::of(&state, ACCOUNT, "id").is_none());
        let wanted = Order { until: u64::MAX, most: 1 << 20, bodies: false };
        order(&state, wanted);
        assert!(Trace::of(&state, ACCOUNT, "id").is_some() && Trace::of(&state, MailboxNo(8), "id").is_none());
        order(&state, Order { until: 1, ..wanted });
        assert!(Trace::of(&state, ACCOUNT, "id").is_none(), "it is over");
        order(&state, Order { most: 1, ..wanted });
        assert!(Trace::of(&state, ACCOUNT, "id").is_none(), "it is full");
        fs::write(file(&state, ACCOUNT), "something else").unwrap();
        assert!(Trace::of(&state, ACCOUNT, "id").is_none());
    }

    #[test]
    fn a_trace_that_begins_is_seen_by_the_next_request() {
        let (state, mut watch) = (state("watch"), Watch::default());
        let wanted = Order { until: u64::MAX, most: 1, bodies: false };
        let time = |watch: &Watch| watch.seen.map(|(time, _)| time);
        // The folder is new: that nothing is in it yet is not relied on.
        assert!(!watch.is_anybody(&state, clock::unix()) && watch.seen.is_none());
        assert!(!watch.is_anybody(&state, u64::MAX) && watch.seen.is_some());
        let before = time(&watch);
        // So long that the clock of the file system has gone on.
        loop {
            let path = order(&state, wanted);
            if Some(changed(watch.folder.as_ref().unwrap()).unwrap()) != before {
                break;
            }
            fs::remove_file(path).unwrap();
        }
        assert!(watch.is_anybody(&state, u64::MAX) && watch.is_anybody(&state, u64::MAX));
    }

    #[test]
    fn a_trace_in_another_folder_of_that_name_is_seen_too() {
        let (state, mut watch) = (state("other"), Watch::default());
        let (folder, aside) = (folder(&state), Path::new(&state).join("aside"));
        assert!(!watch.is_anybody(&state, u64::MAX));
        let before = changed(watch.folder.as_ref().unwrap()).unwrap();
        for turn in 0.. {
            assert!(turn < 100_000, "renaming shows");
            fs::rename(&folder, &aside).unwrap();
            if changed(watch.folder.as_ref().unwrap()).unwrap() != before {
                break;
            }
            fs::rename(&aside, &folder).unwrap();
        }
        assert!(watch.is_anybody(&state, u64::MAX), "there is none to look at: who opens the file will see");
        fs::create_dir(&folder).unwrap();
        order(&state, Order { until: u64::MAX, most: 1, bodies: false });
        assert!(watch.is_anybody(&state, u64::MAX));
    }

    #[test]
    fn no_secret_and_no_body_is_written() {
        let state = state("secrets");
        let path = order(&state, Order { until: u64::MAX, most: 1 << 20, bodies: false });
        let head = b"POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: here\r\nAUTHORIZATION: Basic c2VjcmV0\r\nCookie: c2VjcmV0\r\n\r\n";
        let trace = Trace::of(&state, ACCOUNT, "id-1").unwrap();
        trace.request("anna", "192.0.2.7", head, b"<secret/>");
        trace.answer(&outcome(Some(b"<secret/>"), Some(9)));
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("secret") && !text.contains("c2Vj") && !text.contains("oRQ"), "{text}");
        let lines = lines(&path);
        let request =
            "POST /EWS/Exchange.asmx HTTP/1.1\nHost: here\nAUTHORIZATION: Basic (left out)\nCookie: (left out)";
        assert_eq!((&lines[1]["request"], &lines[1]["octets"]), (&json!(request), &json!(9)));
        assert_eq!(
            (&lines[2]["id"], &lines[2]["code"], &lines[2]["held"]),
            (&json!("id-1"), &json!("NoError"), &json!(false))
        );
    }

    #[test]
    fn bodies_are_cut_where_they_are_wanted() {
        let state = state("bodies");
        let path = order(&state, Order { until: u64::MAX, most: 1 << 30, bodies: true });
        let trace = Trace::of(&state, ACCOUNT, "id").unwrap();
        trace.request("anna", "local", b"GET / HTTP/1.1\r\n\r\n", &vec![b'x'; BODY_MOST + 1]);
        trace.answer(&outcome(None, None));
        let lines = lines(&path);
        assert_eq!((lines[1]["body"].as_str().unwrap().len(), &lines[1]["cut"]), (BODY_MOST, &json!(true)));
        assert_eq!((&lines[2]["held"], lines[2].get("body")), (&json!(true), None));
    }
}
