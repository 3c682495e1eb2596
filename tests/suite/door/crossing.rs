//! Ids put together of other ids' parts: whoever may use one thing gets at nothing else by naming it.
//!
//! Two items with an attachment each lie in two folders; one folder is lent, the other is private. Every part of the ids of the
//! one is crossed with every part of the other's, and with two other mailboxes. What is to come is worked out from the parts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::ItemKind;
use ewsd_model::id::{
    AttachmentId, AttachmentNo, AttachmentPath, ChangeKey, FolderId, FolderNo, Guid, ItemId, ItemNo, Seq,
};

use crate::support::ews::{Ews, code};
use crate::support::ops::{self, Id, create_folder, get_fields, get_request, save, shape};
use crate::support::shared;
use crate::support::sharing::lend;

crate::tests![
    reads_no_attachment_but_the_one_lent,
    reads_no_item_but_the_one_lent,
    deletes_no_attachment_but_the_one_named,
    uses_no_item_but_the_one_named,
    uses_no_folder_but_the_one_lent,
];

/// A folder with an item with an attachment, whose content is the name.
struct Place {
    name: &'static str,
    folder: FolderNo,
    item: ItemNo,
    attachment: AttachmentNo,
}

struct Stage {
    owner: Ews,
    reader: Ews,
    /// The owner's, the reader's, and one that is not there.
    mailboxes: [Guid; 3],
    open: Place,
    closed: Place,
}

fn place(ews: &mut Ews, name: &'static str) -> Place {
    let folder = create_folder(ews, "inbox", name);
    let message = format!(
        "<t:Message><t:Subject>{name}</t:Subject><t:Attachments><t:FileAttachment><t:Name>{name}</t:Name>\
         <t:Content>{}</t:Content></t:FileAttachment></t:Attachments></t:Message>",
        STANDARD.encode(name)
    );
    let id = save(ews, &folder, &message);
    let item = get_fields(ews, &id, &["item:Attachments"]);
    let attachment = item.want("t:Attachments/*/t:AttachmentId").attribute("Id").unwrap();
    let attachment = AttachmentId::decode(attachment).unwrap();
    Place { name, folder: attachment.item.folder, item: attachment.item.item, attachment: attachment.attachment }
}

impl Stage {
    fn new(level: &str) -> Stage {
        let (mut owner, mut reader) = (shared::mailbox(), shared::mailbox());
        let guid = |ews: &mut Ews| FolderId::decode(&ops::folder_id(ews, "inbox")).unwrap().mailbox;
        let mailboxes = [guid(&mut owner), guid(&mut reader), Guid([9; 16])];
        let (open, closed) = (place(&mut owner, "open"), place(&mut owner, "closed"));
        let lent = FolderId { mailbox: mailboxes[0], folder: open.folder }.encode();
        lend(&mut owner, &lent, &reader.account.address, level);
        Stage { owner, reader, mailboxes, open, closed }
    }

    fn items(&self) -> Vec<ItemId> {
        let mut all = Vec::new();
        for mailbox in self.mailboxes {
            for folder in [self.open.folder, self.closed.folder] {
                for item in [self.open.item, self.closed.item] {
                    all.push(ItemId { mailbox, folder, item });
                }
            }
        }
        all
    }

    fn attachments(&self) -> Vec<AttachmentId> {
        let with = |item, attachment| AttachmentId { item, attachment, within: AttachmentPath::default() };
        let each = |item| [self.open.attachment, self.closed.attachment].map(|attachment| with(item, attachment));
        self.items().into_iter().flat_map(each).collect()
    }

    /// Whether the numbers are those of one item, wherever the id says that it is.
    fn is_there(&self, id: &ItemId, owner: bool) -> bool {
        let in_place = |place: &Place| id.item == place.item && id.folder == place.folder;
        id.mailbox == self.mailboxes[0] && (owner || in_place(&self.open) || in_place(&self.closed))
    }

    /// What a reader of the open folder is told; `missing` is said of what is not there.
    fn to_reader(&self, id: &ItemId, missing: &'static str) -> &'static str {
        match id.mailbox == self.mailboxes[0] {
            true if id.folder != self.open.folder => "ErrorAccessDenied",
            true if self.is_there(id, false) => "NoError",
            _ => missing,
        }
    }

    fn attachment_to_reader(&self, id: &AttachmentId) -> &'static str {
        match self.to_reader(&id.item, "ErrorInvalidAttachmentId") {
            "NoError" if id.attachment != self.open.attachment => "ErrorInvalidAttachmentId",
            told => told,
        }
    }

    fn attachment_to_owner(&self, id: &AttachmentId) -> &'static str {
        let hangs = |place: &Place| id.item.item == place.item && id.attachment == place.attachment;
        match self.is_there(&id.item, true) && (hangs(&self.open) || hangs(&self.closed)) {
            true => "NoError",
            // That another's mailbox is there is no secret.
            false if id.item.mailbox == self.mailboxes[1] => "ErrorAccessDenied",
            false => "ErrorInvalidAttachmentId",
        }
    }
}

