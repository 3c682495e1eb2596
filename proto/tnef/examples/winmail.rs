//! What a winmail.dat says: `cargo run -p ewsd-tnef --example winmail FILE...`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_tnef::{Budget, FileContent, Message, read};

fn main() {
    for path in std::env::args().skip(1) {
        println!("{path}");
        let octets = std::fs::read(&path).expect("a file that can be read");
        match read(&octets, &Budget::default()) {
            Ok(message) => show(&message, 1),
            Err(error) => println!("  {error}"),
        }
    }
}

fn show(message: &Message<'_>, depth: usize) {
    let margin = "  ".repeat(depth);
    println!("{margin}class {}, subject {:?}, from {:?}", message.class, message.subject, message.from);
    println!("{margin}sent {:?}, id {:?}, importance {:?}", message.sent, message.message_id, message.importance);
    let length = |text: &Option<String>| text.as_ref().map(String::len);
    let (text, html) = (length(&message.body.text), length(&message.body.html));
    println!("{margin}text {text:?}, HTML {html:?}, RTF {:?} octets", message.body.rtf.as_ref().map(Vec::len));
    println!("{margin}{} properties, damage {:?}", message.properties.len(), message.damage);
    for recipient in &message.recipients {
        println!("{margin}{:?} {:?}", recipient.role, recipient.person);
    }
    for file in &message.attachments {
        print!("{margin}{:?} {:?} inline {} ", file.name, file.content_type, file.is_inline);
        match &file.content {
            FileContent::Nothing => println!("nothing"),
            FileContent::Octets(octets) => println!("{} octets", octets.len()),
            FileContent::Object(interface, octets) => println!("object {interface}, {} octets", octets.len()),
            FileContent::Message(inner) => {
                println!("message");
                show(inner, depth + 1);
            }
        }
    }
}
