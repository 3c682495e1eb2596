//! Dispatch: every request goes to its handler here, one line each.
//!
//! A handler is `run(cx, request) -> Result<Vec<Outcome<…>>>` in `<group>/<verb>.rs`: one outcome for each thing asked for, in
//! request order. An error that leaves it ends the request: a fault as SOAP fault, a failure as the failure of every
//! response message.
//!
//! Operations of the WSDL that are not built are refused by the operations table (`proto/model/src/operation.rs`).
//!
//! A new operation, of the places that the table's head lists, has here: its handler's file and its `mod` line in the group,
//! its arm in [`dispatch`], its name in [`OWN_ONLY`] if it must not work in another's mailbox, and its line in [`resumer`] if
//! a call of it may wait.

pub mod attachment;
mod cx;
pub mod directory;
pub mod event;
pub mod find;
pub mod folder;
pub mod item;
pub mod shape;
pub mod sync;

use ewsd_ews::fault::Fault;
use ewsd_ews::{Reply, Request};
use ewsd_ipc::Why;
use ewsd_mailbox::error::{Error, Result};
use ewsd_model::code::Code;
use ewsd_model::operation::Op;

pub use cx::{Cx, Hold, Wait};

use crate::op::event::get::Looked;
use crate::op::folder::relocate::How;
use crate::op::item::relocate::How as ItemHow;

/// Answers a request, or ends it with a fault.
pub fn run(cx: &mut Cx<'_>, request: Request) -> Result<Reply, Fault> {
    let (op, messages) = (request.op(), request.messages());
    admit(cx, messages)?;
    cx.gate.share(!OWN_ONLY.contains(&op));
    match dispatch(cx, request) {
        Ok(reply) => Ok(reply),
        Err(Error::Failure(failure)) => Ok(Reply::refused(op, failure, messages)),
        Err(Error::Fault(failure)) => Err(failure.into()),
    }
}

/// Operations that refuse what lies in another's mailbox, whatever rights its owner gave.
const OWN_ONLY: &[Op] = &[
    // Mail leaves from its sender's mailbox, in the sender's name: sending for others is a right of its own, not built.
    Op::SendItem,
    // A subscription would go on telling of a folder when the rights on it are gone.
    Op::Subscribe,
];

/// What no handler has to think of: on whose behalf, and how much at once.
fn admit(cx: &Cx<'_>, messages: usize) -> Result<(), Fault> {
    if cx.headers.impersonation.is_some() {
        return Err(Fault::new(Code::ErrorImpersonateUserDenied));
    }
    if cx.headers.delegated_access || cx.headers.management_role {
        return Err(Fault::new(Code::ErrorAccessDenied));
    }
    if messages as u64 > cx.settings.limits.items_per_request {
        let text = format!("At most {} objects in one request.", cx.settings.limits.items_per_request);
        return Err(Fault::with_text(Code::ErrorInvalidArgument, text));
    }
    Ok(())
}

