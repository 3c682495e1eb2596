//! Answers that hold items.

use std::rc::Rc;

use ewsd_model::operation::Op;

use crate::view::ItemView;
use crate::writer::{M, T, Writer};

/// What UpdateItem came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Updated {
    /// None where the item is gone afterwards (sent without a copy).
    pub item: Option<ItemView>,
    /// Conflicts resolved by the way.
    pub conflicts: i64,
}

fn items<'v>(w: &mut Writer<'_>, mut views: impl Iterator<Item = &'v ItemView>) {
    match views.next() {
        None => w.empty(M, "Items"),
        Some(first) => {
            w.open(M, "Items");
            first.write(w);
            views.for_each(|view| view.write(w));
            w.close(M, "Items");
        }
    }
}

/// ItemInfoResponseMessageType. Several only for an id that names several occurrences.
pub(super) fn shared(w: &mut Writer<'_>, _: Op, views: Option<&Vec<Rc<ItemView>>>) {
    items(w, views.into_iter().flatten().map(Rc::as_ref));
}

pub(super) fn infos(w: &mut Writer<'_>, _: Op, views: Option<&Vec<ItemView>>) {
    items(w, views.into_iter().flatten());
}

pub(super) fn perhaps(w: &mut Writer<'_>, _: Op, item: Option<&Option<ItemView>>) {
    items(w, item.into_iter().flatten());
}

/// UpdateItemResponseMessageType.
pub(super) fn updated(w: &mut Writer<'_>, _: Op, updated: Option<&Updated>) {
    items(w, updated.and_then(|updated| updated.item.as_ref()).into_iter());
    if let Some(updated) = updated {
        w.open(M, "ConflictResults");
        w.number_element(T, "Count", updated.conflicts);
        w.close(M, "ConflictResults");
    }
}
