//! The folder operations (MS-OXWSFOLD), one file each, and what they share.

pub mod create;
pub mod delete;
pub mod empty;
pub mod get;
mod permission;
pub mod relocate;
pub mod update;
pub mod view;

use ewsd_mailbox::error::{Error, Result};
use ewsd_mailbox::gate::Folder;
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::property::alias::Alias;
use ewsd_model::property::mapi::{ExtendedValue, Scalar};
use ewsd_model::property::{Column, ExtendedPath};
use ewsd_model::{FolderKind, PropId, Value};
use ewsd_store::{FolderUpdate, StoreError, json};

use crate::op::Cx;

/// Longest name of a folder, in characters (MS-OXWSFOLD: PidTagDisplayName of a folder).
const LONGEST_NAME: usize = 255;

/// A name that a folder may have.
fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
        let text = format!("A folder's name has from 1 to {LONGEST_NAME} characters, not only blanks.");
        return Err(Failure::with_text(Code::ErrorFolderSavePropertyError, text).into());
    }
    Ok(())
}

/// A class that a folder of this kind may have: its kind's own, or one below it.
fn check_class(kind: FolderKind, class: &str) -> Result<()> {
    match (kind, FolderKind::from_class(class)) {
        // A plain folder of such a class is of that kind: that is how clients without typed elements make them.
        (FolderKind::Folder, _) | (FolderKind::SearchFolder, FolderKind::Folder) => Ok(()),
        (kind, own) if kind == own => Ok(()),
        _ => Err(Code::ErrorNoFolderClassOverride.into()),
    }
}

/// The kind that a folder of this class is shown as.
fn kind_of_class(kind: FolderKind, class: &str) -> FolderKind {
    if kind == FolderKind::Folder { FolderKind::from_class(class) } else { kind }
}

/// The folder may not be renamed, moved or deleted: it came with the mailbox.
fn is_fixed(folder: &Folder) -> bool {
    folder.row.parent.is_none() || folder.row.distinguished.is_some()
}

/// Adds a MAPI property to what changes: the column that it is another name of, or its own value. None takes it out.
fn set_extended(
    update: &mut FolderUpdate,
    kind: FolderKind,
    path: &ExtendedPath,
    value: Option<ExtendedValue>,
) -> Result<()> {
    match (path.alias(kind.kinds()), value) {
        (Some(Alias::Prop(PropId::FolderDisplayName)), Some(ExtendedValue::One(Scalar::Text(name)))) => {
            check_name(&name)?;
            update.name = Some(name);
        }
        (Some(Alias::Prop(PropId::FolderFolderClass)), Some(ExtendedValue::One(Scalar::Text(class)))) => {
            check_class(kind, &class)?;
            update.class = Some(class);
        }
        (Some(Alias::Column(Column::Hidden)), Some(ExtendedValue::One(Scalar::Bool(hidden)))) => {
            update.hidden = Some(hidden)
        }
        (Some(Alias::Column(Column::Hidden)), None) => update.hidden = Some(false),
        (None, value) => {
            let value = value.as_ref().map_or(serde_json::Value::Null, json::encode_extended);
            update.ext.insert(path.key(), value);
        }
        // Counts, sizes, times and ids follow the folder.
        (Some(_), _) => {
            let path = ewsd_model::path::Path::Extended(path.clone());
            return Err(Failure::at(Code::ErrorInvalidPropertySet, path).into());
        }
    }
    Ok(())
}

/// Adds a property of the table to what changes.
fn set_property(cx: &mut Cx<'_>, update: &mut FolderUpdate, kind: FolderKind, id: PropId, value: Value) -> Result<()> {
    match (id, value) {
        (PropId::FolderDisplayName, Value::Text(name)) => {
            check_name(&name)?;
            update.name = Some(name);
        }
        (PropId::FolderFolderClass, Value::Text(class)) => {
            check_class(kind, &class)?;
            update.class = Some(class);
        }
        (PropId::FolderPermissionSet, Value::Permissions(wanted)) => {
            update.props.insert(id.row().element.to_owned(), permission::encode(cx, kind, wanted)?);
        }
        (id, value) => match json::encode(&value) {
            Some(json) => {
                update.props.insert(id.row().element.to_owned(), json);
            }
            None => return Err(Failure::at(Code::ErrorInvalidPropertySet, ewsd_model::path::Path::Prop(id)).into()),
        },
    }
    Ok(())
}

/// What the store says when a name is taken already, in the words that clients know.
fn name_taken(error: StoreError, name: &str) -> Error {
    match error {
        StoreError::Exists(_) => Failure::with_text(
            Code::ErrorFolderExists,
            format!("Could not create folder '{name}'. A folder with that name exists."),
        )
        .into(),
        other => other.into(),
    }
}
