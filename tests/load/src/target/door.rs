//! The way to a server: its URL, the address that was looked up and judged, TLS, a proxy in between.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream, ToSocketAddrs as _};
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::error::{During, Error, Result};
use crate::line::Line;

/// Where EWS is, if a URL does not say.
const PATH: &str = "/EWS/Exchange.asmx";
/// For a connection, and for each answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    pub tls: bool,
    /// A name or an address, of IPv6 without brackets.
    pub host: String,
    pub port: u16,
    /// With what is asked for after a `?`.
    pub path: String,
}

impl Url {
    /// Reads `http://HOST[:PORT][/PATH]` or `https://…`.
    ///
    /// # Errors
    /// It is nothing of that kind, or has a login in it.
    pub fn read(text: &str) -> Result<Url> {
        let wrong = || Error::new(format!("{text}: not of the form http[s]://HOST[:PORT]/EWS/Exchange.asmx"));
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong()),
        };
        let cut = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(cut);
        if authority.contains('@') {
            return Err(Error::new("a login stands in the URL, where others see it: use --users FILE"));
        }
        if !text.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(wrong());
        }
        let (host, port) = split(authority, if tls { 443 } else { 80 }).ok_or_else(wrong)?;
        let path = match path {
            "" | "/" => PATH.to_owned(),
            path if path.starts_with('/') => path.to_owned(),
            path => format!("/{path}"),
        };
        Ok(Url { tls, host, port, path })
    }

    /// As the Host field has it.
    fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.tls, self.port) {
            (false, 80) | (true, 443) => host,
            _ => format!("{host}:{}", self.port),
        }
    }
}

/// Host and port of `HOST[:PORT]`; none, if it is no such thing.
fn split(authority: &str, usual: u16) -> Option<(String, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some(""))?)
        }
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    let port = if port.is_empty() { usual } else { port.parse().ok()? };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

/// What may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Addresses of this machine's loopback network.
    Loopback,
    /// Whoever was named (`--allow-remote`).
    Anywhere,
}

impl Reach {
    /// The address of a host and port, if all that the name stands for may be reached.
    ///
    /// # Errors
    /// It is unknown, or another machine's.
    pub fn find(self, host: &str, port: u16) -> Result<SocketAddr> {
        let found: Vec<SocketAddr> = (host, port).to_socket_addrs().during(host)?.collect();
        let far = found.iter().find(|address| !is_loopback(address.ip()));
        match (far, self) {
            (Some(address), Reach::Loopback) => Err(Error::new(format!(
                "{host} is {}, which is another machine's: load is put on it only with --allow-remote, and by leave of whoever runs it",
                address.ip()
            ))),
            _ => found.first().copied().ok_or_else(|| Error::new(format!("{host} has no address"))),
        }
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// The way there, looked up once.
#[derive(Debug, Clone)]
pub struct Door {
    address: SocketAddr,
    url: Url,
    tls: Option<Arc<ClientConfig>>,
    /// The address is a proxy's, which is asked to pass octets on (CONNECT, RFC 9110 section 9.3.6).
    by_proxy: bool,
    /// The address of this machine's that connections come from; none: the kernel's choice. Each has ports of its own.
    from: Option<Ipv4Addr>,
}

impl Door {
    /// A server's own port, without TLS.
    pub fn plain(address: SocketAddr) -> Door {
        let url = Url { tls: false, host: address.ip().to_string(), port: address.port(), path: PATH.to_owned() };
        Door { address, url, tls: None, by_proxy: false, from: None }
    }

    /// The same from one of this machine's addresses.
    pub fn coming_from(self, from: Ipv4Addr) -> Door {
        Door { from: Some(from), ..self }
    }

    /// The way to a URL, through a proxy if one is named, by certificates of the system and of the file `ca`.
    ///
    /// # Errors
    /// A name without an address, an address that may not be reached, a file without certificates.
    pub fn find(url: Url, proxy: Option<&str>, ca: Option<&Path>, reach: Reach) -> Result<Door> {
        let address = match proxy {
            None => reach.find(&url.host, url.port)?,
            Some(proxy) => {
                let authority = proxy.strip_prefix("http://").unwrap_or(proxy).trim_end_matches('/');
                let (host, port) = split(authority, 3128)
                    .ok_or_else(|| Error::new(format!("--proxy {proxy}: not of the form HOST:PORT")))?;
                // What the name means is the proxy's to say: it may be judged where it says itself that it is this machine's.
                if reach == Reach::Loopback {
                    reach.find(&url.host, url.port)?;
                }
                reach.find(&host, port)?
            }
        };
        let tls = if url.tls { Some(trusting(ca)?) } else { None };
        Ok(Door { address, url, tls, by_proxy: proxy.is_some(), from: None })
    }

    /// The address that is connected to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A request's first two lines.
    pub fn head(&self) -> String {
        format!("POST {} HTTP/1.1\r\nHost: {}\r\n", self.url.path, self.url.authority())
    }

    /// # Errors
    /// Nobody listens there, the proxy declines, or the certificate is no good.
    pub fn connect(&self) -> Result<Line> {
        let mut stream = match (self.from, self.address) {
            (Some(from), SocketAddr::V4(to)) => connect_from(from, to)?,
            _ => TcpStream::connect_timeout(&self.address, PATIENCE).during(self.address)?,
        };
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        if self.by_proxy {
            self.pass(&mut stream)?;
        }
        match &self.tls {
            Some(tls) => Line::encrypt(stream, tls, &self.url.host),
            None => Ok(Line::Plain(stream)),
        }
    }

    fn pass(&self, stream: &mut TcpStream) -> Result {
        let host = if self.url.host.contains(':') { format!("[{}]", self.url.host) } else { self.url.host.clone() };
        let to = format!("{host}:{}", self.url.port);
        stream.write_all(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n").as_bytes())?;
        let (mut head, mut octet) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > 8192 || stream.read(&mut octet).during("the proxy")? == 0 {
                return Err(Error::new("the proxy gives no answer"));
            }
            head.extend_from_slice(&octet);
        }
        let head = String::from_utf8_lossy(&head);
        match head.get(9..12) {
            Some(status) if status.starts_with('2') => Ok(()),
            _ => Err(Error::new(format!("the proxy declines: {}", head.lines().next().unwrap_or_default()))),
        }
    }
}

fn connect_from(from: Ipv4Addr, to: SocketAddrV4) -> Result<TcpStream> {
    let connected = || -> nix::Result<TcpStream> {
        let socket = socket::socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
        socket::bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(from, 0)))?;
        socket::connect(socket.as_raw_fd(), &SockaddrIn::from(to))?;
        Ok(TcpStream::from(socket))
    };
    connected().during(format_args!("{to} from {from}"))
}

