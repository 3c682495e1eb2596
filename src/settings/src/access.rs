//! The access log: one line for each request, as a line for people, as JSON, or as fields of journald's own protocol.
//!
//! Lines are gathered and written when their process has nothing else to do, or when some have come together: a busy worker
//! does not make a system call for each. They say who asked for what and how it ended, never what was in it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::net::UnixDatagram;

use crate::logging;
use crate::table::Log;

/// Where journald takes messages with fields (systemd.journal-fields(7)).
const JOURNAL: &str = "/run/systemd/journal/socket";
/// So many lines are written together.
const TOGETHER: usize = 32;
/// Octets of a text of the client's choosing that are kept.
const LONGEST: usize = 200;

/// A request that is over.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// As in the answer's `request-id`.
    pub id: &'a str,
    /// The client's address.
    pub address: &'a str,
    /// The account's login; empty: nobody's.
    pub login: &'a str,
    pub operation: &'a str,
    /// The response code of the first failure, or NoError; else the HTTP status.
    pub code: &'a str,
    pub status: u16,
    pub micros: u64,
    /// Octets of the request's body, and of the answer's before it was compressed.
    pub octets_in: u64,
    pub octets_out: u64,
    /// What the client calls itself.
    pub agent: &'a str,
}

/// How lines are written.
#[derive(Debug)]
enum Form {
    Off,
    Text,
    Json,
    Journal(UnixDatagram),
}

/// The access log of a process.
#[derive(Debug)]
pub struct Access {
    form: Form,
    lines: String,
    count: usize,
}

impl Access {
    /// As `log.access` says. Where journald is wanted and is not there, lines are texts.
    #[must_use]
    pub fn start(settings: &Log) -> Access {
        let form = match settings.access.as_str() {
            "off" => Form::Off,
            "json" => Form::Json,
            "journal" => connect().map_or(Form::Text, Form::Journal),
            _ => Form::Text,
        };
        Access { form, lines: String::new(), count: 0 }
    }

    /// Tells of a request.
    pub fn tell(&mut self, request: &Request<'_>) {
        match &self.form {
            Form::Off => return,
            Form::Journal(socket) => {
                // journald is restarted now and then; what it misses meanwhile has no other place.
                let _ = socket.send(journal(request).as_bytes());
                return;
            }
            Form::Text => {
                logging::head(&mut self.lines, log::Level::Info);
                text(&mut self.lines, request);
            }
            Form::Json => json(&mut self.lines, request),
        }
        self.lines.push('\n');
        self.count += 1;
        if self.count >= TOGETHER {
            self.flush();
        }
    }

    /// Writes what was gathered.
    pub fn flush(&mut self) {
        if self.count > 0 {
            // A log that cannot be written has nowhere to say so.
            let _ = std::io::stderr().lock().write_all(self.lines.as_bytes());
            self.lines.clear();
            self.count = 0;
        }
    }

    /// Whether nothing waits to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

fn connect() -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect(JOURNAL).ok()?;
    socket.set_nonblocking(true).ok()?;
    Some(socket)
}

/// What stands for a text that is not there.
fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// A text of the client's without what could end a line, at most [`LONGEST`] octets of it.
fn tame(text: &str) -> impl Iterator<Item = char> {
    let mut octets = 0;
    text.chars().map(|c| if c.is_control() { '?' } else { c }).take_while(move |c| {
        octets += c.len_utf8();
        octets <= LONGEST
    })
}

/// A bare word where it is one, else in quotes.
fn word(out: &mut String, text: &str) {
    let text = or_dash(text);
    if text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'=' && b != b'\\') && text.len() <= LONGEST {
        return out.push_str(text);
    }
    out.push('"');
    for c in tame(text) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// Milliseconds with three decimals.
fn milliseconds(out: &mut String, micros: u64) {
    let _ = write!(out, "{}.{:03}", micros / 1000, micros % 1000);
}

