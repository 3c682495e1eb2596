//! Dispatch: every request goes to its handler here, one line of `handlers!` each.
//!
//! A handler is `run(cx, request) -> Result<Vec<Outcome<…>>>` in `<group>/<verb>.rs`: one outcome for each thing asked for, in
//! request order. An error that leaves it ends the request: a fault as SOAP fault, a failure as the failure of every
//! response message.
//!
//! Operations of the WSDL that are not built are refused by the operations table (`proto/model/src/operation.rs`).
//!
//! The head of that table says where else an operation has a place.

pub mod attachment;
mod budget;
pub mod calendar;
mod cx;
pub mod directory;
pub mod event;
pub mod find;
pub mod folder;
pub mod item;
pub mod shape;
pub mod sync;
#[cfg(test)]
pub mod testing;

use ewsd_ews::fault::Fault;
use ewsd_ews::{Reply, Request};
use ewsd_ipc::RenderReason;
use ewsd_mailbox::error::{Error, Result};
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_model::operation::Op;

pub use cx::{Cx, Hold, Stream, Wait};
pub use event::stream::StreamProgress;

use crate::space;

/// Which of the two operations that put something elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveOrCopy {
    Move,
    Copy,
}

/// Answers a request, or ends it with a fault.
pub fn run(cx: &mut Cx<'_>, request: Request) -> Result<Reply, Fault> {
    let (op, messages) = (request.op(), request.messages());
    admit(cx, messages)?;
    if op.row().writes && space::is_short(cx.settings) {
        return Ok(Reply::refused(op, Code::ErrorInsufficientResources, messages));
    }
    cx.gate.share(!op.row().own_only);
    match dispatch(cx, request) {
        Ok(reply) => Ok(reply),
        Err(Error::Failure(failure)) => Ok(Reply::refused(op, failure, messages)),
        Err(Error::Fault(failure)) => Err(failure.into()),
    }
}

/// What no handler has to think of: headers that servers send each other, and how much at once.
fn admit(cx: &Cx<'_>, messages: usize) -> Result<(), Fault> {
    if cx.headers.delegated_access || cx.headers.management_role {
        return Err(Fault::new(Code::ErrorAccessDenied));
    }
    if messages as u64 > cx.settings.limits.items_per_request {
        let text = format!("At most {} objects in one request.", cx.settings.limits.items_per_request);
        return Err(Fault::with_text(Code::ErrorInvalidArgument, text));
    }
    Ok(())
}

/// What a held call is told when its mailbox moved, or its time is over.
#[derive(Debug)]
pub enum Resumed<R = Reply> {
    /// The answer that ends it.
    Answer(R),
    /// Nothing to tell: go on holding. `wait` and `own` mean nothing here.
    Still(Hold),
    /// Documents of a stream that goes on. What they tell is kept when they are on their way.
    More(R, Hold, StreamProgress),
    /// The last documents of a stream.
    End(R),
}

impl<V> Resumed<Vec<Outcome<V>>> {
    fn answered(self, reply: fn(Vec<Outcome<V>>) -> Reply) -> Resumed {
        match self {
            Resumed::Answer(outcomes) => Resumed::Answer(reply(outcomes)),
            Resumed::Still(hold) => Resumed::Still(hold),
            Resumed::More(outcomes, hold, telling) => Resumed::More(reply(outcomes), hold, telling),
            Resumed::End(outcomes) => Resumed::End(reply(outcomes)),
        }
    }
}

/// Looks again at a held call.
type Resume = fn(&mut Cx<'_>, &[u8], RenderReason) -> Result<Resumed>;

/// A line has the operation, the module whose `run` answers it, what that is given besides the request, and, where a call may
/// wait, what looks at a held one again.
macro_rules! handlers {
    ($( $op:ident => $($module:ident)::+ $(, with $more:expr)? $(, again $again:path)?; )+) => {
        fn dispatch(cx: &mut Cx<'_>, request: Request) -> Result<Reply> {
            Ok(match request {
                $( Request::$op(request) => Reply::$op($($module)::+::run(cx, request $(, $more)?)?), )+
                Request::Refused(refused) => Reply::refused(refused.op, refused.failure, refused.messages),
            })
        }

        /// How a held call of the operation is looked at again; every built operation that the operations table lets wait
        /// has one.
        fn resumer(op: Op) -> Option<Resume> {
            match op {
                $( $( Op::$op => Some(|cx, context, why| Ok($again(cx, context, why)?.answered(Reply::$op))), )? )+
                _ => None,
            }
        }
    };
}

handlers! {
    GetFolder => folder::get;
    FindFolder => find::folders;
    CreateFolder => folder::create;
    UpdateFolder => folder::update;
    DeleteFolder => folder::delete;
    MoveFolder => folder::relocate, with MoveOrCopy::Move;
    CopyFolder => folder::relocate, with MoveOrCopy::Copy;
    EmptyFolder => folder::empty;
    CreateItem => item::create;
    GetItem => item::get;
    FindItem => find::items;
    UpdateItem => item::update;
    DeleteItem => item::delete;
    MoveItem => item::relocate, with MoveOrCopy::Move;
    CopyItem => item::relocate, with MoveOrCopy::Copy;
    SendItem => item::send;
    MarkAllItemsAsRead => item::mark_all_read;
    CreateAttachment => attachment::create;
    GetAttachment => attachment::get;
    DeleteAttachment => attachment::delete;
    SyncFolderHierarchy => sync::hierarchy;
    SyncFolderItems => sync::items;
    Subscribe => event::subscribe;
    Unsubscribe => event::unsubscribe;
    GetEvents => event::get, again event::get::resume;
    GetStreamingEvents => event::stream, again event::stream::resume;
    ConvertId => directory::convert_id;
    ResolveNames => directory::resolve_names;
    ExpandDL => directory::expand_dl;
    GetServerTimeZones => directory::time_zones;
    GetUserAvailability => calendar::availability;
    GetReminders => calendar::reminders;
    PerformReminderAction => calendar::remind;
}

/// Looks again at a call that its handler left with [`Cx::hold`]. `context` is what the handler gave; `cx` is made anew for
/// the same caller and version.
pub fn resume(cx: &mut Cx<'_>, op: Op, context: &[u8], why: RenderReason) -> Result<Resumed, Fault> {
    let resumed = match resumer(op) {
        Some(again) => again(cx, context, why),
        None => Err(Error::internal("an operation was held that cannot be")),
    };
    match resumed {
        Ok(resumed) => Ok(resumed),
        Err(Error::Failure(failure)) => Ok(Resumed::Answer(Reply::refused(op, failure, 1))),
        Err(Error::Fault(failure)) => Err(failure.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ewsd_model::operation::OPERATIONS;

    #[test]
    fn what_may_wait_can_be_looked_at_again() {
        for row in OPERATIONS {
            assert_eq!(resumer(row.op).is_some(), row.may_hold && row.built, "{}", row.name);
        }
    }
}
