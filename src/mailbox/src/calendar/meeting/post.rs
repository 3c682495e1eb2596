//! How meeting messages get to whoever they are for: into mailboxes here with what they do to the calendar, all in the sender's
//! own transaction; to everybody else as mail, in the queue.

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::id::MailboxNo;
use ewsd_model::property::bit;
use ewsd_model::value::Mailbox as Person;
use ewsd_model::{PropId, Value};
use ewsd_store::{Account, ItemRef, Mailbox, Map, NewItem, Recipient, Store, json};
use jiff::Timestamp;

use super::attendant::{self, Processed};
use super::notice::{Notice, NoticeKind};
use super::resource::{self, Answered};
use crate::error::Result;
use crate::gate::Granted;
use crate::item::submit::{self, Absent, Checked};
use crate::session::Session;

/// A message and whom it is for.
pub struct Letter {
    notice: Notice,
    local: Vec<Recipient>,
    remote: Vec<String>,
    /// As it leaves, if anybody elsewhere is to get it.
    mail: Option<Checked>,
}

/// What is to be sent together.
pub struct Post {
    /// The sender's.
    mailbox: MailboxNo,
    sender: String,
    now: Timestamp,
    letters: Vec<Letter>,
}

impl Post {
    /// Looks up everybody. Nothing is changed yet. Whoever sends gets none of it.
    pub fn new(session: &mut Session<'_>, granted: &Granted, notices: Vec<(Notice, Vec<Person>)>) -> Result<Post> {
        Post::to(session, granted, notices, Absent::Refused)
    }

    /// The same of what is called off: whoever is here no more is passed over.
    pub fn calling_off(
        session: &mut Session<'_>,
        granted: &Granted,
        notices: Vec<(Notice, Vec<Person>)>,
    ) -> Result<Post> {
        Post::to(session, granted, notices, Absent::PassedOver)
    }

    fn to(
        session: &mut Session<'_>,
        granted: &Granted,
        notices: Vec<(Notice, Vec<Person>)>,
        absent: Absent,
    ) -> Result<Post> {
        let sender = session.address();
        let mut letters = Vec::with_capacity(notices.len());
        for (notice, people) in notices {
            let mut addresses: Vec<String> = Vec::with_capacity(people.len());
            for one in &people {
                let address = submit::resolve(session, one)?;
                if !address.eq_ignore_ascii_case(&sender) && !addresses.iter().any(|a| a.eq_ignore_ascii_case(&address))
                {
                    addresses.push(address);
                }
            }
            let most = session.settings.limits.recipients;
            if addresses.len() as u64 > most {
                let text = format!("A meeting can have at most {most} attendees.");
                return Err(Failure::with_text(Code::ErrorInvalidRecipients, text).into());
            }
            let is_letter = notice.what.is_letter();
            let absent = if is_letter { absent } else { Absent::PassedOver };
            let (local, mut remote) = submit::local_and_remote(session, addresses, absent)?;
            if !is_letter {
                remote.clear();
            }
            let own = granted.mailbox();
            let mut local: Vec<Recipient> = local.into_iter().filter(|one| one.mailbox != own).collect();
            // Whoever is invited by several addresses gets one message.
            local.dedup_by_key(|one| one.mailbox);
            let mail = if remote.is_empty() { None } else { Some(notice.mail(session)?) };
            letters.push(Letter { notice, local, remote, mail });
        }
        Ok(Post { mailbox: granted.mailbox(), sender, now: session.now, letters })
    }

    /// Whether nobody gets anything.
    pub fn is_empty(&self) -> bool {
        self.letters.iter().all(|letter| letter.local.is_empty() && letter.remote.is_empty())
    }

