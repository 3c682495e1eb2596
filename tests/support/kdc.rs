//! A throw-away realm: MIT's KDC on a free port of the loopback address, principals, keytabs and tickets in a folder of its own.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{port, wait};

pub const REALM: &str = "EXAMPLE.TEST";

/// A running KDC.
pub struct Kdc {
    pub folder: PathBuf,
    child: Child,
}

impl Kdc {
    /// None: it is not installed.
    pub fn start() -> Option<Kdc> {
        if !Path::new("/usr/sbin/krb5kdc").is_file() || !Path::new("/usr/bin/kinit").is_file() {
            println!("skipped: krb5-kdc and krb5-user are not installed");
            return None;
        }
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ewsd-kdc-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let address = port::free();
        let port = address.port();
        let place = folder.display();
        fs::write(
            folder.join("krb5.conf"),
            format!(
                "[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\ndns_canonicalize_hostname = false\nrdns = false\n\
                 [realms]\n{REALM} = {{\nkdc = 127.0.0.1:{port}\n}}\n"
            ),
        )
        .expect("krb5.conf");
        fs::write(
            folder.join("kdc.conf"),
            format!(
                "[kdcdefaults]\nkdc_ports = {port}\nkdc_listen = 127.0.0.1:{port}\nkdc_tcp_listen = 127.0.0.1:{port}\n[realms]\n\
                 {REALM} = {{\ndatabase_name = {place}/principal\nkey_stash_file = {place}/stash\nacl_file = {place}/acl\n\
                 max_life = 1h\n}}\n[logging]\nkdc = FILE:{place}/log\n"
            ),
        )
        .expect("kdc.conf");
        let tool = |name: &str| {
            let mut command = Command::new(name);
            command.env("KRB5_CONFIG", folder.join("krb5.conf")).env("KRB5_KDC_PROFILE", folder.join("kdc.conf"));
            command
        };
        ok(tool("/usr/sbin/kdb5_util").args(["-P", "master", "create", "-s"]).output());
        let mut kdc = tool("/usr/sbin/krb5kdc");
        kdc.arg("-n").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = kdc.spawn().expect("the KDC starts");
        let mut kdc = Kdc { folder, child };
        wait::true_within("the KDC listens", wait::LONG, || {
            if let Ok(Some(status)) = kdc.child.try_wait() {
                panic!("the KDC ended: {status}\n{}", kdc.log());
            }
            TcpStream::connect(address).is_ok()
        });
        Some(kdc)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_else(|e| format!("no log: {e}"))
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.env("KRB5_CONFIG", self.krb5_conf()).env("KRB5_KDC_PROFILE", self.folder.join("kdc.conf"));
        command
    }

    pub fn krb5_conf(&self) -> PathBuf {
        self.folder.join("krb5.conf")
    }

    fn admin(&self, query: &str) {
        ok(self.tool("/usr/sbin/kadmin.local").args(["-q", query]).output());
    }

    /// A person with a password.
    pub fn person(&self, name: &str, password: &str) {
        self.admin(&format!("addprinc -pw {password} {name}"));
    }

    /// A service, and a keytab that everybody here may read.
    pub fn service(&self, name: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let keytab = self.folder.join(format!("{}.keytab", name.replace('/', "-")));
        self.admin(&format!("addprinc -randkey {name}"));
        self.admin(&format!("ktadd -k {} {name}", keytab.display()));
        fs::set_permissions(&keytab, fs::Permissions::from_mode(0o644)).expect("its mode");
        keytab
    }

    /// A cache with a ticket of somebody's, for `lifetime` (as `5m`).
    pub fn tickets(&self, name: &str, password: &str, lifetime: &str) -> PathBuf {
        use std::io::Write as _;
        let cache = self.folder.join(format!("{name}.{lifetime}.cache"));
        let mut kinit = self.tool("/usr/bin/kinit");
        kinit.args(["-l", lifetime, "-c"]).arg(&cache).arg(name);
        kinit.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut kinit = kinit.spawn().expect("kinit runs");
        // One that has given up already says why on its other end.
        let _ = kinit.stdin.take().expect("its input").write_all(format!("{password}\n").as_bytes());
        ok(kinit.wait_with_output());
        cache
    }
}

impl Drop for Kdc {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn ok(output: std::io::Result<Output>) {
    let output = output.expect("it runs");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
