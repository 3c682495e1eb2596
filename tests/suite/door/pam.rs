//! Basic logins whose passwords PAM knows (`auth.basic_against = "pam"`): a service of the test's own, whose module runs a script.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use super::ldap::{Heard, answer, ask};
use crate::support::demo::{Demo, Options};
use crate::support::wait;

crate::tests![pam_knows_the_password, pam_that_does_not_answer_makes_the_server_busy, logins_may_be_roots];

/// A folder with a service `ewsd`, whose passwords are right if this script, which has them on standard input, says so.
pub struct Service(PathBuf);

impl Service {
    /// None: a module is not installed.
    pub fn new(name: &str, script: &str) -> Option<Service> {
        let modules = ["/usr/lib", "/lib", "/lib64"].map(PathBuf::from);
        let below = modules.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
        let mut folders = modules.iter().cloned().chain(below.map(|entry| entry.path()));
        if !folders.any(|folder| folder.join("security/pam_exec.so").is_file()) {
            println!("skipped: there is no pam_exec.so");
            return None;
        }
        let folder = std::env::temp_dir().join(format!("ewsd-pam-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let program = folder.join("check");
        fs::write(&program, format!("#!/bin/sh\npassword=$(tr -d '\\0')\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let lines = format!(
            "auth [success=1 default=ignore] pam_exec.so quiet expose_authtok {}\nauth requisite pam_deny.so\n\
             auth required pam_permit.so\naccount required pam_permit.so\n",
            program.display()
        );
        fs::write(folder.join("ewsd"), lines).unwrap();
        Some(Service(folder))
    }

    /// Has it asked.
    pub fn known_to(&self, options: Options) -> Options {
        options.set("auth.basic_against", "pam").set("auth.pam_dir", self.0.display())
    }

    /// A server that asks it about all accounts but the last.
    pub fn serve(&self, change: impl FnOnce(Options) -> Options) -> Demo {
        let server = Demo::start(change(self.known_to(Options::default())));
        for account in &server.accounts[..2] {
            server.ewsctl(&["account", "password", &account.login, "--remove"]);
        }
        server
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn pam_knows_the_password() {
    let script = "test \"$PAM_USER:$PAM_RHOST:$password\" = \"alice:127.0.0.1:alice's secret\"";
    let Some(service) = Service::new("knows", script) else { return };
    let server = service.serve(|options| options.set("auth.pam_user", "%n").set("auth.failure_delay_seconds", 0));
    let [alice, bob, carol] = &server.accounts[..] else { panic!("three accounts") };
    assert_eq!(answer(&server, &alice.login, "alice's secret"), Heard::Welcome, "{}", server.log_text());
    for (login, password) in [
        (alice.login.as_str(), "another"),
        (&alice.login, ""),
        (&bob.login, "alice's secret"),
        (&carol.login, "alice's secret"),
        ("nobody@example.test", "alice's secret"),
    ] {
        assert_eq!(answer(&server, login, password), Heard::Wrong, "{login} {password}");
    }
    assert_eq!(answer(&server, &carol.login, &carol.password), Heard::Welcome);
    assert!(!server.log_text().contains("'s secret"), "{}", server.log_text());
    // No service, no answer.
    fs::remove_file(service.0.join("ewsd")).unwrap();
    assert_eq!(ask(&server, &bob.login, "bob's secret"), Heard::Busy);
    assert!(server.log_text().contains("PAM: PAM ends with code"), "{}", server.log_text());
}

fn pam_that_does_not_answer_makes_the_server_busy() {
    let script = "test \"$PAM_USER\" = alice && exit 0\necho $$ >>\"$(dirname \"$0\")/waits\"\nexec tail -f /dev/null";
    let Some(service) = Service::new("waits", script) else { return };
    // The modules' user writes there.
    fs::set_permissions(&service.0, fs::Permissions::from_mode(0o777)).unwrap();
    let server = service.serve(|options| options.set("auth.pam_user", "%n").set("auth.login_seconds", 1));
    let [alice, bob, carol] = &server.accounts[..] else { panic!("three accounts") };
    assert_eq!(answer(&server, &alice.login, "x"), Heard::Welcome, "{}", server.log_text());
    assert_eq!(ask(&server, &bob.login, "x"), Heard::Busy);
    assert_eq!(ask(&server, &carol.login, &carol.password), Heard::Welcome);
    assert!(server.log_text().contains("PAM takes longer than auth.login_seconds"), "{}", server.log_text());
    // Nothing of it is left, and others are answered.
    let waits = fs::read_to_string(service.0.join("waits")).unwrap();
    let gone = || waits.lines().all(|pid| !Path::new(&format!("/proc/{pid}/exe")).exists());
    wait::true_within("what waited is gone", wait::LONG, gone);
    assert_eq!(answer(&server, &alice.login, "y"), Heard::Welcome);
}

fn logins_may_be_roots() {
    if !geteuid().is_root() {
        println!("skipped: only root gives a role another user");
        return;
    }
    let Some(service) = Service::new("root", "test \"$(id -u):$password\" = 0:secret") else { return };
    let server = service.serve(|options| options.set("process.login_user", "root"));
    assert_eq!(answer(&server, &server.accounts[0].login, "secret"), Heard::Welcome, "{}", server.log_text());
    drop(server);
    let server = service.serve(|options| options);
    assert_eq!(answer(&server, &server.accounts[0].login, "secret"), Heard::Wrong, "it is nobody's setting by itself");
}
