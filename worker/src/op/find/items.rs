//! FindItem (MS-OXWSSRCH 3.1.4.2): the items of folders that meet a condition, in an order, a page at a time.
//!
//! A folder that is named more than once is searched once. A page ends where the answer's budget does, and says so.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use ewsd_ews::page::Paging;
use ewsd_ews::reply::{Found, Next};
use ewsd_ews::request::FindItem;
use ewsd_ews::view::ItemView;
use ewsd_ews::word::{BasePoint, ItemTraversal};
use ewsd_mailbox::calendar::view;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Folder, Granted, PRIVATE, Right};
use ewsd_mailbox::property::{Bodies, ShownItem};
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{FolderNo, Guid, ItemNo, MailboxNo};
use ewsd_model::property::Column;
use ewsd_model::property::mapi::Scalar;
use ewsd_model::timezone::ItemZone;
use ewsd_model::{FolderKind, Kinds, PropId};
use ewsd_store::{Cmp, Field, Filter, Grouping, ItemRow, Mailbox, Order, Page, Plan};
use jiff::Timestamp;
use jiff::tz::TimeZone;

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
    let mut known: HashMap<(MailboxNo, FolderNo), FoundPage> = HashMap::new();
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
        let told = find_items(cx, &request, &search, &mut shape, &folder, &mut budget)?;
        let found = told.found.clone();
        known.insert(key, told);
        Ok(found)
    };
    folders.into_iter().map(each).map(outcome).collect()
}

/// What a folder came to, and its size in the answer.
struct FoundPage {
    found: Rc<Found<ItemView>>,
    octets: u64,
}

/// What is searched for, the same in every folder.
struct Search {
    /// As it is in the caller's own mailbox.
    filter: Filter,
    own: Guid,
    /// What of it are words.
    words: Option<Filter>,
    orders: Vec<Order>,
    grouping: Option<Grouping>,
    associated: bool,
    pages: Pages,
}

impl Search {
    fn new(cx: &Cx<'_>, request: &FindItem) -> Result<Search, Failure> {
        let grouping = request.grouping.as_ref().map(|grouping| restriction::grouping(grouping, ITEMS)).transpose()?;
        let own = cx.gate.own().guid();
        let zone = || cx.headers.time_zone.as_ref().map_or(TimeZone::UTC, ItemZone::time_zone);
        let query = request.query.as_ref();
        let words = query.map(|query| words::filter(&query.text, &cx.now.to_zoned(zone()))).transpose()?;
        let filter = filter_in(request, words.as_ref(), own)?;
        let orders = restriction::orders(&request.sort, ITEMS)?;
        let mut sorting = orders.iter().map(Order::cost).fold(0, u64::saturating_add);
        sorting = sorting.saturating_add(grouping.as_ref().map_or(0, Grouping::cost));
        check_cost(cx, filter.cost().saturating_add(sorting))?;
        if let Some(Paging::Seek { condition, .. }) = &request.paging {
            check_cost(cx, restriction::filter(condition, ITEMS, own)?.cost())?;
        }
        Ok(Search {
            filter,
            own,
            words,
            orders,
            grouping,
            associated: request.traversal == ItemTraversal::Associated,
            pages: Pages::new(cx.settings),
        })
    }
}

impl Search {
    /// As it is in a mailbox. What is private is not found by what is hidden of it.
    fn filter_of(&self, request: &FindItem, granted: &Granted) -> Result<Cow<'_, Filter>, Failure> {
        let filter = if granted.guid() == self.own {
            Cow::Borrowed(&self.filter)
        } else {
            Cow::Owned(filter_in(request, self.words.as_ref(), granted.guid())?)
        };
        if !granted.may_hide() || *filter == Filter::True {
            return Ok(filter);
        }
        let open = Filter::Compare(Field::Column(Column::Sensitivity), Cmp::Ne, Scalar::Int(PRIVATE));
        Ok(Cow::Owned(Filter::And(vec![filter.into_owned(), open])))
    }
}

