//! A scripted worker: what it does is in the path of the request. Its journal is one small file per mailbox.
//!
//! | path | does |
//! |---|---|
//! | `/echo` | answers with the body, and with what it knows of the connection in header fields |
//! | `/context?set=X` | the same, and changes the connection's context |
//! | `/close` | answers and closes |
//! | any, with `Authorization: Basic N` | says first that mailbox N is its owner's, if the master did not know |
//! | `/wait?fifo=PATH` | answers when somebody opens the FIFO for writing |
//! | `/big?n=N` | writes what fits and drains the rest; `/drain?n=N` drains all |
//! | `/change?mailbox=M&seq=S&tell=yes` | commits a change, and tells the master if asked to |
//! | `/hold?mailbox=M&seen=S&deadline=MS...` | waits; `stream=yes` (`fat=yes`; ends at 1000000; without a stream `big=yes`: 20 MB), `heartbeat=MS` (`beat=TEXT`: a ready-made one), `end=yes` (closed at the deadline), `late=SEQ` (a change between look and hold), `odd=yes` (cannot be looked at again) |
//! | `/away?is=yes` | from now on changes cannot be looked at (`Later`); `is=no`: they can again |
//! | `/die` | dies holding the request; `/die-rendering` makes renders of that mailbox deadly |
//! | `/bad?what=W` | breaks a rule of the protocol |
//! | `/upload?limit=N`, `/discard?limit=N` | what to do with a large body |

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ewsd_http::head::{Head, parse_head};
use ewsd_http::reply;
use ewsd_ipc::message::{Complaint, Hashing, Share};
use ewsd_ipc::seqpacket::{self, Wait};
use ewsd_ipc::{
    AfterReply, Body, ConnRecord, Count, Fault, HeldCall, HeldOutcome, HoldUpdate, Job, LmtpExpect, LmtpInput, Piece,
    RenderReason, Reply, Word, WorkerEnd, memfd,
};
use nix::sys::signal::{SigSet, Signal, kill};

/// Accounts with such numbers are bound by no share.
const EXEMPT_FROM: u64 = 1_000;

struct Worker {
    end: WorkerEnd,
    dir: PathBuf,
    retire_after: u64,
    mute: bool,
    /// Told in every answer.
    word: String,
}

/// What the handed configuration says under a name.
fn setting(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

pub fn main(words: &[String]) -> Result<(), Fault> {
    match run(words) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(Fault::hopeless(error.to_string())),
        Err(error) => Err(error.to_string().into()),
    }
}

fn run(words: &[String]) -> io::Result<()> {
    let after = |name: &str| words.iter().skip_while(|word| *word != name).nth(1).cloned().unwrap_or_default();
    let settings = String::from_utf8_lossy(&ewsd_ipc::worker_end::settings()?).into_owned();
    let role = after("--role");
    let dir = setting(&settings, "dir").map(PathBuf::from).unwrap_or_default();
    let end = WorkerEnd::inherit(after("--number").parse().unwrap_or(0))?;
    if setting(&settings, "dies").is_some_and(|dies| dies == role) {
        let why = "told to die at start";
        end.send(&Reply::Complaint { text: Complaint(why.into()) }, &[])?;
        return Err(match setting(&settings, "hopeless") {
            Some(_) => io::Error::new(io::ErrorKind::InvalidInput, why),
            None => io::Error::other(why),
        });
    }
    if role == "request" && setting(&settings, "says_nothing").is_some() {
        kill(nix::unistd::getpid(), Signal::SIGSTOP)?;
    }
    let lingers = setting(&settings, "lingers").and_then(|seconds| seconds.parse().ok()).filter(|_| role == "database");
    let waits = setting(&settings, "waits").is_some_and(|waits| waits == role);
    let told = SigSet::from(Signal::SIGTERM);
    if lingers.is_some() || waits {
        told.thread_block()?;
    }
    if waits {
        kill(nix::unistd::getpid(), Signal::SIGSTOP)?;
    }
    end.send(&Reply::Ready {}, &[])?;
    if role != "request" {
        let within_ms = setting(&settings, "step").and_then(|ms| ms.parse().ok()).unwrap_or(3_600_000);
        end.send(&Reply::Step { within_ms }, &[])?;
    }
    if let Some(seconds) = lingers {
        told.wait()?;
        std::thread::sleep(Duration::from_secs(seconds));
        return Ok(());
    }
    if role == "herald" {
        return herald(&end, &dir, &settings);
    }
    if role == "database" && setting(&settings, "database").is_some_and(|database| database == "external") {
        return Ok(());
    }
    let retire_after = setting(&settings, "retire_after").and_then(|n| n.parse().ok()).unwrap_or(u64::MAX);
    let mute = setting(&settings, "mute").is_some();
    let word = setting(&settings, "word").unwrap_or_default();
    let worker = Worker { end, dir, retire_after, mute, word };
    let mut served = 0;
    while let Some((job, fds)) = worker.end.next_job()? {
        served += 1;
        if served == worker.retire_after {
            worker.end.send(&Reply::Retiring {}, &[])?;
        }
        worker.work(job, fds)?;
        if served == worker.retire_after {
            return Ok(());
        }
    }
    Ok(())
}

