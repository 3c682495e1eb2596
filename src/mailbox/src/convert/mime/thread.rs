//! Which conversation a message belongs to: topic, index and id (MS-OXOMSG 2.2.1.2, 2.2.1.3; MS-OXCMSG 2.2.1.47).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::id::{ids, inside};

/// The place of a message in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The subject without `Re:` and the like.
    pub topic: String,
    /// PidTagConversationIndex: 22 octets, and 5 more for each answer.
    pub index: Vec<u8>,
    /// The same for all messages of a conversation.
    pub id: [u8; 16],
}

/// Octets of an index that has no answers.
const HEADER: usize = 22;
/// Longer indexes are nobody's: 200 answers deep.
const MOST: usize = HEADER + 5 * 200;

impl Thread {
    /// From the header fields that tell: Thread-Topic and Thread-Index where a MAPI client wrote them; else the oldest
    /// message that is referred to, or the message itself, is the conversation's.
    pub fn derive(
        subject: &str,
        topic: Option<&str>,
        index: Option<&str>,
        references: Option<&str>,
        in_reply_to: Option<&str>,
        message_id: Option<&str>,
        sent: Timestamp,
    ) -> Thread {
        let topic =
            topic.map(str::trim).filter(|topic| !topic.is_empty()).unwrap_or_else(|| self::topic(subject)).to_owned();
        let given = index.and_then(decode);
        if let Some((index, id)) = given {
            return Thread { topic, index, id };
        }
        let root = first_id(references).or_else(|| first_id(in_reply_to)).or_else(|| first_id(message_id));
        let id = hash(root.as_deref().unwrap_or(&topic));
        Thread { topic, index: header(id, sent), id }
    }

    /// A new conversation, for a message that is written here.
    pub fn new(subject: &str, id: [u8; 16], sent: Timestamp) -> Thread {
        Thread { topic: topic(subject).to_owned(), index: header(id, sent), id }
    }

    /// What an answer to `index` carries: the index with five octets more.
    pub fn answer(index: &[u8], now: Timestamp) -> Vec<u8> {
        let mut longer = index.to_vec();
        if index.len() >= HEADER && longer.len() + 5 <= MOST {
            // Time since the header's in units of about 0.1 s; the order of siblings is all that anybody reads off it.
            let since = filetime(now) >> 18;
            longer.extend_from_slice(&(since as u32 & 0x7fff_ffff).to_be_bytes());
            longer.push(0);
        }
        longer
    }
}

/// What mail programs put before the subject of an answer or a forward, in the languages that they speak.
#[rustfmt::skip]
const PREFIXES: &[&str] = &[
    // Answers.
    "re", "aw", "antw", "antwort", "sv", "vs", "ref", "rif", "r", "res", "odp", "ynt", "ats", "atb", "vá", "bls", "rv",
    "απ", "σχετ", "на", "отв", "отг", "תגובה", "השב", "رد", "回复", "回覆", "答复", "答覆", "返信", "답장", "ตอบ", "trả lời",
    // Forwards.
    "fw", "fwd", "wg", "wtr", "tr", "i", "vb", "vl", "vs", "enc", "doorst", "pd", "tov", "továbbítás", "fs", "ilt", "yml", "trs", "bm",
    "πρθ", "пер", "препр", "העבר", "הועבר", "إعادة توجيه", "转发", "轉寄", "轉發", "転送", "전달", "ส่งต่อ", "chuyển tiếp",
];

/// Characters before a colon beyond which there is no such word.
const LONGEST_PREFIX: usize = 24;

/// The subject without what answers and forwards put before it. Always an end of the trimmed subject.
pub fn topic(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some(after) = without_prefix(rest) {
        rest = after.trim_start();
    }
    rest
}

/// What stands behind one prefix; some count the answers (`Re[2]:`, `Re (3):`).
fn without_prefix(subject: &str) -> Option<&str> {
    let colon = subject.char_indices().take(LONGEST_PREFIX).find(|(_, c)| matches!(c, ':' | '：'))?;
    let (before, after) = subject.split_at_checked(colon.0)?;
    let word = before.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_whitespace() || "[]()^*".contains(c));
    let word = word.to_lowercase();
    PREFIXES.contains(&word.as_str()).then(|| after.get(colon.1.len_utf8()..))?
}

