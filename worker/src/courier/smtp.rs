//! A session with the smarthost: RFC 5321 as a client, with SIZE (RFC 1870), 8BITMIME (RFC 6152) and SMTPUTF8 (RFC 6531) where
//! they are offered. `lettre` keeps the connection, TLS, AUTH and the dots; what is said to it, and what each answer means for
//! each recipient, is decided here.

use std::time::Duration;

use ewsd_mailbox::convert::mime::outgoing::Sealed;
use ewsd_mailbox::convert::table::SevenBit;
use ewsd_mailbox::convert::{self, Failed};
use ewsd_settings::Settings;
use ewsd_store::Outgoing;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::commands::{Data, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;

use super::route::{Route, Tls};
use super::wire::{self, Wire};
use super::{DeliveryFailure, DeliveryStatus, DeliveryStatuses, all};

/// Recipients of one transaction: what every server must take (RFC 5321 4.5.3.1.8).
const RECIPIENTS: usize = 100;

/// How long the answer to a message's end is waited for at least, whatever the setting: whoever gives up sooner sends it
/// again to a server that has it (RFC 5321 4.5.3.2.6).
const END: Duration = Duration::from_secs(600);

/// Octets of a message that are made ready for the wire at a time.
const CHUNK: usize = 64 * 1024;

/// A connection that has said EHLO, and has logged in where it must.
pub(super) struct Session {
    connection: SmtpConnection,
    host: String,
    hello: String,
    offers: Extensions,
    /// How long an answer is waited for.
    answer: Duration,
    /// Nothing more can be said on it.
    pub broken: bool,
}

/// What the EHLO's answer says that matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Extensions {
    /// Octets; none: no limit is announced.
    size: Option<u64>,
    takes_size: bool,
    eight_bit: bool,
    utf8: bool,
}

impl Extensions {
    fn of<'a>(lines: impl Iterator<Item = &'a str>) -> Extensions {
        let mut offers = Extensions::default();
        for line in lines {
            let mut words = line.split_ascii_whitespace();
            match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "SIZE" => {
                    offers.takes_size = true;
                    offers.size = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                }
                "8BITMIME" => offers.eight_bit = true,
                "SMTPUTF8" => offers.utf8 = true,
                _ => {}
            }
        }
        offers
    }
}

/// The message for a smarthost that takes no eight bits, in its bodies or its heads alone, or what becomes of it.
fn in_seven_bits(octets: &[u8], bodies: bool) -> Result<Vec<u8>, DeliveryStatus> {
    match convert::ask(&SevenBit { bodies }, octets) {
        Ok(Ok(seven)) => Ok(seven.into_owned()),
        Ok(Err(Sealed::Body)) => {
            let text = "the message is signed or encrypted in eight bits, the smarthost takes seven";
            Err(DeliveryStatus::Failed(DeliveryFailure::own("5.6.3", text)))
        }
        Ok(Err(Sealed::Head)) => {
            let text = "a head of the message has an address beyond ASCII, or what is signed or encrypted has such a head; \
                        the smarthost takes none (it does not offer SMTPUTF8)";
            Err(DeliveryStatus::Failed(DeliveryFailure::own("5.6.7", text)))
        }
        Err(Failed::Busy) => Err(DeliveryStatus::Deferred(DeliveryFailure::own("4.3.1", Failed::Busy.to_string()))),
        Err(failed) => Err(DeliveryStatus::Failed(DeliveryFailure::own("5.6.3", failed.to_string()))),
    }
}

