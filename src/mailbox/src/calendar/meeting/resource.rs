//! Rooms and equipment: what a meeting message does in a mailbox that answers by itself (Set-CalendarProcessing, AutoAccept). A
//! request is in the calendar when it is judged, so that of two at once the second sees the first; a cancellation takes it out. The
//! messages go to the deleted items. Who is in the organizer's own transaction is answered in it, everybody else by the queue.

use ewsd_model::calendar::Answer;
use ewsd_model::property::Column;
use ewsd_model::recurrence::{End, Recurrence};
use ewsd_model::value::{Body, BodyType, Mailbox as Person};
use ewsd_model::{PropId, Value};
use ewsd_store::{Account, ItemRef, ItemRow, Mailbox, Map, NewItem, Store, json};
use jiff::Timestamp;
use jiff::civil::Date;

use super::attendant::{self, CalendarEntry, Meant, Processed};
use super::booking::{self, Verdict};
use super::notice::{Notice, NoticeKind, NoticeSource};
use super::respond::{self, Invitation};
use super::{people, post};
use crate::calendar::change;
use crate::calendar::series::{clock_in, recurrence_in};
use crate::error::{Error, Result};
use crate::item::submit::{self, Author};

/// Octets of an answer: it says little, whatever was asked.
const ANSWER: u64 = 1 << 20;

/// An answer, and who organizes what it is about.
pub struct Answered {
    pub notice: Notice,
    pub to: Person,
}

/// The resource as it writes.
fn own(resource: &Account) -> Person {
    let address = resource.primary_address.clone().unwrap_or_else(|| resource.login.clone());
    Person {
        name: Some(resource.display_name.clone()),
        address: Some(address),
        routing: Some("SMTP".to_owned()),
        kind: Some("Mailbox".to_owned()),
        item: None,
    }
}

/// Puts a message about a meeting into the mailbox of a resource, as [`post::put`] does into somebody's, and does what the
/// resource's options say. Answers what it has to say to that.
pub fn put<'a>(
    store: &mut Store,
    resource: &Account,
    notice: &'a Notice,
    now: Timestamp,
    more: Map,
    with: impl FnOnce(&mut NewItem<'a>),
) -> Result<(ItemRef, Vec<Answered>)> {
    let who = own(resource);
    let address = who.address.clone().unwrap_or_default();
    let foreign = !resource.booking.external && is_foreign(store, notice)?;
    let mut mailbox = store.mailbox(resource.mailbox);
    if foreign {
        // Left for whoever looks after the resource.
        let made = post::keep(&mut mailbox, notice, Processed::Nothing, "inbox", more, with)?;
        return Ok((made, Vec::new()));
    }
    if !resource.booking.auto_accept || matches!(notice.what, NoticeKind::Response { .. }) {
        return Ok((post::put(&mut mailbox, notice, &address, now, more, with)?, Vec::new()));
    }
    let until = cut(resource, notice, now);
    let took = attendant::take(&mut mailbox, &kept(resource, notice, until), &address, now)?;
    let mut answers = Vec::new();
    if let Processed::Done(_) = took {
        if let NoticeKind::Request { .. } = notice.what {
            answers = request(&mut mailbox, resource, notice, until, now)?;
        } else {
            respond::take_away(&mut mailbox, notice.props(), now)?;
        }
    }
    let folder = if took == Processed::Nothing { "inbox" } else { "deleteditems" };
    let made = post::keep(&mut mailbox, notice, took, folder, more, with)?;
    Ok((made, answers))
}

/// Whether it comes from elsewhere, or is about a meeting of somebody elsewhere.
fn is_foreign(store: &mut Store, notice: &Notice) -> Result<bool> {
    let organizer = people::organizer(notice.props()).and_then(|one| one.address);
    let all: Vec<String> = notice.from().address.into_iter().chain(organizer).collect();
    let known = store.recipients(&all)?;
    let is_here = |address: &String| known.iter().any(|one| one.address.eq_ignore_ascii_case(address));
    Ok(!all.iter().all(is_here))
}

/// The day as far as which a series is booked that goes on beyond what can be booked, where that is allowed.
fn cut(resource: &Account, notice: &Notice, now: Timestamp) -> Option<Date> {
    let recurrence = recurrence_in(notice.props()).filter(|_| !resource.booking.enforce_window)?;
    let zone = booking::zone(resource, notice.props());
    let last = booking::last_day(resource, &zone, now);
    let goes_on = match recurrence.range.end {
        End::On(end) => end > last,
        // A count ends where it ends: the day is the earlier of the two.
        End::Never | End::After(_) => {
            ewsd_model::recurrence::Series::new(&recurrence).ok()?.last().is_none_or(|end| end > last)
        }
    };
    (goes_on && recurrence.range.start <= last).then_some(last)
}