    /// Sends in one transaction with what the sender does to the own mailbox. `copies`: it keeps the messages among those sent.
    pub fn send<T>(
        &self,
        session: &mut Session<'_>,
        copies: bool,
        mut keep: impl FnMut(&mut Mailbox<'_>) -> Result<T>,
    ) -> Result<T> {
        let most = i64::try_from(session.settings.limits.recipients_per_hour).unwrap_or(i64::MAX);
        session.gate.store().transaction(|store| self.run(store, most, copies, &mut keep))
    }

    /// Mailboxes are changed in ascending order, so that two senders never wait for each other.
    fn run<T>(
        &self,
        store: &mut Store,
        most: i64,
        copies: bool,
        keep: &mut impl FnMut(&mut Mailbox<'_>) -> Result<T>,
    ) -> Result<T> {
        let count: usize = self.letters.iter().map(|letter| letter.local.len() + letter.remote.len()).sum();
        if count > 0 {
            store.mailbox(self.mailbox).count_recipients(i64::try_from(count).unwrap_or(i64::MAX), most)?;
        }
        let all = self.letters.iter().flat_map(|letter| letter.local.iter().map(move |one| (one, letter)));
        let mut all: Vec<(&Recipient, &Letter)> = all.collect();
        all.sort_by_key(|(one, _)| one.mailbox);
        let (before, after): (Vec<_>, Vec<_>) = all.into_iter().partition(|(one, _)| one.mailbox < self.mailbox);
        let mut answers = Vec::new();
        for (one, letter) in before {
            answers.extend(self.deliver(store, one, &letter.notice)?);
        }
        let kept = keep(&mut store.mailbox(self.mailbox))?;
        if copies {
            self.keep_copies(&mut store.mailbox(self.mailbox))?;
        }
        for (one, letter) in after {
            answers.extend(self.deliver(store, one, &letter.notice)?);
        }
        self.take_answers(store, answers)?;
        for letter in &self.letters {
            if let Some(mail) = &letter.mail {
                submit::queue(store, self.mailbox, &self.sender, &letter.remote, mail)?;
            }
        }
        Ok(kept)
    }

    fn keep_copies(&self, mailbox: &mut Mailbox<'_>) -> Result<()> {
        let sent = mailbox.folder_by_distinguished("sentitems")?.folder;
        let goes = |letter: &&Letter| !letter.local.is_empty() || !letter.remote.is_empty();
        for letter in self.letters.iter().filter(|letter| letter.notice.what.is_letter()).filter(goes) {
            let mut item = letter.notice.item(sent, Map::new());
            item.flags |= bit::READ | bit::FROM_ME;
            item.event = None;
            mailbox.create_item(&item)?;
        }
        Ok(())
    }

    /// However full the mailbox is: a calendar that lacks a meeting is worse than one that has it.
    fn deliver(&self, store: &mut Store, to: &Recipient, notice: &Notice) -> Result<Vec<(Account, Answered)>> {
        if to.disabled {
            return Ok(Vec::new());
        }
        store.without_quota(|store| deliver(store, to, notice, self.now))
    }

    /// What rooms say at once. The sender's mailbox is in this transaction anyway; no other is drawn in out of its turn.
    fn take_answers(&self, store: &mut Store, answers: Vec<(Account, Answered)>) -> Result<()> {
        if answers.is_empty() {
            return Ok(());
        }
        let mut own = store.recipients(std::slice::from_ref(&self.sender))?;
        own.retain(|one| one.mailbox == self.mailbox);
        for (resource, answered) in answers {
            let is_sender = |address: &String| address.eq_ignore_ascii_case(&self.sender);
            match own.first().filter(|_| answered.to.address.as_ref().is_some_and(is_sender)) {
                Some(sender) => drop(self.deliver(store, sender, &answered.notice)?),
                None => resource::queue(store, &resource, &answered, self.now)?,
            }
        }
        Ok(())
    }
}

/// Puts a message into a mailbox and has its calendar take it. What a resource answers.
fn deliver(store: &mut Store, to: &Recipient, notice: &Notice, now: Timestamp) -> Result<Vec<(Account, Answered)>> {
    let receiver = Person {
        name: Some(to.display_name.clone()),
        address: Some(to.primary_address.clone()),
        routing: Some("SMTP".to_owned()),
        ..Person::default()
    };
    let receiver = json::member(&Value::Mailbox(receiver));
    let mut more = Map::new();
    for id in [PropId::MessageReceivedBy, PropId::MessageReceivedRepresenting] {
        more.insert(id.row().element.to_owned(), receiver.clone());
    }
    if to.resource {
        let resource = resource::of_mailbox(store, to.mailbox)?;
        let (_, answers) = resource::put(store, &resource, notice, now, more, |_| {})?;
        return Ok(answers.into_iter().map(|one| (resource.clone(), one)).collect());
    }
    put(&mut store.mailbox(to.mailbox), notice, &to.primary_address, now, more, |_| {})?;
    Ok(Vec::new())
}

/// Puts a message into the inbox of a mailbox whose primary address is `own`, and has the calendar take it. `more`: what the
/// receiver's item says besides; `with`: what else it is to have.
pub fn put<'a>(
    mailbox: &mut Mailbox<'_>,
    notice: &'a Notice,
    own: &str,
    now: Timestamp,
    more: Map,
    with: impl FnOnce(&mut NewItem<'a>),
) -> Result<ItemRef> {
    let took = attendant::take(mailbox, notice, own, now)?;
    keep(mailbox, notice, took, "inbox", more, with)
}

/// Puts a message into a folder with what came of it in the calendar.
pub(super) fn keep<'a>(
    mailbox: &mut Mailbox<'_>,
    notice: &'a Notice,
    took: Processed,
    folder: &str,
    mut more: Map,
    with: impl FnOnce(&mut NewItem<'a>),
) -> Result<ItemRef> {
    let mut put = |id: PropId, value: serde_json::Value| drop(more.insert(id.row().element.to_owned(), value));
    put(PropId::MeetingHasBeenProcessed, (took != Processed::Nothing).into());
    put(PropId::MeetingIsOutOfDate, (took == Processed::OutOfDate).into());
    if let (NoticeKind::Request { .. }, Processed::Done(word)) = (&notice.what, took) {
        put(PropId::MeetingRequestMeetingRequestType, word.into());
    }
    let folder = mailbox.folder_by_distinguished(folder)?.folder;
    let mut item = notice.item(folder, more);
    item.delivered = true;
    with(&mut item);
    let made = mailbox.create_item(&item)?;
    if matches!(took, Processed::Done(_)) && !matches!(notice.what, NoticeKind::Response { .. }) {
        attendant::outdate(mailbox, notice, made.item)?;
    }
    Ok(made)
}
