//! The typed writers of property values. What a property is comes from its row; no property is named here.

use ewsd_model::path::Path;
use ewsd_model::property::Prop;
use ewsd_model::property::mapi::{ExtendedName, ExtendedValue, Scalar};
use ewsd_model::property::{ExtendedPath, Type};
use ewsd_model::rights::Rights;
use ewsd_model::value::{
    AttachmentInfo, Body, BodyType, EffectiveRights, Flag, FlagStatus, Mailbox, Permission, PermissionUser, WireId,
};
use ewsd_model::{FolderKind, Value};

use crate::extended::{set_name, type_name};
use crate::scalar::guid_text;
use crate::writer::{T, Writer, boolean};

/// Writes a property's element; nothing for an unset text or an empty list.
pub(crate) fn value(w: &mut Writer<'_>, row: &Prop, value: &Value, folder: Option<FolderKind>) {
    let name = row.element;
    match value {
        Value::Text(text) => w.some_text(T, name, Some(text)),
        Value::Bool(value) => w.bool_element(T, name, *value),
        Value::Int(value) => w.number_element(T, name, i64::from(*value)),
        Value::Long(value) => w.number_element(T, name, *value),
        Value::Double(value) => {
            w.open(T, name);
            w.double(*value);
            w.close(T, name);
        }
        Value::Time(time) => w.time_element(T, name, *time),
        Value::Bytes(octets) if octets.is_empty() => {}
        Value::Bytes(octets) => w.base64_element(T, name, octets),
        Value::Texts(texts) => list(w, name, texts, |w, text| w.text_element(T, "String", text)),
        Value::Mailbox(mailbox) => {
            w.open(T, name);
            self::mailbox(w, mailbox);
            w.close(T, name);
        }
        Value::Mailboxes(mailboxes) => list(w, name, mailboxes, mailbox),
        Value::Body(text) => body(w, name, text),
        Value::Mime(octets) => {
            w.tag(T, name);
            w.plain_attribute("CharacterSet", "UTF-8");
            w.end_tag();
            w.base64(octets);
            w.close(T, name);
        }
        Value::Flag(value) => flag(w, name, value),
        Value::ItemId(id) | Value::FolderId(id) => wire_id(w, name, id),
        Value::Headers(headers) => list(w, name, headers, |w, (header, text)| {
            w.tag(T, "InternetMessageHeader");
            w.attribute("HeaderName", header);
            w.end_tag();
            w.text(text);
            w.close(T, "InternetMessageHeader");
        }),
        Value::Attachments(attachments) => list(w, name, attachments, |w, info| {
            let element = if info.is_item { "ItemAttachment" } else { "FileAttachment" };
            w.open(T, element);
            attachment_head(w, info, None);
            attachment_tail(w, info);
            w.close(T, element);
        }),
        Value::Rights(value) => rights(w, name, value),
        Value::Responses(kinds) => list(w, name, kinds, |w, kind| w.empty(T, kind.row().element)),
        Value::Entries(entries) => list(w, name, entries, |w, (key, text)| {
            w.tag(T, "Entry");
            w.attribute("Key", key);
            w.end_tag();
            w.text(text);
            w.close(T, "Entry");
        }),
        Value::Permissions(entries) => permissions(w, name, entries, folder == Some(FolderKind::CalendarFolder)),
    }
}

/// True if the writer of the row's type can write the value: what a handler may not mix up.
pub(crate) fn fits(ty: &Type, value: &Value) -> bool {
    match value {
        Value::Text(_) => matches!(ty, Type::Text | Type::Enum(_)),
        Value::Bool(_) => *ty == Type::Bool,
        Value::Int(_) | Value::Long(_) => matches!(ty, Type::Int | Type::Long),
        Value::Double(_) => *ty == Type::Double,
        Value::Time(_) => *ty == Type::Time,
        Value::Bytes(_) => *ty == Type::Bytes,
        Value::Texts(_) => *ty == Type::Texts,
        Value::Mailbox(_) => *ty == Type::SingleRecipient,
        Value::Mailboxes(_) => *ty == Type::Recipients,
        Value::Body(_) => *ty == Type::Body,
        Value::Mime(_) => *ty == Type::Mime,
        Value::Flag(_) => *ty == Type::Flag,
        Value::ItemId(_) => *ty == Type::ItemId,
        Value::FolderId(_) => *ty == Type::FolderId,
        Value::Headers(_) => *ty == Type::Headers,
        Value::Attachments(_) => *ty == Type::Attachments,
        Value::Rights(_) => *ty == Type::Rights,
        Value::Responses(_) => *ty == Type::Responses,
        Value::Entries(_) => matches!(ty, Type::Entries(_)),
        Value::Permissions(_) => *ty == Type::Permissions,
    }
}

