//! Converters that are killed, stand still, or try to get out: mail is put off or taken, never lost, and nobody else reads it.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::database::Stopped;
use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::lmtp::Lmtp;
use crate::support::ops::{get, list, shape};
use crate::support::{message, process, wait};

crate::tests![
    a_converter_that_is_killed_costs_nothing,
    mail_waits_while_converters_stand_still,
    mail_that_kills_converters_is_kept_unread,
    mail_that_was_kept_unread_is_read_when_asked_for,
    mail_that_an_older_version_could_not_read_is_read_by_this_one,
    a_converter_has_given_up_everything,
    converters_leave_as_they_are_told,
];

fn quick() -> Options {
    Options::default().set("limits.convert_seconds", 1).set("process.workers", 1)
}

fn converters(server: &Demo) -> Vec<u32> {
    process::workers(server.master(), "converter")
}

fn until_there(server: &Demo) -> u32 {
    wait::until("a converter runs", wait::LONG, || converters(server).first().copied())
}

fn deliver(server: &Demo, mail: &[u8]) -> u16 {
    let replies = Lmtp::hello(server.lmtp()).deliver("a@elsewhere.test", &[&server.accounts[0].address], mail);
    replies[0].code
}

fn kill_now(pid: u32) {
    // It may have ended by itself.
    let _ = kill(Pid::from_raw(pid as i32), Signal::SIGKILL);
}

/// Subject and text of the newest item.
fn newest(server: &Demo) -> (String, String) {
    let mut ews = Ews::connect(server, &server.accounts[0]);
    let id = list(&mut ews, "inbox").remove(0);
    let item = get(&mut ews, &id, &shape("IdOnly", &["item:Subject", "item:TextBody"]));
    let text = |path| item.text(path).unwrap_or_default().to_owned();
    (text("t:Subject"), text("t:TextBody"))
}

fn a_converter_that_is_killed_costs_nothing() {
    let server = Demo::start(quick());
    for n in 0..5 {
        kill_now(until_there(&server));
        let subject = format!("number {n}");
        assert_eq!(deliver(&server, &message::plain(&subject, "x")), 250);
        assert_eq!(newest(&server).0, subject);
    }
}

fn mail_waits_while_converters_stand_still() {
    let server = Demo::start(quick());
    assert_eq!(deliver(&server, &message::plain("before", "x")), 250);
    let pid = until_there(&server);
    let stopped = Stopped::new(pid);
    // Nobody else reads it.
    assert_eq!(deliver(&server, &message::plain("meanwhile", "x")), 451);
    assert_eq!(newest(&server).0, "before");
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    assert_eq!(ews.fault(&calendar()), "ErrorServerBusy");
    wait::true_within("another one runs", wait::LONG, || converters(&server).iter().any(|other| *other != pid));
    wait::true_within("mail is taken", wait::LONG, || deliver(&server, &message::plain("after", "x")) == 250);
    assert_eq!(newest(&server).0, "after");
    ews.one(&calendar());
    std::mem::forget(stopped);
}

/// A calendar item given as iCalendar.
fn calendar() -> String {
    let text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Europe/Berlin:20261201T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let octets = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    format!(
        "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:Items><t:CalendarItem><t:MimeContent>{octets}</t:MimeContent>\
         </t:CalendarItem></m:Items></m:CreateItem>"
    )
}

/// Whether the process is at a large question.
fn is_converting(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/maps")).is_ok_and(|maps| maps.contains("memfd:ewsd-question"))
}

fn mail_that_kills_converters_is_kept_unread() {
    let server = Demo::start(quick().set("limits.convert_seconds", 3));
    // Long enough to be found while it is read, on a busy machine too.
    let large = message::plain("deadly", &"words of a long text\r\n".repeat(400_000));
    until_there(&server);
    let answered = AtomicBool::new(false);
    let code = std::thread::scope(|scope| {
        let delivery = scope.spawn(|| {
            let code = deliver(&server, &large);
            answered.store(true, Ordering::Release);
            code
        });
        while !answered.load(Ordering::Acquire) {
            converters(&server).into_iter().filter(|pid| is_converting(*pid)).for_each(kill_now);
        }
        delivery.join().unwrap()
    });
    assert_eq!(code, 250);
    let (subject, text) = newest(&server);
    let beginning: String = text.chars().take(200).collect();
    assert!(subject.contains("could not be read") && text.contains("as it came"), "{subject} {beginning}");
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let id = list(&mut ews, "inbox").remove(0);
    let item = get(&mut ews, &id, &shape("IdOnly", &["item:MimeContent", "item:Size"]));
    assert!(item.text("t:Size").is_some_and(|size| size.parse::<usize>().unwrap() > large.len()));
    let deaths = || server.status()["counters"]["conversion_deaths"].as_u64().unwrap_or(0);
    wait::true_within("deaths are counted", wait::LONG, || deaths() == 2);
    let marked = server.query("select props->>'GaveUp' from item where flags & 8192 <> 0");
    assert_eq!(marked, ["1"], "it says which reading gave up");
    // The next one is read.
    assert_eq!(deliver(&server, &message::plain("harmless", "x")), 250);
    assert_eq!(newest(&server).0, "harmless");
    wait::true_within("conversions are counted", wait::LONG, || {
        server.status()["counters"]["conversions"].as_u64().is_some_and(|done| done > 0)
    });
}

