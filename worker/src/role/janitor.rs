//! The janitor role: what must be thrown away some time. Subscriptions nobody asks for any more, journal rows older than
//! `notifications.journal_days`, contents that no item names; and what is done behind the writers, the entering of words into
//! the index, the text of HTML bodies from before it was kept, and the reading of mail that an older version could not read.
//! In small steps, so that nobody waits for it, and each step can be the last: it ends at once when the master wants.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ewsd_ipc::message::Pairs;
use ewsd_ipc::{ClockDoubt, Count, Reply, WorkerEnd};
use ewsd_mailbox::clock;
use ewsd_mailbox::convert::READING;
use ewsd_mailbox::deliver::{Again, fill_in, read_again};
use ewsd_mailbox::log::note;
use ewsd_model::id::{ItemNo, MailboxNo};
use ewsd_settings::Settings;
use ewsd_store::{Believed, Doubt, Store, StoreError, Unread};

use super::hears_within;
use super::request::pair;
use super::signals::{Event, Signals};
use crate::convert::ConverterClient;

/// Between two looks for subscriptions whose time is over.
const ROUND: Duration = Duration::from_secs(60);
/// Between two walks through all mailboxes.
const WALK: Duration = Duration::from_secs(3600);
/// An expired subscription is still answered as such for so long (ErrorExpiredSubscription).
const GRACE_SECONDS: u64 = 600;
/// A content that nothing names may belong to an item that is just being written.
const ORPHAN_SECONDS: u64 = 86_400;
/// Where much is let go of, it is collected sooner: longer than any writer takes to name what it has touched.
const SOON_SECONDS: u64 = 1_800;
/// So much in one mailbox is much.
const MUCH: i64 = 64 << 20;
/// Between two looks for such mailboxes.
const SOON: Duration = Duration::from_secs(600);
/// Rows of one step: its locks are held for milliseconds.
const STEP: i64 = 500;
/// Changes of a mailbox that searches look at one by one before their words are entered.
const LATE: i64 = 1_000;
/// Items whose words are entered in one step.
const WORDS: usize = 2_000;
/// Such steps in each round, of all mailboxes: a minute's work or two, before that of others.
const WORD_STEPS: usize = 100;
/// Whoever brings mail gives up before (RFC 5321 section 4.5.4.1: after four or five days).
const DELIVERED_DAYS: u64 = 7;
/// Items whose bodies are looked at in one step.
const BODIES: i64 = 200;
/// So long in each round.
const BODIES_TIME: Duration = Duration::from_secs(10);
/// Mail that is read again, listed at a time.
const UNREAD: i64 = 50;
/// Mailboxes listed at a time.
const PAGE: i64 = 100;

/// Why a walk ends before its end.
enum RoundError {
    Stop,
    Store(StoreError),
    Io(std::io::Error),
}

impl From<StoreError> for RoundError {
    fn from(error: StoreError) -> RoundError {
        RoundError::Store(error)
    }
}

impl From<std::io::Error> for RoundError {
    fn from(error: std::io::Error) -> RoundError {
        RoundError::Io(error)
    }
}

struct Janitor<'a> {
    end: &'a WorkerEnd,
    settings: &'a Settings,
    signals: &'a Signals,
    store: Store,
    /// The mailbox of which words were entered last.
    entered: MailboxNo,
    /// What the master was told of the clock last.
    doubted: Option<ClockDoubt>,
}

pub(super) fn run(end: &WorkerEnd, settings: &Settings, signals: &Signals) -> Result<(), String> {
    let options = super::database::options_for_role(settings, "ewsd janitor");
    let store = Store::lazy(&options).map_err(|error| error.to_string())?;
    let mut janitor = Janitor { end, settings, signals, store, entered: MailboxNo(0), doubted: None };
    end.send(&Reply::Ready {}, &[]).map_err(|error| error.to_string())?;
    let (mut walked, mut swept): (Option<Instant>, Option<Instant>) = (None, None);
    let rest = ROUND.min(Duration::from_secs(settings.limits.request_seconds));
    loop {
        hears_within(end, settings, rest).map_err(|error| error.to_string())?;
        match signals.wait(end.channel(), Some(rest)) {
            Ok(Event::Stop) => return Ok(()),
            Ok(Event::Child | Event::More | Event::Timeout) => {}
            Err(error) => return Err(error.to_string()),
        }
        let due = walked.is_none_or(|time| clock::since(time) >= WALK);
        if !due && swept.is_none_or(|time| clock::since(time) >= SOON) {
            swept = Some(clock::monotonic());
            match janitor.sweep() {
                Err(RoundError::Stop) => return Ok(()),
                Err(RoundError::Io(error)) => return Err(error.to_string()),
                Err(RoundError::Store(error)) => note!(Warn, "contents that nothing names: {error}"),
                Ok(()) => {}
            }
        }
        match janitor.round(due) {
            Ok(true) => walked = Some(clock::monotonic()),
            Ok(false) => {}
            Err(RoundError::Stop) => return Ok(()),
            Err(RoundError::Io(error)) => return Err(error.to_string()),
            // It is tried again in a minute.
            Err(RoundError::Store(StoreError::Busy { .. })) => note!(Debug, "the database is away"),
            Err(RoundError::Store(error)) => note!(Error, "{error}"),
        }
    }
}

