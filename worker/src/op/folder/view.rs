//! A folder's properties as clients see them, from its row. Reads only, and asks the store nothing.
//!
//! Which properties an answer has is [`FolderFields`]: the shape's, by the property table, and the additional ones that the
//! folder's kind has. What a kind has not is left out silently: clients ask all folders for the union of everything.

use ewsd_ews::shape::FolderShape;
use ewsd_ews::view::FolderView;
use ewsd_ews::word::BaseShape;
use ewsd_mailbox::gate::{Granted, permission};
use ewsd_mailbox::property::stored::clamp;
use ewsd_model::distinguished;
use ewsd_model::id::{ChangeKey, FolderId, FolderNo, Seq};
use ewsd_model::path::Path;
use ewsd_model::property::alias::Alias;
use ewsd_model::property::mapi::{ExtendedValue, Scalar};
use ewsd_model::property::{Column, ExtendedPath, MapiType, Prop, Source, TABLE};
use ewsd_model::rights::access;
use ewsd_model::value::WireId;
use ewsd_model::{FolderKind, PropId, Value, Version};
use ewsd_store::{FolderRow, json};

/// What an answer shall say of each folder.
pub struct FolderFields<'s> {
    shape: &'s FolderShape,
    version: Version,
    /// GetFolder tells more than the rows of a find.
    get: bool,
}

impl<'s> FolderFields<'s> {
    pub fn get(shape: &'s FolderShape, version: Version) -> FolderFields<'s> {
        FolderFields { shape, version, get: true }
    }

    pub fn find(shape: &'s FolderShape, version: Version) -> FolderFields<'s> {
        FolderFields { get: false, ..FolderFields::get(shape, version) }
    }

    pub fn view(&self, granted: &Granted, row: &FolderRow) -> FolderView {
        let folder = Folder { granted, row };
        let mut view = FolderView { kind: row.kind, props: Vec::new(), extended: Vec::new() };
        let mut add = |prop: &Prop| {
            let known = view.props.iter().any(|(id, _)| *id == prop.id);
            if !known && prop.kinds.has_folder(row.kind) && (self.get || !prop.get_only) {
                view.props.extend(folder.value(prop).map(|value| (prop.id, value)));
            }
        };
        TABLE.iter().filter(|prop| self.in_shape(prop, row.kind)).for_each(&mut add);
        for path in &self.shape.additional {
            if let Path::Prop(id) = path {
                add(id.row());
            }
        }
        for path in &self.shape.additional {
            if let Path::Extended(path) = path {
                view.extended.extend(folder.extended(path).map(|value| (path.clone(), value)));
            }
        }
        view
    }

    fn in_shape(&self, prop: &Prop, kind: FolderKind) -> bool {
        match self.shape.base {
            _ if prop.since > self.version => false,
            BaseShape::IdOnly => prop.id == PropId::FolderFolderId,
            BaseShape::Default | BaseShape::People => prop.default_shape.has_folder(kind),
            BaseShape::AllProperties => prop.all_shape.has_folder(kind),
        }
    }
}

/// A folder's id with its change key.
pub fn wire_id(granted: &Granted, kind: FolderKind, folder: FolderNo, change: Seq) -> WireId {
    WireId { id: granted.folder_id(folder).encode(), change_key: Some(ChangeKey::new(kind, change).encode()) }
}

/// An id alone, of a folder that was not read.
pub fn bare_id(granted: &Granted, folder: FolderNo) -> WireId {
    WireId { id: granted.folder_id(folder).encode(), change_key: None }
}

struct Folder<'f> {
    granted: &'f Granted,
    row: &'f FolderRow,
}

impl Folder<'_> {
    fn value(&self, prop: &Prop) -> Option<Value> {
        match (prop.source, prop.id) {
            (Source::Column(column), _) => self.column(column),
            (Source::Json, _) => json::decode(prop.ty, self.row.props.get(prop.element)?),
            (_, PropId::FolderEffectiveRights) => Some(Value::Rights(self.granted.on_folder())),
            // Whom the owner trusts is nobody else's business.
            (_, PropId::FolderPermissionSet) => self.granted.on_folder().modify.then(|| {
                Value::Permissions(permission::shown(&self.row.props, self.row.kind == FolderKind::CalendarFolder))
            }),
            _ => None,
        }
    }

    fn column(&self, column: Column) -> Option<Value> {
        let row = self.row;
        let text = |text: &str| (!text.is_empty()).then(|| Value::Text(text.to_owned()));
        match column {
            Column::Id => Some(Value::FolderId(wire_id(self.granted, row.kind, row.folder, row.change))),
            // The root names itself.
            Column::Parent => Some(Value::FolderId(bare_id(self.granted, row.parent.unwrap_or(row.folder)))),
            Column::Class => text(&row.class),
            Column::Name => text(&row.name),
            // The folders below the root that the schema has no name for are known by one here only.
            Column::Distinguished => text(distinguished::name(row.distinguished.as_deref()?)?),
            Column::Total => Some(Value::Int(clamp(row.total))),
            Column::Unread => Some(Value::Int(clamp(row.unread))),
            Column::ChildCount => Some(Value::Int(clamp(row.child_count))),
            Column::Size => Some(Value::Int(clamp(row.bytes))),
            Column::Created => Some(Value::Time(row.created)),
            Column::Modified => Some(Value::Time(row.modified)),
            Column::Hidden => Some(Value::Bool(row.hidden)),
            _ => None,
        }
    }

    /// A MAPI property: another name of something above, worked out, or stored as it came.
    fn extended(&self, path: &ExtendedPath) -> Option<ExtendedValue> {
        let row = self.row;
        let id = |folder: FolderNo| FolderId { mailbox: self.granted.guid(), folder }.entry_id();
        let value = match path.alias(row.kind.kinds()) {
            None => return json::decode_extended(path.ty, path.array, row.ext.get(&path.key())?),
            Some(Alias::Prop(id)) => return self.value(id.row()).and_then(|value| scalar(value, path.ty)),
            Some(Alias::Column(column)) => return self.column(column).and_then(|value| scalar(value, path.ty)),
            Some(Alias::HasSubfolders) => Scalar::Bool(row.child_count > 0),
            // Every change in the folder is at least as new as its items, and the next item is newer.
            Some(Alias::NextPlace) => Scalar::Int(row.change.0 + 1),
            Some(Alias::LastPlace) => Scalar::Int(row.change.0),
            Some(Alias::LastChange) => Scalar::Time(row.touched),
            Some(Alias::EntryId | Alias::RecordKey) => Scalar::Bytes(id(row.folder)),
            Some(Alias::ParentEntryId) => Scalar::Bytes(id(row.parent.unwrap_or(row.folder))),
            Some(Alias::Access) => Scalar::Int(i64::from(access(&self.granted.on_folder()))),
            Some(_) => return None,
        };
        Some(ExtendedValue::One(value))
    }
}

fn scalar(value: Value, ty: MapiType) -> Option<ExtendedValue> {
    let scalar = match value {
        Value::Text(text) => Scalar::Text(text),
        Value::Bool(value) => Scalar::Bool(value),
        Value::Int(number) if ty.is_whole() => Scalar::Int(number.into()),
        Value::Long(number) if ty.is_whole() => Scalar::Int(number),
        Value::Time(time) => Scalar::Time(time),
        Value::Bytes(bytes) => Scalar::Bytes(bytes),
        _ => return None,
    };
    Some(ExtendedValue::One(scalar))
}
