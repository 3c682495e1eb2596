//! What a handshake costs a worker: `cargo bench -p ewsd-ntlm`.

use std::hint::black_box;
use std::time::Instant;

use ewsd_ntlm::{Authenticate, Names, Negotiate, Pending, challenge, nt_hash, verify};

const ROUNDS: u32 = 100_000;

/// A last message with a response of the usual length, whose proof is wrong: as much work as for a right one without a code.
fn last() -> Vec<u8> {
    let fields: [&[u8]; 6] =
        [&[0; 24], &[[7; 16].as_slice(), &[1, 1], &[0; 230]].concat(), b"E\0X\0", b"a\0n\0n\0a\0", b"P\0C\0", &[]];
    let mut out = [b"NTLMSSP\0".as_slice(), &3u32.to_le_bytes()].concat();
    let mut at = 88u32;
    for field in fields {
        let length = (field.len() as u16).to_le_bytes();
        out.extend([length, length].concat());
        out.extend_from_slice(&at.to_le_bytes());
        at += field.len() as u32;
    }
    out.extend_from_slice(&0xe288_8215u32.to_le_bytes());
    out.extend_from_slice(&[0; 24]);
    out.extend(fields.concat());
    out
}

fn main() {
    let first = [b"NTLMSSP\0".as_slice(), &1u32.to_le_bytes(), &0xe208_8297u32.to_le_bytes(), &[0; 16]].concat();
    let (names, hash, last) = (Names::of_host("mail.example.org"), nt_hash("secret"), last());
    let begun = Instant::now();
    for n in 0..ROUNDS {
        let Ok(negotiate) = Negotiate::read(black_box(&first)) else { return };
        let challenge = challenge(negotiate, &names, u64::from(n).to_le_bytes(), 0);
        let Ok(message) = Authenticate::read(black_box(&last), &challenge) else { return };
        let _ = black_box(verify(&message, Pending { negotiate: &first, challenge: &challenge }, &hash).is_ok());
    }
    println!("challenge and answer: {:.2} us", begun.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS));
}
