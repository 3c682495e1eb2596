//! FindItem (MS-OXWSSRCH 3.1.4.2): the items of folders that meet a condition, in an order, a page at a time.
//!
//! A folder that is named more than once is searched once. A page ends where the answer's budget does, and says so.

use std::collections::HashMap;
use std::rc::Rc;

use ewsd_ews::page::Paging;
use ewsd_ews::reply::{Found, Next};
use ewsd_ews::request::FindItem;
use ewsd_ews::view::ItemView;
use ewsd_ews::word::{BasePoint, ItemTraversal};
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Folder, Right};
use ewsd_mailbox::property::{Bodies, Item};
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{FolderNo, ItemNo, MailboxNo};
use ewsd_model::property::mapi::Scalar;
use ewsd_model::{FolderKind, Kinds, PropId};
use ewsd_store::{Cmp, Field, Filter, ItemRow, Mailbox, Order, Page, Plan, ScalarType};
use jiff::Timestamp;

use super::page::{self, Pages};
use super::{check_cost, words};
use crate::op::Cx;
use crate::op::budget::{self, Budget};
use crate::op::find::restriction;
use crate::op::shape::Shape;

const ITEMS: Kinds = Kinds::ALL_ITEMS;

pub fn run(cx: &mut Cx<'_>, request: FindItem) -> Result<Vec<Outcome<Rc<Found<ItemView>>>>> {
    let search = Search::new(cx, &request)?;
    let mut shape = Shape::of_lists(&request.shape, cx.version);
    let folders = cx.gate.folders(&request.parents, Right::Read)?;
    let mut budget = Budget::new(cx.settings);
    let mut known: HashMap<(MailboxNo, FolderNo), Told> = HashMap::new();
    let each = |folder: Result<Folder>| {
        let folder = folder?;
        if budget.is_spent() {
            return Err(budget::exceeded().into());
        }
        let key = (folder.granted.mailbox(), folder.row.folder);
        if let Some(told) = known.get(&key) {
            budget.take(told.octets)?;
            return Ok(told.found.clone());
        }
        let told = one(cx, &request, &search, &mut shape, &folder, &mut budget)?;
        let found = told.found.clone();
        known.insert(key, told);
        Ok(found)
    };
    folders.into_iter().map(each).map(outcome).collect()
}

/// What a folder came to, and its size in the answer.
struct Told {
    found: Rc<Found<ItemView>>,
    octets: u64,
}

/// What is searched for, the same in every folder.
struct Search {
    filter: Filter,
    orders: Vec<Order>,
    associated: bool,
    pages: Pages,
}

impl Search {
    fn new(cx: &Cx<'_>, request: &FindItem) -> Result<Search, Failure> {
        if request.grouping.is_some() {
            let text = "Grouped views are not supported: sort by the field and group the rows.";
            return Err(Failure::with_text(Code::ErrorInvalidOperation, text));
        }
        let mut parts = Vec::new();
        if let Some(condition) = &request.restriction {
            parts.push(restriction::filter(condition, ITEMS)?);
        }
        if let Some(query) = &request.query {
            parts.push(words::filter(&query.text, cx.now));
        }
        let filter = match parts.len() {
            0 => Filter::True,
            1 => parts.pop().unwrap_or_default(),
            _ => Filter::And(parts),
        };
        let orders = restriction::orders(&request.sort, ITEMS)?;
        let sorting = orders.iter().map(Order::cost).fold(0, u64::saturating_add);
        check_cost(cx, filter.cost().saturating_add(sorting))?;
        if let Some(Paging::Seek { condition, .. }) = &request.paging {
            check_cost(cx, restriction::filter(condition, ITEMS)?.cost())?;
        }
        Ok(Search {
            filter,
            orders,
            associated: request.traversal == ItemTraversal::Associated,
            pages: Pages::new(cx.settings),
        })
    }
}

