//! A master under test, and a client.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::calls::{self, Failing};

/// After so long something that must happen did not.
pub const PATIENCE: Duration = Duration::from_secs(20);

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A running master with its scripted workers.
pub struct Server {
    pub child: Child,
    pub dir: PathBuf,
}

impl Server {
    /// Starts one and waits until it serves.
    pub fn start(keys: &[&str]) -> Server {
        Server::start_with(keys, "")
    }

    /// The same with a configuration for the workers.
    pub fn start_with(keys: &[&str], worker_config: &str) -> Server {
        let server = Server::launch(keys, worker_config);
        server.until("it is ready", |status| status.contains("\"ready\":true"));
        server
    }

    /// Starts one and waits until its control socket answers.
    pub fn launch(keys: &[&str], worker_config: &str) -> Server {
        Server::launch_given(keys, worker_config, None, |_| ())
    }

    /// Starts one whose master can be made to fail at a system call, and waits until it serves.
    pub fn failing_at(call: std::ffi::c_long, keys: &[&str]) -> (Server, Failing) {
        let mut failing = None;
        let server = Server::launch_given(keys, "", None, |command| failing = Some(calls::watch(command, &[call])));
        server.until("it is ready", |status| status.contains("\"ready\":true"));
        (server, failing.unwrap())
    }

    /// Starts one as a service manager does that listens for it, and waits until it serves.
    pub fn activated(keys: &[&str], listener: &TcpListener) -> Server {
        let server = Server::launch_given(keys, "", Some(listener.try_clone().unwrap().into()), |_| ());
        server.until("it is ready", |status| status.contains("\"ready\":true"));
        server
    }

    fn launch_given(
        keys: &[&str],
        worker_config: &str,
        socket: Option<OwnedFd>,
        prepare: impl FnOnce(&mut Command),
    ) -> Server {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("ewsd-switchboard-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        fs::write(dir.join("worker.conf"), worker_config).unwrap();
        let program = program();
        let log = fs::File::create(dir.join("log")).unwrap();
        let (limits, keys): (Vec<&str>, Vec<&str>) = keys.iter().partition(|key| key.starts_with("nofile="));
        let limit = limits.first().map_or("true".to_owned(), |key| format!("ulimit -n {}", &key[7..]));
        let mut command = Command::new("sh");
        let given = match socket {
            Some(_) => "exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1",
            None => "true",
        };
        command.arg("-c").arg(format!("{limit}; {given}; exec \"$@\"")).arg("sh").arg(program).arg(&dir).args(keys);
        prepare(&mut command);
        let child = command.stderr(log).stdin(socket.map_or(Stdio::null(), Stdio::from)).spawn().unwrap();
        let mut server = Server { child, dir };
        let started = Instant::now();
        while UnixStream::connect(server.control()).is_err() {
            assert!(server.child.try_wait().unwrap().is_none(), "the master ended: {}", server.log());
            assert!(started.elapsed() < PATIENCE, "no control socket: {}", server.log());
            std::thread::yield_now();
        }
        // Its answer comes from the event loop, which turns after everything else was prepared.
        server.status();
        server
    }

    pub fn control(&self) -> PathBuf {
        self.dir.join("run/control.sock")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// One command, one answer.
    pub fn command(&self, line: &str) -> String {
        let mut stream = UnixStream::connect(self.control()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        answer
    }

    pub fn status(&self) -> String {
        self.command("{\"cmd\":\"status\"}")
    }

    /// Whatever is outstanding has a deadline.
    pub fn assert_deadlines(&self) {
        let answer = self.command("{\"cmd\":\"check\"}");
        assert!(answer.contains("\"without_deadline\":[]"), "{answer}");
    }

    /// A number in the status, wherever it stands.
    pub fn number(&self, name: &str) -> u64 {
        number(&self.status(), name)
    }

    /// Asks until the status is as wanted.
    pub fn until(&self, what: &str, mut wanted: impl FnMut(&str) -> bool) -> String {
        let started = Instant::now();
        loop {
            let status = self.status();
            if wanted(&status) {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "never: {what}\n{status}\n{}", self.log());
            std::thread::yield_now();
        }
    }

    /// Waits until a number in the status is `n`.
    pub fn until_number(&self, name: &str, n: u64) {
        self.until(&format!("{name} = {n}"), |status| number(status, name) == n);
    }

    /// Where a kind of listener is; the first of its kind.
    pub fn address(&self, kind: &str) -> String {
        let text = fs::read_to_string(self.dir.join("run/addresses.json")).unwrap();
        let rest = text.split(&format!("\"{kind}\":[\"")).nth(1).expect("no such listener");
        rest.split('"').next().unwrap().to_owned()
    }

    /// Whether the master has a socket that listens on this TCP port of 127.0.0.1.
    pub fn listens_on(&self, address: &str) -> bool {
        const LISTEN: &str = "0A";
        let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let inodes: Vec<String> = table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|fields| fields[1].ends_with(&format!(":{port:04X}")) && fields[3] == LISTEN)
            .map(|fields| format!("socket:[{}]", fields[9]))
            .collect();
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap();
        let links = descriptors.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        links.into_iter().any(|link| inodes.iter().any(|inode| link.as_os_str() == inode.as_str()))
    }

    pub fn connect(&self) -> Client {
        Client::connect(&self.address("http"))
    }

    pub fn lmtp(&self) -> Client {
        Client::connect(&self.address("lmtp"))
    }

    /// A request on a connection of its own.
    pub fn get(&self, path: &str) -> Reply {
        self.connect().get(path)
    }

    /// Pids of the workers of a role.
    pub fn pids(&self, role: &str) -> Vec<i32> {
        let status = self.status();
        let workers = status.split("\"role\":").skip(1);
        // Places that cannot be filled are named there as well.
        let filled =
            |w: &&str| w.starts_with(&format!("\"{role}\"")) && w.split('}').next().unwrap().contains("\"pid\":");
        workers.filter(filled).map(|w| number(w, "pid") as i32).collect()
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// Stops it and checks that it ended well and left nothing behind.
    pub fn stop(mut self) {
        self.assert_deadlines();
        self.signal(Signal::SIGTERM);
        assert!(self.exits(), "ended badly: {}", self.log());
    }

    /// Waits for its end; whether it was a good one.
    pub fn exits(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// The first number of that name in a JSON text.
pub fn number(text: &str, name: &str) -> u64 {
    let rest = text.split(&format!("\"{name}\":")).nth(1).unwrap_or_else(|| panic!("no {name} in {text}"));
    rest.chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap_or_else(|_| panic!("{name}: {rest}"))
}

fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let built = own.parent().and_then(Path::parent).unwrap().join("examples/switchboard");
    assert!(built.exists(), "{} is missing: cargo test builds it", built.display());
    built
}

/// One connection.
pub struct Client {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

/// A reply.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        let prefix = format!("{}:", name.to_ascii_lowercase());
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&prefix));
        line.map_or("", |line| line[prefix.len()..].trim())
    }
}

impl Client {
    pub fn connect(address: &str) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, buffer: Vec::new() }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Sends a request without reading the reply.
    pub fn ask(&mut self, path: &str) -> &mut Self {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"))
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.ask(path).reply()
    }

