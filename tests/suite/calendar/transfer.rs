//! `ewsctl calendar`: whole calendars in and out. Two hundred files of a generator, one like the other in nothing, lose nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::items::{all, rows};
use crate::support::ews::Ews;
use crate::support::ops::{Id, get, list, shape};
use crate::support::shared;

crate::tests![
    loses_nothing_of_many_files,
    loses_nothing_of_other_peoples_files,
    takes_what_is_there_again,
    takes_dates_without_their_series,
    says_what_it_cannot_take,
];

/// A folder for a test's files, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ewsd-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Numbers that are the same in each run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.roll(all.len() as u64) as usize]
    }

    fn yes(&mut self) -> bool {
        self.roll(2) == 0
    }
}

const ZONES: &[&str] = &[
    "W. Europe Standard Time",
    "Romance Standard Time",
    "Tokyo Standard Time",
    "Eastern Standard Time",
    "Pacific Standard Time",
    "India Standard Time",
    "Our Own Time",
];

/// A zone that nobody knows: three hours and twenty minutes east, an hour more in summer, from odd days on.
const OWN: &str = "BEGIN:VTIMEZONE\nTZID:Our Own Time\nBEGIN:STANDARD\nDTSTART:16010101T033000\nTZOFFSETFROM:+0420\nTZOFFSETTO:+0320\n\
    RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2TU;BYMONTH=9\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T013000\nTZOFFSETFROM:+0320\n\
    TZOFFSETTO:+0420\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1WE;BYMONTH=5\nEND:DAYLIGHT\nEND:VTIMEZONE";

/// Rules as they are written, with the day of December 2026 on which each begins.
const RULES: &[(&str, u64)] = &[
    ("FREQ=DAILY;COUNT=9;INTERVAL=1", 1),
    ("FREQ=DAILY;INTERVAL=3", 2),
    ("FREQ=WEEKLY;COUNT=12;INTERVAL=2;BYDAY=MO,WE;WKST=MO", 2),
    ("FREQ=WEEKLY;INTERVAL=1;BYDAY=SA;WKST=SU", 5),
    ("FREQ=MONTHLY;COUNT=7;INTERVAL=1;BYMONTHDAY=4", 4),
    ("FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1", 31),
    ("FREQ=MONTHLY;COUNT=5;INTERVAL=1;BYDAY=2WE", 9),
    ("FREQ=MONTHLY;INTERVAL=1;BYDAY=-1FR", 25),
    ("FREQ=YEARLY;COUNT=4;INTERVAL=1;BYMONTHDAY=24;BYMONTH=12", 24),
    ("FREQ=YEARLY;INTERVAL=1;BYDAY=3TH;BYMONTH=12", 17),
];

const WORDS: &[&str] = &[
    "plan",
    "gr\u{fc}\u{df}e",
    "a\\, b",
    "semi\\; colon",
    "back\\\\slash",
    "\u{65e5}\u{672c}",
    "\u{1f600} smile",
    "x",
];

