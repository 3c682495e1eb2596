//! Answers of ConvertId, ResolveNames and ExpandDL.

use ewsd_model::operation::Op;
use ewsd_model::value::Mailbox;

use crate::property::mailbox;
use crate::request::AlternateId;
use crate::view::ItemView;
use crate::writer::{M, T, Writer, boolean};

/// The candidates for a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolutions {
    /// At most 100 (MS-OXWSRSLNM).
    pub candidates: Vec<Resolution>,
    pub includes_last: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    pub mailbox: Mailbox,
    /// A view of kind Contact, where the request wanted one.
    pub contact: Option<ItemView>,
}

pub(super) fn resolved(w: &mut Writer<'_>, _: Op, found: Option<&Resolutions>) {
    let Some(found) = found else { return };
    w.tag(M, "ResolutionSet");
    w.number_attribute("TotalItemsInView", i64::try_from(found.candidates.len()).unwrap_or(i64::MAX));
    w.plain_attribute("IncludesLastItemInRange", boolean(found.includes_last));
    w.end_tag();
    for candidate in &found.candidates {
        w.open(T, "Resolution");
        mailbox::write(w, &candidate.mailbox);
        if let Some(contact) = &candidate.contact {
            contact.write(w);
        }
        w.close(T, "Resolution");
    }
    w.close(M, "ResolutionSet");
}

/// The members of a list, one level of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Expansion {
    pub members: Vec<Mailbox>,
}

pub(super) fn expanded(w: &mut Writer<'_>, _: Op, found: Option<&Expansion>) {
    let Some(found) = found else { return };
    w.tag(M, "DLExpansion");
    w.number_attribute("TotalItemsInView", i64::try_from(found.members.len()).unwrap_or(i64::MAX));
    w.plain_attribute("IncludesLastItemInRange", boolean(true));
    w.end_tag();
    found.members.iter().for_each(|member| mailbox::write(w, member));
    w.close(M, "DLExpansion");
}

/// The element's schema type says nothing of what it holds: `xsi:type` does.
pub(super) fn converted(w: &mut Writer<'_>, _: Op, id: Option<&AlternateId>) {
    let Some(id) = id else { return };
    let begin = |w: &mut Writer<'_>, ty: &str| {
        w.tag(M, "AlternateId");
        w.plain_attribute("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
        w.plain_attribute("xsi:type", ty);
    };
    match id {
        AlternateId::Mailbox { format, id, mailbox, archive } => {
            begin(w, "t:AlternateIdType");
            w.plain_attribute("Format", format.name());
            w.attribute("Id", id);
            w.attribute("Mailbox", mailbox);
            if let Some(archive) = archive {
                w.plain_attribute("IsArchive", boolean(*archive));
            }
        }
        AlternateId::PublicFolder { format, folder } => {
            begin(w, "t:AlternatePublicFolderIdType");
            w.plain_attribute("Format", format.name());
            w.attribute("FolderId", folder);
        }
        AlternateId::PublicFolderItem { format, folder, item } => {
            begin(w, "t:AlternatePublicFolderItemIdType");
            w.plain_attribute("Format", format.name());
            w.attribute("FolderId", folder);
            w.attribute("ItemId", item);
        }
    }
    w.end_empty();
}