fn decode(text: &str) -> Option<(Vec<u8>, [u8; 16])> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let index = STANDARD.decode(compact).ok().filter(|index| (HEADER..=MOST).contains(&index.len()))?;
    let id = index.get(6..HEADER)?.try_into().ok()?;
    Some((index, id))
}

/// The first id of a list, however it is written.
fn first_id(list: Option<&str>) -> Option<String> {
    ids(list?).first().map(|id| inside(id).to_owned())
}

fn hash(text: &str) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut id = [0; 16];
    id.copy_from_slice(digest.first_chunk::<16>().unwrap_or(&[0; 16]));
    id
}

/// One octet of version, five of time, the conversation.
fn header(id: [u8; 16], sent: Timestamp) -> Vec<u8> {
    let mut index = Vec::with_capacity(HEADER);
    index.push(1);
    index.extend(filetime(sent).to_be_bytes().iter().skip(1).take(5));
    index.extend_from_slice(&id);
    index
}

/// Units of 100 ns since 1601.
fn filetime(time: Timestamp) -> u64 {
    let since_1601 = time.as_nanosecond() / 100 + 116_444_736_000_000_000;
    u64::try_from(since_1601).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn derive(references: Option<&str>, in_reply_to: Option<&str>, message_id: Option<&str>) -> Thread {
        Thread::derive("Re: AW: Lunch", None, None, references, in_reply_to, message_id, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn answers_belong_to_the_message_they_answer() {
        let first = derive(None, None, Some("<1@a>"));
        let second = derive(None, Some("<1@a>"), Some("<2@b>"));
        let third = derive(Some("<1@a>\r\n <2@b>"), Some("<2@b>"), Some("<3@a>"));
        assert_eq!((first.id, first.id), (second.id, third.id));
        for spelled in ["1@a", " <1 @ a> ", "(as given) <1@a>"] {
            assert_eq!(derive(None, Some(spelled), Some("<4@a>")).id, first.id, "{spelled}");
        }
        assert_eq!(third.topic, "Lunch");
        assert_ne!(derive(None, None, Some("<other@a>")).id, first.id);
    }

    #[test]
    fn topics_are_freed_of_prefixes() {
        for (subject, expected) in [
            ("Re: AW: Lunch", "Lunch"),
            ("  FW:Lunch ", "Lunch"),
            ("Re[2]: Re (3) : Lunch", "Lunch"),
            ("回复：转发：午餐", "午餐"),
            ("SV: VS: Lunsj: hvor?", "Lunsj: hvor?"),
            ("Regarding: Lunch", "Regarding: Lunch"),
            ("12: Lunch", "12: Lunch"),
            ("[list] Re: Lunch", "[list] Re: Lunch"),
            ("Re:", ""),
            (":", ":"),
            ("", ""),
        ] {
            assert_eq!(topic(subject), expected, "{subject}");
        }
    }

    #[test]
    fn an_index_that_came_along_is_believed() {
        let index = header([7; 16], Timestamp::UNIX_EPOCH);
        let text = STANDARD.encode(Thread::answer(&index, Timestamp::UNIX_EPOCH));
        let thread = Thread::derive("x", Some("Plan"), Some(&text), Some("<1@a>"), None, None, Timestamp::UNIX_EPOCH);
        assert_eq!((thread.id, thread.index.len(), thread.topic.as_str()), ([7; 16], 27, "Plan"));
        let broken = Thread::derive("x", None, Some("AAAA"), None, None, Some("<1@a>"), Timestamp::UNIX_EPOCH);
        assert_eq!(broken.index.len(), HEADER);
    }

    #[test]
    fn the_time_in_an_index_is_that_of_1601() {
        // 1601 + 369 years, as every FILETIME table has it.
        assert_eq!(filetime(Timestamp::UNIX_EPOCH), 0x019D_B1DE_D53E_8000);
        assert_eq!(&header([0; 16], Timestamp::UNIX_EPOCH)[..6], &[1, 0x9d, 0xb1, 0xde, 0xd5, 0x3e]);
    }
}
