//! Networks, as settings name them: an address, or one with the length of a prefix (RFC 4632, RFC 4291 2.3).

use std::net::IpAddr;

/// A network; one address where no prefix is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    base: IpAddr,
    /// Bits that an address of the network shares with `base`.
    bits: u32,
}

impl Network {
    /// None: no address, or a prefix that is longer than one.
    pub fn parse(text: &str) -> Option<Network> {
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let base = base.parse::<IpAddr>().ok()?;
        let most = width(base);
        let bits = bits.unwrap_or(most);
        (bits <= most).then(|| Network { base: base.to_canonical(), bits: bits.min(width(base.to_canonical())) })
    }

    /// The network of that many bits in which an address is: what a limit counts for many addresses of one client.
    pub fn around(address: IpAddr, bits_v4: u32, bits_v6: u32) -> Network {
        let address = address.to_canonical();
        let bits = if address.is_ipv4() { bits_v4.min(32) } else { bits_v6.min(128) };
        Network { base: masked(address, bits), bits }
    }

    /// Its first address.
    pub fn base(self) -> IpAddr {
        self.base
    }

    /// Addresses of version 4 written in version 6 are those of version 4.
    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.base.is_ipv4() == address.is_ipv4() && masked(self.base, self.bits) == masked(address, self.bits)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.bits == width(self.base) { self.base.fmt(f) } else { write!(f, "{}/{}", self.base, self.bits) }
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn masked(address: IpAddr, bits: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - bits.min(128)).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_are_in_their_networks() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8"),
            ("0.0.0.0/0", "9.9.9.9", "::1"),
            ("::/0", "2001::1", "9.9.9.9"),
            ("2001:db8::/32", "2001:db8:9::1", "2001:db9::1"),
        ] {
            let known = Network::parse(network).unwrap();
            assert!(known.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!known.contains(outside.parse().unwrap()), "{network} {outside}");
            assert_eq!(known.to_string(), network);
        }
        for wrong in ["", "x", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/"] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_client_is_counted_by_its_network() {
        let of = |address: &str| Network::around(address.parse().unwrap(), 32, 64).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3::4"), "2001:db8:1:2::/64");
    }
}
