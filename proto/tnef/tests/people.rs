//! Senders and recipients: SMTP addresses wherever there is one, roles, names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ewsd_tnef::{Budget, Damage, Limit, Person, Role, tag};
use support::{Props, Stream, V, one_off, read, recipient};

fn smtp(name: &str, address: &str) -> Person {
    Person { name: name.to_owned(), address: address.to_owned(), address_type: "SMTP".to_owned() }
}

#[test]
fn roles_names_addresses() {
    let rows = [
        recipient(1, "Anna", "SMTP", "anna@a.test"),
        recipient(2, "Bob", "EX", "/O=X/CN=BOB").text(tag::SMTP_ADDRESS, "bob@b.test"),
        recipient(3, "Cleo", "EX", "/O=X/CN=CLEO"),
        // The upper bits: already sent.
        recipient(0x1000_0002, "Dora", "smtp", "dora@d.test"),
        recipient(0, "Me", "SMTP", "me@m.test"),
        Props::new().text(tag::RECIPIENT_DISPLAY_NAME, "Eve").text(tag::SMTP_ADDRESS, "eve@e.test"),
        recipient(1, "", "", ""),
        recipient(1, "Fax", "FAX", "+49 30 1"),
    ];
    let octets = Stream::new(1252).recipients(&rows).0;
    let message = read(&octets);
    let found: Vec<_> = message.recipients.iter().map(|r| (r.role, r.person.clone())).collect();
    let person = |name: &str, ty: &str, address: &str| Person {
        name: name.to_owned(),
        address: address.to_owned(),
        address_type: ty.to_owned(),
    };
    assert_eq!(
        found,
        [
            (Role::To, smtp("Anna", "anna@a.test")),
            (Role::Cc, smtp("Bob", "bob@b.test")),
            (Role::Bcc, person("Cleo", "EX", "/O=X/CN=CLEO")),
            (Role::Cc, smtp("Dora", "dora@d.test")),
            (Role::To, smtp("Eve", "eve@e.test")),
            (Role::To, person("Fax", "FAX", "+49 30 1")),
        ]
    );
    assert_eq!(message.damage, []);
}

#[test]
fn addresses_out_of_entry_ids() {
    for wide in [true, false] {
        let row = Props::new()
            .with(tag::RECIPIENT_TYPE, V::I4(1))
            .with(tag::ENTRY_ID, V::Bin(one_off(wide, "Gr\u{fc}n", "SMTP", "g@g.test")));
        let octets = Stream::new(65001).recipients(&[row]).0;
        assert_eq!(read(&octets).recipients[0].person, smtp("Gr\u{fc}n", "g@g.test"));
    }
    let mut cut = one_off(true, "Name", "SMTP", "a@b.test");
    cut.truncate(45);
    let row = Props::new().text(tag::DISPLAY_NAME, "Cut").with(tag::ENTRY_ID, V::Bin(cut));
    let octets = Stream::new(1252).recipients(&[row]).0;
    assert_eq!(read(&octets).recipients[0].person.name, "Cut");
}

#[test]
fn on_behalf_of() {
    let props = Props::new()
        .text(tag::SENDER.name, "Secretary")
        .text(tag::SENDER.smtp, "s@s.test")
        .text(tag::SENT_REPRESENTING.name, "Chief")
        .text(tag::SENT_REPRESENTING.address_type, "SMTP")
        .text(tag::SENT_REPRESENTING.address, "c@c.test");
    let octets = Stream::new(1252).props(&props).0;
    let message = read(&octets);
    assert_eq!(message.from, Some(smtp("Chief", "c@c.test")));
    assert_eq!(message.sender, Some(smtp("Secretary", "s@s.test")));
    let alone = Props::new().text(tag::SENDER.address, "x@x.test");
    let octets = Stream::new(1252).props(&alone).0;
    assert_eq!(read(&octets).from, Some(smtp("", "x@x.test")));
}

#[test]
fn rows_are_counted_and_may_break_off() {
    let rows: Vec<Props> = (0..20).map(|n| recipient(1, &format!("R{n}"), "SMTP", "r@r.test")).collect();
    let octets = Stream::new(1252).recipients(&rows).0;
    let budget = Budget { recipients: 5, ..Budget::default() };
    let message = ewsd_tnef::read(&octets, &budget).unwrap();
    assert_eq!((message.recipients.len(), message.damage), (5, vec![Damage::Over(Limit::Recipients)]));
    let message = read(&octets[..octets.len() / 2]);
    assert!((5..15).contains(&message.recipients.len()));
    assert!(message.damage.contains(&Damage::Truncated));
}
