//! Requests as typed values: one record for each built operation, in `<operation>.rs`.
//!
//! A new operation has here: a file with its record, and three lines below (`mod`, `use`, [`requests!`]). The head of
//! `proto/model/src/operation.rs` lists all its places.

pub mod convert_id;
pub mod create_attachment;
pub mod create_folder;
pub mod create_item;
pub mod delete_attachment;
pub mod delete_folder;
pub mod delete_item;
pub mod empty_folder;
pub mod find_folder;
pub mod find_item;
pub mod get_attachment;
pub mod get_events;
pub mod get_folder;
pub mod get_item;
pub mod get_server_time_zones;
pub mod get_streaming_events;
pub mod mark_all_items_as_read;
pub mod move_folder;
pub mod move_item;
pub mod resolve_names;
pub mod send_item;
pub mod subscribe;
pub mod sync_folder_hierarchy;
pub mod sync_folder_items;
pub mod unsubscribe;
pub mod update_folder;
pub mod update_item;

pub use convert_id::{AlternateId, ConvertId};
pub use create_attachment::CreateAttachment;
pub use create_folder::CreateFolder;
pub use create_item::CreateItem;
pub use delete_attachment::DeleteAttachment;
pub use delete_folder::DeleteFolder;
pub use delete_item::DeleteItem;
pub use empty_folder::EmptyFolder;
pub use find_folder::FindFolder;
pub use find_item::FindItem;
pub use get_attachment::GetAttachment;
pub use get_events::GetEvents;
pub use get_folder::GetFolder;
pub use get_item::GetItem;
pub use get_server_time_zones::GetServerTimeZones;
pub use get_streaming_events::GetStreamingEvents;
pub use mark_all_items_as_read::MarkAllItemsAsRead;
pub use move_folder::MoveCopyFolder;
pub use move_item::MoveCopyItem;
pub use resolve_names::ResolveNames;
pub use send_item::SendItem;
pub use subscribe::{Delivery, Subscribe};
pub use sync_folder_hierarchy::SyncFolderHierarchy;
pub use sync_folder_items::SyncFolderItems;
pub use unsubscribe::Unsubscribe;
pub use update_folder::UpdateFolder;
pub use update_item::UpdateItem;

use ewsd_model::failure::Failure;
use ewsd_model::operation::Op;

use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::limits;

/// The built operations: variant, record, number of response messages that answer it.
macro_rules! requests {
    ($( $op:ident $record:ident $messages:expr; )+) => {
        /// A request, read and checked as far as can be without looking into a mailbox. There is one at a time, so
        /// that its size matters little.
        #[allow(clippy::large_enum_variant)]
        #[derive(Clone, Debug, PartialEq)]
        pub enum Request {
            $( $op($record), )+
            /// Not built, or something in it fails every response message alike (an impossible shape, restriction,
            /// paging): answered by [`Reply::refused`](crate::Reply::refused).
            Refused(Refused),
        }

        impl Request {
            pub fn op(&self) -> Op {
                match self {
                    $( Request::$op(_) => Op::$op, )+
                    Request::Refused(refused) => refused.op,
                }
            }

            /// How many response messages answer it.
            pub fn messages(&self) -> usize {
                match self {
                    $( Request::$op(request) => { let count: fn(&$record) -> usize = $messages; count(request) } )+
                    Request::Refused(refused) => refused.messages,
                }
            }

            /// Reads the operation's element and leaves it.
            pub(crate) fn read(c: &mut Cursor<'_>, element: &Element<'_>, op: Op) -> Result<Request, Fault> {
                let request = match op {
                    $( Op::$op => Request::$op($record::read(c, element)?), )+
                    _ => {
                        let messages = count_members(c)?;
                        Request::Refused(Refused { op, failure: Failure::new(op.row().refusal), messages })
                    }
                };
                let messages = request.messages();
                if messages > limits::MESSAGES {
                    let text = format!("More than {} things are asked for: ask in batches.", limits::MESSAGES);
                    return Err(c.violation(element.at, text));
                }
                Ok(match c.take_failure() {
                    Some(failure) => Request::Refused(Refused { op, failure, messages }),
                    None => request,
                })
            }
        }

        /// The operations that have a record.
        pub const BUILT: &[Op] = &[ $( Op::$op ),+ ];
    };
}

/// A request that fails as a whole, in response messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    pub op: Op,
    pub failure: Failure,
    pub messages: usize,
}

/// Arrays whose members are answered one by one, in operations that are not built.
const COUNTED: &[&str] =
    &["ItemIds", "Items", "FolderIds", "FolderNames", "MailboxDataArray", "Conversations", "ConversationActions"];

/// Leaves the element of an operation that is not built; how many response messages its refusal has.
///
/// exchangelib's GetMailTips has text between its elements.
fn count_members(c: &mut Cursor<'_>) -> Result<usize, Fault> {
    let mut members = 0usize;
    while let Some(child) = c.child_in_text()? {
        if !COUNTED.contains(&child.name()) {
            c.skip()?;
            continue;
        }
        while c.child()?.is_some() {
            members += 1;
            c.skip()?;
        }
    }
    Ok(members.max(1))
}

requests! {
    GetFolder GetFolder |r| r.folders.len();
    FindFolder FindFolder |r| r.parents.len();
    CreateFolder CreateFolder |r| r.folders.len();
    UpdateFolder UpdateFolder |r| r.changes.len();
    DeleteFolder DeleteFolder |r| r.folders.len();
    MoveFolder MoveCopyFolder |r| r.folders.len();
    CopyFolder MoveCopyFolder |r| r.folders.len();
    EmptyFolder EmptyFolder |r| r.folders.len();
    CreateItem CreateItem |r| r.items.len();
    GetItem GetItem |r| r.items.len();
    FindItem FindItem |r| r.parents.len();
    UpdateItem UpdateItem |r| r.changes.len();
    DeleteItem DeleteItem |r| r.items.len();
    MoveItem MoveCopyItem |r| r.items.len();
    CopyItem MoveCopyItem |r| r.items.len();
    SendItem SendItem |r| r.items.len();
    CreateAttachment CreateAttachment |r| r.attachments.len();
    GetAttachment GetAttachment |r| r.ids.len();
    DeleteAttachment DeleteAttachment |r| r.ids.len();
    SyncFolderHierarchy SyncFolderHierarchy |_| 1;
    SyncFolderItems SyncFolderItems |_| 1;
    Subscribe Subscribe |_| 1;
    Unsubscribe Unsubscribe |_| 1;
    GetEvents GetEvents |_| 1;
    GetStreamingEvents GetStreamingEvents |_| 1;
    ConvertId ConvertId |r| r.ids.len();
    ResolveNames ResolveNames |_| 1;
    GetServerTimeZones GetServerTimeZones |_| 1;
    MarkAllItemsAsRead MarkAllItemsAsRead |r| r.folders.len();
}
