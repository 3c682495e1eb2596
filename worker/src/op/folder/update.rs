//! UpdateFolder (MS-OXWSFOLD 3.1.4.8): all changes of a folder are made, or none.

use ewsd_ews::request::UpdateFolder;
use ewsd_ews::view::FolderView;
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_mailbox::gate::{Folder, Right};
use ewsd_model::change::{Assignment, FolderChange, Update};
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::path::Path;
use ewsd_model::property::can;
use ewsd_model::target::TargetFolder;
use ewsd_store::{FolderUpdate, StoreError};

use super::{is_fixed, kind_of_class, name_taken, set_extended, set_property};
use crate::op::Cx;
use crate::op::folder::view::wire_id;

pub fn run(cx: &mut Cx<'_>, request: UpdateFolder) -> Result<Vec<Outcome<FolderView>>> {
    request.changes.into_iter().map(|change| outcome(update_folder(cx, change))).collect()
}

fn update_folder(cx: &mut Cx<'_>, change: Result<FolderChange, Failure>) -> Result<FolderView> {
    let change = change?;
    cx.check_changes(change.updates.len())?;
    let folder = cx.gate.folder(&change.folder, Right::ManageFolder).map_err(|error| gone(error, &change.folder))?;
    let mut update = FolderUpdate::default();
    for wish in change.updates {
        add(cx, &mut update, &folder, wish)?;
    }
    if is_fixed(&folder) && update.name.as_ref().is_some_and(|name| *name != folder.row.name) {
        let text = "This folder came with the mailbox and keeps its name.";
        return Err(Failure::with_text(Code::ErrorFolderSavePropertyError, text).into());
    }
    let name = update.name.clone().unwrap_or_default();
    let granted = folder.granted;
    // Counters change the key too, so one that is old says nothing of the properties: the last writer wins, as in Exchange.
    let change =
        cx.gate.open(&granted).update_folder(folder.row.folder, &update, None).map_err(|error| match error {
            StoreError::NotFound(_) => Code::ErrorItemNotFound.into(),
            other => name_taken(other, &name),
        })?;
    let kind = folder.row.kind;
    Ok(FolderView::of_id(kind, wire_id(&granted, kind, folder.row.folder, change)))
}

/// A folder that went is said to be gone as an item is, by this operation alone: its id was good once. A name of the schema
/// that the mailbox has no folder for stays a folder that is not found.
fn gone(error: Error, target: &TargetFolder) -> Error {
    match (error, target) {
        (Error::Failure(failure), TargetFolder::Id(_)) if failure.code == Code::ErrorFolderNotFound => {
            Code::ErrorItemNotFound.into()
        }
        (error, _) => error,
    }
}

/// A class stays what it is. A folder that has none may be given one that makes no other kind of it.
fn may_have(folder: &Folder, class: &str) -> bool {
    let row = &folder.row;
    class == row.class || (row.class.is_empty() && kind_of_class(row.kind, class) == row.kind)
}

fn add(cx: &mut Cx<'_>, update: &mut FolderUpdate, folder: &Folder, wish: Update) -> Result<()> {
    let kind = folder.row.kind;
    let refused = |code, path| Err(Failure::at(code, path).into());
    match wish {
        Update::Set(Assignment::Prop(id, _)) if !id.row().allows(can::SET) => {
            refused(Code::ErrorInvalidPropertySet, Path::Prop(id))
        }
        Update::Set(Assignment::Prop(id, value)) => {
            let before = update.class.clone();
            set_property(cx, update, kind, id, value)?;
            match &update.class {
                Some(class) if update.class != before && !may_have(folder, class) => {
                    Err(Code::ErrorObjectTypeChanged.into())
                }
                _ => Ok(()),
            }
        }
        Update::Set(Assignment::Extended(path, value)) => set_extended(update, kind, &path, Some(value)),
        Update::Set(Assignment::Indexed(path, _)) => refused(Code::ErrorInvalidPropertySet, Path::Indexed(path)),
        Update::Append(Assignment::Prop(id, _)) => refused(Code::ErrorInvalidPropertyAppend, Path::Prop(id)),
        Update::Append(Assignment::Indexed(path, _)) => refused(Code::ErrorInvalidPropertyAppend, Path::Indexed(path)),
        Update::Append(Assignment::Extended(path, _)) => {
            refused(Code::ErrorInvalidPropertyAppend, Path::Extended(path))
        }
        Update::Delete(Path::Extended(path)) => set_extended(update, kind, &path, None),
        Update::Delete(Path::Prop(id)) if id.row().allows(can::DELETE) && !id.row().columns().is_empty() => {
            // Names and classes cannot be nothing.
            refused(Code::ErrorInvalidPropertyDelete, Path::Prop(id))
        }
        Update::Delete(Path::Prop(id)) if id.row().allows(can::DELETE) => {
            update.props.insert(id.row().element.to_owned(), serde_json::Value::Null);
            Ok(())
        }
        Update::Delete(path) => refused(Code::ErrorInvalidPropertyDelete, path),
    }
}
