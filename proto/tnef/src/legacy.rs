//! Attributes older than MAPI, as the properties they stand for (MS-OXTNEF 2.1.3.3, 2.3.3).
//!
//! They count only where the lists of properties do not have the same property.

use crate::attribute::{Attribute, id};
use crate::budget::{Damage, Meter};
use crate::codepage::{self, Charset};
use crate::cursor::Cursor;
use crate::property::{Properties, Property, without_nul};
use crate::tag;
use crate::value::{FileTime, Value};
use ewsd_model::property::mapi::{ExtendedName, ExtendedPath, MapiType};
use jiff::civil::DateTime;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What a stream calls a class, and what it is (MS-OXTNEF 2.3.3.4).
const CLASSES: &[(&str, &str)] = &[
    ("IPM.Microsoft Mail.Note", "IPM.Note"),
    ("IPM.Microsoft Mail.Read Receipt", "Report.IPM.Note.IPNRN"),
    ("IPM.Microsoft Mail.Non-Delivery", "Report.IPM.Note.NDR"),
    ("IPM.Microsoft Schedule.MtgRespP", "IPM.Schedule.Meeting.Resp.Pos"),
    ("IPM.Microsoft Schedule.MtgRespN", "IPM.Schedule.Meeting.Resp.Neg"),
    ("IPM.Microsoft Schedule.MtgRespA", "IPM.Schedule.Meeting.Resp.Tent"),
    ("IPM.Microsoft Schedule.MtgReq", "IPM.Schedule.Meeting.Request"),
    ("IPM.Microsoft Schedule.MtgCncl", "IPM.Schedule.Meeting.Canceled"),
];

const OLD_PREFIX: &str = "Microsoft Mail v3.0 ";

/// The message class that an attribute's value stands for.
pub fn message_class(told: &str) -> &str {
    let bare = told.strip_prefix(OLD_PREFIX).unwrap_or(told);
    CLASSES.iter().find(|row| row.0.eq_ignore_ascii_case(bare)).map_or(told, |row| row.1)
}

/// Adds to `properties` what the attributes say and they do not.
pub(crate) fn add<'a>(
    attributes: &[Attribute<'a>],
    properties: &mut Properties<'a>,
    charset: Option<Charset>,
    meter: &mut Meter,
) {
    let mut known: BTreeSet<u16> = properties.iter().filter_map(number).collect();
    let mut reader = Reader { charset, meter, found: Vec::new() };
    let class = properties.text(tag::MESSAGE_CLASS).map(str::to_owned).or_else(|| reader.class_of(attributes));
    for attribute in attributes {
        reader.meter.step(1);
        if reader.read(attribute, class.as_deref()).is_none() {
            reader.meter.tell(Damage::Attribute(attribute.id));
        }
        for property in reader.found.drain(..) {
            if number(&property).is_some_and(|tag| known.insert(tag)) {
                properties.0.push(property);
            }
        }
    }
}

fn number(property: &Property<'_>) -> Option<u16> {
    match property.path.name {
        ExtendedName::Tag(tag) => Some(tag),
        _ => None,
    }
}

struct Reader<'a, 'm> {
    charset: Option<Charset>,
    meter: &'m mut Meter,
    found: Vec<Property<'a>>,
}

