//! Answers about attachments.

use std::rc::Rc;

use ewsd_model::operation::Op;
use ewsd_model::value::{AttachmentInfo, WireId};

use crate::property::attachment::{element, write_head, write_tail};
use crate::view::ItemView;
use crate::writer::{M, T, Writer};

/// An attachment to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct AttachmentView {
    /// Only its id is shown when the rest is not asked for (CreateAttachment).
    pub info: AttachmentInfo,
    /// The item it is attached to and its new change key; of an answer to CreateAttachment.
    pub root: Option<WireId>,
    /// Of an attached item.
    pub item: Option<ItemView>,
}

pub(super) fn shared(w: &mut Writer<'_>, op: Op, view: Option<&Rc<AttachmentView>>) {
    info(w, op, view.map(Rc::as_ref));
}

/// AttachmentInfoResponseMessageType.
pub(super) fn info(w: &mut Writer<'_>, op: Op, view: Option<&AttachmentView>) {
    let Some(view) = view else { return w.empty(M, "Attachments") };
    let element = element(&view.info);
    w.open(M, "Attachments");
    w.open(T, element);
    if op == Op::CreateAttachment {
        let bare = AttachmentInfo { id: view.info.id.clone(), ..AttachmentInfo::default() };
        write_head(w, &bare, view.root.as_ref());
    } else {
        write_head(w, &view.info, view.root.as_ref());
        write_tail(w, &view.info);
        if let Some(item) = &view.item {
            item.write(w);
        }
    }
    w.close(T, element);
    w.close(M, "Attachments");
}

/// DeleteAttachmentResponseMessageType: the item it was attached to, with its new change key.
pub(super) fn deleted(w: &mut Writer<'_>, _: Op, root: Option<&WireId>) {
    let Some(root) = root else { return };
    w.tag(M, "RootItemId");
    w.attribute("RootItemId", &root.id);
    w.attribute("RootItemChangeKey", root.change_key.as_deref().unwrap_or_default());
    w.end_empty();
}
