//! A TNEF stream as a message with its recipients and attachments (MS-OXTNEF 2.3).
//!
//! Everything the stream says is here, typed; what a reader of mail wants of it is in `message.rs`.

use crate::attribute::{self, Attribute, Level, NotTnef, SIGNATURE, id};
use crate::budget::{Budget, Damage, Limit, Meter};
use crate::codepage::Charset;
use crate::cursor::Cursor;
use crate::legacy;
use crate::property::{self, Properties, Property};
use crate::tag;
use crate::value::Value;
use ewsd_model::id::Guid;
use ewsd_model::property::mapi::{ExtendedPath, MapiType};
use std::borrow::Cow;

/// {00020307-0000-0000-C000-000000000046}: an object that is a message.
const IID_MESSAGE: Guid = Guid(0x0002_0307_0000_0000_c000_0000_0000_0046_u128.to_be_bytes());

/// A stream that was read. `'a` are its octets, which it does not copy.
#[derive(Clone, Debug, PartialEq)]
pub struct Tnef<'a> {
    /// What joins attachments to the text, in old gateways.
    pub key: u16,
    /// The code page that its 8-bit texts were decoded by, if one was told.
    pub code_page: Option<u32>,
    /// The attributes of the message, as they stood.
    pub attributes: Vec<Attribute<'a>>,
    /// The list of properties, then what attributes say besides.
    pub properties: Properties<'a>,
    pub recipients: Vec<Properties<'a>>,
    pub attachments: Vec<Attachment<'a>>,
    pub damage: Vec<Damage>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Attachment<'a> {
    pub attributes: Vec<Attribute<'a>>,
    pub properties: Properties<'a>,
    pub content: Content<'a>,
}

/// What is attached.
#[derive(Clone, Debug, PartialEq)]
pub enum Content<'a> {
    /// Neither data nor an object: a reference to a file elsewhere, or lost.
    Nothing,
    Octets(&'a [u8]),
    Message(Box<Tnef<'a>>),
    /// An OLE object of this interface, as its storage stands in the stream.
    Object(Guid, &'a [u8]),
}

/// Reads a stream.
pub fn parse<'a>(octets: &'a [u8], budget: &Budget) -> Result<Tnef<'a>, NotTnef> {
    parse_with(octets, None, &mut Meter::new(budget))
}

/// Reads a stream whose 8-bit texts are of the outer message's code page unless it tells its own.
pub(crate) fn parse_with<'a>(octets: &'a [u8], outer: Option<u32>, meter: &mut Meter) -> Result<Tnef<'a>, NotTnef> {
    let (key, all) = attribute::frame(octets, meter)?;
    let code_page = code_page(&all, meter).or(outer);
    let charset = code_page.and_then(Charset::of_text_page);
    let (message, parts) = split(&all, meter);
    let mut tnef = Tnef {
        key,
        code_page,
        properties: properties(&message, id::MSG_PROPS, charset, meter),
        attributes: message,
        recipients: Vec::new(),
        attachments: Vec::new(),
        damage: Vec::new(),
    };
    legacy::add(&tnef.attributes, &mut tnef.properties, charset, meter);
    for table in tnef.attributes.iter().filter(|attribute| attribute.id == id::RECIP_TABLE) {
        recipients(table.data, charset, &mut tnef.recipients, meter);
    }
    tnef.attachments = parts.into_iter().map(|part| attachment(part, code_page, meter)).collect();
    tnef.damage = meter.damage();
    Ok(tnef)
}

/// attOemCodepage; else what the properties say of the message's texts. Only pages that are known here count.
fn code_page(all: &[Attribute<'_>], meter: &mut Meter) -> Option<u32> {
    let known = |page: &u32| Charset::of_text_page(*page).is_some();
    let told = all.iter().find(|attribute| attribute.id == id::OEM_CODEPAGE);
    if let Some(page) = told.and_then(|attribute| Cursor::new(attribute.data).u32()).filter(known) {
        return Some(page);
    }
    let list = all.iter().find(|attribute| attribute.id == id::MSG_PROPS && attribute.level == Level::Message)?;
    // Read once for this alone; it costs work and leaves the budget for the second reading.
    let mut probe = meter.clone();
    let properties = property::list(&mut Cursor::new(list.data), None, &mut probe);
    let spent = usize::try_from(probe.steps() - meter.steps()).unwrap_or(usize::MAX);
    meter.step(spent);
    let page = |tag| properties.int(tag).and_then(|page| u32::try_from(page).ok()).filter(known);
    page(tag::MESSAGE_CODEPAGE).or_else(|| page(tag::INTERNET_CODEPAGE))
}

/// The message's attributes, and those of each attachment: attAttachRendData begins one.
fn split<'a>(all: &[Attribute<'a>], meter: &mut Meter) -> (Vec<Attribute<'a>>, Vec<Vec<Attribute<'a>>>) {
    let mut message = Vec::new();
    let mut parts: Vec<Vec<Attribute<'a>>> = Vec::new();
    for attribute in all {
        if attribute.level == Level::Message {
            message.push(*attribute);
            continue;
        }
        match parts.last_mut() {
            Some(part) if attribute.id != id::ATTACH_REND_DATA => part.push(*attribute),
            _ if meter.take(Limit::Attachments) => parts.push(vec![*attribute]),
            _ => break,
        }
    }
    (message, parts)
}

