//! Mail: whether the MTA reaches the LMTP socket, and the smarthost can be reached.

use std::fs;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::Duration;

use ewsd_settings::Listener;

use super::super::reach::{WRITE, Who, group_of};
use super::{Finding, Patient, right, warning, wrong};

/// For reaching the smarthost.
const PATIENCE: Duration = Duration::from_secs(3);

/// Users that MTAs connect as.
const USERS: [&str; 3] = ["postfix", "Debian-exim", "exim"];

/// Each socket can be reached by each MTA of this machine.
pub fn into_here(patient: &Patient<'_>) -> Vec<Finding> {
    let sockets = patient.settings.server.lmtp.iter().filter_map(|text| Listener::parse(text).ok());
    let sockets: Vec<_> =
        sockets.filter_map(|listener| Some((Path::new(listener.address.strip_prefix("unix:")?), listener))).collect();
    let users: Vec<Who> = match &patient.args.mta_user {
        Some(name) => match Who::named(name) {
            Some(user) => vec![user],
            None => return vec![wrong(format!("there is no user {name}"), "name the MTA's user with --mta-user")],
        },
        None => USERS.iter().filter_map(|name| Who::named(name)).collect(),
    };
    let mut found = Vec::new();
    for (path, listener) in &sockets {
        found.extend(users.iter().map(|user| reaches(path, listener, user)));
        found.extend(jail(patient, path));
    }
    found
}

fn reaches(path: &Path, listener: &Listener<'_>, user: &Who) -> Finding {
    let shown = path.display();
    let folder = path.parent().unwrap_or(Path::new("/"));
    let name = &user.name;
    let tcp = "or take a port of 127.0.0.1 in server.lmtp";
    if let Some(stop) = user.stopped_at(folder).filter(|_| folder.is_dir()) {
        return wrong(
            format!("{shown}: {} is closed to {name}", stop.display()),
            format!("chmod o+x {}, {tcp}", stop.display()),
        );
    }
    if !path.exists() {
        return right(format!("{shown} is made when the server starts (mode {:o})", listener.file_mode()));
    }
    if user.may(path, WRITE) {
        right(format!("{name} reaches {shown}"))
    } else {
        wrong(
            format!("{shown} is closed to {name}"),
            format!(
                "put {name} into the socket's group (usermod -aG {} {name}, then restart the MTA), or set group= in server.lmtp, {tcp}",
                group_of(path)
            ),
        )
    }
}

/// A Postfix that is chrooted sees nothing outside its queue's folder.
fn jail(patient: &Patient<'_>, path: &Path) -> Option<Finding> {
    let text = fs::read_to_string(patient.args.postfix.join("master.cf")).ok()?;
    let line = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .find(|words| words.first() == Some(&"lmtp") && words.get(1) == Some(&"unix"))?;
    let inside = path.starts_with("/var/spool/postfix");
    (line.get(4) == Some(&"y") && !inside).then(|| {
        wrong(
            format!("Postfix's lmtp is chrooted and does not see {}", path.display()),
            "postconf -F lmtp/unix/chroot=n && postfix reload; or take a port of 127.0.0.1 in server.lmtp",
        )
    })
}

/// Somebody listens at the smarthost.
pub fn out_of_here(patient: &Patient<'_>) -> Vec<Finding> {
    let smarthost = &patient.settings.courier.smarthost;
    if smarthost.is_empty() {
        return vec![warning(
            "courier.smarthost is empty: mail to people elsewhere comes back to its sender",
            "name the MTA that takes it, such as 127.0.0.1:25",
        )];
    }
    let reached = smarthost.to_socket_addrs().map_err(|error| error.to_string()).and_then(|mut found| {
        let address = found.next().ok_or_else(|| "the name leads nowhere".to_owned())?;
        TcpStream::connect_timeout(&address, PATIENCE).map(drop).map_err(|error| error.to_string())
    });
    vec![match reached {
        Ok(()) => right(format!("{smarthost} takes connections")),
        Err(why) => wrong(
            format!("courier.smarthost: {smarthost}: {why}"),
            "start it, or mend courier.smarthost; mail waits meanwhile (ewsctl queue list)",
        ),
    }]
}
