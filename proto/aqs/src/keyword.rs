//! The keywords, in one table: what each is called and what it takes.

use crate::query::{Flag, Level, Moment, Place, SearchKind};

/// What a keyword takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Text(Place),
    /// `true` or `false`. The second: what `true` means.
    Flag(Flag, bool),
    Date(Moment),
    Size,
    Level,
    Kind,
    /// `has:attachment`: the value names a flag.
    Has,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Keyword {
    /// The first is the documented one. In lower case.
    pub names: &'static [&'static str],
    pub takes: Operand,
}

const fn row(names: &'static [&'static str], takes: Operand) -> Keyword {
    Keyword { names, takes }
}

pub(crate) static KEYWORDS: &[Keyword] = &[
    row(&["subject", "title"], Operand::Text(Place::Subject)),
    row(&["body", "content", "contents"], Operand::Text(Place::Body)),
    row(&["attachment", "attachments", "attachmentnames"], Operand::Text(Place::Attachment)),
    row(&["from", "sender"], Operand::Text(Place::From)),
    row(&["to"], Operand::Text(Place::To)),
    row(&["cc"], Operand::Text(Place::Cc)),
    row(&["bcc"], Operand::Text(Place::Bcc)),
    row(&["recipients"], Operand::Text(Place::Recipients)),
    row(&["participants", "people"], Operand::Text(Place::Participants)),
    row(&["category", "categories"], Operand::Text(Place::Category)),
    row(&["importance", "priority"], Operand::Level),
    row(&["kind"], Operand::Kind),
    row(&["sent", "datesent"], Operand::Date(Moment::Sent)),
    row(&["received", "datereceived", "date"], Operand::Date(Moment::Received)),
    row(&["created", "datecreated"], Operand::Date(Moment::Created)),
    row(&["modified", "datemodified"], Operand::Date(Moment::Modified)),
    row(&["hasattachment", "hasattachments"], Operand::Flag(Flag::HasAttachment, true)),
    row(&["isflagged", "flagged", "hasflag"], Operand::Flag(Flag::IsFlagged, true)),
    row(&["isread", "read"], Operand::Flag(Flag::IsRead, true)),
    row(&["isunread", "unread"], Operand::Flag(Flag::IsRead, false)),
    row(&["size", "messagesize"], Operand::Size),
    row(&["has", "is"], Operand::Has),
];

impl Keyword {
    pub fn find(name: &str) -> Option<&'static Keyword> {
        KEYWORDS.iter().find(|row| row.names.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }

    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }
}

/// What `has:` and `is:` take.
pub(crate) static HAS: &[(&[&str], Flag, bool)] = &[
    (&["attachment", "attachments"], Flag::HasAttachment, true),
    (&["flag", "flagged"], Flag::IsFlagged, true),
    (&["read"], Flag::IsRead, true),
    (&["unread"], Flag::IsRead, false),
];

pub(crate) static LEVELS: &[(&[&str], Level)] =
    &[(&["low"], Level::Low), (&["normal", "medium"], Level::Normal), (&["high", "urgent"], Level::High)];

pub(crate) static KINDS: &[(&[&str], SearchKind)] = &[
    (&["contacts", "contact"], SearchKind::Contacts),
    (&["docs", "doc", "documents"], SearchKind::Docs),
    (&["email", "emails", "mail"], SearchKind::Email),
    (&["faxes", "fax"], SearchKind::Faxes),
    (&["im", "ims"], SearchKind::Im),
    (&["journals", "journal"], SearchKind::Journals),
    (&["meetings", "meeting", "calendar"], SearchKind::Meetings),
    (&["notes", "note"], SearchKind::Notes),
    (&["posts", "post"], SearchKind::Posts),
    (&["rssfeeds", "rssfeed"], SearchKind::RssFeeds),
    (&["tasks", "task"], SearchKind::Tasks),
    (&["voicemail", "voicemails"], SearchKind::Voicemail),
];

/// The row that has the word among its names.
pub(crate) fn named<T: Copy>(rows: &[(&[&str], T)], word: &str) -> Option<T> {
    rows.iter().find(|(names, _)| names.iter().any(|name| name.eq_ignore_ascii_case(word))).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_name_stands_twice_and_all_are_lower_case() {
        let mut names: Vec<&str> = KEYWORDS.iter().flat_map(|row| row.names).copied().collect();
        let all = names.len();
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase())), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!(Keyword::find("HasAttachment").unwrap().takes, Operand::Flag(Flag::HasAttachment, true));
    }
}
