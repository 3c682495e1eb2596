//! Where a request really comes from, when proxies stand between (`server.trusted_proxies`).

use std::net::IpAddr;

/// The client's address for counting and logging. A header is believed only from a trusted proxy, and only back to the
/// first address that is not one itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    pub address: IpAddr,
    /// The address is a proxy's own: it stands for many clients.
    pub shared: bool,
    /// The connection is a proxy's: its requests are many clients', whoever this one is of.
    pub proxied: bool,
}

impl Peer {
    pub fn find(socket: IpAddr, forwarded: Option<&str>, trusted: &[String]) -> Peer {
        let mut address = socket.to_canonical();
        let proxied = is_trusted(address, trusted);
        let mut hops = forwarded.unwrap_or_default().rsplit(',').map(str::trim).filter(|hop| !hop.is_empty());
        loop {
            if !is_trusted(address, trusted) {
                return Peer { address, shared: false, proxied };
            }
            // A Unix socket has no address; whoever may connect to it is a proxy.
            match hops.next().and_then(parse) {
                Some(next) => address = next.to_canonical(),
                None => return Peer { address, shared: true, proxied },
            }
        }
    }
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

fn is_trusted(address: IpAddr, trusted: &[String]) -> bool {
    address.is_unspecified() || trusted.iter().any(|network| contains(network, address))
}

/// `network` is an address, or one with a prefix length.
fn contains(network: &str, address: IpAddr) -> bool {
    let (base, length) = match network.split_once('/') {
        Some((base, length)) => (base, length.parse::<u32>().ok()),
        None => (network, None),
    };
    match (base.parse::<IpAddr>().map(|base| base.to_canonical()), address) {
        (Ok(IpAddr::V4(base)), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - length.unwrap_or(32).min(32)).unwrap_or(0);
            u32::from(base) & mask == u32::from(address) & mask
        }
        (Ok(IpAddr::V6(base)), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - length.unwrap_or(128).min(128)).unwrap_or(0);
            u128::from(base) & mask == u128::from(address) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["127.0.0.1".to_owned(), "::1".to_owned(), "10.0.0.0/8".to_owned(), "2001:db8::/32".to_owned()];
        for (socket, forwarded, address, shared) in [
            ("192.0.2.7", Some("198.51.100.1"), "192.0.2.7", false),
            ("127.0.0.1", Some("198.51.100.1"), "198.51.100.1", false),
            ("127.0.0.1", Some("6.6.6.6, 198.51.100.1, 10.1.2.3"), "198.51.100.1", false),
            ("127.0.0.1", Some("198.51.100.1:4711"), "198.51.100.1", false),
            ("127.0.0.1", Some("[2001:db9::5]"), "2001:db9::5", false),
            ("127.0.0.1", Some("nonsense"), "127.0.0.1", true),
            ("127.0.0.1", None, "127.0.0.1", true),
            ("::ffff:127.0.0.1", None, "127.0.0.1", true),
            ("2001:db8:9::1", Some("203.0.113.9"), "203.0.113.9", false),
            ("0.0.0.0", Some("203.0.113.9"), "203.0.113.9", false),
        ] {
            let peer = Peer::find(socket.parse().unwrap(), forwarded, &trusted);
            let proxied = socket != "192.0.2.7";
            assert_eq!(peer, Peer { address: address.parse().unwrap(), shared, proxied }, "{socket} {forwarded:?}");
        }
    }

    #[test]
    fn a_prefix_of_zero_is_everybody() {
        assert!(contains("0.0.0.0/0", "9.9.9.9".parse().unwrap()));
        assert!(contains("::/0", "2001::1".parse().unwrap()));
        assert!(!contains("10.0.0.0/8", "11.0.0.1".parse().unwrap()));
    }
}
