//! Messages of every structure, with every damage: what they say that is in them is found, a text is never missing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../../../tests/corpus/made.rs"]
mod made;

use ewsd_mime::{Message, choose};

/// All texts and files that somebody who reads the message comes to.
fn reachable(octets: &[u8], out: &mut String) {
    let message = Message::read(octets);
    let shown = choose(&message);
    out.push_str(&shown.body(str::to_owned));
    for file in &shown.files {
        out.push_str(&String::from_utf8_lossy(&file.content));
        if file.content_type.starts_with("message/rfc822") {
            reachable(&file.content, out);
        }
    }
}

#[test]
fn all_that_is_in_a_message_is_reached() {
    let mut wrong = Vec::new();
    let messages = made::messages();
    for message in &messages {
        let (mut found, read) = (String::new(), Message::read(&message.octets));
        reachable(&message.octets, &mut found);
        let shows = read.head().text(made::SHOWS).unwrap_or_default();
        let missing: Vec<&str> = shows.split_whitespace().filter(|word| !found.contains(word)).collect();
        if !missing.is_empty() || found.trim().is_empty() {
            wrong.push(format!("{}: without {missing:?}", message.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), messages.len(), wrong.join("\n"));
    assert!(messages.iter().filter(|message| message.is_damaged).count() > messages.len() / 3);
}