/// The condition of a request, and the words.
fn filter_in(request: &FindItem, words: Option<&Filter>, mailbox: Guid) -> Result<Filter, Failure> {
    let condition = request.restriction.as_ref();
    let condition = condition.map(|condition| restriction::filter(condition, ITEMS, mailbox)).transpose()?;
    Ok(match (condition, words) {
        (None, None) => Filter::True,
        (Some(one), None) => one,
        (None, Some(one)) => one.clone(),
        (Some(condition), Some(words)) => Filter::And(vec![condition, words.clone()]),
    })
}

fn find_items(
    cx: &mut Cx<'_>,
    request: &FindItem,
    search: &Search,
    shape: &mut Shape,
    folder: &Folder,
    budget: &mut Budget,
) -> Result<FoundPage> {
    if request.traversal == ItemTraversal::SoftDeleted {
        // Deleted items lie in the recoverable items, where they can be listed; no folder keeps its own.
        let next = if request.paging.is_some() { Next::Indexed(0) } else { Next::None };
        let groups = search.grouping.is_some().then(Vec::new);
        let found = Rc::new(Found { rows: Vec::new(), total: 0, includes_last: true, next, groups });
        return Ok(FoundPage { found, octets: 0 });
    }
    let granted = folder.granted;
    let filter = search.filter_of(request, &granted)?;
    let look = FolderSearch { folder, search, filter: &filter, plan: &shape.mail_needs.plan };
    check_view(request, folder)?;
    let mut mailbox = cx.gate.open(&granted);
    let (found, keys) = match (&request.paging, &search.grouping) {
        (Some(Paging::Calendar { max, start, end }), _) => {
            let limit = search.pages.limit(*max);
            (calendar(&mut mailbox, folder, *start, *end, limit, &shape.needs.plan)?, Vec::new())
        }
        (paging, grouping) => {
            let (mut found, keys) = match grouping {
                Some(grouping) => look.grouped(&mut mailbox, grouping, paging.as_ref())?,
                None => (look.paged(&mut mailbox, paging.as_ref())?, Vec::new()),
            };
            complete(&mut mailbox, shape, &mut found.rows)?;
            (found, keys)
        }
    };
    let next = page::next(request.paging.as_ref(), &found);
    let bodies = Bodies::default();
    let show = |row: &ItemRow| {
        shape.view(&ShownItem {
            row,
            owner: &granted,
            attachments: &[],
            mime: None,
            bodies: &bodies,
            listed: true,
            told: &[],
            trouble: None,
        })
    };
    let rows = found.rows.iter().map(show).collect::<Result<_, _>>()?;
    let from_end = matches!(
        request.paging,
        Some(Paging::Indexed { base: BasePoint::End, .. } | Paging::Seek { base: BasePoint::End, .. })
    );
    let groups = search.grouping.is_some().then(Vec::new);
    let found = Found { rows, total: found.total, includes_last: found.last, next, groups };
    shortened(found, keys, from_end, budget)
}

/// How many rows there are in each group; rows of one stand beside each other.
fn group_sizes(keys: &[Option<String>]) -> Vec<usize> {
    keys.chunk_by(|a, b| a == b).map(<[_]>::len).collect()
}

/// As many rows as there is room for, counted from where the page begins. A page of which there is room for nothing is none.
fn shortened(
    mut found: Found<ItemView>,
    mut keys: Vec<Option<String>>,
    from_end: bool,
    budget: &mut Budget,
) -> Result<FoundPage> {
    let sizes: Vec<u64> = found.rows.iter().map(budget::of_item).collect();
    let kept =
        if from_end { budget.take_some(sizes.iter().rev().copied()) } else { budget.take_some(sizes.iter().copied()) };
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
            keys.drain(..cut.min(keys.len()));
        } else {
            found.rows.truncate(kept);
            keys.truncate(kept);
        }
    }
    if let Some(groups) = &mut found.groups {
        *groups = group_sizes(&keys);
    }
    let octets = found.rows.iter().map(budget::of_item).fold(0, u64::saturating_add);
    Ok(FoundPage { found: Rc::new(found), octets })
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

