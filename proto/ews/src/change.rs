//! Reads changes to items and folders (UpdateItem, UpdateFolder): each names one property and what becomes of it.
//!
//! What may not be changed, or does not fit its path, is the failure of the one object whose change it is.

use ewsd_model::change::{Assignment, FolderChange, ItemChange, Update};
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::path::{IndexedPath, Path};
use ewsd_model::property::can;
use ewsd_model::target::{BaseItemId, TargetFolder};
use ewsd_model::{FolderKind, ItemKind};

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::object::{Content, FOREIGN_ITEMS, ObjectKind, content, is_ignored};
use crate::property::entry;

impl Read for ItemChange {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<ItemChange, Fault> {
        if element.name() != "ItemChange" {
            return Err(c.unexpected(element));
        }
        let (mut id, mut updates) = (None, None);
        while let Some(child) = c.child()? {
            match child.name() {
                "Updates" => updates = Some(read_updates(c, &child, &ITEM_UPDATES)?),
                // For the calendar's own statistics.
                "CalendarActivityData" => c.skip()?,
                _ if id.is_none() => id = Some(BaseItemId::read(c, &child)?),
                _ => return Err(c.unexpected(&child)),
            }
        }
        let id = id.ok_or_else(|| c.missing(element, "ItemId"))?;
        let updates = updates.ok_or_else(|| c.missing(element, "Updates"))?;
        Ok(ItemChange { id, updates })
    }
}

impl Read for FolderChange {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<FolderChange, Fault> {
        if element.name() != "FolderChange" {
            return Err(c.unexpected(element));
        }
        let (mut folder, mut updates) = (None, None);
        while let Some(child) = c.child()? {
            match child.name() {
                "Updates" => updates = Some(read_updates(c, &child, &FOLDER_UPDATES)?),
                _ if folder.is_none() => folder = Some(TargetFolder::read(c, &child)?),
                _ => return Err(c.unexpected(&child)),
            }
        }
        let folder = folder.ok_or_else(|| c.missing(element, "FolderId"))?;
        let updates = updates.ok_or_else(|| c.missing(element, "Updates"))?;
        Ok(FolderChange { folder, updates })
    }
}

/// The element names of changes to items and to folders: set, append, delete.
type UpdateNames = [&'static str; 3];
const ITEM_UPDATES: UpdateNames = ["SetItemField", "AppendToItemField", "DeleteItemField"];
const FOLDER_UPDATES: UpdateNames = ["SetFolderField", "AppendToFolderField", "DeleteFolderField"];

fn read_updates(c: &mut Cursor<'_>, element: &Element<'_>, names: &UpdateNames) -> Result<Vec<Update>, Fault> {
    let [set, append, delete] = *names;
    let (mut updates, mut any) = (Vec::new(), false);
    while let Some(child) = c.child()? {
        let name = child.name();
        let update = if name == set {
            assignment(c, &child, can::SET)?.map(Update::Set)
        } else if name == append {
            assignment(c, &child, can::APPEND)?.map(Update::Append)
        } else if name == delete {
            Some(Update::Delete(deletion(c, &child)?))
        } else {
            return Err(c.unexpected(&child));
        };
        updates.extend(update);
        any = true;
    }
    // One that failed or is taken no notice of leaves none behind.
    if any { Ok(updates) } else { Err(c.missing(element, set)) }
}

fn deletion(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Path, Fault> {
    let path = match c.child()? {
        Some(child) => Path::read(c, &child)?,
        None => return Err(c.missing(element, "FieldURI")),
    };
    c.empty()?;
    if let Path::Prop(id) = path {
        if !id.row().allows(can::DELETE) {
            c.fail(Failure::at(Code::ErrorInvalidPropertyDelete, id));
        }
    }
    Ok(path)
}

/// A path and the one property that the object beside it has; None when a failure has been put down.
fn assignment(c: &mut Cursor<'_>, element: &Element<'_>, ability: u8) -> Result<Option<Assignment>, Fault> {
    let path = match c.child()? {
        Some(child) => Path::read(c, &child)?,
        None => return Err(c.missing(element, "FieldURI")),
    };
    let Some(object) = c.child()? else { return Err(c.missing(element, "Item")) };
    let kind = match (ItemKind::from_element(object.name()), FolderKind::from_element(object.name())) {
        (Some(kind), _) => ObjectKind::Item(kind),
        (_, Some(kind)) => ObjectKind::Folder(kind),
        _ if FOREIGN_ITEMS.contains(&object.name()) => ObjectKind::Item(ItemKind::Message),
        _ => return Err(c.unexpected(&object)),
    };
    let found = match &path {
        Path::Indexed(indexed) => return entry_assignment(c, kind, &path, indexed),
        _ => content(c, kind, ability)?,
    };
    c.empty()?;
    if c.has_failed() {
        return Ok(None);
    }
    let Content { mut props, mut extended, .. } = found;
    if props.is_empty() && extended.is_empty() && matches!(path, Path::Prop(id) if is_ignored(c, id)) {
        return Ok(None);
    }
    if props.len() + extended.len() != 1 {
        c.fail(Failure::at(Code::ErrorIncorrectUpdatePropertyCount, path));
        return Ok(None);
    }
    Ok(match (path, props.pop(), extended.pop()) {
        (Path::Prop(id), Some((given, value)), _) if id == given => Some(Assignment::Prop(id, value)),
        (Path::Extended(path), _, Some((given, value))) if path == given => Some(Assignment::Extended(path, value)),
        (path, ..) => {
            c.fail(Failure::at(Code::ErrorUpdatePropertyMismatch, path));
            None
        }
    })
}

/// The one entry of a dictionary property; the object's element is entered already.
fn entry_assignment(
    c: &mut Cursor<'_>,
    kind: ObjectKind,
    path: &Path,
    indexed: &IndexedPath,
) -> Result<Option<Assignment>, Fault> {
    let mut value = None;
    let mut count = 0usize;
    while let Some(child) = c.child()? {
        if child.name() != indexed.dictionary.row().element {
            if kind.property(child.name()).is_none() && child.name() != "ExtendedProperty" {
                return Err(c.unexpected(&child));
            }
            c.fail(Failure::at(Code::ErrorUpdatePropertyMismatch, path.clone()));
            c.skip()?;
            continue;
        }
        while let Some(one) = c.child()? {
            if one.name() != indexed.dictionary.row().entry {
                return Err(c.unexpected(&one));
            }
            let key: String = c.attribute(&one, indexed.dictionary.row().key_attribute)?;
            if key != indexed.key {
                c.fail(Failure::at(Code::ErrorUpdatePropertyMismatch, path.clone()));
            }
            count += 1;
            let Some(row) = indexed.prop().map(|id| id.row()) else {
                c.skip()?;
                continue;
            };
            entry::check_key(c, &one, row, &key)?;
            value = entry::read_one(c, &one, row, indexed.dictionary.row().part)?;
        }
    }
    c.empty()?;
    if count != 1 {
        c.fail(Failure::at(Code::ErrorIncorrectUpdatePropertyCount, path.clone()));
    }
    Ok(value.map(|value| Assignment::Indexed(indexed.clone(), value)))
}
