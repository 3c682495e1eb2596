//! The most memory that any process takes for one message, one request, one answer, whatever it is made of.

mod cases;
mod watch;
mod winmail;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use self::cases::{MESSAGES, REQUESTS};
use self::watch::{Peaks, Watch};
use crate::error::{During as _, Error, Result};
use crate::figures::Figures;
use crate::target::{Account, Server, Target};
use crate::{memory, soap};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Octets of a message; a server takes 52,428,800 by itself.
    #[arg(long, default_value_t = 52_000_000, value_parser = clap::value_parser!(u32).range(100_000..=1_000_000_000))]
    message: u32,
    /// Octets of a request.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(10_000..=50_000_000))]
    request: u32,
    /// Write the figures into this file, for `ewsload compare`.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

const MB: f64 = 1_000_000.0;
/// What may be taken at most, in octets: by any process of the server for a message and for a request.
const FOR_A_MESSAGE: f64 = 300.0 * MB;
const FOR_A_REQUEST: f64 = 150.0 * MB;
/// By a worker for an answer, as a multiple of `limits.answer_bytes`, and by a process of PostgreSQL's for a message, of its size.
const ANSWERS: f64 = 2.0;
const BACKENDS: f64 = 8.0;
/// `limits.answer_bytes` here.
const ANSWER: u32 = 64 << 20;
/// How often an item of how many octets is asked for: a multiple of the answer that there may be.
const OFTEN: usize = 80;
const LARGE: usize = 5_000_000;

pub fn run(options: &Options) -> Result {
    options.server.own_only("this is done")?;
    let settings = [
        ("limits.request_seconds", "600".to_owned()),
        ("limits.convert_seconds", "120".to_owned()),
        ("limits.answer_bytes", ANSWER.to_string()),
    ];
    let target = Target::find(&options.server, 2, &settings)?;
    println!("{}", memory::machine());
    println!("MB of a process's own at most, by what it is\n");
    println!("| | octets | master | request | converter | courier, herald, janitor | postgres | |");
    println!("|---|---|---|---|---|---|---|---|");
    let (watch, master) = (Watch::default(), target.master()?);
    let (mut figures, mut wrong) = (Figures::default(), Vec::new());
    let measured = std::thread::scope(|scope| {
        scope.spawn(|| watch.look(master));
        let measured = measure(options, &target, &watch);
        watch.end();
        measured
    })?;
    println!();
    let message = f64::from(options.message);
    for (what, seen, most) in [
        ("message", measured.message, FOR_A_MESSAGE),
        ("request", measured.request, FOR_A_REQUEST),
        ("answer", measured.answer, ANSWERS * f64::from(ANSWER)),
        ("backend", measured.backend, BACKENDS * message),
    ] {
        println!("{what}: {:.0} MB at most, of {:.0} that there may be", seen / MB, most / MB);
        figures.put(&format!("{what}_mb"), seen / MB);
        if seen > most {
            wrong.push(format!("{what}: {:.0} MB", seen / MB));
        }
    }
    if let Some(file) = &options.json {
        figures.write(file, "peaks", &json!({"message": options.message, "request": options.request}))?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::new(format!("more than there may be: {}", wrong.join(", ")))) }
}

/// The most octets of each kind.
#[derive(Debug, Default)]
struct Most {
    message: f64,
    request: f64,
    answer: f64,
    backend: f64,
}

