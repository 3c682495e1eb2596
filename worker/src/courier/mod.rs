//! Mail that leaves: what the courier knows of SMTP, of people here, and of telling senders that it did not work.
//!
//! | question | file |
//! |---|---|
//! | where is the smarthost, and how is it talked to? | `route.rs` |
//! | what is said to it, and what does its answer mean for each recipient? | `smtp.rs` |
//! | what goes over the wire? | `wire.rs` |
//! | who sends several messages at a time? | `sender.rs`, in threads of `crew.rs` |
//! | who of the recipients is here? | `local.rs` |
//! | what becomes of a message after an attempt? | `settle.rs` |
//! | what is the sender told? | `report.rs`, in the words of `words.rs` |
//! | who calls subscribers to push notifications? | `push/` |
//! | who fetches the keys of the identity provider? | `keys.rs` |
//! | how is a web server asked? | `web.rs` |
//!
//! When what is done is the matter of the role (`role/courier.rs`). A row leaves the queue only in the transaction that
//! follows the smarthost's 250, or that stores the sender's report.

pub(crate) mod crew;
pub(crate) mod keys;
pub(crate) mod local;
pub(crate) mod push;
pub(crate) mod quota;
mod report;
mod route;
pub(crate) mod sender;
pub(crate) mod settle;
mod smtp;
pub(crate) mod web;
mod wire;
mod words;

/// Why a recipient does not have a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryFailure {
    /// Enhanced status code (RFC 3463): `5.1.1`.
    pub status: String,
    /// The answer's first line of digits; none: nobody answered.
    pub code: Option<u16>,
    /// What was said.
    pub text: String,
    /// Who said it; none: this server.
    pub host: Option<String>,
}

impl DeliveryFailure {
    /// Trouble that this server has found by itself.
    pub fn own(status: &str, text: impl Into<String>) -> DeliveryFailure {
        DeliveryFailure { status: status.to_owned(), code: None, text: text.into(), host: None }
    }

    /// One line for the queue and the log.
    pub fn line(&self) -> String {
        let text: String = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
        match (self.code, &self.host) {
            (Some(code), Some(host)) => format!("{host}: {code} {text}"),
            (None, Some(host)) => format!("{host}: {text}"),
            _ => text,
        }
    }
}

/// What became of a message for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryStatus {
    /// Whoever is responsible now has said so.
    Sent,
    /// It may work later.
    Deferred(DeliveryFailure),
    /// It will not work.
    Failed(DeliveryFailure),
    /// Not tried yet: there were too many recipients for one transaction.
    Next,
}

/// Recipients with their fates.
pub(crate) type DeliveryStatuses = Vec<(String, DeliveryStatus)>;

/// The same fate for all.
pub(crate) fn all(recipients: &[String], status: &DeliveryStatus) -> DeliveryStatuses {
    recipients.iter().map(|recipient| (recipient.clone(), status.clone())).collect()
}
