//! After an attempt: who has the message is taken off it, who will never get it is reported to the sender, and for the rest it
//! goes on waiting. All of that is one transaction, so that no report is lost, and none comes twice.

use ewsd_ipc::Count;
use ewsd_mailbox::clock;
use ewsd_mailbox::convert::ical::Limits;
use ewsd_mailbox::convert::table::Headers;
use ewsd_mailbox::convert::{self, Failed};
use ewsd_mailbox::deliver::{self, DeliverError, Target, Trace};
use ewsd_mailbox::log::note;
use ewsd_mailbox::random;
use ewsd_settings::Settings;
use ewsd_store::{Before, Outgoing, Postponed, Store, StoreError};
use jiff::Timestamp;

use super::report::{self, FailedRecipient, NO_ROUTE};
use super::sender::Task;
use super::{DeliveryFailure, DeliveryStatus, DeliveryStatuses, route};

const HOUR: i64 = 3600;

/// What to do with a message.
#[derive(Debug, Default, PartialEq, Eq)]
struct Verdict {
    sent: u32,
    /// With the time for which it was tried, where that is why.
    failed: Vec<(String, DeliveryFailure, Option<i64>)>,
    deferred: u32,
    /// Who still waits.
    waiting: Vec<String>,
    /// The pause in seconds.
    pause: i64,
    error: Option<String>,
    /// Whether the attempt counts.
    attempted: bool,
}

/// Carries out what came of an attempt. What it counts is for the master.
///
/// A message that could not be tried, because the smarthost could not be reached, is due as soon as that is tried again.
pub(crate) fn settle(
    store: &mut Store,
    settings: &Settings,
    holder: i32,
    task: &Task,
    result: Result<&DeliveryStatuses, DeliveryFailure>,
) -> Result<Vec<(Count, u32)>, StoreError> {
    let message = &task.message;
    let mut statuses = task.others.clone();
    let expired = expired(store, settings, message)?;
    match result {
        Ok(theirs) => statuses.extend(theirs.iter().cloned()),
        Err(trouble) if statuses.is_empty() && expired.is_none() => {
            return put_back(store, holder, message, &trouble).map(|()| Vec::new());
        }
        Err(trouble) => statuses.extend(super::all(&message.recipients, &DeliveryStatus::Deferred(trouble))),
    }
    let verdict = judge(settings, message, &statuses, expired, jitter());
    carry_out(store, settings, holder, message, verdict)
}

fn carry_out(
    store: &mut Store,
    settings: &Settings,
    holder: i32,
    message: &Outgoing,
    verdict: Verdict,
) -> Result<Vec<(Count, u32)>, StoreError> {
    let now = clock::now();
    let reported = store.transaction(|store| {
        let ended = if verdict.waiting.is_empty() {
            store.finish_outgoing(message.mailbox, message.id)?
        } else {
            store.postpone_outgoing(&Postponed {
                mailbox: message.mailbox,
                id: message.id,
                holder,
                seconds: verdict.pause,
                recipients: &verdict.waiting,
                error: verdict.error.as_deref(),
                attempted: verdict.attempted,
            })?
        };
        // Somebody else has ended it, and reported what there was to report.
        let tell = ended && !verdict.failed.is_empty();
        if tell { tell_sender(store, settings, message, &verdict.failed, now) } else { Ok(false) }
    })?;
    log(message, &verdict);
    let failed = u32::try_from(verdict.failed.len()).unwrap_or(u32::MAX);
    let counts = [
        (Count::OutgoingSent, verdict.sent),
        (Count::OutgoingDeferred, verdict.deferred),
        (Count::OutgoingFailed, failed),
        (Count::OutgoingReports, u32::from(reported)),
    ];
    Ok(counts.into_iter().filter(|(_, n)| *n > 0).collect())
}

fn put_back(store: &mut Store, holder: i32, message: &Outgoing, trouble: &DeliveryFailure) -> Result<(), StoreError> {
    let error = trouble.line();
    let wait = Postponed {
        mailbox: message.mailbox,
        id: message.id,
        holder,
        seconds: 0,
        recipients: &message.recipients,
        error: Some(&error),
        attempted: false,
    };
    store.postpone_outgoing(&wait).map(drop)
}

