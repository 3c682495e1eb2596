//! Compressed RTF as PidTagRtfCompressed holds it (MS-OXRTFCP): LZFu, and MELA, which is not compressed.
//!
//! The sizes in the header are claims: they are compared and told, and never decide how much is made.

use crate::budget::{Damage, Limit, Meter};
use crate::cursor::Cursor;

const COMPRESSED: u32 = u32::from_le_bytes(*b"LZFu");
const UNCOMPRESSED: u32 = u32::from_le_bytes(*b"MELA");

/// What the window holds before the first octet (MS-OXRTFCP 2.1.2.1).
const PRIMER: &[u8] =
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \
\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \
\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

const WINDOW: usize = 4096;

/// Octets of the header that the compressed size counts.
const COUNTED: usize = 12;

/// Decompresses. None if it has no header of a known kind; otherwise what could be made, with the damage told to `meter`.
pub fn decompress(octets: &[u8], meter: &mut Meter) -> Option<Vec<u8>> {
    let mut cursor = Cursor::new(octets);
    let (size, raw, kind, crc) = (cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?);
    if kind != COMPRESSED && kind != UNCOMPRESSED {
        return None;
    }
    let contents = usize::try_from(size).ok().and_then(|size| size.checked_sub(COUNTED));
    let contents = match contents.and_then(|length| cursor.take(length)) {
        Some(contents) => contents,
        None => {
            meter.tell(Damage::Compression);
            cursor.rest()
        }
    };
    let made = if kind == COMPRESSED {
        meter.step(contents.len());
        if checksum(contents) != crc {
            meter.tell(Damage::Compression);
        }
        unpack(contents, meter)
    } else {
        if crc != 0 {
            meter.tell(Damage::Compression);
        }
        let told = usize::try_from(raw).unwrap_or(usize::MAX);
        copy(contents.get(..told).unwrap_or(contents), meter)
    };
    let whole = u32::try_from(made.len()).is_ok_and(|length| length == raw);
    if !whole {
        meter.tell(Damage::Compression);
    }
    meter.made(made.len());
    Some(made)
}

fn copy(plain: &[u8], meter: &mut Meter) -> Vec<u8> {
    let room = meter.room();
    if plain.len() > room {
        meter.tell(Damage::Over(Limit::Output));
    }
    let kept = plain.get(..room).unwrap_or(plain);
    meter.step(kept.len());
    kept.to_vec()
}

/// The last octets made, by their place modulo the window's size.
struct Window {
    octets: Vec<u8>,
    at: usize,
}

impl Window {
    fn new() -> Window {
        let mut octets = PRIMER.to_vec();
        octets.resize(WINDOW, 0);
        Window { octets, at: PRIMER.len() }
    }

    fn push(&mut self, octet: u8) {
        if let Some(place) = self.octets.get_mut(self.at) {
            *place = octet;
        }
        self.at = (self.at + 1) % WINDOW;
    }

    fn get(&self, at: usize) -> u8 {
        self.octets.get(at % WINDOW).copied().unwrap_or_default()
    }
}

/// Runs of eight tokens behind an octet of flags, lowest bit first: a literal, or a reference of 12 bits place and 4 bits
/// length less two, big-endian. A reference to the place being written ends it (MS-OXRTFCP 2.2.3).
fn unpack(contents: &[u8], meter: &mut Meter) -> Vec<u8> {
    let room = meter.room();
    let mut window = Window::new();
    let mut made = Vec::new();
    let mut cursor = Cursor::new(contents);
    'runs: while let Some(flags) = cursor.u8() {
        for bit in 0..8 {
            if flags >> bit & 1 == 0 {
                let Some(literal) = cursor.u8() else { break 'runs };
                window.push(literal);
                made.push(literal);
            } else {
                let Some(reference) = cursor.array().map(u16::from_be_bytes) else { break 'runs };
                let place = usize::from(reference >> 4);
                if place == window.at {
                    break 'runs;
                }
                for step in 0..usize::from(reference & 0xf) + 2 {
                    let octet = window.get(place + step);
                    window.push(octet);
                    made.push(octet);
                }
            }
            if made.len() > room {
                made.truncate(room);
                meter.tell(Damage::Over(Limit::Output));
                break 'runs;
            }
        }
    }
    meter.step(made.len());
    made
}

/// CRC-32 as MS-OXRTFCP 2.1.3.2 has it: the usual polynomial, beginning with nothing and not turned over at the end.
pub fn checksum(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |crc, &octet| {
        let at = (crc ^ u32::from(octet)) & 0xff;
        TABLE.get(at as usize).copied().unwrap_or_default() ^ crc >> 8
    })
}

#[allow(clippy::indexing_slicing)] // At compile time: a wrong index is an error there.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = at as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};
