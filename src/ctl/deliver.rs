//! `ewsctl deliver`: a message from standard input into mailboxes, by the same way as LMTP.

use std::io::Read as _;
use std::path::Path;

use ewsd_mailbox::deliver::{self, DeliverError};
use ewsd_settings::Settings;
use serde_json::{Map, Value, json};

use super::database::open;
use super::{Exit, Failure, Out, Result, control};

/// Deliver a message from standard input to local addresses.
///
/// For pipes of an MTA and for imports. Takes lines that end in LF or CR LF, and skips an mbox "From " line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ewsctl deliver --to anna@example.org <message.eml\n  \
    ewsctl deliver --from sender@example.net --to anna@example.org --to ben@example.org <message.eml\n\n\
    The exit status is 0 when every recipient has it, else the greatest that one of them comes to.")]
pub struct Args {
    /// A recipient; may be given more than once.
    #[arg(long, value_name = "ADDRESS", required = true)]
    to: Vec<String>,
    /// The envelope's sender; without it the empty one, which gets no reports.
    #[arg(long, value_name = "ADDRESS", default_value = "")]
    from: String,
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    let message = message(&settings)?;
    let mut store = open(&settings).map_err(|failure| Failure { code: Exit::Temporary, ..failure })?;
    let mut worst: Option<Exit> = None;
    let mut outcomes = Map::new();
    for (recipient, outcome) in deliver::deliver(&mut store, &settings, &args.from, &args.to, &message) {
        let status = outcome.as_ref().err().map(|error| status(*error));
        let text = outcome.err().map_or_else(|| "delivered".to_owned(), |error| error.to_string());
        if !out.json {
            say!("{recipient}: {text}")?;
        }
        outcomes.insert(recipient, json!({"delivered": status.is_none(), "text": text}));
        worst = [worst, status].into_iter().flatten().max_by_key(|exit| exit.number());
    }
    if out.json {
        say!("{:#}", Value::Object(outcomes))?;
    }
    control::tell_changes(&settings, &mut store)?;
    worst.map_or(Ok(()), |code| Err(code.because("not every recipient has the message")))
}

fn status(error: DeliverError) -> Exit {
    match error {
        DeliverError::Unfit => Exit::Data,
        DeliverError::Unknown | DeliverError::Disabled => Exit::NoUser,
        DeliverError::Full | DeliverError::Busy { .. } | DeliverError::Failed => Exit::Temporary,
    }
}

fn message(settings: &Settings) -> Result<Vec<u8>> {
    let most = settings.limits.message_bytes;
    let mut raw = Vec::new();
    let read = std::io::stdin().lock().take(most + 1).read_to_end(&mut raw);
    read.map_err(|error| Exit::Io.because(format!("standard input: {error}")))?;
    if raw.len() as u64 > most {
        return Err(Exit::Data.because(format!("the message is larger than limits.message_bytes ({most})")));
    }
    if raw.is_empty() {
        return Err(Exit::NoInput.because("standard input holds no message"));
    }
    Ok(with_crlf(without_from_line(&raw)))
}

/// The message without the line that mbox files put before each.
fn without_from_line(raw: &[u8]) -> &[u8] {
    if !raw.starts_with(b"From ") {
        return raw;
    }
    match raw.iter().position(|&byte| byte == b'\n') {
        Some(end) => raw.get(end + 1..).unwrap_or_default(),
        None => raw,
    }
}

/// The message with every line's end as CR LF, as it would have come over the network.
fn with_crlf(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 32);
    let mut before = 0;
    for &byte in raw {
        if byte == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(byte);
        before = byte;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{with_crlf, without_from_line};

    #[test]
    fn files_become_what_the_network_brings() {
        assert_eq!(with_crlf(b"A: b\n\nx\r\ny\rz"), b"A: b\r\n\r\nx\r\ny\rz");
        assert_eq!(without_from_line(b"From a@b Mon\nA: b\n"), b"A: b\n");
        assert_eq!(without_from_line(b"From: a@b\n"), b"From: a@b\n");
    }
}
