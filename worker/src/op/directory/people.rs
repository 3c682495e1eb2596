//! People as ResolveNames and ExpandDL answer them: of the directory, and of contacts and lists.

use ewsd_mailbox::gate::Granted;
use ewsd_mailbox::property::item::wire_id;
use ewsd_mailbox::property::stored;
use ewsd_model::value::{Mailbox, Member};
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::ItemRow;

/// Somebody of the directory; a group if `is_group`.
pub fn of_directory(name: String, address: String, is_group: bool) -> Mailbox {
    Mailbox {
        name: Some(if name.is_empty() { address.clone() } else { name }),
        address: Some(address),
        routing: Some("SMTP".to_owned()),
        kind: Some(if is_group { "PublicDL" } else { "Mailbox" }.to_owned()),
        item: None,
    }
}

/// A contact under each of its addresses whose key is `wanted`, with the id of the item; a list under its name.
pub fn of_item(owner: &Granted, row: &ItemRow, wanted: impl Fn(&str) -> bool) -> Vec<Mailbox> {
    let name = match stored::value(PropId::ContactDisplayName.row(), row) {
        Some(Value::Text(name)) => Some(name),
        _ => None,
    };
    let item = Some(Box::new(wire_id(owner, row)));
    if row.kind == ItemKind::DistributionList {
        let (routing, kind) = (Some("MAPIPDL".to_owned()), Some("PrivateDL".to_owned()));
        return vec![Mailbox { name, address: None, routing, kind, item }];
    }
    let Some(Value::Addresses(entries)) = stored::value(PropId::ContactEmailAddresses.row(), row) else {
        return Vec::new();
    };
    let each = |(_, entry): (String, Mailbox)| Mailbox {
        name: name.clone().or(entry.name).or_else(|| entry.address.clone()),
        address: entry.address,
        routing: entry.routing.or_else(|| Some("SMTP".to_owned())),
        kind: Some("Contact".to_owned()),
        item: item.clone(),
    };
    entries.into_iter().filter(|(key, _)| wanted(key)).map(each).collect()
}

/// The members of a personal list.
pub fn members(row: &ItemRow) -> Vec<Member> {
    match stored::value(PropId::ListMembers.row(), row) {
        Some(Value::Members(members)) => members,
        _ => Vec::new(),
    }
}
