//! Those who wait: told of something, they ask again at once. Whoever is dropped comes again, and is counted.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::World;
use crate::crowd::{Crowd, Kind, What};
use crate::error::{Error, Result};
use crate::stats::Times;

/// When mail was brought last, for each account.
#[derive(Debug, Default)]
pub struct News(HashMap<usize, Instant>);

impl News {
    pub fn sent(&mut self, account: usize, at: Instant) {
        self.0.insert(account, at);
    }
}

/// What they were told.
#[derive(Debug, Default)]
pub struct Waited {
    pull: Times,
    stream: Times,
    /// Why.
    pub dropped: Vec<String>,
}

impl Waited {
    /// From a message's 250 to the answer.
    pub fn of(&self, kind: Kind) -> &Times {
        match kind {
            Kind::Stream => &self.stream,
            Kind::Pull | Kind::KeepAlive => &self.pull,
        }
    }
}

/// Waits until it is over.
pub fn wait(world: &World<'_>, mut crowd: Crowd, seconds: u32) -> Result<Waited> {
    let mut waited = Waited::default();
    let mut told = Vec::new();
    let mut counted: HashMap<usize, Instant> = HashMap::new();
    while !world.over.load(Ordering::Acquire) {
        crowd.hear(Duration::from_millis(200), &mut told)?;
        for told in told.drain(..) {
            let kind = crowd.kind(told.who);
            match told.what {
                What::News { .. } => {
                    let news = world.news.lock().map_err(|_| Error::new("a thread has panicked"))?;
                    if let Some(sent) = news.0.get(&crowd.account(told.who)) {
                        let times = if kind == Kind::Stream { &mut waited.stream } else { &mut waited.pull };
                        // It was told of that message before: this answer was here before the 250 of the next.
                        let is_early = counted.insert(told.who, *sent) == Some(*sent);
                        times.add(if is_early { Duration::ZERO } else { told.at.saturating_duration_since(*sent) });
                    }
                    drop(news);
                    if kind == Kind::Pull {
                        crowd.ask(world.target, told.who, seconds)?;
                    }
                }
                What::Nothing | What::Closed => crowd.ask(world.target, told.who, seconds)?,
                What::Beat => {}
                What::Lost(why) => {
                    waited.dropped.push(format!("{}: {why}", kind.name()));
                    crowd.come_again(world.target, told.who)?;
                    crowd.ask(world.target, told.who, seconds)?;
                }
            }
        }
    }
    Ok(waited)
}