fn list<V>(w: &mut Writer<'_>, name: &str, members: &[V], mut write: impl FnMut(&mut Writer<'_>, &V)) {
    if members.is_empty() {
        return;
    }
    w.open(T, name);
    for member in members {
        write(w, member);
    }
    w.close(T, name);
}

/// `<t:Name Id="…" ChangeKey="…"/>`
pub(crate) fn wire_id(w: &mut Writer<'_>, name: &str, id: &WireId) {
    w.tag(T, name);
    w.attribute("Id", &id.id);
    if let Some(key) = &id.change_key {
        w.attribute("ChangeKey", key);
    }
    w.end_empty();
}

/// `t:Mailbox` (EmailAddressType).
pub(crate) fn mailbox(w: &mut Writer<'_>, mailbox: &Mailbox) {
    w.open(T, "Mailbox");
    w.some_text(T, "Name", mailbox.name.as_deref());
    w.some_text(T, "EmailAddress", mailbox.address.as_deref());
    w.some_text(T, "RoutingType", mailbox.routing.as_deref());
    w.some_text(T, "MailboxType", mailbox.kind.as_deref());
    w.close(T, "Mailbox");
}

fn body(w: &mut Writer<'_>, name: &str, body: &Body) {
    w.tag(T, name);
    w.plain_attribute("BodyType", if body.body_type == BodyType::Html { "HTML" } else { "Text" });
    if let Some(truncated) = body.truncated {
        w.plain_attribute("IsTruncated", boolean(truncated));
    }
    w.end_tag();
    w.text(&body.text);
    w.close(T, name);
}

fn flag(w: &mut Writer<'_>, name: &str, flag: &Flag) {
    w.open(T, name);
    let status = match flag.status {
        FlagStatus::NotFlagged => "NotFlagged",
        FlagStatus::Flagged => "Flagged",
        FlagStatus::Complete => "Complete",
    };
    w.text_element(T, "FlagStatus", status);
    for (name, time) in [("StartDate", flag.start), ("DueDate", flag.due), ("CompleteDate", flag.complete)] {
        if let Some(time) = time {
            w.time_element(T, name, time);
        }
    }
    w.close(T, name);
}

fn rights(w: &mut Writer<'_>, name: &str, rights: &EffectiveRights) {
    w.open(T, name);
    for (name, value) in [
        ("CreateAssociated", rights.create_associated),
        ("CreateContents", rights.create_contents),
        ("CreateHierarchy", rights.create_hierarchy),
        ("Delete", rights.delete),
        ("Modify", rights.modify),
        ("Read", rights.read),
        ("ViewPrivateItems", rights.view_private),
    ] {
        w.bool_element(T, name, value);
    }
    w.close(T, name);
}

/// What attachments of all kinds have, in schema order. `root`: the item it is attached to, with its new change key.
pub(crate) fn attachment_head(w: &mut Writer<'_>, info: &AttachmentInfo, root: Option<&WireId>) {
    w.tag(T, "AttachmentId");
    w.attribute("Id", &info.id);
    if let Some(root) = root {
        w.attribute("RootItemId", &root.id);
        if let Some(key) = &root.change_key {
            w.attribute("RootItemChangeKey", key);
        }
    }
    w.end_empty();
    w.some_text(T, "Name", Some(&info.name));
    w.some_text(T, "ContentType", info.content_type.as_deref());
    w.some_text(T, "ContentId", info.content_id.as_deref());
    w.some_text(T, "ContentLocation", info.content_location.as_deref());
}

