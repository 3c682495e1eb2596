//! The SyncState: how far a client's copy has come, as an opaque text that this server alone reads (MS-OXWSSYNC 2.2.4).
//!
//! It carries the mailbox, so that a state of another mailbox or of the other operation is told from a good one, and a
//! checksum, so that a damaged one is told at all. It is no secret and grants nothing: the gate decides first.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::id::{FolderNo, Guid, ItemNo, Seq};
use ewsd_store::ItemState;
use ewsd_wire::{seal, unseal, wire};

use crate::form::{MaybeNumber, Number, Octets};

wire! {
    /// What a state says; as long for each kind.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum SyncState version 1 {
        1 Initial {
            mailbox: Guid as Octets,
            folder: FolderNo as Number,
            upto: Seq as Number,
            cursor: ItemNo as Number,
        } pad 8
        2 Round {
            mailbox: Guid as Octets,
            folder: FolderNo as Number,
            base: Seq as Number,
            upto: Seq as Number,
            cursor: Seq as Number,
        }
        3 At { mailbox: Guid as Octets, folder: FolderNo as Number, seq: Seq as Number } pad 16
        4 Hierarchy { mailbox: Guid as Octets, root: Option<FolderNo> as MaybeNumber, upto: Seq as Number } pad 16
    }
}

/// How far a copy of a tree of folders has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HierarchyState {
    /// The root that was asked for; none when none was named.
    pub root: Option<FolderNo>,
    pub upto: Seq,
}

pub fn encode_items(mailbox: Guid, state: &ItemState) -> String {
    encode(match *state {
        ItemState::Initial { folder, upto, cursor } => SyncState::Initial { mailbox, folder, upto, cursor },
        ItemState::Round { folder, base, upto, cursor } => SyncState::Round { mailbox, folder, base, upto, cursor },
        ItemState::At { folder, seq } => SyncState::At { mailbox, folder, seq },
    })
}

/// None: damaged, of another mailbox, or no state of SyncFolderItems.
pub fn decode_items(asked: Guid, text: &str) -> Option<ItemState> {
    let (of, state) = match decode(text)? {
        SyncState::Initial { mailbox, folder, upto, cursor } => (mailbox, ItemState::Initial { folder, upto, cursor }),
        SyncState::Round { mailbox, folder, base, upto, cursor } => {
            (mailbox, ItemState::Round { folder, base, upto, cursor })
        }
        SyncState::At { mailbox, folder, seq } => (mailbox, ItemState::At { folder, seq }),
        SyncState::Hierarchy { .. } => return None,
    };
    (of == asked).then_some(state)
}

pub fn encode_hierarchy(mailbox: Guid, state: HierarchyState) -> String {
    encode(SyncState::Hierarchy { mailbox, root: state.root, upto: state.upto })
}

/// None: damaged, of another mailbox, or no state of SyncFolderHierarchy.
pub fn decode_hierarchy(asked: Guid, text: &str) -> Option<HierarchyState> {
    let SyncState::Hierarchy { mailbox, root, upto } = decode(text)? else { return None };
    (mailbox == asked).then_some(HierarchyState { root, upto })
}

fn encode(state: SyncState) -> String {
    STANDARD.encode(seal(&state))
}

fn decode(text: &str) -> Option<SyncState> {
    unseal(&STANDARD.decode(text.trim()).ok()?).ok()
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

    /// Clients keep these for months: what earlier versions gave out must be read as it was meant.
    #[test]
    fn what_was_given_out_stays_readable() {
        let mailbox = Guid(std::array::from_fn(|n| n as u8));
        let (folder, upto) = (FolderNo(4), Seq(9));
        for (given, state) in [
            (
                "AQEAAQIDBAUGBwgJCgsMDQ4PAAAAAAAAAAQAAAAAAAAACQAAAAAAAAAFAAAAAAAAAAAE2w4/",
                ItemState::Initial { folder, upto, cursor: ItemNo(5) },
            ),
            (
                "AQIAAQIDBAUGBwgJCgsMDQ4PAAAAAAAAAAQAAAAAAAAABQAAAAAAAAAJAAAAAAAAAAcws6NT",
                ItemState::Round { folder, base: Seq(5), upto, cursor: Seq(7) },
            ),
            (
                "AQMAAQIDBAUGBwgJCgsMDQ4PAAAAAAAAAAQAAAAAAAAACQAAAAAAAAAAAAAAAAAAAAABfq/2",
                ItemState::At { folder, seq: upto },
            ),
        ] {
            assert_eq!((decode_items(mailbox, given), encode_items(mailbox, &state).as_str()), (Some(state), given));
        }
        for (given, root) in [
            ("AQQAAQIDBAUGBwgJCgsMDQ4P//////////8AAAAAAAAAAwAAAAAAAAAAAAAAAAAAAACdwm4J", None),
            ("AQQAAQIDBAUGBwgJCgsMDQ4PAAAAAAAAAAEAAAAAAAAAAwAAAAAAAAAAAAAAAAAAAAC9J7Ue", Some(FolderNo(1))),
        ] {
            let state = HierarchyState { root, upto: Seq(3) };
            let read = decode_hierarchy(mailbox, given);
            assert_eq!((read, encode_hierarchy(mailbox, state).as_str()), (Some(state), given));
        }
    }
}
