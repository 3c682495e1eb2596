//! A request worker that asks.

use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use ewsd_ipc::shared::Shared;
use ewsd_mailbox::clock;
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use ewsd_wire::{Wire as _, from_bytes};
use zeroize::Zeroizing;

use super::Verdict;
use super::message::{Answer, LONGEST, MESSAGE, Question};
use crate::auth::tag;
use crate::service::asking::Asked;
use crate::service::{Desk, Unanswered};

/// How long a question waits for a process that has time for it.
const TAKEN: Duration = Duration::from_secs(1);
/// What a process that is at its end of time may take to say so.
const SLACK: Duration = Duration::from_secs(1);
/// For so many seconds nobody is asked when somebody had no answer: whoever logs in meanwhile would keep another worker waiting.
const PAUSE: u64 = 2;

/// Asks the login processes at the other end of a socket.
#[derive(Debug)]
pub(crate) struct LoginClient {
    desk: Desk,
    within: Duration,
}

/// Nobody knows: try again after so many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub retry_ms: u32,
}

/// How long whoever knows passwords may be asked about one.
pub(super) fn within(settings: &Settings) -> Duration {
    let request = Duration::from_secs(settings.limits.request_seconds);
    Duration::from_secs(settings.auth.login_seconds).min(request / 2)
}

impl LoginClient {
    pub fn new(socket: OwnedFd, settings: &Settings) -> LoginClient {
        LoginClient { desk: Desk::new(socket), within: within(settings) }
    }

    /// Whether whoever knows that login's password takes this one for right; it came from that address. What is noted in the
    /// shared memory when there is no answer counts in that `epoch` of the accounts.
    pub fn ask(
        &self,
        login: &str,
        password: &Zeroizing<String>,
        address: IpAddr,
        shared: &Shared,
        epoch: u64,
    ) -> Result<Verdict, Unknown> {
        let unknown = Unknown { retry_ms: u32::try_from(PAUSE * 1000).unwrap_or(u32::MAX) };
        let pause = tag(shared, b"nobody answers logins", &[]);
        if shared.lookup(&pause, clock::unix()).is_some() {
            return Err(unknown);
        }
        let start = clock::monotonic();
        let verdict = self.put(login, password, address).and_then(|asked| self.answer(&asked, start));
        verdict.map_err(|why| {
            let after = clock::since(start).as_millis();
            match why {
                Unanswered::Gone => note!(Warn, "a login process ended over a question, after {after} ms"),
                Unanswered::Wrong(error) => note!(Error, "asking about a login: {error}"),
                Unanswered::Late | Unanswered::Worn => note!(Warn, "nobody answers about a login, after {after} ms"),
            }
            shared.remember(&pause, 1, clock::unix() + PAUSE, epoch);
            unknown
        })
    }

    fn put(&self, login: &str, password: &Zeroizing<String>, address: IpAddr) -> Result<Asked, Unanswered> {
        if login.len() > LONGEST || password.len() > LONGEST {
            return Err(Unanswered::Wrong(ewsd_wire::Refused::TooBig("a login").into()));
        }
        // It never grows, which would leave copies behind.
        let mut octets = Zeroizing::new(Vec::with_capacity(MESSAGE));
        let address = address.to_string();
        Question { login: login.to_owned(), address, password: password.as_bytes().to_vec() }.put(&mut octets);
        self.desk.ask(&octets, &[])
    }

    fn answer(&self, asked: &Asked, start: Instant) -> Result<Verdict, Unanswered> {
        let next = |until| {
            let mut buffer = [0; 64];
            let (length, _) = asked.next(&mut buffer, until)?;
            from_bytes::<Answer>(buffer.get(..length).unwrap_or_default())
                .map_err(|error| Unanswered::Wrong(error.into()))
        };
        let mut answer = next(start + TAKEN)?;
        if answer == Answer::Taken {
            answer = next(clock::monotonic() + self.within + SLACK)?;
        }
        match answer {
            Answer::Right => Ok(Verdict::Right),
            Answer::Wrong => Ok(Verdict::Wrong),
            // Why is in the log already.
            Answer::Unknown | Answer::Taken => Err(Unanswered::Late),
        }
    }
}