/// An event: its lines, of which none may be lost.
fn event(dice: &mut Dice, uid: &str) -> Vec<String> {
    let zone = dice.of(ZONES);
    let days = dice.roll(5) == 0;
    let rule = dice.yes().then(|| RULES[dice.roll(RULES.len() as u64) as usize]);
    let day = rule.map_or_else(|| 1 + dice.roll(28), |(_, day)| day);
    let hour = 7 + dice.roll(10);
    let minute = 5 * dice.roll(12);
    let mut lines = vec![format!("UID:{uid}")];
    lines.push(format!("SUMMARY:{} {}", dice.of(WORDS), dice.of(WORDS)));
    if dice.yes() {
        lines.push(format!("LOCATION:{}", dice.of(WORDS)));
    }
    if dice.yes() {
        lines.push(format!("DESCRIPTION:{}\\n{}", dice.of(WORDS), "many words ".repeat(dice.roll(30) as usize).trim()));
    }
    if days {
        lines.push(format!("DTSTART;VALUE=DATE:202612{day:02}"));
        let (month, next) = if day == 31 { ("202701", 1) } else { ("202612", day + 1) };
        lines.push(format!("DTEND;VALUE=DATE:{month}{next:02}"));
        lines.push(format!("X-EWSD-TIMEZONE:{zone}"));
        lines.push("X-MICROSOFT-CDO-ALLDAYEVENT:TRUE".to_owned());
    } else {
        lines.push(format!("DTSTART;TZID={zone}:202612{day:02}T{hour:02}{minute:02}00"));
        lines.push(format!("DTEND;TZID={zone}:202612{day:02}T{:02}{minute:02}00", hour + 1));
    }
    lines.push(format!("CLASS:{}", dice.of(&["PUBLIC", "PRIVATE", "PERSONAL", "CONFIDENTIAL"])));
    lines.push(format!("PRIORITY:{}", dice.of(&["1", "5", "9"])));
    let busy = dice.of(&["FREE", "TENTATIVE", "BUSY", "OOF", "WORKINGELSEWHERE"]);
    lines.push(format!("X-MICROSOFT-CDO-BUSYSTATUS:{busy}"));
    lines.push(format!("X-MICROSOFT-DISALLOW-COUNTER:{}", dice.of(&["TRUE", "FALSE"])));
    if dice.yes() {
        lines.push(format!("CATEGORIES:Red,{}", dice.of(WORDS)));
    }
    if dice.yes() {
        let minutes = dice.of(&["0", "5", "15", "1440"]);
        lines.extend(["BEGIN:VALARM".to_owned(), "ACTION:DISPLAY".to_owned(), "DESCRIPTION:REMINDER".to_owned()]);
        lines.push(format!("TRIGGER;RELATED=START:-PT{minutes}M"));
        lines.push("END:VALARM".to_owned());
    }
    if dice.roll(4) == 0 {
        let part = dice.of(&["ACCEPTED", "TENTATIVE", "DECLINED", "NEEDS-ACTION"]);
        lines.push("ORGANIZER;CN=Far Boss:mailto:boss@far.test".to_owned());
        lines.push(format!("ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT={part};CN=Ann:mailto:ann@far.test"));
        lines.push(
            "ATTENDEE;CUTYPE=RESOURCE;ROLE=NON-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Hall:mailto:hall@far.test".to_owned(),
        );
    }
    if dice.roll(5) == 0 {
        lines.push(
            "ATTACH;FMTTYPE=text/plain;X-FILENAME=a.txt;ENCODING=BASE64;VALUE=BINARY:c29tZSBvY3RldHM=".to_owned(),
        );
    }
    if let Some((rule, _)) = rule {
        lines.push(format!("RRULE:{rule}"));
    }
    lines
}

/// What one instance of a daily series has of its own.
fn exception(dice: &mut Dice, series: &[String]) -> Option<Vec<String>> {
    let of = |name: &str| series.iter().find(|line| line.starts_with(name)).cloned();
    let start = of("DTSTART;TZID=")?;
    of("RRULE:FREQ=DAILY;COUNT=9")?;
    let (zone, _) = start.strip_prefix("DTSTART;TZID=")?.split_once(':')?;
    let time = start.split_once('T').map(|_| &start[start.len() - 6..])?.to_owned();
    let own = ["CLASS", "PRIORITY", "X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-DISALLOW-COUNTER", "UID"].map(of);
    let mut lines: Vec<String> = own.into_iter().flatten().collect();
    lines.push(format!("RECURRENCE-ID;TZID={zone}:20261203T{time}"));
    lines.push(format!("DTSTART;TZID={zone}:20261203T200000"));
    lines.push(format!("DTEND;TZID={zone}:20261203T203000"));
    lines.push(format!("SUMMARY:moved {}", dice.of(WORDS)));
    Some(lines)
}