fn dispatch(cx: &mut Cx<'_>, request: Request) -> Result<Reply> {
    Ok(match request {
        Request::GetFolder(request) => Reply::GetFolder(folder::get::run(cx, request)?),
        Request::FindFolder(request) => Reply::FindFolder(find::folders::run(cx, request)?),
        Request::CreateFolder(request) => Reply::CreateFolder(folder::create::run(cx, request)?),
        Request::UpdateFolder(request) => Reply::UpdateFolder(folder::update::run(cx, request)?),
        Request::DeleteFolder(request) => Reply::DeleteFolder(folder::delete::run(cx, request)?),
        Request::MoveFolder(request) => Reply::MoveFolder(folder::relocate::run(cx, request, How::Move)?),
        Request::CopyFolder(request) => Reply::CopyFolder(folder::relocate::run(cx, request, How::Copy)?),
        Request::EmptyFolder(request) => Reply::EmptyFolder(folder::empty::run(cx, request)?),
        Request::CreateAttachment(request) => Reply::CreateAttachment(attachment::create::run(cx, request)?),
        Request::GetAttachment(request) => Reply::GetAttachment(attachment::get::run(cx, request)?),
        Request::DeleteAttachment(request) => Reply::DeleteAttachment(attachment::delete::run(cx, request)?),
        Request::CreateItem(request) => Reply::CreateItem(item::create::run(cx, request)?),
        Request::GetItem(request) => Reply::GetItem(item::get::run(cx, request)?),
        Request::FindItem(request) => Reply::FindItem(find::items::run(cx, request)?),
        Request::UpdateItem(request) => Reply::UpdateItem(item::update::run(cx, request)?),
        Request::DeleteItem(request) => Reply::DeleteItem(item::delete::run(cx, request)?),
        Request::MoveItem(request) => Reply::MoveItem(item::relocate::run(cx, request, ItemHow::Move)?),
        Request::CopyItem(request) => Reply::CopyItem(item::relocate::run(cx, request, ItemHow::Copy)?),
        Request::SendItem(request) => Reply::SendItem(item::send::run(cx, request)?),
        Request::MarkAllItemsAsRead(request) => Reply::MarkAllItemsAsRead(item::mark_all_read::run(cx, request)?),
        Request::SyncFolderHierarchy(request) => Reply::SyncFolderHierarchy(sync::hierarchy::run(cx, request)?),
        Request::SyncFolderItems(request) => Reply::SyncFolderItems(sync::items::run(cx, request)?),
        Request::Subscribe(request) => Reply::Subscribe(event::subscribe::run(cx, request)?),
        Request::Unsubscribe(request) => Reply::Unsubscribe(event::unsubscribe::run(cx, request)?),
        Request::GetEvents(request) => Reply::GetEvents(event::get::run(cx, request)?),
        Request::ConvertId(request) => Reply::ConvertId(directory::convert_id::run(cx, request)?),
        Request::ResolveNames(request) => Reply::ResolveNames(directory::resolve_names::run(cx, request)?),
        Request::GetServerTimeZones(request) => Reply::GetServerTimeZones(directory::time_zones::run(cx, request)?),
        Request::Refused(refused) => Reply::refused(refused.op, refused.failure, refused.messages),
        // Read, so that it is refused in its own words; streams are not built.
        Request::GetStreamingEvents(_) => {
            Reply::refused(Op::GetStreamingEvents, Op::GetStreamingEvents.row().refusal, 1)
        }
    })
}

/// What a held call is told when its mailbox moved, or its time is over.
#[derive(Debug)]
pub enum Resumed {
    /// The answer that ends it.
    Answer(Reply),
    /// Nothing to tell: go on holding. `wait` and `own` mean nothing here.
    Still(Hold),
}

/// Looks again at a held call.
type Resume = fn(&mut Cx<'_>, &[u8], Why) -> Result<Resumed>;

/// How a held call of the operation is looked at again; every built operation that the operations table lets wait has one.
fn resumer(op: Op) -> Option<Resume> {
    match op {
        Op::GetEvents => Some(get_events_again),
        _ => None,
    }
}

fn get_events_again(cx: &mut Cx<'_>, context: &[u8], why: Why) -> Result<Resumed> {
    Ok(match event::get::resume(cx, context)? {
        Looked::Told(messages) => Resumed::Answer(Reply::GetEvents(messages)),
        // The time is over: what it has to tell is that there is nothing.
        Looked::Quiet { messages, .. } if why == Why::Deadline => Resumed::Answer(Reply::GetEvents(messages)),
        Looked::Quiet { hold, .. } => Resumed::Still(hold),
    })
}

/// Looks again at a call that its handler left with [`Cx::hold`]. `context` is what the handler gave; `cx` is made anew for
/// the same caller and version.
pub fn resume(cx: &mut Cx<'_>, op: Op, context: &[u8], why: Why) -> Result<Resumed, Fault> {
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
