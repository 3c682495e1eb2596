//! Messages: a new one has an author, an id of its own and a conversation, and is a draft until it is sent.

use ewsd_model::object::ResponseKind;
use ewsd_model::property::{Column, bit};
use ewsd_model::value::Mailbox;
use ewsd_model::{PropId, Value};
use ewsd_store::ItemRow;

use super::{KindBehaviour, calendar, read_by_its_maker};
use crate::item::edit::Edit;
use crate::item::{derive, submit};
use crate::session::Session;

pub struct Message;

/// Kinds that do nothing of their own, with what messages offer.
pub struct Plain;

impl KindBehaviour for Message {
    fn begin(&self, session: &Session<'_>, edit: &mut Edit<'_>, parsed: bool) {
        identify(session, edit, parsed);
        // Messages saved are drafts, unless the client says otherwise.
        if !edit.touched.contains(&PropId::ItemIsDraft) && edit.flags() & bit::ASSOCIATED == 0 {
            edit.set_bit(bit::DRAFT, true);
        }
        read_by_its_maker(edit);
    }

    fn offers(&self, row: &ItemRow) -> Vec<ResponseKind> {
        offers(row)
    }
}

impl KindBehaviour for Plain {
    fn offers(&self, row: &ItemRow) -> Vec<ResponseKind> {
        offers(row)
    }
}

/// A draft can only be passed on, and a receipt be kept back only where one is wanted and not sent yet.
pub(super) fn offers(row: &ItemRow) -> Vec<ResponseKind> {
    let draft = row.flags & bit::DRAFT != 0;
    let receipt = row.flags & bit::READ_RECEIPT != 0 && row.flags & bit::READ == 0;
    let offered = |kind: &ResponseKind| match kind {
        ResponseKind::Forward => true,
        ResponseKind::SuppressReadReceipt => receipt && !draft,
        ResponseKind::ProposeNewTime => !draft && calendar::may_be_moved(row),
        ResponseKind::AddItemToMyCalendar => !draft && calendar::is_passed_on(row),
        _ => !draft,
    };
    row.kind.row().answers.iter().copied().filter(offered).collect()
}

/// What makes a message one of its own: who wrote it, Message-ID, date, conversation.
pub(super) fn identify(session: &Session<'_>, edit: &mut Edit<'_>, parsed: bool) {
    author(session, edit);
    if edit.column(Column::MessageId).is_none() {
        edit.set.set(Column::MessageId, Value::Text(submit::new_message_id(session)));
    }
    if edit.column(Column::Sent).is_none() {
        edit.set.set(Column::Sent, Value::Time(session.now));
    }
    if !parsed {
        derive::thread(edit, session.now);
    }
}

/// A message without an author is the caller's.
fn author(session: &Session<'_>, edit: &mut Edit<'_>) {
    let own = || {
        let address = session.address();
        let name =
            if session.caller.display_name.is_empty() { address.clone() } else { session.caller.display_name.clone() };
        Mailbox {
            name: Some(name),
            address: Some(address),
            routing: Some("SMTP".to_owned()),
            kind: Some("Mailbox".to_owned()),
            item: None,
        }
    };
    if edit.column(Column::From).is_none() {
        let from = match edit.column(Column::Sender) {
            Some(Value::Mailbox(sender)) => sender.clone(),
            _ => own(),
        };
        let name = from.name.clone().or_else(|| from.address.clone()).unwrap_or_default();
        edit.set.set(Column::FromName, Value::Text(name));
        edit.set.set(Column::From, Value::Mailbox(from));
    }
    if edit.column(Column::Sender).is_none() {
        edit.set.set(Column::Sender, Value::Mailbox(own()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::row;
    use ewsd_model::ItemKind;

    #[test]
    fn drafts_are_not_answered() {
        let mut item = row();
        item.flags = bit::DRAFT;
        assert_eq!(offers(&item), [ResponseKind::Forward]);
        item.flags = bit::READ_RECEIPT;
        assert!(offers(&item).contains(&ResponseKind::SuppressReadReceipt));
        item.kind = ItemKind::Task;
        assert!(super::super::of(item.kind).offers(&item).is_empty());
    }
}
