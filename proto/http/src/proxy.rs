//! The PROXY protocol, both versions (haproxy.org, proxy-protocol.txt): whose connection it is, said by the proxy before the
//! client's first octet. Whether a proxy is believed is not decided here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What stood before the client's own octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preface {
    /// Its length in octets.
    pub length: usize,
    /// The client; none: the connection is the proxy's own (a check of health), or nothing is known of it.
    pub client: Option<SocketAddr>,
}

/// What begins no such header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPreface;

/// Longest header of version 1, its line end included.
const LINE_MAX: usize = 107;
/// Longest header of version 2 that is taken: addresses and the proxy's remarks, certificates among them.
const BINARY_MAX: usize = 4096;
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const FIXED: usize = 16;

/// Reads the header at the start of what has come; none while it is incomplete.
///
/// # Errors
/// [`NoPreface`]: this is none, and never will be.
pub fn read(octets: &[u8]) -> Result<Option<Preface>, NoPreface> {
    let begins = |word: &[u8]| octets.iter().zip(word).all(|(octet, expected)| octet == expected);
    if begins(SIGNATURE) {
        return binary(octets);
    }
    if begins(b"PROXY ") { line(octets) } else { Err(NoPreface) }
}

fn line(octets: &[u8]) -> Result<Option<Preface>, NoPreface> {
    let Some(end) = octets.iter().take(LINE_MAX).position(|octet| *octet == b'\n') else {
        return if octets.len() < LINE_MAX { Ok(None) } else { Err(NoPreface) };
    };
    let text = octets.get(..end).and_then(|line| line.strip_suffix(b"\r")).ok_or(NoPreface)?;
    let text = std::str::from_utf8(text).map_err(|_| NoPreface)?;
    let mut words = text.split(' ');
    let (_, family) = (words.next(), words.next().ok_or(NoPreface)?);
    let length = end + 1;
    if family == "UNKNOWN" {
        return Ok(Some(Preface { length, client: None }));
    }
    let (source, _, port) = (words.next(), words.next(), words.next());
    let address: IpAddr = source.and_then(|text| text.parse().ok()).ok_or(NoPreface)?;
    let port = port.and_then(|text| text.parse().ok()).ok_or(NoPreface)?;
    match (family, address) {
        ("TCP4", IpAddr::V4(_)) | ("TCP6", IpAddr::V6(_)) => {}
        _ => return Err(NoPreface),
    }
    Ok(Some(Preface { length, client: Some(SocketAddr::new(address, port)) }))
}

fn binary(octets: &[u8]) -> Result<Option<Preface>, NoPreface> {
    let Some(fixed) = octets.first_chunk::<FIXED>() else { return Ok(None) };
    let [.., command, family, high, low] = *fixed;
    let length = FIXED + usize::from(u16::from_be_bytes([high, low]));
    if length > BINARY_MAX || command >> 4 != 2 {
        return Err(NoPreface);
    }
    let Some(rest) = octets.get(FIXED..length) else { return Ok(None) };
    let client = match (command & 0xf, family) {
        // The proxy speaks for itself.
        (0, _) => None,
        (1, 0x11) => Some(v4(rest).ok_or(NoPreface)?),
        (1, 0x21) => Some(v6(rest).ok_or(NoPreface)?),
        // Datagrams, Unix sockets, what is not known to the proxy.
        (1, _) => None,
        _ => return Err(NoPreface),
    };
    Ok(Some(Preface { length, client }))
}

/// Two addresses and two ports, of which the first are the client's.
fn v4(octets: &[u8]) -> Option<SocketAddr> {
    let addresses = octets.first_chunk::<12>()?;
    let [a, b, c, d, _, _, _, _, high, low, _, _] = *addresses;
    Some(SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes([high, low])))
}

fn v6(octets: &[u8]) -> Option<SocketAddr> {
    let [.., high, low, _, _] = *octets.first_chunk::<36>()?;
    let source = Ipv6Addr::from(*octets.first_chunk::<16>()?);
    Some(SocketAddr::new(source.into(), u16::from_be_bytes([high, low])))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn binary_of(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [SIGNATURE.as_slice(), &[command, family], &length, rest].concat()
    }

    fn client(octets: &[u8]) -> Option<String> {
        let whole = [octets, b"POST / HTTP/1.1\r\n"].concat();
        let preface = read(&whole).unwrap().unwrap();
        assert_eq!(preface.length, octets.len());
        for cut in 0..octets.len() {
            assert_eq!(read(&octets[..cut]), Ok(None), "{cut} octets");
        }
        preface.client.map(|client| client.to_string())
    }

    #[test]
    fn clients_are_read_from_both_versions() {
        assert_eq!(client(b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n").as_deref(), Some("192.0.2.7:4711"));
        assert_eq!(client(b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n").as_deref(), Some("[2001:db8::7]:4711"));
        assert_eq!(client(b"PROXY UNKNOWN\r\n"), None);
        assert_eq!(client(b"PROXY UNKNOWN ffff:: ffff:: 1 2\r\n"), None);
        let v4 = [192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x67, 1, 0xbb];
        assert_eq!(client(&binary_of(0x21, 0x11, &v4)).as_deref(), Some("192.0.2.7:4711"));
        // The proxy's remarks stand behind the addresses.
        assert_eq!(
            client(&binary_of(0x21, 0x11, &[&v4[..], &[4, 0, 1, 9]].concat())).as_deref(),
            Some("192.0.2.7:4711")
        );
        let v6 = [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[7], &[0; 16], &[0x12, 0x67, 0, 0]].concat();
        assert_eq!(client(&binary_of(0x21, 0x21, &v6)).as_deref(), Some("[2001:db8::7]:4711"));
        assert_eq!(client(&binary_of(0x20, 0, &[])), None, "the proxy's own");
        assert_eq!(client(&binary_of(0x21, 0x31, &[0; 216])), None, "a Unix socket");
    }

    #[test]
    fn whatever_else_is_no_header() {
        for octets in [
            &b"POST / HTTP/1.1\r\n"[..],
            b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\n",
            b"PROXY TCP6 192.0.2.7 198.51.100.1 4711 443\r\n",
            b"PROXY TCP4 192.0.2.7\r\n",
            b"PROXY TCP4 192.0.2.7 1.1.1.1 99999 1 70000\r\n",
            b"PROXY \xff\r\n",
            &[b'P'; 200],
            &binary_of(0x11, 0x11, &[0; 12]),
            &binary_of(0x22, 0x11, &[0; 12]),
            &binary_of(0x21, 0x11, &[0; 11]),
            &binary_of(0x21, 0x11, &[0; 5000]),
            &[b"PROXY TCP4 ".as_slice(), &[b'1'; 120]].concat(),
        ] {
            assert_eq!(read(octets), Err(NoPreface), "{:?}", String::from_utf8_lossy(octets));
        }
    }
}
