//! What is said on a connection: one question at a time, and its answers.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use ewsd_ldap::filter::Filter;
use ewsd_ldap::message::{self, Answer, Outcome, code};
use rustls::ClientConfig;

use super::line::Line;

/// Entries that are asked for: one, or one too many.
const MOST: u32 = 2;
/// Answers to one question: entries, and pointers to other servers.
const ANSWERS: usize = 100;

pub(super) struct Session {
    line: Line,
    /// Number of the last question.
    last: u32,
    /// What was read and not yet understood.
    received: Vec<u8>,
}

impl Session {
    pub fn new(line: Line) -> Session {
        Session { line, last: 0, received: Vec::new() }
    }

    /// Asks for TLS.
    ///
    /// # Errors
    /// The server has none, or says more than it may before TLS begins.
    pub fn start_tls(&mut self) -> Result<(), String> {
        let id = self.number();
        self.send(&message::start_tls(id))?;
        match self.next()? {
            Answer::Extended(done) if done.is_success() => {}
            Answer::Extended(done) => return Err(format!("no StartTLS, code {}: {}", done.code, done.text)),
            _ => return Err(unasked()),
        }
        // It would be taken for something that was said within TLS.
        if self.received.is_empty() { Ok(()) } else { Err("something was said before TLS began".to_owned()) }
    }

    /// Goes on with TLS.
    ///
    /// # Errors
    /// As [`Line::encrypt`].
    pub fn encrypt(self, tls: Arc<ClientConfig>, host: &str) -> Result<Session, String> {
        Ok(Session { line: self.line.encrypt(tls, host)?, ..self })
    }

    /// How a bind ends; none: it was not tried, since it would prove nothing.
    ///
    /// # Errors
    /// There is no answer.
    pub fn bind(&mut self, name: &str, password: &[u8]) -> Result<Option<Outcome>, String> {
        let id = self.number();
        let Some(question) = message::bind(id, name, password) else { return Ok(None) };
        self.send(&question)?;
        match self.next()? {
            Answer::Bind(outcome) => Ok(Some(outcome)),
            _ => Err(unasked()),
        }
    }

    /// The names of the entries that fit, two at most.
    ///
    /// # Errors
    /// There is no answer, or one that says that it could not be looked.
    pub fn find(&mut self, base: &str, filter: &Filter, seconds: u32) -> Result<Vec<String>, String> {
        let id = self.number();
        self.send(&message::search(id, base, filter, MOST, seconds))?;
        let mut names = Vec::new();
        for _ in 0..ANSWERS {
            match self.next()? {
                Answer::Entry(name) => names.push(name),
                Answer::Reference => {}
                Answer::Done(done) if done.is_success() || done.code == code::SIZE_LIMIT_EXCEEDED => return Ok(names),
                Answer::Done(done) => {
                    return Err(format!("the search below {base:?} ends with code {}: {}", done.code, done.text));
                }
                _ => return Err(unasked()),
            }
        }
        Err("the search does not end".to_owned())
    }

    /// Says goodbye; that it is not heard is no harm.
    pub fn close(mut self) {
        let id = self.number();
        let _ = self.send(&message::unbind(id));
    }

    fn number(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    fn send(&mut self, question: &[u8]) -> Result<(), String> {
        let sent = self.line.write_all(question).and_then(|()| self.line.flush());
        sent.map_err(|error| error.to_string())
    }

    /// The next answer to the last question.
    fn next(&mut self) -> Result<Answer, String> {
        loop {
            let whole = message::length(&self.received).map_err(|error| error.to_string())?;
            if let Some(length) = whole.filter(|length| *length <= self.received.len()) {
                let octets: Vec<u8> = self.received.drain(..length).collect();
                let read = message::read(&octets).map_err(|error| error.to_string())?;
                return match read.answer {
                    Answer::Extended(leave) if read.id == 0 => {
                        Err(format!("the server takes its leave, code {}: {}", leave.code, leave.text))
                    }
                    answer if read.id == self.last => Ok(answer),
                    _ => Err(unasked()),
                };
            }
            let mut buffer = [0; 4096];
            match self.line.read(&mut buffer).map_err(|error| error.to_string())? {
                0 => return Err("the server hangs up".to_owned()),
                n => self.received.extend_from_slice(buffer.get(..n).unwrap_or_default()),
            }
        }
    }
}

fn unasked() -> String {
    "the server answers what was not asked".to_owned()
}
