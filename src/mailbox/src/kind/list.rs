//! Personal distribution lists (MS-OXWSDLIST): a name and members. A member's key is made of what it is, so that it stays as long
//! as the member does, and nobody is in a list twice.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::PropId;
use ewsd_model::Value;
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::property::Column;
use ewsd_model::value::{Mailbox, Member};
use ewsd_store::json;

use super::{KindBehaviour, contact, put_missing, put_subject, text};
use crate::item::edit::{Edit, complete};

pub struct List;

impl KindBehaviour for List {
    /// A list is named by its display name, which is its subject where only that is given, and filed by it.
    fn settle(&self, edit: &mut Edit<'_>) {
        let is_new = edit.base.is_none();
        if is_new || edit.touched.contains(&PropId::ContactDisplayName) {
            let subject = match edit.column(Column::Subject) {
                Some(Value::Text(subject)) => Some(subject.clone()),
                _ => None,
            };
            put_missing(edit, PropId::ContactDisplayName, subject);
            let name = text(edit, PropId::ContactDisplayName);
            put_subject(edit, name.clone());
            put_missing(edit, PropId::ContactFileAs, name);
        }
        if is_new {
            edit.put_member(PropId::ContactContactSource, "Store");
        }
    }

    /// Mail must be able to reach a member, or a contact that it is.
    fn check(&self, edit: &Edit<'_>) -> Result<(), Failure> {
        let written = edit.touched.contains(&PropId::ListMembers);
        if written && members(edit).iter().any(|member| is_nobody(&member.mailbox)) {
            Err(Failure::at(Code::ErrorInvalidMailbox, PropId::ListMembers))
        } else {
            Ok(())
        }
    }

    fn contact_rows(&self, edit: &Edit<'_>) -> Option<Vec<(String, String)>> {
        Some(contact::rows(edit))
    }
}

fn is_nobody(mailbox: &Mailbox) -> bool {
    mailbox.address.is_none() && mailbox.item.is_none()
}

fn members(edit: &Edit<'_>) -> Vec<Member> {
    let row = PropId::ListMembers.row();
    match edit.member(row.element).and_then(|member| json::decode(row.ty, member)) {
        Some(Value::Members(members)) => members,
        _ => Vec::new(),
    }
}

/// Members under the keys that are theirs, each once.
pub fn keyed(members: Vec<Member>) -> Vec<Member> {
    let mut kept: Vec<Member> = Vec::with_capacity(members.len());
    for mut member in members {
        member.mailbox = complete(member.mailbox);
        member.key = key(&member.mailbox);
        member.status.get_or_insert_with(|| "Normal".to_owned());
        if !kept.iter().any(|known| known.key == member.key) {
            kept.push(member);
        }
    }
    kept
}

/// What a member is: the contact or list that it stands for, else its address and name.
fn key(mailbox: &Mailbox) -> String {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().to_owned();
    STANDARD.encode(match &mailbox.item {
        Some(item) => format!("item\0{}", item.id),
        None => {
            let routing = text(&mailbox.routing);
            format!("{routing}\0{}\0{}", text(&mailbox.address), text(&mailbox.name)).to_lowercase()
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::property::testing::row;
    use ewsd_model::ItemKind;
    use jiff::Timestamp;

    fn member(address: &str) -> Member {
        let mailbox = Mailbox { address: Some(address.to_owned()), ..Mailbox::default() };
        Member { key: "the client's".to_owned(), mailbox, status: None }
    }

    #[test]
    fn lists_are_named_by_what_is_given() {
        let mut edit = Edit::new(ItemKind::DistributionList, None, Timestamp::UNIX_EPOCH);
        edit.set(PropId::ContactDisplayName, Value::Text("Team".into())).unwrap();
        List.settle(&mut edit);
        assert_eq!((edit.set.text(Column::Subject), &edit.props["FileAs"]), (Some("Team"), &"Team".into()));
        let mut other = Edit::new(ItemKind::DistributionList, None, Timestamp::UNIX_EPOCH);
        other.set(PropId::ItemSubject, Value::Text("Crew".into())).unwrap();
        List.settle(&mut other);
        assert_eq!(other.props["DisplayName"], "Crew");
    }

    #[test]
    fn members_have_keys_of_their_own_and_are_there_once() {
        let found = keyed(vec![member("a@b"), member("c@d"), member("A@b")]);
        assert_eq!(found.len(), 2);
        assert_ne!(found[0].key, found[1].key);
        assert_eq!(found[0].mailbox.name.as_deref(), Some("a@b"));
        assert_eq!(keyed(found.clone()), found, "a list sent back keeps its keys");
    }

    #[test]
    fn members_are_added_and_taken_out_by_key() {
        let mut base = row();
        base.kind = ItemKind::DistributionList;
        let before = keyed(vec![member("a@b"), member("c@d")]);
        let document = json::encode(&Value::Members(before.clone())).unwrap();
        base.props = Some([("Members".to_owned(), document)].into_iter().collect());
        let mut edit = Edit::new(base.kind, Some(&base), Timestamp::UNIX_EPOCH);
        edit.append(PropId::ListMembers, Value::Members(vec![member("e@f")])).unwrap();
        let gone = ewsd_model::path::IndexedPath {
            dictionary: ewsd_model::path::Dictionary::Member,
            key: before[0].key.clone(),
        };
        edit.unset_entry(&gone).unwrap();
        edit.settle();
        let left: Vec<_> = members(&edit).into_iter().filter_map(|member| member.mailbox.address).collect();
        assert_eq!(left, ["c@d", "e@f"]);
        assert!(List.check(&edit).is_ok());
        edit.append(PropId::ListMembers, Value::Members(vec![Member::default()])).unwrap();
        edit.settle();
        assert_eq!(List.check(&edit).unwrap_err().code, Code::ErrorInvalidMailbox);
    }
}
