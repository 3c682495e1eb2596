//! What connections to hosts elsewhere have in common: an end to all their waiting together, and whom TLS believes.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ewsd_mailbox::clock;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// A socket whose waits can be bounded.
pub(crate) trait Bounded: Read + Write {
    fn bound_read(&self, time: Duration) -> io::Result<()>;
    fn bound_write(&self, time: Duration) -> io::Result<()>;
}

macro_rules! bounded {
    ($($socket:ty),*) => {$(
        impl Bounded for $socket {
            fn bound_read(&self, time: Duration) -> io::Result<()> {
                self.set_read_timeout(Some(time))
            }
            fn bound_write(&self, time: Duration) -> io::Result<()> {
                self.set_write_timeout(Some(time))
            }
        }
    )*};
}

bounded!(TcpStream, UnixStream);

/// When all waiting must be over, and the setting that says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub until: Instant,
    pub setting: &'static str,
}

impl Deadline {
    /// How long is left.
    ///
    /// # Errors
    /// Nothing is.
    pub fn left(self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(clock::monotonic());
        if left.is_zero() { Err(self.over()) } else { Ok(left) }
    }

    fn over(self) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, format!("it takes longer than {}", self.setting))
    }

    /// What a socket says whose wait was bounded.
    fn told(self, result: io::Result<usize>) -> io::Result<usize> {
        result.map_err(|error| if error.kind() == io::ErrorKind::WouldBlock { self.over() } else { error })
    }
}

/// A socket on which everything together has an end.
#[derive(Debug)]
pub(crate) struct Timed<S> {
    pub socket: S,
    pub deadline: Deadline,
}

impl<S: Bounded> Read for Timed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.bound_read(self.deadline.left()?)?;
        self.deadline.told(self.socket.read(buffer))
    }
}

impl<S: Bounded> Write for Timed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.bound_write(self.deadline.left()?)?;
        self.deadline.told(self.socket.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// Believes the system's certificates and those of the file that a setting (key, value) names; empty: none besides.
///
/// # Errors
/// A sentence: the file is none, or holds no certificate.
pub(crate) fn config((key, file): (&str, &str)) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if !file.is_empty() {
        let failed = |error: &dyn std::fmt::Display| format!("{key} {file}: {error}");
        let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        for certificate in found.map_err(|error| failed(&error))? {
            roots.add(certificate).map_err(|error| failed(&error))?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
