//! Answers as typed values, and their writers; which operation has which is the list in `operations.rs`.
//!
//! The frame (response element, response messages, class, code, text) is here; what an operation puts into a response
//! message is in the file of its group. Names of elements come from the operations table where it has them.

mod attachment;
mod availability;
mod directory;
mod event;
mod folder;
mod item;
mod reminder;
mod sync;
mod timezone;

pub use attachment::AttachmentView;
pub use availability::{Availability, CalendarEvent, EventDetails, FreeBusyView};
pub use directory::{Expansion, Resolution, Resolutions};
pub(crate) use event::write_notification;
pub use event::{Event, Notification, Object, StreamDocument, Subscribed};
pub use folder::{Found, Next};
pub use item::Updated;
pub use reminder::Reminder;
pub use sync::{Change, SyncPage};
pub use timezone::TimeZones;

use std::rc::Rc;

use ewsd_model::code::Code;
use ewsd_model::failure::{Detail, Failure, Outcome};
use ewsd_model::operation::{Op, Shape};
use ewsd_model::value::WireId;

use crate::operations::operations;
use crate::path;
use crate::request::AlternateId;
use crate::soap::{self, Form};
use crate::view::{FolderView, ItemView};
use crate::writer::{M, Ns, T, Writer};

/// The answer, which is that of one operation.
macro_rules! replies {
    ($( $($op:ident)|+ $module:ident::$record:ident, $messages:expr => $ty:ty, $write:path; )+) => {
        /// An answer: one [`Outcome`] for each response message, in request order. What may be asked for more than once in a
        /// request is shared.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Reply {
            $( $( $op(Vec<Outcome<$ty>>), )+ )+
            /// Every response message is the same failure, in the operation's own shape.
            Refused { op: Op, failure: Failure, messages: usize },
        }

        impl Reply {
            pub fn op(&self) -> Op {
                match self {
                    $( $( Reply::$op(_) => Op::$op, )+ )+
                    Reply::Refused { op, .. } => *op,
                }
            }

            /// Every failure in it, for the log.
            pub fn failures(&self) -> Vec<&Failure> {
                if let Reply::GetStreamingEvents(outcomes) = self {
                    return outcomes.iter().filter_map(event::failure).collect();
                }
                if let Reply::GetUserAvailability(outcomes) = self {
                    return outcomes.iter().flat_map(availability::failures).collect();
                }
                match self {
                    $( $( Reply::$op(outcomes) => outcomes.iter().filter_map(Outcome::failure).collect(), )+ )+
                    Reply::Refused { failure, .. } => vec![failure],
                }
            }

            fn write_body(&self, w: &mut Writer<'_>) {
                match self {
                    $( $( Reply::$op(outcomes) => messages(w, Op::$op, outcomes, $write), )+ )+
                    Reply::Refused { op, failure, messages } => refused(w, *op, failure, *messages),
                }
            }
        }
    };
}

operations!(replies);

impl Reply {
    /// The same failure for every response message of a request.
    pub fn refused(op: Op, failure: impl Into<Failure>, messages: usize) -> Reply {
        Reply::Refused { op, failure: failure.into(), messages }
    }

    /// Appends the whole SOAP document; of a stream, its documents one behind the other.
    pub fn write(&self, out: &mut Vec<u8>, form: Form) {
        match self {
            Reply::GetStreamingEvents(outcomes) => outcomes.iter().for_each(|one| event::write(one, out, form)),
            Reply::Refused { op: Op::GetStreamingEvents, failure, .. } => {
                event::write(&Outcome::Error(failure.clone()), out, form);
            }
            _ => soap::envelope(out, form, |w| self.write_body(w)),
        }
    }

