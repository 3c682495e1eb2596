//! Requests as typed values: one record for each operation that is read in its own words, in `<operation>.rs`. Which there are
//! is the list in `operations.rs`, whose macro declares the modules as well: `cargo fmt` does not see them, `make fmt` does.

use ewsd_model::failure::Failure;
use ewsd_model::operation::Op;

use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::limits;
use crate::operations::operations;

pub use convert_id::AlternateId;
pub use subscribe::Delivery;

/// The modules and records, and the request that is one of them.
macro_rules! requests {
    ($( $($op:ident)|+ $module:ident::$record:ident, $messages:expr => $reply:ty, $write:path; )+) => {
        $(
            pub mod $module;
            pub use $module::$record;
        )+

        /// A request, read and checked as far as can be without looking into a mailbox. There is one at a time, so
        /// that its size matters little.
        #[allow(clippy::large_enum_variant)]
        #[derive(Clone, Debug, PartialEq)]
        pub enum Request {
            $( $( $op($record), )+ )+
            /// Not built, or something in it fails every response message alike (an impossible shape, restriction,
            /// paging): answered by [`Reply::refused`](crate::Reply::refused).
            Refused(Refused),
        }

        impl Request {
            pub fn op(&self) -> Op {
                match self {
                    $( $( Request::$op(_) => Op::$op, )+ )+
                    Request::Refused(refused) => refused.op,
                }
            }

            /// How many response messages answer it.
            pub fn messages(&self) -> usize {
                match self {
                    $( $( Request::$op(request) => {
                        let count: fn(&$record) -> usize = $messages;
                        count(request)
                    } )+ )+
                    Request::Refused(refused) => refused.messages,
                }
            }

            /// Reads the operation's element and leaves it.
            pub(crate) fn read(c: &mut Cursor<'_>, element: &Element<'_>, op: Op) -> Result<Request, Fault> {
                let request = match op {
                    $( $( Op::$op => Request::$op($record::read(c, element)?), )+ )+
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
        pub const BUILT: &[Op] = &[ $( $( Op::$op ),+ ),+ ];
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

operations!(requests);
