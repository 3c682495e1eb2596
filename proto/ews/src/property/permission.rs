//! The rights on a folder (PermissionSetType, CalendarPermissionSetType; MS-OXWSFOLD 2.2.4).

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::property::Prop;
use ewsd_model::rights::Rights;
use ewsd_model::value::{Permission, PermissionUser};

use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::property::text::one_of;
use crate::writer::{T, Writer};

pub(super) fn read(c: &mut Cursor<'_>, _: &Element<'_>, row: &Prop) -> Result<Option<Vec<Permission>>, Fault> {
    match entries(c)? {
        Ok(permissions) => Ok(Some(permissions)),
        Err(code) => {
            c.fail(Failure::at(code, row.id));
            Ok(None)
        }
    }
}

pub(super) fn write(w: &mut Writer<'_>, name: &str, permissions: &[Permission]) {
    write_set(w, name, permissions, false);
}

/// A calendar's, which have names of their own.
pub(super) fn write_calendar(w: &mut Writer<'_>, name: &str, permissions: &[Permission]) {
    write_set(w, name, permissions, true);
}

/// PermissionSetType; a code when an entry names nobody in particular, or sets single rights that its level does not imply
/// (MS-OXWSFOLD 2.2.4).
fn entries(c: &mut Cursor<'_>) -> Result<Result<Vec<Permission>, Code>, Fault> {
    let mut permissions = Ok(Vec::new());
    while let Some(list) = c.child()? {
        match list.name() {
            "Permissions" | "CalendarPermissions" => {
                let calendar = list.name() == "CalendarPermissions";
                while let Some(child) = c.child()? {
                    if !matches!(child.name(), "Permission" | "CalendarPermission") {
                        return Err(c.unexpected(&child));
                    }
                    let permission = permission(c, &child, calendar)?;
                    permissions = permissions.and_then(|mut all: Vec<Permission>| {
                        let permission = permission?;
                        if all.iter().any(|known| known.user.is_same(&permission.user)) {
                            return Err(Code::ErrorDuplicateUserIdsSpecified);
                        }
                        all.push(permission);
                        Ok(all)
                    });
                }
            }
            // Entries that the server could not resolve when it answered; they come back as they were.
            "UnknownEntries" => c.skip()?,
            _ => return Err(c.unexpected(&list)),
        }
    }
    Ok(permissions)
}

fn permission(c: &mut Cursor<'_>, element: &Element<'_>, calendar: bool) -> Result<Result<Permission, Code>, Fault> {
    let (mut user, mut level, mut single) = (None, None, Vec::new());
    while let Some(child) = c.child()? {
        match child.name() {
            "UserId" => user = Some(read_user(c)?),
            // exchangelib writes CalendarPermissionLevel in both kinds of entries, and CanCreateSubfolders.
            "PermissionLevel" | "CalendarPermissionLevel" => level = Some(one_of(c, &child, &Rights::levels())?),
            "CanCreateItems" => single.push(Single::Has(Rights::CREATE, c.value(&child)?)),
            "CanCreateSubFolders" | "CanCreateSubfolders" => {
                single.push(Single::Has(Rights::CREATE_SUBFOLDER, c.value(&child)?));
            }
            "IsFolderOwner" => single.push(Single::Has(Rights::FOLDER_OWNER, c.value(&child)?)),
            "IsFolderVisible" => single.push(Single::Has(Rights::FOLDER_VISIBLE, c.value(&child)?)),
            "IsFolderContact" => single.push(Single::Has(Rights::FOLDER_CONTACT, c.value(&child)?)),
            "EditItems" => single.push(Single::Edit(one_of(c, &child, REACHES)?)),
            "DeleteItems" => single.push(Single::Delete(one_of(c, &child, REACHES)?)),
            "ReadItems" => single.push(Single::Read(one_of(c, &child, READINGS)?)),
            _ => return Err(c.unexpected(&child)),
        }
    }
    let level = level.ok_or_else(|| c.missing(element, "PermissionLevel"))?;
    let user = user.ok_or_else(|| c.missing(element, "UserId"))?;
    let rights = match Rights::from_level(level) {
        None => Ok(single.iter().fold(Rights::NONE, |rights, right| rights.or(right.rights()))),
        // A client that read an entry and sends all of it back sets nothing that the level does not say.
        Some(rights) if single.iter().all(|right| right.is_in(rights)) => Ok(rights),
        Some(_) => Err(Code::ErrorInvalidPermissionSettings),
    };
    Ok(user.and_then(|user| Ok(Permission { user, rights: rights?, calendar })))
}

/// PermissionActionType.
const REACHES: &[&str] = &["None", "Owned", "All"];

