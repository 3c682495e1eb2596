//! Where a request really comes from, when proxies stand between: the field X-Forwarded-For, to which each proxy adds the address
//! that it was asked from.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::Head;

/// Whose request it is, by its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The client's, without the mapping of version 4 into version 6.
    pub address: IpAddr,
    /// The address is a proxy's own: it stands for many clients.
    pub shared: bool,
}

/// The client behind a connection from `socket`. The field is believed only from a trusted proxy, and only back to the first
/// address that is not one itself.
pub fn origin(socket: IpAddr, field: Option<&str>, trusted: impl Fn(IpAddr) -> bool) -> Origin {
    let mut address = socket.to_canonical();
    let mut hops = field.unwrap_or_default().rsplit(',').map(str::trim).filter(|hop| !hop.is_empty());
    loop {
        if !trusted(address) {
            return Origin { address, shared: false };
        }
        match hops.next().and_then(parse) {
            Some(next) => address = next.to_canonical(),
            None => return Origin { address, shared: true },
        }
    }
}

/// X-Forwarded-For of a request: several fields are one list (RFC 9110 5.3).
pub fn field(head: &Head<'_>) -> Option<String> {
    let fields = head.headers().filter(|(name, _)| name.eq_ignore_ascii_case("X-Forwarded-For"));
    // What a client put in front must not have the proxy's own word passed over, whatever octets it is made of.
    let hops: Vec<Cow<'_, str>> = fields.map(|(_, value)| String::from_utf8_lossy(value)).collect();
    Some(hops.join(",")).filter(|hops| !hops.is_empty())
}

/// An address with or without a port, as proxies write it.
fn parse(hop: &str) -> Option<IpAddr> {
    if let Ok(address) = hop.parse() {
        return Some(address);
    }
    if let Ok(with_port) = hop.parse::<std::net::SocketAddr>() {
        return Some(with_port.ip());
    }
    hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::network::Network;
    use crate::scan_head;

    #[test]
    fn no_octets_of_a_client_hide_it() {
        let head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: \xff, 198.51.100.1\r\n\r\n";
        let hops = field(&scan_head(head).unwrap().unwrap());
        let proxy: IpAddr = "127.0.0.1".parse().unwrap();
        let known = origin(proxy, hops.as_deref(), |address| address == proxy);
        assert_eq!(known, Origin { address: "198.51.100.1".parse().unwrap(), shared: false });
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let networks = ["127.0.0.1", "::1", "10.0.0.0/8", "2001:db8::/32"].map(|text| Network::parse(text).unwrap());
        let trusted = |address| networks.iter().any(|network| network.contains(address));
        for (socket, field, address, shared) in [
            ("192.0.2.7", Some("198.51.100.1"), "192.0.2.7", false),
            ("127.0.0.1", Some("198.51.100.1"), "198.51.100.1", false),
            ("127.0.0.1", Some("6.6.6.6, 198.51.100.1, 10.1.2.3"), "198.51.100.1", false),
            ("127.0.0.1", Some("198.51.100.1:4711"), "198.51.100.1", false),
            ("127.0.0.1", Some("[2001:db9::5]"), "2001:db9::5", false),
            ("127.0.0.1", Some("nonsense"), "127.0.0.1", true),
            ("127.0.0.1", None, "127.0.0.1", true),
            ("::ffff:127.0.0.1", None, "127.0.0.1", true),
            ("2001:db8:9::1", Some("203.0.113.9"), "203.0.113.9", false),
        ] {
            let expected = Origin { address: address.parse().unwrap(), shared };
            assert_eq!(origin(socket.parse().unwrap(), field, trusted), expected, "{socket} {field:?}");
        }
    }
}
