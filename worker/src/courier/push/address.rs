//! Where a subscriber is: the URL that a client gave, taken apart, and whether it may be called there.
//!
//! A client chooses whom this server calls. So the networks are listed (`notifications.push_networks`), a name is looked up
//! once for each call, and what is connected to is the address that was found in the list, never the name.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use ewsd_http::network::Network;
use ewsd_settings::Settings;

/// Octets of a URL.
const LONGEST: usize = 2048;

/// A URL that can be called, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallbackUrl {
    pub tls: bool,
    /// A name, or an address without brackets.
    pub host: String,
    pub port: u16,
    /// As the Host field has it.
    pub authority: String,
    /// Path and query.
    pub target: String,
}

impl CallbackUrl {
    /// None: it is no URL of http or https, has a user, or is not written as one (RFC 3986).
    pub fn parse(text: &str) -> Option<CallbackUrl> {
        if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        let standard = if tls { 443 } else { 80 };
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, port) = v6.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                (host, port.strip_prefix(':').or(port.is_empty().then_some(""))?)
            }
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        let port = match port {
            "" => standard,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|port| *port > 0)?
            }
            _ => return None,
        };
        let is_name = |host: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            !host.is_empty() && host.len() <= 253 && host.bytes().all(fits) && !host.starts_with(['.', '-'])
        };
        if !authority.starts_with('[') && !is_name(host) {
            return None;
        }
        Some(CallbackUrl { tls, host: host.to_owned(), port, authority: authority.to_owned(), target })
    }

    /// The address, where the URL names one instead of a name.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Looks the name up, which may take as long as the system's resolver takes, and picks the first address that may be called.
    ///
    /// # Errors
    /// Why there is none.
    pub fn look_up(&self, settings: &Settings) -> Result<SocketAddr, String> {
        let found = (self.host.as_str(), self.port).to_socket_addrs().map_err(|error| format!("its name: {error}"))?;
        let found: Vec<SocketAddr> = found.collect();
        let allowed = found.iter().find(|address| is_allowed(settings, address.ip()));
        allowed.copied().ok_or_else(|| {
            let seen: Vec<String> = found.iter().map(|address| address.ip().to_string()).collect();
            format!("none of its addresses ({}) is in notifications.push_networks", seen.join(", "))
        })
    }
}

/// Whether subscribers are called at that address.
pub(crate) fn is_allowed(settings: &Settings, address: IpAddr) -> bool {
    let networks = settings.notifications.push_networks.iter().filter_map(|text| Network::parse(text));
    networks.into_iter().any(|network| network.contains(address))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn urls_are_taken_apart_or_refused() {
        for (text, tls, host, port, target) in [
            ("http://127.0.0.1:8099/a?b=c#d", false, "127.0.0.1", 8099, "/a?b=c"),
            ("HTTPS://Mail.Example.test", true, "Mail.Example.test", 443, "/"),
            ("http://[::1]:81?x", false, "::1", 81, "/?x"),
            ("http://[::1]/", false, "::1", 80, "/"),
            ("http://a.test:/x", false, "a.test", 80, "/x"),
        ] {
            let url = CallbackUrl::parse(text).unwrap();
            assert_eq!(
                (url.tls, url.host.as_str(), url.port, url.target.as_str()),
                (tls, host, port, target),
                "{text}"
            );
        }
        for wrong in [
            "",
            "ftp://a.test/",
            "http:///x",
            "http://user@a.test/",
            "http://user:secret@a.test/",
            "http://a.test:0/",
            "http://a.test:65536/",
            "http://a.test:8x/",
            "http://a b.test/",
            "http://a.test/\r\nX: y",
            "http://[::1/",
            "http://[::1]x/",
            "http://[127.0.0.1]/",
            "http://.test/",
            "//a.test/",
        ] {
            assert_eq!(CallbackUrl::parse(wrong), None, "{wrong}");
        }
        assert_eq!(CallbackUrl::parse(&format!("http://a.test/{}", "x".repeat(LONGEST))), None);
    }

    #[test]
    fn only_listed_networks_are_called() {
        let mut settings = Settings::default();
        let look_up = |settings: &Settings, text: &str| CallbackUrl::parse(text).unwrap().look_up(settings);
        assert_eq!(look_up(&settings, "http://127.0.0.1:99/").unwrap(), "127.0.0.1:99".parse().unwrap());
        assert_eq!(look_up(&settings, "http://[::1]/").unwrap(), "[::1]:80".parse().unwrap());
        assert!(look_up(&settings, "http://192.0.2.7/").unwrap_err().contains("192.0.2.7"));
        assert!(look_up(&settings, "http://[2001:db8::1]/").is_err());
        // An IPv4 address in IPv6's clothes is what it is.
        assert!(look_up(&settings, "http://[::ffff:192.0.2.7]/").is_err());
        settings.notifications.push_networks = vec!["192.0.2.0/24".to_owned()];
        assert!(look_up(&settings, "http://192.0.2.7/").is_ok());
        assert!(look_up(&settings, "http://127.0.0.1/").is_err());
        settings.notifications.push_networks = Vec::new();
        assert!(look_up(&settings, "http://192.0.2.7/").is_err());
    }
}
