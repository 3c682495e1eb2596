//! Reads items and folders that are to be made. Changes to them are in `change.rs`, attachments in `property/attachment.rs`.
//!
//! Which properties there are, and what may be done with them, is the property table's; a property that may not be
//! given is the failure of the one object that has it.

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::object::{NewAttachment, NewFolder, NewItem, NewKind, ResponseKind};
use ewsd_model::property::mapi::ExtendedValue;
use ewsd_model::property::{ExtendedPath, Type, can};
use ewsd_model::value::{Body, WireId};
use ewsd_model::{FolderKind, ItemKind, PropId, Value, Version};

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::{extended, property};

/// Item elements of the schema that no mailbox here can hold.
pub(crate) const FOREIGN_ITEMS: &[&str] = &["SharingMessage", "RoleMember", "Network", "Person"];

// ---- new items and folders

/// What an object's element holds, before it is known what it is for.
#[derive(Default)]
pub(crate) struct Content {
    pub props: Vec<(PropId, Value)>,
    pub extended: Vec<(ExtendedPath, ExtendedValue)>,
    attachments: Vec<NewAttachment>,
    reference: Option<WireId>,
    new_body: Option<Body>,
}

#[derive(Clone, Copy)]
pub(crate) enum ObjectKind {
    Item(ItemKind),
    Folder(FolderKind),
    Response,
}

impl ObjectKind {
    pub fn property(self, name: &str) -> Option<PropId> {
        match self {
            ObjectKind::Item(kind) => PropId::from_item_element(kind, name),
            ObjectKind::Folder(kind) => PropId::from_folder_element(kind, name),
            ObjectKind::Response => PropId::from_item_element(ItemKind::Message, name),
        }
    }
}

impl Read for NewItem {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<NewItem, Fault> {
        let name = element.name();
        let (kind, content) = if let Some(kind) = ItemKind::from_element(name) {
            (NewKind::Item(kind), content(c, ObjectKind::Item(kind), can::CREATE)?)
        } else if let Some(kind) = ResponseKind::from_element(name) {
            (NewKind::Response(kind), content(c, ObjectKind::Response, can::CREATE)?)
        } else if FOREIGN_ITEMS.contains(&name) {
            let text = format!("Items of the kind {name} cannot be created here.");
            c.fail(Failure::with_text(Code::ErrorInvalidOperation, text));
            c.skip()?;
            (NewKind::Item(ItemKind::Item), Content::default())
        } else {
            return Err(c.unexpected(element));
        };
        let Content { props, extended, attachments, reference, new_body } = content;
        Ok(NewItem { kind, props, extended, attachments, reference, new_body })
    }
}

impl Read for NewFolder {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<NewFolder, Fault> {
        let Some(kind) = FolderKind::from_element(element.name()) else { return Err(c.unexpected(element)) };
        let Content { props, extended, .. } = content(c, ObjectKind::Folder(kind), can::CREATE)?;
        Ok(NewFolder { kind, props, extended })
    }
}

/// Reads an object's properties and leaves its element. Order is not insisted on; doubles are refused.
pub(crate) fn content(c: &mut Cursor<'_>, kind: ObjectKind, ability: u8) -> Result<Content, Fault> {
    let mut content = Content::default();
    while let Some(child) = c.child()? {
        match (child.name(), kind) {
            ("ReferenceItemId", ObjectKind::Response) => content.reference = Some(WireId::read(c, &child)?),
            ("ProposedStart", ObjectKind::Response) => {
                content.props.push((PropId::MeetingProposedStart, Value::Time(c.value(&child)?)));
            }
            ("ProposedEnd", ObjectKind::Response) => {
                content.props.push((PropId::MeetingProposedEnd, Value::Time(c.value(&child)?)));
            }
            ("NewBodyContent", ObjectKind::Response) => content.new_body = Some(Body::read(c, &child)?),
            ("ExtendedProperty", _) => content.extended.push(extended::read_property(c, &child)?),
            (name, kind) => match kind.property(name) {
                Some(id) => read_property(c, &child, id, ability, &mut content)?,
                None => return Err(c.unexpected(&child)),
            },
        }
    }
    content.props.sort_by_key(|(id, _)| *id as usize);
    Ok(content)
}

fn read_property(
    c: &mut Cursor<'_>,
    element: &Element<'_>,
    id: PropId,
    ability: u8,
    content: &mut Content,
) -> Result<(), Fault> {
    let row = id.row();
    if content.props.iter().any(|(known, _)| *known == id) {
        let text = format!("The element '{}' stands there twice.", element.local_name());
        return Err(c.violation(element.at, text));
    }
    if row.ty == Type::Attachments && ability == can::CREATE {
        while let Some(child) = c.child()? {
            content.attachments.push(NewAttachment::read(c, &child)?);
        }
        return Ok(());
    }
    if is_ignored(c, id) {
        return c.skip();
    }
    if !row.allows(ability) {
        let code =
            if ability == can::APPEND { Code::ErrorInvalidPropertyAppend } else { Code::ErrorInvalidPropertySet };
        c.fail(Failure::at(code, id));
        return c.skip();
    }
    if let Some(value) = property::read(c, element, row)? {
        if let (PropId::ItemItemClass, Value::Text(class)) = (id, &value) {
            if class.chars().count() > CLASS {
                return Err(c.wrong_value(element.at, row.element, class, "at most 255 characters"));
            }
        }
        content.props.push((id, value));
    }
    Ok(())
}

/// Characters of an ItemClassType.
const CLASS: usize = 255;

/// Read-only, but no failure to give: servers since 2013 take no notice of it (MS-OXWSCORE, item:StoreEntryId).
pub(crate) fn is_ignored(c: &Cursor<'_>, id: PropId) -> bool {
    id == PropId::ItemStoreEntryId && c.reading.version >= Version::Exchange2013
}