    /// A POST with a body.
    pub fn post(&mut self, path: &str, body: &[u8]) -> Reply {
        self.send(format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len()))
            .send(body)
            .reply()
    }

    fn more(&mut self) -> bool {
        let mut chunk = [0; 65536];
        let n = self.stream.read(&mut chunk).expect("nothing came in time");
        self.buffer.extend_from_slice(&chunk[..n]);
        n > 0
    }

    /// Reads up to and with a text.
    pub fn until(&mut self, end: &str) -> String {
        // Where it may begin: what was looked through once is not again.
        let mut from = 0;
        loop {
            if let Some(at) = find(&self.buffer[from..], end.as_bytes()).map(|at| from + at) {
                let rest = self.buffer.split_off(at + end.len());
                return String::from_utf8(std::mem::replace(&mut self.buffer, rest)).unwrap();
            }
            from = self.buffer.len().saturating_sub(end.len() - 1);
            assert!(self.more(), "closed before {end:?}; got {:?}", String::from_utf8_lossy(&self.buffer));
        }
    }

    /// Reads `n` bytes.
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        while self.buffer.len() < n {
            assert!(self.more(), "closed after {} of {n} bytes", self.buffer.len());
        }
        let rest = self.buffer.split_off(n);
        std::mem::replace(&mut self.buffer, rest)
    }

    /// Reads one reply; interim ones are passed over.
    pub fn reply(&mut self) -> Reply {
        loop {
            let head = self.until("\r\n\r\n");
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            if status == 100 {
                continue;
            }
            let mut reply = Reply { status, head, body: Vec::new() };
            reply.body = self.bytes(reply.header("content-length").parse().unwrap_or(0));
            return reply;
        }
    }

    /// Sends a request to a server that may not take it, and reads the reply; none if the connection ends without one.
    pub fn tries(&mut self, request: &[u8]) -> Option<Reply> {
        // What was answered before it was read whole can be read all the same.
        let _ = self.stream.write_all(request);
        self.reply_or_end()
    }

    /// Reads one reply; none if the connection ends without one.
    pub fn reply_or_end(&mut self) -> Option<Reply> {
        let mut chunk = [0; 65536];
        while find(&self.buffer, b"\r\n\r\n").is_none() {
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(n) => self.buffer.extend_from_slice(&chunk[..n]),
                Err(error) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "nothing came in time");
                    return None;
                }
            }
        }
        Some(self.reply())
    }

    /// Whether the server closed the connection, after at most some more bytes.
    pub fn closed(&mut self) -> bool {
        let mut chunk = [0; 4096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        }
    }
}

/// Where `needle` stands in `hay`.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}
