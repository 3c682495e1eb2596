//! One question to a web server, as a client would ask it, and what its certificate is worth.

use std::fmt;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;

use ewsd_worker::web::{Reply, exchange};
use rustls::RootCertStore;

use super::super::certificate::{PATIENCE, Seen, shake};
use super::dns::{self, Kind, Record, Service};

/// Octets of an answer, head and all.
const MOST: usize = 256 * 1024;

/// A URL, as far as one is needed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    pub tls: bool,
    pub host: String,
    pub port: u16,
    /// With what is asked of it.
    pub path: String,
}

impl Url {
    pub fn new(tls: bool, host: &str, path: &str) -> Url {
        Url { tls, host: host.to_owned(), port: usual(tls), path: path.to_owned() }
    }

    /// None: it is another kind of URL, or none.
    pub fn parse(text: &str) -> Option<Url> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, usual(tls)),
        };
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        (!host.is_empty() && !host.contains('@') && plain(&host) && plain(&path)).then_some(Url {
            tls,
            host,
            port,
            path,
        })
    }

    /// The same place with another path.
    pub fn with_path(&self, path: &str) -> Url {
        Url { path: path.to_owned(), ..self.clone() }
    }

    fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == usual(self.tls) { host } else { format!("{host}:{}", self.port) }
    }
}

fn usual(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.tls { "https" } else { "http" }, self.authority(), self.path)
    }
}

/// Where a name leads instead of where DNS says (`--resolve`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolve {
    host: String,
    /// None: any.
    port: Option<u16>,
    address: IpAddr,
    /// None: the one that is asked for.
    to: Option<u16>,
}

impl Resolve {
    /// `NAME[:PORT]=ADDRESS[:PORT]`.
    pub fn parse(text: &str) -> Result<Resolve, String> {
        let wrong = || format!("{text}: not NAME=ADDRESS, NAME=ADDRESS:PORT or NAME:PORT=ADDRESS:PORT");
        let (name, place) = text.split_once('=').ok_or_else(wrong)?;
        let (host, port) = match name.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| wrong())?)),
            None => (name, None),
        };
        let whole = place.parse::<SocketAddr>().map(|place| (place.ip(), Some(place.port())));
        let (address, to) = whole.or_else(|_| place.parse().map(|ip| (ip, None))).map_err(|_| wrong())?;
        Ok(Resolve { host: host.to_ascii_lowercase(), port, address, to })
    }
}

/// Why there is no answer at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// The name leads nowhere.
    NoName(String),
    /// Nobody listens there.
    Closed(String),
    /// Nobody says anything: clients wait.
    Slow(String),
}

/// What came of a question.
#[derive(Debug)]
pub struct Met {
    pub address: SocketAddr,
    /// None: it was asked without TLS.
    pub certificate: Option<Seen>,
    pub reply: Result<Reply, String>,
}

/// Who asks: by which DNS, and whom TLS believes.
pub struct Asker {
    pub resolve: Vec<Resolve>,
    /// None: the system's resolver, and for SRV the servers that it asks.
    pub dns: Option<SocketAddr>,
    pub roots: Arc<RootCertStore>,
}

/// What is asked.
#[derive(Default)]
pub struct Question<'a> {
    /// None: it is a GET.
    pub body: Option<&'a str>,
    /// The value of `Authorization`: sent to nobody whose certificate is not good.
    pub authorization: Option<&'a str>,
}

impl Asker {
    fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
        let told = self.resolve.iter().find(|one| one.host == host && one.port.is_none_or(|asked| asked == port));
        if let Some(told) = told {
            return Ok(vec![SocketAddr::new(told.address, told.to.unwrap_or(port))]);
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let Some(server) = self.dns else {
            return (host, port).to_socket_addrs().map(Iterator::collect).map_err(|error| error.to_string());
        };
        let mut found = Vec::new();
        for kind in [Kind::Aaaa, Kind::A] {
            let records = dns::ask(&[server], host, kind)?;
            found.extend(records.into_iter().filter_map(|record| match record {
                Record::Address(address) => Some(SocketAddr::new(address, port)),
                Record::Service(_) => None,
            }));
        }
        Ok(found)
    }

    /// The services of a name, those first that are to be tried first.
    pub fn services(&self, name: &str) -> Result<Vec<Service>, String> {
        let servers = self.dns.map_or_else(dns::servers, |server| vec![server]);
        let records = dns::ask(&servers, name, Kind::Srv)?.into_iter();
        let mut found: Vec<Service> = records
            .filter_map(|record| match record {
                Record::Service(service) => Some(service),
                Record::Address(_) => None,
            })
            .collect();
        found.sort_by_key(|service| (service.priority, std::cmp::Reverse(service.weight)));
        Ok(found)
    }

