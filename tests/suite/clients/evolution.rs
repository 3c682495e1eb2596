//! Evolution, unmodified and without its window: its data server and evolution-ews, driven over D-Bus. Each check is in its
//! script below `tests/clients/`; a relay in front of the server keeps what it says for validation.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::OnceLock;

use crate::support::demo::{Account, Demo, Options};
use crate::support::ews::PATH;
use crate::support::proxy::Relay;
use crate::support::smtp::Certificate;
use crate::support::{programs, record, shipped};

crate::tests![calendar, contacts, mail];

/// A server with a listener for each scheme: which one logged in is then no question.
fn server() -> &'static Demo {
    static SERVER: OnceLock<Demo> = OnceLock::new();
    SERVER.get_or_init(|| {
        Demo::start(
            Options { accounts: 6, ..Options::default() }
                .set("auth.ntlm", true)
                .set("auth.failures_per_minute", 0)
                .set("server.trusted_proxies", "[\"127.0.0.9\"]")
                .set("server.http", "[\"127.0.0.1:0 schemes=basic\", \"127.0.0.1:0 schemes=ntlm\"]"),
        )
    })
}

/// Evolution's name of a login scheme, and the listener that speaks it alone.
#[derive(Clone, Copy)]
struct Scheme {
    method: &'static str,
    listener: usize,
}

const BASIC: Scheme = Scheme { method: "PLAIN", listener: 0 };
/// Evolution 3.46 speaks it inside TLS only.
const NTLM: Scheme = Scheme { method: "NTLM", listener: 1 };

fn listener(scheme: Scheme) -> SocketAddr {
    let status = server().status();
    let address = status["addresses"]["http"][scheme.listener].as_str();
    address.and_then(|address| address.parse().ok()).expect("an address")
}

fn calendar() {
    drive("evolution_calendar.py", NTLM, 0, true);
}

/// It puts a contact's categories where the schema has them not.
fn contacts() {
    drive("evolution_contacts.py", BASIC, 2, false);
}

fn mail() {
    drive("evolution_mail.py", NTLM, 4, true);
}

/// Runs a script for two accounts, the first of which is this one.
fn drive(script: &str, scheme: Scheme, first: usize, keep_requests: bool) {
    let Some(python) = programs::evolution() else {
        return println!("skipped: Evolution needs the packages that packaging/deps.debian names for `clients`");
    };
    let person = |account: &Account| serde_json::json!({ "address": account.address, "login": account.login, "password": account.password });
    let relay = Relay::start(listener(scheme), keep_requests);
    let folder = record::target().join(format!("ewsd-clients/evolution-{first}"));
    let certificate = (scheme.listener == NTLM.listener).then(|| {
        std::fs::create_dir_all(&folder).expect("a folder");
        Certificate::make(&folder)
    });
    let mut context = serde_json::json!({
        "url": format!("http://{}{PATH}", relay.address),
        "behind": format!("http://{}{PATH}", listener(BASIC)),
        "lmtp": server().lmtp().to_string(),
        "method": scheme.method,
        "me": person(&server().accounts[first]),
        "peer": person(&server().accounts[first + 1]),
    });
    let tunnel = match &certificate {
        Some(certificate) => {
            let Some(tunnel) = shipped::tunnel(certificate, relay.address) else {
                relay.finish();
                return;
            };
            context["url"] = format!("https://{}{PATH}", tunnel.address).into();
            context["certificate"] = certificate.certificate.to_string_lossy().into();
            Some(tunnel)
        }
        None => None,
    };
    let script = programs::scripts().join(script);
    programs::drive(Command::new(python).arg(script).arg(context.to_string()));
    drop(tunnel);
    relay.finish();
}
