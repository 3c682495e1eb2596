//! The frame of a TNEF stream: signature, key, attributes one behind the other (MS-OXTNEF 2.1.3).
//!
//! What an attribute means is in `legacy.rs`; how the stream becomes a message is in `stream.rs`.

use crate::budget::{Damage, Limit, Meter};
use crate::cursor::Cursor;
use std::fmt;

/// The first four octets, as a number.
pub const SIGNATURE: u32 = 0x223e_9f78;

/// Ids of attributes: the lower half of what stands in the stream; the upper half is the type.
pub mod id {
    pub const OWNER: u16 = 0x0000;
    pub const SENT_FOR: u16 = 0x0001;
    pub const DELEGATE: u16 = 0x0002;
    /// attDateStart; as [`super::WORD`] it is attOriginalMessageClass.
    pub const DATE_START: u16 = 0x0006;
    pub const DATE_END: u16 = 0x0007;
    pub const AID_OWNER: u16 = 0x0008;
    pub const REQUEST_RES: u16 = 0x0009;
    pub const FROM: u16 = 0x8000;
    pub const SUBJECT: u16 = 0x8004;
    pub const DATE_SENT: u16 = 0x8005;
    pub const DATE_RECEIVED: u16 = 0x8006;
    pub const MESSAGE_STATUS: u16 = 0x8007;
    pub const MESSAGE_CLASS: u16 = 0x8008;
    pub const MESSAGE_ID: u16 = 0x8009;
    pub const PARENT_ID: u16 = 0x800a;
    pub const CONVERSATION_ID: u16 = 0x800b;
    pub const BODY: u16 = 0x800c;
    pub const PRIORITY: u16 = 0x800d;
    pub const ATTACH_DATA: u16 = 0x800f;
    pub const ATTACH_TITLE: u16 = 0x8010;
    pub const ATTACH_META_FILE: u16 = 0x8011;
    pub const ATTACH_CREATE_DATE: u16 = 0x8012;
    pub const ATTACH_MODIFY_DATE: u16 = 0x8013;
    pub const DATE_MODIFIED: u16 = 0x8020;
    pub const ATTACH_TRANSPORT_NAME: u16 = 0x9001;
    pub const ATTACH_REND_DATA: u16 = 0x9002;
    pub const MSG_PROPS: u16 = 0x9003;
    pub const RECIP_TABLE: u16 = 0x9004;
    pub const ATTACHMENT: u16 = 0x9005;
    pub const TNEF_VERSION: u16 = 0x9006;
    pub const OEM_CODEPAGE: u16 = 0x9007;
}

/// The type of the attributes that hold a message class.
pub const WORD: u16 = 7;

/// Where an attribute belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Message,
    Attachment,
}

/// One attribute as it stands in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    pub level: Level,
    pub id: u16,
    pub ty: u16,
    pub data: &'a [u8],
}

impl Attribute<'_> {
    pub fn is_original_class(&self) -> bool {
        self.id == id::DATE_START && self.ty == WORD
    }

    /// Old writers made wrong checksums for classes, so those say nothing (MS-OXTNEF 2.3.3.4).
    fn has_checksum(&self) -> bool {
        self.id != id::MESSAGE_CLASS && !self.is_original_class()
    }
}

/// The octets have no TNEF signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTnef;

impl fmt::Display for NotTnef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no TNEF signature: these octets are no winmail.dat")
    }
}

impl std::error::Error for NotTnef {}

/// The key and the attributes, as far as they can be read.
pub(crate) fn frame<'a>(octets: &'a [u8], meter: &mut Meter) -> Result<(u16, Vec<Attribute<'a>>), NotTnef> {
    let mut cursor = Cursor::new(octets);
    if cursor.u32() != Some(SIGNATURE) {
        return Err(NotTnef);
    }
    let Some(key) = cursor.u16() else {
        meter.tell(Damage::Truncated);
        return Ok((0, Vec::new()));
    };
    let mut attributes = Vec::new();
    while let Some(attribute) = next(&mut cursor, meter) {
        if !meter.take(Limit::Attributes) {
            break;
        }
        attributes.push(attribute);
    }
    Ok((key, attributes))
}

fn next<'a>(cursor: &mut Cursor<'a>, meter: &mut Meter) -> Option<Attribute<'a>> {
    let level = match cursor.u8()? {
        1 => Level::Message,
        2 => Level::Attachment,
        other => {
            // Some gateways fill the part up with zeros or a line end.
            let filling = |octet: &u8| matches!(octet, 0 | b'\r' | b'\n');
            meter.step(cursor.rest().len());
            if !(filling(&other) && cursor.rest().iter().all(filling)) {
                meter.tell(Damage::Trailing);
            }
            return None;
        }
    };
    let head = cursor.u16().zip(cursor.u16()).zip(cursor.u32());
    let Some(((id, ty), length)) = head else {
        meter.tell(Damage::Truncated);
        return None;
    };
    let Some(data) = cursor.counted(length) else {
        meter.tell(Damage::Truncated);
        let data = cursor.rest();
        *cursor = Cursor::new(&[]);
        return Some(Attribute { level, id, ty, data });
    };
    let attribute = Attribute { level, id, ty, data };
    meter.step(data.len() + 11);
    match cursor.u16() {
        None => meter.tell(Damage::Truncated),
        Some(sum) if attribute.has_checksum() && sum != checksum(data) => meter.tell(Damage::Checksum(id)),
        Some(_) => {}
    }
    Some(attribute)
}

/// The sum of the octets, modulo 65536.
pub fn checksum(data: &[u8]) -> u16 {
    data.iter().fold(0, |sum: u16, &octet| sum.wrapping_add(u16::from(octet)))
}
