//! What a query asks for.

use jiff::Timestamp;

/// A condition, or several.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// Everything: an empty query.
    All,
    And(Vec<Query>),
    Or(Vec<Query>),
    Not(Box<Query>),
    /// Words that stand one after the other in a place, without regard to case. `whole`: the last one ends where the text
    /// does; else it only begins so.
    Text {
        place: Place,
        text: String,
        whole: bool,
    },
    Flag(Flag, bool),
    /// From one instant to before another.
    Time {
        moment: Moment,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
    /// Octets, both included.
    Size {
        least: Option<i64>,
        most: Option<i64>,
    },
    Importance(Level),
    Kind(SearchKind),
}

/// Where words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In all of the following.
    Anywhere,
    Subject,
    Body,
    From,
    To,
    Cc,
    Bcc,
    /// To, Cc or Bcc.
    Recipients,
    /// From, To, Cc or Bcc.
    Participants,
    /// Names of attachments, and their texts.
    Attachment,
    /// Names of categories.
    Category,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    HasAttachment,
    IsRead,
    IsFlagged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Received,
    Sent,
    Created,
    Modified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Low,
    Normal,
    High,
}

/// Sorts of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchKind {
    Contacts,
    Docs,
    Email,
    Faxes,
    Im,
    Journals,
    Meetings,
    Notes,
    Posts,
    RssFeeds,
    Tasks,
    Voicemail,
}
