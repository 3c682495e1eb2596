//! Of the processes: their program, user, files, room and descriptors.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use ewsd_settings::Settings;
use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{Uid, User, geteuid};
use serde_json::Value;

use super::super::demo::program;
use super::super::reach::{PASS, READ, WRITE, Who};
use super::{Finding, Patient, right, warning, wrong};

/// Whom the workers run as, or would: the owner of a running one; of a server that root starts as the settings say, else
/// of a package's unit, else this user.
pub fn runs_as(settings: &Settings, status: Option<&Value>) -> Option<Who> {
    let workers = status.and_then(|status| status.get("workers")).and_then(Value::as_array);
    let pid = workers.into_iter().flatten().find_map(|worker| worker.get("pid").and_then(Value::as_u64));
    let owner = pid.and_then(|pid| fs::metadata(format!("/proc/{pid}")).ok()).map(|meta| Uid::from_raw(meta.uid()));
    let of = |uid: Uid| User::from_uid(uid).ok().flatten().map(|user| Who::of(&user));
    match owner {
        Some(uid) => of(uid),
        None if !geteuid().is_root() => of(geteuid()),
        None if !settings.process.user.is_empty() => Who::named(&settings.process.user),
        None => ["ewsd", "postgres"].iter().find_map(|name| Who::named(name)),
    }
}

fn worker_program(settings: &Settings) -> std::result::Result<PathBuf, String> {
    match settings.process.worker.as_str() {
        "" => program("ewsd-worker").map_err(|failure| failure.text),
        path => Ok(PathBuf::from(path)),
    }
}

/// The program is there, of this version, and whoever is to run it may.
pub fn worker(patient: &Patient<'_>) -> Vec<Finding> {
    let cure = "set process.worker to the ewsd-worker of this version, or take the setting out";
    let path = match worker_program(&patient.settings) {
        Ok(path) => path,
        Err(why) => return vec![wrong(why, cure)],
    };
    if !path.is_file() {
        return vec![wrong(format!("there is no worker program {}", path.display()), cure)];
    }
    if let Some(Err(why)) = patient.user.as_ref().map(|user| user.reaches(&path, READ | PASS)) {
        return vec![wrong(format!("the worker program: {why}"), "let the user reach and execute it (chmod a+rx)")];
    }
    let said = Command::new(&path).arg("--version").output();
    let said = match said {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(error) => return vec![wrong(format!("{} cannot be executed: {error}", path.display()), cure)],
    };
    let own = env!("CARGO_PKG_VERSION");
    if said.rsplit(' ').next() != Some(own) {
        let text = format!("{} is {said:?}, this ewsctl is {own}", path.display());
        return vec![wrong(text, "install ewsd, ewsd-worker and ewsctl of one version, and restart")];
    }
    vec![right(format!("{} ({said})", path.display()))]
}

/// There is somebody to run as.
pub fn user(patient: &Patient<'_>) -> Vec<Finding> {
    let wanted = &patient.settings.process.user;
    let cure = "create the user (systemd-sysusers), or name another one in process.user";
    match (&patient.user, wanted.as_str()) {
        (Some(user), _) if user.uid == 0 => {
            vec![wrong("the workers would run as root", "name a user without privileges in process.user")]
        }
        (_, name) if !name.is_empty() && Who::named(name).is_none() => {
            vec![wrong(format!("process.user: there is no user {name}"), cure)]
        }
        (Some(user), _) => vec![right(format!("workers run as {}", user.name))],
        (None, _) => vec![wrong("there is no user ewsd, and none named in process.user", cure)],
    }
}

/// The state directory is the user's.
pub fn state(patient: &Patient<'_>) -> Vec<Finding> {
    let state = Path::new(&patient.settings.server.state_dir);
    let Some(user) = &patient.user else { return Vec::new() };
    let shown = state.display();
    let Ok(meta) = fs::metadata(state) else {
        return vec![if state.parent().is_some_and(Path::is_dir) {
            warning(
                format!("{shown} is not there yet"),
                "the server makes it when it starts as root; the unit does as well",
            )
        } else {
            wrong(format!("{shown} is not there, nor the folder above it"), "make it, or set server.state_dir")
        }];
    };
    if meta.uid() != user.uid && meta.uid() != 0 {
        let owner = User::from_uid(meta.uid().into()).ok().flatten().map_or(meta.uid().to_string(), |user| user.name);
        let text = format!("{shown} belongs to {owner}, not to {}", user.name);
        return vec![wrong(text, format!("chown -R {} {shown}, if the data in it are this server's", user.name))];
    }
    if let Err(why) = user.reaches(state, READ | WRITE | PASS) {
        if meta.uid() == 0 && geteuid().is_root() {
            return vec![warning(format!("{shown} is root's"), "the server gives it to its user when root starts it")];
        }
        return vec![wrong(why, format!("let {} read and write {shown}", user.name))];
    }
    vec![right(format!("{shown} is {}'s", user.name))]
}

