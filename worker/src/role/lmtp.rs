//! LMTP jobs: a group of command lines, or a message (RFC 2033). The session lies beside its connection in the master.
//!
//! A recipient is answered with 250 only when the message is committed in his mailbox.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use ewsd_ipc::{CONN_CONTEXT_MAX, ConnRecord, Count, LmtpExpect, LmtpInput, Reply};
use ewsd_lmtp::{Limits, Lines, Reply as LmtpReply, Session, Step, Transaction, unstuff};
use ewsd_mailbox::convert::ical;
use ewsd_mailbox::deliver::{self, DeliverError, Target, Trace};
use ewsd_mailbox::log::{self, note};
use ewsd_mailbox::random;
use ewsd_store::{Account, StoreError};
use nix::sys::socket::{Shutdown, shutdown};

use super::access::End;
use super::context::ConnContext;
use super::octets::Octets;
use super::request::Worker;
use super::written::{Sent, send_at_once};
use crate::space;

/// Error replies after which a client is sent away.
const ERRORS: u8 = 20;

/// In a recipient's number: it is that of a group, not of an account.
const GROUP: u64 = 1 << 62;

/// What the master is to frame next; None: close.
type Next = Option<LmtpExpect>;

impl Worker<'_> {
    pub(super) fn lmtp(
        &mut self,
        job: u64,
        conn: ConnRecord,
        client: OwnedFd,
        input: LmtpInput,
        memfd: Option<OwnedFd>,
    ) -> io::Result<()> {
        let id = random::request_id().to_string();
        log::request(&id);
        let mut out = Vec::with_capacity(512);
        let name = self.name.clone();
        let (session, next) = match (input, session(&conn.context)) {
            (LmtpInput::Greeting, _) => (Session::greet(&name, &mut out), Some(LmtpExpect::Lines)),
            (_, None) => {
                note!(Error, "an LMTP session cannot be read");
                LmtpReply::CLOSING.write(&mut out);
                (Session::default(), None)
            }
            (LmtpInput::Lines(group), Some(mut session)) => {
                let next = self.lines(&mut session, &group, &mut out);
                (session, next)
            }
            (LmtpInput::LongLine, Some(session)) => {
                LmtpReply::LINE_TOO_LONG.write(&mut out);
                (session, Some(LmtpExpect::Lines))
            }
            (LmtpInput::TooBig, Some(mut session)) => {
                let transaction = session.take_transaction().unwrap_or_default();
                transaction.recipients.iter().for_each(|_| LmtpReply::TOO_BIG.write(&mut out));
                (session, Some(LmtpExpect::Lines))
            }
            (LmtpInput::Data(body), Some(mut session)) => {
                let transaction = session.take_transaction().unwrap_or_default();
                let trace = Trace {
                    from: &transaction.from,
                    peer: Some((session.peer(), conn.peer.ip())),
                    by: &name,
                    id: &id,
                    utf8: transaction.smtputf8,
                    author: None,
                    calendars: ical::Limits::of(self.settings),
                    zone: &self.settings.calendar.time_zone,
                };
                self.accesses.begin(conn.peer.ip(), body.len());
                self.accesses.agent(session.peer());
                match Octets::of(body, memfd) {
                    Ok(data) => self.data(&transaction, &trace, &data, &mut out),
                    Err(error) => {
                        note!(Error, "a message: {error}");
                        transaction.recipients.iter().for_each(|_| LmtpReply::TEMPORARY.write(&mut out));
                    }
                }
                self.accesses.end(&id, &log_end(&out));
                (session, Some(LmtpExpect::Lines))
            }
        };
        self.tell_changes()?;
        self.hand_back(job, conn, client, &session, &out, next)
    }

    fn limits(&self) -> Limits {
        Limits {
            message_bytes: self.settings.limits.message_bytes,
            recipients: usize::try_from(self.settings.limits.recipients).unwrap_or(usize::MAX),
            errors: ERRORS,
        }
    }

    fn lines(&mut self, session: &mut Session, group: &[u8], out: &mut Vec<u8>) -> Next {
        let limits = self.limits();
        let mut lines = Lines::new(group);
        while let Some(line) = lines.next() {
            let step = match session.line(line, &self.name, &limits, out) {
                Step::Recipient(path) => {
                    let found = self.find(path.as_str(), session);
                    session.recipient(found, &limits, out)
                }
                step => step,
            };
            match step {
                Step::Data if lines.rest().is_empty() => return Some(LmtpExpect::Data { limit: limits.message_bytes }),
                // What follows could be read as commands or as mail: neither is safe.
                Step::Data => {
                    LmtpReply::DATA_NOT_LAST.write(out);
                    LmtpReply::CLOSING.write(out);
                    return None;
                }
                Step::Close => return None,
                Step::Done | Step::Recipient(_) => {}
            }
        }
        Some(LmtpExpect::Lines)
    }

    /// Who has the address, an account or a group; `<postmaster>` without a domain is any postmaster here (RFC 5321 4.5.1).
    fn find(&mut self, address: &str, session: &Session) -> Result<u64, LmtpReply> {
        // The session must still fit beside its connection.
        if context(session).len() + 16 > CONN_CONTEXT_MAX {
            return Err(LmtpReply::TOO_MANY_RECIPIENTS);
        }
        if space::is_short(self.settings) {
            return Err(LmtpReply::NO_ROOM);
        }
        let found =
            if address.contains('@') { self.store.account_by_address(address) } else { self.postmaster(address) };
        match found {
            Ok(Some(account)) if account.disabled => Err(LmtpReply::MAILBOX_DISABLED),
            Ok(Some(account)) => u64::try_from(account.account).map_err(|_| LmtpReply::TEMPORARY),
            Ok(None) => self.find_group(address),
            Err(error) => {
                self.failed(&error);
                Err(LmtpReply::TEMPORARY)
            }
        }
    }

    /// A group that reaches somebody.
    fn find_group(&mut self, address: &str) -> Result<u64, LmtpReply> {
        let found = self.store.group(address).and_then(|group| {
            let Some(group) = group else { return Ok(None) };
            let members = self.store.group_recipients(group.group)?;
            Ok((!members.is_empty()).then_some(group.group))
        });
        match found {
            Ok(Some(group)) => u64::try_from(group).map(|group| group | GROUP).map_err(|_| LmtpReply::TEMPORARY),
            Ok(None) => Err(LmtpReply::NO_SUCH_MAILBOX),
            Err(error) => {
                self.failed(&error);
                Err(LmtpReply::TEMPORARY)
            }
        }
    }

    fn postmaster(&mut self, local: &str) -> Result<Option<Account>, StoreError> {
        if !local.eq_ignore_ascii_case("postmaster") {
            return Ok(None);
        }
        for domain in self.store.domains()? {
            if let Some(account) = self.store.account_by_address(&format!("postmaster@{domain}"))? {
                return Ok(Some(account));
            }
        }
        Ok(None)
    }

    fn failed(&mut self, error: &StoreError) {
        if !matches!(error, StoreError::Busy { .. }) {
            self.tally.add(Count::DatabaseErrors, 1);
        }
        note!(Warn, "LMTP: {error}");
    }

    fn data(&mut self, transaction: &Transaction, trace: &Trace<'_>, data: &[u8], out: &mut Vec<u8>) {
        let targets = match self.targets(&transaction.recipients) {
            Ok(targets) => targets,
            Err(error) => {
                self.failed(&error);
                return transaction.recipients.iter().for_each(|_| LmtpReply::TEMPORARY.write(out));
            }
        };
        // There may have been enough when the recipients were named.
        if space::is_short(self.settings) {
            return transaction.recipients.iter().for_each(|_| LmtpReply::NO_ROOM.write(out));
        }
        let results = deliver::deliver_to_each(&mut self.store, trace, &targets, &unstuff(data));
        for (what, n) in counts(&results) {
            self.tally.add(what, n);
        }
        let delivered = results.iter().filter(|result| result.is_ok()).count();
        note!(
            Info,
            "mail from <{}>, {} octets, delivered to {delivered} of {}",
            transaction.from,
            data.len(),
            results.len()
        );
        results.into_iter().for_each(|result| reply_to(result.err()).write(out));
    }

    /// Those who were there at RCPT and still are.
    fn targets(&mut self, recipients: &[u64]) -> Result<Vec<Vec<Target>>, StoreError> {
        let mut targets = Vec::with_capacity(recipients.len());
        for number in recipients {
            let own = i64::try_from(number & !GROUP).unwrap_or(0);
            targets.push(if number & GROUP != 0 {
                self.store.group_recipients(own)?.into_iter().map(Target::from).collect()
            } else {
                self.store.account(own)?.map(Target::from).into_iter().collect()
            });
        }
        Ok(targets)
    }

    fn hand_back(
        &mut self,
        job: u64,
        mut conn: ConnRecord,
        client: OwnedFd,
        session: &Session,
        out: &[u8],
        next: Next,
    ) -> io::Result<()> {
        match (send_at_once(&client, out, &[]), next) {
            (Sent::Whole, Some(expect)) => {
                conn.context = context(session);
                self.end.send(&Reply::LmtpNext { job, conn, expect }, &[client.as_fd()])
            }
            // A client that does not read replies of a few hundred octets each will not be waited for.
            _ => {
                let _ = shutdown(client.as_raw_fd(), Shutdown::Write);
                self.end.send(&Reply::Closed { job }, &[])
            }
        }
    }
}

