//! The proxies in front: that they are trusted, and patient enough for calls that wait.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ewsd_master::Network;
use ewsd_settings::Listener;

use super::{Finding, Patient, right, warning, wrong};

/// A proxy's program: where its configuration lies, its word for the time it waits for an answer, what it takes when that is
/// not said in seconds, what a number without a unit is divided by, and what has it pass on what it is given at once.
struct Program {
    name: &'static str,
    folders: &'static [&'static str],
    word: &'static str,
    default: f64,
    divisor: f64,
    at_once: Option<&'static str>,
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "nginx",
        folders: &["/etc/nginx", "/etc/nginx/conf.d", "/etc/nginx/sites-enabled"],
        word: "proxy_read_timeout",
        default: 60.0,
        divisor: 1.0,
        at_once: Some("proxy_buffering off"),
    },
    Program {
        name: "Apache",
        folders: &["/etc/apache2/sites-enabled", "/etc/apache2/conf-enabled", "/etc/httpd/conf.d"],
        word: "ProxyTimeout",
        default: 60.0,
        divisor: 1.0,
        at_once: None,
    },
    Program {
        name: "HAProxy",
        folders: &["/etc/haproxy"],
        word: "timeout server",
        default: f64::MAX,
        divisor: 1000.0,
        at_once: Some("option http-no-delay"),
    },
];

/// Every configuration that leads here is looked at.
pub fn proxies(patient: &Patient<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (program, file) in files(patient) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let text = without_comments(&text);
        if let Some(address) = leads_here(patient, &text) {
            found.push(patience(patient, program, &file, &text));
            found.extend(delay(program, &file, &text));
            found.extend(trust(patient, &file, address));
        }
    }
    found.extend(strangers(patient));
    found.extend(impostors(patient));
    found
}

fn files(patient: &Patient<'_>) -> Vec<(&'static Program, PathBuf)> {
    let listed = |folder: &&str| {
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let usual =
        PROGRAMS.iter().flat_map(|program| program.folders.iter().flat_map(listed).map(move |path| (program, path)));
    let named = patient.args.proxy.iter().filter_map(|path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        // By the words that only one of them has.
        let name = match text {
            text if text.contains("proxy_pass") => "nginx",
            text if text.contains("ProxyPass") => "Apache",
            _ => "HAProxy",
        };
        Some((PROGRAMS.iter().find(|program| program.name == name)?, path.clone()))
    });
    let mut all: Vec<_> = usual.chain(named).filter(|(_, path)| path.is_file()).collect();
    all.sort_by(|a, b| a.1.cmp(&b.1));
    all.dedup_by(|a, b| a.1 == b.1);
    all
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n")
}

/// Which of our listeners a configuration names.
fn leads_here<'p>(patient: &'p Patient<'_>, text: &str) -> Option<&'p str> {
    let ours = patient.settings.server.http.iter().filter_map(|one| Listener::parse(one).ok());
    ours.map(|listener| listener.address)
        .find(|address| text.contains(address.strip_prefix("unix:").unwrap_or(address)))
}

/// Whether it waits as long as a call may.
fn patience(patient: &Patient<'_>, program: &Program, file: &Path, text: &str) -> Finding {
    let waits = text.lines().filter_map(|line| {
        let (_, value) = line.trim().trim_end_matches(';').split_once(program.word)?;
        seconds(value.trim(), program.divisor)
    });
    let least = waits.fold(f64::MAX, f64::min);
    let least = if least == f64::MAX { program.default } else { least };
    let settings = &patient.settings.notifications;
    let (needed, key) = match (settings.pull_wait, settings.heartbeat) {
        (wait, beat) if wait >= beat => (wait, "notifications.pull_wait"),
        (_, beat) => (beat, "notifications.heartbeat"),
    };
    let (name, shown) = (program.name, file.display());
    match least {
        _ if least <= needed as f64 => wrong(
            format!("{shown}: {name} gives up after {least} s, and calls wait for {needed} s ({key})"),
            format!("set {} to {} there, or lower {key}", program.word, needed * 3),
        ),
        f64::MAX => right(format!("{shown}: {name} waits as long as calls do")),
        _ => right(format!("{shown}: {name} waits for {least} s, calls for {needed}")),
    }
}

