//! Attachments: as they are given to be made (AttachmentType), and as they are shown.

use ewsd_model::ItemKind;
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::object::{NewAttachment, NewContent, NewItem, NewKind};
use ewsd_model::value::{AttachmentInfo, WireId};

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::limits;
use crate::writer::{T, Writer};

impl Read for NewAttachment {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<NewAttachment, Fault> {
        let is_item = match element.name() {
            "FileAttachment" => false,
            "ItemAttachment" => true,
            "ReferenceAttachment" => {
                let text = "Attachments by reference cannot be stored here: attach the file itself.";
                c.fail(Failure::with_text(Code::ErrorInvalidOperation, text));
                c.skip()?;
                return Ok(nothing());
            }
            _ => return Err(c.unexpected(element)),
        };
        let mut attachment = nothing();
        let mut item = None;
        while let Some(child) = c.child()? {
            match child.name() {
                "Name" => attachment.name = c.text()?.into_owned(),
                "ContentType" => attachment.content_type = some_text(c)?,
                "ContentId" => attachment.content_id = some_text(c)?,
                "ContentLocation" => attachment.content_location = some_text(c)?,
                "IsInline" => attachment.inline = c.value(&child)?,
                "IsContactPhoto" => attachment.contact_photo = c.value(&child)?,
                // The server's to say.
                "AttachmentId" | "AttachmentOriginalUrl" | "Size" | "LastModifiedTime" => c.skip()?,
                "Content" if !is_item => match c.base64()? {
                    Some(octets) => attachment.content = NewContent::File(octets),
                    None => return Err(c.wrong_value(child.at, "Content", "…", "base64")),
                },
                _ if is_item && item.is_none() => item = Some(attached_item(c, &child)?),
                _ => return Err(c.unexpected(&child)),
            }
        }
        match item {
            Some(item) => attachment.content = NewContent::Item(Box::new(item)),
            None if is_item => c.fail(Failure::new(Code::ErrorMissingItemForCreateItemAttachment)),
            None => {}
        }
        Ok(attachment)
    }
}

fn nothing() -> NewAttachment {
    NewAttachment {
        name: String::new(),
        content_type: None,
        content_id: None,
        content_location: None,
        inline: false,
        contact_photo: false,
        content: NewContent::File(Vec::new()),
    }
}

fn attached_item(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<NewItem, Fault> {
    c.nesting += 1;
    if c.nesting > limits::NESTED_ATTACHMENTS {
        c.fail(Failure::new(Code::ErrorAttachmentNestLevelLimitExceeded));
    }
    // Beyond twice the limit there is nothing to learn, only stack to lose.
    let item = if c.nesting > 2 * limits::NESTED_ATTACHMENTS {
        c.skip()?;
        NewItem {
            kind: NewKind::Item(ItemKind::Item),
            props: Vec::new(),
            extended: Vec::new(),
            attachments: Vec::new(),
            reference: None,
            new_body: None,
        }
    } else {
        NewItem::read(c, element)?
    };
    c.nesting -= 1;
    Ok(item)
}

fn some_text(c: &mut Cursor<'_>) -> Result<Option<String>, Fault> {
    let text = c.text()?;
    Ok((!text.is_empty()).then(|| text.into_owned()))
}

// ---- shown

/// The element of an attachment.
pub(crate) fn element(info: &AttachmentInfo) -> &'static str {
    if info.is_item { "ItemAttachment" } else { "FileAttachment" }
}

pub(super) fn write(w: &mut Writer<'_>, name: &str, attachments: &[AttachmentInfo]) {
    super::list(w, name, attachments, |w, info| {
        w.open(T, element(info));
        write_head(w, info, None);
        write_tail(w, info);
        w.close(T, element(info));
    });
}

/// What attachments of all kinds have, in schema order. `root`: the item it is attached to, with its new change key.
pub(crate) fn write_head(w: &mut Writer<'_>, info: &AttachmentInfo, root: Option<&WireId>) {
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
pub(crate) fn write_tail(w: &mut Writer<'_>, info: &AttachmentInfo) {
    w.number_element(T, "Size", info.size.clamp(0, i64::from(i32::MAX)));
    if let Some(time) = info.modified {
        w.time_element(T, "LastModifiedTime", time);
    }
    w.bool_element(T, "IsInline", info.inline);
    if info.is_item {
        return;
    }
    w.bool_element(T, "IsContactPhoto", info.is_photo);
    if let Some(content) = &info.content {
        w.base64_element(T, "Content", content);
    }
}
