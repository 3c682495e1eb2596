//! GetUserAvailability (MS-OXWAVLS 3.1.4.1): how busy people are in a window, as far as they let the caller know, and when all
//! of them could meet (`suggestions.rs`).
//!
//! What is wrong with the request as a whole is a fault; what is wrong with one mailbox stands in its place. Each mailbox is read
//! once, in one query, and nothing is kept of it but what is told.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::rc::Rc;

use ewsd_ews::availability::{FreeBusyViewOptions, MailboxData, Window};
use ewsd_ews::reply::{Availability, CalendarEvent, EventDetails, FreeBusyView};
use ewsd_ews::request::GetUserAvailability;
use ewsd_ews::word::FreeBusyViewType;
use ewsd_mailbox::calendar::free_busy::{self, BusyTime};
use ewsd_mailbox::error::{Error, Result};
use ewsd_mailbox::gate::{Calendar, CalendarGroup, FreeBusyAccess};
use ewsd_model::availability::{Block, BusyType, Digits, Slots};
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::MailboxNo;
use ewsd_model::timezone::{ItemZone, SerializableZone};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::suggestions::{self, Suggest};
use crate::op::Cx;
use crate::op::budget::{self, Budget};

/// Mailboxes of one request.
const MAILBOXES: usize = 100;

/// Members of a group that is asked about.
const MEMBERS: usize = 100;

/// Members of all groups of one request together.
const ALL_MEMBERS: usize = 1000;

/// Minutes of an interval where nothing is said, and what can be said.
const INTERVAL: i32 = 30;
const INTERVALS: std::ops::RangeInclusive<i32> = 5..=1440;

/// Octets of an event in an answer, and of its details beside their texts.
const EVENT: usize = 220;
const DETAILS: usize = 620;

pub fn run(cx: &mut Cx<'_>, request: GetUserAvailability) -> Result<Vec<Outcome<Availability>>> {
    let asked = AvailabilityQuery::new(cx, &request)?;
    let people = people(cx, &request.mailboxes)?;
    let mut reader = Reader { asked: &asked, budget: Budget::new(cx.settings), read: HashMap::new() };
    let mut views = Vec::with_capacity(people.len());
    let mut participants = Vec::new();
    for (who, data) in people.iter().zip(&request.mailboxes) {
        if asked.view.is_some() {
            views.push(reader.view(cx, who)?);
        }
        if asked.suggest.is_some() {
            participants.push(suggestions::participant(data, who, |calendar| reader.blocks(cx, calendar))?);
        }
    }
    let suggestions = asked.suggest.as_ref().map(|suggest| suggest.answer(&participants));
    let views = asked.view.is_some().then_some(views);
    Ok(vec![Outcome::Success(Availability { zone: asked.zone, views, suggestions })])
}

/// What ends the request.
fn fault(code: Code) -> Error {
    Error::Fault(Failure::new(code))
}

/// What the request asks of each mailbox.
struct AvailabilityQuery {
    zone: TimeZone,
    view: Option<View>,
    suggest: Option<Suggest>,
    digits: Digits,
    /// Events that are told of one mailbox.
    most: usize,
    now: Timestamp,
}

struct View {
    from: Timestamp,
    to: Timestamp,
    interval: i32,
    kind: FreeBusyViewType,
}

impl AvailabilityQuery {
    fn new(cx: &Cx<'_>, request: &GetUserAvailability) -> Result<AvailabilityQuery> {
        match request.mailboxes.len() {
            0 => return Err(fault(Code::ErrorMailboxDataArrayEmpty)),
            1..=MAILBOXES => {}
            _ => return Err(fault(Code::ErrorMailboxDataArrayTooBig)),
        }
        if request.view.is_none() && request.suggestions.is_none() {
            return Err(fault(Code::ErrorInvalidFreeBusyViewType));
        }
        let zone = zone(cx, request.zone.as_ref())?.time_zone();
        let view = request.view.as_ref().map(|view| View::new(cx, view, &zone)).transpose()?;
        let suggest = request.suggestions.as_ref().map(|options| {
            let window = window(cx, &options.window, &zone)?;
            Ok::<_, Error>(Suggest::new(options, window, &zone))
        });
        let most = usize::try_from(cx.settings.calendar.availability_events).unwrap_or(usize::MAX);
        let digits = Digits::of(cx.version);
        Ok(AvailabilityQuery { view, suggest: suggest.transpose()?, digits, most, now: cx.now, zone })
    }

