//! The certificate that clients meet at `server.public_url`.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::{Finding, Patient, right, warning, wrong};

/// For connecting, and for each answer of the other side.
const PATIENCE: Duration = Duration::from_secs(5);
/// So long before it expires it is told.
const AHEAD: Duration = Duration::from_secs(14 * 86_400);

/// It is valid today, and in two weeks.
pub fn certificate(patient: &Patient<'_>) -> Vec<Finding> {
    let url = &patient.settings.server.public_url;
    let Some(authority) = url.strip_prefix("https://") else { return Vec::new() };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(443)),
        _ => (authority, 443),
    };
    let host = host.trim_matches(['[', ']']);
    let seen = match meet(host, port) {
        Ok(seen) => seen,
        Err(why) => {
            return vec![wrong(
                format!("server.public_url: {url} does not answer: {why}"),
                "is the proxy started, and does the name lead to it from here?",
            )];
        }
    };
    vec![judge(url, &seen)]
}

/// What was found of a certificate: today, and in two weeks.
#[derive(Debug)]
struct Seen {
    today: Result<(), Error>,
    later: Result<(), Error>,
}

fn judge(url: &str, seen: &Seen) -> Finding {
    let expired = |error: &Error| {
        matches!(error, Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }))
    };
    match (&seen.today, &seen.later) {
        (Err(error), _) if expired(error) => wrong(
            format!("{url}: the certificate has expired"),
            "renew it at the proxy (certbot renew), and reload the proxy",
        ),
        (Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)), _) => warning(
            format!("{url}: the certificate is of an authority that this machine does not trust"),
            "clients that do not know it refuse: install the authority there, or take a certificate of a public one",
        ),
        (Err(error), _) => {
            wrong(format!("{url}: {error}"), "get a certificate for this name, and let the proxy send the whole chain")
        }
        (Ok(()), Err(error)) if expired(error) => warning(
            format!("{url}: the certificate expires within two weeks"),
            "see that it is renewed (certbot renew --dry-run)",
        ),
        (Ok(()), _) => right(format!("{url}: the certificate is valid")),
    }
}

/// Shakes hands and tells what the certificate is worth.
fn meet(host: &str, port: u16) -> Result<Seen, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    let inner = inner.map_err(|error| format!("{error} (package ca-certificates)"))?;
    let judge = Arc::new(Judge { inner, seen: Mutex::default() });
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?.dangerous();
    let config = config.with_custom_certificate_verifier(judge.clone()).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let mut tls = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
    let found = (host, port).to_socket_addrs().map_err(|error| error.to_string())?.next();
    let address = found.ok_or_else(|| "the name leads nowhere".to_owned())?;
    let mut socket = TcpStream::connect_timeout(&address, PATIENCE).map_err(|error| error.to_string())?;
    for set in [TcpStream::set_read_timeout, TcpStream::set_write_timeout] {
        set(&socket, Some(PATIENCE)).map_err(|error| error.to_string())?;
    }
    while tls.is_handshaking() {
        if let Err(error) = tls.complete_io(&mut socket) {
            // The certificate was seen before whatever went wrong after it.
            return judge.taken().ok_or_else(|| error.to_string());
        }
    }
    judge.taken().ok_or_else(|| "it showed no certificate".to_owned())
}

/// Judges as clients would, and takes whatever comes: nothing is sent over the connection.
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
        let later = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + AHEAD);
        if let Ok(mut seen) = self.seen.lock() {
            *seen = Some(Seen { today: at(now), later: at(later) });
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
        for (today, later, state, says) in [
            (Ok(()), Ok(()), State::Right, "valid"),
            (Ok(()), bad(CertificateError::Expired), State::Warning, "two weeks"),
            (bad(CertificateError::Expired), bad(CertificateError::Expired), State::Wrong, "has expired"),
            (bad(CertificateError::UnknownIssuer), bad(CertificateError::UnknownIssuer), State::Warning, "not trust"),
            (bad(CertificateError::NotValidForName), bad(CertificateError::NotValidForName), State::Wrong, "https://x"),
        ] {
            let found = judge("https://x", &Seen { today, later });
            assert!(found.state == state && found.text.contains(says), "{found:?}");
        }
    }
}