fn text(out: &mut String, request: &Request<'_>) {
    out.push_str(request.id);
    out.push_str(" access from=");
    out.push_str(request.address);
    for (name, value) in [(" login=", request.login), (" op=", request.operation), (" code=", request.code)] {
        out.push_str(name);
        word(out, value);
    }
    let _ = write!(out, " status={} ms=", request.status);
    milliseconds(out, request.micros);
    let _ = write!(out, " in={} out={} agent=", request.octets_in, request.octets_out);
    word(out, request.agent);
}

/// A string with its quotes (RFC 8259 7).
fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in tame(text) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

fn json(out: &mut String, request: &Request<'_>) {
    let _ = write!(out, "{{\"time\":\"{}\",\"pid\":{},\"kind\":\"access\"", logging::now(), std::process::id());
    for (name, value) in [
        ("id", request.id),
        ("from", request.address),
        ("login", request.login),
        ("operation", request.operation),
        ("code", request.code),
        ("agent", request.agent),
    ] {
        let _ = write!(out, ",\"{name}\":");
        quoted(out, value);
    }
    let _ = write!(out, ",\"status\":{},\"ms\":", request.status);
    milliseconds(out, request.micros);
    let _ = write!(out, ",\"in\":{},\"out\":{}}}", request.octets_in, request.octets_out);
}

fn journal(request: &Request<'_>) -> String {
    let mut out = String::from("PRIORITY=6\nSYSLOG_IDENTIFIER=ewsd\nMESSAGE=");
    text(&mut out, request);
    for (name, value) in [
        ("REQUEST", request.id),
        ("ADDRESS", request.address),
        ("LOGIN", request.login),
        ("OPERATION", request.operation),
        ("CODE", request.code),
        ("AGENT", request.agent),
    ] {
        let _ = write!(out, "\nEWSD_{name}=");
        out.extend(tame(value));
    }
    let figures = [
        ("STATUS", u64::from(request.status)),
        ("USEC", request.micros),
        ("IN", request.octets_in),
        ("OUT", request.octets_out),
    ];
    for (name, figure) in figures {
        let _ = write!(out, "\nEWSD_{name}={figure}");
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::{Request, journal, json, text};

    const REQUEST: Request<'static> = Request {
        id: "id-1",
        address: "192.0.2.7",
        login: "anna@example.org",
        operation: "GetItem",
        code: "NoError",
        status: 200,
        micros: 1_234,
        octets_in: 500,
        octets_out: 9_000,
        agent: "Evolution/3.46 \"x\"\r\n<6>forged",
    };

    #[test]
    fn a_line_is_one_line_whatever_the_client_calls_itself() {
        let mut line = String::new();
        text(&mut line, &REQUEST);
        assert_eq!(
            line,
            "id-1 access from=192.0.2.7 login=anna@example.org op=GetItem code=NoError status=200 ms=1.234 in=500 out=9000 \
             agent=\"Evolution/3.46 \\\"x\\\"??<6>forged\""
        );
        let mut line = String::new();
        text(&mut line, &Request { login: "", agent: &"x".repeat(5000), ..REQUEST });
        assert!(line.contains("login=- ") && line.len() < 400, "{line}");
    }

    #[test]
    fn json_is_one_object_in_one_line() {
        let mut line = String::new();
        json(&mut line, &REQUEST);
        assert!(line.starts_with("{\"time\":\"") && line.ends_with("\"in\":500,\"out\":9000}"), "{line}");
        assert!(line.contains("\"agent\":\"Evolution/3.46 \\\"x\\\"??<6>forged\"") && !line.contains('\n'), "{line}");
    }

    #[test]
    fn fields_of_the_journal_cannot_be_forged() {
        let message = journal(&REQUEST);
        assert_eq!(message.matches('\n').count(), 13, "{message}");
        assert!(message.contains("\nEWSD_LOGIN=anna@example.org\n") && message.contains("\nEWSD_USEC=1234\n"));
        assert!(message.contains("\nEWSD_AGENT=Evolution/3.46 \"x\"??<6>forged\n"), "{message}");
    }
}