/// The fates of people elsewhere where no smarthost is set.
pub(crate) fn no_smarthost(message: &Outgoing) -> DeliveryStatuses {
    let text = "no smarthost is configured (courier.smarthost)";
    super::all(&message.recipients, &DeliveryStatus::Failed(DeliveryFailure::own(NO_ROUTE, text)))
}

/// What was submitted before is given up; none: that is not known, for the clock is not believed.
pub(crate) fn given_up(store: &mut Store, settings: &Settings) -> Result<Option<Before>, StoreError> {
    let seconds = settings.courier.give_up_hours.saturating_mul(HOUR.unsigned_abs());
    let believed = store.judge_clock(clock::now(), settings.limits.clock_seconds)?;
    Ok(believed.ok().map(|believed| believed.older_than_seconds(seconds)))
}

/// The hours for which a message was tried, if that is enough by a clock that is believed.
fn expired(store: &mut Store, settings: &Settings, message: &Outgoing) -> Result<Option<i64>, StoreError> {
    let most = i64::try_from(settings.courier.give_up_hours).unwrap_or(i64::MAX / HOUR);
    let waited = clock::now().as_second() - message.submitted.as_second();
    let hours = (most == 0 || waited >= most.saturating_mul(HOUR)).then_some(waited.max(0) / HOUR);
    // Only then is anybody asked.
    if hours.is_some() && most > 0 && given_up(store, settings)?.is_none() {
        return Ok(None);
    }
    Ok(hours)
}

/// `expired`: the hours after which nobody tries again. `jitter` lies between 0 and 1.
fn judge(
    settings: &Settings,
    message: &Outgoing,
    statuses: &DeliveryStatuses,
    expired: Option<i64>,
    jitter: f64,
) -> Verdict {
    let mut verdict = Verdict { attempted: true, ..Verdict::default() };
    let mut next = Vec::new();
    for (recipient, status) in statuses {
        match status {
            DeliveryStatus::Sent => verdict.sent += 1,
            DeliveryStatus::Failed(trouble) => verdict.failed.push((recipient.clone(), trouble.clone(), None)),
            DeliveryStatus::Deferred(trouble) if expired.is_some() => {
                verdict.failed.push((recipient.clone(), trouble.clone(), expired));
            }
            DeliveryStatus::Deferred(trouble) => {
                verdict.deferred += 1;
                verdict.error.get_or_insert_with(|| trouble.line());
                verdict.waiting.push(recipient.clone());
            }
            DeliveryStatus::Next => next.push(recipient.clone()),
        }
    }
    // It goes on at once with those who were not asked for yet, unless nothing moves; they come first either way.
    let moves = verdict.sent > 0 || !verdict.failed.is_empty();
    verdict.attempted = next.is_empty() || !moves;
    if verdict.attempted {
        verdict.pause = pause(settings, message.attempts, jitter);
    }
    next.append(&mut verdict.waiting);
    verdict.waiting = next;
    verdict
}

/// The ladder: it doubles up to the longest pause; a tenth more or less keeps messages that failed together apart.
fn pause(settings: &Settings, attempts: i32, jitter: f64) -> i64 {
    let (first, most) = (settings.courier.retry_seconds, settings.courier.retry_most_seconds);
    let doubled = first.saturating_mul(1 << attempts.saturating_sub(1).clamp(0, 30)).min(most.max(first));
    (doubled as f64 * (0.9 + 0.2 * jitter)).round() as i64
}

fn jitter() -> f64 {
    f64::from(u32::from_be_bytes(random::array())) / f64::from(u32::MAX)
}