/// The rest of what attachments have; the content of a file if it is there.
pub(crate) fn attachment_tail(w: &mut Writer<'_>, info: &AttachmentInfo) {
    w.number_element(T, "Size", info.size.clamp(0, i64::from(i32::MAX)));
    if let Some(time) = info.modified {
        w.time_element(T, "LastModifiedTime", time);
    }
    w.bool_element(T, "IsInline", info.inline);
    if info.is_item {
        return;
    }
    w.bool_element(T, "IsContactPhoto", false);
    if let Some(content) = &info.content {
        w.base64_element(T, "Content", content);
    }
}

fn permissions(w: &mut Writer<'_>, name: &str, entries: &[Permission], calendar: bool) {
    let (list, entry, level_name) = match calendar {
        true => ("CalendarPermissions", "CalendarPermission", "CalendarPermissionLevel"),
        false => ("Permissions", "Permission", "PermissionLevel"),
    };
    w.open(T, name);
    w.open(T, list);
    for permission in entries {
        w.open(T, entry);
        permission_user(w, &permission.user);
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

fn permission_user(w: &mut Writer<'_>, user: &PermissionUser) {
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

// ---- paths and extended properties

/// The element of a path.
pub(crate) fn path(w: &mut Writer<'_>, path: &Path) {
    match path {
        Path::Prop(id) => {
            w.tag(T, "FieldURI");
            w.plain_attribute("FieldURI", id.row().uri);
        }
        Path::Indexed(indexed) => {
            w.tag(T, "IndexedFieldURI");
            w.plain_attribute("FieldURI", indexed.dictionary.row().uri);
            w.attribute("FieldIndex", &indexed.key);
        }
        Path::Extended(path) => return extended_path(w, path),
    }
    w.end_empty();
}

fn extended_path(w: &mut Writer<'_>, path: &ExtendedPath) {
    let set_attribute = |w: &mut Writer<'_>, set| match set_name(set) {
        Some(name) => w.plain_attribute("DistinguishedPropertySetId", name),
        None => {
            if let ewsd_model::property::SetId::Guid(octets) = set {
                w.plain_attribute("PropertySetId", &guid_text(octets));
            }
        }
    };
    w.tag(T, "ExtendedFieldURI");
    match &path.name {
        ExtendedName::Tag(tag) => w.plain_attribute("PropertyTag", &format!("{tag:#x}")),
        ExtendedName::Id(set, id) => {
            set_attribute(w, set);
            w.number_attribute("PropertyId", i64::from(*id as i32));
        }
        ExtendedName::Name(set, name) => {
            set_attribute(w, set);
            w.attribute("PropertyName", name);
        }
    }
    w.plain_attribute("PropertyType", type_name(path.ty, path.array));
    w.end_empty();
}

/// `t:ExtendedProperty`; nothing for an array without members.
pub(crate) fn extended(w: &mut Writer<'_>, path: &ExtendedPath, value: &ExtendedValue) {
    if matches!(value, ExtendedValue::Many(values) if values.is_empty()) {
        return;
    }
    w.open(T, "ExtendedProperty");
    extended_path(w, path);
    match value {
        ExtendedValue::One(value) => scalar(w, value),
        ExtendedValue::Many(values) => list(w, "Values", values, scalar),
    }
    w.close(T, "ExtendedProperty");
}

fn scalar(w: &mut Writer<'_>, value: &Scalar) {
    match value {
        Scalar::Bool(value) => w.bool_element(T, "Value", *value),
        Scalar::Int(value) => w.number_element(T, "Value", *value),
        Scalar::Text(text) => w.text_element(T, "Value", text),
        Scalar::Time(time) => w.time_element(T, "Value", *time),
        Scalar::Bytes(octets) => w.base64_element(T, "Value", octets),
        Scalar::Real(value) => {
            w.open(T, "Value");
            w.double(*value);
            w.close(T, "Value");
        }
    }
}
