//! The typed readers of property values. What a property is comes from its row; no property is named here.

use std::borrow::Cow;

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::property::{Prop, Type};
use ewsd_model::rights::Rights;
use ewsd_model::value::{Body, BodyType, Flag, FlagStatus, Mailbox, Permission, PermissionUser};
use ewsd_model::{PropId, Value};

use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::scalar::{FromText, Reading};
use crate::target::wire_id;

/// Reads a property's element and leaves it. None when a failure has been put down instead.
pub(crate) fn value(c: &mut Cursor<'_>, element: &Element<'_>, row: &Prop) -> Result<Option<Value>, Fault> {
    c.since(row.since, row.element)?;
    Ok(Some(match row.ty {
        Type::Text => Value::Text(c.text()?.into_owned()),
        Type::Bool => Value::Bool(c.value(element)?),
        Type::Int => Value::Int(c.value(element)?),
        Type::Long => Value::Long(c.value(element)?),
        Type::Double => Value::Double(c.value(element)?),
        Type::Time => Value::Time(c.value(element)?),
        Type::Bytes => match c.base64()? {
            Some(octets) => Value::Bytes(octets),
            None => return Err(c.wrong_value(element.at, row.element, "…", "base64")),
        },
        Type::Enum(words) => Value::Text(word(c, element, words)?.to_owned()),
        Type::Texts => Value::Texts(texts(c)?),
        Type::SingleRecipient => match recipients(c)?.pop() {
            Some(mailbox) => Value::Mailbox(mailbox),
            None => return Err(c.missing(element, "Mailbox")),
        },
        Type::Recipients => Value::Mailboxes(recipients(c)?),
        Type::Body => Value::Body(body(c, element)?),
        Type::Mime => match c.base64()? {
            Some(octets) => Value::Mime(octets),
            None => return Ok(fail(c, Code::ErrorMimeContentInvalidBase64String, row.id)),
        },
        Type::Flag => match flag(c, element)? {
            Some(flag) => Value::Flag(flag),
            None => return Ok(fail(c, Code::ErrorInvalidArgument, row.id)),
        },
        Type::ItemId => Value::ItemId(wire_id(c, element)?),
        Type::FolderId => Value::FolderId(wire_id(c, element)?),
        Type::Headers => Value::Headers(headers(c)?),
        Type::Entries(keys) => Value::Entries(entries(c, keys)?),
        Type::Permissions => match permissions(c)? {
            Ok(permissions) => Value::Permissions(permissions),
            Err(code) => return Ok(fail(c, code, row.id)),
        },
        Type::Attachments | Type::Rights | Type::Responses | Type::Extended | Type::Unbuilt => {
            c.skip()?;
            return Ok(fail(c, Code::ErrorInvalidPropertySet, row.id));
        }
    }))
}

fn fail(c: &mut Cursor<'_>, code: Code, id: PropId) -> Option<Value> {
    c.fail(Failure::at(code, id));
    None
}

/// The current element's text as one of the words.
fn word(c: &mut Cursor<'_>, element: &Element<'_>, words: &[&'static str]) -> Result<&'static str, Fault> {
    let text = c.text()?;
    match words.iter().find(|word| **word == text.trim()) {
        Some(word) => Ok(word),
        None => Err(c.wrong_value(element.at, element.local_name(), &text, &format!("one of {}", words.join(" ")))),
    }
}

/// ArrayOfStringsType.
fn texts(c: &mut Cursor<'_>) -> Result<Vec<String>, Fault> {
    let mut texts = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != "String" {
            return Err(c.unexpected(&child));
        }
        texts.push(c.text()?.into_owned());
    }
    Ok(texts)
}

fn recipients(c: &mut Cursor<'_>) -> Result<Vec<Mailbox>, Fault> {
    let mut mailboxes = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != "Mailbox" {
            return Err(c.unexpected(&child));
        }
        mailboxes.push(mailbox(c)?);
    }
    Ok(mailboxes)
}

/// Text of optional elements: empty is none.
fn some(text: Cow<'_, str>) -> Option<String> {
    (!text.is_empty()).then(|| text.into_owned())
}

/// MailboxTypeType.
const MAILBOX_TYPES: &[&str] = &[
    "Unknown",
    "OneOff",
    "Mailbox",
    "PublicDL",
    "PrivateDL",
    "Contact",
    "PublicFolder",
    "GroupMailbox",
    "ImplicitContact",
];

/// EmailAddressType; leaves the current element.
pub(crate) fn mailbox(c: &mut Cursor<'_>) -> Result<Mailbox, Fault> {
    let mut mailbox = Mailbox::default();
    while let Some(child) = c.child()? {
        match child.name() {
            "Name" => mailbox.name = some(c.text()?),
            "EmailAddress" => mailbox.address = some(c.text()?).map(|text| text.trim().to_owned()),
            "RoutingType" => mailbox.routing = some(c.text()?),
            "MailboxType" => mailbox.kind = Some(word(c, &child, MAILBOX_TYPES)?.to_owned()),
            // The contact that the address was taken from; the address itself stands beside it.
            "ItemId" | "OriginalDisplayName" => c.skip()?,
            _ => return Err(c.unexpected(&child)),
        }
    }
    Ok(mailbox)
}

struct Format(BodyType);

impl FromText for Format {
    const WHAT: &'static str = "HTML or Text";

    fn from_text(text: &str, _: &Reading) -> Option<Format> {
        match text {
            "HTML" => Some(Format(BodyType::Html)),
            "Text" => Some(Format(BodyType::Text)),
            _ => None,
        }
    }
}