fn file(dice: &mut Dice, number: usize) -> (String, Vec<Vec<String>>) {
    let mut events = Vec::new();
    for at in 0..=dice.roll(3) {
        let mut lines = event(dice, &format!("made-{number}-{at}@example.test"));
        let moved = exception(dice, &lines);
        if moved.is_some() && dice.yes() {
            let zone = lines.iter().find_map(|line| line.strip_prefix("DTSTART;")).unwrap().split_once(':').unwrap();
            let line = format!("EXDATE;{}:20261205{}", zone.0, &zone.1[8..]);
            lines.push(line);
        }
        events.push(lines);
        events.extend(moved);
    }
    let zone = OWN;
    let body: String = events.iter().map(|lines| format!("BEGIN:VEVENT\n{}\nEND:VEVENT\n", lines.join("\n"))).collect();
    let end = if dice.yes() { "\r\n" } else { "\n" };
    (
        format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//made//EN\n{zone}\n{body}END:VCALENDAR\n").replace('\n', end),
        events,
    )
}

/// The events of a text by UID and instance, each with its lines in order.
fn events(text: &str) -> BTreeMap<String, Vec<String>> {
    let all = told(text);
    let count = all.len();
    let all: BTreeMap<_, _> = all.into_iter().collect();
    assert_eq!(all.len(), count, "several events of one name");
    all
}

fn told(text: &str) -> Vec<(String, Vec<String>)> {
    let text = text.replace("\r\n", "\n").replace("\n ", "");
    let mut all = Vec::new();
    for part in text.split("BEGIN:VEVENT\n").skip(1) {
        let body = part.split("END:VEVENT").next().unwrap();
        let mut lines: Vec<String> =
            body.lines().filter(|line| !line.starts_with("DTSTAMP")).map(str::to_owned).collect();
        let of = |name: &str| lines.iter().find(|line| line.starts_with(name)).cloned().unwrap_or_default();
        let key = of("UID:") + &of("RECURRENCE-ID");
        lines.sort();
        all.push((key, lines));
    }
    all
}

fn loses_nothing_of_many_files() {
    let (one, two) = (shared::mailbox(), shared::mailbox());
    let server = shared::server();
    let folder = Folder::new("transfer");
    let mut dice = Dice(0x5eed_cafe_f00d);
    let mut made = Vec::new();
    let mut files = Vec::new();
    for number in 0..200 {
        let (text, events) = file(&mut dice, number);
        files.push(folder.file(&format!("{number}.ics"), &text));
        made.extend(events);
    }
    let import = |account: &str, files: &[String]| {
        let mut arguments = vec!["calendar", "import", account];
        arguments.extend(files.iter().map(String::as_str));
        server.ewsctl(&arguments)
    };
    let said = import(&one.account.address, &files);
    let masters = made.iter().filter(|lines| !lines.iter().any(|line| line.starts_with("RECURRENCE-ID"))).count();
    assert_eq!(said.trim(), format!("{masters} new events, 0 replaced"));
    let exported = server.ewsctl(&["calendar", "export", &one.account.address]);
    let first = events(&exported);
    assert_eq!(first.len(), made.len());
    for lines in &made {
        let of = |name: &str| lines.iter().find(|line| line.starts_with(name)).cloned().unwrap_or_default();
        let key = of("UID:") + &of("RECURRENCE-ID");
        let told = first.get(&key).unwrap_or_else(|| panic!("{key} is lost"));
        for line in lines {
            assert!(told.contains(line), "{key}: {line} is lost: {told:#?}");
        }
    }
    // And again, into another mailbox: it is the same calendar.
    let again = folder.file("again.ics", &exported);
    import(&two.account.address, &[again]);
    let second = events(&server.ewsctl(&["calendar", "export", &two.account.address]));
    assert_eq!(second, first);
}

