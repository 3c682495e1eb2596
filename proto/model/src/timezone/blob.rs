//! Zones as MAPI properties (MS-OXOCAL 2.2.1.39 and 2.2.1.41): PidLidTimeZoneStruct (0x8233), one rule; and
//! PidLidAppointmentTimeZoneDefinitionStartDisplay, -EndDisplay, -Recur (0x825E, 0x825F, 0x8260), a name and its rules.

use super::definition::MOST_GROUPS;
use super::rules::{Change, DayRule, Daylight, History, Rules, sane};
use super::{Custom, ItemZone};
use crate::octets::{Octets, utf16};
use crate::recurrence::DayOfWeek;
use std::sync::Arc;

/// The first year there is for Windows: where the first rule begins.
const FIRST_YEAR: u16 = 1601;

/// TZRULE_FLAG_RECUR_CURRENT_TZREG, TZRULE_FLAG_EFFECTIVE_TZREG.
const OF_RECURRENCE: u16 = 1;
const EFFECTIVE: u16 = 2;

impl Rules {
    /// PidLidTimeZoneStruct.
    pub fn to_struct(&self) -> Vec<u8> {
        let mut octets = self.biases();
        let [standard, daylight] = self.dates();
        octets.extend([0; 2]);
        octets.extend(standard);
        octets.extend([0; 2]);
        octets.extend(daylight);
        octets
    }

    /// None: it is no rule.
    pub fn from_struct(octets: &[u8]) -> Option<Rules> {
        let mut octets = Octets::new(octets);
        let biases = biases(&mut octets)?;
        octets.u16()?;
        let standard = date(&mut octets)?;
        octets.u16()?;
        rules(biases, standard, date(&mut octets)?)
    }

    fn biases(&self) -> Vec<u8> {
        let ahead = self.daylight.as_ref().map_or(0, |daylight| daylight.bias - self.standard);
        [self.standard, 0, ahead].iter().flat_map(|bias| bias.to_le_bytes()).collect()
    }

    /// Both dates as SYSTEMTIME: that of standard time first.
    fn dates(&self) -> [Vec<u8>; 2] {
        match &self.daylight {
            None => [vec![0; 16], vec![0; 16]],
            Some(daylight) => [system_time(&daylight.ends), system_time(&daylight.begins)],
        }
    }
}

impl ItemZone {
    /// PidLidAppointmentTimeZoneDefinition…; `year` is the one whose rule is in effect.
    pub fn to_blob(&self, year: i16, of_recurrence: bool) -> Vec<u8> {
        let history = self.history(year.min(2000)..=year.max(2030));
        let key = utf16(self.id(), usize::from(u8::MAX));
        let mut octets = vec![2, 1];
        octets.extend((6 + 2 * key.len() as u16).to_le_bytes());
        octets.extend(2u16.to_le_bytes());
        octets.extend((key.len() as u16).to_le_bytes());
        octets.extend(key.iter().flat_map(|unit| unit.to_le_bytes()));
        octets.extend((history.rules().len() as u16).to_le_bytes());
        for (at, (from, rules)) in history.rules().iter().enumerate() {
            let in_effect = std::ptr::eq(history.in_year(year), rules);
            let recurring = if of_recurrence { OF_RECURRENCE } else { 0 };
            let flags = if in_effect { EFFECTIVE | recurring } else { 0 };
            let from = if at == 0 { FIRST_YEAR } else { u16::try_from(*from).unwrap_or(FIRST_YEAR) };
            octets.extend([2, 1, 0x3e, 0]);
            octets.extend(flags.to_le_bytes());
            octets.extend(from.to_le_bytes());
            octets.extend([0; 14]);
            octets.extend(rules.biases());
            let [standard, daylight] = rules.dates();
            octets.extend(standard);
            octets.extend(daylight);
        }
        octets
    }