/// A mail that is kept as if some reading had given it up, with a file and a category that somebody gave it since.
fn keep_unread(server: &Demo, name: &str, gave_up: &str) -> String {
    let mail = message::rich(name);
    assert_eq!(deliver(server, &mail), 250);
    let kept = server.query(&format!(
        "with kept as (update item set subject = 'unread', preview = '', attachments = 0, categories = '{{Mine}}',
             unreadable = true, flags = (flags | 8192) & ~{HAS_ATTACHMENTS}, props = props || '{{\"GaveUp\": {gave_up}}}'
             where subject = '{name}' returning mailbox, item),
         gone as (delete from attachment using kept where attachment.mailbox = kept.mailbox and attachment.item = kept.item)
         select item from kept"
    ));
    kept.into_iter().next().expect("it was delivered")
}

/// The bit of items that have attachments.
const HAS_ATTACHMENTS: i32 = 64;

/// Subject, whether it is marked as unread, its mark, what is attached.
fn kept(server: &Demo, item: &str) -> String {
    let found = server.query(&format!(
        "select subject, flags & 8192 <> 0, props ->> 'GaveUp', categories, attachments from item where item = {item}"
    ));
    found.into_iter().next().expect("it is there")
}

fn mail_that_was_kept_unread_is_read_when_asked_for() {
    let server = Demo::start(quick());
    let one = keep_unread(&server, "number one", "1");
    let before = server.query(&format!("select change from item where item = {one}"));
    // Nobody else's.
    let other = server.ewsctl(&["mailbox", "reconvert", &server.accounts[1].address, "--json"]);
    let other: serde_json::Value = serde_json::from_str(&other).unwrap();
    assert_eq!((other["read"].as_u64(), other["unread"].as_u64()), (Some(0), Some(0)));
    assert!(kept(&server, &one).starts_with("unread|t|1"), "{}", kept(&server, &one));
    let told = server.ewsctl(&["mailbox", "reconvert", &server.accounts[0].address]);
    assert_eq!(told.trim(), "1 messages read, 0 still unread");
    assert_eq!(kept(&server, &one), "number one|f||{Mine}|2", "what somebody gave it stays");
    assert_ne!(server.query(&format!("select change from item where item = {one}")), before, "clients hear of it");
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let id = list(&mut ews, "inbox").remove(0);
    let item = get(&mut ews, &id, &shape("IdOnly", &["item:TextBody", "item:HasAttachments", "item:Attachments"]));
    assert!(item.text("t:TextBody").is_some_and(|text| text.contains("HTML words")));
    assert_eq!(item.text("t:HasAttachments"), Some("true"));
    assert!(format!("{item:?}").contains("figures.bin"));
    let again = server.ewsctl(&["mailbox", "reconvert"]);
    assert_eq!(again.trim(), "0 messages read, 0 still unread");
}

fn mail_that_an_older_version_could_not_read_is_read_by_this_one() {
    // A janitor that has just started rests for so long.
    let server = Demo::start(quick().set("limits.request_seconds", 5));
    let own = keep_unread(&server, "given up by this one", "1");
    let older = keep_unread(&server, "given up before", "0");
    let oldest = keep_unread(&server, "given up long before", "\"0.0.9\"");
    let janitor = wait::until("a janitor runs", wait::LONG, || process::workers(server.master(), "janitor").pop());
    // The next one looks through all mailboxes when it starts.
    kill_now(janitor);
    wait::true_within("they are read", wait::LONG, || {
        kept(&server, &older).starts_with("given up before|f||")
            && kept(&server, &oldest).starts_with("given up long before|f||")
    });
    assert!(kept(&server, &own).starts_with("unread|t|1"), "{}", kept(&server, &own));
}

fn a_converter_has_given_up_everything() {
    let server = Demo::start(quick());
    assert_eq!(deliver(&server, &message::plain("x", "x")), 250);
    let pid = until_there(&server);
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    for line in ["Seccomp:\t2", "NoNewPrivs:\t1"] {
        assert!(status.lines().any(|had| had == line), "{line} in\n{status}");
    }
    // Sockets from the master, and what it logs to: no file of the server's, no database.
    let database = process::sockets(server.postmaster().expect("it runs"));
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).unwrap() {
        let target = fs::read_link(entry.unwrap().path()).unwrap().to_string_lossy().into_owned();
        assert!(!target.contains("/pg") && !target.contains(".sock"), "{target}");
    }
    assert!(process::sockets(pid).is_disjoint(&database));
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let memory = limits.lines().find(|line| line.starts_with("Max address space")).unwrap();
    assert!(!memory.contains("unlimited"), "{memory}");
}

/// What a converter may still do includes leaving: it looks for the question that woke it, and ends well.
fn converters_leave_as_they_are_told() {
    let server = Demo::start(quick());
    let before = converters(&server);
    server.ewsctl(&["reload"]);
    wait::true_within("the former ones are gone", wait::LONG, || {
        let now = converters(&server);
        before.iter().all(|pid| !now.contains(pid))
    });
    let log = server.log_text();
    // What one says before it ends badly.
    let badly: Vec<&str> = log.lines().filter(|line| line.contains("the converter: ")).collect();
    assert!(badly.is_empty(), "{badly:?}");
}
