//! Answers as typed values, and their writers; which operation has which is the list in `operations.rs`.
//!
//! The frame (response element, response messages, class, code, text) is here; what an operation puts into a response
//! message is in the file of its group. Names of elements come from the operations table where it has them.

mod attachment;
mod directory;
mod event;
mod folder;
mod item;
mod sync;
mod timezone;

pub use attachment::AttachmentView;
pub use directory::{Expansion, Resolution, Resolutions};
pub use event::{Event, Notification, Object, StreamDocument, Subscribed};
pub use folder::{Found, Next};
pub use item::Updated;
pub use sync::{Change, SyncPage};
pub use timezone::TimeZones;

use std::rc::Rc;

use ewsd_model::failure::{Detail, Failure, Outcome};
use ewsd_model::operation::{Op, Shape};
use ewsd_model::value::WireId;

use crate::operations::operations;
use crate::path;
use crate::request::AlternateId;
use crate::soap::{self, Form};
use crate::view::{FolderView, ItemView};
use crate::writer::{M, T, Writer};

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

    /// Appends the whole SOAP document.
    pub fn write(&self, out: &mut Vec<u8>, form: Form) {
        soap::envelope(out, form, |w| self.write_body(w));
    }

    /// The same in pieces of some hundred kilobytes: `taker` takes each out of the buffer as it is written. The last one, of a
    /// short answer the only one, is returned.
    pub fn write_in_pieces(&self, form: Form, taker: &mut dyn FnMut(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::with_capacity(4096);
        soap::enclose(Writer::in_pieces(&mut out, form, taker), |w| self.write_body(w));
        out
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
    w.open(M, row.response);
    w.open(M, "ResponseMessages");
    for outcome in outcomes {
        match outcome {
            Outcome::Success(value) => {
                w.raw("<m:");
                w.raw(row.message);
                w.raw(" ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>");
                inner(w, op, Some(value));
            }
            Outcome::Warning(failure, value) => {
                head(w, row.message, "Warning", failure);
                inner(w, op, value.as_ref());
            }
            Outcome::Error(failure) => {
                head(w, row.message, "Error", failure);
                inner(w, op, None);
            }
        }
        w.close(M, row.message);
    }
    w.close(M, "ResponseMessages");
    w.close(M, row.response);
}

/// Opens a response message that is no success.
fn head(w: &mut Writer<'_>, element: &str, class: &str, failure: &Failure) {
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
        match text.is_empty() {
            true => w.empty(M, name),
            false => w.text_element(M, name, text),
        }
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