/// The calendars below the folder `EWSD_CALENDARS`, as far as they can be read (`make calendars` says which lines are not): what
/// is exported is the same after it was imported again.
fn loses_nothing_of_other_peoples_files() {
    let Some(place) = std::env::var_os("EWSD_CALENDARS") else {
        println!("skipped: no calendars here (EWSD_CALENDARS names a folder of them; `make calendars` fetches one)");
        return;
    };
    let (one, two) = (shared::mailbox(), shared::mailbox());
    let server = shared::server();
    let mut files = Vec::new();
    collect(&PathBuf::from(place), &mut files);
    files.sort();
    let import = |account: &str, files: &[String]| {
        let mut arguments = vec!["calendar", "import", account, "--json"];
        arguments.extend(files.iter().map(String::as_str));
        let done = server.ewsctl_with(&arguments, b"");
        serde_json::from_slice::<serde_json::Value>(&done.stdout).unwrap_or_else(|why| {
            panic!("{why}: {}", String::from_utf8_lossy(&done.stderr));
        })
    };
    let said = import(&one.account.address, &files);
    let exported = server.ewsctl(&["calendar", "export", &one.account.address]);
    let mut first = told(&exported);
    let all = first.len();
    // Some files tell of one event in two ways.
    let names: Vec<String> = first.iter().map(|(key, _)| key.clone()).collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    names.iter().for_each(|key| *times.entry(key).or_default() += 1);
    first.retain(|(key, _)| times[key.as_str()] == 1);
    println!(
        "{} files: {} new, {} replaced, {} left; {all} events, {} of a name of their own",
        files.len(),
        said["new"],
        said["replaced"],
        said["left"].as_array().map_or(0, Vec::len),
        first.len()
    );
    let folder = Folder::new("others");
    let again = import(&two.account.address, &[folder.file("again.ics", &exported)]);
    assert_eq!(again["left"], serde_json::json!([]));
    let second: BTreeMap<_, _> =
        told(&server.ewsctl(&["calendar", "export", &two.account.address])).into_iter().collect();
    let lost: Vec<_> = first.iter().filter(|(key, lines)| second.get(key) != Some(lines)).collect();
    let is = |(key, lines): &&(String, Vec<String>)| format!("{lines:#?} became {:#?}", second.get(key));
    assert!(
        lost.is_empty(),
        "{} of {}: {:#?}",
        lost.len(),
        first.len(),
        lost.iter().take(5).map(is).collect::<Vec<_>>()
    );
}

fn collect(place: &std::path::Path, files: &mut Vec<String>) {
    if place.is_dir() {
        for entry in fs::read_dir(place).unwrap().flatten() {
            collect(&entry.path(), files);
        }
    } else if place.extension().is_some_and(|ending| ending == "ics") {
        files.push(place.to_str().unwrap().to_owned());
    }
}

fn takes_what_is_there_again() {
    let mut ews = shared::mailbox();
    let server = shared::server();
    let folder = Folder::new("again");
    let text = |summary: &str, more: &str| {
        format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:once\nSUMMARY:{summary}\nDTSTART:20261201T090000\nDTEND:20261201T100000\n{more}END:VEVENT\nEND:VCALENDAR\n"
        )
    };
    let address = ews.account.address.clone();
    let import =
        |file: &str| server.ewsctl(&["calendar", "import", &address, "--zone", "Europe/Berlin", file, "--json"]);
    let said: serde_json::Value = serde_json::from_str(&import(&folder.file("a.ics", &text("before", "")))).unwrap();
    assert_eq!((said["new"].as_u64(), said["replaced"].as_u64()), (Some(1), Some(0)));
    let id = list(&mut ews, "calendar").remove(0);
    let said: serde_json::Value =
        serde_json::from_str(&import(&folder.file("b.ics", &text("after", "LOCATION:Hall\n")))).unwrap();
    assert_eq!((said["new"].as_u64(), said["replaced"].as_u64()), (Some(0), Some(1)));
    let item = all(&mut ews, &id);
    assert_eq!(
        (item.text("t:Subject"), item.text("t:Location"), item.text("t:Start")),
        (Some("after"), Some("Hall"), Some("2026-12-01T08:00:00Z"))
    );
    assert_eq!(rows(&mut ews, "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").len(), 1);
    // Into a file that is not there yet, never over one that is.
    let target = folder.0.join("out.ics");
    server.ewsctl(&["calendar", "export", &address, "--output", target.to_str().unwrap()]);
    assert!(fs::read_to_string(&target).unwrap().contains("SUMMARY:after"));
    assert!(
        !server
            .ewsctl_with(&["calendar", "export", &address, "--output", target.to_str().unwrap()], b"")
            .status
            .success()
    );
}

