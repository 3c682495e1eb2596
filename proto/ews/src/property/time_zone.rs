//! Time zones word for word (MS-OXWSGTZ TimeZoneDefinitionType): in headers, in items, in the answer of GetServerTimeZones. What a
//! definition means is the model's to say.

use ewsd_model::recurrence::DayOfWeek;
use ewsd_model::timezone::{
    Definition, Group, Period, Target, TargetKind, Transition, TransitionTime, Yearly, YearlyDay,
};
use jiff::civil::DateTime;

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::limits;
use crate::record::{Write, attribute, number_element, record, value};
use crate::scalar::{FromText, Minutes, Reading, minutes_text};
use crate::writer::{T, Writer};

record! {
    impl Definition {
        attributes {
            "Id" id: optional String => attribute;
            "Name" name: optional String => attribute;
        }
        elements {
            "Periods" periods: default Vec<Period>, members("Period") => periods_element;
            "TransitionsGroups" groups: default Vec<Group>, members("TransitionsGroup") => groups_element;
            "Transitions" transitions: default Vec<Transition>, all_transitions => transitions_element;
        }
    }
}

/// A period with its bias as it is written.
struct PeriodElement {
    bias: Minutes,
    name: String,
    id: String,
}

record! {
    impl PeriodElement {
        attributes {
            "Bias" bias: required Minutes => bias_attribute;
            "Name" name: default String => attribute;
            "Id" id: required String => attribute;
        }
        elements {}
    }
}

impl Read for Period {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Period, Fault> {
        let PeriodElement { bias: Minutes(bias), name, id } = PeriodElement::read(c, element)?;
        Ok(Period { bias, name, id })
    }
}

impl Write for Period {
    fn write(&self, w: &mut Writer<'_>, element: &str) {
        let Period { bias, name, id } = self.clone();
        PeriodElement { bias: Minutes(bias), name, id }.write(w, element);
    }
}

/// What any of the transitions holds.
struct TransitionElement {
    to: Target,
    from: Option<DateTime>,
    offset: Option<i32>,
    month: Option<i32>,
    weekday: Option<DayOfWeek>,
    occurrence: Option<i32>,
    day: Option<i32>,
}

record! {
    impl TransitionElement {
        attributes {}
        elements {
            "To" to: required Target, Target::read => target_element;
            "DateTime" from: optional DateTime, value => date_time_element;
            "TimeOffset" offset: optional i32, minutes => time_of_day_element;
            "Month" month: optional i32, value => number_element;
            "DayOfWeek" weekday: optional DayOfWeek, value => weekday_element;
            "Occurrence" occurrence: optional i32, value => number_element;
            "Day" day: optional i32, value => number_element;
        }
    }
}

impl Read for Target {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Target, Fault> {
        let kind = c.attribute(element, "Kind")?;
        Ok(Target { kind, id: c.text()?.into_owned() })
    }
}

impl Read for Group {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Group, Fault> {
        let id = c.attribute(element, "Id")?;
        Ok(Group { id, transitions: all_transitions(c, element)? })
    }
}

impl FromText for TargetKind {
    const WHAT: &'static str = "Period or Group";

    fn from_text(text: &str, _: &Reading) -> Option<TargetKind> {
        match text {
            "Period" => Some(TargetKind::Period),
            "Group" => Some(TargetKind::Group),
            _ => None,
        }
    }
}

/// The members of an array, each under that name, which a limit keeps small.
fn members<V: Read>(name: &'static str) -> impl Fn(&mut Cursor<'_>, &Element<'_>) -> Result<Vec<V>, Fault> {
    move |c, _| {
        let mut members = Vec::new();
        while let Some(child) = c.child()? {
            if child.name() != name {
                return Err(c.unexpected(&child));
            }
            bounded(c, &child, members.len())?;
            members.push(V::read(c, &child)?);
        }
        Ok(members)
    }
}

fn bounded(c: &Cursor<'_>, element: &Element<'_>, count: usize) -> Result<(), Fault> {
    if count < limits::TIME_ZONE_MEMBERS {
        Ok(())
    } else {
        let text = format!("A time zone has more than {} of '{}'.", limits::TIME_ZONE_MEMBERS, element.local_name());
        Err(c.violation(element.at, text))
    }
}

