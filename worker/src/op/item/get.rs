//! GetItem (MS-OXWSCORE 3.1.4.4): items by their ids, in the shape asked for.

use std::collections::HashMap;

use ewsd_ews::request::GetItem;
use ewsd_ews::view::ItemView;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Granted, Item, Right};
use ewsd_mailbox::item::load::{self, Whole};
use ewsd_mailbox::property::{self, Bodies};
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_model::id::{ItemNo, MailboxNo};
use ewsd_model::{PropId, Value};
use ewsd_store::{AttachmentRow, ItemRow};

use crate::op::Cx;
use crate::op::shape::Shape;

pub fn run(cx: &mut Cx<'_>, request: GetItem) -> Result<Vec<Outcome<ItemView>>> {
    let mut shape = Shape::of_items(&request.shape, cx.version);
    let items = cx.gate.items(&request.items, Right::Read)?;
    // One query for all; of attachments a second one where there are some.
    let mut found: HashMap<(MailboxNo, ItemNo), Found> = HashMap::with_capacity(items.len());
    for (granted, numbers) in load::by_mailbox(&items) {
        let rows = cx.gate.open(&granted).items(&numbers, &shape.needs.plan)?;
        let attachments = load::attachments(cx, &granted, &rows, &shape.needs)?;
        for row in rows {
            let own = attachments.iter().filter(|one| one.item == row.item).cloned().collect();
            found.insert((granted.mailbox(), row.item), Found { granted, row, attachments: own, wanted: 0 });
        }
    }
    for item in items.iter().flatten() {
        if let Some(found) = found.get_mut(&(item.granted.mailbox(), item.item)) {
            found.wanted += 1;
        }
    }
    let show = |item: Result<Item>| {
        let item = item?;
        let found = take(&mut found, (item.granted.mailbox(), item.item)).ok_or(Code::ErrorItemNotFound)?;
        // What may be done with it depends on its folder, not on the mailbox alone.
        view(cx, &mut shape, Found { granted: item.granted, ..found })
    };
    items.into_iter().map(show).map(outcome).collect()
}

#[derive(Clone)]
struct Found {
    granted: Granted,
    row: ItemRow,
    attachments: Vec<AttachmentRow>,
    /// How many times it is still to be shown.
    wanted: usize,
}

/// The item, which can be large, is copied only where it is asked for again.
fn take(found: &mut HashMap<(MailboxNo, ItemNo), Found>, item: (MailboxNo, ItemNo)) -> Option<Found> {
    let one = found.get_mut(&item)?;
    one.wanted = one.wanted.saturating_sub(1);
    if one.wanted > 0 { Some(one.clone()) } else { found.remove(&item) }
}

fn view(cx: &mut Cx<'_>, shape: &mut Shape, found: Found) -> Result<ItemView> {
    let Found { granted, mut row, attachments, .. } = found;
    if shape.shows_mime() && !row.kind.row().has_mime && shape.insists_on_mime() {
        return Err(Code::ErrorUnsupportedMimeConversion.into());
    }
    let mime = match shape.shows_mime() && row.kind.row().has_mime && load::is_stale(&row) {
        true => Some(Whole::read(cx, &granted, row.item)?.into_mime()),
        false => row.mime.take(),
    };
    let bodies = Bodies::default();
    // The message itself is moved to its place after that.
    let stand_in = mime.as_ref().map(|_| [].as_slice());
    let item = property::Item {
        row: &row,
        owner: &granted,
        attachments: &attachments,
        mime: stand_in,
        bodies: &bodies,
        listed: false,
    };
    let mut view = shape.view(&item);
    let place = view.props.iter_mut().find(|(id, _)| *id == PropId::ItemMimeContent);
    if let (Some((_, value)), Some(octets)) = (place, mime) {
        *value = Value::Mime(octets);
    }
    Ok(view)
}
