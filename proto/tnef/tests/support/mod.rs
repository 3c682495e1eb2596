//! Writers of what the crate reads, so that expected values are the tests' own.
#![allow(dead_code)]

pub mod lzfu;

use ewsd_tnef::{Budget, Message, Tnef, id, tag};

pub const MESSAGE: u8 = 1;
pub const ATTACHMENT: u8 = 2;
pub const IID_MESSAGE: [u8; 16] = [7, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];
pub const IID_STORAGE: [u8; 16] = [0xb, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];
/// PS_PUBLIC_STRINGS as a stream holds it.
pub const PUBLIC_STRINGS: [u8; 16] = [0x29, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];
/// PSETID_Common.
pub const COMMON: [u8; 16] = [8, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];

pub fn read(octets: &[u8]) -> Message<'_> {
    ewsd_tnef::read(octets, &Budget::default()).unwrap()
}

pub fn parse(octets: &[u8]) -> Tnef<'_> {
    ewsd_tnef::parse(octets, &Budget::default()).unwrap()
}

pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A stream being written.
#[derive(Clone)]
pub struct Stream(pub Vec<u8>);

impl Stream {
    /// Signature and key only.
    pub fn bare() -> Stream {
        Stream([&0x223e_9f78_u32.to_le_bytes()[..], &7_u16.to_le_bytes()].concat())
    }

    /// As writers begin: version and code page.
    pub fn new(page: u32) -> Stream {
        let pages = [page.to_le_bytes(), [0; 4]].concat();
        Stream::bare().put(MESSAGE, id::TNEF_VERSION, 8, &0x0001_0000_u32.to_le_bytes()).put(
            MESSAGE,
            id::OEM_CODEPAGE,
            6,
            &pages,
        )
    }

    pub fn put(self, level: u8, id: u16, ty: u16, data: &[u8]) -> Stream {
        let sum = data.iter().fold(0_u16, |sum, octet| sum.wrapping_add(u16::from(*octet)));
        self.put_summed(level, id, ty, data, sum)
    }

    pub fn put_summed(mut self, level: u8, id: u16, ty: u16, data: &[u8], sum: u16) -> Stream {
        self.0.push(level);
        self.0.extend(id.to_le_bytes());
        self.0.extend(ty.to_le_bytes());
        self.0.extend((data.len() as u32).to_le_bytes());
        self.0.extend(data);
        self.0.extend(sum.to_le_bytes());
        self
    }

    pub fn text(self, id: u16, text: &[u8]) -> Stream {
        self.put(MESSAGE, id, 1, &[text, b"\0"].concat())
    }

    pub fn class(self, class: &str) -> Stream {
        self.put(MESSAGE, id::MESSAGE_CLASS, 7, format!("{class}\0").as_bytes())
    }

    pub fn date(self, id: u16, parts: [u16; 6]) -> Stream {
        let data: Vec<u8> = parts.iter().chain(&[0]).flat_map(|part| part.to_le_bytes()).collect();
        self.put(MESSAGE, id, 3, &data)
    }

    pub fn props(self, props: &Props) -> Stream {
        self.put(MESSAGE, id::MSG_PROPS, 6, &props.bytes())
    }

    pub fn recipients(self, rows: &[Props]) -> Stream {
        let mut data = (rows.len() as u32).to_le_bytes().to_vec();
        rows.iter().for_each(|row| data.extend(row.bytes()));
        self.put(MESSAGE, id::RECIP_TABLE, 6, &data)
    }

    /// attAttachRendData of a file.
    pub fn attach(self) -> Stream {
        self.attach_kind(1)
    }

    pub fn attach_kind(self, kind: u16) -> Stream {
        let data = [&kind.to_le_bytes()[..], &u32::MAX.to_le_bytes(), &[0x20, 0, 0x20, 0], &[0; 4]].concat();
        self.put(ATTACHMENT, id::ATTACH_REND_DATA, 6, &data)
    }

    pub fn title(self, name: &[u8]) -> Stream {
        self.put(ATTACHMENT, id::ATTACH_TITLE, 1, &[name, b"\0"].concat())
    }

    pub fn data(self, data: &[u8]) -> Stream {
        self.put(ATTACHMENT, id::ATTACH_DATA, 6, data)
    }

    pub fn attach_props(self, props: &Props) -> Stream {
        self.put(ATTACHMENT, id::ATTACHMENT, 6, &props.bytes())
    }
}

/// A list of properties being written.
#[derive(Clone, Default)]
pub struct Props {
    count: u32,
    data: Vec<u8>,
}

/// A value as it stands in a stream.
#[derive(Clone, Debug)]
pub enum V {
    Null,
    I2(i16),
    I4(i32),
    R4(f32),
    R8(f64),
    Currency(i64),
    AppTime(f64),
    Error(u32),
    Bool(bool),
    I8(i64),
    Time(i64),
    Clsid([u8; 16]),
    Str8(Vec<u8>),
    Uni(String),
    Bin(Vec<u8>),
    Obj([u8; 16], Vec<u8>),
    Many(Vec<V>),
}

