//! The ids by which meetings are known everywhere (MS-OXOCAL 2.2.1.27 PidLidGlobalObjectId, 2.2.1.28
//! PidLidCleanGlobalObjectId), and the UID of EWS and iCalendar that is the same thing.

use crate::octets::Octets;
use jiff::Timestamp;
use jiff::civil::Date;

/// What all of them begin with.
const SIGN: [u8; 16] = [0x04, 0, 0, 0, 0x82, 0, 0xe0, 0, 0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08];

/// What a UID begins with that is of another form.
const FOREIGN: &[u8] = b"vCal-Uid\x01\0\0\0";

/// Octets of a UID; nobody's are longer, and it is to fit into an index.
const MOST: usize = 1024;

/// Seconds from 1601 to 1970.
const FILETIME_EPOCH: i64 = 11_644_473_600;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobalId {
    /// Of the id of one instance: its original date.
    pub instance: Option<Date>,
    /// FILETIME; 0 for a UID of another form.
    pub created: u64,
    pub data: Vec<u8>,
}

impl GlobalId {
    /// Of a new item.
    pub fn new(created: Timestamp, random: [u8; 16]) -> GlobalId {
        let ticks = (created.as_second() + FILETIME_EPOCH) * 10_000_000 + i64::from(created.subsec_nanosecond()) / 100;
        GlobalId { instance: None, created: u64::try_from(ticks).unwrap_or(0), data: random.to_vec() }
    }

    /// Of a UID: its octets if it has the form of Exchange, else itself in a wrapping. None: it is empty or far too long.
    pub fn from_uid(uid: &str) -> Option<GlobalId> {
        let uid = uid.trim();
        if uid.is_empty() || uid.len() > MOST {
            return None;
        }
        if let Some(id) = hex(uid).and_then(|octets| GlobalId::read(&octets)) {
            return Some(id);
        }
        let data = [FOREIGN, uid.as_bytes(), &[0]].concat();
        Some(GlobalId { instance: None, created: 0, data })
    }

    /// The UID: the same for a series and all of its instances.
    pub fn uid(&self) -> String {
        match self.foreign() {
            Some(uid) => uid,
            None => self.clean().iter().map(|octet| format!("{octet:02X}")).collect(),
        }
    }

    fn foreign(&self) -> Option<String> {
        let text = self.data.strip_prefix(FOREIGN)?;
        let text = text.strip_suffix(&[0]).unwrap_or(text);
        let text = std::str::from_utf8(text).ok().filter(|text| !text.is_empty() && !text.contains('\0'));
        text.map(str::to_owned)
    }

    /// PidLidCleanGlobalObjectId: without the date of an instance.
    pub fn clean(&self) -> Vec<u8> {
        GlobalId { instance: None, ..self.clone() }.octets()
    }

    /// PidLidGlobalObjectId.
    pub fn octets(&self) -> Vec<u8> {
        let mut octets = SIGN.to_vec();
        match self.instance {
            Some(date) => {
                octets.extend(date.year().to_be_bytes());
                octets.extend([date.month() as u8, date.day() as u8]);
            }
            None => octets.extend([0; 4]),
        }
        octets.extend(self.created.to_le_bytes());
        octets.extend([0; 8]);
        octets.extend(u32::try_from(self.data.len()).unwrap_or(u32::MAX).to_le_bytes());
        octets.extend(&self.data);
        octets
    }

    /// None: the octets are none.
    pub fn read(octets: &[u8]) -> Option<GlobalId> {
        let mut octets = Octets::new(octets);
        if octets.take(16)? != SIGN {
            return None;
        }
        let year = i16::from_be_bytes([octets.u8()?, octets.u8()?]);
        let (month, day) = (i8::try_from(octets.u8()?).ok()?, i8::try_from(octets.u8()?).ok()?);
        let instance = match (year, month, day) {
            (0, 0, 0) => None,
            _ => Some(Date::new(year, month, day).ok()?),
        };
        let created = octets.u64()?;
        octets.take(8)?;
        let data = octets.counted()?.to_vec();
        (octets.is_empty() && data.len() <= 2 * MOST).then_some(GlobalId { instance, created, data })
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().map(|b| char::from(b).to_digit(16)).collect::<Option<Vec<u32>>>()?;
    let pairs = digits.chunks_exact(2);
    let whole = pairs.remainder().is_empty();
    let octets = pairs.map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | *digit as u8)).collect();
    whole.then_some(octets)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    const VCAL: &str = "040000008200E00074C5B7101A82E00800000000000000000000000000000000000000001E000000\
        7643616C2D55696401000000666F6F626172313233406162632E636F6D00";

    #[test]
    fn a_uid_of_another_form() {
        let id = GlobalId::from_uid("foobar123@abc.com").unwrap();
        let text: String = id.octets().iter().map(|octet| format!("{octet:02X}")).collect();
        assert_eq!(text, VCAL);
        assert_eq!(id.uid(), "foobar123@abc.com");
        // Nothing is wrapped twice: who sends the octets means what is in them.
        assert_eq!(GlobalId::from_uid(VCAL).unwrap(), id);
        assert_eq!(GlobalId::from_uid(&VCAL.to_lowercase()).unwrap().uid(), "foobar123@abc.com");
    }

    #[test]
    fn ids_of_our_own() {
        let created = "2026-01-05T09:00:00.5Z".parse().unwrap();
        let id = GlobalId::new(created, *b"0123456789abcdef");
        assert_eq!(id.uid().len(), 112);
        assert_eq!(GlobalId::from_uid(&id.uid()).unwrap(), id);
        let instance = GlobalId { instance: Some(jiff::civil::date(2026, 1, 19)), ..id.clone() };
        assert_eq!(&instance.octets()[16..20], [0x07, 0xea, 1, 19]);
        assert_eq!(GlobalId::read(&instance.octets()), Some(instance.clone()));
        assert_eq!((instance.clean(), instance.uid()), (id.octets(), id.uid()));
    }

    #[test]
    fn what_is_none() {
        assert_eq!(GlobalId::from_uid("  "), None);
        assert_eq!(GlobalId::from_uid(&"x".repeat(MOST + 1)), None);
        let whole = hex(VCAL).unwrap();
        for cut in 0..whole.len() {
            assert_eq!(GlobalId::read(&whole[..cut]), None, "{cut}");
        }
        // The size does not fit: a UID of another form that looks like one of ours.
        let odd = format!("{VCAL}00");
        assert_eq!(GlobalId::from_uid(&odd).unwrap().uid(), odd);
    }
}
