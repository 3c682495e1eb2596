//! The report that a message did not reach somebody (RFC 3464 in the form of RFC 6522; RFC 6533 for addresses beyond ASCII).

use ewsd_mailbox::convert::mime::{date, encoded_words};
use ewsd_mailbox::random;
use ewsd_store::Outgoing;
use jiff::Timestamp;

use super::DeliveryFailure;
use super::words::{Words, words};

/// Octets of the original's header that a report carries.
const HEADER: usize = 64 * 1024;

/// Who will not get it, and why.
pub(super) struct FailedRecipient<'a> {
    pub recipient: &'a str,
    pub trouble: &'a DeliveryFailure,
    /// It was tried for so many hours.
    pub hours: Option<i64>,
}

/// What the status means that this server gives when no smarthost is set (RFC 3463: unable to route).
pub(super) const NO_ROUTE: &str = "5.4.4";

/// The report as a message to `message`'s sender. `by` is this server's name.
pub(super) fn report(
    by: &str,
    language: &str,
    message: &Outgoing,
    fields: &[(String, String)],
    lost: &[FailedRecipient<'_>],
    now: Timestamp,
) -> Vec<u8> {
    let original = header_of(&message.mime);
    let about = ReportSource { by, words: words(language), message, fields, now };
    let boundary = format!("=_{}", random::guid());
    let mut out = Lines::default();
    about.header(&mut out, &boundary);
    out.part(&boundary);
    about.for_people(&mut out, lost);
    out.part(&boundary);
    about.for_programs(&mut out, lost);
    out.part(&boundary);
    out.line("Content-Type: text/rfc822-headers");
    if !original.is_ascii() {
        out.line("Content-Transfer-Encoding: 8bit");
    }
    out.line("");
    let mut out = out.0.into_bytes();
    out.extend_from_slice(original);
    out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    out
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push_str("\r\n");
    }

    /// Ends what comes before, and begins a part.
    fn part(&mut self, boundary: &str) {
        self.line("");
        self.line(&format!("--{boundary}"));
    }
}

/// What a report is about.
struct ReportSource<'a> {
    by: &'a str,
    words: &'a Words,
    message: &'a Outgoing,
    /// The original's header.
    fields: &'a [(String, String)],
    now: Timestamp,
}

impl ReportSource<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, text)| text.as_str())
    }

    fn subject(&self) -> &str {
        self.field("Subject").unwrap_or_default()
    }

    fn header(&self, out: &mut Lines, boundary: &str) {
        out.line(&format!("From: Mail Delivery System <MAILER-DAEMON@{}>", self.by));
        out.line(&format!("To: <{}>", self.message.sender));
        out.line(&format!("Subject: {}", encoded(&format!("{}: {}", self.words.undeliverable, self.subject()))));
        out.line(&format!("Date: {}", date(self.now)));
        out.line(&format!("Message-ID: <{}@{}>", random::guid(), self.by));
        if let Some(original) = self.field("Message-ID").filter(|id| id.starts_with('<') && id.is_ascii()) {
            out.line(&format!("In-Reply-To: {original}"));
            out.line(&format!("References: {original}"));
        }
        out.line("Auto-Submitted: auto-replied");
        out.line("MIME-Version: 1.0");
        out.line(&format!("Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"{boundary}\""));
    }

    fn for_people(&self, out: &mut Lines, lost: &[FailedRecipient<'_>]) {
        let words = self.words;
        out.line("Content-Type: text/plain; charset=utf-8");
        out.line(&format!("Content-Language: {}", words.language));
        out.line("Content-Transfer-Encoding: 8bit");
        out.line("");
        out.line(words.intro);
        for one in lost {
            out.line("");
            out.line(&format!("  {}", one.recipient));
            if one.trouble.status == NO_ROUTE && one.trouble.host.is_none() {
                out.line(&format!("    {}", words.no_smarthost));
                continue;
            }
            if let Some(hours) = one.hours {
                out.line(&format!("    {}", words.expired.replace("{}", &hours.to_string())));
            }
            out.line(&format!("    {}", one.trouble.line()));
        }
        out.line("");
        out.line(&format!("{}: {}", words.subject, self.subject()));
        let sent = self.field("Date").map_or_else(|| date(self.message.submitted), str::to_owned);
        out.line(&format!("{}: {sent}", words.sent));
    }

    fn for_programs(&self, out: &mut Lines, lost: &[FailedRecipient<'_>]) {
        let global = !lost.iter().all(|one| one.recipient.is_ascii());
        let (kind, address) =
            if global { ("message/global-delivery-status", "utf-8") } else { ("message/delivery-status", "rfc822") };
        out.line(&format!("Content-Type: {kind}"));
        if global {
            out.line("Content-Transfer-Encoding: 8bit");
        }
        out.line("");
        out.line(&format!("Reporting-MTA: dns; {}", self.by));
        out.line(&format!("Arrival-Date: {}", date(self.message.submitted)));
        for one in lost {
            out.line("");
            out.line(&format!("Final-Recipient: {address}; {}", one.recipient));
            out.line("Action: failed");
            out.line(&format!("Status: {}", one.trouble.status));
            if let Some(host) = &one.trouble.host {
                let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
                out.line(&format!("Remote-MTA: dns; {name}"));
            }
            let said = ascii(&one.trouble.text);
            match one.trouble.code {
                Some(code) => out.line(&format!("Diagnostic-Code: smtp; {code} {said}")),
                None => out.line(&format!("Diagnostic-Code: X-ewsd; {said}")),
            }
            out.line(&format!("Last-Attempt-Date: {}", date(self.now)));
        }
    }
}

/// The original's header, whole lines of it.
fn header_of(message: &[u8]) -> &[u8] {
    let mut end = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if matches!(line, b"\r\n" | b"\n") || end + line.len() > HEADER {
            break;
        }
        end += line.len();
    }
    message.get(..end).unwrap_or_default()
}

