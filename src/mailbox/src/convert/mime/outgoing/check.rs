//! The second look at a message that is about to leave, by a reader that shares nothing with the writer: however a later
//! server takes the octets, From and Sender are the caller's. What it finds is a fault of the writer's.

use ewsd_mime::Cut;

use super::{Sender, is_dropped};

/// Compares From and Sender in the octets with what is allowed. The error says what is wrong, without any address.
pub fn check(message: &[u8], sender: &Sender<'_>) -> Result<(), &'static str> {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n").ok_or("the head has no end")?;
    let head = message.cut(..end + 2);
    if head.contains(&0) {
        return Err("the head has a NUL");
    }
    let bare = head.split(|byte| *byte == b'\n').any(|line| {
        let line = line.strip_suffix(b"\r").map(|line| (line, true)).unwrap_or((line, line.is_empty()));
        !line.1 || line.0.contains(&b'\r')
    });
    if bare {
        return Err("a line of the head has no proper end");
    }
    let (mut authors, mut senders) = (0, 0);
    let mut needs_sender = false;
    for (name, value) in fields(head) {
        match name.as_str() {
            "from" => {
                authors += 1;
                let found = addresses(&value).ok_or("From cannot be read")?;
                if found.is_empty() || found.iter().any(|one| sender.allowed(one).is_none()) {
                    return Err("From is not allowed");
                }
                needs_sender = found.len() > 1 || found.iter().any(|one| one != sender.primary);
            }
            "sender" => {
                senders += 1;
                match addresses(&value).as_deref() {
                    Some([only]) if sender.own(only).is_some() => {}
                    _ => return Err("Sender is not allowed"),
                }
            }
            name if is_dropped(name) => return Err("a field is there that was to go"),
            _ => {}
        }
    }
    match (authors, senders, needs_sender) {
        (1, 0, false) | (1, 1, _) => Ok(()),
        (1, 0, true) => Err("Sender is missing"),
        (1, _, _) => Err("there are several Senders"),
        _ => Err("there is not one From"),
    }
}

/// Names as the laxest reader would take them: everything before the colon that can be seen, in small letters.
fn fields(head: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
    for line in head.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_empty()) {
        let continues = matches!(line.first(), Some(b' ' | b'\t'));
        match fields.last_mut() {
            Some((_, value)) if continues => value.extend_from_slice(line),
            _ => {
                let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
                let (name, value) = line.split_at(colon);
                let seen = name.iter().filter(|byte| byte.is_ascii_graphic());
                let name = seen.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
                fields.push((name, value.cut(1..).to_vec()));
            }
        }
    }
    fields
}

/// What stands in angle brackets, in the one form that the writer has: `"name" word <address>, …`.
fn addresses(value: &[u8]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(value).ok()?;
    let mut found = Vec::new();
    let mut chars = text.chars();
    let (mut closed, mut commas) = (false, 0);
    while let Some(c) = chars.next() {
        match c {
            ' ' => {}
            '"' if !closed => loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => drop(chars.next()?),
                    _ => {}
                }
            },
            '<' if !closed => {
                let mut address = String::new();
                loop {
                    match chars.next()? {
                        '>' => break,
                        '<' | ',' | '"' | ' ' | '\t' => return None,
                        c => address.push(c),
                    }
                }
                found.push(address);
                closed = true;
            }
            ',' if closed => {
                commas += 1;
                closed = false;
            }
            '>' | ',' | '(' | ')' | ':' | ';' | '@' | '[' | ']' | '\\' => return None,
            c if c.is_control() || closed => return None,
            _ => {}
        }
    }
    (closed && commas + 1 == found.len()).then_some(found)
}