    /// The times that are looked at: one, unless the two windows lie apart.
    fn spans(&self) -> Vec<(Timestamp, Timestamp)> {
        let view = self.view.as_ref().map(|view| (view.from, view.to));
        let suggest = self.suggest.as_ref().map(Suggest::span);
        match (view, suggest) {
            (Some(one), Some(other)) if one.0 <= other.1 && other.0 <= one.1 => {
                vec![(one.0.min(other.0), one.1.max(other.1))]
            }
            _ => view.into_iter().chain(suggest).collect(),
        }
    }
}

impl View {
    fn new(cx: &Cx<'_>, options: &FreeBusyViewOptions, zone: &TimeZone) -> Result<View> {
        let (from, to) = window(cx, &options.window, zone)?;
        let interval = options.interval.unwrap_or(INTERVAL);
        if !INTERVALS.contains(&interval) {
            return Err(fault(Code::ErrorInvalidMergedFreeBusyInterval));
        }
        let kind = options.view.unwrap_or(FreeBusyViewType::FreeBusy);
        if kind == FreeBusyViewType::None {
            return Err(fault(Code::ErrorInvalidFreeBusyViewType));
        }
        Ok(View { from, to, interval, kind })
    }

    /// What is told of a calendar to whoever may know so much of it.
    fn kind(&self, told: FreeBusyAccess) -> FreeBusyViewType {
        match self.kind {
            FreeBusyViewType::Detailed if told < FreeBusyAccess::Details => FreeBusyViewType::FreeBusy,
            FreeBusyViewType::DetailedMerged if told < FreeBusyAccess::Details => FreeBusyViewType::FreeBusyMerged,
            kind => kind,
        }
    }
}

fn has_events(kind: FreeBusyViewType) -> bool {
    !matches!(kind, FreeBusyViewType::None | FreeBusyViewType::MergedOnly)
}

fn has_details(kind: FreeBusyViewType) -> bool {
    matches!(kind, FreeBusyViewType::Detailed | FreeBusyViewType::DetailedMerged)
}

fn has_digits(kind: FreeBusyViewType) -> bool {
    use FreeBusyViewType::{DetailedMerged, FreeBusyMerged, MergedOnly};
    matches!(kind, MergedOnly | FreeBusyMerged | DetailedMerged)
}

/// The zone of times that name none: that of the request, else that of its header.
fn zone(cx: &Cx<'_>, said: Option<&SerializableZone>) -> Result<ItemZone> {
    let year = cx.now.to_zoned(TimeZone::UTC).year();
    match (said, &cx.headers.time_zone) {
        (Some(zone), _) => zone.zone(year, None).map_err(fault),
        (None, Some(zone)) => Ok(zone.clone()),
        (None, None) => Err(fault(Code::ErrorTimeZone)),
    }
}

fn window(cx: &Cx<'_>, window: &Window, zone: &TimeZone) -> Result<(Timestamp, Timestamp)> {
    let (from, to) = (window.start.within(zone), window.end.within(zone));
    if to <= from {
        return Err(fault(Code::ErrorInvalidTimeInterval));
    }
    let days = i64::try_from(cx.settings.calendar.availability_days).unwrap_or(i64::MAX / 24);
    // Days of a zone may be an hour longer.
    if to.duration_since(from) > SignedDuration::from_hours(days.saturating_mul(24).saturating_add(2)) {
        return Err(fault(Code::ErrorTimeIntervalTooBig));
    }
    Ok((from, to))
}

/// Who is meant by an address.
pub(super) enum Addressee {
    One(Calendar),
    Group(Vec<Calendar>),
    TooBigGroup,
    Nobody,
}

