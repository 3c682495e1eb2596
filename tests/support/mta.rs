//! Mail servers of other people, each with a configuration, a spool and ports of its own: Postfix as Debian installs it, with the
//! lines that we ship for it; Exim where it is. Root starts them, as they are made to be.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};

use super::port;
use super::wait;

/// Whom Debian builds Exim for.
const EXIM_USER: &str = "Debian-exim";

/// A running MTA.
pub struct Mta {
    /// Where it takes mail by SMTP.
    pub address: SocketAddr,
    folder: PathBuf,
    child: Child,
}

/// How it is to deliver and relay.
pub struct Wanted<'a> {
    /// As Postfix's transports have it: `unix:/PATH` or `inet:HOST:PORT`.
    pub lmtp: &'a str,
    /// Where mail for elsewhere goes.
    pub relay: SocketAddr,
    /// Whether a client of the loopback address may send elsewhere.
    pub trusts: bool,
}

const SERVICES: &str = "\
cleanup   unix  n  -  n  -     0  cleanup
qmgr      unix  n  -  n  1     1  qmgr
rewrite   unix  -  -  n  -     -  trivial-rewrite
bounce    unix  -  -  n  -     0  bounce
defer     unix  -  -  n  -     0  bounce
trace     unix  -  -  n  -     0  bounce
verify    unix  -  -  n  -     1  verify
proxymap  unix  -  -  n  -     -  proxymap
smtp      unix  -  -  n  -     -  smtp
error     unix  -  -  n  -     -  error
retry     unix  -  -  n  -     -  error
discard   unix  -  -  n  -     -  discard
lmtp      unix  -  -  n  -     -  lmtp
anvil     unix  -  -  n  -     1  anvil
scache    unix  -  -  n  -     1  scache
postlog   unix-dgram n - n  -     1  postlogd
";

