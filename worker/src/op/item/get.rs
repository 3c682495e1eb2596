//! GetItem (MS-OXWSCORE 3.1.4.4): items by their ids, in the shape asked for.

use std::collections::HashMap;

use ewsd_ews::fault::Outcome;
use ewsd_ews::request::GetItem;
use ewsd_ews::view::ItemView;
use ewsd_model::code::Code;
use ewsd_model::id::ItemNo;
use ewsd_store::{AttachmentRow, ItemRow};

use super::load::{self, Whole};
use crate::compute::{self, Bodies};
use crate::error::{Result, outcome};
use crate::gate::{Granted, Item, Right};
use crate::op::path::{Shape, has_mime};
use crate::session::Cx;

pub fn run(cx: &mut Cx<'_>, request: GetItem) -> Result<Vec<Outcome<ItemView>>> {
    let mut shape = Shape::of_items(&request.shape, cx.version);
    let items = load::resolve(cx, &request.items, Right::Read)?;
    // One query for all; of attachments a second one where there are some.
    let mut found: HashMap<ItemNo, Found> = HashMap::with_capacity(items.len());
    for (granted, numbers) in load::by_mailbox(&items) {
        let rows = cx.gate.store(&granted).items(granted.mailbox(), &numbers, &shape.needs.plan)?;
        let attachments = if shape.needs.attachments { load::attachments(cx, &granted, &rows)? } else { Vec::new() };
        for row in rows {
            let own = attachments.iter().filter(|one| one.item == row.item).cloned().collect();
            found.insert(row.item, Found { granted, row, attachments: own });
        }
    }
    let show = |item: Result<Item>| {
        let item = item?;
        let found = found.get(&item.item).filter(|found| found.granted.mailbox() == item.granted.mailbox());
        view(cx, &mut shape, found.ok_or(Code::ErrorItemNotFound)?)
    };
    items.into_iter().map(show).map(outcome).collect()
}

struct Found {
    granted: Granted,
    row: ItemRow,
    attachments: Vec<AttachmentRow>,
}

fn view(cx: &mut Cx<'_>, shape: &mut Shape, found: &Found) -> Result<ItemView> {
    let Found { granted, row, attachments } = found;
    let mut written = None;
    if shape.shows_mime() && !has_mime(row.kind) && shape.insists_on_mime() {
        return Err(Code::ErrorUnsupportedMimeConversion.into());
    }
    if shape.shows_mime() && has_mime(row.kind) && load::is_stale(row) {
        written = Some(Whole::read(cx, granted, row.item)?.mime(true).into_owned());
    }
    let mime = match (&written, &row.mime) {
        (Some(octets), _) => Some(octets.as_slice()),
        (None, stored) => stored.as_deref(),
    };
    let bodies = Bodies::default();
    Ok(shape.view(&compute::Item { row, owner: granted, attachments, mime, bodies: &bodies, listed: false }))
}