fn attachments_request(operation: &str, ids: &[AttachmentId]) -> String {
    let ids: String = ids.iter().map(|id| format!("<t:AttachmentId Id=\"{}\"/>", id.encode())).collect();
    format!("<m:{operation}><m:AttachmentIds>{ids}</m:AttachmentIds></m:{operation}>")
}

fn reads_no_attachment_but_the_one_lent() {
    let mut stage = Stage::new("Reviewer");
    let ids = stage.attachments();
    // Together and each by itself: what was found for one must not serve another.
    let answer = stage.reader.call(&attachments_request("GetAttachment", &ids));
    let expected: Vec<&str> = ids.iter().map(|id| stage.attachment_to_reader(id)).collect();
    assert_eq!(answer.codes(), expected);
    for message in answer.messages.iter().filter(|message| code(message) == "NoError") {
        assert_eq!(message.text("m:Attachments/*/t:Name"), Some(stage.open.name));
    }
    for (id, expected) in ids.iter().zip(&expected) {
        let answer = stage.reader.call(&attachments_request("GetAttachment", &[*id]));
        assert_eq!(answer.codes(), [*expected], "{id:?}");
    }
    let answer = stage.owner.call(&attachments_request("GetAttachment", &ids));
    let expected: Vec<&str> = ids.iter().map(|id| stage.attachment_to_owner(id)).collect();
    assert_eq!(answer.codes(), expected, "the owner");
}

fn reads_no_item_but_the_one_lent() {
    let mut stage = Stage::new("Reviewer");
    let ids = stage.items();
    let named: Vec<Id> = ids.iter().map(|id| Id { id: id.encode(), key: String::new() }).collect();
    let request = |ids: &[&Id]| get_request(&shape("IdOnly", &["item:Subject"]), ids);
    let answer = stage.reader.call(&request(&named.iter().collect::<Vec<_>>()));
    let expected: Vec<&str> = ids.iter().map(|id| stage.to_reader(id, "ErrorItemNotFound")).collect();
    assert_eq!(answer.codes(), expected);
    for message in answer.messages.iter().filter(|message| code(message) == "NoError") {
        assert_eq!(message.text("m:Items/*/t:Subject"), Some(stage.open.name));
    }
    for (id, expected) in named.iter().zip(&expected) {
        assert_eq!(stage.reader.call(&request(&[id])).codes(), [*expected]);
    }
}

fn deletes_no_attachment_but_the_one_named() {
    let mut stage = Stage::new("Editor");
    let (fits, crossed): (Vec<_>, Vec<_>) =
        stage.attachments().into_iter().partition(|id| stage.attachment_to_owner(id) == "NoError");
    for id in &crossed {
        let answer = stage.owner.call(&attachments_request("DeleteAttachment", &[*id]));
        assert_eq!(answer.codes(), [stage.attachment_to_owner(id)], "{id:?}");
    }
    for id in stage.attachments() {
        let expected = stage.attachment_to_reader(&id);
        if expected != "NoError" {
            assert_eq!(stage.reader.error(&attachments_request("DeleteAttachment", &[id])), expected, "{id:?}");
        }
    }
    let answer = stage.owner.call(&attachments_request("GetAttachment", &fits));
    assert_eq!(answer.codes(), vec!["NoError"; fits.len()], "nothing went");
}

/// Every operation that takes an item's id; `to` is a folder of the same mailbox.
fn item_requests(id: &ItemId, to: &str) -> Vec<String> {
    let key = ChangeKey::new(ItemKind::Message, Seq(1)).encode();
    let id = Id { id: id.encode(), key };
    let reference = format!("<t:ReferenceItemId Id=\"{}\"/>", id.id);
    let answer = |kind: &str| {
        format!(
            "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items><t:{kind}>{reference}</t:{kind}></m:Items></m:CreateItem>"
        )
    };
    vec![
        get_request(&shape("IdOnly", &[]), &[&id]),
        ops::update_request(&id.bare(), "AlwaysOverwrite", &ops::set("message:IsRead", "<t:IsRead>true</t:IsRead>")),
        ops::update_request(&id.bare(), "AlwaysOverwrite", &ops::set("item:Subject", "<t:Subject>x</t:Subject>")),
        ops::delete_request("MoveToDeletedItems", &[&id]),
        ops::delete_request("HardDelete", &[&id]),
        ops::transfer_request("MoveItem", &[&id], to),
        ops::transfer_request("CopyItem", &[&id], to),
        format!(
            "<m:CreateAttachment><m:ParentItemId Id=\"{}\"/><m:Attachments><t:FileAttachment><t:Name>a</t:Name>\
             <t:Content>YQ==</t:Content></t:FileAttachment></m:Attachments></m:CreateAttachment>",
            id.id
        ),
        answer("ReplyToItem"),
        answer("ForwardItem"),
        answer("SuppressReadReceipt"),
    ]
}

