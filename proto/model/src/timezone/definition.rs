//! Zones as clients define them and as GetServerTimeZones tells them (MS-OXWSGTZ TimeZoneDefinitionType), word for word; and
//! what that means as a history of rules.

use super::rules::{Change, DayRule, Daylight, History, Rules};
use crate::Code;
use crate::recurrence::DayOfWeek;
use jiff::SignedDuration;
use jiff::civil::DateTime;

/// Groups of one definition; there is one for each change of a zone's rules.
pub const MOST_GROUPS: usize = 100;

/// Without children it is a name only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    pub id: Option<String>,
    pub name: Option<String>,
    pub periods: Vec<Period>,
    pub groups: Vec<Group>,
    pub transitions: Vec<Transition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Minutes to add to local time to get UTC.
    pub bias: i32,
    pub name: String,
    pub id: String,
}

/// The changes of a year. One group is in force at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: String,
    pub transitions: Vec<Transition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    pub to: Target,
    pub when: TransitionTime,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub kind: TargetKind,
    pub id: String,
}

/// TransitionTargetKindType.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    Period,
    Group,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransitionTime {
    /// From the beginning of time.
    Always,
    /// AbsoluteDateTransition: digits as written, whatever the offset.
    From(DateTime),
    Yearly(Yearly),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yearly {
    /// Minutes since the midnight of the clock before.
    pub minutes: i32,
    /// 1 to 12.
    pub month: i32,
    pub day: YearlyDay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YearlyDay {
    /// RecurringDayTransition: 1 to 4, or -1 to -4 from the end; some write 5 for the last.
    Nth(DayOfWeek, i32),
    /// RecurringDateTransition.
    Day(i32),
}

impl Definition {
    /// A zone by its name only, as it stands in items.
    pub fn named(id: &str, name: &str) -> Definition {
        Definition { id: Some(id.to_owned()), name: Some(name.to_owned()), ..Definition::default() }
    }

    /// Whether it says no rules.
    pub fn is_name(&self) -> bool {
        self.periods.is_empty() && self.groups.is_empty() && self.transitions.is_empty()
    }

    /// What it says. ErrorCalendarInvalidTimeZone if that is nothing, ErrorCalendarInvalidDayForTimeChangePattern for a set of
    /// days as the day of a change.
    pub fn history(&self) -> Result<History, Code> {
        const WRONG: Code = Code::ErrorCalendarInvalidTimeZone;
        if self.groups.len() > MOST_GROUPS || self.transitions.len() > MOST_GROUPS {
            return Err(WRONG);
        }
        if self.transitions.is_empty() {
            return match self.periods.as_slice() {
                [period] if self.groups.is_empty() => Ok(History::always(Rules::fixed(bias(period)?))),
                _ => Err(WRONG),
            };
        }
        let rules = self.transitions.iter().enumerate().map(|(at, transition)| {
            let year = match transition.when {
                TransitionTime::Always if at == 0 => 1,
                TransitionTime::From(from) => year_of(from),
                _ => return Err(WRONG),
            };
            let rules = match transition.to.kind {
                TargetKind::Period => Rules::fixed(self.bias(&transition.to.id)?),
                TargetKind::Group => {
                    let group = self.groups.iter().find(|group| group.id == transition.to.id).ok_or(WRONG)?;
                    self.rules(group)?.simple()
                }
            };
            Ok((year, rules))
        });
        History::new(rules.collect::<Result<_, Code>>()?).ok_or(WRONG)
    }

    fn rules(&self, group: &Group) -> Result<Rules, Code> {
        const WRONG: Code = Code::ErrorCalendarInvalidTimeZone;
        match group.transitions.as_slice() {
            [Transition { to, when: TransitionTime::Always }] if to.kind == TargetKind::Period => {
                Ok(Rules::fixed(self.bias(&to.id)?))
            }
            [
                Transition { to: first, when: TransitionTime::Yearly(one) },
                Transition { to: second, when: TransitionTime::Yearly(other) },
            ] => {
                let first = (self.bias(&first.id)?, one.change()?);
                let second = (self.bias(&second.id)?, other.change()?);
                // The time that is ahead is the daylight time, whatever it is called.
                let (daylight, standard) = if first.0 <= second.0 { (first, second) } else { (second, first) };
                let daylight = Daylight { bias: daylight.0, begins: daylight.1, ends: standard.1 };
                Ok(Rules { standard: standard.0, daylight: Some(daylight) })
            }
            _ => Err(WRONG),
        }
    }

    fn bias(&self, id: &str) -> Result<i32, Code> {
        let period = self.periods.iter().find(|period| period.id == id);
        period.ok_or(Code::ErrorCalendarInvalidTimeZone).and_then(bias)
    }

    /// The definition that says this. Periods are called `Standard` and `Daylight`, ids of groups sort as texts in the order of
    /// time, the first transition has no date and all others have: clients insist on each of these.
    pub fn of(id: &str, name: &str, history: &History) -> Definition {
        let mut definition = Definition::named(id, name);
        let digits = history.rules().len().saturating_sub(1).to_string().len();
        for (at, (year, rules)) in history.rules().iter().enumerate() {
            let group = format!("{at:0digits$}");
            let period =
                |kind: &str| format!("trule:Microsoft/Registry/{id}/{}-{kind}", if at == 0 { 1 } else { *year });
            let to = |kind, id: String| Target { kind, id };
            let mut add = |name: &str, bias: i32| {
                definition.periods.push(Period { bias, name: name.to_owned(), id: period(name) });
            };
            add("Standard", rules.standard);
            let transitions = match &rules.daylight {
                None => {
                    vec![Transition { to: to(TargetKind::Period, period("Standard")), when: TransitionTime::Always }]
                }
                Some(daylight) => {
                    add("Daylight", daylight.bias);
                    let yearly = |name: &str, change: &Change| Transition {
                        to: to(TargetKind::Period, period(name)),
                        when: TransitionTime::Yearly(Yearly::of(change)),
                    };
                    vec![yearly("Daylight", &daylight.begins), yearly("Standard", &daylight.ends)]
                }
            };
            let when = match at {
                0 => TransitionTime::Always,
                _ => TransitionTime::From(super::begin_of(*year)),
            };
            definition.transitions.push(Transition { to: to(TargetKind::Group, group.clone()), when });
            definition.groups.push(Group { id: group, transitions });
        }
        definition
    }
}

impl Yearly {
    fn change(&self) -> Result<Change, Code> {
        const WRONG: Code = Code::ErrorCalendarInvalidTimeZone;
        let month = i8::try_from(self.month).ok().filter(|month| (1..=12).contains(month)).ok_or(WRONG)?;
        let on = match self.day {
            YearlyDay::Nth(day, _) if !day.is_single() => {
                return Err(Code::ErrorCalendarInvalidDayForTimeChangePattern);
            }
            YearlyDay::Nth(day, 5) => DayRule::Nth(day, -1),
            YearlyDay::Nth(day, nth @ (1..=4 | -4..=-1)) => DayRule::Nth(day, nth as i8),
            YearlyDay::Day(day @ 1..=31) => DayRule::Day(day as i8),
            _ => return Err(WRONG),
        };
        match self.minutes {
            0..=1440 => Ok(Change { month, on, minutes: self.minutes }),
            _ => Err(WRONG),
        }
    }

    fn of(change: &Change) -> Yearly {
        let day = match change.on {
            DayRule::Nth(day, nth) => YearlyDay::Nth(day, i32::from(nth)),
            DayRule::Day(day) => YearlyDay::Day(i32::from(day)),
        };
        Yearly { minutes: change.minutes, month: i32::from(change.month), day }
    }
}

/// No clock is further from UTC than a day.
fn bias(period: &Period) -> Result<i32, Code> {
    super::rules::sane(period.bias).ok_or(Code::ErrorCalendarInvalidTimeZone)
}

/// The year whose beginning is meant: some write its local midnight, some that in UTC.
fn year_of(from: DateTime) -> i16 {
    from.checked_add(SignedDuration::from_hours(14)).map_or(from.year(), DateTime::year)
}
