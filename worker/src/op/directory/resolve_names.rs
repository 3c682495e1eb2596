//! ResolveNames (MS-OXWSRSLNM 3.1.4.1) over the directory and over contacts, in the order that the scope says.

use ewsd_ews::reply::{Resolution, Resolutions};
use ewsd_ews::request::ResolveNames;
use ewsd_ews::view::ItemView;
use ewsd_ews::word::{BaseShape, SearchScope};
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Folder, Right};
use ewsd_mailbox::property::Needs;
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::ItemNo;
use ewsd_model::target::TargetFolder;
use ewsd_model::value::Mailbox;
use ewsd_model::{FolderKind, ItemKind, PropId, Value};
use ewsd_store::{DirectoryEntry, FoundContact};

use super::people;
use crate::op::Cx;

/// Candidates in one answer (MS-OXWSRSLNM 2.2.4.1).
const MOST: usize = 100;

/// Entries of contacts' addresses in the store's table: `EmailAddresses/EmailAddress1`.
const ADDRESSES: &str = "EmailAddresses/";

pub fn run(cx: &mut Cx<'_>, request: ResolveNames) -> Result<Vec<Outcome<Resolutions>>> {
    let mut folders = Vec::with_capacity(1);
    for folder in cx.gate.folders(&request.parents, Right::Read)? {
        folders.push(folder?);
    }
    let entry = request.entry.trim();
    if entry.is_empty() {
        return Err(Code::ErrorInvalidNameForNameResolution.into());
    }
    let mut candidates = match request.scope.unwrap_or(SearchScope::DirectoryContacts) {
        SearchScope::Directory => directory(cx, entry, &request)?,
        SearchScope::Contacts => contacts(cx, entry, folders)?,
        SearchScope::DirectoryContacts => {
            let mut found = directory(cx, entry, &request)?;
            found.extend(contacts(cx, entry, folders)?);
            found
        }
        SearchScope::ContactsDirectory => {
            let mut found = contacts(cx, entry, folders)?;
            found.extend(directory(cx, entry, &request)?);
            found
        }
    };
    let includes_last = candidates.len() <= MOST;
    candidates.truncate(MOST);
    Ok(vec![match candidates.len() {
        0 => Outcome::Error(Failure::new(Code::ErrorNameResolutionNoResults)),
        1 => Outcome::Success(Resolutions { candidates, includes_last }),
        _ => {
            let failure = Failure::new(Code::ErrorNameResolutionMultipleResults);
            Outcome::Warning(failure, Some(Resolutions { candidates, includes_last }))
        }
    }])
}

fn directory(cx: &mut Cx<'_>, entry: &str, request: &ResolveNames) -> Result<Vec<Resolution>> {
    let found = cx.gate.resolve_names(entry, MOST as i64 + 1)?;
    let shape = request.contact_shape.unwrap_or(BaseShape::AllProperties);
    Ok(found.into_iter().map(|entry| resolution(entry, request.full_contact.then_some(shape))).collect())
}

/// Somebody of the directory, as a contact besides where that is wanted.
fn resolution(entry: DirectoryEntry, shape: Option<BaseShape>) -> Resolution {
    let DirectoryEntry { display_name, address, is_group } = entry;
    let mailbox = people::of_directory(display_name, address.clone(), is_group);
    let name = mailbox.name.clone().unwrap_or_default();
    let contact = shape.filter(|_| !is_group).map(|shape| {
        let mut props = Vec::new();
        if shape != BaseShape::IdOnly {
            let entry = Mailbox { address: Some(format!("SMTP:{address}")), ..Mailbox::default() };
            props.push((PropId::ContactDisplayName, Value::Text(name)));
            props.push((PropId::ContactEmailAddresses, Value::Addresses(vec![("EmailAddress1".to_owned(), entry)])));
            props.push((PropId::ContactContactSource, Value::Text("ActiveDirectory".to_owned())));
        }
        if shape == BaseShape::AllProperties {
            let alias = address.split('@').next().unwrap_or_default().to_owned();
            props.push((PropId::ContactAlias, Value::Text(alias)));
        }
        ItemView { kind: ItemKind::Contact, props, extended: Vec::new() }
    });
    Resolution { mailbox, contact }
}

/// Contacts of the folders, or of the caller's own one. What they have besides is GetItem's to tell: their ids come along.
fn contacts(cx: &mut Cx<'_>, entry: &str, mut folders: Vec<Folder>) -> Result<Vec<Resolution>> {
    if folders.is_empty() {
        let own = TargetFolder::Distinguished { name: "contacts", change_key: None, mailbox: None };
        // Somebody whose contacts folder is gone has no contacts.
        if let Outcome::Success(folder) = outcome(cx.gate.folder(&own, Right::Read))? {
            folders.push(folder);
        }
    }
    let mut resolutions = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is(FolderKind::ContactsFolder)) {
        look(cx, entry, folder, &mut resolutions)?;
    }
    Ok(resolutions)
}

fn look(cx: &mut Cx<'_>, entry: &str, folder: &Folder, resolutions: &mut Vec<Resolution>) -> Result<()> {
    let scheme = entry.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("smtp:"));
    let text = scheme.and_then(|scheme| entry.get(scheme.len()..)).unwrap_or(entry).trim();
    if text.is_empty() {
        return Ok(());
    }
    let granted = folder.granted;
    let mut needs = Needs::of_items();
    [PropId::ContactDisplayName, PropId::ContactEmailAddresses].into_iter().for_each(|id| needs.prop(id));
    let mut mailbox = cx.gate.open(&granted);
    let found = mailbox.resolve_contacts(&[folder.row.folder], text, scheme.is_some(), MOST as i64 + 1)?;
    let numbers: Vec<ItemNo> = found.iter().map(|one| one.item).collect();
    let rows = mailbox.items(&numbers, &needs.plan)?;
    for FoundContact { item, keys } in found {
        let Some(row) = rows.iter().find(|row| row.item == item) else { continue };
        // By a name all of its addresses are meant, by an address that one.
        let met: Vec<&str> = keys.iter().filter_map(|key| key.strip_prefix(ADDRESSES)).collect();
        let by_name = met.len() < keys.len();
        let mailboxes = people::of_item(&granted, row, |key| by_name || met.contains(&key));
        resolutions.extend(mailboxes.into_iter().map(|mailbox| Resolution { mailbox, contact: None }));
    }
    Ok(())
}