impl Session {
    /// Connects, with TLS and login as the settings want them. Trouble here is the smarthost's, not the message's.
    pub fn open(settings: &Settings) -> Result<Session, DeliveryFailure> {
        let route = Route::of(settings).map_err(|text| DeliveryFailure::own("4.3.5", text))?;
        let host = settings.courier.smarthost.clone();
        let failed = |error: Error| trouble(&error, &host, "4.4.1");
        let hello = ClientId::Domain(route.hello.clone());
        let implicit = match &route.tls {
            Tls::Implicit(parameters) => Some(parameters),
            _ => None,
        };
        let at = (route.host.as_str(), route.port);
        let mut connection =
            SmtpConnection::connect(at, Some(route.connect), &hello, implicit, None).map_err(failed)?;
        match &route.tls {
            Tls::IfOffered(parameters) if connection.can_starttls() => {
                connection.starttls(parameters, &hello).map_err(failed)?;
            }
            Tls::Required(parameters) => connection.starttls(parameters, &hello).map_err(failed)?,
            _ => {}
        }
        if let Some(login) = &route.login {
            connection.auth(&[Mechanism::Plain, Mechanism::Login], login).map_err(failed)?;
        }
        let timed = connection.set_timeout(Some(route.answer));
        timed.map_err(|error| DeliveryFailure {
            host: Some(host.clone()),
            ..DeliveryFailure::own("4.4.1", error.to_string())
        })?;
        // Once more: lettre keeps neither SIZE nor its limit. It is what a transaction begins with anyway (4.1.1.1).
        let answer = connection.command(format!("EHLO {hello}\r\n")).map_err(failed)?;
        let offers = Extensions::of(answer.message().skip(1));
        Ok(Session { connection, host, hello: route.hello, offers, answer: route.answer, broken: false })
    }

    /// Whether the smarthost is still there.
    pub fn alive(&mut self) -> bool {
        !self.broken && self.connection.test_connected()
    }

    /// Says goodbye; whoever hangs up without is no harm.
    pub fn close(mut self) {
        if !self.broken {
            let _ = self.connection.quit();
        }
    }

    /// Sends a message to as many of its recipients as fit one transaction. Each has a fate afterwards.
    pub fn send(&mut self, message: &Outgoing, most: u64) -> DeliveryStatuses {
        let (now, later) = message.recipients.split_at(message.recipients.len().min(RECIPIENTS));
        let mut statuses = all(later, &DeliveryStatus::Next);
        let mut wire = wire::wire(&message.mime, &self.hello, message.id, message.submitted);
        let utf8_heads = match self.fit(&mut wire) {
            Ok(utf8_heads) => utf8_heads,
            Err(status) => {
                statuses.extend(all(now, &status));
                return statuses;
            }
        };
        let size = wire.octets.len() as u64;
        let limit = [self.offers.size, Some(most).filter(|n| *n > 0)].into_iter().flatten().min();
        if let Some(limit) = limit.filter(|limit| size > *limit) {
            let text = format!("the message has {size} octets, at most {limit} can be sent");
            statuses.extend(all(now, &DeliveryStatus::Failed(DeliveryFailure::own("5.3.4", text))));
            return statuses;
        }
        let Some((sender, utf8_sender)) = self.address(&message.sender) else {
            statuses.extend(all(now, &DeliveryStatus::Failed(self.no_utf8())));
            return statuses;
        };
        let mut utf8 = utf8_sender || utf8_heads;
        let mut open = Vec::with_capacity(now.len());
        for recipient in now {
            match self.address(recipient) {
                Some((address, needs)) => {
                    utf8 |= needs;
                    open.push((recipient.clone(), address));
                }
                None => statuses.push((recipient.clone(), DeliveryStatus::Failed(self.no_utf8()))),
            }
        }
        if !open.is_empty() {
            statuses.extend(self.transaction(&sender, &open, &wire, utf8));
        }
        statuses
    }

    /// Puts a message into the octets that the smarthost takes. Heads, its parts' included, are beyond ASCII only where this
    /// says so: then the smarthost must be told (RFC 6531 section 3.4).
    fn fit(&self, wire: &mut Wire) -> Result<bool, DeliveryStatus> {
        let utf8 = wire.utf8_header && self.offers.utf8;
        if !wire.eight_bit || (self.offers.eight_bit && utf8) {
            return Ok(utf8);
        }
        match in_seven_bits(&wire.octets, !self.offers.eight_bit) {
            Ok(octets) => {
                wire.eight_bit = !octets.is_ascii();
                wire.octets = octets;
                Ok(false)
            }
            // A head that must stay as it is may: the smarthost takes it.
            Err(DeliveryStatus::Failed(_)) if self.offers.eight_bit && self.offers.utf8 => Ok(true),
            Err(status) => Err(status),
        }
    }