/// The session that lies beside a connection.
fn session(context: &[u8]) -> Option<Session> {
    match ConnContext::read(context)? {
        ConnContext::Lmtp(session) => Some(session),
        ConnContext::Login(_) | ConnContext::Admitted { .. } => None,
    }
}

fn context(session: &Session) -> Vec<u8> {
    ConnContext::Lmtp(session.clone()).write()
}

fn reply_to(error: Option<DeliverError>) -> LmtpReply {
    match error {
        None => LmtpReply::DELIVERED,
        Some(DeliverError::Unknown) => LmtpReply::NO_SUCH_MAILBOX,
        Some(DeliverError::Disabled) => LmtpReply::MAILBOX_DISABLED,
        Some(DeliverError::Full) => LmtpReply::MAILBOX_FULL,
        Some(DeliverError::Unfit) => LmtpReply::CANNOT_STORE,
        Some(DeliverError::Busy { .. } | DeliverError::Failed) => LmtpReply::TEMPORARY,
    }
}

/// What the access log is told of a message: the worst of its recipients' replies.
fn log_end(replies: &[u8]) -> End {
    let worst = replies.split(|octet| *octet == b'\n').filter_map(|line| line.first()).max();
    let (code, status) = match worst {
        Some(b'2') => ("Delivered", 250),
        Some(b'4') => ("PutOff", 450),
        _ => ("Refused", 550),
    };
    End { operation: "LMTP", code, status, octets_out: replies.len() as u64 }
}

/// How many got it and how many did not, for the counters.
fn counts(results: &[Result<(), DeliverError>]) -> [(Count, u32); 2] {
    let delivered = results.iter().filter(|result| result.is_ok()).count();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    [(Count::Deliveries, number(delivered)), (Count::DeliveryFailures, number(results.len() - delivered))]
}