    /// The name decides if it is known, else the rules are the zone. None: it is no definition.
    pub fn from_blob(octets: &[u8]) -> Option<ItemZone> {
        let mut octets = Octets::new(octets);
        if (octets.u8()?, octets.u8()?) != (2, 1) {
            return None;
        }
        let header = usize::from(octets.u16()?);
        let mut header = Octets::new(octets.take(header)?);
        header.u16()?;
        let length = usize::from(header.u16()?);
        let key = header.utf16(length)?;
        let count = header.u16()?;
        if let Some(zone) = ItemZone::named(&key) {
            return Some(zone);
        }
        let mut all = Vec::new();
        for _ in 0..usize::from(count).min(MOST_GROUPS) {
            octets.u16()?;
            let size = usize::from(octets.u16()?);
            let mut rule = Octets::new(octets.take(size)?);
            rule.u16()?;
            let from = rule.u16()?;
            rule.take(14)?;
            let biases = biases(&mut rule)?;
            let standard = date(&mut rule)?;
            all.push((i16::try_from(from).ok()?, rules(biases, standard, date(&mut rule)?)?));
        }
        Some(ItemZone::Custom(Arc::new(Custom::new(&key, &key, History::new(all)?))))
    }
}

/// The three biases: base, standard, daylight; the latter two are added to the first.
fn biases(octets: &mut Octets<'_>) -> Option<[i32; 3]> {
    Some([octets.i32()?, octets.i32()?, octets.i32()?])
}

fn rules([base, standard, daylight]: [i32; 3], ends: Option<Change>, begins: Option<Change>) -> Option<Rules> {
    let bias = |more: i32| base.checked_add(more).and_then(sane);
    let (standard, daylight) = (bias(standard)?, bias(daylight)?);
    let daylight = match (begins, ends) {
        (Some(begins), Some(ends)) => Some(Daylight { bias: daylight, begins, ends }),
        _ => None,
    };
    Some(Rules { standard, daylight }.simple())
}

/// A SYSTEMTIME as a rule; None inside where there is no change, None outside where it makes no sense.
fn date(octets: &mut Octets<'_>) -> Option<Option<Change>> {
    let mut next = || octets.u16().map(i32::from);
    let [year, month, weekday, day] = [next()?, next()?, next()?, next()?];
    let [hour, minute, second, millisecond] = [next()?, next()?, next()?, next()?];
    if month == 0 {
        return Some(None);
    }
    let seconds = hour * 3600 + minute * 60 + second + (millisecond + 500) / 1000;
    let weekday = usize::try_from(weekday).ok().and_then(|at| DayOfWeek::ALL.get(at)).filter(|day| day.is_single())?;
    let on = match (year, day) {
        (0, 5) => DayRule::Nth(*weekday, -1),
        (0, 1..=4) => DayRule::Nth(*weekday, day as i8),
        (1.., 1..=31) => DayRule::Day(day as i8),
        _ => return None,
    };
    let sane = (1..=12).contains(&month) && hour < 25 && minute < 60 && second < 60;
    sane.then(|| Some(Change { month: month as i8, on, minutes: ((seconds + 30) / 60).min(1440) }))
}

fn system_time(change: &Change) -> Vec<u8> {
    // Which of them from the end only the last is told; a day of the month is one of some year.
    let (year, weekday, day) = match change.on {
        DayRule::Nth(day, -1) => (0, day as u16, 5),
        DayRule::Nth(day, nth) => (0, day as u16, nth.rem_euclid(5) as u16),
        DayRule::Day(day) => (FIRST_YEAR, 0, day as u16),
    };
    let [hour, minute, second, millisecond] = match change.minutes {
        1440 => [23, 59, 59, 999],
        minutes => [minutes / 60, minutes % 60, 0, 0],
    };
    let time = [hour as u16, minute as u16, second as u16, millisecond as u16];
    let all = [year, change.month as u16, weekday, day].into_iter().chain(time);
    all.flat_map(u16::to_le_bytes).collect()
}