/// The lists of properties of one level, together.
fn properties<'a>(
    attributes: &[Attribute<'a>],
    list: u16,
    charset: Option<Charset>,
    meter: &mut Meter,
) -> Properties<'a> {
    let mut all = Properties::default();
    for attribute in attributes.iter().filter(|attribute| attribute.id == list) {
        all.0.append(&mut property::list(&mut Cursor::new(attribute.data), charset, meter).0);
    }
    all
}

/// A counted list of counted lists (MS-OXTNEF 2.1.3.3.22).
fn recipients<'a>(data: &'a [u8], charset: Option<Charset>, rows: &mut Vec<Properties<'a>>, meter: &mut Meter) {
    let mut cursor = Cursor::new(data);
    let Some(count) = cursor.u32() else {
        return meter.tell(Damage::Attribute(id::RECIP_TABLE));
    };
    for _ in 0..count {
        if cursor.rest().is_empty() {
            return meter.tell(Damage::Attribute(id::RECIP_TABLE));
        }
        if !meter.take(Limit::Recipients) {
            return;
        }
        let row = property::list(&mut cursor, charset, meter);
        if !row.0.is_empty() {
            rows.push(row);
        }
    }
}

fn attachment<'a>(attributes: Vec<Attribute<'a>>, code_page: Option<u32>, meter: &mut Meter) -> Attachment<'a> {
    let charset = code_page.and_then(Charset::of_text_page);
    let mut properties = properties(&attributes, id::ATTACHMENT, charset, meter);
    legacy::add(&attributes, &mut properties, charset, meter);
    rendering(&attributes, &mut properties);
    let content = content(&attributes, &properties, code_page, meter);
    Attachment { attributes, properties, content }
}

/// attAttachRendData: kind (2 is OLE), place in the text, width, height, flags (MS-OXTNEF 2.1.3.3.15).
fn rendering<'a>(attributes: &[Attribute<'a>], properties: &mut Properties<'a>) {
    let data = attributes.iter().find(|attribute| attribute.id == id::ATTACH_REND_DATA);
    let mut cursor = Cursor::new(data.map_or(&[][..], |attribute| attribute.data));
    let (kind, place) = (cursor.u16(), cursor.i32());
    let method = kind.map(|kind| if kind == 2 { 6 } else { 1 });
    let place = place.map(i64::from);
    for (tag, number) in [(tag::ATTACH_METHOD, method), (tag::RENDERING_POSITION, place)] {
        if let Some(number) = number.filter(|_| properties.tag(tag).is_none()) {
            let path = ExtendedPath::tag(tag, MapiType::Integer);
            properties.0.push(Property { path, value: Value::Int(number) });
        }
    }
}

/// The object or the data of the list of properties, else attAttachData.
fn content<'a>(
    attributes: &[Attribute<'a>],
    properties: &Properties<'a>,
    code_page: Option<u32>,
    meter: &mut Meter,
) -> Content<'a> {
    match properties.tag(tag::ATTACH_DATA) {
        Some(Value::Object(IID_MESSAGE, octets)) => return message(octets, code_page, meter),
        Some(Value::Object(interface, octets)) => return Content::Object(*interface, octets),
        Some(Value::Binary(Cow::Borrowed(octets))) if !octets.is_empty() => return Content::Octets(octets),
        _ => {}
    }
    match attributes.iter().find(|attribute| attribute.id == id::ATTACH_DATA) {
        // Some writers put the embedded stream here, with the method that says so.
        Some(Attribute { data, .. }) if properties.int(tag::ATTACH_METHOD) == Some(5) && is_stream(data) => {
            message(data, code_page, meter)
        }
        Some(attribute) => Content::Octets(attribute.data),
        None => Content::Nothing,
    }
}

fn is_stream(octets: &[u8]) -> bool {
    Cursor::new(octets).u32() == Some(SIGNATURE)
}

/// An embedded message is a stream of its own; what is none, or nested too deeply, stays octets.
fn message<'a>(octets: &'a [u8], code_page: Option<u32>, meter: &mut Meter) -> Content<'a> {
    match meter.nested(|meter| parse_with(octets, code_page, meter)) {
        Some(Ok(inner)) => Content::Message(Box::new(inner)),
        Some(Err(NotTnef)) => {
            meter.tell(Damage::Nested);
            Content::Octets(octets)
        }
        None => Content::Octets(octets),
    }
}