    /// Asks the first address that can be reached.
    ///
    /// # Errors
    /// Why nobody was met.
    pub fn ask(&self, url: &Url, question: &Question<'_>) -> Result<Met, Silence> {
        let addresses = self.addresses(&url.host, url.port).map_err(Silence::NoName)?;
        let mut silence = Silence::NoName("there is no such name".to_owned());
        for address in addresses {
            let socket = match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(socket) => socket,
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                    silence = Silence::Slow(format!("{address} does not answer"));
                    continue;
                }
                Err(error) => {
                    silence = Silence::Closed(format!("{address}: {error}"));
                    continue;
                }
            };
            return Ok(self.talk(url, question, address, socket));
        }
        Err(silence)
    }

    fn talk(&self, url: &Url, question: &Question<'_>, address: SocketAddr, mut socket: TcpStream) -> Met {
        let request = request(url, question);
        let failed = |why: String| Met { address, certificate: None, reply: Err(why) };
        for set in [TcpStream::set_read_timeout, TcpStream::set_write_timeout] {
            if let Err(error) = set(&socket, Some(PATIENCE)) {
                return failed(error.to_string());
            }
        }
        if !url.tls {
            let reply = exchange(&mut socket, &request, MOST).map_err(|error| in_words(&error));
            return Met { address, certificate: None, reply };
        }
        match shake(&url.host, socket, self.roots.clone()) {
            Ok((seen, mut stream)) => {
                let reply = if question.authorization.is_some() && seen.today.is_err() {
                    Err("no password is sent to a server whose certificate is not good".to_owned())
                } else {
                    exchange(&mut stream, &request, MOST).map_err(|error| in_words(&error))
                };
                Met { address, certificate: Some(seen), reply }
            }
            Err((seen, why)) => Met { address, certificate: seen, reply: Err(why) },
        }
    }
}

fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => {
            format!("no answer within {} s", PATIENCE.as_secs())
        }
        std::io::ErrorKind::UnexpectedEof => "it closes without an answer".to_owned(),
        _ => error.to_string(),
    }
}

fn request(url: &Url, question: &Question<'_>) -> Vec<u8> {
    let method = if question.body.is_some() { "POST" } else { "GET" };
    let mut head = format!(
        "{method} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: ewsctl/{}\r\nConnection: close\r\n",
        url.path,
        url.authority(),
        env!("CARGO_PKG_VERSION")
    );
    if let Some(authorization) = question.authorization {
        head += &format!("Authorization: {authorization}\r\n");
    }
    if let Some(body) = question.body {
        head += &format!("Content-Type: text/xml; charset=utf-8\r\nContent-Length: {}\r\n", body.len());
    }
    [head.as_bytes(), b"\r\n", question.body.unwrap_or_default().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn urls_are_read_and_written() {
        for (text, written) in [
            ("https://Mail.Example.test", "https://mail.example.test/"),
            ("HTTPS://mail.example.test:443/EWS/Exchange.asmx", "https://mail.example.test/EWS/Exchange.asmx"),
            ("http://[::1]:8080/a?b=c#d", "http://[::1]:8080/a?b=c"),
            ("https://mail.example.test:8443?x", "https://mail.example.test:8443/?x"),
        ] {
            assert_eq!(Url::parse(text).unwrap().to_string(), written, "{text}");
        }
        for wrong in
            ["", "/autodiscover", "ftp://x/", "https://", "https://a:b@c/", "https://x:y/", "https://x/\r\nA: b"]
        {
            assert_eq!(Url::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_lead_where_they_are_told_to() {
        let resolve = ["a.test=192.0.2.1:8443", "b.test:80=192.0.2.2:8080", "B.test=2001:db8::1"];
        let resolve = resolve.map(|text| Resolve::parse(text).unwrap());
        let roots = Arc::new(RootCertStore::empty());
        let asker = Asker { resolve: resolve.into(), dns: None, roots };
        for (host, port, address) in [
            ("a.test", 443, "192.0.2.1:8443"),
            ("b.test", 80, "192.0.2.2:8080"),
            ("b.test", 443, "[2001:db8::1]:443"),
            ("192.0.2.9", 443, "192.0.2.9:443"),
        ] {
            assert_eq!(asker.addresses(host, port).unwrap(), [address.parse().unwrap()], "{host}");
        }
        for wrong in ["a.test", "a.test=b.test", "a.test:x=192.0.2.1", "a.test=192.0.2.1:x"] {
            assert!(Resolve::parse(wrong).is_err(), "{wrong}");
        }
    }
}