fn one(
    cx: &mut Cx<'_>,
    request: &FindItem,
    search: &Search,
    shape: &mut Shape,
    folder: &Folder,
    budget: &mut Budget,
) -> Result<Told> {
    if request.traversal == ItemTraversal::SoftDeleted {
        // Deleted items lie in the recoverable items, where they can be listed; no folder keeps its own.
        let next = if request.paging.is_some() { Next::Indexed(0) } else { Next::None };
        let found = Rc::new(Found { rows: Vec::new(), total: 0, includes_last: true, next });
        return Ok(Told { found, octets: 0 });
    }
    let granted = folder.granted;
    let look = Look { folder, search, plan: &shape.mail_needs.plan };
    check_view(request, folder)?;
    let mut mailbox = cx.gate.open(&granted);
    let mut found = look.paged(&mut mailbox, request.paging.as_ref())?;
    let next = page::next(request.paging.as_ref(), &found);
    complete(&mut mailbox, shape, &mut found.rows)?;
    let bodies = Bodies::default();
    let show = |row: &ItemRow| {
        shape.view(&Item { row, owner: &granted, attachments: &[], mime: None, bodies: &bodies, listed: true })
    };
    let rows = found.rows.iter().map(show).collect();
    let from_end = matches!(
        request.paging,
        Some(Paging::Indexed { base: BasePoint::End, .. } | Paging::Seek { base: BasePoint::End, .. })
    );
    let found = Found { rows, total: found.total, includes_last: found.last, next };
    shortened(found, from_end, budget)
}

/// As many rows as there is room for, counted from where the page begins. A page of which there is room for nothing is none.
fn shortened(mut found: Found<ItemView>, from_end: bool, budget: &mut Budget) -> Result<Told> {
    let sizes: Vec<u64> = found.rows.iter().map(budget::of_item).collect();
    let kept = match from_end {
        true => budget.take_some(sizes.iter().rev().copied()),
        false => budget.take_some(sizes.iter().copied()),
    };
    let cut = found.rows.len() - kept;
    if cut > 0 {
        if kept == 0 {
            return Err(budget::exceeded().into());
        }
        let gone = i64::try_from(cut).unwrap_or(i64::MAX);
        found.includes_last = false;
        match &mut found.next {
            Next::Indexed(offset) | Next::Fractional { numerator: offset, .. } => *offset -= gone,
            Next::None => {}
        }
        if from_end {
            found.rows.drain(..cut);
        } else {
            found.rows.truncate(kept);
        }
    }
    let octets = found.rows.iter().map(budget::of_item).fold(0, u64::saturating_add);
    Ok(Told { found: Rc::new(found), octets })
}

/// The query reads what mail needs; the rare row of another kind is read again, with all that it needs.
fn complete(mailbox: &mut Mailbox<'_>, shape: &Shape, rows: &mut [ItemRow]) -> Result<()> {
    if shape.needs.plan == shape.mail_needs.plan {
        return Ok(());
    }
    let others: Vec<ItemNo> = rows.iter().filter(|row| !row.kind.row().is_mail).map(|row| row.item).collect();
    if others.is_empty() {
        return Ok(());
    }
    for whole in mailbox.items(&others, &shape.needs.plan)? {
        if let Some(row) = rows.iter_mut().find(|row| row.item == whole.item) {
            *row = whole;
        }
    }
    Ok(())
}

/// One folder being searched.
struct Look<'a> {
    folder: &'a Folder,
    search: &'a Search,
    plan: &'a Plan,
}

