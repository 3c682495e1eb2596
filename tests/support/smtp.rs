//! A smarthost: an SMTP server (RFC 5321) that keeps what it is sent and answers as a test tells it.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::wait::LONG;

/// A message that was taken.
#[derive(Debug, Clone)]
pub struct Letter {
    pub sender: String,
    /// What was said behind the sender: `SIZE=...`.
    pub parameters: String,
    pub recipients: Vec<String>,
    /// Dots are single again.
    pub octets: Vec<u8>,
    /// Over TLS.
    pub tls: bool,
    /// Who had logged in, with which password.
    pub login: Option<(String, String)>,
}

impl Letter {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.octets).into_owned()
    }

    /// The first value of a header field, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text().replace("\r\n ", " ").replace("\r\n\t", " ");
        let head = text.split("\r\n\r\n").next()?.to_owned();
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

#[derive(Default)]
struct State {
    letters: Vec<Letter>,
    /// Answers to RCPT, used up one after the other; without any it is 250.
    answers: HashMap<String, VecDeque<String>>,
    /// Recipients whose message is never answered after its final dot.
    silent: Vec<String>,
    /// Messages that were completed and not answered.
    unanswered: usize,
}

/// What it says of itself.
#[derive(Clone)]
pub struct Options {
    /// Lines of the EHLO's answer.
    pub offers: Vec<&'static str>,
    /// Certificate and key: STARTTLS is offered, and AUTH only behind it.
    pub tls: Option<Certificate>,
}

impl Default for Options {
    fn default() -> Self {
        Options { offers: vec!["PIPELINING", "SIZE 1000000", "8BITMIME", "SMTPUTF8"], tls: None }
    }
}

/// A certificate for `localhost` that nobody has signed, and its key.
#[derive(Clone)]
pub struct Certificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Certificate {
    pub fn make(folder: &Path) -> Certificate {
        let made = Certificate { certificate: folder.join("smtp.crt"), key: folder.join("smtp.key") };
        let output = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost"])
            .arg("-out")
            .arg(&made.certificate)
            .arg("-keyout")
            .arg(&made.key)
            .output()
            .expect("openssl runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        made
    }

    /// One whose time was over before it began.
    pub fn expired(folder: &Path) -> Certificate {
        let made = Certificate::make(folder);
        let request = folder.join("expired.csr");
        let openssl = |arguments: &[&str], files: [(&str, &Path); 3]| {
            let mut command = Command::new("openssl");
            command.args(arguments);
            for (option, path) in files {
                command.arg(option).arg(path);
            }
            let output = command.output().expect("openssl runs");
            if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
        };
        let key = made.key.as_path();
        openssl(&["x509", "-x509toreq"], [("-in", &made.certificate), ("-signkey", key), ("-out", &request)])
            .expect("a request");
        // Without an extension it would be of version 1, which nobody takes.
        let extensions = folder.join("extensions");
        std::fs::write(&extensions, "subjectAltName=DNS:localhost\n").expect("a file for openssl");
        let extensions = extensions.to_string_lossy().into_owned();
        let sign = |time: &[&str]| {
            let arguments = [&["x509", "-req", "-extfile", &extensions], time].concat();
            openssl(&arguments, [("-in", &request), ("-signkey", key), ("-out", &made.certificate)])
        };
        // Since OpenSSL 3.4 it is said so, and not otherwise.
        sign(&["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"])
            .or_else(|_| sign(&["-days", "-1"]))
            .expect("a certificate");
        made
    }

    pub fn server(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = CertificateDer::pem_file_iter(&self.certificate).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(&self.key).unwrap();
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap())
    }
}

/// Shakes hands with whoever connects and says nothing more, until the test process ends; its port.
pub fn serve_tls(certificate: &Certificate) -> u16 {
    let (listener, config) = (TcpListener::bind("localhost:0").unwrap(), certificate.server());
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut tls = ServerConnection::new(config.clone()).unwrap();
            while tls.is_handshaking() && tls.complete_io(&mut stream).is_ok() {}
        }
    });
    port
}

/// The running server; it ends with the test process.
pub struct Smarthost {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    moved: Condvar,
    options: Options,
    tls: Option<Arc<ServerConfig>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Smarthost {
    pub fn start() -> Smarthost {
        Smarthost::start_on("127.0.0.1:0".parse().unwrap(), Options::default())
    }

    pub fn start_on(address: SocketAddr, options: Options) -> Smarthost {
        let listener = TcpListener::bind(address).unwrap_or_else(|e| panic!("{address}: {e}"));
        let tls = options.tls.as_ref().map(Certificate::server);
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { state: Mutex::default(), moved: Condvar::new(), options, tls });
        let server = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&server);
                // A client that breaks off is no failure of the server's.
                std::thread::spawn(move || serve(&server, stream).ok());
            }
        });
        Smarthost { address, shared }
    }

    /// The next RCPTs of this address are answered so, one after the other; then again with 250.
    pub fn answer(&self, recipient: &str, answers: &[&str]) {
        let answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
        self.shared.state().answers.insert(recipient.to_owned(), answers);
    }

    /// Messages to this address are taken up to the final dot and then left without an answer, until this is taken back.
    pub fn be_silent(&self, recipient: &str, silent: bool) {
        let mut state = self.shared.state();
        state.silent.retain(|known| known != recipient);
        if silent {
            state.silent.push(recipient.to_owned());
        }
    }

    /// Waits until so many messages are left without an answer.
    pub fn until_unanswered(&self, n: usize) {
        self.until("messages are left without an answer", |state| (state.unanswered >= n).then_some(()));
    }

    /// Waits for a message to this address; all there are to it.
    pub fn letters_to(&self, recipient: &str) -> Vec<Letter> {
        self.until(&format!("a message to {recipient}"), |state| {
            let found: Vec<Letter> =
                state.letters.iter().filter(|l| l.recipients.iter().any(|r| r == recipient)).cloned().collect();
            (!found.is_empty()).then_some(found)
        })
    }

    pub fn letter_to(&self, recipient: &str) -> Letter {
        let mut letters = self.letters_to(recipient);
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.remove(0)
    }

    /// Every message so far.
    pub fn letters(&self) -> Vec<Letter> {
        self.shared.state().letters.clone()
    }

    fn until<T>(&self, what: &str, probe: impl Fn(&State) -> Option<T>) -> T {
        let mut state = self.shared.state();
        loop {
            if let Some(found) = probe(&state) {
                return found;
            }
            let (guard, timeout) = self.shared.moved.wait_timeout(state, LONG).unwrap();
            assert!(!timeout.timed_out(), "not within {LONG:?}: {what}");
            state = guard;
        }
    }
}

