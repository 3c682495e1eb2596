//! The SyncState: how far a client's copy has come, as an opaque text that this server alone reads (MS-OXWSSYNC 2.2.4).
//!
//! It carries the mailbox, so that a state of another mailbox or of the other operation is told from a good one, and a
//! checksum, so that a damaged one is told at all. It is no secret and grants nothing: the gate decides first.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::id::{FolderNo, Guid, ItemNo, Seq};
use ewsd_store::ItemState;

const VERSION: u8 = 1;

/// What a state is about; the octet is part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Initial = 1,
    Round = 2,
    At = 3,
    Hierarchy = 4,
}

/// How far a copy of a tree of folders has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HierarchyState {
    /// The root that was asked for; none when none was named.
    pub root: Option<FolderNo>,
    pub upto: Seq,
}

pub fn encode_items(mailbox: Guid, state: &ItemState) -> String {
    match *state {
        ItemState::Initial { folder, upto, cursor } => encode(mailbox, Kind::Initial, [folder.0, upto.0, cursor.0, 0]),
        ItemState::Round { folder, base, upto, cursor } => {
            encode(mailbox, Kind::Round, [folder.0, base.0, upto.0, cursor.0])
        }
        ItemState::At { folder, seq } => encode(mailbox, Kind::At, [folder.0, seq.0, 0, 0]),
    }
}

/// None: damaged, of another mailbox, or no state of SyncFolderItems.
pub fn decode_items(mailbox: Guid, text: &str) -> Option<ItemState> {
    let (kind, [folder, a, b, c]) = decode(mailbox, text)?;
    let folder = FolderNo(folder);
    match kind {
        Kind::Initial => Some(ItemState::Initial { folder, upto: Seq(a), cursor: ItemNo(b) }),
        Kind::Round => Some(ItemState::Round { folder, base: Seq(a), upto: Seq(b), cursor: Seq(c) }),
        Kind::At => Some(ItemState::At { folder, seq: Seq(a) }),
        Kind::Hierarchy => None,
    }
}

pub fn encode_hierarchy(mailbox: Guid, state: HierarchyState) -> String {
    encode(mailbox, Kind::Hierarchy, [state.root.map_or(-1, |root| root.0), state.upto.0, 0, 0])
}

/// None: damaged, of another mailbox, or no state of SyncFolderHierarchy.
pub fn decode_hierarchy(mailbox: Guid, text: &str) -> Option<HierarchyState> {
    let (kind, [root, upto, ..]) = decode(mailbox, text)?;
    let root = (root >= 0).then_some(FolderNo(root));
    (kind == Kind::Hierarchy).then_some(HierarchyState { root, upto: Seq(upto) })
}

fn encode(mailbox: Guid, kind: Kind, numbers: [i64; 4]) -> String {
    let mut octets = Vec::with_capacity(54);
    octets.extend_from_slice(&[VERSION, kind as u8]);
    octets.extend_from_slice(&mailbox.0);
    numbers.iter().for_each(|number| octets.extend_from_slice(&number.to_be_bytes()));
    octets.extend_from_slice(&checksum(&octets).to_be_bytes());
    STANDARD.encode(octets)
}

fn decode(mailbox: Guid, text: &str) -> Option<(Kind, [i64; 4])> {
    let octets = STANDARD.decode(text.trim()).ok()?;
    let (body, sum) = octets.split_last_chunk::<4>()?;
    let body: &[u8; 50] = body.try_into().ok()?;
    if u32::from_be_bytes(*sum) != checksum(body) {
        return None;
    }
    let (&[VERSION, kind], rest) = body.split_first_chunk::<2>()? else { return None };
    let kind = [Kind::Initial, Kind::Round, Kind::At, Kind::Hierarchy].into_iter().find(|k| *k as u8 == kind)?;
    let (guid, mut rest) = rest.split_first_chunk::<16>()?;
    let mut numbers = [0; 4];
    for number in &mut numbers {
        let (octets, after) = rest.split_first_chunk::<8>()?;
        *number = i64::from_be_bytes(*octets);
        rest = after;
    }
    (*guid == mailbox.0).then_some((kind, numbers))
}

/// FNV-1a: against damage, not against forgery.
fn checksum(octets: &[u8]) -> u32 {
    octets.iter().fold(0x811c_9dc5, |sum, octet| (sum ^ u32::from(*octet)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    const MAILBOX: Guid = Guid([9; 16]);

    #[test]
    fn states_come_back_as_they_went_out() {
        let states = [
            ItemState::new(FolderNo(4)),
            ItemState::Round { folder: FolderNo(4), base: Seq(5), upto: Seq(9), cursor: Seq(7) },
            ItemState::At { folder: FolderNo(4), seq: Seq(9) },
        ];
        for state in states {
            let text = encode_items(MAILBOX, &state);
            assert_eq!(decode_items(MAILBOX, &text), Some(state));
            assert_eq!(decode_items(Guid([8; 16]), &text), None, "another mailbox");
            assert_eq!(decode_hierarchy(MAILBOX, &text), None, "the other operation");
        }
        for root in [None, Some(FolderNo(1))] {
            let state = HierarchyState { root, upto: Seq(3) };
            assert_eq!(decode_hierarchy(MAILBOX, &encode_hierarchy(MAILBOX, state)), Some(state));
        }
    }

    #[test]
    fn any_changed_letter_is_noticed() {
        let text = encode_items(MAILBOX, &ItemState::At { folder: FolderNo(4), seq: Seq(9) });
        for at in 0..text.len() {
            let mut damaged = text.clone().into_bytes();
            damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(decode_items(MAILBOX, std::str::from_utf8(&damaged).unwrap()), None, "at {at}");
        }
        assert_eq!(decode_items(MAILBOX, ""), None);
    }
}