impl Look<'_> {
    fn find(
        &self,
        mailbox: &mut Mailbox<'_>,
        filter: &Filter,
        orders: &[Order],
        page: Page,
    ) -> Result<ewsd_store::Found<ItemRow>> {
        let folders = [self.folder.row.folder];
        let search = ewsd_store::Search { filter, orders, ..self.whole(&folders) };
        Ok(mailbox.find_items(&search, self.plan, page)?)
    }

    /// The search as the store takes it.
    fn whole<'s>(&'s self, folders: &'s [FolderNo]) -> ewsd_store::Search<'s> {
        let Search { filter, orders, associated, .. } = self.search;
        ewsd_store::Search { folders, associated: *associated, filter, orders }
    }

    /// The page asked for.
    fn paged(&self, mailbox: &mut Mailbox<'_>, paging: Option<&Paging>) -> Result<ewsd_store::Found<ItemRow>> {
        let limit = |max: &Option<i32>| self.search.pages.limit(*max);
        match paging {
            Some(Paging::Seek { max, base, condition }) => {
                let from_end = *base == BasePoint::End;
                let condition = restriction::filter(condition, ITEMS)?;
                let offset = self.seek(mailbox, &condition, from_end)?;
                self.page(mailbox, Page { offset, limit: limit(max), from_end })
            }
            Some(Paging::Calendar { max, start, end }) => self.calendar(mailbox, *start, *end, limit(max)),
            Some(Paging::Contacts { max, initial, last }) => {
                self.contacts(mailbox, initial.as_deref(), last.as_deref(), limit(max))
            }
            _ => {
                let page = self.search.pages.page(paging, || self.count(mailbox))?;
                self.page(mailbox, page)
            }
        }
    }

    fn page(&self, mailbox: &mut Mailbox<'_>, page: Page) -> Result<ewsd_store::Found<ItemRow>> {
        self.find(mailbox, &self.search.filter, &self.search.orders, page)
    }

    fn count(&self, mailbox: &mut Mailbox<'_>) -> Result<i64> {
        Ok(mailbox.count_items(&self.whole(&[self.folder.row.folder]))?)
    }

    /// How many rows come before the first that meets the condition; all of them if none does.
    fn seek(&self, mailbox: &mut Mailbox<'_>, wanted: &Filter, from_end: bool) -> Result<i64> {
        match mailbox.rows_before(&self.whole(&[self.folder.row.folder]), wanted, from_end)? {
            Some(offset) => Ok(offset),
            None => self.count(mailbox),
        }
    }

    /// What overlaps the time, by start. An item that ends where the view starts is in it.
    fn calendar(
        &self,
        mailbox: &mut Mailbox<'_>,
        start: Timestamp,
        end: Timestamp,
        limit: i64,
    ) -> Result<ewsd_store::Found<ItemRow>> {
        let field = |id: PropId| Field::Json(id.row().element, ScalarType::Time);
        let filter = Filter::And(vec![
            Filter::Compare(field(PropId::CalendarEnd), Cmp::Ge, Scalar::Time(start)),
            Filter::Compare(field(PropId::CalendarStart), Cmp::Lt, Scalar::Time(end)),
        ]);
        let orders = [Order { field: field(PropId::CalendarStart), ascending: true }];
        self.find(mailbox, &filter, &orders, Page::first(limit))
    }

    /// Contacts by display name, from one name to another, both included.
    fn contacts(
        &self,
        mailbox: &mut Mailbox<'_>,
        initial: Option<&str>,
        last: Option<&str>,
        limit: i64,
    ) -> Result<ewsd_store::Found<ItemRow>> {
        let name = || Field::Contact(PropId::ContactDisplayName.row().element.to_owned());
        let bound = |cmp, text: &str| Filter::Compare(name(), cmp, Scalar::Text(text.to_owned()));
        let mut parts = vec![self.search.filter.clone()];
        parts.extend(initial.map(|text| bound(Cmp::Ge, text)));
        parts.extend(last.map(|text| bound(Cmp::Le, text)));
        let orders = match self.search.orders.as_slice() {
            [] => vec![Order { field: name(), ascending: true }],
            given => given.to_vec(),
        };
        self.find(mailbox, &Filter::And(parts), &orders, Page::first(limit))
    }
}

/// Some ways of paging are for some folders only.
fn check_view(request: &FindItem, folder: &Folder) -> Result<(), Failure> {
    match &request.paging {
        Some(Paging::Seek { .. }) if folder.is(FolderKind::CalendarFolder) => {
            Err(Failure::new(Code::ErrorCalendarSeekToConditionNotSupported))
        }
        Some(Paging::Calendar { start, end, .. }) => check_calendar_view(request, folder, *start, *end),
        Some(Paging::Contacts { .. }) => check_contacts_view(folder),
        _ => Ok(()),
    }
}

fn check_calendar_view(request: &FindItem, folder: &Folder, start: Timestamp, end: Timestamp) -> Result<(), Failure> {
    if !folder.is(FolderKind::CalendarFolder) {
        return Err(Failure::new(Code::ErrorCalendarFolderIsInvalidForCalendarView));
    }
    if request.restriction.is_some() || !request.sort.is_empty() {
        let text = "A calendar view takes neither a restriction nor a sort order.";
        return Err(Failure::with_text(Code::ErrorInvalidOperation, text));
    }
    if end < start {
        return Err(Failure::new(Code::ErrorCalendarEndDateIsEarlierThanStartDate));
    }
    // Two years, leap days included.
    if end.duration_since(start) > jiff::SignedDuration::from_hours(24 * 731) {
        return Err(Failure::new(Code::ErrorCalendarViewRangeTooBig));
    }
    Ok(())
}

fn check_contacts_view(folder: &Folder) -> Result<(), Failure> {
    match folder.is(FolderKind::ContactsFolder) {
        true => Ok(()),
        false => Err(Failure::with_text(Code::ErrorInvalidOperation, "Only contacts folders have a contacts view.")),
    }
}
