//! Reports about other messages: the message class by which clients know them (MS-OXCMAIL 2.1.3.6, RFC 3464, RFC 8098).

use ewsd_model::ItemKind;
use mail_parser::{Message, MimeHeaders, PartType};

/// What a report's fields say, what is reported, and the class for it. Reports about several recipients have the first that
/// is true of any.
const CLASSES: &[(&str, &str, &str)] = &[
    ("action", "failed", "REPORT.IPM.Note.NDR"),
    ("action", "delayed", "REPORT.IPM.Note.Delayed.DR"),
    ("action", "expanded", "REPORT.IPM.Note.Expanded.DR"),
    ("action", "relayed", "REPORT.IPM.Note.Relayed.DR"),
    ("action", "delivered", "REPORT.IPM.Note.DR"),
    ("disposition", "displayed", "REPORT.IPM.Note.IPNRN"),
    ("disposition", "deleted", "REPORT.IPM.Note.IPNNRN"),
];

/// Fields beyond that are not looked at.
const FIELDS: usize = 64 * 1024;

/// The class of a message that came in.
pub(super) fn class(message: &Message<'_>) -> &'static str {
    reported(message).unwrap_or(ItemKind::Message.row().default_class)
}

fn reported(message: &Message<'_>) -> Option<&'static str> {
    let root = message.content_type()?;
    let is_report = root.c_type.eq_ignore_ascii_case("multipart")
        && root.c_subtype.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("report"));
    if !is_report {
        return None;
    }
    let wanted = match root.attribute("report-type")?.to_ascii_lowercase().as_str() {
        "delivery-status" => "action",
        "disposition-notification" => "disposition",
        _ => return None,
    };
    let notice = message.parts.iter().find(|part| {
        let kind = part.content_type().filter(|kind| kind.c_type.eq_ignore_ascii_case("message"));
        let kind = kind.and_then(|kind| kind.c_subtype.as_deref()).unwrap_or_default().to_ascii_lowercase();
        kind.ends_with("delivery-status") || kind.ends_with("disposition-notification")
    })?;
    let octets = match &notice.body {
        PartType::Message(inner) => inner.raw_message.as_ref(),
        _ => notice.contents(),
    };
    let text = String::from_utf8_lossy(octets.get(..FIELDS).unwrap_or(octets)).to_ascii_lowercase();
    let values: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.trim_end() == wanted)
        // `automatic-action/MDN-sent-automatically; displayed`
        .map(|(_, value)| value.rsplit(';').next().unwrap_or(value).trim())
        .collect();
    let says = |word: &str| values.iter().any(|value| value.split([' ', '/', '(']).next() == Some(word));
    CLASSES.iter().find(|(field, word, _)| *field == wanted && says(word)).map(|(.., class)| *class)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use mail_parser::MessageParser;

    fn class(kind: &str, notice: &str, fields: &str) -> &'static str {
        let mime = format!(
            "Subject: x\r\nContent-Type: multipart/report; report-type={kind}; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n\
             --b\r\nContent-Type: message/{notice}\r\n\r\n{fields}\r\n--b--\r\n"
        );
        super::class(&MessageParser::default().parse(mime.as_bytes()).unwrap())
    }

    #[test]
    fn reports_have_classes() {
        let dsn = |fields: &str| class("delivery-status", "delivery-status", fields);
        let two = "Reporting-MTA: dns; x\r\n\r\nAction: delivered\r\n\r\nFinal-Recipient: rfc822; a@b\r\nAction: Failed (x)\r\n";
        assert_eq!(dsn(two), "REPORT.IPM.Note.NDR");
        assert_eq!(dsn("Reporting-MTA: dns; x\r\n\r\nAction: delayed\r\n"), "REPORT.IPM.Note.Delayed.DR");
        assert_eq!(dsn("Reporting-MTA: dns; x\r\n\r\nAction: delivered\r\n"), "REPORT.IPM.Note.DR");
        assert_eq!(class("delivery-status", "global-delivery-status", "Action: failed\r\n"), "REPORT.IPM.Note.NDR");
        let mdn = |fields: &str| class("disposition-notification", "disposition-notification", fields);
        assert_eq!(mdn("Disposition: manual-action/MDN-sent-manually; displayed\r\n"), "REPORT.IPM.Note.IPNRN");
        assert_eq!(mdn("Disposition: automatic-action/MDN-sent; deleted/error\r\n"), "REPORT.IPM.Note.IPNNRN");
        assert_eq!(dsn("nothing\r\n"), "IPM.Note");
        assert_eq!(class("feedback-report", "feedback-report", "Action: failed\r\n"), "IPM.Note");
    }
}
