//! A converter that is a child of the process which asks: `ewsctl` has no server to ask, and its database connection shall meet no
//! strangers' octets either. The same program in the same sandbox.

use std::io;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ewsd_ipc::seqpacket::{self, Wait};
use ewsd_mailbox::convert::{Conversion, Convert, Failed, Shared};
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;

use super::asking::{self, ConverterClient};
use super::confine::{Limits, shut_in};
use crate::service::{Turn, Unanswered};

/// Starts a child when the first question comes, and another one when that has died.
#[derive(Debug)]
pub struct Child {
    /// The word that has the own program be a converter.
    word: &'static str,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    asking: ConverterClient,
    process: std::process::Child,
}

/// A question is given up after so long: the child is then stopped, or the machine is.
fn within() -> Duration {
    4 * Limits::of(&Settings::default()).time
}

impl Child {
    /// `word` is the argument with which the own program calls [`be_child`].
    pub fn new(word: &'static str) -> Child {
        Child { word, running: Mutex::new(None) }
    }

    fn once(
        &self,
        (which, asked, octets): (Conversion, &[u8], &[u8]),
        fresh: bool,
        until: Instant,
    ) -> Result<Shared, Unanswered> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if fresh {
            *running = None;
        }
        let one = match running.take() {
            Some(one) => one,
            None => start(self.word).map_err(Unanswered::of)?,
        };
        // Dropped, and so killed, unless it has answered.
        let answer = one.asking.once(which, asked, octets, fresh, until)?;
        *running = Some(one);
        Ok(answer)
    }
}

fn start(word: &str) -> io::Result<Running> {
    let (ours, theirs) = seqpacket::pair()?;
    let process = Command::new("/proc/self/exe").arg(word).env_clear().stdin(Stdio::from(theirs)).spawn()?;
    Ok(Running { asking: ConverterClient::new(ours, within()), process })
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        if let Err(error) = self.process.wait() {
            note!(Warn, "waiting for a converter: {error}");
        }
    }
}

impl Convert for Child {
    fn convert(&self, which: Conversion, asked: &[u8], octets: &[u8]) -> Result<Shared, Failed> {
        asking::convert(which, asked, octets, within(), |fresh, until| self.once((which, asked, octets), fresh, until))
    }

    fn rest(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Is the child: answers what is asked on standard input until nobody asks any more.
///
/// # Errors
/// A sentence: what it is not allowed, or that nobody asks properly.
pub fn be_child() -> Result<(), String> {
    let mut converter = shut_in(&Limits::of(&Settings::default()))?;
    let socket = io::stdin();
    loop {
        match converter.turn(socket.as_fd(), Wait::Yes) {
            Ok(Turn::Served | Turn::Nothing) => {}
            Ok(Turn::End | Turn::Worn) => return Ok(()),
            Err(error) => return Err(format!("converting: {error}")),
        }
    }
}
