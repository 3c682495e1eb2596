//! Edits by MAPI name: an extended property sets the property that it is another name of, a part of one, or its own value
//! (MS-OXWSXPROP). What stands for what is the model's alias table; reading goes the same way in `property/extended.rs`.

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::path::Path;
use ewsd_model::property::alias::{Alias, FlagPart, Part, TimeOctets, written_message_flags};
use ewsd_model::property::mapi::{ExtendedValue, Scalar};
use ewsd_model::property::{Column, ExtendedPath, Source, Type, bit};
use ewsd_model::value::{Body, BodyType, Mailbox};
use ewsd_model::{PropId, Value};
use ewsd_store::json;

use super::edit::Edit;
use crate::calendar::blob;
use crate::property::extended;

impl Edit<'_> {
    /// Sets a MAPI property: the property that it is another name of, or its own value.
    pub fn set_extended(&mut self, path: &ExtendedPath, value: &ExtendedValue) -> Result<(), Failure> {
        let invalid = || Failure::at(Code::ErrorInvalidExtendedPropertyValue, Path::Extended(path.clone()));
        let int = || match value {
            ExtendedValue::One(Scalar::Int(number)) => i32::try_from(*number).ok().ok_or_else(invalid),
            _ => Err(invalid()),
        };
        let time = || match value {
            ExtendedValue::One(Scalar::Time(time)) => Ok(*time),
            _ => Err(invalid()),
        };
        let text = || match value {
            ExtendedValue::One(Scalar::Text(text)) => Ok(text.clone()),
            _ => Err(invalid()),
        };
        match path.alias(self.kind.kinds()) {
            None | Some(Alias::Header) => {
                let key = path.key();
                self.ext.insert(key.clone(), json::encode_extended(value));
                self.touched_keys.insert(key);
            }
            Some(Alias::Prop(id)) if extended::is_number(id, path.ty) => self.set_number(id, int()?),
            Some(Alias::Prop(id)) => return self.set_alias(id, extended::to_value(id, value).ok_or_else(invalid)?),
            Some(Alias::Part(id, part)) => self.set_part(id, part, text()?)?,
            Some(Alias::Entry(id, key)) => {
                let text = text()?;
                self.put_entry(id, key, Some(text.into()));
            }
            Some(Alias::EntryPart(id, key, part)) => {
                let text = text()?;
                self.put_entry_part(id, key, part_name(part), part_name(Part::Address), Some(text));
            }
            Some(Alias::Postal(id, key, part)) => {
                let text = text()?;
                self.put_entry_part(id, key, part.element(), "", Some(text));
            }
            Some(Alias::Flag(part)) => {
                self.touched.insert(PropId::ItemFlag);
                match part {
                    FlagPart::Status => self.set_flag_status(Some(int()?)),
                    part => self.put_time(flag_column(part), Some(time()?)),
                }
            }
            Some(Alias::MessageFlags) => self.set_message_flags(int()?),
            Some(Alias::PlainBody) => self.set_body_text(value, BodyType::Text).ok_or_else(invalid)?,
            Some(Alias::HtmlBody) => self.set_body_text(value, BodyType::Html).ok_or_else(invalid)?,
            Some(Alias::Octets(which)) => match value {
                ExtendedValue::One(Scalar::Bytes(octets)) => blob::set(self, which, octets, path)?,
                _ => return Err(invalid()),
            },
            // Followed by the server: MAPI lets them be written and keeps its own value.
            Some(_) => {}
        }
        Ok(())
    }

    /// Takes a MAPI property away.
    pub fn unset_extended(&mut self, path: &ExtendedPath) -> Result<(), Failure> {
        match path.alias(self.kind.kinds()) {
            None | Some(Alias::Header) => {
                let key = path.key();
                self.ext.insert(key.clone(), serde_json::Value::Null);
                self.touched_keys.insert(key);
                Ok(())
            }
            Some(Alias::Prop(id)) if is_followed(id) => Ok(()),
            Some(Alias::Prop(id)) => self.unset(id),
            Some(Alias::Flag(FlagPart::Status)) => self.unset(PropId::ItemFlag),
            Some(Alias::Flag(part)) => {
                self.touched.insert(PropId::ItemFlag);
                self.unset_column(flag_column(part));
                Ok(())
            }
            Some(Alias::PlainBody | Alias::HtmlBody) => self.unset(PropId::ItemBody),
            Some(Alias::Entry(id, key)) => {
                self.put_entry(id, key, None);
                Ok(())
            }
            Some(Alias::EntryPart(id, key, part)) => {
                self.put_entry_part(id, key, part_name(part), part_name(Part::Address), None);
                Ok(())
            }
            Some(Alias::Postal(id, key, part)) => {
                self.put_entry_part(id, key, part.element(), "", None);
                Ok(())
            }
            Some(Alias::Octets(TimeOctets::Recurrence)) => self.unset(PropId::CalendarRecurrence),
            // There is no item without a zone.
            Some(Alias::Octets(_)) => Ok(()),
            Some(_) => Err(Failure::at(Code::ErrorInvalidPropertyDelete, Path::Extended(path.clone()))),
        }
    }

    /// A row by its MAPI name: more can be written that way than the documents allow under the FieldURI, and what the
    /// server follows by itself is let pass.
    fn set_alias(&mut self, id: PropId, value: Value) -> Result<(), Failure> {
        if is_followed(id) { Ok(()) } else { self.set(id, value) }
    }

    /// The number of a property of words. There are more numbers than words: those without one are kept as they are, told
    /// by this name alone.
    fn set_number(&mut self, id: PropId, number: i32) {
        self.settle_one(id);
        let before = self.snapshot(id);
        let row = id.row();
        match (row.source, row.word_of(number)) {
            (Source::Column(column), _) => self.set_column(column, Value::Int(number)),
            (_, Some(word)) => self.set_member(row.element, Value::Text(word.to_owned())),
            (_, None) => self.set_member(row.element, Value::Int(number)),
        }
        self.note(id, before);
    }

    fn set_body_text(&mut self, value: &ExtendedValue, body_type: BodyType) -> Option<()> {
        let text = extended::body_text(value)?.into_owned();
        self.set_body(Some(Body { body_type, text, truncated: None }));
        Some(())
    }

    /// Name, address or routing of one mailbox; the rest of it stays.
    fn set_part(&mut self, id: PropId, part: Part, text: String) -> Result<(), Failure> {
        let mut mailbox = match id.row().source {
            Source::Column(column) => match self.column(column) {
                Some(Value::Mailbox(mailbox)) => mailbox.clone(),
                _ => Mailbox::default(),
            },
            _ => match self.member(id.row().element).and_then(|member| json::decode(Type::SingleRecipient, member)) {
                Some(Value::Mailbox(mailbox)) => mailbox,
                _ => Mailbox::default(),
            },
        };
        match part {
            Part::Name => mailbox.name = Some(text),
            Part::Address => mailbox.address = Some(text),
            Part::Routing => mailbox.routing = Some(text),
        }
        self.set(id, Value::Mailbox(mailbox))
    }

    /// PidTagMessageFlags. A new message without the draft's bit is none.
    fn set_message_flags(&mut self, value: i32) {
        let before = self.flags();
        let after = written_message_flags(value, before);
        for mask in [bit::READ, bit::UNMODIFIED, bit::DRAFT, bit::FROM_ME, bit::RESEND] {
            self.set_bit(mask, after & mask != 0);
        }
        self.touched.extend([PropId::ItemIsDraft, PropId::MessageIsRead]);
        self.changed.extend([PropId::ItemIsDraft, PropId::MessageIsRead]);
    }
}

/// Rows that follow the item whatever is written to them.
fn is_followed(id: PropId) -> bool {
    matches!(
        id,
        PropId::ItemSize
            | PropId::ItemHasAttachments
            | PropId::ItemLastModifiedTime
            | PropId::ItemLastModifiedName
            | PropId::ItemDisplayTo
            | PropId::ItemDisplayCc
            | PropId::ItemDisplayBcc
            | PropId::ItemConversationId
            | PropId::ContactHasPicture
    )
}

/// What the document of a mailbox calls its parts.
fn part_name(part: Part) -> &'static str {
    match part {
        Part::Name => "name",
        Part::Address => "address",
        Part::Routing => "routing",
    }
}

fn flag_column(part: FlagPart) -> Column {
    match part {
        FlagPart::Status => Column::FlagStatus,
        FlagPart::Start => Column::FlagStart,
        FlagPart::Due => Column::FlagDue,
        FlagPart::Complete => Column::FlagComplete,
    }
}
