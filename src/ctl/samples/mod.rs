//! The messages that a demo's first mailboxes start with: one of each kind that clients treat differently.
//!
//! They are delivered like any other mail. A new one is a file here and a line in [`all`].

use jiff::Timestamp;
use mail_builder::MessageBuilder;

mod attachments;
mod html;
mod meeting;
mod plain;
mod thread;
mod world;

/// A message with its envelope's sender. Its recipients are the demo's first accounts.
pub struct Sample {
    pub sender: &'static str,
    pub message: Vec<u8>,
}

/// Name and address of the people who write.
type Person = (&'static str, &'static str);

const ALICE: Person = ("Alice Adams", "alice@example.test");
const BOB: Person = ("Bob Brown", "bob@example.test");
const CAROL: Person = ("Carol Clark", "carol@example.test");
const EVERYBODY: [Person; 3] = [ALICE, BOB, CAROL];

/// Every sample, the oldest first, written in the hours before `now`.
pub fn all(now: Timestamp) -> std::io::Result<Vec<Sample>> {
    let clock = Clock(now);
    let mut samples = vec![plain::welcome(&clock)?, html::figures(&clock)?, attachments::papers(&clock)?];
    samples.extend(thread::lunch(&clock)?);
    samples.extend(world::letters(&clock)?);
    samples.push(meeting::invitation(&clock)?);
    Ok(samples)
}

/// When the samples were written.
struct Clock(Timestamp);

impl Clock {
    /// Seconds since 1970, so many minutes ago.
    fn ago(&self, minutes: i64) -> i64 {
        self.0.as_second() - 60 * minutes
    }
}

/// A message with the header lines that all of them have.
fn letter(from: Person, subject: &'static str, id: &'static str, date: i64) -> MessageBuilder<'static> {
    MessageBuilder::new()
        .from(from)
        .to(EVERYBODY.to_vec())
        .subject(subject)
        .message_id(format!("{id}@example.test"))
        .date(date)
}

fn finish(from: Person, message: MessageBuilder<'_>) -> std::io::Result<Sample> {
    Ok(Sample { sender: from.1, message: message.write_to_vec()? })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::Timestamp;

    #[test]
    fn every_sample_is_a_message_that_mail_transports_take() {
        let samples = super::all(Timestamp::from_second(1_750_000_000).unwrap()).unwrap();
        assert!(samples.len() >= 9);
        for sample in samples {
            let text = String::from_utf8(sample.message).unwrap();
            for name in ["From: ", "To: ", "Subject: ", "Date: ", "Message-ID: "] {
                assert!(text.contains(name), "{name} in\n{text}");
            }
            assert!(text.contains("\r\n\r\n") && !text.replace("\r\n", "").contains('\n'), "{text}");
            let head = text.split("\r\n\r\n").next().unwrap();
            assert!(head.is_ascii() && head.lines().all(|line| line.len() < 998), "{head}");
        }
    }
}
