//! A process that asks converters, over the socket that all who ask share.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ewsd_mailbox::clock;
use ewsd_mailbox::convert::{Conversion, Convert, Failed, Octets, Shared};
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use ewsd_wire::{Wire, from_bytes, to_bytes};

use super::message::{ASKED, Answer, MESSAGE, Payload, Question};
use crate::service::{Desk, Unanswered};

/// Converters that died over a question of this process.
static DEATHS: AtomicU32 = AtomicU32::new(0);

/// How many converters died over questions of this process since this was asked last.
pub(crate) fn take_deaths() -> u32 {
    DEATHS.swap(0, Ordering::Relaxed)
}

/// Asks the converters at the other end of a socket.
#[derive(Debug)]
pub struct ConverterClient {
    desk: Desk,
    within: Duration,
}

impl ConverterClient {
    /// How long an answer is waited for: whoever is asked has the processor with others, and the request has its own time.
    pub fn within(settings: &Settings) -> Duration {
        let request = Duration::from_secs(settings.limits.request_seconds);
        (4 * Duration::from_secs(settings.limits.convert_seconds)).min(request * 3 / 4)
    }

    /// A question is given up after `within`, whoever has it.
    pub fn new(socket: OwnedFd, within: Duration) -> ConverterClient {
        ConverterClient { desk: Desk::new(socket), within }
    }

    /// Asks once.
    pub(super) fn once(
        &self,
        which: Conversion,
        asked: &[u8],
        octets: &[u8],
        fresh: bool,
        until: Instant,
    ) -> Result<Shared, Unanswered> {
        let length = octets.len();
        let (asked, beside) = Payload::of(asked).map_err(Unanswered::of)?;
        let (octets, file) = Payload::of(octets).map_err(Unanswered::of)?;
        let question = to_bytes(&Question { conversion: which, fresh, asked, octets });
        let files: Vec<_> = [beside.as_ref(), file.as_ref()].into_iter().flatten().map(AsFd::as_fd).collect();
        let asked = self.desk.ask(&question, &files)?;
        let mut buffer = vec![0; MESSAGE];
        let (came, files) = asked.next(&mut buffer, until)?;
        read(buffer.get(..came).unwrap_or_default(), files, length)
    }
}

fn read(answer: &[u8], mut fds: Vec<OwnedFd>, asked: usize) -> Result<Shared, Unanswered> {
    let wrong = |error: ewsd_wire::Refused| Unanswered::Wrong(error.into());
    let answer: Answer = from_bytes(answer).map_err(wrong)?;
    if answer.descriptors() != fds.len() {
        return Err(wrong(ewsd_wire::Refused::Descriptors { expected: answer.descriptors(), came: fds.len() }));
    }
    match answer {
        Answer::Worn => Err(Unanswered::Worn),
        Answer::Later => Err(Unanswered::Late),
        Answer::Refused => Err(wrong(ewsd_wire::Refused::BadValue("the question"))),
        Answer::Done(place) if place.is_absurd(asked) => Err(wrong(ewsd_wire::Refused::TooBig("the answer"))),
        Answer::Done(place) => match place.octets(fds.pop()).map_err(Unanswered::of)? {
            Octets::Shared(shared) => Ok(shared),
            other => Ok(Shared::from(other.into_owned())),
        },
    }
}

/// Asks, and if whoever had the question is gone, once more with nothing before it. `again` is done before each further time.
pub(super) fn convert(
    which: Conversion,
    asked: &[u8],
    octets: &[u8],
    within: Duration,
    mut once: impl FnMut(bool, Instant) -> Result<Shared, Unanswered>,
) -> Result<Shared, Failed> {
    if asked.len() > ASKED {
        note!(Error, "{}: a question of {} octets", which.name(), asked.len());
        return Err(Failed::Refused);
    }
    let until = clock::monotonic() + within;
    let mut fresh = false;
    loop {
        match once(fresh, until) {
            Ok(answer) => return Ok(answer),
            // Its successor is on its way.
            Err(Unanswered::Worn) if clock::monotonic() < until => {}
            Err(Unanswered::Worn | Unanswered::Late) => return Err(Failed::Busy),
            Err(Unanswered::Gone) => {
                DEATHS.fetch_add(1, Ordering::Relaxed);
                note!(Warn, "a converter died over {} of {} octets", which.name(), octets.len());
                if fresh {
                    return Err(Failed::Died);
                }
                fresh = true;
            }
            Err(Unanswered::Wrong(error)) => {
                note!(Error, "{} of {} octets: {error}", which.name(), octets.len());
                return Err(Failed::Refused);
            }
        }
    }
}

impl Convert for ConverterClient {
    fn convert(&self, which: Conversion, asked: &[u8], octets: &[u8]) -> Result<Shared, Failed> {
        convert(which, asked, octets, self.within, |fresh, until| {
            // The master holds the other end, too: it ended, and its converters with it. That says nothing of the octets.
            self.once(which, asked, octets, fresh, until).map_err(|why| match why {
                Unanswered::Gone if self.desk.is_closed() => Unanswered::Late,
                why => why,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ewsd_ipc::seqpacket::{self, Wait};
    use ewsd_mailbox::convert::TABLE;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    const WITHIN: Duration = Duration::from_secs(60);

    fn ask(client: &ConverterClient) -> Option<Failed> {
        let row = TABLE.first().unwrap();
        client.convert(row.conversion, &(row.sample)(), b"x").err()
    }

    #[test]
    fn octets_are_not_to_blame_for_the_end_of_the_server() {
        let (ours, theirs) = seqpacket::pair().unwrap();
        let client = ConverterClient::new(ours, WITHIN);
        let failed = std::thread::scope(|scope| {
            let asking = scope.spawn(|| ask(&client));
            // It has the question, and nobody takes it.
            let mut fds = [PollFd::new(theirs.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::NONE).unwrap();
            drop(theirs);
            asking.join().unwrap()
        });
        assert_eq!(failed, Some(Failed::Busy));
        assert_eq!(ask(&client), Some(Failed::Busy), "nor for its being over");
    }

    #[test]
    fn octets_over_which_two_converters_died_are() {
        let (ours, theirs) = seqpacket::pair().unwrap();
        let client = ConverterClient::new(ours, WITHIN);
        let failed = std::thread::scope(|scope| {
            let asking = scope.spawn(|| ask(&client));
            for _ in 0..2 {
                // Takes the question, and drops what an answer would go to.
                seqpacket::receive(theirs.as_fd(), &mut vec![0; MESSAGE], &mut Vec::new(), Wait::Yes).unwrap();
            }
            asking.join().unwrap()
        });
        assert_eq!(failed, Some(Failed::Died));
    }
}
