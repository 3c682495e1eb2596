//! Which command may follow which (RFC 5321 section 4.1.4), and what a session remembers between two groups of commands.
//!
//! The session is a value: between two groups it lies as bytes beside its connection, so that no worker waits for a client.
//! It never resolves an address; [`Step::Recipient`] asks whoever runs it to do so.

use ewsd_wire::form::{Text, Varints};
use ewsd_wire::wire;

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

/// Octets of the longest name or address that a session keeps: a line has no more.
const TEXT_MAX: usize = 4096;
/// Most recipients that a session keeps, whatever the limits say.
const RECIPIENTS_MAX: usize = 65_536;

wire! {
    /// Where a session stands.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Session version 2 {
        errors: u8,
        /// The name given with LHLO; empty before it.
        peer: String as Text<TEXT_MAX>,
        transaction: Option<Transaction>,
    }

    /// A message on its way: from MAIL to the end of its data.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Transaction {
        /// Empty: the null reverse path.
        pub from: String as Text<TEXT_MAX>,
        pub smtputf8: bool,
        /// The accepted recipients in the order of RCPT, as the numbers that the directory gave them. One number may stand
        /// there twice (two addresses of one mailbox): each is answered by itself.
        pub recipients: Vec<u64> as Varints<RECIPIENTS_MAX>,
    }
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
