//! Calendars: a month of a full one beside a month of a small one, who is free of many people, and the making of a series.

use std::time::{Duration, Instant};

use clap::Args;

use crate::error::{Error, Result};
use crate::http::Client;
use crate::memory;
use crate::stats::{Times, ms};
use crate::target::{Account, Server, Target};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Items of the full calendar; a tenth of them are series.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    items: u32,
    /// People whose week is asked for.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    people: u32,
    /// Calls of each kind.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    calls: u32,
}

/// Items of the small calendar.
const FEW: u32 = 100;

/// Items of one request that fills a calendar.
const AT_ONCE: usize = 100;

/// The years over which the items of the full calendar lie.
const FIRST_YEAR: u32 = 2010;
const YEARS: u32 = 20;

/// The month that is looked at.
const MONTH: (&str, &str) = ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");

pub fn run(options: &Options) -> Result {
    let people = usize::try_from(options.people).unwrap_or(1);
    let target = Target::find(&options.server, people.max(3), &[])?;
    println!("{}\n", memory::machine());
    let (few, many, series) = (target.account(0)?, target.account(1)?, target.account(2)?);
    let mut client = target.connect()?;
    // Of the small one everything lies in the month that is looked at, so that both views tell about as much.
    fill(
        &mut client,
        few,
        (0..FEW).map(|n| if n % 10 == 0 { weekly(2026, n * 12 + 11) } else { single(2026, n * 12 + 11) }),
    )?;
    fill(&mut client, many, (0..options.items).map(of_many))?;
    for n in 3..people {
        fill(&mut client, target.account(n)?, (0..20).map(|n| if n < 2 { endless(n) } else { of_week(n) }))?;
    }
    println!("| call | entries | p50 ms | p99 ms |\n|---|---|---|---|");
    let month = view(MONTH);
    let calls = options.calls;
    let one = measure(&mut client, few, &format!("CalendarView of a month, {FEW} items"), &month, calls)?;
    let name = format!("CalendarView of a month, {} items, {} series", options.items, options.items / 10);
    let other = measure(&mut client, many, &name, &month, calls)?;
    let addresses: Vec<&str> = target.accounts.iter().take(people).map(|account| account.address.as_str()).collect();
    let name = format!("GetUserAvailability, a week of {people} people");
    measure(&mut client, few, &name, &availability(&addresses), calls.div_ceil(10))?;
    measure(&mut client, series, "CreateItem of a series", &create(&weekly(2026, 1)), calls)?;
    let each = |(p50, entries): (f64, usize)| p50 / entries.max(1) as f64;
    println!(
        "\nthe month of the full calendar takes {:.1} times that of the small one, each of its entries {:.1} times",
        other.0 / one.0.max(f64::EPSILON),
        each(other) / each(one).max(f64::EPSILON)
    );
    Ok(())
}

/// An item of the full calendar: one in ten a series, and of those one in a hundred without end since 2001.
fn of_many(n: u32) -> String {
    match (n % 10, n / 10 % 100) {
        (0, 0) => endless(n / 1000),
        (0, _) => weekly(FIRST_YEAR + n / 10 % YEARS, n / 200),
        _ => single(FIRST_YEAR + n % YEARS, n / YEARS),
    }
}

fn item(start: &str, end: &str, more: &str) -> String {
    format!(
        "<t:CalendarItem><t:Subject>Of the load generator</t:Subject><t:Body BodyType=\"Text\">Something that is said of it.</t:Body>{more}\
         <t:Start>{start}</t:Start><t:End>{end}</t:End><t:Location>Hall</t:Location>"
    )
}

/// A single item on some day of a year.
fn single(year: u32, n: u32) -> String {
    let (month, day, hour) = (n % 12 + 1, n / 12 % 28 + 1, 8 + n % 9);
    let at = |minute: &str| format!("{year}-{month:02}-{day:02}T{hour:02}:{minute}:00Z");
    item(&at("00"), &at("45"), "") + "</t:CalendarItem>"
}

/// One of the week that is asked for.
fn of_week(n: u32) -> String {
    let at = |minute: &str| format!("2026-12-{:02}T{:02}:{minute}:00Z", 7 + n % 5, 8 + n % 9);
    item(&at("00"), &at("45"), "") + "</t:CalendarItem>"
}

/// Ten weeks from some day of a year on.
fn weekly(year: u32, n: u32) -> String {
    let (month, day) = (n % 12 + 1, n / 12 % 28 + 1);
    let date = format!("{year}-{month:02}-{day:02}");
    item(&format!("{date}T10:00:00Z"), &format!("{date}T11:00:00Z"), "")
        + &format!(
            "<t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Thursday</t:DaysOfWeek></t:WeeklyRecurrence>\
             <t:NumberedRecurrence><t:StartDate>{date}</t:StartDate><t:NumberOfOccurrences>20</t:NumberOfOccurrences>\
             </t:NumberedRecurrence></t:Recurrence></t:CalendarItem>"
        )
}

