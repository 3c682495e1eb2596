//! ResolveNames (MS-OXWSRSLNM 3.1.4.1) over the directory. Contacts folders are not searched until contacts are built.

use ewsd_ews::reply::{Resolution, Resolutions};
use ewsd_ews::request::ResolveNames;
use ewsd_ews::view::ItemView;
use ewsd_ews::word::SearchScope;
use ewsd_mailbox::error::Result;
use ewsd_mailbox::gate::Right;
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::value::Mailbox;
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::DirectoryEntry;

use crate::op::Cx;

/// Candidates in one answer (MS-OXWSRSLNM 2.2.4.1).
const MOST: usize = 100;

pub fn run(cx: &mut Cx<'_>, request: ResolveNames) -> Result<Vec<Outcome<Resolutions>>> {
    for folder in cx.gate.folders(&request.parents, Right::Read)? {
        folder?;
    }
    if request.entry.trim().is_empty() {
        return Err(Code::ErrorInvalidNameForNameResolution.into());
    }
    let mut found = match request.scope {
        Some(SearchScope::Contacts) => Vec::new(),
        _ => cx.gate.resolve_names(&request.entry, MOST as i64 + 1)?,
    };
    let includes_last = found.len() <= MOST;
    found.truncate(MOST);
    let full = request.full_contact;
    let candidates: Vec<Resolution> = found.into_iter().map(|entry| resolution(entry, full)).collect();
    Ok(vec![match candidates.len() {
        0 => Outcome::Error(Failure::new(Code::ErrorNameResolutionNoResults)),
        1 => Outcome::Success(Resolutions { candidates, includes_last }),
        _ => {
            let failure = Failure::new(Code::ErrorNameResolutionMultipleResults);
            Outcome::Warning(failure, Some(Resolutions { candidates, includes_last }))
        }
    }])
}

fn resolution(entry: DirectoryEntry, full: bool) -> Resolution {
    let DirectoryEntry { display_name, address, .. } = entry;
    let name = if display_name.is_empty() { address.clone() } else { display_name };
    let contact = full.then(|| ItemView {
        kind: ItemKind::Contact,
        props: vec![
            (PropId::ContactDisplayName, Value::Text(name.clone())),
            (
                PropId::ContactEmailAddresses,
                Value::Entries(vec![("EmailAddress1".to_owned(), format!("SMTP:{address}"))]),
            ),
            (PropId::ContactContactSource, Value::Text("ActiveDirectory".to_owned())),
        ],
        extended: Vec::new(),
    });
    let mailbox = Mailbox {
        name: Some(name),
        address: Some(address),
        routing: Some("SMTP".to_owned()),
        kind: Some("Mailbox".to_owned()),
    };
    Resolution { mailbox, contact }
}