/// A folder that everybody may enter.
fn fresh(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("ewsd-{name}-{}-{number}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("its mode");
    folder
}

fn missing(program: &str) -> bool {
    let there = Path::new(program).is_file();
    if !there || !geteuid().is_root() {
        println!("skipped: {program} is not installed, or this is not root");
    }
    !there || !geteuid().is_root()
}

impl Mta {
    /// Postfix with the shipped lines, their domain and addresses changed; none where it is not installed.
    pub fn postfix(wanted: &Wanted<'_>) -> Option<Mta> {
        let program = "/usr/sbin/postfix";
        if missing(program) {
            return None;
        }
        let (folder, address) = (fresh("postfix"), port::free());
        let shipped =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/postfix/main.cf")).unwrap();
        let socket = "virtual_transport = lmtp:unix:/run/ewsd/lmtp";
        assert!(shipped.contains(socket) && shipped.contains("= example.org"), "the sample has changed");
        let shipped = shipped
            .replace(socket, &format!("virtual_transport = lmtp:{}", wanted.lmtp))
            .replace("= example.org", "= example.test");
        let place = folder.display();
        // Where the smarthost listens, and who may send elsewhere; and to be quick.
        let own = format!(
            "compatibility_level = 3.6\nqueue_directory = {place}/queue\ndata_directory = {place}/data\n\
             maillog_file = {place}/log\nmaillog_file_prefixes = {place}\nmyhostname = mta.example.test\nmydestination =\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks = {}\nrelayhost = [{}]:{}\n\
             disable_dns_lookups = yes\nsmtp_host_lookup = native\nlocal_recipient_maps =\nalias_maps =\n\
             minimal_backoff_time = 1s\nmaximal_backoff_time = 1s\nqueue_run_delay = 1s\ntransport_retry_time = 1s\n\
             address_verify_poll_delay = 1s\nimport_environment = MAIL_CONFIG\n",
            if wanted.trusts { "127.0.0.0/8" } else { "192.0.2.1/32" },
            wanted.relay.ip(),
            wanted.relay.port(),
        );
        fs::write(folder.join("main.cf"), own + &shipped).unwrap();
        let master = format!("{address} inet n - n - - smtpd\n{SERVICES}");
        fs::write(folder.join("master.cf"), master).unwrap();
        fs::create_dir(folder.join("queue")).unwrap();
        fs::create_dir(folder.join("data")).unwrap();
        let user = User::from_name("postfix").ok().flatten().expect("the user postfix");
        chown(folder.join("data"), Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        let mut command = Command::new(program);
        command.arg("-c").arg(&folder).arg("start-fg");
        Some(Mta::start(command, address, folder))
    }

    /// Exim with the shipped router and transport; none where it is not installed.
    pub fn exim(wanted: &Wanted<'_>) -> Option<Mta> {
        // Unpacked beside Postfix, whose package it conflicts with: EWSD_EXIM names the program then.
        let program = std::env::var("EWSD_EXIM").unwrap_or_else(|_| "/usr/sbin/exim4".to_owned());
        if missing(&program) {
            return None;
        }
        let (folder, address) = (fresh("exim"), port::free());
        // The program refuses to deliver as root, whatever its configuration says.
        let user = User::from_name(EXIM_USER).ok().flatten().expect("Exim's user");
        chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).expect("its folder");
        let shipped =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/exim/ewsd.conf")).unwrap();
        let (routers, transports) = shipped.split_once("# begin transports").expect("two parts");
        let routers = routers.replace("domains = example.org", "domains = example.test");
        let transports = match wanted.lmtp.strip_prefix("unix:") {
            Some(path) => transports.replace("/run/ewsd/lmtp", path),
            None => {
                let commented = transports.split("# By TCP instead").nth(1).and_then(|rest| rest.split_once('\n'));
                let lines = commented.expect("the other form").1.lines().filter_map(|line| line.strip_prefix("# "));
                let port = wanted.lmtp.rsplit(':').next().unwrap();
                lines.map(|line| format!("{line}\n")).collect::<String>().replace("8024", port)
            }
        };
        let place = folder.display();
        let text = format!(
            "exim_path = {program}\nexim_user = {EXIM_USER}\nexim_group = {EXIM_USER}\nspool_directory = {place}/spool\nlog_file_path = {place}/log-%s\n\
             pid_file_path = {place}/pid\nprimary_hostname = mta.example.test\nlocal_interfaces = {}\ndaemon_smtp_ports = {}\n\
             tls_advertise_hosts =\nhost_lookup =\nrfc1413_hosts =\nqueue_run_max = 5\ndeliver_drop_privilege = false\n\
             acl_smtp_rcpt = acl_rcpt\nbegin acl\nacl_rcpt:\n  accept hosts = 127.0.0.1\n\
             begin routers\n{routers}\nout:\n  driver = manualroute\n  route_list = * 127.0.0.1\n  self = send\n  \
             transport = smarthost\n\
             begin transports\n{transports}\nsmarthost:\n  driver = smtp\n  port = {}\n  allow_localhost\n  hosts_try_dane =\n\
             begin retry\n* * F,1h,1s\n",
            address.ip(),
            address.port(),
            wanted.relay.port(),
        );
        fs::write(folder.join("exim.conf"), text).unwrap();
        let mut command = Command::new(&program);
        command.arg("-C").arg(folder.join("exim.conf")).args(["-bdf", "-q1s"]);
        Some(Mta::start(command, address, folder))
    }

    fn start(mut command: Command, address: SocketAddr, folder: PathBuf) -> Mta {
        let out = fs::File::create(folder.join("said")).unwrap();
        command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        let child = command.spawn().expect("the MTA starts");
        let mut mta = Mta { address, folder, child };
        wait::until("the MTA listens", wait::LONG, || {
            assert!(mta.child.try_wait().unwrap().is_none(), "the MTA ended:\n{}", mta.log());
            std::net::TcpStream::connect(address).ok()
        });
        mta
    }

    /// What it said.
    pub fn log(&self) -> String {
        let files = ["said", "log", "log-main", "log-panic"];
        files.iter().filter_map(|file| fs::read_to_string(self.folder.join(file)).ok()).collect()
    }
}

impl Drop for Mta {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        // What `postfix start-fg` stays for is a child of the shell that was started, and outlives it.
        let master = fs::read_to_string(self.folder.join("queue/pid/master.pid")).ok();
        let master = master.and_then(|text| text.trim().parse().ok());
        for pid in master.into_iter().chain([self.child.id() as i32]) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
