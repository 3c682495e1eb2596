//! Which files and ports the roles need, beside what they have open when they begin.

use std::path::{Path, PathBuf};

use ewsd_ipc::role::{Calls, Files};
use ewsd_settings::{Directory, Settings};

use crate::role::database;
use crate::trace;

/// Programs' own files: libraries that are loaded late (name services), time zones, certificates, the resolver's and
/// Kerberos's settings, what the process sees of itself, random octets.
const SYSTEM: &[&str] = &[
    "/etc",
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc/self",
    "/proc/sys",
    "/run",
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
];
/// Variables that name what libraries read.
const READ_BY_LIBRARIES: &[&str] = &["KRB5_CONFIG", "KRB5_KTNAME", "SSL_CERT_DIR", "SSL_CERT_FILE", "TZDIR"];
/// Variables that name the folder of Kerberos's replay cache, and the one where it lies else.
const WRITTEN_BY_LIBRARIES: &[&str] = &["KRB5RCACHEDIR", "TMPDIR"];
const REPLAY_CACHE: &str = "/var/tmp";
/// Name servers that have more to say.
const DNS: u16 = 53;

/// What a process may reach; all else is refused.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Folders, with all that is below, and files.
    pub read: Vec<PathBuf>,
    pub write: Vec<PathBuf>,
    /// TCP ports to connect to; none: any.
    pub connect: Option<Vec<u16>>,
}

/// What a role may reach, where its files are bounded at all.
///
/// # Errors
/// A sentence: `database.url` is not understood.
pub(super) fn of(files: Files, calls: Calls, settings: &Settings) -> Result<Option<Reach>, String> {
    let reach = match files {
        Files::Any => return Ok(None),
        Files::None => Reach { connect: Some(Vec::new()), ..Reach::default() },
        // Modules of PAM read what they like.
        Files::Login if settings.auth.basic_against == "pam" => return Ok(None),
        Files::Login => {
            let (auth, state_dir) = (&settings.auth, &settings.server.state_dir);
            let files = [&auth.ldap_ca, &auth.ldap_search_password_file].map(Path::new);
            let servers: Vec<Directory> = auth.ldap_urls.iter().filter_map(|url| Directory::parse(url).ok()).collect();
            let nothing = Path::new("");
            let mut read: Vec<PathBuf> = files.iter().filter_map(|file| place(file, nothing, state_dir)).collect();
            read.extend(SYSTEM.iter().map(PathBuf::from));
            read.extend(named(READ_BY_LIBRARIES));
            let ports = servers.iter().filter_map(Directory::port).chain([DNS]).collect();
            Reach { read, write: Vec::new(), connect: Some(ports) }
        }
        Files::Database | Files::Resolver => {
            let needs = database::options(settings, "ewsd").needs().map_err(|error| error.to_string())?;
            let own: &[&str] = match files {
                Files::Resolver => &[
                    &settings.courier.tls_ca,
                    &settings.courier.password_file,
                    &settings.notifications.push_ca,
                    &settings.auth.jwks_ca,
                ],
                _ => &[&settings.auth.keytab, &settings.auth.key_file, &settings.auth.jwks_file],
            };
            let state_dir = &settings.server.state_dir;
            // Who talks to strangers' servers has no use for the key to what is kept of passwords, which lies there.
            let state = match files {
                Files::Resolver => database::socket_folder(settings),
                _ => PathBuf::from(state_dir),
            };
            let files = own.iter().map(Path::new).chain(needs.files.iter().map(PathBuf::as_path));
            let mut read: Vec<PathBuf> = files.filter_map(|file| place(file, &state, state_dir)).collect();
            read.push(state);
            read.extend(SYSTEM.iter().map(PathBuf::from));
            read.extend(named(READ_BY_LIBRARIES));
            let mut write = named(WRITTEN_BY_LIBRARIES);
            write.extend([trace::folder(state_dir), REPLAY_CACHE.into()]);
            let ports = || needs.ports.iter().copied().chain([DNS]).collect();
            Reach { read, write, connect: (calls == Calls::Database).then(ports) }
        }
    };
    Ok(Some(reach))
}

/// Where a file is found: its folder, since whoever renews it puts another one into its place. Beside the key it is the file
/// alone, as it is now.
fn place(file: &Path, state: &Path, state_dir: &str) -> Option<PathBuf> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    let opens_all = Path::new(state_dir).starts_with(folder) && state != Path::new(state_dir);
    Some(if opens_all { file } else { folder }.to_path_buf())
}

