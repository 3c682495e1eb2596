//! Every way of saying who one is that may pass a proxy: people who each have one, what they send, and the proxies with
//! what the administrator adds for them: a path that the proxy asks for a password of its own, one that Apache asks for a
//! ticket, and a door with TLS that takes certificates of clients.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use md5::{Digest as _, Md5};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest as hashed};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::demo::{Account, Demo, Options};
use super::ews::{CONTENT_TYPE, basic, envelope};
use super::http::{Http, Reply};
use super::kdc::Kdc;
use super::port;
use super::shipped::{Kind, Own, PART, Proxy};
use super::smtp::Certificate;
use super::web::Authority;
use super::xml::Node;

/// The proxies tell them apart, ewsd does not.
pub const OPEN: &str = "/EWS/Exchange.asmx";
pub const BY_PROXY: &str = "/ews/Exchange.asmx";
pub const BY_TICKET: &str = "/Ews/Exchange.asmx";
/// Everybody's at the proxies; ewsd would refuse it.
pub const PROXYS_PASSWORD: &str = "the proxy's";

const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
    <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";
/// Octets that make a body a large one.
const PADDING: usize = 300_000;

/// By which somebody says who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Basic,
    Sha256,
    Md5,
    Bearer,
    Kerberos,
    /// The proxy has asked, and says it in a field.
    Header,
    Certificate,
    /// Which is refused there.
    Ntlm,
}

const WAYS: [Way; 8] =
    [Way::Basic, Way::Sha256, Way::Md5, Way::Bearer, Way::Kerberos, Way::Header, Way::Certificate, Way::Ntlm];

pub struct Person {
    pub account: Account,
    pub way: Way,
    pub inbox: String,
    /// Of the identity provider.
    pub token: String,
    /// Of the KDC.
    tickets: PathBuf,
    /// With a certificate.
    pub tls: Option<Arc<ClientConfig>>,
}

/// A server, and people with as many mailboxes.
pub struct World {
    pub server: Demo,
    pub people: Vec<Person>,
    /// TLS without a certificate.
    pub stranger: Arc<ClientConfig>,
    kdc: Option<Kdc>,
    keytab: PathBuf,
    folder: PathBuf,
    authority: String,
    certificate: Certificate,
}