impl Janitor<'_> {
    /// Whether it walked through all mailboxes, if it was to. It does not while the clock is doubted.
    fn round(&mut self, walk: bool) -> Result<bool, RoundError> {
        let believed = self.look()?;
        if let Some(believed) = believed {
            let expired = self.store.expire_subscriptions(believed.older_than_seconds(GRACE_SECONDS))?;
            if let Ok(n @ 1..) = u32::try_from(expired) {
                self.end.send(&Reply::Tally { what: Count::SubscriptionsExpired, n }, &[])?;
            }
        }
        let due = self.store.unindexed(LATE, self.entered, PAGE)?;
        self.enter_words(due, WORD_STEPS, WORDS)?;
        self.fill_in()?;
        if walk {
            self.read_again(READING)?;
        }
        match believed {
            Some(believed) if walk => self.walk(believed).map(|()| true),
            _ => Ok(false),
        }
    }

    fn walk(&mut self, believed: Believed) -> Result<(), RoundError> {
        self.store.expire_delivered(believed.older_than_days(DELIVERED_DAYS))?;
        self.store.expire_login_places(believed.older_than_days(self.settings.auth.login_days))?;
        let (mut rows, mut parts, mut last) = (0, 0, MailboxNo(0));
        loop {
            let mailboxes = self.store.mailboxes(last, PAGE)?;
            let Some(&newest) = mailboxes.last() else { break };
            last = newest;
            for mailbox in mailboxes {
                rows += self.trim(mailbox, believed)?;
                parts += self.collect(mailbox, believed)?;
            }
        }
        if rows + parts > 0 {
            note!(Info, "removed {rows} journal rows and {parts} parts of contents that nothing names");
        }
        Ok(())
    }

    /// The time, if it is believed. The master and the log are told what changes.
    fn look(&mut self) -> Result<Option<Believed>, RoundError> {
        let seconds = self.settings.limits.clock_seconds;
        let verdict = self.store.judge_clock(clock::now(), seconds)?;
        let (doubt, left_s) = match verdict {
            Ok(_) => (ClockDoubt::Nothing, 0),
            Err(Doubt::Jumped { left }) => (ClockDoubt::Jumped, left),
            Err(Doubt::Apart { .. }) => (ClockDoubt::Apart, 0),
        };
        let before = self.doubted.replace(doubt);
        match verdict {
            Ok(_) if before.is_some_and(|before| before != doubt) => {
                note!(Info, "the clock is believed again: what is old is thrown away");
            }
            Err(Doubt::Jumped { left }) if before != Some(doubt) => note!(
                Warn,
                "the clock has jumped, or no server ran for an hour: nothing is thrown away by its age before it has gone \
                 evenly for {seconds} s (limits.clock_seconds), {left} s of them are left"
            ),
            Err(Doubt::Apart { ahead }) if before != Some(doubt) => note!(
                Warn,
                "the clock is {} s {} the database's: nothing is thrown away by its age before one of them is set",
                ahead.unsigned_abs(),
                if ahead < 0 { "behind" } else { "ahead of" }
            ),
            _ => {}
        }
        if doubt != ClockDoubt::Nothing || before != Some(doubt) {
            self.end.send(&Reply::Clock { doubt, left_s }, &[])?;
        }
        Ok(verdict.ok())
    }

    fn trim(&mut self, mailbox: MailboxNo, believed: Believed) -> Result<i64, RoundError> {
        let before = believed.older_than_days(self.settings.notifications.journal_days);
        self.in_steps(|store| store.mailbox(mailbox).trim_journal(before, STEP))
    }

    fn collect(&mut self, mailbox: MailboxNo, believed: Believed) -> Result<i64, RoundError> {
        let before = believed.older_than_seconds(ORPHAN_SECONDS);
        let parts = self.in_steps(|store| store.mailbox(mailbox).collect_orphans(before, STEP))?;
        self.store.mailbox(mailbox).recount_orphans()?;
        Ok(parts)
    }

    /// Enters the words of what came since, a step of each mailbox in turn. The next round goes on where this one ends.
    fn enter_words(&mut self, due: Vec<MailboxNo>, steps: usize, words: usize) -> Result<(), RoundError> {
        let mut due = VecDeque::from(due);
        for _ in 0..steps {
            let Some(mailbox) = due.pop_front() else { break };
            self.pause()?;
            self.entered = mailbox;
            match self.store.mailbox(mailbox).enter_words(words) {
                Ok(entered) => {
                    note!(Debug, "mailbox {mailbox}: entered the words of {} items", entered.items);
                    due.extend(entered.more.then_some(mailbox));
                }
                // No database, or not in time: whatever is asked next says so where it is not this mailbox alone.
                Err(StoreError::Busy { .. }) => note!(Debug, "mailbox {mailbox}: its words are entered another time"),
                Err(error) => note!(Warn, "mailbox {mailbox}: entering its words: {error}"),
            }
        }
        Ok(())
    }

    /// What HTML bodies say that were stored before that was kept. A round after the other, so that words need not wait.
    fn fill_in(&mut self) -> Result<(), RoundError> {
        let begun = clock::monotonic();
        let (mut bodies, mut mailboxes) = (0, self.store.plain_due(PAGE)?.into_iter());
        let mut next = mailboxes.next();
        while let Some(mailbox) = next.filter(|_| clock::since(begun) < BODIES_TIME) {
            let due = self.store.mailbox(mailbox).bodies_due(BODIES)?;
            for body in &due.bodies {
                self.pause()?;
                hears_within(self.end, self.settings, ConverterClient::within(self.settings))?;
                fill_in(&mut self.store, mailbox, body)?;
                bodies += 1;
            }
            self.pause()?;
            self.store.mailbox(mailbox).settle_plain(&due)?;
            if due.is_last() {
                next = mailboxes.next();
            }
        }
        if bodies > 0 {
            note!(Info, "kept what {bodies} HTML bodies say, for searches");
        }
        Ok(())
    }

    /// Mail that readings before this one gave up on.
    fn read_again(&mut self, reading: i64) -> Result<(), RoundError> {
        let of = Unread { mailbox: None, before: Some(reading) };
        let (mut read, mut last) = (0, (MailboxNo(0), ItemNo(0)));
        loop {
            let found = self.store.unread_mail(of, last, UNREAD)?;
            let Some(&newest) = found.last() else { break };
            last = newest;
            for (mailbox, item) in found {
                self.pause()?;
                hears_within(self.end, self.settings, ConverterClient::within(self.settings))?;
                match read_again(&mut self.store, mailbox, item) {
                    Ok(Again::Read) => read += 1,
                    Ok(Again::Unread | Again::Gone) => {}
                    // No converter, no database, too many changes of one mailbox: the next walk comes to it again.
                    Err(StoreError::Busy { .. }) => note!(Debug, "mailbox {mailbox}: item {item} is read another time"),
                    Err(error) => note!(Warn, "mailbox {mailbox}: reading item {item} again: {error}"),
                }
                for (mailbox, seq) in self.store.take_changes() {
                    self.end.send(&Reply::Changed { changes: Pairs(vec![pair(mailbox, seq)]) }, &[])?;
                }
            }
        }
        if read > 0 {
            note!(Info, "read {read} messages that an older version could not read");
        }
        Ok(())
    }

    /// Between two steps: whether the master wants an end, and that there is still somebody here.
    fn pause(&mut self) -> Result<(), RoundError> {
        if self.signals.wait(self.end.channel(), Some(Duration::ZERO))? == Event::Stop {
            return Err(RoundError::Stop);
        }
        hears_within(self.end, self.settings, Duration::ZERO)?;
        Ok(())
    }

    /// Mailboxes that let go of much since the last walk.
    fn sweep(&mut self) -> Result<(), RoundError> {
        let Some(believed) = self.look()? else { return Ok(()) };
        let before = believed.older_than_seconds(SOON_SECONDS);
        for mailbox in self.store.littered(MUCH, PAGE)? {
            let parts = self.in_steps(|store| store.mailbox(mailbox).collect_orphans(before, STEP))?;
            self.store.mailbox(mailbox).recount_orphans()?;
            note!(Debug, "mailbox {mailbox}: removed {parts} contents that nothing names");
        }
        Ok(())
    }

    /// Repeats a step until it finds less than it may take, as long as nobody wants an end.
    fn in_steps(&mut self, mut step: impl FnMut(&mut Store) -> Result<i64, StoreError>) -> Result<i64, RoundError> {
        let mut total = 0;
        loop {
            self.pause()?;
            let removed = step(&mut self.store)?;
            total += removed;
            if removed < STEP {
                return Ok(total);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::os::fd::{AsFd, OwnedFd};

    use ewsd_ipc::seqpacket::{self, Wait};
    use ewsd_ipc::shared;
    use ewsd_model::ItemKind;
    use ewsd_store::testing::{Database, database};
    use ewsd_store::{FolderUpdate, NewAccount, NewItem};

    use super::*;

    /// What a janitor stands on.
    struct World {
        database: Database,
        settings: Settings,
        signals: Signals,
        end: WorkerEnd,
        _jobs: OwnedFd,
    }

    impl World {
        /// And the master's end.
        fn new() -> (World, OwnedFd) {
            let (jobs, theirs) = seqpacket::pair().unwrap();
            let (master, own) = seqpacket::pair().unwrap();
            let region = shared::create(&[1; 32]).unwrap();
            let world = World {
                database: database(),
                settings: Settings::default(),
                signals: Signals::catch().unwrap(),
                end: WorkerEnd::new(theirs, own, region.as_fd(), 1).unwrap(),
                _jobs: jobs,
            };
            (world, master)
        }

        fn janitor(&self) -> Janitor<'_> {
            let store = Store::connect(&self.database.options()).unwrap();
            let (end, settings, signals) = (&self.end, &self.settings, &self.signals);
            Janitor { end, settings, signals, store, entered: MailboxNo(0), doubted: None }
        }
    }

    fn account(store: &mut Store, login: &str) -> MailboxNo {
        let addresses = vec![format!("{login}@example.test")];
        let new = NewAccount { login: login.into(), addresses, language: "en".into(), ..NewAccount::default() };
        store.create_account(&new).unwrap().mailbox
    }

    #[test]
    fn a_walk_goes_through_all_mailboxes_and_ends_when_told() {
        let (world, master) = World::new();
        let mut janitor = world.janitor();
        for login in ["alice", "bob"] {
            let mailbox = account(&mut janitor.store, login);
            let inbox = janitor.store.mailbox(mailbox).folder_by_distinguished("inbox").unwrap();
            let update = FolderUpdate { hidden: Some(false), ..FolderUpdate::default() };
            janitor.store.mailbox(mailbox).update_folder(inbox.folder, &update, None).unwrap();
        }
        assert!(matches!(janitor.round(true), Ok(true)));
        let mut buffer = [0; 64];
        while let Ok(n) = seqpacket::receive(master.as_fd(), &mut buffer, &mut Vec::new(), Wait::No) {
            let told = Reply::decode(&buffer[..n], 0).unwrap();
            let quiet = matches!(told, Reply::Step { .. } | Reply::Clock { doubt: ClockDoubt::Nothing, .. });
            assert!(quiet, "nothing expired, so nothing is told: {told:?}");
        }
        drop(master);
        assert!(matches!(janitor.round(true), Err(RoundError::Stop)));
    }

    /// However much there is to enter in a mailbox: it has its steps in turn with others, and no more of them in a round.
    #[test]
    fn no_mailbox_keeps_the_janitor_from_the_others() {
        let (world, _master) = World::new();
        let mut janitor = world.janitor();
        let mut fill = |login, items| {
            let mailbox = account(&mut janitor.store, login);
            let inbox = janitor.store.mailbox(mailbox).folder_by_distinguished("inbox").unwrap().folder;
            let made = janitor.store.mailbox(mailbox).transaction::<_, StoreError>(|mailbox| {
                let new = NewItem::new(inbox, ItemKind::Message);
                (0..items).try_for_each(|_| mailbox.create_item(&new).map(drop))
            });
            made.unwrap();
            mailbox
        };
        let (alice, bob) = (fill("alice", 1_100), fill("bob", 600));
        let due = janitor.store.unindexed(50, janitor.entered, PAGE).unwrap();
        assert_eq!(due, [alice, bob]);
        assert!(janitor.enter_words(due, 3, 500).is_ok());
        assert_eq!(
            janitor.store.unindexed(50, janitor.entered, PAGE).unwrap(),
            [bob, alice],
            "alice had the last step"
        );
        let left = [alice, bob].map(|mailbox| janitor.store.mailbox(mailbox).enter_words(WORDS).unwrap().items);
        assert_eq!(left, [100, 100]);
    }
}
