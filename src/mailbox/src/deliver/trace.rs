//! The header lines that delivery adds: who gave the message to whom, and where reports go (RFC 5321 section 4.4).

use core::net::IpAddr;

use ewsd_model::id::MailboxNo;
use jiff::Timestamp;

use crate::convert::mime;

use crate::convert::ical::Limits;

/// How a message came in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trace<'a> {
    /// The envelope sender; empty for reports.
    pub from: &'a str,
    /// What the sending server calls itself, and where it is. None: the message was made here.
    pub peer: Option<(&'a str, IpAddr)>,
    /// This server; empty: no name is known.
    pub by: &'a str,
    /// The request's id.
    pub id: &'a str,
    pub utf8: bool,
    /// The mailbox that the message was written in, if it was here.
    pub author: Option<MailboxNo>,
    /// How much of a calendar in it is read.
    pub calendars: Limits,
    /// The zone of accounts that have none of their own; empty: UTC.
    pub zone: &'a str,
}

impl Trace<'_> {
    /// Return-Path and Received, each with its CRLF.
    pub fn lines(&self, now: Timestamp) -> String {
        let by = if self.by.is_empty() { "localhost" } else { self.by };
        let mut lines = format!("Return-Path: <{}>\r\nReceived: ", clean(self.from));
        if let Some((name, address)) = self.peer {
            let literal = match address {
                IpAddr::V4(_) => format!("[{address}]"),
                IpAddr::V6(_) => format!("[IPv6:{address}]"),
            };
            let name = if name.is_empty() { "unknown" } else { name };
            // A Unix socket has no address.
            if address.is_unspecified() {
                lines.push_str(&format!("from {}\r\n\t", clean(name)))
            } else {
                lines.push_str(&format!("from {} ({literal})\r\n\t", clean(name)))
            }
        }
        lines.push_str(&format!("by {}", clean(by)));
        if self.peer.is_some() {
            lines.push_str(if self.utf8 { " with UTF8LMTP" } else { " with LMTP" });
        }
        if !self.id.is_empty() {
            lines.push_str(&format!(" id {}", clean(self.id)));
        }
        lines.push_str(&format!(";\r\n\t{}\r\n", mime::date(now)));
        lines
    }
}

/// Nothing that could end the line.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_way_of_a_message_is_told() {
        let trace = Trace {
            from: "a@b.test",
            peer: Some(("mx.test\r\nBcc: x", "192.0.2.1".parse().unwrap())),
            by: "mail.test",
            id: "1",
            utf8: false,
            author: None,
            calendars: Limits::default(),
            zone: "",
        };
        assert_eq!(
            trace.lines(Timestamp::UNIX_EPOCH),
            "Return-Path: <a@b.test>\r\nReceived: from mx.testBcc: x ([192.0.2.1])\r\n\tby mail.test with LMTP id 1;\r\n\t\
             Thu, 1 Jan 1970 00:00:00 +0000\r\n"
        );
        let own = Trace::default().lines(Timestamp::UNIX_EPOCH);
        assert!(own.starts_with("Return-Path: <>\r\nReceived: by localhost;"), "{own}");
    }
}