fn uses_no_item_but_the_one_named() {
    let mut stage = Stage::new("Editor");
    let lent = FolderId { mailbox: stage.mailboxes[0], folder: stage.open.folder }.encode();
    for id in stage.items() {
        let expected = stage.to_reader(&id, "ErrorItemNotFound");
        let own = id.mailbox == stage.mailboxes[1];
        for request in item_requests(&id, if own { "inbox" } else { &lent }) {
            if expected != "NoError" {
                assert_eq!(stage.reader.error(&request), expected, "{request}");
            }
        }
        let key = ChangeKey::new(ItemKind::Message, Seq(1)).encode();
        let id = Id { id: id.encode(), key };
        let send = format!("<m:SendItem SaveItemToFolder=\"false\"><m:ItemIds>{}</m:ItemIds></m:SendItem>", id.xml());
        let refused = stage.reader.error(&send);
        assert!(matches!(refused.as_str(), "ErrorAccessDenied" | "ErrorItemNotFound"), "{send}: {refused}");
    }
    for place in [&stage.open, &stage.closed] {
        let id = ItemId { mailbox: stage.mailboxes[0], folder: place.folder, item: place.item }.encode();
        let item = get_fields(&mut stage.owner, &Id { id, key: String::new() }, &["item:Subject"]);
        assert_eq!(item.text("t:Subject"), Some(place.name), "nothing was changed");
    }
}

/// Every operation that takes a folder's id.
fn folder_requests(id: &str) -> Vec<String> {
    let named = ops::folder(id);
    let ids = format!("<m:FolderIds>{named}</m:FolderIds>");
    let shape = format!("<m:FolderShape>{}</m:FolderShape>", shape("IdOnly", &[]));
    vec![
        format!("<m:GetFolder>{shape}{ids}</m:GetFolder>"),
        format!(
            "<m:FindFolder Traversal=\"Deep\">{shape}<m:ParentFolderIds>{named}</m:ParentFolderIds></m:FindFolder>"
        ),
        ops::find_request(id, "<t:BaseShape>IdOnly</t:BaseShape>", ""),
        ops::sync_request(id, "", 10, "<t:BaseShape>IdOnly</t:BaseShape>"),
        format!("<m:SyncFolderHierarchy>{shape}<m:SyncFolderId>{named}</m:SyncFolderId></m:SyncFolderHierarchy>"),
        ops::save_request(id, &ops::simple("x", "y")),
        format!(
            "<m:CreateFolder><m:ParentFolderId>{named}</m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>x</t:DisplayName>\
             </t:Folder></m:Folders></m:CreateFolder>"
        ),
        format!(
            "<m:UpdateFolder><m:FolderChanges><t:FolderChange>{named}<t:Updates><t:SetFolderField>{}<t:Folder><t:DisplayName>x\
             </t:DisplayName></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>",
            ops::field("folder:DisplayName")
        ),
        format!("<m:DeleteFolder DeleteType=\"HardDelete\">{ids}</m:DeleteFolder>"),
        format!("<m:EmptyFolder DeleteType=\"HardDelete\" DeleteSubFolders=\"false\">{ids}</m:EmptyFolder>"),
        format!("<m:MoveFolder><m:ToFolderId>{}</m:ToFolderId>{ids}</m:MoveFolder>", ops::folder("inbox")),
        format!("<m:CopyFolder><m:ToFolderId>{}</m:ToFolderId>{ids}</m:CopyFolder>", ops::folder("inbox")),
        format!(
            "<m:MarkAllItemsAsRead><m:ReadFlag>true</m:ReadFlag><m:SuppressReadReceipts>true</m:SuppressReadReceipts>{ids}\
             </m:MarkAllItemsAsRead>"
        ),
        ops::subscribe_request(&[id], ops::ALL_EVENTS, 5),
    ]
}

fn uses_no_folder_but_the_one_lent() {
    let mut stage = Stage::new("Owner");
    for mailbox in stage.mailboxes {
        for folder in [stage.open.folder, stage.closed.folder] {
            let id = FolderId { mailbox, folder };
            let theirs = mailbox == stage.mailboxes[0];
            if theirs && folder == stage.open.folder {
                continue;
            }
            for request in folder_requests(&id.encode()) {
                let refused = stage.reader.error(&request);
                let gone = refused.ends_with("FolderNotFound")
                    || (request.contains("<m:UpdateFolder>") && refused == "ErrorItemNotFound");
                let fits = if theirs { refused == "ErrorAccessDenied" } else { gone };
                assert!(fits, "{id:?} {refused}: {request}");
            }
        }
    }
}
