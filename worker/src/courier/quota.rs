//! Tells people that their mailbox is almost full, before it is.

use std::time::Duration;

use ewsd_mailbox::convert::mime::date;
use ewsd_mailbox::deliver::{self, DeliverError, Target, Trace};
use ewsd_mailbox::log::note;
use ewsd_mailbox::{clock, random};
use ewsd_settings::Settings;
use ewsd_store::{AlmostFull, Store, StoreError};
use jiff::Timestamp;

use super::report::encoded;
use super::route;
use super::words::words;

/// Between two looks at all mailboxes that have a quota.
pub(crate) const LOOK: Duration = Duration::from_secs(600);
/// As long as there is no more room, it is told again after so many days.
const DAYS: u64 = 7;
/// Mailboxes of one look; the others have their turn at the next.
const MOST: i64 = 100;

/// Warns whoever is to be warned.
pub(crate) fn warn(store: &mut Store, settings: &Settings) -> Result<(), StoreError> {
    let percent = i64::try_from(settings.mail.quota_warning_percent).unwrap_or(100);
    if percent == 0 {
        return Ok(());
    }
    let Ok(believed) = store.judge_clock(clock::now(), settings.limits.clock_seconds)? else { return Ok(()) };
    let before = believed.older_than_days(DAYS);
    for found in store.almost_full(percent, before, MOST)? {
        // Noted and told as one, so that nobody is told twice, and nobody is forgotten.
        let told = store.transaction(|store| {
            Ok(store.mailbox(found.mailbox).warn_of_quota(before)? && tell(store, settings, &found)?)
        });
        match told {
            Ok(true) => note!(Info, "mailbox {} is almost full: its owner was told", found.mailbox),
            Ok(false) => {}
            Err(error @ StoreError::Busy { .. }) => return Err(error),
            // The next look tries again; others are to be told all the same.
            Err(error) => {
                note!(Error, "the owner of mailbox {} could not be told that it is almost full: {error}", found.mailbox)
            }
        }
    }
    Ok(())
}

/// Puts the warning into the Inbox, past the quota that it is about.
fn tell(store: &mut Store, settings: &Settings, found: &AlmostFull) -> Result<bool, StoreError> {
    let Some(account) = store.account_by_mailbox(found.mailbox)? else { return Ok(false) };
    let by = route::hello(settings);
    let language = account.language.clone();
    let target = Target { quota_bytes: Some(0), ..Target::from(account) };
    let octets = warning(&by, &language, &target.address, found, clock::now());
    let trace = Trace { by: &by, ..Trace::default() };
    match deliver::deliver_to(store, &trace, &[Some(target)], &octets).pop() {
        Some(Ok(_)) => Ok(true),
        Some(Err(DeliverError::Busy { retry_ms })) => Err(StoreError::Busy { retry_ms }),
        _ => Err(StoreError::Corrupt("the warning could not be stored".to_owned())),
    }
}

/// The message. Programs know by `Auto-Submitted` (RFC 3834) not to answer it.
fn warning(by: &str, language: &str, to: &str, found: &AlmostFull, now: Timestamp) -> Vec<u8> {
    let words = words(language);
    let percent = (i128::from(found.used) * 100 / i128::from(found.quota.max(1))).to_string();
    let parts = [in_short(found.used), in_short(found.quota), percent];
    let used = parts.iter().fold(words.used.to_owned(), |text, part| text.replacen("{}", part, 1));
    let lines = [
        format!("From: Mail Delivery System <MAILER-DAEMON@{by}>"),
        format!("To: <{to}>"),
        format!("Subject: {}", encoded(words.almost_full)),
        format!("Date: {}", date(now)),
        format!("Message-ID: <{}@{by}>", random::guid()),
        "Importance: high".to_owned(),
        "Auto-Submitted: auto-generated".to_owned(),
        "MIME-Version: 1.0".to_owned(),
        "Content-Type: text/plain; charset=utf-8".to_owned(),
        format!("Content-Language: {}", words.language),
        "Content-Transfer-Encoding: 8bit".to_owned(),
        String::new(),
        used,
        String::new(),
        words.full.to_owned(),
        String::new(),
    ];
    lines.join("\r\n").into_bytes()
}

/// Octets for people: 1.8 GB.
fn in_short(octets: i64) -> String {
    let mut value = octets as f64;
    for unit in ["B", "KB", "MB", "GB"] {
        if value < 1024.0 {
            return if unit == "B" { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.1} TB")
}

#[cfg(test)]
mod tests {
    use ewsd_model::id::MailboxNo;

    use super::*;

    #[test]
    fn a_warning_says_how_much_of_what_is_used() {
        let found = AlmostFull { mailbox: MailboxNo(1), used: 1_932_735_284, quota: 2 << 30 };
        let octets = warning("here.test", "en", "anna@here.test", &found, Timestamp::UNIX_EPOCH);
        let text = String::from_utf8_lossy(&octets).into_owned();
        assert!(text.contains("\r\n\r\n1.8 GB of 2.0 GB are used, that is 90 %.\r\n"), "{text}");
        assert!(text.contains("To: <anna@here.test>\r\nSubject: Your mailbox is almost full\r\n"), "{text}");
        let german = warning("here.test", "de-AT", "anna@here.test", &found, Timestamp::UNIX_EPOCH);
        assert!(String::from_utf8_lossy(&german).contains("1.8 GB von 2.0 GB sind belegt"));
    }

    #[test]
    fn octets_are_told_in_short() {
        for (octets, text) in [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (5 << 20, "5.0 MB"), (3 << 40, "3.0 TB")]
        {
            assert_eq!(in_short(octets), text);
        }
    }
}