/// BodyType; leaves the element.
pub(crate) fn body(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Body, Fault> {
    let Format(body_type) = c.attribute(element, "BodyType")?;
    Ok(Body { body_type, text: c.text()?.into_owned(), truncated: None })
}

struct Status(FlagStatus);

impl FromText for Status {
    const WHAT: &'static str = "NotFlagged, Flagged or Complete";

    fn from_text(text: &str, _: &Reading) -> Option<Status> {
        match text {
            "NotFlagged" => Some(Status(FlagStatus::NotFlagged)),
            "Flagged" => Some(Status(FlagStatus::Flagged)),
            "Complete" => Some(Status(FlagStatus::Complete)),
            _ => None,
        }
    }
}

/// FlagType; None when its dates do not go with its status (MS-OXWSCORE 2.2.4, FlagType).
fn flag(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Option<Flag>, Fault> {
    let mut flag = Flag::default();
    let mut status = None;
    while let Some(child) = c.child()? {
        match child.name() {
            "FlagStatus" => status = Some(c.value::<Status>(&child)?.0),
            "StartDate" => flag.start = Some(c.value(&child)?),
            "DueDate" => flag.due = Some(c.value(&child)?),
            "CompleteDate" => flag.complete = Some(c.value(&child)?),
            _ => return Err(c.unexpected(&child)),
        }
    }
    flag.status = status.ok_or_else(|| c.missing(element, "FlagStatus"))?;
    let fits = match flag.status {
        FlagStatus::NotFlagged => flag.start.is_none() && flag.due.is_none() && flag.complete.is_none(),
        FlagStatus::Flagged => flag.complete.is_none() && flag.start.is_some() == flag.due.is_some(),
        FlagStatus::Complete => flag.start.is_none() && flag.due.is_none(),
    };
    Ok(fits.then_some(flag))
}

fn headers(c: &mut Cursor<'_>) -> Result<Vec<(String, String)>, Fault> {
    let mut headers = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != "InternetMessageHeader" {
            return Err(c.unexpected(&child));
        }
        let name = c.attribute(&child, "HeaderName")?;
        headers.push((name, c.text()?.into_owned()));
    }
    Ok(headers)
}

fn entries(c: &mut Cursor<'_>, keys: &[&'static str]) -> Result<Vec<(String, String)>, Fault> {
    let mut entries = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != "Entry" {
            return Err(c.unexpected(&child));
        }
        let key: String = c.attribute(&child, "Key")?;
        if !keys.contains(&key.as_str()) {
            return Err(c.wrong_value(child.at, "Key", &key, &format!("one of {}", keys.join(" "))));
        }
        entries.push((key, c.text()?.into_owned()));
    }
    Ok(entries)
}

/// The text of a dictionary's entry, or of one part of it; leaves the current element.
pub(crate) fn entry_text(c: &mut Cursor<'_>, part: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(part) = part else { return c.text().map(|text| Some(text.into_owned())) };
    let mut value = None;
    while let Some(child) = c.child()? {
        if child.name() == part {
            value = Some(c.text()?.into_owned());
        } else {
            return Err(c.unexpected(&child));
        }
    }
    Ok(value)
}

/// PermissionSetType; a code when an entry names nobody in particular, or sets single rights that its level does not imply
/// (MS-OXWSFOLD 2.2.4).
fn permissions(c: &mut Cursor<'_>) -> Result<Result<Vec<Permission>, Code>, Fault> {
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
                        let one = permission?;
                        if all.iter().any(|known| known.user.is_same(&one.user)) {
                            return Err(Code::ErrorDuplicateUserIdsSpecified);
                        }
                        all.push(one);
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
            "UserId" => user = Some(permission_user(c)?),
            // exchangelib writes CalendarPermissionLevel in both kinds of entries, and CanCreateSubfolders.
            "PermissionLevel" | "CalendarPermissionLevel" => level = Some(word(c, &child, &Rights::levels())?),
            "CanCreateItems" => single.push(Single::Has(Rights::CREATE, c.value(&child)?)),
            "CanCreateSubFolders" | "CanCreateSubfolders" => {
                single.push(Single::Has(Rights::CREATE_SUBFOLDER, c.value(&child)?));
            }
            "IsFolderOwner" => single.push(Single::Has(Rights::FOLDER_OWNER, c.value(&child)?)),
            "IsFolderVisible" => single.push(Single::Has(Rights::FOLDER_VISIBLE, c.value(&child)?)),
            "IsFolderContact" => single.push(Single::Has(Rights::FOLDER_CONTACT, c.value(&child)?)),
            "EditItems" => single.push(Single::Edit(word(c, &child, REACHES)?)),
            "DeleteItems" => single.push(Single::Delete(word(c, &child, REACHES)?)),
            "ReadItems" => single.push(Single::Read(word(c, &child, READINGS)?)),
            _ => return Err(c.unexpected(&child)),
        }
    }
    let level = level.ok_or_else(|| c.missing(element, "PermissionLevel"))?;
    let user = user.ok_or_else(|| c.missing(element, "UserId"))?;
    let rights = match Rights::from_level(level) {
        None => Ok(single.iter().fold(Rights::NONE, |rights, one| rights.or(one.rights()))),
        // A client that read an entry and sends all of it back sets nothing that the level does not say.
        Some(rights) if single.iter().all(|one| one.is_in(rights)) => Ok(rights),
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
fn permission_user(c: &mut Cursor<'_>) -> Result<Result<PermissionUser, Code>, Fault> {
    let (mut name, mut address, mut user, mut sid) = (String::new(), None, None, false);
    while let Some(child) = c.child()? {
        match child.name() {
            "PrimarySmtpAddress" => address = some(c.text()?),
            "DisplayName" => name = c.text()?.into_owned(),
            "DistinguishedUser" => {
                user = Some(match word(c, &child, &["Default", "Anonymous"])? {
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
