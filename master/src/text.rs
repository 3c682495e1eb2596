//! Numbers as the texts that clients are told them as: held calls keep the octets, which are fewer.

/// Octets of a UUID.
pub const UUID: u16 = 16;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends octets in base64, padded (RFC 4648 section 4).
pub fn put_base64(octets: &[u8], out: &mut Vec<u8>) {
    for group in octets.chunks(3) {
        let at = |n: usize| u32::from(group.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..4 {
            let digit = BASE64.get((bits >> (18 - 6 * n)) as usize & 63).copied().unwrap_or(b'=');
            out.push(if n > group.len() { b'=' } else { digit });
        }
    }
}

/// Appends sixteen octets as a UUID (RFC 9562 section 4); nothing if they are fewer.
pub fn put_uuid(octets: &[u8], out: &mut Vec<u8>) {
    for (n, octet) in octets.iter().enumerate().filter(|_| octets.len() == usize::from(UUID)) {
        if matches!(n, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.extend([octet >> 4, octet & 15].iter().filter_map(|digit| HEX.get(usize::from(*digit))));
    }
}

#[cfg(test)]
mod tests {
    use super::{put_base64, put_uuid};

    fn put(with: fn(&[u8], &mut Vec<u8>), octets: &[u8]) -> String {
        let mut out = Vec::new();
        with(octets, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// RFC 4648 section 10.
    #[test]
    fn base64_is_padded() {
        let texts = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (n, text) in texts.iter().enumerate() {
            assert_eq!(put(put_base64, b"foobar".get(..n).unwrap_or_default()), *text);
        }
        assert_eq!(put(put_base64, &[0xfb, 0xef, 0xff]), "++//");
    }

    #[test]
    fn a_uuid_has_sixteen_octets() {
        let octets: Vec<u8> = (0..16).map(|n| n * 17).collect();
        assert_eq!(put(put_uuid, &octets), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(put(put_uuid, octets.get(1..).unwrap_or_default()), "");
    }
}
