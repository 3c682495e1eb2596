//! `ewsctl deliver`: a message from standard input into mailboxes, by the same way as LMTP.

use std::io::Read as _;
use std::path::Path;

use ewsd_mailbox::deliver::{self, DeliverError};
use ewsd_settings::Settings;
use ewsd_store::Store;
use serde_json::json;

use super::database::open;
use super::{Failure, Result, control};

/// Deliver a message from standard input to local addresses.
///
/// For pipes of an MTA and for imports. Takes lines that end in LF or CR LF, and skips an mbox "From " line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ewsctl deliver --to anna@example.org <message.eml\n  \
    ewsctl deliver --from sender@example.net --to anna@example.org --to ben@example.org <message.eml\n\n\
    Exit status (sysexits.h): 0 when every recipient has it, 67 when an address is unknown, 75 when it should be tried again.")]
pub struct Args {
    /// A recipient; may be given more than once.
    #[arg(long, value_name = "ADDRESS", required = true)]
    to: Vec<String>,
    /// The envelope's sender; without it the empty one, which gets no reports.
    #[arg(long, value_name = "ADDRESS", default_value = "")]
    from: String,
}

/// `EX_DATAERR`, `EX_NOUSER` and `EX_TEMPFAIL` of sysexits.h, which MTAs understand.
const UNFIT: u8 = 65;
const NO_USER: u8 = 67;
const TEMPORARY: u8 = 75;

pub fn run(config: &Path, args: &Args) -> Result {
    let settings = super::load(config)?;
    let message = message(&settings)?;
    let mut store = open(&settings).map_err(|failure| Failure { code: TEMPORARY, ..failure })?;
    let mut code = 0;
    for (recipient, outcome) in deliver::deliver(&mut store, &settings, &args.from, &args.to, &message) {
        match outcome {
            Ok(_) => say!("{recipient}: delivered")?,
            Err(error) => {
                say!("{recipient}: {error}")?;
                code = code.max(status(error));
            }
        }
    }
    tell_changes(&settings, &mut store)?;
    match code {
        0 => Ok(()),
        code => Err(Failure { code, text: "not every recipient has the message".into() }),
    }
}

fn status(error: DeliverError) -> u8 {
    match error {
        DeliverError::Unfit => UNFIT,
        DeliverError::Unknown | DeliverError::Disabled => NO_USER,
        DeliverError::Full | DeliverError::Busy { .. } | DeliverError::Failed => TEMPORARY,
    }
}

/// Tells the running server which mailboxes have changed, so that clients that wait hear of it at once.
fn tell_changes(settings: &Settings, store: &mut Store) -> Result {
    for (mailbox, seq) in store.take_changes() {
        control::tell(settings, &json!({"cmd": "changed", "mailbox": mailbox.0, "seq": seq.0}))?;
    }
    Ok(())
}

fn message(settings: &Settings) -> Result<Vec<u8>> {
    let most = settings.limits.message_bytes;
    let mut raw = Vec::new();
    let read = std::io::stdin().lock().take(most + 1).read_to_end(&mut raw);
    read.map_err(|error| format!("standard input: {error}"))?;
    if raw.len() as u64 > most {
        return Err(format!("the message is larger than limits.message_bytes ({most})").into());
    }
    if raw.is_empty() {
        return Err("standard input holds no message".to_owned().into());
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