/// Whether what is said on a stream goes out when it is said.
fn delay(program: &Program, file: &Path, text: &str) -> Option<Finding> {
    let word = program.at_once.filter(|word| !text.contains(word))?;
    let (name, shown) = (program.name, file.display());
    Some(warning(format!("{shown}: {name} keeps what streams are told for a while"), format!("add `{word}` there")))
}

/// `90`, `90s`, `2m`, `1h`, `500ms` in seconds; a number alone is divided.
fn seconds(text: &str, divisor: f64) -> Option<f64> {
    let word = text.split_whitespace().next()?;
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (number, unit) = word.split_at(digits);
    let number: f64 = number.parse().ok()?;
    Some(match unit {
        "" => number / divisor,
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        "d" => number * 86_400.0,
        _ => return None,
    })
}

/// Whether what a proxy of this machine says of its clients is believed.
fn trust(patient: &Patient<'_>, file: &Path, address: &str) -> Option<Finding> {
    let ip = address.parse::<std::net::SocketAddr>().ok()?.ip();
    let mut networks = patient.settings.server.trusted_proxies.iter().filter_map(|text| Network::parse(text));
    if networks.any(|network| network.contains(ip)) {
        return None;
    }
    Some(wrong(
        format!("{}: the proxy comes from {ip}, which is not one of server.trusted_proxies", file.display()),
        format!(
            "add \"{ip}\" to server.trusted_proxies: without it all clients count as one address, and NTLM as safe"
        ),
    ))
}

/// A listener that others reach, with nobody else trusted: a proxy elsewhere would be one client.
fn strangers(patient: &Patient<'_>) -> Vec<Finding> {
    let server = &patient.settings.server;
    let is_local = |text: &String| {
        Network::parse(text).is_none_or(|network| {
            [std::net::IpAddr::from([127, 0, 0, 1]), std::net::IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1u16])]
                .iter()
                .any(|ip| network.contains(*ip))
        })
    };
    let open =
        server.http.iter().filter_map(|text| Listener::parse(text).ok()?.address.parse::<std::net::SocketAddr>().ok());
    let open: Vec<String> =
        open.filter(|address| !address.ip().is_loopback()).map(|address| address.to_string()).collect();
    if open.is_empty() || !server.trusted_proxies.iter().all(is_local) {
        Vec::new()
    } else {
        vec![warning(
            format!("server.http listens on {} for other machines, in plain HTTP", open.join(", ")),
            "if a proxy comes from there, name it in server.trusted_proxies; if clients do, their passwords cross the network in the clear",
        )]
    }
}

/// Whoever is let in as a proxy says in `auth.headers` who somebody is. A listener that every user of this machine reaches, and that
/// believes those, lets each of them be anybody.
fn impostors(patient: &Patient<'_>) -> Vec<Finding> {
    let settings = &patient.settings;
    let trusted = |ip: IpAddr| {
        settings.server.trusted_proxies.iter().filter_map(|text| Network::parse(text)).any(|known| known.contains(ip))
    };
    let everybodys = |listener: &Listener<'_>| match listener.address.parse::<SocketAddr>() {
        // Whoever is here comes from the address that he goes to.
        Ok(address) => trusted(address.ip()) || address.ip().is_unspecified() && trusted(Ipv4Addr::LOCALHOST.into()),
        Err(_) => listener.file_mode() & 0o002 != 0,
    };
    let believes = |listener: &Listener<'_>| match &listener.schemes {
        Some(schemes) => schemes.contains(&"headers"),
        None => !listener.proxy,
    };
    let listeners = settings.server.http.iter().filter_map(|text| Listener::parse(text).ok());
    let open = listeners.filter(|one| !settings.auth.headers.is_empty() && believes(one) && everybodys(one));
    let each = |listener: Listener<'_>| {
        warning(
            format!("auth.headers: every user of this machine can be anybody by server.http {}", listener.address),
            "let the proxy alone reach a listener with headers: unix:/PATH group=NAME; give others schemes= without headers",
        )
    };
    open.map(each).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_read_as_each_proxy_writes_them() {
        let cases = [
            ("90", 1.0, 90.0),
            ("90s", 1.0, 90.0),
            ("2m", 1.0, 120.0),
            ("30000", 1000.0, 30.0),
            ("1h", 1000.0, 3600.0),
        ];
        for (text, divisor, expected) in cases {
            assert_eq!(super::seconds(text, divisor), Some(expected), "{text}");
        }
        assert_eq!(super::seconds("soon", 1.0), None);
    }
}
