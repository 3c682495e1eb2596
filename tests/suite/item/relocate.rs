//! MoveItem and CopyItem.

use crate::support::ops::{
    Id, create_folder, delete, get, get_error, get_fields, save_mime, save_simple, shape, subjects, transfer,
    transfer_request,
};
use crate::support::{message, ops, shared};

crate::tests![
    moves_with_a_new_id,
    copies_with_everything,
    moves_several_in_order,
    refuses_a_target_that_is_none,
    gives_no_new_ids_when_not_wanted,
];

/// MS-OXWSCORE_R45 MS-OXWSCORE_R46 MS-OXWSMSG_R161 MS-OXWSMSG_R162
fn moves_with_a_new_id() {
    let mut ews = shared::mailbox();
    let target = create_folder(&mut ews, "inbox", "target");
    let old = save_mime(&mut ews, "inbox", &message::rich("moved"));
    let properties = [
        "item:Subject",
        "item:DateTimeReceived",
        "item:DateTimeCreated",
        "message:IsRead",
        "item:Body",
        "item:Attachments",
    ];
    let before = get_fields(&mut ews, &old, &properties);
    let new = transfer(&mut ews, "MoveItem", &old, &target);
    assert_ne!(new.id, old.id);
    assert_eq!(get_error(&mut ews, &old), "ErrorItemNotFound");
    let after = get_fields(&mut ews, &new, &properties);
    for path in ["t:Subject", "t:DateTimeReceived", "t:IsRead", "t:Body"] {
        assert_eq!(before.text(path), after.text(path), "{path}");
    }
    assert_eq!(after.all("t:Attachments/*").len(), 2);
    assert_eq!(subjects(&mut ews, "inbox"), Vec::<String>::new());
    assert_eq!(subjects(&mut ews, &target), ["moved"]);
}

/// MS-OXWSCORE_R1600 MS-OXWSCORE_R1601 MS-OXWSMSG_R168 MS-OXWSMSG_R170
fn copies_with_everything() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let mut ews = shared::mailbox();
    let mime = message::rich("copied");
    let original = save_mime(&mut ews, "inbox", &mime);
    let copy = transfer(&mut ews, "CopyItem", &original, "drafts");
    assert_ne!(copy.id, original.id);
    ops::set_field(&mut ews, &original, "item:Subject", "<t:Subject>the original</t:Subject>");
    delete(&mut ews, "HardDelete", &original);
    let item = get(
        &mut ews,
        &copy,
        "<t:BaseShape>AllProperties</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>",
    );
    assert_eq!(item.text("t:Subject"), Some("copied"), "a copy leads a life of its own");
    assert_eq!(STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap(), mime);
    let twin = transfer(&mut ews, "CopyItem", &copy, "drafts");
    assert_eq!(subjects(&mut ews, "drafts"), ["copied", "copied"], "into the same folder, too");
    assert_ne!(twin.id, copy.id);
}

fn moves_several_in_order() {
    let mut ews = shared::mailbox();
    let ids: Vec<Id> = (0..4).map(|n| save_simple(&mut ews, "drafts", &format!("{n}"))).collect();
    delete(&mut ews, "HardDelete", &ids[1]);
    let all: Vec<&Id> = ids.iter().collect();
    let answer = ews.call(&transfer_request("MoveItem", &all, "inbox"));
    assert_eq!(answer.codes(), ["NoError", "ErrorItemNotFound", "NoError", "NoError"]);
    assert_eq!(answer.messages[1].want("m:Items").children, []);
    for n in [0, 2, 3] {
        let new = Id::of(answer.messages[n].want("m:Items/*"));
        assert_eq!(get_fields(&mut ews, &new, &["item:Subject"]).text("t:Subject"), Some(n.to_string().as_str()));
    }
}

fn refuses_a_target_that_is_none() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "stays");
    for operation in ["MoveItem", "CopyItem"] {
        let request = transfer_request(operation, &[&id], "inbox")
            .replace("<t:DistinguishedFolderId Id=\"inbox\"/>", "<t:FolderId Id=\"XXX\"/>");
        assert_eq!(ews.error(&request), "ErrorInvalidIdMalformed", "{operation}");
    }
    assert_eq!(get(&mut ews, &id, &shape("Default", &[])).text("t:Subject"), Some("stays"));
}

/// MS-OXWSCORE_R47
fn gives_no_new_ids_when_not_wanted() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "anonymous");
    let request = transfer_request("MoveItem", &[&id], "inbox")
        .replace("</m:ItemIds>", "</m:ItemIds><m:ReturnNewItemIds>false</m:ReturnNewItemIds>");
    let message = ews.one(&request);
    assert!(message.get("m:Items/*").is_none(), "{message:#?}");
    assert_eq!(subjects(&mut ews, "inbox"), ["anonymous"]);
}