    /// MAIL, RCPT for each, DATA, and the message.
    fn transaction(&mut self, sender: &str, open: &[(String, String)], wire: &Wire, utf8: bool) -> DeliveryStatuses {
        let mut mail = format!("MAIL FROM:<{sender}>");
        if self.offers.takes_size {
            mail.push_str(&format!(" SIZE={}", wire.octets.len()));
        }
        if wire.eight_bit && self.offers.eight_bit {
            mail.push_str(" BODY=8BITMIME");
        }
        if utf8 {
            mail.push_str(" SMTPUTF8");
        }
        let same =
            |status: &DeliveryStatus| open.iter().map(|(recipient, _)| (recipient.clone(), status.clone())).collect();
        if let Err(status) = self.say(&mail) {
            return same(&status);
        }
        let mut statuses = DeliveryStatuses::new();
        let mut taken = Vec::new();
        for (recipient, address) in open {
            if self.broken {
                statuses.push((recipient.clone(), DeliveryStatus::Deferred(self.lost())));
                continue;
            }
            match self.say(&format!("RCPT TO:<{address}>")) {
                Ok(_) => taken.push(recipient.clone()),
                Err(status) if !taken.is_empty() && is_too_many(&status) => {
                    statuses.push((recipient.clone(), DeliveryStatus::Next));
                }
                Err(status) => statuses.push((recipient.clone(), status)),
            }
        }
        if taken.is_empty() || self.broken {
            statuses.extend(all(&taken, &DeliveryStatus::Deferred(self.lost())));
            self.reset();
            return statuses;
        }
        let answer = self.connection.command(Data);
        let answer = match self.judge(answer) {
            Ok(_) => self.message(wire),
            refused => refused,
        };
        match answer {
            Ok(_) => statuses.extend(all(&taken, &DeliveryStatus::Sent)),
            Err(status) => {
                statuses.extend(all(&taken, &status));
                self.reset();
            }
        }
        statuses
    }

    /// The message itself, after DATA.
    fn message(&mut self, wire: &Wire) -> Result<Response, DeliveryStatus> {
        if self.connection.set_timeout(Some(at_end(self.answer))).is_err() {
            self.broken = true;
            return Err(DeliveryStatus::Deferred(self.lost()));
        }
        let answer = self.connection.message_iter(wire.octets.chunks(CHUNK));
        let answer = self.judge(answer);
        // Whoever cannot set a socket's time has no socket any more; the answer stands.
        self.broken |= self.connection.set_timeout(Some(self.answer)).is_err();
        answer
    }

    /// One command. Addresses in it hold no line's end: what submits them has seen to that, and it is looked at again here.
    fn say(&mut self, line: &str) -> Result<Response, DeliveryStatus> {
        if line.contains(['\r', '\n']) {
            return Err(DeliveryStatus::Failed(DeliveryFailure::own(
                "5.1.3",
                "the address cannot be written into a command",
            )));
        }
        let answer = self.connection.command(format!("{line}\r\n"));
        self.judge(answer)
    }

    /// What an answer means for those whom it is about.
    fn judge(&mut self, answer: Result<Response, Error>) -> Result<Response, DeliveryStatus> {
        answer.map_err(|error| {
            let code = error.status().map(u16::from);
            // 421: it closes the connection (RFC 5321 3.8).
            self.broken |= code.is_none() || code == Some(421);
            let trouble = trouble(&error, &self.host, "4.4.2");
            if error.is_permanent() { DeliveryStatus::Failed(trouble) } else { DeliveryStatus::Deferred(trouble) }
        })
    }

    fn reset(&mut self) {
        if !self.broken && self.connection.command(Rset).is_err() {
            self.broken = true;
        }
    }

    fn lost(&self) -> DeliveryFailure {
        DeliveryFailure { host: Some(self.host.clone()), ..DeliveryFailure::own("4.4.2", "the connection was lost") }
    }

