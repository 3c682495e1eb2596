//! What is written of a value is read as the same value.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_model::PropId;
use ewsd_model::calendar::{Answer, Attendee, EnhancedLocation};
use ewsd_model::property::TABLE;
use ewsd_model::recurrence::{
    AbsoluteMonthly, AbsoluteYearly, DayOfWeek, Days, End, Every, Index, Month, Pattern, Range, Recurrence,
    RelativeMonthly, RelativeYearly, Unit, Weekly,
};
use ewsd_model::rights::Rights;
use ewsd_model::timezone::{self, Definition};
use ewsd_model::value::{
    Body, BodyType, Flag, FlagStatus, Mailbox, Member, Permission, PermissionUser, PostalAddress, WireId,
};

use jiff::civil::date;

use super::*;
use crate::cursor::TYPES;
use crate::soap::Form;

/// A value for each type that clients may give. None: they may not.
fn sample(ty: Type) -> Option<Value> {
    let text = |text: &str| text.to_owned();
    let mailbox = |name: &str| Mailbox {
        name: Some(text(name)),
        address: Some(format!("{name}@example.test")),
        routing: Some(text("SMTP")),
        kind: Some(text("OneOff")),
        item: None,
    };
    let id = WireId { id: text("AAE="), change_key: Some(text("CQ==")) };
    Some(match ty {
        Type::Text => Value::Text(text(" <a> & b ")),
        Type::Enum(words) => Value::Text(text(words[words.len() - 1])),
        Type::Texts => Value::Texts(vec![text("a"), text("b")]),
        Type::Bytes => Value::Bytes(vec![0, 255]),
        Type::Mime => Value::Mime(b"Subject: a\r\n\r\n".to_vec()),
        Type::Bool => Value::Bool(true),
        Type::Int => Value::Int(-7),
        Type::Long => Value::Long(1 << 40),
        Type::Double => Value::Double(0.25),
        Type::Time => Value::Time("2026-01-02T03:04:05Z".parse().unwrap()),
        Type::SingleRecipient => Value::Mailbox(mailbox("anna")),
        Type::Recipients => Value::Mailboxes(vec![mailbox("anna"), Mailbox { name: None, ..mailbox("ben") }]),
        Type::Body => Value::Body(Body { body_type: BodyType::Html, text: text("<p>"), truncated: None }),
        Type::Flag => {
            let complete = Some("2026-01-02T00:00:00Z".parse().unwrap());
            Value::Flag(Flag { status: FlagStatus::Complete, complete, ..Flag::default() })
        }
        Type::ItemId => Value::ItemId(id),
        Type::FolderId => Value::FolderId(WireId { change_key: None, ..id }),
        Type::Headers => Value::Headers(vec![(text("X-A"), text("b"))]),
        Type::Entries(keys) => Value::Entries(vec![(text(keys[0]), text("1"))]),
        Type::Addresses(keys) => Value::Addresses(vec![(text(keys[0]), mailbox("anna"))]),
        Type::PostalAddresses(keys) => {
            let home = PostalAddress { city: Some(text("Brno & co")), ..PostalAddress::default() };
            Value::PostalAddresses(vec![(text(keys[0]), home)])
        }
        // Its key is the server's alone, its item is whom it stands for.
        Type::Members => {
            let mailbox = Mailbox { item: Some(Box::new(id)), ..mailbox("anna") };
            Value::Members(vec![Member { key: String::new(), mailbox, status: Some(text("Normal")) }])
        }
        Type::Permissions => {
            let user = PermissionUser::Address { name: text("Anna"), address: text("anna@example.test") };
            Value::Permissions(vec![Permission { user, rights: Rights::EDITOR, calendar: false }])
        }
        Type::Attendees => Value::Attendees(vec![Attendee {
            mailbox: mailbox("anna"),
            response: Some(Answer::Tentative),
            last_response: Some("2026-01-02T00:00:00Z".parse().unwrap()),
            proposed_start: None,
            proposed_end: Some("2026-01-02T01:00:00Z".parse().unwrap()),
        }]),
        Type::EnhancedLocation => Value::EnhancedLocation(EnhancedLocation {
            display_name: text("Room 1 & 2"),
            annotation: None,
            address: Some(vec![(text("City"), text("Brno")), (text("Latitude"), text("49.25"))]),
        }),
        Type::Recurrence | Type::TaskRecurrence => {
            let yearly = RelativeYearly { day: DayOfWeek::Weekday, index: Index::Last, month: Month::May };
            let range = Range { start: date(2026, 5, 29), end: End::After(3) };
            Value::Recurrence(Recurrence { pattern: Pattern::RelativeYearly(yearly), range })
        }
        // It has a name and no id.
        Type::MeetingTimeZone => Value::TimeZone(Box::new(Definition { id: None, ..Definition::named("UTC", "UTC") })),
        Type::TimeZone => Value::TimeZone(Box::new(Definition::named("UTC", "(UTC) Coordinated Universal Time"))),
        _ => return None,
    })
}