fn padded(octets: &[u8]) -> Vec<u8> {
    let mut data = octets.to_vec();
    data.resize(data.len().next_multiple_of(4), 0);
    data
}

fn counted(octets: &[u8]) -> Vec<u8> {
    [(octets.len() as u32).to_le_bytes().to_vec(), padded(octets)].concat()
}

impl V {
    pub fn ty(&self) -> u16 {
        match self {
            V::Null => 1,
            V::I2(_) => 2,
            V::I4(_) => 3,
            V::R4(_) => 4,
            V::R8(_) => 5,
            V::Currency(_) => 6,
            V::AppTime(_) => 7,
            V::Error(_) => 0xa,
            V::Bool(_) => 0xb,
            V::Obj(..) => 0xd,
            V::I8(_) => 0x14,
            V::Str8(_) => 0x1e,
            V::Uni(_) => 0x1f,
            V::Time(_) => 0x40,
            V::Clsid(_) => 0x48,
            V::Bin(_) => 0x102,
            V::Many(values) => 0x1000 | values[0].ty(),
        }
    }

    fn is_counted(&self) -> bool {
        matches!(self, V::Str8(_) | V::Uni(_) | V::Bin(_) | V::Obj(..))
    }

    fn single(&self) -> Vec<u8> {
        match self {
            V::Null => Vec::new(),
            V::I2(number) => padded(&number.to_le_bytes()),
            V::I4(number) => number.to_le_bytes().to_vec(),
            V::R4(number) => number.to_le_bytes().to_vec(),
            V::R8(number) | V::AppTime(number) => number.to_le_bytes().to_vec(),
            V::Currency(number) | V::I8(number) | V::Time(number) => number.to_le_bytes().to_vec(),
            V::Error(number) => number.to_le_bytes().to_vec(),
            V::Bool(is) => padded(&u16::from(*is).to_le_bytes()),
            V::Clsid(octets) => octets.to_vec(),
            V::Str8(text) => counted(&[&text[..], b"\0"].concat()),
            V::Uni(text) => counted(&utf16(&format!("{text}\0"))),
            V::Bin(octets) => counted(octets),
            V::Obj(interface, octets) => counted(&[&interface[..], octets].concat()),
            V::Many(_) => unreachable!(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            V::Many(values) => {
                let count = (values.len() as u32).to_le_bytes().to_vec();
                values.iter().fold(count, |data, value| [data, value.single()].concat())
            }
            one if one.is_counted() => [1_u32.to_le_bytes().to_vec(), one.single()].concat(),
            one => one.single(),
        }
    }
}

impl Props {
    pub fn new() -> Props {
        Props::default()
    }

    pub fn with(self, tag: u16, value: V) -> Props {
        self.typed(tag, value.ty(), &value.bytes())
    }

    pub fn text(self, tag: u16, text: &str) -> Props {
        self.with(tag, V::Uni(text.to_owned()))
    }

    pub fn typed(mut self, tag: u16, ty: u16, value: &[u8]) -> Props {
        self.count += 1;
        self.data.extend(ty.to_le_bytes());
        self.data.extend(tag.to_le_bytes());
        self.data.extend(value);
        self
    }

    pub fn named_id(self, tag: u16, set: [u8; 16], id: u32, value: V) -> Props {
        let name = [&set[..], &[0; 4], &id.to_le_bytes()].concat();
        self.typed(tag, value.ty(), &[name, value.bytes()].concat())
    }

    pub fn named(self, tag: u16, set: [u8; 16], name: &str, value: V) -> Props {
        let name = [&set[..], &1_u32.to_le_bytes(), &counted(&utf16(&format!("{name}\0")))].concat();
        self.typed(tag, value.ty(), &[name, value.bytes()].concat())
    }

    pub fn bytes(&self) -> Vec<u8> {
        [&self.count.to_le_bytes()[..], &self.data].concat()
    }

    pub fn rtf(self, rtf: &[u8]) -> Props {
        self.with(tag::RTF_COMPRESSED, V::Bin(lzfu::compress(rtf)))
    }
}

/// A row of the table of recipients.
pub fn recipient(role: i32, name: &str, ty: &str, address: &str) -> Props {
    Props::new()
        .with(tag::RECIPIENT_TYPE, V::I4(role))
        .text(tag::DISPLAY_NAME, name)
        .text(tag::ADDRESS_TYPE, ty)
        .text(tag::EMAIL_ADDRESS, address)
}

/// A one-off entry id (MS-OXCDATA 2.2.5.1).
pub fn one_off(wide: bool, name: &str, ty: &str, address: &str) -> Vec<u8> {
    let provider = [0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19, 0x9d, 0x6e, 0, 0xdd, 1, 0xf, 0x54, 2];
    let flags: u16 = if wide { 0x9001 } else { 0x1001 };
    let mut id = [&[0; 4][..], &provider, &[0; 2], &flags.to_le_bytes()].concat();
    for text in [name, ty, address] {
        let text = format!("{text}\0");
        id.extend(if wide { utf16(&text) } else { text.into_bytes() });
    }
    id
}
