//! Messages (RFC 4511 4): what is asked, and what comes back.

use crate::Malformed;
use crate::ber::{
    APPLICATION, BOOLEAN, CONSTRUCTED, CONTEXT, ENUMERATED, INTEGER, OCTET_STRING, Octets, Reader, SEQUENCE, element,
    head, number,
};
use crate::filter::Filter;

/// Octets of the longest message that is read: names of entries, texts for people, referrals.
pub const LONGEST: usize = 64 * 1024;

/// The name of StartTLS (4.14.1).
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// What is asked.
const BIND: u8 = APPLICATION | CONSTRUCTED;
const UNBIND: u8 = APPLICATION | 2;
const SEARCH: u8 = APPLICATION | CONSTRUCTED | 3;
const EXTENDED: u8 = APPLICATION | CONSTRUCTED | 23;
/// What is answered.
const BIND_RESPONSE: u8 = APPLICATION | CONSTRUCTED | 1;
const ENTRY: u8 = APPLICATION | CONSTRUCTED | 4;
const DONE: u8 = APPLICATION | CONSTRUCTED | 5;
const REFERENCE: u8 = APPLICATION | CONSTRUCTED | 19;
const EXTENDED_RESPONSE: u8 = APPLICATION | CONSTRUCTED | 24;

/// An answer, and the number of the question that it is for; 0: it is for none, as when the server takes its leave (4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: u32,
    pub answer: Answer,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Bind(Outcome),
    /// An entry of a search: its name.
    Entry(String),
    /// There may be more elsewhere, which nobody asks.
    Reference,
    /// The search is over.
    Done(Outcome),
    Extended(Outcome),
}

/// How something ended (4.1.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub code: u32,
    /// For people.
    pub text: String,
}

/// Result codes (Appendix A.1 names all).
pub mod code {
    pub const SUCCESS: u32 = 0;
    pub const SIZE_LIMIT_EXCEEDED: u32 = 4;
    pub const CONSTRAINT_VIOLATION: u32 = 19;
    pub const NO_SUCH_OBJECT: u32 = 32;
    pub const INVALID_DN_SYNTAX: u32 = 34;
    pub const INAPPROPRIATE_AUTHENTICATION: u32 = 48;
    pub const INVALID_CREDENTIALS: u32 = 49;
    pub const UNWILLING_TO_PERFORM: u32 = 53;
}

impl Outcome {
    pub fn is_success(&self) -> bool {
        self.code == code::SUCCESS
    }

    /// Whether a bind that ended so says something of the name or the password, and not of the server: it knows no such name, the
    /// password is wrong, or it takes none of that name (none is kept; locked, as some servers say by 19 and others by 53).
    pub fn refuses(&self) -> bool {
        matches!(
            self.code,
            code::CONSTRAINT_VIOLATION
                | code::NO_SUCH_OBJECT
                | code::INVALID_DN_SYNTAX
                | code::INAPPROPRIATE_AUTHENTICATION
                | code::INVALID_CREDENTIALS
                | code::UNWILLING_TO_PERFORM
        )
    }
}

fn message(id: u32, operation: &[u8]) -> Octets {
    element(SEQUENCE, &[&number(INTEGER, id), operation])
}

/// A simple bind (4.2). With an empty password or an empty name it would prove nothing and succeed with many servers (RFC 4513
/// 5.1.1, 5.1.2): none is made.
pub fn bind(id: u32, name: &str, password: &[u8]) -> Option<Octets> {
    if password.is_empty() || name.trim().is_empty() {
        return None;
    }
    let name = element(OCTET_STRING, &[name.as_bytes()]);
    let password = element(CONTEXT, &[password]);
    Some(message(id, &element(BIND, &[&number(INTEGER, 3), &name, &password])))
}

/// The farewell (4.3), which nobody answers.
pub fn unbind(id: u32) -> Octets {
    message(id, &element(UNBIND, &[]))
}

/// Asks for TLS on this connection (4.14).
pub fn start_tls(id: u32) -> Octets {
    message(id, &element(EXTENDED, &[&element(CONTEXT, &[START_TLS])]))
}

/// Asks for the names of the entries at and below `base` that the filter fits, `most` of them, within so many seconds (4.5.1).
pub fn search(id: u32, base: &str, filter: &Filter, most: u32, seconds: u32) -> Octets {
    // The whole subtree, aliases as they are, no attributes ("1.1").
    let parts = [
        element(OCTET_STRING, &[base.as_bytes()]),
        number(ENUMERATED, 2),
        number(ENUMERATED, 0),
        number(INTEGER, most),
        number(INTEGER, seconds),
        element(BOOLEAN, &[&[0xff]]),
        filter.octets(),
        element(SEQUENCE, &[&element(OCTET_STRING, &[b"1.1"])]),
    ];
    let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_slice()).collect();
    message(id, &element(SEARCH, &parts))
}

/// How many octets the message has that `octets` begin with; none while that cannot be told.
///
/// # Errors
/// They begin none, or one that is longer than [`LONGEST`].
pub fn length(octets: &[u8]) -> Result<Option<usize>, Malformed> {
    match head(octets)? {
        None => Ok(None),
        Some((SEQUENCE, head, content)) if head + content <= LONGEST => Ok(Some(head + content)),
        Some((SEQUENCE, ..)) => Err(Malformed("a message that is too long")),
        Some(_) => Err(Malformed("no message of LDAP")),
    }
}

/// The answer that `octets` are, all of them. What else servers may say with it (controls, referrals) is left out.
///
/// # Errors
/// They are none.
pub fn read(octets: &[u8]) -> Result<Message, Malformed> {
    let mut whole = Reader(octets);
    let mut parts = Reader(whole.element(SEQUENCE)?);
    if !whole.is_empty() {
        return Err(Malformed("something behind the message"));
    }
    let id = parts.number(INTEGER)?;
    let (tag, content) = parts.next()?;
    let mut content = Reader(content);
    let answer = match tag {
        BIND_RESPONSE => Answer::Bind(outcome(&mut content)?),
        ENTRY => Answer::Entry(name(content.element(OCTET_STRING)?)?),
        REFERENCE => Answer::Reference,
        DONE => Answer::Done(outcome(&mut content)?),
        EXTENDED_RESPONSE => Answer::Extended(outcome(&mut content)?),
        _ => return Err(Malformed("an answer that nobody asked for")),
    };
    Ok(Message { id, answer })
}

fn outcome(content: &mut Reader<'_>) -> Result<Outcome, Malformed> {
    let code = content.number(ENUMERATED)?;
    content.element(OCTET_STRING)?;
    let text = String::from_utf8_lossy(content.element(OCTET_STRING)?);
    let text = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    Ok(Outcome { code, text })
}

fn name(octets: &[u8]) -> Result<String, Malformed> {
    let name = std::str::from_utf8(octets).map_err(|_| Malformed("a name that is not UTF-8"))?;
    // To bind with no name is to be nobody, and succeeds.
    if name.is_empty() { Err(Malformed("an entry without a name")) } else { Ok(name.to_owned()) }
}