/// What touches the time, occurrences of series each by itself, in the order of their starts.
fn calendar(
    mailbox: &mut Mailbox<'_>,
    folder: &Folder,
    start: Timestamp,
    end: Timestamp,
    limit: i64,
    plan: &Plan,
) -> Result<ewsd_store::Found<ItemRow>> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let view = view::find(mailbox, &[folder.row.folder], start, end, most)?;
    let rows = view.rows(mailbox, plan)?;
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (total, offset) = (number(view.total), number(view.entries.len()));
    Ok(ewsd_store::Found { rows, total, offset, last: offset >= total })
}

/// One folder being searched.
struct FolderSearch<'a> {
    folder: &'a Folder,
    search: &'a Search,
    /// The search's, as it is for this folder.
    filter: &'a Filter,
    plan: &'a Plan,
}

impl FolderSearch<'_> {
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
        let Search { orders, associated, .. } = self.search;
        ewsd_store::Search { folders, associated: *associated, filter: self.filter, orders }
    }

    /// The page asked for.
    fn paged(&self, mailbox: &mut Mailbox<'_>, paging: Option<&Paging>) -> Result<ewsd_store::Found<ItemRow>> {
        let limit = |max: &Option<i32>| self.search.pages.limit(*max);
        match paging {
            Some(Paging::Seek { max, base, condition }) => {
                let from_end = *base == BasePoint::End;
                let condition = restriction::filter(condition, ITEMS, self.folder.granted.guid())?;
                let offset = self.seek(mailbox, &condition, from_end)?;
                self.page(mailbox, Page { offset, limit: limit(max), from_end })
            }
            Some(Paging::Contacts { max, initial, last }) => {
                self.contacts(mailbox, initial.as_deref(), last.as_deref(), limit(max))
            }
            _ => {
                let page = self.search.pages.page(paging, || self.count(mailbox))?;
                self.page(mailbox, page)
            }
        }
    }

    /// The page asked for, by groups, and the group of each row.
    fn grouped(
        &self,
        mailbox: &mut Mailbox<'_>,
        grouping: &Grouping,
        paging: Option<&Paging>,
    ) -> Result<(ewsd_store::Found<ItemRow>, Vec<Option<String>>)> {
        if matches!(paging, Some(Paging::Seek { .. } | Paging::Calendar { .. } | Paging::Contacts { .. })) {
            let text = "Only views by number and by fraction are grouped.";
            return Err(Failure::with_text(Code::ErrorInvalidOperation, text).into());
        }
        let page = self.search.pages.page(paging, || self.count(mailbox))?;
        let folders = [self.folder.row.folder];
        let found = mailbox.find_groups(&self.whole(&folders), grouping, self.plan, page)?;
        let ewsd_store::Found { rows, total, offset, last } = found;
        let (rows, keys) = rows.into_iter().unzip();
        Ok((ewsd_store::Found { rows, total, offset, last }, keys))
    }

    fn page(&self, mailbox: &mut Mailbox<'_>, page: Page) -> Result<ewsd_store::Found<ItemRow>> {
        self.find(mailbox, self.filter, &self.search.orders, page)
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
        let mut parts = vec![self.filter.clone()];
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
    let conditions = request.restriction.is_some() || request.query.is_some();
    if conditions || !request.sort.is_empty() || request.grouping.is_some() {
        let text = "A calendar view takes neither a restriction, nor a query, groups, nor a sort order.";
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
    if folder.is(FolderKind::ContactsFolder) {
        Ok(())
    } else {
        Err(Failure::with_text(Code::ErrorInvalidOperation, "Only contacts folders have a contacts view."))
    }
}