    /// The same in pieces of some hundred kilobytes: `taker` takes each out of the buffer as it is written. The last one, of a
    /// short answer the only one, is returned.
    pub fn write_in_pieces(&self, form: Form, taker: &mut dyn FnMut(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::with_capacity(4096);
        if self.op() == Op::GetStreamingEvents {
            self.write(&mut out, form);
            return out;
        }
        soap::enclose(Writer::in_pieces(&mut out, form, taker), |w| self.write_body(w));
        out
    }

    /// Of a stream, each document by itself.
    pub fn documents(&self, form: Form) -> Vec<Vec<u8>> {
        match self {
            Reply::GetStreamingEvents(outcomes) => outcomes
                .iter()
                .map(|one| {
                    let mut out = Vec::with_capacity(1024);
                    event::write(one, &mut out, form);
                    out
                })
                .collect(),
            other => vec![other.to_bytes(form)],
        }
    }

    pub fn to_bytes(&self, form: Form) -> Vec<u8> {
        let mut out = Vec::with_capacity(4096);
        self.write(&mut out, form);
        out
    }
}

/// What stands behind code and text in a response message: the operation's own elements. None in a failed one.
type Inner<V> = fn(&mut Writer<'_>, Op, Option<&V>);

fn messages<V>(w: &mut Writer<'_>, op: Op, outcomes: &[Outcome<V>], inner: Inner<V>) {
    let row = op.row();
    match (row.shape, outcomes) {
        (Shape::Messages | Shape::Empty, _) => {
            w.open(M, row.response);
            w.open(M, "ResponseMessages");
            for outcome in outcomes {
                message(w, op, row.message, outcome, inner);
            }
            w.close(M, "ResponseMessages");
            w.close(M, row.response);
        }
        (_, [Outcome::Error(failure), ..]) => refused(w, op, failure, 1),
        (Shape::Whole, [outcome, ..]) => message(w, op, row.response, outcome, inner),
        (Shape::Inner, [outcome, ..]) => {
            w.open(M, row.response);
            bare_message(w, "ResponseMessage", outcome);
            inner(w, op, outcome.value());
            w.close(M, row.response);
        }
        // Its response messages stand in what it holds.
        (Shape::Availability, [outcome, ..]) => {
            w.open(M, row.response);
            inner(w, op, outcome.value());
            w.close(M, row.response);
        }
        (_, []) => refused(w, op, &Failure::new(Code::ErrorInternalServerError), 1),
    }
}

/// A response message under this name.
fn message<V>(w: &mut Writer<'_>, op: Op, name: &str, outcome: &Outcome<V>, inner: Inner<V>) {
    match outcome {
        Outcome::Success(value) => {
            w.raw("<m:");
            w.raw(name);
            w.raw(" ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>");
            inner(w, op, Some(value));
        }
        Outcome::Warning(failure, value) => {
            head(w, name, "Warning", failure);
            inner(w, op, value.as_ref());
        }
        Outcome::Error(failure) => {
            head(w, name, "Error", failure);
            inner(w, op, None);
        }
    }
    w.close(M, name);
}

/// A response message that holds nothing of its own.
fn bare_message<V>(w: &mut Writer<'_>, name: &str, outcome: &Outcome<V>) {
    match outcome {
        Outcome::Success(_) => {
            w.tag(M, name);
            w.plain_attribute("ResponseClass", "Success");
            w.end_tag();
            w.text_element(M, "ResponseCode", Code::NoError.name());
        }
        Outcome::Warning(failure, _) => head(w, name, "Warning", failure),
        Outcome::Error(failure) => head(w, name, "Error", failure),
    }
    w.close(M, name);
}

/// An array with its members, empty as well.
fn list<V>(w: &mut Writer<'_>, ns: Ns, name: &str, members: &[V], mut write: impl FnMut(&mut Writer<'_>, &V)) {
    w.open(ns, name);
    members.iter().for_each(|member| write(w, member));
    w.close(ns, name);
}

/// Opens a response message that is no success.
pub(crate) fn head(w: &mut Writer<'_>, element: &str, class: &str, failure: &Failure) {
    w.tag(M, element);
    w.plain_attribute("ResponseClass", class);
    w.end_tag();
    head_members(w, failure);
}

fn head_members(w: &mut Writer<'_>, failure: &Failure) {
    w.some_text(M, "MessageText", Some(&failure.text));
    w.text_element(M, "ResponseCode", failure.code.name());
    w.raw("<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>");
    if !failure.details.is_empty() {
        w.open(M, "MessageXml");
        details(w, &failure.details);
        w.close(M, "MessageXml");
    }
}

/// The members of MessageXml.
pub(crate) fn details(w: &mut Writer<'_>, details: &[Detail]) {
    for detail in details {
        match detail {
            Detail::Path(path) => path::write(w, path),
            Detail::Value(name, value) => {
                w.tag(T, "Value");
                w.attribute("Name", name);
                w.end_tag();
                w.text(value);
                w.close(T, "Value");
            }
        }
    }
}

/// Elements that the schema demands even of a failed response message.
fn rest(w: &mut Writer<'_>, op: Op) {
    for (name, text) in op.row().rest {
        if text.is_empty() { w.empty(M, name) } else { w.text_element(M, name, text) }
    }
}

/// Operations that answer with nothing but success.
fn nothing(_: &mut Writer<'_>, _: Op, _: Option<&()>) {}

fn refused(w: &mut Writer<'_>, op: Op, failure: &Failure, count: usize) {
    let row = op.row();
    let message = |w: &mut Writer<'_>, element: &str| {
        head(w, element, "Error", failure);
        rest(w, op);
        w.close(M, element);
    };
    if row.shape == Shape::Whole {
        return message(w, row.response);
    }
    w.open(M, row.response);
    match row.shape {
        Shape::Messages => {
            w.open(M, "ResponseMessages");
            for _ in 0..count.max(1) {
                message(w, row.message);
            }
            w.close(M, "ResponseMessages");
        }
        Shape::Inner => message(w, "ResponseMessage"),
        Shape::Availability => {
            w.open(M, "FreeBusyResponseArray");
            for _ in 0..count.max(1) {
                w.open(M, "FreeBusyResponse");
                message(w, "ResponseMessage");
                w.close(M, "FreeBusyResponse");
            }
            w.close(M, "FreeBusyResponseArray");
        }
        // The schema forgot its response message; clients look for one by this name.
        Shape::Empty | Shape::Whole => {
            w.open(M, "ResponseMessages");
            message(w, &format!("{}Message", row.response));
            w.close(M, "ResponseMessages");
        }
    }
    w.close(M, row.response);
}