    fn no_utf8(&self) -> DeliveryFailure {
        DeliveryFailure::own(
            "5.6.7",
            format!("{} takes no addresses beyond ASCII (it does not offer SMTPUTF8)", self.host),
        )
    }

    /// An address as the smarthost takes it, and whether SMTPUTF8 must be said for it. None: there is no such form.
    fn address(&self, address: &str) -> Option<(String, bool)> {
        if address.is_ascii() {
            return Some((address.to_owned(), false));
        }
        if self.offers.utf8 {
            return Some((address.to_owned(), true));
        }
        let (local, domain) = address.rsplit_once('@').filter(|(local, _)| local.is_ascii())?;
        Some((format!("{local}@{}", idna::domain_to_ascii(domain).ok()?), false))
    }
}

fn at_end(answer: Duration) -> Duration {
    answer.max(END)
}

/// Too many recipients at a time (RFC 5321 4.5.3.1.10), for a server that has taken some: the next transaction takes the rest.
/// Servers of before say 552, which is to be read as 452 then.
fn is_too_many(status: &DeliveryStatus) -> bool {
    matches!(
        status,
        DeliveryStatus::Deferred(DeliveryFailure { code: Some(452), .. })
            | DeliveryStatus::Failed(DeliveryFailure { code: Some(552), .. })
    )
}

/// `unanswered` is the status when nobody answered.
fn trouble(error: &Error, host: &str, unanswered: &str) -> DeliveryFailure {
    let host = Some(host.to_owned());
    match error.status().map(u16::from) {
        Some(code) => {
            let text = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
            DeliveryFailure { status: enhanced(&text, code), code: Some(code), text, host }
        }
        None => DeliveryFailure { status: unanswered.to_owned(), code: None, text: error.to_string(), host },
    }
}

/// The enhanced status at the start of an answer, else what can be said without one.
fn enhanced(text: &str, code: u16) -> String {
    let class = if code >= 500 { '5' } else { '4' };
    let word = text.split_ascii_whitespace().next().unwrap_or_default();
    let numbers: Vec<&str> = word.split('.').collect();
    let digits = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if numbers.len() == 3 && word.starts_with(class) && numbers.iter().all(digits) {
        word.to_owned()
    } else {
        format!("{class}.0.0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_the_servers_own_or_the_class() {
        assert_eq!(enhanced("5.1.1 no such user", 550), "5.1.1");
        assert_eq!(enhanced("4.2.2 full", 550), "5.0.0");
        assert_eq!(enhanced("no such user", 550), "5.0.0");
        assert_eq!(enhanced("", 451), "4.0.0");
        assert_eq!(enhanced("4.x.1 odd", 451), "4.0.0");
    }

    #[test]
    fn a_messages_end_is_given_ten_minutes_and_more_where_it_is_set() {
        for (set, waited) in [(1, 600), (300, 600), (3_600, 3_600)] {
            assert_eq!(at_end(Duration::from_secs(set)), Duration::from_secs(waited));
        }
    }

    #[test]
    fn too_many_recipients_are_told_from_other_refusals() {
        let status = |of: fn(DeliveryFailure) -> DeliveryStatus, code| {
            of(DeliveryFailure { code: Some(code), ..DeliveryFailure::own("5.0.0", "x") })
        };
        assert!(
            is_too_many(&status(DeliveryStatus::Deferred, 452)) && is_too_many(&status(DeliveryStatus::Failed, 552))
        );
        assert!(
            !is_too_many(&status(DeliveryStatus::Deferred, 450)) && !is_too_many(&status(DeliveryStatus::Failed, 550))
        );
    }

    #[test]
    fn offers_are_read() {
        let offers = Extensions::of(["PIPELINING", "size 1000", "8BITMIME", "SMTPUTF8"].into_iter());
        assert_eq!(offers, Extensions { size: Some(1000), takes_size: true, eight_bit: true, utf8: true });
        assert_eq!(Extensions::of(["SIZE 0"].into_iter()).size, None);
        assert_eq!(Extensions::of(["SIZELESS"].into_iter()), Extensions::default());
    }
}
