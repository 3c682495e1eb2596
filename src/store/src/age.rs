//! By which time age is judged. What is thrown away because it is old does not come back when a clock that was set wrong is
//! set right, so nothing is thrown away by one that has jumped before it has gone evenly for a while; what that takes is a
//! [`Before`], and only a clock that is believed gives one.
//!
//! What was seen lies in the database: a jump is one for all nodes, and whoever starts anew goes on where the one before was.
//! A server that did not run for an hour looks like one whose clock has jumped, and waits as long.

use jiff::{SignedDuration, Timestamp};

use crate::row::Fields;
use crate::sql::Sql;
use crate::{Store, StoreError};

/// What jumps by so much is not believed.
const JUMP: SignedDuration = SignedDuration::from_hours(1);
/// A clock that goes evenly is noted once in so long, well within [`JUMP`].
const NOTED: SignedDuration = SignedDuration::from_mins(10);

/// What is older than this may be thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before(Timestamp);

impl Before {
    pub(crate) fn time(self) -> Timestamp {
        self.0
    }
}

/// A time that is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Believed(Timestamp);

impl Believed {
    /// What is older than so many seconds. Nothing is older than 1970.
    pub fn older_than_seconds(self, seconds: u64) -> Before {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let time = self.0.checked_sub(SignedDuration::from_secs(seconds));
        Before(time.unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH))
    }

    /// The same in days of 24 hours.
    pub fn older_than_days(self, days: u64) -> Before {
        self.older_than_seconds(days.saturating_mul(86_400))
    }

    /// For tests, which are believed.
    #[cfg(any(test, feature = "testing"))]
    pub fn for_test(time: Timestamp) -> Believed {
        Believed(time)
    }
}

/// Why a clock is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It jumped, or nobody looked at it for so long that it may have: so many seconds more.
    Jumped { left: u64 },
    /// It says something else than that of the database: ahead by so many seconds, or behind. Until one of them is set.
    Apart { ahead: i64 },
}

/// What there is to judge a clock by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSeen {
    /// The clock of the database, from which the times come that are stored.
    pub database: Timestamp,
    /// None: nobody has looked yet.
    row: Option<ClockRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ClockRow {
    at: Timestamp,
    since: Option<Timestamp>,
}

impl ClockSeen {
    /// Whether a clock that says `now` is believed, where one that jumped is after `confirm_seconds`; 0: always.
    pub fn judge(&self, now: Timestamp, confirm_seconds: u64) -> Result<Believed, Doubt> {
        self.look(now, confirm_seconds).0
    }

    /// The same, and what is to be noted, if that is anything new.
    fn look(&self, now: Timestamp, confirm_seconds: u64) -> (Result<Believed, Doubt>, Option<ClockRow>) {
        let ahead = now.duration_since(self.database);
        if ahead.abs() >= JUMP && confirm_seconds > 0 {
            // It has no say in what the others see.
            return (Err(Doubt::Apart { ahead: ahead.as_secs() }), None);
        }
        let before = self.row.unwrap_or(ClockRow { at: now, since: None });
        let jumped = now.duration_since(before.at).abs() >= JUMP;
        // One that is set back by less is not waited for until it is there again.
        let since = if jumped { Some(now) } else { before.since.map(|since| since.min(now)) };
        let even = since.map_or(i64::MAX, |since| now.duration_since(since).as_secs());
        let left = confirm_seconds.saturating_sub(u64::try_from(even).unwrap_or(0));
        let row = ClockRow { at: now, since: since.filter(|_| left > 0) };
        let news = row.since != before.since || self.row.is_none() || now.duration_since(before.at).abs() >= NOTED;
        (if left == 0 { Ok(Believed(now)) } else { Err(Doubt::Jumped { left }) }, news.then_some(row))
    }
}

impl Store {
    /// What there is to judge a clock by.
    pub fn seen_clock(&mut self) -> Result<ClockSeen, StoreError> {
        const SEEN: &str = "select now(), c.at, c.since from (select) nothing left join clock_seen c on true";
        let row = self.read_opt(&Sql::new(SEEN))?;
        let row = row.ok_or_else(|| StoreError::Corrupt("no row of the clock".to_owned()))?;
        let mut fields = Fields::new(&row);
        let (database, at, since) = (fields.next()?, fields.next::<Option<Timestamp>>()?, fields.next()?);
        Ok(ClockSeen { database, row: at.map(|at| ClockRow { at, since }) })
    }

