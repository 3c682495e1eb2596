//! Ways into the property table: by FieldURI, by element, and the order of each kind's elements. Built once, at first use.

use super::table::{COUNT, MOVED, PropId, SYNONYMS, TABLE};
use crate::Kinds;
use std::sync::OnceLock;

/// FieldURIs and their rows, sorted.
fn uris() -> &'static [(&'static str, PropId)] {
    static URIS: OnceLock<Vec<(&'static str, PropId)>> = OnceLock::new();
    URIS.get_or_init(|| {
        let rows = TABLE.iter().filter(|row| !row.uri.is_empty()).map(|row| (row.uri, row.id));
        let mut uris: Vec<_> = rows.chain(SYNONYMS.iter().copied()).collect();
        uris.sort_unstable();
        uris
    })
}

pub(super) fn by_uri(uri: &str) -> Option<PropId> {
    let uris = uris();
    let at = uris.binary_search_by(|(known, _)| (*known).cmp(uri)).ok()?;
    uris.get(at).map(|found| found.1)
}

/// Elements and their rows, sorted; an element may have several.
fn elements() -> &'static [(&'static str, PropId)] {
    static ELEMENTS: OnceLock<Vec<(&'static str, PropId)>> = OnceLock::new();
    ELEMENTS.get_or_init(|| {
        let mut elements: Vec<_> = TABLE.iter().map(|row| (row.element, row.id)).collect();
        elements.sort_unstable();
        elements
    })
}

pub(super) fn by_element(kind: Kinds, element: &str) -> Option<PropId> {
    let elements = elements();
    let first = elements.partition_point(|(known, _)| *known < element);
    let same = elements.iter().skip(first).take_while(|(known, _)| *known == element);
    same.map(|found| found.1).find(|id| id.row().kinds.meets(kind))
}

struct Order {
    sequence: Vec<PropId>,
    /// By PropId; u16::MAX: not of this kind.
    positions: [u16; COUNT],
}

fn order(kind: Kinds) -> &'static Order {
    static ORDERS: [OnceLock<Order>; 32] = [const { OnceLock::new() }; 32];
    static NONE: Order = Order { sequence: Vec::new(), positions: [u16::MAX; COUNT] };
    let number = kind.0.trailing_zeros() as usize;
    ORDERS.get(number).map_or(&NONE, |order| order.get_or_init(|| make_order(Kinds(1 << number))))
}

fn make_order(kind: Kinds) -> Order {
    let mut sequence: Vec<PropId> = TABLE.iter().filter(|row| row.kinds.meets(kind)).map(|row| row.id).collect();
    for &(kinds, moved, behind) in MOVED {
        if kinds.meets(kind) {
            sequence.retain(|id| *id != moved);
            let at = sequence.iter().position(|id| *id == behind).map_or(sequence.len(), |at| at + 1);
            sequence.insert(at, moved);
        }
    }
    let mut positions = [u16::MAX; COUNT];
    for (at, id) in sequence.iter().enumerate() {
        if let Some(position) = positions.get_mut(*id as usize) {
            *position = at as u16;
        }
    }
    Order { sequence, positions }
}

/// All rows of one kind (a set of exactly one), in the order of the schema's sequence.
pub fn sequence(kind: Kinds) -> &'static [PropId] {
    &order(kind).sequence
}

pub(super) fn position(id: PropId, kind: Kinds) -> Option<u16> {
    order(kind).positions.get(id as usize).copied().filter(|at| *at != u16::MAX)
}