/// PermissionReadAccessType and CalendarPermissionReadAccessType.
const READINGS: &[&str] = &["None", "TimeOnly", "TimeAndSubjectAndLocation", "FullDetails"];

/// One right of a permission beside its level.
enum Single {
    Has(Rights, bool),
    Edit(&'static str),
    Delete(&'static str),
    Read(&'static str),
}

impl Single {
    /// What it gives where the level is Custom.
    fn rights(&self) -> Rights {
        match self {
            Single::Has(right, true) => *right,
            Single::Edit("All") => Rights::EDIT_ANY.or(Rights::EDIT_OWNED),
            Single::Edit("Owned") => Rights::EDIT_OWNED,
            Single::Delete("All") => Rights::DELETE_ANY.or(Rights::DELETE_OWNED),
            Single::Delete("Owned") => Rights::DELETE_OWNED,
            Single::Read("FullDetails") => Rights::READ_ANY,
            Single::Read("TimeAndSubjectAndLocation") => Rights::FREE_BUSY,
            Single::Read("TimeOnly") => Rights::FREE_BUSY_TIME,
            _ => Rights::NONE,
        }
    }

    /// Whether these rights say the same.
    fn is_in(&self, rights: Rights) -> bool {
        match self {
            Single::Has(right, wanted) => rights.has(*right) == *wanted,
            Single::Edit(wanted) => rights.edit_items() == *wanted,
            Single::Delete(wanted) => rights.delete_items() == *wanted,
            Single::Read(wanted) => [false, true].iter().any(|calendar| rights.read_items(*calendar) == *wanted),
        }
    }
}

/// UserIdType; a code when it names nobody, or two.
fn read_user(c: &mut Cursor<'_>) -> Result<Result<PermissionUser, Code>, Fault> {
    let (mut name, mut address, mut user, mut sid) = (String::new(), None, None, false);
    while let Some(child) = c.child()? {
        match child.name() {
            "PrimarySmtpAddress" => address = Some(c.text()?.into_owned()).filter(|text| !text.is_empty()),
            "DisplayName" => name = c.text()?.into_owned(),
            "DistinguishedUser" => {
                user = Some(match one_of(c, &child, &["Default", "Anonymous"])? {
                    "Default" => PermissionUser::Default,
                    _ => PermissionUser::Anonymous,
                });
            }
            "SID" => {
                sid = true;
                c.skip()?;
            }
            "ExternalUserIdentity" => c.skip()?,
            _ => return Err(c.unexpected(&child)),
        }
    }
    Ok(match (user, address) {
        (Some(_), Some(_)) => Err(Code::ErrorInvalidUserInfo),
        (Some(user), None) => Ok(user),
        (None, Some(address)) => Ok(PermissionUser::Address { name, address }),
        // No account here has one.
        (None, None) if sid => Err(Code::ErrorInvalidUserSid),
        (None, None) => Err(Code::ErrorMissingUserIdInformation),
    })
}

fn write_set(w: &mut Writer<'_>, name: &str, entries: &[Permission], calendar: bool) {
    let (list, entry, level_name) = if calendar {
        ("CalendarPermissions", "CalendarPermission", "CalendarPermissionLevel")
    } else {
        ("Permissions", "Permission", "PermissionLevel")
    };
    w.open(T, name);
    w.open(T, list);
    for permission in entries {
        w.open(T, entry);
        write_user(w, &permission.user);
        let rights = permission.rights;
        for (name, right) in [
            ("CanCreateItems", Rights::CREATE),
            ("CanCreateSubFolders", Rights::CREATE_SUBFOLDER),
            ("IsFolderOwner", Rights::FOLDER_OWNER),
            ("IsFolderVisible", Rights::FOLDER_VISIBLE),
            ("IsFolderContact", Rights::FOLDER_CONTACT),
        ] {
            w.bool_element(T, name, rights.has(right));
        }
        w.text_element(T, "EditItems", rights.edit_items());
        w.text_element(T, "DeleteItems", rights.delete_items());
        w.text_element(T, "ReadItems", rights.read_items(calendar));
        w.text_element(T, level_name, rights.level(calendar));
        w.close(T, entry);
    }
    w.close(T, list);
    w.close(T, name);
}

fn write_user(w: &mut Writer<'_>, user: &PermissionUser) {
    w.open(T, "UserId");
    match user {
        PermissionUser::Default => w.text_element(T, "DistinguishedUser", "Default"),
        PermissionUser::Anonymous => w.text_element(T, "DistinguishedUser", "Anonymous"),
        PermissionUser::Address { name, address } => {
            w.some_text(T, "PrimarySmtpAddress", Some(address));
            w.some_text(T, "DisplayName", Some(name));
        }
    }
    w.close(T, "UserId");
}