/// Since 2001 and for ever: one in ten daily, the others once a week or once a year.
fn endless(n: u32) -> String {
    let pattern = match n % 10 {
        0 => "<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>",
        1..=4 => {
            "<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Friday</t:DaysOfWeek></t:WeeklyRecurrence>"
        }
        _ => {
            "<t:AbsoluteYearlyRecurrence><t:DayOfMonth>1</t:DayOfMonth><t:Month>January</t:Month></t:AbsoluteYearlyRecurrence>"
        }
    };
    item("2001-01-01T07:00:00Z", "2001-01-01T07:30:00Z", "")
        + &format!(
            "<t:Recurrence>{pattern}<t:NoEndRecurrence><t:StartDate>2001-01-01</t:StartDate></t:NoEndRecurrence></t:Recurrence>\
             </t:CalendarItem>"
        )
}

fn create(items: &str) -> String {
    format!(
        "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"calendar\"/>\
         </m:SavedItemFolderId><m:Items>{items}</m:Items></m:CreateItem>"
    )
}

fn fill(client: &mut Client, account: &Account, items: impl Iterator<Item = String>) -> Result {
    let items: Vec<String> = items.collect();
    for some in items.chunks(AT_ONCE) {
        client.call(&account.request("", &create(&some.concat())))?.check()?;
    }
    Ok(())
}

/// A look at the month.
pub fn month() -> String {
    view(MONTH)
}

/// Makes so many single items in that month, and the next.
pub fn fill_month(client: &mut Client, account: &Account, items: u32) -> Result {
    fill(client, account, (0..items).map(|n| single(2026, n * 12 + 11)))
}

fn view((start, end): (&str, &str)) -> String {
    format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>\
         <t:FieldURI FieldURI=\"item:Subject\"/><t:FieldURI FieldURI=\"calendar:Start\"/><t:FieldURI FieldURI=\"calendar:End\"/>\
         <t:FieldURI FieldURI=\"calendar:CalendarItemType\"/></t:AdditionalProperties></m:ItemShape>\
         <m:CalendarView StartDate=\"{start}\" EndDate=\"{end}\"/><m:ParentFolderIds><t:DistinguishedFolderId Id=\"calendar\"/>\
         </m:ParentFolderIds></m:FindItem>"
    )
}

fn availability(addresses: &[&str]) -> String {
    let time = |name: &str| {
        format!(
            "<t:{name}><t:Bias>0</t:Bias><t:Time>00:00:00</t:Time><t:DayOrder>0</t:DayOrder><t:Month>0</t:Month>\
             <t:DayOfWeek>Sunday</t:DayOfWeek></t:{name}>"
        )
    };
    let people: String = addresses
        .iter()
        .map(|address| {
            format!(
                "<t:MailboxData><t:Email><t:Address>{address}</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType>\
                 </t:MailboxData>"
            )
        })
        .collect();
    format!(
        "<m:GetUserAvailabilityRequest><t:TimeZone><t:Bias>0</t:Bias>{}{}</t:TimeZone><m:MailboxDataArray>{people}</m:MailboxDataArray>\
         <t:FreeBusyViewOptions><t:TimeWindow><t:StartTime>2026-12-07T00:00:00</t:StartTime><t:EndTime>2026-12-14T00:00:00</t:EndTime>\
         </t:TimeWindow><t:MergedFreeBusyIntervalInMinutes>30</t:MergedFreeBusyIntervalInMinutes>\
         <t:RequestedView>FreeBusyMerged</t:RequestedView></t:FreeBusyViewOptions></m:GetUserAvailabilityRequest>",
        time("StandardTime"),
        time("DaylightTime")
    )
}

/// Prints a row; the p50 in milliseconds, and how many entries each answer has.
fn measure(client: &mut Client, account: &Account, name: &str, operation: &str, calls: u32) -> Result<(f64, usize)> {
    let request = account.request("", operation);
    let reply = client.call(&request)?;
    reply.check()?;
    let text = reply.text();
    let entries = text.matches("<t:CalendarItem>").count() + text.matches("<t:CalendarEvent>").count();
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..calls {
        let begun = Instant::now();
        if client.call(&request)?.status != 200 {
            return Err(Error::new("an answer with an error during the measurement"));
        }
        times.push(begun.elapsed());
    }
    let times = Times::new(times);
    let (p50, p99) = (times.percentile(50.0), times.percentile(99.0));
    println!("| {name} | {entries} | {} | {} |", ms(p50), ms(p99));
    Ok((p50.as_secs_f64() * 1000.0, entries))
}
