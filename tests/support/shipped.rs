//! The proxies for which we ship a configuration, each started with it in front of a server, on free ports. What the
//! administrator's own part of the configuration would say is said here; the shipped part is the file in `packaging/`, with
//! addresses changed and nothing else.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::demo::Demo;
use super::smtp::Certificate;
use super::{port, wait};

/// Which proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Apache,
    Nginx,
    Haproxy,
}

pub const ALL: [Kind; 3] = [Kind::Apache, Kind::Nginx, Kind::Haproxy];

/// What an administrator adds to what is shipped.
#[derive(Default)]
pub struct Own {
    /// At the place where it is included.
    pub inside: String,
    /// Outside of the server, virtual host or frontend around it, where [`PART`] stands for the shipped part once more.
    pub outside: String,
    /// Lines of the shipped part that are changed, as it says where they stand.
    pub changed: Vec<(&'static str, &'static str)>,
    /// Clients that wait at once, for which it makes room as the shipped part says.
    pub clients: usize,
    /// The listener that is asked; none: the server's first.
    pub listener: Option<SocketAddr>,
}

impl Own {
    fn change(&self, part: String) -> String {
        self.changed.iter().fold(part, |part, (from, to)| changed(&part, from, to))
    }

    fn listener(&self, server: &Demo) -> SocketAddr {
        self.listener.unwrap_or_else(|| server.http())
    }

    fn outside(&self, part: &str) -> String {
        self.outside.replace(PART, part)
    }
}

/// The shipped part, in the administrator's own one.
pub const PART: &str = "@PART@";

/// Threads of one process of Apache.
const THREADS: usize = 64;

/// A running proxy.
pub struct Proxy {
    pub address: SocketAddr,
    child: Child,
    folder: PathBuf,
}

impl Kind {
    fn program(self) -> &'static str {
        match self {
            Kind::Apache => "/usr/sbin/apache2",
            Kind::Nginx => "/usr/sbin/nginx",
            Kind::Haproxy => "/usr/sbin/haproxy",
        }
    }

    /// Starts it; none where it is not installed.
    pub fn start(self, server: &Demo) -> Option<Proxy> {
        self.start_with(server, "")
    }

    /// As [`Kind::start`], with more of the administrator's own at the place where the shipped part is included.
    pub fn start_with(self, server: &Demo, own: &str) -> Option<Proxy> {
        self.start_own(server, &Own { inside: own.to_owned(), ..Own::default() })
    }

    /// As [`Kind::start`], with whatever the administrator has done.
    pub fn start_own(self, server: &Demo, own: &Own) -> Option<Proxy> {
        if !Path::new(self.program()).is_file() {
            println!("skipped: {} is not installed", self.program());
            return None;
        }
        let folder = folder();
        let address = port::free();
        let (text, arguments) = match self {
            Kind::Apache => (apache(&folder, address, server, own), vec!["-DFOREGROUND", "-f"]),
            Kind::Nginx => (nginx(&folder, address, server, own), vec!["-p", ".", "-e", "error.log", "-c"]),
            Kind::Haproxy => (haproxy(address, server, own), vec!["-db", "-f"]),
        };
        Some(self.run(folder, address, &text, &arguments))
    }

    /// Runs it with a configuration, until it listens.
    fn run(self, folder: PathBuf, address: SocketAddr, text: &str, arguments: &[&str]) -> Proxy {
        let file = folder.join("proxy.conf");
        fs::write(&file, text).expect("its configuration");
        let log = File::create(folder.join("output")).expect("its output");
        let child = Command::new(self.program())
            .args(arguments)
            .arg(&file)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a descriptor"))
            .stderr(log)
            .spawn()
            .expect("the proxy starts");
        let mut proxy = Proxy { address, child, folder };
        wait::true_within(&format!("{self:?} listens"), Duration::from_secs(60), || {
            if let Ok(Some(status)) = proxy.child.try_wait() {
                panic!("{self:?} ended: {status}\n{}", proxy.said());
            }
            TcpStream::connect(address).is_ok()
        });
        proxy
    }
}