fn all_transitions(c: &mut Cursor<'_>, _: &Element<'_>) -> Result<Vec<Transition>, Fault> {
    let mut transitions = Vec::new();
    while let Some(child) = c.child()? {
        bounded(c, &child, transitions.len())?;
        transitions.push(transition(c, &child)?);
    }
    Ok(transitions)
}

fn transition(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Transition, Fault> {
    let said = TransitionElement::read(c, element)?;
    let yearly = |day| match (said.offset, said.month) {
        (Some(minutes), Some(month)) => Ok(TransitionTime::Yearly(Yearly { minutes, month, day })),
        (None, _) => Err("TimeOffset"),
        _ => Err("Month"),
    };
    let when = match (element.name(), said.weekday, said.occurrence, said.day) {
        ("Transition", ..) => Ok(TransitionTime::Always),
        ("AbsoluteDateTransition", ..) => said.from.map(TransitionTime::From).ok_or("DateTime"),
        ("RecurringDayTransition", Some(day), Some(nth), _) => yearly(YearlyDay::Nth(day, nth)),
        ("RecurringDayTransition", None, ..) => Err("DayOfWeek"),
        ("RecurringDayTransition", ..) => Err("Occurrence"),
        ("RecurringDateTransition", _, _, Some(day)) => yearly(YearlyDay::Day(day)),
        ("RecurringDateTransition", ..) => Err("Day"),
        _ => return Err(c.unexpected(element)),
    };
    match when {
        Ok(when) => Ok(Transition { to: said.to, when }),
        Err(lacks) => Err(c.missing(element, lacks)),
    }
}

fn minutes(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<i32, Fault> {
    c.value(element).map(|Minutes(minutes)| minutes)
}

// ---- writers

impl Write for Transition {
    fn write(&self, w: &mut Writer<'_>, _: &str) {
        let to = self.to.clone();
        let mut said =
            TransitionElement { to, from: None, offset: None, month: None, weekday: None, occurrence: None, day: None };
        let name = match self.when {
            TransitionTime::Always => "Transition",
            TransitionTime::From(from) => {
                said.from = Some(from);
                "AbsoluteDateTransition"
            }
            TransitionTime::Yearly(Yearly { minutes, month, day }) => {
                (said.offset, said.month) = (Some(minutes), Some(month));
                match day {
                    YearlyDay::Nth(day, nth) => {
                        (said.weekday, said.occurrence) = (Some(day), Some(nth));
                        "RecurringDayTransition"
                    }
                    YearlyDay::Day(day) => {
                        said.day = Some(day);
                        "RecurringDateTransition"
                    }
                }
            }
        };
        said.write(w, name);
    }
}

fn bias_attribute(w: &mut Writer<'_>, name: &str, Minutes(minutes): &Minutes) {
    w.plain_attribute(name, &minutes_text(*minutes));
}

fn periods_element(w: &mut Writer<'_>, name: &str, periods: &[Period]) {
    super::list(w, name, periods, |w, period| period.write(w, "Period"));
}

fn groups_element(w: &mut Writer<'_>, name: &str, groups: &[Group]) {
    super::list(w, name, groups, |w, group| {
        w.tag(T, "TransitionsGroup");
        w.attribute("Id", &group.id);
        w.end_tag();
        group.transitions.iter().for_each(|transition| transition.write(w, ""));
        w.close(T, "TransitionsGroup");
    });
}

fn transitions_element(w: &mut Writer<'_>, name: &str, transitions: &[Transition]) {
    super::list(w, name, transitions, |w, transition| transition.write(w, ""));
}

fn target_element(w: &mut Writer<'_>, name: &str, to: &Target) {
    w.tag(T, name);
    w.plain_attribute("Kind", if to.kind == TargetKind::Period { "Period" } else { "Group" });
    w.end_tag();
    w.text(&to.id);
    w.close(T, name);
}

fn date_time_element(w: &mut Writer<'_>, name: &str, time: &DateTime) {
    w.text_element(T, name, &time.to_string());
}

fn weekday_element(w: &mut Writer<'_>, name: &str, day: &DayOfWeek) {
    w.text_element(T, name, day.word());
}

/// The end of a day is its last moment: programs make a time of day of it.
fn time_of_day_element(w: &mut Writer<'_>, name: &str, minutes: &i32) {
    match minutes {
        1440 => w.text_element(T, name, "PT23H59M59.999S"),
        _ => w.text_element(T, name, &minutes_text(*minutes)),
    }
}
