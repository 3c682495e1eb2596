//! What is attached: its name, what it is, its octets.

use std::borrow::Cow;

use crate::head::Head;
use crate::{Limits, Part, uu};

/// A part that is not shown as text, or a file within a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File<'a> {
    /// Number of the part that it is, or in which it is.
    pub part: usize,
    /// Without directories and control characters, at most 255 characters, never empty.
    pub name: String,
    /// `type/subtype`, in lower case.
    pub content_type: String,
    /// What of its type tells how its octets are read, names in lower case: [`KEPT`].
    pub parameters: Vec<(&'static str, String)>,
    /// Without angle brackets.
    pub content_id: Option<String>,
    pub location: Option<String>,
    /// The shown HTML refers to it, by Content-ID or Content-Location (RFC 2392, RFC 2557).
    pub inline: bool,
    /// Octet by octet as it was attached: a text in whatever characters its writer used, a message as its octets.
    pub content: Cow<'a, [u8]>,
}

/// Parameters that a file keeps of its type: characters (RFC 2046 4.1.2), flowed lines (RFC 3676), the method of a calendar
/// (RFC 5545 8.1), whether a table has a head (RFC 4180).
const KEPT: [&str; 5] = ["charset", "format", "delsp", "method", "header"];

/// Octets of a parameter's value that is kept; longer ones say nothing.
const VALUE: usize = 60;

/// Endings of names for parts that have none.
const ENDINGS: [(&str, &str); 14] = [
    ("application/pdf", "pdf"),
    ("application/zip", "zip"),
    ("image/bmp", "bmp"),
    ("image/gif", "gif"),
    ("image/jpeg", "jpg"),
    ("image/jpg", "jpg"),
    ("image/png", "png"),
    ("image/svg+xml", "svg"),
    ("image/tiff", "tif"),
    ("text/csv", "csv"),
    ("text/html", "htm"),
    ("text/plain", "txt"),
    ("text/vcard", "vcf"),
    ("text/x-vcard", "vcf"),
];

/// `number` counts files from 1, for names of those that have none: as Exchange numbers them.
pub(super) fn of<'a>(part: &Part<'a>, number: usize) -> File<'a> {
    let content_type = part.content_type.essence();
    let content = part.decoded();
    let given = part.file_name().map(str::to_owned);
    let subject = || {
        let is_message = part.content_type.is_message();
        is_message
            .then(|| Head::read(&content, Limits::default()).text("Subject").unwrap_or_else(|| "message".to_owned()))
    };
    let name = given.or_else(subject).unwrap_or_else(|| match content_type.as_str() {
        "text/calendar" => "invite.ics".to_owned(),
        kind => {
            let ending = ENDINGS.iter().find(|(known, _)| *known == kind).map_or("bin", |(_, ending)| ending);
            format!("ATT{number:05}.{ending}")
        }
    });
    File {
        part: part.number,
        name: clean(&name),
        content_type,
        parameters: parameters(part),
        content_id: part.content_id.clone(),
        location: part.location.clone(),
        inline: false,
        content,
    }
}

/// Of whatever is no message or multipart, which say it themselves. A value is a token: nothing else is known for these.
fn parameters(part: &Part<'_>) -> Vec<(&'static str, String)> {
    let kind = &part.content_type;
    if kind.main == "message" || kind.is_multipart() || kind.invalid {
        return Vec::new();
    }
    let token = |value: &&str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_:".contains(&byte);
        (1..=VALUE).contains(&value.len()) && value.bytes().all(fits)
    };
    let kept = |name| kind.parameters.get(name).filter(token).map(|value| (name, value.to_owned()));
    KEPT.into_iter().filter_map(kept).collect()
}

impl File<'_> {
    /// Its type with its parameters, as a field has them.
    pub fn told_type(&self) -> String {
        let add = |told: String, (name, value): &(&str, String)| told + "; " + name + "=" + value;
        self.parameters.iter().fold(self.content_type.clone(), add)
    }
}

/// A file that was found within a text.
pub(super) fn inside<'a>(part: usize, file: uu::Inline) -> File<'a> {
    File {
        part,
        name: clean(&file.name),
        content_type: "application/octet-stream".to_owned(),
        content: Cow::Owned(file.content),
        ..File::default()
    }
}

/// A name that no system takes for a path, at most 255 characters, never empty.
pub fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let clean: String = last.chars().filter(|c| !c.is_control()).take(255).collect();
    if clean.trim().is_empty() { "attachment".to_owned() } else { clean.trim().to_owned() }
}
