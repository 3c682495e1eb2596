//! Reads the elements that name folders and items.

use ewsd_model::target::{BaseItemId, OccurrenceRange, TargetFolder};
use ewsd_model::value::{Mailbox, WireId};

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;

fn id_attributes(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<WireId, Fault> {
    let (mut id, mut change_key) = (None, None);
    c.attributes(element, |_, name, text| {
        match name {
            "Id" => id = Some(text.to_owned()),
            "ChangeKey" => change_key = Some(text.to_owned()),
            _ => {}
        }
        Ok(())
    })?;
    match id {
        Some(id) => Ok(WireId { id, change_key }),
        None => Err(c.missing_attribute(element, "Id")),
    }
}

impl Read for TargetFolder {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<TargetFolder, Fault> {
        match element.name() {
            "FolderId" => WireId::read(c, element).map(TargetFolder::Id),
            "DistinguishedFolderId" => distinguished(c, element),
            "AddressListId" => WireId::read(c, element).map(|id| TargetFolder::AddressList(id.id)),
            _ => Err(c.unexpected(element)),
        }
    }
}

fn distinguished(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<TargetFolder, Fault> {
    let WireId { id, change_key } = id_attributes(c, element)?;
    let name = ewsd_model::distinguished::name(id.trim())
        .ok_or_else(|| c.wrong_value(element.at, "Id", &id, "the name of a distinguished folder"))?;
    let mut whose = None;
    while let Some(child) = c.child()? {
        if child.name() != "Mailbox" || whose.is_some() {
            return Err(c.unexpected(&child));
        }
        whose = Some(Mailbox::read(c, &child)?);
    }
    Ok(TargetFolder::Distinguished { name, change_key, mailbox: whose })
}

impl Read for BaseItemId {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<BaseItemId, Fault> {
        match element.name() {
            "ItemId" => WireId::read(c, element).map(BaseItemId::Item),
            "OccurrenceItemId" => {
                let index = c.attribute(element, "InstanceIndex")?;
                let (master, change_key) = derived(c, element, "RecurringMasterId")?;
                Ok(BaseItemId::Occurrence { master, change_key, index })
            }
            "RecurringMasterItemId" => {
                let (occurrence, change_key) = derived(c, element, "OccurrenceId")?;
                Ok(BaseItemId::RecurringMaster { occurrence, change_key })
            }
            "RecurringMasterItemIdRanges" => ranges(c, element),
            _ => Err(c.unexpected(element)),
        }
    }
}

/// An id under another attribute's name, and the change key; leaves the element.
fn derived(c: &mut Cursor<'_>, element: &Element<'_>, attribute: &str) -> Result<(String, Option<String>), Fault> {
    let id = c.attribute(element, attribute)?;
    let mut change_key = None;
    c.attributes(element, |_, name, text| {
        if name == "ChangeKey" {
            change_key = Some(text.to_owned());
        }
        Ok(())
    })?;
    c.empty()?;
    Ok((id, change_key))
}

fn ranges(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<BaseItemId, Fault> {
    let id = id_attributes(c, element)?;
    let mut ranges = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != "Ranges" {
            return Err(c.unexpected(&child));
        }
        while let Some(child) = c.child()? {
            if child.name() != "Range" {
                return Err(c.unexpected(&child));
            }
            let mut range = OccurrenceRange::default();
            c.attributes(&child, |c, name, text| {
                match name {
                    "Start" => range.start = Some(c.attribute_value(&child, name, text)?),
                    "End" => range.end = Some(c.attribute_value(&child, name, text)?),
                    "Count" => range.count = Some(c.attribute_value(&child, name, text)?),
                    "CompareOriginalStartTime" => {
                        range.compare_original_start = c.attribute_value(&child, name, text)?;
                    }
                    _ => {}
                }
                Ok(())
            })?;
            c.empty()?;
            ranges.push(range);
        }
    }
    Ok(BaseItemId::MasterRanges { id, ranges })
}