/// One line of ASCII that a structured field can hold.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }).take(800).collect()
}

/// A header's text as encoded words where it must be, folded between them (RFC 2047).
pub(super) fn encoded(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.is_ascii() && text.len() < 900 && !text.contains("=?") {
        return text;
    }
    encoded_words(&text).join("\r\n ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use ewsd_mailbox::convert::table::Mail;
    use ewsd_mailbox::convert::{self, Confined, InProcess};
    use ewsd_model::id::MailboxNo;
    use ewsd_model::property::Column;

    fn message(subject: &str) -> Outgoing {
        Outgoing {
            mailbox: MailboxNo(1),
            id: 1,
            sender: "anna@example.test".into(),
            recipients: Vec::new(),
            submitted: Timestamp::UNIX_EPOCH,
            attempts: 1,
            last_error: None,
            mime: format!("Subject: {subject}\r\nMessage-ID: <1@x>\r\nX-Own: kept\r\n\r\nsecret words\r\n")
                .into_bytes(),
        }
    }

    fn fields() -> Vec<(String, String)> {
        let fields = [("Subject", "gr\u{fc}n"), ("Message-ID", "<1@x>"), ("X-Own", "kept")];
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_report_is_read_as_one() {
        convert::by(InProcess(Confined::claim()));
        let refused = DeliveryFailure {
            status: "5.1.1".into(),
            code: Some(550),
            text: "5.1.1 no\r\nsuch \u{fc}ser".into(),
            host: Some("mx.test:25".into()),
        };
        let late = DeliveryFailure::own("4.4.1", "nobody answers");
        let lost = [
            FailedRecipient { recipient: "b@far.test", trouble: &refused, hours: None },
            FailedRecipient { recipient: "c@far.test", trouble: &late, hours: Some(120) },
        ];
        let octets =
            report("mail.test", "de", &message("=?utf-8?q?gr=C3=BCn?="), &fields(), &lost, Timestamp::UNIX_EPOCH);
        let parsed = convert::ask(&Mail { now: Timestamp::UNIX_EPOCH }, &octets).unwrap();
        assert_eq!(parsed.columns.text(Column::Subject), Some("Unzustellbar: gr\u{fc}n"));
        assert_eq!(parsed.columns.text(Column::Class), Some("REPORT.IPM.Note.NDR"));
        assert_eq!(parsed.columns.text(Column::InReplyTo), Some("<1@x>"));
        assert!(parsed.body.contains("b@far.test\r\n    mx.test:25: 550 5.1.1 no  such \u{fc}ser"), "{}", parsed.body);
        assert!(parsed.body.contains("120 Stunden"), "{}", parsed.body);
        let text = String::from_utf8(octets).unwrap();
        for part in [
            "Final-Recipient: rfc822; b@far.test\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.test\r\n\
             Diagnostic-Code: smtp; 550 5.1.1 no??such ?ser\r\n",
            "Status: 4.4.1\r\nDiagnostic-Code: X-ewsd; nobody answers\r\n",
            "Content-Type: text/rfc822-headers\r\n\r\nSubject: =?utf-8?q?gr=C3=BCn?=\r\nMessage-ID: <1@x>\r\nX-Own: kept\r\n",
        ] {
            assert!(text.contains(part), "{part}\nin\n{text}");
        }
        assert!(!text.contains("secret words"));
    }

    #[test]
    fn addresses_beyond_ascii_have_their_own_form() {
        let trouble = DeliveryFailure::own(NO_ROUTE, "no smarthost");
        let lost = [FailedRecipient { recipient: "j\u{f6}rg@far.test", trouble: &trouble, hours: None }];
        let octets = report("mail.test", "en", &message(&"x".repeat(2000)), &[], &lost, Timestamp::UNIX_EPOCH);
        let text = String::from_utf8(octets).unwrap();
        assert!(
            text.contains("message/global-delivery-status") && text.contains("utf-8; j\u{f6}rg@far.test"),
            "{text}"
        );
        assert!(text.contains("is not set up to send mail"), "{text}");
        let subject = format!("Subject: {}", encoded(&"\u{e4}".repeat(60)));
        assert!(subject.lines().count() > 2 && subject.lines().all(|line| line.len() <= 76), "{subject}");
    }
}
