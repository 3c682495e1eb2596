//! A web service, a subscriber's or an identity provider's: takes what is asked of it, keeps it, and answers as a test tells it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::smtp::Certificate;
use super::wait::LONG;
use super::xml::Node;
use super::{ops, record};

/// What came.
#[derive(Debug, Clone)]
pub struct Call {
    pub at: Instant,
    /// The request line and the header lines.
    pub head: Vec<String>,
    pub body: String,
}

impl Call {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The response message.
    pub fn message(&self) -> Node {
        let envelope = Node::parse(&self.body);
        envelope.want("s:Body/m:SendNotification/m:ResponseMessages/m:SendNotificationResponseMessage").clone()
    }

    pub fn events(&self) -> ops::Events {
        ops::Events::of(&self.message())
    }

    pub fn kinds(&self) -> Vec<String> {
        self.events().kinds()
    }
}

/// How it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mood {
    Ok,
    Unsubscribe,
    /// The whole answer.
    Raw(String),
    /// It reads, and says nothing, ever.
    Silent,
}

struct State {
    calls: Vec<Call>,
    mood: Mood,
    taken: usize,
}

struct Shared {
    state: Mutex<State>,
    moved: Condvar,
    tls: Option<Arc<ServerConfig>>,
}

/// The running service; it ends with the test process.
pub struct Receiver {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Receiver {
    pub fn start() -> Receiver {
        Receiver::with(None)
    }

    /// The same behind TLS.
    pub fn with(certificate: Option<&Certificate>) -> Receiver {
        let tls = certificate.map(|made| {
            let chain = vec![CertificateDer::from_pem_file(&made.certificate).unwrap()];
            let key = PrivateKeyDer::from_pem_file(&made.key).unwrap();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
            Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap())
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Mutex::new(State { calls: Vec::new(), mood: Mood::Ok, taken: 0 });
        let shared = Arc::new(Shared { state, moved: Condvar::new(), tls });
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&theirs);
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Receiver { address, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}/push?a=b", self.address)
    }

    /// From now on it answers so.
    pub fn answers(&self, mood: Mood) {
        self.shared.state.lock().unwrap().mood = mood;
    }

    /// The next call that no earlier question got.
    pub fn call(&self) -> Call {
        let state = self.shared.state.lock().unwrap();
        let waited = self.shared.moved.wait_timeout_while(state, LONG, |state| state.calls.len() <= state.taken);
        let (mut state, timeout) = waited.unwrap();
        assert!(!timeout.timed_out(), "nobody calls");
        state.taken += 1;
        state.calls[state.taken - 1].clone()
    }

    /// How many calls there were.
    pub fn count(&self) -> usize {
        self.shared.state.lock().unwrap().calls.len()
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) {
        match &self.tls {
            None => self.talk(stream),
            Some(config) => self.talk(StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream)),
        }
    }

    fn talk(&self, stream: impl Read + Write) {
        let mut reader = BufReader::new(stream);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            match reader.read_line(&mut line) {
                Ok(n) if n > 0 && line.trim_end() != "" => head.push(line.trim_end().to_owned()),
                Ok(n) if n > 0 => break,
                _ => return,
            }
        }
        let mut call = Call { at: Instant::now(), head, body: String::new() };
        let mut body = vec![0; call.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        if !body.is_empty() {
            record::reply("push", &body);
        }
        call.body = String::from_utf8(body).unwrap();
        let mood = {
            let mut state = self.state.lock().unwrap();
            state.calls.push(call);
            self.moved.notify_all();
            state.mood.clone()
        };
        let answer = match mood {
            Mood::Ok => result("OK"),
            Mood::Unsubscribe => result("Unsubscribe"),
            Mood::Raw(answer) => answer,
            Mood::Silent => loop {
                std::thread::park();
            },
        };
        // Whoever called may be gone.
        let _ = reader.get_mut().write_all(answer.as_bytes()).and_then(|()| reader.get_mut().flush());
    }
}

/// The whole answer with a SubscriptionStatus.
pub fn result(status: &str) -> String {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
         <SendNotificationResult xmlns=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><SubscriptionStatus>{status}\
         </SubscriptionStatus></SendNotificationResult></s:Body></s:Envelope>"
    );
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