/// TLS and nothing else: HAProxy passes connections on as they are. None where it is not installed.
pub fn tunnel(certificate: &Certificate, to: SocketAddr) -> Option<Proxy> {
    if !Path::new(Kind::Haproxy.program()).is_file() {
        println!("skipped: {} is not installed", Kind::Haproxy.program());
        return None;
    }
    let (folder, address) = (folder(), port::free());
    let both: String = [&certificate.certificate, &certificate.key]
        .map(|file| fs::read_to_string(file).expect("the certificate"))
        .concat();
    fs::write(folder.join("tls.pem"), both).expect("the certificate, as HAProxy wants it");
    let text = format!(
        "listen tunnel\n    mode tcp\n    timeout connect 5s\n    timeout client 1h\n    timeout server 1h\n    \
         bind {address} ssl crt {}/tls.pem\n    server one {to}\n",
        folder.display()
    );
    Some(Kind::Haproxy.run(folder, address, &text, &["-db", "-f"]))
}

impl Proxy {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn said(&self) -> String {
        ["output", "error.log"].iter().filter_map(|name| fs::read_to_string(self.folder.join(name)).ok()).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM);
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.said());
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn folder() -> PathBuf {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("ewsd-proxy-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn shipped(path: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("packaging").join(path);
    fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// The text with one part changed, which must be there.
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the shipped configuration has no {from:?}");
    text.replace(from, to)
}

fn apache(folder: &Path, address: SocketAddr, server: &Demo, own: &Own) -> String {
    let modules = [
        "mpm_event",
        "authn_core",
        "authz_core",
        "authz_user",
        "headers",
        "proxy",
        "proxy_http",
        "setenvif",
        "auth_gssapi",
        "auth_basic",
        "authn_file",
        "ssl",
    ];
    let there = |name: &&&str| Path::new(&format!("/usr/lib/apache2/modules/mod_{name}.so")).is_file();
    let modules: String = modules
        .iter()
        .filter(there)
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let part = own.change(changed(&shipped("apache/ewsd.conf"), "127.0.0.1:8080", &own.listener(server).to_string()));
    // One process, which has one pool, unless many are to have room.
    let processes = own.clients / THREADS + 1;
    format!(
        "{modules}ServerRoot {0}\nServerName localhost\nPidFile {0}/pid\nErrorLog {0}/error.log\nUser www-data\nGroup www-data\n\
         StartServers 1\nThreadLimit {THREADS}\nThreadsPerChild {THREADS}\nServerLimit {processes}\nMaxRequestWorkers {3}\n\
         Listen {address}\n<VirtualHost {address}>\n{1}\n{part}\n</VirtualHost>\n{2}\n",
        folder.display(),
        own.inside,
        own.outside(&part),
        processes * THREADS
    )
}

fn nginx(folder: &Path, address: SocketAddr, server: &Demo, own: &Own) -> String {
    let part = own.change(shipped("nginx/ewsd.conf"));
    let upstream = part.lines().find_map(|line| line.strip_prefix("# ").filter(|line| line.starts_with("upstream")));
    let upstream = changed(upstream.expect("the upstream"), "127.0.0.1:8080", &own.listener(server).to_string());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {}/{kind};\n", folder.display()))
        .collect();
    // Only root may say who the workers are.
    let user = if nix::unistd::geteuid().is_root() { "user root;\n" } else { "" };
    format!(
        "{user}daemon off;\npid pid;\nerror_log error.log;\nevents {{ worker_connections {2}; }}\nhttp {{\naccess_log off;\n{temporary}{upstream}\n\
         {1}\nserver {{ listen {address};\n{0}\n{part} }} }}\n",
        own.inside,
        own.outside(&part),
        2 * own.clients + 512
    )
}

fn haproxy(address: SocketAddr, server: &Demo, own: &Own) -> String {
    let part = own.change(shipped("haproxy/ewsd.cfg"));
    let part = changed(&part, "bind :443 ssl crt /etc/haproxy/certs/mail.pem", &format!("bind {address}"));
    // Its rules go by their order: the administrator's come behind those that take out what a client says.
    let part = changed(&part, "    acl ews ", &format!("{}\n    acl ews ", own.inside));
    let part = changed(
        &part,
        "127.0.0.1:8080 check port 8081",
        &format!("{} check port {}", own.listener(server), server.admin().port()),
    );
    // One thread: it has one pool.
    format!("global\n    nbthread 1\n{}\ndefaults\n    timeout connect 5s\n{part}\n", own.outside(&part))
}