/// A connection, plain or not.
trait Line: Read + Write {}
impl<T: Read + Write> Line for T {}

fn serve(server: &Shared, stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(90)))?;
    let mut plain: Box<dyn Line> = Box::new(stream.try_clone()?);
    write!(plain, "220 smarthost.test ESMTP\r\n")?;
    if !talk(server, plain, false)? {
        return Ok(());
    }
    let session = ServerConnection::new(Arc::clone(server.tls.as_ref().unwrap())).map_err(std::io::Error::other)?;
    talk(server, Box::new(StreamOwned::new(session, stream)), true)?;
    Ok(())
}

/// One conversation. True: TLS begins.
fn talk(server: &Shared, connection: Box<dyn Line>, tls: bool) -> std::io::Result<bool> {
    let mut connection = BufReader::new(connection);
    let mut letter = Letter {
        sender: String::new(),
        parameters: String::new(),
        recipients: Vec::new(),
        octets: Vec::new(),
        tls,
        login: None,
    };
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        assert!(line.ends_with("\r\n"), "{line:?}");
        let line = line.trim_end();
        let (verb, rest) = line.split_once([' ', ':']).unwrap_or((line, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => ehlo(server, tls),
            "STARTTLS" if server.tls.is_some() && !tls => {
                write!(connection.get_mut(), "220 go\r\n")?;
                return Ok(true);
            }
            "AUTH" => match login(rest) {
                Some(login) if tls => {
                    letter.login = Some(login);
                    "235 2.7.0 welcome".to_owned()
                }
                _ => "535 5.7.8 no".to_owned(),
            },
            "MAIL" => {
                let (sender, parameters) = path(rest);
                letter = Letter { sender, parameters, recipients: Vec::new(), ..letter };
                "250 2.1.0 ok".to_owned()
            }
            "RCPT" => {
                let (recipient, _) = path(rest);
                let scripted = server.state().answers.get_mut(&recipient).and_then(VecDeque::pop_front);
                let answer = scripted.unwrap_or_else(|| "250 2.1.5 ok".to_owned());
                if answer.starts_with("250") {
                    letter.recipients.push(recipient);
                }
                answer
            }
            "DATA" => {
                write!(connection.get_mut(), "354 go on\r\n")?;
                letter.octets = data(&mut connection)?;
                take(server, &letter)
            }
            "RSET" | "NOOP" => "250 2.0.0 ok".to_owned(),
            "QUIT" => {
                write!(connection.get_mut(), "221 2.0.0 bye\r\n")?;
                return Ok(false);
            }
            _ => "502 5.5.1 what?".to_owned(),
        };
        write!(connection.get_mut(), "{answer}\r\n")?;
        connection.get_mut().flush()?;
    }
}

fn ehlo(server: &Shared, tls: bool) -> String {
    let mut lines = vec!["smarthost.test"];
    lines.extend(&server.options.offers);
    match (&server.tls, tls) {
        (Some(_), false) => lines.push("STARTTLS"),
        (Some(_), true) => lines.push("AUTH PLAIN"),
        _ => {}
    }
    let last = lines.pop().unwrap();
    let more: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
    format!("{more}250 {last}")
}

/// `PLAIN` with its first response.
fn login(rest: &str) -> Option<(String, String)> {
    let octets = STANDARD.decode(rest.strip_prefix("PLAIN ")?).ok()?;
    let text = String::from_utf8(octets).ok()?;
    let mut words = text.split('\0').skip(1).map(str::to_owned);
    Some((words.next()?, words.next()?))
}

/// `FROM:<address> parameters`.
fn path(rest: &str) -> (String, String) {
    let (address, parameters) = rest.split_once('<').and_then(|(_, r)| r.split_once('>')).expect("a path");
    (address.to_owned(), parameters.trim().to_owned())
}

fn data(connection: &mut BufReader<Box<dyn Line>>) -> std::io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    loop {
        let mut line = Vec::new();
        if connection.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        assert!(line.ends_with(b"\r\n"), "{:?}", String::from_utf8_lossy(&line));
        if line == b".\r\n" {
            return Ok(octets);
        }
        octets.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

fn take(server: &Shared, letter: &Letter) -> String {
    let mut state = server.state();
    let silent = |state: &State| letter.recipients.iter().any(|r| state.silent.contains(r));
    if silent(&state) {
        state.unanswered += 1;
        server.moved.notify_all();
        while silent(&state) {
            state = server.moved.wait_timeout(state, Duration::from_millis(100)).unwrap().0;
        }
        // Whoever asked is gone.
        return "451 4.3.0 too late".to_owned();
    }
    state.letters.push(letter.clone());
    server.moved.notify_all();
    format!("250 2.0.0 taken as {}", state.letters.len())
}
