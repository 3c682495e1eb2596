//! GetItem (MS-OXWSCORE 3.1.4.4): items by their ids, in the shape asked for.
//!
//! Items are read a few megabytes at a time and no further than the answer's budget reaches. One that is named more than once is
//! read and shown once.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use ewsd_ews::request::GetItem;
use ewsd_ews::view::ItemView;
use ewsd_mailbox::calendar::series::{self, ItemOrOccurrence, Master};
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_mailbox::gate::{Granted, GrantedItem, Part, Right};
use ewsd_mailbox::item::load::{self, LoadedItem};
use ewsd_mailbox::property::{self, Bodies};
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{ItemNo, MailboxNo};
use ewsd_model::property::Column;
use ewsd_model::target::{BaseItemId, OccurrenceRange};
use ewsd_model::{PropId, Value};
use ewsd_store::{AttachmentRow, ItemRow, Plan};

use super::meeting;
use crate::op::Cx;
use crate::op::budget::{self, Budget};
use crate::op::shape::Shape;

/// Octets of items that are read at a time; at least one item.
const AT_ONCE: i64 = 8 << 20;
/// What an item is taken for of which documents, or columns only, are read: more than nearly all have.
const WITH_DOCUMENTS: i64 = 64 << 10;
const WITHOUT: i64 = 8 << 10;
/// Occurrences of a series that one id can name.
const OCCURRENCES: usize = 1000;

pub fn run(cx: &mut Cx<'_>, request: GetItem) -> Result<Vec<Outcome<Vec<Rc<ItemView>>>>> {
    let shape = Shape::of_items(&request.shape, cx.version);
    let items = cx.gate.parts(&request.items, Right::Read)?;
    let mut reader = Reader::new(cx, shape, &items)?;
    let mut answers = Vec::with_capacity(items.len());
    for (at, (item, target)) in items.into_iter().zip(&request.items).enumerate() {
        let shown = match (item, target) {
            (Ok(item), BaseItemId::MasterRanges { ranges, .. }) => reader.ranges(cx, &item, at, ranges),
            (Ok(item), _) => reader.show(cx, &item, at).map(|view| vec![view]),
            (Err(error), _) => Err(error),
        };
        answers.push(outcome(shown)?);
    }
    Ok(answers)
}

type Key = (MailboxNo, ItemNo);

fn key(item: &GrantedItem) -> Key {
    (item.granted.mailbox(), item.item)
}

/// What is shown of an item: it, or occurrences of it.
type ShownKey = (Key, Part);

struct Reader {
    shape: Shape,
    budget: Budget,
    /// The allowed items, each where it is named first.
    named: Vec<(usize, GrantedItem)>,
    /// How many of these were read.
    read: usize,
    /// Octets of their contents, where contents are asked for and there is more than one.
    sizes: HashMap<Key, i64>,
    /// Read and not yet shown.
    found: HashMap<Key, Found>,
    shown: HashMap<ShownKey, Shown>,
}

type Shown = Result<(Rc<ItemView>, u64), Failure>;

struct Found {
    row: ItemRow,
    attachments: Vec<AttachmentRow>,
}

impl Reader {
    fn new(cx: &mut Cx<'_>, shape: Shape, items: &[Result<GrantedItem>]) -> Result<Reader> {
        let mut known = HashSet::with_capacity(items.len());
        let allowed = items.iter().enumerate().filter_map(|(at, item)| Some((at, *item.as_ref().ok()?)));
        let named: Vec<(usize, GrantedItem)> =
            allowed.filter(|(_, item)| known.insert((key(item), item.part))).collect();
        let mut shape = shape;
        if named.iter().any(|(_, item)| item.part != Part::Whole) {
            // Where an occurrence is, its master's document says.
            shape.needs.plan.json = true;
        }
        let mut sizes = HashMap::new();
        if named.len() > 1 && (shape.needs.plan.body || shape.needs.plan.mime) {
            let plan = Plan { columns: [Column::Size].into_iter().collect(), ..Plan::default() };
            for (granted, numbers) in grouped(&named) {
                for row in cx.gate.open(&granted).items(&numbers, &plan)? {
                    let octets = row.columns.number(Column::Size).unwrap_or(0);
                    sizes.insert((granted.mailbox(), row.item), octets);
                }
            }
        }
        let (found, shown) = (HashMap::new(), HashMap::new());
        Ok(Reader { shape, budget: Budget::new(cx.settings), named, read: 0, sizes, found, shown })
    }

    /// The item as it is named at `at`.
    fn show(&mut self, cx: &mut Cx<'_>, item: &GrantedItem, at: usize) -> Result<Rc<ItemView>> {
        if self.budget.is_spent() {
            return Err(budget::exceeded().into());
        }
        let key = (key(item), item.part);
        if !self.shown.contains_key(&key) {
            self.read_up_to(cx, at)?;
            let shown = match self.view(cx, item) {
                Ok(view) => {
                    let octets = budget::of_item(&view);
                    Ok((Rc::new(view), octets))
                }
                Err(Error::Failure(failure)) => Err(failure),
                Err(fault) => return Err(fault),
            };
            self.shown.insert(key, shown);
        }
        let (view, octets) = match self.shown.get(&key) {
            Some(Ok((view, octets))) => (view.clone(), *octets),
            Some(Err(failure)) => return Err(failure.clone().into()),
            None => return Err(Code::ErrorItemNotFound.into()),
        };
        if let Err(failure) = self.budget.take(octets) {
            // The answer has it no more; nor must the worker.
            self.shown.clear();
            return Err(failure.into());
        }
        Ok(view)
    }