/// What the environment says, which the master hands on.
fn named(variables: &[&str]) -> Vec<PathBuf> {
    let value = |name: &&str| std::env::var_os(name)?.into_string().ok();
    let path = |value: String| PathBuf::from(value.strip_prefix("FILE:").unwrap_or(&value));
    variables.iter().filter_map(value).map(path).filter(|path| path.is_absolute()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_the_settings_name_can_be_reached_and_no_more() {
        let mut settings = Settings::default();
        settings.database.url =
            "postgresql://db.example.org:5433/ewsd?sslmode=verify-full&sslrootcert=/srv/tls/ca.pem".to_owned();
        settings.auth.keytab = "/srv/krb5/ewsd.keytab".to_owned();
        settings.courier.tls_ca = "/srv/mta/ca.pem".to_owned();
        settings.auth.jwks_ca = "/srv/id/ca.pem".to_owned();
        let of = |files, calls| of(files, calls, &settings).unwrap();
        let request = of(Files::Database, Calls::Database).unwrap();
        for folder in ["/srv/tls", "/srv/krb5", "/usr", &settings.server.state_dir] {
            assert!(request.read.contains(&PathBuf::from(folder)), "{folder} of {request:?}");
        }
        assert!(
            !request.read.contains(&PathBuf::from("/srv/mta")) && !request.read.contains(&PathBuf::from("/srv/id"))
        );
        assert_eq!(request.connect, Some(vec![5433, DNS]));
        let courier = of(Files::Resolver, Calls::Network).unwrap();
        assert!(
            courier.read.contains(&PathBuf::from("/srv/mta")) && !courier.read.contains(&PathBuf::from("/srv/krb5"))
        );
        assert!(courier.read.contains(&PathBuf::from("/srv/id")));
        assert_eq!(courier.connect, None);
        assert!(courier.read.iter().all(|folder| !Path::new("/var/lib/ewsd/secrets.key").starts_with(folder)));
        assert!(courier.read.contains(&PathBuf::from("/var/lib/ewsd/pg-run")));
        assert_eq!(of(Files::None, Calls::Nothing).unwrap(), Reach { connect: Some(Vec::new()), ..Reach::default() });
        assert_eq!(of(Files::Any, Calls::Programs), None);
    }

    #[test]
    fn a_file_beside_the_key_opens_nothing_else_there() {
        let mut settings = Settings::default();
        settings.courier.password_file = "/var/lib/ewsd/smarthost".to_owned();
        settings.courier.tls_ca = "/var/lib/ca.pem".to_owned();
        let courier = of(Files::Resolver, Calls::Network, &settings).unwrap().unwrap();
        for file in ["/var/lib/ewsd/smarthost", "/var/lib/ca.pem"] {
            assert!(courier.read.contains(&PathBuf::from(file)), "{courier:?}");
        }
        assert!(courier.read.iter().all(|folder| !Path::new("/var/lib/ewsd/secrets.key").starts_with(folder)));
    }

    #[test]
    fn logins_reach_the_directory_and_nothing_of_the_server() {
        let mut settings = Settings::default();
        settings.auth.ldap_urls = ["ldap://a:3389", "ldaps://b", "ldapi:///run/x"].map(str::to_owned).to_vec();
        settings.auth.ldap_ca = "/srv/dir/ca.pem".to_owned();
        settings.auth.ldap_search_password_file = "/var/lib/ewsd/search".to_owned();
        let login = of(Files::Login, Calls::Login, &settings).unwrap().unwrap();
        assert_eq!((login.connect, login.write.len()), (Some(vec![3389, 636, DNS]), 0));
        for file in ["/srv/dir", "/var/lib/ewsd/search", "/etc"] {
            assert!(login.read.contains(&PathBuf::from(file)), "{file} of {:?}", login.read);
        }
        assert!(login.read.iter().all(|folder| !Path::new("/var/lib/ewsd/secrets.key").starts_with(folder)));
    }

    #[test]
    fn a_private_database_needs_no_port() {
        let reach = of(Files::Database, Calls::Database, &Settings::default()).unwrap().unwrap();
        assert_eq!(reach.connect, Some(vec![DNS]));
    }
}
