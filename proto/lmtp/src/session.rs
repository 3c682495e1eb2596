//! Which command may follow which (RFC 5321 section 4.1.4), and what a session remembers between two groups of commands.
//!
//! The session is a value: between two groups it lies as bytes beside its connection, so that no worker waits for a client.
//! It never resolves an address; [`Step::Recipient`] asks whoever runs it to do so.

use crate::command::Command;
use crate::path::Path;
use crate::reply::{self, Reply};

/// What the server takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Octets of the largest message.
    pub message_bytes: u64,
    /// Recipients of one message.
    pub recipients: usize,
    /// Error replies after which the connection is closed.
    pub errors: u8,
}

/// Where a session stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The name given with LHLO; empty before it.
    peer: String,
    transaction: Option<Transaction>,
    errors: u8,
}

/// A message on its way: from MAIL to the end of its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Empty: the null reverse path.
    pub from: String,
    pub smtputf8: bool,
    /// The accepted recipients in the order of RCPT, as the numbers that the directory gave them. One number may stand
    /// there twice (two addresses of one mailbox): each is answered by itself.
    pub recipients: Vec<u64>,
}

/// What is to be done about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The replies are written; go on with the next line.
    Done,
    /// Resolve the address, then call [`Session::recipient`].
    Recipient(Path),
    /// 354 is written: the message data comes next, then [`Session::take_transaction`].
    Data,
    /// The replies are written; close the connection.
    Close,
}

impl Session {
    pub fn greet(name: &str, out: &mut Vec<u8>) -> Session {
        reply::greeting(name, out);
        Session::default()
    }

    /// The name the client gave itself.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Takes one command line, without its line end, and appends what is to be answered.
    pub fn line(&mut self, line: &[u8], name: &str, limits: &Limits, out: &mut Vec<u8>) -> Step {
        match Command::parse(line).and_then(|command| self.command(command, name, limits, out)) {
            Ok(step) => step,
            Err(reply) => self.refuse(reply, limits, out),
        }
    }

    /// The answer to [`Step::Recipient`]: the directory's number, or why there is none.
    pub fn recipient(&mut self, found: Result<u64, Reply>, limits: &Limits, out: &mut Vec<u8>) -> Step {
        match (found, self.transaction.as_mut()) {
            (Ok(number), Some(transaction)) => {
                transaction.recipients.push(number);
                Reply::RECIPIENT_OK.write(out);
                Step::Done
            }
            (Ok(_), None) => self.refuse(Reply::NEED_MAIL, limits, out),
            // An unknown recipient is everyday life of a mail server, not the client's error.
            (Err(reply), _) => {
                reply.write(out);
                Step::Done
            }
        }
    }

    /// The transaction whose data has arrived. The session is then as after RSET.
    pub fn take_transaction(&mut self) -> Option<Transaction> {
        self.transaction.take()
    }

    fn refuse(&mut self, reply: Reply, limits: &Limits, out: &mut Vec<u8>) -> Step {
        reply.write(out);
        self.errors = self.errors.saturating_add(1);
        if self.errors < limits.errors {
            return Step::Done;
        }
        Reply::TOO_MANY_ERRORS.write(out);
        Step::Close
    }

    fn command(&mut self, command: Command, name: &str, limits: &Limits, out: &mut Vec<u8>) -> Result<Step, Reply> {
        match command {
            Command::Lhlo { domain } => {
                self.peer = domain;
                self.transaction = None;
                reply::extensions(name, limits.message_bytes, out);
            }
            Command::Mail { from, size, smtputf8, .. } => {
                self.begin(from, size, smtputf8, limits)?;
                Reply::SENDER_OK.write(out);
            }
            Command::Rcpt { to } => return self.may_add(&to, limits).map(|()| Step::Recipient(to)),
            Command::Data => {
                let transaction = self.transaction.as_ref().ok_or(Reply::NEED_MAIL)?;
                if transaction.recipients.is_empty() {
                    return Err(Reply::NEED_RECIPIENT);
                }
                Reply::START_DATA.write(out);
                return Ok(Step::Data);
            }
            Command::Rset => {
                self.transaction = None;
                Reply::OK.write(out);
            }
            Command::Noop => Reply::OK.write(out),
            Command::Vrfy => Reply::NOT_VERIFIED.write(out),
            Command::Help => Reply::HELP.write(out),
            Command::Quit => {
                Reply::BYE.write(out);
                return Ok(Step::Close);
            }
        }
        Ok(Step::Done)
    }

