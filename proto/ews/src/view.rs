//! Items and folders as answers show them: values in any order, written in the schema's.

use ewsd_model::property::mapi::ExtendedValue;
use ewsd_model::property::{ExtendedPath, Type, sequence};
use ewsd_model::value::WireId;
use ewsd_model::{FolderKind, ItemKind, Kinds, PropId, Value};

use crate::extended::write_property;
use crate::property;
use crate::writer::{T, Writer};

/// An item to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemView {
    pub kind: ItemKind,
    /// A value of another type than its property's is left out.
    pub props: Vec<(PropId, Value)>,
    pub extended: Vec<(ExtendedPath, ExtendedValue)>,
}

/// A folder to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderView {
    pub kind: FolderKind,
    /// A value of another type than its property's is left out.
    pub props: Vec<(PropId, Value)>,
    pub extended: Vec<(ExtendedPath, ExtendedValue)>,
}

impl ItemView {
    /// A view of nothing but the id (the IdOnly shape).
    pub fn of_id(kind: ItemKind, id: WireId) -> ItemView {
        ItemView { kind, props: vec![(PropId::ItemItemId, Value::ItemId(id))], extended: Vec::new() }
    }

    pub(crate) fn write(&self, w: &mut Writer<'_>) {
        let name = self.kind.row().element;
        w.open(T, name);
        write_members(w, &self.props, &self.extended, self.kind.kinds(), None);
        w.close(T, name);
    }
}

impl FolderView {
    /// A view of nothing but the id (the IdOnly shape).
    pub fn of_id(kind: FolderKind, id: WireId) -> FolderView {
        FolderView { kind, props: vec![(PropId::FolderFolderId, Value::FolderId(id))], extended: Vec::new() }
    }

    pub(crate) fn write(&self, w: &mut Writer<'_>) {
        let name = self.kind.row().element;
        w.open(T, name);
        write_members(w, &self.props, &self.extended, self.kind.kinds(), Some(self.kind));
        w.close(T, name);
    }
}

fn write_members(
    w: &mut Writer<'_>,
    props: &[(PropId, Value)],
    extended: &[(ExtendedPath, ExtendedValue)],
    kind: Kinds,
    folder: Option<FolderKind>,
) {
    // One property is the commonest answer, and needs no order.
    if let ([(id, value)], []) = (props, extended) {
        return write_one(w, *id, value, kind, folder);
    }
    let mut order: Vec<(u16, usize)> = props
        .iter()
        .enumerate()
        .filter_map(|(place, (id, _))| id.position(kind).map(|position| (position, place)))
        .collect();
    order.sort_unstable();
    let mut pending = (!extended.is_empty()).then(|| extended_position(kind));
    for (position, place) in order {
        if pending.is_some_and(|extended_at| extended_at < position) {
            pending = None;
            extended.iter().for_each(|(path, value)| write_property(w, path, value));
        }
        if let Some((id, value)) = props.get(place) {
            write_one(w, *id, value, kind, folder);
        }
    }
    if pending.is_some() {
        extended.iter().for_each(|(path, value)| write_property(w, path, value));
    }
}

fn write_one(w: &mut Writer<'_>, id: PropId, value: &Value, kind: Kinds, folder: Option<FolderKind>) {
    let row = id.row();
    if row.kinds.meets(kind) {
        property::write(w, row, value, folder);
    }
}

/// The place of extended properties among a kind's elements.
fn extended_position(kind: Kinds) -> u16 {
    let row = sequence(kind).iter().find(|id| id.row().ty == Type::Extended);
    row.and_then(|id| id.position(kind)).unwrap_or(0)
}
