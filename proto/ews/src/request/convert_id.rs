//! ConvertId (MS-OXWSCVTID 3.1.4.1).

pub use ewsd_model::id_format::IdFormat;

use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::record::{list, record};
use crate::scalar::{FromText, Reading};

record! {
    ConvertId {
        attributes {
            "DestinationFormat" destination: required IdFormat;
        }
        elements {
            "SourceIds" ids: required Vec<AlternateId>, list(AlternateId::read);
        }
    }
}

impl FromText for IdFormat {
    const WHAT: &'static str = "one of EwsLegacyId EwsId EntryId HexEntryId StoreId OwaId";

    fn from_text(text: &str, _: &Reading) -> Option<IdFormat> {
        IdFormat::parse(text)
    }
}

/// An id in one of the formats, as it stands in requests and answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlternateId {
    Mailbox { format: IdFormat, id: String, mailbox: String, archive: Option<bool> },
    PublicFolder { format: IdFormat, folder: String },
    PublicFolderItem { format: IdFormat, folder: String, item: String },
}

impl AlternateId {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<AlternateId, Fault> {
        let format = c.attribute(element, "Format")?;
        let id = match element.name() {
            "AlternateId" => {
                let mut archive = None;
                c.attributes(element, |c, name, text| {
                    if name == "IsArchive" {
                        archive = Some(c.attribute_value(element, name, text)?);
                    }
                    Ok(())
                })?;
                let (id, mailbox) = (c.attribute(element, "Id")?, c.attribute(element, "Mailbox")?);
                AlternateId::Mailbox { format, id, mailbox, archive }
            }
            "AlternatePublicFolderId" => {
                AlternateId::PublicFolder { format, folder: c.attribute(element, "FolderId")? }
            }
            "AlternatePublicFolderItemId" => {
                let (folder, item) = (c.attribute(element, "FolderId")?, c.attribute(element, "ItemId")?);
                AlternateId::PublicFolderItem { format, folder, item }
            }
            _ => return Err(c.unexpected(element)),
        };
        c.empty()?;
        Ok(id)
    }
}
