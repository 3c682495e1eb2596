//! The pairs of target information ([MS-NLMP] 2.2.2.1): what the server says of itself, and what the client says back under
//! its proof.

use crate::Malformed;

const END: u16 = 0;
pub(crate) const COMPUTER: u16 = 1;
pub(crate) const DOMAIN: u16 = 2;
pub(crate) const DNS_COMPUTER: u16 = 3;
pub(crate) const DNS_DOMAIN: u16 = 4;
pub(crate) const FLAGS: u16 = 6;
pub(crate) const TIMESTAMP: u16 = 7;

/// In the value of [`FLAGS`]: the message has an integrity code.
pub(crate) const HAS_MIC: u32 = 2;

/// Pairs that a client may send.
const MOST: usize = 32;

/// Appends a pair.
pub(crate) fn push(out: &mut Vec<u8>, id: u16, value: &[u8]) {
    out.extend_from_slice(&id.to_le_bytes());
    // Names are host names; what is longer than 64 KiB cannot be said.
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(value);
}

/// Appends the end of the list.
pub(crate) fn end(out: &mut Vec<u8>) {
    push(out, END, &[]);
}

/// The values of a list up to its end; what stands behind that does not count.
pub(crate) fn read(mut rest: &[u8]) -> Result<Vec<(u16, &[u8])>, Malformed> {
    let mut pairs = Vec::new();
    while pairs.len() < MOST {
        let (head, after) = rest.split_first_chunk::<4>().ok_or(Malformed)?;
        let [id_low, id_high, length_low, length_high] = *head;
        let id = u16::from_le_bytes([id_low, id_high]);
        let length = usize::from(u16::from_le_bytes([length_low, length_high]));
        let (value, next) = after.split_at_checked(length).ok_or(Malformed)?;
        if id == END {
            return Ok(pairs);
        }
        pairs.push((id, value));
        rest = next;
    }
    Err(Malformed)
}

/// The value of an id.
pub(crate) fn find<'p>(pairs: &[(u16, &'p [u8])], id: u16) -> Option<&'p [u8]> {
    pairs.iter().find(|(found, _)| *found == id).map(|(_, value)| *value)
}
