//! The certificate that clients meet, at `server.public_url` and wherever else the doctor looks.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    StreamOwned,
};

use super::{Finding, Patient, right, warning, wrong};

/// For connecting, and for each answer of the other side.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// So many days before it expires it is told.
const AHEAD: u64 = 14;
/// Seconds of a day.
const DAY: u64 = 86_400;
/// Days, after which nobody asks any more.
const LONGEST: u64 = 40_000;

/// It is valid today, and in two weeks.
pub fn certificate(patient: &Patient<'_>) -> Vec<Finding> {
    let url = &patient.settings.server.public_url;
    let Some(authority) = url.strip_prefix("https://") else { return Vec::new() };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(443)),
        _ => (authority, 443),
    };
    let host = host.trim_matches(['[', ']']);
    match meet(host, port, roots(None)) {
        Ok(seen) => vec![judge(url, &seen)],
        Err(why) => vec![wrong(
            format!("server.public_url: {url} does not answer: {why}"),
            "is the proxy started, and does the name lead to it from here?",
        )],
    }
}

/// What was found of a certificate.
#[derive(Debug)]
pub struct Seen {
    pub today: Result<(), Error>,
    /// Whole days for which it is valid.
    pub days: u64,
}

pub fn judge(url: &str, seen: &Seen) -> Finding {
    let expired = |error: &Error| {
        matches!(error, Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }))
    };
    match &seen.today {
        Err(error) if expired(error) => wrong(
            format!("{url}: the certificate has expired"),
            "renew it at the proxy (certbot renew), and reload the proxy",
        ),
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => warning(
            format!("{url}: the certificate is of an authority that this machine does not trust"),
            "clients that do not know it refuse: install the authority there, or take a certificate of a public one",
        ),
        Err(error) => {
            wrong(format!("{url}: {error}"), "get a certificate for this name, and let the proxy send the whole chain")
        }
        Ok(()) if seen.days < AHEAD => warning(
            format!("{url}: the certificate expires in {} days", seen.days),
            "see that it is renewed (certbot renew --dry-run)",
        ),
        Ok(()) => right(format!("{url}: the certificate is valid")),
    }
}

/// Whom clients trust: the system's authorities, and those in a file.
///
/// # Errors
/// A sentence: the file is none, or holds no certificate.
pub fn roots(file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = file {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        for certificate in found.map_err(|error| failed(&error))? {
            roots.add(certificate).map_err(|error| failed(&error))?;
        }
    }
    Ok(roots)
}

fn meet(host: &str, port: u16, roots: Result<RootCertStore, String>) -> Result<Seen, String> {
    let found = (host, port).to_socket_addrs().map_err(|error| error.to_string())?.next();
    let address = found.ok_or_else(|| "the name leads nowhere".to_owned())?;
    let socket = TcpStream::connect_timeout(&address, PATIENCE).map_err(|error| error.to_string())?;
    for set in [TcpStream::set_read_timeout, TcpStream::set_write_timeout] {
        set(&socket, Some(PATIENCE)).map_err(|error| error.to_string())?;
    }
    match shake(host, socket, Arc::new(roots?)) {
        // The certificate was seen before whatever went wrong after it.
        Ok((seen, _)) | Err((Some(seen), _)) => Ok(seen),
        Err((None, why)) => Err(why),
    }
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// Shakes hands, and tells what the certificate is worth: whoever goes on has to look at that.
///
/// # Errors
/// What went wrong, with the certificate if it was seen before that.
pub fn shake(
    host: &str,
    mut socket: TcpStream,
    roots: Arc<RootCertStore>,
) -> Result<(Seen, Stream), (Option<Seen>, String)> {
    let (judge, mut tls) = begin(host, roots).map_err(|why| (None, why))?;
    while tls.is_handshaking() {
        if let Err(error) = tls.complete_io(&mut socket) {
            return Err((judge.taken(), error.to_string()));
        }
    }
    let seen = judge.taken().ok_or_else(|| (None, "it showed no certificate".to_owned()))?;
    Ok((seen, StreamOwned::new(tls, socket)))
}

fn begin(host: &str, roots: Arc<RootCertStore>) -> Result<(Arc<Judge>, ClientConnection), String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let inner = WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build();
    let inner = inner.map_err(|error| format!("{error} (package ca-certificates)"))?;
    let judge = Arc::new(Judge { inner, seen: Mutex::default() });
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?.dangerous();
    let config = config.with_custom_certificate_verifier(judge.clone()).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let tls = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
    Ok((judge, tls))
}

/// The greatest number of days that is good, where all below it are: nothing tells when a chain ends but asking.
fn last(good: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, 1);
    while high <= LONGEST && good(high) {
        (low, high) = (high, 2 * high);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if good(middle) { low = middle } else { high = middle }
    }
    low
}

/// Judges as clients would, and takes whatever comes.
#[derive(Debug)]
struct Judge {
    inner: Arc<WebPkiServerVerifier>,
    seen: Mutex<Option<Seen>>,
}

impl Judge {
    fn taken(&self) -> Option<Seen> {
        self.seen.lock().ok()?.take()
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let at = |now| self.inner.verify_server_cert(end_entity, intermediates, name, ocsp, now).map(drop);
        let in_days = |days| UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs() + days * DAY));
        let today = at(now);
        let days = if today.is_ok() { last(|days| at(in_days(days)).is_ok()) } else { 0 };
        if let Ok(mut seen) = self.seen.lock() {
            *seen = Some(Seen { today, days });
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_apart() {
        let bad = |error| Err(Error::InvalidCertificate(error));
        for (today, days, state, says) in [
            (Ok(()), 14, State::Right, "valid"),
            (Ok(()), 13, State::Warning, "in 13 days"),
            (bad(CertificateError::Expired), 0, State::Wrong, "has expired"),
            (bad(CertificateError::UnknownIssuer), 0, State::Warning, "not trust"),
            (bad(CertificateError::NotValidForName), 0, State::Wrong, "https://x"),
        ] {
            let found = judge("https://x", &Seen { today, days });
            assert!(found.state == state && found.text.contains(says), "{found:?}");
        }
    }

    #[test]
    fn the_last_day_is_found() {
        for day in [0, 1, 2, 13, 64, 397, 39_999] {
            assert_eq!(last(|asked| asked <= day), day);
        }
        assert!(last(|_| true) >= LONGEST);
    }
}