impl<'a> Reader<'a, '_> {
    fn class_of(&mut self, attributes: &[Attribute<'a>]) -> Option<String> {
        let attribute = attributes.iter().find(|attribute| attribute.id == id::MESSAGE_CLASS)?;
        Some(message_class(&self.text(attribute.data)).to_owned())
    }

    /// None if the data are not built as the attribute's should be.
    fn read(&mut self, attribute: &Attribute<'a>, class: Option<&str>) -> Option<()> {
        let data = attribute.data;
        match attribute.id {
            _ if attribute.is_original_class() => self.class(tag::ORIGINAL_MESSAGE_CLASS, data),
            id::MESSAGE_CLASS => self.class(tag::MESSAGE_CLASS, data),
            id::SUBJECT => self.put_text(tag::SUBJECT, data),
            id::BODY => self.put_text(tag::BODY, data),
            id::ATTACH_TITLE => self.put_text(tag::ATTACH_FILENAME, data),
            id::ATTACH_TRANSPORT_NAME => self.put_text(tag::ATTACH_TRANSPORT_NAME, data),
            id::DATE_START => self.date(tag::START_DATE, data)?,
            id::DATE_END => self.date(tag::END_DATE, data)?,
            id::DATE_SENT => self.date(tag::CLIENT_SUBMIT_TIME, data)?,
            id::DATE_RECEIVED => self.date(tag::MESSAGE_DELIVERY_TIME, data)?,
            id::DATE_MODIFIED | id::ATTACH_MODIFY_DATE => self.date(tag::LAST_MODIFICATION_TIME, data)?,
            id::ATTACH_CREATE_DATE => self.date(tag::CREATION_TIME, data)?,
            id::AID_OWNER => self.int(tag::OWNER_APPOINTMENT_ID, Cursor::new(data).i32()?.into()),
            id::REQUEST_RES => {
                let wanted = Cursor::new(data).u16()? != 0;
                self.put(tag::RESPONSE_REQUESTED, MapiType::Boolean, Value::Bool(wanted));
            }
            id::MESSAGE_ID => self.hex(tag::SEARCH_KEY, data)?,
            id::PARENT_ID => self.hex(tag::PARENT_KEY, data)?,
            id::CONVERSATION_ID => self.hex(tag::CONVERSATION_KEY, data)?,
            id::MESSAGE_STATUS => self.int(tag::MESSAGE_FLAGS, flags(Cursor::new(data).u8()?)),
            id::PRIORITY => self.priority(Cursor::new(data).u16()?),
            id::FROM => self.from(data)?,
            id::SENT_FOR => self.person(&tag::SENT_REPRESENTING, data)?,
            id::OWNER => {
                let answer = class.is_some_and(|class| class.starts_with("IPM.Schedule.Meeting.Resp"));
                self.person(if answer { &tag::RECEIVED_REPRESENTING } else { &tag::SENT_REPRESENTING }, data)?;
            }
            id::ATTACH_META_FILE => {
                self.put(tag::ATTACH_RENDERING, MapiType::Binary, Value::Binary(Cow::Borrowed(data)));
            }
            _ => {}
        }
        Some(())
    }

    fn put(&mut self, tag: u16, ty: MapiType, value: Value<'a>) {
        self.found.push(Property { path: ExtendedPath::tag(tag, ty), value });
    }

    fn int(&mut self, tag: u16, number: i64) {
        self.put(tag, MapiType::Integer, Value::Int(number));
    }

    fn text(&mut self, data: &[u8]) -> String {
        let text = codepage::guess(self.charset, self.meter.cut(data));
        self.meter.keep(without_nul(text))
    }

    fn put_text(&mut self, tag: u16, data: &[u8]) {
        let text = self.text(data);
        self.put(tag, MapiType::String, Value::Text(text));
    }

    fn class(&mut self, tag: u16, data: &[u8]) {
        let told = self.text(data);
        self.put(tag, MapiType::String, Value::Text(message_class(&told).to_owned()));
    }

    /// Year, month, day, hour, minute, second, day of the week, each of 16 bits (MS-OXTNEF 2.1.3.3.6). They tell no
    /// offset, so they are read as UTC; the list of properties has the exact time.
    fn date(&mut self, tag: u16, data: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(data);
        let mut next = || cursor.i16();
        let (year, month, day, hour, minute, second) = (next()?, next()?, next()?, next()?, next()?, next()?);
        if year == 0 && month == 0 {
            // Nothing told.
            return Some(());
        }
        let small = |number: i16| i8::try_from(number).ok();
        let time =
            DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, 0).ok()?;
        let seconds = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
        self.put(tag, MapiType::SystemTime, Value::Time(FileTime::from_unix(seconds)));
        Some(())
    }

    /// A key written in hexadecimal digits.
    fn hex(&mut self, tag: u16, data: &[u8]) -> Option<()> {
        let digits = data.strip_suffix(b"\0").unwrap_or(data);
        let digit = |octet: u8| char::from(octet).to_digit(16);
        let octets = digits.chunks(2).map(|pair| match *pair {
            [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
            _ => None,
        });
        let octets: Vec<u8> = octets.collect::<Option<_>>()?;
        self.put(tag, MapiType::Binary, Value::Binary(Cow::Owned(octets)));
        Some(())
    }

    /// 1 high, 2 normal, 3 low, as importance.
    fn priority(&mut self, told: u16) {
        self.int(
            tag::IMPORTANCE,
            match told {
                1 => 2,
                3 => 0,
                _ => 1,
            },
        );
    }

    /// A TRP: kind, length of the group, lengths of name and address, then both (MS-OXTNEF 2.1.3.3.9).
    fn from(&mut self, data: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(data);
        let (_kind, _group) = cursor.u16().zip(cursor.u16())?;
        let (name, address) = cursor.u16().zip(cursor.u16())?;
        let name = cursor.take(name.into())?;
        let address = cursor.take(address.into())?;
        self.name_and_address(&tag::SENDER, name, address);
        Some(())
    }

    /// Lengths and texts of a name and an address (MS-OXTNEF 2.1.3.3.16).
    fn person(&mut self, tags: &tag::Person, data: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(data);
        let length = cursor.u16()?;
        let name = cursor.take(length.into())?;
        let length = cursor.u16()?;
        let address = cursor.take(length.into())?;
        self.name_and_address(tags, name, address);
        Some(())
    }

    fn name_and_address(&mut self, tags: &tag::Person, name: &[u8], address: &[u8]) {
        self.put_text(tags.name, name);
        let told = self.text(address);
        let (ty, address) = told.split_once(':').unwrap_or(("", &told));
        self.put(tags.address_type, MapiType::String, Value::Text(ty.to_owned()));
        self.put(tags.address, MapiType::String, Value::Text(address.to_owned()));
    }
}

/// The status octet as PidTagMessageFlags (MS-OXTNEF 2.1.3.3.8).
fn flags(status: u8) -> i64 {
    let has = |bit: u8| status & bit != 0;
    let pairs = [(has(0x20), 0x01), (!has(0x01), 0x02), (has(0x04), 0x04), (has(0x80), 0x10)];
    pairs.iter().filter(|pair| pair.0).map(|pair| pair.1).sum()
}
