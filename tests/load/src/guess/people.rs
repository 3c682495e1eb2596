//! Who is there beside those who guess: people who work, and owners of attacked accounts who log in.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use super::connect;
use crate::error::{Error, Result};
use crate::proof::Scheme;
use crate::soap;
use crate::stats::Times;
use crate::target::{Account, Target};

/// Where somebody logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In a network of its own, where it came in before.
    AtHome,
    /// The same, where those who guess are, too.
    Inside,
    /// Where it never was.
    Newcomer,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::AtHome => "owners at home",
            Kind::Inside => "owners beside guessers",
            Kind::Newcomer => "owners at a new place",
        })
    }
}

/// The owner of an attacked account, and where it is.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'t> {
    pub kind: Kind,
    pub at: Ipv4Addr,
    pub account: &'t Account,
}

/// Between two logins of owners.
const PAUSE: Duration = Duration::from_millis(100);
/// A newcomer after so many others.
const NEWCOMER_EACH: usize = 4;

/// GetFolder again and again, by each of them on a connection of its own, until it is over.
pub fn work(
    target: &Target,
    others: &[Account],
    pause: Duration,
    is_over: &(dyn Fn() -> bool + Sync),
) -> Result<Times> {
    let times = std::thread::scope(|scope| {
        let working = (0..).zip(others).map(|(n, other)| {
            scope.spawn(move || -> Result<Vec<Duration>> {
                let mut client = connect(target.http(), Ipv4Addr::new(10, 200, n, 1))?;
                let request = other.request("", &soap::get_folder());
                client.call(&request)?.check()?;
                let mut times = Vec::new();
                while !is_over() {
                    let begun = Instant::now();
                    client.call(&request)?.check()?;
                    times.push(begun.elapsed());
                    std::thread::park_timeout(pause);
                }
                Ok(times)
            })
        });
        let working: Vec<_> = working.collect();
        working
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(Error::new("a user's thread has panicked"))))
            .collect::<Result<Vec<_>>>()
    })?;
    Ok(Times::new(times.into_iter().flatten().collect()))
}

/// Logs in with the right password on a fresh connection; the status. `n` makes another spelling of the login each time where a
/// password once found right would be remembered under the former.
pub fn log_in(target: &Target, scheme: Scheme, at: Ipv4Addr, account: &Account, n: usize) -> Result<(u16, Duration)> {
    let begun = Instant::now();
    let mut client = connect(target.http(), at)?;
    let login = match scheme {
        Scheme::Basic => format!("d{n}\\{}", account.login),
        Scheme::Digest | Scheme::Ntlm => account.login.clone(),
    };
    let proof = scheme.proof(&mut client, &login, &account.password)?;
    let status = client.call(&soap::request(&proof, "", &soap::get_folder()))?.status;
    Ok((status, begun.elapsed()))
}

/// What came of logins.
#[derive(Debug, Default)]
pub struct Logins(Vec<(Kind, u16, Duration)>);

/// Of one kind.
#[derive(Debug, Default)]
pub struct Sum {
    pub tried: usize,
    pub busy: usize,
    pub out: usize,
    /// Of those who got in.
    pub times: Vec<Duration>,
}

impl Logins {
    pub fn of(&self, kind: Kind) -> Sum {
        let mut sum = Sum::default();
        for (_, status, time) in self.0.iter().filter(|login| login.0 == kind) {
            sum.tried += 1;
            match status {
                200 => sum.times.push(*time),
                503 => sum.busy += 1,
                _ => sum.out += 1,
            }
        }
        sum
    }
}

/// Owners log in, one after the other, until it is over.
pub fn come(
    target: &Target,
    scheme: Scheme,
    owners: &[Owner<'_>],
    newcomers: &[Account],
    is_over: &(dyn Fn() -> bool + Sync),
) -> Result<Logins> {
    let mut logins = Logins::default();
    let mut fresh = newcomers.iter();
    for (n, owner) in (1..).zip(owners.iter().cycle()) {
        if is_over() {
            break;
        }
        let (status, time) = log_in(target, scheme, owner.at, owner.account, n)?;
        logins.0.push((owner.kind, status, time));
        if n % NEWCOMER_EACH == 0 {
            let place = u8::try_from(n / NEWCOMER_EACH % 250).unwrap_or_default();
            let number = u8::try_from(n / NEWCOMER_EACH / 250 % 50).unwrap_or_default();
            if let Some(account) = fresh.next() {
                let at = Ipv4Addr::new(10, 101 + number, place, scheme as u8 + 1);
                let (status, time) = log_in(target, scheme, at, account, n)?;
                logins.0.push((Kind::Newcomer, status, time));
            }
        }
        std::thread::park_timeout(PAUSE);
    }
    Ok(logins)
}