/// Says that there are as many other nodes as it was told to (`others`), and writes what they are to be told into the file `told`.
fn herald(end: &WorkerEnd, dir: &Path, settings: &str) -> io::Result<()> {
    if let Some(others) = setting(settings, "others").and_then(|n| n.parse().ok()) {
        end.send(&Reply::Nodes { others }, &[])?;
    }
    let mut buffer = vec![0; ewsd_ipc::MAX_MESSAGE];
    loop {
        let mut fds = Vec::new();
        let n = seqpacket::receive(end.jobs(), &mut buffer, &mut fds, Wait::Yes)?;
        if n == 0 {
            return Ok(());
        }
        if let Word::Changed { changes } = Word::decode(buffer.get(..n).unwrap_or_default(), fds.len())? {
            let mut told = File::options().append(true).create(true).open(dir.join("told"))?;
            let lines: String = changes.0.iter().map(|(mailbox, seq)| format!("{mailbox} {seq}\n")).collect();
            told.write_all(lines.as_bytes())?;
        }
    }
}

/// One value of a query.
fn query<'q>(head: &Head<'q>, name: &str) -> Option<&'q str> {
    head.query()?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn number(head: &Head<'_>, name: &str) -> u64 {
    query(head, name).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Writes as much as fits; the number of bytes.
fn write_some(socket: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
    let mut stream = UnixStream::from(socket.try_clone()?);
    let mut at = 0;
    while at < bytes.len() {
        match stream.write(bytes.get(at..).unwrap_or_default()) {
            Ok(n) => at += n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            // The client left; whoever reads the socket next sees that.
            Err(_) => return Ok(bytes.len()),
        }
    }
    Ok(at)
}

impl Worker {
    fn work(&self, job: Job, fds: Vec<OwnedFd>) -> io::Result<()> {
        match job {
            Job::Http { job, conn, head, body: Body::Inline(body) }
                if head.starts_with(b"GET /bad?what=strange")
                    || conn.hashes == Hashing::No && head.starts_with(b"GET /strange") =>
            {
                let socket = fds.first().ok_or(io::ErrorKind::NotFound)?;
                self.end.send(&Reply::MustHash { job, conn, known: false, head, body }, &[socket.as_fd()])
            }
            Job::Http { job, conn, head, body } => {
                let head = parse_head(&head).map_err(io::Error::other)?;
                let body = match body {
                    Body::Inline(bytes) => bytes,
                    Body::Memfd(length) => memfd::read(fds.get(1).ok_or(io::ErrorKind::NotFound)?, length)?,
                };
                let socket = fds.into_iter().next().ok_or(io::ErrorKind::NotFound)?;
                self.http(job, conn, &head, &body, socket)
            }
            Job::Admit { job, conn, head, declared } => {
                let head = parse_head(&head).map_err(io::Error::other)?;
                let socket = fds.into_iter().next().ok_or(io::ErrorKind::NotFound)?;
                self.admit(job, conn, &head, declared, &socket)
            }
            Job::Lmtp { job, conn, input } => {
                let data = match (&input, fds.get(1)) {
                    (LmtpInput::Data(Body::Memfd(length)), Some(fd)) => memfd::read(fd, *length)?,
                    _ => Vec::new(),
                };
                let socket = fds.into_iter().next().ok_or(io::ErrorKind::NotFound)?;
                self.lmtp(job, conn, input, &data, &socket)
            }
            Job::Render { job, batch } => batch.0.into_iter().try_for_each(|call| self.render(job, call)),
            Job::Probe { job } => self.end.send(&Reply::Probed { job, good: !self.away().exists() }, &[]),
            Job::Sweep { job, known } => {
                let moved =
                    |(mailbox, seq): (u64, u64)| Some((mailbox, self.journal(mailbox))).filter(|(_, now)| *now > seq);
                let changes: Vec<(u64, u64)> = known.0.into_iter().filter_map(moved).collect();
                if !changes.is_empty() {
                    self.end.send(&Reply::Changed { changes: changes.into() }, &[])?;
                }
                self.end.send(&Reply::Swept { job }, &[])
            }
        }
    }

    fn http(&self, job: u64, mut conn: ConnRecord, head: &Head<'_>, body: &[u8], socket: OwnedFd) -> io::Result<()> {
        self.end.send(&Reply::Tally { what: Count::Operations, n: 1 }, &[])?;
        let mailbox = head.header_str("authorization").and_then(|value| value.strip_prefix("Basic ")?.parse().ok());
        if let Some(mailbox) = mailbox.filter(|mailbox| *mailbox != conn.mailbox) {
            self.end.send(&Reply::Whose { job, mailbox, exempt: mailbox >= EXEMPT_FROM }, &[])?;
        }
        match head.path() {
            "/die" => {
                kill(nix::unistd::getpid(), Signal::SIGKILL)?;
                return Ok(());
            }
            "/bad" => return self.misbehave(job, conn, query(head, "what").unwrap_or_default(), &socket),
            "/wait" | "/strange" => {
                let _opened = File::open(query(head, "fifo").unwrap_or_default())?;
            }
            "/change" => {
                let (mailbox, seq) = (number(head, "mailbox"), number(head, "seq"));
                fs::write(self.dir.join(format!("journal-{mailbox}")), seq.to_string())?;
                if query(head, "tell").is_some() {
                    self.end.send(&Reply::Changed { changes: vec![(mailbox, seq)].into() }, &[])?;
                }
            }
            "/away" if query(head, "is") == Some("yes") => fs::write(self.away(), "")?,
            "/away" => fs::remove_file(self.away())?,
            "/die-rendering" => fs::write(self.dir.join(format!("deadly-{}", number(head, "mailbox"))), "")?,
            "/hold" => return self.hold(job, conn, head, &socket),
            "/big" | "/drain" => return self.big(job, conn, head, &socket),
            "/context" => conn.context = query(head, "set").unwrap_or_default().as_bytes().to_vec(),
            _ => {}
        }
        let close = head.path() == "/close" || !head.keep_alive;
        let reply = self.describe(job, &conn).connection(!close, head.version_minor).with_body(body);
        let written = write_some(&socket, &reply)?;
        if written < reply.len() {
            let rest = memfd::of(c"reply", &reply)?;
            let then = if close { AfterReply::Close } else { AfterReply::Keep };
            let message = Reply::Drain { job, conn, then, offset: written as u64, length: reply.len() as u64 };
            return self.end.send(&message, &[socket.as_fd(), rest.as_fd()]);
        }
        if close {
            drop(socket);
            return self.end.send(&Reply::Closed { job }, &[]);
        }
        self.end.send(&Reply::Idle { job, conn }, &[socket.as_fd()])
    }

    fn describe(&self, job: u64, conn: &ConnRecord) -> reply::Head {
        reply::Head::new(200)
            .header("X-Pid", &std::process::id().to_string())
            .header("X-Job", &job.to_string())
            .header("X-Conn", &conn.conn.to_string())
            .header("X-Peer", &conn.peer.to_string())
            .header("X-Served", &conn.served.to_string())
            .header("X-Hashes", &(conn.hashes != Hashing::No).to_string())
            .header("X-Mailbox", &conn.mailbox.to_string())
            .header("X-Listener", &conn.listener.to_string())
            .header("X-Context", &String::from_utf8_lossy(&conn.context))
            .header("X-Word", &self.word)
            .header("X-Epoch", &self.end.shared().accounts_epoch().to_string())
    }

    fn big(&self, job: u64, conn: ConnRecord, head: &Head<'_>, socket: &OwnedFd) -> io::Result<()> {
        let body: Vec<u8> = (0..number(head, "n")).map(|i| b'a' + (i % 23) as u8).collect();
        let reply = self.describe(job, &conn).with_body(&body);
        let offset = if head.path() == "/big" { write_some(socket, &reply)? as u64 } else { 0 };
        let rest = memfd::of(c"reply", &reply)?;
        let message = Reply::Drain { job, conn, then: AfterReply::Keep, offset, length: reply.len() as u64 };
        self.end.send(&message, &[socket.as_fd(), rest.as_fd()])
    }

    fn admit(
        &self,
        job: u64,
        conn: ConnRecord,
        head: &Head<'_>,
        declared: Option<u64>,
        socket: &OwnedFd,
    ) -> io::Result<()> {
        let limit = number(head, "limit");
        let message = match head.path() {
            "/upload" => Reply::Collect { job, conn, limit },
            "/die" => {
                kill(nix::unistd::getpid(), Signal::SIGKILL)?;
                return Ok(());
            }
            _ => {
                let said = declared.map_or("chunked".to_owned(), |n| n.to_string());
                let reply = reply::Head::new(401).header("X-Declared", &said).with_body(b"no");
                Reply::Discard { job, conn, limit, then: AfterReply::Keep, reply }
            }
        };
        self.end.send(&message, &[socket.as_fd()])
    }

    fn lmtp(&self, job: u64, mut conn: ConnRecord, input: LmtpInput, data: &[u8], socket: &OwnedFd) -> io::Result<()> {
        let mut expect = LmtpExpect::Lines;
        let answer = match input {
            LmtpInput::Greeting => "220 scripted\r\n".to_owned(),
            LmtpInput::TooBig => "552 too big\r\n".to_owned(),
            LmtpInput::LongLine => "500 line too long\r\n".to_owned(),
            LmtpInput::Data(Body::Inline(_)) => "451 inline\r\n".to_owned(),
            LmtpInput::Data(Body::Memfd(n)) => format!("250 {n} {}\r\n", String::from_utf8_lossy(data).escape_debug()),
            LmtpInput::Lines(lines) => {
                let text = String::from_utf8_lossy(&lines).into_owned();
                let lines: Vec<&str> = text.lines().collect();
                conn.context = format!("{} lines", lines.len()).into_bytes();
                if lines.last().is_some_and(|line| line.eq_ignore_ascii_case("DATA")) {
                    expect = LmtpExpect::Data { limit: 1000 };
                }
                if lines.last().is_some_and(|line| line.eq_ignore_ascii_case("QUIT")) {
                    write_some(socket, b"221 bye\r\n")?;
                    return self.end.send(&Reply::Closed { job }, &[]);
                }
                lines.iter().map(|line| format!("250 {line}\r\n")).collect()
            }
        };
        write_some(socket, answer.as_bytes())?;
        self.end.send(&Reply::LmtpNext { job, conn, expect }, &[socket.as_fd()])
    }

    fn away(&self) -> PathBuf {
        self.dir.join("away")
    }

    fn journal(&self, mailbox: u64) -> u64 {
        fs::read_to_string(self.dir.join(format!("journal-{mailbox}"))).ok().and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    fn hold(&self, job: u64, conn: ConnRecord, head: &Head<'_>, socket: &OwnedFd) -> io::Result<()> {
        let (mailbox, seen) = (number(head, "mailbox"), number(head, "seen"));
        let stream = query(head, "stream").is_some();
        if stream {
            write_some(socket, &reply::Head::new(200).end(reply::Framing::Chunked))?;
        }
        let late = number(head, "late");
        if late > 0 {
            // After the look, before the hold: the master hears of it while nobody is registered.
            fs::write(self.dir.join(format!("journal-{mailbox}")), late.to_string())?;
            self.end.send(&Reply::Changed { changes: vec![(mailbox, late)].into() }, &[])?;
        }
        let own = query(head, "own").unwrap_or("none").as_bytes().to_vec();
        let at_deadline = match (query(head, "ready"), stream) {
            (Some("no"), _) => Vec::new(),
            (_, true) => vec![Piece::Shared(b"6\r\nclosed\r\n0\r\n\r\n".to_vec())],
            (_, false) => {
                let start = reply::Head::new(200).end(reply::Framing::Length(9 + own.len() as u64));
                vec![Piece::Shared(start), Piece::Shared(b"deadline ".to_vec()), Piece::Own(own)]
            }
        };
        let at_beat = match query(head, "beat") {
            Some(text) => vec![Piece::Shared(format!("{:x}\r\n{text}\r\n", text.len()).into_bytes())],
            None => Vec::new(),
        };
        let kind = match (stream, query(head, "fat").is_some()) {
            _ if query(head, "odd").is_some() => "odd",
            _ if query(head, "big").is_some() => "big",
            (true, true) => "fat",
            (true, false) => "stream",
            (false, _) => "poll",
        };
        let message = Reply::Hold {
            job,
            conn,
            watch: vec![(mailbox, seen)].into(),
            then: if query(head, "end").is_some() { AfterReply::Close } else { AfterReply::Keep },
            deadline_ms: number(head, "deadline") as u32,
            at_deadline: at_deadline.into(),
            heartbeat_ms: number(head, "heartbeat") as u32,
            at_beat: at_beat.into(),
            stream,
            share: Share::default(),
            context: format!("{mailbox} {seen} {kind}").into_bytes().into(),
        };
        self.end.send(&message, &[socket.as_fd()])
    }

    fn render(&self, job: u64, call: HeldCall) -> io::Result<()> {
        let context = String::from_utf8_lossy(&call.context).into_owned();
        let mut words = context.split(' ');
        let mut next = || words.next().unwrap_or_default().to_owned();
        let (mailbox, seen, kind) = (next().parse().unwrap_or(0), next().parse().unwrap_or(0), next());
        if self.dir.join(format!("deadly-{mailbox}")).exists() {
            kill(nix::unistd::getpid(), Signal::SIGKILL)?;
        }
        let now = self.journal(mailbox);
        let keep = |seen: u64| HoldUpdate {
            watch: vec![(mailbox, seen)].into(),
            context: format!("{mailbox} {seen} {kind}").into_bytes().into(),
        };
        let chunk = |text: String| format!("{:x}\r\n{text}\r\n", text.len()).into_bytes();
        let outcome = match (call.why, kind.as_str()) {
            (RenderReason::Changed, _) if self.away().exists() => HeldOutcome::Later { ms: 1 },
            (RenderReason::Changed, "odd") => HeldOutcome::Unreadable,
            (RenderReason::Changed, "stream") if now > seen => {
                HeldOutcome::Chunk { bytes: chunk(format!("event {now}")), keep: keep(now) }
            }
            (RenderReason::Changed, "fat") if now >= 1_000_000 => {
                HeldOutcome::Answer { then: AfterReply::Keep, bytes: Body::Inline(b"0\r\n\r\n".to_vec()) }
            }
            (RenderReason::Changed, "fat") if now > seen => {
                HeldOutcome::Chunk { bytes: chunk("x".repeat(60_000)), keep: keep(now) }
            }
            (RenderReason::Changed, "big") if now > seen => {
                let reply = reply::Head::new(200).with_body(&vec![b'x'; 20_000_000]);
                let file = memfd::of(c"big", &reply)?;
                let outcome = HeldOutcome::Answer { then: AfterReply::Keep, bytes: Body::Memfd(reply.len() as u64) };
                return self.end.send(&Reply::Rendered { job, held: call.held, outcome }, &[file.as_fd()]);
            }
            (RenderReason::Heartbeat, "stream") => {
                HeldOutcome::Chunk { bytes: chunk("beat".to_owned()), keep: keep(seen) }
            }
            (RenderReason::Deadline, _) => {
                let bytes = Body::Inline(reply::Head::new(200).with_body(b"rendered at the deadline"));
                HeldOutcome::Answer { then: AfterReply::Keep, bytes }
            }
            _ if now > seen => {
                let reply = reply::Head::new(200).with_body(format!("event {now}").as_bytes());
                HeldOutcome::Answer { then: AfterReply::Keep, bytes: Body::Inline(reply) }
            }
            _ => HeldOutcome::Still { keep: keep(seen) },
        };
        if self.mute {
            return Ok(());
        }
        self.end.send(&Reply::Rendered { job, held: call.held, outcome }, &[])
    }

    /// Breaks a rule; the master must kill this process for it.
    fn misbehave(&self, job: u64, conn: ConnRecord, what: &str, socket: &OwnedFd) -> io::Result<()> {
        let raw = |bytes: &[u8], fds: &[BorrowedFd<'_>]| seqpacket::send(self.end.channel(), bytes, fds, Wait::Yes);
        let mut bytes = Vec::new();
        match what {
            "kind" => raw(&[200, 1, 2, 3], &[])?,
            "short" => raw(&[67, 1, 2], &[])?,
            "long" => raw(&[65, 0], &[])?,
            "huge" => raw(&vec![65; 100_000], &[])?,
            "unknown-job" => self.end.send(&Reply::Closed { job: job + 1_000_000 }, &[])?,
            "too-many-fds" => {
                Reply::Idle { job, conn }.encode(&mut bytes);
                raw(&bytes, &[socket.as_fd(), socket.as_fd(), socket.as_fd()])?;
            }
            "no-fd" => {
                Reply::Idle { job, conn }.encode(&mut bytes);
                raw(&bytes, &[])?;
            }
            "other-socket" => {
                let (other, _peer) = UnixStream::pair()?;
                self.end.send(&Reply::Idle { job, conn }, &[other.as_fd()])?;
            }
            "file" => {
                let file = memfd::of(c"no-socket", b"hello")?;
                self.end.send(&Reply::Idle { job, conn }, &[file.as_fd()])?;
            }
            "wrong-answer" => self.end.send(&Reply::Swept { job }, &[])?,
            "twice" => {
                self.end.send(&Reply::Closed { job }, &[])?;
                self.end.send(&Reply::Closed { job }, &[])?;
            }
            "no-watch" => {
                let message = Reply::Hold {
                    job,
                    conn,
                    watch: Vec::new().into(),
                    then: AfterReply::Keep,
                    deadline_ms: 1,
                    at_deadline: Vec::new().into(),
                    heartbeat_ms: 0,
                    at_beat: Vec::new().into(),
                    stream: false,
                    share: Share::default(),
                    context: Vec::new().into(),
                };
                self.end.send(&message, &[socket.as_fd()])?;
            }
            "hello-again" => self.end.send(&Reply::Hello { version: 99, pid: 1 }, &[])?,
            _ => return Err(io::Error::other("no such misbehaviour")),
        }
        // Killed, or the channel closed: either way nothing more is done.
        loop {
            nix::unistd::pause();
        }
    }
}
