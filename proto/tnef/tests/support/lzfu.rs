//! A compressor for RTF (MS-OXRTFCP 2.2.2), greedy, with one candidate for each three octets.

use std::collections::HashMap;

const PRIMER: &str = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \
\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \
\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

pub fn header(size: usize, raw: usize, kind: &[u8; 4], crc: u32) -> Vec<u8> {
    [(size as u32 + 12).to_le_bytes(), (raw as u32).to_le_bytes(), *kind, crc.to_le_bytes()].concat()
}

/// MELA.
pub fn store(raw: &[u8]) -> Vec<u8> {
    [header(raw.len(), raw.len(), b"MELA", 0), raw.to_vec()].concat()
}

/// LZFu.
pub fn compress(raw: &[u8]) -> Vec<u8> {
    let contents = tokens(raw);
    [header(contents.len(), raw.len(), b"LZFu", crc(&contents)), contents].concat()
}

/// Bit by bit, unlike the reader's.
pub fn crc(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

fn tokens(raw: &[u8]) -> Vec<u8> {
    let history = [PRIMER.as_bytes(), raw].concat();
    let mut seen: HashMap<[u8; 3], usize> = HashMap::new();
    let mut learnt = 0;
    let mut learn = |seen: &mut HashMap<[u8; 3], usize>, until: usize| {
        while learnt < until {
            if let Some(triple) = history.get(learnt..learnt + 3) {
                seen.insert(triple.try_into().unwrap(), learnt);
            }
            learnt += 1;
        }
    };
    let (mut out, mut run, mut flags, mut count) = (Vec::new(), Vec::new(), 0_u8, 0);
    let mut at = PRIMER.len();
    loop {
        learn(&mut seen, at);
        let candidate = history.get(at..at + 3).and_then(|triple| seen.get(triple)).copied();
        let matched = candidate.filter(|from| at - from < 4096).map(|from| {
            let length = (0..17).take_while(|n| at + n < history.len() && history[from + n] == history[at + n]).count();
            (from, length)
        });
        let (place, length) = match matched {
            _ if at == history.len() => (at, 2),
            Some((from, length)) => (from, length),
            None => (0, 0),
        };
        if length > 0 {
            flags |= 1 << count;
            run.extend(((place % 4096) as u16 * 16 + (length as u16 - 2)).to_be_bytes());
        } else {
            run.push(history[at]);
        }
        count += 1;
        let ended = at == history.len();
        if count == 8 || ended {
            out.push(flags);
            out.append(&mut run);
            (flags, count) = (0, 0);
        }
        if ended {
            return out;
        }
        at += length.max(1);
    }
}
