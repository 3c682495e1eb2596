//! UpdateItem of one occurrence of a series: a change of its master, which from then on tells it as an exception.

use ewsd_ews::reply::Updated;
use ewsd_ews::request::UpdateItem;
use ewsd_mailbox::calendar::change;
use ewsd_mailbox::calendar::series::{self, ItemOrOccurrence};
use ewsd_mailbox::error::Result;
use ewsd_mailbox::gate::GrantedItem;
use ewsd_mailbox::item::edit::Edit;
use ewsd_mailbox::item::{derive, load};
use ewsd_model::PropId;
use ewsd_model::change::{ItemChange, mark};
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_store::{ItemRef, Mailbox};

use super::{ATTEMPTS, apply, check_conflict, check_kind, given, names, needs, update as as_update};
use crate::op::Cx;
use crate::op::item::meeting;

pub fn update(cx: &mut Cx<'_>, request: &UpdateItem, change: &ItemChange, item: &GrantedItem) -> Result<Updated> {
    // A calendar given for one occurrence could be that of another one.
    if given(&change.updates).is_some() {
        return Err(Failure::at(Code::ErrorInvalidPropertySet, PropId::ItemMimeContent).into());
    }
    let mut needs = needs(&change.updates);
    needs.plan.body = true;
    needs.plan.ext = true;
    needs.plan.json = true;
    for attempt in 1.. {
        let row = load::row(cx, item, &needs.plan)?;
        let (mut master, placed) = match series::resolve(&row, item.part)? {
            ItemOrOccurrence::Occurrence(master, placed) => (master, placed),
            ItemOrOccurrence::Whole => return Err(Code::ErrorItemNotFound.into()),
        };
        check_kind(request, &row)?;
        let base = master.shown(&row, placed);
        item.check_shown(&base)?;
        let mut edit = Edit::new(base.kind, Some(&base), cx.now).within(&cx.zone);
        change.updates.iter().try_for_each(|update| apply(&mut edit, update))?;
        edit.settle();
        check_conflict(request.conflicts, item.change, &row, Some(placed.date), &edit)?;
        let post = meeting::updates(cx, request, &item.granted, &base, &mut edit)?;
        derive::complete(&mut edit)?;
        let marks: Vec<String> = names(&edit).map(|name| mark(Some(placed.date), name)).collect();
        change::absorb(&mut master, placed.date, edit)?;
        let mut whole = change::edit(&row, &master, cx.now);
        let search = derive::complete(&mut whole)?;
        let mut update = as_update(cx, &whole, &row, search.as_deref());
        update.props.extend(marks.into_iter().map(|mark| (mark, row.change.0.into())));
        let granted = item.granted;
        let write = |mailbox: &mut Mailbox<'_>| -> Result<ItemRef> {
            Ok(mailbox.update_item(item.item, &update, Some(row.change))?)
        };
        let written = match post {
            Some(post) => post.send(cx, meeting::sending_updates(request.meeting_updates).copies, write),
            None => write(&mut cx.gate.open(&granted)),
        };
        match written {
            // Somebody was faster: decide again on what is there now.
            Err(error) if attempt < ATTEMPTS && error.code() == Code::ErrorIrresolvableConflict => {}
            result => {
                let view = meeting::view(&granted, &result?, Some(placed.date));
                return Ok(Updated { item: Some(view), conflicts: 0 });
            }
        }
    }
    Err(Code::ErrorIrresolvableConflict.into())
}
