//! The addresses that the server listens on.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::Path;

use ewsd_settings::Listener;
use nix::unistd::Group;
use serde_json::Value;

use super::{Finding, Patient, right, warning, wrong};

/// Each is this machine's, free (or this server's already), and its options can be had.
pub fn addresses(patient: &Patient<'_>) -> Vec<Finding> {
    let server = &patient.settings.server;
    let admin = Some(&server.admin).filter(|address| !address.is_empty());
    let all = [("http", &server.http), ("lmtp", &server.lmtp)];
    let all = all.into_iter().flat_map(|(name, list)| list.iter().map(move |text| (name, text)));
    let all = all.chain(admin.into_iter().map(|text| ("admin", text)));
    let mut found = Vec::new();
    for (name, text) in all {
        // Whatever does not parse, `load` has refused.
        let Ok(listener) = Listener::parse(text) else { continue };
        if is_ours(patient, listener.address) {
            continue;
        }
        let problem = match listener.address.strip_prefix("unix:") {
            Some(path) => unix(Path::new(path), listener.group),
            None => tcp(listener.address),
        };
        if let Err((text, cure)) = problem {
            found.push(wrong(format!("server.{name}: {}: {text}", listener.address), cure));
        }
    }
    if found.is_empty() {
        let state =
            if patient.status.is_some() { "the server listens where it is told to" } else { "all addresses are free" };
        found.push(right(state));
    }
    found
}

/// Clients are told a URL that they can use, also where the proxy passes on connections and cannot say that it was asked by TLS.
pub fn public_url(patient: &Patient<'_>) -> Vec<Finding> {
    let server = &patient.settings.server;
    let passed_on = server.http.iter().find(|text| Listener::parse(text).is_ok_and(|listener| listener.proxy));
    let Some(listener) = passed_on.filter(|_| server.public_url.is_empty()) else { return Vec::new() };
    let text = format!(
        "server.http: {listener}: Autodiscover tells those who come over it http://, since nothing says https://"
    );
    vec![warning(text, "set server.public_url to what clients reach, as https://HOST")]
}

/// Whether the running server listens there already.
fn is_ours(patient: &Patient<'_>, address: &str) -> bool {
    let kinds = patient.status.as_ref().and_then(|status| status.get("addresses")).and_then(Value::as_object);
    let mut open = kinds.into_iter().flatten().flat_map(|(_, list)| list.as_array().into_iter().flatten());
    // Port 0 is any port; it was free when the server started.
    address.ends_with(":0") || open.any(|known| known.as_str() == Some(address))
}

type Problem = std::result::Result<(), (String, String)>;

fn tcp(text: &str) -> Problem {
    let Ok(address) = text.parse::<SocketAddr>() else { return Ok(()) };
    TcpListener::bind(address).map(drop).map_err(|error| explain(&error, address.port()))
}

fn explain(error: &io::Error, port: u16) -> (String, String) {
    let (text, cure) = match error.kind() {
        ErrorKind::AddrInUse => (
            "another program listens there",
            format!("`ss -ltnp 'sport = :{port}'` names it; stop it, or take another port"),
        ),
        ErrorKind::AddrNotAvailable => {
            ("the address is none of this machine's", "`ip addr` lists those that are".to_owned())
        }
        ErrorKind::PermissionDenied => (
            "ports below 1024 are root's",
            "take a higher port, or let the web server in front have this one".to_owned(),
        ),
        _ => return (error.to_string(), "take another address".to_owned()),
    };
    (text.to_owned(), cure)
}

fn unix(path: &Path, group: Option<&str>) -> Problem {
    let folder = path.parent().unwrap_or(Path::new("/"));
    if !folder.is_dir() && !folder.parent().is_some_and(Path::is_dir) {
        return Err((
            format!("there is no folder {}", folder.display()),
            "make it, or take a path below /run/ewsd".to_owned(),
        ));
    }
    if let Some(name) = group {
        if Group::from_name(name).ok().flatten().is_none() {
            return Err((
                format!("there is no group {name}"),
                format!("groupadd --system {name}, or name another one in group="),
            ));
        }
    }
    if path.exists() && UnixStream::connect(path).is_ok() {
        return Err(("another program listens there".to_owned(), format!("`ss -lxp src {}` names it", path.display())));
    }
    Ok(())
}
