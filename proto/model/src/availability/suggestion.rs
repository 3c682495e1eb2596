//! Times for a meeting (MS-OXWAVLS SuggestionsResponse): each half hour of some days, judged by who would be free.

use super::{Block, BusyType, WorkingHours};
use crate::timezone::instant;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Minutes between two times that are tried.
const STEP: i64 = 30;

/// Half of those who are asked are free: what is less is poor.
const FAIR: i64 = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    Excellent,
    Good,
    Fair,
    Poor,
}

impl Quality {
    pub const ALL: [Quality; 4] = [Quality::Excellent, Quality::Good, Quality::Fair, Quality::Poor];

    /// As on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Quality::Excellent => "Excellent",
            Quality::Good => "Good",
            Quality::Fair => "Fair",
            Quality::Poor => "Poor",
        }
    }

    pub fn from_word(word: &str) -> Option<Quality> {
        Quality::ALL.into_iter().find(|quality| quality.word() == word)
    }
}

/// What is asked (MS-OXWAVLS SuggestionsViewOptionsType).
#[derive(Clone, Debug)]
pub struct Ask {
    pub zone: TimeZone,
    /// The first and the last day.
    pub days: (Date, Date),
    /// Minutes.
    pub duration: i64,
    /// Percent of those who are asked, beyond the half, from which on a time is good.
    pub good: i64,
    /// Suggestions of one day within the working hours of all who must be there, and outside.
    pub most: usize,
    pub most_outside: usize,
    pub least: Quality,
    /// A time that is tried though it is on no half hour: the meeting's own.
    pub current: Option<Timestamp>,
}

/// Somebody who is asked.
#[derive(Clone, Debug)]
pub struct Participant {
    /// The meeting cannot be without: organizer, required attendees, rooms, resources.
    pub required: bool,
    /// A conflict does not matter.
    pub ignored: bool,
    pub hours: Option<WorkingHours>,
    pub schedule: Schedule,
}

/// What is known of somebody's time.
#[derive(Clone, Debug)]
pub enum Schedule {
    One(Vec<Block>),
    /// The members of a list; nothing for one of whom nothing is known.
    Group(Vec<Option<Vec<Block>>>),
    TooBigGroup,
    Unknown,
}

/// How a time suits one participant (AttendeeConflictData).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    One(BusyType),
    Group { members: usize, free: usize, busy: usize, unknown: usize },
    TooBigGroup,
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub start: Timestamp,
    pub is_work_time: bool,
    pub quality: Quality,
    /// In the order of the participants.
    pub conflicts: Vec<Conflict>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaySuggestions {
    pub date: Date,
    /// That of the best time of the day, whether it is among the suggestions or not.
    pub quality: Quality,
    /// The best first, then the earliest.
    pub suggestions: Vec<Candidate>,
}

/// Suggestions of each day.
pub fn suggest(ask: &Ask, participants: &[Participant]) -> Vec<DaySuggestions> {
    let mut days = Vec::new();
    let mut day = Some(ask.days.0);
    while let Some(date) = day.filter(|date| *date <= ask.days.1) {
        days.push(of_day(ask, participants, date));
        day = date.tomorrow().ok();
    }
    days
}

fn of_day(ask: &Ask, participants: &[Participant], date: Date) -> DaySuggestions {
    let midnight: DateTime = date.at(0, 0, 0, 0);
    let begins = instant(&ask.zone, midnight);
    let most = SignedDuration::from_mins(24 * 60 + STEP * 4 + ask.duration);
    let ends = begins.checked_add(most).unwrap_or(Timestamp::MAX);
    // What lies elsewhere is looked at once a day, not once for each time.
    let participants: Vec<Participant> = participants.iter().map(|one| one.during(begins, ends)).collect();
    let steps =
        (0..24 * 60 / STEP).filter_map(|step| midnight.checked_add(SignedDuration::from_mins(step * STEP)).ok());
    let mut starts: Vec<Timestamp> = steps.map(|local| instant(&ask.zone, local)).collect();
    starts.extend(ask.current.filter(|current| ask.zone.to_datetime(*current).date() == date));
    // A time that does not exist is the one after it.
    starts.sort_unstable();
    starts.dedup();
    let mut all: Vec<Candidate> = starts.into_iter().map(|start| candidate(ask, &participants, start)).collect();
    all.sort_by_key(|candidate| (candidate.quality, candidate.start));
    let quality = all.first().map_or(Quality::Poor, |best| best.quality);
    let (mut inside, mut outside) = (ask.most, ask.most_outside);
    all.retain(|candidate| {
        let left = if candidate.is_work_time { &mut inside } else { &mut outside };
        let kept = candidate.quality <= ask.least && *left > 0;
        if kept {
            *left -= 1;
        }
        kept
    });
    DaySuggestions { date, quality, suggestions: all }
}