/// There is room to write.
pub fn room(patient: &Patient<'_>) -> Vec<Finding> {
    let directory = &patient.settings.server.state_dir;
    let Some((free, least)) = ewsd_worker::room(&patient.settings) else { return Vec::new() };
    let cure = "make room, or lower server.min_free_bytes";
    let text = format!("{} MB are free in {directory}", free >> 20);
    vec![match free {
        _ if free < least => wrong(format!("{text}, less than the {} below which nothing is taken", least >> 20), cure),
        _ if free < 4 * least => warning(format!("{text}; below {} nothing is taken", least >> 20), cure),
        _ => right(text),
    }]
}

/// The files that settings name can be read by who needs them.
pub fn files(patient: &Patient<'_>) -> Vec<Finding> {
    let Some(user) = &patient.user else { return Vec::new() };
    let settings = &patient.settings;
    let named = [
        ("courier.password_file", &settings.courier.password_file),
        ("courier.tls_ca", &settings.courier.tls_ca),
        ("auth.key_file", &settings.auth.key_file),
        ("auth.jwks_file", &settings.auth.jwks_file),
        ("auth.jwks_ca", &settings.auth.jwks_ca),
        ("auth.ldap_ca", &settings.auth.ldap_ca),
        ("auth.ldap_search_password_file", &settings.auth.ldap_search_password_file),
    ];
    let mut found: Vec<Finding> = Vec::new();
    let mut good = 0;
    for (key, path) in named.into_iter().filter(|(_, path)| !path.is_empty()) {
        match user.reaches(Path::new(path), READ) {
            Ok(()) => good += 1,
            // Made when it is first needed.
            Err(_) if key == "auth.key_file" && !Path::new(path).exists() => {}
            Err(why) => {
                let group =
                    User::from_name(&user.name).ok().flatten().map_or(user.gid.to_string(), |_| user.name.clone());
                found.push(wrong(format!("{key}: {why}"), format!("chgrp {group} {path} && chmod 640 {path}")));
            }
        }
    }
    if settings.database.url.contains("password") || settings.database.url.contains("@") {
        let open = fs::metadata(patient.config).is_ok_and(|meta| meta.mode() & 0o004 != 0);
        if open {
            let file = patient.config.display();
            let text = format!("{file} holds the database's password, and everybody may read it");
            found.push(warning(text, format!("chgrp {} {file} && chmod 640 {file}", user.name)));
        }
    }
    if found.is_empty() && good > 0 {
        found.push(right(format!("{good} files that settings name can be read by {}", user.name)));
    }
    found
}

/// The keytab is one, and the workers may read it.
pub fn keytab(patient: &Patient<'_>) -> Vec<Finding> {
    let path = Path::new(&patient.settings.auth.keytab);
    let (false, Some(user)) = (path.as_os_str().is_empty(), &patient.user) else { return Vec::new() };
    if let Err(why) = user.reaches(path, READ) {
        let cure = format!(
            "chown {} {2} && chmod 600 {2}; keys come from `ktutil` or `kadmin ktadd -k {1}`",
            user.name,
            path.display(),
            path.display()
        );
        return vec![wrong(format!("auth.keytab: {why}"), cure)];
    }
    // 0x05, then the version of the format: 1 or 2.
    let begins = fs::read(path)
        .ok()
        .and_then(|octets| octets.get(..2).map(|head| (head.first().copied(), head.get(1).copied())));
    match begins {
        Some((Some(5), Some(1 | 2))) => vec![right(format!("{} can be read by {}", path.display(), user.name))],
        Some(_) => {
            vec![wrong(format!("{} is no keytab", path.display()), "make it anew: `kadmin ktadd -k FILE HTTP/HOST`")]
        }
        None => vec![warning(format!("{} cannot be read by this user", path.display()), "run the doctor as root")],
    }
}

/// As many descriptors as connections are promised.
pub fn descriptors(patient: &Patient<'_>) -> Vec<Finding> {
    let master = patient.status.as_ref().and_then(|status| status.get("pid")).and_then(Value::as_u64);
    let of_master = master.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/limits")).ok());
    let line = of_master.as_deref().and_then(|text| text.lines().find(|line| line.starts_with("Max open files")));
    let running = line.and_then(|line| line.split_whitespace().nth(4)?.parse::<u64>().ok());
    let allowed = running.or_else(|| getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(_, hard)| hard));
    let Some(allowed) = allowed else { return Vec::new() };
    let settings = &patient.settings;
    let needed = ewsd_master::descriptors_for(settings.limits.connections, settings.process.workers);
    let whose = if running.is_some() { "the server may have" } else { "this shell may have" };
    vec![if allowed < needed && settings.limits.connections > 0 {
        wrong(
            format!(
                "limits.connections = {} needs {needed} descriptors, {whose} {allowed}",
                settings.limits.connections
            ),
            format!("set LimitNOFILE={needed} in the unit (systemctl edit ewsd), or lower limits.connections"),
        )
    } else {
        right(format!("{whose} {allowed} descriptors"))
    }]
}