/// Whom the request names, in its order.
fn people(cx: &mut Cx<'_>, mailboxes: &[MailboxData]) -> Result<Vec<Addressee>> {
    let zone = cx.default_zone();
    let addresses: Vec<&str> = mailboxes.iter().map(|data| data.email.address.trim()).collect();
    let known: HashMap<String, Calendar> = cx.gate.calendars(&addresses, &zone)?.into_iter().collect();
    let mut left = ALL_MEMBERS;
    let mut people = Vec::with_capacity(addresses.len());
    for address in addresses {
        let is_smtp = !address.is_empty();
        people.push(match known.get(&address.to_lowercase()) {
            Some(calendar) => Addressee::One(calendar.clone()),
            None if !is_smtp => Addressee::Nobody,
            None => match cx.gate.group_calendars(address, MEMBERS.min(left), &zone)? {
                Some(CalendarGroup::Members(members)) => {
                    left -= members.len().min(left);
                    Addressee::Group(members)
                }
                Some(CalendarGroup::TooBig) => Addressee::TooBigGroup,
                None => Addressee::Nobody,
            },
        });
    }
    Ok(people)
}

/// What was found out about a mailbox.
#[derive(Default)]
struct MailboxTimes {
    slots: Option<Slots>,
    events: Vec<CalendarEvent>,
    /// Of texts in the events.
    octets: usize,
    too_many: bool,
    /// When its owner is not free, for suggestions. None: too often to be looked through.
    blocks: Option<Vec<Block>>,
}

type Reading = std::result::Result<Rc<MailboxTimes>, Failure>;

struct Reader<'a> {
    asked: &'a AvailabilityQuery,
    budget: Budget,
    /// By mailbox and by what is told of its events.
    read: HashMap<(MailboxNo, FreeBusyViewType), Reading>,
}

impl Reader<'_> {
    /// The response message of one mailbox.
    fn view(&mut self, cx: &mut Cx<'_>, who: &Addressee) -> Result<Outcome<FreeBusyView>> {
        let asked = self.asked;
        let Some(view) = &asked.view else { return Err(Error::internal("no view was asked for")) };
        let refused = |code: Code| Ok(Outcome::Error(Failure::new(code)));
        match who {
            Addressee::Nobody => refused(Code::ErrorMailRecipientNotFound),
            Addressee::TooBigGroup => refused(Code::ErrorFreeBusyDLLimitReached),
            Addressee::One(calendar) if calendar.told == FreeBusyAccess::Nothing => {
                refused(Code::ErrorNoFreeBusyAccess)
            }
            Addressee::One(calendar) => {
                let kind = view.kind(calendar.told);
                Ok(match self.known(cx, calendar, kind)? {
                    Ok(known) => self.view_of(&known, kind, calendar).into(),
                    Err(failure) => Outcome::Error(failure),
                })
            }
            Addressee::Group(members) => {
                let mut all: Option<Slots> = None;
                for member in members.iter().filter(|member| member.told > FreeBusyAccess::Nothing) {
                    let Ok(known) = self.known(cx, member, FreeBusyViewType::MergedOnly)? else { continue };
                    match (&mut all, &known.slots) {
                        (Some(all), Some(slots)) => all.merge(slots),
                        (all, slots) => all.clone_from(slots),
                    }
                }
                let all = all.unwrap_or_else(|| Slots::unknown(view.from, view.to, view.interval));
                let merged = Some(all.text(self.asked.digits));
                let kind = FreeBusyViewType::MergedOnly;
                Ok(Outcome::Success(FreeBusyView { kind, merged, events: Vec::new(), hours: None }))
            }
        }
    }

    fn view_of(
        &mut self,
        known: &MailboxTimes,
        kind: FreeBusyViewType,
        calendar: &Calendar,
    ) -> std::result::Result<FreeBusyView, Failure> {
        if known.too_many {
            return Err(Failure::new(Code::ErrorResultSetTooBig));
        }
        let each = if has_details(kind) { EVENT + DETAILS } else { EVENT };
        let digits = known.slots.as_ref().filter(|_| has_digits(kind)).map(|slots| slots.text(self.asked.digits));
        let octets = known.events.len() * each + known.octets + digits.as_ref().map_or(0, String::len);
        self.budget.take(u64::try_from(octets).unwrap_or(u64::MAX)).map_err(|_| budget::exceeded())?;
        let year = self.asked.now.to_zoned(TimeZone::UTC).year();
        let hours = (SerializableZone::of(&calendar.hours.zone, year), calendar.hours.periods.clone());
        Ok(FreeBusyView { kind, merged: digits, events: known.events.clone(), hours: Some(hours) })
    }

    /// When somebody is not free, in the time that suggestions are made for. None: that is not known.
    fn blocks(&mut self, cx: &mut Cx<'_>, calendar: &Calendar) -> Result<Option<Vec<Block>>> {
        if calendar.told == FreeBusyAccess::Nothing {
            return Ok(None);
        }
        let kind = self.asked.view.as_ref().map_or(FreeBusyViewType::MergedOnly, |view| view.kind(calendar.told));
        Ok(self.known(cx, calendar, kind)?.ok().and_then(|known| known.blocks.clone()))
    }

    /// What there is to know, read once.
    fn known(&mut self, cx: &mut Cx<'_>, calendar: &Calendar, kind: FreeBusyViewType) -> Result<Reading> {
        let key = (calendar.mailbox(), kind);
        if let Some(read) = self.read.get(&key) {
            return Ok(read.clone());
        }
        let read = match self.read(cx, calendar, kind) {
            Ok(known) => Ok(Rc::new(known)),
            Err(Error::Failure(failure)) => Err(failure),
            Err(fault) => return Err(fault),
        };
        self.read.insert(key, read.clone());
        Ok(read)
    }

    fn read(&self, cx: &mut Cx<'_>, calendar: &Calendar, kind: FreeBusyViewType) -> Result<MailboxTimes> {
        let asked = self.asked;
        let slots = asked.view.as_ref().map(|view| Slots::new(view.from, view.to, view.interval));
        let blocks = asked.suggest.is_some().then(Vec::new);
        let mut known = MailboxTimes { slots, blocks, ..MailboxTimes::default() };
        for (from, to) in asked.spans() {
            let within = |(first, last): (Timestamp, Timestamp)| from <= first && last <= to;
            let view = asked.view.as_ref().filter(|view| within((view.from, view.to)));
            let suggest = asked.suggest.as_ref().filter(|suggest| within(suggest.span()));
            free_busy::visit(&mut cx.session.gate, calendar, from, to, &mut |taken| {
                if view.is_some_and(|view| taken.block.start < view.to && taken.block.end > view.from) {
                    known.tell(&taken, kind, calendar, asked.most);
                }
                if let Some(suggest) = suggest {
                    known.hinder(&taken, suggest, asked.most);
                }
                ControlFlow::Continue(())
            })?;
        }
        known.events.sort_by_key(|event| (event.start, event.end));
        Ok(known)
    }
}

