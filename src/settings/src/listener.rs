//! A listener as the settings write it: an address, then options.
//! `127.0.0.1:8080 proxy`, `unix:/run/ewsd/http.sock mode=0660 group=www-data`.

/// A listener, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener<'t> {
    /// `ADDRESS:PORT` or `unix:/PATH`.
    pub address: &'t str,
    /// Every connection begins with the header of the PROXY protocol.
    pub proxy: bool,
    /// Several masters of this machine may listen there at once (SO_REUSEPORT): the kernel deals out what comes in.
    pub reuseport: bool,
    /// Of a Unix socket's file.
    pub mode: Option<u32>,
    /// Of a Unix socket's file.
    pub group: Option<&'t str>,
    /// The login schemes that are spoken there, of those that are on; none: all of them.
    pub schemes: Option<Vec<&'t str>>,
}

/// The login schemes by the names that settings give them (a test of the workers compares).
pub const LOGIN_SCHEMES: &[&str] = &["basic", "digest", "ntlm", "negotiate", "bearer", "headers"];

impl Listener<'_> {
    /// # Errors
    /// What it must be.
    pub fn parse(text: &str) -> Result<Listener<'_>, String> {
        let mut words = text.split_ascii_whitespace();
        let address = words.next().unwrap_or_default();
        let is_unix = match address.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') && path.len() < 108 => true,
            None if address.parse::<std::net::SocketAddr>().is_ok() => false,
            _ => return Err("must be ADDRESS:PORT (127.0.0.1:8080, [::1]:8080) or unix:/PATH".to_owned()),
        };
        let mut listener = Listener { address, proxy: false, reuseport: false, mode: None, group: None, schemes: None };
        for word in words {
            match word.split_once('=') {
                None if word == "proxy" => listener.proxy = true,
                None if word == "reuseport" && !is_unix => listener.reuseport = true,
                Some(("mode", mode)) if is_unix => {
                    let bits = u32::from_str_radix(mode, 8).ok().filter(|bits| *bits <= 0o777);
                    listener.mode = Some(bits.ok_or("has a mode that is none: mode=0660")?);
                }
                Some(("schemes", list)) => {
                    let names: Vec<&str> = list.split('+').collect();
                    if let Some(unknown) = names.iter().find(|name| !LOGIN_SCHEMES.contains(name)) {
                        return Err(format!("has the scheme {unknown}: there are {}", LOGIN_SCHEMES.join(", ")));
                    }
                    listener.schemes = Some(names);
                }
                Some(("group", group)) if is_unix && !group.is_empty() => listener.group = Some(group),
                _ => {
                    return Err(format!(
                        "has the option {word}: there are proxy, schemes=, for ADDRESS:PORT reuseport, for unix:/PATH mode= and group="
                    ));
                }
            }
        }
        Ok(listener)
    }

    /// Of a Unix socket's file: its group's where it has one, else everybody's, as open as a port of the loopback address is.
    #[must_use]
    pub fn file_mode(&self) -> u32 {
        self.mode.unwrap_or(if self.group.is_some() { 0o660 } else { 0o666 })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn options_follow_the_address() {
        let unix = Listener::parse("unix:/run/x  mode=0640 group=www-data").unwrap();
        assert_eq!((unix.address, unix.file_mode(), unix.group), ("unix:/run/x", 0o640, Some("www-data")));
        assert_eq!(Listener::parse("unix:/run/x group=www-data").unwrap().file_mode(), 0o660);
        assert_eq!(Listener::parse("unix:/run/x").unwrap().file_mode(), 0o666);
        assert!(Listener::parse("[::1]:8080 proxy").unwrap().proxy);
        assert!(Listener::parse("127.0.0.1:8080 reuseport").unwrap().reuseport);
        let named = Listener::parse("[::1]:8080 schemes=basic+negotiate").unwrap();
        assert_eq!(named.schemes, Some(vec!["basic", "negotiate"]));
        assert!(Listener::parse("[::1]:8080 schemes=other").is_err());
        for wrong in [
            "",
            "proxy",
            "x:1",
            "unix:x",
            "127.0.0.1:1 mode=0660",
            "unix:/x mode=9",
            "unix:/x reuseport",
            "unix:/x mode=1777",
            "[::1]:1 tls",
        ] {
            assert!(Listener::parse(wrong).is_err(), "{wrong}");
        }
    }
}
