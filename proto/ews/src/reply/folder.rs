//! Answers that hold folders, and the rows of finds.

use std::rc::Rc;

use ewsd_model::operation::Op;

use crate::view::{FolderView, ItemView};
use crate::writer::{M, T, Writer, boolean};

/// The rows that a find came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<V> {
    pub rows: Vec<V>,
    /// All that match, whatever the page.
    pub total: i64,
    /// No row follows in the direction of the paging.
    pub includes_last: bool,
    pub next: Next,
    /// Where rows are grouped: how many there are in each group, one group behind the other.
    pub groups: Option<Vec<usize>>,
}

/// Where the next page begins, in the terms of the request's paging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The request asked for no pages.
    None,
    Indexed(i64),
    Fractional {
        numerator: i64,
        denominator: i64,
    },
}

/// FolderInfoResponseMessageType.
pub(super) fn info(w: &mut Writer<'_>, _: Op, folder: Option<&FolderView>) {
    match folder {
        Some(folder) => {
            w.open(M, "Folders");
            folder.write(w);
            w.close(M, "Folders");
        }
        None => w.empty(M, "Folders"),
    }
}

pub(super) fn found_folders(w: &mut Writer<'_>, _: Op, found: Option<&Found<FolderView>>) {
    root_folder(w, "Folders", found, FolderView::write);
}

pub(super) fn found_items(w: &mut Writer<'_>, _: Op, found: Option<&Rc<Found<ItemView>>>) {
    root_folder(w, "Items", found.map(Rc::as_ref), ItemView::write);
}

/// Groups are numbered as they come.
fn groups<V>(w: &mut Writer<'_>, list: &str, found: &Found<V>, sizes: &[usize], write: fn(&V, &mut Writer<'_>)) {
    let mut rows = found.rows.iter();
    w.open(T, "Groups");
    for (number, size) in (0_i64..).zip(sizes) {
        w.open(T, "GroupedItems");
        w.number_element(T, "GroupIndex", number);
        w.open(T, list);
        rows.by_ref().take(*size).for_each(|row| write(row, w));
        w.close(T, list);
        w.close(T, "GroupedItems");
    }
    w.close(T, "Groups");
}

fn root_folder<V>(w: &mut Writer<'_>, list: &str, found: Option<&Found<V>>, write: fn(&V, &mut Writer<'_>)) {
    let Some(found) = found else { return };
    w.tag(M, "RootFolder");
    match found.next {
        Next::None => {}
        Next::Indexed(offset) => w.number_attribute("IndexedPagingOffset", offset),
        Next::Fractional { numerator, denominator } => {
            w.number_attribute("NumeratorOffset", numerator);
            w.number_attribute("AbsoluteDenominator", denominator);
        }
    }
    w.number_attribute("TotalItemsInView", found.total);
    w.plain_attribute("IncludesLastItemInRange", boolean(found.includes_last));
    w.end_tag();
    match &found.groups {
        Some(sizes) => groups(w, list, found, sizes, write),
        None => {
            w.open(T, list);
            found.rows.iter().for_each(|row| write(row, w));
            w.close(T, list);
        }
    }
    w.close(M, "RootFolder");
}