fn written(row: &Prop, value: &Value) -> String {
    let mut out = Vec::new();
    write(&mut Writer::new(&mut out, Form::default()), row, value, None);
    String::from_utf8(out).unwrap()
}

/// The value that the element is read as, if it is taken.
fn read_again(row: &Prop, element: &str) -> Option<Value> {
    let document = format!("<t:Item xmlns:t=\"{TYPES}\">{element}</t:Item>");
    let mut c = Cursor::new(&document);
    c.child().unwrap().unwrap();
    let element = c.child().unwrap().unwrap();
    let value = read(&mut c, &element, row).unwrap_or_else(|fault| panic!("{}: {}", row.element, fault.text));
    assert_eq!(value.is_none(), c.has_failed(), "{}", row.element);
    value
}

#[test]
fn what_is_written_is_read_again() {
    for row in TABLE.iter().filter(|row| !row.element.is_empty()) {
        let Some(value) = sample(row.ty) else { continue };
        let element = written(row, &value);
        assert_eq!(read_again(row, &element), Some(value), "{element}");
    }
}

#[test]
fn members_stand_in_any_order_and_some_are_ignored() {
    let row = PropId::MessageFrom.row();
    let element =
        "<t:From><t:Mailbox><t:EmailAddress> a@b </t:EmailAddress><t:ItemId Id=\"x\"/><t:Name/></t:Mailbox></t:From>";
    let mailbox = Mailbox { address: Some("a@b".to_owned()), ..Mailbox::default() };
    assert_eq!(read_again(row, element), Some(Value::Mailbox(mailbox)));
}

#[test]
fn a_value_of_another_type_is_not_written() {
    assert_eq!(written(PropId::ItemSubject.row(), &Value::Bool(true)), "");
    assert_eq!(written(PropId::ItemSize.row(), &Value::Text("7".to_owned())), "");
    assert_eq!(written(PropId::ItemSize.row(), &Value::Long(7)), "<t:Size>7</t:Size>");
}

#[test]
fn what_the_server_says_alone_is_refused() {
    let row = PropId::ItemEffectiveRights.row();
    let element = written(row, &Value::Rights(ewsd_model::value::EffectiveRights::OWNER));
    assert!(element.starts_with("<t:EffectiveRights><t:CreateAssociated>true</t:CreateAssociated>"), "{element}");
    assert_eq!(read_again(row, &element), None);
}

fn recurrence_element(recurrence: &Recurrence) -> String {
    let mut out = Vec::new();
    crate::record::Write::write(recurrence, &mut Writer::new(&mut out, Form::default()), "Recurrence");
    String::from_utf8(out).unwrap()
}