/// Puts the report into the sender's Inbox: past quota and lock, for it is about their own mail. A report about a report
/// is never made: those have no sender. False: there is nobody to tell.
fn tell_sender(
    store: &mut Store,
    settings: &Settings,
    message: &Outgoing,
    failed: &[(String, DeliveryFailure, Option<i64>)],
    now: Timestamp,
) -> Result<bool, StoreError> {
    if message.sender.is_empty() {
        return Ok(false);
    }
    let Some(account) = store.account_by_mailbox(message.mailbox)? else { return Ok(false) };
    let lost: Vec<FailedRecipient<'_>> = failed
        .iter()
        .map(|(recipient, trouble, hours)| FailedRecipient { recipient, trouble, hours: *hours })
        .collect();
    let by = route::hello(settings);
    let fields = match convert::ask(&Headers {}, &message.mime) {
        Ok(fields) => fields,
        Err(Failed::Busy) => return Err(StoreError::Busy { retry_ms: convert::RETRY_MS }),
        // The report tells of no subject.
        Err(failed) => {
            note!(Error, "the head of outgoing message {}: {failed}", message.id);
            Vec::new()
        }
    };
    let octets = report::report(&by, &account.language, message, &fields, &lost, now);
    let target = Target { disabled: false, quota_bytes: Some(0), ..Target::from(account) };
    let trace = Trace { by: &by, calendars: Limits::of(settings), ..Trace::default() };
    match deliver::deliver_to(store, &trace, &[Some(target)], &octets).pop() {
        Some(Ok(_)) => Ok(true),
        Some(Err(DeliverError::Busy { retry_ms })) => Err(StoreError::Busy { retry_ms }),
        // The message must not leave the queue without the report.
        _ => Err(StoreError::Corrupt(format!("the report about message {} could not be stored", message.id))),
    }
}

