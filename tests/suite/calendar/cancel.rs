//! DeleteItem of meetings whose attendees are told: each by itself, and once (MS-OXWSCORE 3.1.4.3).

use super::items::{create, delete_as, rows, set, times, update_request};
use super::meeting::{invite, people, series};
use super::series::index;
use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::ops::{Id, subjects};
use crate::support::{race, shared};

crate::tests![
    tells_what_came_of_each,
    tells_once_what_two_take_away,
    tells_once_of_a_date_that_two_take_away,
    overwrites_what_two_change,
    passes_over_who_is_here_no_more,
];

fn members(subject: &str, who: &str) -> String {
    format!("<t:Subject>{subject}</t:Subject>{}{who}", times("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z"))
}

fn meeting(host: &mut Ews, sends: &str, subject: &str, address: &str) -> Id {
    Id::of(host.one(&invite(sends, &members(subject, &people(&[address])))).want("m:Items/*"))
}

/// Whom a meeting cannot be cancelled to keeps that one meeting, and says nothing of the others.
fn tells_what_came_of_each() {
    let (mut host, mut guest) = (shared::mailbox(), shared::mailbox());
    let address = guest.account.address.clone();
    let ids = [
        meeting(&mut host, "SendOnlyToAll", "first", &address),
        meeting(&mut host, "SendToNone", "stays", "no address at all"),
        meeting(&mut host, "SendOnlyToAll", "last", &address),
        create(&mut host, &members("alone", "")),
    ];
    let named: String = ids.iter().map(Id::bare).collect();
    let answer = host.call(&delete_as("HardDelete", &named).replace("SendToNone", "SendOnlyToAll"));
    assert_eq!(answer.codes(), ["NoError", "ErrorInvalidRecipients", "NoError", "NoError"]);
    let left: Vec<String> =
        rows(&mut host, "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").into_iter().map(|row| row.0).collect();
    assert_eq!(left, ["stays"]);
    let told = rows(&mut guest, "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z");
    let mut told: Vec<&str> = told.iter().map(|row| row.0.as_str()).collect();
    told.sort();
    assert_eq!(told, ["Canceled: first", "Canceled: last"]);
}

/// Both have read the meeting before either can take it away.
fn tells_once_what_two_take_away() {
    let server = Demo::start(Options::default());
    let [mut host, mut guest] = [0, 1].map(|at| Ews::connect(&server, &server.accounts[at]));
    for how in ["HardDelete", "MoveToDeletedItems"] {
        let id = meeting(&mut host, "SendOnlyToAll", how, &guest.account.address);
        let request = delete_as(how, &id.bare()).replace("SendToNone", "SendOnlyToAll");
        assert_eq!(race::twice(&server, &host, &request), ["ErrorItemNotFound", "NoError"], "{how}");
    }
    let told = subjects(&mut guest, "inbox");
    let told: Vec<&String> = told.iter().filter(|subject| subject.starts_with("Canceled: ")).collect();
    assert_eq!(told.len(), 2, "{told:?}");
}

/// The same of one date of a series: the later one finds it gone.
fn tells_once_of_a_date_that_two_take_away() {
    let server = Demo::start(Options::default());
    let [mut host, mut guest] = [0, 1].map(|at| Ews::connect(&server, &server.accounts[at]));
    let daily = series(&mut host, &[&guest.account.address.clone()]);
    let request = delete_as("HardDelete", &index(&daily, 3)).replace("SendToNone", "SendOnlyToAll");
    let gone = "ErrorCalendarOccurrenceIsDeletedFromRecurrence";
    assert_eq!(race::twice(&server, &host, &request), [gone, "NoError"]);
    assert_eq!(subjects(&mut guest, "inbox").len(), 2);
}

/// Both have read the meeting before either can change it, and both were told to overwrite.
fn overwrites_what_two_change() {
    let server = Demo::start(Options::default());
    let [mut host, mut guest] = [0, 1].map(|at| Ews::connect(&server, &server.accounts[at]));
    let single = meeting(&mut host, "SendOnlyToAll", "plan", &guest.account.address);
    let daily = series(&mut host, &[&guest.account.address.clone()]);
    let place = set("calendar:Location", "<t:Location>Yard</t:Location>");
    for id in [single.bare(), index(&daily, 2)] {
        let request = update_request(&id, &place).replace("SendToNone", "SendOnlyToAll");
        assert_eq!(race::twice(&server, &host, &request), ["NoError", "NoError"], "{id}");
    }
    let told = subjects(&mut guest, "inbox");
    assert_eq!(told.len(), 2 + 4, "{told:?}");
}

/// An account that was removed keeps no meeting from being cancelled.
fn passes_over_who_is_here_no_more() {
    let (mut host, mut guest) = (shared::mailbox(), shared::mailbox());
    let both = people(&["was-here-once@example.test", &guest.account.address]);
    let id = Id::of(host.one(&invite("SendToNone", &members("plan", &both))).want("m:Items/*"));
    host.one(&delete_as("HardDelete", &id.bare()).replace("SendToNone", "SendOnlyToAll"));
    assert_eq!(subjects(&mut guest, "inbox"), ["Canceled: plan"]);
}
