//! A realm of Kerberos for the length of a measurement: MIT's KDC on a port of the loopback address, with the demo's first person.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::error::{During, Error, Result};

const KDC: &str = "/usr/sbin/krb5kdc";
const NAME: &str = "EXAMPLE.TEST";
const SERVICE: &str = "HTTP/localhost";
/// Whose address is that of the demo's first account.
const PERSON: &str = "alice";
const PASSWORD: &str = "secret";
/// Time for the KDC to start.
const READY: Duration = Duration::from_secs(30);

pub struct Realm {
    folder: PathBuf,
    kdc: Option<Child>,
}

impl Realm {
    /// None: it is not installed.
    pub fn start() -> Result<Option<Realm>> {
        let needed = [KDC, "/usr/sbin/kdb5_util", "/usr/sbin/kadmin.local", "/usr/bin/kinit"];
        if !needed.iter().all(|program| Path::new(program).is_file()) {
            return Ok(None);
        }
        let folder = std::env::temp_dir().join(format!("ewsload-{}-realm", std::process::id()));
        fs::create_dir_all(&folder).during(folder.display())?;
        // The server's workers run as another user, and read the keytab.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        let mut realm = Realm { folder, kdc: None };
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        realm.configure(port)?;
        good("kdb5_util", realm.tool("/usr/sbin/kdb5_util").args(["-P", "master", "create", "-s"]).output())?;
        let mut kdc = realm.tool(KDC);
        let kdc = kdc.arg("-n").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let kdc = realm.kdc.insert(kdc.during(KDC)?);
        let end = Instant::now() + READY;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = kdc.try_wait()? {
                return Err(Error::new(format!("{KDC} ended with {status}")));
            }
            if Instant::now() > end {
                return Err(Error::new(format!("{KDC} is not ready after {READY:?}")));
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        realm.people()?;
        Ok(Some(realm))
    }

    fn configure(&self, port: u16) -> Result {
        let place = self.folder.display();
        fs::write(
            self.folder.join("krb5.conf"),
            format!(
                "[libdefaults]\ndefault_realm = {NAME}\ndns_lookup_kdc = false\ndns_canonicalize_hostname = false\nrdns = false\n\
                 [realms]\n{NAME} = {{\nkdc = 127.0.0.1:{port}\n}}\n"
            ),
        )?;
        fs::write(
            self.folder.join("kdc.conf"),
            format!(
                "[kdcdefaults]\nkdc_listen = 127.0.0.1:{port}\nkdc_tcp_listen = 127.0.0.1:{port}\n[realms]\n{NAME} = {{\n\
                 database_name = {place}/principal\nkey_stash_file = {place}/stash\nacl_file = {place}/acl\nmax_life = 10h\n}}\n\
                 [logging]\nkdc = FILE:{place}/log\n"
            ),
        )?;
        Ok(())
    }

    /// The service with its keytab, and a person with a ticket.
    fn people(&self) -> Result {
        let keytab = self.keytab();
        let [service, keys, person] = [
            format!("addprinc -randkey {SERVICE}"),
            format!("ktadd -k {} {SERVICE}", keytab.display()),
            format!("addprinc -pw {PASSWORD} {PERSON}"),
        ];
        for query in [service, keys, person] {
            good("kadmin.local", self.tool("/usr/sbin/kadmin.local").args(["-q", &query]).output())?;
        }
        fs::set_permissions(&keytab, fs::Permissions::from_mode(0o644)).during(keytab.display())?;
        let mut kinit = self.tool("/usr/bin/kinit");
        kinit.arg(PERSON).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut kinit = kinit.spawn().during("kinit")?;
        let told = kinit.stdin.take().map(|mut input| input.write_all(format!("{PASSWORD}\n").as_bytes()));
        good("kinit", kinit.wait_with_output())?;
        told.unwrap_or(Ok(())).during("kinit")
    }

    fn keytab(&self) -> PathBuf {
        self.folder.join("keytab")
    }

    fn tool(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("KRB5_CONFIG", self.folder.join("krb5.conf")).env("KRB5_KDC_PROFILE", self.folder.join("kdc.conf"));
        command.env("KRB5CCNAME", self.folder.join("tickets"));
        command
    }

    pub fn settings(&self) -> [(&'static str, String); 2] {
        [("auth.keytab", self.keytab().display().to_string()), ("auth.realms", format!("[\"{NAME}\"]"))]
    }

    /// So many proofs, each good for once and for some minutes.
    pub fn proofs(&self, count: u32) -> Result<Vec<String>> {
        let program = std::env::current_exe()?;
        let mut client = self.tool(&program.to_string_lossy());
        let made =
            good("tickets", client.arg("tickets").arg(format!("{SERVICE}@{NAME}")).arg(count.to_string()).output())?;
        Ok(String::from_utf8_lossy(&made.stdout).lines().map(str::to_owned).collect())
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        if let Some(kdc) = &mut self.kdc {
            // It may have ended by itself.
            let _ = kdc.kill();
            let _ = kdc.wait();
        }
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("ewsload: {}: {error}", self.folder.display());
        }
    }
}

fn good(program: &str, output: std::io::Result<Output>) -> Result<Output> {
    let output = output.during(program)?;
    if output.status.success() {
        return Ok(output);
    }
    Err(Error::new(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
