//! One SOAP request to its answer: read the envelope, run the operation, write the envelope (SOAP 1.1 section 6.2: a fault
//! has status 500).

use std::io;
use std::rc::Rc;

use ewsd_ews::{Fault, Form, Reply, parse_envelope};
use ewsd_mailbox::log::note;
use ewsd_mailbox::session::{Session, ZoneContext};
use ewsd_model::Version;
use ewsd_model::code::Code;
use ewsd_model::operation::Op;
use ewsd_store::Account;

use super::pieces::{self, Written};
use super::preferences::AFFINITY_COOKIE;
use super::response::{Response, XML};
use super::route::Request;
use crate::auth::impersonate::act_as;
use crate::op;
use crate::op::{Cx, Hold};

/// What becomes of a request.
pub enum Answer {
    Now(Response),
    /// Nothing to tell yet: keep the client.
    Later(Box<HeldCall>),
}

/// A call that waits.
pub struct HeldCall {
    /// What the client gets at the deadline.
    pub response: Response,
    pub hold: Hold,
    /// The account's number.
    pub caller: i64,
    pub op: Op,
    pub version: Version,
    pub form: Form,
}

/// What happened, for the counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub operations: u32,
    pub faults: u32,
    pub errors: u32,
    pub not_built: u32,
    /// What was asked for, once it is known.
    pub op: Option<Op>,
    /// Of the fault, or of the first failure.
    pub code: Option<Code>,
}

/// Answers a request from `caller`, whose body is a SOAP document.
pub fn answer(caller: Rc<Account>, request: Request<'_>) -> Answer {
    let Request { body, conn, preferences, store, settings, counts, .. } = request;
    counts.operations += 1;
    let envelope = match parse_envelope(body) {
        Ok(envelope) => envelope,
        Err(fault) => return Answer::Now(fault_response(&fault, counts)),
    };
    let headers = envelope.headers;
    let (version, form) = (headers.effective_version(), headers.form);
    let op = envelope.request.op();
    counts.op = Some(op);
    let wait = preferences.wait(settings);
    let caller = match &headers.impersonation {
        None => caller,
        Some(who) => match act_as(&caller, who, store) {
            Ok(account) => account,
            Err(fault) => return Answer::Now(fault_response(&fault, counts)),
        },
    };
    let account = caller.account;
    let mut session = Session::new(store, settings, caller, headers.culture.as_deref());
    if let Some(zone) = &headers.time_zone {
        session.zone = ZoneContext { zone: zone.clone() };
    }
    let mut cx = Cx { conn, wait, ..Cx::new(session, version, &headers) };
    counts.not_built += u32::from(!op.row().built);
    let reply = match op::run(&mut cx, envelope.request) {
        Ok(reply) => reply,
        Err(fault) => return Answer::Now(fault_response(&fault, counts)),
    };
    let hold = cx.hold.take();
    // Clients look into streams as they come.
    let plain = op == Op::GetStreamingEvents;
    let gzip_bytes = if preferences.gzip && !plain { settings.http.gzip_bytes } else { 0 };
    let response = counted(&reply, counts, pieces::write(&reply, form, gzip_bytes));
    let mut response = Response { plain, ..response };
    if wait.asked && op.row().may_hold && !plain {
        response = response.with("Preference-Applied", format!("wait={}", wait.most.as_secs()));
    }
    if preferences.affinity && op == Op::Subscribe {
        // Every worker serves every subscription; the cookie only tells the client that it was understood.
        response = response.with("Set-Cookie", format!("{AFFINITY_COOKIE}=ewsd; path=/; HttpOnly"));
    }
    match hold {
        Some(hold) => Answer::Later(Box::new(HeldCall { response, hold, caller: account, op, version, form })),
        None => Answer::Now(response),
    }
}

/// The short answer of an operation.
pub fn reply_response(reply: &Reply, form: Form, counts: &mut Counts) -> Response {
    counted(reply, counts, Ok(Written::Whole(reply.to_bytes(form))))
}

/// The documents of a stream that an operation answers with.
pub fn documents(reply: &Reply, form: Form, counts: &mut Counts) -> Vec<Vec<u8>> {
    count_failures(reply, counts);
    reply.documents(form)
}

fn count_failures(reply: &Reply, counts: &mut Counts) {
    let failures = reply.failures();
    counts.errors += u32::try_from(failures.len()).unwrap_or(u32::MAX);
    counts.code = counts.code.or(failures.first().map(|failure| failure.code));
    for failure in failures.iter().take(10) {
        note!(Debug, "{}: {}", failure.code, failure.text);
    }
}

fn counted(reply: &Reply, counts: &mut Counts, written: io::Result<Written>) -> Response {
    count_failures(reply, counts);
    match written {
        Ok(Written::Whole(body)) => Response::new(200, XML, body),
        Ok(Written::Large(large)) => Response { large: Some(large), ..Response::new(200, XML, Vec::new()) },
        Err(error) => {
            note!(Error, "an answer cannot be written: {error}");
            fault_response(&Fault::busy(1000), counts)
        }
    }
}

/// A SOAP fault with its status.
pub fn fault_response(fault: &Fault, counts: &mut Counts) -> Response {
    counts.faults += 1;
    counts.code = Some(fault.code);
    note!(Info, "fault {}: {}", fault.code, fault.text);
    Response::new(500, XML, fault.to_bytes())
}

/// What people see who open the address in a browser.
pub fn page() -> Response {
    let html = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Exchange Web Services</title></head><body>\n\
                <h1>Exchange Web Services</h1>\n<p>This address is for mail programs. Enter it there as the server's EWS URL.</p>\n\
                </body></html>\n";
    Response::new(200, super::response::HTML, html.as_bytes().to_vec())
}