    /// Judges a clock that says `now`, as [`ClockSeen::judge`] has it, and notes what it said. Somebody must look more often
    /// than once an hour.
    pub fn judge_clock(&mut self, now: Timestamp, confirm_seconds: u64) -> Result<Result<Believed, Doubt>, StoreError> {
        const NOTE: &str = "
            insert into clock_seen (at, since) values ($1, $2)
            on conflict (one) do update set at = excluded.at, since = excluded.since returning 1";
        let (verdict, news) = self.seen_clock()?.look(now, confirm_seconds);
        if let Some(ClockRow { at, since }) = news {
            self.query(&Sql::new(NOTE).with([at.into(), since.into()]))?;
        }
        Ok(verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIRM: u64 = 600;
    const HOUR: i64 = 3600;

    /// Nodes that look once a minute, the clock of each so many seconds ahead of the database's.
    struct Minutes {
        database: Timestamp,
        row: Option<ClockRow>,
    }

    impl Minutes {
        fn new() -> Minutes {
            let database = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_800_000_000);
            Minutes { database, row: None }
        }

        /// A minute later, or after so many seconds more.
        fn after(&mut self, seconds: i64) -> &mut Minutes {
            self.database += SignedDuration::from_secs(seconds);
            self
        }

        fn look(&mut self, ahead: i64) -> Result<Believed, Doubt> {
            self.after(60);
            let now = self.database + SignedDuration::from_secs(ahead);
            let (verdict, news) = ClockSeen { database: self.database, row: self.row }.look(now, CONFIRM);
            self.row = news.or(self.row);
            verdict
        }

        /// How many minutes it is not believed.
        fn doubts(&mut self) -> usize {
            (0..100).take_while(|_| self.look(0).is_err()).count()
        }
    }

    #[test]
    fn one_that_goes_evenly_is_believed() {
        let mut clock = Minutes::new();
        for seconds in [0, 0, 1800, -1800, 3400, 0] {
            assert_eq!(clock.after(seconds).doubts(), 0, "{seconds}");
        }
    }

    #[test]
    fn one_that_jumps_is_believed_when_it_has_gone_evenly_for_a_while() {
        for jump in [2 * HOUR, 366 * 24 * HOUR, -2 * HOUR] {
            let mut clock = Minutes::new();
            assert_eq!(clock.doubts(), 0);
            assert_eq!(clock.after(jump).doubts(), 10, "{jump}");
            assert_eq!(clock.doubts(), 0, "{jump}: once");
        }
    }

    #[test]
    fn each_jump_begins_anew_also_the_one_back() {
        let mut clock = Minutes::new();
        assert_eq!(clock.doubts(), 0);
        clock.after(2 * HOUR);
        assert!((0..5).all(|_| clock.look(0).is_err()));
        assert_eq!(clock.after(-2 * HOUR).doubts(), 10);
    }

    #[test]
    fn what_is_corrected_meanwhile_takes_no_longer_than_it_must() {
        let mut clock = Minutes::new();
        assert_eq!(clock.doubts(), 0);
        clock.after(2 * HOUR);
        assert_eq!(clock.look(0), Err(Doubt::Jumped { left: CONFIRM }));
        assert_eq!(clock.after(-30 * 60).look(0), Err(Doubt::Jumped { left: CONFIRM }), "not more than all");
        assert_eq!(clock.doubts(), 9);
    }

    #[test]
    fn one_that_is_not_the_databases_is_not_believed_and_disturbs_nobody() {
        let mut clock = Minutes::new();
        for _ in 0..30 {
            assert!(clock.look(-20).is_ok());
            assert_eq!(clock.look(-HOUR), Err(Doubt::Apart { ahead: -HOUR }));
            assert!(clock.look(20).is_ok());
        }
    }

    #[test]
    fn who_does_not_want_to_wait_does_not() {
        let at = Timestamp::UNIX_EPOCH;
        let seen = ClockSeen { database: at, row: Some(ClockRow { at, since: None }) };
        let now = at + SignedDuration::from_hours(1000);
        assert_eq!(seen.judge(now, 0), Ok(Believed(now)));
        assert!(seen.judge(now, 1).is_err());
    }

    #[test]
    fn no_age_is_too_great() {
        let believed = Believed(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(48));
        assert_eq!(believed.older_than_days(1).time(), Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24));
        for days in [3, u64::MAX] {
            assert_eq!(believed.older_than_days(days).time(), Timestamp::UNIX_EPOCH);
        }
    }
}
