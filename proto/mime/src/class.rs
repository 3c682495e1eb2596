//! The message class that follows from a message's structure (MS-OXCMAIL 2.1.3.2.1, 2.2.3.2.15 and 2.1.3.6; MS-OXOSMIME;
//! RFC 3464, RFC 8098). Meeting mail is told by its calendar, which is not read here.

use std::borrow::Cow;

use crate::{Message, Part, text};

const NOTE: &str = "IPM.Note";

/// What a report's fields say, what is reported, and the class for it. Reports about several recipients have the first that
/// is true of any.
const REPORTS: &[(&str, &str, &str)] = &[
    ("action", "failed", "REPORT.IPM.Note.NDR"),
    ("action", "delayed", "REPORT.IPM.Note.Delayed.DR"),
    ("action", "expanded", "REPORT.IPM.Note.Expanded.DR"),
    ("action", "relayed", "REPORT.IPM.Note.Relayed.DR"),
    ("action", "delivered", "REPORT.IPM.Note.DR"),
    ("disposition", "displayed", "REPORT.IPM.Note.IPNRN"),
    ("disposition", "dispatched", "REPORT.IPM.Note.IPNRN"),
    ("disposition", "processed", "REPORT.IPM.Note.IPNRN"),
    ("disposition", "deleted", "REPORT.IPM.Note.IPNNRN"),
    ("disposition", "denied", "REPORT.IPM.Note.IPNNRN"),
    ("disposition", "failed", "REPORT.IPM.Note.IPNNRN"),
];

/// Content-Class, what such a message must hold, and its class.
const CONTENT_CLASSES: &[(&str, &[&str], &str)] = &[
    ("fax", &["image"], "IPM.Note.Microsoft.Fax"),
    ("fax-ca", &["image"], "IPM.Note.Microsoft.Fax.CA"),
    ("missedcall", &[], "IPM.Note.Microsoft.Missed.Voice"),
    ("voice-uc", &["audio"], "IPM.Note.Microsoft.Conversation.Voice"),
    ("voice-ca", &["audio"], "IPM.Note.Microsoft.Voicemail.UM.CA"),
    ("voice", &["audio"], "IPM.Note.Microsoft.Voicemail.UM"),
];

/// Octets of a report that are looked at.
const REPORT: usize = 64 * 1024;

/// PidTagMessageClass of a message that came in.
pub fn class(message: &Message<'_>) -> Cow<'static, str> {
    let root = message.root();
    let kind = &root.content_type;
    let is_opaque = || kind.main == "application" && matches!(kind.sub.as_str(), "pkcs7-mime" | "x-pkcs7-mime");
    let is_p7m = || {
        let ends = |name: &str| name.to_ascii_lowercase().ends_with(".p7m");
        kind.is("application", "octet-stream") && root.file_name().is_some_and(ends)
    };
    if kind.is("multipart", "signed") {
        return Cow::Borrowed("IPM.Note.SMIME.MultipartSigned");
    }
    if is_opaque() || is_p7m() {
        return Cow::Borrowed("IPM.Note.SMIME");
    }
    report(message).map(Cow::Borrowed).or_else(|| content_class(message)).unwrap_or(Cow::Borrowed(NOTE))
}

fn report(message: &Message<'_>) -> Option<&'static str> {
    let kind = &message.root().content_type;
    if !kind.is("multipart", "report") {
        return None;
    }
    let wanted = match kind.parameters.get("report-type")?.to_ascii_lowercase().as_str() {
        "delivery-status" => "action",
        "disposition-notification" => "disposition",
        _ => return None,
    };
    let is_notice = |part: &&Part<'_>| {
        let kind = &part.content_type;
        kind.main == "message"
            && (kind.sub.ends_with("delivery-status") || kind.sub.ends_with("disposition-notification"))
    };
    let octets = message.parts().find(is_notice)?.decoded();
    let fields = text::utf8(octets.get(..REPORT).unwrap_or(&octets)).to_ascii_lowercase();
    let values: Vec<&str> = fields
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.trim_end() == wanted)
        // `automatic-action/MDN-sent-automatically; displayed`
        .map(|(_, value)| value.rsplit(';').next().unwrap_or(value).trim())
        .collect();
    let says = |word: &str| values.iter().any(|value| value.split([' ', '/', '(', '\t']).next() == Some(word));
    REPORTS.iter().find(|(field, word, _)| *field == wanted && says(word)).map(|(.., class)| *class)
}

fn content_class(message: &Message<'_>) -> Option<Cow<'static, str>> {
    let given = message.head().text("Content-Class")?;
    let lower = given.to_ascii_lowercase();
    let is_name = |rest: &str| !rest.is_empty() && rest.len() <= 128 && rest.chars().all(|c| c.is_ascii_graphic());
    let custom = |prefix: &str, class: &str| {
        let rest = lower.starts_with(prefix).then(|| given.get(prefix.len()..)).flatten()?;
        is_name(rest).then(|| Cow::Owned(format!("{class}{rest}")))
    };
    let holds = |main: &&str| message.parts().any(|part| part.content_type.main == **main);
    let known = CONTENT_CLASSES.iter().find(|(name, needs, _)| *name == lower && needs.iter().all(holds));
    // `InfoPathForm.<id of the form>.<its name>`
    let form = || {
        let rest = given.get("InfoPathForm.".len()..).filter(|_| lower.starts_with("infopathform."))?;
        let id = rest.split('.').next().filter(|id| is_name(id))?;
        Some(Cow::Owned(format!("IPM.InfoPathForm.{id}")))
    };
    let custom = || custom("urn:content-class:custom.", "IPM.Note.Custom.");
    known.map(|(.., class)| Cow::Borrowed(*class)).or_else(custom).or_else(form)
}