/// Every pattern with every range, of an item and of a task.
#[test]
fn recurrences() {
    let (day, interval) = (DayOfWeek::Friday, 2);
    let patterns = [
        Pattern::Daily(Every { interval }),
        Pattern::Weekly(Weekly { interval, days: Days::of(&[day, DayOfWeek::Monday]), first: DayOfWeek::Monday }),
        Pattern::AbsoluteMonthly(AbsoluteMonthly { interval, day: 31 }),
        Pattern::RelativeMonthly(RelativeMonthly { interval, day: DayOfWeek::WeekendDay, index: Index::Last }),
        Pattern::AbsoluteYearly(AbsoluteYearly { day: 29, month: Month::February }),
        Pattern::RelativeYearly(RelativeYearly { day, index: Index::First, month: Month::May }),
        Pattern::Regeneration(Unit::Weeks, Every { interval }),
    ];
    for pattern in patterns {
        for end in [End::Never, End::On(date(2027, 1, 1)), End::After(7)] {
            let recurrence = Recurrence { pattern, range: Range { start: date(2026, 2, 28), end } };
            let element = recurrence_element(&recurrence);
            let read = |read: Reader<Recurrence>| {
                let document = format!("<t:Item xmlns:t=\"{TYPES}\">{element}</t:Item>");
                let mut c = Cursor::new(&document);
                c.child().unwrap().unwrap();
                let element = c.child().unwrap().unwrap();
                read(&mut c, &element, PropId::ItemSubject.row()).ok().flatten()
            };
            assert_eq!(read(recurrence::read_of_task), Some(recurrence.clone()), "{element}");
            let of_item = Some(recurrence).filter(|recurrence| !recurrence.pattern.is_regeneration());
            assert_eq!(read(recurrence::read), of_item, "{element}");
        }
    }
    let weekly = Weekly { interval: 1, days: Days::of(&[day, DayOfWeek::Monday]), first: DayOfWeek::Sunday };
    let range = Range { start: date(2026, 1, 5), end: End::On(date(2026, 12, 31)) };
    let weekly = Recurrence { pattern: Pattern::Weekly(weekly), range };
    assert_eq!(
        recurrence_element(&weekly),
        "<t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Friday</t:DaysOfWeek>\
         <t:FirstDayOfWeek>Sunday</t:FirstDayOfWeek></t:WeeklyRecurrence><t:EndDateRecurrence>\
         <t:StartDate>2026-01-05</t:StartDate><t:EndDate>2026-12-31</t:EndDate></t:EndDateRecurrence></t:Recurrence>"
    );
}

/// What several clients write of the same: nothing of FirstDayOfWeek, dates with offsets, members in another order.
#[test]
fn recurrences_as_clients_write_them() {
    let element = "<t:Recurrence><t:WeeklyRecurrence><t:DaysOfWeek>Tuesday\n Weekday</t:DaysOfWeek><t:Interval> 2 \
        </t:Interval></t:WeeklyRecurrence><t:NumberedRecurrence><t:StartDate>2014-03-08-08:00</t:StartDate>\
        <t:NumberOfOccurrences>10</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>";
    let document = format!("<t:Item xmlns:t=\"{TYPES}\">{element}</t:Item>");
    let mut c = Cursor::new(&document);
    c.child().unwrap().unwrap();
    let element = c.child().unwrap().unwrap();
    let read = recurrence::read(&mut c, &element, PropId::ItemSubject.row()).unwrap().unwrap();
    let days = Days::of(&[DayOfWeek::Tuesday, DayOfWeek::Weekday]);
    let weekly = Pattern::Weekly(Weekly { interval: 2, days, first: DayOfWeek::Sunday });
    assert_eq!(read, Recurrence { pattern: weekly, range: Range { start: date(2014, 3, 8), end: End::After(10) } });
}

/// The definitions of all zones, with all their rules.
#[test]
fn time_zones() {
    for zone in timezone::ZONES {
        let definition = Definition::of(zone.id, zone.name, &zone.history(2000..=2031));
        let mut out = Vec::new();
        crate::record::Write::write(&definition, &mut Writer::new(&mut out, Form::default()), "StartTimeZone");
        let element = String::from_utf8(out).unwrap();
        let document = format!("<t:Item xmlns:t=\"{TYPES}\">{element}</t:Item>");
        let mut c = Cursor::new(&document);
        c.child().unwrap().unwrap();
        let child = c.child().unwrap().unwrap();
        let read = <Definition as cursor::Read>::read(&mut c, &child).unwrap_or_else(|fault| panic!("{}", fault.text));
        assert_eq!(read, definition, "{element}");
    }
}
