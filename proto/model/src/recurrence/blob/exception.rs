//! What an exception has of its own: ExceptionInfo and ExtendedException (MS-OXOCAL 2.2.1.44.2 and 2.2.1.44.4).

use super::{minutes, time_of};
use crate::octets::{Octets, utf16};
use jiff::civil::DateTime;

/// Local times of the zone of the series. None: as the series has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    pub start: DateTime,
    pub end: DateTime,
    /// When it would begin by the pattern.
    pub original: DateTime,
    pub subject: Option<String>,
    /// PidLidAppointmentStateFlags.
    pub meeting: Option<u32>,
    /// Minutes.
    pub reminder_delta: Option<u32>,
    pub reminder_set: Option<bool>,
    pub location: Option<String>,
    /// PidLidBusyStatus.
    pub busy: Option<u32>,
    pub attachment: Option<bool>,
    pub all_day: Option<bool>,
    /// PidLidAppointmentColor.
    pub colour: Option<u32>,
    /// Its body is in the attachment of the exception.
    pub body: bool,
}

const SUBJECT: u16 = 0x001;
const MEETING: u16 = 0x002;
const DELTA: u16 = 0x004;
const REMINDER: u16 = 0x008;
const LOCATION: u16 = 0x010;
const BUSY: u16 = 0x020;
const ATTACHMENT: u16 = 0x040;
const ALL_DAY: u16 = 0x080;
const COLOUR: u16 = 0x100;
const BODY: u16 = 0x200;

/// From this version of a writer on, ExtendedException tells what is to be highlighted.
const HIGHLIGHTS: u32 = 0x3009;

/// Characters of a subject and of a location.
const MOST_TEXT: usize = 255;

impl Exception {
    /// Nothing but its times.
    pub fn new(original: DateTime, start: DateTime, end: DateTime) -> Exception {
        Exception {
            start,
            end,
            original,
            subject: None,
            meeting: None,
            reminder_delta: None,
            reminder_set: None,
            location: None,
            busy: None,
            attachment: None,
            all_day: None,
            colour: None,
            body: false,
        }
    }

    pub(super) fn read(octets: &mut Octets<'_>) -> Option<Exception> {
        let start = time_of(octets.u32()?)?;
        let end = time_of(octets.u32()?)?;
        let mut exception = Exception::new(time_of(octets.u32()?)?, start, end);
        let flags = octets.u16()?;
        let number = |octets: &mut Octets<'_>, flag: u16| match flags & flag {
            0 => Some(None),
            _ => octets.u32().map(Some),
        };
        let truth = |number: Option<u32>| number.map(|number| number != 0);
        exception.subject = text(octets, flags & SUBJECT != 0)?;
        exception.meeting = number(octets, MEETING)?;
        exception.reminder_delta = number(octets, DELTA)?;
        exception.reminder_set = truth(number(octets, REMINDER)?);
        exception.location = text(octets, flags & LOCATION != 0)?;
        exception.busy = number(octets, BUSY)?;
        exception.attachment = truth(number(octets, ATTACHMENT)?);
        exception.all_day = truth(number(octets, ALL_DAY)?);
        exception.colour = number(octets, COLOUR)?;
        exception.body = flags & BODY != 0;
        Some(exception)
    }

    /// The texts in Unicode, which win.
    pub(super) fn read_more(&mut self, octets: &mut Octets<'_>, writer: u32) -> Option<()> {
        if writer >= HIGHLIGHTS {
            octets.counted()?;
        }
        octets.counted()?;
        if self.subject.is_none() && self.location.is_none() {
            return Some(());
        }
        octets.take(12)?;
        for text in [&mut self.subject, &mut self.location] {
            if text.is_some() {
                let units = usize::from(octets.u16()?);
                *text = Some(octets.utf16(units)?);
            }
        }
        octets.counted().map(drop)
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        let flag = |there: bool, flag: u16| if there { flag } else { 0 };
        let flags = flag(self.subject.is_some(), SUBJECT)
            | flag(self.meeting.is_some(), MEETING)
            | flag(self.reminder_delta.is_some(), DELTA)
            | flag(self.reminder_set.is_some(), REMINDER)
            | flag(self.location.is_some(), LOCATION)
            | flag(self.busy.is_some(), BUSY)
            | flag(self.attachment.is_some(), ATTACHMENT)
            | flag(self.all_day.is_some(), ALL_DAY)
            | flag(self.colour.is_some(), COLOUR)
            | flag(self.body, BODY);
        self.write_times(octets);
        octets.extend(flags.to_le_bytes());
        write_text(octets, self.subject.as_deref());
        let truth = |value: Option<bool>| value.map(u32::from);
        write_numbers(octets, [self.meeting, self.reminder_delta, truth(self.reminder_set)]);
        write_text(octets, self.location.as_deref());
        write_numbers(octets, [self.busy, truth(self.attachment), truth(self.all_day)]);
        write_numbers(octets, [self.colour, None, None]);
    }

    fn write_times(&self, octets: &mut Vec<u8>) {
        for time in [self.start, self.end, self.original] {
            octets.extend(minutes(time).to_le_bytes());
        }
    }

    pub(super) fn write_more(&self, octets: &mut Vec<u8>) {
        // ChangeHighlight, ReservedBlockEE1.
        octets.extend(4u32.to_le_bytes());
        octets.extend([0; 8]);
        if self.subject.is_none() && self.location.is_none() {
            return;
        }
        self.write_times(octets);
        for text in [&self.subject, &self.location].into_iter().flatten() {
            let units = utf16(text, MOST_TEXT);
            octets.extend((units.len() as u16).to_le_bytes());
            octets.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        }
        octets.extend([0; 4]);
    }
}

/// A text in the code page of the writer, which nobody tells: what is not ASCII is told again in Unicode.
fn text(octets: &mut Octets<'_>, there: bool) -> Option<Option<String>> {
    if !there {
        return Some(None);
    }
    octets.u16()?;
    let length = usize::from(octets.u16()?);
    let text = octets.take(length)?;
    Some(Some(text.iter().map(|octet| char::from(*octet)).collect()))
}

fn write_text(octets: &mut Vec<u8>, text: Option<&str>) {
    let Some(text) = text else { return };
    let plain = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
    let text: Vec<u8> = text.chars().take(MOST_TEXT).map(plain).collect();
    octets.extend((text.len() as u16 + 1).to_le_bytes());
    octets.extend((text.len() as u16).to_le_bytes());
    octets.extend(text);
}

fn write_numbers(octets: &mut Vec<u8>, numbers: [Option<u32>; 3]) {
    octets.extend(numbers.into_iter().flatten().flat_map(u32::to_le_bytes));
}
