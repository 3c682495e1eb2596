//! A throw-away directory: OpenLDAP's slapd on free ports of the loopback address, with people, and a CA and a certificate of its own.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{port, wait};

/// The entry at the top, and that of all people below it.
pub const TOP: &str = "dc=example,dc=test";
pub const PEOPLE: &str = "ou=people,dc=example,dc=test";
/// Who may search, and the password.
pub const SEARCHES: (&str, &str) = ("cn=search,dc=example,dc=test", "finder's secret");

/// A running slapd.
pub struct Slapd {
    pub folder: PathBuf,
    ldap: SocketAddr,
    ldaps: SocketAddr,
    child: Child,
}

impl Slapd {
    /// With these people (uid, password) below [`PEOPLE`], each with the mail address uid@example.test. None: it is not installed.
    pub fn start(people: &[(&str, &str)]) -> Option<Slapd> {
        if !Path::new("/usr/sbin/slapd").is_file() || !Path::new("/usr/bin/openssl").is_file() {
            println!("skipped: slapd and openssl are not installed");
            return None;
        }
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ewsd-slapd-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("db")).expect("a folder");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("its mode");
        // Debian's AppArmor profile is about the program's place, and lets it into no other folder.
        fs::copy("/usr/sbin/slapd", folder.join("slapd")).expect("a copy");
        certificates(&folder);
        let place = folder.display();
        fs::write(
            folder.join("slapd.conf"),
            format!(
                "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n\
                 include /etc/ldap/schema/inetorgperson.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n\
                 TLSCertificateFile {place}/server.crt\nTLSCertificateKeyFile {place}/server.key\n\
                 database mdb\nmaxsize 10485760\nsuffix \"{TOP}\"\ndirectory {place}/db\n\
                 access to attrs=userPassword by anonymous auth by * none\n\
                 access to * by dn.exact=\"{}\" read by * none\n",
                SEARCHES.0
            ),
        )
        .expect("slapd.conf");
        let mut entries = format!(
            "dn: {TOP}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n\
             dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: people\n\n\
             dn: {}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: search\nuserPassword: {}\n\n",
            SEARCHES.0, SEARCHES.1
        );
        for (uid, password) in people {
            entries += &format!(
                "dn: uid={uid},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: {uid}\n\
                 mail: {uid}@example.test\nuserPassword: {password}\n\n"
            );
        }
        fs::write(folder.join("entries.ldif"), entries).expect("its entries");
        let mut add = Command::new(folder.join("slapd"));
        add.args(["-T", "add", "-f"]).arg(folder.join("slapd.conf")).arg("-l").arg(folder.join("entries.ldif"));
        let output = add.output().expect("slapadd runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let (ldap, ldaps) = (port::free(), port::free());
        let child = spawn(&folder, ldap, ldaps);
        let mut slapd = Slapd { folder, ldap, ldaps, child };
        slapd.until_it_listens();
        Some(slapd)
    }

    /// To be followed by TLS.
    pub fn url(&self) -> String {
        format!("ldap://localhost:{}", self.ldap.port())
    }

    /// With TLS from the start.
    pub fn tls_url(&self) -> String {
        format!("ldaps://localhost:{}", self.ldaps.port())
    }

    /// Its Unix socket.
    pub fn socket_url(&self) -> String {
        format!("ldapi://{}", self.folder.join("ldapi").display().to_string().replace('/', "%2F"))
    }

    /// The certificate of whoever signed its own.
    pub fn ca(&self) -> String {
        self.folder.join("ca.crt").display().to_string()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it; its entries stay.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again, where it was.
    pub fn start_again(&mut self) {
        self.stop();
        self.child = spawn(&self.folder, self.ldap, self.ldaps);
        self.until_it_listens();
    }

    fn until_it_listens(&mut self) {
        wait::true_within("slapd listens", wait::LONG, || {
            if let Ok(Some(status)) = self.child.try_wait() {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                panic!("slapd ended: {status}\n{log}");
            }
            TcpStream::connect(self.ldap).is_ok() && TcpStream::connect(self.ldaps).is_ok()
        });
        // Everybody may: the workers' user asks there.
        fs::set_permissions(self.folder.join("ldapi"), fs::Permissions::from_mode(0o777)).expect("its socket's mode");
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn spawn(folder: &Path, ldap: SocketAddr, ldaps: SocketAddr) -> Child {
    let socket = folder.join("ldapi").display().to_string().replace('/', "%2F");
    let log = fs::File::create(folder.join("log")).expect("its log");
    Command::new(folder.join("slapd"))
        .arg("-f")
        .arg(folder.join("slapd.conf"))
        .arg("-h")
        .arg(format!("ldap://{ldap} ldaps://{ldaps} ldapi://{socket}"))
        // In the foreground, and silent.
        .args(["-d", "0"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("slapd starts")
}

/// A CA, and a certificate for `localhost` that it has signed.
fn certificates(folder: &Path) {
    let openssl = |line: &str| {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().expect("openssl runs");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    fs::write(folder.join("server.ext"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").expect("a file");
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.crt",
    );
    openssl("req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr");
    openssl(
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -days 2 -set_serial 2 -extfile server.ext -out server.crt",
    );
    fs::set_permissions(folder.join("ca.crt"), fs::Permissions::from_mode(0o644)).expect("its mode");
}
