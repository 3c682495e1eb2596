//! Messages with a winmail.dat (MS-OXTNEF), whose attributes say their lengths before their contents.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Contents for so many octets of a stream.
type Fill = fn(usize) -> Vec<u8>;

pub const STREAMS: &[(&str, Fill)] = &[
    ("TNEF, a file", |room| [attribute(FILE, &[0; 14]), attribute(FILE_DATA, &vec![7; room])].concat()),
    ("TNEF, files", |room| {
        let file = [attribute(FILE, &[0; 14]), attribute(FILE_DATA, b"x")].concat();
        file.repeat(room / file.len())
    }),
    ("TNEF, subjects", |room| attribute(SUBJECT, b"s\0").repeat(room / 13)),
    ("TNEF, a text", |room| properties(BODY, &b"the quick brown fox ".repeat(room / 20))),
    ("TNEF, RTF", |room| properties(RTF, &rtf(*b"MELA", &[HEAD, &TAG.repeat(room / TAG.len())].concat()))),
    ("TNEF, compressed RTF", |room| properties(RTF, &rtf(*b"LZFu", &references(room)))),
];

/// Level, id and type of an attribute (2.1.3): attAttachRendData, attAttachData, attSubject, attMsgProps.
const FILE: [u8; 5] = [2, 0x02, 0x90, 6, 0];
const FILE_DATA: [u8; 5] = [2, 0x0f, 0x80, 6, 0];
const SUBJECT: [u8; 5] = [1, 0x04, 0x80, 1, 0];
const PROPERTIES: [u8; 5] = [1, 0x03, 0x90, 6, 0];
/// Type and id of a property: PidTagBody as 8-bit text, PidTagRtfCompressed.
const BODY: [u8; 4] = [0x1e, 0, 0x00, 0x10];
const RTF: [u8; 4] = [0x02, 1, 0x09, 0x10];
/// HTML in RTF (MS-OXRTFEX).
const HEAD: &[u8] = b"{\\rtf1\\ansi\\fromhtml1 ";
const TAG: &[u8] = b"{\\*\\htmltag84 <b>}x ";

/// A mail of about so many octets.
pub fn mail(octets: usize, fill: Fill) -> Vec<u8> {
    const LINE: usize = 57;
    let mut stream = vec![0x78, 0x9f, 0x3e, 0x22, 1, 0];
    stream.extend(fill(octets / 78 * LINE - 200));
    let mut mail = Vec::with_capacity(octets);
    mail.extend_from_slice(
        b"Subject: x\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    );
    for line in stream.chunks(LINE) {
        mail.extend_from_slice(STANDARD.encode(line).as_bytes());
        mail.extend_from_slice(b"\r\n");
    }
    mail
}

fn attribute(head: [u8; 5], data: &[u8]) -> Vec<u8> {
    let sum = data.iter().fold(0_u16, |sum, octet| sum.wrapping_add(u16::from(*octet)));
    [&head, counted(data.len()).as_slice(), data, &sum.to_le_bytes()].concat()
}

/// attMsgProps with one value.
fn properties(tag: [u8; 4], value: &[u8]) -> Vec<u8> {
    let filling = vec![0; value.len().next_multiple_of(4) - value.len()];
    let list = [&counted(1), &tag, &counted(1), &counted(value.len()), value, &filling].concat();
    attribute(PROPERTIES, &list)
}

/// MS-OXRTFCP 2.1.3.1. The sum is left out: that is told, and read all the same.
fn rtf(kind: [u8; 4], contents: &[u8]) -> Vec<u8> {
    [&counted(contents.len() + 12), &counted(contents.len()), &kind, &counted(0), contents].concat()
}

/// A head, then nothing but references, each to the octets just made: seventeen for two.
fn references(room: usize) -> Vec<u8> {
    const WINDOW: usize = 4096;
    const PRIMER: usize = 207;
    let text = [HEAD, TAG].concat();
    let mut contents = Vec::with_capacity(room);
    let mut at = PRIMER;
    for run in text.chunks(8) {
        contents.push(0);
        contents.extend_from_slice(run);
        contents.resize(contents.len() + 8 - run.len(), b' ');
        at += 8;
    }
    let period = TAG.len() + text.len().next_multiple_of(8) - text.len();
    while contents.len() + 17 <= room {
        contents.push(0xff);
        for _ in 0..8 {
            let place = (at + WINDOW - period) % WINDOW;
            contents.extend(((place << 4) as u16 | 0xf).to_be_bytes());
            at = (at + 17) % WINDOW;
        }
    }
    contents
}

fn counted(octets: usize) -> [u8; 4] {
    u32::try_from(octets).unwrap_or(u32::MAX).to_le_bytes()
}