    fn begin(&mut self, from: Path, size: Option<u64>, smtputf8: bool, limits: &Limits) -> Result<(), Reply> {
        if self.peer.is_empty() {
            return Err(Reply::SAY_LHLO);
        }
        if self.transaction.is_some() {
            return Err(Reply::NESTED_MAIL);
        }
        if size.is_some_and(|size| size > limits.message_bytes) {
            return Err(Reply::TOO_BIG);
        }
        self.transaction = Some(Transaction { from: from.as_str().to_owned(), smtputf8, recipients: Vec::new() });
        Ok(())
    }

    fn may_add(&self, to: &Path, limits: &Limits) -> Result<(), Reply> {
        let transaction = self.transaction.as_ref().ok_or(Reply::NEED_MAIL)?;
        if to.needs_utf8() && !transaction.smtputf8 {
            return Err(Reply::NEED_SMTPUTF8);
        }
        if transaction.recipients.len() >= limits.recipients { Err(Reply::TOO_MANY_RECIPIENTS) } else { Ok(()) }
    }
}

/// The bytes are not a session that this version wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextError;

const FORMAT: u8 = 1;
/// Bits of the flag byte.
const OPEN: u8 = 1;
const UTF8: u8 = 2;

impl Session {
    /// The session as bytes: names as length-prefixed text, recipients as variable-length numbers.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        let transaction = self.transaction.as_ref();
        let flags = transaction.map_or(0, |t| if t.smtputf8 { OPEN | UTF8 } else { OPEN });
        out.extend_from_slice(&[FORMAT, self.errors, flags]);
        text(&self.peer, &mut out);
        if let Some(transaction) = transaction {
            text(&transaction.from, &mut out);
            number(transaction.recipients.len() as u64, &mut out);
            transaction.recipients.iter().for_each(|recipient| number(*recipient, &mut out));
        }
        out
    }

    pub fn decode(bytes: &[u8]) -> Result<Session, ContextError> {
        let &[FORMAT, errors, flags, ref rest @ ..] = bytes else { return Err(ContextError) };
        let mut rest = rest;
        let peer = read_text(&mut rest)?;
        let transaction = if flags & OPEN != 0 {
            let from = read_text(&mut rest)?;
            let count = read_number(&mut rest)?;
            let recipients = (0..count).map(|_| read_number(&mut rest)).collect::<Result<_, _>>()?;
            Some(Transaction { from, smtputf8: flags & UTF8 != 0, recipients })
        } else {
            None
        };
        if rest.is_empty() { Ok(Session { peer, transaction, errors }) } else { Err(ContextError) }
    }
}

fn number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn text(value: &str, out: &mut Vec<u8>) {
    number(value.len() as u64, out);
    out.extend_from_slice(value.as_bytes());
}

fn read_number(rest: &mut &[u8]) -> Result<u64, ContextError> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first().ok_or(ContextError)?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(ContextError)
}

fn read_text(rest: &mut &[u8]) -> Result<String, ContextError> {
    let length = usize::try_from(read_number(rest)?).map_err(|_| ContextError)?;
    let (text, tail) = rest.split_at_checked(length).ok_or(ContextError)?;
    *rest = tail;
    String::from_utf8(text.to_vec()).map_err(|_| ContextError)
}
