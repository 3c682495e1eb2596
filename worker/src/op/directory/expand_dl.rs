//! ExpandDL (MS-OXWSEDL 3.1.4.1): the members of a personal list, by its item, or of a group of the directory, by whatever names
//! it. One level: lists among the members are for the client to expand.

use std::collections::HashMap;

use ewsd_ews::reply::Expansion;
use ewsd_ews::request::ExpandDL;
use ewsd_mailbox::error::Result;
use ewsd_mailbox::gate::{GrantedItem, Right};
use ewsd_mailbox::item::load;
use ewsd_mailbox::property::Needs;
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_model::target::BaseItemId;
use ewsd_model::value::{Mailbox, WireId};
use ewsd_model::{ItemKind, PropId};
use ewsd_store::{GroupMember, ItemRow};

use super::people;
use crate::op::Cx;

pub fn run(cx: &mut Cx<'_>, request: ExpandDL) -> Result<Vec<Outcome<Expansion>>> {
    let Mailbox { item, address, name, .. } = request.list;
    let members = match item {
        Some(id) => personal(cx, *id)?,
        None => group(cx, address.or(name).as_deref().unwrap_or_default())?,
    };
    Ok(vec![Outcome::Success(Expansion { members })])
}

fn needs() -> Needs {
    let mut needs = Needs::of_items();
    let told = [PropId::ContactDisplayName, PropId::ContactEmailAddresses, PropId::ListMembers];
    told.into_iter().for_each(|id| needs.prop(id));
    needs
}

fn personal(cx: &mut Cx<'_>, id: WireId) -> Result<Vec<Mailbox>> {
    let item = cx.gate.item(&BaseItemId::Item(id), Right::Read)?;
    let row = load::row(cx, &item, &needs().plan)?;
    if row.kind != ItemKind::DistributionList {
        return Err(Code::ErrorInvalidItemForOperationExpandDL.into());
    }
    let mut members: Vec<Mailbox> = people::members(&row).into_iter().map(|member| member.mailbox).collect();
    for member in &mut members {
        // Nobody in particular is somebody for this list alone.
        member.kind.get_or_insert_with(|| "OneOff".to_owned());
    }
    fill_in(cx, &mut members)?;
    Ok(members)
}

/// Members that are named by a contact alone get its address, or its list's name; contacts that are gone stay as they were given.
fn fill_in(cx: &mut Cx<'_>, members: &mut [Mailbox]) -> Result<()> {
    let named: Vec<BaseItemId> = members
        .iter()
        .filter(|member| member.address.is_none())
        .filter_map(|member| member.item.as_deref().cloned().map(BaseItemId::Item))
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    let items = cx.gate.items(&named, Right::Read)?;
    let mut found: HashMap<String, Mailbox> = HashMap::new();
    for (granted, numbers) in load::by_mailbox(items.iter().flatten()) {
        let rows = cx.gate.open(&granted).items(&numbers, &needs().plan)?;
        let first = |row: &ItemRow| people::of_item(&granted, row, |_| true).into_iter().next();
        for (id, item) in named.iter().zip(&items) {
            let is = |row: &&ItemRow, item: &GrantedItem| {
                item.granted.mailbox() == granted.mailbox() && item.item == row.item
            };
            let row = item.as_ref().ok().and_then(|item| rows.iter().find(|row| is(row, item)));
            if let (BaseItemId::Item(id), Some(mailbox)) = (id, row.and_then(first)) {
                found.insert(id.id.clone(), mailbox);
            }
        }
    }
    for member in members.iter_mut().filter(|member| member.address.is_none()) {
        if let Some(known) = member.item.as_ref().and_then(|item| found.get(&item.id)) {
            *member = known.clone();
        }
    }
    Ok(())
}

fn group(cx: &mut Cx<'_>, name: &str) -> Result<Vec<Mailbox>> {
    let mut found = cx.gate.groups(name)?;
    let group = match (found.pop(), found.is_empty()) {
        (Some(group), true) => group,
        (None, _) => return Err(Code::ErrorNameResolutionNoResults.into()),
        (Some(_), false) => return Err(Code::ErrorNameResolutionMultipleResults.into()),
    };
    let mailbox = |member: GroupMember| match member {
        GroupMember::Account { name, address, .. } => people::of_directory(name, address, false),
        GroupMember::Group { name, address, .. } => people::of_directory(name, address, true),
    };
    Ok(cx.gate.group_members(&group)?.into_iter().map(mailbox).collect())
}