impl MailboxTimes {
    /// Takes an event of the view's window.
    fn tell(&mut self, taken: &BusyTime<'_>, kind: FreeBusyViewType, calendar: &Calendar, most: usize) {
        if let Some(slots) = &mut self.slots {
            slots.add(&taken.block);
        }
        if !has_events(kind) || self.too_many {
            return;
        }
        if self.events.len() >= most {
            self.too_many = true;
            self.events = Vec::new();
            return;
        }
        let details = has_details(kind).then(|| details(taken, calendar));
        let texts = details.iter().flat_map(|told| [&told.id, &told.subject, &told.location]);
        self.octets += texts.flatten().map(String::len).sum::<usize>();
        let Block { start, end, busy } = taken.block;
        self.events.push(CalendarEvent { start, end, busy, details });
    }

    /// Takes what may be in the way of a meeting.
    fn hinder(&mut self, taken: &BusyTime<'_>, suggest: &Suggest, most: usize) {
        let (from, to) = suggest.span();
        let Block { start, end, busy } = taken.block;
        if busy == BusyType::Free || start >= to || end <= from || suggest.is_itself(taken.uid()) {
            return;
        }
        if self.blocks.as_ref().is_some_and(|blocks| blocks.len() >= most) {
            self.blocks = None;
        }
        if let Some(blocks) = &mut self.blocks {
            blocks.push(taken.block);
        }
    }
}

/// Of what is private whoever may not see it is told that it is.
fn details(taken: &BusyTime<'_>, calendar: &Calendar) -> EventDetails {
    if taken.is_private() && calendar.told < FreeBusyAccess::Everything {
        return EventDetails { is_private: true, ..EventDetails::default() };
    }
    let id: String = calendar.entry_id(taken.item()).iter().map(|octet| format!("{octet:02X}")).collect();
    EventDetails {
        id: Some(id),
        subject: taken.subject(),
        location: taken.location().map(str::to_owned),
        is_meeting: taken.is_meeting(),
        is_recurring: taken.is_recurring(),
        is_exception: taken.is_exception(),
        is_reminder_set: taken.is_reminder_set(),
        is_private: taken.is_private(),
    }
}
