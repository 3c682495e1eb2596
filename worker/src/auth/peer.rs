//! Where a request really comes from, when proxies stand between (`server.trusted_proxies`).

use std::net::{IpAddr, Ipv4Addr};

use ewsd_http::forwarded::{Origin, origin};
use ewsd_http::network::Network;

/// The client's address for counting and logging. A header is believed only from a trusted proxy, and only back to the
/// first address that is not one itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    pub address: IpAddr,
    /// The address is a proxy's own: it stands for many clients.
    pub shared: bool,
    /// The connection is a proxy's: its requests are many clients', whoever this one is of.
    pub proxied: bool,
    /// The request says that it came over others, whether they are trusted or not.
    pub relayed: bool,
    /// The schemes that the listener speaks, a bit for each by its number.
    pub schemes: u32,
}

/// Whatever is on.
pub const ALL_SCHEMES: u32 = u32::MAX;

impl Peer {
    /// Nothing is known of where it comes from: nothing that is one client's alone is offered.
    pub const UNKNOWN: Peer = Peer {
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        shared: true,
        proxied: true,
        relayed: true,
        schemes: ALL_SCHEMES,
    };

    pub fn find(socket: IpAddr, forwarded: Option<&str>, trusted: &[String]) -> Peer {
        // A Unix socket has no address; whoever may connect to it is a proxy.
        let trusted = |address: IpAddr| address.is_unspecified() || is_trusted(address, trusted);
        let Origin { address, shared } = origin(socket, forwarded, trusted);
        let proxied = trusted(socket.to_canonical());
        Peer { address, shared, proxied, relayed: forwarded.is_some(), schemes: ALL_SCHEMES }
    }

    /// The proxy passes on a connection and does not say whose (the header of the PROXY protocol names nobody): nothing that
    /// comes over it is the proxy's own word.
    pub fn unnamed(proxy: IpAddr) -> Peer {
        Peer { address: proxy, shared: true, proxied: false, relayed: true, schemes: ALL_SCHEMES }
    }

    /// Whether the connection is one client's alone, so that who has said once who it is need not say so again. A proxy that
    /// nobody named to us sends a field that gives it away.
    pub fn is_alone(&self) -> bool {
        !self.proxied && !self.relayed
    }
}

fn is_trusted(address: IpAddr, trusted: &[String]) -> bool {
    trusted.iter().filter_map(|network| Network::parse(network)).any(|network| network.contains(address))
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
            ("127.0.0.1", None, "127.0.0.1", true),
            ("0.0.0.0", Some("203.0.113.9"), "203.0.113.9", false),
        ] {
            let peer = Peer::find(socket.parse().unwrap(), forwarded, &trusted);
            let proxied = socket != "192.0.2.7";
            let relayed = forwarded.is_some();
            let address = address.parse().unwrap();
            let expected = Peer { address, shared, proxied, relayed, schemes: ALL_SCHEMES };
            assert_eq!((peer, peer.is_alone()), (expected, !proxied && !relayed), "{socket} {forwarded:?}");
        }
    }
}
