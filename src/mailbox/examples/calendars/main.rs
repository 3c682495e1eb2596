//! Reads calendars that lie around on a machine, writes them, and reads them again: what is read again must be the same, and each
//! line of the first text must be said by the written one, or be of those that no calendar item holds (`held.rs`). One line
//! for each loss, and sums at the end; the exit status is 1 if there was one that is not explained.
//! `cargo run --example calendars -- [folder or file]...`; `make calendars` fetches many first.

mod held;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ewsd_mailbox::convert::ical::{Calendar, Event, Limits, write};
use ewsd_mailbox::convert::{self, Confined, InProcess, ask, table};
use ewsd_model::timezone::ItemZone;

use held::Fate;

const ENDINGS: [&str; 4] = ["ics", "ical", "icalendar", "ifb"];

/// That of times that name none: one with a summer time, in which days are not all as long.
const ZONE: &str = "W. Europe Standard Time";

#[derive(Default)]
struct Sums {
    files: usize,
    events: usize,
    without: usize,
    refused: BTreeMap<String, usize>,
    explained: BTreeMap<(String, &'static str), usize>,
    rules: BTreeMap<String, usize>,
    held: usize,
    lost: usize,
}

fn main() -> ExitCode {
    convert::by(InProcess(Confined::claim()));
    let mut files = Vec::new();
    std::env::args_os().skip(1).for_each(|place| collect(Path::new(&place), &mut files));
    files.sort();
    let mut sums = Sums::default();
    for file in &files {
        let Ok(octets) = std::fs::read(file) else { continue };
        for line in look(&octets, &mut sums) {
            println!("{}: {line}", file.display());
        }
    }
    for ((name, why), count) in &sums.explained {
        println!("{count:5} {name}: {why}");
    }
    sums.rules.iter().for_each(|(rule, count)| println!("{count:5} RRULE:{rule}"));
    sums.refused.iter().for_each(|(why, count)| println!("{count:5} files refused: {why}"));
    println!(
        "{} files with {} events, {} without any; {} lines held, {} lost without a reason",
        sums.files, sums.events, sums.without, sums.held, sums.lost
    );
    if sums.lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn collect(place: &Path, files: &mut Vec<PathBuf>) {
    if place.is_dir() {
        for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
            collect(&entry.path(), files);
        }
    } else if place.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending)) {
        files.push(place.to_owned());
    }
}

/// What a file loses, in words.
fn look(octets: &[u8], sums: &mut Sums) -> Vec<String> {
    let told = text::events(&String::from_utf8_lossy(octets));
    if told.is_empty() {
        sums.without += 1;
        return Vec::new();
    }
    sums.files += 1;
    sums.events += told.len();
    let lines = match round(octets) {
        Ok((first, written, again)) => {
            let mut lines = differences(&first, &again);
            let written = text::events(&written);
            let mut others = written.iter().peekable();
            for told in &told {
                match others.next_if(|written| held::is_of(told, written)) {
                    Some(written) => lines.extend(by_line(told, written, sums)),
                    None => lines.extend(left(told, sums)),
                }
            }
            lines.extend(others.next().map(|_| format!("{} events became {}", told.len(), written.len())));
            lines
        }
        Err(why) => {
            *sums.refused.entry(why).or_default() += 1;
            told.iter().filter_map(|told| left(told, sums)).collect()
        }
    };
    sums.lost += lines.len();
    lines
}

/// What was read, how it is written, and what is read then.
fn round(octets: &[u8]) -> Result<(Calendar, String, Calendar), String> {
    let zone = ItemZone::named(ZONE).ok_or("no such zone")?;
    let read = |octets: &[u8]| {
        let answer = ask(&table::Calendar { zone: zone.clone(), limits: Limits::default() }, octets);
        answer.map_err(|why| why.to_string())?.map_err(|why| why.to_string())
    };
    let mut first = read(octets)?;
    let written = write(&first).map_err(|why| why.to_string())?;
    // What is written says these, told or not.
    first.method.get_or_insert_with(|| "PUBLISH".to_owned());
    for event in &mut first.events {
        event.intended = event.intended.or(Some(event.busy));
        (event.floats, event.rule_lost) = (false, false);
        let people = event.attendees.iter_mut().map(|one| &mut one.mailbox).chain(&mut event.organizer);
        people.for_each(|one| one.name = one.name.take().or_else(|| one.address.clone()));
    }
    let mut again = read(written.as_bytes())?;
    first.left.clear();
    // A zone of the calendar's own is told by its rules in the year of the event, as Exchange does.
    for (first, again) in first.events.iter().zip(&mut again.events) {
        let is_own = |zone: &ItemZone| matches!(zone, ItemZone::Custom(_));
        let zones = [(&first.zone, &mut again.zone), (&first.end_zone, &mut again.end_zone)];
        for (told, kept) in zones.into_iter().filter(|(told, kept)| is_own(told) && told.id() == kept.id()) {
            *kept = told.clone();
        }
    }
    Ok((first, written, again))
}

/// An event that was not read.
fn left(told: &text::Event, sums: &mut Sums) -> Option<String> {
    match held::left(told, &ItemZone::named(ZONE).unwrap_or_else(ItemZone::utc)) {
        Some(why) => {
            *sums.explained.entry(("VEVENT".to_owned(), why)).or_default() += 1;
            None
        }
        None => Some(format!("an event is lost: {:?}", told.first("UID").map(text::Property::text))),
    }
}

fn by_line(told: &text::Event, written: &text::Event, sums: &mut Sums) -> Vec<String> {
    let uid = told.first("UID").map(|uid| uid.value.clone()).unwrap_or_default();
    let mut lost = Vec::new();
    for (line, fate) in held::fates(told, written, &ItemZone::named(ZONE).unwrap_or_else(ItemZone::utc)) {
        let name = || line.split([':', ' ']).next().unwrap_or_default().to_owned();
        match fate {
            Fate::Held => sums.held += 1,
            Fate::Explained(why) => {
                let name = if name().starts_with("X-") { "X-...".to_owned() } else { name() };
                *sums.explained.entry((name, why)).or_default() += 1;
                if let Some(rule) = line.strip_prefix("RRULE:") {
                    *sums.rules.entry(rule.to_owned()).or_default() += 1;
                }
            }
            Fate::Lost => lost.push(format!("{uid}: lost {line}")),
        }
    }
    lost
}

/// What is not as it was when it is read again, member by member.
fn differences(first: &Calendar, again: &Calendar) -> Vec<String> {
    let mut lines = Vec::new();
    if first.events.len() != again.events.len() {
        lines.push(format!("{} events are {} again", first.events.len(), again.events.len()));
    }
    for (first, again) in first.events.iter().zip(&again.events).filter(|(first, again)| first != again) {
        let (one, other) = (members(first), members(again));
        let mut others = other.iter();
        let differ = one.iter().find(|line| others.next() != Some(line));
        lines.push(format!("{}: again {}", first.uid, differ.map_or("more", |line| line.trim())));
    }
    lines
}

fn members(event: &Event) -> Vec<String> {
    format!("{event:#?}").lines().map(str::to_owned).collect()
}