impl World {
    /// Leaves out who has a ticket where there is no KDC.
    pub fn make(accounts: usize) -> World {
        let folder = std::env::temp_dir().join(format!("ewsd-ways-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let provider = Provider::make(&folder);
        let kdc = Kdc::start();
        let keytab = kdc.as_ref().map(|kdc| kdc.service("HTTP/localhost")).unwrap_or_default();
        let server = server(accounts, &folder, kdc.is_some().then_some(&keytab));
        let authority = Authority::make(&folder);
        let certificate = authority.certificate("localhost", 1);
        let roots = roots(&authority.file());
        let person = |(n, account): (usize, &Account)| {
            let way = WAYS[n % WAYS.len()];
            let tickets = match (way, &kdc) {
                (Way::Kerberos, Some(kdc)) => tickets(kdc, account),
                (Way::Kerberos, None) => return None,
                _ => PathBuf::new(),
            };
            let certificate = || client(&roots, Some(&authority.person(&format!("c{n}"), &subject(account))));
            Some(Person {
                inbox: inbox_of(&server, account),
                token: provider.token(&account.address),
                tls: (way == Way::Certificate).then(certificate),
                account: account.clone(),
                way,
                tickets,
            })
        };
        let people: Vec<Person> = server.accounts.iter().enumerate().filter_map(person).collect();
        fs::write(folder.join("people"), people.iter().map(line_of_htpasswd).collect::<String>()).expect("a file");
        let stranger = client(&roots, None);
        World { people, stranger, kdc, keytab, folder, authority: authority.file(), certificate, server }
    }

    /// The first of each way, and somebody else who comes by Basic.
    pub fn of_each_way(&self) -> impl Iterator<Item = (&Person, &Person)> {
        WAYS.iter().filter_map(|way| {
            let person = self.people.iter().find(|person| person.way == *way)?;
            let others = |other: &&Person| other.way == Way::Basic && other.inbox != person.inbox;
            Some((person, self.people.iter().find(others)?))
        })
    }

    /// The listener that offers nothing by the names of Negotiate or NTLM. After such an offer HAProxy lets nobody else
    /// have the connection, which Apache and nginx do.
    pub fn quiet(&self) -> SocketAddr {
        let status = self.server.status();
        let address = status["addresses"]["http"][1].as_str().and_then(|address| address.parse().ok());
        address.unwrap_or_else(|| panic!("no second listener in {status}"))
    }

    /// A proxy as it is shipped, with what is added for all ways, and its door with TLS. None where it is not
    /// installed.
    pub fn start(
        &self,
        kind: Kind,
        listener: Option<SocketAddr>,
        changed: &[(&'static str, &'static str)],
    ) -> Option<(Proxy, SocketAddr)> {
        let tls = port::free();
        let mut own = match kind {
            Kind::Apache => self.apache(tls),
            Kind::Nginx => self.nginx(tls),
            Kind::Haproxy => self.haproxy(tls),
        };
        own.changed.extend(changed);
        own.listener = listener;
        Some((kind.start_own(&self.server, &own)?, tls))
    }

    fn apache(&self, tls: SocketAddr) -> Own {
        let set = "RequestHeader set X-Remote-User \"expr=%{REMOTE_USER}\"";
        let people = self.folder.join("people");
        let mut inside = format!(
            "<Location \"/ews/\">\nAuthType Basic\nAuthName proxy\nAuthBasicProvider file\nAuthUserFile {}\n\
             Require valid-user\n{set}\n</Location>\n",
            people.display()
        );
        if self.kdc.is_some() && apache_takes_tickets() {
            let keytab = self.keytab.display();
            inside += &format!(
                "<Location \"/Ews/\">\nAuthType GSSAPI\nAuthName Mail\nGssapiCredStore keytab:{keytab}\n\
                 Require valid-user\n{set}\n</Location>\n"
            );
        }
        let Certificate { certificate, key } = &self.certificate;
        let outside = format!(
            "Listen {tls}\n<VirtualHost {tls}>\nSSLEngine on\nSSLCertificateFile {}\nSSLCertificateKeyFile {}\n\
             SSLCACertificateFile {}\nSSLVerifyClient optional\n\
             RequestHeader set X-Client-Subject \"expr=%{{SSL_CLIENT_S_DN}}\"\n{PART}\n</VirtualHost>",
            certificate.display(),
            key.display(),
            self.authority
        );
        Own { inside, outside, ..Own::default() }
    }

    fn nginx(&self, tls: SocketAddr) -> Own {
        let Certificate { certificate, key } = &self.certificate;
        let inside = format!(
            "listen {tls} ssl; ssl_certificate {}; ssl_certificate_key {};\nssl_client_certificate {};\n\
             ssl_verify_client optional;\nlocation ^~ /ews/ {{ auth_basic proxy; auth_basic_user_file {};\n\
             proxy_pass http://ewsd; proxy_http_version 1.1;\nproxy_set_header Connection \"\"; proxy_set_header X-Forwarded-For $remote_addr;\n\
             client_max_body_size 0; proxy_set_header X-Remote-User $remote_user; }}\n",
            certificate.display(),
            key.display(),
            self.authority,
            self.folder.join("people").display()
        );
        let subject = ("proxy_set_header X-Client-Subject \"\"", "proxy_set_header X-Client-Subject $ssl_client_s_dn");
        Own { inside, changed: vec![subject], ..Own::default() }
    }

    fn haproxy(&self, tls: SocketAddr) -> Own {
        let both = [&self.certificate.certificate, &self.certificate.key];
        let both: String = both.map(|file| fs::read_to_string(file).expect("the certificate")).concat();
        let pem = self.folder.join("haproxy.pem");
        fs::write(&pem, both).expect("the certificate, as HAProxy wants it");
        let inside = format!(
            "    bind {tls} ssl crt {} ca-file {} verify optional\n\
             \x20   http-request auth realm proxy if {{ path_beg /ews/ }} !{{ http_auth(people) }}\n\
             \x20   http-request set-header X-Remote-User %[http_auth_user] if {{ path_beg /ews/ }}",
            pem.display(),
            self.authority
        );
        let password = PROXYS_PASSWORD.replace(' ', "\\ ").replace('\'', "\\'");
        let user = |person: &Person| format!("    user {} insecure-password {password}\n", person.account.login);
        let users: String = self.people.iter().map(user).collect();
        let commented =
            ("    # http-request set-header X-Client-Subject", "    http-request set-header X-Client-Subject");
        Own { inside, outside: format!("userlist people\n{users}"), changed: vec![commented], ..Own::default() }
    }

    /// One request by curl, with somebody's ticket.
    pub fn curl(&self, person: &Person, port: u16, path: &str) -> Result<Reply, String> {
        let kdc = self.kdc.as_ref().ok_or("no KDC")?;
        let output = Command::new("curl")
            .env("KRB5_CONFIG", kdc.krb5_conf())
            .env("KRB5CCNAME", &person.tickets)
            .args(["-s", "-w", "\n%{http_code}", "--max-time", "60", "--negotiate", "-u", ":", "-H", CONTENT_TYPE])
            .args(["--data-binary", &envelope(Some("Exchange2013_SP1"), "", GET_INBOX)])
            // The name is the service's, whatever address it has.
            .arg(format!("http://localhost:{port}{path}"))
            .output()
            .map_err(|error| format!("curl: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = said.rsplit_once('\n').ok_or("curl says nothing")?;
        let status = status.parse().map_err(|_| format!("curl says {status}"))?;
        Ok(Reply { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn server(accounts: usize, folder: &Path, keytab: Option<&PathBuf>) -> Demo {
    let options = Options { accounts, workers: 3, ..Options::default() }
        .set("server.http", "[\"127.0.0.1:0\", \"127.0.0.1:0 schemes=basic+digest+bearer+headers\"]")
        .set("auth.ntlm", true)
        .set("auth.negotiate", true)
        .set("auth.digest", true)
        .set("auth.failures_per_minute", 0)
        .set("auth.jwks_file", folder.join("keys.json").display())
        .set("auth.token_issuer", "https://id.example.test")
        .set("auth.token_audience", "[\"https://mail.example.test\"]")
        .set("auth.headers", "[\"X-Client-Subject\", \"X-Remote-User\"]")
        .set("auth.realms", "[\"EXAMPLE.TEST\"]");
    Demo::start(match keytab {
        Some(keytab) => options.set("auth.keytab", keytab.display()),
        None => options,
    })
}

/// Whether Apache can ask for tickets itself.
pub fn apache_takes_tickets() -> bool {
    Path::new("/usr/lib/apache2/modules/mod_auth_gssapi.so").is_file()
}

fn tickets(kdc: &Kdc, account: &Account) -> PathBuf {
    let name = account.address.split('@').next().unwrap_or_default();
    kdc.person(name, "secret");
    kdc.tickets(name, "secret", "50m")
}

fn subject(account: &Account) -> String {
    format!("/O=Example/CN=Somebody/emailAddress={}", account.address)
}

fn line_of_htpasswd(person: &Person) -> String {
    let hash = hashed(&SHA1_FOR_LEGACY_USE_ONLY, PROXYS_PASSWORD.as_bytes());
    format!("{}:{{SHA}}{}\n", person.account.login, STANDARD.encode(hash))
}

fn roots(file: &str) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).expect("an authority") {
        roots.add(certificate.expect("a certificate")).expect("an authority");
    }
    roots
}

fn client(roots: &RootCertStore, own: Option<&Certificate>) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
    let config = config.with_root_certificates(roots.clone());
    Arc::new(match own {
        None => config.with_no_client_auth(),
        Some(own) => {
            let chain = CertificateDer::pem_file_iter(&own.certificate).expect("a file").map(Result::unwrap).collect();
            let key = PrivateKeyDer::from_pem_file(&own.key).expect("a key");
            config.with_client_auth_cert(chain, key).expect("a certificate of the client's")
        }
    })
}

/// A small identity provider: one key, and tokens that are signed with it.
struct Provider {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Provider {
    fn make(folder: &Path) -> Provider {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).expect("a key");
        // A mark, and the two coordinates.
        let (x, y) = key.public_key().as_ref()[1..].split_at(32);
        let part = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
        let own = serde_json::json!({"kty": "EC", "kid": "e", "crv": "P-256", "x": part(x), "y": part(y)});
        fs::write(folder.join("keys.json"), serde_json::json!({"keys": [own]}).to_string()).expect("a file");
        Provider { key, random }
    }

    /// Good for an hour.
    fn token(&self, address: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
        let head = serde_json::json!({"alg": "ES256", "kid": "e"});
        let claims = serde_json::json!({"iss": "https://id.example.test", "aud": "https://mail.example.test", 
            "exp": now + 3600, "scp": "EWS.AccessAsUser.All", "upn": address});
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(head), part(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The proof of Digest (RFC 7616) of a request for [`OPEN`], with the nonce of a refusal.
pub fn digest(person: &Person, refusal: &Reply) -> Result<String, String> {
    let name = if person.way == Way::Md5 { "MD5" } else { "SHA-256" };
    let mine = |offer: &&str| offer.starts_with("Digest ") && offer.contains(&format!("algorithm={name},"));
    let offer = refusal.headers.iter().map(|(_, value)| value.as_str()).find(mine).ok_or("no Digest is offered")?;
    let of = |name: &str| offer.split_once(&format!("{name}=\""))?.1.split('"').next();
    let (realm, nonce) = of("realm").zip(of("nonce")).ok_or_else(|| format!("no nonce in {offer}"))?;
    let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let hash = |text: String| match person.way {
        Way::Md5 => hex(&Md5::digest(text.as_bytes())),
        _ => hex(hashed(&SHA256, text.as_bytes()).as_ref()),
    };
    let Account { login, password, .. } = &person.account;
    let (secret, request) = (hash(format!("{login}:{realm}:{password}")), hash(format!("POST:{OPEN}")));
    let proof = hash(format!("{secret}:{nonce}:00000001:x:auth:{request}"));
    Ok(format!(
        "Authorization: Digest username=\"{login}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{OPEN}\", \
         algorithm={name}, qop=auth, nc=00000001, cnonce=\"x\", response=\"{proof}\""
    ))
}

/// Whether a refusal says that the proof was right, and its nonce is not to be used any more.
pub fn is_stale(reply: &Reply) -> bool {
    reply.status == 401 && reply.header("WWW-Authenticate").is_some_and(|offer| offer.ends_with("stale=true"))
}

/// A connection, made anew when the other side has ended it, as proxies do after so many requests.
pub struct Line {
    pub to: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    http: Option<Http>,
}

impl Line {
    pub fn new(to: SocketAddr, tls: Option<&Arc<ClientConfig>>) -> Line {
        Line { to, tls: tls.cloned(), http: None }
    }

    fn connect(&self) -> Result<Http, String> {
        let made = match &self.tls {
            Some(config) => Http::connect_tls(self.to, config.clone()),
            None => Http::try_connect(self.to),
        };
        made.map_err(|error| format!("no connection to {}: {error}", self.to))
    }

    /// The answer to a request for the inbox.
    pub fn ask(&mut self, path: &str, lines: &[&str], large: bool) -> Result<Reply, String> {
        let lines = [&[CONTENT_TYPE], lines].concat();
        let padding = if large { " ".repeat(PADDING) } else { String::new() };
        let body = envelope(Some("Exchange2013_SP1"), "", &format!("{GET_INBOX}{padding}"));
        let asked = self.http.take().map(|mut http| (http.try_post(path, &lines, body.as_bytes()), http));
        let (reply, http) = match asked {
            Some((Ok(reply), http)) => (reply, http),
            Some((Err(_), _)) | None => {
                let mut http = self.connect()?;
                let reply = http.try_post(path, &lines, body.as_bytes());
                (reply.map_err(|error| format!("no answer from {}: {error}", self.to))?, http)
            }
        };
        self.http = Some(http).filter(|_| !reply.closes());
        Ok(reply)
    }
}

/// Whose inbox an answer shows, by its id.
pub fn inbox(reply: &Reply) -> Result<String, String> {
    let shown = || Node::parse(&reply.text()).find("t:FolderId").and_then(|id| id.attribute("Id")).map(str::to_owned);
    Some(reply.status).filter(|status| *status == 200).and_then(|_| shown()).ok_or_else(|| {
        let offers: Vec<&str> = reply.headers.iter().map(|(_, value)| value.as_str()).collect();
        format!("{} {offers:?} {:.300}", reply.status, reply.text())
    })
}

/// The same, asked of the server itself.
fn inbox_of(server: &Demo, account: &Account) -> String {
    let reply = Line::new(server.http(), None).ask(OPEN, &[&basic(&account.login, &account.password)], false);
    reply.and_then(|reply| inbox(&reply)).unwrap_or_else(|what| panic!("{}: {what}", account.login))
}