fn candidate(ask: &Ask, participants: &[Participant], start: Timestamp) -> Candidate {
    let end = start.checked_add(SignedDuration::from_mins(ask.duration)).unwrap_or(Timestamp::MAX);
    let conflicts: Vec<Conflict> = participants.iter().map(|one| one.schedule.conflict(start, end)).collect();
    let (mut asked, mut free) = (0, 0);
    for (participant, conflict) in participants.iter().zip(&conflicts) {
        if participant.required && !participant.ignored {
            let (of, among) = conflict.free();
            free += of;
            asked += among;
        }
    }
    let share = if asked == 0 { 100 } else { free * 100 / asked };
    let quality = match share {
        100 => Quality::Excellent,
        share if share >= FAIR + ask.good => Quality::Good,
        share if share >= FAIR => Quality::Fair,
        _ => Quality::Poor,
    };
    let mut hours = participants.iter().filter(|one| one.required).filter_map(|one| one.hours.as_ref());
    Candidate { start, is_work_time: hours.all(|hours| hours.cover(start, end)), quality, conflicts }
}

impl Participant {
    /// The same with nothing in the schedule but what is in that time.
    fn during(&self, from: Timestamp, until: Timestamp) -> Participant {
        let near = |blocks: &[Block]| -> Vec<Block> {
            blocks.iter().filter(|block| block.start < until && block.end > from).copied().collect()
        };
        let schedule = match &self.schedule {
            Schedule::One(blocks) => Schedule::One(near(blocks)),
            Schedule::Group(members) => {
                Schedule::Group(members.iter().map(|member| member.as_deref().map(near)).collect())
            }
            Schedule::TooBigGroup => Schedule::TooBigGroup,
            Schedule::Unknown => Schedule::Unknown,
        };
        Participant { required: self.required, ignored: self.ignored, hours: self.hours.clone(), schedule }
    }
}

impl Schedule {
    fn conflict(&self, start: Timestamp, end: Timestamp) -> Conflict {
        match self {
            Schedule::One(blocks) => Conflict::One(busiest(blocks, start, end)),
            Schedule::Group(members) => {
                let known = members.iter().flatten();
                let free = known.clone().filter(|blocks| busiest(blocks, start, end).is_free()).count();
                let known = known.count();
                Conflict::Group { members: members.len(), free, busy: known - free, unknown: members.len() - known }
            }
            Schedule::TooBigGroup => Conflict::TooBigGroup,
            Schedule::Unknown => Conflict::Unknown,
        }
    }
}

fn busiest(blocks: &[Block], start: Timestamp, end: Timestamp) -> BusyType {
    let during = blocks.iter().filter(|block| block.start < end && block.end > start);
    during.map(|block| block.busy).max().unwrap_or(BusyType::Free)
}

impl Conflict {
    /// How many are free, of how many. Those of whom nothing is known are not asked.
    fn free(&self) -> (i64, i64) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        match *self {
            Conflict::One(BusyType::NoData) | Conflict::TooBigGroup | Conflict::Unknown => (0, 0),
            Conflict::One(busy) => (i64::from(busy.is_free()), 1),
            Conflict::Group { free, busy, .. } => (number(free), number(free + busy)),
        }
    }
}