fn trusting(ca: Option<&Path>) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    // A certificate of the system that cannot be read is nobody's whom we meet.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca {
        let text = std::fs::read(file).during(file.display())?;
        for certificate in CertificateDer::pem_slice_iter(&text) {
            roots.add(certificate.during(file.display())?).during(file.display())?;
        }
    }
    if roots.is_empty() {
        return Err(Error::new("no certificates to judge a server by: --ca FILE, or install ca-certificates"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().during("TLS")?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Reach, Url, split};

    #[test]
    fn urls_are_taken_apart() {
        let url = Url::read("https://mail.example.org").unwrap();
        assert_eq!((url.tls, url.host.as_str(), url.port), (true, "mail.example.org", 443));
        assert_eq!((url.path.as_str(), url.authority().as_str()), ("/EWS/Exchange.asmx", "mail.example.org"));
        let url = Url::read("HTTP://[::1]:8080/ews/exchange.asmx?x").unwrap();
        assert_eq!((url.tls, url.host.as_str(), url.port), (false, "::1", 8080));
        assert_eq!((url.path.as_str(), url.authority().as_str()), ("/ews/exchange.asmx?x", "[::1]:8080"));
        for wrong in
            ["mail.example.org", "ftp://a", "http://", "http://a:b/", "http://a:70000", "http://a/b c", "http://[::1"]
        {
            assert!(Url::read(wrong).is_err(), "{wrong}");
        }
        assert!(Url::read("http://anna:secret@a/").unwrap_err().to_string().contains("--users"));
        assert_eq!(split("127.0.0.1", 25), Some(("127.0.0.1".to_owned(), 25)));
    }

    #[test]
    fn other_machines_are_refused() {
        for own in ["127.0.0.1", "127.8.9.1", "::1", "localhost", "::ffff:127.0.0.1"] {
            assert!(Reach::Loopback.find(own, 80).is_ok(), "{own}");
        }
        for other in ["10.0.0.1", "0.0.0.0", "::", "192.0.2.1", "2001:db8::1"] {
            let refused = Reach::Loopback.find(other, 80).unwrap_err().to_string();
            assert!(refused.contains("--allow-remote"), "{refused}");
            assert!(Reach::Anywhere.find(other, 80).is_ok(), "{other}");
        }
    }
}
