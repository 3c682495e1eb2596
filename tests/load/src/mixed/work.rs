//! People who work: a table of what they do, and how often.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::World;
use crate::error::Result;
use crate::http::Client;
use crate::pace::Pace;
use crate::prepare::{self, Mailbox};
use crate::progress::Progress;
use crate::stats::Times;
use crate::target::Target;
use crate::{calendar, soap};

/// Something that people do.
pub struct Work {
    pub name: &'static str,
    /// In files of figures.
    pub key: &'static str,
    /// Of so many of all requests.
    share: u64,
    make: fn(&Desk) -> String,
}

/// In hundredths; each is a request.
pub const WORK: [Work; 5] = [
    Work { name: "FindItem, a page of 50", key: "find", share: 30, make: |desk| soap::find_item(&desk.mailbox.full) },
    Work { name: "GetItem", key: "get", share: 30, make: |desk| soap::get_item(&desk.mailbox.item) },
    Work {
        name: "SyncFolderItems",
        key: "sync",
        share: 20,
        make: |desk| soap::sync_since(&desk.mailbox.full, &desk.state),
    },
    Work {
        name: "CreateItem, 4 KB",
        key: "create",
        share: 10,
        make: |desk| soap::create_items(&desk.mailbox.full, 1, BYTES),
    },
    Work { name: "CalendarView of a month", key: "calendar", share: 10, make: |_| calendar::month() },
];

/// Messages in the folder of each, octets of each, and items of a calendar.
const ITEMS: usize = 200;
const BYTES: usize = 4096;
const APPOINTMENTS: u32 = 50;
/// Requests that failed are told to so many.
const TOLD: usize = 10;

/// Somebody who works, on a connection.
pub struct Desk {
    mailbox: Mailbox,
    client: Client,
    /// Of the folder, as it was synchronized last.
    state: String,
}

/// What came of one kind of work.
#[derive(Debug, Default)]
pub struct Each {
    pub times: Times,
    pub failed: usize,
}

/// What came of it all.
#[derive(Debug, Default)]
pub struct Done {
    pub each: [Each; WORK.len()],
    /// Begun or ended during an upgrade.
    pub upgrading: Times,
    pub complaints: Vec<String>,
}

impl Done {
    pub fn merge(&mut self, other: Done) {
        for (own, other) in self.each.iter_mut().zip(other.each) {
            own.times.merge(&other.times);
            own.failed += other.failed;
        }
        self.upgrading.merge(&other.upgrading);
        self.complaints.extend(other.complaints);
    }
}

/// So many, whose mailboxes are those of the server's first accounts.
pub fn desks(target: &Target, count: usize, mailboxes: usize) -> Result<Vec<Desk>> {
    let progress = Progress::new("mailboxes of those who work", count);
    let make = |n: usize| {
        progress.step();
        Desk::sit(target, n, mailboxes)
    };
    (0..count).map(make).collect()
}

impl Desk {
    fn sit(target: &Target, n: usize, mailboxes: usize) -> Result<Desk> {
        let mailbox = prepare::mailbox(target, n % mailboxes.max(1), ITEMS, BYTES)?;
        let mut client = target.connect()?;
        if n < mailboxes {
            calendar::fill_month(&mut client, &mailbox.account, APPOINTMENTS)?;
        }
        let reply = client.call(&mailbox.account.request("", &soap::sync_items(&mailbox.full)))?;
        reply.check()?;
        let state = soap::last_element(&reply.text(), "SyncState").unwrap_or_default().to_owned();
        Ok(Desk { mailbox, client, state })
    }

    /// Works as long as there is something to do. A request that fails is counted, and the next is made on a new connection.
    pub fn work(mut self, world: &World<'_>, pace: &Pace) -> Done {
        let mut done = Done::default();
        while let Some((n, due)) = pace.next() {
            let at = which(n);
            let upgrading = world.upgrading.load(Ordering::Acquire);
            let outcome = self.one(at);
            let took: Duration = due.elapsed();
            let Some(each) = done.each.get_mut(at) else { continue };
            each.times.add(took);
            if upgrading || world.upgrading.load(Ordering::Acquire) {
                done.upgrading.add(took);
            }
            if let Err(error) = outcome {
                each.failed += 1;
                if done.complaints.len() < TOLD {
                    done.complaints.push(format!("{}: {error}", WORK.get(at).map_or("", |work| work.name)));
                }
                if let Ok(client) = world.target.connect() {
                    self.client = client;
                }
            }
        }
        done
    }

    fn one(&mut self, at: usize) -> Result {
        let Some(work) = WORK.get(at) else { return Ok(()) };
        let request = self.mailbox.account.request("", &(work.make)(self));
        let reply = self.client.call(&request)?;
        reply.check()?;
        if work.key == "sync" {
            self.state = soap::last_element(&reply.text(), "SyncState").unwrap_or_default().to_owned();
        }
        Ok(())
    }
}

/// The place in the table of the n-th request: all kinds mixed, and the same in each run.
fn which(n: u64) -> usize {
    // 37 and 100 have no divisor in common: each hundred requests have each place once.
    let mut place = n.wrapping_mul(37) % 100;
    for (at, work) in WORK.iter().enumerate() {
        match place.checked_sub(work.share) {
            Some(left) => place = left,
            None => return at,
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::{WORK, which};

    #[test]
    fn each_hundred_requests_are_shared_out_by_the_table() {
        assert_eq!(WORK.iter().map(|work| work.share).sum::<u64>(), 100);
        for from in [0, 100, 12_300] {
            for (at, work) in WORK.iter().enumerate() {
                let count = (from..from + 100).filter(|n| which(*n) == at).count();
                assert_eq!(count as u64, work.share, "{}", work.name);
            }
        }
    }
}
