//! CreateFolder (MS-OXWSFOLD 3.1.4.2).

use ewsd_ews::request::CreateFolder;
use ewsd_ews::view::FolderView;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Folder, Right, permission};
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::object;
use ewsd_model::{FolderKind, PropId};
use ewsd_store::{FolderUpdate, NewFolder};

use super::{kind_of_class, name_taken, set_extended, set_property};
use crate::op::Cx;
use crate::op::folder::view::wire_id;

pub fn run(cx: &mut Cx<'_>, request: CreateFolder) -> Result<Vec<Outcome<FolderView>>> {
    let parent = match outcome(cx.gate.folder(&request.parent, Right::CreateFolders))? {
        Outcome::Success(parent) => parent,
        refused => {
            let failure = match refused.failure() {
                Some(failure) if failure.code == Code::ErrorFolderNotFound => {
                    Failure::new(Code::ErrorParentFolderNotFound)
                }
                Some(failure) => failure.clone(),
                None => Failure::new(Code::ErrorParentFolderNotFound),
            };
            return Ok(request.folders.iter().map(|_| Outcome::Error(failure.clone())).collect());
        }
    };
    request.folders.into_iter().map(|asked| outcome(create_folder(cx, &parent, asked))).collect()
}

fn create_folder(cx: &mut Cx<'_>, parent: &Folder, asked: Result<object::NewFolder, Failure>) -> Result<FolderView> {
    let asked = asked?;
    cx.check_changes(asked.extended.len())?;
    if asked.kind == FolderKind::SearchFolder {
        let text = "Search folders cannot be created on this server yet.";
        return Err(Failure::with_text(Code::ErrorInvalidOperation, text).into());
    }
    let gives = asked.props.iter().any(|(id, _)| *id == PropId::FolderPermissionSet);
    if gives {
        // Whoever may not give rights on the folder above gives none on what is made in it.
        parent.granted.check(Right::ManageFolder)?;
    }
    let mut wishes = FolderUpdate::default();
    for (id, value) in asked.props {
        set_property(cx, &mut wishes, asked.kind, id, value)?;
    }
    for (path, value) in asked.extended {
        set_extended(&mut wishes, asked.kind, &path, Some(value))?;
    }
    let Some(name) = wishes.name else { return Err(Code::ErrorFolderSavePropertyError.into()) };
    let mut new = NewFolder::new(parent.row.folder, asked.kind, name.clone());
    if let Some(class) = wishes.class {
        new.kind = kind_of_class(asked.kind, &class);
        new.class = class;
    }
    new.hidden = wishes.hidden.unwrap_or(false);
    new.props = wishes.props;
    if let Some(inherited) = parent.row.props.get(permission::key()) {
        // Who may use a folder may use what is made in it, unless the maker says otherwise.
        new.props.entry(permission::key()).or_insert_with(|| inherited.clone());
    }
    new.ext = wishes.ext;
    let granted = parent.granted;
    let made = cx.gate.open(&granted).create_folder(&new);
    let (folder, change) = made.map_err(|error| name_taken(error, &name))?;
    Ok(FolderView::of_id(new.kind, wire_id(&granted, new.kind, folder, change)))
}
