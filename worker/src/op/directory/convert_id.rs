//! ConvertId (MS-OXWSCVTID 3.1.4.1). Existence is not checked; an id of another server is converted like one of ours.

use ewsd_ews::request::{AlternateId, ConvertId};
use ewsd_mailbox::error::{Result, outcome};
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id_format::{self, IdFormat};

use crate::op::Cx;

pub fn run(cx: &mut Cx<'_>, request: ConvertId) -> Result<Vec<Outcome<AlternateId>>> {
    let to = request.destination;
    request.ids.into_iter().map(|id| outcome(convert(cx, id, to))).collect()
}

fn convert(cx: &mut Cx<'_>, id: AlternateId, to: IdFormat) -> Result<AlternateId> {
    let AlternateId::Mailbox { format, id, mailbox, archive } = id else {
        let text = "There are no public folders on this server.";
        return Err(Failure::with_text(Code::ErrorNoPublicFolderReplicaAvailable, text).into());
    };
    let read = id_format::AlternateId::read(&id, format)?;
    let own = cx.gate.own();
    // Whoever does not know its own address learns it here: DavMail asks with a made-up one.
    let guid = read.mailbox().unwrap_or(own.guid());
    let mailbox = match &cx.caller.primary_address {
        Some(address) if guid == own.guid() => address.clone(),
        _ => mailbox,
    };
    let id = read.write(to, guid, &mailbox)?;
    Ok(AlternateId::Mailbox { format: to, id, mailbox, archive })
}