fn measure(options: &Options, target: &Target, watch: &Watch) -> Result<Most> {
    let (octets, size) =
        (usize::try_from(options.message).during("octets")?, usize::try_from(options.request).during("octets")?);
    let [mails, asks] = [target.account(0)?, target.account(1)?];
    let mut most = Most::default();
    row("at rest", 0, &settle(watch), "");
    let shapes = MESSAGES.iter().map(|shape| (shape.0, shape.filled(octets)));
    let streams = winmail::STREAMS.iter().map(|(name, fill)| (*name, winmail::mail(octets, *fill)));
    for (name, mail) in shapes.chain(streams) {
        let said = target.mail()?.deliver_octets(&mails.address, &mail);
        let said = said.map_or_else(|error| error.to_string(), |()| String::new());
        let peaks = watch.take();
        row(&format!("mail: {name}"), mail.len(), &peaks, &said);
        most.message = most.message.max(own(&peaks));
        most.backend = most.backend.max(of(&peaks, "postgres"));
        drop(mail);
        if said.is_empty() {
            let said = read_newest(target, mails)?;
            let peaks = watch.take();
            row(&format!("read: {name}"), octets, &peaks, &said);
            most.message = most.message.max(own(&peaks));
            most.backend = most.backend.max(of(&peaks, "postgres"));
        }
    }
    let (item, bare) = large_item(target, asks)?;
    for shape in REQUESTS {
        // What is written to shall not be what the answers are made of.
        let operation = shape.operation(size, &bare);
        let said = ask(target, asks, &operation)?;
        let peaks = watch.take();
        row(&format!("request: {}", shape.0), operation.len(), &peaks, &said);
        most.request = most.request.max(own(&peaks));
    }
    let ids = format!("<t:ItemId Id=\"{item}\"/>").repeat(OFTEN);
    let bodies = format!(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>\
         <t:AdditionalProperties><t:FieldURI FieldURI=\"item:Body\"/></t:AdditionalProperties></m:ItemShape><m:ItemIds>{ids}\
         </m:ItemIds></m:GetItem>"
    );
    let folders = "<t:DistinguishedFolderId Id=\"drafts\"/>".repeat(100);
    let rows = format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>\
         <m:ParentFolderIds>{folders}</m:ParentFolderIds></m:FindItem>"
    );
    for (what, operation) in [("the same item again", bodies), ("the same folder again", rows)] {
        let said = ask(target, asks, &operation)?;
        let peaks = watch.take();
        row(&format!("answer: {what}"), operation.len(), &peaks, &said);
        most.answer = most.answer.max(own(&peaks));
    }
    Ok(most)
}

/// What is seen when nothing is to be done.
fn settle(watch: &Watch) -> Peaks {
    watch.take();
    std::thread::park_timeout(std::time::Duration::from_secs(1));
    watch.take()
}

/// The newest message with all that it is; what the server said, if not that.
fn read_newest(target: &Target, account: &Account) -> Result<String> {
    let mut client = target.connect()?;
    let found = client.call(&soap::request(&account.authorization, "", &soap::newest()))?;
    found.check()?;
    let id = soap::attribute(&found.text(), "ItemId", "Id").ok_or_else(|| Error::new("no message in the inbox"))?;
    ask(target, account, &soap::whole_item(&id))
}

/// A message for the answers, by its id, and one for requests, as an element.
fn large_item(target: &Target, account: &Account) -> Result<(String, String)> {
    let mut client = target.connect()?;
    let mut make = |octets: usize| -> Result<String> {
        let text = "the quick brown fox ".repeat(octets / 20);
        let operation = format!(
            "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items><t:Message><t:Subject>x</t:Subject>\
             <t:Body BodyType=\"Text\">{text}</t:Body></t:Message></m:Items></m:CreateItem>"
        );
        let made = client.call(&soap::request(&account.authorization, "", &operation))?;
        made.check()?;
        soap::attribute(&made.text(), "ItemId", "Id").ok_or_else(|| Error::new("CreateItem answers without an id"))
    };
    let (large, small) = (make(LARGE)?, make(100)?);
    Ok((large, format!("<t:ItemId Id=\"{small}\"/>")))
}

/// What the server says: a status, codes of errors.
fn ask(target: &Target, account: &Account, operation: &str) -> Result<String> {
    let mut client = target.connect()?;
    client.set_read_timeout(std::time::Duration::from_secs(600))?;
    let reply = client.call(&soap::request(&account.authorization, "", operation))?;
    let text = reply.text();
    let code = text.match_indices("ResponseCode>Error").next().map(|(at, _)| at + "ResponseCode>".len());
    let code = code.and_then(|at| text.get(at..)?.split('<').next()).unwrap_or_default();
    Ok(format!("{} octets, {} {code}", text.len(), reply.status))
}

fn of(peaks: &Peaks, kind: &str) -> f64 {
    peaks.get(kind).copied().unwrap_or_default() as f64
}

/// The most of any process but PostgreSQL's.
fn own(peaks: &Peaks) -> f64 {
    peaks.iter().filter(|(kind, _)| *kind != "postgres").map(|(_, octets)| *octets as f64).fold(0.0, f64::max)
}

fn row(what: &str, octets: usize, peaks: &Peaks, said: &str) {
    let [master, request, converter, postgres] =
        ["master", "request", "converter", "postgres"].map(|kind| of(peaks, kind) / MB);
    let roles = ["courier", "herald", "janitor"].map(|kind| of(peaks, kind) / MB).into_iter().fold(0.0, f64::max);
    let said: String = said.chars().take(80).collect();
    println!(
        "| {what} | {octets} | {master:.1} | {request:.1} | {converter:.1} | {roles:.1} | {postgres:.1} | {said} |"
    );
}
