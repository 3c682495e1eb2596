//! GetStreamingEvents (MS-OXWSNTIF 3.1.4.2). Streams are not built: the request is read, so that a wrong one is refused in its
//! own words, and a right one in the table's.

use ewsd_ews::request::GetStreamingEvents;
use ewsd_mailbox::error::Result;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::operation::Op;

use crate::op::Cx;

pub fn run(_: &mut Cx<'_>, _: GetStreamingEvents) -> Result<Vec<Outcome<()>>> {
    Err(Failure::new(Op::GetStreamingEvents.row().refusal).into())
}
