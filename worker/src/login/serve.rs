//! The login process's side.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use ewsd_ldap::template::fill;
use ewsd_mailbox::clock;
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use ewsd_wire::{from_bytes, to_bytes};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;

use super::Verdict;
use super::asking::within;
use super::ldap::Ldap;
use super::message::{Answer, MESSAGE, Question};
use super::pam::Pam;
use crate::service::serving::{answer, deadly_timer};
use crate::service::{Serve, Turn};
use crate::tls::Deadline;

/// What a question may take beyond its time: there are libraries between, whose waits are their own (names of hosts).
const SLACK: Duration = Duration::from_millis(500);

/// Whoever asks others about passwords, in its own process.
pub(crate) struct Login {
    asks: Asks,
    /// Ends the process when a question takes longer than it may.
    timer: Timer,
    within: Duration,
}

/// Who is asked.
enum Asks {
    Ldap(Ldap),
    /// By the name that its template makes of a login.
    Pam(Pam, String),
}

impl Login {
    /// # Errors
    /// A sentence: what the settings lack.
    pub fn new(settings: &Settings) -> Result<Login, String> {
        let timer = deadly_timer(ClockId::CLOCK_MONOTONIC).map_err(|error| format!("a timer: {error}"))?;
        let asks = match settings.auth.basic_against.as_str() {
            "pam" => Asks::Pam(Pam::of(settings)?, settings.auth.pam_user.clone()),
            _ => Asks::Ldap(Ldap::of(settings)?),
        };
        Ok(Login { asks, timer, within: within(settings) })
    }

    /// The longest time that a question takes.
    pub fn longest(&self) -> Duration {
        self.within + SLACK
    }

    fn find_out(&mut self, question: &Question) -> Answer {
        let deadline = Deadline { until: clock::monotonic() + self.within, setting: "auth.login_seconds" };
        let (whom, said) = match &mut self.asks {
            Asks::Ldap(ldap) => ("the directory", ldap.check(&question.login, &question.password, deadline)),
            Asks::Pam(pam, template) => (
                "PAM",
                fill(template, &question.login, str::to_owned).map_or_else(
                    |error| Err(format!("auth.pam_user: {error}")),
                    |user| pam.check(&user, &question.password, &question.address, deadline),
                ),
            ),
        };
        match said {
            Ok(Verdict::Right) => Answer::Right,
            Ok(Verdict::Wrong) => Answer::Wrong,
            Err(why) => {
                note!(Warn, "{whom}: {why}");
                Answer::Unknown
            }
        }
    }
}

impl Serve for Login {
    const LONGEST: usize = MESSAGE;
    const FILES: usize = 0;
    const SECRET: bool = true;

    fn serve(&mut self, question: &[u8], _: Vec<OwnedFd>, reply: &OwnedFd) -> io::Result<Turn> {
        let Ok(question) = from_bytes::<Question>(question) else {
            answer(reply, &to_bytes(&Answer::Unknown), None)?;
            return Ok(Turn::Served);
        };
        answer(reply, &to_bytes(&Answer::Taken), None)?;
        let longest = Expiration::OneShot(TimeSpec::from_duration(self.longest()));
        self.timer.set(longest, TimerSetTimeFlags::empty())?;
        let found = self.find_out(&question);
        self.timer.set(Expiration::OneShot(TimeSpec::from_duration(Duration::ZERO)), TimerSetTimeFlags::empty())?;
        answer(reply, &to_bytes(&found), None)?;
        Ok(Turn::Served)
    }
}