fn log(message: &Outgoing, verdict: &Verdict) {
    let Verdict { sent, failed, deferred, waiting, pause, error, .. } = verdict;
    let id = message.id;
    if *sent > 0 {
        note!(Info, "outgoing message {id} of mailbox {}: sent to {sent}, {} wait", message.mailbox, waiting.len());
    }
    if let Some((_, trouble, _)) = failed.first() {
        note!(Warn, "outgoing message {id}: {} will not get it: {}", failed.len(), trouble.line());
    }
    if let (1.., Some(error)) = (deferred, error) {
        note!(Info, "outgoing message {id}: {deferred} wait, next attempt in {pause} s: {error}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ewsd_model::id::MailboxNo;
    use ewsd_store::testing::database;
    use ewsd_store::{Claim, NewAccount, NewOutgoing};

    /// The account is locked and its mailbox full: it is still told what became of its mail. Who sent nothing is not.
    #[test]
    fn a_report_reaches_its_mailbox_and_is_never_made_for_the_empty_sender() {
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let addresses = vec!["anna@example.test".to_owned()];
        let new = NewAccount { login: "anna".into(), addresses, language: "en".into(), ..NewAccount::default() };
        let account = store.create_account(&new).unwrap();
        store.set_quota(account.account, Some(1)).unwrap();
        store.set_disabled(account.account, true).unwrap();
        let (mailbox, recipients) = (account.mailbox, ["b@far.test".to_owned()]);
        for (sender, reports) in [("", 0), ("anna@example.test", 1)] {
            store
                .put_outgoing(&NewOutgoing { mailbox, sender, recipients: &recipients, mime: b"Subject: x\r\n\r\n" })
                .unwrap();
            let claim = Claim { holder: 7, lease_seconds: 60, limit: 1, submitted: None };
            let message = store.claim_outgoing(&claim).unwrap().remove(0);
            let statuses = no_smarthost(&message);
            let task = Task { message, others: DeliveryStatuses::new() };
            let counts = settle(&mut store, &Settings::default(), 7, &task, Ok(&statuses)).unwrap();
            assert_eq!(counts.contains(&(Count::OutgoingReports, 1)), reports == 1);
            assert!(counts.contains(&(Count::OutgoingFailed, 1)));
            assert_eq!(store.mailbox(mailbox).folder_by_distinguished("inbox").unwrap().total, reports);
            assert_eq!(store.outbox_figures().unwrap().queued, 0);
        }
    }

    /// A clock that has jumped makes all mail old at once.
    #[test]
    fn nothing_is_given_up_by_a_clock_that_is_not_believed() {
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let new = NewAccount {
            login: "anna".into(),
            addresses: vec!["anna@example.test".into()],
            language: "en".into(),
            ..NewAccount::default()
        };
        let mailbox = store.create_account(&new).unwrap().mailbox;
        let (sender, recipients) = ("anna@example.test", ["b@far.test".to_owned()]);
        let mime = b"Subject: x\r\n\r\n";
        store.put_outgoing(&NewOutgoing { mailbox, sender, recipients: &recipients, mime }).unwrap();
        let claim = Claim { holder: 7, lease_seconds: 60, limit: 1, submitted: None };
        let mut message = store.claim_outgoing(&claim).unwrap().remove(0);
        message.submitted = message.submitted.checked_sub(jiff::SignedDuration::from_hours(200)).unwrap();
        let mut settings = Settings::default();
        assert_eq!(expired(&mut store, &settings, &message).unwrap(), Some(200), "it went evenly so far");
        // To whoever looks it was seen long ago.
        let jumped = clock::now().checked_add(jiff::SignedDuration::from_hours(2)).unwrap();
        assert!(store.judge_clock(jumped, 0).unwrap().is_ok());
        assert_eq!(expired(&mut store, &settings, &message).unwrap(), None);
        assert_eq!(given_up(&mut store, &settings).unwrap(), None);
        settings.courier.give_up_hours = 0;
        assert_eq!(expired(&mut store, &settings, &message).unwrap(), Some(200), "after the first attempt, whenever");
    }

    fn message(attempts: i32) -> Outgoing {
        Outgoing {
            mailbox: MailboxNo(1),
            id: 1,
            sender: String::new(),
            recipients: Vec::new(),
            submitted: Timestamp::UNIX_EPOCH,
            attempts,
            last_error: None,
            mime: Vec::new(),
        }
    }

    #[test]
    fn the_ladder_doubles_up_to_its_end() {
        let settings = Settings::default();
        let pauses: Vec<i64> = [1, 2, 3, 7, 8, 40].iter().map(|n| pause(&settings, *n, 0.5)).collect();
        assert_eq!(pauses, [60, 120, 240, 3600, 3600, 3600]);
        assert_eq!((pause(&settings, 1, 0.0), pause(&settings, 1, 1.0)), (54, 66));
        let mut settings = settings;
        settings.courier.retry_seconds = 0;
        assert_eq!(pause(&settings, 9, 1.0), 0);
    }

    #[test]
    fn each_recipient_has_a_fate_of_their_own() {
        let settings = Settings::default();
        let later = DeliveryFailure::own("4.0.0", "later");
        let never = DeliveryFailure::own("5.0.0", "never");
        let statuses: DeliveryStatuses = [
            ("a", DeliveryStatus::Sent),
            ("b", DeliveryStatus::Deferred(later.clone())),
            ("c", DeliveryStatus::Failed(never.clone())),
        ]
        .map(|(name, status)| (name.to_owned(), status))
        .into();
        let verdict = judge(&settings, &message(2), &statuses, None, 0.5);
        let expected = Verdict {
            sent: 1,
            failed: vec![("c".into(), never.clone(), None)],
            deferred: 1,
            waiting: vec!["b".into()],
            pause: 120,
            error: Some("later".into()),
            attempted: true,
        };
        assert_eq!(verdict, expected);
        let late = judge(&settings, &message(2), &statuses, Some(121), 0.5);
        assert_eq!(late.waiting, Vec::<String>::new());
        assert_eq!(late.failed, [("b".to_owned(), later, Some(121)), ("c".to_owned(), never, None)]);
    }

    #[test]
    fn who_was_not_tried_goes_on_at_once() {
        let later = || DeliveryStatus::Deferred(DeliveryFailure::own("4.0.0", "later"));
        let judge = |statuses: &[(&str, DeliveryStatus)]| {
            let statuses: DeliveryStatuses =
                statuses.iter().map(|(name, status)| ((*name).to_owned(), status.clone())).collect();
            let verdict = judge(&Settings::default(), &message(1), &statuses, None, 0.5);
            (verdict.pause, verdict.attempted, verdict.waiting.concat())
        };
        assert_eq!(judge(&[("a", DeliveryStatus::Sent), ("b", DeliveryStatus::Next)]), (0, false, "b".into()));
        assert_eq!(judge(&[("a", later()), ("b", DeliveryStatus::Next)]), (60, true, "ba".into()), "nothing moves");
    }
}