/// Each is known by its UID and the date that it is of; the series that comes later has them as its own.
fn takes_dates_without_their_series() {
    let (mut ews, two) = (shared::mailbox(), shared::mailbox());
    let server = shared::server();
    let folder = Folder::new("dates");
    let event = |summary: &str, day: u32, more: &str| {
        format!(
            "BEGIN:VEVENT\nUID:lost\nSUMMARY:{summary}\nDTSTART:202612{day:02}T090000Z\nDTEND:202612{day:02}T100000Z\n{more}END:VEVENT\n"
        )
    };
    let calendar = |events: &[String]| format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", events.concat());
    let dates = |first: &str| {
        calendar(&[
            event(first, 3, "RECURRENCE-ID:20261202T090000Z\n"),
            event("two", 9, "RECURRENCE-ID:20261209T090000Z\n"),
            // It was moved to where another one was.
            event("three", 2, "RECURRENCE-ID:20261216T090000Z\n"),
        ])
    };
    let import = |account: &str, text: &str| {
        server.ewsctl(&["calendar", "import", account, &folder.file("in.ics", text)]).trim().to_owned()
    };
    let export = |account: &str| server.ewsctl(&["calendar", "export", account]);
    let (one, two) = (ews.account.address.clone(), two.account.address.clone());
    let mut shown = || {
        let found = rows(&mut ews, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
        found
            .into_iter()
            .map(|(subject, start, kind)| format!("{subject} {} {kind}", &start[8..10]))
            .collect::<Vec<_>>()
    };
    assert_eq!(import(&one, &dates("one")), "3 new events, 0 replaced");
    assert_eq!(import(&one, &dates("first")), "0 new events, 3 replaced");
    assert_eq!(shown(), ["three 02 Single", "first 03 Single", "two 09 Single"]);
    let exported = export(&one);
    assert_eq!(events(&exported).len(), 3, "{exported}");
    assert_eq!(import(&two, &exported), "3 new events, 0 replaced");
    assert_eq!(import(&two, &exported), "0 new events, 3 replaced");
    assert_eq!(events(&export(&two)), events(&exported));
    let series = calendar(&[event("series", 2, "RRULE:FREQ=WEEKLY;COUNT=4\n")]);
    assert_eq!(import(&one, &series), "1 new events, 0 replaced");
    assert_eq!(shown(), ["three 02 Exception", "first 03 Exception", "two 09 Exception", "series 23 Occurrence"]);
}

fn says_what_it_cannot_take() {
    let mut ews: Ews = shared::mailbox();
    let server = shared::server();
    let address = ews.account.address.clone();
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:fine\nSUMMARY:fine\nDTSTART:20261201T090000Z\nDTEND:20261201T100000Z\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:never\nSUMMARY:never begun\nEND:VEVENT\nBEGIN:VEVENT\nUID:endless\nSUMMARY:endless\nDTSTART:20261201T090000Z\nDTEND:20461201T100000Z\nEND:VEVENT\nEND:VCALENDAR\n";
    let done = server.ewsctl_with(&["calendar", "import", &address, "-"], text.as_bytes());
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.code() == Some(65) && said.contains("endless"), "{said}");
    assert!(said.contains("never begun: An event has no DTSTART."), "{said}");
    let only: Vec<Id> = list(&mut ews, "calendar");
    assert_eq!((only.len(), get(&mut ews, &only[0], &shape("Default", &[])).text("t:Subject")), (1, Some("fine")));
    let done = server.ewsctl_with(&["calendar", "import", &address, "-"], b"words");
    assert_eq!(done.status.code(), Some(65), "{}", String::from_utf8_lossy(&done.stderr));
    let done = server.ewsctl_with(&["calendar", "import", "nobody@example.test", "-"], text.as_bytes());
    assert_eq!(done.status.code(), Some(67));
}