    /// The occurrences of a series that lie in ranges.
    fn ranges(
        &mut self,
        cx: &mut Cx<'_>,
        item: &GrantedItem,
        at: usize,
        ranges: &[OccurrenceRange],
    ) -> Result<Vec<Rc<ItemView>>> {
        self.read_up_to(cx, at)?;
        let (row, _) = self.row(cx, item)?;
        let master = Master::of_row(&row).ok_or(Code::ErrorCalendarCannotUseIdForOccurrenceId)?;
        let days = master.in_ranges(ranges, OCCURRENCES).ok_or_else(|| {
            let text =
                format!("The ranges have more than {OCCURRENCES} occurrences; ask with narrower ones, or with Count.");
            Failure::with_text(Code::ErrorInvalidArgument, text)
        })?;
        days.into_iter().map(|day| self.show(cx, &item.on(day), at)).collect()
    }

    /// Reads on, unless what is named at `at` was read before.
    fn read_up_to(&mut self, cx: &mut Cx<'_>, at: usize) -> Result<()> {
        let rest = self.named.get(self.read..).unwrap_or_default();
        if rest.first().is_none_or(|(first, _)| *first > at) {
            return Ok(());
        }
        let mut octets = 0i64;
        let fits = |(_, item): &&(usize, GrantedItem)| {
            let before = octets;
            octets = octets.saturating_add(self.guess(&key(item)));
            before == 0 || octets <= AT_ONCE
        };
        let next: Vec<(usize, GrantedItem)> = rest.iter().take_while(fits).copied().collect();
        self.read += next.len();
        for (granted, numbers) in grouped(&next) {
            self.read_some(cx, &granted, &numbers)?;
        }
        Ok(())
    }

    fn guess(&self, key: &Key) -> i64 {
        let plan = &self.shape.needs.plan;
        let beside = if plan.json || plan.ext { WITH_DOCUMENTS } else { WITHOUT };
        self.sizes.get(key).copied().unwrap_or(0).saturating_add(beside)
    }

    /// One query for all; of attachments a second one where there are some.
    fn read_some(&mut self, cx: &mut Cx<'_>, granted: &Granted, numbers: &[ItemNo]) -> Result<()> {
        let rows = cx.gate.open(granted).items(numbers, &self.shape.needs.plan)?;
        let mut attachments: HashMap<ItemNo, Vec<AttachmentRow>> = HashMap::new();
        for one in load::attachments(cx, granted, &rows, &self.shape.needs)? {
            attachments.entry(one.item).or_default().push(one);
        }
        for row in rows {
            let attachments = attachments.remove(&row.item).unwrap_or_default();
            self.found.insert((granted.mailbox(), row.item), Found { row, attachments });
        }
        Ok(())
    }

    /// The item, or the occurrence that is meant as an item of its own.
    fn row(&mut self, cx: &mut Cx<'_>, item: &GrantedItem) -> Result<(ItemRow, Vec<AttachmentRow>)> {
        if item.part == Part::Whole {
            let Found { row, attachments } = self.found.remove(&key(item)).ok_or(Code::ErrorItemNotFound)?;
            return Ok((row, attachments));
        }
        // Others may be meant of the same series.
        if !self.found.contains_key(&key(item)) {
            self.read_some(cx, &item.granted, &[item.item])?;
        }
        let Found { row, attachments } = self.found.get(&key(item)).ok_or(Code::ErrorItemNotFound)?;
        let shown = match series::resolve(row, item.part)? {
            ItemOrOccurrence::Whole => row.clone(),
            ItemOrOccurrence::Occurrence(master, placed) => master.shown(row, placed),
        };
        Ok((shown, attachments.clone()))
    }

    fn view(&mut self, cx: &mut Cx<'_>, item: &GrantedItem) -> Result<ItemView> {
        let (mut row, attachments) = self.row(cx, item)?;
        // What may be done with it depends on its folder, not on the mailbox alone.
        let (granted, shape) = (item.granted, &mut self.shape);
        if shape.shows_mime() && !row.kind.row().has_mime && shape.insists_on_mime() {
            return Err(Code::ErrorUnsupportedMimeConversion.into());
        }
        let mime = if shape.shows_mime() && row.kind.row().has_mime && load::is_stale(&row) {
            Some(LoadedItem::read(cx, &granted, row.item)?.part(item.part)?.into_mime()?)
        } else {
            row.mime.take()
        };
        let told = meeting::seen_by_calendar(cx, &granted, &row, shape)?;
        let bodies = Bodies::default();
        // The message itself is moved to its place after that.
        let stand_in = mime.as_ref().map(|_| [].as_slice());
        let item = property::ShownItem {
            row: &row,
            owner: &granted,
            attachments: &attachments,
            mime: stand_in,
            bodies: &bodies,
            listed: false,
            told: &told,
            trouble: None,
        };
        let mut view = shape.view(&item)?;
        let place = view.props.iter_mut().find(|(id, _)| *id == PropId::ItemMimeContent);
        if let (Some((_, value)), Some(octets)) = (place, mime) {
            *value = Value::Mime(octets);
        }
        Ok(view)
    }
}

fn grouped(items: &[(usize, GrantedItem)]) -> Vec<(Granted, Vec<ItemNo>)> {
    load::by_mailbox(items.iter().map(|(_, item)| item))
}
