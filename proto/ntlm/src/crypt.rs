//! Hashes and keys of NTLMv2 ([MS-NLMP] 3.3.2, 3.4). Old algorithms all, and the protocol's only ones: what stands between a
//! listener and the password is TLS.

use hmac::{Hmac, KeyInit, Mac};
use md4::Md4;
use md5::{Digest, Md5};
use rc4::{Rc4, StreamCipher};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// MD4 of a password in UTF-16: as good as the password to whoever has it. Never printed, gone from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct NtHash(pub [u8; 16]);

impl std::fmt::Debug for NtHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NtHash")
    }
}

/// Keys of a session.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Key(pub [u8; 16]);

/// The NT hash of a password (NTOWFv1).
pub fn nt_hash(password: &str) -> NtHash {
    let mut text = utf16(password);
    let hash = Md4::digest(&text).into();
    text.zeroize();
    NtHash(hash)
}

/// UTF-16, little end first.
pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// HMAC-MD5 over the parts.
pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> Key {
    // Keys of any length are taken.
    let Ok(mut mac) = Hmac::<Md5>::new_from_slice(key) else { return Key::default() };
    for part in parts {
        mac.update(part);
    }
    Key(mac.finalize().into_bytes().into())
}

/// The key of a user's responses (NTOWFv2). `domain` as the client wrote it.
pub(crate) fn response_key(hash: &NtHash, user: &str, domain: &str) -> Key {
    hmac(&hash.0, &[&utf16(&user.to_uppercase()), &utf16(domain)])
}

/// Whether two codes are the same, in a time that does not tell where they differ.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// RC4 over a few octets.
pub(crate) fn rc4(key: &[u8; 16], data: &mut [u8]) {
    if let Ok(mut cipher) = Rc4::new_from_slice(key) {
        cipher.apply_keystream(data);
    }
}

fn md5(parts: &[&[u8]]) -> Key {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part);
    }
    Key(digest.finalize().into())
}

/// Who signs.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    fn signing(self) -> &'static [u8] {
        match self {
            Side::Client => b"session key to client-to-server signing key magic constant\0",
            Side::Server => b"session key to server-to-client signing key magic constant\0",
        }
    }

    fn sealing(self) -> &'static [u8] {
        match self {
            Side::Client => b"session key to client-to-server sealing key magic constant\0",
            Side::Server => b"session key to server-to-client sealing key magic constant\0",
        }
    }
}

/// The signature of the first message of a session, with extended session security ([MS-NLMP] 3.4.4.2). `bits`: of the sealing key.
/// `exchanged`: a key was exchanged, so the checksum is enciphered.
pub(crate) fn sign(session: &Key, side: Side, bits: usize, exchanged: bool, message: &[u8]) -> [u8; 16] {
    const FIRST: [u8; 4] = [0; 4];
    let signing = md5(&[&session.0, side.signing()]);
    let code = hmac(&signing.0, &[&FIRST, message]);
    let mut checksum = [0; 8];
    checksum.copy_from_slice(code.0.first_chunk::<8>().unwrap_or(&[0; 8]));
    if exchanged {
        let short = session.0.get(..bits / 8).unwrap_or(&session.0);
        let sealing = md5(&[short, side.sealing()]);
        rc4(&sealing.0, &mut checksum);
    }
    let mut signature = [0; 16];
    for (place, octet) in signature.iter_mut().zip([1, 0, 0, 0].into_iter().chain(checksum).chain(FIRST)) {
        *place = octet;
    }
    signature
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of [MS-NLMP] 4.2: user "User", domain "Domain", password "Password".
    #[test]
    fn hashes_are_those_of_the_specification() {
        let hash = nt_hash("Password");
        assert_eq!(
            hash.0,
            [0xa4, 0xf4, 0x9c, 0x40, 0x65, 0x10, 0xbd, 0xca, 0xb6, 0x82, 0x4e, 0xe7, 0xc3, 0x0f, 0xd8, 0x52]
        );
        let key = response_key(&hash, "User", "Domain");
        assert_eq!(
            key.0,
            [0x0c, 0x86, 0x8a, 0x40, 0x3b, 0xfd, 0x7a, 0x93, 0xa3, 0x00, 0x1e, 0xf2, 0x2e, 0xf0, 0x2e, 0x3f]
        );
        assert_eq!(format!("{hash:?}"), "NtHash", "no secret is printed");
    }
}