/// The message as far as the resource's calendar is to have it.
fn kept(resource: &Account, notice: &Notice, until: Option<Date>) -> Notice {
    let rules = &resource.booking;
    let mut kept = notice.clone();
    let organizer = people::organizer(notice.props()).and_then(|one| one.name.or(one.address)).unwrap_or_default();
    let subject = match (rules.delete_subject, rules.add_organizer) {
        (true, true) => organizer,
        (true, false) => String::new(),
        (false, true) => format!("{organizer} {}", notice.subject()),
        (false, false) => notice.subject().to_owned(),
    };
    kept.edit.set_column(Column::Subject, Value::Text(subject));
    if rules.delete_comments {
        kept.edit.body = None;
    }
    if rules.delete_attachments {
        kept.attachments.clear();
    }
    if rules.remove_private {
        kept.edit.set.remove(Column::Sensitivity);
    }
    let row = PropId::CalendarRecurrence.row();
    let cut = until.zip(recurrence_in(notice.props())).map(|(until, whole)| Recurrence {
        range: ewsd_model::recurrence::Range { end: End::On(until), ..whole.range },
        ..whole
    });
    if let Some(mut json) = cut.and_then(|cut| json::encode(&Value::Recurrence(cut))) {
        if let Some(clock) = clock_in(notice.props()) {
            json::recurrence::put_clock(&mut json, clock);
        }
        kept.edit.props.insert(row.element.to_owned(), json);
    }
    kept
}

/// Answers a request that stands in the calendar.
fn request(
    mailbox: &mut Mailbox<'_>,
    resource: &Account,
    notice: &Notice,
    until: Option<Date>,
    now: Timestamp,
) -> Result<Vec<Answered>> {
    let meant = Meant::by(notice.props());
    let Some(CalendarEntry { row, .. }) = attendant::known(mailbox, meant)? else { return Ok(Vec::new()) };
    let mut invited = Invitation::of(row, notice.props(), None)?;
    let shown = invited.shown();
    let Verdict { answer, text, without } = booking::judge(mailbox, resource, &invited, until, now)?;
    let asked = notice.asks();
    let say = |shown: &ItemRow, answer: Answer, text: &str| response(resource, notice, shown, answer, text, now);
    let mut answers = Vec::new();
    // Whoever cannot have it is told, asked or not.
    if asked || answer == Answer::Decline {
        answers.extend(say(&shown, answer, &text)?);
    }
    if !without.is_empty() {
        let mut master = crate::calendar::series::Master::of_row(&invited.item);
        for placed in without {
            let Some(master) = master.as_mut() else { break };
            let shown = master.shown(&invited.item, placed);
            answers.extend(say(&shown, Answer::Decline, "It is in conflict with another booking.")?);
            change::delete(master, placed.date)?;
        }
        if let Some(master) = master {
            attendant::write(mailbox, &invited.item, change::edit(&invited.item, &master, now))?;
        }
        let Some(CalendarEntry { row, .. }) = attendant::known(mailbox, meant)? else { return Ok(answers) };
        invited = Invitation::of(row, notice.props(), None)?;
    }
    respond::settle(mailbox, &invited, answer, now)?;
    Ok(answers)
}

/// NoticeKind the resource says to the organizer. None: nobody knows who that is.
fn response(
    resource: &Account,
    notice: &Notice,
    shown: &ItemRow,
    answer: Answer,
    text: &str,
    now: Timestamp,
) -> Result<Option<Answered>> {
    let Some(to) = people::organizer(notice.props()).filter(|one| one.address.is_some()) else { return Ok(None) };
    let row = respond::called(shown, notice.subject());
    let body = resource.booking.tell_reasons.then(|| Body {
        body_type: BodyType::Text,
        text: text.to_owned(),
        truncated: None,
    });
    let what = NoticeKind::Response { answer, proposed: [None, None] };
    let from = own(resource);
    let id = submit::message_id_of(from.address.as_deref().unwrap_or_default());
    let told = NoticeSource { row: &row, attachments: Vec::new(), body };
    let notice = Notice::new(what, told, &from, std::slice::from_ref(&to), id, now)?;
    Ok(Some(Answered { notice, to }))
}

/// Queues an answer: for somebody elsewhere, or somebody here who is not waiting for it.
pub fn queue(store: &mut Store, resource: &Account, answered: &Answered, now: Timestamp) -> Result<()> {
    let who = own(resource);
    let primary = who.address.as_deref().unwrap_or_default();
    let author = Author { account: resource.account, primary, now, most: ANSWER };
    let mail = answered.notice.mail_of(store, &author)?;
    let to: Vec<String> = answered.to.address.iter().cloned().collect();
    submit::queue(store, resource.mailbox, primary, &to, &mail)
}

/// The resource that a mailbox is.
pub fn of_mailbox(store: &mut Store, mailbox: ewsd_model::id::MailboxNo) -> Result<Account> {
    store.account_by_mailbox(mailbox)?.ok_or_else(|| Error::from(ewsd_model::Code::ErrorNonExistentMailbox))
}
