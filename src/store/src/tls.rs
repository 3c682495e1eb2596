//! TLS to PostgreSQL, by rustls. What is asked for is [`TlsOptions`]; how certain it makes one of the server is libpq's table.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use crate::StoreError;
use crate::conninfo::{Mode, TlsOptions};

/// Makes sessions with TLS where the mode wants them.
#[derive(Clone)]
pub(crate) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Reads the files that are named.
    pub fn new(options: &TlsOptions) -> Result<Tls, StoreError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Arc::new(Verifier::new(options, &provider)?);
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let config = match (&options.certificate, &options.key) {
            (Some(certificate), Some(key)) => {
                let chain = certificates("sslcert", certificate)?;
                let own = PrivateKeyDer::from_pem_file(key).map_err(|error| unread("sslkey", key, &error))?;
                config.with_client_auth_cert(chain, own).map_err(|error| unread("sslkey", key, &error))?
            }
            _ => config.with_no_client_auth(),
        };
        Ok(Tls(Arc::new(config)))
    }
}

fn wrong(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Hopeless(format!("database.url: TLS: {error}"))
}

fn unread(key: &str, path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Hopeless(format!("database.url: {key}={}: {error}", path.display()))
}

fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| unread(key, path, &error))?;
    if found.is_empty() { Err(unread(key, path, &"no certificate stands in it")) } else { Ok(found) }
}

/// Whom to believe: nobody in particular, an authority, or an authority about a name.
#[derive(Debug)]
struct Verifier {
    /// None: any certificate.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// The certificate must name the host.
    name: bool,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(options: &TlsOptions, provider: &Arc<CryptoProvider>) -> Result<Verifier, StoreError> {
        let chain = match options.mode {
            Mode::VerifyCa | Mode::VerifyFull => {
                let roots = Arc::new(roots(options.root.as_deref())?);
                let built = WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build();
                Some(built.map_err(|error| wrong(&error))?)
            }
            Mode::Disable | Mode::Prefer | Mode::Require => None,
        };
        Ok(Verifier { chain, name: options.mode == Mode::VerifyFull, provider: provider.clone() })
    }
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, StoreError> {
    let mut roots = RootCertStore::empty();
    match file.filter(|file| *file != Path::new("system")) {
        Some(file) => {
            for certificate in certificates("sslrootcert", file)? {
                roots.add(certificate).map_err(|error| unread("sslrootcert", file, &error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(wrong(
                    &"the system has no CA certificates: install ca-certificates, or name a file in sslrootcert",
                ));
            }
        }
    }
    Ok(roots)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.name => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// A handshake that did not come about. No error of I/O as far as it is one of TLS: trying again changes nothing.
#[derive(Debug)]
pub(crate) struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One session's connector: it knows the host.
pub(crate) struct Connect {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Tls {
    type Stream = Stream<S>;
    type TlsConnect = Connect;
    type Error = Refused;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Connect, Refused> {
        // A socket's directory has no name, and no server offers TLS on it.
        let name = ServerName::try_from(domain.to_owned()).or_else(|_| ServerName::try_from("localhost"));
        let name = name.map_err(|error| Refused(format!("{domain}: {error}")))?;
        Ok(Connect { connector: TlsConnector::from(self.0.clone()), name })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Connect {
    type Stream = Stream<S>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Stream<S>, Failure>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            match self.connector.connect(self.name, stream).await {
                Ok(stream) => Ok(Stream(stream)),
                // rustls' own errors come inside of an io::Error.
                Err(error) if error.get_ref().is_some_and(|inner| inner.is::<Error>()) => {
                    Err(Refused(error.to_string()).into())
                }
                Err(error) => Err(error.into()),
            }
        })
    }
}

/// A session's octets.
pub(crate) struct Stream<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Stream<S> {
    /// None: SCRAM goes without it where the server lets it.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
