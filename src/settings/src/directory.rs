//! Where a directory is: `ldap://HOST:PORT`, `ldaps://HOST:PORT`, `ldapi://%2FPATH` (a Unix socket).

/// A server of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directory {
    /// TLS begins when it is asked for, if it does.
    Ldap {
        host: String,
        port: u16,
    },
    /// TLS from the first octet.
    Ldaps {
        host: String,
        port: u16,
    },
    Ldapi {
        path: String,
    },
}

/// Ports (RFC 4516 2, and what everybody uses for ldaps).
const LDAP: u16 = 389;
const LDAPS: u16 = 636;

impl Directory {
    /// What the text says; a name or a path that is empty is refused.
    ///
    /// # Errors
    /// What is wrong with it, as a setting's problem.
    pub fn parse(text: &str) -> Result<Directory, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let at = |usual: u16| {
            let (host, port) = match rest.rsplit_once(':') {
                Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok().filter(|port| *port > 0)?),
                _ => (rest, usual),
            };
            let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            let known = match literal {
                Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
                None => !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')),
            };
            known.then(|| (literal.unwrap_or(host).to_owned(), port))
        };
        let found = match scheme {
            "ldap" => at(LDAP).map(|(host, port)| Directory::Ldap { host, port }),
            "ldaps" => at(LDAPS).map(|(host, port)| Directory::Ldaps { host, port }),
            "ldapi" => path(rest).map(|path| Directory::Ldapi { path }),
            _ => None,
        };
        found.ok_or_else(|| {
            "must be ldap://HOST:PORT, ldaps://HOST:PORT or ldapi://%2FPATH, without anything behind it".to_owned()
        })
    }

    /// The port that is connected to.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match self {
            Directory::Ldap { port, .. } | Directory::Ldaps { port, .. } => Some(*port),
            Directory::Ldapi { .. } => None,
        }
    }
}

/// A path whose slashes are written as `%2F`, or as they are.
fn path(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut octets = text.bytes();
    let digit = |octet: Option<u8>| octet.and_then(|octet| char::from(octet).to_digit(16));
    while let Some(octet) = octets.next() {
        match octet {
            b'%' => out.push((digit(octets.next())? << 4 | digit(octets.next())?) as u8),
            octet => out.push(octet),
        }
    }
    String::from_utf8(out).ok().filter(|path| path.starts_with('/') && !path.contains('\0'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Directory;

    #[test]
    fn servers_are_named_as_others_name_them() {
        let ldap = |host: &str, port| Directory::Ldap { host: host.to_owned(), port };
        assert_eq!(Directory::parse("ldap://dir.example.org"), Ok(ldap("dir.example.org", 389)));
        assert_eq!(Directory::parse("ldap://[2001:db8::1]:3389/"), Ok(ldap("2001:db8::1", 3389)));
        assert_eq!(Directory::parse("ldap://[::1]"), Ok(ldap("::1", 389)));
        let ldaps = Directory::Ldaps { host: "127.0.0.1".to_owned(), port: 636 };
        assert_eq!(Directory::parse("ldaps://127.0.0.1"), Ok(ldaps));
        let ldapi = Directory::Ldapi { path: "/run/slapd/ldapi".to_owned() };
        assert_eq!(Directory::parse("ldapi://%2Frun%2Fslapd%2fldapi"), Ok(ldapi.clone()));
        assert_eq!(Directory::parse("ldapi:///run/slapd/ldapi"), Ok(ldapi));
        for text in [
            "",
            "dir.example.org",
            "http://dir.example.org",
            "ldap://",
            "ldap://:389",
            "ldap://host:0",
            "ldap://host:x",
            "ldap://a b",
            "ldap://host/dc=x",
            "ldap://user@host",
            "ldapi://",
            "ldapi://run/x",
            "ldapi://%2",
        ] {
            assert!(Directory::parse(text).is_err(), "{text}");
        }
    }
}
