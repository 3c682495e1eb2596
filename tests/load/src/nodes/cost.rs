//! What a change costs the database, with more and more masters that listen, and with a client of that mailbox held on more and more of them.

use std::time::{Duration, Instant};

use super::fleet::{Fleet, WAIT};
use crate::crowd::{Crowd, Kind, PATIENCE, What};
use crate::error::{Error, Result};
use crate::pace::Pace;
use crate::post::Post;
use crate::processes::Processes;
use crate::stats::median;

/// Changes a second: slow enough that each is told by itself.
const RATE: f64 = 100.0;
/// What a round's last change leaves to be done is over after that.
const REST: Duration = Duration::from_millis(500);

/// How it is measured.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Changes of a round, and rounds.
    pub changes: u32,
    pub rounds: u32,
    /// Whose mailbox is changed.
    pub account: usize,
}

impl Cost {
    /// Microseconds of PostgreSQL's processor time, and of all masters' and workers', for a change made by the first master, while a
    /// client of the mailbox is held on so many of them: the medians.
    pub fn measure(self, fleet: &Fleet, held: usize) -> Result<[f64; 2]> {
        let mut crowd = Crowd::new()?;
        for (who, node) in fleet.nodes.iter().take(held).enumerate() {
            crowd.gather(node, Kind::Pull, 1, (self.account, 1))?;
            crowd.ask(node, who, WAIT)?;
        }
        fleet.until_held(held)?;
        // The first round is not counted: statements are prepared, memory is found.
        let rounds = (0..=self.rounds).map(|_| self.round(fleet, &mut crowd)).collect::<Result<Vec<_>>>()?;
        let of = |at: usize| median(rounds.iter().skip(1).filter_map(|round| round.get(at).copied()).collect());
        Ok([of(0), of(1)])
    }

    fn round(self, fleet: &Fleet, crowd: &mut Crowd) -> Result<[f64; 2]> {
        let first = fleet.nodes.first().ok_or_else(|| Error::new("no master runs"))?;
        let mut post = Post::items(first)?;
        let before = spent(fleet)?;
        let pace = Pace::new(RATE, Duration::from_secs_f64(f64::from(self.changes) / RATE));
        while pace.next().is_some() {
            post.bring(first.account(self.account)?, "a change")?;
            self.told(fleet, crowd)?;
        }
        std::thread::park_timeout(REST);
        let after = spent(fleet)?;
        let each = |at: usize| {
            let [was, is] = [before, after].map(|spent| spent.get(at).copied().unwrap_or_default());
            is.saturating_sub(was).as_secs_f64() * 1e6 / f64::from(self.changes)
        };
        Ok([each(0), each(1)])
    }

    /// Each of those who wait is told of it, and asks again.
    fn told(self, fleet: &Fleet, crowd: &mut Crowd) -> Result {
        let (mut left, mut told, end) = (crowd.len(), Vec::new(), Instant::now() + PATIENCE);
        while left > 0 {
            if Instant::now() > end {
                return Err(Error::new(format!("{left} clients were not told of a change within {PATIENCE:?}")));
            }
            crowd.hear(Duration::from_secs(1), &mut told)?;
            for told in told.drain(..) {
                match (told.what, fleet.nodes.get(told.who)) {
                    (What::News { .. }, Some(node)) => crowd.ask(node, told.who, WAIT)?,
                    (what, _) => return Err(Error::new(format!("a client was told {what:?} instead of a change"))),
                }
                left = left.saturating_sub(1);
            }
        }
        Ok(())
    }
}

/// Processor time of PostgreSQL, which is below the first, and of all of ewsd's processes.
fn spent(fleet: &Fleet) -> Result<[Duration; 2]> {
    let mut all = [Duration::ZERO; 2];
    for (n, node) in fleet.nodes.iter().enumerate() {
        let [ewsd, postgres] = Processes::of(node.master()?)?.spent()?;
        all = [if n == 0 { postgres } else { all[0] }, all[1] + ewsd];
    }
    Ok(all)
}
